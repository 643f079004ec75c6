use gc_platform::PixelSize;

use super::*;
use crate::duplication::testing::{Call, FakeFrame, FakeOutput, Random};
use crate::duplication::{PointerShape, Rotation, ShapeKind};

const ALL: [Rotation; 4] = [Rotation::Identity, Rotation::Right, Rotation::Half, Rotation::Left];

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn rect(x: u32, y: u32, width: u32, height: u32) -> PixelRect {
    PixelRect { x, y, width, height }
}

fn start(fake: &FakeOutput) -> Output<FakeOutput> {
    let mode = fake.adapter().mode.unwrap();
    Output::new(fake.clone(), mode.rotation.size(mode.image))
}

/// Steps until it has told all there is; what it told.
fn settle(output: &mut Output<FakeOutput>, now: &mut Duration) -> News {
    let mut all = News::default();
    let mut quiet = 0;
    for _ in 0..50 {
        match output.step(*now, Duration::ZERO) {
            Progress::Quiet => quiet += 1,
            Progress::News(news) => {
                quiet = 0;
                all.merge(news);
            }
            Progress::Closed(pause) => {
                quiet = 0;
                *now += pause;
            }
        }
        if quiet == 2 {
            return all;
        }
    }
    panic!("it does not settle");
}

#[test]
fn the_first_frame_is_all_of_it_and_later_ones_are_what_they_say() {
    let fake = FakeOutput::new(20, 10, Rotation::Identity);
    let (mut output, mut now) = (start(&fake), ms(0));
    assert_eq!(settle(&mut output, &mut now).damage, [rect(0, 0, 20, 10)]);
    fake.fill([2, 3, 7, 5], 9);
    assert_eq!(settle(&mut output, &mut now).damage, [rect(2, 3, 5, 2)]);
    // Several pictures since the last look come as one frame; edges may be anywhere.
    fake.tell(FakeFrame {
        info: Frame { pictures: 5, metadata: 99, ..Frame::default() },
        moves: vec![[10, 0, 25, 4]],
        dirty: vec![[-5, 8, 3, 40], [7, 7, 7, 9], [11, 1, 12, 2]],
        shape: None,
    });
    let damage = settle(&mut output, &mut now).damage;
    assert_eq!(damage, [rect(10, 0, 10, 4), rect(0, 8, 3, 2)]);
    // A picture that does not say where is new everywhere.
    fake.tell(FakeFrame {
        info: Frame { pictures: 1, ..Frame::default() },
        ..FakeFrame::default()
    });
    assert_eq!(settle(&mut output, &mut now).damage, [rect(0, 0, 20, 10)]);
    let calls = fake.adapter().calls.clone();
    let count = |call| calls.iter().filter(|other| **other == call).count();
    assert_eq!((count(Call::Moves), count(Call::Dirty)), (2, 2));
    assert_eq!(count(Call::Read), 0, "nobody asked for pixels");
}

#[test]
fn pixels_arrive_where_they_are_seen_whatever_the_rotation() {
    let mut random = Random::new(0x5EE4);
    for rotation in ALL {
        let fake = FakeOutput::new(24, 16, rotation);
        let (mut output, mut now) = (start(&fake), ms(0));
        let size = rotation.size(PixelSize { width: 24, height: 16 });
        let mut pixels = vec![0; 24 * 16 * 4];
        for round in 0..40 {
            let (x, y) = (random.below(24), random.below(16));
            let right = x + 1 + random.below(24 - x);
            let bottom = y + 1 + random.below(16 - y);
            fake.fill([x, y, right, bottom], round + 1);
            let before = pixels.clone();
            let damage = settle(&mut output, &mut now).damage;
            output.read(now, &mut pixels);
            // The picture, turned pixel by pixel.
            let image = fake.adapter().image.clone();
            for at in 0..24 * 16_u32 {
                let (column, row) = (at % 24, at / 24);
                let (to_x, to_y) = match rotation {
                    Rotation::Identity => (column, row),
                    Rotation::Right => (15 - row, column),
                    Rotation::Half => (23 - column, 15 - row),
                    Rotation::Left => (row, 23 - column),
                };
                let to = ((to_y * size.width + to_x) * 4) as usize;
                let from = (at * 4) as usize;
                assert_eq!(pixels[to..to + 4], image[from..from + 4], "{rotation:?}");
                if before[to..to + 4] != pixels[to..to + 4] {
                    let holds = |r: &PixelRect| {
                        (r.x..r.x + r.width).contains(&to_x)
                            && (r.y..r.y + r.height).contains(&to_y)
                    };
                    assert!(damage.iter().any(holds), "{rotation:?}: untold change");
                }
            }
        }
    }
}

