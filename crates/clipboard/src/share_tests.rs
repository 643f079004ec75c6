use gc_proto::{MAX_CLIPBOARD_IMAGE, MAX_CLIPBOARD_TEXT};

use super::*;
use crate::CopiedFiles;

/// Noise, so that it does not shrink.
fn picture(side: u32, seed: u32) -> Arc<[u8]> {
    let mut state = seed;
    let rows: Vec<u8> = (0..side * side * 3)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    encode(side, png::ColorType::Rgb, &rows)
}

fn encode(side: u32, kind: png::ColorType, data: &[u8]) -> Arc<[u8]> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, side, side);
    encoder.set_color(kind);
    encoder.write_header().unwrap().write_image_data(data).unwrap();
    out.into()
}

fn rich(text: &str) -> ClipboardContent {
    ClipboardContent {
        html: Some(format!("<b>{text}</b>").into()),
        rtf: Some(format!("{{\\rtf1 {text}}}").into_bytes().into()),
        png: Some(picture(8, 1)),
        ..ClipboardContent::text(text)
    }
}

fn ready(content: ClipboardContent) -> Arc<Prepared> {
    Arc::new(Prepared::local(content).unwrap())
}

/// Two ends with a line between them that carries everything at once.
#[derive(Default)]
struct Pair {
    a: ClipboardShare,
    b: ClipboardShare,
    pieces: usize,
}

impl Pair {
    /// Copies at one end; every content that the other one would put on its clipboard.
    fn copy(&mut self, from_a: bool, content: ClipboardContent) -> Vec<ClipboardContent> {
        let (from, to) =
            if from_a { (&mut self.a, &mut self.b) } else { (&mut self.b, &mut self.a) };
        from.local(&ready(content));
        let mut arrived = Vec::new();
        while let Some((piece, _)) = from.next_piece() {
            from.sent();
            self.pieces += 1;
            let received = to.remote(&piece).unwrap();
            arrived.extend(received.content);
            if let Some(reply) = received.reply {
                from.acknowledged(&reply);
            }
        }
        arrived
    }

    /// As [`copy`](Self::copy), for what is small enough to come at once.
    fn cross(&mut self, from_a: bool, content: ClipboardContent) -> Option<ClipboardContent> {
        let mut arrived = self.copy(from_a, content);
        assert!(arrived.len() < 2);
        arrived.pop()
    }
}

#[test]
fn text_crosses_with_lf() {
    let mut pair = Pair::default();
    let got = pair.cross(true, ClipboardContent::text("one\r\ntwo\rthree\n"));
    assert_eq!(got, Some(ClipboardContent::text("one\ntwo\nthree\n")));
}

#[test]
fn every_format_crosses_in_one_content() {
    let mut pair = Pair::default();
    let got = pair.cross(true, rich("x")).unwrap();
    assert_eq!((got.text, got.html, got.rtf), (rich("x").text, rich("x").html, rich("x").rtf));
    assert_eq!(got.png, Some(picture(8, 1)));
}

#[test]
fn what_a_peer_sends_is_made_harmless() {
    let mut pair = Pair::default();
    let mut content = rich("x");
    content.html = Some("<b onclick=x>a</b><script>b</script>".into());
    content.rtf = Some(b"{\\rtf1{\\object}}"[..].into());
    let got = pair.cross(true, content).unwrap();
    assert_eq!((got.html.as_deref(), got.rtf), (Some("<b>a</b>"), None));
    // A picture that is none is left out by who has it and refused by who gets it.
    let mut broken = ClipboardContent::text("y");
    broken.png = Some(picture(8, 1)[..100].into());
    let prepared = Prepared::local(broken.clone()).unwrap();
    assert!(prepared.left_out() && prepared.content() == &ClipboardContent::text("y"));
    let piece = ClipboardPiece {
        serial: 7,
        format: ClipboardFormat::Image.into(),
        total: 100,
        data: broken.png.unwrap().to_vec(),
        parts: vec![ClipboardPart { format: ClipboardFormat::Image.into(), total: 100 }],
    };
    let received = pair.a.remote(&piece).unwrap();
    assert!(received.unusable && received.content.is_none() && received.reply.is_some());
}

