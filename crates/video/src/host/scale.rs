//! How many of its pixels a region in motion gets on a slow line.
//!
//! An encoder at its coarsest still needs a certain number of bytes for every pixel.
//! Where that is far more than the line has room for, pictures would come seldom and a
//! key typed beside them would wait behind each; fewer pixels come often, and the viewer
//! enlarges them. What rests becomes exact in any case.

use std::time::Duration;

use crate::PixelRect;
use crate::shrink::shrunk;

/// A picture may take so many times its share of the rate. Below, fewer pictures a
/// second are better than fewer pixels.
const MOST_SHARES: f64 = 3.5;
/// With more pixels it would take no more than this.
const ROOM_SHARES: f64 = 1.5;
/// An encoder that takes more than this share is at its coarsest.
const COARSEST_SHARES: f64 = 1.3;
/// Until something was seen: bytes per pixel of a film without grain.
const USUAL_COST: f64 = 0.004;
/// A film becomes simpler without being seen to, since an encoder then takes its share
/// for better pictures. What was seen counts for less with this half-life, seconds.
const HALF_LIFE: f64 = 8.0;
/// Pictures of a stream before it is judged.
const LEAST_PICTURES: u32 = 4;
/// More pixels come this seldom: each change starts a stream.
const GROW_SPACING: Duration = Duration::from_secs(2);
/// Neither side of a picture becomes shorter than this.
const LEAST_SIDE: u32 = 48;
/// What sides may be divided by.
const SCALES: [u32; 3] = [1, 2, 4];

/// Bytes that a picture is to have.
pub(super) fn share(kbps: u32, fps: u32) -> f64 {
    f64::from(kbps) * 125.0 / f64::from(fps.max(1))
}

/// What is known of how dear motion is.
pub(super) struct Scaling {
    /// Every viewer can enlarge.
    pub(super) allowed: bool,
    /// Bytes per coded pixel of the coarsest pictures, and when that was seen.
    cost: f64,
    seen: Duration,
}

/// The pictures of one stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// What the sides are divided by.
    pub(super) by: u32,
    since: Duration,
    pictures: u32,
    /// What a picture was to have when they were begun to be counted.
    share: f64,
    /// Bytes of a picture that is no key picture, smoothed.
    bytes: f64,
}

impl Scale {
    pub(super) const fn new(by: u32, now: Duration) -> Self {
        Self { by, since: now, pictures: 0, share: 0.0, bytes: 0.0 }
    }

    /// The size of the coded picture.
    pub(super) const fn of(&self, rect: &PixelRect) -> (u32, u32) {
        (shrunk(rect.width, self.by), shrunk(rect.height, self.by))
    }
}

impl Scaling {
    pub(super) const fn new() -> Self {
        Self { allowed: false, cost: USUAL_COST, seen: Duration::ZERO }
    }

    fn cost(&self, now: Duration) -> f64 {
        let passed = now.saturating_sub(self.seen).as_secs_f64();
        USUAL_COST + (self.cost - USUAL_COST) * (-passed / HALF_LIFE).exp2()
    }

    fn fits(&self, rect: &PixelRect, by: u32, share: f64, most: f64, now: Duration) -> bool {
        let pixels = rect.area() as f64 / f64::from(by * by);
        self.cost(now) * pixels <= share * most
    }

    fn possible(rect: &PixelRect) -> impl Iterator<Item = u32> {
        let least = rect.width.min(rect.height);
        SCALES.into_iter().filter(move |by| *by == 1 || shrunk(least, *by) >= LEAST_SIDE)
    }

    /// What a new stream begins with.
    pub(super) fn choose(&self, rect: &PixelRect, share: f64, now: Duration) -> u32 {
        if !self.allowed {
            return 1;
        }
        let mut coarsest = 1;
        for by in Self::possible(rect) {
            coarsest = by;
            if self.fits(rect, by, share, MOST_SHARES, now) {
                break;
            }
        }
        coarsest
    }

