//! What the window's procedure works on, and what it makes of messages.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use gc_platform::{
    DragEnd, PixelRect, PixelSize, PointerButton, StorePath, WindowError, WindowEvent, WindowKey,
};
use windows::Win32::Foundation::{HWND, LPARAM, LRESULT, RECT, SetLastError, WIN32_ERROR, WPARAM};
use windows::Win32::Graphics::Gdi::{BeginPaint, EndPaint, PAINTSTRUCT};
use windows::Win32::UI::Controls::WM_MOUSELEAVE;
use windows::Win32::UI::Input::KeyboardAndMouse::{
    ReleaseCapture, SetCapture, TME_LEAVE, TRACKMOUSEEVENT, TrackMouseEvent, VIRTUAL_KEY,
    VK_CAPITAL, VK_ESCAPE, VK_F4, VK_NUMLOCK, VK_SCROLL, VK_SNAPSHOT, VK_SPACE,
};
use windows::Win32::UI::WindowsAndMessaging::{
    CREATESTRUCTW, DefWindowProcW, GWLP_USERDATA, GetClientRect, GetMessageTime, GetWindowLongPtrW,
    HCURSOR, HTCLIENT, MSG, PM_NOREMOVE, PeekMessageW, SIZE_MINIMIZED, SWP_NOACTIVATE,
    SWP_NOZORDER, SetCursor, SetWindowLongPtrW, SetWindowPos, WM_APP, WM_CLOSE, WM_DPICHANGED,
    WM_ERASEBKGND, WM_KEYDOWN, WM_KEYUP, WM_KILLFOCUS, WM_LBUTTONDOWN, WM_LBUTTONUP,
    WM_MBUTTONDOWN, WM_MBUTTONUP, WM_MOUSEHWHEEL, WM_MOUSEMOVE, WM_MOUSEWHEEL, WM_NCCREATE,
    WM_NCDESTROY, WM_PAINT, WM_RBUTTONDOWN, WM_RBUTTONUP, WM_SETCURSOR, WM_SETFOCUS, WM_SIZE,
    WM_SYSKEYDOWN, WM_SYSKEYUP, WM_XBUTTONDOWN, WM_XBUTTONUP,
};

use super::drag_out::DragOut;
use super::hook::{WM_HOOKED, unpacked};
use super::keys::{HookedKey, wire_key};
use super::surface::Surface;
use super::text::Typist;

/// Another thread has something for the viewer.
pub(super) const WM_WAKE: u32 = WM_APP + 1;
/// What was dragged out of the window is somewhere, or nowhere: which [`DragEnd`] in `wparam`.
pub(super) const WM_DRAGGED: u32 = WM_APP + 4;
const ENDS: [DragEnd; 3] = [DragEnd::Taken, DragEnd::Refused, DragEnd::Cancelled];
/// Of a message's `lparam`.
const REPEATED: isize = 1 << 30;
const EXTENDED: isize = 1 << 24;
/// Side buttons in the upper half of a message's `wparam`.
const SECOND: usize = 2;

/// Calls of Win32 come back to it, so nothing stays borrowed during one.
pub(super) struct Content {
    events: RefCell<Vec<WindowEvent>>,
    pub(super) surface: RefCell<Surface>,
    /// The graphics card draws all of the inside.
    by_card: Cell<bool>,
    uncovered: Cell<bool>,
    pub(super) cursor: Cell<HCURSOR>,
    focused: Cell<bool>,
    pub(super) hooked: Cell<bool>,
    typist: RefCell<Typist>,
    pub(super) text_wanted: Cell<bool>,
    /// Keys that are down, to tell held ones.
    down: RefCell<BTreeSet<(u8, bool)>>,
    buttons: Cell<u32>,
    pub(super) tracking: Cell<bool>,
    pub(super) takes_files: Cell<bool>,
    /// Files are being dragged over it.
    files_over: Cell<bool>,
    /// Its own files are being dragged out of it.
    pub(super) drags: RefCell<Option<DragOut>>,
}

/// How [`WM_DRAGGED`] says it.
pub(super) fn number_of(end: DragEnd) -> usize {
    ENDS.iter().position(|one| *one == end).unwrap_or(ENDS.len())
}

impl Content {
    /// With a picture of one pixel, until the window has a size.
    pub(super) fn new(arrow: HCURSOR) -> Result<Self, WindowError> {
        Ok(Self {
            events: RefCell::default(),
            surface: RefCell::new(Surface::new(PixelSize { width: 1, height: 1 })?),
            by_card: Cell::new(false),
            uncovered: Cell::new(false),
            cursor: Cell::new(arrow),
            focused: Cell::new(false),
            hooked: Cell::new(false),
            typist: RefCell::default(),
            text_wanted: Cell::new(false),
            down: RefCell::default(),
            buttons: Cell::new(0),
            tracking: Cell::new(false),
            takes_files: Cell::new(false),
            files_over: Cell::new(false),
            drags: RefCell::default(),
        })
    }

