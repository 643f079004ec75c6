//! The service manager: makes, starts, stops and removes services.

use std::ffi::OsString;
use std::os::windows::io::OwnedHandle;
use std::time::Duration;

use windows::Win32::Foundation::{
    ERROR_INVALID_LEVEL, ERROR_SERVICE_ALREADY_RUNNING, ERROR_SERVICE_DOES_NOT_EXIST,
    ERROR_SERVICE_MARKED_FOR_DELETE, ERROR_SERVICE_NOT_ACTIVE, WAIT_OBJECT_0,
};
use windows::Win32::System::Services::{
    ChangeServiceConfig2W, ChangeServiceConfigW, CloseServiceHandle, ControlService,
    CreateServiceW, DeleteService, OpenSCManagerW, OpenServiceW, QUERY_SERVICE_CONFIGW,
    QueryServiceConfigW, QueryServiceStatusEx, SC_ACTION, SC_ACTION_RESTART, SC_HANDLE,
    SC_MANAGER_CONNECT, SC_MANAGER_CREATE_SERVICE, SC_STATUS_PROCESS_INFO, SERVICE_ALL_ACCESS,
    SERVICE_AUTO_START, SERVICE_CONFIG_DESCRIPTION, SERVICE_CONFIG_FAILURE_ACTIONS,
    SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, SERVICE_CONFIG_PRESHUTDOWN_INFO, SERVICE_CONTROL_STOP,
    SERVICE_DEMAND_START, SERVICE_DESCRIPTIONW, SERVICE_ERROR_NORMAL, SERVICE_FAILURE_ACTIONS_FLAG,
    SERVICE_FAILURE_ACTIONSW, SERVICE_PRESHUTDOWN_INFO, SERVICE_QUERY_STATUS, SERVICE_START,
    SERVICE_START_PENDING, SERVICE_STATUS, SERVICE_STATUS_PROCESS, SERVICE_STOP_PENDING,
    SERVICE_STOPPED, SERVICE_WIN32_OWN_PROCESS, StartServiceW,
};
use windows::Win32::System::Threading::{
    OpenProcess, PROCESS_SYNCHRONIZE, PROCESS_TERMINATE, TerminateProcess, WaitForSingleObject,
};
use windows::core::{PCWSTR, PWSTR};

use super::command_line;
use super::definition::{FORGIVEN_AFTER, RESTART_DELAYS, Recovery, ServiceDefinition, Start};
use crate::win32::{CallError, Called, Wide, from_pwstr, nap, owned, raw};

/// Naps in a wait: with [`nap`] about 30 s.
const NAPS: u32 = 600;
/// Naps until a removed service is gone: about 5 s.
const NAPS_FOR_GOING: u32 = 100;
/// What the service may take when the system shuts down.
const PRESHUTDOWN: Duration = Duration::from_secs(15);

/// The service manager of this machine.
pub struct ServiceManager(Handle);

struct Handle(SC_HANDLE);

// SAFETY: handles of the service manager belong to the process, not to a thread.
unsafe impl Send for Handle {}
// SAFETY: as above; the service manager itself takes calls one after the other.
unsafe impl Sync for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: ours, and not used after this. It fails for no open handle.
        let _ = unsafe { CloseServiceHandle(self.0) };
    }
}

/// What a service is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceState {
    /// It does not run.
    Stopped,
    /// On its way up.
    Starting,
    /// On its way down.
    Stopping,
    /// It runs.
    Running,
}

/// A service as the manager sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceStatus {
    /// What it is at.
    pub state: ServiceState,
    /// Its process; 0 when it has none.
    pub process: u32,
    /// How it ended last: 0, a code of Windows, or its own one.
    pub exit_code: u32,
}

impl ServiceManager {
    /// Connects, to look and to start what lets itself be started.
    pub fn connect() -> Result<Self, CallError> {
        Self::open(SC_MANAGER_CONNECT)
    }

    /// Connects to make services; administrators only.
    pub fn connect_to_change() -> Result<Self, CallError> {
        Self::open(SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE)
    }

    fn open(access: u32) -> Result<Self, CallError> {
        // SAFETY: no pointers but null; the handle is ours.
        unsafe { OpenSCManagerW(PCWSTR::null(), PCWSTR::null(), access) }
            .called("OpenSCManagerW")
            .map(|handle| Self(Handle(handle)))
    }

