//! The consent prompt as a window.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use gc_panel::{ConsentView, words};
use gc_platform::{ConsentAnswer, ConsentPrompt, ConsentRequest, PromptError, PromptHandle};
use gc_types::Clock;
use windows::Win32::Foundation::{HWND, LPARAM, LRESULT, WPARAM};
use windows::Win32::UI::Controls::{DRAWITEMSTRUCT, WM_MOUSELEAVE};
use windows::Win32::UI::Input::KeyboardAndMouse::{
    GetKeyState, ReleaseCapture, SetCapture, SetFocus, VIRTUAL_KEY, VK_DOWN, VK_ESCAPE, VK_LEFT,
    VK_MENU, VK_RETURN, VK_RIGHT, VK_SHIFT, VK_SPACE, VK_TAB, VK_UP,
};
use windows::Win32::UI::WindowsAndMessaging::{
    BN_CLICKED, BN_SETFOCUS, FLASHW_TIMERNOFG, FLASHW_TRAY, FLASHWINFO, FlashWindowEx,
    GetForegroundWindow, MSG, SetForegroundWindow, SetTimer, WA_INACTIVE, WM_ACTIVATE, WM_CHAR,
    WM_CLOSE, WM_COMMAND, WM_DISPLAYCHANGE, WM_DPICHANGED, WM_DRAWITEM, WM_ENDSESSION,
    WM_ERASEBKGND, WM_KEYDOWN, WM_LBUTTONDBLCLK, WM_LBUTTONDOWN, WM_LBUTTONUP, WM_MOUSEMOVE,
    WM_PAINT, WM_SETFOCUS, WM_SETTINGCHANGE, WM_SYSCHAR, WM_SYSCOLORCHANGE, WM_SYSKEYDOWN,
    WM_TIMER, WS_CAPTION, WS_CLIPCHILDREN, WS_EX_APPWINDOW, WS_EX_TOPMOST, WS_POPUP, WS_SYSMENU,
};

use super::look::{Look, Place, extent, scale};
use super::text::GdiFace;
use super::thread::{Gate, Made, WM_WAKE, WindowThread, open};
use super::window::{Content, Shape, Window};
use super::{controls, picture};

/// Clicks and keys are ignored until the user has had so long to see the window, and
/// has rested for so long: who is typing when it appears answers nothing by it.
const GUARD: Duration = Duration::from_millis(500);
const CLASS: &str = "GuruConnectConsent";
const TIMER: usize = 1;
/// Number of the text; buttons are numbered from 1.
const TEXT: usize = 100;
/// `lparam` of a key that was down already.
const REPEATED: isize = 1 << 30;

/// Asks by a window on the desktop that has the input.
pub struct WindowsConsent {
    clock: Arc<dyn Clock>,
}

impl WindowsConsent {
    /// Each prompt gets a thread of its own.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

struct OpenPrompt {
    _thread: WindowThread,
}

impl PromptHandle for OpenPrompt {}

impl ConsentPrompt for WindowsConsent {
    fn ask(
        &self,
        request: ConsentRequest,
        answer: Box<dyn FnOnce(ConsentAnswer) + Send>,
    ) -> Result<Box<dyn PromptHandle>, PromptError> {
        let clock = Arc::clone(&self.clock);
        let thread =
            open("consent-window", move |gate| Prompt::make(request, answer, clock, gate))?;
        Ok(Box::new(OpenPrompt { _thread: thread }))
    }
}

struct Prompt {
    request: ConsentRequest,
    clock: Arc<dyn Clock>,
    deadline: Duration,
    view: RefCell<ConsentView<GdiFace>>,
    text: Cell<HWND>,
    buttons: RefCell<Vec<HWND>>,
    /// Input counts from here on; `None` until the window was seen.
    guarded_until: Cell<Option<Duration>>,
    shown_seconds: Cell<u32>,
    answer: Cell<Option<ConsentAnswer>>,
}

fn view(request: &ConsentRequest, scale: f32) -> Result<ConsentView<GdiFace>, PromptError> {
    let place = Place::main()?;
    let (width, height) = extent(place.work);
    // Some room for the frame that Windows draws.
    let room = (width as u32, (height as f32 - 48.0 * scale).max(1.0) as u32);
    ConsentView::new(request, Look::current().palette, scale, room, GdiFace::new()?)
        .ok_or_else(|| PromptError("no room for a window".to_owned()))
}

impl Prompt {
    fn make(
        request: ConsentRequest,
        answer: Box<dyn FnOnce(ConsentAnswer) + Send>,
        clock: Arc<dyn Clock>,
        gate: &Arc<Gate>,
    ) -> Result<Made, PromptError> {
        let place = Place::main()?;
        let now = clock.monotonic();
        let prompt = Rc::new(Self {
            view: RefCell::new(view(&request, 1.0)?),
            deadline: now + request.timeout,
            clock,
            text: Cell::new(HWND::default()),
            buttons: RefCell::default(),
            guarded_until: Cell::new(None),
            shown_seconds: Cell::new(0),
            answer: Cell::new(None),
            request,
        });
        let window = Window::create(
            &Shape {
                class: CLASS,
                title: words::CONSENT_TITLE,
                style: WS_POPUP | WS_CAPTION | WS_SYSMENU | WS_CLIPCHILDREN,
                extended: WS_EX_TOPMOST | WS_EX_APPWINDOW,
                at: (place.work.left, place.work.top),
            },
            prompt.clone(),
            gate,
        )?;
        prompt.populate(window)?;
        prompt.lay_out(window)?;
        Self::centre(window)?;
        prompt.tick(window);
        window.show_quietly();
        Self::ask_for_attention(window);
        let content = Rc::clone(&prompt);
        let end = Box::new(move |shut: bool| {
            // The window is gone before anything follows from the answer. Gone without
            // one, and not by its holder, is a denial.
            match (prompt.answer.get(), shut) {
                (Some(given), _) => answer(given),
                (None, true) => {}
                (None, false) => answer(ConsentAnswer::Decline),
            }
        });
        Ok(Made { window, content, end })
    }

