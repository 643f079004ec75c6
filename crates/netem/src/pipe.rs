//! A virtual TCP connection: bytes arrive in order and late, or not at all.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use gc_types::{Entropy, SeededEntropy};

/// How bad a direction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// One way.
    pub delay: Duration,
    /// Up to this much more, drawn anew for each message.
    pub jitter: Duration,
    /// Of a thousand messages this many are lost at each attempt. As TCP sends
    /// them again, loss is a delay here, for all that follow too.
    pub loss_per_mille: u16,
    /// Bytes per second; 0: without limit.
    pub bandwidth: u64,
    /// Bytes that may be on the way: send buffer, line and receive buffer.
    pub buffer: usize,
}

impl Profile {
    /// Arrives at once, however much.
    pub const PERFECT: Self = Self {
        delay: Duration::ZERO,
        jitter: Duration::ZERO,
        loss_per_mille: 0,
        bandwidth: 0,
        buffer: usize::MAX,
    };

    /// Only late.
    pub const fn delayed(delay: Duration) -> Self {
        Self { delay, ..Self::PERFECT }
    }

    /// How long TCP waits before it sends again: RFC 6298 with a floor of 200 ms
    /// as in Linux.
    fn retransmission(&self) -> Duration {
        (self.delay * 2 + self.jitter * 4).max(Duration::from_millis(200))
    }
}

/// One direction of a virtual connection.
#[derive(Debug)]
pub struct Pipe {
    profile: Profile,
    entropy: SeededEntropy,
    /// When the line is free again.
    free: Duration,
    /// Nothing arrives before what was sent earlier.
    last_arrival: Duration,
    on_the_way: VecDeque<(Duration, Bytes)>,
    bytes: usize,
    black_hole: bool,
    cut: bool,
}

impl Pipe {
    /// The same seed gives the same jitter and loss.
    pub fn new(profile: Profile, seed: u64) -> Self {
        Self {
            profile,
            entropy: SeededEntropy::new(seed),
            free: Duration::ZERO,
            last_arrival: Duration::ZERO,
            on_the_way: VecDeque::new(),
            bytes: 0,
            black_hole: false,
            cut: false,
        }
    }

    /// Changes for what is sent from now on.
    pub const fn set_profile(&mut self, profile: Profile) {
        self.profile = profile;
    }

    /// Whether the sender's kernel takes more.
    pub const fn is_writable(&self) -> bool {
        !self.cut && self.bytes < self.profile.buffer
    }

    /// Sends a message. On a cut connection it is lost.
    pub fn send(&mut self, message: Bytes, now: Duration) {
        if self.cut {
            return;
        }
        let start = self.free.max(now);
        let takes = match self.profile.bandwidth {
            0 => Duration::ZERO,
            rate => Duration::from_nanos(message.len() as u64 * 1_000_000_000 / rate),
        };
        self.free = start + takes;
        let mut arrival = self.free + self.profile.delay + self.draw(self.profile.jitter);
        let mut wait = self.profile.retransmission();
        while self.draw_per_mille() < self.profile.loss_per_mille.min(900) {
            arrival += wait;
            wait *= 2;
        }
        self.last_arrival = self.last_arrival.max(arrival);
        self.bytes += message.len();
        self.on_the_way.push_back((self.last_arrival, message));
    }

    /// The next message that has arrived.
    pub fn receive(&mut self, now: Duration) -> Option<Bytes> {
        if self.black_hole || self.on_the_way.front()?.0 > now {
            return None;
        }
        let (_, message) = self.on_the_way.pop_front()?;
        self.bytes -= message.len();
        Some(message)
    }

    /// When the next message arrives.
    pub fn next_arrival(&self) -> Option<Duration> {
        if self.black_hole { None } else { self.on_the_way.front().map(|(at, _)| *at) }
    }

    /// From now on nothing arrives, and nobody is told.
    pub const fn swallow(&mut self) {
        self.black_hole = true;
    }

