//! The transfers, at the lower right.

use gc_filetransfer::Direction;
use gc_panel::{Area, Weight};
use gc_platform::{PixelRect, PixelSize};
use gc_types::CauseCode;

use crate::chrome::card::{Button, Placed, placed};
use crate::chrome::layer::Painter;
use crate::files::{Line, Standing};

/// The newest of them; more would hide the picture.
const MOST: usize = 4;

/// Bytes for people.
pub(crate) fn bytes(count: u64) -> String {
    let mut value = count as f64;
    let mut unit = "B";
    for larger in ["KB", "MB", "GB", "TB"] {
        if value < 1000.0 {
            break;
        }
        value /= 1000.0;
        unit = larger;
    }
    if unit == "B" || value >= 100.0 {
        format!("{value:.0} {unit}")
    } else {
        format!("{value:.1} {unit}")
    }
}

fn title(line: &Line) -> String {
    let way = match line.direction {
        Direction::Upload => "To the machine",
        Direction::Download => "From the machine",
    };
    match line.count {
        0 | 1 => format!("{way}: {}", line.name),
        count => format!("{way}: {} and {} more", line.name, count - 1),
    }
}

/// What stands below the title, and whether it is bad news.
fn sentence(line: &Line) -> (String, bool) {
    let progress = &line.progress;
    match line.standing {
        Standing::Moves => {
            let moved = format!("{} of {}", bytes(progress.bytes), bytes(progress.total_bytes));
            let rate = (progress.rate >= 1.0).then(|| format!("{}/s", bytes(progress.rate as u64)));
            let left = progress.left.map(|left| {
                let seconds = left.as_secs().max(1);
                if seconds < 60 {
                    format!("{seconds} s left")
                } else {
                    format!("{}:{:02} min left", seconds / 60, seconds % 60)
                }
            });
            let parts: Vec<String> = [Some(moved), rate, left].into_iter().flatten().collect();
            let text = parts.join(" · ");
            (text, false)
        }
        Standing::Paused => {
            let moved = format!("{} of {}", bytes(progress.bytes), bytes(progress.total_bytes));
            (format!("Paused · {moved}"), false)
        }
        Standing::Rests => ("Goes on when the machine is back.".to_owned(), false),
        Standing::Done if line.failed > 0 => {
            let why = line.why.map_or("", CauseCode::sentence);
            (format!("Done, but {} could not be moved. {why}", files(line.failed)), true)
        }
        Standing::Done => ("Done.".to_owned(), false),
        Standing::Over(CauseCode::FilesCancelled) => ("Cancelled.".to_owned(), false),
        Standing::Over(cause) => (cause.sentence().to_owned(), true),
    }
}

fn files(count: u64) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

