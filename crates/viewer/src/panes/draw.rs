//! What the panel looks like.

use gc_panel::{Area, Canvas, Palette, Style, Typeface, Weight};
use gc_platform::{EntryKind, PixelRect, StorePath};

use super::pane::{Row, State};
use super::{Act, Column, Hit, Pane, Panes, Prompt};
use crate::chrome::{Layer, Painter, bytes};
use crate::files::Side;

const ACTS: [(Act, &str); 7] = [
    (Act::Up, "Up"),
    (Act::Reload, "Reload"),
    (Act::Rename, "Rename  F2"),
    (Act::Copy, "Copy across  F5"),
    (Act::Make, "New folder  F7"),
    (Act::Delete, "Delete  Del"),
    (Act::Close, "Close  Esc"),
];

/// Sizes and styles of one drawing.
struct Look {
    palette: Palette,
    text: Style,
    bold: Style,
    muted: Style,
    bad: Style,
    row: f32,
    pad: f32,
    size: f32,
    time: f32,
    line: f32,
    /// Of 1/96 inch.
    px: f32,
}

/// When a file was changed, in the time of Greenwich.
pub(crate) fn date(modified_ms: i64) -> String {
    if modified_ms <= 0 {
        return String::new();
    }
    let minutes = modified_ms.div_euclid(60_000);
    let (day, minute) = (minutes.div_euclid(1440), minutes.rem_euclid(1440));
    // Howard Hinnant, chrono-compatible low-level date algorithms: days to a civil date.
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}", minute / 60, minute % 60)
}

/// Where a folder is, for people.
fn way(folder: &StorePath) -> String {
    if *folder == StorePath::default() {
        return "Places".to_owned();
    }
    let place = match folder.place.as_str() {
        "home" => "Home",
        "downloads" => "Downloads",
        "desktop" => "Desktop",
        "/" => "",
        other => other,
    };
    let parts = std::iter::once(place).chain(folder.parts.iter().map(String::as_str));
    let way = parts.collect::<Vec<_>>().join(" / ");
    gc_proto::clean_text(if way.is_empty() { "Computer" } else { &way }, 400)
}

fn count(items: usize) -> String {
    if items == 1 { "1 item".to_owned() } else { format!("{items} items") }
}

/// The last line of a side, and whether it is bad news.
pub(super) fn summary(pane: &Pane) -> (String, bool) {
    if let Some(trouble) = &pane.trouble {
        return (trouble.clone(), true);
    }
    let (chosen, size) = pane.totals(true);
    if chosen > 0 {
        return (format!("{} selected · {}", count(chosen), bytes(size)), false);
    }
    let (all, size) = pane.totals(false);
    match pane.state {
        State::Ready if pane.at_places() => (count(all), false),
        State::Ready if pane.cut => (format!("The first {} of more", count(all)), true),
        State::Ready => (format!("{} · {}", count(all), bytes(size)), false),
        State::Loading | State::Failed(_) => (String::new(), false),
    }
}

