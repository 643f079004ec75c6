//! Media Foundation's encoders behind the traits of `gc-video`.
//!
//! Written against these pages of Microsoft Learn: "H.264 Video Encoder", "H.265 / HEVC
//! Video Encoder", "Asynchronous MFTs", "Basic MFT Processing Model", "Hardware MFTs",
//! "MFTEnumEx function", "Encoder Properties (ICodecAPI)", "Uncompressed Video Media
//! Types".

mod encoder;
mod events;
mod factory;
mod runtime;
mod transform;

pub use factory::{MediaFoundationFactory, Origin};

use windows::core::Error;

use crate::motion::TransformFailure;

/// The failure of a call, by its `HRESULT`.
fn failed(call: &'static str) -> impl Fn(Error) -> TransformFailure {
    move |error| TransformFailure::of(call, error.code().0.cast_unsigned())
}
