//! Screen to viewer and back, in memory.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod encoders;
mod moves;
mod rates;
mod rig;
mod slow;

use std::sync::atomic::Ordering;
use std::time::Duration;

use gc_proto::Flags;
use gc_proto::v2::{
    FrameAck, PictureReason, Preset, RefreshCause, RefreshRequest, VideoCodec, VideoFeedback,
    VideoSettings, video_feedback, video_message,
};
use gc_video::host::{HostError, HostEvent, Step};
use gc_video::{PictureView, PixelRect, ViewError};

use rig::{Fault, Faulty, Kind, MS, Random, Rig, status_of};

const SECOND: Duration = Duration::from_secs(1);
const VIDEO: PixelRect = PixelRect::new(64, 48, 320, 240);

fn rig_with_viewer() -> (Rig, Random) {
    let mut random = Random::new(0x6C_0001);
    let mut rig = Rig::new(640, 480);
    rig.screen.text(PixelRect::new(10, 300, 600, 160), &mut random);
    rig.join(1, MS * 4);
    // The status that follows from the first acknowledgement is out, too.
    rig.advance(SECOND * 3);
    assert_eq!(rig.wrong_pixels(1), 0);
    rig.forget();
    (rig, random)
}

#[test]
fn nobody_watching_means_no_capture() {
    let mut rig = Rig::new(640, 480);
    rig.damage(PixelRect::new(0, 0, 640, 480));
    assert_eq!(rig.host.next_step(rig.now), Step::Idle);
    rig.advance(SECOND);
    assert_eq!((rig.captures, rig.messages.len()), (0, 0));
}

#[test]
fn first_picture_is_a_key_frame_and_exact() {
    let mut rig = Rig::new(641, 479);
    let mut random = Random::new(0x6C_0002);
    rig.screen.text(PixelRect::new(3, 5, 600, 400), &mut random);
    rig.join(7, MS);
    rig.advance(MS * 100);
    assert_eq!(rig.wrong_pixels(7), 0);
    let (_, surface) = &rig.messages[0];
    assert!(matches!(surface.message.body, Some(video_message::Body::Surface(_))));
    assert_eq!((surface.participant, surface.flags.has(Flags::KEY_FRAME)), (7, true));
    let (_, frame) = &rig.messages[1];
    assert_eq!((frame.participant, frame.flags.has(Flags::KEY_FRAME)), (7, true));
}

#[test]
fn typing_sends_one_small_exact_tile() {
    let (mut rig, mut random) = rig_with_viewer();
    let glyph = PixelRect::new(100, 20, 9, 14);
    rig.screen.text(glyph, &mut random);
    rig.damage(PixelRect::new(90, 16, 64, 24));
    let asked = rig.now;
    assert!(matches!(rig.host.next_step(asked), Step::Capture { .. }), "must not wait");
    rig.advance(MS * 50);
    assert_eq!(rig.wrong_pixels(1), 0);
    assert_eq!(rig.drawn.len(), 1);
    let drawn = &rig.drawn[0];
    assert_eq!((drawn.kind, drawn.at), (Kind::Tile, asked));
    assert!(glyph.contains(&drawn.rect) && drawn.bytes < 200, "{drawn:?}");
}

/// The relay announces who joins after the agent knows of it already.
#[test]
fn who_is_announced_gets_one_whole_picture_and_then_what_changes() {
    let mut random = Random::new(0xA22);
    let mut rig = Rig::new(640, 480);
    let all = PixelRect::new(0, 0, 640, 480);
    rig.screen.noise(all, 1, &mut random);
    rig.damage(all);
    rig.join(1, MS);
    rig.advance(MS * 20);
    rig.host.picture_needed(1, PictureReason::Joined);
    rig.advance(MS * 80);
    let keys =
        |rig: &Rig| rig.messages.iter().filter(|(_, m)| m.flags.has(Flags::KEY_FRAME)).count();
    assert_eq!(keys(&rig), 2, "the surface and one picture");
    // Whatever was thought of the line before anything had passed.
    let box_ = PixelRect::new(300, 200, 32, 32);
    rig.screen.text(box_, &mut random);
    rig.damage(box_);
    rig.advance(MS * 60);
    assert!(rig.drawn.iter().any(|d| !d.rect.intersection(&box_).is_empty()));
    rig.advance(SECOND * 3);
    assert_eq!(rig.wrong_pixels(1), 0);
    // Said again, it is meant: the relay has lost what it had.
    rig.host.picture_needed(1, PictureReason::Joined);
    rig.advance(MS * 100);
    assert_eq!(keys(&rig), 4);
}

