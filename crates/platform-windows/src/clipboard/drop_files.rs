//! `CF_HDROP`: a `DROPFILES` (shlobj_core.h) and behind it the files' ways, each ended by
//! a zero, all of them by one more.

use gc_platform::{CopiedFiles, StorePath};
use gc_proto::v2::FilePath;

use crate::files::{from_drive, on_drive};

/// Bytes of a `DROPFILES`: where the list begins, a point, and two flags.
const HEADER: usize = 20;
/// Where the flag stands that says that the ways are UTF-16.
const WIDE: usize = 16;
/// Longest way, UTF-16 units.
const LONGEST: usize = 32_767;

/// The files that are on drives of this machine, in their order. What is on a share, or
/// has a name that is no text, is left out.
pub fn read_drop_files(bytes: &[u8]) -> Vec<FilePath> {
    let number = |at: usize| {
        let four = bytes.get(at..at + 4)?;
        Some(u32::from_le_bytes(four.try_into().ok()?))
    };
    let start = number(0).and_then(|start| usize::try_from(start).ok());
    let Some(list) = start.filter(|start| *start >= HEADER).and_then(|start| bytes.get(start..))
    else {
        return Vec::new();
    };
    let units: Vec<u16> = if number(WIDE).unwrap_or(0) == 0 {
        // Of programs from before Unicode: only what is the same on every code page.
        let unit = |byte: &u8| if byte.is_ascii() { u16::from(*byte) } else { u16::from(b'?') };
        list.iter().map(unit).collect()
    } else {
        list.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect()
    };
    let ways = units.split(|unit| *unit == 0).take_while(|way| !way.is_empty());
    ways.filter(|way| way.len() <= LONGEST)
        .filter_map(|way| from_drive(&String::from_utf16(way).ok()?))
        .map(|path| path.to_wire())
        .collect()
}

/// A list as programs want it; `None` when nothing of it is on a drive.
pub fn write_drop_files(files: &CopiedFiles) -> Option<Vec<u8>> {
    let way = |path: &FilePath| on_drive(&StorePath::from_wire(path).ok()?);
    let ways: Vec<String> = files.paths().iter().filter_map(way).collect();
    if ways.is_empty() {
        return None;
    }
    let mut out = vec![0; HEADER];
    out[..4].copy_from_slice(&(HEADER as u32).to_le_bytes());
    out[WIDE..].copy_from_slice(&1_u32.to_le_bytes());
    for way in ways {
        out.extend(way.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
    }
    out.extend([0, 0]);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<String> {
        let way = |path: &FilePath| format!("{}/{}", path.place, path.parts.join("/"));
        read_drop_files(bytes).iter().map(way).collect()
    }

    fn narrow(list: &[u8]) -> Vec<u8> {
        [&[20, 0, 0, 0][..], &[0; 16], list].concat()
    }

    #[test]
    fn files_are_written_and_read() {
        let path = |place: &str, way: &str| StorePath::new(place, way).to_wire();
        let files = CopiedFiles::new(vec![
            path("C:", "Users/ada/grüße 😀.txt"),
            path("/", "tmp/x"),
            path("pasted", "x"),
            path("d:", "b"),
        ])
        .unwrap();
        let mut bytes = write_drop_files(&files).unwrap();
        assert_eq!(read(&bytes), ["C:/Users/ada/grüße 😀.txt", "D:/b"]);
        // The system rounds sizes up.
        bytes.extend([0, 0, b'x', 0]);
        assert_eq!(read(&bytes).len(), 2);
        let none = CopiedFiles::new(vec![path("/", "tmp/x")]).unwrap();
        assert_eq!(write_drop_files(&none), None);
    }

    #[test]
    fn broken_lists_and_foreign_ways_are_left_out() {
        assert_eq!(
            read(&narrow(b"C:\\a\0\\\\server\\share\\b\0C:\\c d\0\0C:\\e\0")),
            ["C:/a", "C:/c d"]
        );
        // Not in this program's code page: it would be another name.
        assert!(read(&narrow(b"C:\\gr\xFC\xDFe\0\0")).is_empty());
        assert_eq!(read(&narrow(b"C:\\no end")), ["C:/no end"]);
        for broken in [&b""[..], &[20, 0, 0, 0], &[19; 40], &[255; 40], &[0; 40]] {
            assert!(read(broken).is_empty(), "{broken:?}");
        }
        let mut lone = narrow(b"C\0:\0\\\0a\0\x00\xD8\0\0\0\0");
        lone[WIDE] = 1;
        assert!(read(&lone).is_empty(), "half a character");
    }
}
