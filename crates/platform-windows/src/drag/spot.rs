//! A small window at a point above all others, hardly visible: a drag begins on it, or
//! comes to it.

use std::time::Duration;

use gc_platform::DragError;
use windows::Win32::Foundation::{COLORREF, HWND};
use windows::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DestroyWindow, DispatchMessageW, GetForegroundWindow, LWA_ALPHA, MSG,
    MWMO_INPUTAVAILABLE, MsgWaitForMultipleObjectsEx, PM_REMOVE, PeekMessageW, QS_ALLINPUT,
    SW_SHOWNOACTIVATE, SWP_NOACTIVATE, SWP_NOSIZE, SWP_NOZORDER, SetForegroundWindow,
    SetLayeredWindowAttributes, SetWindowPos, ShowWindow, WINDOW_EX_STYLE, WINDOW_STYLE,
    WS_EX_LAYERED, WS_EX_TOOLWINDOW, WS_EX_TOPMOST, WS_POPUP,
};
use windows::core::w;

use super::unavailable;

/// Pixels to each side of the point.
const HALF: i32 = 8;
/// Not zero: a window that cannot be seen at all does not get the mouse.
const ALPHA: u8 = 1;
/// `SS_NOTIFY` (winuser.h): without it the mouse goes through.
const NOTIFY: u32 = 0x0100;
/// Beyond any monitor, as minimised windows are.
const ASIDE: i32 = -32_000;

pub(super) struct Spot {
    window: HWND,
    /// Was in front before.
    front: HWND,
}

impl Spot {
    pub(super) fn at(x: i32, y: i32) -> Result<Self, DragError> {
        let extended = WINDOW_EX_STYLE(WS_EX_LAYERED.0 | WS_EX_TOOLWINDOW.0 | WS_EX_TOPMOST.0);
        // SAFETY: takes nothing.
        let front = unsafe { GetForegroundWindow() };
        let style = WINDOW_STYLE(WS_POPUP.0 | NOTIFY);
        // SAFETY: a class of the system's; the texts live as long as the program.
        let window = unsafe {
            CreateWindowExW(
                extended,
                w!("Static"),
                w!(""),
                style,
                x - HALF,
                y - HALF,
                2 * HALF,
                2 * HALF,
                None,
                None,
                None,
                None,
            )
        }
        .map_err(|error| unavailable(&error))?;
        let spot = Self { window, front };
        // SAFETY: the window is this thread's own.
        unsafe { SetLayeredWindowAttributes(window, COLORREF(0), ALPHA, LWA_ALPHA) }
            .map_err(|error| unavailable(&error))?;
        // SAFETY: as above. What it says is whether it was visible before.
        let _ = unsafe { ShowWindow(window, SW_SHOWNOACTIVATE) };
        Ok(spot)
    }

    pub(super) fn window(&self) -> HWND {
        self.window
    }

    /// Out of the way of what is below. It has come to the front with the press, as the
    /// window of whoever drags has, and stays there: the mouse is followed for who is in
    /// front.
    pub(super) fn step_aside(&self) {
        let flags = SWP_NOSIZE | SWP_NOZORDER | SWP_NOACTIVATE;
        // SAFETY: the window is this thread's own. Should it fail, nobody below is found.
        let _ = unsafe { SetWindowPos(self.window, None, ASIDE, ASIDE, 0, 0, flags) };
    }

    /// Deals with what has come, or comes within this time; whether a message of this kind
    /// was for the window.
    pub(super) fn pump(&self, within: Duration, kind: u32) -> bool {
        let wait = u32::try_from(within.as_millis()).unwrap_or(u32::MAX);
        // SAFETY: waits for messages and nothing else. What it says is seen below.
        let _ =
            unsafe { MsgWaitForMultipleObjectsEx(None, wait, QS_ALLINPUT, MWMO_INPUTAVAILABLE) };
        let mut seen = false;
        let mut message = MSG::default();
        // SAFETY: the message is a live structure; windows of this thread only.
        while unsafe { PeekMessageW(&raw mut message, None, 0, 0, PM_REMOVE) }.as_bool() {
            seen |= message.message == kind && message.hwnd == self.window;
            // SAFETY: filled by the call above.
            unsafe { DispatchMessageW(&raw const message) };
        }
        seen
    }
}

impl Drop for Spot {
    fn drop(&mut self) {
        // SAFETY: this thread's own, and numbers. It fails when a window is gone, or when the
        // one that took the files came to the front itself.
        unsafe {
            if GetForegroundWindow() == self.window && !self.front.is_invalid() {
                let _ = SetForegroundWindow(self.front);
            }
            let _ = DestroyWindow(self.window);
        }
    }
}
