//! H.265 only where everybody wants it and can.

use gc_codec::OpenH264Factory;
use gc_platform_fake::FakeEncoderControl;
use gc_proto::v2::{Preset, VideoCodec, VideoSettings};
use gc_video::MotionCodec;

use crate::rig::{Kind, MS, Random, Rig, status_of};
use crate::{SECOND, VIDEO};

const BOTH: [VideoCodec; 2] = [VideoCodec::H264, VideoCodec::Hevc];

fn rig(codecs: &[MotionCodec]) -> Rig {
    let control = FakeEncoderControl::default();
    let factory = control.connect(Box::new(OpenH264Factory), codecs).unwrap();
    Rig::with(640, 480, Box::new(factory))
}

fn want(rig: &mut Rig, hevc: bool) {
    rig.host.set_settings(VideoSettings {
        preset: Preset::Auto.into(),
        hevc,
        ..Default::default()
    });
}

/// Plays video and tells of what kinds its streams were: H.264, H.265.
fn played(rig: &mut Rig, random: &mut Random) -> (bool, bool) {
    rig.forget();
    rig.play(VIDEO, 40, MS * 33, random);
    let streams = |d: fn(Kind) -> bool| rig.drawn.iter().any(|drawn| d(drawn.kind));
    let found = (
        streams(|kind| matches!(kind, Kind::H264 { .. })),
        streams(|kind| matches!(kind, Kind::Hevc { .. })),
    );
    rig.advance(SECOND);
    found
}

#[test]
fn it_takes_the_session_the_encoder_and_every_viewer() {
    let mut random = Random::new(0x6C_0265);
    let mut rig = rig(&[MotionCodec::H264, MotionCodec::Hevc]);
    rig.join_claiming(1, &BOTH);
    rig.viewers.get_mut(&1).unwrap().blind = true;
    rig.advance(SECOND);
    assert_eq!(played(&mut rig, &mut random), (true, false), "nobody asked for it");
    want(&mut rig, true);
    assert_eq!(played(&mut rig, &mut random), (false, true));
    let status = rig.messages.iter().rev().find_map(|(_, message)| status_of(message));
    assert!(status.is_none_or(|status| status.codec() == VideoCodec::Hevc));
    rig.join_claiming(2, &[VideoCodec::H264]);
    rig.advance(SECOND);
    assert_eq!(played(&mut rig, &mut random), (true, false), "one of them cannot");
    assert_eq!(rig.wrong_pixels(2), 0);
    rig.host.leave(2);
    rig.viewers.remove(&2);
    assert_eq!(played(&mut rig, &mut random), (false, true));
    want(&mut rig, false);
    assert_eq!(played(&mut rig, &mut random), (true, false));
}

#[test]
fn an_encoder_without_it_is_not_asked() {
    let mut random = Random::new(0x6C_0266);
    let mut rig = rig(&[MotionCodec::H264]);
    rig.join_claiming(1, &BOTH);
    rig.advance(SECOND);
    want(&mut rig, true);
    assert_eq!(played(&mut rig, &mut random), (true, false));
    assert_eq!((rig.viewers[&1].problems, rig.wrong_pixels(1)), (0, 0));
}

#[test]
fn a_viewer_that_promised_too_much_gets_h264() {
    let mut random = Random::new(0x6C_0267);
    let mut rig = rig(&[MotionCodec::H264, MotionCodec::Hevc]);
    rig.join_claiming(1, &BOTH);
    rig.advance(SECOND);
    want(&mut rig, true);
    let (h264, hevc) = played(&mut rig, &mut random);
    assert!(hevc && h264, "H.265 until it says no, then H.264 and not only tiles");
    assert!(rig.viewers[&1].problems >= 1);
    assert_eq!(rig.wrong_pixels(1), 0);
    let problems = rig.viewers[&1].problems;
    assert_eq!(played(&mut rig, &mut random), (true, false));
    assert_eq!((rig.viewers[&1].problems, rig.wrong_pixels(1)), (problems, 0));
}
