//! Each call, each way to go wrong.

use std::sync::Arc;
use std::time::Duration;

use gc_codec::{Candidate, EncoderPool, OpenH264Factory, SystemPatience};
use gc_platform_fake::{EncoderCall, FakeEncoderControl, Misbehaviour};
use gc_proto::v2::{Preset, VideoSettings};
use gc_types::{ManualClock, UnixMillis};
use gc_video::host::HostEvent;
use gc_video::{EncodeFailure, MotionCodec, MotionEncoderFactory, MotionSettings};

use super::{Bench, NAME, SOON};
use crate::rig::{Kind, MS, Random, Rig};
use crate::{SECOND, VIDEO};
use EncoderCall::{Connect, DropFactory, DropStream, Encode, Key, Open, SetRate};
use Misbehaviour::{
    BrokenSlice, Fail, Garbage, Hang, Nothing, OtherPicture, OtherSize, Panic, WrongKind,
};

fn lost() -> Misbehaviour {
    Fail(EncodeFailure::DeviceLost("reset".to_owned()))
}

fn refused() -> Misbehaviour {
    Fail(EncodeFailure::Encode("no".to_owned()))
}

/// What is wrong from the start, and the causes that may be told for it.
fn from_the_start() -> Vec<(EncoderCall, Misbehaviour, &'static [&'static str])> {
    let absent = Fail(EncodeFailure::Absent("no device".to_owned()));
    let mut cases: Vec<(EncoderCall, Misbehaviour, &'static [&'static str])> = vec![
        (Connect, absent, &["absent"]),
        (Connect, lost(), &["device_lost"]),
        (Connect, Hang, &["stalled"]),
        (Connect, Panic, &["crashed"]),
        (Open, Fail(EncodeFailure::Open("busy".to_owned())), &["open"]),
        (Open, OtherSize, &["output", "self_test"]),
        (SetRate, refused(), &["encode"]),
        (SetRate, Hang, &["stalled"]),
        (SetRate, Panic, &["crashed"]),
        (Open, Hang, &["stalled"]),
        (Open, Panic, &["crashed"]),
        (DropStream, Hang, &["stalled"]),
        (DropStream, Panic, &["crashed"]),
    ];
    for call in [Encode, Key] {
        cases.extend([
            (call, refused(), &["encode"][..]),
            (call, lost(), &["device_lost"]),
            (call, Hang, &["stalled"]),
            (call, Panic, &["crashed"]),
            (call, Garbage, &["output"]),
            (call, BrokenSlice, &["output", "self_test"]),
            (call, Nothing, &["output"]),
            (call, WrongKind, &["output", "self_test"]),
            (call, OtherPicture, &["self_test"]),
        ]);
    }
    cases
}

#[test]
fn what_does_not_pass_its_trial_makes_no_stream() {
    for (call, what, kinds) in from_the_start() {
        println!("{call:?}: {what:?}");
        let control = FakeEncoderControl::default();
        control.script(call, what);
        let mut bench = Bench::new(control);
        bench.video(70);
        let failures = bench.failures();
        assert!(
            !failures.is_empty() && failures.iter().all(|kind| kinds.contains(kind)),
            "{failures:?}"
        );
        assert!(bench.control.hits() > 0);
        assert!(bench.rig.host.motion_active(), "software takes over");
        assert_eq!(bench.told(), "OpenH264");
        assert!(bench.likeness() > 20.0, "{}", bench.likeness());
        assert_eq!(bench.rig.viewers[&1].problems, 0, "no viewer saw anything of it");
        bench.rest();
        assert_eq!(bench.rig.wrong_pixels(1), 0);
        bench.end();
    }
}

/// What goes wrong in use. `None` for the causes: nothing has to be told, the stream
/// goes on.
fn in_use() -> Vec<(EncoderCall, Misbehaviour, Option<&'static [&'static str]>)> {
    let mut cases: Vec<(EncoderCall, Misbehaviour, Option<&'static [&'static str]>)> = vec![
        (Open, Fail(EncodeFailure::Open("busy".to_owned())), Some(&["open"])),
        (Open, Hang, Some(&["stalled"])),
        (Open, Panic, Some(&["crashed"])),
        (Open, OtherSize, Some(&["output"])),
        (SetRate, refused(), None),
        (SetRate, lost(), Some(&["device_lost"])),
        (SetRate, Hang, Some(&["stalled"])),
        (SetRate, Panic, Some(&["crashed"])),
        (DropStream, Hang, Some(&["stalled"])),
        (DropStream, Panic, Some(&["crashed"])),
        (DropFactory, Hang, None),
        (DropFactory, Panic, None),
        (Key, OtherPicture, Some(&["self_test"])),
    ];
    for call in [Encode, Key] {
        cases.extend([
            (call, refused(), Some(&["encode"][..])),
            (call, lost(), Some(&["device_lost"])),
            (call, Hang, Some(&["stalled"])),
            (call, Panic, Some(&["crashed"])),
            (call, Garbage, Some(&["output"])),
            (call, BrokenSlice, Some(&["output", "self_test"])),
            (call, Nothing, Some(&["output"])),
            (call, WrongKind, Some(&["output", "self_test"])),
        ]);
    }
    cases
}

/// Makes the host do `call`, with video going on.
fn provoke(bench: &mut Bench, call: EncoderCall) {
    match call {
        Open | DropStream => {
            bench.rest();
            // The first stream has ended; a second one begins.
            bench.video(20);
        }
        Key => bench.rig.join(2, MS * 4),
        SetRate => {
            let preset = Preset::Custom.into();
            bench.rig.host.set_settings(VideoSettings { preset, fps: 30, kbps: 500, hevc: false });
        }
        Connect | Encode | DropFactory => {}
    }
}