#[test]
fn an_echo_stops_at_once_on_both_sides() {
    let mut pair = Pair::default();
    let got = pair.cross(true, ClipboardContent::text("a\r\nb")).unwrap();
    // The other system reports what was just put there, with its own line ends.
    assert_eq!(pair.cross(false, got), None);
    assert_eq!(pair.cross(false, ClipboardContent::text("a\r\nb")), None);
    assert_eq!(pair.cross(true, ClipboardContent::text("a\nb")), None);
    assert_eq!(pair.pieces, 1);
    // Another content and back again is not an echo.
    assert!(pair.cross(false, ClipboardContent::text("c")).is_some());
    assert!(pair.cross(true, ClipboardContent::text("a\nb")).is_some());
}

#[test]
fn what_a_system_makes_of_a_content_is_an_echo() {
    let mut pair = Pair::default();
    let mut content = rich("x");
    // A white and a transparent pixel; the system keeps no transparency.
    content.png = Some(encode(1, png::ColorType::Rgba, &[9, 9, 9, 0]));
    pair.cross(true, content.clone()).unwrap();
    let mut answer = content.clone();
    answer.png = Some(encode(1, png::ColorType::Rgb, &[255, 255, 255]));
    answer.html = Some("<html><body><b style='margin:0'>x</b></body></html>".into());
    assert_eq!(pair.cross(false, answer.clone()), None, "written in another way");
    answer.html = None;
    answer.rtf = None;
    assert_eq!(pair.cross(false, answer.clone()), None, "less than before");
    answer.png = Some(picture(8, 2));
    assert!(pair.cross(false, answer).is_some(), "another picture");
    // Who sent it may add to it: that is more than the other end has.
    let mut pair = Pair::default();
    pair.cross(true, ClipboardContent::text("x")).unwrap();
    assert!(pair.cross(true, rich("x")).is_some());
}

#[test]
fn both_copying_at_once_does_not_ping_pong() {
    let mut pair = Pair::default();
    pair.a.local(&ready(ClipboardContent::text("from a")));
    pair.b.local(&ready(ClipboardContent::text("from b")));
    let (from_a, from_b) = (pair.a.next_piece().unwrap().0, pair.b.next_piece().unwrap().0);
    pair.a.sent();
    pair.b.sent();
    let at_b = pair.b.remote(&from_a).unwrap().content.unwrap();
    let at_a = pair.a.remote(&from_b).unwrap().content.unwrap();
    assert!(!pair.a.local(&ready(at_a)) && !pair.b.local(&ready(at_b)));
    assert!(pair.a.next_piece().is_none() && pair.b.next_piece().is_none());
}

#[test]
fn the_largest_text_crosses_and_one_more_byte_does_not() {
    let mut pair = Pair::default();
    // A character of three bytes falls across the edges of pieces.
    let mut text = "€".repeat(MAX_CLIPBOARD_TEXT / 3);
    text.push_str(&"x".repeat(MAX_CLIPBOARD_TEXT - text.len()));
    let got = pair.cross(true, ClipboardContent::text(text.as_str()));
    assert!(got == Some(ClipboardContent::text(text.as_str())), "another text arrived");
    assert_eq!(pair.pieces, MAX_CLIPBOARD_TEXT / MAX_PIECE);
    text.push('x');
    assert!(Prepared::local(ClipboardContent::text(text)).is_err());
    let large = ClipboardContent::png(vec![0; MAX_CLIPBOARD_IMAGE + 1]);
    assert!(Prepared::local(large).is_err());
}

#[test]
fn a_large_picture_comes_after_its_text_and_within_the_window() {
    let mut pair = Pair::default();
    let mut content = ClipboardContent::text("x");
    content.png = Some(picture(512, 1));
    let arrived = pair.copy(true, content.clone());
    assert_eq!(arrived, [ClipboardContent::text("x"), content.clone()]);

    // Without answers no more than the window leaves.
    let mut share = ClipboardShare::default();
    share.local(&ready(content));
    let mut left = 0;
    while let Some((piece, last)) = share.next_piece() {
        assert!(!last);
        left += piece.data.len();
        share.sent();
    }
    assert!((WINDOW..WINDOW + MAX_PIECE).contains(&left), "{left} bytes");
    // An answer for more than was sent, or to another content, opens nothing.
    for (serial, bytes) in [(1, u32::MAX), (2, 1000), (0, 1000)] {
        assert!(!share.acknowledged(&ClipboardReceived { serial, bytes }));
        assert!(share.next_piece().is_none());
    }
    assert!(!share.acknowledged(&ClipboardReceived { serial: 1, bytes: 65_536 }));
    assert!(share.next_piece().is_some());
}