    /// Nothing is to be told.
    pub(super) fn is_quiet(&self) -> bool {
        self.events.borrow().is_empty()
    }

    /// Hands over what is to be told.
    pub(super) fn give(&self, events: &mut Vec<WindowEvent>) {
        events.append(&mut self.events.borrow_mut());
    }

    /// Its own files are being dragged out of it.
    pub(super) fn is_dragging(&self) -> bool {
        self.drags.borrow().is_some()
    }

    pub(super) fn set_drawn_by_card(&self, on: bool) {
        self.by_card.set(on);
    }

    /// Whether a part was uncovered that the card is to draw, once.
    pub(super) fn was_uncovered(&self) -> bool {
        self.uncovered.take()
    }

    /// Whether what is over it may be dropped.
    pub(super) fn takes_dropped(&self) -> bool {
        self.takes_files.get() && self.files_over.get() && !self.is_dragging()
    }

    pub(super) fn set_over(&self, files: bool) {
        self.files_over.set(files);
    }

    pub(super) fn dropped(&self, files: Vec<StorePath>, x: i32, y: i32) {
        self.tell(WindowEvent::Dropped { files, x, y });
    }

    /// Button and keys are somebody else's now.
    pub(super) fn let_go(&self) {
        self.buttons.set(0);
        self.down.borrow_mut().clear();
        // SAFETY: takes nothing. Without capture there is nothing to let go of.
        let _ = unsafe { ReleaseCapture() };
    }

    pub(super) fn tell(&self, event: WindowEvent) {
        use WindowEvent::{Key, PointerButton, PointerMoved, Wheel};
        let input =
            matches!(event, Key(_) | PointerButton { .. } | PointerMoved { .. } | Wheel { .. });
        if input && self.is_dragging() {
            return;
        }
        let mut events = self.events.borrow_mut();
        match (events.last_mut(), &event) {
            (Some(last @ WindowEvent::PointerMoved { .. }), WindowEvent::PointerMoved { .. }) => {
                *last = event;
            }
            _ => events.push(event),
        }
    }

    fn resized(&self, window: HWND) {
        let mut inside = RECT::default();
        // SAFETY: writes into the live value.
        if unsafe { GetClientRect(window, &raw mut inside) }.is_err() {
            return;
        }
        let size =
            PixelSize { width: inside.right.max(1) as u32, height: inside.bottom.max(1) as u32 };
        if self.surface.borrow().size() == size {
            return;
        }
        match Surface::new(size) {
            Ok(surface) => {
                *self.surface.borrow_mut() = surface;
                self.tell(WindowEvent::Resized);
            }
            Err(error) => tracing::warn!(%error, "the picture keeps its size"),
        }
    }

    fn paint(&self, window: HWND) {
        let mut paint = PAINTSTRUCT::default();
        // SAFETY: the window is ours; begun and ended once.
        unsafe {
            let dc = BeginPaint(window, &raw mut paint);
            let surface = self.surface.borrow();
            let (size, rect) = (surface.size(), paint.rcPaint);
            let left = (rect.left.max(0) as u32).min(size.width);
            let top = (rect.top.max(0) as u32).min(size.height);
            let area = PixelRect {
                x: left,
                y: top,
                width: (rect.right.max(0) as u32).min(size.width) - left,
                height: (rect.bottom.max(0) as u32).min(size.height) - top,
            };
            if self.by_card.get() {
                self.uncovered.set(true);
            } else {
                surface.copy(dc, area);
            }
            let _ = EndPaint(window, &raw const paint);
        }
    }

    fn focus(&self, on: bool) {
        if self.focused.replace(on) != on {
            self.down.borrow_mut().clear();
            self.typist.borrow_mut().forget();
            self.tell(WindowEvent::Focus(on));
        }
    }

