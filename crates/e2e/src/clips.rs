//! What programs on a display copy and paste, by `xclip`: one format at a time.

use std::io::Cursor;

use anyhow::{Context, Result, bail};

use crate::Desktop;

/// Sides of [`noise_picture`]: large enough to go in several windows of the wire.
const SIDE: u32 = 400;

impl Desktop {
    /// Copies by a program that offers one format.
    pub fn copy(&self, target: &str, bytes: &[u8]) -> Result<()> {
        let file = self.folder().join("copied.bin");
        std::fs::write(&file, bytes)?;
        // It stays in the background as the owner, and ends when another takes over.
        let copy =
            format!("xclip -selection clipboard -t {target} -i {} >/dev/null 2>&1", file.display());
        self.output("sh", &["-c", &copy]).map(|_| ())
    }

    /// Pastes one format as soon as it is right.
    pub fn paste_until(&self, target: &str, right: impl Fn(&[u8]) -> bool) -> Result<()> {
        let file = self.folder().join("pasted.bin");
        let paste =
            format!("timeout 5 xclip -selection clipboard -t {target} -o > {}", file.display());
        self.wait_until(&format!("{target} on the display"), |desktop| {
            let given = desktop.output("sh", &["-c", &paste]).is_ok();
            Ok(given && right(&std::fs::read(&file)?))
        })
    }
}

/// A PNG of noise that nothing compresses, the same for the same seed.
pub fn noise_picture(seed: u32) -> Result<Vec<u8>> {
    let mut state = seed;
    let rows: Vec<u8> = (0..SIDE * SIDE * 3)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, SIDE, SIDE);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header()?.write_image_data(&rows)?;
    Ok(out)
}

/// Red, green, blue of a PNG from the top left, with or without opacity in it.
pub fn picture_pixels(png: &[u8]) -> Result<Vec<u8>> {
    let mut reader = png::Decoder::new(Cursor::new(png)).read_info()?;
    let mut out = vec![0; reader.output_buffer_size().context("too large")?];
    let frame = reader.next_frame(&mut out)?;
    out.truncate(frame.buffer_size());
    match frame.color_type {
        png::ColorType::Rgb => Ok(out),
        png::ColorType::Rgba => {
            let (pixels, _) = out.as_chunks::<4>();
            Ok(pixels.iter().flat_map(|[red, green, blue, _]| [*red, *green, *blue]).collect())
        }
        other => bail!("another kind of picture: {other:?}"),
    }
}
