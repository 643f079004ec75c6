//! One workload over one line, from joining until the picture rests.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::change::{Change, Told};
use super::eye::Eye;
use super::line::Line;
use super::measured::{Measured, Stamps};
use super::quality::{self, psnr};
use super::scene::{Mark, Scene};
use super::staleness::Staleness;
use crate::clock::{milliseconds, monotonic};
use crate::probe::{Probe, equal_share};
use crate::report::progress;
use crate::statistics::Samples;
use crate::usage::Traffic;
use crate::window::View;
use crate::workload::Workload;

/// How long a key may take to show at all.
pub(super) const KEY_LIMIT: Duration = Duration::from_secs(30);
/// Keys that are measured in any case, however long they take.
const LEAST_KEYS: usize = 5;
/// Distance of two looks at the agent's target while the line changes.
const TELL_EVERY: Duration = Duration::from_millis(100);
/// How long after the last change the picture is compared, milliseconds.
const STILL_FOR: [u64; 4] = [200, 500, 1_000, 2_000];

/// What is asked of a measurement.
pub(super) struct Task<'a> {
    pub(super) workload: Workload,
    pub(super) line: Option<&'a Line>,
    pub(super) seconds: u32,
    pub(super) fps: u32,
    pub(super) seed: u32,
    /// Before each key.
    pub(super) pauses: &'a [Duration],
    /// How long the picture may take to become exact.
    pub(super) settling: Duration,
}

/// Measures.
pub(super) fn measure(scene: &mut Scene, task: &Task<'_>) -> Result<Measured> {
    let workload = task.workload;
    let name = task.line.map_or(String::new(), |line| format!(" over {}", line.name));
    progress(&format!("workload {}{name}", workload.name()));
    let mut drawing = scene.workload(workload, task.fps, task.seed)?;
    if let (Some(lines), Some(line)) = (&scene.lines, task.line) {
        lines.shape(line.shape());
    }
    let probe = Probe::open(scene.desktop.display())?;
    let eye = Eye::open(scene.viewing.display(), workload)?;
    let mut measured = Measured::default();
    let joining = monotonic();
    let mut view = scene.view()?;
    measured.first_picture_ms = view.wait_picture()?;
    view.wait_control()?;
    if !workload.moves() {
        // Only now: the agent's own bar has changed the display meanwhile.
        eye.want(probe.settled_screen()?)?;
        let exact =
            eye.wait("an exact picture", task.settling.max(KEY_LIMIT), |seen| seen.exact)?;
        measured.first_exact_ms = Some(milliseconds(exact.saturating_sub(joining)));
    }
    // What joining has set in motion shall not count.
    std::thread::sleep(Duration::from_secs(2));

    let start = scene.mark(&mut view)?;
    let mut change = None;
    if let Some(line) = task.line.filter(|line| line.dropped().is_some()) {
        change = Some(over_a_drop(scene, &mut view, line, task.seconds)?);
    } else {
        if workload.takes_keys() {
            let limit = Duration::from_secs((task.seconds * 3).into());
            let keys = keys_to_pixels(scene.viewing.display(), &eye, task.pauses, limit)?;
            measured.key_to_pixel_ms = keys.spread();
        }
        let length = Duration::from_secs(task.seconds.into());
        let left = (start.at + length).saturating_sub(monotonic());
        if workload != Workload::Typing {
            std::thread::sleep(left);
        }
    }
    let end = scene.mark(&mut view)?;
    measured.fill(&start, &end, &eye, task);
    measured.rss = scene.rss(&view)?;
    if let Some((change, told)) = change {
        measured.change = eye.seen(|seen| change.json(&seen.codes, &seen.quality, &told));
    }
    let stopped = monotonic();
    drawing.freeze()?;
    come_to_rest(scene, &eye, &probe, stopped, task.settling, &mut measured)?;
    // Nobody shall wait for a slow line to say good-bye.
    if let Some(lines) = &scene.lines {
        lines.shape(gc_netem::Shape::default());
    }
    drop(view);
    drawing.kill()?;
    Ok(measured)
}

/// Types on the viewer's display and waits for each key's pixels there,
/// milliseconds; for as long as `limit` or a few keys.
pub(super) fn keys_to_pixels(
    display: &str,
    eye: &Eye,
    pauses: &[Duration],
    limit: Duration,
) -> Result<Samples> {
    let keys = Probe::open(display)?;
    let end = monotonic() + limit;
    let mut samples = Samples::default();
    for pause in pauses {
        if monotonic() > end && samples.len() >= LEAST_KEYS {
            break;
        }
        std::thread::sleep(*pause);
        eye.seen(|seen| seen.flipped = None);
        let pressed = monotonic();
        keys.press()?;
        let shown = eye.wait("the pixels of a key", KEY_LIMIT, |seen| seen.flipped)?;
        samples.push(milliseconds(shown.saturating_sub(pressed)));
    }
    Ok(samples)
}

