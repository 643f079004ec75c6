//! An encoder that misbehaves as it is told to, at any call.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gc_video::{
    EncodeFailure, Encoded, MotionCodec, MotionEncoder, MotionEncoderFactory, MotionSettings,
    PictureView,
};

/// Longest that a scripted hang lasts, so that a test that fails can end.
const LONGEST_HANG: Duration = Duration::from_mins(1);

/// A call of an encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EncoderCall {
    /// The encoder is set up, before any stream.
    Connect,
    /// A stream is opened.
    Open,
    /// A picture that need not be a key picture.
    Encode,
    /// A picture that has to be a key picture.
    Key,
    /// The rate is changed.
    SetRate,
    /// A stream ends.
    DropStream,
    /// The encoder ends.
    DropFactory,
}

/// What an encoder does instead of its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misbehaviour {
    /// Says so.
    Fail(EncodeFailure),
    /// Never comes back, until [`FakeEncoderControl::release`].
    Hang,
    /// Panics.
    Panic,
    /// Bytes that are no access unit.
    Garbage,
    /// Start code and header of a slice, then noise.
    BrokenSlice,
    /// No bytes.
    Nothing,
    /// Says that an ordinary picture is a key picture, or makes none where one is due.
    WrongKind,
    /// Another picture than the one given.
    OtherPicture,
    /// A stream of another size.
    OtherSize,
}

#[derive(Default)]
struct State {
    script: Vec<(EncoderCall, Misbehaviour)>,
    hanging: usize,
    released: bool,
    /// Factories and streams that live.
    alive: usize,
    calls: Vec<EncoderCall>,
    hit: usize,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn born(&self) {
        self.lock().alive += 1;
    }

    fn dead(&self) {
        self.lock().alive -= 1;
        self.changed.notify_all();
    }

    /// What the script says about a call. Hangs and panics happen here.
    #[expect(clippy::panic, reason = "that is what it is for")]
    fn meet(&self, call: EncoderCall) -> Option<Misbehaviour> {
        let mut state = self.lock();
        state.calls.push(call);
        let found = state.script.iter().find(|(at, _)| *at == call);
        let what = found.map(|(_, what)| what.clone())?;
        state.hit += 1;
        match what {
            Misbehaviour::Hang => {
                state.hanging += 1;
                self.changed.notify_all();
                let held = |state: &mut State| !state.released;
                let outcome = self.changed.wait_timeout_while(state, LONGEST_HANG, held);
                outcome.unwrap_or_else(PoisonError::into_inner).0.hanging -= 1;
                self.changed.notify_all();
                None
            }
            Misbehaviour::Panic => {
                drop(state);
                panic!("scripted panic in {call:?}");
            }
            other => Some(other),
        }
    }
}

/// Scripts and watches a fake encoder.
#[derive(Clone, Default)]
pub struct FakeEncoderControl(Arc<Shared>);

impl FakeEncoderControl {
    /// From now on every `call` does `what`.
    pub fn script(&self, call: EncoderCall, what: Misbehaviour) {
        self.0.lock().script.push((call, what));
    }

    /// Works from here on; what hangs goes on.
    pub fn release(&self) {
        let mut state = self.0.lock();
        state.script.clear();
        state.released = true;
        self.0.changed.notify_all();
    }

    /// Calls that hang at present.
    pub fn hanging(&self) -> usize {
        self.0.lock().hanging
    }

    /// Calls that met the script.
    pub fn hits(&self) -> usize {
        self.0.lock().hit
    }

    /// How often `call` was made.
    pub fn count(&self, call: EncoderCall) -> usize {
        self.0.lock().calls.iter().filter(|made| **made == call).count()
    }

    /// Waits until neither an encoder nor a stream is left; `false` after `limit`.
    pub fn wait_until_gone(&self, limit: Duration) -> bool {
        let state = self.0.lock();
        let outcome = self.0.changed.wait_timeout_while(state, limit, |state| state.alive > 0);
        outcome.unwrap_or_else(PoisonError::into_inner).0.alive == 0
    }

