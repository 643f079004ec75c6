//! A window of Win32, and what happens to it.

use std::rc::Rc;
use std::sync::Arc;

use gc_platform::PromptError;
use windows::Win32::Foundation::{
    ERROR_CLASS_ALREADY_EXISTS, GetLastError, HWND, LPARAM, LRESULT, POINT, RECT, SetLastError,
    WIN32_ERROR, WPARAM,
};
use windows::Win32::Graphics::Dwm::{DWMWINDOWATTRIBUTE, DwmSetWindowAttribute};
use windows::Win32::Graphics::Gdi::ScreenToClient;
use windows::Win32::System::LibraryLoader::GetModuleHandleW;
use windows::Win32::UI::Input::KeyboardAndMouse::{TME_LEAVE, TRACKMOUSEEVENT, TrackMouseEvent};
use windows::Win32::UI::WindowsAndMessaging::{
    CREATESTRUCTW, CreateWindowExW, DefWindowProcW, DestroyWindow, EndMenu, GW_HWNDPREV,
    GWL_EXSTYLE, GWLP_USERDATA, GetClassNameW, GetClientRect, GetWindow, GetWindowLongPtrW,
    GetWindowRect, HWND_TOPMOST, IDC_ARROW, IsIconic, IsWindowVisible, LoadCursorW, MSG,
    RegisterClassExW, SW_RESTORE, SW_SHOWNOACTIVATE, SWP_NOACTIVATE, SWP_NOMOVE, SWP_NOSIZE,
    SWP_NOZORDER, SetWindowLongPtrW, SetWindowPos, ShowWindow, WINDOW_EX_STYLE, WINDOW_STYLE,
    WM_NCCREATE, WM_NCDESTROY, WNDCLASSEXW, WS_EX_TRANSPARENT,
};
use windows::core::{BOOL, HSTRING, PCWSTR};

use super::thread::{Gate, WM_SHUT};

/// What the names of our classes begin with.
const OURS: &str = "GuruConnect";

/// A window of this thread. Calls on one that is gone do nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window(pub(super) HWND);

/// What is in a window. Methods take `&self`: most calls of Win32 come back to it with
/// another message before they return, so nothing may be borrowed during one.
pub(super) trait Content {
    /// Answers a message; `None` leaves it to the system.
    fn message(
        &self,
        window: Window,
        message: u32,
        wparam: WPARAM,
        lparam: LPARAM,
    ) -> Option<LRESULT>;

    /// Looks at a message for the window or one of its controls before it is sent there;
    /// whether that is all that happens to it.
    fn input(&self, _window: Window, _message: &MSG) -> bool {
        false
    }
}

/// What a window is to be.
pub(super) struct Shape<'a> {
    pub(super) class: &'a str,
    pub(super) title: &'a str,
    pub(super) style: WINDOW_STYLE,
    pub(super) extended: WINDOW_EX_STYLE,
    /// Upper left corner, which says on which monitor it is; it has no size yet.
    pub(super) at: (i32, i32),
}

/// What user data points to.
struct Slot {
    content: Rc<dyn Content>,
    gate: Arc<Gate>,
}

/// Makes an error of a call into one for the caller.
pub(super) fn failed(what: &'static str) -> impl Fn(windows::core::Error) -> PromptError {
    move |error| PromptError(format!("{what} cannot be made: {error}"))
}

