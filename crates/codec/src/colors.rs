//! The colours of a tile, and its pixels as numbers of them.

use crate::tile_encode::split;

/// Slots of the table of colours; a power of two.
const SLOTS: usize = 4096;
/// Different colours beyond which a tile is taken for a photograph; a power of two.
const MOST_COLORS: usize = 2048;
/// Index of the colours outside the palette, where there are some.
const OUTSIDE: u8 = 255;
/// A slot without a colour.
const EMPTY: u64 = u64::MAX;
/// The X byte says nothing.
const COLOR: u32 = 0x00FF_FFFF;
/// Pixels that are compared at once where a colour goes on.
const STRIDE: usize = 8;

/// What a tile can be written with.
pub(crate) struct Colors {
    /// 0x00RRGGBB, rising.
    pub(crate) palette: Vec<u32>,
    /// Of an index: 1, 2, 4 or 8.
    pub(crate) bits: u8,
    /// About so many pixels have a colour that is not in the palette; 0 only if none.
    pub(crate) literals: usize,
}

/// Counts the colours of one tile at a time.
pub(crate) struct Census {
    /// By hash: a colour, and above it its number in `seen`.
    table: Box<[u64]>,
    used: Vec<u16>,
    seen: Vec<u32>,
    /// How many pixels have each of them, repeated rows left out.
    counts: Box<[u32; MOST_COLORS]>,
    /// For each pixel the number of its colour.
    numbers: Vec<u16>,
    /// What is written for each number; 255 also for colours outside the palette.
    indices: Box<[u8; MOST_COLORS]>,
    /// One row of them.
    row: Vec<u8>,
}

impl Census {
    pub(crate) fn new() -> Self {
        Self {
            table: vec![EMPTY; SLOTS].into_boxed_slice(),
            used: Vec::new(),
            seen: Vec::new(),
            counts: Box::new([0; MOST_COLORS]),
            numbers: Vec::new(),
            indices: Box::new([0; MOST_COLORS]),
            row: Vec::new(),
        }
    }

    /// The number of a colour; `None` when there are too many.
    fn number(&mut self, color: u32) -> Option<u16> {
        let mut slot = (color.wrapping_mul(0x9E37_79B1) >> 20) as usize & (SLOTS - 1);
        loop {
            let entry = self.table[slot];
            if entry == EMPTY {
                break;
            }
            if entry as u32 == color {
                return Some((entry >> 32) as u16);
            }
            // Never full: there are twice as many slots as colours.
            slot = (slot + 1) & (SLOTS - 1);
        }
        if self.seen.len() >= MOST_COLORS {
            return None;
        }
        let number = self.seen.len() as u16;
        self.table[slot] = u64::from(number) << 32 | u64::from(color);
        self.used.push(slot as u16);
        self.counts[self.seen.len()] = 0;
        self.seen.push(color);
        Some(number)
    }

    fn forget(&mut self) {
        for slot in self.used.drain(..) {
            self.table[usize::from(slot)] = EMPTY;
        }
        self.seen.clear();
        self.numbers.clear();
    }

    /// Counts the colours of rows of `width` pixels and chooses a palette: all of
    /// them, or the 255 that most pixels have. `None` for a photograph.
    pub(crate) fn take(&mut self, width: usize, pixels: &[[u8; 4]]) -> Option<Colors> {
        self.forget();
        self.numbers.reserve(pixels.len());
        let mut above: &[[u8; 4]] = &[];
        for row in pixels.chunks_exact(width) {
            if row == above {
                self.repeat_row(width);
            } else {
                self.count_row(row)?;
            }
            above = row;
        }
        Some(self.choose())
    }

    fn repeat_row(&mut self, width: usize) {
        let start = self.numbers.len() - width;
        self.numbers.extend_from_within(start..);
    }

