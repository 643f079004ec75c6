//! Pictures: checked before they cost memory, known again when a system has encoded
//! them anew.

use std::io::Cursor;

use gc_proto::{MAX_CLIPBOARD_PIXELS, MAX_CLIPBOARD_SIDE};
use png::{BitDepth, ColorType, Decoder, Limits, Transformations};
use sha2::{Digest, Sha256};

/// Why a picture is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// Not a whole PNG.
    #[error("not a PNG that can be read")]
    Damaged,
    /// More pixels, in all or a side, than a clipboard picture may have.
    #[error("a picture of {0} x {1} pixels is too large")]
    TooLarge(u32, u32),
    /// Adam7; a decoder has to hold all of it.
    #[error("the PNG is interlaced")]
    Interlaced,
}

/// Memory of the decoder apart from the rows that are looked at.
const DECODER_BYTES: usize = 8 << 20;
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// What a picture consists of. Everything else (comments, places, profiles, further
/// frames) does not cross.
const KEPT: [&[u8; 4]; 8] =
    [b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"sRGB", b"pHYs", b"IDAT", b"IEND"];

/// Width and height as the header of a PNG has them, within the limits of the
/// clipboard. Nothing is decoded.
pub fn image_size(png: &[u8]) -> Result<(u32, u32), ImageError> {
    let header = png.strip_prefix(SIGNATURE).and_then(|rest| rest.get(..21));
    let header = header.filter(|header| header[..8] == *b"\0\0\0\x0DIHDR");
    let number = |at: usize| {
        let bytes: [u8; 4] = header?.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes))
    };
    let (Some(width), Some(height)) = (number(8), number(12)) else {
        return Err(ImageError::Damaged);
    };
    if width == 0 || height == 0 {
        return Err(ImageError::Damaged);
    }
    let pixels = u64::from(width) * u64::from(height);
    if width > MAX_CLIPBOARD_SIDE || height > MAX_CLIPBOARD_SIDE || pixels > MAX_CLIPBOARD_PIXELS {
        return Err(ImageError::TooLarge(width, height));
    }
    Ok((width, height))
}

/// Decodes the whole picture row by row, in the memory of a few rows, and returns a
/// digest of what is seen: the same for every encoding of the same pixels, whatever
/// the colours of those that are wholly transparent.
pub(crate) fn pixel_digest(png: &[u8]) -> Result<[u8; 32], ImageError> {
    let (width, height) = image_size(png)?;
    let mut decoder = Decoder::new_with_limits(Cursor::new(png), Limits { bytes: DECODER_BYTES });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info().map_err(|_| ImageError::Damaged)?;
    if reader.info().interlaced {
        return Err(ImageError::Interlaced);
    }
    let (kind, depth) = reader.output_color_type();
    if depth != BitDepth::Eight {
        return Err(ImageError::Damaged);
    }
    let mut hash = Sha256::new();
    hash.update(width.to_le_bytes());
    hash.update(height.to_le_bytes());
    let mut seen = Vec::with_capacity(width as usize * 3);
    let mut rows = 0;
    while let Some(row) = reader.next_row().map_err(|_| ImageError::Damaged)? {
        seen.clear();
        on_white(kind, row.data(), &mut seen);
        if seen.len() != width as usize * 3 {
            return Err(ImageError::Damaged);
        }
        hash.update(&seen);
        rows += 1;
    }
    if rows != height {
        return Err(ImageError::Damaged);
    }
    Ok(hash.finalize().into())
}

/// What a row looks like on white paper, as red, green, blue: some systems keep no
/// transparency.
fn on_white(kind: ColorType, row: &[u8], seen: &mut Vec<u8>) {
    let over = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    match kind {
        ColorType::Rgb => seen.extend_from_slice(row),
        ColorType::Rgba => {
            for pixel in row.as_chunks::<4>().0 {
                let [r, g, b, a] = *pixel;
                seen.extend([over(r, a), over(g, a), over(b, a)]);
            }
        }
        ColorType::Grayscale => seen.extend(row.iter().flat_map(|value| [*value; 3])),
        ColorType::GrayscaleAlpha => {
            for pixel in row.as_chunks::<2>().0 {
                let [value, a] = *pixel;
                seen.extend([over(value, a); 3]);
            }
        }
        // Expanded before it comes here.
        ColorType::Indexed => {}
    }
}

