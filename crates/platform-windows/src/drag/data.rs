//! A list of files as an object that other programs read.

use std::sync::Arc;

use windows::Win32::Foundation::{
    DATA_S_SAMEFORMATETC, DV_E_FORMATETC, E_NOTIMPL, E_POINTER, OLE_E_ADVISENOTSUPPORTED, S_OK,
};
use windows::Win32::System::Com::{
    DATADIR_GET, DVASPECT_CONTENT, FORMATETC, IAdviseSink, IDataObject, IDataObject_Impl,
    IEnumFORMATETC, IEnumSTATDATA, STGMEDIUM, TYMED_HGLOBAL,
};
use windows::Win32::System::Ole::{CF_HDROP, DROPEFFECT_COPY};
use windows::Win32::UI::Shell::SHCreateStdEnumFmtEtc;
use windows::core::{BOOL, HRESULT, Ref, Result, implement};

use crate::clipboard::preferred_effect;
use crate::ole::{Content, bytes_of_format, format_at, format_of};

/// Bytes of a list that is read.
const LONGEST: usize = 4 << 20;

/// Files to be copied from where they are.
#[implement(IDataObject)]
pub(super) struct Files {
    /// As `CF_HDROP`.
    list: Arc<[u8]>,
}

impl Files {
    pub(super) fn new(list: Arc<[u8]>) -> Self {
        Self { list }
    }

    fn bytes(&self, format: &FORMATETC) -> Option<Vec<u8>> {
        let here = format.tymed & TYMED_HGLOBAL.0.cast_unsigned() != 0
            && format.dwAspect == DVASPECT_CONTENT.0;
        if !here {
            return None;
        }
        if format.cfFormat == CF_HDROP.0 {
            return Some(self.list.to_vec());
        }
        let effect = preferred_effect().filter(|effect| format.cfFormat == *effect);
        effect.map(|_| DROPEFFECT_COPY.0.to_le_bytes().to_vec())
    }
}

impl IDataObject_Impl for Files_Impl {
    fn GetData(&self, format: *const FORMATETC) -> Result<STGMEDIUM> {
        let format = format_at(format)?;
        let bytes = self.bytes(&format).ok_or(DV_E_FORMATETC)?;
        Content::Memory(bytes).medium()
    }

    fn GetDataHere(&self, _: *const FORMATETC, _: *mut STGMEDIUM) -> Result<()> {
        Err(E_NOTIMPL.into())
    }

    fn QueryGetData(&self, format: *const FORMATETC) -> HRESULT {
        match format_at(format) {
            Err(error) => error.code(),
            Ok(format) if self.bytes(&format).is_some() => S_OK,
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
        let effect = preferred_effect().map(|effect| format_of(effect, TYMED_HGLOBAL));
        let formats: Vec<FORMATETC> =
            std::iter::once(format_of(CF_HDROP.0, TYMED_HGLOBAL)).chain(effect).collect();
        // SAFETY: it copies the slice.
        unsafe { SHCreateStdEnumFmtEtc(&formats) }
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

/// The list of files that an object of another program has, as `CF_HDROP`.
pub(super) fn read(object: &IDataObject) -> Result<Vec<u8>> {
    bytes_of_format(object, CF_HDROP.0, LONGEST)
}