#[test]
fn a_newer_content_ends_the_one_under_way() {
    let mut pair = Pair::default();
    let mut large = ClipboardContent::text("old");
    large.png = Some(picture(512, 1));
    pair.a.local(&ready(large.clone()));
    let (piece, _) = pair.a.next_piece().unwrap();
    pair.a.sent();
    assert_eq!(pair.b.remote(&piece).unwrap().content, Some(ClipboardContent::text("old")));
    // The same end copies again.
    let got = pair.cross(true, ClipboardContent::text("new"));
    assert_eq!(got, Some(ClipboardContent::text("new")));
    // The other end copies while it receives: what comes is not put over it.
    pair.a.local(&ready(large));
    let (first, _) = pair.a.next_piece().unwrap();
    pair.a.sent();
    pair.b.remote(&first).unwrap();
    pair.b.local(&ready(ClipboardContent::text("newest")));
    let (rest, _) = pair.a.next_piece().unwrap();
    assert_eq!(pair.b.remote(&rest), Ok(Received::default()));
    let (newest, _) = pair.b.next_piece().unwrap();
    let got = pair.a.remote(&newest).unwrap();
    assert_eq!(got.content, Some(ClipboardContent::text("newest")));
    assert!(pair.a.next_piece().is_none(), "still sends what is old");
}

/// A peer of before formats: it takes text, refuses all else, and answers nothing.
fn old_peer(piece: &ClipboardPiece) -> Option<&[u8]> {
    (piece.format() == ClipboardFormat::Text).then_some(&piece.data[..])
}

#[test]
fn a_peer_that_knows_only_text_gets_the_text_and_sends_it() {
    let mut share = ClipboardShare::default();
    for round in 1..=2 {
        let mut content = rich(&"x".repeat(400_000 * round));
        content.png = Some(picture(512, 1));
        share.local(&ready(content));
        let (mut text, mut other) = (0, 0);
        while let Some((piece, _)) = share.next_piece() {
            assert_eq!(piece.serial as usize, round);
            match old_peer(&piece) {
                Some(data) => text += data.len(),
                None => other += piece.data.len(),
            }
            share.sent();
        }
        assert_eq!((text, other), (400_000 * round, 0), "the text has used up the window");
    }
    let old = ClipboardPiece {
        serial: 1,
        format: ClipboardFormat::Text.into(),
        total: 2,
        data: b"hi".to_vec(),
        ..ClipboardPiece::default()
    };
    let received = share.remote(&old).unwrap();
    assert_eq!(received.content, Some(ClipboardContent::text("hi")));
    assert_eq!(received.reply, None, "it would not understand");
}

fn files(place: &str, names: &[&str]) -> CopiedFiles {
    let path = |name: &&str| gc_proto::v2::FilePath {
        place: place.into(),
        parts: vec!["tmp".into(), (*name).into()],
    };
    CopiedFiles::new(names.iter().map(path).collect()).unwrap()
}

#[test]
fn files_cross_by_name_and_their_text_is_no_news() {
    let mut pair = Pair::default();
    let copied = ClipboardContent {
        files: Some(files("/", &["a.txt", "b"])),
        ..ClipboardContent::text("/tmp/a.txt\n/tmp/b")
    };
    assert_eq!(pair.cross(true, copied.clone()), Some(copied.clone()));
    // A system without files keeps the text, another one makes a text of the names.
    assert_eq!(pair.cross(false, ClipboardContent::text("/tmp/a.txt\n/tmp/b")), None);
    assert_eq!(pair.cross(false, copied.clone()), None);
    let mut named = copied.clone();
    named.text = Some("file:///tmp/a.txt".into());
    assert_eq!(pair.cross(false, named), None);
    let others = ClipboardContent { files: Some(files("/", &["a.txt"])), ..copied };
    assert_eq!(pair.cross(false, others.clone()), Some(others));
}

