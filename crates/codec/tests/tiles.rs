//! Lossless tiles, there and back, and as they are written down for every viewer.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::fmt::Write;
use std::path::PathBuf;

use gc_codec::{TileDecoder, TileEncoder, TileError, ZstdTiles};
use gc_proto::v2::TileEncoding;
use gc_video::TileCompressor;

type Pixel = [u8; 4];

/// Reproducible numbers below `below`.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as u32 % below
    }
}

/// `colors` different colours, as many as there is room for.
fn picture(width: u32, height: u32, colors: u32, seed: u64) -> Vec<Pixel> {
    let mut numbers = Numbers(seed);
    (0..width * height)
        .map(|at| {
            let color = if at < colors { at } else { numbers.next(colors) };
            let [a, b, c, _] = (color.wrapping_mul(0x9E37_79B1) ^ color << 3).to_le_bytes();
            [a, b, c, 255]
        })
        .collect()
}

fn encoded(width: u32, pixels: &[Pixel]) -> (TileEncoding, Vec<u8>) {
    let mut data = Vec::new();
    let encoding =
        TileEncoder::new().unwrap().compress(width, pixels.as_flattened(), &mut data).unwrap();
    (encoding, data)
}

#[test]
fn every_number_of_colours_and_every_width_survive() {
    let mut encoder = TileEncoder::new().unwrap();
    let mut decoder = TileDecoder::new().unwrap();
    for colors in [1_u32, 2, 3, 4, 5, 16, 17, 255, 256, 257, 300, 2047, 2048, 2049, 4000] {
        for width in [1, 2, 3, 7, 8, 9, 15, 16, 17, 64, 101] {
            let height = (3 * colors).div_ceil(width).clamp(1, 200);
            let pixels = picture(width, height, colors, u64::from(colors * width));
            let mut data = Vec::new();
            let encoding = encoder.compress(width, pixels.as_flattened(), &mut data).unwrap();
            let shown = decoder.decode(encoding, &data, width, height).unwrap();
            assert!(shown == pixels.as_flattened(), "{colors} colours, {width} wide");
        }
    }
}

#[test]
fn a_few_rare_colours_do_not_spoil_the_palette() {
    let mut pixels = picture(100, 400, 200, 9);
    for (at, pixel) in pixels.iter_mut().enumerate().step_by(37) {
        *pixel = [(at / 7) as u8, (at / 11) as u8, at as u8, 255];
    }
    let (encoding, data) = encoded(100, &pixels);
    assert_eq!((encoding, data[0], data[1]), (TileEncoding::Palette, 8, 254));
    let mut decoder = TileDecoder::new().unwrap();
    assert!(decoder.decode(encoding, &data, 100, 400).unwrap() == pixels.as_flattened());
}

#[test]
fn the_byte_without_meaning_makes_no_colour() {
    let one: Vec<Pixel> = (0..64).map(|at| [1, 2, 3, at]).collect();
    let (encoding, data) = encoded(8, &one);
    assert_eq!((encoding, data[0], data[1]), (TileEncoding::Palette, 1, 0));
    let mut decoder = TileDecoder::new().unwrap();
    assert_eq!(decoder.decode(encoding, &data, 8, 8).unwrap(), [1, 2, 3, 255].repeat(64));
}

#[test]
fn photographs_become_differences_and_text_a_palette() {
    let photo: Vec<Pixel> = (0..200 * 100_u32)
        .map(|at| [(at % 200) as u8, (at / 200 * 2) as u8, (at / 90) as u8, 255])
        .collect();
    let (encoding, data) = encoded(200, &photo);
    assert_eq!(encoding, TileEncoding::Differences);
    assert!(data.len() < photo.len() / 8, "{} bytes", data.len());
    let text = picture(200, 100, 2, 5);
    let (encoding, data) = encoded(200, &text);
    assert_eq!((encoding, data[0], data[1]), (TileEncoding::Palette, 1, 1));
    // A bit for each pixel, and next to nothing beside them.
    assert!(data.len() < text.len() / 8 + 32, "{} bytes", data.len());
}

#[test]
fn what_are_no_rows_is_not_encoded() {
    let mut encoder = TileEncoder::new().unwrap();
    for (width, length) in [(0, 4), (3, 8), (2, 0), (5, 16)] {
        let failed = encoder.compress(width, &vec![0; length * 4], &mut Vec::new());
        assert!(failed.is_err(), "{width} x {length}");
    }
}

/// The head of a palette tile, and a frame of `content`.
fn palette_tile(bits: u8, last: u8, content: &[u8]) -> Vec<u8> {
    let mut data = vec![bits, last];
    ZstdTiles::new().unwrap().compress(content, &mut data).unwrap();
    data
}

