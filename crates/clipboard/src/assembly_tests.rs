use super::*;

fn piece(serial: u32, total: u32, data: &[u8]) -> ClipboardPiece {
    let format = ClipboardFormat::Text.into();
    ClipboardPiece { serial, format, total, data: data.to_vec(), ..ClipboardPiece::default() }
}

fn part(format: i32, total: u32) -> ClipboardPart {
    ClipboardPart { format, total }
}

fn of(format: i32, total: u32, data: &[u8]) -> ClipboardPiece {
    ClipboardPiece { format, ..piece(1, total, data) }
}

fn text(text: &str) -> ClipboardContent {
    ClipboardContent::text(text)
}

const TEXT: i32 = ClipboardFormat::Text as i32;
const HTML: i32 = ClipboardFormat::Html as i32;
const IMAGE: i32 = ClipboardFormat::Image as i32;

#[test]
fn pieces_become_the_text() {
    let mut assembly = Assembly::default();
    assert_eq!(assembly.push(&piece(1, 5, b"gu")), Ok(Taken::default()));
    // Who says nothing of parts knows nothing of acknowledgements.
    let whole = Taken { content: Some(text("guten")), received: None };
    assert_eq!(assembly.push(&piece(1, 5, b"ten")), Ok(whole));
    assert_eq!(assembly.push(&piece(2, 0, b"")).unwrap().content, Some(text("")));
}

#[test]
fn a_newer_content_gives_up_the_unfinished_one() {
    let mut assembly = Assembly::default();
    assert_eq!(assembly.push(&piece(1, 5, b"gu")), Ok(Taken::default()));
    assert_eq!(assembly.push(&piece(2, 2, b"ok")).unwrap().content, Some(text("ok")));
    assert_eq!(assembly.push(&piece(1, 5, b"ten")), Err(PieceError::Serial(1)));
}

#[test]
fn serials_wrap() {
    let mut assembly = Assembly::default();
    assert!(assembly.push(&piece(u32::MAX, 1, b"a")).is_ok());
    assert!(assembly.push(&piece(0, 1, b"b")).is_ok());
    assert_eq!(assembly.push(&piece(u32::MAX, 1, b"a")), Err(PieceError::Serial(u32::MAX)));
}

#[test]
fn formats_come_one_after_the_other_and_small_ones_together() {
    let mut assembly = Assembly::default();
    let mut first = piece(1, 2, b"ab");
    // A format of a later version is counted and skipped.
    first.parts = vec![part(TEXT, 2), part(99, 3), part(HTML, 4)];
    assert_eq!(assembly.push(&first), Ok(Taken::default()));
    assert_eq!(assembly.push(&of(99, 3, b"xyz")), Ok(Taken::default()));
    let taken = assembly.push(&of(HTML, 4, b"<b>c")).unwrap();
    let whole = ClipboardContent { html: Some("<b>c".into()), ..ClipboardContent::text("ab") };
    assert_eq!(taken, Taken { content: Some(whole), received: Some(9) });
}

#[test]
fn text_does_not_wait_for_a_large_picture() {
    let mut assembly = Assembly::default();
    let large = PROMPT as u32 + 1;
    let mut first = piece(1, 2, b"ab");
    first.parts = vec![part(TEXT, 2), part(IMAGE, large)];
    assert_eq!(assembly.push(&first).unwrap().content, Some(text("ab")));
    let data = vec![7; 32 << 10];
    let mut told = Vec::new();
    let mut left = large as usize;
    while left > 0 {
        let taken = assembly.push(&of(IMAGE, large, &data[..left.min(data.len())])).unwrap();
        left -= left.min(data.len());
        told.extend(taken.received);
        assert_eq!(taken.content.is_some(), left == 0);
    }
    assert_eq!(told.len(), PROMPT / (64 << 10) + 1);
    assert_eq!(told.last(), Some(&(large + 2)));
}

#[test]
fn what_is_given_up_is_ignored_to_its_end() {
    let mut assembly = Assembly::default();
    assert_eq!(assembly.push(&piece(1, 3, b"a")), Ok(Taken::default()));
    assembly.give_up();
    assert_eq!(assembly.push(&piece(1, 3, b"bc")), Ok(Taken::default()));
    assert_eq!(assembly.push(&piece(2, 1, b"d")).unwrap().content, Some(text("d")));
    // With nothing under way there is nothing to ignore.
    assembly.give_up();
    assert_eq!(assembly.push(&piece(2, 1, b"d")), Err(PieceError::Serial(2)));
}

#[test]
fn lies_are_refused() {
    let invalid = |field| PieceError::Invalid(InvalidMessage { field });
    let with = |parts: &[ClipboardPart]| {
        let mut piece = piece(1, 1, b"a");
        piece.parts = parts.to_vec();
        piece
    };
    let cases: [(&[ClipboardPiece], PieceError); 14] = [
        (&[piece(1, 2, b"abc")], invalid("data")),
        (&[piece(1, 4, b"abc"), piece(1, 4, b"de")], PieceError::Size),
        (&[piece(1, 4, b"abc"), piece(1, 5, b"d")], PieceError::Size),
        (&[piece(1, 4, b"")], PieceError::Size),
        (&[piece(1, 1, b"a"), piece(1, 1, b"a")], PieceError::Serial(1)),
        (&[piece(1, 2, b"\xC3\x28")], PieceError::Encoding),
        (&[of(HTML, 1, b"a")], invalid("format")),
        (&[of(99, 1, b"a")], invalid("format")),
        (&[of(0, 1, b"a")], invalid("format")),
        (&[with(&[part(HTML, 1), part(TEXT, 1)])], PieceError::Size),
        (&[with(&[part(TEXT, 1), part(HTML, 0)])], PieceError::Size),
        (&[with(&[part(TEXT, 1), part(TEXT, 1)])], invalid("parts")),
        (&[with(&[part(TEXT, 1), part(99, 20 << 20 | 1)])], invalid("parts")),
        (&[with(&(1..=9).map(|n| part(n, 1)).collect::<Vec<_>>())], invalid("parts")),
    ];
    for (pieces, expected) in cases {
        let mut assembly = Assembly::default();
        let mut last = Ok(Taken::default());
        for piece in pieces {
            last = assembly.push(piece);
        }
        assert_eq!(last, Err(expected), "{pieces:?}");
    }
    let large = piece(1, u32::MAX, b"a");
    assert!(matches!(Assembly::default().push(&large), Err(PieceError::Invalid(_))));
}

#[test]
fn after_a_refusal_the_next_content_is_taken() {
    let mut assembly = Assembly::default();
    assert!(assembly.push(&piece(1, 4, b"")).is_err());
    assert_eq!(assembly.push(&piece(1, 4, b"abcd")), Err(PieceError::Serial(1)));
    assert_eq!(assembly.push(&piece(2, 1, b"x")).unwrap().content, Some(text("x")));
}
