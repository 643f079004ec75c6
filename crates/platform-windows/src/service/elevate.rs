//! Asks the user for an administrator's rights.

use std::os::windows::io::OwnedHandle;
use std::path::Path;

use windows::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_ACCESS_DISABLED_BY_POLICY, ERROR_CANCELLED,
    ERROR_ELEVATION_REQUIRED, WAIT_OBJECT_0, WIN32_ERROR,
};
use windows::Win32::System::Threading::{
    GetExitCodeProcess, GetProcessId, INFINITE, WaitForSingleObject,
};
use windows::Win32::UI::Shell::{
    SEE_MASK_FLAG_NO_UI, SEE_MASK_NO_CONSOLE, SEE_MASK_NOASYNC, SEE_MASK_NOCLOSEPROCESS,
    SHELLEXECUTEINFOW, ShellExecuteExW,
};
use windows::Win32::UI::WindowsAndMessaging::SW_SHOWNORMAL;
use windows::core::w;

use super::command_line::argument_line;
use crate::win32::{CallError, Called, Wide, owned, raw};

/// What Windows says where its question is switched off, or the program is not allowed.
const FORBIDDEN: [WIN32_ERROR; 3] =
    [ERROR_ACCESS_DENIED, ERROR_ACCESS_DISABLED_BY_POLICY, ERROR_ELEVATION_REQUIRED];

/// Why there is no elevated process.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ElevateError {
    /// The user said no, or is no administrator and knows none.
    #[error("the user did not give administrator rights")]
    Declined,
    /// Windows has it forbidden.
    #[error("a policy of this machine forbids administrator rights")]
    Forbidden,
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// A process with an administrator's rights.
pub struct ElevatedProcess(OwnedHandle);

impl ElevatedProcess {
    /// Its number.
    pub fn id(&self) -> u32 {
        // SAFETY: the handle is open.
        unsafe { GetProcessId(raw(&self.0)) }
    }

    /// Its exit code, once it has ended.
    pub fn exit_code(&self) -> Option<u32> {
        let mut code = 0;
        // SAFETY: the handle is open; the code is written to a live place.
        unsafe {
            if WaitForSingleObject(raw(&self.0), 0) != WAIT_OBJECT_0 {
                return None;
            }
            GetExitCodeProcess(raw(&self.0), &raw mut code).ok()?;
        }
        Some(code)
    }

    /// Waits for its end and gives its exit code.
    pub fn wait(&self) -> Result<u32, CallError> {
        let mut code = 0;
        // SAFETY: the handle is open; the code is written to a live place.
        unsafe {
            WaitForSingleObject(raw(&self.0), INFINITE);
            GetExitCodeProcess(raw(&self.0), &raw mut code).called("GetExitCodeProcess")?;
        }
        Ok(code)
    }
}

/// Starts a program with an administrator's rights; Windows asks the user, and this
/// blocks until they have answered. The arguments are for everybody to see.
pub fn start_elevated(
    program: &Path,
    arguments: &[String],
) -> Result<ElevatedProcess, ElevateError> {
    let file = Wide::new(program);
    let parameters = Wide::new(argument_line(arguments));
    let mut info = SHELLEXECUTEINFOW {
        cbSize: size_of::<SHELLEXECUTEINFOW>() as u32,
        // A thread without message loop ends with its call.
        fMask: SEE_MASK_NOCLOSEPROCESS
            | SEE_MASK_NOASYNC
            | SEE_MASK_NO_CONSOLE
            | SEE_MASK_FLAG_NO_UI,
        lpVerb: w!("runas"),
        lpFile: file.as_ptr(),
        lpParameters: parameters.as_ptr(),
        nShow: SW_SHOWNORMAL.0,
        ..Default::default()
    };
    // SAFETY: the texts end with a zero and live longer than the call.
    match unsafe { ShellExecuteExW(&raw mut info) }.called("ShellExecuteExW") {
        Ok(()) => {}
        Err(error) if error.is(ERROR_CANCELLED) => return Err(ElevateError::Declined),
        Err(error) if FORBIDDEN.iter().any(|code| error.is(*code)) => {
            return Err(ElevateError::Forbidden);
        }
        Err(error) => return Err(error.into()),
    }
    if info.hProcess.is_invalid() {
        return Err(CallError::last("ShellExecuteExW(process)").into());
    }
    // SAFETY: asked for, and ours to close.
    Ok(ElevatedProcess(unsafe { owned(info.hProcess) }))
}
