//! Draws the product's mark, the one of `web/public/favicon.svg`, and writes it as an
//! icon file.

/// Sides of the pictures, pixels: what Explorer, task bar and title bars ask for at
/// 100 % to 200 %.
const SIDES: [u32; 6] = [16, 24, 32, 48, 64, 128];
/// The drawing's own units across.
const EXTENT: f64 = 32.0;
const CORNER: f64 = 7.0;
const GROUND: [f64; 3] = [13.0, 111.0, 107.0];
const LINE: [f64; 3] = [233.0, 255.0, 253.0];
const PEN: f64 = 2.4;
/// A screen, its foot, and a tick on it.
const STROKES: [[(f64, f64); 2]; 7] = [
    [(7.0, 9.0), (25.0, 9.0)],
    [(25.0, 9.0), (25.0, 21.0)],
    [(25.0, 21.0), (7.0, 21.0)],
    [(7.0, 21.0), (7.0, 9.0)],
    [(12.0, 25.0), (20.0, 25.0)],
    [(13.0, 13.0), (17.0, 17.0)],
    [(17.0, 17.0), (19.0, 15.0)],
];

/// The whole file.
pub(crate) fn file() -> Vec<u8> {
    let pictures: Vec<Vec<u8>> = SIDES.iter().map(|side| bitmap(*side)).collect();
    let mut file = Vec::new();
    // Reserved, type: icon, number of pictures.
    for word in [0, 1, SIDES.len() as u16] {
        file.extend(word.to_le_bytes());
    }
    let mut offset = 6 + 16 * SIDES.len();
    for (side, picture) in SIDES.iter().zip(&pictures) {
        // Width, height, colours of a palette, reserved.
        file.extend([*side as u8, *side as u8, 0, 0]);
        // Planes, bits for each pixel.
        file.extend([1, 0, 32, 0]);
        file.extend((picture.len() as u32).to_le_bytes());
        file.extend((offset as u32).to_le_bytes());
        offset += picture.len();
    }
    file.extend(pictures.concat());
    file
}

/// A bitmap without file header: colours from the last row up, then a mask of nothing.
fn bitmap(side: u32) -> Vec<u8> {
    let mut picture = Vec::new();
    // Of the BITMAPINFOHEADER: its size, width, height of colours and mask together.
    for word in [40, side, 2 * side] {
        picture.extend(word.to_le_bytes());
    }
    picture.extend([1, 0, 32, 0]);
    picture.extend([0; 24]);
    for row in (0..side).rev() {
        for column in 0..side {
            picture.extend(pixel(side, column, row));
        }
    }
    let mask_row = side.div_ceil(32) * 4;
    picture.resize(picture.len() + (mask_row * side) as usize, 0);
    picture
}

/// Blue, green, red, opacity.
fn pixel(side: u32, column: u32, row: u32) -> [u8; 4] {
    let unit = EXTENT / f64::from(side);
    let at = ((f64::from(column) + 0.5) * unit, (f64::from(row) + 0.5) * unit);
    // How much of the pixel lies within a shape whose edge is this far away.
    let cover = |outside: f64| (0.5 - outside / unit).clamp(0.0, 1.0);
    let nearest = STROKES.iter().map(|stroke| distance(at, *stroke)).fold(f64::MAX, f64::min);
    // A thin line would be grey in a small picture.
    let pen = PEN.max(1.5 * unit);
    let line = cover(nearest - pen / 2.0);
    let color = |at: usize| (GROUND[at] + (LINE[at] - GROUND[at]) * line).round() as u8;
    let opacity = (cover(outside_ground(at)) * 255.0).round() as u8;
    [color(2), color(1), color(0), opacity]
}

/// Distance from the rounded square's edge; negative inside.
fn outside_ground(at: (f64, f64)) -> f64 {
    let half = EXTENT / 2.0;
    let x = (at.0 - half).abs() - (half - CORNER);
    let y = (at.1 - half).abs() - (half - CORNER);
    x.max(0.0).hypot(y.max(0.0)) + x.max(y).min(0.0) - CORNER
}

fn distance(at: (f64, f64), [from, to]: [(f64, f64); 2]) -> f64 {
    let along = (to.0 - from.0, to.1 - from.1);
    let length = along.0 * along.0 + along.1 * along.1;
    let part = ((at.0 - from.0) * along.0 + (at.1 - from.1) * along.1) / length;
    let part = part.clamp(0.0, 1.0);
    (at.0 - from.0 - part * along.0).hypot(at.1 - from.1 - part * along.1)
}
