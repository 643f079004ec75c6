//! The window as the system has it: made, placed on its monitor, made once more.

use std::rc::Rc;

use gc_platform::WindowError;
use windows::Win32::Foundation::{ERROR_CLASS_ALREADY_EXISTS, GetLastError, HWND, RECT};
use windows::Win32::Graphics::Gdi::{
    GetMonitorInfoW, MONITOR_DEFAULTTONEAREST, MONITORINFO, MonitorFromWindow,
};
use windows::Win32::System::LibraryLoader::GetModuleHandleW;
use windows::Win32::UI::WindowsAndMessaging::{
    CS_OWNDC, CW_USEDEFAULT, CreateWindowExW, GWL_STYLE, GetForegroundWindow, GetWindowLongPtrW,
    GetWindowPlacement, GetWindowRect, GetWindowTextW, HWND_TOP, LoadIconW, RegisterClassExW,
    SW_SHOWMAXIMIZED, SW_SHOWMINIMIZED, SW_SHOWMINNOACTIVE, SW_SHOWNOACTIVATE, SWP_FRAMECHANGED,
    SWP_NOACTIVATE, SWP_NOMOVE, SWP_NOOWNERZORDER, SWP_NOSIZE, SWP_NOZORDER, SetForegroundWindow,
    SetWindowLongPtrW, SetWindowPlacement, SetWindowPos, WINDOW_EX_STYLE, WINDOW_STYLE,
    WINDOWPLACEMENT, WNDCLASSEXW, WS_CLIPCHILDREN, WS_CLIPSIBLINGS, WS_MAXIMIZE, WS_MINIMIZE,
    WS_OVERLAPPEDWINDOW, WS_POPUP, WS_VISIBLE,
};
use windows::core::{HSTRING, PCWSTR, w};

use super::content::{Content, procedure};

const CLASS: PCWSTR = w!("GuruConnectViewer");
/// Characters of a title that are kept.
const TITLE: usize = 512;

pub(super) fn failed(what: &'static str) -> impl Fn(windows::core::Error) -> WindowError {
    move |error| WindowError(format!("{what} failed: {error}"))
}

/// A window of this title and style, not shown. It keeps the content until it is destroyed.
fn make(
    title: &HSTRING,
    style: WINDOW_STYLE,
    [x, y, width, height]: [i32; 4],
    content: &Rc<Content>,
) -> Result<HWND, WindowError> {
    // SAFETY: the description lives through the call, and the procedure is one.
    let module = unsafe {
        let module = GetModuleHandleW(None).map_err(failed("GetModuleHandleW"))?;
        let description = WNDCLASSEXW {
            cbSize: size_of::<WNDCLASSEXW>() as u32,
            // As OpenGL wants it.
            style: CS_OWNDC,
            lpfnWndProc: Some(procedure),
            hInstance: module.into(),
            // The program's own; without one the system's usual picture is shown.
            hIcon: LoadIconW(Some(module.into()), PCWSTR(std::ptr::without_provenance(1)))
                .unwrap_or_default(),
            lpszClassName: CLASS,
            ..WNDCLASSEXW::default()
        };
        if RegisterClassExW(&raw const description) == 0
            && GetLastError() != ERROR_CLASS_ALREADY_EXISTS
        {
            return Err(failed("RegisterClassExW")(windows::core::Error::from_thread()));
        }
        module
    };
    let slot = Rc::into_raw(Rc::clone(content));
    // SAFETY: the window takes the slot over, and gives it back with WM_NCDESTROY, which
    // comes also when making it fails after WM_NCCREATE.
    unsafe {
        CreateWindowExW(
            WINDOW_EX_STYLE(0),
            CLASS,
            title,
            style | WS_CLIPCHILDREN | WS_CLIPSIBLINGS,
            x,
            y,
            width,
            height,
            None,
            None,
            Some(module.into()),
            Some(slot.cast()),
        )
    }
    .map_err(failed("CreateWindowExW"))
}

/// A new one, not shown yet.
pub(super) fn new(title: &str, content: &Rc<Content>) -> Result<HWND, WindowError> {
    let window = make(&HSTRING::from(title), WS_OVERLAPPEDWINDOW, [CW_USEDEFAULT; 4], content)?;
    choose_size(window);
    Ok(window)
}

