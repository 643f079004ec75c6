//! The bar as a window.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gc_panel::{BarView, whole_minutes, words};
use gc_platform::{BarHandle, ConnectedBar, PromptError};
use gc_types::Clock;
use windows::Win32::Foundation::{HWND, LPARAM, LRESULT, WPARAM};
use windows::Win32::Graphics::Gdi::{CreateRoundRectRgn, SetWindowRgn};
use windows::Win32::UI::Controls::{DRAWITEMSTRUCT, WM_MOUSELEAVE};
use windows::Win32::UI::Input::KeyboardAndMouse::{
    ReleaseCapture, SetCapture, SetFocus, VIRTUAL_KEY, VK_RETURN, VK_SPACE,
};
use windows::Win32::UI::WindowsAndMessaging::{
    BN_CLICKED, MA_NOACTIVATE, MSG, SetTimer, SetWindowTextW, WA_INACTIVE, WM_ACTIVATE, WM_CHAR,
    WM_CLOSE, WM_COMMAND, WM_DISPLAYCHANGE, WM_DPICHANGED, WM_DRAWITEM, WM_ERASEBKGND, WM_KEYDOWN,
    WM_LBUTTONDBLCLK, WM_LBUTTONDOWN, WM_LBUTTONUP, WM_MOUSEACTIVATE, WM_MOUSEMOVE, WM_PAINT,
    WM_SETFOCUS, WM_SETTINGCHANGE, WM_SYSCHAR, WM_TIMER, WS_CLIPCHILDREN, WS_EX_APPWINDOW,
    WS_EX_TOPMOST, WS_POPUP,
};
use windows::core::HSTRING;

use super::look::{Place, extent, scale};
use super::text::GdiFace;
use super::thread::{Gate, Made, WM_WAKE, WindowThread, open};
use super::window::{Content, Shape, Window};
use super::{controls, picture};

const CLASS: &str = "GuruConnectBar";
const TIMER: usize = 1;
/// How often it looks whether it is covered, and at the clock.
const LOOK_EVERY_MS: u32 = 2000;
const STOP: usize = 1;
/// `lparam` of a key that was down already.
const REPEATED: isize = 1 << 30;

/// Shows the bar at the top of the main monitor. It can be dragged sideways. It takes
/// the keyboard only when the user switches to it, by the task bar or Alt+Tab.
pub struct WindowsConnectedBar {
    clock: Arc<dyn Clock>,
}

impl WindowsConnectedBar {
    /// Each bar gets a thread of its own.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

type Names = Arc<Mutex<Vec<String>>>;

struct ShownBar {
    names: Names,
    thread: WindowThread,
}

impl BarHandle for ShownBar {
    fn set_viewers(&self, names: &[String]) {
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = names.to_vec();
        self.thread.wake();
    }
}

impl ConnectedBar for WindowsConnectedBar {
    fn show(
        &self,
        names: &[String],
        company: &str,
        stop: Box<dyn Fn() + Send + Sync>,
    ) -> Result<Box<dyn BarHandle>, PromptError> {
        let names: Names = Arc::new(Mutex::new(names.to_vec()));
        let (shared, clock) = (Arc::clone(&names), Arc::clone(&self.clock));
        let company = company.to_owned();
        let thread =
            open("connected-bar", move |gate| Bar::make(shared, company, stop, clock, gate))?;
        Ok(Box::new(ShownBar { names, thread }))
    }
}

struct Bar {
    company: String,
    names: Names,
    shown_names: RefCell<Vec<String>>,
    stop: Box<dyn Fn() + Send + Sync>,
    clock: Arc<dyn Clock>,
    since: Duration,
    view: RefCell<BarView<GdiFace>>,
    button: Cell<HWND>,
    /// Minutes.
    shown: Cell<u64>,
    /// Where the middle is, from the middle of the monitor.
    offset: Cell<i32>,
    held: Cell<Option<Held>>,
}

/// What the pointer holds down.
#[derive(Clone, Copy)]
enum Held {
    Stop,
    /// The bar itself: pointer and offset where the drag began.
    Bar {
        pointer: i32,
        offset: i32,
    },
}

fn view(names: &[String], company: &str, scale: f32) -> Result<BarView<GdiFace>, PromptError> {
    let (width, _) = extent(Place::main()?.monitor);
    let room = (width * 7 / 10).max(200) as u32;
    BarView::new(names, company, scale, room, GdiFace::new()?)
        .ok_or_else(|| PromptError("no room for a bar".to_owned()))
}

impl Bar {
    fn make(
        names: Names,
        company: String,
        stop: Box<dyn Fn() + Send + Sync>,
        clock: Arc<dyn Clock>,
        gate: &Arc<Gate>,
    ) -> Result<Made, PromptError> {
        let monitor = Place::main()?.monitor;
        let since = clock.monotonic();
        let bar = Rc::new(Self {
            view: RefCell::new(view(&[], &company, 1.0)?),
            company,
            names,
            shown_names: RefCell::default(),
            stop,
            clock,
            since,
            button: Cell::new(HWND::default()),
            shown: Cell::new(0),
            offset: Cell::new(0),
            held: Cell::new(None),
        });
        let window = Window::create(
            &Shape {
                class: CLASS,
                title: words::BAR_TITLE,
                style: WS_POPUP | WS_CLIPCHILDREN,
                // In the task bar, where people look for what runs, and reach it by keys.
                extended: WS_EX_TOPMOST | WS_EX_APPWINDOW,
                at: (monitor.left, monitor.top),
            },
            bar.clone(),
            gate,
        )?;
        let stop_area = bar.view.borrow().stop;
        let label = format!("&{}", words::STOP);
        bar.button.set(controls::button(window, STOP, &label, stop_area)?);
        bar.lay_out(window)?;
        // SAFETY: the window is ours.
        unsafe { SetTimer(Some(window.0), TIMER, LOOK_EVERY_MS, None) };
        window.show_quietly();
        Ok(Made { window, content: bar, end: Box::new(|_| {}) })
    }

