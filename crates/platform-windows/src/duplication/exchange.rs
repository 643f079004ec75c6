//! Between the thread that an output is duplicated on and the one that wants pictures.
//!
//! The driver's calls stay on one thread, which sleeps in them. Pixels are kept on the
//! adapter and brought to memory only when somebody asks: of several pictures since the
//! last time, only the newest costs that.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gc_platform::{PixelRect, PixelSize, WaitWaker};
use gc_types::Clock;

use super::duplicator::{Failure, Source};
use super::geometry::shared;
use super::output::{News, Output, Progress};

/// How long the thread sleeps in the driver at most, and so how late it may see that
/// it has to end.
const LONGEST_WAIT: Duration = Duration::from_millis(100);
/// While something is kept it looks for more this often, and can be asked in between.
const NAP: Duration = Duration::from_millis(8);

struct State {
    pixels: Vec<u8>,
    news: News,
    /// The thread has pixels that are not in memory yet.
    kept: bool,
    /// Somebody waits for them.
    wanted: bool,
    stop: bool,
    ended: bool,
    last_picture: Option<Duration>,
    trouble: Option<(Duration, Failure)>,
}

/// What both sides share.
pub struct Exchange {
    size: PixelSize,
    state: Mutex<State>,
    turn: Condvar,
    waker: Arc<dyn WaitWaker>,
}

/// What there is to know of an output.
#[derive(Debug)]
pub struct Report {
    /// Since the last report.
    pub news: News,
    /// When the last picture came.
    pub last_picture: Option<Duration>,
    /// Since when it does not work, and why.
    pub trouble: Option<(Duration, Failure)>,
}

impl Exchange {
    /// For an output of this size, as seen. `waker` is called with all that is new.
    pub fn new(size: PixelSize, waker: Arc<dyn WaitWaker>) -> Self {
        let state = State {
            pixels: vec![0; size.width as usize * size.height as usize * 4],
            news: News::default(),
            kept: false,
            wanted: false,
            stop: false,
            ended: false,
            last_picture: None,
            trouble: None,
        };
        Self { size, state: Mutex::new(state), turn: Condvar::new(), waker }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Pixels are only pixels, and the rest is written at once.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that is new.
    pub fn report(&self) -> Report {
        let mut state = self.lock();
        Report {
            news: std::mem::take(&mut state.news),
            last_picture: state.last_picture,
            trouble: state.trouble.clone(),
        }
    }

    /// Copies pixels of `region` (of a surface with rows of `stride` bytes on which the
    /// output lies at `place`) to that surface, the newest ones.
    pub fn read(
        &self,
        region: &[PixelRect],
        place: (u32, u32),
        surface: &mut [u8],
        stride: usize,
        patience: Duration,
    ) -> Result<(), Failure> {
        let mut state = self.lock();
        if state.kept && !state.ended {
            state.wanted = true;
            self.turn.notify_all();
            let waits = |state: &mut State| state.wanted && !state.ended;
            let waited = self.turn.wait_timeout_while(state, patience, waits);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if std::mem::take(&mut state.wanted) {
                return Err(Failure::Hung);
            }
        }
        let PixelSize { width, height } = self.size;
        let here = PixelRect { x: place.0, y: place.1, width, height };
        for part in region.iter().filter_map(|rect| shared(*rect, here)) {
            let bytes = part.width as usize * 4;
            for y in part.y..part.y + part.height {
                let from =
                    ((y - here.y) as usize * width as usize + (part.x - here.x) as usize) * 4;
                let to = y as usize * stride + part.x as usize * 4;
                if let (Some(to), Some(from)) =
                    (surface.get_mut(to..to + bytes), state.pixels.get(from..from + bytes))
                {
                    to.copy_from_slice(from);
                }
            }
        }
        Ok(())
    }

    /// Lets the thread end; waits for that, up to `patience`. Tells whether it has.
    pub fn stop(&self, patience: Duration) -> bool {
        let mut state = self.lock();
        state.stop = true;
        self.turn.notify_all();
        let waited = self.turn.wait_timeout_while(state, patience, |state| !state.ended);
        waited.unwrap_or_else(PoisonError::into_inner).0.ended
    }
}

/// Says that the thread is gone, however it ended.
struct End<'a>(&'a Exchange);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.ended = true;
        if !state.stop {
            // A panic: nobody else can tell.
            state.trouble = Some((Duration::ZERO, Failure::Hung));
        }
        self.0.turn.notify_all();
        drop(state);
        self.0.waker.wake();
    }
}

/// Duplicates the output on the calling thread until it is told to stop.
pub fn serve<S: Source>(source: S, exchange: &Exchange, clock: &dyn Clock) {
    // Dropped last: the duplication is given back before anybody learns that it ended.
    let end = End(exchange);
    let mut output = Output::new(source, exchange.size);
    loop {
        let limit = if output.has_kept() { Duration::ZERO } else { LONGEST_WAIT };
        let progress = output.step(clock.monotonic(), limit);
        let now = clock.monotonic();
        let mut state = exchange.lock();
        state.kept = output.has_kept();
        let news = !matches!(progress, Progress::Quiet) || state.trouble.is_some();
        state.trouble = output.trouble().cloned();
        let pause = match progress {
            Progress::Closed(pause) => pause.max(Duration::from_millis(1)),
            Progress::News(news) => {
                if !news.damage.is_empty() {
                    state.last_picture = Some(now);
                }
                state.news.merge(news);
                if state.kept { NAP } else { Duration::ZERO }
            }
            Progress::Quiet if state.kept => NAP,
            Progress::Quiet => Duration::ZERO,
        };
        if news {
            // With the lock held the listener would wait for it at once.
            drop(state);
            exchange.waker.wake();
            state = exchange.lock();
        }
        let waited =
            exchange.turn.wait_timeout_while(state, pause, |state| !state.stop && !state.wanted);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        if state.stop {
            break;
        }
        if state.wanted {
            output.read(now, &mut state.pixels);
            (state.wanted, state.kept) = (false, false);
            exchange.turn.notify_all();
        }
    }
    drop(output);
    drop(end);
}

#[cfg(test)]
mod tests;
