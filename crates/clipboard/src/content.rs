//! What one act of copying puts on a clipboard.

use std::fmt;
use std::sync::Arc;

use gc_proto::v2::ClipboardFormat;

use crate::CopiedFiles;

/// The same thing in one to several formats, as an application offers it when
/// somebody copies. Cheap to clone.
///
/// Nothing here is checked: contents of a peer go through
/// [`ClipboardShare`](crate::ClipboardShare) before they are put on a clipboard.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ClipboardContent {
    /// Plain text. At most 1 MiB.
    pub text: Option<Arc<str>>,
    /// Files of the machine by name; see [`CopiedFiles`].
    pub files: Option<CopiedFiles>,
    /// A fragment of HTML, without `<html>` and `<body>` around it. At most 2 MiB.
    pub html: Option<Arc<str>>,
    /// Rich Text Format, a whole document. At most 4 MiB.
    pub rtf: Option<Arc<[u8]>>,
    /// A picture as PNG. At most 20 MiB, 16,384 pixels a side and 33,554,432 in all.
    pub png: Option<Arc<[u8]>>,
}

/// All formats, in the order in which they are sent.
pub(crate) const FORMATS: [ClipboardFormat; 5] = [
    ClipboardFormat::Text,
    ClipboardFormat::Files,
    ClipboardFormat::Html,
    ClipboardFormat::Rtf,
    ClipboardFormat::Image,
];

impl ClipboardContent {
    /// Text and nothing else.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }

    /// A picture and nothing else.
    pub fn png(png: impl Into<Arc<[u8]>>) -> Self {
        Self { png: Some(png.into()), ..Self::default() }
    }

    /// Files and nothing else.
    pub fn files(files: CopiedFiles) -> Self {
        Self { files: Some(files), ..Self::default() }
    }

    /// Whether there is no format at all. Empty text is a format.
    pub fn is_empty(&self) -> bool {
        self.formats().next().is_none()
    }

    /// The bytes in one format, as they are sent.
    pub fn bytes(&self, format: ClipboardFormat) -> Option<&[u8]> {
        match format {
            ClipboardFormat::Unspecified => None,
            ClipboardFormat::Text => self.text.as_deref().map(str::as_bytes),
            ClipboardFormat::Files => self.files.as_ref().map(CopiedFiles::encoded),
            ClipboardFormat::Html => self.html.as_deref().map(str::as_bytes),
            ClipboardFormat::Rtf => self.rtf.as_deref(),
            ClipboardFormat::Image => self.png.as_deref(),
        }
    }

    /// The formats that are there, text first, the picture last.
    pub fn formats(&self) -> impl Iterator<Item = ClipboardFormat> + '_ {
        FORMATS.into_iter().filter(|format| self.bytes(*format).is_some())
    }

    /// Leaves a format out.
    pub fn remove(&mut self, format: ClipboardFormat) {
        match format {
            ClipboardFormat::Unspecified => {}
            ClipboardFormat::Text => self.text = None,
            ClipboardFormat::Files => self.files = None,
            ClipboardFormat::Html => self.html = None,
            ClipboardFormat::Rtf => self.rtf = None,
            ClipboardFormat::Image => self.png = None,
        }
    }
}

/// Sizes only: what people copy does not belong in a log.
impl fmt::Debug for ClipboardContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes =
            self.formats().map(|format| (format, self.bytes(format).map_or(0, <[u8]>::len)));
        f.debug_map().entries(sizes).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_come_in_order_and_a_log_shows_sizes_only() {
        let content = ClipboardContent {
            png: Some(Arc::from(&b"12345"[..])),
            ..ClipboardContent::text("hunter2")
        };
        assert!(content.formats().eq([ClipboardFormat::Text, ClipboardFormat::Image]));
        assert_eq!(format!("{content:?}"), "{Text: 7, Image: 5}");
        assert!(ClipboardContent::default().is_empty() && !ClipboardContent::text("").is_empty());
    }
}