    fn populate(&self, window: Window) -> Result<(), PromptError> {
        let (all, labels) = {
            let view = self.view.borrow();
            let all = view.text_area();
            (all, view.buttons.iter().map(|b| (b.label, b.area)).collect::<Vec<_>>())
        };
        let spoken = words::consent_spoken(&self.request);
        self.text.set(controls::text(window, TEXT, &spoken, all)?);
        for (index, (label, area)) in labels.into_iter().enumerate() {
            // Only with Alt: a letter alone is what somebody may be typing.
            let button = controls::button(window, index + 1, &format!("&{label}"), area)?;
            self.buttons.borrow_mut().push(button);
        }
        Ok(())
    }

    /// Everything anew in the colours and at the scale of the moment.
    fn lay_out(&self, window: Window) -> Result<(), PromptError> {
        let mut new = view(&self.request, scale(window.0))?;
        let (size, areas, text) = {
            let mut old = self.view.borrow_mut();
            new.focus = old.focus;
            new.mnemonics = old.mnemonics;
            let (seconds, part) = self.left(self.clock.monotonic());
            new.draw(seconds, part);
            self.shown_seconds.set(seconds);
            let size = (new.canvas.width() as i32, new.canvas.height() as i32);
            let areas: Vec<_> =
                new.buttons.iter().map(|b| b.area.grown(new.focus_room())).collect();
            let text = new.text_area();
            *old = new;
            (size, areas, text)
        };
        window.dark_title(Look::current().dark);
        let at = window.rect();
        window.place((at.left, at.top), size);
        controls::place(self.text.get(), text);
        let buttons = self.buttons.borrow().clone();
        for (button, area) in buttons.iter().zip(areas) {
            controls::place(*button, area);
        }
        self.redraw(window);
        Ok(())
    }

    fn centre(window: Window) -> Result<(), PromptError> {
        let work = Place::main()?.work;
        let (room, size) = (extent(work), extent(window.rect()));
        // A little above the middle, where the eye is.
        let top = work.top + ((room.1 - size.1) * 2 / 5).max(0);
        window.move_to(work.left + ((room.0 - size.0) / 2).max(0), top);
        Ok(())
    }

    /// Windows lets a program come to the front only when the user has had to do with
    /// it. One attempt, no tricks: otherwise the task bar shows it until it is seen.
    fn ask_for_attention(window: Window) {
        let flash = FLASHWINFO {
            cbSize: size_of::<FLASHWINFO>() as u32,
            hwnd: window.0,
            dwFlags: FLASHW_TRAY | FLASHW_TIMERNOFG,
            uCount: 0,
            dwTimeout: 0,
        };
        // SAFETY: the window is ours; reads the live value.
        unsafe {
            let _ = SetForegroundWindow(window.0);
            if GetForegroundWindow() != window.0 {
                let _ = FlashWindowEx(&raw const flash);
            }
        }
    }

    /// Seconds to go, and which part of the time that is.
    fn left(&self, now: Duration) -> (u32, f32) {
        let left = self.deadline.saturating_sub(now).as_secs_f32();
        (left.ceil() as u32, left / self.request.timeout.as_secs_f32().max(0.001))
    }

