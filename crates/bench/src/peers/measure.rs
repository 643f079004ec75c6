//! One product for one round: started, looked at, typed into, ended.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use gc_e2e::Desktop;
use gc_netem::Shape;

use super::case::Case;
use super::drawing::Drawing;
use super::eye::Eye;
use super::figures::{Book, Figures, Metric};
use super::freshness::Freshness;
use super::group;
use super::line::{Bytes, Line};
use super::picture::{Offset, locate};
use super::product::{Client, GEOMETRY, Host, Name, Product, Seat, display, subfolder, x_server};
use super::rest;
use super::track::Track;
use crate::clock::{milliseconds, monotonic};
use crate::report::progress;
use crate::usage::{self, Worker};

/// How long the first picture may take: on the slowest line it is a lot of data.
const FIRST_PICTURE: Duration = Duration::from_mins(1);
/// A place on the picture for the pointer, away from all bars.
const POINTER: (i16, i16) = (1_500, 900);
/// What starting has set in motion shall not count.
const CALM: Duration = Duration::from_millis(1_500);
/// The same once a line has become narrow under a film.
const ADAPTED: Duration = Duration::from_secs(6);

/// What is to be measured.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// Workloads on the loopback network.
    pub(super) cases: Vec<Case>,
    /// Workloads on lines.
    pub(super) cases_on_lines: Vec<Case>,
    /// The loopback network and lines.
    pub(super) tracks: Vec<Track>,
    /// Time per workload.
    pub(super) time: Duration,
    /// Pauses between keys.
    pub(super) pauses: Vec<Duration>,
    /// Removed in the end, however that comes.
    pub(super) temporary: PathBuf,
}

impl Plan {
    /// Keys alone do not notice a drop of the rate.
    fn cases(&self, track: Track) -> Vec<Case> {
        match track {
            Track::Loopback => self.cases.clone(),
            Track::Mbit20 | Track::Mbit2 | Track::Kbit256 => self.cases_on_lines.clone(),
            Track::Drop => {
                self.cases_on_lines.iter().copied().filter(|&c| c != Case::Typing).collect()
            }
        }
    }
}

/// Measures a product on every line; what fails is written down, and the rest goes
/// on. Returns the command lines.
pub(super) fn round(
    name: Name,
    product: &dyn Product,
    plan: &Plan,
    folder: &Path,
    book: &mut Book,
) -> Result<BTreeSet<String>> {
    let host = product.start_host(folder).context("could not be started")?;
    let host_eye = Eye::open(&host.display)?;
    host_eye.stop_repeating()?;
    let mut commands: BTreeSet<String> = group::noted(folder).into_iter().collect();
    // A line that can be made narrow is not for the figures of the loopback network.
    let (narrow, open): (Vec<Track>, Vec<Track>) =
        plan.tracks.iter().partition(|track| track.thirds().is_some());
    for (tracks, can_be_narrow) in [(open, false), (narrow, true)] {
        if tracks.is_empty() {
            continue;
        }
        let seat = subfolder(folder, if can_be_narrow { "lines" } else { "loopback" })?;
        let visit = Visit::start(product, (&host, &host_eye), can_be_narrow, plan, &seat);
        match visit {
            Ok(mut visit) => visit.measure_all(name, &tracks, plan, book),
            Err(error) => {
                let cause = format!("no picture: {error:#}");
                progress(&format!("{}: {cause}", name.text()));
                book.problem(name, cause);
            }
        }
        commands.extend(group::noted(&seat));
    }
    Ok(commands)
}

/// A client at the end of a line.
struct Visit<'a> {
    // Ended in this order.
    client: Client,
    line: Line,
    eye: Eye,
    desktop: Desktop,
    host: &'a Host,
    host_eye: &'a Eye,
    folder: &'a Path,
    offset: Offset,
    first_picture_ms: f64,
}

