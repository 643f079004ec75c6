//! A stream of an encoder on another thread.

use std::sync::Arc;
use std::time::Duration;

use gc_video::{EncodeFailure, Encoded, MotionEncoder, PictureView};

use super::device::OwnedPicture;
use super::worker::Worker;

/// Longest wait for a picture, and for a change of the rate. A frame of 60 per second
/// has 17 ms; what takes this long is not slow, it hangs.
pub(super) const CALL_LIMIT: Duration = Duration::from_millis(500);

pub(super) struct GuardedStream {
    pub(super) worker: Arc<Worker>,
    pub(super) name: Arc<str>,
    pub(super) id: u32,
    /// Room for the next picture.
    pub(super) room: Vec<u8>,
}

impl MotionEncoder for GuardedStream {
    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn encode(
        &mut self,
        picture: PictureView<'_>,
        key: bool,
        at: Duration,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, EncodeFailure> {
        picture.check().map_err(|error| EncodeFailure::Encode(error.to_string()))?;
        // A copy, since a thread that hangs may read it for ever.
        let owned = OwnedPicture::of(&picture, std::mem::take(&mut self.room));
        let id = self.id;
        let made = self.worker.call(CALL_LIMIT, move |device, reply| {
            device.encode(id, owned, key, at, reply);
        })?;
        self.room = made.room;
        out.extend_from_slice(&made.unit);
        Ok(made.encoded)
    }

    fn set_rate(&mut self, kbps: u32, fps: u32) -> Result<(), EncodeFailure> {
        let id = self.id;
        self.worker.call(CALL_LIMIT, move |device, reply| {
            reply.give(device.set_rate(id, kbps, fps));
        })
    }
}

impl Drop for GuardedStream {
    fn drop(&mut self) {
        let id = self.id;
        // Nobody waits for it: ending may hang as well as anything else.
        drop(self.worker.post::<()>(move |device, reply| {
            device.close(id);
            reply.give(Ok(()));
        }));
    }
}
