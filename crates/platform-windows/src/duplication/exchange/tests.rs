use std::thread::JoinHandle;

use gc_types::ManualClock;

use super::*;
use crate::duplication::Rotation;
use crate::duplication::testing::{Call, FakeOutput};
use crate::waker::Waker;

/// Nothing that is waited for takes longer, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(50);

struct Rig {
    fake: FakeOutput,
    exchange: Arc<Exchange>,
    waker: Arc<Waker>,
    thread: Option<JoinHandle<()>>,
}

impl Rig {
    fn start() -> Self {
        let fake = FakeOutput::new(8, 8, Rotation::Identity);
        let waker = Arc::new(Waker::default());
        let size = PixelSize { width: 8, height: 8 };
        let exchange = Arc::new(Exchange::new(size, Arc::clone(&waker) as Arc<dyn WaitWaker>));
        let (source, theirs) = (fake.clone(), Arc::clone(&exchange));
        let thread = std::thread::spawn(move || serve(source, &theirs, &ManualClock::default()));
        Self { fake, exchange, waker, thread: Some(thread) }
    }

    /// Waits for a report that has it.
    fn report(&self, mut has: impl FnMut(&Report) -> bool) -> Report {
        loop {
            let report = self.exchange.report();
            if has(&report) {
                return report;
            }
            assert!(self.waker.sleep(PATIENCE), "nothing came");
        }
    }

    fn pixels(&self) -> Result<Vec<u8>, Failure> {
        let whole = PixelRect { x: 0, y: 0, width: 8, height: 8 };
        let mut surface = vec![0; 256];
        self.exchange.read(&[whole], (0, 0), &mut surface, 32, PATIENCE)?;
        Ok(surface)
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        assert!(self.exchange.stop(PATIENCE));
        self.thread.take().unwrap().join().unwrap();
        assert_eq!(self.fake.adapter().open, 0, "the duplication is given back");
    }
}

#[test]
fn a_change_wakes_and_its_pixels_can_be_read() {
    let rig = Rig::start();
    rig.report(|report| !report.news.damage.is_empty());
    assert_eq!(rig.pixels().unwrap(), vec![0; 256]);
    rig.fake.fill([1, 1, 3, 2], 9);
    let part = PixelRect { x: 1, y: 1, width: 2, height: 1 };
    rig.report(|report| report.news.damage.contains(&part));
    assert_eq!(rig.pixels().unwrap(), rig.fake.adapter().image);
}

#[test]
fn an_output_lies_at_its_place_on_the_surface() {
    let rig = Rig::start();
    rig.report(|report| !report.news.damage.is_empty());
    rig.fake.fill([0, 0, 8, 8], 5);
    let mut seen = 0;
    rig.report(|report| {
        seen += report.news.damage.len();
        seen > 0
    });
    // A surface of 16x10; the output begins at 6, 1 and one pixel of it is asked for.
    let mut surface = vec![0; 16 * 10 * 4];
    let region = [PixelRect { x: 0, y: 0, width: 7, height: 2 }];
    rig.exchange.read(&region, (6, 1), &mut surface, 64, PATIENCE).unwrap();
    let touched: Vec<_> = (0..surface.len()).filter(|at| surface[*at] != 0).collect();
    let first = 64 + 6 * 4;
    assert_eq!(touched, (first..first + 4).collect::<Vec<_>>());
}

#[test]
fn trouble_is_told_and_taken_back() {
    let rig = Rig::start();
    rig.report(|report| report.last_picture.is_some());
    rig.fake.adapter().closed = Some(Failure::Busy);
    rig.fake.fail(Call::Acquire, Failure::AccessLost);
    rig.report(|report| matches!(report.trouble, Some((_, Failure::Busy | Failure::AccessLost))));
}

#[test]
fn a_driver_that_hangs_is_an_error_and_its_thread_is_left_alone() {
    let rig = Rig::start();
    rig.report(|report| report.last_picture.is_some());
    rig.pixels().unwrap();
    rig.fake.fill([0, 0, 1, 1], 3);
    rig.report(|report| !report.news.damage.is_empty());
    rig.fake.hang();
    let whole = PixelRect { x: 0, y: 0, width: 8, height: 8 };
    let mut surface = vec![0; 256];
    let patience = Duration::from_millis(30);
    let read = rig.exchange.read(&[whole], (0, 0), &mut surface, 32, patience);
    assert_eq!(read, Err(Failure::Hung));
    assert!(!rig.exchange.stop(patience), "it has not ended");
    rig.fake.go_on();
}

#[test]
fn a_thread_that_panics_is_a_failure() {
    let fake = FakeOutput::new(8, 8, Rotation::Identity);
    fake.adapter().mode = None;
    let waker = Arc::new(Waker::default());
    let size = PixelSize { width: 8, height: 8 };
    let exchange = Arc::new(Exchange::new(size, Arc::clone(&waker) as Arc<dyn WaitWaker>));
    let theirs = Arc::clone(&exchange);
    let thread = std::thread::spawn(move || serve(fake, &theirs, &ManualClock::default()));
    assert!(thread.join().is_err());
    assert!(waker.sleep(PATIENCE));
    assert!(matches!(exchange.report().trouble, Some((_, Failure::Hung))));
}
