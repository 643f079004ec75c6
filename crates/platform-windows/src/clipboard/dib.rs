//! Device-independent bitmaps as they lie on a clipboard: a header, perhaps masks and
//! colours, and rows, without the file header that a `.bmp` has.

use gc_proto::{MAX_CLIPBOARD_PIXELS, MAX_CLIPBOARD_SIDE};

/// Why a bitmap is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DibError {
    /// Shorter than its header says, or with values that make no sense.
    #[error("the bitmap is damaged")]
    Damaged,
    /// More pixels, in all or a side, than a clipboard picture may have.
    #[error("a bitmap of {0} x {1} pixels is too large")]
    TooLarge(u32, u32),
    /// Run lengths, or a picture of another kind inside.
    #[error("bitmaps of compression {0} are not read")]
    Compression(u32),
}

const CORE: usize = 12;
const INFO: usize = 40;
const V2: usize = 52;
const V3: usize = 56;
const V5: usize = 124;
const BI_RGB: u32 = 0;
const BI_BITFIELDS: u32 = 3;
const BI_ALPHABITFIELDS: u32 = 6;
/// `LCS_sRGB`, `LCS_GM_IMAGES` (wingdi.h).
const SRGB: u32 = 0x7352_4742;
const IMAGES: u32 = 4;

/// A bitmap whose header was found to be right and whose rows are all there.
#[derive(Debug, Clone, Copy)]
pub struct Dib<'a> {
    width: u32,
    height: u32,
    top_down: bool,
    stride: usize,
    rows: &'a [u8],
    pixels: Pixels<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Pixels<'a> {
    /// Bits per pixel, and four bytes for each colour (three in the oldest form).
    Palette { bits: u32, colours: &'a [u8], each: usize },
    /// Blue, green, red.
    Bytes,
    /// Bytes per pixel, and where red, green, blue and alpha are in them.
    Masks { bytes: usize, masks: [Mask; 4] },
}

#[derive(Debug, Clone, Copy, Default)]
struct Mask {
    shift: u32,
    bits: u32,
}

impl Mask {
    fn new(mask: u32) -> Self {
        let shift = mask.trailing_zeros() % 32;
        Self { shift, bits: (mask >> shift).trailing_ones() }
    }

