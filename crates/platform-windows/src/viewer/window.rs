//! The window itself.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gc_platform::{
    Card, CursorImage, LockKeys, OfferedFiles, PixelRect, PixelSize, PointerButton, StorePath,
    ViewerWindow, WaitWaker, WindowCursor, WindowError, WindowEvent, WindowKey,
};
use gc_platform_gl::GlCard;
use windows::Win32::Foundation::{
    ERROR_CLASS_ALREADY_EXISTS, GetLastError, HWND, LPARAM, LRESULT, RECT, SetLastError,
    WIN32_ERROR, WPARAM,
};
use windows::Win32::Graphics::Gdi::{
    BeginPaint, CreateBitmap, DeleteObject, EndPaint, GetDC, GetMonitorInfoW, HGDIOBJ,
    MONITOR_DEFAULTTONEAREST, MONITORINFO, MonitorFromWindow, PAINTSTRUCT, ReleaseDC,
};
use windows::Win32::System::LibraryLoader::GetModuleHandleW;
use windows::Win32::UI::Controls::WM_MOUSELEAVE;
use windows::Win32::UI::Input::KeyboardAndMouse::{
    GetKeyState, ReleaseCapture, SetCapture, TME_LEAVE, TRACKMOUSEEVENT, TrackMouseEvent,
    VIRTUAL_KEY, VK_CAPITAL, VK_F4, VK_NUMLOCK, VK_SCROLL, VK_SNAPSHOT, VK_SPACE,
};
use windows::Win32::UI::WindowsAndMessaging::{
    CREATESTRUCTW, CW_USEDEFAULT, CreateIconIndirect, CreateWindowExW, DefWindowProcW,
    DestroyCursor, DestroyWindow, DispatchMessageW, GWL_STYLE, GWLP_USERDATA, GetClientRect,
    GetMessageTime, GetWindowLongPtrW, GetWindowPlacement, HCURSOR, HTCLIENT, HWND_TOP, ICONINFO,
    IDC_ARROW, IsIconic, LoadCursorW, LoadIconW, MSG, MWMO_INPUTAVAILABLE,
    MsgWaitForMultipleObjectsEx, PM_NOREMOVE, PM_REMOVE, PeekMessageW, PostMessageW, QS_ALLINPUT,
    RegisterClassExW, SIZE_MINIMIZED, SW_RESTORE, SW_SHOWDEFAULT, SWP_FRAMECHANGED, SWP_NOACTIVATE,
    SWP_NOMOVE, SWP_NOOWNERZORDER, SWP_NOSIZE, SWP_NOZORDER, SetCursor, SetForegroundWindow,
    SetWindowLongPtrW, SetWindowPlacement, SetWindowPos, SetWindowTextW, ShowWindow,
    WINDOW_EX_STYLE, WINDOWPLACEMENT, WM_APP, WM_CLOSE, WM_DPICHANGED, WM_ERASEBKGND, WM_KEYDOWN,
    WM_KEYUP, WM_KILLFOCUS, WM_LBUTTONDOWN, WM_LBUTTONUP, WM_MBUTTONDOWN, WM_MBUTTONUP,
    WM_MOUSEHWHEEL, WM_MOUSEMOVE, WM_MOUSEWHEEL, WM_NCCREATE, WM_NCDESTROY, WM_PAINT,
    WM_RBUTTONDOWN, WM_RBUTTONUP, WM_SETCURSOR, WM_SETFOCUS, WM_SIZE, WM_SYSKEYDOWN, WM_SYSKEYUP,
    WM_XBUTTONDOWN, WM_XBUTTONUP, WNDCLASSEXW, WS_OVERLAPPEDWINDOW, WS_POPUP, WS_VISIBLE,
};
use windows::core::{HSTRING, PCWSTR};

use super::drag_out;
use super::drop_target::DropTarget;
use super::hook::{KeyboardHook, WM_HOOKED, unpacked};
use super::keys::{HookedKey, wire_key};
use super::surface::Surface;
use super::text::Typist;
use super::wgl::{self, WM_UNCOVERED, WglWindow};
use crate::ui::{be_sharp, dib_section, scale};

const CLASS: &str = "GuruConnectViewer";
/// Another thread has something for the viewer.
const WM_WAKE: u32 = WM_APP + 1;
/// Of a message's `lparam`.
const REPEATED: isize = 1 << 30;
const EXTENDED: isize = 1 << 24;
/// Side buttons in the upper half of a message's `wparam`.
const SECOND: usize = 2;
/// No timer of Windows waits longer without a limit of its own.
const FOREVER: u32 = u32::MAX;

