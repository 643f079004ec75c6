//! Files of a peer as an object that other programs read: names and sizes first
//! (`FileGroupDescriptorW`), and the bytes of each when it is asked for (`FileContents`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gc_platform::{ClipboardContent, EntryKind, OfferedFiles};
use windows::Win32::Foundation::{
    DATA_S_SAMEFORMATETC, DV_E_FORMATETC, DV_E_LINDEX, E_NOTIMPL, E_POINTER,
    ERROR_FILENAME_EXCED_RANGE, OLE_E_ADVISENOTSUPPORTED, S_OK,
};
use windows::Win32::System::Com::{
    DATADIR_GET, DVASPECT_CONTENT, FORMATETC, IAdviseSink, IBindCtx, IDataObject, IDataObject_Impl,
    IEnumFORMATETC, IEnumSTATDATA, STGMEDIUM, TYMED, TYMED_HGLOBAL, TYMED_ISTREAM,
};
use windows::Win32::System::Ole::DROPEFFECT_COPY;
use windows::Win32::UI::Shell::{
    IDataObjectAsyncCapability, IDataObjectAsyncCapability_Impl, SHCreateStdEnumFmtEtc,
};
use windows::core::{BOOL, Error, HRESULT, Ref, Result, implement};

use super::apartment::{Stay, apart};
use super::stream::{FileBytes, Readers, told};
use super::{Content, format_at, format_of};
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
    /// What there is, without asking anybody.
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

    fn has(&self, format: &FORMATETC) -> bool {
        format.dwAspect == DVASPECT_CONTENT.0
            && self.formats().iter().any(|(own, tymed)| {
                *own == format.cfFormat && format.tymed & tymed.0.cast_unsigned() != 0
            })
    }

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

    fn content(&self, format: &FORMATETC) -> Result<Content> {
        if !self.has(format) {
            return Err(DV_E_FORMATETC.into());
        }
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

impl IDataObject_Impl for Offer_Impl {
    fn GetData(&self, format: *const FORMATETC) -> Result<STGMEDIUM> {
        let format = format_at(format)?;
        self.content(&format)?.medium()
    }

    fn GetDataHere(&self, _: *const FORMATETC, _: *mut STGMEDIUM) -> Result<()> {
        Err(E_NOTIMPL.into())
    }

    fn QueryGetData(&self, format: *const FORMATETC) -> HRESULT {
        match format_at(format) {
            Err(error) => error.code(),
            Ok(format) if self.has(&format) => S_OK,
            Ok(_) => DV_E_FORMATETC,
        }
    }

    fn GetCanonicalFormatEtc(&self, _: *const FORMATETC, out: *mut FORMATETC) -> HRESULT {
        // SAFETY: COM passes null or room that lives for the call.
        match unsafe { out.as_mut() } {
            None => E_POINTER,
            Some(out) => {
                out.ptd = std::ptr::null_mut();
                DATA_S_SAMEFORMATETC
            }
        }
    }

    fn SetData(&self, _: *const FORMATETC, _: *const STGMEDIUM, _: BOOL) -> Result<()> {
        Err(E_NOTIMPL.into())
    }

    fn EnumFormatEtc(&self, direction: u32) -> Result<IEnumFORMATETC> {
        if direction != DATADIR_GET.0.cast_unsigned() {
            return Err(E_NOTIMPL.into());
        }
        let formats = self.formats().into_iter().map(|(format, tymed)| format_of(format, tymed));
        // SAFETY: it copies the slice.
        unsafe { SHCreateStdEnumFmtEtc(&formats.collect::<Vec<_>>()) }
    }

    fn DAdvise(&self, _: *const FORMATETC, _: u32, _: Ref<'_, IAdviseSink>) -> Result<u32> {
        Err(OLE_E_ADVISENOTSUPPORTED.into())
    }

    fn DUnadvise(&self, _: u32) -> Result<()> {
        Err(OLE_E_ADVISENOTSUPPORTED.into())
    }

    fn EnumDAdvise(&self) -> Result<IEnumSTATDATA> {
        Err(OLE_E_ADVISENOTSUPPORTED.into())
    }
}

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
