//! Files of the machine that are dragged out of the window.

use std::sync::Arc;

use gc_platform::{ClipboardContent, DragEnd, OfferedFiles};
use windows::Win32::Foundation::{
    DRAGDROP_S_CANCEL, DRAGDROP_S_DROP, DRAGDROP_S_USEDEFAULTCURSORS, S_OK,
};
use windows::Win32::System::Ole::{
    DROPEFFECT, DROPEFFECT_COPY, DROPEFFECT_NONE, DoDragDrop, IDropSource, IDropSource_Impl,
};
use windows::Win32::System::SystemServices::{MK_LBUTTON, MODIFIERKEYS_FLAGS};
use windows::core::{BOOL, HRESULT, Result, implement};

use crate::clipboard::Registered;
use crate::ole::offer;

/// Follows the user's hand.
#[implement(IDropSource, Agile = false)]
struct Hand;

impl IDropSource_Impl for Hand_Impl {
    fn QueryContinueDrag(&self, escape: BOOL, keys: MODIFIERKEYS_FLAGS) -> HRESULT {
        if escape.as_bool() {
            DRAGDROP_S_CANCEL
        } else if keys.0 & MK_LBUTTON.0 == 0 {
            DRAGDROP_S_DROP
        } else {
            S_OK
        }
    }

    fn GiveFeedback(&self, _: DROPEFFECT) -> HRESULT {
        DRAGDROP_S_USEDEFAULTCURSORS
    }
}

/// Drags them until the left button goes up; for a thread that has entered OLE. Programs
/// may read on after it has returned.
pub(super) fn drag(files: Arc<dyn OfferedFiles>) -> Result<DragEnd> {
    let object = offer(ClipboardContent::default(), files, Registered::new())?;
    let source: IDropSource = Hand.into();
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