    /// The channel of a pixel, stretched to eight bits.
    fn of(self, pixel: u32) -> u8 {
        if self.bits == 0 {
            return 0;
        }
        let most = u32::MAX >> (32 - self.bits);
        let value = (pixel >> self.shift) & most;
        ((u64::from(value) * 255 + u64::from(most) / 2) / u64::from(most)) as u8
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, DibError> {
    let value = bytes.get(at..at + 2).and_then(|part| part.try_into().ok());
    value.map(u16::from_le_bytes).ok_or(DibError::Damaged)
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, DibError> {
    let value = bytes.get(at..at + 4).and_then(|part| part.try_into().ok());
    value.map(u32::from_le_bytes).ok_or(DibError::Damaged)
}

impl<'a> Dib<'a> {
    /// Reads the header. Nothing is allocated.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DibError> {
        let header = u32_at(bytes, 0)? as usize;
        if header != CORE && !(INFO..=4_096).contains(&header) || header > bytes.len() {
            return Err(DibError::Damaged);
        }
        let old = header == CORE;
        let (width, height, planes_at) = if old {
            (u32::from(u16_at(bytes, 4)?), i32::from(u16_at(bytes, 6)?), 8)
        } else {
            (u32_at(bytes, 4)?, u32_at(bytes, 8)?.cast_signed(), 12)
        };
        let planes = u16_at(bytes, planes_at)?;
        let bits = u32::from(u16_at(bytes, planes_at + 2)?);
        let compression = if old { BI_RGB } else { u32_at(bytes, 16)? };
        let (top_down, height) = (height < 0, height.unsigned_abs());
        if planes != 1 || width == 0 || height == 0 {
            return Err(DibError::Damaged);
        }
        let count = u64::from(width) * u64::from(height);
        if width > MAX_CLIPBOARD_SIDE || height > MAX_CLIPBOARD_SIDE || count > MAX_CLIPBOARD_PIXELS
        {
            return Err(DibError::TooLarge(width, height));
        }
        let masked = matches!(compression, BI_BITFIELDS | BI_ALPHABITFIELDS);
        if compression != BI_RGB && !masked {
            return Err(DibError::Compression(compression));
        }
        let stride = (width as usize * bits as usize).div_ceil(32) * 4;
        let size = stride.checked_mul(height as usize).ok_or(DibError::Damaged)?;

        let mut at = header;
        let mut masks = match bits {
            16 => [0x7C00, 0x03E0, 0x001F, 0],
            _ => [0xFF_0000, 0xFF00, 0xFF, 0],
        };
        if masked {
            let inside = header >= V2;
            let from = if inside { INFO } else { header };
            let alpha = if inside { header >= V3 } else { compression == BI_ALPHABITFIELDS };
            for (index, mask) in masks.iter_mut().enumerate().take(3 + usize::from(alpha)) {
                *mask = u32_at(bytes, from + 4 * index)?;
            }
            if !inside {
                at += if alpha { 16 } else { 12 };
            }
        }
        let colours_used = if old { 0 } else { u32_at(bytes, 32)? as usize };
        let each = if old { 3 } else { 4 };
        let colours = match bits {
            1 | 4 | 8 if colours_used == 0 || colours_used > 1 << bits => 1 << bits,
            _ if colours_used > 256 => return Err(DibError::Damaged),
            _ => colours_used,
        };
        let palette = bytes.get(at..at + colours * each).ok_or(DibError::Damaged)?;
        at += palette.len();
        if masked && header >= V2 {
            // Some programs write the masks once more behind the header.
            let again = bytes.get(at..at + 12).is_some_and(|again| again == &bytes[INFO..V2]);
            if again && bytes.len() >= at + 12 + size {
                at += 12;
            }
        }
        let rows = bytes.get(at..).and_then(|rest| rest.get(..size)).ok_or(DibError::Damaged)?;
        let pixels = match bits {
            1 | 4 | 8 if !masked => Pixels::Palette { bits, colours: palette, each },
            24 if !masked => Pixels::Bytes,
            16 | 32 => {
                let masks = masks.map(Mask::new);
                Pixels::Masks { bytes: bits as usize / 8, masks }
            }
            _ => return Err(DibError::Damaged),
        };
        Ok(Self { width, height, top_down, stride, rows, pixels })
    }

    /// Width and height, pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Whether some pixel is not opaque. Where every alpha is zero, the program that
    /// wrote the bitmap knows of none.
    pub fn has_alpha(&self) -> bool {
        let Pixels::Masks { bytes: 4, masks: [.., alpha] } = self.pixels else { return false };
        if alpha.bits == 0 {
            return false;
        }
        let (mut any, mut all) = (false, true);
        for row in 0..self.height {
            for pixel in self.row(row).as_chunks::<4>().0.iter().take(self.width as usize) {
                let value = alpha.of(u32::from_le_bytes(*pixel));
                any |= value != 0;
                all &= value == 255;
            }
        }
        any && !all
    }

    fn row(&self, row: u32) -> &[u8] {
        let at = if self.top_down { row } else { self.height - 1 - row } as usize;
        &self.rows[at * self.stride..(at + 1) * self.stride]
    }

    /// Appends a row, counted from the top, as red, green, blue and, if asked for,
    /// alpha.
    pub fn read_row(&self, row: u32, alpha: bool, out: &mut Vec<u8>) {
        let bytes = self.row(row);
        let width = self.width as usize;
        match self.pixels {
            Pixels::Palette { bits, colours, each } => {
                let per_byte = 8 / bits as usize;
                for x in 0..width {
                    let shift = 8 - bits as usize * (x % per_byte + 1);
                    let index = usize::from(bytes[x / per_byte] >> shift) & ((1 << bits) - 1);
                    // Colours that are not there are black.
                    let colour = colours.get(index * each..index * each + 3);
                    let [b, g, r] = colour.and_then(|c| c.try_into().ok()).unwrap_or([0; 3]);
                    push(out, [r, g, b, 255], alpha);
                }
            }
            Pixels::Bytes => {
                for pixel in bytes.as_chunks::<3>().0.iter().take(width) {
                    let [b, g, r] = *pixel;
                    push(out, [r, g, b, 255], alpha);
                }
            }
            Pixels::Masks { bytes: each, masks } => {
                for pixel in bytes.chunks_exact(each).take(width) {
                    let mut whole = [0; 4];
                    whole[..each].copy_from_slice(pixel);
                    let whole = u32::from_le_bytes(whole);
                    push(out, masks.map(|mask| mask.of(whole)), alpha);
                }
            }
        }
    }
}

fn push(out: &mut Vec<u8>, [r, g, b, a]: [u8; 4], alpha: bool) {
    if alpha {
        out.extend([r, g, b, a]);
    } else {
        out.extend([r, g, b]);
    }
}

/// The start of a bitmap of the fifth version, 32 bits a pixel with alpha, rows from the
/// bottom: what `CF_DIBV5` holds before the pixels, which follow as blue, green, red,
/// alpha.
pub fn dibv5_header(width: u32, height: u32) -> [u8; V5] {
    let mut header = [0; V5];
    let mut put = |at: usize, value: u32| header[at..at + 4].copy_from_slice(&value.to_le_bytes());
    put(0, V5 as u32);
    put(4, width);
    put(8, height);
    put(12, 1 | 32 << 16);
    put(16, BI_BITFIELDS);
    put(20, width * height * 4);
    put(40, 0xFF_0000);
    put(44, 0xFF00);
    put(48, 0xFF);
    put(52, 0xFF00_0000);
    put(56, SRGB);
    put(108, IMAGES);
    header
}

#[cfg(test)]
#[path = "dib_tests.rs"]
mod tests;