impl<'a> Visit<'a> {
    fn start(
        product: &dyn Product,
        (host, host_eye): (&'a Host, &'a Eye),
        can_be_narrow: bool,
        plan: &Plan,
        folder: &'a Path,
    ) -> Result<Self> {
        let drawing = Drawing::start(Case::Typing, &host.display, folder)?;
        let shown = host_eye.screen()?;
        let size = product.client_size();
        let desktop = display(folder, "b", size)?;
        let eye = Eye::open(desktop.display())?;
        eye.stop_repeating()?;
        eye.move_to(POINTER)?;
        let line = Line::open(host.address, can_be_narrow)?;
        let seat = Seat {
            desktop: &desktop,
            size,
            host: host.address,
            line: line.address(),
            temporary: &plan.temporary,
            folder,
        };
        let mut client = (host.join)(&seat)?;
        let end = monotonic() + FIRST_PICTURE;
        let (at, offset) = loop {
            let at = monotonic();
            if let Some(offset) = locate(&shown, &eye.screen()?) {
                break (at, offset);
            }
            if !eye.wait_for_any_change(end)? {
                (client.ready)()?;
                bail!("no picture in {FIRST_PICTURE:?}");
            }
        };
        (client.ready)()?;
        let first_picture_ms = milliseconds(at.saturating_sub(client.started));
        eye.click(POINTER)?;
        std::thread::sleep(CALM);
        // Pages may move the picture once more after the first.
        let offset = locate(&host_eye.screen()?, &eye.screen()?).unwrap_or(offset);
        drop(drawing);
        Ok(Self { client, line, eye, desktop, host, host_eye, folder, offset, first_picture_ms })
    }

    /// What fails is written down, and the rest goes on.
    fn measure_all(&mut self, name: Name, tracks: &[Track], plan: &Plan, book: &mut Book) {
        for &track in tracks {
            for case in plan.cases(track) {
                progress(&format!("{} · {} · {}", name.text(), track.text(), case.text()));
                match self.measure(track, case, plan) {
                    Ok(figures) => book.add((name, track, case), figures),
                    Err(error) => {
                        let cause = format!("{} on {}: {error:#}", case.text(), track.text());
                        progress(&cause);
                        book.problem(name, cause);
                    }
                }
            }
        }
    }

    fn measure(&mut self, track: Track, case: Case, plan: &Plan) -> Result<Figures> {
        let thirds = track.thirds().unwrap_or_default();
        // Settling is not what is measured; but a way that becomes longer in mid-session
        // is nothing that lines do.
        let first = track.thirds().map_or_else(Shape::default, |[first, ..]| first);
        self.line.shape(Shape { kbps: None, ..first });
        let drawing = Drawing::start(case, &self.host.display, self.folder)?;
        std::thread::sleep(if case == Case::Idle { 2 * CALM } else { CALM });
        if first != Shape::default() {
            self.line.shape(first);
            // What was on its way comes, and the sender notices what it has to do with.
            std::thread::sleep(ADAPTED);
        }
        let mut figures = Figures::default();
        figures.put(Metric::FirstPicture, Some(self.first_picture_ms));
        let mut start = self.mark()?;
        let mut codes = Vec::new();
        match case {
            Case::Idle => std::thread::sleep(plan.time),
            Case::Typing => {
                let at = GEOMETRY.key_box(case.workload()).context("no box")?;
                let at = self.offset.apply(at).context("the box is cut off")?;
                let keys = self.eye.keys_to_pixels(at, &plan.pauses)?;
                figures.put_spread(Metric::KeyP50, Metric::KeyP95, &keys.samples.spread());
                figures.put(Metric::KeysLost, Some(f64::from(keys.lost)));
            }
            Case::Scroll | Case::Drag | Case::Video | Case::Video60 => {
                let at = self.barcode(case)?;
                let began = start.at;
                for (third, shape) in (1..).zip(thirds) {
                    self.line.shape(shape);
                    if track == Track::Drop && third == 2 {
                        start = self.mark()?;
                        codes.clear();
                    }
                    codes.extend(self.eye.codes(at, began + plan.time * third / 3)?);
                }
                codes.dedup_by_key(|(_, code)| *code);
            }
        }
        let end = self.mark()?;
        self.fill(case, &mut figures, &start, &end);
        if case.workload().moves() {
            let fresh = Freshness::read(&codes, start.at, end.at);
            if fresh.age_ms.count == 0 {
                bail!("no timestamp could be read in the client's picture");
            }
            figures.put(Metric::Fps, Some(fresh.per_second));
            figures.put_spread(Metric::AgeP50, Metric::AgeP95, &fresh.age_ms);
            figures.put_spread(Metric::StaleP50, Metric::StaleP95, &fresh.staleness_ms);
            figures.put(Metric::Gap, fresh.longest_gap_ms);
        }
        self.memory(&mut figures)?;
        // Only a film is drawn in one piece with its timestamp.
        let film = case.workload().has_film();
        let code = film.then(|| self.barcode(case)).transpose()?;
        rest::settle(&drawing, (self.host_eye, &self.eye), self.offset, code, &mut figures)?;
        Ok(figures)
    }