#[test]
fn of_several_pictures_only_the_last_is_brought_to_memory() {
    let fake = FakeOutput::new(8, 8, Rotation::Identity);
    let (mut output, mut now) = (start(&fake), ms(0));
    for value in 1..=5 {
        fake.fill([0, 0, 4, 4], value);
        settle(&mut output, &mut now);
    }
    assert!(output.has_kept());
    let mut pixels = vec![0; 256];
    output.read(now, &mut pixels);
    assert!(!output.has_kept());
    assert_eq!(pixels[0], 5);
    assert_eq!(fake.adapter().calls.iter().filter(|call| **call == Call::Read).count(), 1);
}

#[test]
fn access_lost_in_any_call_opens_it_again_and_loses_no_pixel() {
    for call in Call::ALL {
        let fake = FakeOutput::new(8, 8, Rotation::Identity);
        let (mut output, mut now) = (start(&fake), ms(0));
        if call != Call::Open {
            settle(&mut output, &mut now);
        }
        fake.fail(call, Failure::AccessLost);
        let shape = PointerShape {
            kind: ShapeKind::Color,
            width: 1,
            height: 1,
            pitch: 4,
            hotspot: (0, 0),
            bytes: vec![255; 4],
        };
        fake.fill([0, 0, 2, 2], 7);
        fake.adapter().frames.back_mut().unwrap().shape = Some(shape);
        let mut pixels = vec![0; 256];
        let mut failed = false;
        let mut damage = Vec::new();
        for _ in 0..12 {
            match output.step(now, Duration::ZERO) {
                Progress::Closed(pause) => {
                    failed = true;
                    assert!(pause <= ms(400), "{call:?}: {pause:?}");
                    assert!(output.trouble().is_some());
                    now += pause;
                }
                Progress::News(news) => damage.extend(news.damage),
                Progress::Quiet => {}
            }
            output.read(now, &mut pixels);
            failed |= output.trouble().is_some();
        }
        assert!(failed, "{call:?} did not fail");
        assert!(damage.contains(&rect(0, 0, 8, 8)), "{call:?}: {damage:?}");
        assert_eq!(pixels, fake.adapter().image, "{call:?}");
        assert_eq!(output.trouble(), None, "{call:?}: it works again");
        assert_eq!(fake.adapter().held, 0, "{call:?}: a frame was not given back");
        assert_eq!(fake.adapter().open, 1);
    }
}

#[test]
fn a_device_that_is_gone_is_replaced_and_other_failures_keep_theirs() {
    let fake = FakeOutput::new(8, 8, Rotation::Identity);
    let (mut output, mut now) = (start(&fake), ms(0));
    settle(&mut output, &mut now);
    fake.fail(Call::Acquire, Failure::AccessLost);
    settle(&mut output, &mut now);
    assert_eq!(fake.adapter().renewed, 0);
    fake.fail(Call::Acquire, Failure::DeviceRemoved(5));
    settle(&mut output, &mut now);
    assert_eq!(fake.adapter().renewed, 1);
}

