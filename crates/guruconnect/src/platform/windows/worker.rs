//! The part of the service that is in a user's session.

use std::sync::Arc;

use anyhow::{Context, Result};
use gc_agent::Platform;
use gc_agent::worker::LogLines;
use gc_platform::{CaptureError, InputInjector, ScreenCapture, WorkerHost, WorkerStream};
use gc_platform_windows::process::{
    DesktopFollower, DesktopTimes, FollowingInput, FollowingScreen, Leave, ThreadDesktop,
    WORKER_PIPE_VARIABLE, WORKER_SERVICE_VARIABLE, WorkerAccount, account_of_this_process,
    connect_worker,
};
use gc_types::Clock;

use super::{Windows, bar, bar_with_icon, logging};

/// Only a service may start workers here, in the sessions of others.
pub(crate) fn worker_host() -> Result<Arc<dyn WorkerHost>> {
    anyhow::bail!("on Windows only the service starts workers: see guruconnect install --help")
}

/// A worker's end of what the service started it with.
pub(crate) fn worker_stream() -> Result<WorkerStream> {
    let pipe = gc_runtime::env(WORKER_PIPE_VARIABLE);
    let service = gc_runtime::env(WORKER_SERVICE_VARIABLE);
    Ok(connect_worker(pipe.as_deref(), service.as_deref())?)
}

/// Nobody sees what a worker writes: its log goes to the service.
#[expect(clippy::unnecessary_wraps, reason = "on other systems it is seen")]
pub(crate) fn worker_log() -> Option<LogLines> {
    let lines = LogLines::default();
    logging::to_service(lines.clone());
    Some(lines)
}

/// The desktop that shows in this session: the user's own, or those that only SYSTEM may
/// see, by the account that this process has.
pub(crate) fn open_for_worker(clock: &Arc<dyn Clock>) -> Result<Arc<dyn Platform>> {
    let account = account_of_this_process().context("who this process runs as cannot be told")?;
    let place = Place { account, times: DesktopTimes::default(), clock: Arc::clone(clock) };
    // The screens of the system have no task bar.
    let bar = if place.is_the_users() { bar_with_icon(clock, None) } else { bar(clock) };
    Ok(Arc::new(Windows::new(clock, bar, Some(place))))
}

/// Whoever ends a session of the system ends its programs too: nothing to wait for.
pub(crate) struct WorkerGuard;

impl WorkerGuard {
    #[expect(clippy::unnecessary_wraps, reason = "other systems may fail")]
    pub(crate) const fn new() -> Result<Self> {
        Ok(Self)
    }
}

/// Of a worker: who it is, and what it knows of the desktop that shows.
pub(super) struct Place {
    account: WorkerAccount,
    times: DesktopTimes,
    clock: Arc<dyn Clock>,
}

impl Place {
    /// Clipboard and files are the user's, and never SYSTEM's.
    pub(super) fn is_the_users(&self) -> bool {
        self.account == WorkerAccount::User
    }

    /// What this process holds down, the next one brings up.
    fn leave() -> Leave {
        Arc::new(|account| std::process::exit(account.exit_code().cast_signed()))
    }

    pub(super) fn screen(
        &self,
        open: impl FnOnce() -> Result<Box<dyn ScreenCapture>, CaptureError>,
    ) -> Result<Box<dyn ScreenCapture>, CaptureError> {
        let (seam, times) = (ThreadDesktop::default(), self.times.clone());
        let follower = DesktopFollower::new(seam, self.account, times);
        let screen = FollowingScreen::open(follower, Arc::clone(&self.clock), Self::leave(), open)?;
        Ok(Box::new(screen))
    }

    pub(super) fn input(&self, inner: Box<dyn InputInjector>) -> Box<dyn InputInjector> {
        let (seam, times) = (ThreadDesktop::default(), self.times.clone());
        let clock = Arc::clone(&self.clock);
        Box::new(FollowingInput::new(seam, self.account, times, clock, Self::leave(), inner))
    }
}
