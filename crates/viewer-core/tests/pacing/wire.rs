//! One direction of a virtual TCP connection that carries messages.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use gc_netem::{Shape, ShapedFlow};

/// Unsent bytes that the kernel takes, as set on real sockets.
const UNSENT: usize = 32 << 10;

pub(crate) struct Wire<T> {
    pub(crate) flow: ShapedFlow,
    /// In the sender's kernel.
    unsent: usize,
    /// On their way: bytes that have not arrived of each.
    messages: VecDeque<(usize, T)>,
    /// Whether the far end reads.
    pub(crate) reads: bool,
}

impl<T> Wire<T> {
    pub(crate) fn new(shape: Shape, seed: u64) -> Self {
        let flow = ShapedFlow::new(shape, seed);
        Self { flow, unsent: 0, messages: VecDeque::new(), reads: true }
    }

    pub(crate) fn is_writable(&self) -> bool {
        self.unsent < UNSENT
    }

    pub(crate) fn send(&mut self, size: usize, message: T, now: Duration) {
        self.messages.push_back((size, message));
        self.unsent += size;
        self.pump(now);
    }

    pub(crate) fn pump(&mut self, now: Duration) {
        self.flow.advance(now);
        let some = self.unsent.min(self.flow.room());
        if some > 0 {
            self.unsent -= some;
            self.flow.push(Bytes::from(vec![0; some]), now);
        }
    }

    /// The next message that has arrived as a whole.
    pub(crate) fn receive(&mut self, now: Duration) -> Option<T> {
        self.pump(now);
        if !self.reads {
            return None;
        }
        loop {
            if self.messages.front().is_some_and(|(left, _)| *left == 0) {
                return self.messages.pop_front().map(|(_, message)| message);
            }
            let mut got = self.flow.receive(now)?.len();
            self.pump(now);
            for (left, _) in &mut self.messages {
                let some = got.min(*left);
                *left -= some;
                got -= some;
                if got == 0 {
                    break;
                }
            }
        }
    }

    /// When something happens next. What has arrived and was not read is no event.
    pub(crate) fn next_event(&self, now: Duration) -> Option<Duration> {
        self.flow.next_event().filter(|at| *at > now)
    }
}
