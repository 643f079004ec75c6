//! The icon in the notification area.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use gc_panel::{tray_icon, words};
use gc_platform::{PromptError, TrayCommand, TrayHandle, TrayIcon, TrayMenu, TrayStatus};
use windows::Win32::Foundation::{LPARAM, LRESULT, POINT, WPARAM};
use windows::Win32::UI::Shell::{
    NIF_ICON, NIF_INFO, NIF_MESSAGE, NIF_SHOWTIP, NIF_TIP, NIIF_INFO, NIIF_RESPECT_QUIET_TIME,
    NIM_ADD, NIM_DELETE, NIM_MODIFY, NIM_SETVERSION, NIN_SELECT, NOTIFY_ICON_MESSAGE,
    NOTIFYICON_VERSION_4, NOTIFYICONDATAW, Shell_NotifyIconW,
};
use windows::Win32::UI::WindowsAndMessaging::{
    AppendMenuW, ChangeWindowMessageFilterEx, CreatePopupMenu, DestroyIcon, DestroyMenu,
    GetCursorPos, GetSystemMetrics, HICON, KillTimer, MB_ICONINFORMATION, MB_OK, MB_SETFOREGROUND,
    MF_DISABLED, MF_SEPARATOR, MF_STRING, MSGFLT_ALLOW, MessageBoxW, PostMessageW,
    RegisterWindowMessageW, SM_CXSMICON, SM_MENUDROPALIGNMENT, SetForegroundWindow, SetTimer,
    TPM_LEFTALIGN, TPM_NONOTIFY, TPM_RETURNCMD, TPM_RIGHTALIGN, TPM_RIGHTBUTTON, TrackPopupMenuEx,
    WM_APP, WM_CONTEXTMENU, WM_DESTROY, WM_DISPLAYCHANGE, WM_DPICHANGED, WM_NULL, WM_TIMER,
    WS_EX_TOOLWINDOW, WS_POPUP,
};
use windows::core::{HSTRING, PCWSTR, w};

use super::picture;
use super::thread::{Gate, Made, WM_WAKE, WindowThread, open};
use super::window::{Content, Shape, Window};

const CLASS: &str = "GuruConnectTray";
const ICON: u32 = 1;
const WM_ICON: u32 = WM_APP + 3;
/// `NIN_SELECT` by the keyboard (shellapi.h).
const NIN_KEYSELECT: u32 = NIN_SELECT | 1;
const TIMER: usize = 1;
/// There may be no task bar yet when the agent starts with the session.
const AGAIN_MS: u32 = 2000;

const ABOUT: usize = 1;
const END_SESSION: usize = 2;
const EXIT: usize = 3;

/// Shows an icon in the notification area of the session's task bar.
#[derive(Debug, Clone, Copy, Default)]
pub struct WindowsTrayIcon;

/// What others have said since the icon has last looked.
#[derive(Default)]
struct Said {
    status: TrayStatus,
    announcements: Vec<(String, String)>,
}

struct ShownIcon {
    said: Arc<Mutex<Said>>,
    thread: WindowThread,
}

impl TrayHandle for ShownIcon {
    fn set_status(&self, status: TrayStatus) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).status = status;
        self.thread.wake();
    }

    fn announce(&self, title: &str, text: &str) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.announcements.push((title.to_owned(), text.to_owned()));
        drop(said);
        self.thread.wake();
    }
}

impl TrayIcon for WindowsTrayIcon {
    fn show(
        &self,
        menu: TrayMenu,
        status: TrayStatus,
        command: Box<dyn Fn(TrayCommand) + Send + Sync>,
    ) -> Result<Box<dyn TrayHandle>, PromptError> {
        let said = Arc::new(Mutex::new(Said { status, announcements: Vec::new() }));
        let shared = Arc::clone(&said);
        let thread = open("tray-icon", move |gate| Tray::make(menu, shared, command, gate))?;
        Ok(Box::new(ShownIcon { said, thread }))
    }
}

struct Tray {
    menu: TrayMenu,
    said: Arc<Mutex<Said>>,
    command: Box<dyn Fn(TrayCommand) + Send + Sync>,
    /// Sent to all windows when the shell has made a task bar.
    taskbar_created: u32,
    added: Cell<bool>,
    icon: RefCell<Option<Icon>>,
}

/// An icon of the system's, and which one.
struct Icon {
    handle: HICON,
    side: u32,
    connected: bool,
}

impl Drop for Icon {
    fn drop(&mut self) {
        // SAFETY: ours.
        let _ = unsafe { DestroyIcon(self.handle) };
    }
}

/// Copies a text into a field of fixed size, which ends with a zero.
fn fill<const N: usize>(field: &mut [u16; N], text: &str) {
    let mut at = 0;
    for character in text.chars() {
        let mut units = [0; 2];
        let units = character.encode_utf16(&mut units);
        // Never half of a character.
        if at + units.len() >= N {
            break;
        }
        field[at..at + units.len()].copy_from_slice(units);
        at += units.len();
    }
    field[at..].fill(0);
}

