//! Which targets of a selection are which format, and how they are written.

use gc_proto::max_clipboard;
use gc_proto::v2::ClipboardFormat;
use x11rb::protocol::xproto::{Atom, AtomEnum};

use super::worker::Atoms;

/// What HTML is given with: without it some programs take it for Latin-1.
const CHARSET: &str = "<meta http-equiv=\"content-type\" content=\"text/html; charset=utf-8\">";
const START: &str = "<!--StartFragment-->";
const END: &str = "<!--EndFragment-->";

/// Targets that hold a format, the best one first.
pub(super) fn targets(atoms: &Atoms, format: ClipboardFormat) -> Vec<Atom> {
    match format {
        ClipboardFormat::Text => vec![
            atoms.UTF8_STRING,
            atoms.PLAIN_UTF8,
            AtomEnum::STRING.into(),
            atoms.TEXT,
            atoms.PLAIN,
        ],
        // The last one says, for KDE, that nothing was cut.
        ClipboardFormat::Files => vec![atoms.GNOME_FILES, atoms.URI_LIST, atoms.KDE_CUT],
        ClipboardFormat::Html => vec![atoms.HTML],
        ClipboardFormat::Rtf => vec![atoms.RTF, atoms.APPLICATION_RTF],
        ClipboardFormat::Image => vec![atoms.PNG],
        ClipboardFormat::Unspecified => Vec::new(),
    }
}

/// Bytes that a format may have as its owner gives it. Names of files are written with
/// up to three characters for a byte.
pub(super) const fn limit(format: ClipboardFormat) -> usize {
    match format {
        ClipboardFormat::Files => 4 * max_clipboard(format),
        _ => max_clipboard(format),
    }
}

/// What to ask for of what an owner offers, in order of use.
pub(super) fn wanted(atoms: &Atoms, offered: &[Atom]) -> Vec<(ClipboardFormat, Atom)> {
    let formats = [
        ClipboardFormat::Text,
        ClipboardFormat::Files,
        ClipboardFormat::Html,
        ClipboardFormat::Rtf,
        ClipboardFormat::Image,
    ];
    let best = |format| {
        let target = targets(atoms, format).into_iter().find(|target| offered.contains(target))?;
        Some((format, target))
    };
    formats.into_iter().filter_map(best).collect()
}

/// Text as an owner gives it, with LF line ends.
pub(super) fn read_text(bytes: &[u8], latin: bool) -> Option<String> {
    let text = if latin {
        // Latin-1, whose codes are those of Unicode.
        bytes.iter().map(|byte| char::from(*byte)).collect()
    } else {
        std::str::from_utf8(bytes).ok()?.to_owned()
    };
    // Some programs count the terminator in.
    let text = text.trim_end_matches('\0').replace("\r\n", "\n").replace('\r', "\n");
    (!text.is_empty()).then_some(text)
}

/// HTML as an owner gives it: UTF-8, or UTF-16 with a byte order mark (Mozilla).
pub(super) fn read_html(bytes: &[u8]) -> Option<String> {
    let units = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|unit| read(*unit)).collect();
        String::from_utf16(&units).ok()
    };
    let html = match bytes {
        [0xFF, 0xFE, rest @ ..] => units(rest, u16::from_le_bytes)?,
        [0xFE, 0xFF, rest @ ..] => units(rest, u16::from_be_bytes)?,
        _ => {
            let rest = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
            std::str::from_utf8(rest).ok()?.to_owned()
        }
    };
    let html = html.trim_end_matches('\0');
    let html = html.strip_prefix(CHARSET).unwrap_or(html);
    let inside = html.split_once(START).map(|(_, rest)| rest);
    let inside = inside.and_then(|rest| rest.rsplit_once(END)).map(|(inside, _)| inside);
    let html = inside.unwrap_or(html);
    (!html.trim().is_empty()).then(|| html.to_owned())
}

/// HTML as programs understand it.
pub(super) fn write_html(html: &str) -> String {
    format!("{CHARSET}{html}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_read_however_it_is_written() {
        let written = write_html("<b>ä</b>");
        assert_eq!(read_html(written.as_bytes()).as_deref(), Some("<b>ä</b>"));
        let little: Vec<u8> =
            "\u{FEFF}<i>ß</i>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "\u{FEFF}<i>ß</i>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read_html(&little).as_deref(), Some("<i>ß</i>"));
        assert_eq!(read_html(&big).as_deref(), Some("<i>ß</i>"));
        let whole = b"<html><body>\n<!--StartFragment--><p>x<!--EndFragment-->\n</body></html>\0";
        assert_eq!(read_html(whole).as_deref(), Some("<p>x"));
        assert_eq!(
            read_html(b"<!--EndFragment--><!--StartFragment-->x").as_deref(),
            Some("<!--EndFragment--><!--StartFragment-->x")
        );
        for nothing in [&b""[..], b"\0\0", b"\xFF", b"\xFF\xFE\x00\xD8"] {
            assert_eq!(read_html(nothing), None);
        }
    }

    #[test]
    fn text_loses_terminators_and_carriage_returns() {
        assert_eq!(read_text(b"a\r\nb\rc\0\0", false).as_deref(), Some("a\nb\nc"));
        assert_eq!(read_text(b"\xE4", true).as_deref(), Some("ä"));
        assert_eq!(read_text(b"\xE4", false), None);
        assert_eq!(read_text(b"\0", false), None);
    }
}
