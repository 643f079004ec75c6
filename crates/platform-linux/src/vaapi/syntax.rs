//! What a codec wants to be told, and how: all that differs between H.264 and H.265.

use gc_video::MotionSettings;

use super::bits::Header;
use super::hevc::{self, Tools};
use super::layout as at;
use super::picture::{Shot, Stream};
use super::{h264, hevc::layout as hevc_at};

/// A codec as a device speaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    H264,
    Hevc(Tools),
}

/// A header that the driver is given if it wants it.
pub(super) struct Packed {
    /// The bit of drivers that want it.
    pub(super) wanted: usize,
    pub(super) kind: usize,
    pub(super) header: Header,
}

/// Sizes that a codec has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) shortest: u32,
    pub(super) longest: u32,
    pub(super) samples: u32,
}

impl Syntax {
    /// Bits of the headers that there are.
    pub(super) const fn packed(&self) -> usize {
        match self {
            Self::H264 => at::PACKED_SEQ | at::PACKED_PIC | at::PACKED_SLICE,
            Self::Hevc(_) => at::PACKED_SEQ | at::PACKED_SLICE,
        }
    }

    pub(super) const fn profile(&self) -> u32 {
        match self {
            Self::H264 => at::PROFILE_BASELINE as u32,
            Self::Hevc(_) => hevc_at::PROFILE_MAIN as u32,
        }
    }

    pub(super) const fn limits(&self) -> Limits {
        match self {
            // All drivers take 64, and level 5.2 has 4096.
            Self::H264 => Limits { shortest: 64, longest: 4096, samples: 4096 * 4096 },
            // Some take 130 at least.
            Self::Hevc(tools) => {
                Limits { shortest: 144, longest: 4096, samples: tools.most_samples() }
            }
        }
    }

    pub(super) fn stream(&self, settings: &MotionSettings) -> Stream {
        let side = match self {
            Self::H264 => 16,
            Self::Hevc(tools) => tools.smallest(),
        };
        let (width, height) =
            (settings.width.next_multiple_of(2), settings.height.next_multiple_of(2));
        let coded = (width.next_multiple_of(side), height.next_multiple_of(side));
        let mut stream = Stream { width, height, coded, kbps: 0, fps: 0, level: 0 };
        stream.set_rate(settings.kbps, settings.fps);
        // The level holds for any later rate, so that a change needs no key picture.
        let kbps = 20_000.max(stream.kbps);
        stream.level = match self {
            Self::H264 => h264::level(coded.0 / 16 * (coded.1 / 16), 60, kbps),
            Self::Hevc(_) => hevc::level(coded, 60, kbps),
        };
        stream
    }

    pub(super) fn sequence(&self, stream: &Stream) -> Vec<u8> {
        match self {
            Self::H264 => h264::sequence(stream).0.to_vec(),
            Self::Hevc(tools) => hevc::sequence(tools, stream).0.to_vec(),
        }
    }

    pub(super) fn picture(&self, shot: &Shot) -> Vec<u8> {
        match self {
            Self::H264 => h264::picture(shot).0.to_vec(),
            Self::Hevc(tools) => hevc::picture(tools, shot).0.to_vec(),
        }
    }

    pub(super) fn slice(&self, stream: &Stream, shot: &Shot) -> Vec<u8> {
        match self {
            Self::H264 => h264::slice(stream, shot).0.to_vec(),
            Self::Hevc(tools) => hevc::slice(tools, stream, shot).0.to_vec(),
        }
    }

    /// Headers in front of a picture, in their order.
    pub(super) fn headers(&self, stream: &Stream, shot: &Shot) -> Vec<Packed> {
        let sequence = |header| Packed { wanted: at::PACKED_SEQ, kind: at::HEADER_SEQ, header };
        let slice = |header| Packed { wanted: at::PACKED_SLICE, kind: at::HEADER_SLICE, header };
        let (sets, slice) = match self {
            Self::H264 => {
                let picture = Packed {
                    wanted: at::PACKED_PIC,
                    kind: at::HEADER_PIC,
                    header: h264::picture_header(),
                };
                let set = h264::sequence_header(stream.width, stream.height, stream.level);
                let header = h264::slice_header(shot.key, shot.number, shot.idr_id);
                (vec![sequence(set), picture], slice(header))
            }
            // Three sets in one: drivers that take a sequence header take all of them
            // there, and not all take a picture header.
            Self::Hevc(tools) => {
                let sets = hevc::parameter_sets(tools, stream);
                (vec![sequence(sets)], slice(hevc::slice_header(tools, shot)))
            }
        };
        let sets = sets.into_iter().filter(|_| shot.key);
        sets.chain([slice]).collect()
    }
}
