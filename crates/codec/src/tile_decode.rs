//! Lossless tiles back to pixels; the layouts stand with `TileEncoding` in
//! `video.proto`. Every length is checked against the rectangle before it is used.

use std::slice::Iter;

use gc_proto::v2::TileEncoding;

use crate::TileDecoder;
use crate::zstd_tiles::{MAX_EXPANDED, TileError, content_size};

impl TileDecoder {
    /// The pixels of a tile of `width` x `height` as rows of B G R X without padding,
    /// X being 255.
    pub fn decode(
        &mut self,
        encoding: TileEncoding,
        data: &[u8],
        width: u32,
        height: u32,
    ) -> Result<&[u8], TileError> {
        let too_large = TileError::Size { expected: MAX_EXPANDED, found: None };
        let (width, height) = (width as usize, height as usize);
        let count = width.checked_mul(height).filter(|count| *count <= MAX_EXPANDED / 4);
        let count = count.filter(|count| *count > 0).ok_or(too_large)?;
        match encoding {
            TileEncoding::Unspecified => Err(TileError::Encoding),
            TileEncoding::ZstdBgrx => self.expand(data, count * 4),
            TileEncoding::Palette => {
                let mut pixels = std::mem::take(&mut self.pixels);
                let done = self.palette(data, width, height, &mut pixels);
                self.pixels = pixels;
                done.map(|()| self.pixels.as_slice())
            }
            TileEncoding::Differences => {
                let mut pixels = std::mem::take(&mut self.pixels);
                let planes = self.expand(data, count * 3);
                let done = planes.map(|planes| sums(planes, width, count, &mut pixels));
                self.pixels = pixels;
                done.map(|()| self.pixels.as_slice())
            }
        }
    }

    fn palette(
        &mut self,
        data: &[u8],
        width: usize,
        height: usize,
        pixels: &mut Vec<u8>,
    ) -> Result<(), TileError> {
        let [bits, last, frame @ ..] = data else { return Err(TileError::Palette) };
        let (bits, colors) = (usize::from(*bits), usize::from(*last) + 1);
        if !matches!(bits, 1 | 2 | 4 | 8) || colors > 1 << bits {
            return Err(TileError::Palette);
        }
        let per_byte = 8 / bits;
        let row = width.div_ceil(per_byte);
        let least = colors * 3 + row * height;
        // Any number of literal colours, but not more than pixels.
        let size = content_size(frame).ok_or(TileError::Header)?;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size < least || size - least > width * height * 3 || !(size - least).is_multiple_of(3) {
            return Err(TileError::Size { expected: least, found: Some(size as u64) });
        }
        let content = self.expand(frame, size)?;
        let (table, rest) = content.split_at(colors * 3);
        let (indices, literals) = rest.split_at(row * height);
        let table = read_palette(table, colors);
        let mut literals = literals.as_chunks::<3>().0.iter();
        // All of it is written below.
        pixels.resize(width * height * 4, 0);
        let plain = literals.as_slice().is_empty();
        let stride = width * 4;
        let mut above: &[u8] = &[];
        for (y, packed) in indices.chunks_exact(row).enumerate() {
            let start = y * stride;
            // Without literals the same indices mean the same pixels.
            if plain && packed == above {
                pixels.copy_within(start - stride..start, start);
                continue;
            }
            above = packed;
            let Some(to) = pixels.get_mut(start..start + stride) else { break };
            let to = to.as_chunks_mut::<4>().0;
            match bits {
                1 => spread::<8>(packed, to, &table, colors, &mut literals),
                2 => spread::<4>(packed, to, &table, colors, &mut literals),
                4 => spread::<2>(packed, to, &table, colors, &mut literals),
                _ if packed.iter().all(|index| usize::from(*index) < colors) => {
                    for (pixel, index) in to.iter_mut().zip(packed) {
                        *pixel = table[usize::from(*index)];
                    }
                    Ok(())
                }
                _ => spread::<1>(packed, to, &table, colors, &mut literals),
            }?;
        }
        if literals.next().is_some() {
            return Err(TileError::Palette);
        }
        Ok(())
    }
}

/// One row of indices, `N` in a byte, to pixels. `literals` are the colours outside the
/// palette, in the order of their pixels.
fn spread<const N: usize>(
    packed: &[u8],
    row: &mut [[u8; 4]],
    table: &[[u8; 4]; 256],
    colors: usize,
    literals: &mut Iter<'_, [u8; 3]>,
) -> Result<(), TileError> {
    let bits = 8 / N;
    let mask = u8::MAX >> (8 - bits);
    for (pixels, byte) in row.chunks_mut(N).zip(packed) {
        for (at, pixel) in pixels.iter_mut().enumerate() {
            let index = byte >> (8 - bits * (at + 1)) & mask;
            *pixel = table[usize::from(index)];
            if usize::from(index) >= colors {
                let [green, blue, red] = *literals.next().ok_or(TileError::Palette)?;
                *pixel = join(green, blue, red);
            }
        }
    }
    Ok(())
}

/// Undoes [`split`](crate::tile_encode::split).
const fn join(green: u8, blue: u8, red: u8) -> [u8; 4] {
    [blue.wrapping_add(green), green, red.wrapping_add(green), 255]
}

fn read_palette(planes: &[u8], colors: usize) -> [[u8; 4]; 256] {
    let mut table = [[0, 0, 0, 255]; 256];
    let mut before = [0_u8; 3];
    for (at, entry) in table.iter_mut().take(colors).enumerate() {
        for (plane, value) in before.iter_mut().enumerate() {
            let difference = planes.get(plane * colors + at).copied().unwrap_or(0);
            *value = value.wrapping_add(difference);
        }
        *entry = join(before[0], before[1], before[2]);
    }
    table
}

/// Three planes of differences to the row above, of `count` pixels each.
fn sums(planes: &[u8], width: usize, count: usize, pixels: &mut Vec<u8>) {
    // All of it is written below.
    pixels.resize(count * 4, 0);
    let (greens, rest) = planes.split_at(count);
    let (blues, reds) = rest.split_at(count);
    let mut above = vec![[0_u8; 3]; width];
    let rows = pixels.chunks_exact_mut(width * 4).zip(greens.chunks_exact(width));
    let others = blues.chunks_exact(width).zip(reds.chunks_exact(width));
    for ((row, greens), (blues, reds)) in rows.zip(others) {
        let differences = greens.iter().zip(blues).zip(reds);
        let cells = row.as_chunks_mut::<4>().0.iter_mut().zip(&mut above);
        for ((pixel, above), ((green, blue), red)) in cells.zip(differences) {
            *above = [
                above[0].wrapping_add(*green),
                above[1].wrapping_add(*blue),
                above[2].wrapping_add(*red),
            ];
            *pixel = join(above[0], above[1], above[2]);
        }
    }
}
