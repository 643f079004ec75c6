//! Pictures like those of a desktop, always the same.

use std::path::Path;

use ab_glyph::{Font, FontVec, PxScale, ScaleFont, point};
use anyhow::{Context, Result};

pub(crate) type Pixel = [u8; 4];

pub(crate) struct Picture {
    pub(crate) name: String,
    pub(crate) width: usize,
    /// Rows of B G R X.
    pub(crate) pixels: Vec<Pixel>,
}

struct Numbers(u32);

impl Numbers {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

/// Where Debian has the fonts; pictures that need them are left out without.
const FONTS: &str = "/usr/share/fonts/truetype/dejavu";

pub(crate) fn generated() -> Vec<Picture> {
    let ink = [[0x20; 3]];
    let inks = [[0x20, 0x20, 0xF0], [0xC0, 0xC0, 0xC0], [0x20, 0xC0, 0x20], [0xF0, 0x90, 0x30]];
    let mut all = vec![
        bitmap_text(1920, 1080),
        bitmap_text(1920, 15),
        bitmap_text(256, 24),
        gradient(640, 480),
        photo(640, 480, 0),
        photo(640, 480, 16),
    ];
    let smooth = [
        (
            "grey text",
            "DejaVuSans.ttf",
            [0xFF; 3],
            &ink[..],
            [(1920, 1080), (1920, 17), (256, 24), (9, 16)],
        ),
        (
            "coloured text",
            "DejaVuSansMono.ttf",
            [0x28; 3],
            &inks[..],
            [(1920, 1080), (1920, 17), (256, 24), (9, 16)],
        ),
    ];
    for (name, file, paper, inks, sizes) in smooth {
        let font = std::fs::read(Path::new(FONTS).join(file)).ok();
        let Some(font) = font.and_then(|data| FontVec::try_from_vec(data).ok()) else { continue };
        for (width, height) in sizes {
            let pixels = smooth_text(width, height, &font, inks, paper);
            all.push(Picture { name: name.to_owned(), width, pixels });
        }
    }
    all
}

fn line(number: usize, length: usize) -> String {
    const WORDS: [&str; 16] = [
        "session", "opened", "by", "agent", "for", "user", "with", "state", "granted", "after",
        "link", "to", "relay", "at", "port", "closed",
    ];
    let mut numbers = Numbers((number as u32).wrapping_mul(2_654_435_761) | 1);
    let mut text = format!("{number:06} ");
    while text.len() < length {
        text.push_str(WORDS[numbers.next() as usize % WORDS.len()]);
        if numbers.next().is_multiple_of(19) {
            break;
        }
        text.push_str(if numbers.next().is_multiple_of(5) { "=7f3a " } else { " " });
    }
    text
}

/// Two colours, as terminals without smooth fonts have it.
fn bitmap_text(width: usize, height: usize) -> Picture {
    let mut pixels = vec![[0xF0, 0xF4, 0xF4, 255]; width * height];
    for (number, top) in (0..height).step_by(15).enumerate() {
        for (column, character) in line(number, width / 8).chars().enumerate() {
            let glyph = font8x8::legacy::BASIC_LEGACY[character as usize];
            for row in 0..12 {
                for bit in (0..8).filter(|bit| glyph[row * 8 / 12] >> bit & 1 == 1) {
                    let (x, y) = (column * 8 + bit, top + row + 2);
                    if x < width && y < height {
                        pixels[y * width + x] = [0x20, 0x20, 0x20, 255];
                    }
                }
            }
        }
    }
    Picture { name: "bitmap text".to_owned(), width, pixels }
}

fn smooth_text(
    width: usize,
    height: usize,
    font: &FontVec,
    inks: &[[u8; 3]],
    paper: [u8; 3],
) -> Vec<Pixel> {
    const SIZE: f32 = 14.0;
    let mut pixels = vec![[paper[0], paper[1], paper[2], 255]; width * height];
    let scaled = font.as_scaled(PxScale::from(SIZE));
    for (number, top) in (0..height).step_by(17).enumerate() {
        let mut x = 4.0_f32;
        for (at, word) in line(number, width / 7).split(' ').enumerate() {
            let ink = inks[(number + at) % inks.len()];
            for character in word.chars().chain([' ']) {
                let id = scaled.glyph_id(character);
                let place = point(x.round(), top as f32 + scaled.ascent());
                let glyph = id.with_scale_and_position(PxScale::from(SIZE), place);
                x += scaled.h_advance(id);
                let Some(outline) = font.outline_glyph(glyph) else { continue };
                let bounds = outline.px_bounds();
                outline.draw(|dx, dy, coverage| {
                    let (x, y) = (bounds.min.x + dx as f32, bounds.min.y + dy as f32);
                    if x < 0.0 || y < 0.0 || x >= width as f32 || y >= height as f32 {
                        return;
                    }
                    let pixel = &mut pixels[y as usize * width + x as usize];
                    for (channel, ink) in pixel.iter_mut().zip(ink) {
                        let mixed =
                            f32::from(*channel) * (1.0 - coverage) + f32::from(ink) * coverage;
                        *channel = mixed.round() as u8;
                    }
                });
            }
        }
    }
    pixels
}

fn gradient(width: usize, height: usize) -> Picture {
    let shade = |at: usize, of: usize| (at * 255 / of) as u8;
    let pixels = (0..width * height)
        .map(|at| {
            let (x, y) = (at % width, at / width);
            [shade(x, width), shade(y, height), shade(x + y, width + height), 255]
        })
        .collect();
    Picture { name: "gradient".to_owned(), width, pixels }
}

fn photo(width: usize, height: usize, grain: u32) -> Picture {
    let mut numbers = Numbers(77);
    let pixels = (0..width * height)
        .map(|at| {
            let (x, y) = ((at % width) as f32, (at / width) as f32);
            let slow = (x / 97.0).sin() * (y / 71.0).cos();
            let fast = ((x + y) / 13.0).sin() * ((x - y * 0.7) / 9.0).cos();
            let noise = numbers.next().checked_rem(grain).unwrap_or(0) as f32;
            let shade = |base: f32, wave: f32| (base + wave + noise).clamp(0.0, 255.0) as u8;
            [
                shade(110.0, slow * 70.0 + fast * 18.0),
                shade(118.0, slow * 50.0 + fast * 26.0),
                shade(100.0, fast * 22.0 - slow * 60.0),
                255,
            ]
        })
        .collect();
    Picture { name: format!("photo, grain {grain}"), width, pixels }
}

/// A binary portable pixmap with 8 bits a channel.
pub(crate) fn read_ppm(path: &Path) -> Result<Picture> {
    let data = std::fs::read(path)?;
    let mut at = 0;
    let mut word = || {
        let rest = data.get(at..)?;
        let start = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
        let length = rest[start..].iter().position(u8::is_ascii_whitespace)?;
        let word = std::str::from_utf8(&rest[start..start + length]).ok()?;
        at += start + length;
        Some(word)
    };
    let head = [word(), word(), word(), word()];
    let [Some("P6"), Some(width), Some(_), Some("255")] = head else {
        anyhow::bail!("{} is no pixmap", path.display());
    };
    let width = width.parse().context("width")?;
    let body = data.get(at + 1..).context("no pixels")?;
    let pixels = body.as_chunks::<3>().0.iter().map(|[r, g, b]| [*b, *g, *r, 255]).collect();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Picture { name, width, pixels })
}
