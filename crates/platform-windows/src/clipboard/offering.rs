//! Files of a peer on the clipboard: an object of OLE's in place of a window.

use std::sync::Arc;

use gc_platform::{ClipboardContent, ClipboardError, OfferedFiles};
use windows::Win32::Foundation::CLIPBRD_E_CANT_OPEN;
use windows::Win32::System::DataExchange::GetClipboardOwner;
use windows::Win32::System::Ole::OleSetClipboard;
use windows::Win32::System::Threading::GetCurrentThreadId;
use windows::Win32::UI::WindowsAndMessaging::GetWindowThreadProcessId;
use windows::core::Error;

use super::registered::Registered;
use crate::ole::{Ole, offer};

/// What is offered with files.
#[derive(Clone)]
pub(super) struct Offering {
    pub(super) content: ClipboardContent,
    pub(super) files: Arc<dyn OfferedFiles>,
}

/// The clipboard by OLE, on a thread with messages.
#[derive(Default)]
pub(super) struct Offers {
    /// Entered with the first offer.
    ole: Option<Ole>,
    last: Option<Offering>,
}

/// Whether what lies on the clipboard was put there by OLE or a window on this thread.
pub(super) fn is_of_this_thread() -> bool {
    // SAFETY: takes nothing, and a window that may be gone, of which nothing is known then.
    unsafe {
        GetClipboardOwner()
            .is_ok_and(|owner| GetWindowThreadProcessId(owner, None) == GetCurrentThreadId())
    }
}

impl Offers {
    /// Puts them in place of what is there. `Err(None)`: another program has it open.
    pub(super) fn put(
        &mut self,
        offering: &Offering,
        registered: Registered,
    ) -> Result<(), Option<ClipboardError>> {
        let failed = |error: Error| Some(ClipboardError(error.to_string()));
        if self.ole.is_none() {
            self.ole = Some(Ole::enter().map_err(failed)?);
        }
        let Offering { content, files } = offering.clone();
        let object = offer(content, files, registered).map_err(failed)?;
        // SAFETY: the object is live, and OLE holds it from here; this thread has messages.
        match unsafe { OleSetClipboard(&object) } {
            Ok(()) => {
                self.last = Some(offering.clone());
                Ok(())
            }
            Err(error) if error.code() == CLIPBRD_E_CANT_OPEN => Err(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// What lies beside files that are offered at the moment, asked on a thread whose own
    /// window offers nothing.
    pub(super) fn beside(&self) -> Option<&ClipboardContent> {
        self.last.as_ref().filter(|_| is_of_this_thread()).map(|last| &last.content)
    }

    /// Takes back what is offered, if it is still there; nobody waits for its files any
    /// more.
    pub(super) fn end(&mut self) {
        let Some(last) = self.last.take() else { return };
        if is_of_this_thread() {
            // SAFETY: takes nothing; this thread has put the object there.
            if let Err(error) = unsafe { OleSetClipboard(None) } {
                tracing::debug!(%error, "offered files cannot be taken back");
            }
        }
        last.files.cancel();
    }
}
