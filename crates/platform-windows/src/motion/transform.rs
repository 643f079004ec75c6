//! What the state machine needs of a Media Foundation transform, without Win32.

use std::time::Duration;

use gc_video::EncodeFailure;

/// `MF_E_NOTACCEPTING`: it takes no input now.
pub const NOT_ACCEPTING: u32 = 0xC00D_36B5;
/// `MF_E_TRANSFORM_STREAM_CHANGE`: its output has another type from now on.
pub const STREAM_CHANGE: u32 = 0xC00D_6D61;
/// `MF_E_TRANSFORM_NEED_MORE_INPUT`: it has no output yet.
pub const NEED_MORE_INPUT: u32 = 0xC00D_6D72;
/// `MF_E_SHUTDOWN`: it was shut down.
pub const SHUT_DOWN: u32 = 0xC00D_3E85;
/// `DXGI_ERROR_DEVICE_REMOVED`.
pub const DEVICE_REMOVED: u32 = 0x887A_0005;
/// `DXGI_ERROR_DEVICE_HUNG`.
pub const DEVICE_HUNG: u32 = 0x887A_0006;
/// `DXGI_ERROR_DEVICE_RESET`.
pub const DEVICE_RESET: u32 = 0x887A_0007;
/// `MF_E_DXGI_DEVICE_NOT_INITIALIZED`.
pub const DEVICE_NOT_INITIALIZED: u32 = 0x8004_1000;
/// `MF_E_DXGI_NEW_VIDEO_DEVICE`.
pub const NEW_DEVICE: u32 = 0x8004_1001;
/// `MF_E_HW_MFT_FAILED_START_STREAMING`: a hardware encoder had no room for one more
/// stream, or lost its device.
pub const NO_HARDWARE: u32 = 0xC00D_3704;

/// Why a transform cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransformFailure {
    /// It answered a call with this `HRESULT`.
    #[error("{call} failed with {code:#010x}")]
    Call {
        /// Method of `IMFTransform`, or what was asked for.
        call: &'static str,
        /// `HRESULT`.
        code: u32,
    },
    /// The graphics device behind it is gone.
    #[error("the graphics device is gone: {call} failed with {code:#010x}")]
    DeviceLost {
        /// As in [`Call`](Self::Call).
        call: &'static str,
        /// `HRESULT`.
        code: u32,
    },
    /// It neither made a picture nor failed.
    #[error("nothing came out in {0:?}")]
    Stalled(Duration),
    /// What it made is no stream that a viewer could decode.
    #[error("output is not valid: {0}")]
    Output(&'static str),
    /// It failed or was closed before, and is not to be used any more.
    #[error("closed")]
    Closed,
}

impl TransformFailure {
    /// The failure of a call, by what its `HRESULT` tells.
    pub const fn of(call: &'static str, code: u32) -> Self {
        match code {
            DEVICE_REMOVED
            | DEVICE_HUNG
            | DEVICE_RESET
            | DEVICE_NOT_INITIALIZED
            | NEW_DEVICE
            | NO_HARDWARE => Self::DeviceLost { call, code },
            SHUT_DOWN => Self::Closed,
            _ => Self::Call { call, code },
        }
    }
}

impl From<TransformFailure> for EncodeFailure {
    fn from(failure: TransformFailure) -> Self {
        match failure {
            TransformFailure::Call { .. } | TransformFailure::Closed => {
                Self::Encode(failure.to_string())
            }
            TransformFailure::DeviceLost { .. } => Self::DeviceLost(failure.to_string()),
            TransformFailure::Stalled(limit) => Self::Stalled(limit),
            TransformFailure::Output(what) => Self::Output(what),
        }
    }
}

/// What an asynchronous transform says ("Asynchronous MFTs", Microsoft Learn).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransformEvent {
    /// `METransformNeedInput`: one `ProcessInput` is welcome.
    NeedInput,
    /// `METransformHaveOutput`: one `ProcessOutput` is due.
    HaveOutput,
    /// `METransformDrainComplete`: nothing is left inside.
    DrainComplete,
    /// `MEError`: it failed between two calls, with this `HRESULT`.
    Failed(u32),
    /// Any other event, such as a marker; says nothing here.
    Other,
}