/// Where others post to, for as long as the window is there.
type Address = Arc<Mutex<Option<isize>>>;

struct WakeWindow(Address);

impl WaitWaker for WakeWindow {
    fn wake(&self) {
        let window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(window) = *window {
            // A full queue wakes it anyway.
            // SAFETY: numbers; the window leaves under this lock.
            let _ = unsafe {
                PostMessageW(Some(HWND(window as *mut _)), WM_WAKE, WPARAM(0), LPARAM(0))
            };
        }
    }
}

/// What the window's procedure works on. Calls of Win32 come back to it, so nothing
/// stays borrowed during one.
pub(super) struct Content {
    address: Address,
    events: RefCell<Vec<WindowEvent>>,
    surface: RefCell<Surface>,
    /// What the graphics card draws, over all of the inside.
    card: Cell<Option<HWND>>,
    uncovered: Cell<bool>,
    cursor: Cell<HCURSOR>,
    focused: Cell<bool>,
    hooked: Cell<bool>,
    typist: RefCell<Typist>,
    text_wanted: Cell<bool>,
    /// Keys that are down, to tell held ones.
    down: RefCell<std::collections::BTreeSet<(u8, bool)>>,
    buttons: Cell<u32>,
    tracking: Cell<bool>,
    takes_files: Cell<bool>,
    /// Files are being dragged over it.
    files_over: Cell<bool>,
    /// Its own files are being dragged out of it.
    drags: Cell<bool>,
}

/// A viewer's window on the desktop of the user.
pub struct WindowsViewerWindow {
    window: HWND,
    /// Goes before the window does.
    card: Option<GlCard<WglWindow>>,
    content: Rc<Content>,
    /// Without OLE nothing is dropped on it, and nothing dragged out.
    drops: Option<DropTarget>,
    hook: Option<KeyboardHook>,
    own_cursor: Option<HCURSOR>,
    arrow: HCURSOR,
    /// Style and place to go back to.
    before: Option<(isize, WINDOWPLACEMENT)>,
}

fn failed(what: &'static str) -> impl Fn(windows::core::Error) -> WindowError {
    move |error| WindowError(format!("{what} failed: {error}"))
}

impl WindowsViewerWindow {
    /// Opens it, shown.
    pub fn open(title: &str) -> Result<Self, WindowError> {
        be_sharp();
        let class = HSTRING::from(CLASS);
        // SAFETY: the description lives through the call, and the procedure is one.
        let (module, arrow) = unsafe {
            let module = GetModuleHandleW(None).map_err(failed("GetModuleHandleW"))?;
            let arrow = LoadCursorW(None, IDC_ARROW).map_err(failed("LoadCursorW"))?;
            let description = WNDCLASSEXW {
                cbSize: size_of::<WNDCLASSEXW>() as u32,
                lpfnWndProc: Some(procedure),
                hInstance: module.into(),
                // The program's own; without one the system's usual picture is shown.
                hIcon: LoadIconW(Some(module.into()), PCWSTR(std::ptr::without_provenance(1)))
                    .unwrap_or_default(),
                lpszClassName: PCWSTR(class.as_ptr()),
                ..WNDCLASSEXW::default()
            };
            if RegisterClassExW(&raw const description) == 0
                && GetLastError() != ERROR_CLASS_ALREADY_EXISTS
            {
                return Err(failed("RegisterClassExW")(windows::core::Error::from_thread()));
            }
            (module, arrow)
        };
        let content = Rc::new(Content {
            address: Arc::default(),
            events: RefCell::default(),
            surface: RefCell::new(Surface::new(PixelSize { width: 1, height: 1 })?),
            card: Cell::new(None),
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
            drags: Cell::new(false),
        });
        let slot = Rc::into_raw(Rc::clone(&content));
        // SAFETY: the window takes the slot over, and gives it back with WM_NCDESTROY, which
        // comes also when making it fails after WM_NCCREATE.
        let window = unsafe {
            CreateWindowExW(
                WINDOW_EX_STYLE(0),
                &class,
                &HSTRING::from(title),
                WS_OVERLAPPEDWINDOW,
                CW_USEDEFAULT,
                CW_USEDEFAULT,
                CW_USEDEFAULT,
                CW_USEDEFAULT,
                None,
                None,
                Some(module.into()),
                Some(slot.cast()),
            )
        }
        .map_err(failed("CreateWindowExW"))?;
        *content.address.lock().unwrap_or_else(PoisonError::into_inner) = Some(window.0 as isize);
        let drops = DropTarget::of(window, &content)
            .inspect_err(|error| tracing::warn!(%error, "no files can be dropped on the viewer"))
            .ok();
        let (hook, own_cursor, before) = (None, None, None);
        let card = None;
        let opened = Self { window, card, content, drops, hook, own_cursor, arrow, before };
        opened.choose_size();
        // SAFETY: ours.
        let _ = unsafe { ShowWindow(window, SW_SHOWDEFAULT) };
        Ok(opened)
    }