    fn elapsed(&self) -> Duration {
        self.clock.monotonic().saturating_sub(self.since)
    }

    /// Everything anew with the names and at the scale of the moment.
    fn lay_out(&self, window: Window) -> Result<(), PromptError> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut new = view(&names, &self.company, scale(window.0))?;
        let said = words::connected(&names, &self.company);
        *self.shown_names.borrow_mut() = names;
        let (size, corner, stop) = {
            let mut old = self.view.borrow_mut();
            (new.hover, new.focus) = (old.hover, old.focus);
            let elapsed = self.elapsed();
            new.draw(elapsed);
            self.shown.set(whole_minutes(elapsed));
            let size = (new.canvas.width() as i32, new.canvas.height() as i32);
            let corner = new.corner().round() as i32;
            let stop = new.stop;
            *old = new;
            (size, corner, stop)
        };
        // SAFETY: the window is ours, which takes the region over; the text ends with a
        // zero.
        unsafe {
            let _ = SetWindowTextW(window.0, &HSTRING::from(format!("GuruConnect: {said}")));
            // The upper edge is the screen's; the corners below are round. The last
            // column and row do not belong to a region.
            let region =
                CreateRoundRectRgn(0, -2 * corner, size.0 + 1, size.1 + 1, 2 * corner, 2 * corner);
            SetWindowRgn(window.0, Some(region), true);
        }
        let at = self.position(size.0)?;
        window.place(at, size);
        controls::place(self.button.get(), stop);
        self.redraw(window);
        Ok(())
    }

    /// Where it is, within the monitor.
    fn position(&self, width: i32) -> Result<(i32, i32), PromptError> {
        let monitor = Place::main()?.monitor;
        let most = ((extent(monitor).0 - width) / 2).max(0);
        self.offset.set(self.offset.get().clamp(-most, most));
        let middle = i32::midpoint(monitor.left, monitor.right) + self.offset.get();
        Ok((middle - width / 2, monitor.top))
    }

    fn redraw(&self, window: Window) {
        let all = self.view.borrow_mut().draw(self.elapsed());
        picture::stale(window, all, &[self.button.get()]);
    }

    fn stop_changed(&self, window: Window) {
        let area = self.view.borrow_mut().draw_stop();
        picture::stale(window, area, &[self.button.get()]);
    }

    fn tick(&self, window: Window) {
        let minutes = whole_minutes(self.elapsed());
        if minutes != self.shown.replace(minutes) {
            let area = self.view.borrow_mut().draw_time(self.elapsed());
            picture::stale(window, area, &[]);
        }
        if !window.is_visible() {
            window.show_quietly();
        }
        window.raise_if_covered();
    }

