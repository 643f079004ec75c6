//! Where the picture lies in the window, and what is under the pointer.

use gc_platform::{PixelRect, PixelSize};

use crate::chrome::intersection;

/// How the picture gets its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Scaling {
    /// As large as it fits, in its own proportions.
    #[default]
    Fit,
    /// A pixel for a pixel.
    Actual,
    /// As large as the window, whatever its proportions.
    Stretch,
}

/// The picture's rectangle in the window; larger than the window at 1:1, perhaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    /// Left edge, in pixels of the window; negative when scrolled.
    pub(crate) x: i32,
    /// Upper edge.
    pub(crate) y: i32,
    /// Width as shown.
    pub(crate) width: u32,
    /// Height as shown.
    pub(crate) height: u32,
}

/// The way from the machine's pixels to the window's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct View {
    /// How large.
    pub(crate) scaling: Scaling,
    window: PixelSize,
    /// Of what is shown.
    surface: Option<PixelSize>,
    /// Of the whole picture.
    whole: Option<PixelSize>,
    /// Of the machine's picture, where the window shows no more of it.
    part: Option<PixelRect>,
    /// How far the picture is scrolled, pixels.
    scroll: (u32, u32),
}

/// Pixels of 1/96 inch from the edge at which the pointer begins to scroll.
const EDGE: f32 = 24.0;

impl View {
    /// Nothing to show yet.
    pub(crate) const fn new(window: PixelSize) -> Self {
        Self {
            scaling: Scaling::Fit,
            window,
            surface: None,
            whole: None,
            part: None,
            scroll: (0, 0),
        }
    }

    /// The window has this size now.
    pub(crate) fn set_window(&mut self, window: PixelSize) {
        self.window = window;
        self.scroll_by(0, 0);
    }

    /// The whole picture is to be shown, and has this size now.
    pub(crate) fn set_surface(&mut self, surface: Option<PixelSize>) {
        (self.surface, self.whole, self.part) = (surface, surface, None);
        self.scroll_by(0, 0);
    }

    /// This part of the picture is to be shown. Places and damage stay those of the
    /// whole.
    pub(crate) fn set_part(&mut self, part: PixelRect) {
        self.surface = Some(PixelSize { width: part.width, height: part.height });
        self.part = Some(part);
        self.scroll_by(0, 0);
    }

    /// The size of the whole picture.
    pub(crate) const fn whole(&self) -> Option<PixelSize> {
        self.whole
    }

    /// The part that is shown, where that is not everything.
    pub(crate) const fn part(&self) -> Option<PixelRect> {
        self.part
    }

    fn origin(&self) -> (u32, u32) {
        self.part.map_or((0, 0), |part| (part.x, part.y))
    }

    /// How far it can be scrolled.
    fn most(&self) -> (u32, u32) {
        match (self.scaling, self.surface) {
            (Scaling::Actual, Some(surface)) => (
                surface.width.saturating_sub(self.window.width),
                surface.height.saturating_sub(self.window.height),
            ),
            _ => (0, 0),
        }
    }

    /// Scrolls; whether anything moved.
    pub(crate) fn scroll_by(&mut self, dx: i32, dy: i32) -> bool {
        let (most_x, most_y) = self.most();
        let to = (
            self.scroll.0.saturating_add_signed(dx).min(most_x),
            self.scroll.1.saturating_add_signed(dy).min(most_y),
        );
        std::mem::replace(&mut self.scroll, to) != to
    }

    /// Which way a pointer at this place scrolls, pixels for each step.
    pub(crate) fn edge(&self, x: i32, y: i32, scale: f32) -> (i32, i32) {
        let (most_x, most_y) = self.most();
        let edge = (EDGE * scale) as i32;
        let along = |at: i32, length: u32, most: u32| {
            let length = length as i32;
            if most == 0 || !(0..length).contains(&at) {
                0
            } else if at < edge {
                -((edge - at).min(edge))
            } else if at >= length - edge {
                (at - (length - edge) + 1).min(edge)
            } else {
                0
            }
        };
        (along(x, self.window.width, most_x), along(y, self.window.height, most_y))
    }

