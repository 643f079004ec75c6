//! What a narrow line does to one direction of a TCP connection, on any clock.
//!
//! The model: a bounded queue in front of the narrowest place, that place, and the
//! way behind it. A lost segment comes again later and holds back all that follow
//! it, and the congestion window bounds how much may be on the way. Who uses it
//! hands in bytes only while there is [`room`](ShapedFlow::room), so that a full
//! queue is felt by the sender.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use gc_types::{Entropy, SeededEntropy};

/// Bytes in a segment on an ordinary line.
pub const SEGMENT: usize = 1_448;
/// A sender that nothing follows waits this long before it sends again (the floor of
/// Linux, RFC 6298 §2.4 with 200 ms).
const LEAST_TIMEOUT: Duration = Duration::from_millis(200);
/// What a loss leaves of the congestion window (CUBIC, RFC 9438 §4.6).
const AFTER_LOSS: f64 = 0.7;
/// Segments of the first congestion window (RFC 6928).
const FIRST_WINDOW: f64 = 10.0;
/// Segments of the smallest one.
const LEAST_WINDOW: f64 = 4.0;
/// Bytes on the way behind the queue on a line without a limit.
const MOST_IN_AIR: usize = 4 << 20;

/// How a line is, in one direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// From the narrowest place to the far end; half of the shortest round trip
    /// when both directions have it.
    pub one_way: Duration,
    /// What the narrowest place carries; `None`: anything.
    pub kbps: Option<u32>,
    /// Bytes that wait in front of the narrowest place; 0 stands for 250 ms worth
    /// of them, but at least 64 KiB.
    pub queue: usize,
    /// Of all segments this part is lost, 0 to 0.5. A loss delays what follows by
    /// about a round trip, or by 200 ms and more when nothing follows, and takes 30 %
    /// of the congestion window.
    pub loss: f64,
}

impl Default for Shape {
    fn default() -> Self {
        Self { one_way: Duration::ZERO, kbps: None, queue: 0, loss: 0.0 }
    }
}

impl Shape {
    /// A line of this round trip and rate, without loss.
    pub fn line(round_trip: Duration, kbps: u32) -> Self {
        Self { one_way: round_trip / 2, kbps: Some(kbps), ..Self::default() }
    }

    /// The same with loss.
    #[must_use]
    pub const fn with_loss(self, loss: f64) -> Self {
        Self { loss, ..self }
    }

    fn queue_bytes(&self) -> usize {
        match (self.queue, self.kbps) {
            (0, Some(kbps)) => (kbps as usize * 125 / 4).max(64 << 10),
            (0, None) => MOST_IN_AIR,
            (queue, _) => queue,
        }
    }

    fn round_trip(&self) -> Duration {
        self.one_way * 2
    }

    /// Time in which `bytes` pass the narrowest place.
    fn passing(&self, bytes: usize) -> Duration {
        let nanos = |kbps: u32| bytes as u64 * 8_000_000 / u64::from(kbps.max(1));
        self.kbps.map_or(Duration::ZERO, |kbps| Duration::from_nanos(nanos(kbps)))
    }
}

/// One direction of a connection over such a line.
#[derive(Debug)]
pub struct ShapedFlow {
    shape: Shape,
    entropy: SeededEntropy,
    /// In front of the narrowest place.
    waiting: VecDeque<Bytes>,
    waiting_bytes: usize,
    /// Behind it, with the time of arrival.
    air: VecDeque<(Duration, Bytes)>,
    air_bytes: usize,
    /// When the narrowest place is free.
    free: Duration,
    last_arrival: Duration,
    /// In segments.
    window: f64,
    threshold: f64,
}

impl ShapedFlow {
    /// The same seed loses the same segments.
    pub fn new(shape: Shape, seed: u64) -> Self {
        Self {
            shape,
            entropy: SeededEntropy::new(seed),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            air: VecDeque::new(),
            air_bytes: 0,
            free: Duration::ZERO,
            last_arrival: Duration::ZERO,
            window: FIRST_WINDOW,
            threshold: f64::INFINITY,
        }
    }

    /// For everything that has not passed the narrowest place yet.
    pub fn set_shape(&mut self, shape: Shape) {
        self.shape = shape;
    }

    /// The line as it is now.
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// Bytes that may be handed in now.
    pub fn room(&self) -> usize {
        let queue = self.shape.queue_bytes().saturating_sub(self.waiting_bytes);
        let on_line = self.shape.kbps.map_or(MOST_IN_AIR, |kbps| {
            let millis = self.shape.round_trip().as_millis() as usize + 50;
            (kbps as usize * millis / 8).max(64 << 10)
        });
        if self.air_bytes >= on_line { 0 } else { queue }
    }

    /// Bytes that wait in front of the narrowest place.
    pub const fn queued(&self) -> usize {
        self.waiting_bytes
    }