    /// A key of a message or of the hook.
    fn key(&self, virtual_key: u32, key: HookedKey) {
        let wanted = self.text_wanted.get();
        let HookedKey { scan, extended, down } = key;
        let Some((scan_code, prefix)) = wire_key(scan, extended) else { return };
        let text = self.typist.borrow_mut().key(virtual_key, scan, extended, down, wanted);
        let repeat = {
            let mut held = self.down.borrow_mut();
            if down {
                !held.insert((scan_code, prefix))
            } else if held.remove(&(scan_code, prefix)) {
                false
            } else if virtual_key == u32::from(VK_SNAPSHOT.0) {
                // Windows tells of its release only.
                drop(held);
                self.key(virtual_key, HookedKey { down: true, ..key });
                self.down.borrow_mut().remove(&(scan_code, prefix));
                false
            } else {
                // Its press went elsewhere.
                return;
            }
        };
        let (extended, text) = (prefix, text.filter(|_| down));
        self.tell(WindowEvent::Key(WindowKey { scan_code, extended, down, repeat, text }));
    }

    /// A key that no hook took. `None` leaves it to the system.
    fn key_message(&self, message: u32, wparam: WPARAM, lparam: LPARAM) -> Option<LRESULT> {
        let virtual_key = wparam.0 as u32;
        let is = |key: VIRTUAL_KEY| virtual_key == u32::from(key.0);
        if let Some(drag) = self.drags.borrow().as_ref() {
            // Keys are for the drag.
            if is(VK_ESCAPE) && message == WM_KEYDOWN {
                drag.give_up();
            }
            return Some(LRESULT(0));
        }
        let hooked = self.hooked.get();
        if message == WM_SYSKEYDOWN && !hooked && (is(VK_F4) || is(VK_SPACE)) {
            return None;
        }
        // The hook has told of these already, and let them pass for their lights.
        if hooked && (is(VK_CAPITAL) || is(VK_NUMLOCK) || is(VK_SCROLL)) {
            if matches!(message, WM_KEYUP | WM_SYSKEYUP) {
                self.key(virtual_key, told(message, lparam));
            }
            return Some(LRESULT(0));
        }
        if lparam.0 & EXTENDED == 0
            && matches!(message, WM_KEYDOWN | WM_SYSKEYDOWN)
            && (lparam.0 >> 16) & 0xFF == 0x1D
            && alt_gr_follows()
        {
            return Some(LRESULT(0));
        }
        self.key(virtual_key, told(message, lparam));
        Some(LRESULT(0))
    }

    fn button(&self, window: HWND, button: PointerButton, down: bool, lparam: LPARAM) {
        let bit = 1 << button as u32;
        let before = self.buttons.get();
        let after = if down { before | bit } else { before & !bit };
        self.buttons.set(after);
        // The pointer is followed outside for as long as a button is down.
        // SAFETY: ours.
        unsafe {
            if before == 0 && after != 0 {
                SetCapture(window);
            } else if before != 0 && after == 0 {
                let _ = ReleaseCapture();
            }
        }
        let (x, y) = place(lparam);
        self.tell(WindowEvent::PointerButton { button, down, x, y });
    }

    fn moved(&self, window: HWND, lparam: LPARAM) {
        if !self.tracking.replace(true) {
            let mut track = TRACKMOUSEEVENT {
                cbSize: size_of::<TRACKMOUSEEVENT>() as u32,
                dwFlags: TME_LEAVE,
                hwndTrack: window,
                dwHoverTime: 0,
            };
            // Without it a button stays lit.
            // SAFETY: reads the live value.
            let _ = unsafe { TrackMouseEvent(&raw mut track) };
        }
        let (x, y) = place(lparam);
        self.tell(WindowEvent::PointerMoved { x, y });
    }

