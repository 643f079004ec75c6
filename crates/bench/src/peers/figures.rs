//! Figures of a measurement by name, and what remains of several rounds.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::case::Case;
use super::product::Name;
use super::track::Track;
use crate::statistics::{Samples, Spread};

/// What is measured of every product alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Metric {
    /// From a key on the technician's display to its pixels there, ms.
    KeyP50,
    /// The same, 95 of 100.
    KeyP95,
    /// Keys without effect.
    KeysLost,
    /// Different timestamps per second.
    Fps,
    /// Their age when first seen, ms.
    AgeP50,
    /// The same, 95 of 100.
    AgeP95,
    /// Age of what is shown at any moment, ms.
    StaleP50,
    /// The same, 95 of 100.
    StaleP95,
    /// Longest time without a new timestamp, ms.
    Gap,
    /// To the technician, Mbit/s of TCP payload.
    Down,
    /// To the technician, bytes/s of TCP payload; of a picture that does not change.
    DownBytes,
    /// From the technician, bytes/s of TCP payload.
    Up,
    /// Programs of the customer's side, % of a core.
    HostCpu,
    /// Its X server; none when that is the program itself.
    HostXCpu,
    /// Relay between, % of a core.
    RelayCpu,
    /// Programs of the technician's side, % of a core.
    ClientCpu,
    /// Its X server.
    ClientXCpu,
    /// Both sides with the customer's X server, without the relay, % of a core.
    BothCpu,
    /// Proportional memory of the customer's side, MiB.
    HostMib,
    /// Of the relay.
    RelayMib,
    /// Of the technician's side.
    ClientMib,
    /// From joining to the first picture, ms.
    FirstPicture,
    /// From the end of all change until all pixels were equal, ms.
    Settle,
    /// Noise of the last moving picture as it was first shown, dB.
    MovingPsnr,
    /// Equal pixels after 0.2 s at rest, %.
    Equal200,
    /// After 0.5 s.
    Equal500,
    /// After 1 s.
    Equal1000,
    /// After 2 s.
    Equal2000,
    /// After 8 s.
    Equal8000,
    /// PSNR after 0.5 s at rest, dB; none when all pixels are equal.
    Psnr500,
    /// After 8 s.
    Psnr8000,
}

impl Metric {
    /// Name in the file.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::KeyP50 => "key_to_pixel_p50_ms",
            Self::KeyP95 => "key_to_pixel_p95_ms",
            Self::KeysLost => "keys_lost",
            Self::Fps => "frames_per_second",
            Self::AgeP50 => "age_p50_ms",
            Self::AgeP95 => "age_p95_ms",
            Self::StaleP50 => "staleness_p50_ms",
            Self::StaleP95 => "staleness_p95_ms",
            Self::Gap => "longest_gap_ms",
            Self::Down => "down_mbit_per_second",
            Self::DownBytes => "down_bytes_per_second",
            Self::Up => "up_bytes_per_second",
            Self::HostCpu => "host_cpu_percent",
            Self::HostXCpu => "host_x_cpu_percent",
            Self::RelayCpu => "relay_cpu_percent",
            Self::ClientCpu => "client_cpu_percent",
            Self::ClientXCpu => "client_x_cpu_percent",
            Self::BothCpu => "both_sides_cpu_percent",
            Self::HostMib => "host_pss_mib",
            Self::RelayMib => "relay_pss_mib",
            Self::ClientMib => "client_pss_mib",
            Self::FirstPicture => "first_picture_ms",
            Self::Settle => "settle_ms",
            Self::MovingPsnr => "moving_psnr_db",
            Self::Equal200 => "equal_200ms_percent",
            Self::Equal500 => "equal_500ms_percent",
            Self::Equal1000 => "equal_1000ms_percent",
            Self::Equal2000 => "equal_2000ms_percent",
            Self::Equal8000 => "equal_8000ms_percent",
            Self::Psnr500 => "psnr_500ms_db",
            Self::Psnr8000 => "psnr_8000ms_db",
        }
    }

    /// Decimals in a table.
    pub(super) fn decimals(self) -> usize {
        match self {
            Self::Down => 3,
            Self::KeyP50
            | Self::KeyP95
            | Self::Fps
            | Self::Equal500
            | Self::Equal8000
            | Self::HostCpu
            | Self::ClientCpu
            | Self::RelayCpu
            | Self::MovingPsnr => 1,
            _ => 0,
        }
    }
}

/// One measurement.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Figures(pub(super) BTreeMap<Metric, f64>);

