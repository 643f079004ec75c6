//! Replays the fuzzing corpus, as it is and with random changes.

#[path = "../../../fuzz/bodies/clipboard.rs"]
mod clipboard;

use std::path::PathBuf;

/// A few bytes other than they were, and now and then a piece cut out or doubled.
fn mutated(input: &[u8], seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % below.max(1)
    };
    let mut bytes = input.to_vec();
    for _ in 0..=random(6) {
        let at = random(bytes.len());
        match random(6) {
            0 => bytes.truncate(at + 1),
            1 => {
                let piece: Vec<u8> = bytes[at..].iter().take(random(24)).copied().collect();
                let to = random(bytes.len());
                bytes.splice(to..to, piece);
            }
            2 => bytes[at] = b"<>\"'=/ \\{&"[random(10)],
            3 => bytes[at] = 0xFF,
            _ => bytes[at] ^= 1 << random(8),
        }
    }
    bytes
}

#[test]
fn contents_of_a_peer_do_no_harm() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/clipboard");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 8);
    for (at, file) in files.iter().enumerate() {
        let input = std::fs::read(file).unwrap();
        clipboard::run(&input);
        for round in 0..3_000 {
            let seed = (at as u64) << 32 | round;
            println!("{}: seed {seed:#x}", file.display());
            clipboard::run(&mutated(&input, seed));
        }
    }
}
