//! Which Windows this is, whatever the program's manifest says.

use windows::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};
use windows::Win32::System::SystemInformation::OSVERSIONINFOW;
use windows::core::{s, w};

/// `RtlGetVersion` (winternl.h, in ntdll.dll since Windows 2000): writes the version
/// and gives `STATUS_SUCCESS`.
type RtlGetVersion = unsafe extern "system" fn(*mut OSVERSIONINFOW) -> i32;

/// Major, minor, build.
pub(super) fn version() -> Option<(u32, u32, u32)> {
    let size = u32::try_from(size_of::<OSVERSIONINFOW>()).ok()?;
    let mut found = OSVERSIONINFOW { dwOSVersionInfoSize: size, ..OSVERSIONINFOW::default() };
    // SAFETY: the names end with a zero; the library is part of every process.
    let address = unsafe {
        let library = GetModuleHandleW(w!("ntdll.dll")).ok()?;
        GetProcAddress(library, s!("RtlGetVersion"))?
    };
    // SAFETY: this is its documented signature; it writes into the live structure,
    // whose size it is told.
    let status = unsafe {
        let get: RtlGetVersion = std::mem::transmute(address);
        get(&raw mut found)
    };
    (status == 0).then_some((found.dwMajorVersion, found.dwMinorVersion, found.dwBuildNumber))
}
