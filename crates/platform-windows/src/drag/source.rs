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
use windows::Win32::UI::WindowsAndMessaging::WM_LBUTTONDOWN;
use windows::core::{BOOL, HRESULT, implement};

use super::data::Files;
use super::hand::Hand;
use super::spot::Spot;
use super::{Progress, unavailable};

/// The press of the button comes within this.
const PRESS_WITHIN: Duration = Duration::from_secs(1);
/// Windows that do not agree within this take no files.
const AGREE_WITHIN: Duration = Duration::from_millis(1_500);
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

#[expect(non_snake_case, reason = "as COM names them")]
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
    hand.press(AGREE_WITHIN);
    let end = clock.monotonic() + PRESS_WITHIN;
    while !spot.pump(STEP, WM_LBUTTONDOWN) {
        if clock.monotonic() >= end {
            return Err(unavailable(&"the mouse cannot be pressed"));
        }
    }
    spot.hide();
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
