//! Hears what an asynchronous transform says.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use gc_types::Clock;
use windows::Win32::Media::MediaFoundation::{
    IMFMediaEventGenerator, MEError, METransformDrainComplete, METransformHaveOutput,
    METransformNeedInput, MF_EVENT_FLAG_NONE,
};
use windows::core::Result;

use super::runtime::{Apartment, Runtime};
use crate::motion::{SHUT_DOWN, TransformEvent, TransformFailure, Waited};

/// The events of one transform. They come from a thread that sleeps in `GetEvent`, so
/// that a wait can have a limit and nothing polls; it ends when the transform is shut
/// down.
pub(super) struct EventQueue {
    events: Receiver<TransformEvent>,
    clock: Arc<dyn Clock>,
}

/// Event generators may be used from any thread: their queue is the one of
/// `MFCreateEventQueue` ("Media Event Generators", Microsoft Learn).
struct Source(IMFMediaEventGenerator);

// SAFETY: see `Source`; the reference moves to one thread and is used only there.
unsafe impl Send for Source {}

impl Source {
    fn next(&self) -> Result<TransformEvent> {
        // SAFETY: no pointers of ours; `GetStatus` and `GetType` only read.
        unsafe {
            let event = self.0.GetEvent(MF_EVENT_FLAG_NONE)?;
            event.GetStatus()?.ok()?;
            let kind = event.GetType()?.cast_signed();
            Ok(match kind {
                kind if kind == METransformNeedInput.0 => TransformEvent::NeedInput,
                kind if kind == METransformHaveOutput.0 => TransformEvent::HaveOutput,
                kind if kind == METransformDrainComplete.0 => TransformEvent::DrainComplete,
                kind if kind == MEError.0 => TransformEvent::Failed(SHUT_DOWN),
                _ => TransformEvent::Other,
            })
        }
    }
}

impl EventQueue {
    pub(super) fn new(
        source: IMFMediaEventGenerator,
        clock: Arc<dyn Clock>,
        runtime: Arc<Runtime>,
    ) -> std::io::Result<Self> {
        let (sender, events) = channel();
        let source = Source(source);
        thread::Builder::new().name("encoder events".to_owned()).spawn(move || {
            // The whole of it, and not its only field, moves here.
            let source = source;
            let apartment = Apartment::enter();
            loop {
                let (event, last) = match source.next() {
                    Ok(event) => (event, false),
                    Err(error) => (TransformEvent::Failed(error.code().0.cast_unsigned()), true),
                };
                if sender.send(event).is_err() || last {
                    break;
                }
            }
            drop(source);
            drop(apartment);
            // The library stays until this thread is out of it.
            drop(runtime);
        })?;
        Ok(Self { events, clock })
    }

    /// The next event, within this time.
    pub(super) fn wait(&self, within: Duration) -> std::result::Result<Waited, TransformFailure> {
        if within.is_zero() {
            return match self.events.try_recv() {
                Ok(event) => Ok(Waited { event: Some(event), left: within }),
                Err(TryRecvError::Empty) => Ok(Waited { event: None, left: within }),
                Err(TryRecvError::Disconnected) => Err(TransformFailure::Closed),
            };
        }
        let start = self.clock.monotonic();
        match self.events.recv_timeout(within) {
            Ok(event) => {
                let took = self.clock.monotonic().saturating_sub(start);
                Ok(Waited { event: Some(event), left: within.saturating_sub(took) })
            }
            Err(RecvTimeoutError::Timeout) => Ok(Waited { event: None, left: Duration::ZERO }),
            Err(RecvTimeoutError::Disconnected) => Err(TransformFailure::Closed),
        }
    }
}
