//! Files of a peer as an object that other programs read: names and sizes first
//! (`FileGroupDescriptorW`), and the bytes of each when it is asked for (`FileContents`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gc_platform::{ClipboardContent, EntryKind, OfferedFiles};
use windows::Win32::Foundation::{DV_E_FORMATETC, DV_E_LINDEX, ERROR_FILENAME_EXCED_RANGE};
use windows::Win32::System::Com::{
    FORMATETC, IBindCtx, IDataObject, TYMED, TYMED_HGLOBAL, TYMED_ISTREAM,
};
use windows::Win32::System::Ole::DROPEFFECT_COPY;
use windows::Win32::UI::Shell::{IDataObjectAsyncCapability, IDataObjectAsyncCapability_Impl};
use windows::core::{BOOL, Error, HRESULT, Ref, Result, implement};

use super::apartment::{Stay, apart};
use super::stream::{FileBytes, Readers, told};
use super::{Content, Offered, data_object};
use crate::clipboard::{Registered, rendered, rendered_formats, write_file_group};

/// An object with files whose bytes come when a program reads them, and with another
/// content beside; its stand-in for this thread, which has entered OLE.
pub(crate) fn offer(
    content: ClipboardContent,
    files: Arc<dyn OfferedFiles>,
    registered: Registered,
) -> Result<IDataObject> {
    apart(move |stay| {
        let readers = Readers::new(Arc::clone(&files), stay.clone());
        let in_operation = AtomicBool::new(false);
        let waits = AtomicBool::new(true);
        Offer { content, files, registered, readers, in_operation, waits, _stay: stay }.into()
    })
}

#[implement(IDataObject, IDataObjectAsyncCapability, Agile = false)]
struct Offer {
    content: ClipboardContent,
    files: Arc<dyn OfferedFiles>,
    registered: Registered,
    readers: Arc<Readers>,
    /// Whether a program reads on a thread of its own at the moment.
    in_operation: AtomicBool,
    /// Whether it may.
    waits: AtomicBool,
    /// Goes last: with it goes what COM calls this by.
    _stay: Stay,
}

impl Offer {
    fn group(&self) -> Result<Vec<u8>> {
        let list = self.files.list().map_err(|error| Error::from(told(error)))?;
        write_file_group(&list).map_err(|error| {
            tracing::warn!(%error, "copied files cannot be pasted here");
            ERROR_FILENAME_EXCED_RANGE.to_hresult().into()
        })
    }

    fn contents(&self, index: i32) -> Result<FileBytes> {
        let list = self.files.list().map_err(|error| Error::from(told(error)))?;
        // Some programs give none where there is one file.
        let index = if index == -1 && list.len() == 1 { 0 } else { index };
        let index = usize::try_from(index).map_err(|_| Error::from(DV_E_LINDEX))?;
        let file = list.get(index).filter(|file| file.kind == EntryKind::File);
        let file = file.ok_or(DV_E_LINDEX)?;
        Ok(FileBytes::new(&self.readers, index, file.size, file.modified_ms, 0))
    }
}

impl Offered for Offer {
    fn formats(&self) -> Vec<(u16, TYMED)> {
        let own = &self.registered;
        // Files first: programs take the first format that they know.
        let files = [
            (own.file_group, TYMED_HGLOBAL),
            (own.file_contents, TYMED_ISTREAM),
            (own.drop_effect, TYMED_HGLOBAL),
            (own.cloud, TYMED_HGLOBAL),
        ];
        let rest = rendered_formats(&self.content, own).into_iter();
        let all = files.into_iter().chain(rest.map(|format| (format, TYMED_HGLOBAL)));
        all.filter_map(|(format, tymed)| Some((u16::try_from(format).ok()?, tymed))).collect()
    }

    fn content(&self, format: &FORMATETC) -> Result<Content> {
        let (own, number) = (&self.registered, u32::from(format.cfFormat));
        if number == own.file_contents {
            return Ok(Content::Stream(self.contents(format.lindex)?.into()));
        }
        let bytes = if number == own.file_group {
            self.group()?
        } else if number == own.drop_effect {
            DROPEFFECT_COPY.0.to_le_bytes().to_vec()
        } else if number == own.cloud {
            vec![0; 4]
        } else {
            rendered(&self.content, own, number).ok_or(DV_E_FORMATETC)?
        };
        Ok(Content::Memory(bytes))
    }
}

data_object!(Offer_Impl);

/// Programs that know this read on a thread of their own, so that their windows go on:
/// bytes may take minutes.
impl IDataObjectAsyncCapability_Impl for Offer_Impl {
    fn SetAsyncMode(&self, on: BOOL) -> Result<()> {
        self.waits.store(on.as_bool(), Ordering::SeqCst);
        Ok(())
    }

    fn GetAsyncMode(&self) -> Result<BOOL> {
        Ok(self.waits.load(Ordering::SeqCst).into())
    }

    fn StartOperation(&self, _: Ref<'_, IBindCtx>) -> Result<()> {
        self.in_operation.store(true, Ordering::SeqCst);
        Ok(())
    }

    fn InOperation(&self) -> Result<BOOL> {
        Ok(self.in_operation.load(Ordering::SeqCst).into())
    }

    fn EndOperation(&self, result: HRESULT, _: Ref<'_, IBindCtx>, _: u32) -> Result<()> {
        self.in_operation.store(false, Ordering::SeqCst);
        if result.is_err() {
            self.files.cancel();
        }
        Ok(())
    }
}
