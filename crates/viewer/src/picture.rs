//! The machine's pixels in the size of the window: copied where they are equal,
//! repeated at whole multiples, mixed otherwise.

use gc_platform::{PixelRect, PixelSize};
use gc_viewer_core::Surface;

use crate::chrome::intersection;
use crate::view::Placed;

/// Of 1, in the weights below.
const ONE: u32 = 256;

/// Which pixels make one of the picture as shown, along one axis.
#[derive(Debug, Default)]
struct Axis {
    from: u32,
    to: u32,
    /// First pixel and weights of each.
    taps: Vec<(u32, Vec<u16>)>,
}

impl Axis {
    fn fit(&mut self, from: u32, to: u32) {
        if (self.from, self.to) == (from, to) {
            return;
        }
        (self.from, self.to) = (from, to);
        let step = f64::from(from) / f64::from(to.max(1));
        self.taps = (0..to)
            .map(|at| {
                if to.is_multiple_of(from.max(1)) {
                    return (at / (to / from.max(1)), vec![ONE as u16]);
                }
                // What the pixel covers; one at least, so that enlarged pictures are smooth.
                let middle = (f64::from(at) + 0.5) * step;
                let half = step.max(1.0) / 2.0;
                let (low, high) = ((middle - half).max(0.0), (middle + half).min(f64::from(from)));
                let first = low.floor() as u32;
                let last = ((high.ceil() as u32).max(first + 1) - 1).min(from - 1);
                // Rounded from edge to edge, so that no brightness is lost or won.
                let upto = |pixel: u32| {
                    let covered = (f64::from(pixel).clamp(low, high) - low) / (high - low);
                    (covered * f64::from(ONE)).round() as u16
                };
                let weights = (first..=last).map(|pixel| upto(pixel + 1) - upto(pixel)).collect();
                (first, weights)
            })
            .collect();
    }
}

/// The machine's picture, or the part of it that a window is to show.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    /// From its first pixel on.
    pixels: &'a [u8],
    stride: usize,
    size: PixelSize,
}

impl<'a> Part<'a> {
    /// As much of `area` as there is; everything for `None`.
    pub(crate) fn of(surface: &'a Surface, area: Option<PixelRect>) -> Self {
        let whole = PixelRect { x: 0, y: 0, width: surface.width(), height: surface.height() };
        let none = PixelRect { width: 0, height: 0, ..whole };
        let area = area.map_or(whole, |area| intersection(area, whole).unwrap_or(none));
        let start = area.y as usize * surface.stride() + area.x as usize * 4;
        Self {
            pixels: surface.pixels().get(start..).unwrap_or_default(),
            stride: surface.stride(),
            size: PixelSize { width: area.width, height: area.height },
        }
    }

    /// Pixels without gaps between the rows.
    pub(crate) fn whole(pixels: &'a [u8], size: PixelSize) -> Self {
        Self { pixels, stride: size.width as usize * 4, size }
    }

    /// As large as it is.
    pub(crate) const fn size(&self) -> PixelSize {
        self.size
    }

    /// Bytes from one row to the next.
    pub(crate) const fn stride(&self) -> usize {
        self.stride
    }

    /// From this pixel on; empty where there is none.
    pub(crate) fn from(&self, x: u32, y: u32) -> &'a [u8] {
        self.pixels.get(y as usize * self.stride + x as usize * 4..).unwrap_or_default()
    }

    /// One row; empty where there is none.
    pub(crate) fn row(&self, y: u32) -> &'a [u8] {
        let start = y as usize * self.stride;
        self.pixels.get(start..start + self.size.width as usize * 4).unwrap_or_default()
    }
}

/// Draws pictures; remembers how the last one was scaled.
#[derive(Debug, Default)]
pub(crate) struct Scaler {
    across: Axis,
    down: Axis,
    /// Rows that are scaled across already, and which they are.
    rows: Vec<(u32, Vec<u16>)>,
}

