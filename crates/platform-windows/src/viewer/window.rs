//! The window itself.

use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gc_platform::{
    Card, LockKeys, OfferedFiles, PixelRect, PixelSize, ViewerWindow, WaitWaker, WindowCursor,
    WindowError, WindowEvent,
};
use gc_platform_gl::GlCard;
use windows::Win32::Foundation::{HWND, LPARAM, WPARAM};
use windows::Win32::Graphics::Gdi::{GetDC, ReleaseDC};
use windows::Win32::UI::Input::KeyboardAndMouse::{
    GetKeyState, VIRTUAL_KEY, VK_CAPITAL, VK_NUMLOCK, VK_SCROLL,
};
use windows::Win32::UI::WindowsAndMessaging::{
    DestroyCursor, DestroyWindow, DispatchMessageW, HCURSOR, IDC_ARROW, IsIconic, LoadCursorW, MSG,
    MWMO_INPUTAVAILABLE, MsgWaitForMultipleObjectsEx, PM_REMOVE, PeekMessageW, PostMessageW,
    QS_ALLINPUT, SW_RESTORE, SW_SHOWDEFAULT, SetCursor, SetForegroundWindow, SetWindowTextW,
    ShowWindow,
};
use windows::core::HSTRING;

use super::content::{Content, WM_DRAGGED, WM_WAKE, number_of};
use super::drag_out::DragOut;
use super::drop_target::DropTarget;
use super::frame::{self, Before, failed};
use super::hook::KeyboardHook;
use super::pointer::cursor_of;
use super::proof::{self, Proof, Watch};
use super::seen;
use super::wgl::WglWindow;
use crate::ui::{be_sharp, scale};

/// No timer of Windows waits longer without a limit of its own.
const FOREVER: u32 = u32::MAX;
/// Milliseconds after which the screen is looked at again for what the card has drawn.
const SOON: u32 = 30;

/// Where others post to, for as long as the window is there.
type Address = Arc<Mutex<Option<isize>>>;

struct WakeWindow(Address);

impl WaitWaker for WakeWindow {
    fn wake(&self) {
        // A full queue wakes it anyway.
        post(&self.0, WM_WAKE, WPARAM(0));
    }
}

/// Tells the window something, if there is one.
fn post(address: &Address, message: u32, what: WPARAM) {
    let window = address.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(window) = *window {
        // SAFETY: numbers; the window leaves under this lock.
        let _ = unsafe { PostMessageW(Some(HWND(window as *mut _)), message, what, LPARAM(0)) };
    }
}

/// A viewer's window on the desktop of the user.
pub struct WindowsViewerWindow {
    window: HWND,
    address: Address,
    /// Goes before the window does.
    card: Option<GlCard<WglWindow>>,
    /// Something was drawn by the card in this window: GDI cannot be relied on in it.
    by_card: bool,
    watch: Watch,
    content: Rc<Content>,
    /// Without OLE nothing is dropped on it, and nothing dragged out.
    drops: Option<DropTarget>,
    hook: Option<KeyboardHook>,
    /// Once nothing is dragged any more.
    hook_again: bool,
    own_cursor: Option<HCURSOR>,
    arrow: HCURSOR,
    before: Option<Before>,
}

impl WindowsViewerWindow {
    /// Opens it, shown.
    pub fn open(title: &str) -> Result<Self, WindowError> {
        be_sharp();
        // SAFETY: one of the system's own.
        let arrow = unsafe { LoadCursorW(None, IDC_ARROW) }.map_err(failed("LoadCursorW"))?;
        let content = Rc::new(Content::new(arrow)?);
        let window = frame::new(title, &content)?;
        let opened = Self {
            window,
            address: Arc::new(Mutex::new(Some(window.0 as isize))),
            card: None,
            by_card: false,
            watch: Watch::default(),
            drops: drops(window, &content),
            content,
            hook: None,
            hook_again: false,
            own_cursor: None,
            arrow,
            before: None,
        };
        // SAFETY: ours.
        let _ = unsafe { ShowWindow(window, SW_SHOWDEFAULT) };
        Ok(opened)
    }

    /// Puts a window in its place in which nothing was drawn by a card.
    fn start_anew(&mut self) {
        let twin = match frame::twin(self.window, &self.content) {
            Ok(twin) => twin,
            // What the software draws in this one may not be seen.
            Err(error) => return tracing::warn!(%error, "the window stays the card's"),
        };
        let hooked = self.hook.is_some();
        self.divert_keys(false);
        self.content.let_go();
        self.content.tracking.set(false);
        self.drops = None;
        let old = std::mem::replace(&mut self.window, twin);
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = Some(twin.0 as isize);
        self.drops = drops(twin, &self.content);
        frame::take_place(twin, old);
        // SAFETY: ours, on its own thread.
        let _ = unsafe { DestroyWindow(old) };
        self.divert_keys(hooked);
        self.by_card = false;
    }

