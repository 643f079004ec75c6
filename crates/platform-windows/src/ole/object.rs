//! What is the same of every object that other programs read, whatever it has.

use windows::Win32::Foundation::{
    DATA_S_SAMEFORMATETC, DV_E_FORMATETC, E_NOTIMPL, E_POINTER, S_OK,
};
use windows::Win32::System::Com::{
    DATADIR_GET, DVASPECT_CONTENT, FORMATETC, IEnumFORMATETC, STGMEDIUM, TYMED,
};
use windows::Win32::UI::Shell::SHCreateStdEnumFmtEtc;
use windows::core::{HRESULT, Result};

use super::{Content, format_at, format_of};

/// What an object has.
pub(crate) trait Offered {
    /// The formats, the best one first, without asking anybody.
    fn formats(&self) -> Vec<(u16, TYMED)>;

    /// What it has as one of them.
    fn content(&self, format: &FORMATETC) -> Result<Content>;

    /// Whether it has this.
    fn has(&self, format: &FORMATETC) -> bool {
        format.dwAspect == DVASPECT_CONTENT.0
            && self.formats().iter().any(|(own, tymed)| {
                *own == format.cfFormat && format.tymed & tymed.0.cast_unsigned() != 0
            })
    }
}

pub(crate) fn get(object: &impl Offered, format: *const FORMATETC) -> Result<STGMEDIUM> {
    let format = format_at(format)?;
    if !object.has(&format) {
        return Err(DV_E_FORMATETC.into());
    }
    object.content(&format)?.medium()
}

pub(crate) fn query(object: &impl Offered, format: *const FORMATETC) -> HRESULT {
    match format_at(format) {
        Err(error) => error.code(),
        Ok(format) if object.has(&format) => S_OK,
        Ok(_) => DV_E_FORMATETC,
    }
}

pub(crate) fn canonical(out: *mut FORMATETC) -> HRESULT {
    // SAFETY: COM passes null or room that lives for the call.
    match unsafe { out.as_mut() } {
        None => E_POINTER,
        Some(out) => {
            out.ptd = std::ptr::null_mut();
            DATA_S_SAMEFORMATETC
        }
    }
}

pub(crate) fn enumerate(object: &impl Offered, direction: u32) -> Result<IEnumFORMATETC> {
    if direction != DATADIR_GET.0.cast_unsigned() {
        return Err(E_NOTIMPL.into());
    }
    let formats = object.formats().into_iter().map(|(format, tymed)| format_of(format, tymed));
    // SAFETY: it copies the slice.
    unsafe { SHCreateStdEnumFmtEtc(&formats.collect::<Vec<_>>()) }
}

/// Makes a data object of what is [`Offered`]: nothing can be put into it, and nobody is
/// told of changes, since there are none.
macro_rules! data_object {
    ($object:ident) => {
        const _: () = {
            use ::windows::Win32::Foundation::{E_NOTIMPL, OLE_E_ADVISENOTSUPPORTED};
            use ::windows::Win32::System::Com::{
                FORMATETC, IAdviseSink, IDataObject_Impl, IEnumFORMATETC, IEnumSTATDATA, STGMEDIUM,
            };
            use ::windows::core::{BOOL, HRESULT, Ref, Result};

            use $crate::ole::object;

            impl IDataObject_Impl for $object {
                fn GetData(&self, format: *const FORMATETC) -> Result<STGMEDIUM> {
                    object::get(&**self, format)
                }

                fn GetDataHere(&self, _: *const FORMATETC, _: *mut STGMEDIUM) -> Result<()> {
                    Err(E_NOTIMPL.into())
                }

                fn QueryGetData(&self, format: *const FORMATETC) -> HRESULT {
                    object::query(&**self, format)
                }

                fn GetCanonicalFormatEtc(
                    &self,
                    _: *const FORMATETC,
                    out: *mut FORMATETC,
                ) -> HRESULT {
                    object::canonical(out)
                }

                fn SetData(&self, _: *const FORMATETC, _: *const STGMEDIUM, _: BOOL) -> Result<()> {
                    Err(E_NOTIMPL.into())
                }

                fn EnumFormatEtc(&self, direction: u32) -> Result<IEnumFORMATETC> {
                    object::enumerate(&**self, direction)
                }

                fn DAdvise(
                    &self,
                    _: *const FORMATETC,
                    _: u32,
                    _: Ref<'_, IAdviseSink>,
                ) -> Result<u32> {
                    Err(OLE_E_ADVISENOTSUPPORTED.into())
                }

                fn DUnadvise(&self, _: u32) -> Result<()> {
                    Err(OLE_E_ADVISENOTSUPPORTED.into())
                }

                fn EnumDAdvise(&self) -> Result<IEnumSTATDATA> {
                    Err(OLE_E_ADVISENOTSUPPORTED.into())
                }
            }
        };
    };
}
pub(crate) use data_object;
