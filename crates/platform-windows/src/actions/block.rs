//! Blocks the machine's own keyboard and mouse.
//!
//! `BlockInput` would block this program, too: only the thread that called it may
//! inject then, and a program without elevation may not call it. Low-level hooks are
//! shown every key and mouse event before anybody else and may swallow it; injected
//! ones are marked (`LLKHF_INJECTED`, `LLMHF_INJECTED`) and let through. Windows takes
//! hooks away from a thread that answers too slowly, so an event of its own tells every
//! two seconds that they are there. Ctrl+Alt+Del cannot be swallowed.

use std::cell::Cell;

use gc_platform::{ActionError, Freed, SwitchHandle};
use gc_types::CauseCode;
use windows::Win32::Foundation::{LPARAM, LRESULT, WPARAM};
use windows::Win32::System::LibraryLoader::GetModuleHandleW;
use windows::Win32::UI::Input::KeyboardAndMouse::{
    GetAsyncKeyState, INPUT, INPUT_0, INPUT_KEYBOARD, KEYBDINPUT, KEYEVENTF_KEYUP, SendInput,
    VIRTUAL_KEY, VK_CONTROL, VK_DELETE, VK_LCONTROL, VK_LMENU, VK_MENU, VK_RCONTROL, VK_RMENU,
    VK_SHIFT,
};
use windows::Win32::UI::WindowsAndMessaging::{
    CallNextHookEx, HC_ACTION, HHOOK, KBDLLHOOKSTRUCT, KillTimer, LLKHF_INJECTED, LLMHF_INJECTED,
    MSLLHOOKSTRUCT, PostQuitMessage, SetTimer, SetWindowsHookExW, UnhookWindowsHookEx,
    WH_KEYBOARD_LL, WH_MOUSE_LL, WM_KEYUP, WM_SYSKEYUP, WM_TIMER,
};

use super::desktop_switch::DesktopSwitch;
use super::failed;
use super::held::{self, Ready, run_loop};

/// How often the hooks are tried.
const TRY_EVERY_MS: u32 = 2_000;
/// The first try is due within this.
const FIRST_TRY_MS: u32 = 100;
/// A key that no keyboard has and no program knows (unassigned in winuser.h).
const TRIED_KEY: VIRTUAL_KEY = VIRTUAL_KEY(0xE8);
/// Virtual keys of keyboards; those below are mouse buttons.
const FIRST_KEY: u16 = 0x08;
const LAST_KEY: u16 = 0xFE;
/// Marks our own tries, so that they are swallowed.
const TRY_MARK: usize = 0x4743_5452;

thread_local! {
    /// Tries that the keyboard hook has seen.
    static SEEN: Cell<u32> = const { Cell::new(0) };
    /// What of Ctrl, Alt and Del is down on the machine's own keyboard.
    static CHORD: Cell<u8> = const { Cell::new(0) };
    static FREED: Cell<bool> = const { Cell::new(false) };
}

const CHORD_ALL: u8 = 0b111;

/// Blocks them, and looks whether the hooks are called.
pub(super) fn start(freed: Freed) -> Result<Box<dyn SwitchHandle>, ActionError> {
    held::start("block-input", move |ready| hold(ready, &freed))
}

struct Hooks {
    keyboard: HHOOK,
    mouse: HHOOK,
}

impl Hooks {
    fn set() -> Result<Self, ActionError> {
        // SAFETY: takes no name for the module of the program itself; the functions
        // outlive the hooks, which are removed by `drop` on the same thread.
        unsafe {
            let module = GetModuleHandleW(None).map_err(|error| failed("module", &error))?;
            let keyboard = SetWindowsHookExW(WH_KEYBOARD_LL, Some(on_key), Some(module.into()), 0)
                .map_err(|error| failed("keyboard hook", &error))?;
            let mouse = SetWindowsHookExW(WH_MOUSE_LL, Some(on_mouse), Some(module.into()), 0)
                .map_err(|error| {
                    let _ = UnhookWindowsHookEx(keyboard);
                    failed("mouse hook", &error)
                })?;
            Ok(Self { keyboard, mouse })
        }
    }
}

impl Drop for Hooks {
    fn drop(&mut self) {
        // SAFETY: ours, on this thread. One that Windows has taken away is refused.
        unsafe {
            let _ = UnhookWindowsHookEx(self.keyboard);
            let _ = UnhookWindowsHookEx(self.mouse);
        }
    }
}

