//! The icon in the notification area, drawn for the size that is asked for.

use tiny_skia::Pixmap;

use crate::canvas::{disc, rounded_box, strip};
use crate::{Area, Rgb};

const GROUND: Rgb = [0x00, 0x72, 0x6B];
const SCREEN: Rgb = [0xFF, 0xFF, 0xFF];
const EDGE: Rgb = [0x0B, 0x1F, 0x1D];
const CONNECTED: Rgb = [0x4F, 0xD1, 0x9B];

/// A picture of `side` pixels square as B G R A, colours multiplied by A: a monitor on
/// a ground, and a disc in its corner while somebody is connected.
pub fn tray_icon(side: u32, connected: bool) -> Option<Vec<u8>> {
    let mut picture = Pixmap::new(side, side)?;
    let unit = side as f32 / 16.0;
    let area = |x: f32, y: f32, width: f32, height: f32| Area {
        x: x * unit,
        y: y * unit,
        width: width * unit,
        height: height * unit,
    };
    rounded_box(&mut picture, area(0.0, 0.0, 16.0, 16.0), 3.5 * unit, GROUND);
    rounded_box(&mut picture, area(3.0, 3.5, 10.0, 7.0), unit, SCREEN);
    rounded_box(&mut picture, area(4.2, 4.7, 7.6, 4.6), 0.4 * unit, GROUND);
    strip(&mut picture, area(7.0, 10.5, 2.0, 1.5), SCREEN);
    strip(&mut picture, area(5.0, 11.8, 6.0, 1.2), SCREEN);
    if connected {
        disc(&mut picture, 11.5 * unit, 11.5 * unit, 4.4 * unit, EDGE);
        disc(&mut picture, 11.5 * unit, 11.5 * unit, 3.3 * unit, CONNECTED);
    }
    Some(picture.data().chunks_exact(4).flat_map(|p| [p[2], p[1], p[0], p[3]]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_differ_at_every_size_in_one_corner() {
        for side in [16, 20, 24, 32, 48] {
            let idle = tray_icon(side, false).unwrap();
            let busy = tray_icon(side, true).unwrap();
            let differ = idle.chunks(4).zip(busy.chunks(4)).filter(|(a, b)| a != b).count();
            let all = (side * side) as usize;
            assert!((all / 8..all / 2).contains(&differ), "{side}: {differ}");
            assert_eq!(idle.len(), all * 4);
            assert_eq!(idle[3], 0, "round corners");
        }
        assert!(tray_icon(0, false).is_none());
    }
}
