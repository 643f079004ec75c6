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
    VIRTUAL_KEY, VK_CAPITAL, VK_NUMLOCK, VK_PAUSE, VK_RETURN, VK_SCROLL, VK_TAB,
};
use windows::Win32::UI::WindowsAndMessaging::{
    GetSystemMetrics, MSG, PM_NOREMOVE, PeekMessageW, SM_CXVIRTUALSCREEN, SM_CYVIRTUALSCREEN,
    SM_SWAPBUTTON, SM_XVIRTUALSCREEN, SM_YVIRTUALSCREEN,
};

/// The key that is NumLock without and Pause with the prefix (see `input.proto`).
const NUM_LOCK_OR_PAUSE: u8 = 0x45;
/// Of an extended key's scan code, for the layout.
const PREFIX: u16 = 0xE000;
const HIGHEST_SCAN_CODE: u8 = 0x7F;
/// Events that go to the system in one call at most.
const MOST_AT_ONCE: usize = 64;
/// `mouseData` of the side buttons (winuser.h).
const XBUTTON1: u32 = 1;
const XBUTTON2: u32 = 2;

/// Keyboard and pointer of the desktop that the calling thread is on. Keys go by scan
/// code, so that the machine's own layout decides what they mean. Dropping it releases
/// what it holds down.
#[derive(Default)]
pub struct WindowsInput {
    queue: Vec<INPUT>,
    keys: Vec<(u8, bool)>,
    buttons: Vec<PointerButton>,
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
fn key_event(scan_code: u8, extended: bool, down: bool) -> INPUT {
    let up = if down { KEYBD_EVENT_FLAGS(0) } else { KEYEVENTF_KEYUP };
    let scan = u16::from(scan_code);
    match (scan_code, extended) {
        // Windows swaps the prefix of these two: by name there is no doubt.
        (NUM_LOCK_OR_PAUSE, true) => keyboard(VK_PAUSE, scan, up),
        (NUM_LOCK_OR_PAUSE, false) => keyboard(VK_NUMLOCK, scan, up | KEYEVENTF_EXTENDEDKEY),
        // Windows goes by the scan code alone; Wine wants the key that it means, too.
        (_, true) => {
            let flags = up | KEYEVENTF_SCANCODE | KEYEVENTF_EXTENDEDKEY;
            keyboard(meaning(PREFIX | scan), scan, flags)
        }
        (_, false) => keyboard(meaning(scan), scan, up | KEYEVENTF_SCANCODE),
    }
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

/// A position in units of 1/65536 of the virtual desktop: the middle of the pixel, so
/// that rounding cannot miss it.
fn normalized(offset: i32, extent: i32) -> i32 {
    let extent = i64::from(extent.max(1));
    let offset = i64::from(offset).clamp(0, extent - 1);
    i32::try_from((2 * offset + 1) * 32768 / extent).unwrap_or(i32::MAX)
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

    fn stroke(&mut self, key: VIRTUAL_KEY) -> Result<(), InputError> {
        self.push(keyboard(key, 0, KEYBD_EVENT_FLAGS(0)))?;
        self.push(keyboard(key, 0, KEYEVENTF_KEYUP))
    }

    fn release_all(&mut self) -> Result<(), InputError> {
        for (scan_code, extended) in std::mem::take(&mut self.keys) {
            self.push(key_event(scan_code, extended, false))?;
        }
        for button in std::mem::take(&mut self.buttons) {
            let (flags, data) = button_event(button, false, metric(SM_SWAPBUTTON) != 0);
            self.push(mouse(0, 0, data, flags))?;
        }
        self.flush()
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
        self.keys.retain(|held| *held != key);
        if down {
            self.keys.push(key);
        }
        self.push(key_event(scan_code, extended, down))
    }

    fn text(&mut self, text: &str) -> Result<(), InputError> {
        for character in text.replace("\r\n", "\n").chars() {
            match character {
                '\n' | '\r' => self.stroke(VK_RETURN)?,
                '\t' => self.stroke(VK_TAB)?,
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
        for (key, wanted) in [(VK_CAPITAL, caps), (VK_NUMLOCK, num), (VK_SCROLL, scroll)] {
            // SAFETY: takes a number and gives one.
            let on = unsafe { GetKeyState(i32::from(key.0)) } & 1 != 0;
            if on != wanted {
                let extended =
                    if key == VK_NUMLOCK { KEYEVENTF_EXTENDEDKEY } else { KEYBD_EVENT_FLAGS(0) };
                self.push(keyboard(key, 0, extended))?;
                self.push(keyboard(key, 0, extended | KEYEVENTF_KEYUP))?;
            }
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), InputError> {
        if self.queue.is_empty() {
            return Ok(());
        }
        let size = i32::try_from(size_of::<INPUT>()).unwrap_or(0);
        // SAFETY: each event has the type that its union holds.
        let sent = unsafe { SendInput(&self.queue, size) } as usize;
        let asked = self.queue.len();
        let error = windows::core::Error::from_thread();
        self.queue.clear();
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
    use super::*;

    #[test]
    fn positions_are_hit_to_the_pixel() {
        for extent in [1, 640, 1280, 1366, 1920, 3840, 5760, 32767] {
            for offset in [0, 1, 2, extent / 3, extent / 2, extent - 2, extent - 1] {
                let offset = offset.clamp(0, extent - 1);
                let unit = i64::from(normalized(offset, extent));
                for divisor in [65535, 65536] {
                    assert_eq!(unit * i64::from(extent) / divisor, i64::from(offset));
                }
            }
        }
        assert_eq!(normalized(-5, 100), normalized(0, 100));
        assert_eq!(normalized(500, 100), normalized(99, 100));
        assert_eq!(normalized(5, 0), normalized(0, 1));
    }

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
        assert_eq!(flags(key_event(0x1E, false, true)).1, KEYEVENTF_SCANCODE);
        // Right Ctrl, arrow up, the Windows key, numpad Enter and Divide.
        for code in [0x1D, 0x48, 0x5B, 0x1C, 0x35] {
            let expected = KEYEVENTF_SCANCODE | KEYEVENTF_EXTENDEDKEY | KEYEVENTF_KEYUP;
            assert_eq!(flags(key_event(code, true, false)).1, expected);
        }
        assert_eq!(flags(key_event(0x45, true, true)).0, VK_PAUSE);
        assert_eq!(flags(key_event(0x45, false, true)), (VK_NUMLOCK, KEYEVENTF_EXTENDEDKEY));
        assert_eq!(button_event(PointerButton::Left, true, false).0, MOUSEEVENTF_LEFTDOWN);
        assert_eq!(button_event(PointerButton::Left, true, true).0, MOUSEEVENTF_RIGHTDOWN);
        assert_eq!(button_event(PointerButton::Forward, false, true), (MOUSEEVENTF_XUP, XBUTTON2));
    }
}
