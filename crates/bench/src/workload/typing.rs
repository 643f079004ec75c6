//! A key press changes a small piece of the screen at once.

use anyhow::Result;
use x11rb::connection::Connection;
use x11rb::protocol::Event;

use super::canvas::Canvas;
use super::geometry::{BOX, Geometry};
use super::{Workload, picture};

pub(super) fn run(canvas: &Canvas, geometry: Geometry) -> Result<()> {
    let at = geometry.key_box(Workload::Typing).unwrap_or_default();
    canvas.draw_page()?;
    canvas.stamp()?;
    flip(canvas, 0, at)?;
    canvas.announce()?;
    on_keys(canvas, at, || canvas.stamp())
}

/// The box in a window of its own beside other things that move; it has the
/// keyboard.
pub(super) fn beside(display: &str, (x, y): (usize, usize)) -> Result<()> {
    let place = (i16::try_from(x)?, i16::try_from(y)?);
    let size = (u16::try_from(BOX.0)?, u16::try_from(BOX.1)?);
    let canvas = Canvas::open_at(display, place, Some(size))?;
    flip(&canvas, 0, (0, 0))?;
    std::thread::Builder::new().name("keys".to_owned()).spawn(move || {
        if let Err(error) = on_keys(&canvas, (0, 0), || Ok(())) {
            tracing::error!(%error, "no more keys");
        }
    })?;
    Ok(())
}

fn on_keys(canvas: &Canvas, at: (usize, usize), then: impl Fn() -> Result<()>) -> Result<()> {
    let mut typed = 0;
    loop {
        if matches!(canvas.connection.wait_for_event()?, Event::KeyPress(_)) {
            typed += 1;
            flip(canvas, typed, at)?;
            then()?;
        }
    }
}

/// White on black or black on white, in turn, with a text that changes too.
fn flip(canvas: &Canvas, typed: u32, (x, y): (usize, usize)) -> Result<()> {
    let (width, height) = BOX;
    let (ink, paper) =
        if typed.is_multiple_of(2) { (0x00FF_FFFF, 0) } else { (0, 0x00FF_FFFF_u32) };
    let mut rows = picture::text_rows(&format!("key {typed}"), width, ink, paper);
    let rest = height - picture::LINE;
    rows.extend(paper.to_le_bytes().repeat(width * rest));
    canvas.draw(
        canvas.window,
        &rows,
        u16::try_from(width)?,
        (i16::try_from(x)?, i16::try_from(y)?),
    )?;
    canvas.connection.flush()?;
    Ok(())
}

/// Whether the box, whose corner is at `(x, y)` of the picture, is white; `None`
/// outside of the picture or when it is neither white nor black.
pub(crate) fn box_is_white(pixels: &[u8], stride: usize, (x, y): (usize, usize)) -> Option<bool> {
    let (width, height) = BOX;
    let start = (y + height - 4) * stride + (x + 8) * 4;
    let row = pixels.get(start..start + (width - 16) * 4)?;
    let white = row.chunks_exact(4).all(|p| p.iter().take(3).all(|&value| value > 160));
    let black = row.chunks_exact(4).all(|p| p.iter().take(3).all(|&value| value < 96));
    (white != black).then_some(white)
}
