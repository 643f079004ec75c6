//! Files of the machine that are dragged out of the window.
//!
//! `DoDragDrop` calls the program below the pointer and waits for it, and that may read all
//! of the files before it answers. Their bytes come over the link, which the thread of the
//! window serves: so each drag has a thread of its own. It shares the input of the window's
//! thread, whose button went down: capture, buttons and keys are those of both.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gc_platform::{ClipboardContent, DragEnd, OfferedFiles, WindowError};
use windows::Win32::Foundation::{
    DRAGDROP_S_CANCEL, DRAGDROP_S_DROP, DRAGDROP_S_USEDEFAULTCURSORS, S_OK,
};
use windows::Win32::System::Ole::{
    DROPEFFECT, DROPEFFECT_COPY, DROPEFFECT_NONE, DoDragDrop, IDropSource, IDropSource_Impl,
};
use windows::Win32::System::SystemServices::MODIFIERKEYS_FLAGS;
use windows::Win32::System::Threading::{AttachThreadInput, GetCurrentThreadId};
use windows::Win32::UI::Input::KeyboardAndMouse::{GetAsyncKeyState, VK_LBUTTON, VK_RBUTTON};
use windows::Win32::UI::WindowsAndMessaging::{GetSystemMetrics, SM_SWAPBUTTON};
use windows::core::{BOOL, HRESULT, Result, implement};

use crate::clipboard::Registered;
use crate::drag::nudge;
use crate::ole::{Ole, offer};

/// Follows the user's hand.
#[implement(IDropSource, Agile = false)]
struct Hand {
    given_up: Arc<AtomicBool>,
}

impl IDropSource_Impl for Hand_Impl {
    fn QueryContinueDrag(&self, escape: BOOL, _: MODIFIERKEYS_FLAGS) -> HRESULT {
        if escape.as_bool() || self.given_up.load(Ordering::Acquire) {
            DRAGDROP_S_CANCEL
        } else if !is_held() {
            DRAGDROP_S_DROP
        } else {
            S_OK
        }
    }

    fn GiveFeedback(&self, _: DROPEFFECT) -> HRESULT {
        DRAGDROP_S_USEDEFAULTCURSORS
    }
}

/// Whether the left button is down. What OLE passes is what the thread has seen, and that is
/// forgotten when threads begin to share their input.
fn is_held() -> bool {
    // SAFETY: take numbers; the highest bit says that the button is down.
    unsafe {
        let swapped = GetSystemMetrics(SM_SWAPBUTTON) != 0;
        let key = if swapped { VK_RBUTTON } else { VK_LBUTTON };
        GetAsyncKeyState(key.0.into()) < 0
    }
}

/// A drag that goes on.
pub(super) struct DragOut {
    given_up: Arc<AtomicBool>,
}

impl DragOut {
    /// Begins one on a thread of its own, for a thread that has the mouse; `ended` is called
    /// on the other one.
    pub(super) fn begin(
        files: Arc<dyn OfferedFiles>,
        ended: impl FnOnce(DragEnd) + Send + 'static,
    ) -> std::result::Result<Self, WindowError> {
        let given_up = Arc::<AtomicBool>::default();
        let theirs = Arc::clone(&given_up);
        // SAFETY: takes nothing.
        let with_mouse = unsafe { GetCurrentThreadId() };
        let run = move || {
            let end = drag(files, theirs, with_mouse).unwrap_or_else(|error| {
                tracing::warn!(%error, "nothing is dragged out of the viewer");
                DragEnd::Cancelled
            });
            ended(end);
        };
        let thread = std::thread::Builder::new().name("dragged files".to_owned());
        thread.spawn(run).map_err(|error| WindowError(error.to_string()))?;
        Ok(Self { given_up })
    }

    /// Escape was struck in the window, which has the keyboard, or the window goes. Files
    /// that are being taken already are taken.
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Release);
        // OLE looks when the mouse tells of something.
        nudge();
    }
}

/// Drags them until the left button goes up. Programs may read on after it has returned.
fn drag(
    files: Arc<dyn OfferedFiles>,
    given_up: Arc<AtomicBool>,
    with_mouse: u32,
) -> Result<DragEnd> {
    // Its messages, which attaching wants, come with it.
    let _ole = Ole::enter()?;
    // SAFETY: numbers of threads. It ends with this one, and not before the drag: what OLE has
    // captured it gives back to the input that it is taken from.
    unsafe { AttachThreadInput(GetCurrentThreadId(), with_mouse, true) }.ok()?;
    let object = offer(ClipboardContent::default(), files, Registered::new())?;
    let source: IDropSource = Hand { given_up }.into();
    let mut effect = DROPEFFECT_NONE;
    // SAFETY: both objects are this thread's own or stand-ins for it; the effect is written
    // while the call lasts.
    let result = unsafe { DoDragDrop(&object, &source, DROPEFFECT_COPY, &raw mut effect) };
    result.ok()?;
    Ok(match result {
        DRAGDROP_S_DROP if effect != DROPEFFECT_NONE => DragEnd::Taken,
        DRAGDROP_S_DROP => DragEnd::Refused,
        _ => DragEnd::Cancelled,
    })
}
