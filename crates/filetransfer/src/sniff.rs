//! What a file is by its first bytes, as far as rules about kinds of files need it:
//! programs, scripts, archives, documents with macros.

/// Bytes of the start that [`kinds_of`] looks at.
pub const SNIFFED: usize = 512;

const EXE: &[&str] = &["exe", "dll", "sys", "scr", "com", "cpl", "ocx", "drv", "efi", "mui"];
const ELF: &[&str] = &["elf", "so", "bin", "o", "run", "appimage"];
const MACHO: &[&str] = &["macho", "dylib", "bin"];
const SCRIPT: &[&str] = &["sh", "bash", "py", "pl", "rb", "run"];
const OLE: &[&str] = &["msi", "msp", "doc", "xls", "ppt", "msg"];
const ZIP: &[&str] = &[
    "zip", "jar", "docx", "docm", "xlsx", "xlsm", "pptx", "pptm", "odt", "ods", "odp", "apk",
    "epub", "msix", "appx", "nupkg", "xpi", "vsix",
];

/// Start, and the extensions that content of this kind goes by. A file of one of
/// these kinds is never another one; a file of no kind here may be anything.
const STARTS: &[(&[u8], &[&str])] = &[
    (b"\x7fELF", ELF),
    (b"\xfe\xed\xfa\xce", MACHO),
    (b"\xfe\xed\xfa\xcf", MACHO),
    (b"\xce\xfa\xed\xfe", MACHO),
    (b"\xcf\xfa\xed\xfe", MACHO),
    (b"#!", SCRIPT),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"%PDF-", &["pdf"]),
    (b"Rar!\x1a\x07", &["rar"]),
    (b"7z\xbc\xaf\x27\x1c", &["7z"]),
    (b"\x1f\x8b", &["gz", "tgz", "svgz"]),
    (b"MSCF", &["cab"]),
    (b"!<arch>\n", &["deb", "a", "lib"]),
    (b"\xed\xab\xee\xdb", &["rpm"]),
    (b"L\0\0\0\x01\x14\x02\0", &["lnk"]),
    (b"\x89PNG\r\n\x1a\n", &["png"]),
    (b"\xff\xd8\xff", &["jpg", "jpeg"]),
    (b"GIF8", &["gif"]),
];

/// The extensions that content with this start goes by; empty when it is not told
/// by its start.
pub fn kinds_of(start: &[u8]) -> &'static [&'static str] {
    // Two letters alone also begin texts.
    if start.starts_with(b"MZ") && start.iter().take(SNIFFED).any(|b| *b == 0) {
        return EXE;
    }
    STARTS.iter().find(|(magic, _)| start.starts_with(magic)).map_or(&[], |(_, kinds)| kinds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_known_by_their_start() {
        assert!(kinds_of(b"MZ\x90\0").contains(&"exe"));
        assert!(kinds_of(b"MZ is a pair of letters").is_empty());
        assert!(kinds_of(b"\x7fELF\x02\x01").contains(&"elf"));
        assert!(kinds_of(b"#!/bin/sh\n").contains(&"sh"));
        assert!(kinds_of(b"PK\x03\x04rest").contains(&"docm"));
        assert!(kinds_of(b"").is_empty() && kinds_of(b"plain").is_empty());
    }
}
