//! Clipboard formats by name.

use windows::Win32::System::DataExchange::RegisterClipboardFormatW;
use windows::core::{PCWSTR, w};

/// Numbers of the formats that have names, the same in every program of a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Registered {
    pub(super) html: u32,
    pub(super) rtf: u32,
    /// Office, browsers.
    pub(super) png: u32,
    /// Some programs that come from elsewhere.
    pub(super) image_png: u32,
    /// What becomes of files where they were, by pasting them: a number of `DROPEFFECT`.
    pub(crate) drop_effect: u32,
    /// There: the content is not for programs that watch.
    pub(super) exclude: u32,
    /// There: likewise, of before Windows 10.
    pub(super) ignore: u32,
    /// Holds 0: the content is not to be kept.
    pub(super) history: u32,
    /// Holds 0: the content is not to leave the machine by Windows' own means.
    pub(crate) cloud: u32,
    /// Names and sizes of files…
    pub(crate) file_group: u32,
    /// …and the bytes of one of them.
    pub(crate) file_contents: u32,
}

/// The number of "Preferred DropEffect", for objects that hold data.
pub(crate) fn preferred_effect() -> Option<u16> {
    // SAFETY: the name is a literal that ends with a zero.
    let number = unsafe { RegisterClipboardFormatW(w!("Preferred DropEffect")) };
    u16::try_from(number).ok().filter(|number| *number != 0)
}

impl Registered {
    pub(crate) fn new() -> Self {
        let number = |name: PCWSTR| {
            // SAFETY: the name is a literal that ends with a zero.
            unsafe { RegisterClipboardFormatW(name) }
        };
        Self {
            html: number(w!("HTML Format")),
            rtf: number(w!("Rich Text Format")),
            png: number(w!("PNG")),
            image_png: number(w!("image/png")),
            drop_effect: number(w!("Preferred DropEffect")),
            exclude: number(w!("ExcludeClipboardContentFromMonitorProcessing")),
            ignore: number(w!("Clipboard Viewer Ignore")),
            history: number(w!("CanIncludeInClipboardHistory")),
            cloud: number(w!("CanUploadToCloudClipboard")),
            file_group: number(w!("FileGroupDescriptorW")),
            file_contents: number(w!("FileContents")),
        }
    }
}
