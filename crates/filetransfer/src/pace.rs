//! How much may be on its way. The sender keeps what the line holds and a few
//! milliseconds more, so that the line is full and nothing queues in front of input
//! and pictures. Modelled on BBR (draft-ietf-ccwg-bbr): the largest rate at which
//! bytes were taken lately, times the shortest way they had.

use std::collections::VecDeque;
use std::time::Duration;

/// Queue that is allowed on top of the line, as time: a chunk and what a scheduler, a
/// disk or a busy relay may take without the line running dry. Less than this beside
/// [`CHUNK_TIME`] leaves a quarter of some lines unused.
const SLACK: Duration = Duration::from_micros(2_700);
/// Bytes on their way before anything is known.
const FIRST_WINDOW: u64 = 64 << 10;
/// Never less than this: two of the smallest chunks.
const LEAST_WINDOW: u64 = 8 << 10;
/// Data bytes of a chunk at most: with both headers it fits into what a viewer may
/// send in one message.
pub const MAX_CHUNK: usize = 60 << 10;
/// A chunk on a slow line: input waits behind one at most.
const LEAST_CHUNK: usize = 4 << 10;
/// A chunk takes about this long on the line.
const CHUNK_TIME: Duration = Duration::from_millis(2);
/// The best rate counts for this many round trips ...
const RATE_ROUNDS: u64 = 10;
/// ... and the shortest way for this long.
const WAY_LASTS: Duration = Duration::from_secs(30);
/// Over eight round trips, as hundredths: ask for more, drain what that queued,
/// cruise.
const CYCLE: [u64; 8] = [108, 92, 100, 100, 100, 100, 100, 100];
/// While the line is still being found out.
const STARTUP: u64 = 250;
/// While asking for more has brought more.
const GROWING: u64 = 125;
/// A rate that rose by more than one part of so many is not the best one yet.
const GREW: u64 = 25;

#[derive(Debug, Clone, Copy)]
struct Sent {
    /// All bytes sent up to and with this.
    end: u64,
    at: Duration,
    /// Bytes acknowledged when it was sent, and when that was.
    delivered: u64,
    delivered_at: Duration,
    /// The sender had nothing more to send: says nothing about the line.
    starved: bool,
}

/// What the peer did that no honest one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more was acknowledged than was sent")]
pub struct AckBeyondSent;

/// The sending side of one link.
#[derive(Debug)]
pub struct Pace {
    sent: u64,
    delivered: u64,
    delivered_at: Duration,
    room: u64,
    /// What this end itself may have on its way.
    cap: u64,
    flying: VecDeque<Sent>,
    /// Bytes a second, by round.
    rates: VecDeque<(u64, u64)>,
    ways: VecDeque<(Duration, Duration)>,
    round: u64,
    round_ends: u64,
    startup: bool,
    /// The best rate before more was asked for last; at the start, how many rounds did not
    /// better it by a quarter.
    plateau: (u64, u32),
    phase: usize,
    /// The last time that more was asked for, more came.
    grows: bool,
    starved: bool,
}

impl Pace {
    /// Before the first byte. `room` is what the receiver takes until it says.
    pub fn new(now: Duration, room: u64) -> Self {
        Self {
            sent: 0,
            delivered: 0,
            delivered_at: now,
            room,
            cap: u64::MAX,
            flying: VecDeque::new(),
            rates: VecDeque::new(),
            ways: VecDeque::new(),
            round: 0,
            round_ends: 0,
            startup: true,
            plateau: (0, 0),
            phase: 2,
            grows: false,
            starved: true,
        }
    }

    /// Bytes that this end may have on its way, whatever the receiver takes.
    pub fn set_cap(&mut self, cap: u64) {
        self.cap = cap.max(LEAST_WINDOW);
    }

    /// Bytes a second that the line was seen to take; 0 before the first answer.
    pub fn rate(&self) -> u64 {
        self.rates.iter().map(|(_, rate)| *rate).max().unwrap_or(0)
    }

    /// The shortest time from sending to acknowledgement.
    pub fn way(&self) -> Option<Duration> {
        self.ways.iter().map(|(_, way)| *way).min()
    }

