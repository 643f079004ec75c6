//! The screen by whichever way works best.
//!
//! GDI shows the first picture. Duplication starts beside it and takes over with a
//! picture of its own, so that no trial is ever waited for; when it fails, GDI takes
//! over the same way back.

use std::sync::Arc;
use std::time::Duration;

use gc_platform::{
    CaptureError, DisplayInfo, DisplaySelection, PixelRect, PixelSize, ScreenCapture, ScreenEvent,
    ScreenNotice, ScreenView, WaitWaker,
};
use gc_proto::{MAX_PICTURE_PIXELS, MAX_PICTURE_SIDE};
use gc_types::{CauseCode, Clock};

use super::backend::{Area, Backend, Backends, Desktop, Layout};
use super::policy::Policy;
use super::watchdog::Watchdog;
use crate::changes::changes;
use crate::duplication::Failure;
use crate::waker::Waker;

/// Between two looks at monitors and desktop.
const LOOK_AROUND: Duration = Duration::from_millis(500);

/// What captures at present.
struct Active {
    backend: Box<dyn Backend>,
    duplicates: bool,
}

/// Captures the desktop in front.
pub struct Screen<B: Backends> {
    clock: Arc<dyn Clock>,
    waker: Arc<Waker>,
    backends: B,
    layout: Layout,
    area: Area,
    /// `None` while the surface has to be chosen anew.
    active: Option<Active>,
    /// Duplication that has not shown anything yet.
    candidate: Option<Box<dyn Backend>>,
    policy: Policy,
    watchdog: Watchdog,
    looked_around: Duration,
    /// Viewers know that something is amiss.
    told: bool,
    events: Vec<ScreenEvent>,
}

impl<B: Backends> Screen<B> {
    /// Opens it with all displays in one picture.
    pub fn with(backends: B, clock: Arc<dyn Clock>) -> Result<Self, CaptureError> {
        let now = clock.monotonic();
        let nothing = Area { origin: (0, 0), size: PixelSize { width: 0, height: 0 } };
        let mut screen = Self {
            clock,
            waker: Arc::default(),
            backends,
            layout: Layout { displays: Vec::new(), desktop: nothing },
            area: nothing,
            active: None,
            candidate: None,
            policy: Policy::default(),
            watchdog: Watchdog::default(),
            looked_around: now,
            told: false,
            events: Vec::new(),
        };
        screen.check_desktop()?;
        screen.layout = screen.backends.layout();
        screen.select(DisplaySelection::All)?;
        Ok(screen)
    }

    /// Whether pictures come by duplication.
    pub fn duplicates(&self) -> bool {
        self.active.as_ref().is_some_and(|active| active.duplicates)
    }

    fn error(failure: &Failure) -> CaptureError {
        CaptureError { cause: failure.cause(), detail: failure.to_string(), lost: false }
    }

    /// Tells whether the desktop is another one than before.
    fn check_desktop(&mut self) -> Result<bool, CaptureError> {
        match self.backends.follow_desktop() {
            Desktop::Ours => Ok(false),
            Desktop::Followed => Ok(true),
            Desktop::Denied => Err(Self::error(&Failure::AccessDenied)),
            Desktop::Disconnected => Err(Self::error(&Failure::Disconnected)),
            Desktop::Absent => {
                Err(Self::error(&Failure::NoDesktop("nobody's is in front".to_owned())))
            }
        }
    }

    /// Looks at monitors and desktop, which nothing reliable tells of.
    fn look_around(&mut self, now: Duration) -> Result<(), CaptureError> {
        self.looked_around = now;
        if self.check_desktop()? {
            self.policy.changed(now);
            self.start_over(now)?;
        }
        let layout = self.backends.layout();
        if layout != self.layout {
            self.layout = layout;
            self.policy.changed(now);
            self.active = None;
            self.candidate = None;
            self.forget_picture();
            self.events.push(ScreenEvent::DisplaysChanged);
        }
        Ok(())
    }

    /// Events of a surface that is no more.
    fn forget_picture(&mut self) {
        self.events.retain(|event| matches!(event, ScreenEvent::Notice(_)));
    }

    /// Opens everything anew for the same area: the desktop is another one.
    fn start_over(&mut self, now: Duration) -> Result<(), CaptureError> {
        if self.active.is_none() {
            return Ok(());
        }
        self.candidate = None;
        let gdi = self.backends.gdi(self.area, &self.waker).map_err(|f| Self::error(&f))?;
        self.active = Some(Active { backend: gdi, duplicates: false });
        self.watchdog.reset();
        self.try_duplication(now);
        Ok(())
    }