    /// Where the picture lies.
    pub(crate) fn placed(&self) -> Option<Placed> {
        let surface = self.surface?;
        let (window, middle) = (self.window, |room: u32, size: u32| (room - size) as i32 / 2);
        Some(match self.scaling {
            Scaling::Stretch => Placed { x: 0, y: 0, width: window.width, height: window.height },
            Scaling::Actual => {
                let along = |room: u32, size: u32, scroll: u32| {
                    if size > room { -(scroll as i32) } else { middle(room, size) }
                };
                Placed {
                    x: along(window.width, surface.width, self.scroll.0),
                    y: along(window.height, surface.height, self.scroll.1),
                    width: surface.width,
                    height: surface.height,
                }
            }
            Scaling::Fit => {
                let (width, height) = fitted(window, surface);
                Placed {
                    x: middle(window.width, width),
                    y: middle(window.height, height),
                    width,
                    height,
                }
            }
        })
    }

    /// The machine's pixel under a place of the window, or the nearest one.
    pub(crate) fn surface_at(&self, x: i32, y: i32) -> Option<(i32, i32)> {
        let (placed, surface) = (self.placed()?, self.surface?);
        let along = |at: i32, start: i32, shown: u32, pixels: u32| {
            let inside = i64::from(at) - i64::from(start);
            let pixel = inside * i64::from(pixels) / i64::from(shown.max(1));
            // Division rounds to zero, so what is left of the edge would be on it.
            pixel.clamp(0, i64::from(pixels) - 1) as i32
        };
        let (left, top) = self.origin();
        Some((
            along(x, placed.x, placed.width, surface.width) + left as i32,
            along(y, placed.y, placed.height, surface.height) + top as i32,
        ))
    }

    /// Whether a place of the window shows the picture.
    pub(crate) fn shows(&self, x: i32, y: i32) -> bool {
        self.placed().is_some_and(|at| {
            (at.x..at.x + at.width as i32).contains(&x)
                && (at.y..at.y + at.height as i32).contains(&y)
        })
    }

    /// The place of a machine's pixel in the window.
    pub(crate) fn window_at(&self, x: i32, y: i32) -> Option<(i32, i32)> {
        let (placed, surface) = (self.placed()?, self.surface?);
        let along = |at: i32, start: i32, shown: u32, pixels: u32| {
            (i64::from(start) + i64::from(at) * i64::from(shown) / i64::from(pixels.max(1))) as i32
        };
        let (left, top) = self.origin();
        Some((
            along(x - left as i32, placed.x, placed.width, surface.width),
            along(y - top as i32, placed.y, placed.height, surface.height),
        ))
    }

    /// The part of the window that changes with a part of the picture.
    pub(crate) fn damaged(&self, x: u32, y: u32, width: u32, height: u32) -> Option<PixelRect> {
        let (placed, surface) = (self.placed()?, self.surface?);
        let along = |from: u32, length: u32, start: i32, shown: u32, pixels: u32, room: u32| {
            // A pixel more on each side: neighbours are mixed when the picture is scaled.
            let (spread, pixels) = (u32::from(shown != pixels), u64::from(pixels.max(1)));
            let first = u64::from(from.saturating_sub(spread)) * u64::from(shown) / pixels;
            let end = (u64::from(from) + u64::from(length) + u64::from(spread)) * u64::from(shown);
            let end = end.div_ceil(pixels);
            let first = (first as i64 + i64::from(start)).clamp(0, i64::from(room));
            let end = (end as i64 + i64::from(start)).clamp(0, i64::from(room));
            (end > first).then_some((first as u32, (end - first) as u32))
        };
        let window = self.window;
        let (x, y, width, height) = match self.part {
            None => (x, y, width, height),
            Some(part) => {
                let both = intersection(part, PixelRect { x, y, width, height })?;
                (both.x - part.x, both.y - part.y, both.width, both.height)
            }
        };
        let (left, wide) = along(x, width, placed.x, placed.width, surface.width, window.width)?;
        let (top, high) = along(y, height, placed.y, placed.height, surface.height, window.height)?;
        Some(PixelRect { x: left, y: top, width: wide, height: high })
    }
}

