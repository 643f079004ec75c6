//! A film in a window. Each picture follows from its timestamp alone, so that who
//! measures can draw it again.

use anyhow::Result;
use x11rb::wrapper::ConnectionExt as _;

use super::Ticks;
use super::canvas::{Canvas, SharedImage};
use super::geometry::Geometry;
use super::picture::{self, Numbers};
use crate::barcode;

/// How much larger the texture is than the film, so that it can move.
const ROOM: usize = 320;
/// The grain repeats after so many rows.
const GRAIN_ROWS: usize = 64;
/// How fast the film moves, radians per millisecond: 0.02 in a 30th of a second.
const SPEED: f64 = 0.02 * 30.0 / 1_000.0;

/// All pictures of the film.
pub(crate) struct Film {
    width: usize,
    height: usize,
    texture: Vec<u8>,
    grain: Vec<u8>,
}

impl Film {
    /// The film for a display of this size.
    pub(crate) fn new(geometry: Geometry) -> Self {
        let film = geometry.film();
        let mut numbers = Numbers::new(7);
        let grain = std::iter::repeat_with(|| (numbers.next() >> 13) as u8 % 7)
            .take(film.width * GRAIN_ROWS * 4)
            .collect();
        let texture = picture::texture(film.width + ROOM, film.height + ROOM);
        Self { width: film.width, height: film.height, texture, grain }
    }

    /// Black, of the right size.
    pub(crate) fn frame(&self) -> Vec<u8> {
        vec![0; self.width * self.height * 4]
    }

    /// Draws the picture of a moment, with its timestamp, as B G R X rows.
    pub(crate) fn render(&self, stamp: u32, frame: &mut [u8]) {
        let angle = f64::from(stamp) * SPEED;
        let move_by = |wave: f64| (ROOM as f64 / 2.0 * (1.0 + wave)) as usize;
        let (left, top) = (move_by(angle.sin()), move_by((angle * 0.7).cos()));
        let stride = (self.width + ROOM) * 4;
        let mut numbers = Numbers::new(stamp.wrapping_mul(2_654_435_761) | 1);
        for (y, row) in frame.chunks_exact_mut(self.width * 4).enumerate() {
            let start = (top + y) * stride + left * 4;
            let source = self.texture.get(start..start + row.len()).unwrap_or_default();
            // The grain of each row and picture starts elsewhere.
            let offset = numbers.next() as usize % (self.width * (GRAIN_ROWS - 1) * 4);
            let noise = self.grain.get(offset..).unwrap_or_default();
            for ((pixel, source), noise) in row.iter_mut().zip(source).zip(noise) {
                *pixel = source.saturating_add(*noise);
            }
        }
        barcode::place(&barcode::image(stamp), barcode::WIDTH, frame, self.width * 4, (0, 0));
    }
}

/// Shows it; `beside` is done once the page behind it is there.
pub(super) fn run(
    canvas: &Canvas,
    mut ticks: Ticks,
    geometry: Geometry,
    beside: impl FnOnce() -> Result<()>,
) -> Result<()> {
    canvas.draw_page()?;
    beside()?;
    let place = geometry.film();
    let (width, height) = (u16::try_from(place.width)?, u16::try_from(place.height)?);
    let at = (i16::try_from(place.x)?, i16::try_from(place.y)?);
    // Two in turn, so that the server never draws from the one being written.
    let images = [
        SharedImage::new(&canvas.connection, width, height)?,
        SharedImage::new(&canvas.connection, width, height)?,
    ];
    let film = Film::new(geometry);
    let mut frame = film.frame();
    let mut announced = false;
    loop {
        for image in &images {
            let moment = ticks.upcoming();
            film.render(moment.as_millis() as u32, &mut frame);
            Ticks::sleep_until(moment);
            image.show(canvas, &frame, at)?;
            canvas.connection.sync()?;
            if !announced {
                announced = true;
                canvas.announce()?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_follows_from_its_timestamp() {
        let film = Film::new(Geometry { width: 960, height: 600 });
        let (mut one, mut again, mut other) = (film.frame(), film.frame(), film.frame());
        film.render(4_000_000_123, &mut one);
        film.render(33, &mut other);
        film.render(4_000_000_123, &mut again);
        assert_eq!(one, again);
        assert_ne!(one, other);
        assert_eq!(barcode::read(&one, 640 * 4, (0, 0)), Some(4_000_000_123));
    }
}
