//! Text that moves up, as in a terminal.

use anyhow::Result;

use super::Ticks;
use super::canvas::Canvas;
use super::picture::{self, LINE};

/// Rows above the text, for the timestamp.
const TOP: u16 = 20;

pub(super) fn run(canvas: &Canvas, mut ticks: Ticks) -> Result<()> {
    canvas.draw_page()?;
    canvas.stamp()?;
    canvas.announce()?;
    let line = u16::try_from(LINE)?;
    let lines = (canvas.height - TOP) / line;
    let bottom = TOP + (lines - 1) * line;
    let (top, first) = (i16::try_from(TOP)?, i16::try_from(TOP + line)?);
    let mut number = 1_000;
    loop {
        ticks.wait();
        number += 1;
        let text = picture::line_of_text(number, usize::from(canvas.width));
        let rows = picture::text_rows(&text, usize::from(canvas.width), 0x0022_2222, 0x00F4_F4F0);
        canvas.copy_rows(first, top, bottom - TOP)?;
        canvas.draw(canvas.window, &rows, canvas.width, (0, i16::try_from(bottom)?))?;
        canvas.stamp()?;
    }
}