    /// Bytes that may be on their way.
    pub fn window(&self) -> u64 {
        let room = self.room.min(self.cap);
        let Some(way) = self.way() else { return FIRST_WINDOW.min(room) };
        let gain = match self.phase {
            _ if self.startup => STARTUP,
            0 if self.grows => GROWING,
            phase => CYCLE[phase],
        };
        let line = bytes_in(self.rate(), way).max(LEAST_WINDOW);
        let mut asked = line * gain / 100;
        if gain > 100 {
            // One chunk more at least: with less a slow rate would find itself confirmed.
            asked = asked.max(line + LEAST_CHUNK as u64);
        }
        (asked + bytes_in(self.rate(), SLACK)).max(LEAST_WINDOW).min(room)
    }

    /// Bytes of the next chunk; 0 while none may be sent.
    pub fn chunk(&self) -> usize {
        let size = if self.way().is_none() {
            LEAST_CHUNK
        } else {
            (bytes_in(self.rate(), CHUNK_TIME) as usize).clamp(LEAST_CHUNK, MAX_CHUNK)
        };
        let flying = self.flying();
        // Rounded to whole chunks, and not down: a window that is never full shows a slower
        // line, which makes for a smaller window.
        let fits = flying + size as u64 / 2 <= self.window();
        if fits && flying + size as u64 <= self.room.min(self.cap) { size } else { 0 }
    }

    /// Bytes on their way.
    pub const fn flying(&self) -> u64 {
        self.sent - self.delivered
    }

    /// A chunk of this many bytes is handed over.
    pub fn sent(&mut self, bytes: usize, now: Duration) {
        if self.flying.is_empty() {
            // The line has rested: the time since counts for nothing.
            self.delivered_at = now;
        }
        self.sent += bytes as u64;
        self.flying.push_back(Sent {
            end: self.sent,
            at: now,
            delivered: self.delivered,
            delivered_at: self.delivered_at,
            starved: self.starved,
        });
        self.starved = false;
    }

    /// There is nothing to send although the line would take it.
    pub fn starve(&mut self) {
        self.starved = true;
    }

    /// The receiver says what it took in all, and how much more may come.
    pub fn acknowledged(
        &mut self,
        received: u64,
        room: u64,
        now: Duration,
    ) -> Result<(), AckBeyondSent> {
        if received > self.sent {
            return Err(AckBeyondSent);
        }
        self.room = room.max(LEAST_WINDOW);
        if received <= self.delivered {
            return Ok(());
        }
        let mut last = None;
        while let Some(first) = self.flying.front().filter(|it| it.end <= received) {
            last = Some(*first);
            self.flying.pop_front();
        }
        self.delivered = received;
        self.delivered_at = now;
        let Some(last) = last else { return Ok(()) };

        let way = now.saturating_sub(last.at);
        while self.ways.back().is_some_and(|(_, known)| *known >= way) {
            self.ways.pop_back();
        }
        self.ways.push_back((now, way));
        while self.ways.front().is_some_and(|(at, _)| now.saturating_sub(*at) > WAY_LASTS) {
            self.ways.pop_front();
        }

        let took = now.saturating_sub(last.delivered_at).max(Duration::from_micros(50));
        let rate = rate_of(received - last.delivered, took);
        // A rate with nothing more to send is a lower bound only.
        if !last.starved || rate > self.rate() {
            while self.rates.back().is_some_and(|(_, known)| *known <= rate) {
                self.rates.pop_back();
            }
            self.rates.push_back((self.round, rate));
        }
        if last.delivered >= self.round_ends {
            self.next_round(last.starved);
        }
        Ok(())
    }

