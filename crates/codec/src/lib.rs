//! Software codecs, H.264 by OpenH264 and lossless tiles by palettes, differences
//! and zstd, and the choice between them and hardware.
//!
//! Encoders stand behind the traits of `gc-video`. Decoders take bytes of a peer:
//! they check every size in a header against what is expected before anything is
//! allocated.

mod chain;
mod colors;
mod h264;
mod hevc;
mod made;
mod self_test;
mod sps;
mod tile_decode;
mod tile_encode;
mod zstd_tiles;

pub use chain::{Candidate, Connect, EncoderChain, EncoderPool, Latch, Patience, SystemPatience};
pub use h264::{DecodeFailure, OpenH264Decoder, OpenH264Encoder, OpenH264Factory};
pub use hevc::{HevcFacts, hevc_facts};
pub use self_test::{SelfTestFailure, self_test};
pub use sps::{SequenceInfo, SpsError, check_access_unit};
pub use tile_encode::TileEncoder;
pub use zstd_tiles::{MAX_EXPANDED, MAX_WINDOW, TileDecoder, TileError, ZstdTiles};
