//! The service between program and worker: lets in who has the secret, starts the
//! worker, and hands on what the one may ask and the other may answer. Ctrl+Alt+Del is
//! pressed here, since only a service may.

use std::io::Read;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gc_platform::{
    ActionError, SecureAttention, SpawnedWorker, WorkerHostError, WorkerProcess, WorkerStream,
};
use gc_types::{CauseCode, Entropy, Secret, VERSION};

use super::message::{AttentionDone, FromProgram, Goodbye, Hello, Request, ToProgram, Wish, Word};
use super::wire::{Out, cause};
use super::{ElevatedError, digest_of};
use crate::worker::frame::{self, Frame, FrameError};
use crate::worker::ticket::Ticket;

/// How long the worker may take to release what it holds and to end.
const FAREWELL: Duration = Duration::from_secs(3);
/// Ctrl+Alt+Del that is under way at the same time.
const MAX_PRESSES: usize = 1;

/// Why it is over; whoever knows a reason sends it.
#[derive(Debug)]
pub enum BridgeEnd {
    /// The program said goodbye, or is gone.
    Program,
    /// The worker is gone.
    Worker,
    /// The service is to stop.
    Stopped,
    /// Program or worker did what they may not.
    Failed(ElevatedError),
}

/// Starts the worker, with a ticket.
type Spawn = Box<dyn FnOnce(&Secret) -> Result<SpawnedWorker, WorkerHostError> + Send>;

/// The worker, once there is one.
#[derive(Default)]
struct There(Mutex<Option<(Out, Arc<dyn WorkerProcess>)>>);

/// Serves `program` until one of the three is over, and returns why; the worker is gone
/// then. `digest` is that of the secret that the program shows. Who wants it to end sends
/// the reason into the channel whose other end is `over`.
pub fn bridge(
    program: WorkerStream,
    digest: [u8; 32],
    spawn: Spawn,
    attention: Arc<dyn SecureAttention>,
    entropy: Arc<dyn Entropy>,
    (end, over): (Sender<BridgeEnd>, Receiver<BridgeEnd>),
) -> BridgeEnd {
    let WorkerStream { mut reader, writer } = program;
    let out = Out::new(writer);
    let there = Arc::new(There::default());
    let ears = {
        let (out, there, end) = (out.clone(), Arc::clone(&there), end.clone());
        std::thread::Builder::new().name("bridge-program".into()).spawn(move || {
            let mut bridge = Bridge { out, there, attention, end, presses: Arc::default() };
            let outcome = bridge.serve(reader.as_mut(), digest, spawn, entropy.as_ref());
            let why = outcome.map_or_else(BridgeEnd::Failed, |()| BridgeEnd::Program);
            // Whoever waits has the first reason.
            let _ = bridge.end.send(why);
        })
    };
    if let Err(error) = ears {
        return BridgeEnd::Failed(error.into());
    }
    let why = over.recv().unwrap_or(BridgeEnd::Stopped);
    let worker = there.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some((to_worker, process)) = worker {
        farewell(&to_worker, &process);
    }
    let last = match &why {
        BridgeEnd::Failed(error) => {
            Word::Refused(cause(CauseCode::ActionFailed, &error.to_string()))
        }
        _ => Word::Over(Goodbye {}),
    };
    // A program that is gone needs no goodbye.
    drop(out.say(&ToProgram { word: Some(last) }));
    out.close();
    why
}

/// The worker ends, by itself or not.
fn farewell(to_worker: &Out, process: &Arc<dyn WorkerProcess>) {
    drop(to_worker.say(&FromProgram { wish: Some(Wish::Goodbye(Goodbye {})) }));
    to_worker.close();
    let (told, ended) = channel();
    let its = Arc::clone(process);
    let waiting = std::thread::Builder::new().name("bridge-farewell".into()).spawn(move || {
        let exit = its.wait();
        // Whoever waits may have given up.
        let _ = told.send(exit);
    });
    if let Ok(Ok(exit)) = waiting.map(|_| ended.recv_timeout(FAREWELL)) {
        tracing::info!(%exit, "worker has ended");
    } else {
        tracing::warn!("the worker does not end and is killed");
        process.kill();
    }
}

struct Bridge {
    out: Out,
    there: Arc<There>,
    attention: Arc<dyn SecureAttention>,
    end: Sender<BridgeEnd>,
    presses: Arc<Mutex<usize>>,
}