    fn next_round(&mut self, starved: bool) {
        self.round += 1;
        self.round_ends = self.delivered;
        while self.rates.len() > 1
            && self.rates.front().is_some_and(|(at, _)| self.round - at > RATE_ROUNDS)
        {
            self.rates.pop_front();
        }
        let rate = self.rate();
        if self.startup {
            if starved {
                // Nothing was found out.
            } else if rate > self.plateau.0 + self.plateau.0 / 4 {
                self.plateau = (rate, 0);
            } else {
                self.plateau.1 += 1;
                self.startup = self.plateau.1 < 3;
            }
            if !self.startup {
                // Drain what finding out has queued.
                self.phase = 1;
                self.plateau.0 = rate;
            }
        } else if self.phase == 1 {
            // What was asked for in one round is there at the end of the next.
            self.grows = rate > self.plateau.0 + self.plateau.0 / GREW;
            self.phase = if self.grows { 0 } else { 2 };
            self.plateau.0 = rate;
        } else {
            self.phase = (self.phase + 1) % CYCLE.len();
            if self.phase == 0 {
                self.plateau.0 = rate;
            }
        }
    }
}

fn bytes_in(rate: u64, time: Duration) -> u64 {
    u64::try_from(u128::from(rate) * time.as_micros() / 1_000_000).unwrap_or(u64::MAX / 4)
}

