//! The window in which an end user types a support code.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use gc_panel::{CodeButton, CodeView, EntryHint, words};
use gc_platform::{CodeEvent, CodeHandle, CodeStatus, CodeWindow, PromptError};
use windows::Win32::Foundation::{HWND, LPARAM, LRESULT, WPARAM};
use windows::Win32::Graphics::Gdi::{
    CreateSolidBrush, DeleteObject, HBRUSH, HDC, HGDIOBJ, SetBkColor, SetTextColor,
};
use windows::Win32::UI::Accessibility::NotifyWinEvent;
use windows::Win32::UI::Controls::{DRAWITEMSTRUCT, EM_SETLIMITTEXT, EM_SETSEL, WM_MOUSELEAVE};
use windows::Win32::UI::Input::KeyboardAndMouse::{
    EnableWindow, GetFocus, GetKeyState, ReleaseCapture, SetCapture, SetFocus, VIRTUAL_KEY, VK_A,
    VK_CONTROL, VK_ESCAPE, VK_RETURN, VK_SPACE, VK_TAB,
};
use windows::Win32::UI::WindowsAndMessaging::{
    BN_CLICKED, BN_KILLFOCUS, BN_SETFOCUS, CHILDID_SELF, DestroyIcon, EN_CHANGE, EN_KILLFOCUS,
    EN_SETFOCUS, ES_AUTOHSCROLL, ES_UPPERCASE, EVENT_OBJECT_NAMECHANGE, EVENT_SYSTEM_ALERT,
    GetWindowTextW, HICON, ICON_BIG, ICON_SMALL, MSG, OBJID_WINDOW, SW_HIDE, SW_MINIMIZE, SW_SHOW,
    SW_SHOWNORMAL, SendMessageW, SetForegroundWindow, SetWindowTextW, ShowWindow, WA_INACTIVE,
    WINDOW_STYLE, WM_ACTIVATE, WM_CLOSE, WM_COMMAND, WM_CTLCOLOREDIT, WM_DISPLAYCHANGE,
    WM_DPICHANGED, WM_DRAWITEM, WM_ERASEBKGND, WM_KEYDOWN, WM_LBUTTONDBLCLK, WM_LBUTTONDOWN,
    WM_LBUTTONUP, WM_MOUSEMOVE, WM_PAINT, WM_SETFONT, WM_SETICON, WM_SETTINGCHANGE,
    WM_SYSCOLORCHANGE, WS_CAPTION, WS_CLIPCHILDREN, WS_EX_APPWINDOW, WS_MINIMIZEBOX, WS_OVERLAPPED,
    WS_SYSMENU, WS_TABSTOP,
};
use windows::core::{HSTRING, w};

use super::look::{Look, Place, colorref, extent, scale};
use super::text::GdiFace;
use super::thread::{Gate, Made, WM_WAKE, WindowThread, open};
use super::window::{Content, Shape, Window};
use super::{controls, picture};

const CLASS: &str = "GuruConnectCode";
const TEXT: usize = 1;
const FIELD: usize = 2;
const BUTTON: usize = 3;
/// Characters in the field at most: a code with whatever stands between its parts.
const MAX_TYPED: usize = 40;

/// Opens code windows on the main monitor.
#[derive(Debug, Clone, Copy, Default)]
pub struct WindowsCodeWindow;

/// What others have set since the window has last looked.
type Statuses = Arc<Mutex<Vec<CodeStatus>>>;

struct OpenCode {
    statuses: Statuses,
    thread: WindowThread,
}

impl CodeHandle for OpenCode {
    fn set_status(&self, status: CodeStatus) {
        self.statuses.lock().unwrap_or_else(PoisonError::into_inner).push(status);
        self.thread.wake();
    }
}

impl CodeWindow for WindowsCodeWindow {
    fn open(
        &self,
        event: Box<dyn Fn(CodeEvent) + Send + Sync>,
    ) -> Result<Box<dyn CodeHandle>, PromptError> {
        let statuses = Statuses::default();
        let shared = Arc::clone(&statuses);
        let thread = open("code-window", move |gate| Code::make(shared, event, gate))?;
        Ok(Box::new(OpenCode { statuses, thread }))
    }
}

struct Code {
    statuses: Statuses,
    event: Box<dyn Fn(CodeEvent) + Send + Sync>,
    view: RefCell<CodeView<GdiFace>>,
    text: Cell<HWND>,
    field: Cell<HWND>,
    button: Cell<HWND>,
    brush: Cell<HBRUSH>,
    icons: RefCell<Vec<HICON>>,
}

fn view(scale: f32) -> Result<CodeView<GdiFace>, PromptError> {
    CodeView::new(Look::current().palette, scale, GdiFace::new()?)
        .ok_or_else(|| PromptError("no room for a window".to_owned()))
}

