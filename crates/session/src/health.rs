//! Whether the other end of a link is still there.

use std::time::Duration;

/// What to do about a link now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Nothing before this time, unless something is sent or heard.
    Wait(Duration),
    /// Send a heartbeat with this nonce.
    Beat(u32),
    /// Silent for too long: give the link up.
    Dead,
}

/// Heartbeats of one end of a link. A message of any kind counts as a sign of
/// life, so a busy link carries none.
#[derive(Debug, Clone)]
pub struct LinkHealth {
    interval: Duration,
    silence: Duration,
    sent: Duration,
    heard: Duration,
    nonce: u32,
    asked: Option<(u32, Duration)>,
}

impl LinkHealth {
    /// A heartbeat after `interval` without having sent anything; dead after
    /// `silence` without having heard anything.
    pub const fn new(interval: Duration, silence: Duration, now: Duration) -> Self {
        Self { interval, silence, sent: now, heard: now, nonce: 0, asked: None }
    }

    /// The link became busy or idle.
    pub const fn set_interval(&mut self, interval: Duration) {
        self.interval = interval;
    }

    /// Something was sent.
    pub fn sent(&mut self, now: Duration) {
        self.sent = self.sent.max(now);
    }

    /// Something came in.
    pub fn heard(&mut self, now: Duration) {
        self.heard = self.heard.max(now);
    }

    /// When something was last heard.
    pub const fn last_heard(&self) -> Duration {
        self.heard
    }

    /// What to do at `now`. A [`Health::Beat`] counts as sent.
    pub fn poll(&mut self, now: Duration) -> Health {
        let dead_at = self.heard.saturating_add(self.silence);
        if now >= dead_at {
            return Health::Dead;
        }
        let beat_at = self.sent.saturating_add(self.interval);
        if now >= beat_at {
            return Health::Beat(self.beat(now));
        }
        Health::Wait(beat_at.min(dead_at))
    }

    /// The nonce of a heartbeat to send now, due or not: to measure the round trip.
    pub fn beat(&mut self, now: Duration) -> u32 {
        self.nonce = self.nonce.wrapping_add(1);
        self.asked = Some((self.nonce, now));
        self.sent = now;
        self.nonce
    }

    /// An acknowledgement came: the round trip, when it answers the newest beat.
    pub fn acknowledged(&mut self, nonce: u32, now: Duration) -> Option<Duration> {
        self.heard(now);
        let (asked, at) = self.asked?;
        if asked != nonce {
            return None;
        }
        self.asked = None;
        Some(now.saturating_sub(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_quiet_link_beats_and_a_silent_one_dies() {
        let mut health = LinkHealth::new(s(12), s(28), s(100));
        assert_eq!(health.poll(s(100)), Health::Wait(s(112)));
        health.sent(s(105));
        assert_eq!(health.poll(s(112)), Health::Wait(s(117)));
        assert_eq!(health.poll(s(117)), Health::Beat(1));
        assert_eq!(health.acknowledged(1, s(118)), Some(s(1)));
        assert_eq!(health.acknowledged(1, s(118)), None, "answered once");
        assert_eq!(health.poll(s(129)), Health::Beat(2));
        assert_eq!(health.poll(s(141)), Health::Beat(3));
        assert_eq!(health.poll(s(142)), Health::Wait(s(146)));
        assert_eq!(health.poll(s(146)), Health::Dead);
    }

    #[test]
    fn a_watched_link_beats_sooner() {
        let mut health = LinkHealth::new(s(12), s(28), s(0));
        health.set_interval(s(2));
        assert_eq!(health.poll(s(1)), Health::Wait(s(2)));
        assert_eq!(health.poll(s(2)), Health::Beat(1));
    }
}
