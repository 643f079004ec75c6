//! What the server of a session allows to be moved.

use gc_proto::v2;
use gc_types::CauseCode;

use crate::names::{extension, fold_case};
use crate::sniff::kinds_of;

/// Extensions of one list.
pub const MAX_EXTENSIONS: usize = 256;
/// Characters of one extension.
pub const MAX_EXTENSION: usize = 16;

/// Which way a file goes. Names are from the technician's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the viewer to the machine.
    Upload,
    /// From the machine to the viewer.
    Download,
}

impl Direction {
    /// From its value on the wire.
    pub fn from_wire(direction: v2::TransferDirection) -> Option<Self> {
        match direction {
            v2::TransferDirection::Unspecified => None,
            v2::TransferDirection::Upload => Some(Self::Upload),
            v2::TransferDirection::Download => Some(Self::Download),
        }
    }

    /// To its value on the wire.
    pub const fn to_wire(self) -> v2::TransferDirection {
        match self {
            Self::Upload => v2::TransferDirection::Upload,
            Self::Download => v2::TransferDirection::Download,
        }
    }
}

/// The rules of one tenant. The default allows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilePolicy {
    /// Files may go to the machine.
    pub upload: bool,
    /// Files may come from the machine.
    pub download: bool,
    /// Bytes of one file; `None` for any size.
    pub max_file: Option<u64>,
    /// When not empty, nothing else passes. Lower case, without the dot.
    pub allowed: Vec<String>,
    /// Never pass, by name or by content.
    pub blocked: Vec<String>,
    /// Files can be dropped at a point of this machine's screen, and dragged off it. No
    /// rule of the tenant's, but told with them.
    pub drags: bool,
}

impl FilePolicy {
    /// Everything, both ways.
    pub const fn open() -> Self {
        Self {
            upload: true,
            download: true,
            max_file: None,
            allowed: Vec::new(),
            blocked: Vec::new(),
            drags: false,
        }
    }

    /// From the wire; what is not a well-formed extension is left out of the list of
    /// allowed ones, and so allows nothing.
    pub fn from_wire(policy: Option<&v2::FilePolicy>) -> Self {
        let Some(policy) = policy else { return Self::default() };
        let list = |from: &[String]| -> Vec<String> {
            from.iter().take(MAX_EXTENSIONS).filter_map(|it| clean_extension(it)).collect()
        };
        let mut allowed = list(&policy.allowed_extensions);
        if allowed.is_empty() && !policy.allowed_extensions.is_empty() {
            // A list of nothing readable is not the absence of a list.
            allowed.push(String::new());
        }
        Self {
            upload: policy.upload,
            download: policy.download,
            max_file: (policy.max_file_bytes > 0).then_some(policy.max_file_bytes),
            allowed,
            blocked: list(&policy.blocked_extensions),
            drags: policy.drops && policy.drags_out,
        }
    }

    /// To the wire.
    pub fn to_wire(&self) -> v2::FilePolicy {
        v2::FilePolicy {
            upload: self.upload,
            download: self.download,
            max_file_bytes: self.max_file.unwrap_or(0),
            allowed_extensions: self.allowed.clone(),
            blocked_extensions: self.blocked.clone(),
            drops: self.drags,
            drags_out: self.drags,
        }
    }

    /// Whether anything may go this way.
    pub fn check_direction(&self, direction: Direction) -> Result<(), CauseCode> {
        let open = match direction {
            Direction::Upload => self.upload,
            Direction::Download => self.download,
        };
        if open { Ok(()) } else { Err(CauseCode::FilesDenied) }
    }

    /// Judges a file by what is known before its first byte.
    pub fn check_file(&self, name: &str, size: u64) -> Result<(), CauseCode> {
        if self.max_file.is_some_and(|limit| size > limit) {
            return Err(CauseCode::FileTooLarge);
        }
        let extension = extension(name).unwrap_or_default();
        let listed = |list: &[String]| list.contains(&extension);
        if listed(&self.blocked) || !self.allowed.is_empty() && !listed(&self.allowed) {
            return Err(CauseCode::FileTypeBlocked);
        }
        Ok(())
    }