impl Code {
    fn make(
        statuses: Statuses,
        event: Box<dyn Fn(CodeEvent) + Send + Sync>,
        gate: &Arc<Gate>,
    ) -> Result<Made, PromptError> {
        let work = Place::main()?.work;
        let code = Rc::new(Self {
            statuses,
            event,
            view: RefCell::new(view(1.0)?),
            text: Cell::default(),
            field: Cell::default(),
            button: Cell::default(),
            brush: Cell::default(),
            icons: RefCell::default(),
        });
        let window = Window::create(
            &Shape {
                class: CLASS,
                title: words::CODE_TITLE,
                style: WS_OVERLAPPED | WS_CAPTION | WS_SYSMENU | WS_MINIMIZEBOX | WS_CLIPCHILDREN,
                extended: WS_EX_APPWINDOW,
                at: (work.left, work.top),
            },
            code.clone(),
            gate,
        )?;
        code.populate(window)?;
        code.lay_out(window)?;
        let (room, size) = (extent(work), extent(window.rect()));
        window.move_to(
            work.left + ((room.0 - size.0) / 2).max(0),
            work.top + ((room.1 - size.1) * 2 / 5).max(0),
        );
        // The user has started the program a moment ago.
        // SAFETY: the window is ours.
        unsafe {
            let _ = ShowWindow(window.0, SW_SHOWNORMAL);
            let _ = SetForegroundWindow(window.0);
        }
        code.give_focus();
        let content = Rc::clone(&code);
        let end = Box::new(move |shut: bool| {
            code.clean_up();
            if !shut {
                (code.event)(CodeEvent::Closed);
            }
        });
        Ok(Made { window, content, end })
    }

    fn populate(&self, window: Window) -> Result<(), PromptError> {
        let (button, field) = {
            let view = self.view.borrow();
            (view.button, view.field().unwrap_or(view.button))
        };
        // What stands before the field is its name for a screen reader.
        self.text.set(controls::text(window, TEXT, "", field)?);
        let style = WS_TABSTOP | WINDOW_STYLE(ES_AUTOHSCROLL as u32 | ES_UPPERCASE as u32);
        self.field.set(controls::control(window, w!("EDIT"), style, FIELD, "", field)?);
        self.button.set(controls::button(window, BUTTON, "", button)?);
        // SAFETY: the control is ours.
        unsafe {
            SendMessageW(self.field.get(), EM_SETLIMITTEXT, Some(WPARAM(MAX_TYPED)), None);
        }
        for (kind, side) in [(ICON_SMALL, 16_u32), (ICON_BIG, 32)] {
            let side = side * scale(window.0).ceil() as u32;
            let icon =
                gc_panel::tray_icon(side, false).and_then(|pixels| picture::icon(side, &pixels));
            if let Some(icon) = icon {
                self.icons.borrow_mut().push(icon);
                let (kind, handle) = (WPARAM(kind as usize), LPARAM(icon.0 as isize));
                // SAFETY: the window is ours; the icon lives longer.
                unsafe { SendMessageW(window.0, WM_SETICON, Some(kind), Some(handle)) };
            }
        }
        Ok(())
    }

    fn clean_up(&self) {
        for icon in self.icons.borrow_mut().drain(..) {
            // SAFETY: ours, and its window is gone.
            let _ = unsafe { DestroyIcon(icon) };
        }
        let brush = self.brush.replace(HBRUSH::default());
        // SAFETY: ours, or nothing.
        let _ = unsafe { DeleteObject(HGDIOBJ(brush.0)) };
    }

    /// Everything anew in the colours and at the scale of the moment.
    fn lay_out(&self, window: Window) -> Result<(), PromptError> {
        let mut new = view(scale(window.0))?;
        let (size, font, ground) = {
            let mut old = self.view.borrow_mut();
            new.set_status(old.status().clone());
            (new.focus, new.field_focus) = (old.focus, old.field_focus);
            let px = new.field_px();
            // The view keeps the font, and lives as long as the field shows it.
            let font = new.canvas.fonts().font(px, gc_panel::Weight::Regular);
            let size = (new.canvas.width() as i32, new.canvas.height() as i32);
            let ground = new.field_colors().0;
            // The old one's fonts go with it, when the field has the new one.
            std::mem::swap(&mut *old, &mut new);
            (size, font, ground)
        };
        // SAFETY: the field and the brushes are ours; the old brush is used no more.
        unsafe {
            let (font, redraw) = (WPARAM(font.0 as usize), LPARAM(1));
            SendMessageW(self.field.get(), WM_SETFONT, Some(font), Some(redraw));
            let old = self.brush.replace(CreateSolidBrush(colorref(ground)));
            let _ = DeleteObject(HGDIOBJ(old.0));
        }
        drop(new);
        window.dark_title(Look::current().dark);
        let at = window.rect();
        window.place((at.left, at.top), size);
        self.arrange(window);
        Ok(())
    }

