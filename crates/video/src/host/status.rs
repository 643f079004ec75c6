//! What the agent tells of itself: rate, round trip, encoder, and why it is slow.

use std::time::Duration;

use gc_proto::Flags;
use gc_proto::v2::{Slow, VideoCodec, VideoMessage, VideoStatus, video_message};

use super::VideoHost;
use crate::slow::{Conditions, micros};
use crate::{MotionCodec, Outgoing};

/// Shortest time between two status messages.
const STATUS_SPACING: Duration = Duration::from_secs(1);
/// Motion that gets less than this part of what its preset allows is starved. What is
/// believed of a link that was not measured yet is more for every preset.
const STARVED: u32 = 4;

impl VideoHost {
    /// What the last [`encode`](Self::encode), or [`next_step`](Self::next_step) with
    /// output, cost on the driver's clock; to be called before its output is polled.
    /// `grab` is zero when nothing was captured for it.
    pub fn took(&mut self, grab: Duration, encode: Duration, now: Duration) {
        let mut pictures = 0;
        for outgoing in &mut self.outbox {
            if let Some(video_message::Body::Frame(frame)) = &mut outgoing.message.body
                && frame.encode_us == 0
            {
                frame.grab_us = micros(grab);
                frame.encode_us = micros(encode).max(1);
                if frame.last {
                    pictures += 1;
                    self.pacer.left(frame.frame_id, now);
                }
            }
        }
        // Capturing that found nothing new has cost the same; deciding has not.
        if pictures > 0 || !grab.is_zero() {
            self.watch.worked(grab, encode, pictures.min(1), now);
        }
    }

    /// Busy part of all processors of the machine lately, percent.
    pub fn machine_load(&mut self, percent: u8) {
        self.watch.load(percent);
    }

    /// The driver woke this much later than [`Step::WaitUntil`](super::Step::WaitUntil)
    /// asked for.
    pub fn woke_late(&mut self, by: Duration) {
        self.watch.late(by);
    }

    /// What slows the picture at present, as far as this end knows.
    pub const fn slow(&self) -> Option<&Slow> {
        self.watch.slow()
    }

    /// Has the watch look at what was measured; tells when it wants to look again.
    pub(super) fn look(&mut self, now: Duration) -> Option<Duration> {
        let conditions = Conditions {
            fps: self.fps(),
            round_trip: self.pacer.round_trip().unwrap_or_default(),
            queue: self.pacer.queueing(),
            starved: self.motion.is_active() && self.rate().kbps < self.limits.kbps / STARVED,
        };
        self.watch.assess(conditions, now)
    }

    pub(super) fn status_now(&self, now: Duration) -> VideoStatus {
        let allowed = self.motion_allowed(now);
        let codec = match self.motion.codec() {
            _ if !allowed => VideoCodec::Unspecified,
            MotionCodec::H264 => VideoCodec::H264,
            MotionCodec::Hevc => VideoCodec::Hevc,
        };
        VideoStatus {
            settings: Some(self.settings),
            codec: codec.into(),
            encoder: if allowed { self.motion.name().to_owned() } else { String::new() },
            round_trip_us: micros(self.pacer.round_trip().unwrap_or_default()),
            target_kbps: self.rate().kbps,
            slow: self.watch.slow().copied(),
            link_kbps: self.pacer.link_kbps(),
        }
    }

    /// Queues the status if it has changed; otherwise tells when to look again.
    fn push_status(&mut self, now: Duration) -> Option<Duration> {
        let status = self.status_now(now);
        let news = self.status.as_ref().is_none_or(|old| {
            self.status_due || old.codec != status.codec || old.encoder != status.encoder
        });
        if !news {
            return None;
        }
        let due = self.status_at.map_or(Duration::ZERO, |at| at + STATUS_SPACING);
        if now < due {
            return Some(due);
        }
        self.status_due = false;
        self.status_at = Some(now);
        self.status = Some(status.clone());
        self.outbox.push_back(Outgoing {
            participant: 0,
            flags: Flags::DROPPABLE.with(Flags::END),
            message: VideoMessage { body: Some(video_message::Body::Status(status)) },
            captured_at: now,
        });
        None
    }

    /// Queues the status if it has changed or its numbers have drifted; otherwise
    /// tells when to look again. Numbers drift only by what is sent and acknowledged,
    /// so a session that rests comes to rest.
    pub(super) fn drifted_status(&mut self, now: Duration) -> Option<Duration> {
        let kbps = self.rate().kbps;
        let trip = micros(self.pacer.round_trip().unwrap_or_default());
        let slow = self.watch.slow();
        self.status_due |= self.status.as_ref().is_none_or(|old| {
            drifted(old.target_kbps, kbps)
                || old.round_trip_us.abs_diff(trip) > 5000 && drifted(old.round_trip_us, trip)
                || match (&old.slow, slow) {
                    (Some(old), Some(new)) => {
                        old.cause != new.cause || drifted(old.picture_us, new.picture_us)
                    }
                    (None, None) => false,
                    _ => true,
                }
        });
        self.push_status(now)
    }
}

/// Whether a number has changed by more than a fifth.
const fn drifted(old: u32, new: u32) -> bool {
    let least = if old == 0 { 1 } else { old };
    old.abs_diff(new) as u64 * 5 > least as u64
}
