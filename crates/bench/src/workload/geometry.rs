//! Where the workloads draw what is looked at, on a display of any size.

use super::Workload;

/// Size of the box that a key flips. Its lower 9 rows have no text and are black or
/// white.
pub(crate) const BOX: (usize, usize) = (256, 24);

/// Left, top, width, height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rect {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Rect {
    /// Whether the two have a pixel in common.
    pub(crate) const fn touches(&self, other: &Self) -> bool {
        self.x < other.x + other.width
            && other.x < self.x + self.width
            && self.y < other.y + other.height
            && other.y < self.y + self.height
    }
}

/// A display's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Geometry {
    /// The film: the middle two thirds, 1280x720 of 1920x1080.
    pub(crate) const fn film(self) -> Rect {
        let (x, y) = (self.width / 6, self.height / 6);
        Rect { x, y, width: self.width * 2 / 3, height: self.height * 2 / 3 }
    }

    /// The corner of the box that a key flips, if one does.
    pub(crate) const fn key_box(self, workload: Workload) -> Option<(usize, usize)> {
        match workload {
            Workload::Typing => Some((self.width / 3, self.height / 2 - 20)),
            // Below the film.
            Workload::VideoTyping => Some((self.width / 3, self.height * 11 / 12 - BOX.1 / 2)),
            _ => None,
        }
    }

    /// Where the timestamp is painted, if it is.
    pub(crate) const fn barcode(self, workload: Workload) -> Option<(usize, usize)> {
        match workload {
            Workload::Idle => None,
            Workload::Video | Workload::Video60 | Workload::VideoTyping => {
                let film = self.film();
                Some((film.x, film.y))
            }
            _ => Some((0, 0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::barcode;

    #[test]
    fn everything_has_its_place_on_large_and_small_displays() {
        for (width, height) in [(1920, 1080), (960, 600)] {
            let geometry = Geometry { width, height };
            let film = geometry.film();
            assert!(film.width >= barcode::WIDTH);
            for workload in Workload::ALL.into_iter().filter(|w| w.takes_keys()) {
                let (x, y) = geometry.key_box(workload).unwrap();
                let keys = Rect { x, y, width: BOX.0, height: BOX.1 };
                assert!(x + BOX.0 <= width && y + BOX.1 <= height);
                assert!(!workload.has_film() || !keys.touches(&film), "{workload:?}");
            }
        }
        let film = Geometry { width: 1920, height: 1080 }.film();
        assert_eq!(film, Rect { x: 320, y: 180, width: 1280, height: 720 });
    }
}