#[test]
fn a_film_that_waits_for_the_line_goes_on_without_a_new_key_picture() {
    let (mut rig, mut random) = rig_with_viewer();
    rig.play(VIDEO, 30, MS * 33, &mut random);
    assert!(rig.host.motion_active());
    rig.forget();
    for step in 0..6 {
        rig.screen.noise(VIDEO, step, &mut random);
        rig.host.link_backlog(1 << 20);
        rig.damage(VIDEO);
        rig.advance(MS * 700);
        assert!(rig.host.motion_active(), "what waits does not rest");
        rig.host.link_backlog(0);
        rig.advance(MS * 40);
    }
    assert!(rig.count(|d| matches!(d.kind, Kind::H264 { .. })) >= 6);
    assert_eq!(rig.count(|d| d.kind == Kind::H264 { key: true }), 0);
    rig.advance(SECOND);
    assert!(!rig.host.motion_active(), "now it rests");
    assert_eq!(rig.wrong_pixels(1), 0);
}

#[test]
fn the_first_change_is_captured_at_once_and_what_goes_on_in_whole_steps() {
    let (mut rig, mut random) = rig_with_viewer();
    rig.advance(SECOND);
    let (text, bar) = (PixelRect::new(16, 16, 64, 16), PixelRect::new(600, 16, 8, 400));
    rig.screen.text(text, &mut random);
    rig.host.damage(text, rig.now);
    assert!(matches!(rig.host.next_step(rig.now), Step::Capture { .. }));
    rig.host.encode(rig.screen.view(), rig.now).unwrap();
    rig.advance(MS * 20);
    let now = rig.now;
    rig.host.damage(text, now);
    let Step::WaitUntil(until) = rig.host.next_step(now) else { panic!("half of it") };
    assert!(until > now && until <= now + MS * 2);
    rig.host.damage(bar, now + MS / 2);
    let Step::Capture { region } = rig.host.next_step(until) else { panic!("no longer") };
    assert_eq!(region.len(), 2);
}

#[test]
fn a_repaint_of_the_same_pixels_sends_nothing() {
    let (mut rig, _) = rig_with_viewer();
    for pixel in rig.screen.pixels.chunks_exact_mut(4) {
        pixel[3] = pixel[3].wrapping_add(77);
    }
    rig.damage(PixelRect::new(0, 0, 640, 480));
    rig.advance(SECOND);
    assert_eq!((rig.captures, rig.drawn.len()), (1, 0));
}

#[test]
fn idle_captures_and_sends_nothing() {
    let (mut rig, _) = rig_with_viewer();
    rig.advance(SECOND * 600);
    assert_eq!((rig.captures, rig.messages.len()), (0, 0));
    assert_eq!(rig.host.next_step(rig.now), Step::Idle);
}

#[test]
fn a_solid_area_travels_as_a_fill() {
    let (mut rig, _) = rig_with_viewer();
    let area = PixelRect::new(32, 32, 200, 100);
    for y in area.y..area.bottom() {
        for x in area.x..area.right() {
            rig.screen.set(x, y, [9, 8, 7]);
        }
    }
    rig.damage(area);
    rig.advance(MS * 50);
    assert_eq!(rig.wrong_pixels(1), 0);
    assert_eq!(rig.drawn.iter().map(|d| d.kind).collect::<Vec<_>>(), [Kind::Fill]);
}

