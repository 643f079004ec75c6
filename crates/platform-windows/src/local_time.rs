//! What the clock on the wall says.

use windows::Win32::System::SystemInformation::GetLocalTime;

/// Hour and minute in the machine's own time zone.
pub fn local_time() -> Option<(u8, u8)> {
    // SAFETY: takes nothing and gives a structure.
    let now = unsafe { GetLocalTime() };
    Some((u8::try_from(now.wHour).ok()?, u8::try_from(now.wMinute).ok()?))
}