impl Figures {
    /// Puts in what there is.
    pub(super) fn put(&mut self, metric: Metric, value: Option<f64>) {
        if let Some(value) = value {
            self.0.insert(metric, value);
        }
    }

    /// Puts in the middle and the tail.
    pub(super) fn put_spread(&mut self, p50: Metric, p95: Metric, spread: &Spread) {
        self.put(p50, spread.p50);
        self.put(p95, spread.p95);
    }
}

/// Middle and range of the rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Middle {
    /// Median.
    pub(super) median: f64,
    /// Least.
    pub(super) least: f64,
    /// Most.
    pub(super) most: f64,
    /// Rounds that gave a value.
    pub(super) rounds: usize,
}

impl Middle {
    fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (*sorted.first()?, *sorted.last()?);
        let (low, high) = (sorted.get((sorted.len() - 1) / 2)?, sorted.get(sorted.len() / 2)?);
        Some(Self { median: f64::midpoint(*low, *high), least, most, rounds: sorted.len() })
    }
}

/// What was measured: of whom, on which line, with which workload.
pub(super) type Place = (Name, Track, Case);

/// All rounds.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// In the order of the rounds.
    pub(super) rounds: BTreeMap<Place, Vec<Figures>>,
    /// What could not be measured, and why.
    pub(super) problems: BTreeMap<Name, Vec<String>>,
}

impl Book {
    /// Adds a measurement of a round.
    pub(super) fn add(&mut self, place: Place, figures: Figures) {
        self.rounds.entry(place).or_default().push(figures);
    }

    /// Adds a cause, once.
    pub(super) fn problem(&mut self, name: Name, cause: String) {
        let causes = self.problems.entry(name).or_default();
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }

    /// Forgets the figures so far: a round to warm up.
    pub(super) fn forget(&mut self) {
        self.rounds.clear();
    }

    /// Middle of the rounds.
    pub(super) fn get(&self, place: Place, metric: Metric) -> Option<Middle> {
        let values: Samples =
            self.rounds.get(&place)?.iter().filter_map(|f| f.0.get(&metric).copied()).collect();
        Middle::of(values.values())
    }

    /// Metrics that were measured there.
    pub(super) fn metrics(&self, place: Place) -> Vec<Metric> {
        let rounds = self.rounds.get(&place).into_iter().flatten();
        let mut metrics: Vec<Metric> =
            rounds.flat_map(|figures| figures.0.keys().copied()).collect();
        metrics.sort_unstable();
        metrics.dedup();
        metrics
    }

    /// For the file: product, line, workload, metric.
    pub(super) fn json(&self) -> Value {
        let mut json = json!({});
        for &place in self.rounds.keys() {
            let (name, track, case) = place;
            for metric in self.metrics(place) {
                if let Some(middle) = self.get(place, metric) {
                    json[name.text()][track.text()][case.text()][metric.key()] = json!({
                        "median": middle.median,
                        "least": middle.least,
                        "most": middle.most,
                        "rounds": middle.rounds,
                    });
                }
            }
        }
        json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(values: &[f64]) -> Book {
        let mut book = Book::default();
        for value in values {
            let figures = Figures([(Metric::Fps, *value)].into());
            book.add((Name::Xvnc, Track::Loopback, Case::Video), figures);
        }
        book
    }

    #[test]
    fn rounds_leave_their_median_and_range() {
        let place = (Name::Xvnc, Track::Loopback, Case::Video);
        let middle = book(&[30.0, 10.0, 29.0]).get(place, Metric::Fps).unwrap();
        assert_eq!(middle, Middle { median: 29.0, least: 10.0, most: 30.0, rounds: 3 });
        assert!((book(&[30.0, 10.0]).get(place, Metric::Fps).unwrap().median - 20.0).abs() < 1e-9);
        assert_eq!(book(&[]).get(place, Metric::Fps), None);
        assert_eq!(book(&[1.0]).get(place, Metric::Gap), None);
    }

    #[test]
    fn the_file_names_product_line_workload_and_metric() {
        let json = book(&[30.0]).json();
        assert_eq!(json["xvnc"]["loopback"]["video"]["frames_per_second"]["median"], 30.0);
    }

    #[test]
    fn the_round_to_warm_up_is_forgotten_but_not_its_problems() {
        let mut book = book(&[1.0]);
        book.problem(Name::Xpra, "not installed".to_owned());
        book.problem(Name::Xpra, "not installed".to_owned());
        book.forget();
        assert!(book.rounds.is_empty());
        assert_eq!(book.problems[&Name::Xpra], ["not installed"]);
    }
}
