//! `FileGroupDescriptorW` (shlobj_core.h): the names and sizes of files whose bytes come
//! one by one.

use gc_platform::{EntryKind, OfferedFile};

/// Bytes of a `FILEDESCRIPTORW`.
const ENTRY: usize = 592;
/// UTF-16 units of a way, and one for the end.
const LONGEST: usize = 260;
/// `FD_ATTRIBUTES | FD_WRITESTIME | FD_FILESIZE | FD_PROGRESSUI | FD_UNICODE`
/// (shlobj_core.h).
const FLAGS: u32 = 0x04 | 0x20 | 0x40 | 0x4000 | 0x8000_0000;
/// `FILE_ATTRIBUTE_NORMAL` and `FILE_ATTRIBUTE_DIRECTORY` (winnt.h).
const NORMAL: u32 = 0x80;
const DIRECTORY: u32 = 0x10;
/// From 1601 to 1970, in 100 ns.
const EPOCH: i64 = 116_444_736_000_000_000;

/// A way has more characters than a descriptor has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the way to a file has more than 259 characters")]
pub struct WayTooLong;

/// Unix milliseconds in 100 ns since 1601, which are 0 for what is before.
pub fn file_time(unix_ms: i64) -> u64 {
    let ticks = unix_ms.saturating_mul(10_000).saturating_add(EPOCH);
    u64::try_from(ticks).unwrap_or(0)
}

/// A `FILEGROUPDESCRIPTORW`. All or nothing: a paste that leaves files out is no paste.
pub fn write_file_group(files: &[OfferedFile]) -> Result<Vec<u8>, WayTooLong> {
    let mut out = Vec::with_capacity(4 + files.len() * ENTRY);
    out.extend((files.len() as u32).to_le_bytes());
    for file in files {
        let mut entry = [0_u8; ENTRY];
        let mut put = |at: usize, bytes: &[u8]| entry[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &FLAGS.to_le_bytes());
        let attributes = if file.kind == EntryKind::Folder { DIRECTORY } else { NORMAL };
        put(36, &attributes.to_le_bytes());
        put(56, &file_time(file.modified_ms).to_le_bytes());
        // The upper half first.
        put(64, &((file.size >> 32) as u32).to_le_bytes());
        put(68, &(file.size as u32).to_le_bytes());
        let way: Vec<u8> = file.path.join("\\").encode_utf16().flat_map(u16::to_le_bytes).collect();
        if way.len() / 2 >= LONGEST {
            return Err(WayTooLong);
        }
        put(72, &way);
        out.extend(entry);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(way: &[&str], size: u64) -> OfferedFile {
        OfferedFile {
            path: way.iter().map(|part| (*part).to_owned()).collect(),
            kind: EntryKind::File,
            size,
            modified_ms: 0,
        }
    }

    #[test]
    fn entries_stand_where_the_header_has_them() {
        let folder = OfferedFile { kind: EntryKind::Folder, ..file(&["grün"], 0) };
        let bytes = write_file_group(&[folder, file(&["grün", "b.bin"], 0x1_0000_0002)]).unwrap();
        assert_eq!(bytes.len(), 4 + 2 * 592);
        assert_eq!(bytes[..4], 2_u32.to_le_bytes());
        let number = |entry: usize, at: usize| {
            let at = 4 + entry * 592 + at;
            u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
        };
        assert_eq!([number(0, 36), number(1, 36)], [0x10, 0x80]);
        assert_eq!([number(1, 64), number(1, 68)], [1, 2]);
        assert_eq!([number(0, 64), number(0, 68)], [0, 0]);
        assert_eq!(number(1, 0) & 0x8000_0040, 0x8000_0040);
        let way: Vec<u8> = "grün\\b.bin\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let at = 4 + 592 + 72;
        assert_eq!(bytes[at..at + way.len()], way);
    }

    #[test]
    fn times_are_of_1601() {
        assert_eq!(file_time(0), 116_444_736_000_000_000);
        // 2000-01-01, as Windows has it.
        assert_eq!(file_time(946_684_800_000), 125_911_584_000_000_000);
        assert_eq!(file_time(i64::MIN), 0);
        assert_eq!(file_time(i64::MAX), i64::MAX as u64);
    }

    #[test]
    fn a_way_without_room_is_an_error() {
        let long = "x".repeat(257);
        assert!(write_file_group(&[file(&["a", &long], 1)]).is_ok());
        let longer = "x".repeat(258);
        assert_eq!(write_file_group(&[file(&["a", &longer], 1)]), Err(WayTooLong));
    }
}