    /// Starts duplication when it is due.
    fn try_duplication(&mut self, now: Duration) {
        if self.active.is_none() || self.candidate.is_some() || !self.policy.is_due(now) {
            return;
        }
        self.policy.started();
        if self.duplicates() {
            return;
        }
        match self.backends.duplication(self.area, &self.layout.displays, &self.waker) {
            Ok(candidate) => self.candidate = Some(candidate),
            Err(failure) => self.duplication_failed(&failure, now),
        }
    }

    /// Lets duplication take over once it has a picture.
    fn attend_candidate(&mut self, now: Duration) {
        let Some(mut candidate) = self.candidate.take() else { return };
        let ready = candidate.collect(now).and_then(|events| {
            if candidate.last_picture().is_none() {
                return Ok(None);
            }
            candidate.read(&[self.area.whole()])?;
            Ok(Some(events))
        });
        match ready {
            Ok(None) => self.candidate = Some(candidate),
            Ok(Some(events)) => {
                self.replace(Active { backend: candidate, duplicates: true });
                let news = |event: &ScreenEvent| !matches!(event, ScreenEvent::Damage(_));
                self.events.extend(events.into_iter().filter(news));
                self.policy.works(now);
                if std::mem::take(&mut self.told) {
                    self.events.push(ScreenEvent::Notice(None));
                }
            }
            Err(failure) => self.duplication_failed(&failure, now),
        }
    }

    /// Shows by `next` from now on; what looks different there is damage.
    fn replace(&mut self, next: Active) {
        self.watchdog.reset();
        let size = self.area.size;
        let found = self.active.as_ref().map_or_else(
            || vec![self.area.whole()],
            |active| differences(active.backend.view(), next.backend.view(), size),
        );
        self.events.extend(found.into_iter().map(ScreenEvent::Damage));
        self.active = Some(next);
    }

    fn duplication_failed(&mut self, failure: &Failure, now: Duration) {
        self.policy.failed(failure, now);
        // A system without it is in order; and so it was told before.
        if failure.is_absence() && !self.told {
            return;
        }
        self.told = true;
        self.events.push(ScreenEvent::Notice(Some(ScreenNotice {
            cause: CauseCode::CaptureFellBack,
            detail: format!("{}: {failure}", failure.kind()),
        })));
    }

    /// The active way has failed.
    fn failed(&mut self, failure: Failure, now: Duration) -> Result<(), CaptureError> {
        let duplicated = self.duplicates();
        if duplicated {
            self.policy.failed(&failure, now);
        }
        // What the driver knows of the session says more than a desktop that is shut.
        let ended = failure == Failure::Disconnected;
        let checked = self.check_desktop();
        let followed = checked.map_err(|e| if ended { Self::error(&failure) } else { e })?;
        if followed {
            self.policy.changed(now);
            return self.start_over(now);
        }
        if !duplicated {
            self.active = None;
            return Err(Self::error(&failure));
        }
        let mut gdi = match self.backends.gdi(self.area, &self.waker) {
            Ok(gdi) => gdi,
            Err(error) => {
                self.active = None;
                // Why there was no other way matters less than why one was needed.
                return Err(Self::error(if failure.passes() { &error } else { &failure }));
            }
        };
        gdi.read(&[self.area.whole()]).map_err(|error| Self::error(&error))?;
        self.replace(Active { backend: gdi, duplicates: false });
        self.told = true;
        self.events.push(ScreenEvent::Notice(Some(ScreenNotice {
            cause: CauseCode::CaptureFellBack,
            detail: format!("{}: {failure}", failure.kind()),
        })));
        Ok(())
    }

    /// Everything that is new by now.
    fn collect(&mut self, now: Duration) -> Result<Vec<ScreenEvent>, CaptureError> {
        if now.saturating_sub(self.looked_around) >= LOOK_AROUND {
            self.look_around(now)?;
        }
        self.try_duplication(now);
        if let Some(active) = &mut self.active {
            match active.backend.collect(now) {
                Ok(events) => self.events.extend(events),
                Err(failure) => self.failed(failure, now)?,
            }
        }
        self.attend_candidate(now);
        self.watch(now)?;
        Ok(std::mem::take(&mut self.events))
    }

