//! The session in numbers.

use std::time::Duration;

use gc_panel::{Area, Weight};
use gc_platform::{PixelRect, PixelSize};
use gc_proto::v2::{Slow, SlowCause, VideoCodec};
use gc_viewer_core::Statistics;

use crate::chrome::layer::{Layer, Painter};

/// One sentence for why it is slow, with the figure that shows it.
pub(crate) fn slow_sentence(slow: &Slow) -> String {
    let ms = |us: u32| us.div_ceil(1000);
    match slow.cause() {
        SlowCause::Unspecified => "It is slow.".to_owned(),
        SlowCause::Line => format!(
            "Slow because of the line: {} ms wait in it. Choose a lower quality.",
            ms(slow.queue_us)
        ),
        SlowCause::Encoder => format!(
            "Slow because of the encoder: {} ms for a picture. Choose a lower quality.",
            ms(slow.picture_us)
        ),
        SlowCause::RemoteCpu => format!(
            "Slow because the machine is busy: {} % of its processors. Close programs there.",
            slow.cpu_percent
        ),
        SlowCause::LocalCpu => format!(
            "Slow because of this computer: {} ms to draw a picture. Choose 1:1 or a lower \
             quality.",
            ms(slow.picture_us)
        ),
    }
}

fn lines(statistics: &Statistics, round_trip: Option<Duration>) -> Vec<(String, String)> {
    let ms = |us: u32| format!("{:.1} ms", f64::from(us) / 1000.0);
    let relay = round_trip.map_or_else(|| "–".to_owned(), |trip| ms(trip.as_micros() as u32));
    let kinds = statistics.by_kind;
    let all = (kinds.tile + kinds.h264 + kinds.copy + kinds.fill).max(1);
    let percent = |bytes: u64| bytes * 100 / all;
    let codec = match statistics.codec {
        Some(VideoCodec::H264) => "H.264",
        Some(VideoCodec::Hevc) => "H.265",
        Some(_) => "other",
        None => "tiles only",
    };
    let encoder = if statistics.encoder.is_empty() {
        codec.to_owned()
    } else {
        format!("{codec} · {}", statistics.encoder)
    };
    vec![
        ("Pictures".into(), format!("{} fps", statistics.fps)),
        ("Screen to screen".into(), ms(statistics.total.p50_us)),
        ("  of it drawing here".into(), ms(statistics.decode.p50_us + statistics.draw.p50_us)),
        ("Rate".into(), format!("{} kbit/s of {}", statistics.kbps, statistics.link_kbps)),
        ("To the server and back".into(), relay),
        ("Motion".into(), encoder),
        (
            "By region".into(),
            format!("motion {} %, tiles {} %", percent(kinds.h264), percent(kinds.tile)),
        ),
    ]
}

/// The overlay at the left, below the toolbar.
pub(crate) fn statistics(
    statistics: &Statistics,
    round_trip: Option<Duration>,
    drawing: &str,
    window: PixelSize,
    painter: &mut Painter,
) -> Option<Layer> {
    let palette = painter.palette;
    let (name, value) = (
        painter.style(12.0, Weight::Regular, palette.muted),
        painter.style(12.0, Weight::Regular, palette.text),
    );
    let rows = lines(statistics, round_trip);
    let (pad, step) = (painter.px(12.0), painter.px(18.0));
    let width = painter.px(320.0).min(window.width as f32);
    let inner = (width - 2.0 * pad).max(1.0);
    let mut sentences = painter.wrapped(drawing, inner, name);
    if let Some(slow) = &statistics.slow {
        sentences.extend(painter.wrapped(&slow_sentence(slow), inner, value));
    }
    let height =
        (2.0 * pad + step * (rows.len() + sentences.len()) as f32).min(window.height as f32);
    let area = PixelRect {
        x: (painter.px(8.0) as u32).min(window.width.saturating_sub(width as u32)),
        y: (painter.px(44.0) as u32).min(window.height.saturating_sub(height as u32)),
        width: (width as u32).max(1),
        height: (height as u32).max(1),
    };
    let ground = Area { x: 0.0, y: 0.0, width: area.width as f32, height: area.height as f32 };
    let (px1, px8) = (painter.px(1.0).max(1.0), painter.px(8.0));
    painter.layer(area, |canvas| {
        canvas.fill_rounded(ground, px8, palette.surface);
        canvas.outline_rounded(ground, px8, palette.border, px1);
        let mut y = pad;
        for (label, figure) in &rows {
            let baseline = (y + step * 0.7).round();
            canvas.text(label, pad, baseline, name);
            let wide = canvas.measure(figure, value);
            canvas.text(figure, ground.width - pad - wide, baseline, value);
            y += step;
        }
        for line in &sentences {
            canvas.text(line, pad, (y + step * 0.7).round(), value);
            y += step;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chrome::layer::tests::painter;

    #[test]
    fn each_way_of_being_slow_has_a_sentence_with_its_figure() {
        let slow = |cause: SlowCause| Slow {
            cause: cause.into(),
            queue_us: 250_000,
            picture_us: 41_000,
            interval_us: 33_000,
            cpu_percent: 97,
        };
        for (cause, figure) in [
            (SlowCause::Line, "250 ms"),
            (SlowCause::Encoder, "41 ms"),
            (SlowCause::RemoteCpu, "97 %"),
            (SlowCause::LocalCpu, "41 ms"),
        ] {
            assert!(slow_sentence(&slow(cause)).contains(figure));
        }
        let numbers = Statistics { slow: Some(slow(SlowCause::Line)), ..Statistics::default() };
        for (width, height) in [(10, 10), (1280, 720)] {
            let window = PixelSize { width, height };
            let layer = statistics(&numbers, None, "Drawing: x", window, &mut painter()).unwrap();
            assert!(layer.area.x + layer.area.width <= width);
            assert!(layer.area.y + layer.area.height <= height);
        }
    }
}
