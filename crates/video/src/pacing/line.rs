//! What is known of the way to one viewer.
//!
//! The rate is measured by what acknowledgements say: from when the frame before it
//! had passed the narrowest place, or a frame could have arrived itself, until it
//! did arrive, its bytes were passing. By the same rate it is foretold when what was
//! sent will have passed; nothing more is sent while that is further away than an
//! allowance, and nothing at all while an acknowledgement is later than it should be.

use std::time::Duration;

use super::shortest::Shortest;

/// Less than this is within what schedulers cost at either end.
const NOTABLE: Duration = Duration::from_millis(30);
/// Observations older than this are not added up with new ones.
const SAMPLE_AGE: Duration = Duration::from_secs(2);
pub(super) const LEAST_KBPS: f64 = 128.0;
const MOST_KBPS: f64 = 200_000.0;
/// Smaller amounts tell nothing about the link.
const TELLING_BYTES: u64 = 4 << 10;
/// Taken for the round trip until one was measured.
const UNKNOWN_TRIP: Duration = Duration::from_millis(50);
/// An acknowledgement that is later than foretold by more than this, or by four times
/// of how far they usually stray, tells of a queue, or of a line that became narrower.
const LEAST_LATE: Duration = Duration::from_millis(10);
const MOST_LATE: Duration = Duration::from_millis(60);
/// What was foretold of frames that nobody will acknowledge counts for this long.
const FORETOLD: Duration = Duration::from_secs(2);

/// For what something is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// Something has changed just now.
    Fresh,
    /// The rest of a large picture, or a refinement: it leaves room for what is
    /// fresh.
    Bulk,
}

impl Urgency {
    /// Time for which bytes may wait in front of the narrowest place.
    pub(super) const fn allowance(self) -> Duration {
        match self {
            Self::Fresh => Duration::from_millis(40),
            Self::Bulk => Duration::from_millis(12),
        }
    }
}

#[derive(Debug)]
pub(super) struct Line {
    /// Newest acknowledged frame.
    pub(super) acked: u32,
    /// Newest frame of which it is known that there will be no acknowledgement.
    pub(super) excused: u32,
    /// Whether it gets what is sent to everybody.
    pub(super) attached: bool,
    pub(super) probing: bool,
    /// When it acknowledged last.
    pub(super) progress: Duration,
    /// When all that was sent will have passed the narrowest place.
    busy_until: Duration,
    sent_at: Duration,
    smooth: Option<Duration>,
    /// Time that the viewer takes to draw, smoothed; not part of the round trip.
    draw: Duration,
    /// How far acknowledgements stray from what was foretold, smoothed.
    stray: Duration,
    shortest: Shortest,
    /// The shortest round trip is one of little that was alone on the way. That of a
    /// large picture on a slow line is mostly the time that its bytes took to pass.
    proven: bool,
    /// The rate was measured at least once; before, it is a guess.
    measured: bool,
    last_arrival: Duration,
    sample: Sample,
    kbps: f64,
}

impl Line {
    pub(super) fn new(newest: u32, kbps: f64, now: Duration) -> Self {
        Self {
            acked: newest,
            excused: newest,
            attached: true,
            probing: false,
            progress: now,
            busy_until: Duration::ZERO,
            sent_at: Duration::ZERO,
            smooth: None,
            draw: Duration::ZERO,
            stray: Duration::from_millis(8),
            shortest: Shortest::default(),
            proven: false,
            measured: false,
            last_arrival: Duration::ZERO,
            sample: Sample::default(),
            kbps,
        }
    }

    pub(super) const fn kbps(&self) -> f64 {
        self.kbps
    }

    pub(super) const fn round_trip(&self) -> Option<Duration> {
        self.smooth
    }

    /// The round trip while nothing waits anywhere.
    pub(super) fn base(&self) -> Duration {
        let shortest = self.shortest.get().unwrap_or(UNKNOWN_TRIP);
        if self.proven { shortest } else { shortest.min(UNKNOWN_TRIP) }
    }

    fn passing(&self, bytes: u64) -> Duration {
        Duration::from_secs_f64(bytes as f64 / (self.kbps * 125.0))
    }

    /// Bytes go out. They pass behind what was sent before.
    pub(super) fn sent(&mut self, bytes: u64, now: Duration) {
        self.busy_until = self.busy_until.max(now) + self.passing(bytes);
        self.sent_at = now;
    }

    /// Everything that was sent has been acknowledged, so it has passed, whatever was
    /// foretold.
    pub(super) fn emptied(&mut self, now: Duration) {
        self.busy_until = self.busy_until.min(now);
    }

    /// The same while nothing is known to be on the way. What was foretold may be all
    /// that is left of a frame that was lost, so it does not count for long.
    pub(super) fn ready_again_at(&self, urgency: Urgency) -> Duration {
        self.ready_at(urgency).min(self.sent_at + FORETOLD)
    }