    /// Notices a duplication that has fallen silent.
    fn watch(&mut self, now: Duration) -> Result<(), CaptureError> {
        let Some(active) = self.active.as_ref().filter(|active| active.duplicates) else {
            return Ok(());
        };
        let last = active.backend.last_picture();
        if self.watchdog.is_due(now, last)
            && let Some(fingerprint) = self.backends.fingerprint(self.area)
        {
            self.watchdog.saw(now, fingerprint);
        }
        if self.watchdog.is_stalled(now, last) {
            self.failed(Failure::Stalled, now)?;
        }
        Ok(())
    }

    fn nap(&self, now: Duration) -> Duration {
        let around = LOOK_AROUND.saturating_sub(now.saturating_sub(self.looked_around));
        let retry = self.policy.due_in(now).filter(|_| self.active.is_some());
        let backends = self.active.iter().map(|active| &active.backend).chain(&self.candidate);
        backends.map(|backend| backend.nap(now)).chain(retry).fold(around, Duration::min)
    }

    fn find(&self, selection: DisplaySelection) -> Option<Area> {
        match selection {
            DisplaySelection::All => Some(self.layout.desktop),
            DisplaySelection::One(id) => {
                let display = self.layout.displays.iter().find(|display| display.id == id)?;
                Some(Area { origin: (display.x, display.y), size: display.size })
            }
        }
    }
}

/// Where two surfaces look different.
fn differences(old: ScreenView<'_>, new: ScreenView<'_>, size: PixelSize) -> Vec<PixelRect> {
    let plain = |view: ScreenView<'_>| {
        // The byte that means nothing differs from one way of capturing to the next.
        let pixels = view.pixels.as_chunks::<4>().0.iter();
        pixels.flat_map(|[b, g, r, _]| [*b, *g, *r, 0]).collect::<Vec<u8>>()
    };
    changes(&plain(old), &plain(new), size)
}

impl<B: Backends> ScreenCapture for Screen<B> {
    fn wait(&mut self, timeout: Option<Duration>) -> Result<Vec<ScreenEvent>, CaptureError> {
        let start = self.clock.monotonic();
        let mut woken = false;
        loop {
            let now = self.clock.monotonic();
            let events = self.collect(now)?;
            let left = timeout.map(|timeout| timeout.saturating_sub(now.saturating_sub(start)));
            if !events.is_empty() || woken || left.is_some_and(|left| left.is_zero()) {
                return Ok(events);
            }
            let nap = self.nap(now).min(left.unwrap_or(Duration::MAX));
            woken = self.waker.sleep(nap);
        }
    }

    fn waker(&self) -> Arc<dyn WaitWaker> {
        Arc::clone(&self.waker) as Arc<dyn WaitWaker>
    }

    fn displays(&self) -> Vec<DisplayInfo> {
        self.layout.displays.clone()
    }

    fn select(&mut self, selection: DisplaySelection) -> Result<PixelSize, CaptureError> {
        let refuse = |cause, detail: String| CaptureError { cause, detail, lost: false };
        let area = self.find(selection).ok_or_else(|| {
            refuse(CauseCode::MonitorUnknown, format!("no display for {selection:?}"))
        })?;
        let PixelSize { width, height } = area.size;
        let pixels = u64::from(width) * u64::from(height);
        if pixels == 0 {
            return Err(refuse(CauseCode::NoDisplay, "the desktop has no size".to_owned()));
        }
        if width.max(height) > MAX_PICTURE_SIDE || pixels > MAX_PICTURE_PIXELS {
            return Err(refuse(CauseCode::PictureTooLarge, format!("{width}x{height} pixels")));
        }
        let now = self.clock.monotonic();
        let gdi = self.backends.gdi(area, &self.waker).map_err(|f| Self::error(&f))?;
        let duplicated = self.duplicates() || self.candidate.take().is_some();
        // An output can be duplicated once: the old one ends first.
        self.active = Some(Active { backend: gdi, duplicates: false });
        self.area = area;
        self.watchdog.reset();
        self.forget_picture();
        if duplicated {
            self.policy.again(now);
        }
        self.try_duplication(now);
        Ok(area.size)
    }

    fn origin(&self) -> (i32, i32) {
        self.area.origin
    }

    fn grab(&mut self, region: &[PixelRect]) -> Result<ScreenView<'_>, CaptureError> {
        let now = self.clock.monotonic();
        let read = self.active.as_mut().map(|active| active.backend.read(region));
        if let Some(Err(failure)) = read {
            self.failed(failure, now)?;
        }
        let active = self.active.as_ref().ok_or_else(|| CaptureError {
            cause: CauseCode::CaptureFailed,
            detail: "the displays have changed".to_owned(),
            lost: false,
        })?;
        Ok(active.backend.view())
    }
}

#[cfg(test)]
mod tests;
