//! Workers in users' sessions (ADR 14): which sessions there are, who a worker is in
//! them, how it is started, and how it follows the desktop that shows.

#[cfg(windows)]
mod environment;
mod following;
mod input_desktop;
#[cfg(windows)]
mod job;
mod session;
#[cfg(windows)]
mod sessions;
#[cfg(windows)]
mod start;
#[cfg(windows)]
mod thread_desktop;
#[cfg(windows)]
mod worker;
#[cfg(windows)]
mod worker_host;

pub use following::{FollowingInput, FollowingScreen, Leave};
pub use input_desktop::{
    DesktopFollower, DesktopSeam, DesktopSeamError, DesktopTimes, Followed, WORKER_LEFT_FOR_SYSTEM,
    WORKER_LEFT_FOR_USER, WorkerAccount,
};
pub use session::{RawSession, account_for, classify};
#[cfg(windows)]
pub use thread_desktop::{ThreadDesktop, enter_interactive_station};
#[cfg(windows)]
pub use worker::{
    WORKER_PIPE_VARIABLE, WORKER_SERVICE_VARIABLE, WorkerConnectError, account_of_this_process,
    connect_worker,
};
#[cfg(windows)]
pub use worker_host::{WindowsWorkerHost, WorkerProgram};
