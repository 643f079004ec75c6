use super::*;

fn renamed(name: &str) -> String {
    portable_name(name).unwrap().into_owned()
}

#[test]
fn plain_names_stay() {
    for name in [
        "a",
        "report.txt",
        ".bashrc",
        "Überblick (2).pdf",
        "日本語.doc",
        "a b",
        "...a",
        "a~b",
        "com",
        "com10",
        "console.log",
        "nul_",
        "😀.png",
        "e\u{301}.txt",
        "x~1y",
        "質問？：～.txt",
        "wait….txt",
        "averylongname~1.txt",
    ] {
        assert!(matches!(portable_name(name), Ok(Cow::Borrowed(it)) if it == name), "{name:?}");
    }
}

#[test]
fn what_windows_reserves_gets_another_name() {
    for (name, safe) in [
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("NUL .txt", "_NUL .txt"),
        ("COM1", "_COM1"),
        ("com0", "_com0"),
        ("COM\u{b9}", "_COM\u{b9}"),
        ("lpt\u{b3}.dat", "_lpt\u{b3}.dat"),
        ("AUX.", "AUX_"),
        ("a.", "a_"),
        ("a ", "a_"),
        ("a . .", "a_"),
        ("a:stream", "a_stream"),
        ("a::$DATA", "a__$DATA"),
        ("$MFT", "_$MFT"),
        ("$Extend", "_$Extend"),
        ("desktop.ini", "_desktop.ini"),
        ("Autorun.inf", "_Autorun.inf"),
        ("PROGRA~1", "PROGRA_1"),
        ("a~1.txt", "a_1.txt"),
        ("what?.txt", "what_.txt"),
        ("a\u{202e}txt.exe", "a_txt.exe"),
        ("a\tb", "a_b"),
        ("a\u{7f}", "a_"),
        ("\u{feff}x", "_x"),
        ("ＣＯＮ", "_ＣＯＮ"),
        ("CONOUT$", "_CONOUT$"),
        ("a\u{2215}b", "a_b"),
        ("\u{ff0e}\u{ff0e}", "__"),
        ("\u{2025}", "_"),
    ] {
        assert_eq!(renamed(name), safe, "{name:?}");
    }
}

#[test]
fn what_is_a_way_and_no_name_is_refused() {
    for (path, fault) in [
        ("", NameFault::Empty),
        ("a//b", NameFault::Empty),
        ("a/", NameFault::Empty),
        ("..", NameFault::Traversal),
        ("a/../b", NameFault::Traversal),
        ("./a", NameFault::Traversal),
        ("... ", NameFault::Traversal),
        ("a/.. /b", NameFault::Traversal),
        ("   ", NameFault::Empty),
        ("/etc/passwd", NameFault::Absolute),
        ("\\\\server\\share", NameFault::Absolute),
        ("\\\\?\\C:\\x", NameFault::Absolute),
        ("C:\\x", NameFault::Absolute),
        ("c:/x", NameFault::Absolute),
        ("C:", NameFault::Absolute),
        ("a\\b", NameFault::Separator),
        ("a\\..\\b", NameFault::Separator),
        ("a\0b", NameFault::Zero),
        (".gc-part-0", NameFault::Partial),
        ("x/.GC-PART-00", NameFault::Partial),
    ] {
        assert_eq!(portable_path(path), Err(fault), "{path:?}");
    }
    assert_eq!(portable_name(&"a".repeat(256)), Err(NameFault::TooLong));
    assert_eq!(portable_path(&["a"; 65].join("/")), Err(NameFault::TooDeep));
    assert_eq!(portable_path(&["a".repeat(200).as_str(); 11].join("/")), Err(NameFault::TooDeep));
    assert_eq!(portable_path("d/CON/x").unwrap(), ["d", "_CON", "x"]);
    assert_eq!(portable_path("C:x").unwrap(), ["C_x"], "relative to a drive");
}

#[test]
fn names_that_are_one_somewhere_fold_to_one() {
    for (a, b) in
        [("README", "readme"), ("\u{e9}", "e\u{301}"), ("STRASSE", "strasse"), ("ﬁ", "fi")]
    {
        assert_eq!(fold_case(a), fold_case(b));
    }
    assert_ne!(fold_case("a"), fold_case("b"));
}

#[test]
fn numbers_go_before_the_extension() {
    assert_eq!(numbered("a.txt", 2), "a (2).txt");
    assert_eq!(numbered(".bashrc", 3), ".bashrc (3)");
    assert_eq!(numbered("a.tar.gz", 2), "a.tar (2).gz");
    let long = format!("{}.txt", "ä".repeat(125));
    assert!(numbered(&long, 12).len() <= MAX_COMPONENT);
    assert!(numbered(&long, 12).ends_with("ä (12).txt"));
}

/// A small generator: what matters is that the same seed gives the same names.
struct Lehmer(u64);

impl Lehmer {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

#[test]
fn whatever_passes_is_one_safe_name_that_passes_unchanged() {
    const PIECES: &[&str] = &[
        "a",
        "B",
        ".",
        "..",
        " ",
        "/",
        "\\",
        ":",
        "~1",
        "con",
        "NUL",
        "com1",
        "\u{b9}",
        "$",
        "mft",
        "\u{202e}",
        "\0",
        "\u{ff0f}",
        "\u{ff0e}",
        "\u{2024}",
        "é",
        "e\u{301}",
        "\u{7f}",
        "\n",
        "?",
        "lpt9",
        "desktop",
        ".ini",
        ".gc-part-",
        "_",
        "\u{1f600}",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    ];
    let mut random = Lehmer(20_261_122);
    for round in 0..60_000 {
        let path: String =
            (0..=random.below(9)).map(|_| PIECES[random.below(PIECES.len())]).collect();
        let Ok(parts) = portable_path(&path) else { continue };
        assert!(!parts.is_empty() && parts.len() <= MAX_DEPTH, "{round}: {path:?}");
        for part in &parts {
            assert!(!part.contains(['/', '\\', ':', '\0']), "{round}: {path:?} {part:?}");
            assert!(!part.ends_with(['.', ' ']) && !part.is_empty(), "{round}: {path:?} {part:?}");
            assert!(!is_reserved(part) && !is_short_alias(part), "{round}: {path:?} {part:?}");
            assert!(part.len() <= MAX_COMPONENT && !part.chars().any(char::is_control));
            // Twice is once: a name may be taken up again on a resumed transfer.
            assert_eq!(portable_name(part).as_deref(), Ok(part.as_str()), "{round}: {path:?}");
            // What normalisation makes of it is still one name.
            let folded = fold_case(part);
            assert!(!folded.contains(['/', '\\']) && folded != ".." && folded != ".");
        }
    }
}