impl Panes {
    /// Draws it into an area of the window.
    pub(crate) fn draw(&mut self, area: PixelRect, painter: &mut Painter) -> Option<Layer> {
        let palette = painter.palette;
        let look = Look {
            palette,
            text: painter.text(),
            bold: painter.style(13.0, Weight::Bold, palette.text),
            muted: painter.style(12.0, Weight::Regular, palette.muted),
            bad: painter.style(12.0, Weight::Regular, palette.bad),
            row: painter.px(24.0),
            pad: painter.px(12.0),
            size: painter.px(84.0),
            time: painter.px(132.0),
            line: painter.px(1.0).max(1.0),
            px: painter.scale,
        };
        let (width, height) = (area.width as f32, area.height as f32);
        let (head, foot) = (painter.px(34.0), painter.px(44.0));
        let half = ((width - 3.0 * look.pad) / 2.0).max(1.0);
        let top = look.pad;
        let tall = (height - foot - 2.0 * look.pad).max(1.0);
        // Without its head, columns and summary.
        let room = (tall - head - look.row - look.row).max(look.row);
        self.rows = (room / look.row).floor().max(1.0) as usize;
        for pane in &mut self.sides {
            pane.show(self.rows);
        }
        let boxes = [0.0, 1.0].map(|index| Area {
            x: look.pad + index * (half + look.pad),
            y: top,
            width: half,
            height: tall,
        });
        let mut hits: Vec<(Area, Hit)> = Vec::new();
        let buttons = buttons(width, height - foot, foot, painter, &look);
        hits.extend(buttons.iter().map(|(area, act, _)| (*area, Hit::Act(*act))));
        let this: &Self = self;
        let ground = Area { x: 0.0, y: 0.0, width, height };
        let layer = painter.layer(area, |canvas| {
            canvas.fill_rounded(ground, look.pad, palette.surface);
            canvas.outline_rounded(ground, look.pad, palette.border, look.line);
            for (index, pane) in this.sides.iter().enumerate() {
                this.draw_side(index, pane, boxes[index], head, canvas, &look, &mut hits);
            }
            for (at, act, label) in &buttons {
                let over = this.over == Some(Hit::Act(*act));
                let color = if over { palette.pressed } else { palette.hover };
                canvas.fill_rounded(*at, 6.0 * look.px, color);
                canvas.outline_rounded(*at, 6.0 * look.px, palette.border, look.line);
                canvas.text_centred(label, *at, look.text);
            }
            if let Some(prompt) = &this.prompt {
                draw_prompt(prompt, ground, canvas, &look);
            }
        });
        let corner = (area.x as f32, area.y as f32);
        for (at, _) in &mut hits {
            (at.x, at.y) = (at.x + corner.0, at.y + corner.1);
        }
        self.hits = hits;
        layer
    }

