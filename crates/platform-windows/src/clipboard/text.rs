//! `CF_UNICODETEXT`: UTF-16 with CRLF, ended by NUL.

/// Text as Windows programs want it.
pub fn write_unicode_text(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * 2 + 2);
    let mut put = |unit: u16| out.extend_from_slice(&unit.to_le_bytes());
    for unit in text.encode_utf16() {
        if unit == u16::from(b'\n') {
            put(u16::from(b'\r'));
        }
        put(unit);
    }
    put(0);
    out
}

/// Text up to its end, with LF line ends; `None` when there is none.
pub fn read_unicode_text(bytes: &[u8]) -> Option<String> {
    let units = bytes.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
    let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
    let text = String::from_utf16_lossy(&units).replace("\r\n", "\n").replace('\r', "\n");
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_change_and_come_back() {
        let bytes = write_unicode_text("a\nß😀");
        let units: Vec<u16> = "a\r\nß😀\0".encode_utf16().collect();
        let expected: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        assert_eq!(bytes, expected);
        assert_eq!(read_unicode_text(&bytes).as_deref(), Some("a\nß😀"));
        // What lies behind the end, and half a unit, is not text.
        let more = [&bytes[..], b"x\0y\0z"].concat();
        assert_eq!(read_unicode_text(&more).as_deref(), Some("a\nß😀"));
        assert_eq!(read_unicode_text(b"\0\0x\0"), None);
        assert_eq!(read_unicode_text(b"x"), None);
        assert_eq!(read_unicode_text(b"\x00\xD8"), Some("\u{FFFD}".to_owned()));
    }
}
