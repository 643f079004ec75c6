//! Text with the fonts of the machine, and without any.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use ab_glyph::{Font, FontVec, PxScale, ScaleFont, point};
use font8x8::{BASIC_FONTS, GREEK_FONTS, LATIN_FONTS, UnicodeFonts};
use gc_panel::{Typeface, Weight};

/// Where distributions put fonts; the system's own first.
const FOLDERS: [&str; 3] = ["/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/X11/fonts"];
/// Plain faces that read well, best first, with their bold ones.
const FACES: [(&str, &str); 7] = [
    ("Inter-Regular.ttf", "Inter-Bold.ttf"),
    ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf"),
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    ("Ubuntu-R.ttf", "Ubuntu-B.ttf"),
    ("Cantarell-Regular.otf", "Cantarell-Bold.otf"),
    ("FreeSans.ttf", "FreeSansBold.ttf"),
];
/// Files looked at for a character that the face lacks, and the largest of them.
const MAX_FALLBACKS: usize = 48;
const MAX_FILE: u64 = 40 << 20;
const MAX_DEPTH: usize = 6;

/// The fonts of the machine.
pub(crate) struct Fonts {
    regular: Option<FontVec>,
    bold: Option<FontVec>,
    // For characters that the face lacks; files are opened when one is met.
    fallbacks: Vec<FontVec>,
    unopened: Vec<PathBuf>,
    missing: HashSet<char>,
}

/// Where a glyph comes from.
enum Glyph<'a> {
    Face(&'a FontVec),
    Bitmap([u8; 8]),
}

impl Fonts {
    pub(crate) fn load() -> Self {
        let mut files = Vec::new();
        for folder in FOLDERS {
            find(Path::new(folder), MAX_DEPTH, &mut files);
        }
        files.sort();
        let open_named = |name: &str| {
            let file = files.iter().find(|file| file.file_name().is_some_and(|n| n == name))?;
            open(file)
        };
        let face =
            FACES.iter().find_map(|(regular, bold)| Some((open_named(regular)?, open_named(bold))));
        let (regular, bold) = match face {
            Some((regular, bold)) => (Some(regular), bold),
            None => (files.iter().find_map(|file| open(file)), None),
        };
        // Sans faces first, and those for many scripts before those for symbols.
        files.sort_by_key(|file| {
            let name = file.to_string_lossy().to_lowercase();
            let odd = ["bold", "italic", "oblique", "mono", "serif", "light", "condensed"];
            (odd.iter().filter(|word| name.contains(**word)).count(), !name.contains("sans"))
        });
        files.truncate(MAX_FALLBACKS);
        files.reverse();
        Self { regular, bold, fallbacks: Vec::new(), unopened: files, missing: HashSet::new() }
    }

    /// As on a machine without any font.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self {
            regular: None,
            bold: None,
            fallbacks: Vec::new(),
            unopened: Vec::new(),
            missing: HashSet::new(),
        }
    }

    /// Opens further files until one has the character.
    fn prepare(&mut self, character: char, weight: Weight) {
        let has = |font: &FontVec| font.glyph_id(character).0 != 0;
        let known = self.face(weight).is_some_and(has)
            || self.fallbacks.iter().any(has)
            || self.missing.contains(&character);
        if known || character.is_whitespace() {
            return;
        }
        while let Some(file) = self.unopened.pop() {
            if let Some(font) = open(&file) {
                let found = has(&font);
                self.fallbacks.push(font);
                if found {
                    return;
                }
            }
        }
        self.missing.insert(character);
    }

    fn face(&self, weight: Weight) -> Option<&FontVec> {
        match weight {
            Weight::Regular => self.regular.as_ref(),
            Weight::Bold => self.bold.as_ref().or(self.regular.as_ref()),
        }
    }

    fn glyph(&self, character: char, weight: Weight) -> Glyph<'_> {
        let has = |font: &&FontVec| font.glyph_id(character).0 != 0;
        let face = self.face(weight);
        let found = face.filter(has).or_else(|| self.fallbacks.iter().find(has));
        // A face draws its own box for what it lacks.
        if let Some(font) = found.or(face) {
            return Glyph::Face(font);
        }
        let bitmap = BASIC_FONTS
            .get(character)
            .or_else(|| LATIN_FONTS.get(character))
            .or_else(|| GREEK_FONTS.get(character))
            .or_else(|| BASIC_FONTS.get('?'));
        Glyph::Bitmap(bitmap.unwrap_or_default())
    }
}