    #[expect(clippy::too_many_arguments, reason = "one place draws both sides")]
    fn draw_side<T: Typeface>(
        &self,
        index: usize,
        pane: &Pane,
        at: Area,
        head: f32,
        canvas: &mut Canvas<T>,
        look: &Look,
        hits: &mut Vec<(Area, Hit)>,
    ) {
        let palette = look.palette;
        let active = self.active == index;
        let corner = 6.0 * look.px;
        canvas.fill_rounded(at, corner, palette.field);
        let (edge, wide) = if active {
            (palette.accent, (2.0 * look.px).round())
        } else {
            (palette.border, look.line)
        };
        canvas.outline_rounded(at, corner, edge, wide);
        hits.push((at, Hit::Pane(index)));
        let baseline = |top: f32, height: f32| (top + height / 2.0 + look.text.px * 0.36).round();
        // Whose it is, and where.
        let whose = match pane.side {
            Side::Here => "This computer",
            Side::There => "The machine",
        };
        let left = at.x + look.pad;
        let inner = (at.width - 2.0 * look.pad).max(1.0);
        canvas.text(whose, left, baseline(at.y, head), look.bold);
        let after = canvas.measure(whose, look.bold) + look.pad;
        // What is near matters more than the beginning.
        let way = fitted_end(canvas, &way(&pane.folder), (inner - after).max(1.0), look.muted);
        canvas.text(&way, left + after, baseline(at.y, head), look.muted);
        // Columns.
        let columns_top = at.y + head;
        let line = Area { x: at.x, y: columns_top, width: at.width, height: look.row };
        canvas.fill(inside(line, wide), palette.panel);
        let narrow = at.width < 4.5 * look.size;
        let time = if narrow { 0.0 } else { look.time };
        let name_width = (inner - look.size - time).max(1.0);
        let heads = [
            (Column::Name, "Name", left, name_width),
            (Column::Size, "Size", left + name_width, look.size),
            (Column::Time, "Changed (UTC)", left + name_width + look.size, time),
        ];
        for (column, label, x, width) in heads {
            if width < 1.0 {
                continue;
            }
            let mark = match pane.sort {
                (by, true) if by == column => " ↓",
                (by, false) if by == column => " ↑",
                _ => "",
            };
            let label = format!("{label}{mark}");
            let text = match column {
                Column::Name => x,
                // Figures end where their head does.
                Column::Size => x + width - canvas.measure(&label, look.muted),
                Column::Time => x + look.pad,
            };
            canvas.text(&label, text, baseline(columns_top, look.row), look.muted);
            hits.push((Area { x, width, ..line }, Hit::Head(index, column)));
        }
        // Rows.
        let rows_top = columns_top + look.row;
        for shown in 0..self.rows {
            let number = pane.top + shown;
            let Some(row) = pane.row(number) else { break };
            let line = Area {
                x: at.x,
                y: rows_top + shown as f32 * look.row,
                width: at.width,
                height: look.row,
            };
            let hit = Hit::Row(index, number);
            hits.push((line, hit));
            let line = inside(line, 2.0 * wide);
            let chosen = matches!(row, Row::Item(item) if pane.is_chosen(&item.entry.name));
            if chosen {
                canvas.fill_rounded(line, 4.0 * look.px, palette.pressed);
            } else if self.over == Some(hit) {
                canvas.fill_rounded(line, 4.0 * look.px, palette.hover);
            }
            if number == pane.marked {
                let color = if active { palette.accent } else { palette.track };
                canvas.outline_rounded(line, 4.0 * look.px, color, wide.max(look.line));
            }
            let middle = baseline(line.y, line.height);
            let icon = 20.0 * look.px;
            let (kind, name) = match row {
                Row::Up => (EntryKind::Folder, "..".to_owned()),
                Row::Item(item) => (item.entry.kind, gc_proto::clean_text(&item.entry.name, 255)),
            };
            draw_icon(kind, left, line, canvas, look);
            let style = if kind == EntryKind::Other { look.muted } else { look.text };
            let name = canvas.fitted(&name, (name_width - icon).max(1.0), style);
            canvas.text(&name, left + icon, middle, style);
            let Row::Item(item) = row else { continue };
            if kind == EntryKind::File {
                let size = bytes(item.entry.size);
                let end = left + name_width + look.size;
                let x = end - canvas.measure(&size, look.muted);
                canvas.text(&size, x, middle, look.muted);
            }
            if time > 0.0 && !pane.at_places() {
                let x = left + name_width + look.size + look.pad;
                canvas.text(&date(item.entry.modified_ms), x, middle, look.muted);
            }
        }
        let says = match pane.state {
            State::Loading => Some(("Reading …", look.muted)),
            State::Failed(cause) => Some((cause.sentence(), look.bad)),
            State::Ready if pane.totals(false).0 == 0 => Some(("Nothing is here.", look.muted)),
            State::Ready => None,
        };
        if let Some((sentence, style)) = says {
            let lines = canvas.wrapped(sentence, inner, style);
            for (number, text) in lines.iter().enumerate() {
                let y = rows_top + (number as f32 + 2.0) * look.row;
                canvas.text(text, left, y, style);
            }
        }
        draw_bar(pane, self.rows, (rows_top, look.row), at, canvas, look);
        let (text, is_bad) = summary(pane);
        let style = if is_bad { look.bad } else { look.muted };
        let text = canvas.fitted(&text, inner, style);
        canvas.text(&text, left, baseline(at.y + at.height - look.row, look.row), style);
    }
}

/// How much of a long list is shown, and where.
fn draw_bar<T: Typeface>(
    pane: &Pane,
    rows: usize,
    (top, row): (f32, f32),
    at: Area,
    canvas: &mut Canvas<T>,
    look: &Look,
) {
    let all = pane.rows();
    if all <= rows {
        return;
    }
    let tall = rows as f32 * row;
    let part = |count: usize| tall * count as f32 / all as f32;
    let width = 3.0 * look.px;
    let thumb = Area {
        x: at.x + at.width - 3.0 * width,
        y: top + part(pane.top),
        width,
        height: part(rows).max(row / 2.0),
    };
    canvas.fill_rounded(thumb, width / 2.0, look.palette.border);
}

