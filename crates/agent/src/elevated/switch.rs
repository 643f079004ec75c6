//! Whose screen and input a session has: those of the program, or those of the helper
//! while there is one. The session does not notice more than a change of displays.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use gc_platform::{
    ActionError, CaptureError, DisplayInfo, DisplaySelection, InputError, InputInjector, PixelRect,
    PixelSize, ScreenCapture, ScreenEvent, ScreenView, WaitWaker,
};

use super::desk::Desk;
use super::message::Act;
use super::screen::{DeskInput, DeskScreen};
use super::steps::{Stepping, TakesSteps};
use super::wire::perform;

/// Opens the program's own screen.
pub type OpenScreen = Arc<dyn Fn() -> Result<Box<dyn ScreenCapture>, CaptureError> + Send + Sync>;
/// Opens the program's own keyboard and pointer.
pub type OpenInput = Arc<dyn Fn() -> Result<Box<dyn InputInjector>, InputError> + Send + Sync>;

/// Whether a helper works for this program. Clones are about the same one.
#[derive(Clone, Default)]
pub struct Elevation(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    /// Goes up with each change.
    changes: AtomicU64,
}

#[derive(Default)]
struct State {
    desk: Option<Arc<Desk>>,
    waiting: Vec<Weak<SwitchWaker>>,
}

impl Elevation {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is a helper.
    pub fn is_on(&self) -> bool {
        self.desk().is_some()
    }

    /// The helper; none that is gone.
    pub(super) fn desk(&self) -> Option<Arc<Desk>> {
        self.lock().desk.clone().filter(|desk| desk.is_open())
    }

    /// From now on this one, or none.
    pub(super) fn set(&self, desk: Option<Arc<Desk>>) {
        let waiting = {
            let mut state = self.lock();
            state.desk = desk;
            self.0.changes.fetch_add(1, Ordering::AcqRel);
            state.waiting.clone()
        };
        for waker in waiting.iter().filter_map(Weak::upgrade) {
            waker.wake();
        }
    }

    fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::Acquire)
    }

    /// The screen of whoever works.
    pub fn screen(&self, own: OpenScreen) -> Result<Box<dyn ScreenCapture>, CaptureError> {
        let (seen, open) = self.open_screen(&own)?;
        let waker = Arc::new(SwitchWaker(Mutex::new(open.inner.waker())));
        {
            let waiting = &mut self.lock().waiting;
            waiting.retain(|waker| waker.strong_count() > 0);
            waiting.push(Arc::downgrade(&waker));
        }
        let elevation = self.clone();
        Ok(Box::new(SwitchingScreen { elevation, own, open, seen, waker, noticed: false }))
    }

    /// Keyboard and pointer of whoever works.
    pub fn input(&self, own: OpenInput) -> Result<Box<dyn InputInjector>, InputError> {
        let (seen, inner) = self.open_input(&own)?;
        let (elevation, steps) = (self.clone(), Vec::new());
        Ok(Box::new(Stepping(SwitchingInput { elevation, own, inner, seen, steps })))
    }

    fn open_screen(&self, own: &OpenScreen) -> Result<(u64, OpenedScreen), CaptureError> {
        let seen = self.changes();
        let opened = match self.desk() {
            Some(desk) => match DeskScreen::open(&desk) {
                Ok(inner) => OpenedScreen { inner: Box::new(inner), desk: Some(desk) },
                // It went in this moment.
                Err(_) if !desk.is_open() => OpenedScreen { inner: own()?, desk: None },
                Err(error) => return Err(error),
            },
            None => OpenedScreen { inner: own()?, desk: None },
        };
        Ok((seen, opened))
    }

    fn open_input(&self, own: &OpenInput) -> Result<(u64, Box<dyn InputInjector>), InputError> {
        let seen = self.changes();
        let inner: Box<dyn InputInjector> = match self.desk() {
            Some(desk) => match DeskInput::open(&desk) {
                Ok(inner) => Box::new(Stepping(inner)),
                // It went in this moment.
                Err(_) if !desk.is_open() => own()?,
                Err(error) => return Err(error),
            },
            None => own()?,
        };
        Ok((seen, inner))
    }

    /// Presses Ctrl+Alt+Del; `None`: there is no helper to do it.
    pub(super) fn attention(&self) -> Option<Result<(), ActionError>> {
        self.desk().map(|desk| desk.attention())
    }
}

