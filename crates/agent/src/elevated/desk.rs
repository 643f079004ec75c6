//! The program's end: the helper, as whoever works with it.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gc_platform::{ActionError, WorkerStream};
use gc_types::{CauseCode, Secret, VERSION};

use super::message::{FromProgram, Goodbye, Hello, Line, Request, ToProgram, Wish, Word};
use super::serve::LONGEST_WAIT;
use super::wire::{Out, Piece, read_cause};
use crate::worker::frame::{self, Frame};

/// The worker has to start before the first word.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// After this the helper counts as gone.
const SILENCE: Duration = Duration::from_secs(10);
/// The service's own helper for Ctrl+Alt+Del has some seconds.
const PRESSED_WITHIN: Duration = Duration::from_secs(20);

/// Called once, when the helper is gone without having been told to go.
pub(super) type Lost = Box<dyn FnOnce(ActionError) + Send>;

/// What came for a line.
pub(super) enum Heard {
    Word(Word),
    Piece(Piece),
}

#[derive(Default)]
struct State {
    lines: BTreeMap<u32, Sender<Heard>>,
    pressing: BTreeMap<u64, Sender<Result<(), ActionError>>>,
    /// Of lines and requests.
    last: u32,
    closed: bool,
    lost: Option<Lost>,
}

/// A helper that is connected.
pub(super) struct Desk {
    out: Out,
    state: Mutex<State>,
}

fn gone(detail: &str) -> ActionError {
    ActionError::new(CauseCode::ElevationLost, detail)
}

