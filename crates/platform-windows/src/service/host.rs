//! A process as a service: tells the service manager what it is at, and the service
//! what the manager wants.

use std::ffi::c_void;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use windows::Win32::Foundation::{
    ERROR_CALL_NOT_IMPLEMENTED, ERROR_FAILED_SERVICE_CONTROLLER_CONNECT,
    ERROR_SERVICE_SPECIFIC_ERROR, NO_ERROR,
};
use windows::Win32::System::RemoteDesktop::WTSSESSION_NOTIFICATION;
use windows::Win32::System::Services::{
    RegisterServiceCtrlHandlerExW, SERVICE_ACCEPT_PRESHUTDOWN, SERVICE_ACCEPT_SESSIONCHANGE,
    SERVICE_ACCEPT_SHUTDOWN, SERVICE_ACCEPT_STOP, SERVICE_CONTROL_INTERROGATE,
    SERVICE_CONTROL_PRESHUTDOWN, SERVICE_CONTROL_SESSIONCHANGE, SERVICE_CONTROL_SHUTDOWN,
    SERVICE_CONTROL_STOP, SERVICE_RUNNING, SERVICE_START_PENDING, SERVICE_STATUS,
    SERVICE_STATUS_CURRENT_STATE, SERVICE_STATUS_HANDLE, SERVICE_STOP_PENDING, SERVICE_STOPPED,
    SERVICE_TABLE_ENTRYW, SERVICE_WIN32_OWN_PROCESS, SetServiceStatus, StartServiceCtrlDispatcherW,
};
use windows::core::PWSTR;

use super::SessionHub;
use crate::win32::{CallError, Called, Wide, from_pwstr};

/// Milliseconds in which the manager may expect the next word while it starts or stops.
const WAIT_HINT: u32 = 20_000;
/// Exit code of a service whose body panicked.
const PANICKED: u32 = 0xDEAD;

/// Why this process is not a service.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// A person started it.
    #[error("this is started by the service manager of Windows, not by hand")]
    NotAService,
    /// It was one before: there is one service in the life of a process.
    #[error("a process can be a service once only")]
    Twice,
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Why the service ends without having been told to. The manager starts it again, see
/// [`super::RESTART_DELAYS`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ServiceFailure {
    /// Its own exit code, other than 0.
    pub code: u32,
    /// For the log.
    pub reason: String,
}

/// Set once, when the service is to end.
#[derive(Clone, Default)]
pub struct StopSignal(Arc<(Mutex<bool>, Condvar)>);

