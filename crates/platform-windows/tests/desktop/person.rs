//! A person in front of the screen, by injected input.

use std::cell::RefCell;
use std::sync::mpsc::Receiver;

use gc_platform::{InputInjector, PointerButton};
use gc_platform_windows::WindowsInput;
use windows::Win32::Foundation::{HWND, POINT, RECT};
use windows::Win32::Graphics::Gdi::{GetDC, GetPixel, ReleaseDC};
use windows::Win32::UI::WindowsAndMessaging::{
    FindWindowExW, FindWindowW, GW_HWNDPREV, GetCursorPos, GetForegroundWindow, GetWindow,
    GetWindowRect, GetWindowTextW, IsWindowVisible,
};
use windows::core::{HSTRING, PCWSTR};

use crate::window::{Rectangle, pump, until};

pub(crate) const TAB: u8 = 0x0F;
pub(crate) const ENTER: u8 = 0x1C;
pub(crate) const SPACE: u8 = 0x39;
pub(crate) const ESCAPE: u8 = 0x01;
pub(crate) const ALT: u8 = 0x38;
pub(crate) const LEFT: (u8, bool) = (0x4B, true);
pub(crate) const RIGHT: (u8, bool) = (0x4D, true);

/// Looks at the pointer that find it where it is to be.
const REST: u32 = 4;

pub(crate) struct Person {
    input: RefCell<WindowsInput>,
    _window: Rectangle,
}

/// A window by its class; where there is one, and it is shown.
pub(crate) fn find(class: &str) -> Option<HWND> {
    // SAFETY: the name ends with a zero; takes a number.
    unsafe {
        let window = FindWindowW(&HSTRING::from(class), PCWSTR::null()).ok()?;
        IsWindowVisible(window).as_bool().then_some(window)
    }
}

pub(crate) fn found(class: &str) -> HWND {
    until(class, || find(class))
}

pub(crate) fn gone(class: &str) {
    until(&format!("the end of {class}"), || find(class).is_none().then_some(()));
}

pub(crate) fn rect(window: HWND) -> RECT {
    let mut rect = RECT::default();
    // SAFETY: writes into the live value.
    unsafe { GetWindowRect(window, &raw mut rect) }.unwrap();
    rect
}

pub(crate) fn size(rect: RECT) -> (i32, i32) {
    (rect.right - rect.left, rect.bottom - rect.top)
}

pub(crate) fn title(window: HWND) -> String {
    let mut units = [0; 512];
    // SAFETY: the system writes no more units than there is room for.
    let length = unsafe { GetWindowTextW(window, &mut units) };
    String::from_utf16_lossy(&units[..usize::try_from(length).unwrap()])
}

/// Waits for what a window tells.
pub(crate) fn told<T>(words: &Receiver<T>) -> T {
    until("a word of the window", || words.try_recv().ok())
}

/// The controls of a window, in their order: class and text.
pub(crate) fn controls(window: HWND, class: &str) -> Vec<HWND> {
    let class = HSTRING::from(class);
    let mut last = None;
    let mut all = Vec::new();
    // SAFETY: the name ends with a zero.
    while let Ok(next) = unsafe { FindWindowExW(Some(window), last, &class, PCWSTR::null()) } {
        all.push(next);
        last = Some(next);
    }
    all
}

/// The middle of a window on the screen.
pub(crate) fn middle(window: HWND) -> (i32, i32) {
    let rect = rect(window);
    (i32::midpoint(rect.left, rect.right), i32::midpoint(rect.top, rect.bottom))
}

/// The colour at a place of the screen, red green blue.
pub(crate) fn pixel(x: i32, y: i32) -> [u8; 3] {
    // SAFETY: the context of the screen is given back.
    let color = unsafe {
        let screen = GetDC(None);
        let color = GetPixel(screen, x, y);
        ReleaseDC(None, screen);
        color
    };
    let [red, green, blue, _] = color.0.to_le_bytes();
    [red, green, blue]
}

fn pointer() -> (i32, i32) {
    let mut at = POINT::default();
    // SAFETY: writes into the live point.
    unsafe { GetCursorPos(&raw mut at) }.unwrap();
    (at.x, at.y)
}

/// Whether another window lies above in the order of windows.
pub(crate) fn is_above(upper: HWND, lower: HWND) -> bool {
    let mut at = lower;
    // SAFETY: takes a number; an error is the end of the row.
    while let Ok(next) = unsafe { GetWindow(at, GW_HWNDPREV) } {
        if next == upper {
            return true;
        }
        at = next;
    }
    false
}

pub(crate) fn is_in_front(window: HWND) -> bool {
    // SAFETY: takes nothing.
    unsafe { GetForegroundWindow() == window }
}

impl Person {
    pub(crate) fn new() -> Self {
        // Wine learns where keys are with the first window of a process.
        let window = Rectangle::show(0, 799, 1, 1);
        pump();
        Self { input: RefCell::new(WindowsInput::new()), _window: window }
    }

    /// Moves the pointer, and waits until it rests there: under Wine the X server tells
    /// of each move once more a moment later, and a pointer that has gone on jumps back.
    pub(crate) fn move_to(&self, at: (i32, i32)) {
        let mut rested = 0;
        until("the pointer at rest", || {
            if pointer() == at {
                rested += 1;
            } else {
                rested = 0;
                let mut input = self.input.borrow_mut();
                input.pointer_move(at.0, at.1).unwrap();
                input.flush().unwrap();
            }
            (rested == REST).then_some(())
        });
    }

    pub(crate) fn button(&self, down: bool) {
        let mut input = self.input.borrow_mut();
        input.pointer_button(PointerButton::Left, down).unwrap();
        input.flush().unwrap();
    }

    pub(crate) fn click(&self, at: (i32, i32)) {
        self.move_to(at);
        self.button(true);
        self.button(false);
    }

    pub(crate) fn key(&self, (code, extended): (u8, bool)) {
        let mut input = self.input.borrow_mut();
        input.key(code, extended, true).unwrap();
        input.key(code, extended, false).unwrap();
        input.flush().unwrap();
    }

    pub(crate) fn with_alt(&self, code: u8) {
        let mut input = self.input.borrow_mut();
        input.key(ALT, false, true).unwrap();
        input.key(code, false, true).unwrap();
        input.key(code, false, false).unwrap();
        input.key(ALT, false, false).unwrap();
        input.flush().unwrap();
    }

    pub(crate) fn text(&self, text: &str) {
        let mut input = self.input.borrow_mut();
        input.text(text).unwrap();
        input.flush().unwrap();
    }
}
