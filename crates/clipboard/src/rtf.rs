//! Rich Text Format: what would run or load something is refused as a whole.

/// Control words behind which stand programs, or things on other machines.
const REFUSED: [&[u8]; 12] = [
    b"object",
    b"objdata",
    b"objclass",
    b"objupdate",
    b"objemb",
    b"objlink",
    b"objautlink",
    b"template",
    b"filetbl",
    b"subdocument",
    b"datafield",
    b"mailmerge",
];
/// The instruction of a field may be this and no other: the rest reads files and
/// addresses (`INCLUDEPICTURE`, `DDEAUTO`, `IMPORT`…).
const HYPERLINK: &[u8] = b"HYPERLINK";

/// Whether this is RTF that shows text and pictures and does nothing. A program that
/// pastes gets HTML or text in place of any other.
pub(crate) fn is_harmless(rtf: &[u8]) -> bool {
    if !rtf.starts_with(b"{\\rtf") {
        return false;
    }
    let mut at = 0;
    while at < rtf.len() {
        if rtf[at] != b'\\' {
            at += 1;
            continue;
        }
        let word = letters(&rtf[at + 1..]);
        // An escaped character, such as a brace or a backslash, is no control word.
        at += 2.max(1 + word.len());
        if REFUSED.iter().any(|refused| refused.eq_ignore_ascii_case(word)) {
            return false;
        }
        if word.eq_ignore_ascii_case(b"bin") {
            // What follows is bytes by number, in which nothing can be looked for.
            return false;
        }
        if word.eq_ignore_ascii_case(b"fldinst") && !is_link(&rtf[at..]) {
            return false;
        }
    }
    true
}

fn letters(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(bytes.len());
    &bytes[..end]
}

/// Whether the first word of a field's instruction, past groups and formatting, is that
/// of a link.
fn is_link(mut rest: &[u8]) -> bool {
    loop {
        match rest {
            [b'{' | b' ' | b'\r' | b'\n' | b'*' | b'0'..=b'9' | b'-', more @ ..]
            | [b'\\', b'*', more @ ..] => rest = more,
            [b'\\', more @ ..] => {
                let word = letters(more);
                // Nothing that spells letters in another way.
                if word.is_empty() || word.eq_ignore_ascii_case(b"u") {
                    return false;
                }
                rest = &more[word.len()..];
            }
            _ => break,
        }
    }
    let word = letters(rest);
    word.eq_ignore_ascii_case(HYPERLINK) && matches!(rest.get(word.len()), Some(b' ' | b'"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_pictures_and_links_pass() {
        for rtf in [
            r"{\rtf1\ansi{\fonttbl\f0\fswiss Helvetica;}\f0\pard Gr\'fc\'dfe \b bold\b0\par}",
            r"{\rtf1{\pict\pngblip\picw1\pich1 89504e47}}",
            r#"{\rtf1{\field{\*\fldinst{HYPERLINK "https://example.org"}}{\fldrslt here}}}"#,
            r#"{\rtf1{\field{\*\fldinst {\rtlch\fcs1 \af0 HYPERLINK "https://a"}}{\fldrslt b}}}"#,
            r"{\rtf1 a \\object that is only written about \{\\objdata\}}",
        ] {
            assert!(is_harmless(rtf.as_bytes()), "{rtf}");
        }
    }

    #[test]
    fn what_runs_or_loads_something_does_not() {
        for rtf in [
            "",
            "plain",
            r"{\rtf1{\object\objemb{\*\objclass Equation.3}{\*\objdata 0105}}}",
            r"{\rtf1{\*\unknown{\OBJDATA 01}}}",
            r"{\rtf1{\*\template http://example.org/a.dotm}}",
            r#"{\rtf1{\field{\*\fldinst INCLUDEPICTURE "http://example.org/a"}}}"#,
            r"{\rtf1{\field{\*\fldinst{\f0 DDEAUTO c:\\windows\\system32\\cmd}}}}",
            r#"{\rtf1{\field{\*\fldinst \'49NCLUDEPICTURE "http://example.org/a"}}}"#,
            r#"{\rtf1{\field{\*\fldinst \u73?NCLUDEPICTURE "a"}}}"#,
            r"{\rtf1{\field{\*\fldinst",
            r"{\rtf1{\pict\bin12 \objdata 0105}}",
        ] {
            assert!(!is_harmless(rtf.as_bytes()), "{rtf}");
        }
    }
}