    /// Sets the encoder up as the script says. `inner` does the work.
    pub fn connect(
        &self,
        inner: Box<dyn MotionEncoderFactory>,
        codecs: &[MotionCodec],
    ) -> Result<FakeEncoderFactory, EncodeFailure> {
        if let Some(Misbehaviour::Fail(failure)) = self.0.meet(EncoderCall::Connect) {
            return Err(failure);
        }
        self.0.born();
        Ok(FakeEncoderFactory { shared: Arc::clone(&self.0), inner, codecs: codecs.to_vec() })
    }
}

/// An encoder that works as another one does, but for its script. What it makes is
/// always what the other one makes, whatever codec it says that it is.
pub struct FakeEncoderFactory {
    shared: Arc<Shared>,
    inner: Box<dyn MotionEncoderFactory>,
    codecs: Vec<MotionCodec>,
}

impl MotionEncoderFactory for FakeEncoderFactory {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn codecs(&self) -> &[MotionCodec] {
        &self.codecs
    }

    fn accepts(&self, codec: MotionCodec, width: u32, height: u32) -> bool {
        self.codecs.contains(&codec) && self.inner.accepts(MotionCodec::H264, width, height)
    }

    fn open(&mut self, settings: MotionSettings) -> Result<Box<dyn MotionEncoder>, EncodeFailure> {
        let mut settings = settings;
        match self.shared.meet(EncoderCall::Open) {
            Some(Misbehaviour::Fail(failure)) => return Err(failure),
            Some(Misbehaviour::OtherSize) => settings.width += 64,
            _ => {}
        }
        let asked = settings;
        let inner = self.inner.open(MotionSettings { codec: MotionCodec::H264, ..settings })?;
        self.shared.born();
        Ok(Box::new(FakeStream { shared: Arc::clone(&self.shared), inner, asked }))
    }
}

impl Drop for FakeEncoderFactory {
    fn drop(&mut self) {
        let _end = End(&self.shared);
        self.shared.meet(EncoderCall::DropFactory);
    }
}

/// Counts the end of something even where that panics.
struct End<'a>(&'a Shared);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.dead();
    }
}

struct FakeStream {
    shared: Arc<Shared>,
    inner: Box<dyn MotionEncoder>,
    asked: MotionSettings,
}

impl MotionEncoder for FakeStream {
    fn encode(
        &mut self,
        picture: PictureView<'_>,
        key: bool,
        at: Duration,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, EncodeFailure> {
        let call = if key { EncoderCall::Key } else { EncoderCall::Encode };
        match self.shared.meet(call) {
            Some(Misbehaviour::Fail(failure)) => return Err(failure),
            Some(Misbehaviour::Nothing) => return Ok(Encoded { key }),
            Some(Misbehaviour::Garbage) => {
                out.extend(b"this is not an access unit");
                return Ok(Encoded { key });
            }
            Some(Misbehaviour::BrokenSlice) => {
                // The real thing, with noise behind its first slice's first bytes.
                let start = out.len();
                let made = self.inner.encode(picture, key, at, out)?;
                let length = out.len() - start;
                for (place, byte) in out.iter_mut().skip(start + length / 3).enumerate() {
                    *byte = (place * 89 % 251) as u8 | 4;
                }
                return Ok(made);
            }
            Some(Misbehaviour::WrongKind) => {
                let made = self.inner.encode(picture, false, at, out)?;
                return Ok(Encoded { key: !made.key });
            }
            Some(Misbehaviour::OtherPicture) => {
                let pixels: Vec<u8> = picture.pixels.iter().map(|value| !value).collect();
                return self.inner.encode(PictureView { pixels: &pixels, ..picture }, key, at, out);
            }
            _ => {}
        }
        // A picture of another size than the stream was opened with.
        if picture.width != self.asked.width {
            let (width, height) = (self.asked.width, picture.height);
            let pixels = vec![90; (width * height * 4) as usize];
            let view = PictureView { width, height, stride: width as usize * 4, pixels: &pixels };
            return self.inner.encode(view, key, at, out);
        }
        self.inner.encode(picture, key, at, out)
    }

    fn set_rate(&mut self, kbps: u32, fps: u32) -> Result<(), EncodeFailure> {
        if let Some(Misbehaviour::Fail(failure)) = self.shared.meet(EncoderCall::SetRate) {
            return Err(failure);
        }
        self.inner.set_rate(kbps, fps)
    }
}

impl Drop for FakeStream {
    fn drop(&mut self) {
        let _end = End(&self.shared);
        self.shared.meet(EncoderCall::DropStream);
    }
}