impl Scaler {
    /// Draws the part of the picture that lies in `clip`, which lies in the window, and
    /// black around it.
    pub(crate) fn draw(
        &mut self,
        frame: &mut [u8],
        window: PixelSize,
        clip: PixelRect,
        picture: Part<'_>,
        placed: Placed,
    ) {
        let left = placed.x.max(clip.x as i32);
        let right = (placed.x + placed.width as i32).min((clip.x + clip.width) as i32);
        let stride = window.width as usize * 4;
        let PixelSize { width, height } = picture.size;
        let exact = placed.width == width && placed.height == height;
        if !exact {
            self.across.fit(width, placed.width);
            self.down.fit(height, placed.height);
        }
        self.rows.clear();
        for y in clip.y..clip.y + clip.height {
            let start = y as usize * stride;
            let Some(line) = frame.get_mut(start..start + stride) else { return };
            let down = y as i32 - placed.y;
            let outside = !(0..placed.height as i32).contains(&down) || left >= right;
            let part = clip.x as usize * 4..(clip.x + clip.width) as usize * 4;
            if outside {
                line[part].fill(0);
                continue;
            }
            line[part.start..left as usize * 4].fill(0);
            line[right as usize * 4..part.end].fill(0);
            let line = &mut line[left as usize * 4..right as usize * 4];
            let across = (left - placed.x) as u32;
            if exact {
                let from = across as usize * 4;
                if let Some(pixels) = picture.row(down as u32).get(from..from + line.len()) {
                    line.copy_from_slice(pixels);
                }
            } else {
                self.mix(line, picture, across, down as u32);
            }
        }
    }

    fn mix(&mut self, line: &mut [u8], picture: Part<'_>, across: u32, down: u32) {
        let Some((first, weights)) = self.down.taps.get(down as usize) else { return };
        let columns = across as usize..across as usize + line.len() / 4;
        let Some(taps) = self.across.taps.get(columns) else { return };
        let last = first + weights.len() as u32;
        self.rows.retain(|(row, _)| (*first..last).contains(row));
        for row in *first..last {
            if !self.rows.iter().any(|(known, _)| *known == row) {
                self.rows.push((row, scaled_across(picture.row(row), taps)));
            }
        }
        if let ([_], Some((_, row))) = (weights.as_slice(), self.rows.first()) {
            for (to, from) in line.iter_mut().zip(row) {
                *to = *from as u8;
            }
            return;
        }
        let mut sums = vec![0_u32; line.len()];
        for (row, values) in &self.rows {
            let weight = u32::from(weights[(row - first) as usize]);
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += u32::from(*value) * weight;
            }
        }
        for (to, sum) in line.iter_mut().zip(sums) {
            *to = ((sum + ONE / 2) / ONE).min(255) as u8;
        }
    }
}

fn scaled_across(pixels: &[u8], taps: &[(u32, Vec<u16>)]) -> Vec<u16> {
    let mut out = Vec::with_capacity(taps.len() * 4);
    for (first, weights) in taps {
        let mut sums = [ONE / 2; 4];
        let from = pixels.get(*first as usize * 4..).unwrap_or_default();
        for (pixel, weight) in from.chunks_exact(4).zip(weights) {
            for (sum, channel) in sums.iter_mut().zip(pixel) {
                *sum += u32::from(*channel) * u32::from(*weight);
            }
        }
        out.extend(sums.map(|sum| (sum / ONE) as u16));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_every_size_add_up_to_one() {
        let mut axis = Axis::default();
        for from in [1, 2, 3, 7, 100, 1080, 1920] {
            for to in [1, 2, 3, 5, 99, 100, 101, 733, 1920, 3840] {
                axis.fit(from, to);
                assert_eq!(axis.taps.len(), to as usize);
                for (first, weights) in &axis.taps {
                    let sum: u32 = weights.iter().map(|weight| u32::from(*weight)).sum();
                    assert_eq!(sum, ONE, "{from} to {to}: {first} {weights:?}");
                    assert!(first + weights.len() as u32 <= from, "{from} to {to}: {first}");
                }
            }
        }
        axis.fit(2, 6);
        let firsts: Vec<u32> = axis.taps.iter().map(|(first, _)| *first).collect();
        assert_eq!(firsts, [0, 0, 0, 1, 1, 1], "whole multiples repeat");
    }
}