    fn message(
        &self,
        window: HWND,
        message: u32,
        wparam: WPARAM,
        lparam: LPARAM,
    ) -> Option<LRESULT> {
        use PointerButton::{Back, Forward, Left, Middle, Right};
        let high = (wparam.0 >> 16) & 0xFFFF;
        let side = if high == SECOND { Forward } else { Back };
        match message {
            WM_WAKE => {}
            WM_DRAGGED => {
                drop(self.drags.borrow_mut().take());
                let end = ENDS.get(wparam.0).copied().unwrap_or(DragEnd::Cancelled);
                self.tell(WindowEvent::DragEnded(end));
            }
            WM_ERASEBKGND => return Some(LRESULT(1)),
            WM_PAINT => self.paint(window),
            WM_SIZE if wparam.0 as u32 != SIZE_MINIMIZED => self.resized(window),
            WM_DPICHANGED => {
                let flags = SWP_NOZORDER | SWP_NOACTIVATE;
                // SAFETY: with this message the system gives a live rectangle.
                unsafe {
                    let RECT { left, top, right, bottom } = *(lparam.0 as *const RECT);
                    let (width, height) = (right - left, bottom - top);
                    let _ = SetWindowPos(window, None, left, top, width, height, flags);
                }
                self.tell(WindowEvent::Resized);
            }
            WM_CLOSE => self.tell(WindowEvent::CloseRequested),
            WM_SETFOCUS => self.focus(true),
            WM_KILLFOCUS => self.focus(false),
            WM_HOOKED => self.key(wparam.0 as u32, unpacked(lparam)),
            WM_KEYDOWN | WM_KEYUP | WM_SYSKEYDOWN | WM_SYSKEYUP => {
                return self.key_message(message, wparam, lparam);
            }
            WM_SETCURSOR if (lparam.0 & 0xFFFF) as u32 == HTCLIENT => {
                // SAFETY: a live cursor, or none.
                unsafe { SetCursor(Some(self.cursor.get())) };
                return Some(LRESULT(1));
            }
            WM_MOUSEMOVE => self.moved(window, lparam),
            WM_MOUSELEAVE => {
                self.tracking.set(false);
                self.tell(WindowEvent::PointerLeft);
            }
            WM_LBUTTONDOWN => self.button(window, Left, true, lparam),
            WM_LBUTTONUP => self.button(window, Left, false, lparam),
            WM_MBUTTONDOWN => self.button(window, Middle, true, lparam),
            WM_MBUTTONUP => self.button(window, Middle, false, lparam),
            WM_RBUTTONDOWN => self.button(window, Right, true, lparam),
            WM_RBUTTONUP => self.button(window, Right, false, lparam),
            WM_XBUTTONDOWN | WM_XBUTTONUP => {
                self.button(window, side, message == WM_XBUTTONDOWN, lparam);
                return Some(LRESULT(1));
            }
            // Away from the user is up.
            WM_MOUSEWHEEL => {
                self.tell(WindowEvent::Wheel { dx: 0, dy: -i32::from(high as u16 as i16) });
            }
            WM_MOUSEHWHEEL => {
                self.tell(WindowEvent::Wheel { dx: i32::from(high as u16 as i16), dy: 0 });
            }
            _ => return None,
        }
        Some(LRESULT(0))
    }
}

/// What a message says of a key.
fn told(message: u32, lparam: LPARAM) -> HookedKey {
    HookedKey {
        scan: ((lparam.0 >> 16) & 0xFF) as u32,
        extended: lparam.0 & EXTENDED != 0,
        down: matches!(message, WM_KEYDOWN | WM_SYSKEYDOWN),
    }
}

/// Whether the left Ctrl of this message is the one that comes with AltGr: a right Alt of
/// the same moment is behind it.
fn alt_gr_follows() -> bool {
    let mut next = MSG::default();
    // SAFETY: writes into the live message and leaves it in the queue.
    let (found, now) = unsafe {
        let found =
            PeekMessageW(&raw mut next, None, WM_KEYDOWN, WM_SYSKEYDOWN, PM_NOREMOVE).as_bool();
        (found, GetMessageTime() as u32)
    };
    found
        && matches!(next.message, WM_KEYDOWN | WM_SYSKEYDOWN)
        && (next.lParam.0 >> 16) & 0xFF == 0x38
        && next.lParam.0 & EXTENDED != 0
        && next.lParam.0 & REPEATED == 0
        && next.time == now
}

fn place(lparam: LPARAM) -> (i32, i32) {
    let both = lparam.0 as u32;
    (i32::from(both as u16 as i16), i32::from((both >> 16) as u16 as i16))
}

pub(super) extern "system" fn procedure(
    window: HWND,
    message: u32,
    wparam: WPARAM,
    lparam: LPARAM,
) -> LRESULT {
    // SAFETY: user data is null or content, which WM_NCDESTROY gives back as the last
    // message.
    unsafe {
        if message == WM_NCCREATE {
            let create = lparam.0 as *const CREATESTRUCTW;
            SetLastError(WIN32_ERROR(0));
            SetWindowLongPtrW(window, GWLP_USERDATA, (*create).lpCreateParams as isize);
        }
        let slot = GetWindowLongPtrW(window, GWLP_USERDATA) as *const Content;
        if slot.is_null() {
            return DefWindowProcW(window, message, wparam, lparam);
        }
        if message == WM_NCDESTROY {
            SetWindowLongPtrW(window, GWLP_USERDATA, 0);
            drop(Rc::from_raw(slot));
            return DefWindowProcW(window, message, wparam, lparam);
        }
        // Kept through the call.
        Rc::increment_strong_count(slot);
        let content = Rc::from_raw(slot);
        content
            .message(window, message, wparam, lparam)
            .unwrap_or_else(|| DefWindowProcW(window, message, wparam, lparam))
    }
}