#[test]
fn scrolling_travels_as_a_copy_and_stays_exact() {
    let (mut rig, mut random) = rig_with_viewer();
    let area = PixelRect::new(40, 30, 500, 400);
    rig.screen.text(area, &mut random);
    rig.damage(area);
    rig.advance(SECOND);
    rig.forget();
    for _ in 0..60 {
        rig.screen.scroll_up(area, 16);
        let line = PixelRect { y: area.bottom() - 16, height: 16, ..area };
        rig.screen.text(line, &mut random);
        rig.damage(area);
        rig.advance(MS * 33);
        assert_eq!(rig.wrong_pixels(1), 0);
    }
    assert_eq!(rig.count(|d| d.kind == Kind::Copy), 60);
    assert_eq!(rig.count(|d| matches!(d.kind, Kind::H264 { .. })), 0);
    let bytes: usize = rig.drawn.iter().map(|d| d.bytes).sum();
    let whole_area = 60 * area.area() as usize / 16;
    assert!(bytes < whole_area, "{bytes} bytes");
}

#[test]
fn quick_scrolling_amid_the_screen_never_turns_lossy() {
    let mut random = Random::new(0x6C_0009);
    let mut rig = Rig::new(1280, 720);
    let area = PixelRect::new(0, 64, 1280, 512);
    rig.screen.text(area, &mut random);
    rig.join(1, MS * 4);
    rig.advance(SECOND);
    rig.forget();
    for _ in 0..60 {
        rig.screen.scroll_up(area, 32);
        rig.screen.text(PixelRect { y: area.bottom() - 32, height: 32, ..area }, &mut random);
        rig.damage(area);
        rig.advance(MS * 16);
    }
    assert_eq!(rig.count(|d| matches!(d.kind, Kind::H264 { .. })), 0);
    assert!(rig.count(|d| d.kind == Kind::Copy) >= 55);
    rig.advance(MS * 50);
    assert_eq!(rig.wrong_pixels(1), 0);
}

#[test]
fn a_viewer_that_got_no_picture_yet_is_not_flooded_with_them() {
    let (mut rig, mut random) = rig_with_viewer();
    rig.viewers.get_mut(&1).unwrap().acks = false;
    let keys = |rig: &Rig| rig.viewers[&1].presented.len();
    for _ in 0..100 {
        rig.host.picture_needed(1, PictureReason::Decoder);
        rig.advance(MS * 100);
    }
    assert!((4..=7).contains(&keys(&rig)), "{} in 10 s", keys(&rig));
    // What it missed of a page is not sent without end either.
    rig.advance(SECOND * 5);
    let page = PixelRect::new(0, 0, 640, 256);
    rig.screen.text(page, &mut random);
    rig.damage(page);
    rig.advance(SECOND);
    let before = rig.viewers[&1].bytes;
    for _ in 0..100 {
        rig.host.picture_needed(1, PictureReason::Skipped);
        rig.advance(MS * 100);
    }
    let after = rig.viewers[&1].bytes - before;
    assert!(after <= before * 7, "{before} bytes for the page, {after} more in 10 s");
}

#[test]
fn motion_becomes_h264_and_then_rests_exactly() {
    let (mut rig, mut random) = rig_with_viewer();
    rig.play(VIDEO, 40, MS * 33, &mut random);
    assert!(rig.host.motion_active());
    let streams = |d: &rig::Drawn| matches!(d.kind, Kind::H264 { .. });
    assert!(rig.count(streams) >= 25, "{}", rig.count(streams));
    assert_eq!(rig.count(|d| d.kind == Kind::H264 { key: true }), 1, "one key picture only");
    assert!(rig.drawn.iter().filter(|d| streams(d)).all(|d| d.rect == VIDEO));
    assert!(rig.wrong_pixels(1) > 0);

    let rest = rig.now;
    rig.forget();
    rig.advance(MS * 500);
    assert_eq!(rig.wrong_pixels(1), 0);
    assert!(rig.host.is_exact() && !rig.host.motion_active());
    assert_eq!(rig.captures, 0, "refinement needs no capture");
    let first = rig.drawn[0].at.saturating_sub(rest);
    assert!(first <= MS * 200, "{first:?}");
    rig.forget();
    rig.advance(SECOND * 10);
    assert_eq!(rig.drawn.len(), 0);
}