impl StopSignal {
    /// Whether the service is to end.
    pub fn is_set(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Blocks until the service is to end.
    pub fn wait(&self) {
        let mut set = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !*set {
            set = self.0.1.wait(set).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn set(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }
}

/// What the body of a service has to do with the manager.
pub struct ServiceContext {
    /// Set at a stop and at the end of the system.
    pub stop: StopSignal,
    /// Changes of sessions.
    pub sessions: Arc<SessionHub>,
    /// What the starter gave it, without its name.
    pub arguments: Vec<String>,
    reporter: Arc<Reporter>,
}

impl ServiceContext {
    /// Says that the service is up. Until then the manager waits, and so does who has
    /// started it.
    pub fn running(&self) -> Result<(), CallError> {
        self.reporter.report(SERVICE_RUNNING, 0)
    }
}

/// What a service does. It calls [`ServiceContext::running`] when it is up, and ends
/// when [`ServiceContext::stop`] is set.
type Body = Box<dyn FnOnce(ServiceContext) -> Result<(), ServiceFailure> + Send>;

struct Registration {
    name: String,
    body: Option<Body>,
}

/// The service manager calls back into a function without an argument of ours.
static REGISTRATION: Mutex<Option<Registration>> = Mutex::new(None);

/// Runs this process as the service of this name, until it ends. To be called from
/// `main` within 30 s of the start.
pub fn run_service(
    name: &str,
    body: impl FnOnce(ServiceContext) -> Result<(), ServiceFailure> + Send + 'static,
) -> Result<(), HostError> {
    {
        let mut registration = REGISTRATION.lock().unwrap_or_else(PoisonError::into_inner);
        if registration.is_some() {
            return Err(HostError::Twice);
        }
        *registration = Some(Registration { name: name.to_owned(), body: Some(Box::new(body)) });
    }
    let mut text = Wide::new(name);
    let table = [
        SERVICE_TABLE_ENTRYW {
            lpServiceName: text.as_mut_ptr(),
            lpServiceProc: Some(service_main),
        },
        SERVICE_TABLE_ENTRYW::default(),
    ];
    // SAFETY: the table ends with an empty entry and lives until the call returns, which
    // is when the service has stopped.
    match unsafe { StartServiceCtrlDispatcherW(table.as_ptr()) }
        .called("StartServiceCtrlDispatcherW")
    {
        Err(error) if error.is(ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) => {
            Err(HostError::NotAService)
        }
        other => Ok(other?),
    }
}

/// Tells the service manager, from whichever thread.
struct Reporter {
    handle: Mutex<Option<SERVICE_STATUS_HANDLE>>,
}

// SAFETY: the handle is a number that any thread may report with, and is never closed.
unsafe impl Send for Reporter {}
// SAFETY: as above, behind a lock.
unsafe impl Sync for Reporter {}

impl Reporter {
    fn report(&self, state: SERVICE_STATUS_CURRENT_STATE, code: u32) -> Result<(), CallError> {
        let handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(handle) = *handle else { return Ok(()) };
        let status = status(state, code);
        // SAFETY: the handle is that of this service, the structure is live.
        unsafe { SetServiceStatus(handle, &raw const status) }.called("SetServiceStatus")
    }
}

/// What the manager is told. It accepts controls only while it runs: a session change
/// during the start would reach a service that is not there yet.
fn status(state: SERVICE_STATUS_CURRENT_STATE, code: u32) -> SERVICE_STATUS {
    let pending = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;
    SERVICE_STATUS {
        dwServiceType: SERVICE_WIN32_OWN_PROCESS,
        dwCurrentState: state,
        dwControlsAccepted: if state == SERVICE_RUNNING {
            SERVICE_ACCEPT_STOP
                | SERVICE_ACCEPT_SHUTDOWN
                | SERVICE_ACCEPT_PRESHUTDOWN
                | SERVICE_ACCEPT_SESSIONCHANGE
        } else {
            0
        },
        dwWin32ExitCode: if code == 0 { NO_ERROR.0 } else { ERROR_SERVICE_SPECIFIC_ERROR.0 },
        dwServiceSpecificExitCode: code,
        dwCheckPoint: u32::from(pending),
        dwWaitHint: if pending { WAIT_HINT } else { 0 },
    }
}

/// What the handler of controls needs.
struct Controls {
    stop: StopSignal,
    sessions: Arc<SessionHub>,
    reporter: Arc<Reporter>,
}

impl Controls {
    /// Takes a control of the manager. Returns at once.
    fn take(&self, control: u32, event_type: u32, session: Option<u32>) -> u32 {
        match control {
            SERVICE_CONTROL_STOP | SERVICE_CONTROL_SHUTDOWN | SERVICE_CONTROL_PRESHUTDOWN => {
                if let Err(error) = self.reporter.report(SERVICE_STOP_PENDING, 0) {
                    tracing::warn!(%error, "service manager not told of the stop");
                }
                self.stop.set();
                NO_ERROR.0
            }
            SERVICE_CONTROL_SESSIONCHANGE => {
                if let Some(session) = session {
                    self.sessions.publish_event(event_type, session);
                }
                NO_ERROR.0
            }
            SERVICE_CONTROL_INTERROGATE => NO_ERROR.0,
            _ => ERROR_CALL_NOT_IMPLEMENTED.0,
        }
    }
}

/// `HandlerEx`.
unsafe extern "system" fn handler(
    control: u32,
    event_type: u32,
    data: *mut c_void,
    context: *mut c_void,
) -> u32 {
    // SAFETY: the context is that of `register`, which lives as long as the process.
    let controls = unsafe { &*context.cast::<Controls>() };
    let session = (control == SERVICE_CONTROL_SESSIONCHANGE && !data.is_null()).then(|| {
        // SAFETY: for this control the data is this structure ("HandlerEx callback
        // function").
        unsafe { (*data.cast::<WTSSESSION_NOTIFICATION>()).dwSessionId }
    });
    controls.take(control, event_type, session)
}

/// `ServiceMain`.
unsafe extern "system" fn service_main(count: u32, arguments: *mut PWSTR) {
    let taken = {
        let mut registration = REGISTRATION.lock().unwrap_or_else(PoisonError::into_inner);
        registration
            .as_mut()
            .and_then(|registration| Some((registration.name.clone(), registration.body.take()?)))
    };
    let Some((name, body)) = taken else { return };
    let arguments = (1..count as usize)
        // SAFETY: the manager gives `count` texts, the first of them the name.
        .map(|index| unsafe { from_pwstr(*arguments.add(index)) }.to_string_lossy().into_owned())
        .collect();
    let controls: &'static Controls = Box::leak(Box::new(Controls {
        stop: StopSignal::default(),
        sessions: SessionHub::new(),
        reporter: Arc::new(Reporter { handle: Mutex::new(None) }),
    }));
    // SAFETY: the text ends with a zero; the context is never freed.
    let registered = unsafe {
        RegisterServiceCtrlHandlerExW(
            Wide::new(&name).as_ptr(),
            Some(handler),
            Some(std::ptr::from_ref(controls).cast()),
        )
    };
    match registered {
        Ok(handle) => {
            *controls.reporter.handle.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
        }
        Err(error) => {
            tracing::error!(%error, "service manager takes no handler");
            return;
        }
    }
    run_body(controls, arguments, body);
}