    /// Controls as the state wants them.
    fn arrange(&self, window: Window) {
        let (field, button, label, spoken, text, enabled) = {
            let mut view = self.view.borrow_mut();
            view.draw();
            let button = view.button.grown(view.focus_room());
            let all = view.text_area();
            (view.field(), button, view.label(), view.spoken(), all, view.enabled)
        };
        controls::place(self.text.get(), text);
        controls::place(self.button.get(), button);
        if let Some(area) = field {
            controls::place(self.field.get(), area);
        }
        // SAFETY: the controls are ours; texts end with a zero.
        unsafe {
            let how = if field.is_some() { SW_SHOW } else { SW_HIDE };
            let _ = ShowWindow(self.field.get(), how);
            let _ = EnableWindow(self.field.get(), enabled);
            let _ = EnableWindow(self.button.get(), enabled);
            let _ = SetWindowTextW(self.text.get(), &HSTRING::from(spoken));
            let _ = SetWindowTextW(self.button.get(), &HSTRING::from(label));
        }
        self.redraw(window);
    }

    fn redraw(&self, window: Window) {
        let all = {
            let mut view = self.view.borrow_mut();
            view.draw();
            view.all()
        };
        picture::stale(window, all, &[self.text.get(), self.button.get()]);
    }

    fn give_focus(&self) {
        let has_field = self.view.borrow().field().is_some();
        let control = if has_field { self.field.get() } else { self.button.get() };
        // SAFETY: ours.
        let _ = unsafe { SetFocus(Some(control)) };
    }

    fn typed(&self) -> String {
        let mut units = [0_u16; MAX_TYPED + 1];
        // SAFETY: the system writes no more units than there is room for.
        let length = unsafe { GetWindowTextW(self.field.get(), &mut units) };
        String::from_utf16_lossy(&units[..usize::try_from(length).unwrap_or(0)])
    }

    /// Tells early what cannot be.
    fn changed(&self, window: Window) {
        let complaint = match EntryHint::of(&self.typed()) {
            EntryHint::Impossible(why) => why,
            EntryHint::Incomplete | EntryHint::Code(_) => String::new(),
        };
        self.complain(window, &complaint);
    }

    fn complain(&self, window: Window, complaint: &str) {
        let before = self.view.borrow().spoken();
        self.view.borrow_mut().complain(complaint);
        let now = self.view.borrow().spoken();
        if before != now {
            // SAFETY: the control is ours; the text ends with a zero.
            unsafe {
                let _ = SetWindowTextW(self.text.get(), &HSTRING::from(now));
            }
            self.announce();
            self.redraw(window);
        }
    }

    /// A screen reader says what has changed.
    fn announce(&self) {
        for event in [EVENT_OBJECT_NAMECHANGE, EVENT_SYSTEM_ALERT] {
            // SAFETY: the control is ours.
            unsafe {
                NotifyWinEvent(event, self.text.get(), OBJID_WINDOW.0, CHILDID_SELF as i32);
            }
        }
    }