#[test]
fn text_beside_motion_stays_exact_all_the_time() {
    let (mut rig, mut random) = rig_with_viewer();
    rig.play(VIDEO, 20, MS * 33, &mut random);
    assert!(rig.host.motion_active());
    rig.forget();
    for step in 0..10 {
        let line = PixelRect::new(400, 320 + step * 12, 200, 12);
        rig.screen.text(line, &mut random);
        rig.damage(line);
        rig.play(VIDEO, 1, MS * 33, &mut random);
        let surface = rig.viewers[&1].decoder.surface().unwrap();
        for y in line.y..line.bottom() {
            for x in line.x..line.right() {
                let at = (y * 640 + x) as usize * 4;
                assert_eq!(surface.pixels()[at..at + 3], rig.screen.pixels[at..at + 3]);
            }
        }
    }
}

#[test]
fn a_joiner_amid_motion_gets_the_whole_picture() {
    let (mut rig, mut random) = rig_with_viewer();
    rig.play(VIDEO, 20, MS * 33, &mut random);
    rig.forget();
    rig.join(2, MS * 4);
    rig.play(VIDEO, 10, MS * 33, &mut random);
    assert_eq!(rig.viewers[&2].problems + rig.viewers[&1].problems, 0);
    assert!(rig.count(|d| d.kind == Kind::H264 { key: true }) == 1, "one key picture for all");
    let whole: u64 = rig.drawn.iter().filter(|d| d.to == 2).map(|d| d.rect.area()).sum();
    assert!(whole >= 640 * 480 - VIDEO.area(), "surroundings for the joiner alone");
    // Both see the same, motion included.
    let pixels = |n| rig.viewers[&n].decoder.surface().unwrap().pixels();
    let differs = |(a, b): &(&[u8], &[u8])| a[..3] != b[..3];
    assert_eq!(pixels(1).chunks_exact(4).zip(pixels(2).chunks_exact(4)).filter(differs).count(), 0);
    rig.advance(SECOND);
    assert_eq!((rig.wrong_pixels(1), rig.wrong_pixels(2)), (0, 0));
}

#[test]
fn a_joiner_at_rest_costs_the_others_nothing() {
    let (mut rig, _) = rig_with_viewer();
    rig.join(2, MS * 4);
    rig.advance(SECOND);
    assert_eq!(rig.wrong_pixels(2), 0);
    assert_eq!(rig.captures, 0);
    assert!(rig.drawn.iter().all(|d| d.to == 2));
    rig.forget();
    rig.host.picture_needed(2, PictureReason::Skipped);
    rig.advance(SECOND);
    assert!(rig.drawn.is_empty(), "it has acknowledged everything and misses nothing");
    rig.host.picture_needed(2, PictureReason::Decoder);
    rig.advance(SECOND);
    assert!(!rig.drawn.is_empty() && rig.drawn.iter().all(|d| d.to == 2));
}

#[test]
fn a_failing_encoder_is_replaced_by_tiles_at_once() {
    for fault in [Fault::Error, Fault::Garbage, Fault::Empty, Fault::Open] {
        let mut random = Random::new(0x6C_0003);
        let after = if matches!(fault, Fault::Open) { 0 } else { 5 };
        let mut rig = Rig::with(640, 480, Box::new(Faulty::new(fault, after)));
        rig.join(1, MS * 4);
        rig.advance(SECOND);
        rig.play(VIDEO, 40, MS * 33, &mut random);
        let fell = rig.events.iter().any(|e| matches!(e, HostEvent::EncoderFellBack { .. }));
        assert!(fell && !rig.host.motion_active());
        assert_eq!(rig.viewers[&1].problems, 0);
        rig.advance(SECOND);
        assert_eq!(rig.wrong_pixels(1), 0);
        let status = rig.messages.iter().rev().find_map(|(_, m)| status_of(m)).unwrap();
        assert_eq!(status.codec(), VideoCodec::Unspecified);
        // Tries are bounded: three more, then never again.
        for _ in 0..30 {
            rig.advance(SECOND * 20);
            rig.play(VIDEO, 12, MS * 33, &mut random);
        }
        assert_eq!(rig.events.len(), 4);
        let last = rig.events.last().unwrap();
        assert!(matches!(last, HostEvent::EncoderFellBack { retry_after: None, .. }));
        rig.advance(SECOND);
        assert_eq!(rig.wrong_pixels(1), 0);
    }
}