    fn count_row(&mut self, row: &[[u8; 4]]) -> Option<()> {
        let Some(first) = row.first() else { return Some(()) };
        let mut last = *first;
        let mut number = self.number(u32::from_le_bytes(last) & COLOR)?;
        let (strides, rest) = row.as_chunks::<STRIDE>();
        for stride in strides {
            if *stride == [last; STRIDE] {
                self.numbers.extend_from_slice(&[number; STRIDE]);
                self.counts[usize::from(number) & (MOST_COLORS - 1)] += STRIDE as u32;
                continue;
            }
            let mut numbers = [0; STRIDE];
            for (pixel, out) in stride.iter().zip(&mut numbers) {
                if *pixel != last {
                    number = self.number(u32::from_le_bytes(*pixel) & COLOR)?;
                    last = *pixel;
                }
                *out = number;
                self.counts[usize::from(number) & (MOST_COLORS - 1)] += 1;
            }
            self.numbers.extend_from_slice(&numbers);
        }
        for pixel in rest {
            if *pixel != last {
                number = self.number(u32::from_le_bytes(*pixel) & COLOR)?;
                last = *pixel;
            }
            self.numbers.push(number);
            self.counts[usize::from(number) & (MOST_COLORS - 1)] += 1;
        }
        Some(())
    }

    fn choose(&mut self) -> Colors {
        let mut order: Vec<u16> = (0..self.seen.len()).map(|number| number as u16).collect();
        let mut literals = 0;
        if order.len() > 256 {
            let counts = &self.counts;
            order.select_nth_unstable_by_key(255, |number| {
                std::cmp::Reverse(counts[usize::from(*number)])
            });
            for number in order.split_off(255) {
                self.indices[usize::from(number)] = OUTSIDE;
                literals += self.counts[usize::from(number)] as usize;
            }
        }
        let color = |number: &u16| self.seen.get(usize::from(*number)).copied().unwrap_or(0);
        order.sort_unstable_by_key(color);
        let palette: Vec<u32> = order.iter().map(color).collect();
        for (index, number) in order.iter().enumerate() {
            self.indices[usize::from(*number)] = index as u8;
        }
        let bits = match palette.len() {
            0..=2 => 1,
            3..=4 => 2,
            5..=16 => 4,
            _ => 8,
        };
        Colors { palette, bits, literals }
    }

    /// Appends the rows as indices of `bits` bits each, the leftmost pixel in the
    /// highest bits, every row from a byte on.
    pub(crate) fn pack(&mut self, width: usize, bits: u8, out: &mut Vec<u8>) {
        let Self { numbers, indices, row: line, .. } = self;
        let index = |number: &u16| indices[usize::from(*number) & (MOST_COLORS - 1)];
        let per_byte = usize::from(8 / bits);
        let mut above: &[u16] = &[];
        let bytes = width.div_ceil(per_byte);
        for row in numbers.chunks_exact(width) {
            if row == above {
                out.extend_from_within(out.len() - bytes..);
                continue;
            }
            above = row;
            if bits == 8 {
                out.extend(row.iter().map(index));
                continue;
            }
            line.clear();
            line.extend(row.iter().map(index));
            line.resize(bytes * per_byte, 0);
            match bits {
                1 => out.extend(line.as_chunks::<8>().0.iter().copied().map(pack_bits)),
                2 => {
                    let fours = line.as_chunks::<4>().0.iter();
                    out.extend(fours.map(|[a, b, c, d]| a << 6 | b << 4 | c << 2 | d));
                }
                _ => out.extend(line.as_chunks::<2>().0.iter().map(|[a, b]| a << 4 | b)),
            }
        }
    }
}

/// Appends the colours that are not in the palette, in the order of their pixels.
pub(crate) fn literals(indices: &[u8], pixels: &[[u8; 4]], out: &mut Vec<u8>) {
    // Most strides have none, and are passed over at once.
    for (indices, pixels) in indices.chunks(64).zip(pixels.chunks(64)) {
        if !indices.contains(&OUTSIDE) {
            continue;
        }
        for (index, pixel) in indices.iter().zip(pixels) {
            if *index == OUTSIDE {
                out.extend_from_slice(&split(*pixel));
            }
        }
    }
}

/// Eight zeros and ones as one byte, the first in the highest bit.
fn pack_bits(bits: [u8; 8]) -> u8 {
    (u64::from_be_bytes(bits).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}