    /// A service to change, `None` when there is none of this name.
    pub fn find(&self, name: &str) -> Result<Option<Service>, CallError> {
        self.find_with(name, SERVICE_ALL_ACCESS)
    }

    /// A service to look at and to start.
    pub fn find_to_start(&self, name: &str) -> Result<Option<Service>, CallError> {
        self.find_with(name, SERVICE_QUERY_STATUS | SERVICE_START)
    }

    /// A service to look at.
    pub fn find_to_look(&self, name: &str) -> Result<Option<Service>, CallError> {
        self.find_with(name, SERVICE_QUERY_STATUS)
    }

    /// Waits until there is no service of this name, five seconds at most; whether there
    /// is none. One that was removed stays until the manager has noticed the end of its
    /// process, and for as long as another program holds it open.
    pub fn wait_until_gone(&self, name: &str) -> Result<bool, CallError> {
        for _ in 0..NAPS_FOR_GOING {
            if self.find_to_look(name)?.is_none() {
                return Ok(true);
            }
            nap();
        }
        Ok(false)
    }

    fn find_with(&self, name: &str, access: u32) -> Result<Option<Service>, CallError> {
        // SAFETY: the text ends with a zero; the handle is ours.
        let found = unsafe { OpenServiceW(self.0.0, Wide::new(name).as_ptr(), access) };
        match found.called("OpenServiceW") {
            Ok(handle) => Ok(Some(Service { handle: Handle(handle) })),
            Err(error) if error.is(ERROR_SERVICE_DOES_NOT_EXIST) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the service, or makes the one of this name what is asked for. One that is
    /// being removed is waited for.
    pub fn ensure(&self, definition: &ServiceDefinition) -> Result<Service, CallError> {
        match self.make(definition) {
            Err(error)
                if error.is(ERROR_SERVICE_MARKED_FOR_DELETE)
                    && self.wait_until_gone(&definition.name)? =>
            {
                self.make(definition)
            }
            other => other,
        }
    }

    fn make(&self, definition: &ServiceDefinition) -> Result<Service, CallError> {
        let line = Wide::new(command_line(definition.program.as_os_str(), &definition.arguments));
        let display = Wide::new(&definition.display_name);
        let start = match definition.start {
            Start::Automatic => SERVICE_AUTO_START,
            Start::Demand => SERVICE_DEMAND_START,
        };
        let account = Wide::new("LocalSystem");
        let service = if let Some(service) = self.find(&definition.name)? {
            // SAFETY: the texts end with a zero and live longer than the call.
            unsafe {
                ChangeServiceConfigW(
                    service.handle.0,
                    SERVICE_WIN32_OWN_PROCESS,
                    start,
                    SERVICE_ERROR_NORMAL,
                    line.as_ptr(),
                    PCWSTR::null(),
                    None,
                    PCWSTR::null(),
                    account.as_ptr(),
                    PCWSTR::null(),
                    display.as_ptr(),
                )
            }
            .called("ChangeServiceConfigW")?;
            service
        } else {
            // SAFETY: as above; the handle is ours.
            let handle = unsafe {
                CreateServiceW(
                    self.0.0,
                    Wide::new(&definition.name).as_ptr(),
                    display.as_ptr(),
                    SERVICE_ALL_ACCESS,
                    SERVICE_WIN32_OWN_PROCESS,
                    start,
                    SERVICE_ERROR_NORMAL,
                    line.as_ptr(),
                    PCWSTR::null(),
                    None,
                    PCWSTR::null(),
                    PCWSTR::null(),
                    PCWSTR::null(),
                )
            };
            Service { handle: Handle(handle.called("CreateServiceW")?) }
        };
        service.describe(&definition.description)?;
        service.set_recovery(definition.recovery)?;
        service.set_preshutdown()?;
        Ok(service)
    }
}

/// A service, open.
pub struct Service {
    handle: Handle,
}

impl Service {
    fn describe(&self, description: &str) -> Result<(), CallError> {
        let mut text = Wide::new(description);
        let info = SERVICE_DESCRIPTIONW { lpDescription: text.as_mut_ptr() };
        // SAFETY: the structure is what the level asks for, and lives long enough.
        unsafe {
            ChangeServiceConfig2W(
                self.handle.0,
                SERVICE_CONFIG_DESCRIPTION,
                Some((&raw const info).cast()),
            )
        }
        .called("ChangeServiceConfig2W(description)")
    }

    /// What happens when it ends without having been told to, by a crash or with an
    /// error of its own.
    pub fn set_recovery(&self, recovery: Recovery) -> Result<(), CallError> {
        let mut actions: Vec<SC_ACTION> = match recovery {
            Recovery::Restart => RESTART_DELAYS
                .iter()
                .map(|delay| SC_ACTION {
                    Type: SC_ACTION_RESTART,
                    Delay: u32::try_from(delay.as_millis()).unwrap_or(u32::MAX),
                })
                .collect(),
            Recovery::Leave => Vec::new(),
        };
        let mut nothing = SC_ACTION::default();
        let info = SERVICE_FAILURE_ACTIONSW {
            dwResetPeriod: FORGIVEN_AFTER.as_secs() as u32,
            lpRebootMsg: PWSTR::null(),
            lpCommand: PWSTR::null(),
            cActions: actions.len() as u32,
            // Null would mean "as before"; none and a pointer means none.
            lpsaActions: if actions.is_empty() { &raw mut nothing } else { actions.as_mut_ptr() },
        };
        // SAFETY: as above.
        unsafe {
            ChangeServiceConfig2W(
                self.handle.0,
                SERVICE_CONFIG_FAILURE_ACTIONS,
                Some((&raw const info).cast()),
            )
        }
        .called("ChangeServiceConfig2W(failure actions)")?;
        let flag = SERVICE_FAILURE_ACTIONS_FLAG {
            fFailureActionsOnNonCrashFailures: (recovery == Recovery::Restart).into(),
        };
        // SAFETY: as above.
        let set = unsafe {
            ChangeServiceConfig2W(
                self.handle.0,
                SERVICE_CONFIG_FAILURE_ACTIONS_FLAG,
                Some((&raw const flag).cast()),
            )
        };
        match set.called("ChangeServiceConfig2W(failure actions flag)") {
            // Every Windows from Vista on knows it; Wine does not, and has no recovery
            // that it would change.
            Err(error) if error.is(ERROR_INVALID_LEVEL) => Ok(()),
            other => other,
        }
    }

    fn set_preshutdown(&self) -> Result<(), CallError> {
        let info =
            SERVICE_PRESHUTDOWN_INFO { dwPreshutdownTimeout: PRESHUTDOWN.as_millis() as u32 };
        // SAFETY: as above.
        unsafe {
            ChangeServiceConfig2W(
                self.handle.0,
                SERVICE_CONFIG_PRESHUTDOWN_INFO,
                Some((&raw const info).cast()),
            )
        }
        .called("ChangeServiceConfig2W(preshutdown)")
    }

    /// What it is at.
    pub fn status(&self) -> Result<ServiceStatus, CallError> {
        let mut bytes = [0_u8; size_of::<SERVICE_STATUS_PROCESS>()];
        let mut needed = 0;
        // SAFETY: it writes at most the length of the live slice.
        unsafe {
            QueryServiceStatusEx(
                self.handle.0,
                SC_STATUS_PROCESS_INFO,
                Some(&mut bytes),
                &raw mut needed,
            )
        }
        .called("QueryServiceStatusEx")?;
        // SAFETY: the call has filled the bytes with this structure of plain numbers.
        let status: SERVICE_STATUS_PROCESS =
            unsafe { std::ptr::read_unaligned(bytes.as_ptr().cast()) };
        let state = match status.dwCurrentState {
            SERVICE_STOPPED => ServiceState::Stopped,
            SERVICE_START_PENDING => ServiceState::Starting,
            SERVICE_STOP_PENDING => ServiceState::Stopping,
            _ => ServiceState::Running,
        };
        let exit_code = match status.dwServiceSpecificExitCode {
            0 => status.dwWin32ExitCode,
            own => own,
        };
        Ok(ServiceStatus { state, process: status.dwProcessId, exit_code })
    }

    /// The command line that the manager starts it with.
    pub fn command_line(&self) -> Result<OsString, CallError> {
        // Words, so that the structure in it is aligned; 8 KiB is the documented most.
        let mut buffer = vec![0_u64; 1024];
        let mut needed = 0;
        // SAFETY: it writes at most the length of the live buffer; the text that the
        // structure points to is in it.
        unsafe {
            QueryServiceConfigW(
                self.handle.0,
                Some(buffer.as_mut_ptr().cast()),
                8192,
                &raw mut needed,
            )
            .called("QueryServiceConfigW")?;
            let config = &*buffer.as_ptr().cast::<QUERY_SERVICE_CONFIGW>();
            Ok(from_pwstr(config.lpBinaryPathName))
        }
    }

    /// Starts it and waits until it runs, half a minute at most. A service that runs is
    /// left alone. The arguments reach only the service itself.
    pub fn start(&self, arguments: &[String]) -> Result<ServiceStatus, CallError> {
        let texts: Vec<Wide> = arguments.iter().map(Wide::new).collect();
        let pointers: Vec<PCWSTR> = texts.iter().map(Wide::as_ptr).collect();
        let list = (!pointers.is_empty()).then_some(pointers.as_slice());
        // SAFETY: the texts end with a zero and live longer than the call.
        match unsafe { StartServiceW(self.handle.0, list) }.called("StartServiceW") {
            Err(error) if !error.is(ERROR_SERVICE_ALREADY_RUNNING) => return Err(error),
            _ => {}
        }
        self.wait(|status| status.state != ServiceState::Starting)
    }

    /// Waits until the status is as wished, half a minute at most; gives the last one.
    fn wait(&self, done: impl Fn(&ServiceStatus) -> bool) -> Result<ServiceStatus, CallError> {
        let mut status = self.status()?;
        for _ in 0..NAPS {
            if done(&status) {
                break;
            }
            nap();
            status = self.status()?;
        }
        Ok(status)
    }

    /// Stops it and waits until its process has ended, so that its file can be
    /// replaced. One that does not end in half a minute is killed. Being stopped
    /// already is no error.
    pub fn stop(&self) -> Result<(), CallError> {
        let status = self.status()?;
        if status.state == ServiceState::Stopped {
            return Ok(());
        }
        let process = process(status.process);
        let mut now = SERVICE_STATUS::default();
        // SAFETY: it writes into the live structure.
        let told = unsafe { ControlService(self.handle.0, SERVICE_CONTROL_STOP, &raw mut now) };
        let Some(process) = process else {
            // It had ended by itself, whatever the manager still believes of it.
            return Ok(());
        };
        match told.called("ControlService(stop)") {
            Ok(()) => {}
            Err(error) if error.is(ERROR_SERVICE_NOT_ACTIVE) || ended(&process, 0) => {
                tracing::debug!(%error, "service had ended");
            }
            Err(error) => {
                // Hung before it listened: what follows ends it.
                tracing::warn!(%error, "service does not take the stop");
            }
        }
        if !ended(&process, NAPS * 50) {
            tracing::warn!(process = status.process, "service does not stop and is killed");
            // It would be started again under the hands of who replaces its file.
            self.set_recovery(Recovery::Leave)?;
            // SAFETY: the handle is open and lets us.
            unsafe { TerminateProcess(raw(&process), 1) }.called("TerminateProcess")?;
            ended(&process, NAPS * 50);
        }
        // Wine goes on to call a killed one running: its process tells.
        self.wait(|status| {
            status.state == ServiceState::Stopped || self::process(status.process).is_none()
        })?;
        Ok(())
    }

    /// Removes it; it is gone once it has stopped and nobody holds it open, and at the
    /// next start of the system in any case.
    pub fn delete(&self) -> Result<(), CallError> {
        // SAFETY: the handle is open.
        match unsafe { DeleteService(self.handle.0) }.called("DeleteService") {
            Err(error) if error.is(ERROR_SERVICE_MARKED_FOR_DELETE) => Ok(()),
            other => other,
        }
    }
}

/// A process to wait for; `None` when it is gone.
fn process(id: u32) -> Option<OwnedHandle> {
    if id == 0 {
        return None;
    }
    // SAFETY: no pointers; the handle is ours.
    let handle = unsafe { OpenProcess(PROCESS_SYNCHRONIZE | PROCESS_TERMINATE, false, id) }.ok()?;
    // SAFETY: just opened.
    let handle = unsafe { owned(handle) };
    (!ended(&handle, 0)).then_some(handle)
}

/// Whether a process has ended, within so many milliseconds.
fn ended(process: &OwnedHandle, milliseconds: u32) -> bool {
    // SAFETY: the handle is open.
    unsafe { WaitForSingleObject(raw(process), milliseconds) == WAIT_OBJECT_0 }
}
