//! What the host needs from codecs. Implemented by `gc-codec`.

use std::time::Duration;

use gc_proto::v2::TileEncoding;

use crate::PictureView;

/// Compresses tiles without loss.
pub trait TileCompressor: Send {
    /// Appends the data of a tile to `out` and tells its encoding. `pixels` are rows of
    /// `width` pixels B G R X, without padding; X is 255.
    fn compress(
        &mut self,
        width: u32,
        pixels: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<TileEncoding, EncodeFailure>;
}

/// Why an encoder cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeFailure {
    /// It could not be set up.
    #[error("encoder could not be opened: {0}")]
    Open(String),
    /// It refused a picture.
    #[error("encoder failed: {0}")]
    Encode(String),
    /// What it made is not a stream that a viewer could decode.
    #[error("encoder made output that is not valid: {0}")]
    Output(&'static str),
}

/// How to encode motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MotionSettings {
    /// Pixels from left to right; may be odd.
    pub width: u32,
    /// Pixels from top to bottom; may be odd.
    pub height: u32,
    /// Kilobits per second to aim at.
    pub kbps: u32,
    /// Pictures per second to expect.
    pub fps: u32,
}

/// What became of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoded {
    /// The access unit is an IDR with its parameter sets.
    pub key: bool,
}

/// One H.264 stream.
pub trait MotionEncoder: Send {
    /// Appends the access unit of one picture, in Annex B form, baseline profile
    /// without reordering. The first is a key picture; later ones only when `key`
    /// asks for it, or a change of the rate needs it. `at` is the time of the picture.
    fn encode(
        &mut self,
        picture: PictureView<'_>,
        key: bool,
        at: Duration,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, EncodeFailure>;

    /// Changes the rate, without a key picture if that can be. Where it cannot, the
    /// stream goes on with one that nobody asked for.
    fn set_rate(&mut self, kbps: u32, fps: u32) -> Result<(), EncodeFailure>;
}

/// Opens streams.
pub trait MotionEncoderFactory: Send {
    /// Names the encoder to people; at most 64 characters.
    fn name(&self) -> &str;

    /// Whether it can take pictures of this size.
    fn accepts(&self, width: u32, height: u32) -> bool;

    /// A new stream.
    fn open(&mut self, settings: MotionSettings) -> Result<Box<dyn MotionEncoder>, EncodeFailure>;
}