#[test]
fn palettes_that_cannot_be_are_refused() {
    let mut decoder = TileDecoder::new().unwrap();
    let mut refused = |data: &[u8]| {
        decoder.decode(TileEncoding::Palette, data, 8, 2).map(<[u8]>::to_vec).unwrap_err()
    };
    for bits in [0, 3, 5, 7, 9, 16, 255] {
        assert_eq!(refused(&palette_tile(bits, 0, &[0; 5])), TileError::Palette);
    }
    // More colours than indices could name.
    assert_eq!(refused(&palette_tile(1, 2, &[0; 11])), TileError::Palette);
    assert_eq!(refused(&palette_tile(4, 16, &[0; 59])), TileError::Palette);
    for data in [&[][..], &[1], &[8, 3]] {
        assert!(matches!(refused(data), TileError::Palette | TileError::Header));
    }
    // One colour, two rows of one byte; then an index of 1 asks for a literal colour.
    let good = [5, 0, 0, 0x00, 0x00];
    assert!(decoder.decode(TileEncoding::Palette, &palette_tile(1, 0, &good), 8, 2).is_ok());
    let mut refused = |content: &[u8]| {
        let data = palette_tile(1, 0, content);
        decoder.decode(TileEncoding::Palette, &data, 8, 2).map(<[u8]>::to_vec).unwrap_err()
    };
    assert_eq!(refused(&[5, 0, 0, 0x01, 0x00]), TileError::Palette);
    assert_eq!(refused(&[5, 0, 0, 0x03, 0x00, 1, 1, 1]), TileError::Palette);
    // A row like the one above it needs literal colours of its own.
    assert_eq!(refused(&[5, 0, 0, 0x01, 0x01, 1, 1, 1]), TileError::Palette);
    assert_eq!(refused(&[5, 0, 0, 0x00, 0x00, 1, 1, 1]), TileError::Palette);
    for wrong in [4_usize, 6, 7, 54, 56] {
        assert!(matches!(refused(&vec![0; wrong]), TileError::Size { .. }), "{wrong}");
    }
    let literal = palette_tile(1, 0, &[5, 0, 0, 0x01, 0x00, 9, 1, 255]);
    let shown = decoder.decode(TileEncoding::Palette, &literal, 8, 2).unwrap();
    assert_eq!(shown[28..36], [10, 9, 8, 255, 5, 5, 5, 255]);
}

#[test]
fn tiles_of_no_or_too_many_pixels_are_refused() {
    let mut decoder = TileDecoder::new().unwrap();
    for (width, height) in [(0, 0), (0, 9), (9, 0), (u32::MAX, u32::MAX), (16_384, 16_384)] {
        for encoding in [TileEncoding::ZstdBgrx, TileEncoding::Palette, TileEncoding::Differences] {
            let refused = decoder.decode(encoding, &palette_tile(1, 0, &[0; 9]), width, height);
            assert!(matches!(refused, Err(TileError::Size { .. })), "{width} x {height}");
        }
    }
    let unknown = decoder.decode(TileEncoding::Unspecified, &[], 1, 1);
    assert_eq!(unknown, Err(TileError::Encoding));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16).unwrap() as u8).collect();
    digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect()
}

/// What the vectors show: each way of writing a tile, with odd widths.
fn vectors() -> Vec<(&'static str, u32, Vec<Pixel>)> {
    let gradient = |at: u32| [(at * 3) as u8, (at / 61 * 5) as u8, (at / 2) as u8, 255];
    let rare = |at: u32| match at {
        at if at % 19 == 0 => [(at / 19) as u8, (at / 3) as u8, 200, 255],
        at => [(at % 7) as u8, 3, 250, 255],
    };
    vec![
        ("one pixel", 1, vec![[1, 2, 3, 255]]),
        ("two colours", 13, picture(13, 5, 2, 1)),
        ("four colours", 13, picture(13, 5, 4, 2)),
        ("sixteen colours", 13, picture(13, 5, 16, 3)),
        ("many colours", 13, picture(13, 9, 100, 4)),
        ("rare colours", 61, (0..61 * 90).map(rare).collect()),
        ("gradient", 61, (0..61 * 60).map(gradient).collect()),
    ]
}

/// One vector a line: name, encoding, width, height, data, pixels.
#[test]
fn golden_vectors_are_decoded_as_they_were_meant() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tiles.tsv");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let mut lines = String::new();
        let mut add =
            |name: &str, encoding: TileEncoding, width: u32, data: &[u8], pixels: &[Pixel]| {
                let (encoding, height) = (encoding as i32, pixels.len() as u32 / width);
                let (data, pixels) = (hex(data), hex(pixels.as_flattened()));
                writeln!(lines, "{name}\t{encoding}\t{width}\t{height}\t{data}\t{pixels}").unwrap();
            };
        for (name, width, pixels) in vectors() {
            let (encoding, data) = encoded(width, &pixels);
            add(name, encoding, width, &data, &pixels);
        }
        let plain = picture(13, 5, 40, 6);
        let mut data = Vec::new();
        ZstdTiles::new().unwrap().compress(plain.as_flattened(), &mut data).unwrap();
        add("plain", TileEncoding::ZstdBgrx, 13, &data, &plain);
        std::fs::write(&file, lines).unwrap();
    }
    let mut decoder = TileDecoder::new().unwrap();
    let mut encodings = Vec::new();
    for line in std::fs::read_to_string(&file).unwrap().lines() {
        let [name, encoding, width, height, data, pixels] =
            line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let encoding = TileEncoding::try_from(encoding.parse::<i32>().unwrap()).unwrap();
        let (width, height) = (width.parse().unwrap(), height.parse().unwrap());
        let shown = decoder.decode(encoding, &unhex(data), width, height).unwrap();
        assert!(shown == unhex(pixels), "{name}");
        encodings.push(encoding as i32);
    }
    encodings.sort_unstable();
    encodings.dedup();
    assert_eq!(encodings, [1, 2, 3]);
}

#[test]
fn the_corpus_is_refused_unless_it_is_good() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/tile");
    let mut decoder = TileDecoder::new().unwrap();
    let mut good = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        let bytes = std::fs::read(file.path()).unwrap();
        let [encoding, low, high, height, data @ ..] = bytes.as_slice() else { panic!("{file:?}") };
        let encoding = TileEncoding::try_from(i32::from(*encoding)).unwrap_or_default();
        let width = u32::from(u16::from_le_bytes([*low, *high]));
        let shown = decoder.decode(encoding, data, width, u32::from(*height)).is_ok();
        assert_eq!(shown, file.file_name().to_string_lossy().starts_with("good-"), "{file:?}");
        good += u32::from(shown);
    }
    assert!(good >= 8);
}