    /// Judges a file by its first bytes: a program is a program under any name.
    pub fn check_content(&self, start: &[u8]) -> Result<(), CauseCode> {
        let kinds = kinds_of(start);
        let blocked = self.blocked.iter().any(|it| kinds.contains(&it.as_str()));
        // Where only some kinds may pass, a program must be one of them by content.
        let hidden = !self.allowed.is_empty()
            && kinds
                .first()
                .is_some_and(|_| !self.allowed.iter().any(|it| kinds.contains(&it.as_str())));
        if blocked || hidden { Err(CauseCode::FileTypeBlocked) } else { Ok(()) }
    }
}

/// An extension as the lists hold it: lower case, without a leading dot. `None`
/// when it is not one.
pub fn clean_extension(text: &str) -> Option<String> {
    let folded = fold_case(text.trim().trim_start_matches('.'));
    let fits = !folded.is_empty()
        && folded.chars().count() <= MAX_EXTENSION
        && folded.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '+'));
    fits.then_some(folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(allowed: &[&str], blocked: &[&str]) -> FilePolicy {
        let list = |from: &[&str]| from.iter().map(|it| (*it).to_owned()).collect();
        FilePolicy { allowed: list(allowed), blocked: list(blocked), ..FilePolicy::open() }
    }

    #[test]
    fn nothing_passes_without_a_word_of_the_server() {
        let silent = FilePolicy::from_wire(None);
        assert_eq!(silent.check_direction(Direction::Upload), Err(CauseCode::FilesDenied));
        assert_eq!(silent.check_direction(Direction::Download), Err(CauseCode::FilesDenied));
    }

    #[test]
    fn blocked_kinds_are_found_by_name_and_by_content() {
        let policy = policy(&[], &["exe", "ps1"]);
        assert_eq!(policy.check_file("setup.EXE", 1), Err(CauseCode::FileTypeBlocked));
        assert_eq!(policy.check_file("a.exe.txt", 1), Ok(()));
        assert_eq!(policy.check_content(b"MZ\x90\0\x03"), Err(CauseCode::FileTypeBlocked));
        assert_eq!(policy.check_content(b"\x7fELF\x02"), Ok(()));
        assert_eq!(policy.check_content(b"Mz"), Ok(()));
    }

    #[test]
    fn with_a_list_of_allowed_kinds_a_program_does_not_pass_as_a_text() {
        let policy = policy(&["txt", "pdf"], &[]);
        assert_eq!(policy.check_file("a.txt", 1), Ok(()));
        assert_eq!(policy.check_file("a", 1), Err(CauseCode::FileTypeBlocked));
        assert_eq!(policy.check_content(b"hello"), Ok(()));
        assert_eq!(policy.check_content(b"%PDF-1.7"), Ok(()));
        assert_eq!(policy.check_content(b"MZ\x90\0"), Err(CauseCode::FileTypeBlocked));
    }

    #[test]
    fn sizes_and_lists_survive_the_wire() {
        let policy = FilePolicy { max_file: Some(10), ..policy(&["txt"], &["exe"]) };
        assert_eq!(FilePolicy::from_wire(Some(&policy.to_wire())), policy);
        assert_eq!(policy.check_file("a.txt", 11), Err(CauseCode::FileTooLarge));
        let garbled = v2::FilePolicy {
            allowed_extensions: vec!["../x".into()],
            upload: true,
            ..Default::default()
        };
        let garbled = FilePolicy::from_wire(Some(&garbled));
        assert_eq!(garbled.check_file("a.txt", 1), Err(CauseCode::FileTypeBlocked));
        assert_eq!(clean_extension(" .ExE "), Some("exe".into()));
    }
}