fn rate_of(bytes: u64, took: Duration) -> u64 {
    u64::try_from(u128::from(bytes) * 1_000_000 / took.as_micros().max(1)).unwrap_or(u64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::{ACK_AFTER, ACK_BYTES};

    fn fresh() -> Pace {
        Pace::new(Duration::ZERO, 8 << 20)
    }

    /// A line of a rate and a delay with an endless queue, and a receiver that
    /// acknowledges as a desk does. Returns the share of the line that file bytes had, and
    /// the queue that 95 of 100 moments had at most, both after `busy`: so long the receiver
    /// has other work, and looks at what came every 50 ms only.
    fn run(
        bytes_a_second: u64,
        round_trip: Duration,
        busy: Duration,
        mut pace: Pace,
    ) -> (f64, Duration) {
        let (start, end) = (busy + Duration::from_secs(4), busy + Duration::from_secs(16));
        let (mut now, mut line_free, mut ack_due) = (Duration::ZERO, Duration::ZERO, None);
        // When, and all bytes sent until then.
        let mut arrivals: VecDeque<(Duration, u64)> = VecDeque::new();
        let mut acks: VecDeque<(Duration, u64)> = VecDeque::new();
        let (mut sent, mut taken, mut told) = (0_u64, 0_u64, 0_u64);
        let (mut queue, mut look, mut taken_before) = (Vec::new(), start, None);
        while now < end {
            while pace.chunk() > 0 {
                let chunk = pace.chunk();
                sent += chunk as u64;
                pace.sent(chunk, now);
                // Headers of the record and of its segments.
                let wire = (chunk + 130 + chunk / 35) as u64;
                let took = Duration::from_nanos(wire * 1_000_000_000 / bytes_a_second);
                line_free = line_free.max(now) + took;
                arrivals.push_back((line_free + round_trip / 2, sent));
            }
            let first = |of: &VecDeque<(Duration, u64)>| of.front().map(|(at, _)| *at);
            let next = [first(&arrivals), first(&acks), ack_due];
            let Some(next) = next.into_iter().flatten().min() else { panic!("stuck") };
            while look < next.min(end) {
                queue.push(line_free.saturating_sub(look));
                look += Duration::from_micros(1_370);
            }
            now = next;
            while let Some((_, upto)) = arrivals.pop_front_if(|(at, _)| *at <= now) {
                taken = upto;
                let after = if now < busy { Duration::from_millis(50) } else { ACK_AFTER };
                ack_due.get_or_insert(now + after);
            }
            if now >= start {
                taken_before.get_or_insert(taken);
            }
            let enough = now >= busy && taken - told >= ACK_BYTES;
            if enough || ack_due.is_some_and(|due| due <= now) {
                (told, ack_due) = (taken, None);
                acks.push_back((now + round_trip / 2, told));
            }
            while let Some((_, upto)) = acks.pop_front_if(|(at, _)| *at <= now) {
                pace.acknowledged(upto, 8 << 20, now).unwrap();
            }
        }
        queue.sort();
        let taken = taken - taken_before.unwrap_or_default();
        let most = bytes_a_second as f64 * end.saturating_sub(start).as_secs_f64();
        (taken as f64 / most, queue[queue.len() * 95 / 100])
    }

    #[test]
    fn a_line_is_filled_and_its_queue_stays_short() {
        for (mbit, round_trip) in [
            (10, 20),
            (20, 20),
            (20, 100),
            (40, 10),
            (40, 40),
            (50, 60),
            (100, 5),
            (100, 20),
            (100, 100),
            (200, 30),
            (480, 15),
        ] {
            let (rate, round_trip) = (mbit * 125_000, Duration::from_millis(round_trip));
            let (share, queue) = run(rate, round_trip, Duration::ZERO, fresh());
            assert!(share >= 0.9, "{mbit} Mbit/s, {round_trip:?}: {share}");
            let least = Duration::from_nanos(LEAST_CHUNK as u64 * 1_000_000_000 / rate);
            let bound = round_trip / 8 + SLACK + CHUNK_TIME.max(least);
            assert!(queue <= bound, "{mbit} Mbit/s, {round_trip:?}: a queue of {queue:?}");
        }
        // A chunk takes 128 ms here.
        let (share, queue) = run(32_000, Duration::from_millis(100), Duration::ZERO, fresh());
        assert!(share >= 0.8, "{share}");
        assert!(queue <= Duration::from_millis(320), "{queue:?}");
    }

    #[test]
    fn a_receiver_that_was_busy_at_first_leaves_no_line_half_empty() {
        for (mbit, round_trip) in [(20, 20), (20, 100), (100, 20), (1_000, 5)] {
            for busy in [100, 300, 1_000, 3_000] {
                let busy = Duration::from_millis(busy);
                let round_trip = Duration::from_millis(round_trip);
                let (share, _) = run(mbit * 125_000, round_trip, busy, fresh());
                assert!(share >= 0.9, "{mbit} Mbit/s, {round_trip:?}, {busy:?}: {share}");
            }
        }
    }

    #[test]
    fn a_line_that_became_faster_is_found_out() {
        for (mbit, round_trip) in [(20, 20), (20, 100), (100, 20), (100, 5)] {
            let round_trip = Duration::from_millis(round_trip);
            let mut pace = fresh();
            // What two of the smallest chunks in each round trip look like.
            let slow = LEAST_WINDOW * 1_000 / round_trip.as_millis() as u64;
            (pace.startup, pace.phase) = (false, 2);
            pace.rates.push_back((0, slow));
            pace.ways.push_back((Duration::ZERO, round_trip + ACK_AFTER));
            let (share, _) = run(mbit * 125_000, round_trip, Duration::ZERO, pace);
            assert!(share >= 0.7, "{mbit} Mbit/s, {round_trip:?}: {share}");
        }
    }

    #[test]
    fn who_had_nothing_to_send_at_first_has_found_out_nothing() {
        let mut pace = fresh();
        let mut now = Duration::ZERO;
        for _ in 0..10 {
            pace.sent(LEAST_CHUNK, now);
            pace.starve();
            now += Duration::from_millis(20);
            pace.acknowledged(pace.sent, 8 << 20, now).unwrap();
        }
        assert!(pace.startup);
    }

    #[test]
    fn the_receivers_word_bounds_what_is_on_its_way() {
        let mut pace = Pace::new(Duration::ZERO, 40 << 10);
        let mut sent = 0;
        while pace.chunk() > 0 {
            sent += pace.chunk();
            pace.sent(pace.chunk(), Duration::ZERO);
        }
        assert!(sent <= 40 << 10 && pace.flying() == sent as u64);
    }

    #[test]
    fn nobody_acknowledges_what_was_not_sent() {
        let mut pace = Pace::new(Duration::ZERO, 1 << 20);
        pace.sent(1_000, Duration::ZERO);
        let late = Duration::from_millis(1);
        assert_eq!(pace.acknowledged(1_001, 1 << 20, late), Err(AckBeyondSent));
        assert_eq!(pace.acknowledged(1_000, 1 << 20, late), Ok(()));
        assert_eq!(pace.acknowledged(10, 1 << 20, late), Ok(()), "an old word changes nothing");
    }
}