    fn renamed(&self) -> bool {
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) != *self.shown_names.borrow()
    }

    fn hover(&self, window: Window, on_stop: bool) {
        let changed = {
            let mut view = self.view.borrow_mut();
            std::mem::replace(&mut view.hover, on_stop) != on_stop
        };
        if changed {
            self.stop_changed(window);
        }
    }

    fn on_stop(&self, window: Window, message: &MSG) -> bool {
        let (x, y) = window.pointer(message);
        self.view.borrow().on_stop(x, y)
    }

    fn moved(&self, window: Window, message: &MSG) {
        if let Some(Held::Bar { pointer, offset }) = self.held.get() {
            self.offset.set(offset + message.pt.x - pointer);
            let width = self.view.borrow().canvas.width() as i32;
            if let Ok((x, y)) = self.position(width) {
                window.move_to(x, y);
            }
        } else {
            Window::tell_when_left(message);
            self.hover(window, self.on_stop(window, message));
        }
    }

    fn pressed(&self, window: Window, message: &MSG) {
        self.held.set(Some(if self.on_stop(window, message) {
            Held::Stop
        } else {
            Held::Bar { pointer: message.pt.x, offset: self.offset.get() }
        }));
        // SAFETY: ours.
        unsafe { SetCapture(window.0) };
    }

    fn released(&self, window: Window, message: &MSG) {
        let held = self.held.take();
        // SAFETY: takes nothing.
        let _ = unsafe { ReleaseCapture() };
        if matches!(held, Some(Held::Stop)) && self.on_stop(window, message) {
            (self.stop)();
        }
    }
}

impl Content for Bar {
    fn input(&self, window: Window, message: &MSG) -> bool {
        match message.message {
            WM_MOUSEMOVE => self.moved(window, message),
            WM_MOUSELEAVE => self.hover(window, false),
            WM_LBUTTONDOWN | WM_LBUTTONDBLCLK => self.pressed(window, message),
            WM_LBUTTONUP => self.released(window, message),
            WM_KEYDOWN => {
                let key = VIRTUAL_KEY(message.wParam.0 as u16);
                let first = message.lParam.0 & REPEATED == 0;
                if first && (key == VK_RETURN || key == VK_SPACE) {
                    (self.stop)();
                }
            }
            WM_CHAR => {}
            WM_SYSCHAR => {
                let typed = char::from_u32(message.wParam.0 as u32);
                if typed.map(|c| c.to_ascii_uppercase()) != words::STOP.chars().next() {
                    return false;
                }
                (self.stop)();
            }
            _ => return false,
        }
        true
    }

    fn message(
        &self,
        window: Window,
        message: u32,
        wparam: WPARAM,
        lparam: LPARAM,
    ) -> Option<LRESULT> {
        match message {
            WM_PAINT => picture::paint(window, &self.view.borrow().canvas),
            WM_ERASEBKGND => return Some(LRESULT(1)),
            WM_DRAWITEM => {
                // SAFETY: the system passes a live description with this message.
                let item = unsafe { &*(lparam.0 as *const DRAWITEMSTRUCT) };
                picture::draw_item(window, &self.view.borrow().canvas, item);
                return Some(LRESULT(1));
            }
            WM_MOUSEACTIVATE => return Some(LRESULT(MA_NOACTIVATE as isize)),
            WM_TIMER => self.tick(window),
            WM_WAKE => {
                if self.renamed() {
                    // Without a monitor the old drawing stays until there is one again.
                    let _ = self.lay_out(window);
                }
                self.tick(window);
            }
            // By a screen reader: people's clicks are taken in `input`.
            WM_COMMAND if wparam.0 == STOP | (BN_CLICKED as usize) << 16 => (self.stop)(),
            WM_ACTIVATE => {
                let active = wparam.0 as u32 & 0xFFFF != WA_INACTIVE;
                self.view.borrow_mut().focus = active;
                self.stop_changed(window);
            }
            WM_SETFOCUS => {
                // SAFETY: ours.
                let _ = unsafe { SetFocus(Some(self.button.get())) };
            }
            // "Close window" in the task bar: it cannot mean to go on unseen.
            WM_CLOSE => (self.stop)(),
            WM_DPICHANGED | WM_DISPLAYCHANGE | WM_SETTINGCHANGE => {
                let _ = self.lay_out(window);
            }
            _ => return None,
        }
        Some(LRESULT(0))
    }
}