/// What the tool tip says.
fn tip(menu: &TrayMenu, status: &TrayStatus) -> String {
    let mut tip = menu.product.clone();
    if status.technicians > 0 {
        tip = format!("{tip}\n{}", words::technicians(status.technicians));
    }
    if !status.text.is_empty() {
        tip = format!("{tip}\n{}", status.text);
    }
    tip
}

/// Tells the shell something about the icon of a window.
fn notify(window: Window, what: NOTIFY_ICON_MESSAGE, data: &mut NOTIFYICONDATAW) -> bool {
    data.cbSize = size_of::<NOTIFYICONDATAW>() as u32;
    data.hWnd = window.0;
    data.uID = ICON;
    // SAFETY: reads the live description.
    unsafe { Shell_NotifyIconW(what, data) }.as_bool()
}

/// Shows a menu and tells what is chosen; 0 for nothing.
fn choose(window: Window, at: POINT, items: &[(usize, String)]) -> usize {
    // SAFETY: the menu is ours and goes once; texts end with a zero and outlive the
    // calls.
    unsafe {
        let Ok(menu) = CreatePopupMenu() else { return 0 };
        for (id, text) in items {
            let kind = match (id, text.as_str()) {
                (0, "") => MF_SEPARATOR,
                (0, _) => MF_STRING | MF_DISABLED,
                _ => MF_STRING,
            };
            // What is told of others may have the sign for a mnemonic in it.
            let text = if *id == 0 { text.replace('&', "&&") } else { text.clone() };
            let _ = AppendMenuW(menu, kind, *id, &HSTRING::from(text));
        }
        // Otherwise the menu would stay when the user clicks elsewhere, and the
        // message after it makes the next one come up (TrackPopupMenu, remarks).
        let _ = SetForegroundWindow(window.0);
        let side = if GetSystemMetrics(SM_MENUDROPALIGNMENT) != 0 {
            TPM_RIGHTALIGN
        } else {
            TPM_LEFTALIGN
        };
        let flags = side | TPM_RIGHTBUTTON | TPM_RETURNCMD | TPM_NONOTIFY;
        let chosen = TrackPopupMenuEx(menu, flags.0, at.x, at.y, window.0, None);
        let _ = PostMessageW(Some(window.0), WM_NULL, WPARAM(0), LPARAM(0));
        let _ = DestroyMenu(menu);
        usize::try_from(chosen.0).unwrap_or(0)
    }
}

impl Tray {
    fn make(
        menu: TrayMenu,
        said: Arc<Mutex<Said>>,
        command: Box<dyn Fn(TrayCommand) + Send + Sync>,
        gate: &Arc<Gate>,
    ) -> Result<Made, PromptError> {
        // SAFETY: the name ends with a zero.
        let taskbar_created = unsafe { RegisterWindowMessageW(w!("TaskbarCreated")) };
        let tray = Rc::new(Self {
            menu,
            said,
            command,
            taskbar_created,
            added: Cell::new(false),
            icon: RefCell::default(),
        });
        // Never shown; but a window of the desktop, since others are not told of a new
        // task bar.
        let window = Window::create(
            &Shape {
                class: CLASS,
                title: "GuruConnect",
                style: WS_POPUP,
                extended: WS_EX_TOOLWINDOW,
                at: (0, 0),
            },
            tray.clone(),
            gate,
        )?;
        for message in [taskbar_created, WM_ICON] {
            // The shell runs with fewer rights than an elevated agent.
            // SAFETY: the window is ours.
            let _ = unsafe { ChangeWindowMessageFilterEx(window.0, message, MSGFLT_ALLOW, None) };
        }
        tray.refresh(window);
        let content = Rc::clone(&tray);
        let end = Box::new(move |_: bool| tray.icon.replace(None).map_or((), drop));
        Ok(Made { window, content, end })
    }

    /// Adds the icon, or brings it up to date; tries again later where there is no task
    /// bar.
    fn refresh(&self, window: Window) {
        let (status, announcements) = {
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            let announcements =
                if self.added.get() { std::mem::take(&mut said.announcements) } else { Vec::new() };
            (said.status.clone(), announcements)
        };
        let mut data = NOTIFYICONDATAW {
            uFlags: NIF_MESSAGE | NIF_ICON | NIF_TIP | NIF_SHOWTIP,
            uCallbackMessage: WM_ICON,
            hIcon: self.icon(status.technicians > 0),
            ..NOTIFYICONDATAW::default()
        };
        fill(&mut data.szTip, &tip(&self.menu, &status));
        if self.added.get() {
            self.added.set(notify(window, NIM_MODIFY, &mut data));
        }
        if !self.added.get() && notify(window, NIM_ADD, &mut data) {
            self.added.set(true);
            let mut version = NOTIFYICONDATAW::default();
            version.Anonymous.uVersion = NOTIFYICON_VERSION_4;
            notify(window, NIM_SETVERSION, &mut version);
            // What was said meanwhile.
            return self.refresh(window);
        }
        // SAFETY: the window is ours.
        unsafe {
            if self.added.get() {
                let _ = KillTimer(Some(window.0), TIMER);
            } else {
                SetTimer(Some(window.0), TIMER, AGAIN_MS, None);
            }
        }
        for (title, text) in announcements {
            let mut data = NOTIFYICONDATAW {
                uFlags: NIF_INFO,
                dwInfoFlags: NIIF_INFO | NIIF_RESPECT_QUIET_TIME,
                ..NOTIFYICONDATAW::default()
            };
            fill(&mut data.szInfoTitle, &title);
            fill(&mut data.szInfo, &text);
            notify(window, NIM_MODIFY, &mut data);
        }
    }

