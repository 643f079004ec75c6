//! Lossless tiles: which encoding suits the pixels, and how they are written.
//!
//! The layouts stand with `TileEncoding` in `video.proto`; why these and no others,
//! with figures, in ADR 7.

use gc_proto::v2::TileEncoding;
use gc_video::{EncodeFailure, TileCompressor};

use crate::ZstdTiles;
use crate::colors::{Census, Colors, literals};

/// Beyond this share of the pixels (one in so many), colours outside the palette make
/// a tile larger than differences to the row above do.
const LITERALS: usize = 4;

/// Compresses tiles in the encoding that suits each of them.
pub struct TileEncoder {
    zstd: ZstdTiles,
    census: Census,
    /// What goes into the zstd frame.
    content: Vec<u8>,
    /// Colours outside the palette, as they are written.
    literals: Vec<u8>,
}

impl TileEncoder {
    /// Fails only without memory.
    pub fn new() -> Result<Self, EncodeFailure> {
        let (content, literals) = (Vec::new(), Vec::new());
        Ok(Self { zstd: ZstdTiles::new()?, census: Census::new(), content, literals })
    }

    fn palette(&mut self, width: usize, pixels: &[[u8; 4]], colors: &Colors, out: &mut Vec<u8>) {
        let Colors { palette, bits, .. } = colors;
        out.push(*bits);
        // At most 256.
        out.push(palette.len().saturating_sub(1) as u8);
        self.content.clear();
        write_palette(palette, &mut self.content);
        let start = self.content.len();
        self.census.pack(width, *bits, &mut self.content);
        if colors.literals > 0 {
            self.literals.clear();
            literals(self.content.get(start..).unwrap_or_default(), pixels, &mut self.literals);
            self.content.extend_from_slice(&self.literals);
        }
    }
}

impl TileCompressor for TileEncoder {
    fn compress(
        &mut self,
        width: u32,
        pixels: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<TileEncoding, EncodeFailure> {
        let width = width as usize;
        let pixels = pixels.as_chunks::<4>().0;
        if width == 0 || pixels.is_empty() || !pixels.len().is_multiple_of(width) {
            return Err(EncodeFailure::Encode("tile without whole rows".to_owned()));
        }
        let colors = self.census.take(width, pixels);
        let encoding = match colors {
            Some(colors) if colors.literals <= pixels.len() / LITERALS => {
                self.palette(width, pixels, &colors, out);
                TileEncoding::Palette
            }
            _ => {
                differences(width, pixels, &mut self.content);
                TileEncoding::Differences
            }
        };
        self.zstd.compress(&self.content, out)?;
        Ok(encoding)
    }
}

/// Green, and how far blue and red are from it.
pub(crate) const fn split(pixel: [u8; 4]) -> [u8; 3] {
    let [blue, green, red, _] = pixel;
    [green, blue.wrapping_sub(green), red.wrapping_sub(green)]
}

/// Three planes, each entry less the one before it.
fn write_palette(palette: &[u32], out: &mut Vec<u8>) {
    for plane in 0..3 {
        let mut before = 0_u8;
        for color in palette {
            let value = split(color.to_le_bytes())[plane];
            out.push(value.wrapping_sub(before));
            before = value;
        }
    }
}

/// Three planes, each pixel less the one above it.
fn differences(width: usize, pixels: &[[u8; 4]], out: &mut Vec<u8>) {
    let count = pixels.len();
    out.clear();
    out.resize(count * 3, 0);
    let (greens, rest) = out.split_at_mut(count);
    let (blues, reds) = rest.split_at_mut(count);
    let planes = greens.iter_mut().zip(blues.iter_mut()).zip(reds.iter_mut());
    let above = std::iter::repeat_n(&[0; 4], width).chain(pixels);
    for (((green, blue), red), (pixel, above)) in planes.zip(pixels.iter().zip(above)) {
        let [g, b, r] = split(*pixel);
        let [g0, b0, r0] = split(*above);
        *green = g.wrapping_sub(g0);
        *blue = b.wrapping_sub(b0);
        *red = r.wrapping_sub(r0);
    }
}
