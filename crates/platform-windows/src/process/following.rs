//! Screen and input of a worker that follow the desktop that shows.

use std::sync::Arc;
use std::time::Duration;

use gc_platform::{
    CaptureError, DisplayInfo, DisplaySelection, InputError, InputInjector, PixelRect, PixelSize,
    PointerButton, ScreenCapture, ScreenEvent, ScreenView, WaitWaker,
};
use gc_types::{CauseCode, Clock};

use super::{DesktopFollower, DesktopSeam, DesktopTimes, Followed, WorkerAccount};

/// Called when this process is to end with [`WorkerAccount::exit_code`], for a worker of
/// the account given. May return.
pub type Leave = Arc<dyn Fn(WorkerAccount) + Send + Sync>;

/// Another desktop says nothing to a capture that waits on its own one: it is looked for
/// this often while somebody watches.
const LOOK: Duration = Duration::from_millis(250);

struct Place<D> {
    follower: DesktopFollower<D>,
    clock: Arc<dyn Clock>,
    leave: Leave,
}

impl<D: DesktopSeam> Place<D> {
    /// `Ok(true)`: the thread is on another desktop than before.
    fn follow(&mut self) -> Result<bool, String> {
        match self.follower.follow(self.clock.monotonic()) {
            Followed::Same => Ok(false),
            Followed::Switched(name) => {
                tracing::info!(desktop = name, "desktop entered");
                Ok(true)
            }
            Followed::Blind(error) => Err(error.to_string()),
            Followed::Leave(account) => {
                tracing::info!(?account, "worker leaves its place");
                (self.leave)(account);
                Err("a worker of another account takes over".to_owned())
            }
        }
    }
}

/// A screen that is lost when another desktop shows, and is opened anew there.
pub struct FollowingScreen<D> {
    place: Place<D>,
    inner: Box<dyn ScreenCapture>,
}

fn hidden(detail: String) -> CaptureError {
    CaptureError { cause: CauseCode::SecureDesktop, detail, lost: true }
}

impl<D: DesktopSeam> FollowingScreen<D> {
    /// Puts the calling thread, which is that of the capture, on the desktop that shows
    /// and opens its screen.
    pub fn open(
        follower: DesktopFollower<D>,
        clock: Arc<dyn Clock>,
        leave: Leave,
        open: impl FnOnce() -> Result<Box<dyn ScreenCapture>, CaptureError>,
    ) -> Result<Self, CaptureError> {
        let mut place = Place { follower, clock, leave };
        place.follow().map_err(hidden)?;
        Ok(Self { place, inner: open()? })
    }
}

impl<D: DesktopSeam + Send> ScreenCapture for FollowingScreen<D> {
    fn wait(&mut self, timeout: Option<Duration>) -> Result<Vec<ScreenEvent>, CaptureError> {
        if self.place.follow().map_err(hidden)? {
            return Err(CaptureError {
                cause: CauseCode::CaptureFailed,
                detail: "another desktop shows".to_owned(),
                lost: true,
            });
        }
        self.inner.wait(Some(timeout.map_or(LOOK, |timeout| timeout.min(LOOK))))
    }

    fn waker(&self) -> Arc<dyn WaitWaker> {
        self.inner.waker()
    }

    fn displays(&self) -> Vec<DisplayInfo> {
        self.inner.displays()
    }

    fn select(&mut self, selection: DisplaySelection) -> Result<PixelSize, CaptureError> {
        self.inner.select(selection)
    }

    fn origin(&self) -> (i32, i32) {
        self.inner.origin()
    }

    fn grab(&mut self, region: &[PixelRect]) -> Result<ScreenView<'_>, CaptureError> {
        self.inner.grab(region)
    }
}

/// Input into the desktop that shows. What is held down on a desktop that goes is
/// forgotten by Windows itself.
pub struct FollowingInput<D> {
    place: Place<D>,
    inner: Box<dyn InputInjector>,
    /// Something waits to be sent, and the desktop was looked at for it.
    begun: bool,
}

impl<D: DesktopSeam> FollowingInput<D> {
    /// For the thread that injects.
    pub fn new(
        seam: D,
        account: WorkerAccount,
        times: DesktopTimes,
        clock: Arc<dyn Clock>,
        leave: Leave,
        inner: Box<dyn InputInjector>,
    ) -> Self {
        Self::by(DesktopFollower::new(seam, account, times), clock, leave, inner)
    }

    /// The same by a follower that is there.
    pub fn by(
        follower: DesktopFollower<D>,
        clock: Arc<dyn Clock>,
        leave: Leave,
        inner: Box<dyn InputInjector>,
    ) -> Self {
        Self { place: Place { follower, clock, leave }, inner, begun: false }
    }

    fn inner(&mut self) -> Result<&mut dyn InputInjector, InputError> {
        if !self.begun {
            self.place
                .follow()
                .map_err(|detail| InputError { cause: CauseCode::SecureDesktop, detail })?;
            self.begun = true;
        }
        Ok(self.inner.as_mut())
    }
}