    /// Four fifths of the monitor, in its middle.
    fn choose_size(&self) {
        let Some(work) = self.monitor().map(|info| info.rcWork) else { return };
        let (wide, high) = (work.right - work.left, work.bottom - work.top);
        let (width, height) = (wide * 4 / 5, high * 4 / 5);
        let (x, y) = (work.left + (wide - width) / 2, work.top + (high - height) / 2);
        let flags = SWP_NOZORDER | SWP_NOACTIVATE;
        // SAFETY: ours.
        let _ = unsafe { SetWindowPos(self.window, None, x, y, width, height, flags) };
    }

    fn monitor(&self) -> Option<MONITORINFO> {
        let mut info =
            MONITORINFO { cbSize: size_of::<MONITORINFO>() as u32, ..MONITORINFO::default() };
        // SAFETY: the size says how much there is to write into.
        let read = unsafe {
            let monitor = MonitorFromWindow(self.window, MONITOR_DEFAULTTONEAREST);
            GetMonitorInfoW(monitor, &raw mut info)
        };
        read.as_bool().then_some(info)
    }

    fn fill_monitor(&mut self) {
        let Some(monitor) = self.monitor().map(|info| info.rcMonitor) else { return };
        let mut place = WINDOWPLACEMENT {
            length: size_of::<WINDOWPLACEMENT>() as u32,
            ..WINDOWPLACEMENT::default()
        };
        let style = (WS_POPUP | WS_VISIBLE).0 as isize;
        let flags = SWP_NOOWNERZORDER | SWP_FRAMECHANGED;
        // SAFETY: ours; writes into the live place.
        unsafe {
            if GetWindowPlacement(self.window, &raw mut place).is_err() {
                return;
            }
            let before = GetWindowLongPtrW(self.window, GWL_STYLE);
            self.before = Some((before, place));
            SetWindowLongPtrW(self.window, GWL_STYLE, style);
            let _ = SetWindowPos(
                self.window,
                Some(HWND_TOP),
                monitor.left,
                monitor.top,
                monitor.right - monitor.left,
                monitor.bottom - monitor.top,
                flags,
            );
        }
    }

    fn go_back(&mut self) {
        let Some((style, place)) = self.before.take() else { return };
        let flags = SWP_NOMOVE | SWP_NOSIZE | SWP_NOZORDER | SWP_NOOWNERZORDER | SWP_FRAMECHANGED;
        // SAFETY: ours; reads the live place.
        unsafe {
            SetWindowLongPtrW(self.window, GWL_STYLE, style);
            let _ = SetWindowPlacement(self.window, &raw const place);
            let _ = SetWindowPos(self.window, None, 0, 0, 0, 0, flags);
        }
    }

    fn show_uncovered(&mut self) {
        if self.content.uncovered.take()
            && let Some(card) = &mut self.card
            && let Err(error) = card.show_again()
        {
            self.content.tell(WindowEvent::CardLost(error.0));
        }
    }

    /// Hands messages to the window until there is none.
    fn pump() {
        let mut message = MSG::default();
        // SAFETY: writes into the live message, which is one that came. Keys are not
        // translated: nobody wants their characters as messages.
        unsafe {
            while PeekMessageW(&raw mut message, None, 0, 0, PM_REMOVE).as_bool() {
                DispatchMessageW(&raw const message);
            }
        }
    }
}

impl Drop for WindowsViewerWindow {
    fn drop(&mut self) {
        self.hook = None;
        self.drops = None;
        self.close_card();
        *self.content.address.lock().unwrap_or_else(PoisonError::into_inner) = None;
        // SAFETY: ours, on its own thread.
        unsafe {
            let _ = DestroyWindow(self.window);
            if let Some(cursor) = self.own_cursor.take() {
                let _ = DestroyCursor(cursor);
            }
        }
    }
}