fn inside(area: Area, by: f32) -> Area {
    Area { x: area.x + by, width: (area.width - 2.0 * by).max(1.0), ..area }
}

/// The end of a text that does not fit.
fn fitted_end<T: Typeface>(canvas: &mut Canvas<T>, text: &str, width: f32, style: Style) -> String {
    let mut shown = text.to_owned();
    let mut rest = text.chars();
    while canvas.measure(&shown, style) > width && rest.next().is_some() {
        shown = format!("…{}", rest.as_str());
    }
    shown
}

fn draw_icon<T: Typeface>(
    kind: EntryKind,
    left: f32,
    line: Area,
    canvas: &mut Canvas<T>,
    look: &Look,
) {
    let (px, palette) = (look.px, look.palette);
    let top = line.y + line.height / 2.0;
    match kind {
        EntryKind::Folder => {
            let tab = Area { x: left, y: top - 6.0 * px, width: 6.0 * px, height: 4.0 * px };
            canvas.fill_rounded(tab, px, palette.accent);
            let body = Area { x: left, y: top - 4.0 * px, width: 13.0 * px, height: 10.0 * px };
            canvas.fill_rounded(body, 2.0 * px, palette.accent);
        }
        EntryKind::File => {
            let sheet =
                Area { x: left + px, y: top - 6.0 * px, width: 10.0 * px, height: 12.0 * px };
            canvas.outline_rounded(sheet, 2.0 * px, palette.muted, px.max(1.0));
        }
        EntryKind::Other => canvas.dot(left + 6.0 * px, top, 2.0 * px, palette.muted),
    }
}

/// The buttons below, as many as fit.
fn buttons(
    width: f32,
    top: f32,
    foot: f32,
    painter: &mut Painter,
    look: &Look,
) -> Vec<(Area, Act, &'static str)> {
    let height = painter.px(28.0);
    let y = top - look.pad / 2.0 + (foot - height) / 2.0;
    let mut x = look.pad;
    let mut placed = Vec::new();
    for (act, label) in ACTS {
        let wide = (painter.measure(label, look.text) + painter.px(20.0)).ceil();
        if x + wide > width - look.pad {
            break;
        }
        placed.push((Area { x, y, width: wide, height }, act, label));
        x += wide + painter.px(6.0);
    }
    placed
}

fn draw_prompt<T: Typeface>(prompt: &Prompt, ground: Area, canvas: &mut Canvas<T>, look: &Look) {
    let (px, palette) = (look.px, look.palette);
    let width = (420.0 * px).min(ground.width - 2.0 * look.pad).max(1.0);
    let height = 104.0 * px;
    let at = Area {
        x: ((ground.width - width) / 2.0).round(),
        y: ((ground.height - height) / 2.0).round().max(0.0),
        width,
        height,
    };
    canvas.fill_rounded(at, 10.0 * px, palette.panel);
    canvas.outline_rounded(at, 10.0 * px, palette.border, look.line);
    canvas.text(prompt.title(), at.x + look.pad, at.y + 26.0 * px, look.bold);
    let field = Area {
        x: at.x + look.pad,
        y: at.y + 38.0 * px,
        width: width - 2.0 * look.pad,
        height: 30.0 * px,
    };
    canvas.fill_rounded(field, 4.0 * px, palette.field);
    canvas.outline_rounded(field, 4.0 * px, palette.accent, (2.0 * px).max(1.0));
    let baseline = (field.y + field.height / 2.0 + look.text.px * 0.36).round();
    let inner = field.width - 2.0 * look.pad;
    let before: String = prompt.text.chars().take(prompt.caret).collect();
    let shown = gc_proto::clean_text(&prompt.text, 255);
    let caret = canvas.measure(&before, look.text);
    // A long name is shown up to the caret.
    let text = if canvas.measure(&shown, look.text) <= inner {
        canvas.text(&shown, field.x + look.pad, baseline, look.text);
        caret
    } else {
        let end = fitted_end(canvas, &before, inner, look.text);
        canvas.text(&end, field.x + look.pad, baseline, look.text);
        canvas.measure(&end, look.text)
    };
    let line = Area {
        x: (field.x + look.pad + text).round(),
        y: field.y + 6.0 * px,
        width: (1.5 * px).max(1.0),
        height: field.height - 12.0 * px,
    };
    canvas.fill(line, palette.text);
    let hint = "Enter does it, Esc leaves everything as it is.";
    let hint = canvas.fitted(hint, width - 2.0 * look.pad, look.muted);
    canvas.text(&hint, at.x + look.pad, at.y + 90.0 * px, look.muted);
}