impl<D: DesktopSeam + Send> InputInjector for FollowingInput<D> {
    fn key(&mut self, scan_code: u8, extended: bool, down: bool) -> Result<(), InputError> {
        self.inner()?.key(scan_code, extended, down)
    }

    fn text(&mut self, text: &str) -> Result<(), InputError> {
        self.inner()?.text(text)
    }

    fn pointer_move(&mut self, x: i32, y: i32) -> Result<(), InputError> {
        self.inner()?.pointer_move(x, y)
    }

    fn pointer_button(&mut self, button: PointerButton, down: bool) -> Result<(), InputError> {
        self.inner()?.pointer_button(button, down)
    }

    fn wheel(&mut self, x: i32, y: i32) -> Result<(), InputError> {
        self.inner()?.wheel(x, y)
    }

    fn set_locks(&mut self, caps: bool, num: bool, scroll: bool) -> Result<(), InputError> {
        self.inner()?.set_locks(caps, num, scroll)
    }

    fn flush(&mut self) -> Result<(), InputError> {
        self.begun = false;
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use gc_platform_fake::{FakeInput, FakeScreen, Injected};
    use gc_types::{ManualClock, UnixMillis};

    use super::*;
    use crate::process::DesktopSeamError;

    type Shown = Arc<Mutex<Result<&'static str, DesktopSeamError>>>;

    struct Fake(Shown);

    impl DesktopSeam for Fake {
        fn showing(&mut self) -> Result<String, DesktopSeamError> {
            self.0.lock().unwrap().clone().map(str::to_owned)
        }

        fn enter(&mut self) -> Result<String, DesktopSeamError> {
            self.showing()
        }
    }

    struct Worker {
        shown: Shown,
        clock: Arc<ManualClock>,
        times: DesktopTimes,
        left: Arc<Mutex<Vec<WorkerAccount>>>,
    }

    impl Worker {
        fn new() -> Self {
            Self {
                shown: Arc::new(Mutex::new(Ok("Default"))),
                clock: Arc::new(ManualClock::new(UnixMillis(0))),
                times: DesktopTimes::default(),
                left: Arc::default(),
            }
        }

        fn leave(&self) -> Leave {
            let left = Arc::clone(&self.left);
            Arc::new(move |account| left.lock().unwrap().push(account))
        }

        fn screen(&self) -> Result<FollowingScreen<Fake>, CaptureError> {
            let seam = Fake(Arc::clone(&self.shown));
            let follower = DesktopFollower::new(seam, WorkerAccount::User, self.times.clone());
            FollowingScreen::open(follower, self.clock.clone(), self.leave(), || {
                Ok(Box::new(FakeScreen::new(64, 64).0))
            })
        }

        fn show(&self, desktop: Result<&'static str, DesktopSeamError>) {
            *self.shown.lock().unwrap() = desktop;
        }
    }

    #[test]
    fn a_screen_is_lost_with_its_desktop_and_opened_on_the_next() {
        let worker = Worker::new();
        let mut screen = worker.screen().unwrap();
        screen.wait(Some(Duration::ZERO)).unwrap();
        worker.show(Ok("Screen-saver"));
        let error = screen.wait(Some(Duration::ZERO)).unwrap_err();
        assert!(error.lost);
        worker.screen().unwrap().wait(Some(Duration::ZERO)).unwrap();
        assert!(worker.left.lock().unwrap().is_empty());
    }

    #[test]
    fn a_desktop_that_stays_closed_ends_the_worker_over_several_attempts() {
        let worker = Worker::new();
        let mut screen = worker.screen().unwrap();
        worker.show(Err(DesktopSeamError::Denied));
        let error = screen.wait(Some(Duration::ZERO)).unwrap_err();
        assert_eq!((error.cause, error.lost), (CauseCode::SecureDesktop, true));
        worker.clock.advance(Duration::from_millis(100));
        assert!(worker.screen().is_err());
        assert!(worker.left.lock().unwrap().is_empty());
        worker.clock.advance(Duration::from_millis(100));
        assert!(worker.screen().is_err());
        assert_eq!(*worker.left.lock().unwrap(), [WorkerAccount::System]);
    }

    #[test]
    fn input_goes_to_the_desktop_that_shows_or_nowhere() {
        let worker = Worker::new();
        let (inner, control) = FakeInput::new();
        let mut input = FollowingInput::new(
            Fake(Arc::clone(&worker.shown)),
            WorkerAccount::User,
            worker.times.clone(),
            worker.clock.clone(),
            worker.leave(),
            Box::new(inner),
        );
        input.key(0x1E, false, true).unwrap();
        input.flush().unwrap();
        worker.show(Err(DesktopSeamError::Denied));
        let error = input.key(0x1E, false, false).unwrap_err();
        assert_eq!(error.cause, CauseCode::SecureDesktop);
        worker.show(Ok("Default"));
        input.key(0x1E, false, false).unwrap();
        input.flush().unwrap();
        let injected = control.take();
        let keys = injected.iter().filter(|event| matches!(event, Injected::Key { .. })).count();
        assert_eq!(keys, 2, "{injected:?}");
    }
}