    /// Learns from a picture that is no key picture, and tells what another stream of
    /// the region should have instead, if it should.
    pub(super) fn follow(
        &mut self,
        scale: &mut Scale,
        rect: &PixelRect,
        bytes: usize,
        share: f64,
        now: Duration,
    ) -> Option<u32> {
        let bytes = bytes as f64;
        if share * 2.0 < scale.share {
            // The encoder follows a rate that has fallen only after some pictures.
            (scale.pictures, scale.share) = (0, share);
            return None;
        }
        scale.share = scale.share.max(share);
        scale.bytes = if scale.pictures == 0 { bytes } else { scale.bytes * 0.6 + bytes * 0.4 };
        scale.pictures += 1;
        if scale.pictures < LEAST_PICTURES {
            return None;
        }
        let (width, height) = scale.of(rect);
        if scale.bytes > share * COARSEST_SHARES {
            self.cost = scale.bytes / (f64::from(width) * f64::from(height));
            self.seen = now;
        }
        if !self.allowed {
            return None;
        }
        let wanted = self.choose(rect, share, now);
        if wanted > scale.by && scale.bytes > share * MOST_SHARES {
            return Some(wanted);
        }
        let finer = scale.by / 2;
        let grows = finer >= 1
            && now >= scale.since + GROW_SPACING
            && self.fits(rect, finer, share, ROOM_SHARES, now);
        grows.then_some(finer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILM: PixelRect = PixelRect::new(0, 0, 1280, 720);

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(100.0 + seconds)
    }

    /// An encoder that needs `cost` bytes a pixel at its coarsest.
    fn run(kbps: u32, cost: f64, scaling: &mut Scaling, scale: &mut Scale, seconds: f64) {
        let share = share(kbps, 30);
        let mut now = 0.0;
        while now < seconds {
            let (width, height) = scale.of(&FILM);
            let bytes = (cost * f64::from(width * height)).max(share);
            now += bytes / (f64::from(kbps) * 125.0);
            let moment = scale.since + Duration::from_secs_f64(now);
            if let Some(by) = scaling.follow(scale, &FILM, bytes as usize, share, moment) {
                *scale = Scale::new(by, moment);
                return;
            }
        }
    }

    #[test]
    fn a_line_with_room_gets_every_pixel() {
        let mut scaling = Scaling { allowed: true, ..Scaling::new() };
        assert_eq!(scaling.choose(&FILM, share(2000, 30), at(0.0)), 1);
        let mut scale = Scale::new(1, at(0.0));
        run(2000, 0.01, &mut scaling, &mut scale, 20.0);
        assert_eq!(scale.by, 1);
    }

    #[test]
    fn a_slow_line_gets_fewer_pixels_and_more_when_it_becomes_faster() {
        let mut scaling = Scaling { allowed: true, ..Scaling::new() };
        let mut scale = Scale::new(1, at(0.0));
        run(240, 0.011, &mut scaling, &mut scale, 20.0);
        assert_eq!(scale.by, 2);
        run(240, 0.011, &mut scaling, &mut scale, 20.0);
        assert_eq!(scale.by, 2, "it has found its place");
        run(4000, 0.011, &mut scaling, &mut scale, 20.0);
        assert_eq!(scale.by, 1);
    }

    #[test]
    fn what_is_dear_is_known_to_the_next_stream_and_forgotten_in_time() {
        let mut scaling = Scaling { allowed: true, ..Scaling::new() };
        let mut scale = Scale::new(1, at(0.0));
        run(600, 0.02, &mut scaling, &mut scale, 20.0);
        assert_eq!(scale.by, 2);
        let soon = scaling.seen + Duration::from_secs(1);
        assert_eq!(scaling.choose(&FILM, share(600, 30), soon), 2);
        let late = scaling.seen + Duration::from_mins(2);
        assert_eq!(scaling.choose(&FILM, share(600, 30), late), 1);
    }

    #[test]
    fn small_regions_and_viewers_that_cannot_enlarge_keep_their_pixels() {
        let mut scaling = Scaling { allowed: true, ..Scaling::new() };
        let small = PixelRect::new(0, 0, 96, 96);
        assert_eq!(scaling.choose(&small, 1.0, at(0.0)), 2);
        assert_eq!(scaling.choose(&PixelRect::new(0, 0, 400, 80), 1.0, at(0.0)), 1);
        scaling.allowed = false;
        assert_eq!(scaling.choose(&FILM, 1.0, at(0.0)), 1);
        let mut scale = Scale::new(1, at(0.0));
        run(240, 0.05, &mut scaling, &mut scale, 20.0);
        assert_eq!(scale.by, 1);
    }
}
