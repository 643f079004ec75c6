//! Replays the fuzzing corpus, as it is and with random changes.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "../../../fuzz/bodies/frame.rs"]
mod frame;
#[path = "../../../fuzz/bodies/h264.rs"]
mod h264;
#[path = "seeds/malformed_h264.rs"]
mod malformed_h264;
#[path = "../../../fuzz/bodies/record.rs"]
mod record;
mod seeds;
#[path = "../../../fuzz/bodies/tile.rs"]
mod tile;

use std::path::PathBuf;

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut inputs: Vec<_> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    assert!(!inputs.is_empty());
    inputs.extend(seeds::of(target));
    inputs
}

#[expect(clippy::print_stdout, reason = "shown when the test fails")]
fn replay(target: &str, rounds: u64, body: fn(&[u8])) {
    for (at, input) in corpus(target).iter().enumerate() {
        body(input);
        for round in 0..rounds {
            let seed = (at as u64) << 32 | round;
            println!("{target}: input {at}, seed {seed:#x}");
            body(&mutated(input, seed));
        }
    }
}

/// A few bytes other than they were, and now and then a piece cut out or doubled.
fn mutated(input: &[u8], seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % below.max(1)
    };
    let mut bytes = input.to_vec();
    for _ in 0..=random(6) {
        if bytes.is_empty() {
            break;
        }
        let at = random(bytes.len());
        match random(8) {
            0 => bytes.truncate(at),
            1 => {
                let end = (at + random(16)).min(bytes.len());
                bytes.drain(at..end);
            }
            2 => {
                let piece: Vec<u8> = bytes[at..].iter().take(16).copied().collect();
                bytes.splice(at..at, piece);
            }
            3 => bytes[at] = 0xFF,
            4 => bytes[at] = 0,
            _ => bytes[at] ^= 1 << random(8),
        }
    }
    bytes
}

#[test]
fn tiles() {
    replay("tile", 2000, tile::run);
}

#[test]
fn h264() {
    replay("h264", 200, h264::run);
}

#[test]
fn frames() {
    replay("frame", 1000, frame::run);
}

#[test]
fn records() {
    replay("record", 1000, record::run);
}