impl ViewerWindow for WindowsViewerWindow {
    fn wait(
        &mut self,
        timeout: Option<Duration>,
        events: &mut Vec<WindowEvent>,
    ) -> Result<(), WindowError> {
        Self::pump();
        if self.content.events.borrow().is_empty() {
            let limit = timeout.map_or(FOREVER, |timeout| {
                // Rounded up, so that what is due then is due.
                let millis = timeout.as_nanos().div_ceil(1_000_000);
                u32::try_from(millis).unwrap_or(FOREVER - 1).min(FOREVER - 1)
            });
            // SAFETY: no handles.
            unsafe { MsgWaitForMultipleObjectsEx(None, limit, QS_ALLINPUT, MWMO_INPUTAVAILABLE) };
            Self::pump();
        }
        self.show_uncovered();
        events.append(&mut self.content.events.borrow_mut());
        Ok(())
    }

    fn waker(&self) -> Arc<dyn WaitWaker> {
        Arc::new(WakeWindow(Arc::clone(&self.content.address)))
    }

    fn size(&self) -> PixelSize {
        self.content.surface.borrow().size()
    }

    fn scale(&self) -> f32 {
        scale(self.window)
    }

    fn pixels(&mut self) -> &mut [u8] {
        // The bitmap's memory is not in the cell but behind it, and nothing but a message
        // changes it, which comes only while the window waits.
        let pixels: *mut [u8] = self.content.surface.borrow_mut().pixels();
        // SAFETY: `&mut self` keeps the surface from being replaced until it is given back.
        unsafe { &mut *pixels }
    }

    fn present(&mut self, area: PixelRect) -> Result<(), WindowError> {
        // SAFETY: ours; the context is given back.
        unsafe {
            let dc = GetDC(Some(self.window));
            self.content.surface.borrow().copy(dc, area);
            ReleaseDC(Some(self.window), dc);
        }
        Ok(())
    }

    fn open_card(&mut self, any: bool) -> Result<String, WindowError> {
        if !any {
            // Under Wine nothing of it can be seen, and nobody has tried it on Windows: a
            // black window would be worse than one that costs more.
            let reason = "it is not tried unasked on Windows; see --drawing gpu";
            return Err(WindowError(reason.to_owned()));
        }
        self.close_card();
        let window = WglWindow::new(self.window, self.size())?;
        self.content.card.set(Some(window.handle()));
        match GlCard::new(window) {
            Ok(card) => Ok(self.card.insert(card).name().to_owned()),
            Err(error) => {
                self.content.card.set(None);
                Err(error)
            }
        }
    }

    fn card(&mut self) -> Option<&mut dyn Card> {
        self.card.as_mut().map(|card| card as &mut dyn Card)
    }

    fn close_card(&mut self) {
        self.content.card.set(None);
        self.card = None;
    }

    fn set_title(&mut self, title: &str) {
        // SAFETY: ours; the text ends with a zero.
        if let Err(error) = unsafe { SetWindowTextW(self.window, &HSTRING::from(title)) } {
            tracing::debug!(%error, "the title stays");
        }
    }

    fn set_cursor(&mut self, cursor: &WindowCursor) {
        let made = match cursor {
            WindowCursor::Image(image) => cursor_of(image),
            WindowCursor::Arrow | WindowCursor::Hidden => None,
        };
        let shown = match cursor {
            WindowCursor::Hidden => HCURSOR::default(),
            _ => made.unwrap_or(self.arrow),
        };
        self.content.cursor.set(shown);
        if self.content.tracking.get() {
            // SAFETY: a live cursor, or none.
            unsafe { SetCursor(Some(shown)) };
        }
        if let Some(old) = std::mem::replace(&mut self.own_cursor, made) {
            // SAFETY: ours, and shown no more.
            let _ = unsafe { DestroyCursor(old) };
        }
    }

    fn set_full_screen(&mut self, on: bool) {
        match (on, self.before.is_some()) {
            (true, false) => self.fill_monitor(),
            (false, true) => self.go_back(),
            _ => {}
        }
    }

    fn raise(&mut self) {
        // SAFETY: ours.
        unsafe {
            if IsIconic(self.window).as_bool() {
                let _ = ShowWindow(self.window, SW_RESTORE);
            }
            // Refused where another program has the keyboard; then its button blinks.
            let _ = SetForegroundWindow(self.window);
        }
    }