    /// Hands bytes in. They are taken even without [`room`](Self::room).
    pub fn push(&mut self, mut bytes: Bytes, now: Duration) {
        if self.waiting.is_empty() {
            self.free = self.free.max(now);
        }
        self.waiting_bytes += bytes.len();
        while !bytes.is_empty() {
            let segment = bytes.split_to(bytes.len().min(SEGMENT));
            self.waiting.push_back(segment);
        }
        self.advance(now);
    }

    /// The next bytes that have arrived.
    pub fn receive(&mut self, now: Duration) -> Option<Bytes> {
        self.advance(now);
        if self.air.front()?.0 > now {
            return None;
        }
        let (_, bytes) = self.air.pop_front()?;
        self.air_bytes -= bytes.len();
        Some(bytes)
    }

    /// Whether bytes have arrived that nobody took.
    pub fn has_arrived(&self, now: Duration) -> bool {
        self.air.front().is_some_and(|(at, _)| *at <= now)
    }

    /// When something happens next, if nothing is handed in.
    pub fn next_event(&self) -> Option<Duration> {
        let passing = self.waiting.front().map(|_| self.free);
        let arrival = self.air.front().map(|(at, _)| *at);
        [passing, arrival].into_iter().flatten().min()
    }

    /// Lets segments pass the narrowest place until `now`.
    pub fn advance(&mut self, now: Duration) {
        while self.free <= now {
            let Some(segment) = self.waiting.pop_front() else { return };
            self.waiting_bytes -= segment.len();
            let mut passing = self.shape.passing(segment.len());
            let trip = self.shape.round_trip();
            if self.shape.loss > 0.0 {
                // No more than a window in each round trip.
                passing = passing.max(trip.div_f64(self.window.max(1.0)));
            }
            self.free += passing;
            let mut arrival = self.free + self.shape.one_way;
            if self.shape.loss > 0.0 {
                let mut late = Duration::ZERO;
                while self.draw() < self.shape.loss.min(0.5) {
                    // Three segments behind it tell the sender soon.
                    let soon = self.waiting.len() >= 3 && late.is_zero();
                    late += if soon { trip } else { (trip * 2).max(LEAST_TIMEOUT) };
                    self.threshold = (self.window * AFTER_LOSS).max(LEAST_WINDOW);
                    self.window = self.threshold;
                }
                self.window += if self.window < self.threshold { 1.0 } else { 1.0 / self.window };
                self.window = self.window.min(10_000.0);
                arrival += late;
            }
            self.last_arrival = self.last_arrival.max(arrival);
            self.air_bytes += segment.len();
            self.air.push_back((self.last_arrival, segment));
        }
    }

    fn draw(&self) -> f64 {
        let mut bytes = [0; 4];
        self.entropy.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(value: u64) -> Duration {
        Duration::from_millis(value)
    }

    /// Time until `bytes` have arrived, handed in as there is room.
    fn carry(flow: &mut ShapedFlow, bytes: usize, from: Duration) -> Duration {
        let (mut left, mut got, mut now) = (bytes, 0, from);
        while got < bytes {
            let some = flow.room().min(left);
            flow.push(Bytes::from(vec![0; some]), now);
            left -= some;
            while let Some(segment) = flow.receive(now) {
                got += segment.len();
            }
            if let Some(next) = flow.next_event() {
                now = now.max(next);
            }
        }
        now.saturating_sub(from)
    }

    #[test]
    fn bytes_pass_at_the_rate_and_arrive_after_the_delay() {
        let mut flow = ShapedFlow::new(Shape::line(ms(100), 2_000), 1);
        let took = carry(&mut flow, 250_000, ms(7));
        assert!(took >= ms(1_050) && took < ms(1_060), "{took:?}");
    }

    #[test]
    fn a_full_queue_is_felt_by_the_sender() {
        let mut flow = ShapedFlow::new(Shape { queue: 10_000, ..Shape::line(ms(20), 256) }, 1);
        flow.push(Bytes::from(vec![0; 20_000]), ms(0));
        assert_eq!(flow.room(), 0);
        while flow.receive(ms(400)).is_some() {}
        assert!(flow.room() > 0, "400 ms carry 12,800 bytes");
    }

    #[test]
    fn another_rate_counts_for_what_still_waits() {
        let mut flow = ShapedFlow::new(Shape::line(ms(0), 20_000), 1);
        flow.push(Bytes::from(vec![0; 60_000]), ms(0));
        flow.set_shape(Shape::line(ms(0), 2_000));
        let mut now = ms(0);
        while flow.receive(now).is_some() || flow.next_event().is_some() {
            now = flow.next_event().map_or(now, |next| next.max(now));
        }
        assert!(now > ms(220), "{now:?}");
    }

    #[test]
    fn loss_delays_and_narrows_but_keeps_every_byte() {
        let seed = 0x10_55;
        println!("seed {seed:#x}");
        let clean = Shape::line(ms(100), 20_000);
        let quick = carry(&mut ShapedFlow::new(clean, seed), 500_000, ms(0));
        let slow = carry(&mut ShapedFlow::new(clean.with_loss(0.02), seed), 500_000, ms(0));
        assert!(slow > quick * 4, "{quick:?} without, {slow:?} with loss");
    }
}
