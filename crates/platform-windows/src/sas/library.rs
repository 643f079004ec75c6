//! `sas.dll`, loaded when it is needed: Windows Server comes without it.

use std::time::Duration;

use gc_platform::{SecureAttention, SecureAttentionError};
use windows::Win32::System::LibraryLoader::GetProcAddress;
use windows::core::{BOOL, s};

use super::policy::{POLICIES, allowed, while_allowed};
use crate::win32::system_library;

/// How long Windows may take to read the policy after it was asked.
const TAKES: Duration = Duration::from_secs(1);

/// Ctrl+Alt+Del by a service that is there for one session: the policy is set for as long
/// as the keys take, where nobody has set it.
#[derive(Debug, Clone, Copy, Default)]
pub struct PassingAttention;

impl SecureAttention for PassingAttention {
    fn send(&self) -> Result<(), SecureAttentionError> {
        while_allowed(|| {
            let pressed = press();
            if pressed.is_ok() {
                std::thread::sleep(TAKES);
            }
            pressed
        })
        .map_err(|error| SecureAttentionError::Failed(error.to_string()))?
    }
}

/// Presses Ctrl+Alt+Del; for a service of LocalSystem. The call gives no result, so that
/// what would make it do nothing is asked before.
pub fn press() -> Result<(), SecureAttentionError> {
    type SendSas = unsafe extern "system" fn(BOOL);
    let may = allowed(POLICIES).map_err(|error| SecureAttentionError::Failed(error.to_string()))?;
    if !may {
        return Err(SecureAttentionError::PolicyForbids);
    }
    let library = system_library("sas.dll").map_err(|_| SecureAttentionError::NoLibrary)?;
    // SAFETY: the library stays loaded; the function has this signature ("SendSAS
    // function"). FALSE: as a service, not as the user.
    unsafe {
        let found =
            GetProcAddress(library, s!("SendSAS")).ok_or(SecureAttentionError::NoLibrary)?;
        let send = std::mem::transmute::<unsafe extern "system" fn() -> isize, SendSas>(found);
        send(false.into());
    }
    Ok(())
}