    fn finish(&self, window: Window, answer: ConsentAnswer) {
        if self.answer.get().is_none() {
            self.answer.set(Some(answer));
        }
        window.destroy();
    }

    /// Looks at the clock, and asks to be called again at the next whole second.
    fn tick(&self, window: Window) {
        let now = self.clock.monotonic();
        if now >= self.deadline {
            return self.finish(window, ConsentAnswer::TimedOut);
        }
        let (seconds, part) = self.left(now);
        if seconds != self.shown_seconds.replace(seconds) {
            let ring = self.view.borrow_mut().draw_countdown(seconds, part);
            picture::stale(window, ring, &[]);
        }
        window.raise_if_covered();
        let left = self.deadline.saturating_sub(now);
        let next = left.saturating_sub(Duration::from_secs(u64::from(seconds.max(1)) - 1));
        // SAFETY: the window is ours; an earlier timer of this number is replaced.
        unsafe { SetTimer(Some(window.0), TIMER, next.as_millis() as u32 + 1, None) };
    }

    /// Whether input counts now. What comes too early makes the wait longer.
    fn awake(&self) -> bool {
        let now = self.clock.monotonic();
        match self.guarded_until.get() {
            Some(until) if now >= until => true,
            guarded => {
                self.guarded_until.set(guarded.map(|_| now + GUARD));
                false
            }
        }
    }

    /// The window can be seen, or has just got the keyboard.
    fn seen(&self) {
        self.guarded_until.set(Some(self.clock.monotonic() + GUARD));
    }

    fn redraw(&self, window: Window) {
        let all = {
            let mut view = self.view.borrow_mut();
            let (seconds, part) = self.left(self.clock.monotonic());
            view.draw(seconds, part)
        };
        let buttons = self.buttons.borrow().clone();
        picture::stale(window, all, &buttons);
        picture::stale(window, all, &[self.text.get()]);
    }

    fn buttons_changed(&self, window: Window) {
        let row = self.view.borrow_mut().draw_buttons();
        let buttons = self.buttons.borrow().clone();
        picture::stale(window, row, &buttons);
    }

    fn focus(&self, window: Window, index: usize) {
        self.view.borrow_mut().focus = index;
        self.buttons_changed(window);
        self.give_focus();
    }

    /// The button that has the keyboard has it for Windows, too.
    fn give_focus(&self) {
        let index = self.view.borrow().focus;
        let button = self.buttons.borrow().get(index).copied();
        if let Some(button) = button {
            // SAFETY: ours.
            let _ = unsafe { SetFocus(Some(button)) };
        }
    }

    fn press(&self, window: Window, index: usize) {
        let answer = self.view.borrow().buttons.get(index).map(|button| button.answer);
        if let Some(answer) = answer {
            self.finish(window, answer);
        }
    }

    /// A key that Windows does not get to see; `false` for others.
    fn key(&self, window: Window, key: VIRTUAL_KEY, repeated: bool) -> bool {
        let (focus, count) = {
            let view = self.view.borrow();
            (view.focus, view.buttons.len())
        };
        // SAFETY: takes a number and gives one.
        let shift = unsafe { GetKeyState(i32::from(VK_SHIFT.0)) } < 0;
        let back = (focus + count - 1) % count;
        let next = (focus + 1) % count;
        let action: Box<dyn FnOnce()> = match key {
            VK_TAB if shift => Box::new(|| self.focus(window, back)),
            VK_LEFT | VK_UP => Box::new(|| self.focus(window, back)),
            VK_TAB | VK_RIGHT | VK_DOWN => Box::new(|| self.focus(window, next)),
            // A key that is held has not been pressed here.
            VK_RETURN | VK_SPACE if !repeated => Box::new(|| self.press(window, focus)),
            VK_ESCAPE if !repeated => Box::new(|| self.finish(window, ConsentAnswer::Decline)),
            VK_RETURN | VK_SPACE | VK_ESCAPE => Box::new(|| {}),
            _ => return false,
        };
        if self.awake() {
            action();
        }
        true
    }

    fn mnemonic(&self, window: Window, wparam: WPARAM) -> bool {
        let typed = char::from_u32(wparam.0 as u32).map(|c| c.to_ascii_uppercase());
        let found = self
            .view
            .borrow()
            .buttons
            .iter()
            .position(|button| button.label.chars().next() == typed);
        let Some(index) = found else { return false };
        if self.awake() {
            self.press(window, index);
        }
        true
    }