/// One with the title, style, place and size of another, not shown.
pub(super) fn twin(window: HWND, content: &Rc<Content>) -> Result<HWND, WindowError> {
    let (mut title, mut place) = ([0_u16; TITLE], RECT::default());
    // SAFETY: ours; writes into the live values, and no more than there is room for.
    let (length, style) = unsafe {
        GetWindowRect(window, &raw mut place).map_err(failed("GetWindowRect"))?;
        (GetWindowTextW(window, &mut title), GetWindowLongPtrW(window, GWL_STYLE))
    };
    let title = HSTRING::from_wide(title.get(..length.max(0) as usize).unwrap_or_default());
    let style = WINDOW_STYLE(style as u32 & !(WS_VISIBLE | WS_MAXIMIZE | WS_MINIMIZE).0);
    let size = [place.left, place.top, place.right - place.left, place.bottom - place.top];
    make(&title, style, size, content)
}

/// Shows a twin where the other is, with the keyboard if that has it.
pub(super) fn take_place(window: HWND, of: HWND) {
    // SAFETY: takes nothing.
    let front = unsafe { GetForegroundWindow() } == of;
    if let Some(mut place) = placement(of) {
        place.showCmd = match place.showCmd {
            min if min == SW_SHOWMINIMIZED.0 as u32 => SW_SHOWMINNOACTIVE.0 as u32,
            max if max == SW_SHOWMAXIMIZED.0 as u32 => max,
            _ => SW_SHOWNOACTIVATE.0 as u32,
        };
        // SAFETY: ours; reads the live place.
        let _ = unsafe { SetWindowPlacement(window, &raw const place) };
    }
    let flags = SWP_NOMOVE | SWP_NOSIZE | SWP_NOACTIVATE;
    // SAFETY: both are ours.
    unsafe {
        let _ = SetWindowPos(window, Some(of), 0, 0, 0, 0, flags);
        if front {
            let _ = SetForegroundWindow(window);
        }
    }
}

/// Four fifths of the monitor, in its middle.
fn choose_size(window: HWND) {
    let Some(work) = monitor(window).map(|info| info.rcWork) else { return };
    let (wide, high) = (work.right - work.left, work.bottom - work.top);
    let (width, height) = (wide * 4 / 5, high * 4 / 5);
    let (x, y) = (work.left + (wide - width) / 2, work.top + (high - height) / 2);
    let flags = SWP_NOZORDER | SWP_NOACTIVATE;
    // SAFETY: ours.
    let _ = unsafe { SetWindowPos(window, None, x, y, width, height, flags) };
}

fn monitor(window: HWND) -> Option<MONITORINFO> {
    let mut info =
        MONITORINFO { cbSize: size_of::<MONITORINFO>() as u32, ..MONITORINFO::default() };
    // SAFETY: the size says how much there is to write into.
    let read = unsafe {
        let monitor = MonitorFromWindow(window, MONITOR_DEFAULTTONEAREST);
        GetMonitorInfoW(monitor, &raw mut info)
    };
    read.as_bool().then_some(info)
}

fn placement(window: HWND) -> Option<WINDOWPLACEMENT> {
    let length = size_of::<WINDOWPLACEMENT>() as u32;
    let mut place = WINDOWPLACEMENT { length, ..WINDOWPLACEMENT::default() };
    // SAFETY: ours; writes into the live place.
    unsafe { GetWindowPlacement(window, &raw mut place) }.ok().map(|()| place)
}

/// Style and place to go back to.
pub(super) struct Before(isize, WINDOWPLACEMENT);

/// Fills its monitor, without a frame.
pub(super) fn fill_monitor(window: HWND) -> Option<Before> {
    let monitor = monitor(window)?.rcMonitor;
    let place = placement(window)?;
    let style = (WS_POPUP | WS_VISIBLE | WS_CLIPCHILDREN | WS_CLIPSIBLINGS).0 as isize;
    let flags = SWP_NOOWNERZORDER | SWP_FRAMECHANGED;
    // SAFETY: ours.
    unsafe {
        let before = GetWindowLongPtrW(window, GWL_STYLE);
        SetWindowLongPtrW(window, GWL_STYLE, style);
        let _ = SetWindowPos(
            window,
            Some(HWND_TOP),
            monitor.left,
            monitor.top,
            monitor.right - monitor.left,
            monitor.bottom - monitor.top,
            flags,
        );
        Some(Before(before, place))
    }
}

pub(super) fn go_back(window: HWND, Before(style, place): &Before) {
    let flags = SWP_NOMOVE | SWP_NOSIZE | SWP_NOZORDER | SWP_NOOWNERZORDER | SWP_FRAMECHANGED;
    // SAFETY: ours; reads the live place.
    unsafe {
        SetWindowLongPtrW(window, GWL_STYLE, *style);
        let _ = SetWindowPlacement(window, &raw const *place);
        let _ = SetWindowPos(window, None, 0, 0, 0, 0, flags);
    }
}
