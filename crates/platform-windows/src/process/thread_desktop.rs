//! The desktop of a thread.

use std::ffi::c_void;

use windows::Win32::Foundation::{ERROR_ACCESS_DENIED, HANDLE};
use windows::Win32::System::StationsAndDesktops::{
    CloseDesktop, DESKTOP_ACCESS_FLAGS, DESKTOP_CONTROL_FLAGS, GetUserObjectInformationW, HDESK,
    OpenDesktopW, OpenInputDesktop, OpenWindowStationW, SetProcessWindowStation, SetThreadDesktop,
    UOI_NAME,
};
use windows::core::w;

use super::{DesktopSeam, DesktopSeamError};
use crate::win32::{CallError, Called, Wide};

/// `GENERIC_ALL`: read pixels, inject input, make windows, hooks.
const EVERYTHING: DESKTOP_ACCESS_FLAGS = DESKTOP_ACCESS_FLAGS(0x1000_0000);

/// Puts this process on the window station that people see, where it is not there already.
pub fn enter_interactive_station() -> Result<(), CallError> {
    // SAFETY: the text ends with a zero; the handle stays open for as long as the process
    // is there.
    unsafe {
        let station =
            OpenWindowStationW(w!("WinSta0"), false, EVERYTHING.0).called("OpenWindowStationW")?;
        SetProcessWindowStation(station).called("SetProcessWindowStation")
    }
}

/// Puts the thread that calls it on the desktop that shows.
#[derive(Default)]
pub struct ThreadDesktop {
    /// In use by the thread, so that it stays open.
    entered: Option<Desktop>,
}

struct Desktop(HDESK);

// SAFETY: a desktop's handle belongs to the process; which thread is on it is another
// matter, and closing it fails while one is.
unsafe impl Send for Desktop {}

impl Desktop {
    fn showing() -> Result<Self, CallError> {
        // SAFETY: takes numbers; the handle is ours.
        unsafe { OpenInputDesktop(DESKTOP_CONTROL_FLAGS(0), false, EVERYTHING) }
            .called("OpenInputDesktop")
            .map(Self)
    }

    fn named(name: &str) -> Result<Self, CallError> {
        let name = Wide::new(name);
        // SAFETY: the text ends with a zero; the handle is ours.
        unsafe { OpenDesktopW(name.as_ptr(), DESKTOP_CONTROL_FLAGS(0), false, EVERYTHING.0) }
            .called("OpenDesktopW")
            .map(Self)
    }

    /// Puts the calling thread on it.
    fn enter(self) -> Result<Self, CallError> {
        // SAFETY: the desktop is open, and stays so while the thread is on it.
        unsafe { SetThreadDesktop(self.0) }.called("SetThreadDesktop")?;
        Ok(self)
    }

    fn name(&self) -> Result<String, CallError> {
        let mut units = [0_u16; 256];
        // SAFETY: the desktop is open; it writes at most the size of the live array.
        unsafe {
            GetUserObjectInformationW(
                HANDLE(self.0.0),
                UOI_NAME,
                Some(units.as_mut_ptr().cast::<c_void>()),
                size_of_val(&units) as u32,
                None,
            )
        }
        .called("GetUserObjectInformationW")?;
        let length = units.iter().position(|unit| *unit == 0).unwrap_or(units.len());
        Ok(String::from_utf16_lossy(&units[..length]))
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        // SAFETY: ours. It fails while the thread is on it, and the process's end closes
        // it then.
        let _ = unsafe { CloseDesktop(self.0) };
    }
}

fn told(error: CallError) -> DesktopSeamError {
    if error.is(ERROR_ACCESS_DENIED) {
        DesktopSeamError::Denied
    } else {
        DesktopSeamError::Failed(error.to_string())
    }
}

impl DesktopSeam for ThreadDesktop {
    fn showing(&mut self) -> Result<String, DesktopSeamError> {
        Desktop::showing().and_then(|desktop| desktop.name()).map_err(told)
    }

    fn enter(&mut self) -> Result<String, DesktopSeamError> {
        let desktop = Desktop::showing().map_err(told)?;
        let name = desktop.name().map_err(told)?;
        let entered = desktop.enter().or_else(|error| {
            // Under Wine a thread of what a service starts gets that of the service; by its
            // name it is the one of this process's window station.
            Desktop::named(&name).and_then(Desktop::enter).map_err(|_| error)
        });
        // Only now may the former one be closed.
        self.entered = Some(entered.map_err(told)?);
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::process::{DesktopFollower, DesktopTimes, Followed, WorkerAccount};

    #[test]
    fn a_thread_follows_the_desktop_that_shows() {
        let result = std::thread::spawn(|| {
            let times = DesktopTimes::default();
            let mut follower =
                DesktopFollower::new(ThreadDesktop::default(), WorkerAccount::User, times);
            [follower.follow(Duration::ZERO), follower.follow(Duration::from_millis(1))]
        });
        let [first, second] = result.join().unwrap();
        assert_eq!(first, Followed::Switched("Default".into()));
        assert_eq!(second, Followed::Same);
    }
}