/// Draws it; `buttons` are the words and the commands for each line. `marked` is the button
/// under the pointer.
pub(crate) fn panel<C: Clone>(
    lines: &[Line],
    window: PixelSize,
    painter: &mut Painter,
    marked: Option<usize>,
    buttons: impl Fn(&Line) -> Vec<Button<C>>,
) -> Option<Placed<C>> {
    let lines = &lines[lines.len().saturating_sub(MOST)..];
    if lines.is_empty() {
        return None;
    }
    let palette = painter.palette;
    let text = painter.text();
    let muted = painter.style(12.0, Weight::Regular, palette.muted);
    let bad = painter.style(12.0, Weight::Regular, palette.bad);
    let (pad, step, edge) = (painter.px(12.0), painter.px(58.0), painter.px(12.0));
    let width = painter.px(380.0).min(window.width as f32 - 2.0 * edge).max(1.0);
    let height = (step * lines.len() as f32 + pad).min(window.height as f32).max(1.0);
    let area = PixelRect {
        x: window.width.saturating_sub((width + edge) as u32),
        y: window.height.saturating_sub((height + edge) as u32),
        width: (width as u32).clamp(1, window.width),
        height: (height as u32).clamp(1, window.height),
    };
    let mut all: Vec<Button<C>> = Vec::new();
    let mut rows = Vec::new();
    let mut places = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let top = pad + step * index as f32;
        let mut left = width - pad;
        // From the right edge on, the last one first.
        for button in buttons(line).into_iter().rev() {
            let wide = (painter.measure(&button.label, text) + painter.px(20.0)).ceil();
            left -= wide;
            places.push(Area { x: left, y: top, width: wide, height: painter.px(26.0) });
            left -= painter.px(6.0);
            all.push(button);
        }
        let room = (left - 2.0 * pad).max(1.0);
        let (below, is_bad) = sentence(line);
        let style = if is_bad { bad } else { muted };
        let below = painter.with_fitted(&below, (width - 2.0 * pad).max(1.0), style);
        rows.push((top, painter.with_fitted(&title(line), room, text), below, style));
    }
    let ground = Area { x: 0.0, y: 0.0, width: area.width as f32, height: area.height as f32 };
    let (px1, px2, px3, px6, px8) = (
        painter.px(1.0).max(1.0),
        painter.px(2.0),
        painter.px(3.0),
        painter.px(6.0),
        painter.px(8.0),
    );
    let (line_at, below_at, bar_at) = (painter.px(17.0), painter.px(44.0), painter.px(29.0));
    let layer = painter.layer(area, |canvas| {
        canvas.fill_rounded(ground, px8, palette.surface);
        canvas.outline_rounded(ground, px8, palette.border, px1);
        for (index, (top, title, below, style)) in rows.iter().enumerate() {
            canvas.text(title, pad, top + line_at, text);
            canvas.text(below, pad, top + below_at, *style);
            let line = &lines[index];
            if !line.is_over() {
                let total = line.progress.total_bytes.max(1) as f32;
                let part = (line.progress.bytes as f32 / total).clamp(0.0, 1.0);
                let track = Area {
                    x: pad,
                    y: top + bar_at,
                    width: (ground.width - 2.0 * pad).max(1.0),
                    height: px3.max(1.0),
                };
                canvas.fill(track, palette.track);
                canvas.fill(Area { width: track.width * part, ..track }, palette.accent);
            }
        }
        for (index, (button, at)) in all.iter().zip(&places).enumerate() {
            let at = *at;
            let (look, edge) = if marked == Some(index) {
                (palette.pressed, palette.accent)
            } else {
                (palette.hover, palette.border)
            };
            canvas.fill_rounded(at, px6, look);
            canvas.outline_rounded(at, px6, edge, if marked == Some(index) { px2 } else { px1 });
            canvas.text_centred(&button.label, at, text);
        }
    })?;
    Some(placed(layer, &places, &all))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use gc_filetransfer::Progress;

    use super::*;
    use crate::chrome::layer::tests::painter;

    fn line(number: u32, standing: Standing) -> Line {
        Line {
            number,
            direction: Direction::Upload,
            name: "report.pdf".to_owned(),
            count: 3,
            progress: Progress {
                bytes: 1_500_000,
                total_bytes: 40_000_000,
                rate: 3_200_000.0,
                left: Some(Duration::from_secs(75)),
                ..Progress::default()
            },
            failed: 0,
            why: None,
            standing,
        }
    }

    #[test]
    fn a_transfer_says_what_how_far_how_fast_and_how_long() {
        let moves = line(1, Standing::Moves);
        assert_eq!(title(&moves), "To the machine: report.pdf and 2 more");
        assert_eq!(sentence(&moves).0, "1.5 MB of 40.0 MB · 3.2 MB/s · 1:15 min left");
        assert_eq!(sentence(&line(1, Standing::Done)), ("Done.".to_owned(), false));
        let why = CauseCode::FileTypeBlocked;
        let failed = Line { failed: 1, why: Some(why), ..line(1, Standing::Done) };
        let expected = format!("Done, but 1 file could not be moved. {}", why.sentence());
        assert_eq!(sentence(&failed).0, expected);
        assert_eq!(sentence(&line(1, Standing::Paused)).0, "Paused · 1.5 MB of 40.0 MB");
        let full = line(1, Standing::Over(CauseCode::DiskFull));
        assert_eq!(sentence(&full), (CauseCode::DiskFull.sentence().to_owned(), true));
        assert_eq!(
            (bytes(0), bytes(999), bytes(123_456)),
            ("0 B".into(), "999 B".into(), "123 KB".into())
        );
    }

    #[test]
    fn each_of_the_newest_has_a_button_inside_the_window() {
        let lines: Vec<Line> = (1..7).map(|number| line(number, Standing::Moves)).collect();
        for (width, height) in [(1280, 800), (200, 100), (8, 8)] {
            let window = PixelSize { width, height };
            let button =
                |line: &Line| vec![Button::new("Pause", 0), Button::new("Cancel", line.number)];
            let placed = panel(&lines, window, &mut painter(), Some(0), button).unwrap();
            let area = placed.layer.area;
            assert!(area.x + area.width <= width && area.y + area.height <= height);
            let commands: Vec<_> = (0..8).filter_map(|index| placed.command(index)).collect();
            assert_eq!(commands, [3, 0, 4, 0, 5, 0, 6, 0]);
        }
        let window = PixelSize { width: 100, height: 100 };
        let none = panel(&[], window, &mut painter(), None, |_| vec![Button::new("", 0)]);
        assert!(none.is_none());
    }
}