    fn look_at_statuses(&self, window: Window) {
        let statuses =
            std::mem::take(&mut *self.statuses.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(status) = statuses.into_iter().last() else { return };
        let refused = matches!(status, CodeStatus::Refused(_));
        self.view.borrow_mut().set_status(status);
        self.arrange(window);
        self.announce();
        self.give_focus();
        if refused {
            self.select_all();
        }
    }

    fn select_all(&self) {
        // SAFETY: the control is ours.
        unsafe {
            SendMessageW(self.field.get(), EM_SETSEL, Some(WPARAM(0)), Some(LPARAM(-1)));
        }
    }

    fn press(&self, window: Window) {
        let (enabled, action) = {
            let view = self.view.borrow();
            (view.enabled, view.action())
        };
        if !enabled {
            return;
        }
        if action == CodeButton::Close {
            return window.destroy();
        }
        match EntryHint::of(&self.typed()) {
            EntryHint::Code(code) => {
                self.view.borrow_mut().set_status(CodeStatus::Checking);
                self.arrange(window);
                (self.event)(CodeEvent::Entered(code));
            }
            EntryHint::Incomplete => {
                self.complain(window, "A support code has nine characters.");
                self.give_focus();
            }
            EntryHint::Impossible(why) => {
                self.complain(window, &why);
                self.give_focus();
            }
        }
    }

    /// While somebody is connected the window only gets out of the way: ending the
    /// session is what its button says.
    fn close(&self, window: Window) {
        if matches!(self.view.borrow().status(), CodeStatus::Connected { .. }) {
            // SAFETY: the window is ours.
            let _ = unsafe { ShowWindow(window.0, SW_MINIMIZE) };
        } else {
            window.destroy();
        }
    }

    fn key(&self, window: Window, message: &MSG) -> bool {
        let key = VIRTUAL_KEY(message.wParam.0 as u16);
        // SAFETY: takes nothing, and a number.
        let (focus, control) = unsafe { (GetFocus(), GetKeyState(i32::from(VK_CONTROL.0)) < 0) };
        match key {
            VK_TAB => {
                let has_field = self.view.borrow().field().is_some();
                let next = if focus == self.button.get() && has_field {
                    self.field.get()
                } else {
                    self.button.get()
                };
                // SAFETY: ours.
                let _ = unsafe { SetFocus(Some(next)) };
            }
            VK_RETURN => self.press(window),
            VK_SPACE if focus == self.button.get() => self.press(window),
            VK_ESCAPE => self.close(window),
            VK_A if control && focus == self.field.get() => self.select_all(),
            _ => return false,
        }
        true
    }

    fn set_button(&self, window: Window, hover: Option<bool>, pressed: Option<bool>) {
        let changed = {
            let mut view = self.view.borrow_mut();
            let before = (view.hover, view.pressed);
            view.hover = hover.unwrap_or(view.hover);
            view.pressed = pressed.unwrap_or(view.pressed);
            before != (view.hover, view.pressed)
        };
        if changed {
            self.redraw(window);
        }
    }

    fn on_button(&self, window: Window, message: &MSG) -> bool {
        let (x, y) = window.pointer(message);
        self.view.borrow().button.contains(x, y)
    }
}

impl Content for Code {
    fn input(&self, window: Window, message: &MSG) -> bool {
        // The field has its own way with the pointer.
        let in_field = message.hwnd == self.field.get();
        match message.message {
            WM_KEYDOWN => return self.key(window, message),
            WM_MOUSEMOVE | WM_MOUSELEAVE => {
                let on = message.message == WM_MOUSEMOVE && self.on_button(window, message);
                if !in_field {
                    Window::tell_when_left(message);
                }
                self.set_button(window, Some(on), None);
                return false;
            }
            WM_LBUTTONDOWN | WM_LBUTTONDBLCLK if !in_field => {
                if self.on_button(window, message) {
                    // SAFETY: ours.
                    unsafe {
                        SetCapture(window.0);
                        let _ = SetFocus(Some(self.button.get()));
                    }
                    self.set_button(window, None, Some(true));
                }
            }
            WM_LBUTTONUP if !in_field => {
                if self.view.borrow().pressed {
                    // SAFETY: takes nothing.
                    let _ = unsafe { ReleaseCapture() };
                    self.set_button(window, None, Some(false));
                    if self.on_button(window, message) {
                        self.press(window);
                    }
                }
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
            WM_CTLCOLOREDIT => {
                let (ground, text) = self.view.borrow().field_colors();
                let dc = HDC(wparam.0 as *mut _);
                // SAFETY: the context comes with the message.
                unsafe {
                    SetBkColor(dc, colorref(ground));
                    SetTextColor(dc, colorref(text));
                }
                return Some(LRESULT(self.brush.get().0 as isize));
            }
            WM_COMMAND => {
                let (id, what) = (wparam.0 & 0xFFFF, (wparam.0 >> 16) as u32 & 0xFFFF);
                match (id, what) {
                    (FIELD, EN_CHANGE) => self.changed(window),
                    (FIELD, EN_SETFOCUS | EN_KILLFOCUS) => {
                        self.view.borrow_mut().field_focus = what == EN_SETFOCUS;
                        self.redraw(window);
                    }
                    (BUTTON, BN_SETFOCUS | BN_KILLFOCUS) => {
                        self.view.borrow_mut().focus = what == BN_SETFOCUS;
                        self.redraw(window);
                    }
                    // By a screen reader: people's clicks are taken in `input`.
                    (BUTTON, BN_CLICKED) => self.press(window),
                    _ => return None,
                }
            }
            WM_ACTIVATE => {
                if wparam.0 as u32 & 0xFFFF != WA_INACTIVE {
                    self.give_focus();
                }
            }
            WM_WAKE => self.look_at_statuses(window),
            WM_CLOSE => self.close(window),
            WM_DPICHANGED | WM_SETTINGCHANGE | WM_SYSCOLORCHANGE | WM_DISPLAYCHANGE => {
                // Without memory for a new drawing the old one stays.
                let _ = self.lay_out(window);
            }
            _ => return None,
        }
        Some(LRESULT(0))
    }
}