#[cfg(test)]
mod tests {
    use gc_platform::Entry;
    use gc_types::CauseCode;

    use super::*;
    use crate::chrome::tests::painter;
    use crate::files::{Found, Item};

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (ms, expected) in [
            (0, ""),
            (1_700_000_000_000, "2023-11-14 22:13"),
            (951_782_400_000, "2000-02-29 00:00"),
            (4_102_444_799_000, "2099-12-31 23:59"),
        ] {
            assert_eq!(date(ms), expected);
        }
    }

    #[test]
    fn a_way_is_for_people_and_harmless() {
        assert_eq!(way(&StorePath::default()), "Places");
        assert_eq!(way(&StorePath::new("home", "a/b")), "Home / a / b");
        assert_eq!(way(&StorePath::new("/", "")), "Computer");
        assert_eq!(way(&StorePath::new("C:", "x")), "C: / x");
        let hostile = StorePath { place: "home".into(), parts: vec!["a\u{202E}b\n".into()] };
        assert!(!way(&hostile).contains(['\u{202E}', '\n']));
    }

    #[test]
    fn everything_lies_in_the_panel_and_is_hit_where_it_is_drawn() {
        let entry = |at: usize| Entry {
            name: format!("{at:03} {}", "x".repeat(at)),
            kind: [EntryKind::File, EntryKind::Folder, EntryKind::Other][at % 3],
            size: 10_u64.pow(at as u32 % 12),
            modified_ms: at as i64 * 1_000_000_000_000,
        };
        let items = (0..60).map(|at| Item { entry: entry(at), place: String::new() }).collect();
        let mut panes = Panes::new();
        panes.sides[0].listed(Ok(Found { items, cut: true }));
        panes.sides[1].listed(Err(CauseCode::FilesDenied));
        for (width, height) in [(1200, 700), (500, 300), (40, 30), (1, 1)] {
            let area = PixelRect { x: 16, y: 44, width, height };
            assert_eq!(panes.draw(area, &mut painter()).unwrap().area, area);
        }
        panes.draw(PixelRect { x: 16, y: 44, width: 1200, height: 700 }, &mut painter());
        let of = |panes: &Panes, hit| {
            let (area, _) = panes.hits.iter().find(|(_, known)| *known == hit).unwrap();
            panes.at((area.x + area.width / 2.0) as i32, (area.y + area.height / 2.0) as i32)
        };
        for hit in [Hit::Row(0, 3), Hit::Head(0, Column::Size), Hit::Act(Act::Copy)] {
            assert_eq!(of(&panes, hit), Some(hit));
        }
        assert!(panes.hover(16 + 100, 44 + 100) && !panes.hover(16 + 101, 44 + 100));
        assert_eq!(panes.at(2, 2), None);
        assert_eq!(summary(&panes.sides[0]), ("The first 60 items of more".to_owned(), true));
        panes.sides[0].choose_all();
        assert!(summary(&panes.sides[0]).0.starts_with("60 items selected"));
    }
}
