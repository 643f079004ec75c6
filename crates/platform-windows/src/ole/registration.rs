//! Windows that drags come to.

use windows::Win32::Foundation::HWND;
use windows::Win32::System::Ole::{IDropTarget, RegisterDragDrop, RevokeDragDrop};
use windows::core::Result;

/// A window of this thread, which has entered OLE, whose target is asked by who drags over
/// it. Dropping it ends that, to be done while the window is there.
pub(crate) struct Registration(HWND);

impl Registration {
    pub(crate) fn of(window: HWND, target: &IDropTarget) -> Result<Self> {
        // SAFETY: the window is this thread's own, which has entered OLE.
        unsafe { RegisterDragDrop(window, target) }.map(|()| Self(window))
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // SAFETY: registered on this thread; the window is there.
        if let Err(error) = unsafe { RevokeDragDrop(self.0) } {
            tracing::debug!(%error, "a window was not taken back from OLE");
        }
    }
}
