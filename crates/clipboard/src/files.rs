//! Files on a clipboard: their names on the machine, never their bytes.

use std::fmt;
use std::sync::Arc;

use gc_proto::v2::{ClipboardFiles, FilePath};
use gc_proto::{MAX_CLIPBOARD_FILES, MAX_CLIPBOARD_PATHS};
use prost::Message as _;

/// Parts of one path, as `FilePath` says.
const MAX_PARTS: usize = 64;

/// What somebody copied in a file manager: whole files and folders of the machine, by
/// place and way. Cheap to clone; the same for the same paths in the same order.
///
/// Only how many and how large is checked. What a part may be is the affair of whoever
/// opens it: paths of a peer are hostile.
#[derive(Clone)]
pub struct CopiedFiles {
    paths: Arc<[FilePath]>,
    encoded: Arc<[u8]>,
}

impl CopiedFiles {
    /// `None` for no path at all, more than 1,000, a path of more than 64 parts, or more
    /// than 256 KiB.
    pub fn new(paths: Vec<FilePath>) -> Option<Self> {
        let fits = (1..=MAX_CLIPBOARD_PATHS).contains(&paths.len())
            && paths.iter().all(|path| path.parts.len() <= MAX_PARTS);
        if !fits {
            return None;
        }
        let list = ClipboardFiles { paths };
        if list.encoded_len() > MAX_CLIPBOARD_FILES {
            return None;
        }
        let encoded = list.encode_to_vec().into();
        Some(Self { paths: list.paths.into(), encoded })
    }

    /// From the wire.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        Self::new(ClipboardFiles::decode(bytes).ok()?.paths)
    }

    /// In the order in which they were copied.
    pub fn paths(&self) -> &[FilePath] {
        &self.paths
    }

    /// As they are sent.
    pub(crate) fn encoded(&self) -> &[u8] {
        &self.encoded
    }
}

impl PartialEq for CopiedFiles {
    fn eq(&self, other: &Self) -> bool {
        self.encoded == other.encoded
    }
}

impl Eq for CopiedFiles {}

/// How many only: names do not belong in a log.
impl fmt::Debug for CopiedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} files", self.paths.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(parts: &[&str]) -> FilePath {
        FilePath { place: "/".into(), parts: parts.iter().map(|part| (*part).into()).collect() }
    }

    #[test]
    fn lists_have_limits_and_come_back_as_they_were() {
        let some = CopiedFiles::new(vec![path(&["a", "ß.txt"]), path(&[])]).unwrap();
        assert_eq!(CopiedFiles::decode(some.encoded()), Some(some.clone()));
        assert_eq!(some.paths()[0].parts, ["a", "ß.txt"]);
        assert_eq!(format!("{some:?}"), "2 files");
        assert_eq!(CopiedFiles::new(Vec::new()), None);
        assert_eq!(CopiedFiles::decode(b""), None);
        assert_eq!(CopiedFiles::decode(b"\x0A\xFF"), None);
        let many = |count| CopiedFiles::new(vec![path(&["x"]); count]);
        assert!(many(MAX_CLIPBOARD_PATHS).is_some() && many(MAX_CLIPBOARD_PATHS + 1).is_none());
        assert!(CopiedFiles::new(vec![path(&["x"; MAX_PARTS])]).is_some());
        assert!(CopiedFiles::new(vec![path(&["x"; MAX_PARTS + 1])]).is_none());
        let long = "x".repeat(MAX_CLIPBOARD_FILES / 500);
        assert!(CopiedFiles::new(vec![path(&[&long]); 500]).is_none(), "too many bytes");
    }
}