#[test]
fn a_viewer_without_decoder_gets_tiles() {
    let mut random = Random::new(0x6C_0004);
    let mut rig = Rig::new(640, 480);
    rig.join_with(1, MS * 4, false);
    rig.advance(SECOND);
    rig.play(VIDEO, 40, MS * 16, &mut random);
    assert_eq!(rig.count(|d| matches!(d.kind, Kind::H264 { .. })), 0);
    assert_eq!(rig.viewers[&1].problems, 0);
    rig.advance(SECOND);
    assert_eq!(rig.wrong_pixels(1), 0);
}

#[test]
fn a_viewer_that_loses_its_decoder_gets_tiles_from_there_on() {
    let (mut rig, mut random) = rig_with_viewer();
    rig.play(VIDEO, 20, MS * 33, &mut random);
    assert!(rig.host.motion_active());
    let cause = RefreshCause::NoDecoder.into();
    let body = Some(video_feedback::Body::Refresh(RefreshRequest { cause }));
    rig.host.on_feedback(1, &VideoFeedback { body }, rig.now);
    rig.forget();
    rig.play(VIDEO, 20, MS * 33, &mut random);
    assert_eq!(rig.count(|d| matches!(d.kind, Kind::H264 { .. })), 0);
    rig.advance(SECOND);
    assert_eq!(rig.wrong_pixels(1), 0);
}

#[test]
fn the_rate_can_be_changed_while_it_runs() {
    let mut random = Random::new(0x6C_0005);
    let faulty = Faulty::new(Fault::Error, u32::MAX);
    let rates = faulty.rates.clone();
    let mut rig = Rig::with(640, 480, Box::new(faulty));
    rig.join(1, MS * 4);
    rig.advance(SECOND);
    rig.play(VIDEO, 30, MS * 33, &mut random);
    let before = rates.load(Ordering::SeqCst);
    rig.forget();
    let settings = VideoSettings { preset: Preset::Custom.into(), fps: 15, kbps: 600, hevc: false };
    rig.host.set_settings(settings);
    rig.play(VIDEO, 60, MS * 16, &mut random);
    // What is left of it is for tiles.
    let now = rates.load(Ordering::SeqCst);
    assert!(before > 1000 && now == 600 * 15 / 16, "{before}, {now}");
    assert_eq!(rig.count(|d| d.kind == Kind::H264 { key: true }), 0, "no new key picture");
    let frames = rig.count(|d| matches!(d.kind, Kind::H264 { .. }));
    assert!((10..=18).contains(&frames), "{frames} frames in 0.96 s");
    let told = rig.messages.iter().rev().find_map(|(_, m)| status_of(m)).unwrap();
    assert_eq!((told.settings, told.target_kbps), (Some(settings), 600));
}

#[test]
fn without_acknowledgements_the_window_holds() {
    let (mut rig, mut random) = rig_with_viewer();
    rig.play(VIDEO, 20, MS * 33, &mut random);
    rig.viewers.get_mut(&1).unwrap().acks = false;
    rig.advance(SECOND);
    rig.forget();
    rig.play(VIDEO, 300, MS * 33, &mut random);
    // One probe each two seconds, and what the window had left.
    let frames = rig.viewers[&1].presented.len();
    assert!(frames <= 2 * 5 + 9, "{frames} frames in 10 s");
    assert!(rig.most_in_flight <= 9, "{}", rig.most_in_flight);
    rig.viewers.get_mut(&1).unwrap().acks = true;
    rig.advance(SECOND * 3);
    assert_eq!(rig.wrong_pixels(1), 0, "the newest picture comes as soon as it may");
}

