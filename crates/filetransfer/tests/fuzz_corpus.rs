//! Replays the fuzzing corpus, as it is and with random changes.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail loudly and says its seed"
)]

#[path = "../../../fuzz/bodies/files.rs"]
mod files;
#[path = "../../../fuzz/bodies/names.rs"]
mod names;

use std::path::PathBuf;

fn replay(target: &str, rounds: u64, body: fn(&[u8])) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut inputs: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    assert!(!inputs.is_empty());
    for (at, input) in inputs.iter().enumerate() {
        let input = std::fs::read(input).unwrap();
        body(&input);
        for round in 0..rounds {
            let seed = (at as u64) << 32 | round;
            println!("{target}: input {at}, seed {seed:#x}");
            body(&mutated(&input, seed));
        }
    }
}

/// A few bytes other than they were.
fn mutated(input: &[u8], seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % below.max(1)
    };
    let mut bytes = input.to_vec();
    for _ in 0..=random(6) {
        let at = random(bytes.len());
        match (random(4), bytes.is_empty()) {
            (_, true) => break,
            (0, _) => bytes.truncate(at),
            (1, _) => bytes.insert(at, random(256) as u8),
            _ => bytes[at] = random(256) as u8,
        }
    }
    bytes
}

#[test]
fn names() {
    replay("names", 2_000, names::run);
}

#[test]
fn messages() {
    replay("files", 2_000, files::run);
}
