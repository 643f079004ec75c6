//! A content made fit to be sent or to be put on a clipboard, and known again.

use gc_proto::max_clipboard;
use gc_proto::v2::ClipboardFormat;
use sha2::{Digest, Sha256};

use crate::content::FORMATS;
use crate::image::{bare, pixel_digest};
use crate::{ClipboardContent, html, rtf};

/// The text with every line ended by LF, as it is sent.
pub fn normalise(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// No format of a content may be sent: too large, or not what it says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing of the clipboard content can be shared")]
pub struct NothingUsable;

/// A content whose every format is within its limits. Made once, shared with any number
/// of peers.
#[derive(Debug, Clone)]
pub struct Prepared {
    content: ClipboardContent,
    print: Fingerprint,
    left_out: bool,
}

impl Prepared {
    /// Of the local clipboard: what is too large or no picture is left out.
    pub fn local(content: ClipboardContent) -> Result<Self, NothingUsable> {
        Self::new(content, false)
    }

    /// Of a peer: HTML is written anew from harmless markup, RTF that does more than
    /// show is left out, and pictures are nothing but picture.
    pub(crate) fn remote(content: ClipboardContent) -> Result<Self, NothingUsable> {
        Self::new(content, true)
    }

    fn new(mut content: ClipboardContent, hostile: bool) -> Result<Self, NothingUsable> {
        let before = content.formats().count();
        if let Some(text) = &content.text
            && text.contains('\r')
        {
            content.text = Some(normalise(text).into());
        }
        for format in FORMATS {
            let size = content.bytes(format).map_or(0, <[u8]>::len);
            if size > max_clipboard(format) || size == 0 && format != ClipboardFormat::Text {
                content.remove(format);
            }
        }
        let picture = content.png.as_deref().map(pixel_digest);
        if !matches!(picture, Some(Ok(_))) {
            content.png = None;
        }
        if hostile {
            if let Some(html) = content.html.take() {
                content.html = html::sanitised(&html).map(Into::into);
            }
            content.rtf = content.rtf.take().filter(|rtf| rtf::is_harmless(rtf));
            content.png = content.png.take().and_then(|png| bare(&png).ok()).map(Into::into);
        }
        if content.is_empty() {
            return Err(NothingUsable);
        }
        let print = Fingerprint {
            text: content.text.as_deref().map(|text| digest(text.as_bytes())),
            files: content.files.as_ref().map(|files| digest(files.encoded())),
            html: content.html.as_deref().map(|html| digest(html.as_bytes())),
            rtf: content.rtf.as_deref().map(digest),
            image: content.png.as_ref().and(picture).and_then(Result::ok),
        };
        let left_out = content.formats().count() < before;
        Ok(Self { content, print, left_out })
    }

    /// What may be sent or shown to applications.
    pub fn content(&self) -> &ClipboardContent {
        &self.content
    }

    /// Something was there that could not be shared.
    pub fn left_out(&self) -> bool {
        self.left_out
    }

    /// For a peer that may have no files; `None` when nothing else is there.
    pub fn without_files(&self) -> Option<Self> {
        let content = ClipboardContent { files: None, ..self.content.clone() };
        let print = Fingerprint { files: None, ..self.print };
        (!content.is_empty()).then_some(Self { content, print, left_out: true })
    }

    pub(crate) fn print(&self) -> Fingerprint {
        self.print
    }
}

/// What a content is known by. The digests and not the content are kept: a copied
/// password should not stay in memory for as long as a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    text: Option<[u8; 32]>,
    files: Option<[u8; 32]>,
    html: Option<[u8; 32]>,
    rtf: Option<[u8; 32]>,
    /// Of the pixels, so that another encoding is the same picture.
    image: Option<[u8; 32]>,
}

impl Fingerprint {
    /// Whether `self` has nothing that is not in `other`, byte for byte.
    pub(crate) fn is_part_of(&self, other: &Self) -> bool {
        let part = |mine: Option<[u8; 32]>, theirs| mine.is_none() || mine == theirs;
        part(self.text, other.text)
            && part(self.files, other.files)
            && part(self.html, other.html)
            && part(self.rtf, other.rtf)
            && part(self.image, other.image)
    }

    /// Whether `self` is what a system made of `other`: it may have lost formats, and
    /// written markup its own way, but says and shows the same. Of the same files, any
    /// text is what the system made of their names.
    pub(crate) fn is_echo_of(&self, other: &Self) -> bool {
        let kept =
            |mine: Option<[u8; 32]>, theirs: Option<[u8; 32]>| mine.is_none() || theirs.is_some();
        let same = |mine: Option<[u8; 32]>, theirs| mine.is_none() || mine == theirs;
        if self.files.is_some() {
            return self.files == other.files;
        }
        let markup_counts = self.text.is_none() && self.image.is_none();
        same(self.text, other.text)
            && same(self.image, other.image)
            && kept(self.html, other.html)
            && kept(self.rtf, other.rtf)
            && (!markup_counts || self.is_part_of(other))
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
