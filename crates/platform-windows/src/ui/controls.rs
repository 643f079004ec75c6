//! Controls of Windows below our drawing: what they look like is ours, what they are
//! called and how they are pressed by a screen reader is the system's.

use gc_panel::Area;
use gc_platform::PromptError;
use windows::Win32::Foundation::{HWND, POINT};
use windows::Win32::Graphics::Gdi::MapWindowPoints;
use windows::Win32::System::SystemServices::SS_OWNERDRAW;
use windows::Win32::UI::WindowsAndMessaging::{
    BS_NOTIFY, BS_OWNERDRAW, CreateWindowExW, HMENU, SWP_NOACTIVATE, SWP_NOZORDER, SetWindowPos,
    WINDOW_EX_STYLE, WINDOW_STYLE, WS_CHILD, WS_TABSTOP, WS_VISIBLE,
};
use windows::core::{HSTRING, PCWSTR, w};

use super::picture::outer;
use super::window::{Window, failed};

/// A button; `&` stands before the letter that presses it with Alt.
pub(super) fn button(
    parent: Window,
    id: usize,
    label: &str,
    area: Area,
) -> Result<HWND, PromptError> {
    let style = WS_TABSTOP | WINDOW_STYLE(BS_OWNERDRAW as u32 | BS_NOTIFY as u32);
    control(parent, w!("BUTTON"), style, id, label, area)
}

/// Text that is drawn by its parent and read by a screen reader.
pub(super) fn text(
    parent: Window,
    id: usize,
    spoken: &str,
    area: Area,
) -> Result<HWND, PromptError> {
    control(parent, w!("STATIC"), WINDOW_STYLE(SS_OWNERDRAW.0), id, spoken, area)
}

/// Any control.
pub(super) fn control(
    parent: Window,
    class: PCWSTR,
    style: WINDOW_STYLE,
    id: usize,
    text: &str,
    area: Area,
) -> Result<HWND, PromptError> {
    let rect = outer(area);
    // SAFETY: the class is one of the system's, the parent is ours; texts end with a
    // zero and outlive the call.
    unsafe {
        CreateWindowExW(
            WINDOW_EX_STYLE(0),
            class,
            &HSTRING::from(text),
            WS_CHILD | WS_VISIBLE | style,
            rect.left,
            rect.top,
            rect.right - rect.left,
            rect.bottom - rect.top,
            Some(parent.0),
            // For a child this is its number.
            Some(HMENU(id as *mut _)),
            None,
            None,
        )
        .map_err(failed("a control"))
    }
}

/// Moves a control.
pub(super) fn place(control: HWND, area: Area) {
    let rect = outer(area);
    // SAFETY: the control is ours.
    let _ = unsafe {
        SetWindowPos(
            control,
            None,
            rect.left,
            rect.top,
            rect.right - rect.left,
            rect.bottom - rect.top,
            SWP_NOZORDER | SWP_NOACTIVATE,
        )
    };
}

/// Where a control begins in its window.
pub(super) fn origin(window: Window, control: HWND) -> POINT {
    let mut points = [POINT::default()];
    // SAFETY: writes into the live point. 0 may also be "not moved", which is right.
    unsafe { MapWindowPoints(Some(control), Some(window.0), &mut points) };
    points[0]
}