#[test]
fn an_output_that_stays_closed_is_tried_at_a_measured_pace_and_says_since_when() {
    let fake = FakeOutput::new(8, 8, Rotation::Identity);
    let (mut output, mut now) = (start(&fake), ms(1000));
    settle(&mut output, &mut now);
    fake.adapter().closed = Some(Failure::AccessDenied);
    fake.fail(Call::Acquire, Failure::AccessLost);
    let lost = now;
    let mut pauses = Vec::new();
    while pauses.len() < 8 {
        match output.step(now, Duration::ZERO) {
            Progress::Closed(pause) => {
                assert_eq!(output.step(now, Duration::ZERO), Progress::Closed(pause), "not early");
                pauses.push(pause.as_millis());
                now += pause;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(pauses, [10, 50, 100, 200, 400, 400, 400, 400]);
    assert_eq!(output.trouble(), Some(&(lost, Failure::AccessDenied)));
    fake.adapter().closed = None;
    let news = settle(&mut output, &mut now);
    assert_eq!(news.damage, [rect(0, 0, 8, 8)]);
    assert_eq!(output.trouble(), None);
}

#[test]
fn what_opens_and_fails_at_once_does_not_spin() {
    let fake = FakeOutput::new(8, 8, Rotation::Identity);
    let mut output = start(&fake);
    let mut now = ms(0);
    for _ in 0..20 {
        fake.fail(Call::Acquire, Failure::AccessLost);
    }
    let mut opened = 0;
    while now < ms(2000) {
        if let Progress::Closed(pause) = output.step(now, Duration::ZERO) {
            now += pause.max(ms(1));
            opened += 1;
        }
    }
    assert!(opened <= 10, "{opened} times in two seconds");
    assert_eq!(output.trouble().map(|(since, _)| *since), Some(ms(0)), "never worked between");
}

#[test]
fn another_mode_than_the_display_has_is_not_shown() {
    let fake = FakeOutput::new(20, 10, Rotation::Right);
    let mut output = Output::new(fake.clone(), PixelSize { width: 20, height: 10 });
    assert!(matches!(output.step(ms(0), Duration::ZERO), Progress::Closed(_)));
    assert_eq!(output.trouble().map(|(_, failure)| failure.clone()), Some(Failure::Mode));
    assert_eq!(fake.adapter().open, 0);
}

#[test]
fn the_pointer_comes_without_a_picture() {
    let fake = FakeOutput::new(8, 8, Rotation::Identity);
    let (mut output, mut now) = (start(&fake), ms(0));
    settle(&mut output, &mut now);
    let pointer = PointerUpdate { at: 5, position: (3, 4), visible: true };
    let shape = PointerShape {
        kind: ShapeKind::Color,
        width: 1,
        height: 1,
        pitch: 4,
        hotspot: (0, 0),
        bytes: vec![1, 2, 3, 255],
    };
    fake.tell(FakeFrame {
        info: Frame { pointer: Some(pointer), ..Frame::default() },
        shape: Some(shape),
        ..FakeFrame::default()
    });
    fake.adapter().calls.clear();
    let news = settle(&mut output, &mut now);
    assert_eq!((news.pointer, news.damage), (Some(pointer), vec![]));
    assert_eq!(news.shape.unwrap().unwrap().rgba, [3, 2, 1, 255]);
    let drawn = [Call::Moves, Call::Dirty, Call::Keep];
    assert!(!fake.adapter().calls.iter().any(|call| drawn.contains(call)));
}

#[test]
fn protected_content_is_told_when_it_comes_and_goes() {
    let fake = FakeOutput::new(8, 8, Rotation::Identity);
    let (mut output, mut now) = (start(&fake), ms(0));
    assert_eq!(settle(&mut output, &mut now).protected, None);
    for (protected, told) in [(true, Some(true)), (true, None), (false, Some(false))] {
        let info = Frame { pictures: 1, protected, ..Frame::default() };
        fake.tell(FakeFrame { info, ..FakeFrame::default() });
        assert_eq!(settle(&mut output, &mut now).protected, told);
    }
}
