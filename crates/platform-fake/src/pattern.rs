//! Pictures to paint, the same for the same seed.

use gc_platform::PixelRect;

/// `SplitMix64`.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

fn bgrx(red: u8, green: u8, blue: u8) -> [u8; 4] {
    [blue, green, red, 0xFF]
}

/// Black on white strokes in a grid of letters: few colours, sharp edges.
pub(crate) fn text(rect: PixelRect, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let columns = rect.width.div_ceil(8) as usize;
    let letters: Vec<u64> =
        (0..columns * rect.height.div_ceil(16) as usize).map(|_| random.next()).collect();
    pixels(rect, |x, y| {
        let letter = letters[(y / 16) as usize * columns + (x / 8) as usize];
        let (column, row) = (x % 8, y % 16);
        let inside = (1..7).contains(&column) && (3..13).contains(&row);
        let stroke = letter >> ((column / 2) + (row / 2) * 4) & 1 == 1;
        // One letter in eight is a space.
        if inside && stroke && letter >> 61 != 0 { bgrx(0, 0, 0) } else { bgrx(255, 255, 255) }
    })
}

/// Smooth colours that move with the seed, and a grain: like a frame of a film.
pub(crate) fn video(rect: PixelRect, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let shift = (seed % 4096) as u32;
    pixels(rect, |x, y| {
        let grain = (random.next() % 8) as u32;
        let wave = |v: u32| {
            let v = v % 512;
            (if v < 256 { v } else { 511 - v }) as u8 & 0xF8
        };
        let value = |v: u32| wave(v) | grain as u8;
        bgrx(value(x + shift * 3), value(y * 2 + shift), value(x + y + shift * 2))
    })
}

/// Every pixel by chance: what cannot be compressed.
pub(crate) fn noise(rect: PixelRect, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    pixels(rect, |_, _| {
        let v = random.next();
        bgrx(v as u8, (v >> 8) as u8, (v >> 16) as u8)
    })
}

pub(crate) fn fill(rect: PixelRect, [red, green, blue]: [u8; 3]) -> Vec<u8> {
    pixels(rect, |_, _| bgrx(red, green, blue))
}

fn pixels(rect: PixelRect, mut pixel: impl FnMut(u32, u32) -> [u8; 4]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rect.width as usize * rect.height as usize * 4);
    for y in 0..rect.height {
        for x in 0..rect.width {
            out.extend_from_slice(&pixel(x, y));
        }
    }
    out
}
