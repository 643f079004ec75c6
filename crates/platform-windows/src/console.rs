//! Where a program without a console of its own writes to, and a window for when there
//! is no such place.

use windows::Win32::Foundation::{GENERIC_READ, GENERIC_WRITE, HANDLE};
use windows::Win32::Storage::FileSystem::{
    CreateFileW, FILE_FLAGS_AND_ATTRIBUTES, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_TYPE_UNKNOWN,
    GetFileType, OPEN_EXISTING,
};
use windows::Win32::System::Console::{
    ATTACH_PARENT_PROCESS, AttachConsole, GetStdHandle, STD_ERROR_HANDLE, STD_HANDLE,
    STD_OUTPUT_HANDLE, SetStdHandle,
};
use windows::Win32::UI::WindowsAndMessaging::{
    MB_ICONINFORMATION, MB_OK, MB_SETFOREGROUND, MessageBoxW,
};
use windows::core::{HSTRING, w};

/// The standard stream, where something is behind it.
fn stream(which: STD_HANDLE) -> Option<HANDLE> {
    // SAFETY: gives a handle that stays the system's.
    let handle = unsafe { GetStdHandle(which) }.ok()?;
    // A program with the windows subsystem may be given numbers of console handles that
    // it does not have: those have no type.
    // SAFETY: it only asks what the handle is, and one that is none has no type.
    let kind = unsafe { GetFileType(handle) };
    (!handle.is_invalid() && !handle.0.is_null() && kind != FILE_TYPE_UNKNOWN).then_some(handle)
}

/// Lets a program with the windows subsystem write to the console that it was started
/// from, if it was. A stream that was sent elsewhere stays there.
pub fn attach() {
    let streams = [STD_OUTPUT_HANDLE, STD_ERROR_HANDLE];
    let given = streams.map(stream);
    // SAFETY: no pointers. It fails where there is no such console, or one already.
    if unsafe { AttachConsole(ATTACH_PARENT_PROCESS) }.is_err() {
        return;
    }
    for (which, given) in streams.into_iter().zip(given) {
        let Some(handle) = given.or_else(console) else { continue };
        // Up to Windows 7, attaching has put the console in place of what was given.
        // SAFETY: the handle stays open for as long as the program runs.
        if unsafe { SetStdHandle(which, handle) }.is_err() {
            // Then there is nowhere to say so.
            return;
        }
    }
}

/// A new handle of the console that is attached.
fn console() -> Option<HANDLE> {
    // SAFETY: the name ends with a zero; the handle is the caller's.
    unsafe {
        CreateFileW(
            w!("CONOUT$"),
            (GENERIC_READ | GENERIC_WRITE).0,
            FILE_SHARE_READ | FILE_SHARE_WRITE,
            None,
            OPEN_EXISTING,
            FILE_FLAGS_AND_ATTRIBUTES::default(),
            None,
        )
    }
    .ok()
}

/// Whether what is written to standard error goes anywhere.
pub fn is_seen() -> bool {
    stream(STD_ERROR_HANDLE).is_some()
}

/// Shows a text until the person closes it.
pub fn message_box(title: &str, text: &str) {
    let (title, text) = (HSTRING::from(title), HSTRING::from(text));
    // SAFETY: both texts end with a zero and live until it returns.
    unsafe {
        MessageBoxW(None, &text, &title, MB_OK | MB_ICONINFORMATION | MB_SETFOREGROUND);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_program_was_given_to_write_to_stays() {
        // The test runner reads what this prints.
        let before = stream(STD_OUTPUT_HANDLE).unwrap();
        attach();
        assert_eq!(stream(STD_OUTPUT_HANDLE), Some(before));
        assert!(is_seen());
    }
}