impl Window {
    /// Makes a window that is not shown yet.
    pub(super) fn create(
        shape: &Shape<'_>,
        content: Rc<dyn Content>,
        gate: &Arc<Gate>,
    ) -> Result<Self, PromptError> {
        let class = HSTRING::from(shape.class);
        // SAFETY: the description lives through the call, and the procedure is one.
        unsafe {
            let description = WNDCLASSEXW {
                cbSize: size_of::<WNDCLASSEXW>() as u32,
                lpfnWndProc: Some(procedure),
                hInstance: GetModuleHandleW(None).map_err(failed("a window"))?.into(),
                hCursor: LoadCursorW(None, IDC_ARROW).map_err(failed("a window"))?,
                lpszClassName: PCWSTR(class.as_ptr()),
                ..WNDCLASSEXW::default()
            };
            // A window before this one has done it.
            if RegisterClassExW(&raw const description) == 0
                && GetLastError() != ERROR_CLASS_ALREADY_EXISTS
            {
                return Err(failed("a kind of window")(windows::core::Error::from_thread()));
            }
        }
        let slot = Box::into_raw(Box::new(Slot { content, gate: Arc::clone(gate) }));
        // SAFETY: the class is there; the slot is taken over by the window, which frees it
        // with WM_NCDESTROY. That comes also when making it fails after WM_NCCREATE.
        let made = unsafe {
            CreateWindowExW(
                shape.extended,
                &class,
                &HSTRING::from(shape.title),
                shape.style,
                shape.at.0,
                shape.at.1,
                0,
                0,
                None,
                None,
                None,
                Some(slot.cast_const().cast()),
            )
        };
        made.map(Self).map_err(failed("a window"))
    }

    /// Takes the window away.
    pub(super) fn destroy(self) {
        // Fails when it is gone.
        // SAFETY: a window of this thread, or a number that is none.
        let _ = unsafe { DestroyWindow(self.0) };
    }

    /// Shows it without taking the keyboard, and on top again after "show desktop".
    pub(super) fn show_quietly(self) {
        // SAFETY: ours.
        unsafe {
            let how = if IsIconic(self.0).as_bool() { SW_RESTORE } else { SW_SHOWNOACTIVATE };
            let _ = ShowWindow(self.0, how);
        }
    }

    pub(super) fn is_visible(self) -> bool {
        // SAFETY: ours.
        unsafe { IsWindowVisible(self.0).as_bool() && !IsIconic(self.0).as_bool() }
    }

    /// Moves it to a place, with so large an inside.
    pub(super) fn place(self, at: (i32, i32), inside: (i32, i32)) {
        let flags = SWP_NOZORDER | SWP_NOACTIVATE;
        // SAFETY: ours.
        unsafe {
            let _ = SetWindowPos(self.0, None, at.0, at.1, inside.0, inside.1, flags);
            let (frame_x, frame_y) = self.frame();
            if (frame_x, frame_y) != (0, 0) {
                let (width, height) = (inside.0 + frame_x, inside.1 + frame_y);
                let _ = SetWindowPos(self.0, None, at.0, at.1, width, height, flags);
            }
        }
    }

    /// How much larger the window is than its inside.
    pub(super) fn frame(self) -> (i32, i32) {
        let (outside, mut inside) = (self.rect(), RECT::default());
        // SAFETY: writes into the live value.
        let _ = unsafe { GetClientRect(self.0, &raw mut inside) };
        (
            outside.right - outside.left - (inside.right - inside.left),
            outside.bottom - outside.top - (inside.bottom - inside.top),
        )
    }

    /// Where it is on the screen.
    pub(super) fn rect(self) -> RECT {
        let mut rect = RECT::default();
        // SAFETY: writes into the live value.
        let _ = unsafe { GetWindowRect(self.0, &raw mut rect) };
        rect
    }

    /// Moves it without any other change.
    pub(super) fn move_to(self, x: i32, y: i32) {
        let flags = SWP_NOZORDER | SWP_NOACTIVATE | SWP_NOSIZE;
        // SAFETY: ours.
        let _ = unsafe { SetWindowPos(self.0, None, x, y, 0, 0, flags) };
    }

    /// Whether a window that can be seen lies on it.
    fn is_covered(self) -> bool {
        let own = self.rect();
        let mut above = self.0;
        // Windows come and go meanwhile: no more than so many are looked at.
        for _ in 0..1000 {
            // SAFETY: ours at first; another may be gone, which ends the row.
            above = match unsafe { GetWindow(above, GW_HWNDPREV) } {
                Ok(above) if !above.is_invalid() => above,
                _ => return false,
            };
            let rect = Self(above).rect();
            let apart = rect.right <= own.left
                || rect.left >= own.right
                || rect.bottom <= own.top
                || rect.top >= own.bottom;
            // SAFETY: takes a number.
            let see_through = unsafe { GetWindowLongPtrW(above, GWL_EXSTYLE) }
                & WS_EX_TRANSPARENT.0 as isize
                != 0;
            if !apart && !see_through && Self(above).is_visible() && !Self(above).is_ours() {
                return true;
            }
        }
        false
    }

