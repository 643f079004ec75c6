//! What Windows tells of a file, and what the store makes of it.

use gc_platform::{EntryKind, StoreError};

/// 1601, from which Windows counts, to 1970, in milliseconds.
const EPOCHS_APART_MS: i64 = 11_644_473_600_000;
/// `FILE_ATTRIBUTE_DIRECTORY` (winnt.h).
const DIRECTORY: u32 = 0x10;
/// `FILE_ATTRIBUTE_DEVICE`.
const DEVICE: u32 = 0x40;
/// `FILE_ATTRIBUTE_REPARSE_POINT`.
const REPARSE_POINT: u32 = 0x400;
/// The bit of a reparse tag by which it stands for another name: links, mount points
/// (`IsReparseTagNameSurrogate`). Others, of cloud folders and deduplication, are the
/// file itself, kept elsewhere.
const NAME_SURROGATE: u32 = 0x2000_0000;

/// What a name with these attributes and this reparse tag is. The tag counts only where
/// the attributes say that there is one.
pub fn entry_kind(attributes: u32, tag: u32) -> EntryKind {
    if attributes & DEVICE != 0 || leads_elsewhere(attributes, tag) {
        EntryKind::Other
    } else if attributes & DIRECTORY != 0 {
        EntryKind::Folder
    } else {
        EntryKind::File
    }
}

/// Whether it is a link or a mount point.
pub fn leads_elsewhere(attributes: u32, tag: u32) -> bool {
    is_reparse_point(attributes) && tag & NAME_SURROGATE != 0
}

/// Whether a driver stands between the name and the bytes.
pub const fn is_reparse_point(attributes: u32) -> bool {
    attributes & REPARSE_POINT != 0
}

/// From hundreds of nanoseconds since 1601 to Unix milliseconds.
pub const fn unix_ms(filetime: i64) -> i64 {
    (filetime / 10_000).saturating_sub(EPOCHS_APART_MS)
}

/// From Unix milliseconds; what is before 1601 becomes 1601.
pub fn filetime(unix_ms: i64) -> i64 {
    // Zero and below mean "leave it" and worse to the calls that set a time.
    unix_ms.saturating_add(EPOCHS_APART_MS).saturating_mul(10_000).max(1)
}

/// A name that may go to calls that take ways, streams and patterns as well
/// ("Naming Files, Paths, and Namespaces").
pub fn check_name(name: &str) -> Result<(), StoreError> {
    let structure =
        |c: char| c < ' ' || matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    if gc_platform::check_existing(name).is_err() || name.chars().any(structure) {
        return Err(StoreError::Name);
    }
    Ok(())
}

/// What a code of winerror.h is to the person who moves files.
pub fn store_error(code: u32) -> StoreError {
    match code {
        // ERROR_FILE_NOT_FOUND, _PATH_NOT_FOUND, _INVALID_DRIVE, _NOT_READY, _DELETE_PENDING.
        2 | 3 | 15 | 21 | 303 => StoreError::NotFound,
        // ERROR_ACCESS_DENIED, _WRITE_PROTECT, _NETWORK_ACCESS_DENIED, _PRIVILEGE_NOT_HELD.
        5 | 19 | 65 | 1314 => StoreError::Denied,
        // ERROR_FILE_EXISTS, _DIR_NOT_EMPTY, _ALREADY_EXISTS.
        80 | 145 | 183 => StoreError::Exists,
        // ERROR_HANDLE_DISK_FULL, _DISK_FULL, _FILE_TOO_LARGE (of the file system).
        39 | 112 | 223 => StoreError::Full,
        // ERROR_DISK_QUOTA_EXCEEDED, _NOT_ENOUGH_QUOTA.
        1295 | 1816 => StoreError::Quota,
        // ERROR_DIRECTORY, _CANT_ACCESS_FILE, _DIRECTORY_NOT_SUPPORTED, _STOPPED_ON_SYMLINK.
        267 | 336 | 681 | 1920 => StoreError::NotRegular,
        // ERROR_INVALID_NAME, _BAD_PATHNAME, _FILENAME_EXCED_RANGE.
        123 | 161 | 206 => StoreError::Name,
        // ERROR_SHARING_VIOLATION, _LOCK_VIOLATION.
        32 | 33 => StoreError::Io("another program uses it".into()),
        code => StoreError::Io(format!("Windows says {code}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_and_mount_points_lead_elsewhere() {
        // IO_REPARSE_TAG_SYMLINK, _MOUNT_POINT; then _CLOUD_1, _DEDUP, _WOF.
        for tag in [0xA000_000C, 0xA000_0003] {
            assert_eq!(entry_kind(REPARSE_POINT | DIRECTORY, tag), EntryKind::Other);
            assert_eq!(entry_kind(REPARSE_POINT, tag), EntryKind::Other);
            // Without the attribute the field holds something else.
            assert_eq!(entry_kind(DIRECTORY, tag), EntryKind::Folder);
        }
        for tag in [0x9000_101A, 0x8000_0013, 0x8000_0017] {
            assert_eq!(entry_kind(REPARSE_POINT, tag), EntryKind::File);
            assert_eq!(entry_kind(REPARSE_POINT | DIRECTORY, tag), EntryKind::Folder);
        }
        assert_eq!(entry_kind(0x80, 0), EntryKind::File);
        assert_eq!(entry_kind(DEVICE, 0), EntryKind::Other);
    }

    #[test]
    fn times_go_there_and_back() {
        assert_eq!(unix_ms(116_444_736_000_000_000), 0);
        for ms in [0, 1, 1_500_000_000_123, -1_000, 4_102_444_800_000] {
            assert_eq!(unix_ms(filetime(ms)), ms);
        }
        assert!(filetime(i64::MIN) > 0);
        assert!(filetime(i64::MAX) > 0);
    }

    #[test]
    fn names_hold_no_way_stream_or_pattern() {
        for name in ["a", "ä.txt", "dot.", "two words", "-", "COM1", "a'b`c"] {
            assert_eq!(check_name(name), Ok(()), "{name:?}");
        }
        for name in [
            "",
            ".",
            "..",
            "a\\b",
            "a/b",
            "a:b",
            "a.txt:stream",
            "C:",
            "*",
            "a?",
            "a\0",
            "a\n",
            "<",
        ] {
            assert_eq!(check_name(name), Err(StoreError::Name), "{name:?}");
        }
    }
}