#[test]
fn a_full_link_of_its_own_stops_capture() {
    let (mut rig, mut random) = rig_with_viewer();
    rig.host.link_backlog(4 << 20);
    rig.play(VIDEO, 30, MS * 33, &mut random);
    assert_eq!(rig.captures, 0);
    rig.host.link_backlog(0);
    rig.advance(SECOND);
    assert_eq!(rig.wrong_pixels(1), 0);
}

#[test]
fn a_slow_viewer_does_not_slow_the_others() {
    let (mut rig, mut random) = rig_with_viewer();
    rig.join(2, SECOND * 3);
    rig.advance(SECOND * 5);
    rig.forget();
    rig.play(VIDEO, 60, MS * 33, &mut random);
    assert!(rig.viewers[&1].presented.len() >= 55, "{}", rig.viewers[&1].presented.len());
    rig.advance(SECOND * 8);
    assert_eq!((rig.wrong_pixels(1), rig.wrong_pixels(2)), (0, 0));
}

#[test]
fn who_lost_the_picture_gets_it_although_nothing_was_acknowledged() {
    let (mut rig, mut random) = rig_with_viewer();
    rig.viewers.get_mut(&1).unwrap().acks = false;
    rig.play(VIDEO, 10, MS * 33, &mut random);
    rig.damage(VIDEO);
    assert!(!matches!(rig.host.next_step(rig.now), Step::Capture { .. }), "it answers too late");
    rig.viewers.get_mut(&1).unwrap().acks = true;
    let body = Some(video_feedback::Body::Refresh(RefreshRequest {
        cause: RefreshCause::DecodeError.into(),
    }));
    rig.host.on_feedback(1, &VideoFeedback { body }, rig.now);
    rig.forget();
    rig.advance(MS * 500);
    assert_eq!(rig.wrong_pixels(1), 0);
    assert!(rig.messages[0].1.flags.has(Flags::KEY_FRAME));
}

#[test]
fn acknowledgements_that_make_no_sense_change_nothing() {
    let (mut rig, mut random) = rig_with_viewer();
    rig.play(VIDEO, 20, MS * 33, &mut random);
    let target = rig.host.target_kbps();
    let (now, window) = (rig.now, rig.host.window());
    for seed in 0..2_000_u32 {
        let frame_id = random.next() | 1 << 20;
        let ack = FrameAck { frame_id, draw_us: random.next() };
        let body = Some(video_feedback::Body::Ack(ack));
        rig.host.on_feedback((seed % 7) as u16, &VideoFeedback { body }, now);
        rig.host.on_feedback(1, &VideoFeedback { body: None }, now);
    }
    assert_eq!((rig.host.target_kbps(), rig.host.window()), (target, window));
    rig.forget();
    rig.play(VIDEO, 30, MS * 33, &mut random);
    assert!(rig.viewers[&1].presented.len() >= 28);
    rig.advance(SECOND);
    assert_eq!(rig.wrong_pixels(1), 0);
}

#[test]
fn a_capture_of_another_size_is_refused_and_nothing_is_lost_by_it() {
    let (mut rig, mut random) = rig_with_viewer();
    let glyph = PixelRect::new(100, 20, 40, 14);
    rig.screen.text(glyph, &mut random);
    rig.damage(glyph);
    let Step::Capture { region } = rig.host.next_step(rig.now) else { panic!("no capture") };
    assert_eq!(region, [glyph]);
    let other = rig::Screen::new(320, 200);
    let refused = rig.host.encode(other.view(), rig.now);
    assert_eq!(refused, Err(HostError::View(ViewError::Size { width: 320, height: 200 })));
    let short = PictureView { pixels: &[0; 64], ..rig.screen.view() };
    assert!(matches!(
        rig.host.encode(short, rig.now),
        Err(HostError::View(ViewError::TooShort { .. }))
    ));
    // The screen is as stale as before; the same damage is asked for again.
    rig.advance(MS * 100);
    assert_eq!(rig.wrong_pixels(1), 0);
}

