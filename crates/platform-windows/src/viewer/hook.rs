//! The keyboard hook: on a thread of its own, so that a busy window never makes the
//! keyboard slow, and only for as long as it is wanted.
#![expect(
    clippy::missing_const_for_thread_local,
    reason = "it is const; on this target the lint does not see it"
)]

use std::cell::RefCell;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;

use gc_platform::WindowError;
use windows::Win32::Foundation::{HWND, LPARAM, LRESULT, WPARAM};
use windows::Win32::System::LibraryLoader::GetModuleHandleW;
use windows::Win32::System::Threading::GetCurrentThreadId;
use windows::Win32::UI::WindowsAndMessaging::{
    CallNextHookEx, GetForegroundWindow, GetMessageW, HC_ACTION, KBDLLHOOKSTRUCT, LLKHF_EXTENDED,
    LLKHF_UP, MSG, PM_NOREMOVE, PeekMessageW, PostMessageW, PostThreadMessageW, SetWindowsHookExW,
    UnhookWindowsHookEx, WH_KEYBOARD_LL, WM_APP, WM_QUIT,
};

use super::keys::{Diverted, DivertedKeys, HookedKey};

/// A key that the hook took: scan code and flags as in [`packed`], and the virtual key.
pub(super) const WM_HOOKED: u32 = WM_APP + 3;
const EXTENDED: isize = 1 << 16;
const DOWN: isize = 1 << 17;

/// What [`WM_HOOKED`] says.
pub(super) fn unpacked(lparam: LPARAM) -> HookedKey {
    HookedKey {
        scan: (lparam.0 & 0xFFFF) as u32,
        extended: lparam.0 & EXTENDED != 0,
        down: lparam.0 & DOWN != 0,
    }
}

fn packed(key: HookedKey) -> LPARAM {
    let flag = |on: bool, bit: isize| if on { bit } else { 0 };
    LPARAM((key.scan & 0xFFFF) as isize | flag(key.extended, EXTENDED) | flag(key.down, DOWN))
}

struct Target {
    window: isize,
    keys: DivertedKeys,
}

thread_local! {
    /// Of the hook that this thread holds; the system calls it on this thread.
    static TARGET: RefCell<Option<Target>> = const { RefCell::new(None) };
}

/// A hook that is in place; dropping it takes it away.
pub(super) struct KeyboardHook {
    thread_id: u32,
    thread: Option<JoinHandle<()>>,
}

impl KeyboardHook {
    pub(super) fn install(window: HWND) -> Result<Self, WindowError> {
        let window = window.0 as isize;
        let (tell, told) = channel();
        let thread = std::thread::Builder::new()
            .name("viewer-keys".to_owned())
            .spawn(move || {
                TARGET.set(Some(Target { window, keys: DivertedKeys::default() }));
                // SAFETY: the procedure is one, and of this module; the thread has a queue
                // from its first look at it on.
                let hook = unsafe {
                    let mut message = MSG::default();
                    let _ = PeekMessageW(&raw mut message, None, 0, 0, PM_NOREMOVE);
                    GetModuleHandleW(None).and_then(|module| {
                        SetWindowsHookExW(WH_KEYBOARD_LL, Some(procedure), Some(module.into()), 0)
                    })
                };
                // SAFETY: takes nothing.
                let id = unsafe { GetCurrentThreadId() };
                let hook = match hook {
                    Ok(hook) => hook,
                    Err(error) => {
                        // Whoever asked is waiting.
                        let _ = tell.send(Err(error.to_string()));
                        return;
                    }
                };
                let _ = tell.send(Ok(id));
                let mut message = MSG::default();
                // SAFETY: writes into the live message; the hook is ours and taken away once.
                unsafe {
                    while GetMessageW(&raw mut message, None, 0, 0).0 > 0 {}
                    let _ = UnhookWindowsHookEx(hook);
                }
            })
            .map_err(|error| WindowError(error.to_string()))?;
        match told.recv() {
            Ok(Ok(thread_id)) => Ok(Self { thread_id, thread: Some(thread) }),
            Ok(Err(error)) => Err(WindowError(error)),
            Err(_) => Err(WindowError("the thread of the keys ended".to_owned())),
        }
    }
}

impl Drop for KeyboardHook {
    fn drop(&mut self) {
        // SAFETY: the thread lives until it has this message.
        let _ = unsafe { PostThreadMessageW(self.thread_id, WM_QUIT, WPARAM(0), LPARAM(0)) };
        if let Some(thread) = self.thread.take() {
            // It does nothing that could fail.
            let _ = thread.join();
        }
    }
}

unsafe extern "system" fn procedure(code: i32, wparam: WPARAM, lparam: LPARAM) -> LRESULT {
    if code == HC_ACTION as i32 && taken(wparam, lparam) {
        return LRESULT(1);
    }
    // SAFETY: passes on what came.
    unsafe { CallNextHookEx(None, code, wparam, lparam) }
}

/// Whether nobody else is to have the key. Quick: every program's keys wait for it.
fn taken(_: WPARAM, lparam: LPARAM) -> bool {
    // SAFETY: with HC_ACTION the system gives a live description.
    let (key, virtual_key) = unsafe {
        let told = &*(lparam.0 as *const KBDLLHOOKSTRUCT);
        let key = HookedKey {
            scan: told.scanCode,
            extended: told.flags.contains(LLKHF_EXTENDED),
            down: !told.flags.contains(LLKHF_UP),
        };
        (key, told.vkCode)
    };
    TARGET.with_borrow_mut(|target| {
        let Some(target) = target else { return false };
        let window = HWND(target.window as *mut _);
        // The window may have lost the keyboard and not have noticed.
        // SAFETY: takes nothing.
        let ours = unsafe { GetForegroundWindow() } == window;
        let verdict = target.keys.judge(key, ours);
        if matches!(verdict, Diverted::Take | Diverted::Both) {
            // A full queue has more to do than one key.
            // SAFETY: numbers only; a window that is gone refuses.
            let _ = unsafe {
                PostMessageW(Some(window), WM_HOOKED, WPARAM(virtual_key as usize), packed(key))
            };
        }
        matches!(verdict, Diverted::Take | Diverted::Drop)
    })
}
