//! How a picture becomes right once nothing changes any more.

use std::time::Duration;

use anyhow::{Result, bail};

use super::drawing::Drawing;
use super::eye::Eye;
use super::figures::{Figures, Metric};
use super::picture::{Offset, Picture, compare, exact};
use crate::barcode;
use crate::clock::{milliseconds, monotonic};

/// Edges where clients put bars and handles of their own, pixels.
const MARGIN: usize = 64;
/// When the pictures are compared, ms after the last change.
const LOOKS: [(u64, Metric, Option<Metric>); 5] = [
    (200, Metric::Equal200, None),
    (500, Metric::Equal500, Some(Metric::Psnr500)),
    (1_000, Metric::Equal1000, None),
    (2_000, Metric::Equal2000, None),
    (8_000, Metric::Equal8000, Some(Metric::Psnr8000)),
];
/// Least time between two looks at the whole picture.
const BREATH: Duration = Duration::from_millis(5);

/// Stops the drawing and watches the client's picture until it equals the host's,
/// or for 8 s. `code` is where the client shows the timestamp.
pub(super) fn settle(
    drawing: &Drawing,
    (host, client): (&Eye, &Eye),
    offset: Offset,
    code: Option<(usize, usize)>,
    figures: &mut Figures,
) -> Result<()> {
    drawing.freeze()?;
    let stopped = monotonic();
    let wanted = at_rest(host)?;
    let last = code.and_then(|at| {
        // The same place on the host's own display.
        let back = Offset { x: -offset.x, y: -offset.y };
        stamp(&wanted, back.apply(at)?)
    });
    let mut looks = LOOKS.iter().peekable();
    let mut moving_seen = false;
    while let Some((due, equal, psnr)) = looks.peek() {
        let now = monotonic();
        let shown = client.screen()?;
        if !moving_seen && last.is_some() && code.and_then(|at| stamp(&shown, at)) == last {
            moving_seen = true;
            figures.put(Metric::MovingPsnr, compare(&wanted, &shown, offset, MARGIN).psnr);
        }
        if exact(&wanted, &shown, offset, MARGIN) {
            figures.put(Metric::Settle, Some(milliseconds(now.saturating_sub(stopped))));
            for (_, equal, _) in looks {
                figures.put(*equal, Some(100.0));
            }
            return Ok(());
        }
        let due = stopped + Duration::from_millis(*due);
        if now >= due {
            let likeness = compare(&wanted, &shown, offset, MARGIN);
            figures.put(*equal, Some(likeness.equal * 100.0));
            if let Some(psnr) = psnr {
                figures.put(*psnr, likeness.psnr);
            }
            looks.next();
            continue;
        }
        client.wait_for_any_change(due)?;
        std::thread::sleep(BREATH);
    }
    Ok(())
}

/// The picture once two looks agree.
fn at_rest(eye: &Eye) -> Result<Picture> {
    let mut before = eye.screen()?;
    for _ in 0..100 {
        std::thread::sleep(Duration::from_millis(10));
        let now = eye.screen()?;
        if now.pixels == before.pixels {
            return Ok(now);
        }
        before = now;
    }
    bail!("the customer's display does not come to rest")
}

fn stamp(picture: &Picture, at: (usize, usize)) -> Option<u32> {
    barcode::read(&picture.pixels, picture.width * 4, at)
}
