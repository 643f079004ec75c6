//! Compares ways to write lossless tiles: bytes, and nanoseconds a pixel.
//!
//! `cargo run --release -p gc-codec --example tile_encodings [PICTURE.ppm…]`; without
//! arguments on pictures that it makes itself (seeded). Pictures are cut into tiles as
//! the agent cuts them. What came of it stands in ADR 7.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]
#![expect(clippy::disallowed_methods, reason = "measuring is what this program is for")]

#[path = "tile_encodings/candidates.rs"]
mod candidates;
#[path = "tile_encodings/pictures.rs"]
mod pictures;

use std::time::{Duration, Instant};

use anyhow::Result;
use candidates::Candidates;
use pictures::Picture;

/// As in `gc-video`.
const MOST_PIXELS: usize = 120_000;

fn main() -> Result<()> {
    let mut all = pictures::generated();
    for path in std::env::args_os().skip(1) {
        all.push(pictures::read_ppm(std::path::Path::new(&path))?);
    }
    let mut candidates = Candidates::new()?;
    for picture in &all {
        measure(picture, &mut candidates)?;
    }
    Ok(())
}

fn measure(picture: &Picture, candidates: &mut Candidates) -> Result<()> {
    let Picture { name, width, pixels } = picture;
    println!("{name}, {width} x {}", pixels.len() / width);
    println!(
        "  {:22} {:>9} {:>6} {:>12} {:>12}",
        "", "bytes", "ratio", "encode ns/px", "decode ns/px"
    );
    let rows = (MOST_PIXELS / width).max(1);
    let rounds = (4_000_000 / pixels.len()).clamp(3, 400);
    let per_pixel = |time: Duration| time.as_secs_f64() * 1e9 / pixels.len() as f64;
    let mut today = 0;
    for name in candidates::NAMES {
        let mut bytes = 0;
        let mut encode = Duration::MAX;
        let mut decode = Duration::MAX;
        for _ in 0..rounds {
            candidates.start();
            let mut tiles = Vec::new();
            let start = Instant::now();
            for tile in pixels.chunks(rows * width) {
                let mut out = Vec::new();
                candidates.encode(name, *width, tile, &mut out)?;
                tiles.push(out);
            }
            encode = encode.min(start.elapsed());
            bytes = tiles.iter().map(Vec::len).sum::<usize>();
            let start = Instant::now();
            let mut can = true;
            for (data, tile) in tiles.iter().zip(pixels.chunks(rows * width)) {
                can &= candidates.decode(name, *width, tile, data)?;
            }
            if can {
                decode = decode.min(start.elapsed());
            }
        }
        if today == 0 {
            today = bytes;
        }
        let decode = if decode == Duration::MAX {
            "-".to_owned()
        } else {
            format!("{:.2}", per_pixel(decode))
        };
        let ratio = bytes as f64 / today as f64;
        println!("  {name:22} {bytes:9} {ratio:6.2} {:12.2} {decode:>12}", per_pixel(encode));
    }
    Ok(())
}
