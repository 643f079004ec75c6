//! A connection notice as a window: on top, without the keyboard, and gone by itself.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use gc_panel::{NoticeView, words};
use gc_platform::{ConnectionNotice, NoticeOverlay, NoticePosition, PromptError, PromptHandle};
use gc_types::Clock;
use windows::Win32::Foundation::{COLORREF, LPARAM, LRESULT, POINT, RECT, SIZE, WPARAM};
use windows::Win32::Graphics::Gdi::{
    AC_SRC_ALPHA, AC_SRC_OVER, BLENDFUNCTION, CreateCompatibleDC, DeleteDC, DeleteObject, HGDIOBJ,
    SelectObject,
};
use windows::Win32::UI::Accessibility::NotifyWinEvent;
use windows::Win32::UI::Controls::WM_MOUSELEAVE;
use windows::Win32::UI::WindowsAndMessaging::{
    CHILDID_SELF, EVENT_SYSTEM_ALERT, MA_NOACTIVATE, MSG, OBJID_WINDOW, SetTimer, SetWindowTextW,
    ULW_ALPHA, UpdateLayeredWindow, WM_CLOSE, WM_DISPLAYCHANGE, WM_DPICHANGED, WM_LBUTTONUP,
    WM_MOUSEACTIVATE, WM_MOUSEMOVE, WM_TIMER, WS_EX_LAYERED, WS_EX_NOACTIVATE, WS_EX_TOOLWINDOW,
    WS_EX_TOPMOST, WS_EX_TRANSPARENT, WS_POPUP,
};
use windows::core::HSTRING;

use super::look::{Place, extent, scale};
use super::text::{GdiFace, dib_section};
use super::thread::{Gate, Made, WM_WAKE, WindowThread, open};
use super::window::{Content, Shape, Window, failed};

const CLASS: &str = "GuruConnectNotice";
const TIMER: usize = 1;
/// From the edges of the desktop.
const MARGIN: f32 = 24.0;
/// Waits are cut into pieces of this, so that a clock that was set is noticed.
const LONGEST_WAIT_MS: u128 = 1000;

/// Shows notices on the main monitor.
pub struct WindowsNotice {
    clock: Arc<dyn Clock>,
}

impl WindowsNotice {
    /// Each notice gets a thread of its own.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

struct ShownNotice {
    _thread: WindowThread,
}

impl PromptHandle for ShownNotice {}

impl NoticeOverlay for WindowsNotice {
    fn show(&self, notice: ConnectionNotice) -> Result<Box<dyn PromptHandle>, PromptError> {
        let clock = Arc::clone(&self.clock);
        let thread = open("notice", move |gate| Notice::make(notice, clock, gate))?;
        Ok(Box::new(ShownNotice { _thread: thread }))
    }
}

struct Notice {
    shown: ConnectionNotice,
    clock: Arc<dyn Clock>,
    deadline: Duration,
    view: RefCell<NoticeView<GdiFace>>,
}

fn view(notice: &ConnectionNotice, scale: f32) -> Result<NoticeView<GdiFace>, PromptError> {
    let (width, _) = extent(Place::main()?.work);
    let room = (width - 2 * (MARGIN * scale) as i32).max(200) as u32;
    NoticeView::new(&notice.text, notice.dismissible, scale, room, GdiFace::new()?)
        .ok_or_else(|| PromptError("no room for a notice".to_owned()))
}

/// The upper left corner of a picture at a position of the desktop.
fn corner(position: NoticePosition, work: RECT, size: (i32, i32), margin: i32) -> (i32, i32) {
    let (left, top) = (work.left + margin, work.top + margin);
    let (right, bottom) = (work.right - margin - size.0, work.bottom - margin - size.1);
    let (x, y) = match position {
        NoticePosition::TopLeft => (left, top),
        NoticePosition::TopRight => (right, top),
        NoticePosition::BottomLeft => (left, bottom),
        NoticePosition::BottomRight => (right, bottom),
        NoticePosition::Center => {
            let (width, height) = extent(work);
            (work.left + (width - size.0) / 2, work.top + (height - size.1) / 2)
        }
    };
    (x.max(work.left), y.max(work.top))
}

impl Notice {
    fn make(
        notice: ConnectionNotice,
        clock: Arc<dyn Clock>,
        gate: &Arc<Gate>,
    ) -> Result<Made, PromptError> {
        let work = Place::main()?.work;
        let mut extended = WS_EX_LAYERED | WS_EX_TOPMOST | WS_EX_NOACTIVATE | WS_EX_TOOLWINDOW;
        if !notice.dismissible {
            // With layers: clicks go to what lies below.
            extended |= WS_EX_TRANSPARENT;
        }
        let content = Rc::new(Self {
            view: RefCell::new(view(&notice, 1.0)?),
            deadline: clock.monotonic() + notice.duration,
            clock,
            shown: notice,
        });
        let window = Window::create(
            &Shape {
                class: CLASS,
                title: words::NOTICE_TITLE,
                style: WS_POPUP,
                extended,
                at: (work.left, work.top),
            },
            content.clone(),
            gate,
        )?;
        content.lay_out(window)?;
        content.tick(window);
        window.show_quietly();
        let said = HSTRING::from(format!("{}: {}", words::NOTICE_TITLE, content.shown.text));
        // A screen reader says it, though it never has the keyboard.
        // SAFETY: the window is ours; the text ends with a zero.
        unsafe {
            let _ = SetWindowTextW(window.0, &said);
            NotifyWinEvent(EVENT_SYSTEM_ALERT, window.0, OBJID_WINDOW.0, CHILDID_SELF as i32);
        }
        Ok(Made { window, content, end: Box::new(|_| {}) })
    }