/// A third of the time as wide as it is, a third narrow, a third wide again.
fn over_a_drop(
    scene: &Scene,
    view: &mut View,
    line: &Line,
    seconds: u32,
) -> Result<(Change, Vec<Told>)> {
    let lines = scene.lines.as_ref().context("a line without a proxy")?;
    let mut told = Vec::new();
    let mut listen = |length: Duration| -> Result<Duration> {
        let end = monotonic() + length;
        while monotonic() < end {
            told.push((monotonic(), view.carried()?));
            std::thread::sleep(TELL_EVERY);
        }
        Ok(monotonic())
    };
    let part = Duration::from_secs(seconds.into()) / 3;
    let start = monotonic();
    let dropped = listen(part)?;
    lines.shape(line.dropped().context("a line that does not change")?);
    let back = listen(part)?;
    lines.shape(line.shape());
    let end = listen(part)?;
    Ok((Change { start, dropped, back, end }, told))
}

/// Nothing changes any more since `stopped`: how near the picture comes, and when it
/// is there.
fn come_to_rest(
    scene: &Scene,
    eye: &Eye,
    probe: &Probe,
    stopped: Duration,
    settling: Duration,
    measured: &mut Measured,
) -> Result<()> {
    let wanted = probe.settled_screen()?;
    eye.want(wanted.clone())?;
    let viewing = Probe::open(scene.viewing.display())?;
    let mut still = Map::new();
    for after in STILL_FOR {
        let moment = stopped + Duration::from_millis(after);
        std::thread::sleep(moment.saturating_sub(monotonic()));
        let shown = viewing.screen()?;
        let (equal, psnr) = (equal_share(&shown, &wanted), psnr(&shown, &wanted));
        measured.equal_share = equal;
        let name = format!("{:.1}", Duration::from_millis(after).as_secs_f64());
        still.insert(name, json!({"equal_share": equal, "psnr_db": psnr}));
    }
    measured.still = Value::Object(still);
    let left = (stopped + settling).saturating_sub(monotonic());
    let exact = eye.wait("an exact picture", left, |seen| seen.exact);
    measured.settle_ms = exact.ok().map(|exact| milliseconds(exact.saturating_sub(stopped)));
    measured.equal_share = equal_share(&viewing.screen()?, &wanted);
    Ok(())
}

impl Measured {
    fn fill(&mut self, start: &Mark, end: &Mark, eye: &Eye, task: &Task<'_>) {
        let seconds = end.at.saturating_sub(start.at).as_secs_f64();
        self.seconds = seconds;
        let inside = |at: Duration| (start.at..end.at).contains(&at);
        let (codes, quality) = eye.seen(|seen| (seen.codes.clone(), seen.quality.clone()));
        let quality: Vec<_> = quality.into_iter().filter(|quality| inside(quality.at)).collect();
        self.quality = quality::json(&quality);
        if task.workload.moves() {
            self.staleness_ms = Staleness::between(&codes, start.at, end.at).json();
        }
        let codes: Vec<_> = codes.into_iter().filter(|(at, _)| inside(*at)).collect();
        let stamps = Stamps::read(&codes, seconds);
        let frames = end.carried.frames - start.carried.frames;
        let stamped = task.workload != Workload::Idle;
        self.frames_per_second = if stamped { stamps.per_second } else { frames as f64 / seconds };
        self.age_ms = stamps.ages_ms.spread();
        self.longest_gap_ms = stamps.longest_gap_ms.filter(|_| task.workload.moves());
        self.round_trip_ms = end.carried.round_trip_us as f64 / 1_000.0;
        self.bytes_per_second = (end.carried.bytes - start.carried.bytes) as f64 / seconds;
        self.bytes_sent_per_second =
            (end.carried.bytes_sent - start.carried.bytes_sent) as f64 / seconds;
        let drawing = (end.carried.drawing_us - start.carried.drawing_us) as f64 / 1_000.0;
        self.draw_ms = (frames > 0).then(|| drawing / frames as f64);
        let less = |end: Traffic, start: Traffic| Traffic {
            sent: end.sent.saturating_sub(start.sent),
            received: end.received.saturating_sub(start.received),
        };
        self.wire = end
            .wire
            .zip(start.wire)
            .map(|(end, start)| (less(end.0, start.0), less(end.1, start.1)));
        let on_line =
            self.wire.map_or(self.bytes_per_second, |(_, viewer)| viewer.received as f64 / seconds);
        self.utilisation = task.line.and_then(|line| line.utilisation(on_line));
        self.cpu = end.cpu.since(&start.cpu, seconds);
    }
}
