use gc_platform::PixelSize;
use gc_types::ManualClock;

use super::*;
use crate::duplication::testing::{Call, FakeFrame, FakeOutput};
use crate::duplication::{Frame, PointerShape, PointerUpdate, Rotation, ShapeKind};

const PATIENCE: Duration = Duration::from_secs(50);
const AREA: Area = Area { origin: (-8, 0), size: PixelSize { width: 24, height: 12 } };

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

struct Rig {
    outputs: [FakeOutput; 2],
    several: Several,
    waker: Arc<Waker>,
    clock: Arc<ManualClock>,
}

/// One output of 8x12 (turned), beside one of 16x8.
fn rig() -> Rig {
    rig_with(|_| {})
}

fn rig_with(prepare: impl FnOnce(&[FakeOutput; 2])) -> Rig {
    let outputs =
        [FakeOutput::new(12, 8, Rotation::Right), FakeOutput::new(16, 8, Rotation::Identity)];
    prepare(&outputs);
    let places = [
        PixelRect { x: 0, y: 0, width: 8, height: 12 },
        PixelRect { x: 8, y: 2, width: 16, height: 8 },
    ];
    let (waker, clock) = (Arc::new(Waker::default()), Arc::new(ManualClock::default()));
    let seats = outputs.iter().zip(places).map(|(output, place)| {
        let clock = Arc::clone(&clock) as Arc<dyn Clock>;
        Seat::start(output.clone(), place, clock, &waker).unwrap()
    });
    let several = Several::new(seats.collect(), AREA, ms(0));
    Rig { outputs, several, waker, clock }
}

impl Rig {
    fn until(&mut self, mut holds: impl FnMut(&ScreenEvent) -> bool) -> Vec<ScreenEvent> {
        let mut all = Vec::new();
        loop {
            let now = self.clock.monotonic();
            all.extend(self.several.collect(now).unwrap());
            if all.iter().any(&mut holds) {
                return all;
            }
            assert!(self.waker.sleep(PATIENCE), "nothing came: {all:?}");
        }
    }

    fn opened(&mut self) {
        while self.several.last_picture().is_none() {
            self.several.collect(ms(0)).unwrap();
            if self.several.last_picture().is_none() {
                assert!(self.waker.sleep(PATIENCE));
            }
        }
    }
}

#[test]
fn outputs_lie_side_by_side() {
    let mut rig = rig();
    rig.opened();
    rig.outputs[0].fill([0, 0, 1, 1], 3);
    rig.outputs[1].fill([15, 7, 16, 8], 4);
    // Turned to the right, the image's first pixel is the last of its row.
    let expected = [
        PixelRect { x: 7, y: 0, width: 1, height: 1 },
        PixelRect { x: 23, y: 9, width: 1, height: 1 },
    ];
    let mut missing = expected.to_vec();
    rig.until(|event| {
        missing.retain(|rect| *event != ScreenEvent::Damage(*rect));
        missing.is_empty()
    });
    rig.several.read(&[AREA.whole()]).unwrap();
    let view = rig.several.view();
    assert_eq!((view.size, view.stride), (AREA.size, 96));
    let touched: Vec<_> = (0..24 * 12).filter(|at| view.pixels[at * 4] != 0).collect();
    assert_eq!(touched, [7, 9 * 24 + 23]);
}

#[test]
fn the_cursor_goes_from_one_output_to_the_other() {
    let mut rig = rig();
    rig.opened();
    let shape = PointerShape {
        kind: ShapeKind::Color,
        width: 2,
        height: 2,
        pitch: 8,
        hotspot: (1, 1),
        bytes: vec![255; 16],
    };
    let at = |at, position, visible| Frame {
        pointer: Some(PointerUpdate { at, position, visible }),
        ..Frame::default()
    };
    let tell = |output: &FakeOutput, info, shape| {
        output.tell(FakeFrame { info, shape, ..FakeFrame::default() });
    };
    tell(&rig.outputs[0], at(1, (3, 4), true), Some(shape));
    let events = rig.until(|event| *event == ScreenEvent::CursorMoved { x: 4, y: 5 });
    assert!(events.iter().any(|event| matches!(event, ScreenEvent::CursorShape(Some(_)))));
    tell(&rig.outputs[1], at(2, (-1, 0), true), None);
    let events = rig.until(|event| *event == ScreenEvent::CursorMoved { x: 8, y: 3 });
    assert!(!events.iter().any(|event| matches!(event, ScreenEvent::CursorShape(_))), "the same");
    tell(&rig.outputs[1], at(3, (-1, 0), false), None);
    rig.until(|event| *event == ScreenEvent::CursorShape(None));
}

#[test]
fn protected_content_is_told_once() {
    let mut rig = rig();
    rig.opened();
    let info = Frame { pictures: 1, protected: true, ..Frame::default() };
    rig.outputs[1].tell(FakeFrame { info, ..FakeFrame::default() });
    rig.until(|event| {
        let cause = CauseCode::ProtectedContent;
        matches!(event, ScreenEvent::Notice(Some(notice)) if notice.cause == cause)
    });
    rig.outputs[1].fill([0, 0, 1, 1], 1);
    rig.until(|event| *event == ScreenEvent::Notice(None));
}

/// Collects until it fails, with the clock at `now` for both sides.
fn failure(rig: &mut Rig) -> Failure {
    loop {
        match rig.several.collect(rig.clock.monotonic()) {
            Ok(_) => {
                assert!(rig.waker.sleep(PATIENCE), "it does not fail");
                rig.clock.advance(ms(10));
            }
            Err(failure) => return failure,
        }
    }
}

#[test]
fn what_will_not_pass_is_told_at_once() {
    for gone in [
        Failure::Unsupported("x".to_owned()),
        Failure::Busy,
        Failure::Disconnected,
        Failure::Format(10),
        Failure::Gone("x".to_owned()),
    ] {
        let mut rig = rig();
        rig.opened();
        rig.outputs[1].adapter().closed = Some(gone.clone());
        rig.outputs[1].fail(Call::Acquire, Failure::AccessLost);
        assert_eq!(failure(&mut rig), gone);
    }
}

#[test]
fn what_may_pass_has_a_second_and_a_half() {
    let mut rig = rig();
    rig.opened();
    rig.outputs[1].adapter().closed = Some(Failure::AccessLost);
    rig.outputs[1].fail(Call::Acquire, Failure::AccessLost);
    while !matches!(rig.several.seats[1].exchange.report().trouble, Some((_, Failure::AccessLost)))
    {
        assert!(rig.waker.sleep(PATIENCE));
    }
    assert!(rig.several.collect(GIVE_UP - ms(1)).is_ok());
    assert_eq!(rig.several.collect(GIVE_UP).unwrap_err(), Failure::AccessLost);
}

#[test]
fn a_first_picture_that_does_not_come_is_a_failure() {
    let mut rig = rig_with(|outputs| outputs[0].adapter().hangs = true);
    rig.clock.advance(FIRST_PICTURE - ms(1));
    assert!(rig.several.collect(rig.clock.monotonic()).is_ok());
    rig.clock.advance(ms(1));
    let late = rig.several.collect(rig.clock.monotonic());
    assert_eq!(late.unwrap_err(), Failure::NoPicture(FIRST_PICTURE));
    rig.outputs[0].go_on();
}
