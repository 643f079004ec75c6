//! More rights for a one-time session (ADR 24): the question, the elevated process that
//! makes a service, the service, and its worker.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::channel;

use anyhow::{Context, Result};
use clap::Args;
use gc_agent::elevated::{AskForRights, BridgeEnd, Granted, Hands, bridge, digest_of, serve};
use gc_platform::{
    ActionError, CaptureError, InputError, InputInjector, ScreenCapture, WORKER_TICKET_VARIABLE,
};
use gc_platform_windows::WindowsInput;
use gc_platform_windows::elevation::{AskError, ElevationRequest, HoldError, Seat, ask, hold};
use gc_platform_windows::process::{
    DesktopFollower, FollowingInput, FollowingScreen, Leave, ThreadDesktop, WindowsWorkerHost,
    WorkerProgram, enter_interactive_station,
};
use gc_platform_windows::sas::PassingAttention;
use gc_platform_windows::service::{ElevateError, ServiceContext, ServiceFailure, run_service};
use gc_runtime::OsEntropy;
use gc_types::{CauseCode, Clock, Entropy, Secret};

use crate::{link, platform};

/// Words of the command line, see [`super::commands`].
pub(super) const ELEVATE: &str = "elevate";
pub(super) const SERVICE: &str = "elevated-service";
pub(super) const WORKER: &str = "elevated-worker";

/// Exit codes of the elevated process.
mod failure {
    pub(super) const NOT_ASKED_FOR: u8 = 2;
    pub(super) const ANOTHER_PROGRAM: u8 = 3;
    pub(super) const WINDOWS: u8 = 9;
}

/// Of the elevated process; who asks, see [`ElevationRequest`].
#[derive(Args)]
pub(crate) struct Request {
    words: Vec<String>,
}

/// Of the service.
#[derive(Args)]
pub(crate) struct ServiceName {
    name: String,
}

/// The user, asked by Windows.
pub(super) struct WindowsUser;

impl AskForRights for WindowsUser {
    fn ask(&self) -> Result<Granted, ActionError> {
        let mut bytes = [0_u8; 16];
        OsEntropy.fill(&mut bytes);
        let secret = Secret::new(format!("{:032x}", u128::from_le_bytes(bytes)));
        let request = ElevationRequest::new(&OsEntropy, digest_of(&secret));
        let stream = ask(&request, ELEVATE).map_err(|error| {
            let cause = match &error {
                AskError::NotGiven(ElevateError::Declined) => CauseCode::ElevationDeclined,
                AskError::NotGiven(ElevateError::Forbidden) => CauseCode::ElevationForbidden,
                _ => CauseCode::ActionFailed,
            };
            ActionError::new(cause, error.to_string())
        })?;
        Ok(Granted { stream, secret })
    }
}

/// The elevated process: makes the service, and clears away after it.
pub(super) fn elevate(request: &Request) -> ExitCode {
    let held = ElevationRequest::parse(&request.words)
        .map_err(|error| (failure::NOT_ASKED_FOR, error.to_string()))
        .and_then(|request| {
            hold(&request, SERVICE, Arc::new(OsEntropy)).map_err(|error| {
                let code = match &error {
                    HoldError::AnotherProgram(_) => failure::ANOTHER_PROGRAM,
                    HoldError::Service(error) => error.exit_code(),
                    HoldError::File(_) | HoldError::Call(_) => failure::WINDOWS,
                };
                (code, error.to_string())
            })
        });
    match held {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, text)) => {
            crate::say(&text);
            ExitCode::from(code)
        }
    }
}

fn failed(reason: &dyn std::fmt::Display) -> ServiceFailure {
    ServiceFailure { code: 1, reason: format!("{reason:#}") }
}

/// The service: lets in the program that asked, and starts the worker for it.
pub(super) fn run_elevated_service(service: ServiceName) -> Result<ExitCode> {
    run_service(&service.name, |context| bridge_for(&context))?;
    Ok(ExitCode::SUCCESS)
}

fn bridge_for(context: &ServiceContext) -> Result<(), ServiceFailure> {
    let request = ElevationRequest::parse(&context.arguments).map_err(|error| failed(&error))?;
    let seat = Seat::prepare(&request).map_err(|error| failed(&error))?;
    let program = WorkerProgram {
        path: std::env::current_exe().map_err(|error| failed(&error))?,
        arguments: vec![WORKER.to_owned()],
        environment: Vec::new(),
    };
    let (hub, entropy) = (Arc::clone(&context.sessions), Arc::new(OsEntropy));
    let host = WindowsWorkerHost::new(program, hub, link::clock(), Arc::clone(&entropy) as _)
        .map_err(|error| failed(&error))?;
    context.running().map_err(|error| failed(&error))?;

    let (end, over) = channel();
    let (stop, stopped) = (context.stop.clone(), end.clone());
    let (watch, gone) = (seat.watch(), end.clone());
    // Both end with the process. Whoever waits has the first reason.
    std::thread::spawn(move || {
        stop.wait();
        let _ = stopped.send(BridgeEnd::Stopped);
    });
    std::thread::spawn(move || {
        watch.wait();
        let _ = gone.send(BridgeEnd::Program);
    });
    let session = seat.session();
    let stream = seat.admit().map_err(|error| failed(&error))?;
    // With the host its workers end.
    let host = Arc::new(host);
    let spawn = {
        let host = Arc::clone(&host);
        Box::new(move |ticket: &Secret| host.spawn_system(session, ticket))
    };
    let attention = Arc::new(PassingAttention);
    let over = bridge(stream, request.digest, spawn, attention, entropy, (end, over));
    drop(host);
    match over {
        BridgeEnd::Program | BridgeEnd::Stopped => Ok(()),
        BridgeEnd::Worker => Err(failed(&"the worker has ended")),
        BridgeEnd::Failed(error) => Err(failed(&error)),
    }
}

/// The worker: LocalSystem on whatever desktop shows in the user's session.
pub(super) fn run_elevated_worker() -> Result<ExitCode> {
    let ticket = gc_runtime::env(WORKER_TICKET_VARIABLE)
        .context("this is started by the elevated service, not by hand")?;
    let stream = platform::worker_stream()?;
    enter_interactive_station()?;
    let hands: Arc<dyn Hands> = Arc::new(Desktops { clock: link::clock() });
    serve(stream, &Secret::new(ticket), &hands)?;
    Ok(ExitCode::SUCCESS)
}

/// The desktop that shows, whichever it is.
struct Desktops {
    clock: Arc<dyn Clock>,
}

impl Desktops {
    /// Nobody takes over from it.
    fn leave() -> Leave {
        Arc::new(|account| tracing::error!(?account, "the elevated worker was to leave"))
    }

    fn follower() -> DesktopFollower<ThreadDesktop> {
        DesktopFollower::that_stays(ThreadDesktop::default())
    }
}

impl Hands for Desktops {
    fn open_screen(&self) -> Result<Box<dyn ScreenCapture>, CaptureError> {
        let clock = Arc::clone(&self.clock);
        let open = || gc_platform_windows::open_screen(Arc::clone(&clock));
        let (follower, clock) = (Self::follower(), Arc::clone(&self.clock));
        Ok(Box::new(FollowingScreen::open(follower, clock, Self::leave(), open)?))
    }

    fn open_input(&self) -> Result<Box<dyn InputInjector>, InputError> {
        let (follower, clock) = (Self::follower(), Arc::clone(&self.clock));
        let inner = Box::new(WindowsInput::new());
        Ok(Box::new(FollowingInput::by(follower, clock, Self::leave(), inner)))
    }
}