    fn show_uncovered(&mut self) {
        if self.content.was_uncovered()
            && let Some(card) = &mut self.card
            && let Err(error) = card.show_again()
        {
            self.content.tell(WindowEvent::CardLost(error.0));
        }
    }

    /// Looks on the screen for what the card has drawn, unless that has been seen.
    fn prove(&mut self) {
        let size = self.size();
        if !self.by_card || self.card.is_none() || !self.watch.is_due(size) {
            return;
        }
        let lost = match self.look(size) {
            Ok(proof) if self.watch.found(size, proof) => {
                "what it draws does not come to the screen".to_owned()
            }
            Ok(_) => return,
            Err(error) => {
                self.watch.found(size, Proof::Seen);
                error.0
            }
        };
        self.content.tell(WindowEvent::CardLost(lost));
    }

    fn look(&mut self, size: PixelSize) -> Result<Proof, WindowError> {
        let Some(card) = &mut self.card else { return Ok(Proof::Unknown) };
        let places: Vec<(u32, u32)> =
            proof::places(size).filter(|place| seen::is_in_sight(self.window, *place)).collect();
        let drawn = card.colors(&places)?;
        let looks = proof::telling(&places, &drawn);
        if looks.is_empty() {
            return Ok(Proof::Unknown);
        }
        card.show_again()?;
        Ok(proof::judge(&looks, &seen::colors(self.window, &looks)))
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

fn drops(window: HWND, content: &Rc<Content>) -> Option<DropTarget> {
    DropTarget::of(window, content)
        .inspect_err(|error| tracing::warn!(%error, "no files can be dropped on the viewer"))
        .ok()
}

impl Drop for WindowsViewerWindow {
    fn drop(&mut self) {
        self.hook = None;
        if let Some(drag) = self.content.drags.borrow_mut().take() {
            drag.give_up();
        }
        self.drops = None;
        self.card = None;
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = None;
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
        if self.content.is_quiet() {
            let limit = timeout.map_or(FOREVER, |timeout| {
                // Rounded up, so that what is due then is due.
                let millis = timeout.as_nanos().div_ceil(1_000_000);
                u32::try_from(millis).unwrap_or(FOREVER - 1).min(FOREVER - 1)
            });
            let limit = if self.watch.is_worried() { limit.min(SOON) } else { limit };
            // SAFETY: no handles.
            unsafe { MsgWaitForMultipleObjectsEx(None, limit, QS_ALLINPUT, MWMO_INPUTAVAILABLE) };
            Self::pump();
        }
        if self.hook_again && !self.content.is_dragging() {
            self.hook_again = false;
            self.divert_keys(true);
        }
        self.show_uncovered();
        self.prove();
        self.content.give(events);
        Ok(())
    }

    fn waker(&self) -> Arc<dyn WaitWaker> {
        Arc::new(WakeWindow(Arc::clone(&self.address)))
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
        self.close_card();
        let card = GlCard::new(WglWindow::new(self.window, any)?)?;
        self.watch = Watch::default();
        self.content.set_drawn_by_card(true);
        Ok(self.card.insert(card).name().to_owned())
    }

    fn card(&mut self) -> Option<&mut dyn Card> {
        let card = self.card.as_mut()?;
        self.by_card = true;
        Some(card)
    }

    fn close_card(&mut self) {
        self.content.set_drawn_by_card(false);
        self.card = None;
        if self.by_card {
            self.start_anew();
        }
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
            (true, false) => self.before = frame::fill_monitor(self.window),
            (false, true) => {
                if let Some(before) = self.before.take() {
                    frame::go_back(self.window, &before);
                }
            }
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
        if self.content.is_dragging() {
            self.hook_again = on;
            return;
        }
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
        if self.content.is_dragging() {
            return Err(WindowError("something is being dragged already".to_owned()));
        }
        self.content.let_go();
        let address = Arc::clone(&self.address);
        let ended = move |end| post(&address, WM_DRAGGED, WPARAM(number_of(end)));
        *self.content.drags.borrow_mut() = Some(DragOut::begin(files, ended)?);
        // Escape is for the drag.
        self.hook_again |= self.hook.is_some();
        self.hook = None;
        self.content.hooked.set(false);
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
