//! One stream of a Media Foundation encoder.

use std::mem::ManuallyDrop;
use std::thread::{self, ThreadId};
use std::time::Duration;

use gc_video::{EncodeFailure, Encoded, MotionEncoder, PictureView};

use super::runtime::Apartment;
use super::transform::MediaTransform;
use crate::motion::{Machine, Nv12Picture};

/// A stream, on the thread that opened it.
pub(super) struct MediaFoundationEncoder {
    name: String,
    stream: OneThread<Stream>,
}

/// Fields are dropped from the top: the apartment outlives what lives in it.
struct Stream {
    machine: Machine<MediaTransform>,
    picture: Nv12Picture,
    _apartment: Apartment,
}

impl MediaFoundationEncoder {
    pub(super) fn new(
        name: String,
        machine: Machine<MediaTransform>,
        picture: Nv12Picture,
        apartment: Apartment,
    ) -> Self {
        let stream = Stream { machine, picture, _apartment: apartment };
        Self { name, stream: OneThread::new(stream) }
    }
}

impl MotionEncoder for MediaFoundationEncoder {
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
        let stream = self.stream.get()?;
        let picture = stream
            .picture
            .convert(&picture)
            .map_err(|error| EncodeFailure::Encode(error.to_string()))?;
        let key = stream.machine.encode(picture, key, at, out)?;
        Ok(Encoded { key })
    }

    fn set_rate(&mut self, kbps: u32, fps: u32) -> Result<(), EncodeFailure> {
        Ok(self.stream.get()?.machine.set_rate(kbps, fps)?)
    }
}

/// Something that stays on the thread that made it, in a value that may move. Used on
/// another thread it is refused; dropped there it is left alone, which leaks it.
struct OneThread<T> {
    value: ManuallyDrop<T>,
    home: ThreadId,
}

// SAFETY: the value is reached on its own thread only, by `get` and `drop`.
unsafe impl<T> Send for OneThread<T> {}

impl<T> OneThread<T> {
    fn new(value: T) -> Self {
        Self { value: ManuallyDrop::new(value), home: thread::current().id() }
    }

    fn get(&mut self) -> Result<&mut T, EncodeFailure> {
        if thread::current().id() == self.home {
            Ok(&mut self.value)
        } else {
            Err(EncodeFailure::Encode("the stream belongs to another thread".to_owned()))
        }
    }
}

impl<T> Drop for OneThread<T> {
    fn drop(&mut self) {
        if thread::current().id() == self.home {
            // SAFETY: dropped once, here, on its own thread.
            unsafe { ManuallyDrop::drop(&mut self.value) }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_belongs_to_a_thread_is_refused_and_kept_on_others() {
        let value = Arc::new(());
        let mut one = OneThread::new(Arc::clone(&value));
        assert!(one.get().is_ok());
        thread::spawn(move || {
            assert!(one.get().is_err());
            drop(one);
        })
        .join()
        .unwrap();
        assert_eq!(Arc::strong_count(&value), 2, "not dropped on another thread");
        drop(OneThread::new(Arc::clone(&value)));
        assert_eq!(Arc::strong_count(&value), 2, "dropped on its own");
    }
}