impl Bridge {
    /// `Ok`: the program is gone.
    fn serve(
        &mut self,
        reader: &mut dyn Read,
        digest: [u8; 32],
        spawn: Spawn,
        entropy: &dyn Entropy,
    ) -> Result<(), ElevatedError> {
        let hello = match frame::read::<FromProgram>(reader) {
            Ok(Frame::Message(FromProgram { wish: Some(Wish::Hello(hello)) })) => hello,
            Err(FrameError::Ended) => return Ok(()),
            Err(error) => return Err(error.into()),
            Ok(_) => return Err(ElevatedError::Stranger),
        };
        if digest_of(&Secret::new(hello.proof)) != digest {
            return Err(ElevatedError::Stranger);
        }
        of_this_version(hello.software)?;
        let ticket = Ticket::new(entropy).text();
        let SpawnedWorker { stream, process } =
            spawn(&ticket).map_err(|error| ElevatedError::NoWorker(error.to_string()))?;
        let WorkerStream { reader: mut from_worker, writer } = stream;
        let to_worker = Out::new(writer);
        let worker = (to_worker.clone(), process);
        *self.there.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(worker);
        match frame::read::<ToProgram>(from_worker.as_mut())? {
            Frame::Message(ToProgram { word: Some(Word::Ready(hello)) }) => {
                if Secret::new(hello.proof) != ticket {
                    return Err(ElevatedError::Stranger);
                }
                of_this_version(hello.software)?;
            }
            _ => return Err(ElevatedError::Stranger),
        }
        let ready = Hello { software: VERSION.to_owned(), proof: String::new() };
        self.say(Word::Ready(ready))?;
        let (out, end) = (self.out.clone(), self.end.clone());
        std::thread::Builder::new().name("bridge-worker".into()).spawn(move || {
            let outcome = answers(from_worker.as_mut(), &out);
            let why = outcome.map_or_else(BridgeEnd::Failed, |()| BridgeEnd::Worker);
            // Whoever waits has the first reason.
            let _ = end.send(why);
        })?;
        self.wishes(reader, &to_worker)
    }

    /// What the program asks for. All else ends it.
    fn wishes(&self, reader: &mut dyn Read, to_worker: &Out) -> Result<(), ElevatedError> {
        loop {
            let wish = match frame::read::<FromProgram>(reader) {
                Ok(Frame::Message(FromProgram { wish: Some(wish) })) => wish,
                Err(FrameError::Ended) => return Ok(()),
                Err(error) => return Err(error.into()),
                Ok(_) => return Err(ElevatedError::NotAllowed),
            };
            match wish {
                Wish::Goodbye(_) => return Ok(()),
                Wish::Hello(_) => return Err(ElevatedError::NotAllowed),
                Wish::Attention(Request { request }) => self.press(request)?,
                wish => to_worker
                    .say(&FromProgram { wish: Some(wish) })
                    .map_err(|error| ElevatedError::Stream(error.to_string()))?,
            }
        }
    }

    /// On a thread of its own: it may take seconds.
    fn press(&self, request: u64) -> Result<(), ElevatedError> {
        {
            let mut presses = self.presses.lock().unwrap_or_else(PoisonError::into_inner);
            if *presses >= MAX_PRESSES {
                let failure = Some(cause(CauseCode::ActionTooSoon, ""));
                return self.say(Word::Attention(AttentionDone { request, failure }));
            }
            *presses += 1;
        }
        let (attention, out) = (Arc::clone(&self.attention), self.out.clone());
        let presses = Arc::clone(&self.presses);
        std::thread::Builder::new().name("attention".into()).spawn(move || {
            let failure = attention.send().err().map(|error| {
                let error = ActionError::from(error);
                cause(error.cause, &error.detail)
            });
            *presses.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
            let word = Some(Word::Attention(AttentionDone { request, failure }));
            // A program that is gone needs no answer.
            drop(out.say(&ToProgram { word }));
        })?;
        Ok(())
    }

    fn say(&self, word: Word) -> Result<(), ElevatedError> {
        let said = self.out.say(&ToProgram { word: Some(word) });
        said.map_err(|error| ElevatedError::Stream(error.to_string()))
    }
}

/// What the worker answers. `Ok`: it is gone.
fn answers(reader: &mut dyn Read, out: &Out) -> Result<(), ElevatedError> {
    let failed = |error: std::io::Error| ElevatedError::Stream(error.to_string());
    loop {
        match frame::read::<ToProgram>(reader) {
            Ok(Frame::Message(message)) => match &message.word {
                Some(Word::Surface(_) | Word::Events(_) | Word::Done(_) | Word::Failed(_)) => {
                    out.say(&message).map_err(failed)?;
                }
                _ => return Err(ElevatedError::NotAllowed),
            },
            Ok(Frame::Report(bytes)) => out.bytes(&bytes).map_err(failed)?,
            Ok(Frame::Record { .. }) => return Err(ElevatedError::NotAllowed),
            Err(FrameError::Ended) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

fn of_this_version(software: String) -> Result<(), ElevatedError> {
    if software == VERSION {
        return Ok(());
    }
    Err(ElevatedError::Version(gc_proto::clean_text(&software, 64)))
}
