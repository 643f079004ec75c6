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
    /// The machine has no such device or library. Nothing is wrong with that.
    #[error("encoder is not there: {0}")]
    Absent(String),
    /// It could not be set up.
    #[error("encoder could not be opened: {0}")]
    Open(String),
    /// It refused a picture, or a change of its rate.
    #[error("encoder failed: {0}")]
    Encode(String),
    /// What it made is not a stream that a viewer could decode.
    #[error("encoder made output that is not valid: {0}")]
    Output(&'static str),
    /// What it made in its trial, or shows now, is not what it was given.
    #[error("encoder failed its test: {0}")]
    SelfTest(String),
    /// It did not answer within this time; whatever it was doing was left alone.
    #[error("encoder did not answer within {0:?}")]
    Stalled(Duration),
    /// The device went away or was reset.
    #[error("encoder lost its device: {0}")]
    DeviceLost(String),
    /// A defect in the encoder or its driver's binding; it ended, the agent did not.
    #[error("encoder crashed: {0}")]
    Crashed(String),
}

impl EncodeFailure {
    /// One word for logs and statistics.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Absent(_) => "absent",
            Self::Open(_) => "open",
            Self::Encode(_) => "encode",
            Self::Output(_) => "output",
            Self::SelfTest(_) => "self_test",
            Self::Stalled(_) => "stalled",
            Self::DeviceLost(_) => "device_lost",
            Self::Crashed(_) => "crashed",
        }
    }
}

/// How motion is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MotionCodec {
    /// ITU-T H.264, constrained baseline or main profile, no reordering.
    H264,
    /// ITU-T H.265, main profile, no reordering. Only where every viewer and the
    /// session want it.
    Hevc,
}

/// How to encode motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MotionSettings {
    /// What the stream is.
    pub codec: MotionCodec,
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

/// One stream. It is made, used and dropped on one thread, which may be another one
/// than the factory's caller.
pub trait MotionEncoder: Send {
    /// The encoder that makes this stream, where that can be another one than the
    /// factory names at present.
    fn name(&self) -> Option<&str> {
        None
    }

    /// Appends the access unit of one picture, in Annex B form, without reordering:
    /// one picture in, its unit out before the call returns. The first is a key
    /// picture, an IDR (H.265: IRAP) with its parameter sets in front; later ones only
    /// when `key` asks for it, or a change of the rate needs it. `at` is the time of
    /// the picture; it never goes back.
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

/// What is left when a stream has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recourse {
    /// Another encoder takes over with the next stream that is opened.
    Another,
    /// There is none.
    None,
}

/// What a factory found out by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactoryEvent {
    /// An encoder passed its trial and will make the streams opened from now on.
    Ready {
        /// Which one.
        encoder: String,
    },
    /// An encoder that no stream of this host uses is not to be used.
    Rejected {
        /// Which one.
        encoder: String,
        /// What it did.
        failure: EncodeFailure,
        /// When it will be tried again; `None`: not any more.
        retry_after: Option<Duration>,
    },
}

/// Opens streams.
pub trait MotionEncoderFactory: Send {
    /// Names the encoder that would make the next stream, to people; short, at most
    /// 64 characters.
    fn name(&self) -> &str;

    /// What it can make at present. For one encoder this never changes.
    fn codecs(&self) -> &[MotionCodec];

    /// Whether it can take pictures of this size.
    fn accepts(&self, codec: MotionCodec, width: u32, height: u32) -> bool;

    /// A new stream.
    fn open(&mut self, settings: MotionSettings) -> Result<Box<dyn MotionEncoder>, EncodeFailure>;

    /// Takes note that a stream of `encoder` failed, or could not be opened, and tells
    /// what is left. For factories that choose among several.
    fn failed(&mut self, encoder: &str, failure: &EncodeFailure) -> Recourse {
        let _ = (encoder, failure);
        Recourse::None
    }

    /// The next thing that happened without a stream of the caller.
    fn poll_event(&mut self) -> Option<FactoryEvent> {
        None
    }
}