#[test]
fn files_of_a_peer_count_by_the_names_they_got() {
    let mut pair = Pair::default();
    pair.cross(true, ClipboardContent::files(files("pasted", &["a.txt"]))).unwrap();
    let there = ClipboardContent {
        files: Some(files("/", &["a.txt"])),
        ..ClipboardContent::text("/tmp/a.txt")
    };
    pair.b.stands_as(&ready(there.clone()));
    assert_eq!(pair.cross(false, there.clone()), None, "an echo");
    // What was copied here afterwards is news, whatever came before.
    assert!(pair.cross(false, ClipboardContent::text("x")).is_some());
    pair.b.stands_as(&ready(there.clone()));
    assert!(pair.cross(false, there).is_some());
}

#[test]
fn who_may_have_no_files_gets_the_rest() {
    let both = ready(ClipboardContent {
        files: Some(files("/", &["a"])),
        ..ClipboardContent::text("/tmp/a")
    });
    let rest = both.without_files().unwrap();
    assert_eq!(rest.content(), &ClipboardContent::text("/tmp/a"));
    let mut share = ClipboardShare::default();
    assert!(share.local(&Arc::new(rest)));
    assert!(ready(ClipboardContent::files(files("/", &["a"]))).without_files().is_none());
}

#[test]
fn a_list_that_is_none_is_refused_and_the_next_one_comes() {
    let mut share = ClipboardShare::default();
    let format = ClipboardFormat::Files as i32;
    let piece = |serial, data: &[u8]| ClipboardPiece {
        serial,
        format,
        total: data.len() as u32,
        data: data.to_vec(),
        parts: vec![ClipboardPart { format, total: data.len() as u32 }],
    };
    assert_eq!(share.remote(&piece(1, b"\xFF\xFF")), Err(PieceError::Files));
    let too_large = vec![0; gc_proto::MAX_CLIPBOARD_FILES + 1];
    let refused = share.remote(&ClipboardPiece { data: Vec::new(), ..piece(2, &too_large) });
    assert!(matches!(refused, Err(PieceError::Invalid(_))), "{refused:?}");
    let list = files("/", &["a"]);
    let received = share.remote(&piece(3, list.encoded())).unwrap();
    assert_eq!(received.content, Some(ClipboardContent::files(list)));
}

#[test]
fn emptying_the_clipboard_crosses() {
    let mut pair = Pair::default();
    assert!(pair.cross(true, ClipboardContent::text("x")).is_some());
    assert_eq!(pair.cross(true, ClipboardContent::text("")), Some(ClipboardContent::text("")));
}

#[test]
fn the_sender_learns_of_the_arrival_and_keeps_nothing() {
    let mut share = ClipboardShare::default();
    let content = ready(ClipboardContent::text("secret"));
    share.local(&content);
    let (piece, last) = share.next_piece().unwrap();
    share.sent();
    assert!(last && share.next_piece().is_none());
    assert_eq!(Arc::strong_count(&content), 1, "kept after it was sent");
    let mut other = ClipboardShare::default();
    let reply = other.remote(&piece).unwrap().reply.unwrap();
    assert!(share.acknowledged(&reply));
    assert!(!share.acknowledged(&reply), "once");
}

#[test]
fn forgotten_content_is_sent_again() {
    let mut share = ClipboardShare::default();
    let content = ready(ClipboardContent::text("x"));
    assert!(share.local(&content));
    assert!(!share.local(&content));
    share.forget();
    assert!(share.next_piece().is_none(), "sharing was switched off");
    assert!(share.local(&content));
    assert_eq!(share.next_piece().unwrap().0.serial, 2);
}

#[test]
fn random_pieces_neither_panic_nor_hold_memory() {
    let seed = 0x5EED_1234_u64;
    let mut state = seed;
    let mut random = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut share = ClipboardShare::default();
    for round in 0..200_000 {
        let part =
            |format: u64, total: u64| ClipboardPart { format: format as i32, total: total as u32 };
        let total = random(6);
        let piece = ClipboardPiece {
            serial: random(4) as u32 + round / 1000,
            format: random(7) as i32,
            total: total as u32,
            data: vec![b'x'; random(total + 2) as usize],
            parts: (0..random(4)).map(|_| part(random(7), random(6))).collect(),
        };
        share.acknowledged(&ClipboardReceived {
            serial: random(9) as u32,
            bytes: random(99) as u32,
        });
        if let Ok(received) = share.remote(&piece)
            && let Some(content) = received.content
        {
            assert!(content.formats().all(|f| content.bytes(f).unwrap().len() < 6), "seed {seed}");
        }
    }
}
