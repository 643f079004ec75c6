//! `WM_DROPFILES`, for programs that know no OLE (`DragAcceptFiles`).

use windows::Win32::Foundation::{HWND, LPARAM, POINT, WPARAM};
use windows::Win32::Graphics::Gdi::ScreenToClient;
use windows::Win32::UI::WindowsAndMessaging::{
    GA_PARENT, GWL_EXSTYLE, GetAncestor, GetWindowLongPtrW, PostMessageW, WM_DROPFILES,
    WS_EX_ACCEPTFILES, WindowFromPoint,
};

use crate::clipboard::memory;

/// Where a `DROPFILES` (shlobj_core.h) has its point.
const POINT_AT: usize = 4;

/// The window at a position that takes such messages: itself, or one that it is in.
fn taker(x: i32, y: i32) -> Option<HWND> {
    // SAFETY: takes numbers.
    let mut window = unsafe { WindowFromPoint(POINT { x, y }) };
    while !window.is_invalid() {
        // SAFETY: a window that is gone has no style and no parent.
        let style = unsafe { GetWindowLongPtrW(window, GWL_EXSTYLE) };
        if style as u32 & WS_EX_ACCEPTFILES.0 != 0 {
            return Some(window);
        }
        // SAFETY: as above.
        window = unsafe { GetAncestor(window, GA_PARENT) };
    }
    None
}

/// Sends a list of files, as `CF_HDROP`, to the window at a position; whether one takes
/// them.
pub(super) fn post(list: &[u8], x: i32, y: i32) -> bool {
    let Some(window) = taker(x, y) else { return false };
    let mut at = POINT { x, y };
    // SAFETY: writes into the live structure. Should it fail, the point is somewhere else.
    let inside = unsafe { ScreenToClient(window, &raw mut at) }.as_bool();
    let mut list = list.to_vec();
    if inside && list.len() > POINT_AT + 8 {
        list[POINT_AT..POINT_AT + 4].copy_from_slice(&at.x.to_le_bytes());
        list[POINT_AT + 4..POINT_AT + 8].copy_from_slice(&at.y.to_le_bytes());
    }
    let Ok(memory) = memory::allocate(&list) else { return false };
    let handle = WPARAM(memory.0 as usize);
    // SAFETY: the memory is the receiver's from now on: it frees it with `DragFinish`.
    let posted = unsafe { PostMessageW(Some(window), WM_DROPFILES, handle, LPARAM(0)) };
    if let Err(error) = &posted {
        tracing::debug!(%error, "a window does not get the files");
        memory::free(memory);
    }
    posted.is_ok()
}