    /// The icon of this state at the size that the system wants.
    fn icon(&self, connected: bool) -> HICON {
        // SAFETY: takes a number and gives one.
        let side = unsafe { GetSystemMetrics(SM_CXSMICON) }.clamp(16, 256) as u32;
        let mut icon = self.icon.borrow_mut();
        let right = |icon: &Icon| icon.side == side && icon.connected == connected;
        if !icon.as_ref().is_some_and(right) {
            let handle = tray_icon(side, connected).and_then(|pixels| picture::icon(side, &pixels));
            *icon = handle.map(|handle| Icon { handle, side, connected });
        }
        icon.as_ref().map(|icon| icon.handle).unwrap_or_default()
    }

    /// Shows the menu and does what is chosen there.
    fn ask(&self, window: Window, at: POINT) {
        let status = {
            let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            said.status.clone()
        };
        let mut items: Vec<(usize, String)> = vec![(0, self.menu.product.clone())];
        for line in [status.text.clone(), words::technicians(status.technicians)] {
            if !line.is_empty() {
                items.push((0, line));
            }
        }
        items.push((0, String::new()));
        items.push((ABOUT, "&About GuruConnect".to_owned()));
        if self.menu.end_session && status.technicians > 0 {
            items.push((END_SESSION, "&End session".to_owned()));
        }
        if self.menu.exit {
            items.push((EXIT, "E&xit".to_owned()));
        }
        match choose(window, at, &items) {
            ABOUT => self.about(window),
            END_SESSION => (self.command)(TrayCommand::EndSession),
            EXIT => (self.command)(TrayCommand::Exit),
            _ => {}
        }
    }

    fn about(&self, window: Window) {
        let text = format!("{}\n\n{}", self.menu.product, self.menu.about);
        let text = HSTRING::from(text.trim_end());
        let style = MB_OK | MB_ICONINFORMATION | MB_SETFOREGROUND;
        // SAFETY: texts end with a zero and outlive the call.
        unsafe {
            MessageBoxW(Some(window.0), PCWSTR(text.as_ptr()), w!("About GuruConnect"), style)
        };
    }
}

impl Content for Tray {
    fn message(
        &self,
        window: Window,
        message: u32,
        wparam: WPARAM,
        lparam: LPARAM,
    ) -> Option<LRESULT> {
        match message {
            WM_ICON => {
                // Version 4: what happened, and where.
                let what = lparam.0 as u32 & 0xFFFF;
                if matches!(what, WM_CONTEXTMENU | NIN_SELECT | NIN_KEYSELECT) {
                    let mut at = POINT {
                        x: i32::from(wparam.0 as u16 as i16),
                        y: i32::from((wparam.0 >> 16) as u16 as i16),
                    };
                    if at.x == -1 && at.y == -1 {
                        // SAFETY: writes into the live point.
                        let _ = unsafe { GetCursorPos(&raw mut at) };
                    }
                    self.ask(window, at);
                }
            }
            WM_TIMER | WM_WAKE | WM_DISPLAYCHANGE | WM_DPICHANGED => self.refresh(window),
            WM_DESTROY => {
                notify(window, NIM_DELETE, &mut NOTIFYICONDATAW::default());
                return None;
            }
            created if created == self.taskbar_created && created != 0 => {
                self.added.set(false);
                self.refresh(window);
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
    fn fields_are_filled_with_whole_characters_and_a_zero() {
        let mut field = [7; 5];
        fill(&mut field, "ab");
        assert_eq!(field, [97, 98, 0, 0, 0]);
        fill(&mut field, "abcdef");
        assert_eq!(field, [97, 98, 99, 100, 0]);
        fill(&mut field, "abc😀");
        assert_eq!(field, [97, 98, 99, 0, 0]);
    }

    #[test]
    fn the_tip_says_what_it_is_and_who_is_there() {
        let menu = TrayMenu {
            product: "GuruConnect 1.2".to_owned(),
            about: String::new(),
            end_session: true,
            exit: false,
        };
        let mut status = TrayStatus { text: "Connected to a.example".to_owned(), technicians: 0 };
        assert_eq!(tip(&menu, &status), "GuruConnect 1.2\nConnected to a.example");
        status.technicians = 2;
        let expected = "GuruConnect 1.2\n2 technicians are connected\nConnected to a.example";
        assert_eq!(tip(&menu, &status), expected);
    }
}
