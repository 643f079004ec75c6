//! Asks Windows for its sessions.

use windows::Win32::Foundation::{ERROR_CTX_WINSTATION_NOT_FOUND, ERROR_FILE_NOT_FOUND};
use windows::Win32::System::LibraryLoader::GetProcAddress;
use windows::Win32::System::RemoteDesktop::{
    WTS_INFO_CLASS, WTS_SESSION_INFOW, WTSDomainName, WTSEnumerateSessionsW, WTSFreeMemory,
    WTSGetActiveConsoleSessionId, WTSINFOEXW, WTSQuerySessionInformationW, WTSSessionInfoEx,
    WTSUserName,
};
use windows::Win32::System::SystemInformation::OSVERSIONINFOW;
use windows::core::{PWSTR, s};

use super::RawSession;
use crate::win32::{CallError, Called, from_pwstr, system_library};

/// Most sessions that are told (see `WorkerHost::sessions`).
const MOST: usize = 256;
/// No session is at the console, between two of them.
const NONE: u32 = u32::MAX;

/// Memory that a function of wtsapi32.dll has given.
struct Given<T>(*mut T);

impl<T> Drop for Given<T> {
    fn drop(&mut self) {
        // SAFETY: given to us to free; null is nothing.
        unsafe { WTSFreeMemory(self.0.cast()) }
    }
}

/// The session at the machine's own screen.
pub(super) fn console_session() -> Option<u32> {
    // SAFETY: takes nothing.
    let session = unsafe { WTSGetActiveConsoleSessionId() };
    (session != NONE).then_some(session)
}

/// A fact about a session; `None` where Windows does not tell it.
fn query<T>(session: u32, class: WTS_INFO_CLASS, read: impl FnOnce(PWSTR, u32) -> T) -> Option<T> {
    let (mut text, mut length) = (PWSTR::null(), 0);
    // SAFETY: both are written to live places; what is given is freed after it was read.
    unsafe { WTSQuerySessionInformationW(None, session, class, &raw mut text, &raw mut length) }
        .ok()?;
    let given = Given(text.0);
    if given.0.is_null() {
        return None;
    }
    Some(read(PWSTR(given.0), length))
}

fn text(session: u32, class: WTS_INFO_CLASS) -> String {
    // SAFETY: these classes give texts that end with a zero.
    query(session, class, |text, _| unsafe { from_pwstr(text) }.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn flags(session: u32) -> Option<u32> {
    query(session, WTSSessionInfoEx, |given, length| {
        if (length as usize) < size_of::<WTSINFOEXW>() {
            return None;
        }
        // SAFETY: this class gives this structure; level 1 is the only one.
        let info = unsafe { std::ptr::read_unaligned(given.0.cast::<WTSINFOEXW>()) };
        // SAFETY: level 1 says that this part of the union is the one.
        (info.Level == 1).then(|| unsafe { info.Data.WTSInfoExLevel1.SessionFlags }.cast_unsigned())
    })
    .flatten()
}

fn describe(id: u32, station: String, state: i32) -> RawSession {
    RawSession {
        id,
        station,
        state,
        user: text(id, WTSUserName),
        domain: text(id, WTSDomainName),
        flags: flags(id),
    }
}

/// All sessions, in the words of Windows.
pub(super) fn sessions() -> Result<Vec<RawSession>, CallError> {
    let (mut list, mut count) = (std::ptr::null_mut::<WTS_SESSION_INFOW>(), 0);
    // SAFETY: both are written to live places; what is given is freed after it was read.
    unsafe { WTSEnumerateSessionsW(None, 0, 1, &raw mut list, &raw mut count) }
        .called("WTSEnumerateSessionsW")?;
    let given = Given(list);
    let mut found = Vec::new();
    if !given.0.is_null() {
        // SAFETY: `count` structures, whose texts are in the same memory.
        for info in unsafe { std::slice::from_raw_parts(given.0, count as usize) }.iter().take(MOST)
        {
            // SAFETY: as above.
            let station = unsafe { from_pwstr(info.pWinStationName) };
            found.push(describe(
                info.SessionId,
                station.to_string_lossy().into_owned(),
                info.State.0,
            ));
        }
    }
    // Wine lists none, and has one.
    if found.is_empty()
        && let Some(console) = console_session()
    {
        found.push(describe(console, "Console".to_owned(), 0));
    }
    Ok(found)
}

/// Whether a failure means that the session is not there.
pub(super) fn is_gone(error: &CallError) -> bool {
    error.is(ERROR_CTX_WINSTATION_NOT_FOUND) || error.is(ERROR_FILE_NOT_FOUND)
}

/// Whether this Windows has the flags of locked and unlocked sessions mixed up, as
/// version 6.1 has. What `GetVersionEx` says depends on the manifest, this does not.
pub(super) fn lock_flags_are_swapped() -> bool {
    type RtlGetVersion = unsafe extern "system" fn(*mut OSVERSIONINFOW) -> i32;
    let mut version = OSVERSIONINFOW {
        dwOSVersionInfoSize: size_of::<OSVERSIONINFOW>() as u32,
        ..Default::default()
    };
    let Ok(library) = system_library("ntdll.dll") else { return false };
    // SAFETY: the library is loaded for good; the function has this signature (wdm.h)
    // and fills the live structure.
    unsafe {
        let Some(found) = GetProcAddress(library, s!("RtlGetVersion")) else { return false };
        let function =
            std::mem::transmute::<unsafe extern "system" fn() -> isize, RtlGetVersion>(found);
        if function(&raw mut version) != 0 {
            return false;
        }
    }
    (version.dwMajorVersion, version.dwMinorVersion) == (6, 1)
}
