//! What objects hand over: memory, or a stream.

use std::mem::ManuallyDrop;

use windows::Win32::Foundation::DV_E_FORMATETC;
use windows::Win32::System::Com::{
    IDataObject, IStream, STGMEDIUM, STGMEDIUM_0, TYMED_HGLOBAL, TYMED_ISTREAM,
};
use windows::Win32::System::Ole::ReleaseStgMedium;
use windows::core::{Error, Result};

use super::format_of;
use crate::clipboard::memory::{self, Read};

/// Something that an object hands over.
pub(crate) enum Content {
    Memory(Vec<u8>),
    Stream(IStream),
}

impl Content {
    /// For whoever asked, who frees it.
    pub(crate) fn medium(self) -> Result<STGMEDIUM> {
        let (tymed, u) = match self {
            Self::Memory(bytes) => {
                (TYMED_HGLOBAL, STGMEDIUM_0 { hGlobal: memory::allocate(&bytes)? })
            }
            Self::Stream(stream) => {
                (TYMED_ISTREAM, STGMEDIUM_0 { pstm: ManuallyDrop::new(Some(stream)) })
            }
        };
        let tymed = tymed.0.cast_unsigned();
        Ok(STGMEDIUM { tymed, u, pUnkForRelease: ManuallyDrop::new(None) })
    }
}

/// The bytes that an object has of a format, at most so many.
pub(crate) fn bytes_of_format(object: &IDataObject, format: u16, limit: usize) -> Result<Vec<u8>> {
    let format = format_of(format, TYMED_HGLOBAL);
    // SAFETY: the format lives for the call; what comes is released below.
    let mut medium = unsafe { object.GetData(&raw const format) }?;
    let bytes = if medium.tymed == TYMED_HGLOBAL.0.cast_unsigned() {
        // SAFETY: the medium says which part of the union is meant.
        memory::bytes_of(unsafe { medium.u.hGlobal }, limit)
    } else {
        Read::Nothing
    };
    // SAFETY: ours, and not used any more.
    unsafe { ReleaseStgMedium(&raw mut medium) };
    match bytes {
        Read::Bytes(bytes) => Ok(bytes),
        Read::Nothing | Read::TooLarge => Err(Error::from(DV_E_FORMATETC)),
    }
}
