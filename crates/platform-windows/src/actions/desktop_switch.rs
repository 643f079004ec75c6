//! Tells when Windows shows another desktop: that of Ctrl+Alt+Del, of the lock screen,
//! or of a UAC prompt.

use std::cell::Cell;

use gc_platform::ActionError;
use gc_types::CauseCode;
use windows::Win32::Foundation::HWND;
use windows::Win32::UI::Accessibility::{HWINEVENTHOOK, SetWinEventHook, UnhookWinEvent};
use windows::Win32::UI::WindowsAndMessaging::{PostQuitMessage, WINEVENT_OUTOFCONTEXT};

/// `EVENT_SYSTEM_DESKTOPSWITCH` (winuser.h): the active desktop has been switched.
const EVENT_SYSTEM_DESKTOPSWITCH: u32 = 0x0020;

thread_local! {
    static SWITCHED: Cell<bool> = const { Cell::new(false) };
}

/// Listens on this thread, which runs a message loop; the loop ends at a switch.
pub(super) struct DesktopSwitch(HWINEVENTHOOK);

impl DesktopSwitch {
    pub(super) fn watch() -> Self {
        SWITCHED.set(false);
        // SAFETY: the function outlives the hook, which is removed by `drop` on the
        // same thread; without context it is called on this thread only.
        let hook = unsafe {
            SetWinEventHook(
                EVENT_SYSTEM_DESKTOPSWITCH,
                EVENT_SYSTEM_DESKTOPSWITCH,
                None,
                Some(switched),
                0,
                0,
                WINEVENT_OUTOFCONTEXT,
            )
        };
        Self(hook)
    }

    /// Why the loop ended, when that was the reason.
    pub(super) fn happened(&self) -> Option<ActionError> {
        // Without a hook nobody has told.
        (!self.0.is_invalid() && SWITCHED.get()).then(|| {
            ActionError::new(
                CauseCode::ActionFreedByUser,
                "Windows shows Ctrl+Alt+Del, its lock screen or a question for administrators.",
            )
        })
    }
}

impl Drop for DesktopSwitch {
    fn drop(&mut self) {
        // SAFETY: ours, on this thread. Zero, for a hook that was not set, is refused.
        let _ = unsafe { UnhookWinEvent(self.0) };
    }
}

unsafe extern "system" fn switched(
    _: HWINEVENTHOOK,
    _: u32,
    _: HWND,
    _: i32,
    _: i32,
    _: u32,
    _: u32,
) {
    SWITCHED.set(true);
    // SAFETY: takes a number; for this thread.
    unsafe { PostQuitMessage(0) };
}
