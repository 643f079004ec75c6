//! The encoders of the machine, and what is known of each.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gc_types::Clock;
use gc_video::{
    EncodeFailure, FactoryEvent, MotionCodec, MotionEncoder, MotionEncoderFactory, MotionSettings,
    Recourse,
};

use super::EncoderChain;
use super::latch::Patience;
use super::worker::{Connect, Pending, Worker};
use crate::{OpenH264Factory, self_test};

/// Waits before an encoder that failed is tried again; then never.
const RETRY: [Duration; 3] =
    [Duration::from_secs(10), Duration::from_secs(30), Duration::from_mins(2)];
/// After this long without a failure those before it are forgotten.
const FORGIVEN: Duration = Duration::from_hours(1);
/// A trial that takes longer hangs. Nobody waits for one.
const TRIAL_LIMIT: Duration = Duration::from_secs(4);
/// Threads left hanging in a driver, at most; with that many no encoder that needs a
/// thread is started any more.
const MOST_ABANDONED: usize = 3;
/// Events that nobody has asked for.
const MOST_EVENTS: usize = 16;

/// An encoder that the machine may have.
#[derive(Clone)]
pub struct Candidate {
    /// Short, at most 64 characters, another one for each candidate.
    pub name: Arc<str>,
    /// Loads libraries and opens the device; runs on the encoder's own thread, and
    /// anew after each failure.
    pub connect: Arc<Connect>,
}

/// Sizes that an encoder is tried with before it gets one like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SizeClass(usize);

/// Odd on purpose, and no multiples of 16: padding is where encoders differ.
const TRIALS: [(u32, u32, u32); 4] =
    [(321, 243, 6), (1278, 717, 4), (1918, 1079, 3), (3838, 2159, 3)];

impl SizeClass {
    pub(super) fn of(width: u32, height: u32) -> Self {
        let area = u64::from(width) * u64::from(height);
        let limits = [640 * 480, 1280 * 720, 1920 * 1088];
        Self(limits.iter().filter(|limit| area > **limit).count())
    }

    fn trial(self, codec: MotionCodec) -> (MotionSettings, u32) {
        let (width, height, pictures) = TRIALS[self.0.min(TRIALS.len() - 1)];
        let kbps = width * height / 100;
        (MotionSettings { codec, width, height, kbps, fps: 30 }, pictures)
    }
}

enum Proof {
    Trying { answer: Pending<()>, since: Duration },
    Passed,
    Failed,
}

enum State {
    /// Not tried yet, or not since its last failure.
    Idle { not_before: Duration },
    Live {
        worker: Arc<Worker>,
        codecs: Option<Vec<MotionCodec>>,
        asked: Pending<Vec<MotionCodec>>,
        since: Duration,
        proofs: BTreeMap<(MotionCodec, SizeClass), Proof>,
    },
    /// For good.
    Out,
}

struct Known {
    candidate: Candidate,
    state: State,
    failures: usize,
    failed_at: Duration,
    /// Size classes that sessions asked for, to be tried again after a failure.
    next: Vec<(MotionCodec, SizeClass)>,
}

/// What there is for a stream.
pub(super) enum Found {
    Proven {
        worker: Arc<Worker>,
        name: Arc<str>,
        id: u32,
    },
    /// Not yet.
    Trying,
    Not,
}

#[derive(Default)]
struct Inner {
    known: Vec<Known>,
    events: VecDeque<FactoryEvent>,
    /// What became of the software's own test; `None` before it.
    software: Option<bool>,
}

/// The encoders of the machine; shared by all sessions.
pub struct EncoderPool {
    inner: Mutex<Inner>,
    hardware: usize,
    clock: Arc<dyn Clock>,
    patience: Arc<dyn Patience>,
    abandoned: Arc<AtomicUsize>,
    next_stream: AtomicU32,
}

impl EncoderPool {
    /// Nothing is started before the first session asks for a chain.
    pub fn new(
        candidates: Vec<Candidate>,
        clock: Arc<dyn Clock>,
        patience: Arc<dyn Patience>,
    ) -> Arc<Self> {
        let hardware = candidates.len();
        let known = candidates.into_iter().map(|candidate| Known {
            candidate,
            state: State::Idle { not_before: Duration::ZERO },
            failures: 0,
            failed_at: Duration::ZERO,
            next: vec![(MotionCodec::H264, SizeClass::of(1280, 720))],
        });
        let inner = Inner { known: known.collect(), ..Inner::default() };
        Arc::new(Self {
            inner: Mutex::new(inner),
            hardware,
            clock,
            patience,
            abandoned: Arc::default(),
            next_stream: AtomicU32::new(1),
        })
    }

    /// A session's way to the encoders.
    pub fn chain(self: &Arc<Self>) -> EncoderChain {
        EncoderChain::new(Arc::clone(self))
    }

    /// Threads that hang in a driver at present.
    pub fn abandoned_threads(&self) -> usize {
        self.abandoned.load(Ordering::SeqCst)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) const fn hardware(&self) -> usize {
        self.hardware
    }

    #[expect(clippy::unused_self, reason = "it stands for the pool's last resort")]
    pub(super) const fn software(&self) -> OpenH264Factory {
        OpenH264Factory
    }

