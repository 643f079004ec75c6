//! A drag from here, to be dropped at once.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use gc_platform::DragError;
use gc_types::Clock;
use windows::Win32::Foundation::{
    DRAGDROP_S_CANCEL, DRAGDROP_S_DROP, DRAGDROP_S_USEDEFAULTCURSORS, S_OK,
};
use windows::Win32::System::Com::IDataObject;
use windows::Win32::System::Ole::{
    DROPEFFECT, DROPEFFECT_COPY, DROPEFFECT_NONE, DoDragDrop, IDropSource, IDropSource_Impl,
};
use windows::Win32::System::SystemServices::{MK_LBUTTON, MODIFIERKEYS_FLAGS};
use windows::Win32::UI::WindowsAndMessaging::{WM_LBUTTONDOWN, WM_MOUSEMOVE};
use windows::core::{BOOL, HRESULT, implement};

use super::data::Files;
use super::hand::Hand;
use super::spot::Spot;
use super::{Progress, unavailable};

/// The pointer comes within this, and the press of the button.
const PRESS_WITHIN: Duration = Duration::from_secs(1);
/// Windows that do not agree within this take no files.
const AGREE_WITHIN: Duration = Duration::from_millis(1_500);
/// The pointer is seen so often before it is pressed.
const REST: usize = 4;
const STEP: Duration = Duration::from_millis(20);

#[implement(IDropSource)]
struct Source {
    hand: Rc<Hand>,
    progress: Arc<Progress>,
    clock: Arc<dyn Clock>,
    end: Duration,
    /// The window agreed, and the button is to go up.
    asked: Cell<bool>,
}

impl IDropSource_Impl for Source_Impl {
    fn QueryContinueDrag(&self, escape: BOOL, keys: MODIFIERKEYS_FLAGS) -> HRESULT {
        if escape.as_bool() || self.progress.left.load(Ordering::Acquire) {
            return DRAGDROP_S_CANCEL;
        }
        if keys.0 & MK_LBUTTON.0 == 0 {
            if !self.asked.get() {
                // By the user's own hand, or because the time is over.
                return DRAGDROP_S_CANCEL;
            }
            self.progress.let_go.store(true, Ordering::Release);
            return DRAGDROP_S_DROP;
        }
        if self.clock.monotonic() >= self.end { DRAGDROP_S_CANCEL } else { S_OK }
    }

    fn GiveFeedback(&self, effect: DROPEFFECT) -> HRESULT {
        let agrees = effect.0 & DROPEFFECT_COPY.0 != 0;
        if agrees && !self.asked.replace(true) {
            // As a hand does; OLE looks again when the button is up.
            self.hand.release();
        }
        DRAGDROP_S_USEDEFAULTCURSORS
    }
}

/// Drops a list of files on the window at a position; whether it was taken.
pub(super) fn drop_files(
    list: Arc<[u8]>,
    x: i32,
    y: i32,
    progress: &Arc<Progress>,
    clock: Arc<dyn Clock>,
) -> Result<bool, DragError> {
    let spot = Spot::at(x, y)?;
    let hand = Rc::new(Hand::at(x, y)?);
    // Pressed only when the pointer is known to be here, and to stay: another window would
    // be clicked.
    let steps = [WM_MOUSEMOVE; REST].into_iter().chain([WM_LBUTTONDOWN]);
    for kind in steps {
        if kind == WM_LBUTTONDOWN {
            hand.press(AGREE_WITHIN);
        }
        let end = clock.monotonic() + PRESS_WITHIN;
        while !spot.pump(STEP, kind) {
            if clock.monotonic() >= end {
                return Err(unavailable(&"the mouse cannot be moved and pressed"));
            }
        }
    }
    spot.step_aside();
    let source = Source {
        hand: Rc::clone(&hand),
        progress: Arc::clone(progress),
        end: clock.monotonic() + AGREE_WITHIN,
        clock,
        asked: Cell::new(false),
    };
    let (data, source): (IDataObject, IDropSource) = (Files::new(list).into(), source.into());
    let mut effect = DROPEFFECT_NONE;
    // SAFETY: both objects are this thread's own, and it has entered OLE; the effect is
    // written while the call lasts.
    let result = unsafe { DoDragDrop(&data, &source, DROPEFFECT_COPY, &raw mut effect) };
    result.ok().map_err(|error| unavailable(&error))?;
    Ok(result == DRAGDROP_S_DROP && effect != DROPEFFECT_NONE)
}