/// The largest size in the surface's proportions that fits.
fn fitted(window: PixelSize, surface: PixelSize) -> (u32, u32) {
    let (w, h) = (u64::from(window.width), u64::from(window.height));
    let (sw, sh) = (u64::from(surface.width.max(1)), u64::from(surface.height.max(1)));
    // Nearly the same size: rather a thin edge than a blurred picture.
    let room = |window: u64, surface: u64| window >= surface;
    let near = w * 50 < sw * 51 || h * 50 < sh * 51;
    if room(w, sw) && room(h, sh) && near {
        return (surface.width, surface.height);
    }
    let (width, height) = if w * sh <= h * sw { (w, w * sh / sw) } else { (h * sw / sh, h) };
    (width.max(1) as u32, height.max(1) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(scaling: Scaling, window: (u32, u32), surface: (u32, u32)) -> View {
        let size = |(width, height)| PixelSize { width, height };
        let mut view = View::new(size(window));
        view.scaling = scaling;
        view.set_surface(Some(size(surface)));
        view
    }

    #[test]
    fn the_picture_fits_in_its_own_proportions() {
        let placed = |window, surface| view(Scaling::Fit, window, surface).placed().unwrap();
        assert_eq!(
            placed((1000, 500), (2000, 500)),
            Placed { x: 0, y: 125, width: 1000, height: 250 }
        );
        assert_eq!(
            placed((1000, 500), (100, 100)),
            Placed { x: 250, y: 0, width: 500, height: 500 }
        );
        // A thin edge rather than a blur.
        assert_eq!(
            placed((1010, 606), (1000, 600)),
            Placed { x: 5, y: 3, width: 1000, height: 600 }
        );
        assert_eq!(placed((1, 1), (16_384, 2)).height, 1);
    }

    #[test]
    fn at_one_to_one_a_large_picture_scrolls_to_its_edges_and_no_further() {
        let mut large = view(Scaling::Actual, (400, 300), (1000, 200));
        assert_eq!(large.placed().unwrap(), Placed { x: 0, y: 50, width: 1000, height: 200 });
        assert!(large.scroll_by(10_000, 10));
        assert_eq!(large.placed().unwrap().x, -600);
        assert!(!large.scroll_by(1, 1), "it is at its end");
        assert!(large.edge(399, 150, 1.0).0 > 0 && large.edge(399, 150, 1.0).1 == 0);
        assert!(large.edge(0, 0, 1.0).0 < 0);
        assert_eq!(large.edge(200, 0, 1.0), (0, 0));
        assert_eq!(view(Scaling::Fit, (400, 300), (1000, 200)).edge(0, 0, 1.0), (0, 0));
        large.set_window(PixelSize { width: 2000, height: 1000 });
        assert_eq!(large.placed().unwrap().x, 500, "nothing to scroll any more");
    }

    #[test]
    fn every_pixel_of_the_window_is_one_of_the_machine_and_back() {
        for scaling in [Scaling::Fit, Scaling::Actual, Scaling::Stretch] {
            for (window, surface) in
                [((640, 480), (1920, 1080)), ((1920, 1080), (640, 480)), ((801, 601), (800, 600))]
            {
                let mut view = view(scaling, window, surface);
                view.scroll_by(37, 11);
                for (x, y) in [(0, 0), (13, 57), (639, 479), (-5, 9000)] {
                    let (sx, sy) = view.surface_at(x, y).unwrap();
                    assert!((0..surface.0 as i32).contains(&sx));
                    assert!((0..surface.1 as i32).contains(&sy));
                    if !view.shows(x, y) {
                        continue;
                    }
                    let area = view.damaged(sx as u32, sy as u32, 1, 1).unwrap();
                    let (x, y) = (x as u32, y as u32);
                    assert!((area.x..area.x + area.width).contains(&x), "{scaling:?} {area:?}");
                    assert!((area.y..area.y + area.height).contains(&y), "{scaling:?} {area:?}");
                }
            }
        }
        let one = view(Scaling::Actual, (800, 600), (800, 600));
        let exact = PixelRect { x: 10, y: 20, width: 3, height: 4 };
        assert_eq!(one.damaged(10, 20, 3, 4), Some(exact));
        assert_eq!(view(Scaling::Actual, (10, 10), (800, 600)).damaged(400, 0, 5, 5), None);
    }

    #[test]
    fn a_part_of_the_picture_keeps_the_places_of_the_whole() {
        let mut view = view(Scaling::Actual, (400, 300), (800, 300));
        view.set_part(PixelRect { x: 400, y: 0, width: 400, height: 300 });
        assert_eq!(view.surface_at(0, 0), Some((400, 0)));
        assert_eq!(view.surface_at(399, 299), Some((799, 299)));
        assert_eq!(view.window_at(410, 20), Some((10, 20)));
        let area = PixelRect { x: 0, y: 5, width: 10, height: 10 };
        assert_eq!(view.damaged(390, 5, 20, 10), Some(area));
        assert_eq!(view.damaged(0, 0, 400, 300), None, "that is another window's");
        view.set_surface(Some(PixelSize { width: 800, height: 300 }));
        assert_eq!((view.part(), view.surface_at(0, 0)), (None, Some((0, 0))));
    }
}