#[test]
fn what_fails_in_use_is_replaced_within_two_seconds() {
    for (call, what, kinds) in in_use() {
        println!("{call:?}: {what:?}");
        let mut bench = Bench::new(FakeEncoderControl::default());
        bench.video(40);
        assert_eq!(bench.told(), NAME);
        assert!(bench.failures().is_empty() && bench.likeness() > 20.0);

        bench.control.script(call, what);
        let start = bench.rig.now;
        provoke(&mut bench, call);
        let start = if matches!(call, Open | DropStream) { start + SECOND } else { start };
        while bench.rig.now < start + SECOND * 2 {
            bench.picture();
            if kinds.is_some() && !bench.failures().is_empty() {
                break;
            }
        }
        bench.video(8);
        let failures = bench.failures();
        if let Some(kinds) = kinds {
            assert_eq!(
                failures.len(),
                1,
                "told once: {failures:?}, {} problems, {} dB",
                bench.rig.viewers[&1].problems,
                bench.likeness()
            );
            assert!(kinds.contains(&failures[0]), "{failures:?}");
            let then = bench.rig.now;
            bench.video(40);
            assert_eq!(bench.told(), "OpenH264");
            let streams = bench.rig.count(|d| d.at > then && matches!(d.kind, Kind::H264 { .. }));
            assert!(streams > 10, "software makes the stream: {streams}");
        } else {
            assert!(failures.is_empty(), "{failures:?}");
            assert_eq!(bench.told(), NAME);
        }
        assert!(bench.likeness() > 20.0, "{}", bench.likeness());
        bench.rest();
        let viewers: Vec<u16> = bench.rig.viewers.keys().copied().collect();
        for viewer in viewers {
            assert_eq!(bench.rig.wrong_pixels(viewer), 0);
        }
        bench.end();
    }
}

#[test]
fn the_picture_in_which_an_encoder_fails_is_made_by_the_next_one() {
    let mut bench = Bench::new(FakeEncoderControl::default());
    bench.video(40);
    bench.rig.forget();
    bench.control.script(Encode, lost());
    bench.picture();
    let tiles: u64 =
        bench.rig.drawn.iter().filter(|d| d.kind == Kind::Tile).map(|d| d.rect.area()).sum();
    assert_eq!(tiles, 0, "no detour over tiles");
    let keys = bench.rig.count(|d| d.kind == Kind::H264 { key: true });
    assert_eq!(keys, 1, "{:?}", bench.rig.drawn);
    let next = bench.rig.events.iter().find_map(|event| match event {
        HostEvent::EncoderFellBack { next, .. } => next.clone(),
        _ => None,
    });
    assert_eq!(next.as_deref(), Some("OpenH264"));
    bench.end();
}

#[test]
fn a_device_that_comes_back_is_used_again_and_tries_are_bounded() {
    let mut bench = Bench::new(FakeEncoderControl::default());
    bench.video(40);
    bench.control.script(Encode, lost());
    bench.video(40);
    assert_eq!((bench.told().as_str(), bench.failures().len()), ("OpenH264", 1));
    bench.control.release();
    bench.clock.advance(SECOND * 11);
    // It proves itself beside the stream of the software, and takes that over.
    bench.video(60);
    assert_eq!(bench.told(), NAME);
    assert!(bench.rig.events.iter().any(|e| matches!(e, HostEvent::EncoderReady { .. })));

    bench.control.script(Connect, lost());
    bench.control.script(Encode, lost());
    for _ in 0..20 {
        bench.video(3);
        bench.clock.advance(SECOND * 150);
    }
    let connects = bench.control.count(Connect);
    assert!((4..=6).contains(&connects), "{connects}");
    bench.rest();
    assert_eq!(bench.rig.wrong_pixels(1), 0);
    bench.end();
}

#[test]
fn threads_that_hang_are_bounded() {
    let control = FakeEncoderControl::default();
    control.script(Open, Hang);
    let mut bench = Bench::new(control);
    for _ in 0..20 {
        bench.video(3);
        bench.clock.advance(SECOND * 4000);
        assert!(bench.pool.abandoned_threads() <= 3);
    }
    assert_eq!(bench.pool.abandoned_threads(), 3);
    assert_eq!(bench.control.count(Connect), 3);
    bench.end();
}

#[test]
fn software_works_in_the_same_wrapper() {
    let connect = || -> Result<Box<dyn MotionEncoderFactory>, EncodeFailure> {
        Ok(Box::new(OpenH264Factory))
    };
    let candidate = Candidate { name: "wrapped".into(), connect: Arc::new(connect) };
    let clock = Arc::new(ManualClock::new(UnixMillis(1)));
    let pool = EncoderPool::new(vec![candidate], clock, Arc::new(SystemPatience));
    let mut chain = pool.chain();
    let settings =
        MotionSettings { codec: MotionCodec::H264, width: 320, height: 240, kbps: 900, fps: 30 };
    // Asked for until it is ready; software makes the streams meanwhile.
    let name = |chain: &mut dyn MotionEncoderFactory| {
        chain.open(settings).unwrap().name().map(str::to_owned)
    };
    let ready = (0..SOON.as_millis()).any(|_| {
        std::thread::park_timeout(MS);
        name(&mut chain).as_deref() == Some("wrapped")
    });
    assert!(ready);
    let mut rig = Rig::with(640, 480, Box::new(chain));
    let mut random = Random::new(0x6C_0E4D);
    rig.join(1, MS * 4);
    rig.advance(SECOND);
    rig.play(VIDEO, 30, MS * 33, &mut random);
    assert!(rig.host.motion_active() && rig.viewers[&1].problems == 0);
    rig.advance(Duration::from_secs(1));
    assert_eq!(rig.wrong_pixels(1), 0);
}
