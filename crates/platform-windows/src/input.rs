//! Input injection by `SendInput`.

use gc_platform::{InputError, InputInjector, PointerButton};
use gc_types::CauseCode;
use windows::Win32::UI::Input::KeyboardAndMouse::{
    GetKeyState, INPUT, INPUT_0, INPUT_KEYBOARD, INPUT_MOUSE, KEYBD_EVENT_FLAGS, KEYBDINPUT,
    KEYEVENTF_EXTENDEDKEY, KEYEVENTF_KEYUP, KEYEVENTF_SCANCODE, KEYEVENTF_UNICODE,
    MAPVK_VSC_TO_VK_EX, MOUSE_EVENT_FLAGS, MOUSEEVENTF_ABSOLUTE, MOUSEEVENTF_HWHEEL,
    MOUSEEVENTF_LEFTDOWN, MOUSEEVENTF_LEFTUP, MOUSEEVENTF_MIDDLEDOWN, MOUSEEVENTF_MIDDLEUP,
    MOUSEEVENTF_MOVE, MOUSEEVENTF_RIGHTDOWN, MOUSEEVENTF_RIGHTUP, MOUSEEVENTF_VIRTUALDESK,
    MOUSEEVENTF_WHEEL, MOUSEEVENTF_XDOWN, MOUSEEVENTF_XUP, MOUSEINPUT, MapVirtualKeyW, SendInput,
    VIRTUAL_KEY, VK_CAPITAL, VK_NUMLOCK, VK_RETURN, VK_SCROLL, VK_TAB,
};
use windows::Win32::UI::WindowsAndMessaging::{
    GetSystemMetrics, MSG, PM_NOREMOVE, PeekMessageW, SM_CXVIRTUALSCREEN, SM_CYVIRTUALSCREEN,
    SM_SWAPBUTTON, SM_XVIRTUALSCREEN, SM_YVIRTUALSCREEN,
};

use crate::choice::Desktop;
use crate::injected;
use crate::keys::{KeyForm, key_form, normalized};
use crate::screen::InputDesktop;

/// Ctrl, left without and right with the prefix.
const CTRL: u8 = 0x1D;
/// What the keyboard sends for keys that are pressed by name.
const ENTER: u16 = 0x1C;
const TAB: u16 = 0x0F;
const CAPS_LOCK: u16 = 0x3A;
const NUM_LOCK: u16 = 0x45;
const SCROLL_LOCK: u16 = 0x46;
/// Of an extended key's scan code, for the layout.
const PREFIX: u16 = 0xE000;
const HIGHEST_SCAN_CODE: u8 = 0x7F;
/// Events that go to the system in one call at most.
const MOST_AT_ONCE: usize = 64;
/// `mouseData` of the side buttons (winuser.h).
const XBUTTON1: u32 = 1;
const XBUTTON2: u32 = 2;

/// Keyboard and pointer of the desktop that has the input. Keys go by scan code, so that
/// the machine's own layout decides what they mean. Dropping it, by a panic too,
/// releases what it holds down. The thread that it is used on must have no windows: it
/// follows that desktop.
#[derive(Default)]
pub struct WindowsInput {
    queue: Vec<INPUT>,
    /// Keys that are down, and how each was pressed.
    keys: Vec<((u8, bool), KeyForm)>,
    buttons: Vec<PointerButton>,
    desktop: InputDesktop,
}