#[test]
fn a_stale_capture_is_put_right_by_the_next_damage() {
    let (mut rig, mut random) = rig_with_viewer();
    let old = rig::Screen { pixels: rig.screen.pixels.clone(), ..rig::Screen::new(640, 480) };
    let line = PixelRect::new(0, 100, 640, 16);
    rig.screen.text(line, &mut random);
    rig.damage(line);
    assert!(matches!(rig.host.next_step(rig.now), Step::Capture { .. }));
    rig.host.encode(old.view(), rig.now).unwrap();
    while let Some(outgoing) = rig.host.poll_output() {
        assert!(status_of(&outgoing).is_some(), "nothing has changed in it");
    }
    rig.damage(line);
    rig.advance(MS * 100);
    assert_eq!(rig.wrong_pixels(1), 0);
}

#[test]
fn a_new_surface_does_not_wait_for_old_acknowledgements() {
    let (mut rig, mut random) = rig_with_viewer();
    rig.viewers.get_mut(&1).unwrap().acks = false;
    rig.play(VIDEO, 10, MS * 33, &mut random);
    rig.viewers.get_mut(&1).unwrap().acks = true;
    rig.screen = rig::Screen::new(300, 200);
    rig.host.set_surface(300, 200, 1, rig.now).unwrap();
    rig.advance(MS * 50);
    assert_eq!(rig.wrong_pixels(1), 0);
}

#[test]
fn a_new_surface_starts_over_for_everyone() {
    let (mut rig, mut random) = rig_with_viewer();
    rig.join(2, MS * 9);
    rig.advance(SECOND);
    rig.play(VIDEO, 20, MS * 33, &mut random);
    rig.forget();
    rig.screen = rig::Screen::new(800, 333);
    rig.screen.text(PixelRect::new(1, 1, 700, 300), &mut random);
    rig.host.set_surface(800, 333, 2, rig.now).unwrap();
    rig.advance(SECOND);
    assert_eq!((rig.wrong_pixels(1), rig.wrong_pixels(2)), (0, 0));
    assert_eq!(rig.viewers[&1].problems, 0);
    let (_, first) = &rig.messages[0];
    assert_eq!((first.participant, first.flags.has(Flags::KEY_FRAME)), (0, true));
}

#[test]
fn a_photograph_comes_at_once_and_becomes_exact() {
    let mut random = Random::new(0x6C_0006);
    let mut rig = Rig::new(1280, 720);
    rig.screen.noise(PixelRect::new(0, 0, 1280, 720), 1, &mut random);
    rig.join(1, MS * 20);
    rig.advance(MS * 100);
    assert!(rig.viewers[&1].bytes < 1 << 20, "{} bytes", rig.viewers[&1].bytes);
    assert_eq!(rig.viewers[&1].presented.len(), 1);
    rig.advance(SECOND * 5);
    assert_eq!(rig.wrong_pixels(1), 0);
}

#[test]
fn no_queue_builds_up_on_a_narrow_link() {
    for (kbps, bound) in [(256, 400), (1000, 250), (5000, 200)] {
        let mut random = Random::new(0x6C_0008);
        let mut rig = Rig::new(640, 480);
        rig.screen.text(PixelRect::new(10, 300, 600, 160), &mut random);
        rig.join(1, MS * 30);
        rig.viewers.get_mut(&1).unwrap().kbps = Some(kbps);
        rig.advance(SECOND * 10);
        assert_eq!(rig.wrong_pixels(1), 0);
        rig.play(VIDEO, 150, MS * 33, &mut random);
        rig.forget();
        rig.play(VIDEO, 150, MS * 33, &mut random);
        let viewer = &rig.viewers[&1];
        let worst = viewer.worst_delay.as_millis();
        println!(
            "{kbps} kbit/s: {} frames, {worst} ms, target {}",
            viewer.presented.len(),
            rig.host.target_kbps()
        );
        assert!(worst <= bound, "{worst} ms at {kbps} kbit/s");
        rig.advance(SECOND * 60);
        assert_eq!(rig.wrong_pixels(1), 0);
    }
}