    fn moved(&self, window: Window, message: &MSG) {
        let (x, y) = window.pointer(message);
        let at = if message.message == WM_MOUSELEAVE {
            None
        } else {
            Window::tell_when_left(message);
            self.view.borrow().button_at(x, y)
        };
        let changed = {
            let mut view = self.view.borrow_mut();
            std::mem::replace(&mut view.hover, at) != at
        };
        if changed {
            self.buttons_changed(window);
        }
    }

    fn pressed(&self, window: Window, message: &MSG) {
        if !self.awake() {
            return;
        }
        let (x, y) = window.pointer(message);
        let at = self.view.borrow().button_at(x, y);
        self.view.borrow_mut().pressed = at;
        if let Some(index) = at {
            // SAFETY: ours.
            unsafe { SetCapture(window.0) };
            self.focus(window, index);
        }
    }

    fn released(&self, window: Window, message: &MSG) {
        let pressed = self.view.borrow_mut().pressed.take();
        let Some(pressed) = pressed else { return };
        // SAFETY: takes nothing.
        let _ = unsafe { ReleaseCapture() };
        let (x, y) = window.pointer(message);
        let at = self.view.borrow().button_at(x, y);
        // Pressed and released on the same button, as everywhere.
        if at == Some(pressed) {
            self.press(window, pressed);
        } else {
            self.buttons_changed(window);
        }
    }
}

impl Content for Prompt {
    fn input(&self, window: Window, message: &MSG) -> bool {
        let key = VIRTUAL_KEY(message.wParam.0 as u16);
        match message.message {
            WM_KEYDOWN => self.key(window, key, message.lParam.0 & REPEATED != 0),
            // What TranslateMessage made of keys that others take.
            WM_CHAR => true,
            WM_SYSKEYDOWN => {
                if key == VK_MENU && !self.view.borrow().mnemonics {
                    self.view.borrow_mut().mnemonics = true;
                    self.buttons_changed(window);
                }
                false
            }
            WM_SYSCHAR => self.mnemonic(window, message.wParam),
            WM_MOUSEMOVE | WM_MOUSELEAVE => {
                self.moved(window, message);
                true
            }
            WM_LBUTTONDOWN | WM_LBUTTONDBLCLK => {
                self.pressed(window, message);
                true
            }
            WM_LBUTTONUP => {
                self.released(window, message);
                true
            }
            _ => false,
        }
    }

    fn message(
        &self,
        window: Window,
        message: u32,
        wparam: WPARAM,
        lparam: LPARAM,
    ) -> Option<LRESULT> {
        match message {
            WM_PAINT => {
                picture::paint(window, &self.view.borrow().canvas);
                if self.guarded_until.get().is_none() {
                    self.seen();
                }
            }
            WM_ERASEBKGND => return Some(LRESULT(1)),
            WM_DRAWITEM => {
                // SAFETY: the system passes a live description with this message.
                let item = unsafe { &*(lparam.0 as *const DRAWITEMSTRUCT) };
                picture::draw_item(window, &self.view.borrow().canvas, item);
                return Some(LRESULT(1));
            }
            WM_TIMER | WM_WAKE => self.tick(window),
            WM_COMMAND => {
                let (id, what) = (wparam.0 & 0xFFFF, (wparam.0 >> 16) as u32 & 0xFFFF);
                let index = id.wrapping_sub(1);
                if index < self.buttons.borrow().len() {
                    match what {
                        // By a screen reader: people's clicks are taken in `input`.
                        BN_CLICKED if self.awake() => self.press(window, index),
                        BN_SETFOCUS => {
                            self.view.borrow_mut().focus = index;
                            self.buttons_changed(window);
                        }
                        _ => {}
                    }
                }
            }
            WM_ACTIVATE => {
                if wparam.0 as u32 & 0xFFFF != WA_INACTIVE {
                    // Keys that were meant for another window answer nothing.
                    if self.guarded_until.get().is_some() {
                        self.seen();
                    }
                    self.give_focus();
                }
            }
            WM_SETFOCUS => self.give_focus(),
            WM_CLOSE => self.finish(window, ConsentAnswer::Decline),
            WM_ENDSESSION if wparam.0 != 0 => self.finish(window, ConsentAnswer::Decline),
            WM_DPICHANGED | WM_SETTINGCHANGE | WM_SYSCOLORCHANGE | WM_DISPLAYCHANGE => {
                // Without a monitor the old drawing stays until there is one again.
                if self.lay_out(window).is_ok() && message == WM_DISPLAYCHANGE {
                    let _ = Self::centre(window);
                }
            }
            _ => return None,
        }
        Some(LRESULT(0))
    }
}