    pub(super) fn software_name(&self) -> Arc<str> {
        self.software().name().into()
    }

    pub(super) fn name_of(&self, at: usize) -> Arc<str> {
        let inner = self.lock();
        inner.known.get(at).map_or_else(|| "".into(), |known| Arc::clone(&known.candidate.name))
    }

    /// The encoder that would make a stream of 720p.
    pub(super) fn best_name(&self) -> Arc<str> {
        let inner = self.lock();
        let class = SizeClass::of(1280, 720);
        let best = inner.known.iter().find(|known| {
            matches!(&known.state, State::Live { proofs, .. }
                if matches!(proofs.get(&(MotionCodec::H264, class)), Some(Proof::Passed)))
        });
        best.map_or_else(|| self.software_name(), |known| Arc::clone(&known.candidate.name))
    }

    /// What can be made at present. A codec other than H.264 counts from when it is
    /// known to be there; its trial comes with the first stream.
    pub(super) fn codecs(&self) -> Vec<MotionCodec> {
        let inner = self.lock();
        let hevc = inner.known.iter().any(|known| match &known.state {
            State::Live { codecs: Some(codecs), proofs, .. } => {
                codecs.contains(&MotionCodec::Hevc)
                    && !proofs.iter().any(|((codec, _), proof)| {
                        *codec == MotionCodec::Hevc && matches!(proof, Proof::Failed)
                    })
            }
            _ => false,
        });
        let mut codecs = vec![MotionCodec::H264];
        codecs.extend(hevc.then_some(MotionCodec::Hevc));
        codecs
    }

    /// Starts what is due, and takes in what trials have found out.
    pub(super) fn look(&self) {
        let now = self.clock.monotonic();
        let mut inner = self.lock();
        let Inner { known, events, .. } = &mut *inner;
        for known in known {
            if let State::Idle { not_before } = known.state
                && now >= not_before
                && self.abandoned_threads() < MOST_ABANDONED
            {
                known.start(self, now, events);
            }
            if let Some(failure) = known.look(self, now, events) {
                known.fail(failure, now, events);
            }
        }
    }

    /// Whether this encoder may make such a stream. Starts its trial where that is
    /// missing.
    pub(super) fn find(&self, at: usize, codec: MotionCodec, class: SizeClass) -> Found {
        let now = self.clock.monotonic();
        let mut inner = self.lock();
        let Some(known) = inner.known.get_mut(at) else { return Found::Not };
        match &mut known.state {
            State::Live { worker, codecs, proofs, .. } => {
                if codecs.as_ref().is_some_and(|codecs| !codecs.contains(&codec)) {
                    return Found::Not;
                }
                match proofs.get(&(codec, class)) {
                    Some(Proof::Passed) => Found::Proven {
                        worker: Arc::clone(worker),
                        name: Arc::clone(&known.candidate.name),
                        id: self.next_stream.fetch_add(1, Ordering::Relaxed),
                    },
                    Some(Proof::Trying { .. }) => Found::Trying,
                    Some(Proof::Failed) => Found::Not,
                    None => {
                        let (settings, pictures) = class.trial(codec);
                        let answer = worker.try_out(settings, pictures);
                        proofs.insert((codec, class), Proof::Trying { answer, since: now });
                        Found::Trying
                    }
                }
            }
            State::Idle { .. } => {
                if !known.next.contains(&(codec, class)) {
                    known.next.push((codec, class));
                }
                Found::Trying
            }
            State::Out => Found::Not,
        }
    }

    /// An encoder failed although no stream of a host was in its hands.
    pub(super) fn reject(&self, at: usize, codec: MotionCodec, failure: EncodeFailure) {
        let now = self.clock.monotonic();
        let mut inner = self.lock();
        let Inner { known, events, .. } = &mut *inner;
        if let Some(known) = known.get_mut(at) {
            known.fail_for(codec, failure, now, events);
        }
    }

    /// A stream of `encoder` failed in the hands of a host, which tells it itself.
    pub(super) fn failed(&self, encoder: &str, failure: &EncodeFailure) -> Recourse {
        let now = self.clock.monotonic();
        let mut inner = self.lock();
        let mut untold = VecDeque::new();
        let Some(known) = inner.known.iter_mut().find(|known| &*known.candidate.name == encoder)
        else {
            // Software itself: nothing stands behind it.
            return Recourse::None;
        };
        if matches!(known.state, State::Live { .. }) {
            known.fail(failure.clone(), now, &mut untold);
        }
        if inner.software == Some(false) { Recourse::None } else { Recourse::Another }
    }

    pub(super) fn open_software(
        &self,
        settings: MotionSettings,
    ) -> Result<Box<dyn MotionEncoder>, EncodeFailure> {
        let tested = self.lock().software;
        if tested.is_none() {
            // Some milliseconds, once in a process.
            let outcome = self_test(&mut self.software());
            let mut inner = self.lock();
            inner.software = Some(outcome.is_ok());
            if let Err(failure) = outcome {
                let failure = EncodeFailure::from(failure);
                let encoder = self.software_name().to_string();
                inner.push(FactoryEvent::Rejected { encoder, failure, retry_after: None });
            }
        }
        if self.lock().software == Some(false) {
            return Err(EncodeFailure::SelfTest("software encoder".to_owned()));
        }
        self.software().open(settings)
    }

