//! The thread of one encoder. Everything of the encoder happens on it, so that a
//! driver that hangs or a binding that panics takes nothing else with it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use gc_video::{EncodeFailure, MotionEncoderFactory, MotionSettings};

use super::device::Device;
use super::latch::{Answer, Patience};
use crate::self_test::Trial;

/// Makes the encoder, on its own thread.
pub type Connect = dyn Fn() -> Result<Box<dyn MotionEncoderFactory>, EncodeFailure> + Send + Sync;

/// What the thread and its owners share.
#[derive(Default)]
struct Fate {
    /// Why it takes no more work.
    failure: Mutex<Option<EncodeFailure>>,
}

impl Fate {
    fn failure(&self) -> Option<EncodeFailure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first failure counts; tells whether this was it.
    fn fail(&self, failure: EncodeFailure) -> bool {
        let mut held = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        let first = held.is_none();
        held.get_or_insert(failure);
        first
    }
}

/// Handle of the thread. It ends when the last handle is dropped, as soon as it can;
/// nobody waits for it.
pub(super) struct Worker {
    jobs: mpsc::Sender<Job>,
    fate: Arc<Fate>,
    patience: Arc<dyn Patience>,
    /// Threads that were left alone in the middle of something.
    abandoned: Arc<AtomicUsize>,
}

/// What work answers.
pub(super) type Pending<T> = Answer<Result<T, EncodeFailure>>;

/// The worker's end of a [`Pending`]; answers with the failure of the thread when it
/// is dropped without an answer.
pub(super) struct Reply<T> {
    answer: Pending<T>,
    fate: Arc<Fate>,
}

impl<T> Reply<T> {
    pub(super) fn give(&self, value: Result<T, EncodeFailure>) {
        self.answer.give(value);
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        // After a panic the loop answers, since it knows with what.
        if !std::thread::panicking() {
            let ended = || EncodeFailure::Crashed("its thread has ended".to_owned());
            self.answer.give(Err(self.fate.failure().unwrap_or_else(ended)));
        }
    }
}

struct Job {
    work: Box<dyn FnOnce(&mut Device) + Send>,
    fail: Box<dyn Fn(EncodeFailure) + Send>,
}

impl Worker {
    pub(super) fn start(
        name: &str,
        connect: Arc<Connect>,
        patience: Arc<dyn Patience>,
        abandoned: Arc<AtomicUsize>,
    ) -> Result<Self, EncodeFailure> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let fate = Arc::new(Fate::default());
        let (its_fate, its_count) = (Arc::clone(&fate), Arc::clone(&abandoned));
        std::thread::Builder::new()
            .name(format!("enc {name}").chars().take(15).collect())
            .spawn(move || {
                run(&*connect, &queue, &its_fate);
                if matches!(its_fate.failure(), Some(EncodeFailure::Stalled(_))) {
                    // It came back after all.
                    its_count.fetch_sub(1, Ordering::SeqCst);
                }
            })
            .map_err(|error| EncodeFailure::Open(error.to_string()))?;
        Ok(Self { jobs, fate, patience, abandoned })
    }

    pub(super) fn failure(&self) -> Option<EncodeFailure> {
        self.fate.failure()
    }

    /// Nobody waits any longer for what the thread is doing.
    pub(super) fn abandon(&self, limit: Duration) -> EncodeFailure {
        let stalled = EncodeFailure::Stalled(limit);
        // Counted first: the thread may come back at any moment and count back.
        self.abandoned.fetch_add(1, Ordering::SeqCst);
        if !self.fate.fail(stalled.clone()) {
            self.abandoned.fetch_sub(1, Ordering::SeqCst);
        }
        self.failure().unwrap_or(stalled)
    }

    /// Work whose result is looked at later.
    pub(super) fn post<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Device, Reply<T>) + Send + 'static,
    ) -> Pending<T> {
        let answer: Pending<T> = Answer::new();
        if let Some(failure) = self.failure() {
            answer.give(Err(failure));
            return answer;
        }
        let reply = Reply { answer: answer.clone(), fate: Arc::clone(&self.fate) };
        let late = answer.clone();
        let job = Job {
            work: Box::new(move |device| work(device, reply)),
            fail: Box::new(move |failure| late.give(Err(failure))),
        };
        // A thread that has ended drops the job, and the reply in it answers.
        drop(self.jobs.send(job));
        answer
    }

    /// Work that is waited for, up to `limit`. After that the thread is left alone.
    pub(super) fn call<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce(&mut Device, Reply<T>) + Send + 'static,
    ) -> Result<T, EncodeFailure> {
        let answer = self.post(work);
        if !self.patience.wait(&answer.done, limit) {
            return Err(self.abandon(limit));
        }
        answer.take().unwrap_or_else(|| Err(EncodeFailure::Crashed("no answer".to_owned())))
    }

    /// Tries the encoder in between other work.
    pub(super) fn try_out(&self, settings: MotionSettings, pictures: u32) -> Pending<()> {
        self.post(move |device, reply| device.add_trial(Trial::new(settings, pictures), reply))
    }
}

fn run(connect: &Connect, queue: &mpsc::Receiver<Job>, fate: &Fate) {
    let connected = caught(connect);
    let factory = match connected.and_then(|made| made) {
        Ok(factory) => factory,
        Err(failure) => {
            fate.fail(failure);
            return;
        }
    };
    let mut device = Device::new(factory);
    while fate.failure().is_none() {
        let job = if device.has_trials() {
            match queue.try_recv() {
                Ok(job) => Some(job),
                Err(mpsc::TryRecvError::Empty) => None,
                Err(mpsc::TryRecvError::Disconnected) => break,
            }
        } else {
            match queue.recv() {
                Ok(job) => Some(job),
                Err(mpsc::RecvError) => break,
            }
        };
        let outcome = match job {
            Some(Job { work, fail }) => {
                caught(|| work(&mut device)).inspect_err(|failure| fail(failure.clone()))
            }
            None => caught(|| device.step_trial()),
        };
        if let Err(failure) = outcome {
            fate.fail(failure);
        }
    }
    // A defect that shows when things end must not come further than this either.
    if let Err(failure) = caught(move || drop(device)) {
        fate.fail(failure);
    }
}

fn caught<T>(work: impl FnOnce() -> T) -> Result<T, EncodeFailure> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| EncodeFailure::Crashed(words(&*payload)))
}

fn words(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message").chars().take(200).collect()
}