    fn divert_keys(&mut self, on: bool) {
        if on == self.hook.is_some() {
            return;
        }
        self.hook = None;
        if on {
            match KeyboardHook::install(self.window) {
                Ok(hook) => self.hook = Some(hook),
                Err(error) => tracing::warn!(%error, "the system keeps its keys"),
            }
        }
        self.content.hooked.set(self.hook.is_some());
    }

    fn take_files(&mut self, on: bool) {
        self.content.takes_files.set(on);
    }

    fn drags_out(&self) -> bool {
        self.drops.is_some()
    }

    fn drag_out(&mut self, files: Arc<dyn OfferedFiles>) -> Result<(), WindowError> {
        if self.drops.is_none() {
            return Err(WindowError("nothing can be dragged without OLE".to_owned()));
        }
        // Escape is for the drag.
        let hooked = self.hook.is_some();
        self.divert_keys(false);
        self.content.let_go();
        self.content.drags.set(true);
        let end = drag_out::drag(files);
        self.content.drags.set(false);
        self.divert_keys(hooked);
        self.content.tell(WindowEvent::DragEnded(end.map_err(failed("DoDragDrop"))?));
        Ok(())
    }

    fn set_text_wanted(&mut self, on: bool) {
        self.content.text_wanted.set(on);
    }

    fn locks(&self) -> LockKeys {
        // SAFETY: takes a number.
        let on = |key: VIRTUAL_KEY| unsafe { GetKeyState(i32::from(key.0)) } & 1 != 0;
        LockKeys { caps: on(VK_CAPITAL), num: on(VK_NUMLOCK), scroll: on(VK_SCROLL) }
    }
}

/// A pointer out of a picture.
fn cursor_of(image: &CursorImage) -> Option<HCURSOR> {
    let (width, height) = (image.size.width, image.size.height);
    let (color, into) = dib_section(width as i32, height as i32)?;
    let pixels: Vec<u8> =
        image.rgba.chunks_exact(4).flat_map(|p| [p[2], p[1], p[0], p[3]]).collect();
    if pixels.len() != width as usize * height as usize * 4 {
        return None;
    }
    // Transparency is in the colours; rows of the mask have a whole number of 16 bits.
    let mask = vec![0xFF_u8; width.div_ceil(16) as usize * 2 * height as usize];
    // SAFETY: as many bytes as the pictures have; both are copied by the cursor, and go.
    unsafe {
        std::ptr::copy_nonoverlapping(pixels.as_ptr(), into, pixels.len());
        let mask = CreateBitmap(width as i32, height as i32, 1, 1, Some(mask.as_ptr().cast()));
        let info = ICONINFO {
            fIcon: false.into(),
            xHotspot: image.hotspot_x,
            yHotspot: image.hotspot_y,
            hbmMask: mask,
            hbmColor: color,
        };
        let made = CreateIconIndirect(&raw const info);
        let _ = DeleteObject(HGDIOBJ(color.0));
        let _ = DeleteObject(HGDIOBJ(mask.0));
        made.ok().map(|icon| HCURSOR(icon.0))
    }
}

impl Content {
    /// Whether what is over it may be dropped.
    pub(super) fn takes_dropped(&self) -> bool {
        self.takes_files.get() && self.files_over.get() && !self.drags.get()
    }

    pub(super) fn set_over(&self, files: bool) {
        self.files_over.set(files);
    }

    pub(super) fn dropped(&self, files: Vec<StorePath>, x: i32, y: i32) {
        self.tell(WindowEvent::Dropped { files, x, y });
    }

    /// Button and keys are somebody else's now.
    fn let_go(&self) {
        self.buttons.set(0);
        self.down.borrow_mut().clear();
        // SAFETY: takes nothing. Without capture there is nothing to let go of.
        let _ = unsafe { ReleaseCapture() };
    }

    fn tell(&self, event: WindowEvent) {
        use WindowEvent::{Key, PointerButton, PointerMoved, Wheel};
        let input =
            matches!(event, Key(_) | PointerButton { .. } | PointerMoved { .. } | Wheel { .. });
        if input && self.drags.get() {
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
        if let Some(card) = self.card.get() {
            wgl::resize(card, size);
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
            if self.card.get().is_none() {
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
            WM_UNCOVERED => self.uncovered.set(true),
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

extern "system" fn procedure(
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