    /// Everything anew at the scale of the moment.
    fn lay_out(&self, window: Window) -> Result<(), PromptError> {
        *self.view.borrow_mut() = view(&self.shown, scale(window.0))?;
        self.present(window)
    }

    fn present(&self, window: Window) -> Result<(), PromptError> {
        let (size, pixels) = {
            let mut view = self.view.borrow_mut();
            view.draw();
            ((view.canvas.width() as i32, view.canvas.height() as i32), view.canvas.bgra())
        };
        let margin = (MARGIN * scale(window.0)) as i32;
        let at = corner(self.shown.position, Place::main()?.work, size, margin);
        let (bitmap, into) = dib_section(size.0, size.1)
            .ok_or_else(|| PromptError("no memory for a notice".to_owned()))?;
        let blend = BLENDFUNCTION {
            BlendOp: AC_SRC_OVER as u8,
            BlendFlags: 0,
            SourceConstantAlpha: 255,
            AlphaFormat: AC_SRC_ALPHA as u8,
        };
        let (place, extent) = (POINT { x: at.0, y: at.1 }, SIZE { cx: size.0, cy: size.1 });
        let origin = POINT::default();
        // SAFETY: the bitmap has as many bytes as the pixels; both live through the call,
        // and go once, the context first.
        let shown = unsafe {
            std::ptr::copy_nonoverlapping(pixels.as_ptr(), into, pixels.len());
            let dc = CreateCompatibleDC(None);
            let before = SelectObject(dc, HGDIOBJ(bitmap.0));
            let shown = UpdateLayeredWindow(
                window.0,
                None,
                Some(&raw const place),
                Some(&raw const extent),
                Some(dc),
                Some(&raw const origin),
                COLORREF(0),
                Some(&raw const blend),
                ULW_ALPHA,
            );
            SelectObject(dc, before);
            let _ = DeleteDC(dc);
            let _ = DeleteObject(HGDIOBJ(bitmap.0));
            shown
        };
        shown.map_err(failed("a notice"))
    }

    fn tick(&self, window: Window) {
        let now = self.clock.monotonic();
        if now >= self.deadline {
            return window.destroy();
        }
        window.raise_if_covered();
        let left = self.deadline.saturating_sub(now).as_millis().min(LONGEST_WAIT_MS) as u32 + 1;
        // SAFETY: the window is ours; an earlier timer of this number is replaced.
        unsafe { SetTimer(Some(window.0), TIMER, left, None) };
    }

    fn hover(&self, window: Window, on: bool) {
        let changed = {
            let mut view = self.view.borrow_mut();
            std::mem::replace(&mut view.hover, on) != on
        };
        if changed {
            // The old picture stays, and the notice with it.
            let _ = self.present(window);
        }
    }
}

impl Content for Notice {
    fn input(&self, window: Window, message: &MSG) -> bool {
        match message.message {
            WM_MOUSEMOVE => {
                Window::tell_when_left(message);
                let (x, y) = window.pointer(message);
                let on = self.view.borrow().close.is_some_and(|close| close.contains(x, y));
                self.hover(window, on);
            }
            WM_MOUSELEAVE => self.hover(window, false),
            WM_LBUTTONUP if self.shown.dismissible => window.destroy(),
            _ => return false,
        }
        true
    }

    fn message(
        &self,
        window: Window,
        message: u32,
        _wparam: WPARAM,
        _lparam: LPARAM,
    ) -> Option<LRESULT> {
        match message {
            WM_TIMER | WM_WAKE => self.tick(window),
            WM_MOUSEACTIVATE => return Some(LRESULT(MA_NOACTIVATE as isize)),
            WM_CLOSE => window.destroy(),
            WM_DPICHANGED | WM_DISPLAYCHANGE => {
                // Without a monitor the old picture stays until its time is over.
                let _ = self.lay_out(window);
            }
            _ => return None,
        }
        Some(LRESULT(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_inside_of_the_desktop() {
        let work = RECT { left: -1280, top: 0, right: 0, bottom: 760 };
        let at = |position| corner(position, work, (300, 100), 20);
        assert_eq!(at(NoticePosition::TopLeft), (-1260, 20));
        assert_eq!(at(NoticePosition::TopRight), (-320, 20));
        assert_eq!(at(NoticePosition::BottomLeft), (-1260, 640));
        assert_eq!(at(NoticePosition::BottomRight), (-320, 640));
        assert_eq!(at(NoticePosition::Center), (-790, 330));
        let large = corner(NoticePosition::BottomRight, work, (3000, 1000), 20);
        assert_eq!(large, (-1280, 0));
    }
}