#[test]
fn a_link_that_narrows_is_noticed() {
    let (mut rig, mut random) = rig_with_viewer();
    rig.viewers.get_mut(&1).unwrap().kbps = Some(20_000);
    rig.play(VIDEO, 120, MS * 33, &mut random);
    let before = rig.host.target_kbps();
    rig.viewers.get_mut(&1).unwrap().kbps = Some(2000);
    rig.forget();
    rig.play(VIDEO, 60, MS * 33, &mut random);
    let during = rig.viewers[&1].worst_delay;
    rig.forget();
    rig.play(VIDEO, 120, MS * 33, &mut random);
    let after = rig.host.target_kbps();
    let worst = rig.viewers[&1].worst_delay;
    println!("{before} then {after} kbit/s, {during:?} then {worst:?}");
    assert!(before > 4000 && after < 2500);
    assert!(during <= MS * 500 && worst <= MS * 200);
    rig.viewers.get_mut(&1).unwrap().kbps = Some(20_000);
    rig.play(VIDEO, 150, MS * 33, &mut random);
    assert!(rig.host.target_kbps() > 4000, "{}", rig.host.target_kbps());
}

#[test]
fn a_spinner_does_not_keep_a_photograph_lossy() {
    let mut random = Random::new(0x6C_000A);
    let mut rig = Rig::new(640, 480);
    rig.join(1, MS * 4);
    rig.advance(SECOND);
    rig.screen.noise(PixelRect::new(0, 0, 640, 480), 1, &mut random);
    rig.damage(PixelRect::new(0, 0, 640, 480));
    rig.advance(MS * 10);
    assert!(rig.host.motion_active());
    // Two of them, far apart.
    for step in 0..90 {
        for spinner in [PixelRect::new(30, 30, 24, 24), PixelRect::new(580, 430, 24, 24)] {
            rig.screen.noise(spinner, step, &mut random);
            rig.damage(spinner);
        }
        rig.advance(MS * 33);
    }
    assert!(!rig.host.motion_active());
    rig.advance(MS * 20);
    assert_eq!(rig.wrong_pixels(1), 0, "exact while they spin");
}

#[test]
fn messages_stay_small() {
    let mut random = Random::new(0x6C_0007);
    let mut rig = Rig::new(1280, 720);
    for pixel in rig.screen.pixels.chunks_exact_mut(4) {
        pixel.copy_from_slice(&random.next().to_le_bytes());
    }
    rig.join_with(1, MS, false);
    rig.advance(SECOND * 2);
    assert_eq!(rig.wrong_pixels(1), 0);
    assert!(rig.messages.len() > 4);
    assert!(rig.messages.iter().all(|(_, m)| m.size() <= gc_video::SOFT_MESSAGE));
    let keys = rig.messages.iter().filter(|(_, m)| m.flags.has(Flags::KEY_FRAME)).count();
    assert_eq!(keys, 2, "surface and first part");
}

#[test]
fn random_desktops_end_exact_at_every_viewer() {
    for seed in [0x6C_1001_u64, 0x6C_1002, 0x6C_1003] {
        let mut random = Random::new(seed);
        let mut rig = Rig::new(517, 389);
        rig.join(1, MS * 3);
        for step in 0..150 {
            let x = random.below(400);
            let y = random.below(300);
            let rect = PixelRect::new(x, y, 1 + random.below(117), 1 + random.below(89));
            match random.below(5) {
                0 => rig.screen.noise(rect, step, &mut random),
                1 => rig.screen.scroll_up(PixelRect::new(0, 0, 517, 389), 8),
                2 => rig.screen.noise(PixelRect::new(96, 96, 160, 160), step, &mut random),
                _ => rig.screen.text(rect, &mut random),
            }
            rig.damage(PixelRect::new(0, 0, 517, 389));
            match step {
                40 => rig.join(2, MS * 70),
                80 => rig.host.picture_needed(0, PictureReason::Skipped),
                110 => rig.host.leave(2),
                _ => {}
            }
            rig.advance(MS * random.below(60));
        }
        rig.advance(SECOND * 2);
        assert_eq!((rig.wrong_pixels(1), rig.viewers[&1].problems), (0, 0));
    }
}
