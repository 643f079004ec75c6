//! Colours by what they mean.

/// A colour, red green blue.
pub type Rgb = [u8; 3];

/// The colours of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// Below everything.
    pub surface: Rgb,
    /// Below what belongs together.
    pub panel: Rgb,
    /// Below what is typed.
    pub field: Rgb,
    /// Around a window or a field.
    pub border: Rgb,
    /// To be read first.
    pub text: Rgb,
    /// To be read second.
    pub muted: Rgb,
    /// The one accent: focus, countdown.
    pub accent: Rgb,
    /// What the accent runs along.
    pub track: Rgb,
    /// A button under the pointer.
    pub hover: Rgb,
    /// A button held down.
    pub pressed: Rgb,
    /// Something is wrong.
    pub bad: Rgb,
}

// Tokens of the hue 184, with text of at least 4.5:1 on each ground.
impl Palette {
    /// Calm and light, with an outline that holds on dark and on light desktops.
    pub const LIGHT: Self = Self {
        surface: [0xFC, 0xFD, 0xFD],
        panel: [0xEF, 0xF5, 0xF4],
        field: [0xFF, 0xFF, 0xFF],
        border: [0x8A, 0x9C, 0x9A],
        text: [0x12, 0x20, 0x1F],
        muted: [0x47, 0x5A, 0x58],
        accent: [0x00, 0x72, 0x6B],
        track: [0xD3, 0xDF, 0xDD],
        hover: [0xE2, 0xED, 0xEB],
        pressed: [0xCB, 0xDC, 0xD9],
        bad: [0xA8, 0x1F, 0x28],
    };

    /// The same at night.
    pub const DARK: Self = Self {
        surface: [0x17, 0x20, 0x1F],
        panel: [0x20, 0x2C, 0x2B],
        field: [0x0F, 0x17, 0x16],
        border: [0x5F, 0x75, 0x72],
        text: [0xEE, 0xF5, 0xF4],
        muted: [0xB0, 0xC2, 0xBF],
        accent: [0x4A, 0xC9, 0xBE],
        track: [0x33, 0x43, 0x41],
        hover: [0x2A, 0x39, 0x37],
        pressed: [0x38, 0x4B, 0x48],
        bad: [0xFF, 0x8F, 0x8A],
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast by WCAG 2.2.
    fn contrast(a: Rgb, b: Rgb) -> f32 {
        let light = |color: Rgb| {
            let channel = |c: u8| {
                let c = f32::from(c) / 255.0;
                if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * channel(color[0]) + 0.7152 * channel(color[1]) + 0.0722 * channel(color[2])
        };
        let (a, b) = (light(a) + 0.05, light(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn text_can_be_read_on_every_ground_and_outlines_be_seen() {
        for palette in [Palette::LIGHT, Palette::DARK] {
            let grounds =
                [palette.surface, palette.panel, palette.field, palette.hover, palette.pressed];
            for ground in grounds {
                assert!(contrast(palette.text, ground) >= 7.0, "{palette:?}");
                assert!(contrast(palette.muted, ground) >= 4.5, "{palette:?} {ground:?}");
            }
            assert!(contrast(palette.bad, palette.surface) >= 4.5);
            assert!(contrast(palette.accent, palette.surface) >= 4.5);
            assert!(contrast(palette.muted, palette.surface) >= 3.0);
        }
    }
}