/// The picture without what is not picture.
pub(crate) fn bare(png: &[u8]) -> Result<Vec<u8>, ImageError> {
    let mut rest = png.strip_prefix(SIGNATURE).ok_or(ImageError::Damaged)?;
    let mut out = Vec::with_capacity(png.len());
    out.extend_from_slice(SIGNATURE);
    loop {
        let head = rest.first_chunk::<8>().ok_or(ImageError::Damaged)?;
        let [a, b, c, d, kind @ ..] = head;
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let whole = length.checked_add(12).ok_or(ImageError::Damaged)?;
        let chunk = rest.get(..whole).ok_or(ImageError::Damaged)?;
        if KEPT.contains(&kind) {
            out.extend_from_slice(chunk);
        }
        if kind == b"IEND" {
            return Ok(out);
        }
        rest = &rest[whole..];
    }
}

#[cfg(test)]
mod tests {
    use png::Encoder;

    use super::*;

    fn png(kind: ColorType, depth: BitDepth, width: u32, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out, width, 1);
        encoder.set_color(kind);
        encoder.set_depth(depth);
        if kind == ColorType::Indexed {
            encoder.set_palette(vec![10, 20, 30, 255, 255, 255]);
        }
        encoder.add_text_chunk("Location".into(), "at home".into()).unwrap();
        encoder.write_header().unwrap().write_image_data(data).unwrap();
        out
    }

    #[test]
    fn encodings_of_the_same_pixels_are_the_same_picture() {
        let rgb = png(ColorType::Rgb, BitDepth::Eight, 2, &[10, 20, 30, 255, 255, 255]);
        // Wholly transparent is white, whatever its colour.
        let rgba = png(ColorType::Rgba, BitDepth::Eight, 2, &[10, 20, 30, 255, 1, 2, 3, 0]);
        let wide = [10, 0, 20, 0, 30, 0, 255, 255, 255, 255, 255, 255];
        let wide = png(ColorType::Rgb, BitDepth::Sixteen, 2, &wide);
        let indexed = png(ColorType::Indexed, BitDepth::One, 2, &[0b0100_0000]);
        let digest = pixel_digest(&rgb).unwrap();
        for other in [&rgba, &wide, &indexed] {
            assert_eq!(pixel_digest(other), Ok(digest));
        }
        let grey = png(ColorType::Grayscale, BitDepth::Eight, 2, &[0, 255]);
        let other = png(ColorType::GrayscaleAlpha, BitDepth::Eight, 2, &[0, 255, 7, 0]);
        assert_eq!(pixel_digest(&grey), pixel_digest(&other));
        assert_ne!(pixel_digest(&grey), Ok(digest));
        // The same bytes in another shape are another picture.
        let column = {
            let mut out = Vec::new();
            let mut encoder = Encoder::new(&mut out, 1, 2);
            encoder.set_color(ColorType::Grayscale);
            encoder.write_header().unwrap().write_image_data(&[0, 255]).unwrap();
            out
        };
        assert_ne!(pixel_digest(&column), pixel_digest(&grey));
    }

    #[test]
    fn what_is_not_picture_is_left_out() {
        let whole = png(ColorType::Rgb, BitDepth::Eight, 1, &[1, 2, 3]);
        assert!(whole.windows(7).any(|part| part == b"at home"));
        let bare = bare(&whole).unwrap();
        assert!(!bare.windows(7).any(|part| part == b"at home"));
        assert_eq!(pixel_digest(&bare), pixel_digest(&whole));
    }

    #[test]
    fn size_is_judged_before_anything_is_decoded() {
        let mut huge = png(ColorType::Rgb, BitDepth::Eight, 1, &[1, 2, 3]);
        huge[16..20].copy_from_slice(&20_000u32.to_be_bytes());
        assert_eq!(pixel_digest(&huge), Err(ImageError::TooLarge(20_000, 1)));
        huge[16..24].copy_from_slice(&[0, 0, 0x30, 0, 0, 0, 0x30, 0]);
        assert_eq!(pixel_digest(&huge), Err(ImageError::TooLarge(0x3000, 0x3000)));
        huge[16..24].copy_from_slice(&[0; 8]);
        assert_eq!(pixel_digest(&huge), Err(ImageError::Damaged));
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_refused_or_harmless() {
        let data: Vec<u8> = (0..300).map(|at| (at * 7) as u8).collect();
        let whole = png(ColorType::Rgb, BitDepth::Eight, 100, &data);
        let mut refused = 0;
        for cut in 0..whole.len() {
            assert!(bare(&whole[..cut]).is_err(), "cut at {cut}");
            refused += usize::from(pixel_digest(&whole[..cut]).is_err());
            let mut changed = whole.clone();
            changed[cut] ^= 0x55;
            // Neither panics nor hangs; a checksum finds what matters.
            let _ = pixel_digest(&changed);
        }
        assert!(refused > whole.len() - 16, "{refused} of {}", whole.len());
    }
}