    fn barcode(&self, case: Case) -> Result<(usize, usize)> {
        let at = GEOMETRY.barcode(case.workload()).context("no timestamp")?;
        self.offset.apply(at).context("the timestamp is cut off")
    }

    fn fill(&self, case: Case, figures: &mut Figures, start: &Mark, end: &Mark) {
        let seconds = end.at.saturating_sub(start.at).as_secs_f64();
        let rate = |end: u64, start: u64| end.saturating_sub(start) as f64 / seconds;
        figures.put(Metric::Down, Some(rate(end.bytes.down, start.bytes.down) * 8.0 / 1e6));
        if case == Case::Idle {
            figures.put(Metric::DownBytes, Some(rate(end.bytes.down, start.bytes.down)));
        }
        figures.put(Metric::Up, Some(rate(end.bytes.up, start.bytes.up)));
        let percent = |of: fn(&Cpu) -> f64| 100.0 * (of(&end.cpu) - of(&start.cpu)) / seconds;
        let host_x =
            (!self.host.workers.contains(&self.host.x_server)).then(|| percent(|cpu| cpu.host_x));
        figures.put(Metric::HostCpu, Some(percent(|cpu| cpu.host)));
        figures.put(Metric::HostXCpu, host_x);
        if !self.host.relay.is_empty() {
            figures.put(Metric::RelayCpu, Some(percent(|cpu| cpu.relay)));
        }
        figures.put(Metric::ClientCpu, Some(percent(|cpu| cpu.client)));
        figures.put(Metric::ClientXCpu, Some(percent(|cpu| cpu.client_x)));
        let both = percent(|cpu| cpu.host + cpu.client) + host_x.unwrap_or(0.0);
        figures.put(Metric::BothCpu, Some(both));
    }

    fn mark(&self) -> Result<Mark> {
        let sum = |roots: &[u32]| -> Result<f64> {
            roots.iter().map(|&root| usage::tree_cpu_seconds(root)).sum()
        };
        let cpu = Cpu {
            host: sum(&self.host.workers)?,
            host_x: Worker(self.host.x_server).cpu_seconds()?,
            relay: sum(&self.host.relay)?,
            client: sum(&self.client.workers)?,
            client_x: Worker(x_server(&self.desktop)?).cpu_seconds()?,
        };
        Ok(Mark { at: monotonic(), cpu, bytes: self.line.bytes() })
    }

    fn memory(&self, figures: &mut Figures) -> Result<()> {
        let sides = [
            (Metric::HostMib, &self.host.workers),
            (Metric::RelayMib, &self.host.relay),
            (Metric::ClientMib, &self.client.workers),
        ];
        for (metric, roots) in sides {
            let mut sum = 0.0;
            for &root in roots {
                sum += usage::tree_pss_mib(root)?;
            }
            figures.put(metric, (!roots.is_empty()).then_some(sum));
        }
        Ok(())
    }
}

/// Counters at one moment.
struct Mark {
    at: Duration,
    cpu: Cpu,
    bytes: Bytes,
}

/// Seconds so far.
struct Cpu {
    host: f64,
    host_x: f64,
    relay: f64,
    client: f64,
    client_x: f64,
}