fn run_body(controls: &Controls, arguments: Vec<String>, body: Body) {
    let report = |state, code| {
        if let Err(error) = controls.reporter.report(state, code) {
            tracing::error!(%error, "service manager not told");
        }
    };
    report(SERVICE_START_PENDING, 0);
    let context = ServiceContext {
        stop: controls.stop.clone(),
        sessions: Arc::clone(&controls.sessions),
        arguments,
        reporter: Arc::clone(&controls.reporter),
    };
    // A panic must not unwind into the service manager.
    let code = match std::panic::catch_unwind(AssertUnwindSafe(|| body(context))) {
        Ok(Ok(())) => 0,
        Ok(Err(failure)) => {
            tracing::error!(code = failure.code, %failure, "service failed");
            failure.code.max(1)
        }
        Err(_) => PANICKED,
    };
    report(SERVICE_STOPPED, code);
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use gc_platform::{DesktopSessionId, SessionChange};

    use super::*;

    fn controls() -> Controls {
        Controls {
            stop: StopSignal::default(),
            sessions: SessionHub::new(),
            reporter: Arc::new(Reporter { handle: Mutex::new(None) }),
        }
    }

    fn handle(controls: &Controls, control: u32, event_type: u32, data: *mut c_void) -> u32 {
        // SAFETY: context and data are what the handler expects.
        unsafe {
            handler(control, event_type, data, std::ptr::from_ref(controls).cast_mut().cast())
        }
    }

    #[test]
    fn a_session_change_reaches_the_listeners() {
        let controls = controls();
        let (sender, heard) = mpsc::channel();
        let _watch = controls.sessions.watch(Box::new(move |change| sender.send(change).unwrap()));
        let mut notification = WTSSESSION_NOTIFICATION {
            cbSize: size_of::<WTSSESSION_NOTIFICATION>() as u32,
            dwSessionId: 2,
        };
        let data = (&raw mut notification).cast();
        assert_eq!(handle(&controls, SERVICE_CONTROL_SESSIONCHANGE, 7, data), NO_ERROR.0);
        let nothing = std::ptr::null_mut();
        assert_eq!(handle(&controls, SERVICE_CONTROL_SESSIONCHANGE, 7, nothing), NO_ERROR.0);
        assert_eq!(
            heard.try_iter().collect::<Vec<_>>(),
            [SessionChange::Lock(DesktopSessionId(2))]
        );
        assert!(!controls.stop.is_set());
    }

    #[test]
    fn stop_shutdown_and_preshutdown_end_it_and_others_do_not() {
        let nothing = std::ptr::null_mut();
        for control in [SERVICE_CONTROL_STOP, SERVICE_CONTROL_SHUTDOWN, SERVICE_CONTROL_PRESHUTDOWN]
        {
            let controls = controls();
            let interrogated = handle(&controls, SERVICE_CONTROL_INTERROGATE, 0, nothing);
            assert_eq!(interrogated, NO_ERROR.0);
            assert_eq!(handle(&controls, 200, 0, nothing), ERROR_CALL_NOT_IMPLEMENTED.0);
            assert!(!controls.stop.is_set());
            assert_eq!(handle(&controls, control, 0, nothing), NO_ERROR.0);
            assert!(controls.stop.is_set());
            controls.stop.wait();
        }
    }

    #[test]
    fn it_takes_controls_only_while_it_runs_and_says_how_it_ended() {
        assert_eq!(status(SERVICE_START_PENDING, 0).dwControlsAccepted, 0);
        assert_eq!(status(SERVICE_STOP_PENDING, 0).dwControlsAccepted, 0);
        let running = status(SERVICE_RUNNING, 0);
        assert_eq!(running.dwControlsAccepted, 0x1 | 0x4 | 0x80 | 0x100);
        assert_eq!(status(SERVICE_STOPPED, 0).dwWin32ExitCode, 0);
        let failed = status(SERVICE_STOPPED, 7);
        assert_eq!((failed.dwWin32ExitCode, failed.dwServiceSpecificExitCode), (1066, 7));
    }

    #[test]
    fn a_program_started_by_hand_says_so() {
        let error = run_service("GuruConnectTest", |_| Ok(())).unwrap_err();
        assert!(matches!(error, HostError::NotAService), "{error}");
        let error = run_service("GuruConnectTest", |_| Ok(())).unwrap_err();
        assert!(matches!(error, HostError::Twice), "{error}");
    }
}