    /// When what was sent has passed so far that something of this urgency may
    /// follow.
    pub(super) fn ready_at(&self, urgency: Urgency) -> Duration {
        self.busy_until.saturating_sub(urgency.allowance())
    }

    /// Whether an acknowledgement for what was sent at `at`, with `bytes` in front of
    /// it and in it, should be here.
    pub(super) fn is_late(&self, at: Duration, bytes: u64, now: Duration) -> bool {
        let drawn = at + self.base() + self.passing(bytes) + self.draw * 2;
        now > drawn + (self.stray * 4).clamp(LEAST_LATE, MOST_LATE)
    }

    /// How long a frame that waits for nothing is on its way.
    pub(super) fn whole_trip(&self) -> Duration {
        self.base() + self.draw + Urgency::Fresh.allowance()
    }

    /// A frame was drawn in this time.
    pub(super) fn drawn(&mut self, draw: Duration) {
        self.draw = self.draw.mul_f64(0.8) + draw.mul_f64(0.2);
    }

    /// Bytes that may be on the way.
    pub(super) fn byte_window(&self, urgency: Urgency) -> u64 {
        let time = self.base() + self.draw + urgency.allowance() * 2;
        let least = if urgency == Urgency::Fresh { 3 << 10 } else { 2 << 10 };
        ((self.kbps * 125.0 * time.as_secs_f64()) as u64).max(least)
    }

    /// Frames, the first of them sent at `first` and the last at `at`, have made
    /// their round trip. The time that their bytes took to pass begins when the frame
    /// before them had passed, or when they could have arrived themselves.
    pub(super) fn measure(
        &mut self,
        bytes: u64,
        first: Duration,
        at: Duration,
        trip: Duration,
        now: Duration,
    ) {
        let smooth = self.smooth.map_or(trip, |old| old.mul_f64(0.8) + trip.mul_f64(0.2));
        self.smooth = Some(smooth);
        self.shortest.note(trip, now);
        let alone = first == at && self.last_arrival <= first;
        // By a rate that was guessed anything seems to pass at once.
        let quick = self.measured && self.passing(bytes) * 4 < trip;
        self.proven |= alone && (bytes < TELLING_BYTES || quick);
        if alone && bytes < TELLING_BYTES / 2 {
            self.shortest.note_alone(trip.saturating_sub(self.passing(bytes)), now);
        }
        let shortest = self.base();
        let stray = trip.abs_diff(shortest + self.passing(bytes)).min(MOST_LATE);
        self.stray = self.stray.mul_f64(0.9) + stray.mul_f64(0.1);
        let arrived = at + trip;
        let begin = (first + shortest).max(self.last_arrival);
        self.last_arrival = self.last_arrival.max(arrived);
        let passing = arrived.saturating_sub(begin).max(Duration::from_millis(1));
        let kilobits = bytes as f64 * 8.0 / 1000.0;
        let expected = kilobits / self.kbps;
        // Small frames say something only about slow links; otherwise their time is
        // that of schedulers.
        if bytes < TELLING_BYTES && expected < 0.008 && passing < NOTABLE {
            return;
        }
        if now > self.sample.since + SAMPLE_AGE {
            self.sample = Sample { since: now, ..Sample::default() };
        }
        self.sample.kilobits += kilobits;
        self.sample.time += passing;
        let sample = self.sample;
        let seen = sample.kilobits / sample.time.as_secs_f64();
        let little = sample.kilobits < 64.0 && sample.time < Duration::from_millis(400);
        if little || seen < self.kbps && sample.time < NOTABLE {
            return;
        }
        self.sample = Sample { since: now, ..Sample::default() };
        let before = self.kbps;
        let first_time = !std::mem::replace(&mut self.measured, true);
        self.kbps = if seen >= self.kbps {
            // A picture that has passed proves what the link can do; little data
            // proves little.
            seen.min(self.kbps * if sample.kilobits < 512.0 { 1.5 } else { 4.0 })
        } else if first_time {
            seen
        } else {
            // A hundredth of what it was is believed in a few steps, not in ten.
            (self.kbps * 0.4 + seen * 0.6).min((self.kbps * seen).sqrt())
        }
        .clamp(LEAST_KBPS, MOST_KBPS);
        // What is still on its way passes at the new rate.
        let left = self.busy_until.saturating_sub(now);
        self.busy_until = now.min(self.busy_until) + left.mul_f64(before / self.kbps);
    }
}

/// Bytes that passed, and how long they took together.
#[derive(Debug, Clone, Copy, Default)]
struct Sample {
    kilobits: f64,
    time: Duration,
    since: Duration,
}
