//! Files that are dropped on the window, by OLE.

use std::rc::Rc;

use gc_platform::StorePath;
use gc_proto::v2::FilePath;
use windows::Win32::Foundation::{HWND, POINT, POINTL};
use windows::Win32::Graphics::Gdi::ScreenToClient;
use windows::Win32::System::Com::{IDataObject, TYMED_HGLOBAL};
use windows::Win32::System::Ole::{
    CF_HDROP, DROPEFFECT, DROPEFFECT_COPY, DROPEFFECT_NONE, IDropTarget, IDropTarget_Impl,
};
use windows::Win32::System::SystemServices::MODIFIERKEYS_FLAGS;
use windows::core::{Ref, Result, implement};

use super::content::Content;
use crate::clipboard::read_drop_files;
use crate::ole::{Ole, Registration, bytes_of_format, format_of};

/// Bytes of a list that is read.
const LONGEST: usize = 4 << 20;

/// What is dragged over a window of this thread is asked here. Dropping it ends that, to be
/// done while the window is there.
pub(super) struct DropTarget {
    _registration: Registration,
    /// Goes last.
    _ole: Ole,
}

impl DropTarget {
    pub(super) fn of(window: HWND, content: &Rc<Content>) -> Result<Self> {
        let ole = Ole::enter()?;
        let target: IDropTarget = Target { window, content: Rc::clone(content) }.into();
        Ok(Self { _registration: Registration::of(window, &target)?, _ole: ole })
    }
}

#[implement(IDropTarget, Agile = false)]
struct Target {
    window: HWND,
    content: Rc<Content>,
}

/// Whether it has files, without asking for their names.
fn has_files(object: Option<&IDataObject>) -> bool {
    let format = format_of(CF_HDROP.0, TYMED_HGLOBAL);
    // SAFETY: the format lives for the call.
    object.is_some_and(|object| unsafe { object.QueryGetData(&raw const format) }.is_ok())
}

impl Target {
    /// Says what would become of a drop: a copy where there is one to be had, and nothing
    /// else, so that nobody's files are moved away.
    fn answer(&self, effect: *mut DROPEFFECT) -> bool {
        // SAFETY: OLE passes room with what the source allows, or null.
        let Some(effect) = (unsafe { effect.as_mut() }) else { return false };
        let takes = self.content.takes_dropped() && effect.0 & DROPEFFECT_COPY.0 != 0;
        *effect = if takes { DROPEFFECT_COPY } else { DROPEFFECT_NONE };
        takes
    }
}

impl IDropTarget_Impl for Target_Impl {
    fn DragEnter(
        &self,
        object: Ref<'_, IDataObject>,
        _: MODIFIERKEYS_FLAGS,
        _: &POINTL,
        effect: *mut DROPEFFECT,
    ) -> Result<()> {
        self.content.set_over(has_files(object.as_ref()));
        self.answer(effect);
        Ok(())
    }

    fn DragOver(&self, _: MODIFIERKEYS_FLAGS, _: &POINTL, effect: *mut DROPEFFECT) -> Result<()> {
        self.answer(effect);
        Ok(())
    }

    fn DragLeave(&self) -> Result<()> {
        self.content.set_over(false);
        Ok(())
    }

    fn Drop(
        &self,
        object: Ref<'_, IDataObject>,
        _: MODIFIERKEYS_FLAGS,
        at: &POINTL,
        effect: *mut DROPEFFECT,
    ) -> Result<()> {
        let takes = self.answer(effect);
        self.content.set_over(false);
        let object = object.as_ref().filter(|_| takes);
        let list = object.and_then(|object| {
            let read = bytes_of_format(object, CF_HDROP.0, LONGEST);
            read.inspect_err(|error| tracing::warn!(%error, "dropped files have no names")).ok()
        });
        let files: Vec<StorePath> = list
            .iter()
            .flat_map(|list| read_drop_files(list))
            .filter_map(|path: FilePath| StorePath::from_wire(&path).ok())
            .collect();
        if files.is_empty() {
            // What is on a share, or has a name that is no text, is left out.
            if !effect.is_null() {
                // SAFETY: as in `answer`.
                unsafe { effect.write(DROPEFFECT_NONE) };
            }
            return Ok(());
        }
        let mut at = POINT { x: at.x, y: at.y };
        // SAFETY: writes into the live point. It fails when the window is gone.
        let _ = unsafe { ScreenToClient(self.window, &raw mut at) };
        self.content.dropped(files, at.x, at.y);
        Ok(())
    }
}
