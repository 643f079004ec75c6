//! Files that are dropped on the window.

use gc_platform::StorePath;
use windows::Win32::Foundation::{HWND, POINT, WPARAM};
use windows::Win32::UI::Shell::{
    DragAcceptFiles, DragFinish, DragQueryFileW, DragQueryPoint, HDROP,
};

use crate::files::from_drive;

/// Asks for their number.
const HOW_MANY: u32 = u32::MAX;

/// Whether files may be dropped.
pub(super) fn want(window: HWND, on: bool) {
    // SAFETY: the window is the caller's.
    unsafe { DragAcceptFiles(window, on) };
}

/// What a `WM_DROPFILES` brings, and to which point of the window. What is on a share, or
/// has a name that is no text, is left out.
pub(super) fn taken(wparam: WPARAM) -> (Vec<StorePath>, (i32, i32)) {
    let drop = HDROP(wparam.0 as *mut _);
    // SAFETY: with this message the system gives a list, which is given back once; writes
    // at most as many units as there is room for.
    unsafe {
        let count = DragQueryFileW(drop, HOW_MANY, None);
        let files = (0..count).filter_map(|index| {
            let length = DragQueryFileW(drop, index, None) as usize;
            let mut way = vec![0_u16; length + 1];
            let written = DragQueryFileW(drop, index, Some(&mut way)) as usize;
            from_drive(&String::from_utf16(way.get(..written)?).ok()?)
        });
        let files = files.collect();
        let mut point = POINT::default();
        // Outside of the window's inside it tells so, and the point all the same.
        let _ = DragQueryPoint(drop, &raw mut point);
        DragFinish(drop);
        (files, (point.x, point.y))
    }
}
