//! Motion goes on as H.264 whatever happens to its rate.

use std::collections::BTreeSet;
use std::time::Duration;

use gc_proto::v2::{Preset, VideoSettings, operation, video_message};
use gc_video::PixelRect;

use crate::rig::{Fault, Faulty, Kind, MS, Random, Rig};

const SECOND: Duration = Duration::from_secs(1);
/// Far apart, and of very different size.
const REGIONS: [PixelRect; 3] = [
    PixelRect::new(0, 0, 640, 400),
    PixelRect::new(800, 64, 320, 240),
    PixelRect::new(960, 480, 192, 192),
];

fn custom(fps: u32, kbps: u32) -> VideoSettings {
    VideoSettings { preset: Preset::Custom.into(), fps, kbps, hevc: false }
}

/// Video in the first `regions` of [`REGIONS`]; the second half as often, the third
/// a third as often.
fn play(rig: &mut Rig, regions: usize, frames: u32, gap: Duration, random: &mut Random) {
    for step in 0..frames {
        for (number, rect) in REGIONS.iter().enumerate().take(regions) {
            if step.is_multiple_of(number as u32 + 1) {
                rig.screen.noise(*rect, step, random);
                rig.damage(*rect);
            }
        }
        rig.advance(gap);
    }
}

fn streams(rig: &Rig) -> BTreeSet<u32> {
    let mut streams = BTreeSet::new();
    for (_, outgoing) in &rig.messages {
        let Some(video_message::Body::Frame(frame)) = &outgoing.message.body else { continue };
        for operation in &frame.operations {
            if let Some(operation::Draw::H264(h264)) = &operation.draw {
                streams.insert(h264.stream);
            }
        }
    }
    streams
}

/// Regions that come and go, each with another rate.
fn change_all(rig: &mut Rig, random: &mut Random) {
    rig.join(1, MS * 4);
    rig.advance(SECOND);
    let rates = [(60, 8000), (30, 300), (60, 50_000), (10, 64), (24, 3000), (60, 64), (15, 20_000)];
    for (round, (fps, kbps)) in rates.into_iter().enumerate() {
        rig.host.set_settings(custom(fps, kbps));
        rig.forget();
        for regions in [1, 3, 2] {
            play(rig, regions, 12, MS * 20, random);
            assert!(rig.events.is_empty(), "{:?} at {kbps} kbit/s", rig.events);
        }
        assert!(rig.host.motion_active(), "round {round}");
        assert!(streams(rig).len() > 1, "round {round}");
    }
    assert_eq!(rig.viewers[&1].problems, 0);
    rig.host.set_settings(custom(60, 50_000));
    rig.advance(SECOND * 2);
    assert_eq!(rig.wrong_pixels(1), 0);
}

#[test]
fn regions_whose_rates_change_stay_h264() {
    let mut random = Random::new(0x6C_2001);
    change_all(&mut Rig::new(1280, 720), &mut random);
}

#[test]
fn an_encoder_that_refuses_a_rate_is_replaced_by_another_one() {
    let mut random = Random::new(0x6C_2002);
    let faulty = Faulty::new(Fault::Rate, 0);
    change_all(&mut Rig::with(1280, 720, Box::new(faulty)), &mut random);
}

#[test]
fn several_regions_share_one_budget() {
    for kbps in [2000, 8000] {
        for regions in [1, 3] {
            let mut random = Random::new(0x6C_2003);
            let mut rig = Rig::new(1280, 720);
            rig.join(1, MS * 4);
            rig.host.set_settings(custom(60, kbps));
            rig.advance(SECOND);
            play(&mut rig, regions, 40, MS * 20, &mut random);
            rig.forget();
            play(&mut rig, regions, 100, MS * 20, &mut random);
            let h264 = rig.drawn.iter().filter(|d| matches!(d.kind, Kind::H264 { .. }));
            let made = h264.map(|d| d.bytes).sum::<usize>() * 8 / 2000;
            let all = rig.viewers[&1].bytes * 8 / 2000;
            let target = rig.host.target_kbps();
            println!("{regions} regions: {made} of {all} kbit/s, target {target}");
            assert_eq!(streams(&rig).len(), regions);
            assert!(made <= target as usize * 23 / 20, "{made} kbit/s at {target}");
        }
    }
}
