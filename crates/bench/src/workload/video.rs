//! A film in a window.

use anyhow::Result;
use x11rb::wrapper::ConnectionExt as _;

use super::Ticks;
use super::canvas::{Canvas, SharedImage};
use super::picture::{self, Numbers};
use crate::barcode;

/// Left edge of the film.
pub(super) const LEFT: i16 = 320;
/// Top edge of the film.
pub(super) const TOP: i16 = 180;
const WIDTH: usize = 1280;
const HEIGHT: usize = 720;
/// How much larger the texture is than the film, so that it can move.
const ROOM: usize = 320;

pub(super) fn run(canvas: &Canvas, mut ticks: Ticks) -> Result<()> {
    canvas.draw_page()?;
    let (width, height) = (u16::try_from(WIDTH)?, u16::try_from(HEIGHT)?);
    // Two in turn, so that the server never draws from the one being written.
    let images = [
        SharedImage::new(&canvas.connection, width, height)?,
        SharedImage::new(&canvas.connection, width, height)?,
    ];
    let texture = picture::texture(WIDTH + ROOM, HEIGHT + ROOM);
    let grain: Vec<u8> = {
        let mut numbers = Numbers::new(7);
        (0..WIDTH * 64 * 4).map(|_| (numbers.next() >> 13) as u8 % 7).collect()
    };
    let mut numbers = Numbers::new(99);
    let mut frame = vec![0_u8; WIDTH * HEIGHT * 4];
    let mut announced = false;
    let mut angle = 0.0_f32;
    loop {
        for image in &images {
            ticks.wait();
            angle += 0.02;
            let move_by = |wave: f32| (ROOM as f32 / 2.0 * (1.0 + wave)) as usize;
            let (left, top) = (move_by(angle.sin()), move_by((angle * 0.7).cos()));
            let stride = (WIDTH + ROOM) * 4;
            for (y, row) in frame.chunks_exact_mut(WIDTH * 4).enumerate() {
                let start = (top + y) * stride + left * 4;
                let source = texture.get(start..start + row.len()).unwrap_or_default();
                // The grain of each row and frame starts elsewhere.
                let offset = numbers.next() as usize % (WIDTH * 63 * 4);
                let noise = grain.get(offset..).unwrap_or_default();
                for ((pixel, source), noise) in row.iter_mut().zip(source).zip(noise) {
                    *pixel = source.saturating_add(*noise);
                }
            }
            let code = barcode::image(crate::clock::stamp());
            barcode::place(&code, barcode::WIDTH, &mut frame, WIDTH * 4, (0, 0));
            image.show(canvas, &frame, (LEFT, TOP))?;
            canvas.connection.sync()?;
            if !announced {
                announced = true;
                canvas.announce()?;
            }
        }
    }
}
