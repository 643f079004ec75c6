//! What a stream and a picture of it are, whatever the codec, and the parameters that
//! all codecs share.

use super::layout::{self as at, Bytes};
use super::va::Id;

/// Pictures between key pictures, as drivers are told for their rate control. Which
/// picture is one is said with each, so this only has to be long; some drivers divide
/// by it, and keep it in 16 bits.
pub(super) const PERIOD: u32 = 32_767;

/// What stays the same for a stream between changes of its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stream {
    /// Even.
    pub(super) width: u32,
    /// Even.
    pub(super) height: u32,
    /// With what the blocks stand over.
    pub(super) coded: (u32, u32),
    pub(super) kbps: u32,
    pub(super) fps: u32,
    pub(super) level: u8,
}

impl Stream {
    /// What is not shown at the right and at the bottom, in samples of chroma.
    pub(super) const fn crop(&self) -> (u32, u32) {
        ((self.coded.0 - self.width) / 2, (self.coded.1 - self.height) / 2)
    }

    /// Kilobits and pictures per second.
    pub(super) fn set_rate(&mut self, kbps: u32, fps: u32) {
        (self.kbps, self.fps) = (kbps.clamp(16, 240_000), fps.clamp(1, 60));
    }
}

/// One picture of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shot {
    pub(super) key: bool,
    /// Pictures since the last key picture.
    pub(super) number: u32,
    pub(super) idr_id: u16,
    /// Where the decoded picture goes.
    pub(super) target: Id,
    /// The decoded picture before it.
    pub(super) before: Id,
    pub(super) coded: Id,
}

/// A kind of parameter that can come with any picture, in front of its content.
fn misc(kind: usize, content: &[u8]) -> Vec<u8> {
    let mut out = (kind as u32).to_ne_bytes().to_vec();
    out.extend_from_slice(content);
    out
}

/// Rate, buffer and pictures per second. The buffer holds two pictures: less of it
/// starves key pictures, more of it is delay.
pub(super) fn rates(stream: &Stream) -> [Vec<u8>; 3] {
    let bits = stream.kbps * 1000;
    let buffer = bits / stream.fps.max(1) * 2;
    let mut rate = Bytes::<{ at::RATE }>::new();
    rate.put32(at::RATE_BITS, bits);
    rate.put32(at::RATE_PERCENTAGE, 95);
    rate.put32(at::RATE_WINDOW, 2000 / stream.fps.max(1));
    let mut buffering = Bytes::<{ at::BUFFERING }>::new();
    buffering.put32(at::BUFFERING_FULLNESS, buffer / 2);
    buffering.put32(at::BUFFERING_SIZE, buffer);
    let mut fps = Bytes::<{ at::FPS }>::new();
    fps.put32(0, stream.fps);
    [
        misc(at::MISC_RATE, &rate.0),
        misc(at::MISC_BUFFERING, &buffering.0),
        misc(at::MISC_FPS, &fps.0),
    ]
}

/// What stands in front of a packed header.
pub(super) fn packed(kind: usize, bits: u32) -> Bytes<{ at::PACKED }> {
    let mut out = Bytes::new();
    out.put32(0, kind as u32);
    out.put32(at::PACKED_BITS, bits);
    out.put8(at::PACKED_EMULATION, 1);
    out
}
