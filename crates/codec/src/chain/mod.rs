//! Which encoder makes a stream: hardware that has proven itself, else software.
//!
//! An [`EncoderPool`] knows the encoders of the machine for the life of the process
//! and remembers what they did; each session has an [`EncoderChain`] on it. Encoders
//! of unknown quality live on a thread each and are tried in the background, while
//! software makes the streams. What fails, hangs, crashes or shows another picture is
//! put aside with its cause, and the next stream comes from another encoder.

mod device;
mod latch;
mod pool;
mod stream;
mod worker;

use std::sync::Arc;

use gc_video::{
    EncodeFailure, FactoryEvent, MotionCodec, MotionEncoder, MotionEncoderFactory, MotionSettings,
    Recourse,
};

pub use latch::{Latch, Patience, SystemPatience};
pub use pool::{Candidate, EncoderPool};
pub use worker::Connect;

use self::pool::{Found, SizeClass};
use self::stream::{CALL_LIMIT, GuardedStream};

/// One session's choice among the encoders of a pool.
pub struct EncoderChain {
    pool: Arc<EncoderPool>,
    /// Of the encoder that made the last stream, or would make one.
    name: Arc<str>,
    codecs: Vec<MotionCodec>,
    /// What a stream was opened for that a better encoder may prove itself for.
    wanted: Vec<(usize, MotionCodec, SizeClass)>,
}

impl EncoderChain {
    pub(in crate::chain) fn new(pool: Arc<EncoderPool>) -> Self {
        let mut chain = Self {
            name: pool.software_name(),
            pool,
            codecs: vec![MotionCodec::H264],
            wanted: Vec::new(),
        };
        chain.refresh();
        chain
    }

    fn refresh(&mut self) {
        self.pool.look();
        self.codecs = self.pool.codecs();
        self.name = self.pool.best_name();
    }

    fn open_guarded(
        &mut self,
        at: usize,
        settings: MotionSettings,
    ) -> Result<Option<Box<dyn MotionEncoder>>, EncodeFailure> {
        let class = SizeClass::of(settings.width, settings.height);
        let (worker, name, id) = match self.pool.find(at, settings.codec, class) {
            Found::Proven { worker, name, id } => (worker, name, id),
            Found::Trying => {
                let wish = (at, settings.codec, class);
                if !self.wanted.contains(&wish) {
                    self.wanted.push(wish);
                }
                return Ok(None);
            }
            Found::Not => return Ok(None),
        };
        let opened = worker.call(CALL_LIMIT, move |device, reply| {
            reply.give(device.open(id, settings));
        })?;
        let stream = || GuardedStream { worker, name, id, room: Vec::new() };
        Ok(opened.then(|| -> Box<dyn MotionEncoder> { Box::new(stream()) }))
    }
}

impl MotionEncoderFactory for EncoderChain {
    fn name(&self) -> &str {
        &self.name
    }

    fn codecs(&self) -> &[MotionCodec] {
        &self.codecs
    }

    fn accepts(&self, codec: MotionCodec, width: u32, height: u32) -> bool {
        match codec {
            MotionCodec::H264 => self.pool.software().accepts(codec, width, height),
            MotionCodec::Hevc => self.codecs.contains(&codec),
        }
    }

    fn open(&mut self, settings: MotionSettings) -> Result<Box<dyn MotionEncoder>, EncodeFailure> {
        self.refresh();
        for at in 0..self.pool.hardware() {
            match self.open_guarded(at, settings) {
                Ok(Some(stream)) => return Ok(stream),
                Ok(None) => {}
                Err(failure) => self.pool.reject(at, settings.codec, failure),
            }
        }
        if settings.codec != MotionCodec::H264 {
            return Err(EncodeFailure::Absent("no encoder for this codec".to_owned()));
        }
        self.pool.open_software(settings)
    }

    fn failed(&mut self, encoder: &str, failure: &EncodeFailure) -> Recourse {
        let recourse = self.pool.failed(encoder, failure);
        self.refresh();
        recourse
    }

    fn poll_event(&mut self) -> Option<FactoryEvent> {
        self.refresh();
        let pool = &self.pool;
        let ready = self.wanted.iter().position(|(at, codec, class)| {
            matches!(pool.find(*at, *codec, *class), Found::Proven { .. })
        });
        if let Some(index) = ready {
            let (at, ..) = self.wanted.remove(index);
            return Some(FactoryEvent::Ready { encoder: self.pool.name_of(at).to_string() });
        }
        self.pool.take_event()
    }
}
