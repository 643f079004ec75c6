//! Locks the session, and looks whether it is.

use std::ffi::c_void;
use std::time::Duration;

use gc_platform::ActionError;
use gc_types::{CauseCode, Clock};
use windows::Win32::System::RemoteDesktop::{
    WTS_CURRENT_SESSION, WTSFreeMemory, WTSINFOEXW, WTSQuerySessionInformationW, WTSSessionInfoEx,
};
use windows::Win32::System::Shutdown::LockWorkStation;
use windows::Win32::System::StationsAndDesktops::{
    CloseDesktop, DESKTOP_CONTROL_FLAGS, DESKTOP_READOBJECTS, OpenInputDesktop,
};
use windows::core::PWSTR;

use super::failed;
use super::version::version;

/// `LockWorkStation` only asks for it; it has happened within this, or it will not.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// `WTS_SESSIONSTATE_LOCK` and `…UNLOCK` (wtsapi32.h).
const STATE_LOCK: i32 = 0;
const STATE_UNLOCK: i32 = 1;

pub(super) fn lock(clock: &dyn Clock) -> Result<(), ActionError> {
    if is_locked() == Some(true) {
        return Ok(());
    }
    // SAFETY: takes nothing.
    unsafe { LockWorkStation() }.map_err(|error| failed("LockWorkStation", &error))?;
    let until = clock.monotonic() + PATIENCE;
    while clock.monotonic() < until {
        if is_locked() == Some(true) {
            return Ok(());
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Err(ActionError::new(
        CauseCode::ActionNotVerified,
        "Windows took the order, and the session is not locked. Is locking switched off by policy?",
    ))
}

/// `None` where Windows does not tell.
fn is_locked() -> Option<bool> {
    by_session().or_else(by_desktop)
}

/// What the session says of itself.
fn by_session() -> Option<bool> {
    let mut buffer = PWSTR::null();
    let mut bytes = 0;
    // SAFETY: it writes an address and a length into live places; the memory is freed
    // below.
    unsafe {
        WTSQuerySessionInformationW(
            None,
            WTS_CURRENT_SESSION,
            WTSSessionInfoEx,
            &raw mut buffer,
            &raw mut bytes,
        )
    }
    .ok()?;
    let whole = usize::try_from(bytes).is_ok_and(|bytes| bytes >= size_of::<WTSINFOEXW>());
    let flags = (whole && !buffer.is_null()).then(|| {
        let info = buffer.0.cast::<c_void>().cast::<WTSINFOEXW>();
        // SAFETY: the system gave as many bytes as this structure has, wherever they
        // begin; level 1 is the only one there is.
        unsafe { info.read_unaligned().Data.WTSInfoExLevel1.SessionFlags }
    });
    // SAFETY: it came from the call above.
    unsafe { WTSFreeMemory(buffer.0.cast()) };
    let (lock, unlock) = match version() {
        // Swapped by mistake in Windows 7 and Server 2008 R2, as its documentation says.
        Some((6, 1, _)) => (STATE_UNLOCK, STATE_LOCK),
        _ => (STATE_LOCK, STATE_UNLOCK),
    };
    match flags? {
        flags if flags == lock => Some(true),
        flags if flags == unlock => Some(false),
        _ => None,
    }
}

/// The desktop of the lock screen opens for nobody but the system.
fn by_desktop() -> Option<bool> {
    // SAFETY: takes numbers.
    let desktop = unsafe { OpenInputDesktop(DESKTOP_CONTROL_FLAGS(0), false, DESKTOP_READOBJECTS) };
    match desktop {
        Ok(desktop) => {
            // SAFETY: ours, and used by nobody else.
            let _ = unsafe { CloseDesktop(desktop) };
            Some(false)
        }
        Err(error) => (error.code() == windows::Win32::Foundation::E_ACCESSDENIED).then_some(true),
    }
}