fn keyboard(key: VIRTUAL_KEY, scan: u16, flags: KEYBD_EVENT_FLAGS) -> INPUT {
    let ki = KEYBDINPUT { wVk: key, wScan: scan, dwFlags: flags, time: 0, dwExtraInfo: 0 };
    INPUT { r#type: INPUT_KEYBOARD, Anonymous: INPUT_0 { ki } }
}

fn mouse(dx: i32, dy: i32, data: u32, flags: MOUSE_EVENT_FLAGS) -> INPUT {
    let mi = MOUSEINPUT { dx, dy, mouseData: data, dwFlags: flags, time: 0, dwExtraInfo: 0 };
    INPUT { r#type: INPUT_MOUSE, Anonymous: INPUT_0 { mi } }
}

fn metric(index: windows::Win32::UI::WindowsAndMessaging::SYSTEM_METRICS_INDEX) -> i32 {
    // SAFETY: takes a number and gives one.
    unsafe { GetSystemMetrics(index) }
}

/// What the layout of this thread makes of a scan code; 0 where it knows none.
fn meaning(scan: u16) -> VIRTUAL_KEY {
    // SAFETY: takes numbers and gives one.
    let key = unsafe { MapVirtualKeyW(scan.into(), MAPVK_VSC_TO_VK_EX) };
    VIRTUAL_KEY(u16::try_from(key).unwrap_or(0))
}

/// The event of a key.
fn key_event(form: KeyForm, down: bool) -> INPUT {
    let mut flags = if down { KEYBD_EVENT_FLAGS(0) } else { KEYEVENTF_KEYUP };
    if form.extended {
        flags |= KEYEVENTF_EXTENDEDKEY;
    }
    let scan = u16::from(form.scan);
    if let Some(named) = form.named {
        return keyboard(VIRTUAL_KEY(named), scan, flags);
    }
    // Windows goes by the scan code alone; Wine wants the key that it means, too.
    let key = meaning(if form.extended { PREFIX | scan } else { scan });
    keyboard(key, scan, flags | KEYEVENTF_SCANCODE)
}

/// The event of a button, and its data.
fn button_event(button: PointerButton, down: bool, swapped: bool) -> (MOUSE_EVENT_FLAGS, u32) {
    let pick = |press, release| if down { press } else { release };
    let left = pick(MOUSEEVENTF_LEFTDOWN, MOUSEEVENTF_LEFTUP);
    let right = pick(MOUSEEVENTF_RIGHTDOWN, MOUSEEVENTF_RIGHTUP);
    match button {
        // Windows swaps the buttons of a left-handed user after injection: what is
        // asked for here is the main button, wherever that is.
        PointerButton::Left => (if swapped { right } else { left }, 0),
        PointerButton::Right => (if swapped { left } else { right }, 0),
        PointerButton::Middle => (pick(MOUSEEVENTF_MIDDLEDOWN, MOUSEEVENTF_MIDDLEUP), 0),
        PointerButton::Back => (pick(MOUSEEVENTF_XDOWN, MOUSEEVENTF_XUP), XBUTTON1),
        PointerButton::Forward => (pick(MOUSEEVENTF_XDOWN, MOUSEEVENTF_XUP), XBUTTON2),
    }
}

impl WindowsInput {
    /// Takes nothing before the first event.
    pub fn new() -> Self {
        Self::default()
    }

    fn push(&mut self, event: INPUT) -> Result<(), InputError> {
        self.queue.push(event);
        if self.queue.len() >= MOST_AT_ONCE { self.flush() } else { Ok(()) }
    }

    fn stroke(
        &mut self,
        key: VIRTUAL_KEY,
        scan: u16,
        flags: KEYBD_EVENT_FLAGS,
    ) -> Result<(), InputError> {
        self.push(keyboard(key, scan, flags))?;
        self.push(keyboard(key, scan, flags | KEYEVENTF_KEYUP))
    }

    fn release_all(&mut self) -> Result<(), InputError> {
        // The last one first, as fingers do: modifiers go up after what they modify. One
        // that fails keeps no other one down.
        let mut result = Ok(());
        for (_, form) in std::mem::take(&mut self.keys).into_iter().rev() {
            let pushed = self.push(key_event(form, false));
            result = result.and(pushed);
        }
        for button in std::mem::take(&mut self.buttons) {
            let (flags, data) = button_event(button, false, metric(SM_SWAPBUTTON) != 0);
            let pushed = self.push(mouse(0, 0, data, flags));
            result = result.and(pushed);
        }
        let flushed = self.flush();
        result.and(flushed)
    }
}

impl InputInjector for WindowsInput {
    fn key(&mut self, scan_code: u8, extended: bool, down: bool) -> Result<(), InputError> {
        if !(1..=HIGHEST_SCAN_CODE).contains(&scan_code) {
            return Err(InputError {
                cause: CauseCode::KeyNotMapped,
                detail: format!("no key has scan code {scan_code:#04x}, extended {extended}"),
            });
        }
        let key = (scan_code, extended);
        let held = self.keys.iter().find(|(held, _)| *held == key).map(|(_, form)| *form);
        // What was pressed as one key goes up as the same, whatever else is down by then.
        let form = held.unwrap_or_else(|| {
            let ctrl = self.keys.iter().any(|((held, _), _)| *held == CTRL);
            key_form(scan_code, extended, ctrl)
        });
        if down && held.is_none() {
            self.keys.push((key, form));
        } else if !down {
            self.keys.retain(|(held, _)| *held != key);
        }
        self.push(key_event(form, down))
    }

    fn text(&mut self, text: &str) -> Result<(), InputError> {
        for character in text.replace("\r\n", "\n").chars() {
            match character {
                '\n' | '\r' => self.stroke(VK_RETURN, ENTER, KEYBD_EVENT_FLAGS(0))?,
                '\t' => self.stroke(VK_TAB, TAB, KEYBD_EVENT_FLAGS(0))?,
                other if other.is_control() => {}
                other => {
                    // A pair of surrogates is two events; Windows puts it together.
                    for unit in other.encode_utf16(&mut [0; 2]) {
                        let none = VIRTUAL_KEY(0);
                        self.push(keyboard(none, *unit, KEYEVENTF_UNICODE))?;
                        self.push(keyboard(none, *unit, KEYEVENTF_UNICODE | KEYEVENTF_KEYUP))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn pointer_move(&mut self, x: i32, y: i32) -> Result<(), InputError> {
        let left = x.saturating_sub(metric(SM_XVIRTUALSCREEN));
        let top = y.saturating_sub(metric(SM_YVIRTUALSCREEN));
        self.push(mouse(
            normalized(left, metric(SM_CXVIRTUALSCREEN)),
            normalized(top, metric(SM_CYVIRTUALSCREEN)),
            0,
            MOUSEEVENTF_MOVE | MOUSEEVENTF_ABSOLUTE | MOUSEEVENTF_VIRTUALDESK,
        ))
    }

    fn pointer_button(&mut self, button: PointerButton, down: bool) -> Result<(), InputError> {
        self.buttons.retain(|held| *held != button);
        if down {
            self.buttons.push(button);
        }
        let (flags, data) = button_event(button, down, metric(SM_SWAPBUTTON) != 0);
        self.push(mouse(0, 0, data, flags))
    }

    fn wheel(&mut self, x: i32, y: i32) -> Result<(), InputError> {
        // Windows counts in the same unit; its positive is right and up.
        if x != 0 {
            self.push(mouse(0, 0, x.cast_unsigned(), MOUSEEVENTF_HWHEEL))?;
        }
        if y != 0 {
            self.push(mouse(0, 0, y.saturating_neg().cast_unsigned(), MOUSEEVENTF_WHEEL))?;
        }
        Ok(())
    }

    fn set_locks(&mut self, caps: bool, num: bool, scroll: bool) -> Result<(), InputError> {
        self.flush()?;
        let mut message = MSG::default();
        // SAFETY: it writes into the live message; the state of keys is brought up to
        // date when a thread looks for messages.
        unsafe {
            let _ = PeekMessageW(&raw mut message, None, 0, 0, PM_NOREMOVE);
        }
        for (key, scan, wanted) in [
            (VK_CAPITAL, CAPS_LOCK, caps),
            (VK_NUMLOCK, NUM_LOCK, num),
            (VK_SCROLL, SCROLL_LOCK, scroll),
        ] {
            // SAFETY: takes a number and gives one.
            let on = unsafe { GetKeyState(i32::from(key.0)) } & 1 != 0;
            if on != wanted {
                let extended =
                    if key == VK_NUMLOCK { KEYEVENTF_EXTENDEDKEY } else { KEYBD_EVENT_FLAGS(0) };
                self.stroke(key, scan, extended)?;
            }
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), InputError> {
        if self.queue.is_empty() {
            return Ok(());
        }
        let front = self.desktop.follow();
        if !matches!(front, Desktop::Ours | Desktop::Followed) {
            let lost = std::mem::take(&mut self.queue).len();
            return Err(InputError {
                cause: CauseCode::InputUnavailable,
                detail: format!("{lost} events had no desktop to go to ({front:?})"),
            });
        }
        let size = i32::try_from(size_of::<INPUT>()).unwrap_or(0);
        // SAFETY: each event has the type that its union holds.
        let sent = unsafe { SendInput(&self.queue, size) } as usize;
        let asked = self.queue.len();
        let error = windows::core::Error::from_thread();
        self.queue.clear();
        injected::announce();
        if sent == asked {
            return Ok(());
        }
        // Another program blocks input, or a window of higher integrity is in front.
        Err(InputError {
            cause: CauseCode::InputUnavailable,
            detail: format!("{sent} of {asked} events were taken: {error}"),
        })
    }
}

impl Drop for WindowsInput {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = self.release_all();
    }
}

#[cfg(test)]
mod tests {
    use windows::Win32::UI::Input::KeyboardAndMouse::VK_PAUSE;

    use super::*;

    #[test]
    fn keys_without_a_code_are_refused() {
        let mut input = WindowsInput::new();
        for code in [0, 0x80, 0xFF] {
            let refused = input.key(code, false, true).unwrap_err();
            assert_eq!(refused.cause, CauseCode::KeyNotMapped);
        }
        assert!(input.queue.is_empty() && input.keys.is_empty());
    }

    #[test]
    fn flags_say_which_key_and_which_way() {
        // SAFETY: these events are of the keyboard.
        let flags = |event: INPUT| unsafe { (event.Anonymous.ki.wVk, event.Anonymous.ki.dwFlags) };
        let event = |code, extended, down| flags(key_event(key_form(code, extended, false), down));
        assert_eq!(event(0x1E, false, true).1, KEYEVENTF_SCANCODE);
        // Right Ctrl, arrow up, the Windows key, numpad Enter and Divide.
        for code in [0x1D, 0x48, 0x5B, 0x1C, 0x35] {
            let expected = KEYEVENTF_SCANCODE | KEYEVENTF_EXTENDEDKEY | KEYEVENTF_KEYUP;
            assert_eq!(event(code, true, false).1, expected);
        }
        assert_eq!(event(0x45, true, true), (VK_PAUSE, KEYBD_EVENT_FLAGS(0)));
        assert_eq!(event(0x45, false, true), (VK_NUMLOCK, KEYEVENTF_EXTENDEDKEY));
        assert_eq!(button_event(PointerButton::Left, true, false).0, MOUSEEVENTF_LEFTDOWN);
        assert_eq!(button_event(PointerButton::Left, true, true).0, MOUSEEVENTF_RIGHTDOWN);
        assert_eq!(button_event(PointerButton::Forward, false, true), (MOUSEEVENTF_XUP, XBUTTON2));
    }
}