impl Desk {
    /// Shows the secret, and waits until the helper is there.
    pub(super) fn connect(
        stream: WorkerStream,
        secret: &Secret,
        lost: Lost,
    ) -> Result<Arc<Self>, ActionError> {
        let failed = |detail: String| ActionError::new(CauseCode::ActionFailed, detail);
        let WorkerStream { mut reader, writer } = stream;
        let state = State { lost: Some(lost), ..State::default() };
        let desk = Arc::new(Self { out: Out::new(writer), state: Mutex::new(state) });
        let (told, ready) = channel();
        let its = Arc::clone(&desk);
        std::thread::Builder::new()
            .name("elevated-reader".into())
            .spawn(move || {
                let outcome = first(reader.as_mut());
                let serves = outcome.is_ok();
                // Who waits may have given up.
                let _ = told.send(outcome);
                if serves {
                    its.listen(reader.as_mut());
                }
                its.fail("The elevated part of the program has ended.");
            })
            .map_err(|error| failed(error.to_string()))?;
        let hello = Hello { software: VERSION.to_owned(), proof: secret.expose().to_owned() };
        let connected = desk.say(Wish::Hello(hello)).and_then(|()| {
            ready.recv_timeout(READY_WITHIN).unwrap_or_else(|_| {
                Err(failed("The elevated part of the program does not answer.".to_owned()))
            })
        });
        match connected {
            Ok(()) => Ok(desk),
            Err(error) => {
                desk.close();
                Err(error)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until the stream ends.
    fn listen(&self, reader: &mut dyn Read) {
        loop {
            let (line, heard) = match frame::read::<ToProgram>(reader) {
                Ok(Frame::Message(ToProgram { word: Some(word) })) => match word {
                    Word::Attention(done) => {
                        if let Some(waits) = self.lock().pressing.remove(&done.request) {
                            let unknown = CauseCode::ActionFailed;
                            let result = done.failure.map_or(Ok(()), |failure| {
                                let (code, detail) = read_cause(Some(failure), unknown);
                                Err(ActionError::new(code, detail))
                            });
                            // Whoever asked may have waited long enough.
                            let _ = waits.send(result);
                        }
                        continue;
                    }
                    Word::Surface(ref surface) => (surface.line, Heard::Word(word)),
                    Word::Events(ref events) => (events.line, Heard::Word(word)),
                    Word::Done(Line { line }) => (line, Heard::Word(word)),
                    Word::Failed(ref failed) => (failed.line, Heard::Word(word)),
                    Word::Over(_) | Word::Ready(_) | Word::Refused(_) => return,
                },
                Ok(Frame::Report(bytes)) => match Piece::decode(bytes) {
                    Some(piece @ (Piece::Pixels { line, .. } | Piece::Cursor { line, .. })) => {
                        (line, Heard::Piece(piece))
                    }
                    None => return,
                },
                Ok(_) | Err(_) => return,
            };
            // A line that has been closed meanwhile hears no more.
            if let Some(line) = self.lock().lines.get(&line) {
                let _ = line.send(heard);
            }
        }
    }

    /// There is no helper any more, whether it knows that or not.
    fn fail(&self, why: &str) {
        let lost = {
            let mut state = self.lock();
            state.closed = true;
            state.lines.clear();
            state.pressing.clear();
            state.lost.take()
        };
        self.out.close();
        if let Some(lost) = lost {
            tracing::warn!(why, "the elevated part of the program is gone");
            lost(gone(why));
        }
    }

    /// It is to go.
    pub(super) fn close(&self) {
        self.lock().lost = None;
        // A helper that is gone needs no goodbye.
        drop(self.say(Wish::Goodbye(Goodbye {})));
        let mut state = self.lock();
        state.closed = true;
        state.lines.clear();
        state.pressing.clear();
    }

    pub(super) fn is_open(&self) -> bool {
        !self.lock().closed
    }

    fn say(&self, wish: Wish) -> Result<(), ActionError> {
        if !self.is_open() {
            return Err(gone("The elevated part of the program has ended."));
        }
        self.out.say(&FromProgram { wish: Some(wish) }).map_err(|error| {
            self.fail("The elevated part of the program cannot be reached.");
            gone(&error.to_string())
        })
    }

    /// A screen, or a keyboard and pointer.
    pub(super) fn line(
        self: &Arc<Self>,
        open: impl FnOnce(Line) -> Wish,
    ) -> Result<LineEnd, ActionError> {
        let (sender, heard) = channel();
        let line = {
            let mut state = self.lock();
            state.last += 1;
            let line = state.last;
            if !state.closed {
                state.lines.insert(line, sender);
            }
            line
        };
        let end = LineEnd { desk: Arc::clone(self), line, heard };
        self.say(open(Line { line }))?;
        Ok(end)
    }

    /// Presses Ctrl+Alt+Del. Blocks.
    pub(super) fn attention(&self) -> Result<(), ActionError> {
        let (sender, answer) = channel();
        let request = {
            let mut state = self.lock();
            state.last += 1;
            let request = state.last.into();
            state.pressing.insert(request, sender);
            request
        };
        self.say(Wish::Attention(Request { request }))?;
        let answer = answer.recv_timeout(PRESSED_WITHIN);
        self.lock().pressing.remove(&request);
        answer.unwrap_or_else(|_| Err(gone("The elevated part of the program did not answer.")))
    }
}

/// Reads the helper's first word.
fn first(reader: &mut dyn Read) -> Result<(), ActionError> {
    let failed = |detail: String| Err(ActionError::new(CauseCode::ActionFailed, detail));
    match frame::read::<ToProgram>(reader) {
        Ok(Frame::Message(ToProgram { word: Some(Word::Ready(hello)) })) => {
            if hello.software == VERSION {
                return Ok(());
            }
            let version = gc_proto::clean_text(&hello.software, 64);
            failed(format!("The elevated part of the program is of version {version}."))
        }
        Ok(Frame::Message(ToProgram { word: Some(Word::Refused(cause)) })) => {
            let (code, detail) = read_cause(Some(cause), CauseCode::ActionFailed);
            Err(ActionError::new(code, detail))
        }
        Ok(_) => failed("The elevated part of the program cannot be understood.".to_owned()),
        Err(error) => failed(format!("The elevated part of the program: {error}.")),
    }
}

/// The program's end of a line. Dropping it closes it at the other end too.
pub(super) struct LineEnd {
    desk: Arc<Desk>,
    line: u32,
    heard: Receiver<Heard>,
}

impl LineEnd {
    pub(super) const fn number(&self) -> u32 {
        self.line
    }

    pub(super) fn is_open(&self) -> bool {
        self.desk.is_open()
    }

    pub(super) fn ask(&self, wish: Wish) -> Result<(), ActionError> {
        self.desk.say(wish)
    }

    /// What comes next. A helper that says nothing for too long is given up.
    pub(super) fn hear(&self) -> Result<Heard, ActionError> {
        self.heard.recv_timeout(LONGEST_WAIT + SILENCE).map_err(|_| {
            self.desk.fail("The elevated part of the program does not answer.");
            gone("The elevated part of the program does not answer.")
        })
    }

    /// Ends the wait of this line from another thread.
    pub(super) fn waker(&self) -> LineWaker {
        LineWaker { desk: Arc::clone(&self.desk), line: self.line }
    }
}

impl Drop for LineEnd {
    fn drop(&mut self) {
        self.desk.lock().lines.remove(&self.line);
        // With the helper its lines are gone.
        drop(self.desk.say(Wish::Close(Line { line: self.line })));
    }
}

pub(super) struct LineWaker {
    desk: Arc<Desk>,
    line: u32,
}

impl gc_platform::WaitWaker for LineWaker {
    fn wake(&self) {
        // A wait at a helper that is gone has ended already.
        drop(self.desk.say(Wish::Wake(Line { line: self.line })));
    }
}