impl Typeface for Fonts {
    fn measure(&mut self, text: &str, px: f32, weight: Weight) -> f32 {
        let mut width = 0.0;
        for character in text.chars() {
            self.prepare(character, weight);
            width += match self.glyph(character, weight) {
                Glyph::Face(font) => {
                    let font = font.as_scaled(scale(font, px));
                    font.h_advance(font.glyph_id(character))
                }
                Glyph::Bitmap(_) => px * BITMAP_ADVANCE,
            };
        }
        width
    }

    fn draw(
        &mut self,
        text: &str,
        x: f32,
        baseline: f32,
        px: f32,
        weight: Weight,
        pixel: &mut dyn FnMut(i32, i32, f32),
    ) {
        let mut pen = x;
        for character in text.chars() {
            self.prepare(character, weight);
            match self.glyph(character, weight) {
                Glyph::Face(font) => {
                    let size = scale(font, px);
                    let id = font.glyph_id(character);
                    let glyph = id.with_scale_and_position(size, point(pen, baseline));
                    if let Some(outline) = font.outline_glyph(glyph) {
                        let bounds = outline.px_bounds();
                        let (left, top) = (bounds.min.x as i32, bounds.min.y as i32);
                        outline.draw(|x, y, coverage| {
                            pixel(left + x as i32, top + y as i32, coverage);
                        });
                    }
                    pen += font.as_scaled(size).h_advance(id);
                }
                Glyph::Bitmap(rows) => {
                    draw_bitmap(rows, pen, baseline, px, pixel);
                    pen += px * BITMAP_ADVANCE;
                }
            }
        }
    }
}

/// An 8x8 character is as high as capitals of the size, with its own spacing.
const BITMAP_ADVANCE: f32 = 0.66;

fn draw_bitmap(
    rows: [u8; 8],
    left: f32,
    baseline: f32,
    px: f32,
    pixel: &mut dyn FnMut(i32, i32, f32),
) {
    let side = px * BITMAP_ADVANCE;
    let top = baseline - side * 7.0 / 8.0;
    for y in 0..side as i32 {
        for x in 0..side as i32 {
            let row = rows[((y as f32 / side * 8.0) as usize).min(7)];
            if row >> ((x as f32 / side * 8.0) as u32).min(7) & 1 == 1 {
                pixel(left as i32 + x, top as i32 + y, 1.0);
            }
        }
    }
}

/// `px` is the size of the em square, as in CSS.
fn scale(font: &FontVec, px: f32) -> PxScale {
    let units = font.units_per_em().unwrap_or(1000.0);
    PxScale::from(px * font.height_unscaled() / units)
}

fn open(file: &Path) -> Option<FontVec> {
    if std::fs::metadata(file).ok()?.len() > MAX_FILE {
        return None;
    }
    FontVec::try_from_vec_and_index(std::fs::read(file).ok()?, 0).ok()
}

fn find(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if depth > 0 {
                find(&path, depth - 1, files);
            }
        } else if path.extension().is_some_and(|e| e == "ttf" || e == "otf" || e == "ttc") {
            files.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_can_be_drawn_without_any_font() {
        let mut fonts = Fonts::none();
        assert!((fonts.measure("Allow ä", 16.0, Weight::Bold) - 7.0 * 16.0 * 0.66).abs() < 0.1);
        let mut covered = 0;
        fonts.draw("Stop", 0.0, 16.0, 16.0, Weight::Regular, &mut |_, _, coverage| {
            covered += i32::from(coverage > 0.5);
        });
        assert!(covered > 50, "{covered}");
    }

    #[test]
    fn a_longer_text_is_wider_and_bold_is_wider_still() {
        let mut fonts = Fonts::load();
        let short = fonts.measure("Anna", 16.0, Weight::Regular);
        let long = fonts.measure("Anna Technician", 16.0, Weight::Regular);
        assert!(short > 0.0 && long > short * 2.0, "{short} {long}");
    }
}
