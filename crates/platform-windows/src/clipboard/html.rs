//! The format "HTML Format": a fragment of HTML in UTF-8 behind a header that says, in
//! bytes, where it is.

const START: &str = "<!--StartFragment-->";
const END: &str = "<!--EndFragment-->";
const BEFORE: &str = "<html>\r\n<body>\r\n<!--StartFragment-->";
const AFTER: &str = "<!--EndFragment-->\r\n</body>\r\n</html>";
/// A header is not longer than this; what is, is none.
const LONGEST_HEADER: usize = 4_096;

/// The fragment as Windows programs want it, ended by NUL.
pub fn write_html_format(fragment: &str) -> Vec<u8> {
    let header = |html: usize, start: usize, end: usize, after: usize| {
        format!(
            "Version:0.9\r\nStartHTML:{html:010}\r\nEndHTML:{after:010}\r\n\
             StartFragment:{start:010}\r\nEndFragment:{end:010}\r\n"
        )
    };
    // The numbers have a fixed width, so the header's length is known before them.
    let html = header(0, 0, 0, 0).len();
    let start = html + BEFORE.len();
    let end = start + fragment.len();
    let mut out = header(html, start, end, end + AFTER.len()).into_bytes();
    for part in [BEFORE, fragment, AFTER, "\0"] {
        out.extend_from_slice(part.as_bytes());
    }
    out
}

/// The fragment in what a program has put there. Numbers that lead outside, or are
/// missing, are not believed: the marks in the text, or the whole of it, take their
/// place. What is not UTF-8 is replaced.
pub fn read_html_format(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    let bytes = &bytes[..end];
    let header_end = bytes.iter().position(|byte| *byte == b'<').unwrap_or(bytes.len());
    let header = &bytes[..header_end.min(LONGEST_HEADER)];
    let number = |name: &str| {
        header.split(|byte| matches!(byte, b'\r' | b'\n')).find_map(|line| {
            let (key, value) = line.split_at_checked(name.len())?;
            let value = std::str::from_utf8(value.strip_prefix(b":")?).ok()?;
            key.eq_ignore_ascii_case(name.as_bytes()).then(|| value.trim().parse::<usize>().ok())?
        })
    };
    let range = |start, end| bytes.get(number(start)?..number(end)?);
    let by_header = range("StartFragment", "EndFragment").filter(|part| !part.is_empty());
    let text = |part: &[u8]| String::from_utf8_lossy(part).into_owned();
    let fragment = by_header.map_or_else(
        || {
            let whole = text(&bytes[header_end..]);
            let inside = whole.split_once(START).map(|(_, rest)| rest);
            let inside = inside.and_then(|rest| rest.rsplit_once(END)).map(|(inside, _)| inside);
            inside.map_or_else(|| whole.clone(), str::to_owned)
        },
        text,
    );
    // Some programs point at the marks and not between them.
    let fragment = fragment.trim_start_matches(START).trim_end_matches(END).replace("\r\n", "\n");
    (!fragment.trim().is_empty()).then_some(fragment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_its_numbers_are_right() {
        for fragment in ["<b>bold</b>", "Grüße 😀", "<p>one</p>\n<p>two</p>"] {
            let bytes = write_html_format(fragment);
            assert_eq!(read_html_format(&bytes).as_deref(), Some(fragment));
            let text = std::str::from_utf8(&bytes).unwrap();
            let number = |name: &str| -> usize {
                let at = text.find(name).unwrap() + name.len() + 1;
                text[at..at + 10].parse().unwrap()
            };
            assert_eq!(&text[number("StartFragment")..number("EndFragment")], fragment);
            assert!(text[number("StartHTML")..].starts_with("<html>"));
            assert!(text[..number("EndHTML")].ends_with("</html>"));
            assert!(text.ends_with("</html>\0"));
        }
    }

    #[test]
    fn programs_that_write_it_their_own_way_are_understood() {
        let chrome = "Version:0.9\r\nStartHTML:0000000105\r\nEndHTML:0000000173\r\n\
            StartFragment:0000000141\r\nEndFragment:0000000137\r\n<html><body>\
            <!--StartFragment-->\u{e4}<!--EndFragment--></body></html>";
        assert_eq!(read_html_format(chrome.as_bytes()).as_deref(), Some("ä"), "end before start");
        for (bytes, expected) in [
            (&b"Version:1.0\nStartFragment:44\nEndFragment:45\nx<b>"[..], "x"),
            (b"StartFragment:-1\r\nEndFragment:99999999999999999999\r\n<i>y</i>", "<i>y</i>"),
            (b"StartFragment:0\r\nEndFragment:4000000000\r\n<i>y</i>", "<i>y</i>"),
            (b"<b>no header</b>", "<b>no header</b>"),
            (b"<!--StartFragment-->z<!--EndFragment-->", "z"),
            (b"startfragment: 36 \nendfragment: 37 \nq", "q"),
        ] {
            let read = read_html_format(bytes);
            assert_eq!(read.as_deref(), Some(expected), "{}", String::from_utf8_lossy(bytes));
        }
        for nothing in
            [&b""[..], b"\0\0\0", b"Version:0.9\r\n", b"StartFragment:0\r\nEndFragment:0"]
        {
            assert_eq!(read_html_format(nothing), None);
        }
    }

    #[test]
    fn damage_does_no_harm() {
        let whole = write_html_format("<b>ä 😀</b>");
        for at in 0..whole.len() {
            let _ = read_html_format(&whole[..at]);
            for bit in [1, 0x10, 0x80] {
                let mut changed = whole.clone();
                changed[at] ^= bit;
                let _ = read_html_format(&changed);
            }
        }
    }
}
