//! Drives an asynchronous transform so that each picture that goes in comes out before
//! the call returns.
//!
//! The protocol is that of "Asynchronous MFTs" and "Basic MFT Processing Model"
//! (Microsoft Learn): one `ProcessInput` for each `METransformNeedInput`, one
//! `ProcessOutput` for each `METransformHaveOutput`, in whatever order these come.

use std::time::Duration;

use super::nal::{self, Syntax};
use super::transform::{
    Message, NOT_ACCEPTING, Nv12, Output, RateChange, Transform, TransformEvent, TransformFailure,
    Waited,
};

/// Events that one picture may take at most; a transform that says more than this
/// without a picture goes round in circles.
const MOST_EVENTS: u32 = 256;
/// Stream changes in one picture at most.
const MOST_CHANGES: u32 = 4;
/// Requests for input that are remembered at most; none asks for more ahead.
const MOST_WANTED: u32 = 64;

/// One stream of a transform.
pub struct Machine<T: Transform> {
    transform: T,
    syntax: Syntax,
    limit: Duration,
    /// Inputs that it asked for and did not get.
    wanted: u32,
    /// The next picture is the first of its stream.
    first: bool,
    /// Failed, or closed.
    closed: bool,
    parameters: Vec<u8>,
    piece: Vec<u8>,
}

impl<T: Transform> Machine<T> {
    /// Starts the stream of a transform whose types are set. `limit` is how long a
    /// picture may take.
    pub fn start(transform: T, syntax: Syntax, limit: Duration) -> Result<Self, TransformFailure> {
        let mut machine = Self {
            transform,
            syntax,
            limit,
            wanted: 0,
            first: true,
            closed: false,
            parameters: Vec::new(),
            piece: Vec::new(),
        };
        machine.guarded(Self::begin)?;
        Ok(machine)
    }

    /// Appends the access unit of a picture to `out` and tells whether it is a key
    /// picture: the first is, and one that was asked for. After a failure every call
    /// fails with [`TransformFailure::Closed`], and `out` is as it was.
    pub fn encode(
        &mut self,
        picture: Nv12<'_>,
        key: bool,
        at: Duration,
        out: &mut Vec<u8>,
    ) -> Result<bool, TransformFailure> {
        let before = out.len();
        let made = self.guarded(|machine| machine.picture(picture, key, at, out));
        if made.is_err() {
            out.truncate(before);
        }
        made
    }

    /// Changes the rate; starts over with a key picture where the transform cannot do
    /// it while it runs.
    pub fn set_rate(&mut self, kbps: u32, fps: u32) -> Result<(), TransformFailure> {
        self.guarded(|machine| match machine.transform.set_rate(kbps, fps)? {
            RateChange::Done => Ok(()),
            RateChange::NeedsRestart => machine.restart(kbps, fps),
        })
    }

    /// Runs one step; a failure closes the transform for good.
    fn guarded<R>(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<R, TransformFailure>,
    ) -> Result<R, TransformFailure> {
        if self.closed {
            return Err(TransformFailure::Closed);
        }
        let result = step(self);
        if result.is_err() {
            self.closed = true;
            self.transform.shutdown();
        }
        result
    }

    fn begin(&mut self) -> Result<(), TransformFailure> {
        self.wanted = 0;
        self.first = true;
        self.parameters = self.transform.sequence_header();
        self.transform.message(Message::BeginStreaming)?;
        self.transform.message(Message::StartOfStream)
    }

    fn picture(
        &mut self,
        picture: Nv12<'_>,
        key: bool,
        at: Duration,
        out: &mut Vec<u8>,
    ) -> Result<bool, TransformFailure> {
        let key = key || self.first;
        let mut turn = Turn { left: self.limit, events: 0, changes: 0 };
        self.catch_up(&mut turn)?;
        if key && !self.first {
            self.transform.force_key()?;
        }
        self.put(picture, at, &mut turn)?;
        let mut unit = Vec::new();
        let content = loop {
            if self.next(&mut turn)? != TransformEvent::HaveOutput || !self.take(&mut turn)? {
                continue;
            }
            // Some put parameter sets out by themselves, before the picture.
            unit.append(&mut self.piece);
            let content = nal::content(&unit, self.syntax)?;
            if content.picture {
                break content;
            }
        };
        if key && !content.key {
            return Err(TransformFailure::Output("no key picture where one was asked for"));
        }
        self.first = false;
        if content.sequence {
            self.parameters = nal::parameter_sets(&unit, self.syntax)?;
        } else if content.key {
            if self.parameters.is_empty() {
                return Err(TransformFailure::Output("key picture without parameter sets"));
            }
            let delimiter = nal::delimiter(&unit, self.syntax);
            out.extend(&unit[..delimiter]);
            out.extend(&self.parameters);
            unit.drain(..delimiter);
        }
        out.extend(unit);
        Ok(content.key)
    }

