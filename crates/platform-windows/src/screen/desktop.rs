//! The desktop that has the input: the user's, the one of a locked screen, that of a
//! prompt of the system.

use windows::Win32::Foundation::{E_ACCESSDENIED, HANDLE};
use windows::Win32::System::RemoteDesktop::{
    WTS_CURRENT_SESSION, WTSConnectState, WTSDisconnected, WTSFreeMemory,
    WTSQuerySessionInformationW,
};
use windows::Win32::System::StationsAndDesktops::{
    CloseDesktop, DESKTOP_ACCESS_FLAGS, DESKTOP_CONTROL_FLAGS, GetThreadDesktop,
    GetUserObjectInformationW, HDESK, OpenInputDesktop, SetThreadDesktop, UOI_NAME,
};
use windows::Win32::System::Threading::GetCurrentThreadId;
use windows::core::PWSTR;

use crate::choice::Desktop;

/// `MAXIMUM_ALLOWED` (winnt.h): whatever this program may do there.
const MAXIMUM_ALLOWED: u32 = 0x0200_0000;
/// Units of a desktop's name that are looked at.
const NAME: usize = 128;

/// Keeps one thread on the desktop that has the input.
#[derive(Default)]
pub(crate) struct InputDesktop {
    /// Where the thread was put; ours to close.
    entered: Option<HDESK>,
}

// SAFETY: a handle is a number that is the same in all threads of the process.
unsafe impl Send for InputDesktop {}

/// What a desktop is called; `None` when it does not say.
fn name(desktop: HDESK) -> Option<Vec<u16>> {
    let mut name = [0_u16; NAME];
    let bytes = u32::try_from(size_of_val(&name)).ok()?;
    // SAFETY: it writes at most `bytes` bytes into the live array.
    unsafe {
        GetUserObjectInformationW(
            HANDLE(desktop.0),
            UOI_NAME,
            Some(name.as_mut_ptr().cast()),
            bytes,
            None,
        )
    }
    .ok()?;
    let length = name.iter().position(|unit| *unit == 0).unwrap_or(NAME);
    Some(name[..length].to_vec())
}

/// Whether this process' session has neither the console nor a remote desktop.
fn is_disconnected() -> bool {
    let mut place = PWSTR::null();
    let mut bytes = 0;
    // SAFETY: both places live; on success the first one holds a block of `bytes` bytes
    // that is ours to free, and for this question a number of four bytes stands there.
    unsafe {
        let asked = WTSQuerySessionInformationW(
            None,
            WTS_CURRENT_SESSION,
            WTSConnectState,
            &raw mut place,
            &raw mut bytes,
        );
        if asked.is_err() || place.is_null() {
            return false;
        }
        let state = (bytes >= 4).then(|| place.0.cast::<i32>().read_unaligned());
        WTSFreeMemory(place.0.cast());
        state == Some(WTSDisconnected.0)
    }
}

impl InputDesktop {
    /// Puts the calling thread on the desktop that has the input, if it is on another
    /// one. The thread must have no windows and no hooks.
    pub(crate) fn follow(&mut self) -> Desktop {
        // SAFETY: takes numbers; what it opens is closed below or kept.
        let opened = unsafe {
            OpenInputDesktop(DESKTOP_CONTROL_FLAGS(0), false, DESKTOP_ACCESS_FLAGS(MAXIMUM_ALLOWED))
        };
        let front = match opened {
            Ok(front) => front,
            Err(_) if is_disconnected() => return Desktop::Disconnected,
            Err(error) if error.code() == E_ACCESSDENIED => return Desktop::Denied,
            Err(_) => return Desktop::Absent,
        };
        // SAFETY: takes a number; its handle is not ours to close.
        let ours = unsafe { GetThreadDesktop(GetCurrentThreadId()) }.ok();
        let same = match (ours.and_then(name), name(front)) {
            (Some(ours), Some(front)) => ours == front,
            // Nothing can be said, so nothing is done.
            _ => true,
        };
        // SAFETY: the handle is live; without windows and hooks the call only changes
        // what later calls of this thread mean.
        let entered = !same && unsafe { SetThreadDesktop(front) }.is_ok();
        if entered {
            self.close(Some(front));
            return Desktop::Followed;
        }
        // SAFETY: opened above, and no thread is on it by this handle.
        unsafe {
            let _ = CloseDesktop(front);
        }
        if same { Desktop::Ours } else { Desktop::Denied }
    }

    /// Closes what was entered before `next`.
    fn close(&mut self, next: Option<HDESK>) {
        if let Some(before) = std::mem::replace(&mut self.entered, next) {
            // SAFETY: ours. Where a thread is still on it the call fails, and the
            // handle stays open for as long as the process.
            unsafe {
                let _ = CloseDesktop(before);
            }
        }
    }
}

impl Drop for InputDesktop {
    fn drop(&mut self) {
        self.close(None);
    }
}