    pub(super) fn take_event(&self) -> Option<FactoryEvent> {
        self.lock().events.pop_front()
    }
}

impl Inner {
    fn push(&mut self, event: FactoryEvent) {
        push(&mut self.events, event);
    }
}

fn push(events: &mut VecDeque<FactoryEvent>, event: FactoryEvent) {
    if events.len() < MOST_EVENTS {
        events.push_back(event);
    }
}

impl Known {
    fn start(&mut self, pool: &EncoderPool, now: Duration, events: &mut VecDeque<FactoryEvent>) {
        let Candidate { name, connect } = &self.candidate;
        let (connect, patience) = (Arc::clone(connect), Arc::clone(&pool.patience));
        match Worker::start(name, connect, patience, Arc::clone(&pool.abandoned)) {
            Ok(worker) => {
                let asked = worker.post(|device, reply| reply.give(Ok(device.codecs())));
                let proofs = self.next.iter().map(|(codec, class)| {
                    let (settings, pictures) = class.trial(*codec);
                    let answer = worker.try_out(settings, pictures);
                    ((*codec, *class), Proof::Trying { answer, since: now })
                });
                let proofs = proofs.collect();
                let worker = Arc::new(worker);
                self.state = State::Live { worker, codecs: None, asked, since: now, proofs };
            }
            Err(failure) => self.fail(failure, now, events),
        }
    }

    /// What has become of it; `Some`: it is of no use any more.
    fn look(
        &mut self,
        pool: &EncoderPool,
        now: Duration,
        events: &mut VecDeque<FactoryEvent>,
    ) -> Option<EncodeFailure> {
        let State::Live { worker, codecs, asked, since, proofs } = &mut self.state else {
            return None;
        };
        if codecs.is_none() {
            if pool.patience.look(&asked.done) {
                match asked.take() {
                    Some(Ok(found)) => *codecs = Some(found),
                    Some(Err(failure)) => return Some(failure),
                    None => {}
                }
            } else if pool.patience.gave_up(now.saturating_sub(*since), TRIAL_LIMIT) {
                return Some(worker.abandon(TRIAL_LIMIT));
            }
        }
        for ((codec, _), proof) in proofs.iter_mut() {
            let Proof::Trying { answer, since } = proof else { continue };
            if !pool.patience.look(&answer.done) {
                if pool.patience.gave_up(now.saturating_sub(*since), TRIAL_LIMIT) {
                    return Some(worker.abandon(TRIAL_LIMIT));
                }
                continue;
            }
            match answer.take() {
                Some(Ok(())) => *proof = Proof::Passed,
                Some(Err(failure)) => {
                    if *codec == MotionCodec::H264 || ends_all(&failure) {
                        return Some(failure);
                    }
                    *proof = Proof::Failed;
                    let encoder = self.candidate.name.to_string();
                    push(events, FactoryEvent::Rejected { encoder, failure, retry_after: None });
                }
                None => *proof = Proof::Failed,
            }
        }
        worker.failure()
    }

    fn fail_for(
        &mut self,
        codec: MotionCodec,
        failure: EncodeFailure,
        now: Duration,
        events: &mut VecDeque<FactoryEvent>,
    ) {
        if codec == MotionCodec::H264 || ends_all(&failure) {
            return self.fail(failure, now, events);
        }
        if let State::Live { proofs, .. } = &mut self.state {
            proofs.retain(|(of, _), _| *of != codec);
            for class in 0..TRIALS.len() {
                proofs.insert((codec, SizeClass(class)), Proof::Failed);
            }
        }
        let encoder = self.candidate.name.to_string();
        push(events, FactoryEvent::Rejected { encoder, failure, retry_after: None });
    }

    fn fail(&mut self, failure: EncodeFailure, now: Duration, events: &mut VecDeque<FactoryEvent>) {
        if now.saturating_sub(self.failed_at) > FORGIVEN {
            self.failures = 0;
        }
        let absent = matches!(failure, EncodeFailure::Absent(_));
        let retry_after = RETRY.get(self.failures).copied().filter(|_| !absent);
        self.failures += 1;
        self.failed_at = now;
        if let State::Live { proofs, .. } = &self.state {
            self.next =
                proofs.keys().filter(|(codec, _)| *codec == MotionCodec::H264).copied().collect();
        }
        self.state = match retry_after {
            Some(wait) => State::Idle { not_before: now + wait },
            None => State::Out,
        };
        let encoder = self.candidate.name.to_string();
        push(events, FactoryEvent::Rejected { encoder, failure, retry_after });
    }
}

/// Whether nothing else of the encoder can be used after it either.
const fn ends_all(failure: &EncodeFailure) -> bool {
    use EncodeFailure::{Absent, Crashed, DeviceLost, Stalled};
    matches!(failure, Absent(_) | Stalled(_) | DeviceLost(_) | Crashed(_))
}