    /// Hears what was said since the last picture, without waiting for more.
    fn catch_up(&mut self, turn: &mut Turn) -> Result<(), TransformFailure> {
        loop {
            let said = self.transform.event(Duration::ZERO)?.event;
            let Some(event) = said else { return Ok(()) };
            self.hear(event, turn)?;
            self.unasked(event, turn)?;
        }
    }

    /// Gives it a picture as soon as it asks for one.
    fn put(
        &mut self,
        picture: Nv12<'_>,
        at: Duration,
        turn: &mut Turn,
    ) -> Result<(), TransformFailure> {
        loop {
            while self.wanted == 0 {
                let event = self.next(turn)?;
                self.unasked(event, turn)?;
            }
            match self.transform.process_input(picture, at) {
                Ok(()) => {
                    self.wanted -= 1;
                    return Ok(());
                }
                // It had asked before it was flushed, or asked twice for one picture.
                Err(TransformFailure::Call { code: NOT_ACCEPTING, .. }) => self.wanted = 0,
                Err(other) => return Err(other),
            }
        }
    }

    /// Output while nothing is inside: parameter sets are welcome, a picture is not,
    /// since viewers could not place it.
    fn unasked(&mut self, event: TransformEvent, turn: &mut Turn) -> Result<(), TransformFailure> {
        if event != TransformEvent::HaveOutput || !self.take(turn)? {
            return Ok(());
        }
        let content = nal::content(&self.piece, self.syntax)?;
        if content.picture {
            return Err(TransformFailure::Output("a picture that nobody asked for"));
        }
        if content.sequence {
            self.parameters = nal::parameter_sets(&self.piece, self.syntax)?;
        }
        Ok(())
    }

    /// Takes one output into `piece`; tells whether there was any.
    fn take(&mut self, turn: &mut Turn) -> Result<bool, TransformFailure> {
        self.piece.clear();
        match self.transform.process_output(&mut self.piece)? {
            Output::Sample => Ok(true),
            Output::NeedMoreInput => Ok(false),
            Output::StreamChange => {
                turn.changes += 1;
                if turn.changes > MOST_CHANGES {
                    return Err(TransformFailure::Output("its type changes without end"));
                }
                self.transform.agree_on_output()?;
                self.parameters = self.transform.sequence_header();
                Ok(false)
            }
        }
    }

    /// The next event, within what is left of the time.
    fn next(&mut self, turn: &mut Turn) -> Result<TransformEvent, TransformFailure> {
        let Waited { event, left } = self.transform.event(turn.left)?;
        turn.left = left;
        match event {
            Some(event) => {
                self.hear(event, turn)?;
                Ok(event)
            }
            None if left.is_zero() => Err(TransformFailure::Stalled(self.limit)),
            None => Err(TransformFailure::Output("the picture was held back")),
        }
    }

    fn hear(&mut self, event: TransformEvent, turn: &mut Turn) -> Result<(), TransformFailure> {
        turn.events += 1;
        if turn.events > MOST_EVENTS {
            return Err(TransformFailure::Output("events without end"));
        }
        match event {
            TransformEvent::NeedInput => self.wanted = (self.wanted + 1).min(MOST_WANTED),
            TransformEvent::Failed(code) => {
                return Err(TransformFailure::of("a step between calls", code));
            }
            TransformEvent::HaveOutput | TransformEvent::DrainComplete | TransformEvent::Other => {}
        }
        Ok(())
    }

    /// Empties it, sets it up anew and starts another stream.
    fn restart(&mut self, kbps: u32, fps: u32) -> Result<(), TransformFailure> {
        self.transform.message(Message::EndOfStream)?;
        self.transform.message(Message::Drain)?;
        match self.drained() {
            // Nothing that is inside is missed: the next picture is a key picture.
            Ok(()) | Err(TransformFailure::Stalled(_)) => {}
            Err(other) => return Err(other),
        }
        self.transform.message(Message::Flush)?;
        self.transform.message(Message::EndStreaming)?;
        self.transform.configure(kbps, fps)?;
        self.begin()
    }

    fn drained(&mut self) -> Result<(), TransformFailure> {
        let mut turn = Turn { left: self.limit, events: 0, changes: 0 };
        loop {
            match self.next(&mut turn)? {
                TransformEvent::DrainComplete => return Ok(()),
                TransformEvent::HaveOutput => {
                    self.take(&mut turn)?;
                }
                _ => {}
            }
        }
    }
}

impl<T: Transform> Drop for Machine<T> {
    fn drop(&mut self) {
        if !self.closed {
            // On the way out; each is a courtesy to the driver.
            for message in [Message::EndOfStream, Message::Flush, Message::EndStreaming] {
                if self.transform.message(message).is_err() {
                    break;
                }
            }
            self.transform.shutdown();
        }
    }
}

/// What one picture has used up.
struct Turn {
    left: Duration,
    events: u32,
    changes: u32,
}

#[cfg(test)]
mod tests;
