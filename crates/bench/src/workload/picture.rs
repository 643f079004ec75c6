//! Pixels drawn in memory: pages of text, and a texture.

/// Height of a line of text, pixels.
pub(crate) const LINE: usize = 15;
const GLYPH: usize = 8;

/// Reproducible numbers (xorshift); not random.
pub(crate) struct Numbers(u32);

impl Numbers {
    /// The same seed gives the same numbers; 0 is taken as 1.
    pub(crate) const fn new(seed: u32) -> Self {
        Self(if seed == 0 { 1 } else { seed })
    }

    /// The next one.
    pub(crate) const fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

/// A line of text that looks like a log, as wide as `width` pixels.
pub(crate) fn line_of_text(number: u32, width: usize) -> String {
    const WORDS: [&str; 16] = [
        "session", "opened", "by", "agent", "for", "user", "with", "state", "granted", "after",
        "link", "to", "relay", "at", "port", "closed",
    ];
    let mut numbers = Numbers::new(number.wrapping_mul(2_654_435_761) | 1);
    let mut text = format!("{number:06} ");
    while text.len() < width / GLYPH {
        let word = WORDS.get(numbers.next() as usize % WORDS.len()).copied().unwrap_or_default();
        text.push_str(word);
        // Lines end at different places, as those of a log do.
        if numbers.next().is_multiple_of(19) {
            break;
        }
        text.push_str(if numbers.next().is_multiple_of(5) { "=7f3a " } else { " " });
    }
    text
}

/// One line of text as B G R X rows, `width` x [`LINE`].
pub(crate) fn text_rows(text: &str, width: usize, ink: u32, paper: u32) -> Vec<u8> {
    let mut rows = paper.to_le_bytes().repeat(width * LINE);
    let ink = ink.to_le_bytes();
    for (column, character) in text.chars().enumerate() {
        let Some(glyph) = font8x8::legacy::BASIC_LEGACY.get(character as usize) else { continue };
        // Eight rows of the glyph on twelve of the line: as tall as terminals have it.
        for row in 0..12 {
            let bits = glyph.get(row * GLYPH / 12).copied().unwrap_or(0);
            for bit in (0..GLYPH).filter(|bit| bits & (1 << bit) != 0) {
                let x = column * GLYPH + bit;
                let start = ((row + 2) * width + x) * 4;
                if x < width
                    && let Some(pixel) = rows.get_mut(start..start + 4)
                {
                    pixel.copy_from_slice(&ink);
                }
            }
        }
    }
    rows
}

/// A page of text as B G R X rows.
pub(crate) fn page(width: usize, height: usize, first: u32, ink: u32, paper: u32) -> Vec<u8> {
    let lines = u32::try_from(height.div_ceil(LINE)).unwrap_or(0);
    let mut rows: Vec<u8> = (first..first + lines)
        .flat_map(|number| text_rows(&line_of_text(number, width), width, ink, paper))
        .collect();
    rows.truncate(width * height * 4);
    rows
}

/// Something like a photograph: smooth waves of several sizes, edges and detail.
pub(crate) fn texture(width: usize, height: usize) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(width * height * 4);
    for y in 0..height {
        for x in 0..width {
            let (fx, fy) = (x as f32, y as f32);
            let slow = (fx / 97.0).sin() * (fy / 71.0).cos();
            let fast = ((fx + fy) / 13.0).sin() * ((fx - fy * 0.7) / 9.0).cos();
            let edge = if (x / 160 + y / 120).is_multiple_of(2) { 24.0 } else { -24.0 };
            let shade = |base: f32, wave: f32| (base + wave).clamp(0.0, 255.0) as u8;
            pixels.extend_from_slice(&[
                shade(120.0, slow * 70.0 + fast * 18.0 - edge),
                shade(128.0, slow * 50.0 + fast * 26.0 + edge),
                shade(110.0, -slow * 60.0 + fast * 22.0 + edge),
                255,
            ]);
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fills_its_rectangle_and_has_ink() {
        let rows = text_rows(&line_of_text(3, 640), 640, 0, 0x00FF_FFFF);
        assert_eq!(rows.len(), 640 * LINE * 4);
        let inked = rows.chunks_exact(4).filter(|pixel| pixel[0] == 0).count();
        assert!(inked > 100, "{inked} pixels of ink");
    }

    #[test]
    fn a_page_is_cut_to_its_height() {
        assert_eq!(page(64, 100, 0, 0, 1).len(), 64 * 100 * 4);
    }

    #[test]
    fn lines_differ() {
        assert_ne!(line_of_text(1, 1920), line_of_text(2, 1920));
    }
}
