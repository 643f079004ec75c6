//! A list of files as an object that other programs read.

use std::sync::Arc;

use windows::Win32::System::Com::{FORMATETC, IDataObject, TYMED, TYMED_HGLOBAL};
use windows::Win32::System::Ole::{CF_HDROP, DROPEFFECT_COPY};
use windows::core::{Result, implement};

use crate::clipboard::preferred_effect;
use crate::ole::{Content, Offered, bytes_of_format, data_object};

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
}

impl Offered for Files {
    fn formats(&self) -> Vec<(u16, TYMED)> {
        let effect = preferred_effect();
        std::iter::once(CF_HDROP.0).chain(effect).map(|format| (format, TYMED_HGLOBAL)).collect()
    }

    fn content(&self, format: &FORMATETC) -> Result<Content> {
        Ok(Content::Memory(if format.cfFormat == CF_HDROP.0 {
            self.list.to_vec()
        } else {
            DROPEFFECT_COPY.0.to_le_bytes().to_vec()
        }))
    }
}

data_object!(Files_Impl);

/// The list of files that an object of another program has, as `CF_HDROP`.
pub(super) fn read(object: &IDataObject) -> Result<Vec<u8>> {
    bytes_of_format(object, CF_HDROP.0, LONGEST)
}