    /// Whether it is one of these windows: they must not fight each other for the top.
    fn is_ours(self) -> bool {
        let mut units = [0_u16; 64];
        // SAFETY: the system writes no more units than there is room for.
        let length = unsafe { GetClassNameW(self.0, &mut units) };
        let name = String::from_utf16_lossy(&units[..usize::try_from(length).unwrap_or(0)]);
        name.starts_with(OURS)
    }

    /// On top again, where something has come over it.
    pub(super) fn raise_if_covered(self) {
        if self.is_covered() {
            let flags = SWP_NOMOVE | SWP_NOSIZE | SWP_NOACTIVATE;
            // SAFETY: ours.
            let _ = unsafe { SetWindowPos(self.0, Some(HWND_TOPMOST), 0, 0, 0, 0, flags) };
        }
    }

    /// A title bar in the colours of the night (Windows 10 1809; before that it stays
    /// light, which the call refuses).
    pub(super) fn dark_title(self, dark: bool) {
        /// `DWMWA_USE_IMMERSIVE_DARK_MODE`, and its number before Windows 10 20H1.
        const ATTRIBUTES: [i32; 2] = [20, 19];
        let dark = BOOL::from(dark);
        for attribute in ATTRIBUTES {
            // SAFETY: reads the live value.
            let set = unsafe {
                DwmSetWindowAttribute(
                    self.0,
                    DWMWINDOWATTRIBUTE(attribute),
                    (&raw const dark).cast(),
                    size_of::<BOOL>() as u32,
                )
            };
            if set.is_ok() {
                return;
            }
        }
    }

    /// Where the pointer was at a message, inside the window.
    pub(super) fn pointer(self, message: &MSG) -> (f32, f32) {
        let mut at: POINT = message.pt;
        // SAFETY: writes into the live point.
        let _ = unsafe { ScreenToClient(self.0, &raw mut at) };
        (at.x as f32, at.y as f32)
    }

    /// Has `WM_MOUSELEAVE` sent when the pointer leaves the window of a message.
    pub(super) fn tell_when_left(message: &MSG) {
        let mut track = TRACKMOUSEEVENT {
            cbSize: size_of::<TRACKMOUSEEVENT>() as u32,
            dwFlags: TME_LEAVE,
            hwndTrack: message.hwnd,
            dwHoverTime: 0,
        };
        // Without it a button stays lit.
        // SAFETY: reads the live value.
        let _ = unsafe { TrackMouseEvent(&raw mut track) };
    }
}

extern "system" fn procedure(
    window: HWND,
    message: u32,
    wparam: WPARAM,
    lparam: LPARAM,
) -> LRESULT {
    // SAFETY: user data is null or a slot, which WM_NCDESTROY frees as the last message.
    unsafe {
        if message == WM_NCCREATE {
            let create = lparam.0 as *const CREATESTRUCTW;
            SetLastError(WIN32_ERROR(0));
            SetWindowLongPtrW(window, GWLP_USERDATA, (*create).lpCreateParams as isize);
        }
        let slot = GetWindowLongPtrW(window, GWLP_USERDATA) as *mut Slot;
        if slot.is_null() {
            return DefWindowProcW(window, message, wparam, lparam);
        }
        match message {
            WM_SHUT => {
                // A menu of the window would go on without it.
                let _ = EndMenu();
                let _ = DestroyWindow(window);
                return LRESULT(0);
            }
            WM_NCDESTROY => {
                SetWindowLongPtrW(window, GWLP_USERDATA, 0);
                let slot = Box::from_raw(slot);
                slot.gate.close();
                return DefWindowProcW(window, message, wparam, lparam);
            }
            _ => {}
        }
        // Kept through the call: it may destroy the window, and the slot with it.
        let content = Rc::clone(&(*slot).content);
        content
            .message(Window(window), message, wparam, lparam)
            .unwrap_or_else(|| DefWindowProcW(window, message, wparam, lparam))
    }
}
