//! Encoders that misbehave at every call, through the real host to a real decoder.

mod hevc;
mod misbehaviour;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gc_codec::{Candidate, EncoderPool, Latch, OpenH264Factory, Patience};
use gc_platform_fake::FakeEncoderControl;
use gc_types::{ManualClock, UnixMillis};
use gc_video::MotionCodec;
use gc_video::host::HostEvent;

use crate::VIDEO;
use crate::rig::{MS, Random, Rig, status_of};

/// Longest wait for another thread to do what it is about to do.
const SOON: Duration = Duration::from_secs(30);

/// Gives up on a call as soon as the fake says that it hangs, and notes the time that
/// a real wait would have taken.
struct Scripted {
    control: FakeEncoderControl,
    given_up: AtomicUsize,
    charged: AtomicUsize,
}

impl Scripted {
    fn hangs(&self) -> bool {
        self.control.hanging() > self.given_up.load(Ordering::SeqCst)
    }

    /// Until it is done, or hangs.
    fn settle(&self, done: &Latch) -> bool {
        for _ in 0..SOON.as_millis() {
            if done.wait_for(MS) {
                return true;
            }
            if self.hangs() {
                return false;
            }
        }
        panic!("neither done nor hanging");
    }
}

impl Patience for Scripted {
    fn wait(&self, done: &Latch, limit: Duration) -> bool {
        let finished = self.settle(done);
        if !finished {
            self.given_up.fetch_add(1, Ordering::SeqCst);
            self.charged.fetch_add(limit.as_millis() as usize, Ordering::SeqCst);
        }
        finished
    }

    fn look(&self, done: &Latch) -> bool {
        self.settle(done)
    }

    fn gave_up(&self, _: Duration, _: Duration) -> bool {
        let hangs = self.hangs();
        self.given_up.fetch_add(usize::from(hangs), Ordering::SeqCst);
        hangs
    }
}

/// A machine with one encoder of unknown quality, and a viewer.
struct Bench {
    rig: Rig,
    pool: Arc<EncoderPool>,
    clock: Arc<ManualClock>,
    control: FakeEncoderControl,
    patience: Arc<Scripted>,
    random: Random,
}

const NAME: &str = "fake device";

fn candidate(control: &FakeEncoderControl) -> Candidate {
    let control = control.clone();
    let connect = move || -> Result<Box<dyn gc_video::MotionEncoderFactory>, _> {
        Ok(Box::new(control.connect(Box::new(OpenH264Factory), &[MotionCodec::H264])?))
    };
    Candidate { name: NAME.into(), connect: Arc::new(connect) }
}

impl Bench {
    fn new(control: FakeEncoderControl) -> Self {
        let clock = Arc::new(ManualClock::new(UnixMillis(1_000_000)));
        let (given_up, charged) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let patience = Arc::new(Scripted { control: control.clone(), given_up, charged });
        let candidates = vec![candidate(&control)];
        let pool = EncoderPool::new(candidates, clock.clone(), patience.clone());
        let mut rig = Rig::with(640, 480, Box::new(pool.chain()));
        rig.join(1, MS * 4);
        let random = Random::new(0x6C_0E4C);
        let mut bench = Self { rig, pool, clock, control, patience, random };
        bench.rest();
        bench
    }

    /// One picture of video, and time to show it. What the host waited for a thread
    /// is time too.
    fn picture(&mut self) {
        let before = self.rig.now;
        self.rig.play(VIDEO, 1, MS * 33, &mut self.random);
        let charged = self.patience.charged.swap(0, Ordering::SeqCst) as u32;
        self.rig.now += MS * charged;
        self.clock.advance(self.rig.now.saturating_sub(before));
    }

    fn video(&mut self, pictures: u32) {
        for _ in 0..pictures {
            self.picture();
        }
    }

    fn rest(&mut self) {
        self.rig.advance(Duration::from_secs(1));
        self.clock.advance(Duration::from_secs(1));
    }

    /// Likeness of what viewer 1 has of the video, decibels.
    fn likeness(&self) -> f64 {
        let shown = self.rig.viewers[&1].decoder.surface().unwrap();
        let (mut squares, mut values) = (0_u64, 0_u64);
        for y in VIDEO.y..VIDEO.bottom() {
            for x in VIDEO.x..VIDEO.right() {
                let at = (y * self.rig.screen.width + x) as usize * 4;
                let pair =
                    shown.pixels()[at..at + 3].iter().zip(&self.rig.screen.pixels[at..at + 3]);
                for (a, b) in pair {
                    squares += u64::from(a.abs_diff(*b)).pow(2);
                    values += 1;
                }
            }
        }
        let mean = squares as f64 / values as f64;
        if mean == 0.0 { f64::INFINITY } else { 10.0 * (65025.0 / mean).log10() }
    }

    /// What the viewers were told makes the streams.
    fn told(&self) -> String {
        let last = self.rig.messages.iter().rev().find_map(|(_, message)| status_of(message));
        last.map(|status| status.encoder.clone()).unwrap_or_default()
    }

    /// One word for each failure of the fake that the host told of.
    fn failures(&self) -> Vec<&'static str> {
        let kind = |event: &HostEvent| match event {
            HostEvent::EncoderFellBack { encoder, failure, .. }
            | HostEvent::EncoderRejected { encoder, failure, .. } => {
                assert_eq!(encoder, NAME);
                Some(failure.kind())
            }
            _ => None,
        };
        self.rig.events.iter().filter_map(kind).collect()
    }

    /// Ends the machine, whatever hangs; then lets that go on and waits for its end.
    fn end(self) {
        let Self { rig, pool, control, .. } = self;
        assert!(pool.abandoned_threads() <= 3);
        drop(rig);
        assert_eq!(Arc::strong_count(&pool), 1);
        if pool.abandoned_threads() > 0 {
            control.release();
            let gone = || pool.abandoned_threads() == 0;
            let came_back = (0..SOON.as_millis()).any(|_| {
                std::thread::park_timeout(MS);
                gone()
            });
            assert!(came_back);
        }
        drop(pool);
        control.release();
        assert!(control.wait_until_gone(SOON), "something of the encoder was left");
    }
}