/// Wakes the wait of whichever screen it is by now.
struct SwitchWaker(Mutex<Arc<dyn WaitWaker>>);

impl WaitWaker for SwitchWaker {
    fn wake(&self) {
        let inner = Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner));
        inner.wake();
    }
}

struct OpenedScreen {
    inner: Box<dyn ScreenCapture>,
    /// Whose it is; `None`: the program's.
    desk: Option<Arc<Desk>>,
}

struct SwitchingScreen {
    elevation: Elevation,
    own: OpenScreen,
    open: OpenedScreen,
    seen: u64,
    waker: Arc<SwitchWaker>,
    /// There is a notice of the present screen, which ends with it.
    noticed: bool,
}

impl SwitchingScreen {
    /// The other screen takes over: for whoever watches the displays have changed.
    fn switch(&mut self) -> Result<Vec<ScreenEvent>, CaptureError> {
        (self.seen, self.open) = self.elevation.open_screen(&self.own)?;
        *self.waker.0.lock().unwrap_or_else(PoisonError::into_inner) = self.open.inner.waker();
        tracing::info!(elevated = self.open.desk.is_some(), "screen taken over");
        let mut events = Vec::new();
        if std::mem::take(&mut self.noticed) {
            events.push(ScreenEvent::Notice(None));
        }
        events.push(ScreenEvent::DisplaysChanged);
        Ok(events)
    }

    fn is_gone(&self) -> bool {
        self.open.desk.as_ref().is_some_and(|desk| !desk.is_open())
    }
}

impl ScreenCapture for SwitchingScreen {
    fn wait(&mut self, timeout: Option<Duration>) -> Result<Vec<ScreenEvent>, CaptureError> {
        if self.seen != self.elevation.changes() || self.is_gone() {
            return self.switch();
        }
        let waited = self.open.inner.wait(timeout);
        if waited.is_err() && self.is_gone() {
            return self.switch();
        }
        for event in waited.iter().flatten() {
            if let ScreenEvent::Notice(notice) = event {
                self.noticed = notice.is_some();
            }
        }
        waited
    }

    fn waker(&self) -> Arc<dyn WaitWaker> {
        Arc::clone(&self.waker) as Arc<dyn WaitWaker>
    }

    fn displays(&self) -> Vec<DisplayInfo> {
        self.open.inner.displays()
    }

    fn select(&mut self, selection: DisplaySelection) -> Result<PixelSize, CaptureError> {
        let selected = self.open.inner.select(selection);
        if selected.is_err() && self.is_gone() {
            self.switch()?;
            return self.open.inner.select(selection);
        }
        selected
    }

    fn origin(&self) -> (i32, i32) {
        self.open.inner.origin()
    }

    fn grab(&mut self, region: &[PixelRect]) -> Result<ScreenView<'_>, CaptureError> {
        self.open.inner.grab(region)
    }
}

/// What is held down stays so over a change: the system has one state for all.
struct SwitchingInput {
    elevation: Elevation,
    own: OpenInput,
    inner: Box<dyn InputInjector>,
    seen: u64,
    /// Since the last flush, for the program's own input to do should the helper die: a
    /// key whose release is lost would stay down.
    steps: Vec<Act>,
}

impl TakesSteps for SwitchingInput {
    fn step(&mut self, act: Act) -> Result<(), InputError> {
        if self.steps.is_empty() && self.seen != self.elevation.changes() {
            (self.seen, self.inner) = self.elevation.open_input(&self.own)?;
        }
        let done = perform(self.inner.as_mut(), &act);
        self.steps.push(act);
        done
    }

    fn flush(&mut self) -> Result<(), InputError> {
        let steps = std::mem::take(&mut self.steps);
        let flushed = self.inner.flush();
        if flushed.is_ok() || self.seen == self.elevation.changes() {
            return flushed;
        }
        (self.seen, self.inner) = self.elevation.open_input(&self.own)?;
        for act in &steps {
            perform(self.inner.as_mut(), act)?;
        }
        self.inner.flush()
    }
}
