//! Windows to look at and to type into.

use std::process::{Child, Command};
use std::time::Duration;

use gc_runtime::SystemClock;
use gc_types::Clock;
use windows::Win32::Foundation::{HWND, LPARAM, RECT, WPARAM};
use windows::Win32::UI::Input::KeyboardAndMouse::{GetFocus, SetFocus};
use windows::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DestroyWindow, DispatchMessageW, FindWindowExW, FindWindowW,
    GetForegroundWindow, GetWindowRect, MSG, PM_REMOVE, PeekMessageW, SendMessageW,
    SetForegroundWindow, TranslateMessage, WINDOW_EX_STYLE, WINDOW_STYLE, WM_GETTEXT,
    WS_EX_TOPMOST, WS_POPUP, WS_VISIBLE,
};
use windows::core::{PCWSTR, w};

/// Nothing that is waited for takes longer, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(50);
/// `SS_WHITERECT` and `SS_NOTIFY` (winuser.h): a static control that is white and takes
/// the mouse.
pub(crate) const WHITE: u32 = 0x106;

/// Tries until it holds. Messages to this thread's windows are taken meanwhile: they are
/// asked things by others, which wait for the answer.
pub(crate) fn until<T>(what: &str, mut holds: impl FnMut() -> Option<T>) -> T {
    until_message(what, || {
        pump();
        holds()
    })
}

/// The same for who takes the messages itself.
pub(crate) fn until_message<T>(what: &str, mut holds: impl FnMut() -> Option<T>) -> T {
    let clock = SystemClock::new();
    loop {
        if let Some(value) = holds() {
            return value;
        }
        assert!(clock.monotonic() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Lets this thread's windows draw themselves.
pub(crate) fn pump() {
    let mut message = MSG::default();
    // SAFETY: the message is live, and dispatched as it came.
    unsafe {
        while PeekMessageW(&raw mut message, None, 0, 0, PM_REMOVE).as_bool() {
            let _ = TranslateMessage(&raw const message);
            DispatchMessageW(&raw const message);
        }
    }
}

/// A white rectangle above all other windows.
pub(crate) struct Rectangle(HWND);

impl Rectangle {
    pub(crate) fn show(x: i32, y: i32, width: i32, height: i32) -> Self {
        let style = WS_POPUP | WS_VISIBLE | WINDOW_STYLE(WHITE);
        let above = WINDOW_EX_STYLE(WS_EX_TOPMOST.0);
        // SAFETY: the names end with a zero; the window is destroyed by `drop`, on the
        // same thread.
        let window = unsafe {
            CreateWindowExW(
                above,
                w!("STATIC"),
                w!(""),
                style,
                x,
                y,
                width,
                height,
                None,
                None,
                None,
                None,
            )
        };
        Self(window.unwrap())
    }

    pub(crate) fn window(&self) -> HWND {
        self.0
    }
}

impl Rectangle {
    /// Brings it to the front, with the keyboard.
    pub(crate) fn focus(&self) {
        until("the keyboard", || {
            pump();
            // SAFETY: ours, on this thread.
            unsafe {
                let _ = SetForegroundWindow(self.0);
                let _ = SetFocus(Some(self.0));
                (GetForegroundWindow() == self.0 && GetFocus() == self.0).then_some(())
            }
        });
    }
}

/// Makes characters of a key, where it makes any.
pub(crate) fn translate(message: &MSG) {
    // SAFETY: the message is live, and as it came.
    unsafe {
        let _ = TranslateMessage(&raw const *message);
    }
}

impl Drop for Rectangle {
    fn drop(&mut self) {
        // SAFETY: ours.
        unsafe { DestroyWindow(self.0).unwrap() }
    }
}

/// A program to type into, ended with the test.
pub(crate) struct Notepad {
    child: Child,
    window: HWND,
    edit: HWND,
}

impl Notepad {
    pub(crate) fn start() -> Self {
        let child = Command::new("notepad.exe").spawn().unwrap();
        let (window, edit) = until("a notepad", || {
            // SAFETY: the names end with a zero.
            unsafe {
                let window = FindWindowW(w!("Notepad"), PCWSTR::null()).ok()?;
                let edit = FindWindowExW(Some(window), None, w!("Edit"), PCWSTR::null()).ok()?;
                Some((window, edit))
            }
        });
        Self { child, window, edit }
    }

    /// The middle of where it takes text.
    pub(crate) fn middle(&self) -> (i32, i32) {
        let mut rect = RECT::default();
        until("a notepad with a size", || {
            // SAFETY: it writes into the live rectangle.
            unsafe { GetWindowRect(self.edit, &raw mut rect) }.ok()?;
            (rect.right > rect.left + 20 && rect.bottom > rect.top + 20).then_some(())
        });
        (i32::midpoint(rect.left, rect.right), i32::midpoint(rect.top, rect.bottom))
    }

    pub(crate) fn is_in_front(&self) -> bool {
        // SAFETY: takes nothing.
        let front = unsafe { GetForegroundWindow() };
        front == self.window
    }

    pub(crate) fn text(&self) -> String {
        let mut units = [0_u16; 512];
        // SAFETY: the system copies at most as many units as there is room for.
        let length = unsafe {
            SendMessageW(
                self.edit,
                WM_GETTEXT,
                Some(WPARAM(units.len())),
                Some(LPARAM(units.as_mut_ptr() as isize)),
            )
        };
        String::from_utf16_lossy(&units[..usize::try_from(length.0).unwrap()])
    }

    pub(crate) fn wait_for(&self, text: &str) {
        let mut last = String::new();
        until(&format!("{text:?} in notepad"), || {
            let now = self.text();
            if now != last {
                println!("notepad holds {now:?}");
                last.clone_from(&now);
            }
            (now == text).then_some(())
        });
    }
}

impl Drop for Notepad {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