fn hold(ready: &Ready, freed: &Freed) {
    SEEN.set(0);
    CHORD.set(0);
    FREED.set(false);
    let mut hooks = match Hooks::set() {
        Ok(hooks) => Some(hooks),
        Err(error) => {
            // Who started this waits for it.
            let _ = ready.send(Err(error));
            return;
        }
    };
    let switch = DesktopSwitch::watch();
    // SAFETY: takes numbers; the timer posts to this thread's queue.
    let timer = unsafe { SetTimer(None, 0, FIRST_TRY_MS, None) };
    let (mut told, mut tries, mut lost) = (false, 0_u32, false);
    try_hooks();
    tries += 1;
    let mut missed = 0;
    run_loop(|message| {
        if message.message != WM_TIMER || message.wParam.0 != timer {
            return;
        }
        if SEEN.get() == tries {
            missed = 0;
            if !told {
                told = true;
                let_go();
                let _ = ready.send(Ok(()));
                // SAFETY: as above; the same timer with another time.
                unsafe { SetTimer(None, timer, TRY_EVERY_MS, None) };
            }
        } else {
            missed += 1;
            // A busy machine is given a second chance, with new hooks.
            if missed > 10 || told && missed > 1 {
                lost = true;
                // SAFETY: takes a number; for this thread.
                unsafe { PostQuitMessage(0) };
                return;
            }
            if told {
                hooks = None;
                hooks = Hooks::set().ok();
            }
        }
        if missed == 0 || told {
            SEEN.set(0);
            tries = 1;
            try_hooks();
        }
    });
    drop(hooks);
    // SAFETY: takes numbers.
    let _ = unsafe { KillTimer(None, timer) };
    let by_user = FREED.get().then(|| ActionError::new(CauseCode::ActionFreedByUser, ""));
    let why = by_user.or_else(|| switch.happened()).or_else(|| {
        lost.then(|| {
            ActionError::new(
                CauseCode::ActionNotVerified,
                "Windows does not show the events of keyboard and mouse to this program.",
            )
        })
    });
    if let Some(why) = why {
        if told {
            freed(why);
        } else {
            let _ = ready.send(Err(why));
        }
    }
}

/// Sends the hooks an event of our own.
fn try_hooks() {
    send(&[key_up(TRIED_KEY, TRY_MARK)]);
}

/// What the user holds down would stay down, since its release is swallowed.
fn let_go() {
    // Left and right Shift, Ctrl and Alt are there by themselves.
    let both = [VK_SHIFT, VK_CONTROL, VK_MENU];
    let held: Vec<INPUT> = (FIRST_KEY..=LAST_KEY)
        .map(VIRTUAL_KEY)
        // SAFETY: takes a number and gives one.
        .filter(|key| !both.contains(key) && unsafe { GetAsyncKeyState(key.0.into()) } < 0)
        .map(|key| key_up(key, 0))
        .collect();
    if !held.is_empty() {
        send(&held);
    }
}

fn key_up(key: VIRTUAL_KEY, mark: usize) -> INPUT {
    let ki =
        KEYBDINPUT { wVk: key, wScan: 0, dwFlags: KEYEVENTF_KEYUP, time: 0, dwExtraInfo: mark };
    INPUT { r#type: INPUT_KEYBOARD, Anonymous: INPUT_0 { ki } }
}

fn send(events: &[INPUT]) {
    let size = i32::try_from(size_of::<INPUT>()).unwrap_or(0);
    // SAFETY: the events are of the keyboard, as their type says. That one did not
    // arrive is seen by what does not come back.
    unsafe { SendInput(events, size) };
}

unsafe extern "system" fn on_key(code: i32, what: WPARAM, event: LPARAM) -> LRESULT {
    if u32::try_from(code) == Ok(HC_ACTION) {
        // SAFETY: for this code the system passes a live structure of this kind.
        let key = unsafe { &*(event.0 as *const KBDLLHOOKSTRUCT) };
        if key.flags.0 & LLKHF_INJECTED.0 == 0 {
            let up = matches!(u32::try_from(what.0), Ok(WM_KEYUP | WM_SYSKEYUP));
            watch_chord(key.vkCode, !up);
            return LRESULT(1);
        }
        if key.dwExtraInfo == TRY_MARK {
            SEEN.set(SEEN.get() + 1);
            return LRESULT(1);
        }
    }
    // SAFETY: passed on as it came.
    unsafe { CallNextHookEx(None, code, what, event) }
}

unsafe extern "system" fn on_mouse(code: i32, what: WPARAM, event: LPARAM) -> LRESULT {
    if u32::try_from(code) == Ok(HC_ACTION) {
        // SAFETY: for this code the system passes a live structure of this kind.
        let mouse = unsafe { &*(event.0 as *const MSLLHOOKSTRUCT) };
        if mouse.flags & LLMHF_INJECTED == 0 {
            return LRESULT(1);
        }
    }
    // SAFETY: passed on as it came.
    unsafe { CallNextHookEx(None, code, what, event) }
}

/// Windows itself answers Ctrl+Alt+Del with another desktop; Wine leaves it to us.
fn watch_chord(key: u32, down: bool) {
    let key = VIRTUAL_KEY(u16::try_from(key).unwrap_or(0));
    let bit = match key {
        VK_LCONTROL | VK_RCONTROL => 0b001,
        VK_LMENU | VK_RMENU => 0b010,
        VK_DELETE => 0b100,
        _ => return,
    };
    CHORD.set(if down { CHORD.get() | bit } else { CHORD.get() & !bit });
    if CHORD.get() == CHORD_ALL {
        FREED.set(true);
        // SAFETY: takes a number; for this thread, on which hooks are called.
        unsafe { PostQuitMessage(0) };
    }
}
