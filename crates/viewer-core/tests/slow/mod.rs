//! Both ends tell why it is slow.

use std::time::Duration;

use gc_proto::v2::{SlowCause, VideoStatus, video_message};
use gc_video::PixelRect;

use crate::rig::{MS, Random, Rig};

const SECOND: Duration = Duration::from_secs(1);
const VIDEO: PixelRect = PixelRect::new(64, 48, 320, 240);

fn rig() -> (Rig, Random) {
    let random = Random::new(0x6C_3001);
    let mut rig = Rig::new(640, 480);
    rig.join(1, MS * 4);
    rig.advance(SECOND);
    rig.forget();
    (rig, random)
}

fn statuses(rig: &Rig) -> Vec<VideoStatus> {
    let status = |body: &video_message::Body| match body {
        video_message::Body::Status(status) => Some(status.clone()),
        _ => None,
    };
    rig.messages.iter().filter_map(|(_, out)| status(out.message.body.as_ref()?)).collect()
}

/// The cause that the viewer was told last.
fn told(rig: &Rig) -> Option<SlowCause> {
    statuses(rig).last()?.slow.map(|slow| slow.cause())
}

/// What was slow is taken back once nothing moves, and then nothing is sent at all.
fn rests(rig: &mut Rig) {
    rig.advance(SECOND * 60);
    assert_eq!((told(rig), rig.wrong_pixels(1)), (None, 0));
    rig.forget();
    rig.advance(SECOND * 20);
    assert_eq!(rig.messages.len(), 0);
}

#[test]
fn nothing_is_told_of_a_session_that_keeps_up_or_rests() {
    let (mut rig, mut random) = rig();
    rig.costs = (MS, MS * 6);
    rig.play(VIDEO, 90, MS * 33, &mut random);
    assert!(statuses(&rig).iter().all(|status| status.slow.is_none()));
    rests(&mut rig);
}

#[test]
fn a_narrow_line_is_told_with_its_rate_and_taken_back() {
    let (mut rig, mut random) = rig();
    rig.viewers.get_mut(&1).unwrap().kbps = Some(300);
    rig.play(VIDEO, 180, MS * 33, &mut random);
    assert_eq!(told(&rig), Some(SlowCause::Line));
    let last = statuses(&rig).pop().unwrap();
    assert!(last.link_kbps < 1_000, "{last:?}");
    let count = statuses(&rig).len();
    assert!(count <= 8, "{count} in six seconds");
    rests(&mut rig);
}

#[test]
fn a_slow_encoder_is_told_apart_from_a_busy_machine() {
    let (mut rig, mut random) = rig();
    rig.costs = (MS, MS * 90);
    rig.play(VIDEO, 40, MS * 91, &mut random);
    assert_eq!(told(&rig), Some(SlowCause::Encoder));
    rig.host.machine_load(98);
    rig.play(VIDEO, 40, MS * 91, &mut random);
    assert_eq!(told(&rig), Some(SlowCause::RemoteCpu));
    assert_eq!(statuses(&rig).pop().unwrap().slow.unwrap().cpu_percent, 98);
    rig.costs = (Duration::ZERO, Duration::ZERO);
    rests(&mut rig);
}

#[test]
fn a_viewer_that_draws_slowly_is_told_so() {
    let (mut rig, mut random) = rig();
    rig.viewers.get_mut(&1).unwrap().draw = MS * 120;
    rig.play(VIDEO, 120, MS * 33, &mut random);
    assert_eq!(told(&rig), Some(SlowCause::LocalCpu));
    rests(&mut rig);
}

#[test]
fn the_line_is_told_while_no_picture_gets_through() {
    let (mut rig, mut random) = rig();
    rig.viewers.get_mut(&1).unwrap().acks = false;
    rig.play(VIDEO, 20, MS * 33, &mut random);
    rig.forget();
    // The gate is closed: until the next attempt, two seconds on, nothing else goes.
    rig.play(VIDEO, 30, MS * 33, &mut random);
    let frames = rig.drawn.len();
    assert_eq!((frames, told(&rig)), (0, Some(SlowCause::Line)));
}

#[test]
fn frames_carry_what_they_cost() {
    let (mut rig, mut random) = rig();
    rig.costs = (MS * 2, MS * 9);
    rig.play(VIDEO, 3, MS * 50, &mut random);
    let mut seen = 0;
    for (_, outgoing) in &rig.messages {
        let Some(video_message::Body::Frame(frame)) = &outgoing.message.body else { continue };
        if frame.grab_us > 0 {
            assert_eq!((frame.grab_us, frame.encode_us), (2_000, 9_000));
            seen += 1;
        }
    }
    assert!(seen >= 3, "{seen}");
}
