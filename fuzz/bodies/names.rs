//! Names of files, as a peer sends them.

use gc_filetransfer::{MAX_COMPONENT, MAX_DEPTH, portable_name, portable_path};

/// One path.
pub(crate) fn run(data: &[u8]) {
    let Ok(path) = std::str::from_utf8(data) else { return };
    let Ok(parts) = portable_path(path) else { return };
    assert!(!parts.is_empty() && parts.len() <= MAX_DEPTH);
    for part in &parts {
        assert!(!part.is_empty() && part.len() <= MAX_COMPONENT && part != "." && part != "..");
        assert!(!part.contains(['/', '\\', ':', '\0']) && !part.ends_with(['.', ' ']));
        assert_eq!(portable_name(part).as_deref(), Ok(part.as_str()), "twice is once");
    }
}