/// What a transform is told (`MFT_MESSAGE_TYPE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// `MFT_MESSAGE_NOTIFY_BEGIN_STREAMING`: take what is needed.
    BeginStreaming,
    /// `MFT_MESSAGE_NOTIFY_START_OF_STREAM`: events may come from now on.
    StartOfStream,
    /// `MFT_MESSAGE_NOTIFY_END_OF_STREAM`: no more input before the next start.
    EndOfStream,
    /// `MFT_MESSAGE_COMMAND_DRAIN`: put out what is inside.
    Drain,
    /// `MFT_MESSAGE_COMMAND_FLUSH`: drop what is inside.
    Flush,
    /// `MFT_MESSAGE_NOTIFY_END_STREAMING`: give back what was taken.
    EndStreaming,
}

/// What `ProcessOutput` brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// A sample was appended.
    Sample,
    /// The type has changed; the new one is to be agreed on first.
    StreamChange,
    /// Nothing: it wants input first.
    NeedMoreInput,
}

/// A wait that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waited {
    /// The next event; `None` when the time is up.
    pub event: Option<TransformEvent>,
    /// What is left of the time.
    pub left: Duration,
}

/// A picture for the encoder: NV12, rows as wide as the picture, luma first.
#[derive(Debug, Clone, Copy)]
pub struct Nv12<'a> {
    /// Even.
    pub width: u32,
    /// Even.
    pub height: u32,
    /// Luma, then interleaved chroma: `width * height * 3 / 2` bytes.
    pub bytes: &'a [u8],
}

/// What became of a change of the rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateChange {
    /// The stream goes on.
    Done,
    /// Only a stream that starts over takes another rate.
    NeedsRestart,
}

/// An encoder as the state machine sees it: events come out, calls go in. Each method
/// is one call of `IMFTransform`, `IMFMediaEventGenerator` or `ICodecAPI`.
pub trait Transform {
    /// `IMFTransform::ProcessMessage`.
    fn message(&mut self, message: Message) -> Result<(), TransformFailure>;

    /// The next event, waiting for it no longer than `within`.
    fn event(&mut self, within: Duration) -> Result<Waited, TransformFailure>;

    /// `IMFTransform::ProcessInput`; `at` is the time of the picture.
    fn process_input(&mut self, picture: Nv12<'_>, at: Duration) -> Result<(), TransformFailure>;

    /// `IMFTransform::ProcessOutput`; appends the sample's bytes.
    fn process_output(&mut self, out: &mut Vec<u8>) -> Result<Output, TransformFailure>;

    /// Takes the first output type that the transform offers after a stream change.
    fn agree_on_output(&mut self) -> Result<(), TransformFailure>;

    /// `CODECAPI_AVEncVideoForceKeyFrame`, for the next input.
    fn force_key(&mut self) -> Result<(), TransformFailure>;

    /// `CODECAPI_AVEncCommonMeanBitRate`, while the stream runs.
    fn set_rate(&mut self, kbps: u32, fps: u32) -> Result<RateChange, TransformFailure>;

    /// Sets types and attributes anew, for a stream that starts over.
    fn configure(&mut self, kbps: u32, fps: u32) -> Result<(), TransformFailure>;

    /// The parameter sets that the output type carries (`MF_MT_MPEG_SEQUENCE_HEADER`),
    /// in Annex B form; empty when it carries none.
    fn sequence_header(&self) -> Vec<u8>;

    /// `IMFShutdown::Shutdown`, where it has one. Nothing is called after it.
    fn shutdown(&mut self);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_its_cause_at_the_seam() {
        let limit = Duration::from_secs(1);
        let cases = [
            (TransformFailure::of("ProcessInput", 0x8000_4005), "encode"),
            (TransformFailure::of("ProcessInput", DEVICE_HUNG), "device_lost"),
            (TransformFailure::of("ProcessInput", SHUT_DOWN), "encode"),
            (TransformFailure::Stalled(limit), "stalled"),
            (TransformFailure::Output("x"), "output"),
        ];
        for (failure, kind) in cases {
            assert_eq!(EncodeFailure::from(failure).kind(), kind);
        }
        let text = TransformFailure::of("ProcessInput", 0x8000_4005).to_string();
        assert_eq!(text, "ProcessInput failed with 0x80004005");
    }
}