    /// Whether the end was told that the connection is gone: cut, and everything
    /// that arrived has been read.
    pub const fn is_cut(&self) -> bool {
        self.cut
    }

    fn close(&mut self) {
        self.cut = true;
        self.on_the_way.clear();
        self.bytes = 0;
    }

    fn number(&self) -> u64 {
        let mut bytes = [0; 8];
        self.entropy.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn draw(&self, up_to: Duration) -> Duration {
        let span = u64::try_from(up_to.as_nanos()).unwrap_or(u64::MAX - 1) + 1;
        Duration::from_nanos(self.number() % span)
    }

    fn draw_per_mille(&self) -> u16 {
        (self.number() % 1_000) as u16
    }
}

/// Both directions of a virtual connection, between a near and a far end.
#[derive(Debug)]
pub struct Duplex {
    /// From the near end to the far one.
    pub up: Pipe,
    /// From the far end to the near one.
    pub down: Pipe,
}

impl Duplex {
    /// Both directions equally bad.
    pub fn new(profile: Profile, seed: u64) -> Self {
        Self { up: Pipe::new(profile, seed), down: Pipe::new(profile, seed ^ 0x5555) }
    }

    /// The connection breaks and both ends are told at once; what was on the way
    /// is lost.
    pub fn cut(&mut self) {
        self.up.close();
        self.down.close();
    }

    /// The cable is pulled: neither end is told, nothing arrives.
    pub const fn unplug(&mut self) {
        self.up.swallow();
        self.down.swallow();
    }

    /// When something arrives at either end.
    pub fn next_arrival(&self) -> Option<Duration> {
        [self.up.next_arrival(), self.down.next_arrival()].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(value: u64) -> Duration {
        Duration::from_millis(value)
    }

    fn message(size: usize) -> Bytes {
        Bytes::from(vec![0; size])
    }

    #[test]
    fn bytes_take_their_time() {
        let profile = Profile { bandwidth: 1_000_000, ..Profile::delayed(ms(50)) };
        let mut pipe = Pipe::new(profile, 1);
        pipe.send(message(100_000), ms(0));
        pipe.send(message(100_000), ms(0));
        assert_eq!(pipe.next_arrival(), Some(ms(150)));
        assert_eq!(pipe.receive(ms(149)), None);
        assert!(pipe.receive(ms(150)).is_some());
        assert_eq!(pipe.next_arrival(), Some(ms(250)));
    }

    #[test]
    fn loss_and_jitter_delay_but_keep_the_order() {
        let seed = 9;
        println!("seed {seed}");
        let profile = Profile { jitter: ms(40), loss_per_mille: 200, ..Profile::delayed(ms(150)) };
        let mut pipe = Pipe::new(profile, seed);
        for n in 0..200_u8 {
            pipe.send(Bytes::from(vec![n]), ms(u64::from(n)));
        }
        let mut last = Duration::ZERO;
        let mut late = 0;
        for n in 0..200_u8 {
            let at = pipe.next_arrival().unwrap();
            assert!(at >= last);
            late += usize::from(at > ms(u64::from(n) + 190));
            last = at;
            assert_eq!(pipe.receive(at).unwrap()[0], n);
        }
        assert!(late > 20, "{late} of 200 waited for a retransmission");
    }

    #[test]
    fn a_full_buffer_a_cut_and_a_black_hole_differ() {
        let mut link = Duplex::new(Profile { buffer: 1_000, ..Profile::PERFECT }, 1);
        link.up.send(message(1_000), ms(0));
        assert!(!link.up.is_writable());
        assert!(link.up.receive(ms(0)).is_some());
        assert!(link.up.is_writable());
        link.unplug();
        link.up.send(message(10), ms(1));
        assert_eq!((link.up.receive(ms(99)), link.up.is_cut()), (None, false));
        link.cut();
        assert!(link.up.is_cut() && link.down.is_cut() && !link.up.is_writable());
    }
}
