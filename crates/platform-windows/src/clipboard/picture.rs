//! Between what Windows keeps (bitmaps) and what travels (PNG).

use std::io::Cursor;

use gc_clipboard::image_size;
use gc_proto::MAX_CLIPBOARD_IMAGE;
use png::{BitDepth, ColorType, Compression, Decoder, Encoder, Limits, Transformations};

use super::dib::{Dib, dibv5_header};

/// Memory of the decoder apart from the picture.
const DECODER_BYTES: usize = 8 << 20;

/// A bitmap as PNG, transparent where it is; `None` when it cannot be read or is too
/// large.
pub fn dib_to_png(bytes: &[u8]) -> Option<Vec<u8>> {
    let dib = Dib::parse(bytes).ok()?;
    let (width, height) = dib.size();
    let alpha = dib.has_alpha();
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, width, height);
    encoder.set_color(if alpha { ColorType::Rgba } else { ColorType::Rgb });
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    let mut writer = encoder.write_header().ok()?;
    let mut stream = writer.stream_writer_with_size(64 << 10).ok()?;
    let mut row = Vec::with_capacity(width as usize * 4);
    for y in 0..height {
        row.clear();
        dib.read_row(y, alpha, &mut row);
        std::io::Write::write_all(&mut stream, &row).ok()?;
    }
    stream.finish().ok()?;
    drop(writer);
    (out.len() <= MAX_CLIPBOARD_IMAGE).then_some(out)
}

/// A PNG as `CF_DIBV5`; `None` when it cannot be read or is too large.
pub fn png_to_dibv5(png: &[u8]) -> Option<Vec<u8>> {
    let (width, height) = image_size(png).ok()?;
    let mut decoder = Decoder::new_with_limits(Cursor::new(png), Limits { bytes: DECODER_BYTES });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().ok()?;
    if reader.info().interlaced {
        return None;
    }
    let (kind, _) = reader.output_color_type();
    let header = dibv5_header(width, height);
    let stride = width as usize * 4;
    let mut out = vec![0; header.len() + stride * height as usize];
    out[..header.len()].copy_from_slice(&header);
    // Rows go from the bottom to the top.
    for target in out[header.len()..].chunks_exact_mut(stride).rev() {
        let row = reader.next_row().ok()??;
        let (pixels, _) = target.as_chunks_mut::<4>();
        let source = row.data();
        match kind {
            ColorType::Rgba => {
                for (pixel, [r, g, b, a]) in pixels.iter_mut().zip(source.as_chunks::<4>().0) {
                    *pixel = [*b, *g, *r, *a];
                }
            }
            ColorType::Rgb => {
                for (pixel, [r, g, b]) in pixels.iter_mut().zip(source.as_chunks::<3>().0) {
                    *pixel = [*b, *g, *r, 255];
                }
            }
            ColorType::GrayscaleAlpha => {
                for (pixel, [value, a]) in pixels.iter_mut().zip(source.as_chunks::<2>().0) {
                    *pixel = [*value, *value, *value, *a];
                }
            }
            ColorType::Grayscale => {
                for (pixel, value) in pixels.iter_mut().zip(source) {
                    *pixel = [*value, *value, *value, 255];
                }
            }
            ColorType::Indexed => return None,
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(kind: ColorType, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out, 2, 2);
        encoder.set_color(kind);
        encoder.write_header().unwrap().write_image_data(data).unwrap();
        out
    }

    fn pixels(png: &[u8]) -> (ColorType, Vec<u8>) {
        let mut reader = Decoder::new(Cursor::new(png)).read_info().unwrap();
        let mut out = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut out).unwrap();
        (frame.color_type, out)
    }

    #[test]
    fn every_pixel_survives_the_way_there_and_back() {
        let rgba = [1, 2, 3, 0, 4, 5, 6, 128, 7, 8, 9, 255, 10, 11, 12, 1];
        let dib = png_to_dibv5(&png(ColorType::Rgba, &rgba)).unwrap();
        assert_eq!(pixels(&dib_to_png(&dib).unwrap()), (ColorType::Rgba, rgba.to_vec()));
        let rgb = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        let dib = png_to_dibv5(&png(ColorType::Rgb, &rgb)).unwrap();
        assert_eq!(pixels(&dib_to_png(&dib).unwrap()), (ColorType::Rgb, rgb.to_vec()));
        let grey = png_to_dibv5(&png(ColorType::Grayscale, &[1, 2, 3, 4])).unwrap();
        let expected = vec![1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4];
        assert_eq!(pixels(&dib_to_png(&grey).unwrap()), (ColorType::Rgb, expected));
        let grey = png(ColorType::GrayscaleAlpha, &[1, 0, 2, 9, 3, 9, 4, 255]);
        let grey = png_to_dibv5(&grey).unwrap();
        assert_eq!(grey[124..132], [3, 3, 3, 9, 4, 4, 4, 255], "the last row is the first");
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        let good = png(ColorType::Rgb, &[0; 12]);
        assert!(png_to_dibv5(&good[..good.len() / 2]).is_none());
        assert!(png_to_dibv5(b"").is_none() && dib_to_png(b"").is_none());
        let mut huge = good;
        huge[16..20].copy_from_slice(&30_000u32.to_be_bytes());
        assert!(png_to_dibv5(&huge).is_none());
    }
}
