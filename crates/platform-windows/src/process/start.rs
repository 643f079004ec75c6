//! Starts a process in a user's session.

use std::os::windows::io::OwnedHandle;
use std::path::Path;

use gc_platform::{WorkerExit, WorkerProcess};
use windows::Win32::Foundation::{HANDLE, STILL_ACTIVE, WAIT_OBJECT_0};
use windows::Win32::System::Threading::{
    CREATE_NO_WINDOW, CREATE_SUSPENDED, CREATE_UNICODE_ENVIRONMENT, CreateProcessAsUserW,
    GetExitCodeProcess, GetProcessId, INFINITE, PROCESS_INFORMATION, ResumeThread, STARTUPINFOW,
    TerminateProcess, WaitForSingleObject,
};

use super::WorkerAccount;
use super::environment::EnvironmentBlock;
use super::job::Job;
use crate::security::Token;
use crate::service::command_line;
use crate::win32::{CallError, Called, Wide, owned, raw};

/// Exit code of what is killed here.
const KILLED: u32 = 0x4743_00FF;

/// A process that was started here. The open handle keeps its number from being used
/// again.
pub(super) struct StartedProcess(OwnedHandle);

impl StartedProcess {
    pub(super) fn raw(&self) -> HANDLE {
        raw(&self.0)
    }

    /// Its exit code, once it has ended.
    pub(super) fn exit_code(&self) -> Option<u32> {
        let mut code = 0;
        // SAFETY: the handle is open; the code is written to a live place.
        unsafe {
            if WaitForSingleObject(self.raw(), 0) != WAIT_OBJECT_0 {
                return None;
            }
            GetExitCodeProcess(self.raw(), &raw mut code).ok()?;
        }
        Some(code)
    }
}

impl WorkerProcess for StartedProcess {
    fn id(&self) -> u32 {
        // SAFETY: the handle is open.
        unsafe { GetProcessId(self.raw()) }
    }

    fn wait(&self) -> WorkerExit {
        // SAFETY: the handle is open.
        unsafe {
            WaitForSingleObject(self.raw(), INFINITE);
        }
        match self.exit_code() {
            Some(code) => {
                let detail = match (code, WorkerAccount::asked_for(code)) {
                    (KILLED, _) => "killed".to_owned(),
                    (_, Some(WorkerAccount::System)) => "left for a worker of SYSTEM".to_owned(),
                    (_, Some(WorkerAccount::User)) => "left for a worker of the user".to_owned(),
                    (code, None) => format!("exit code {code:#X}"),
                };
                WorkerExit { code: Some(code.into()), detail }
            }
            None => WorkerExit { code: None, detail: "ended without an exit code".to_owned() },
        }
    }

    fn kill(&self) {
        // SAFETY: the handle is open and lets us.
        if let Err(error) = unsafe { TerminateProcess(self.raw(), KILLED) }
            && self.exit_code().is_none()
        {
            tracing::warn!(process = self.id(), %error, "worker cannot be killed");
        }
    }
}

/// Desktop of the user's programs.
pub(super) const USERS_DESKTOP: &str = r"winsta0\default";
/// Desktop of logon, lock screen and prompts for rights.
pub(super) const SECURE_DESKTOP: &str = r"winsta0\winlogon";

/// Starts `program` as `token` on `desktop`, in `job`, with none of our handles. It runs
/// when this returns.
pub(super) fn start(
    token: &Token,
    desktop: &str,
    program: &Path,
    arguments: &[String],
    environment: &EnvironmentBlock,
    job: &Job,
) -> Result<StartedProcess, CallError> {
    let application = Wide::new(program);
    let mut line = Wide::new(command_line(program.as_os_str(), arguments));
    let folder = program.parent().map_or_else(|| Wide::new(""), Wide::new);
    let mut desktop = Wide::new(desktop);
    let startup = STARTUPINFOW {
        cb: size_of::<STARTUPINFOW>() as u32,
        lpDesktop: desktop.as_mut_ptr(),
        ..Default::default()
    };
    let mut information = PROCESS_INFORMATION::default();
    // SAFETY: the texts end with a zero, the environment with two; all live longer than
    // the call; the handles are ours.
    let (process, thread) = unsafe {
        CreateProcessAsUserW(
            Some(token.raw()),
            application.as_ptr(),
            Some(line.as_mut_ptr()),
            None,
            None,
            false,
            // Suspended, so that it does nothing before it is in the job.
            CREATE_SUSPENDED | CREATE_UNICODE_ENVIRONMENT | CREATE_NO_WINDOW,
            Some(environment.as_ptr()),
            folder.as_ptr(),
            &raw const startup,
            &raw mut information,
        )
        .called("CreateProcessAsUserW")?;
        (StartedProcess(owned(information.hProcess)), owned(information.hThread))
    };
    let running = job.take(process.raw()).and_then(|()| {
        // SAFETY: the thread is open and suspended once.
        if unsafe { ResumeThread(raw(&thread)) } == u32::MAX {
            return Err(CallError::last("ResumeThread"));
        }
        Ok(())
    });
    if let Err(error) = running {
        process.kill();
        return Err(error);
    }
    Ok(process)
}

const _: () = assert!(KILLED != STILL_ACTIVE.0 as u32);
