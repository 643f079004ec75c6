//! The parameters of a picture as the driver wants them.

use super::headers::FRAME_NUM_BITS;
use super::layout::{self as at, Bytes};
use super::va::Id;

/// What stays the same for a stream between changes of its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stream {
    /// Even.
    pub(super) width: u32,
    /// Even.
    pub(super) height: u32,
    pub(super) kbps: u32,
    pub(super) fps: u32,
    pub(super) level: u8,
}

impl Stream {
    pub(super) const fn blocks(&self) -> (u32, u32) {
        (self.width.div_ceil(16), self.height.div_ceil(16))
    }
}

/// A stream without end, key pictures on demand only.
pub(super) fn sequence(stream: &Stream) -> Bytes<{ at::SEQ }> {
    let (across, down) = stream.blocks();
    let mut out = Bytes::new();
    out.put8(at::SEQ_LEVEL, stream.level);
    out.put32(at::SEQ_INTRA_PERIOD, 0);
    out.put32(at::SEQ_IDR_PERIOD, 0);
    out.put32(at::SEQ_IP_PERIOD, 1);
    out.put32(at::SEQ_BITS, stream.kbps * 1000);
    out.put32(at::SEQ_REFERENCES, 1);
    out.put16(at::SEQ_WIDTH, across as u16);
    out.put16(at::SEQ_HEIGHT, down as u16);
    // 4:2:0, frames only, direct_8x8_inference, order as coded.
    out.put32(at::SEQ_FIELDS, 1 | 1 << 2 | 1 << 5 | (FRAME_NUM_BITS - 4) << 6 | 2 << 10);
    let (right, bottom) = ((across * 16 - stream.width) / 2, (down * 16 - stream.height) / 2);
    out.put8(at::SEQ_CROP, u8::from(right + bottom > 0));
    out.put32(at::SEQ_CROP_RIGHT, right);
    out.put32(at::SEQ_CROP_BOTTOM, bottom);
    out.put8(at::SEQ_VUI, 1);
    // Timing, restrictions, vectors of 16 bits over the edges.
    out.put32(at::SEQ_VUI_FIELDS, 0b10 | 0b100 | 16 << 3 | 16 << 8 | 1 << 15);
    out.put32(at::SEQ_TICK, 1);
    out.put32(at::SEQ_TIME_SCALE, stream.fps * 2);
    out
}

/// A picture in the list of references.
fn reference(surface: Id, number: u32) -> Bytes<{ at::PICTURE }> {
    let mut out = Bytes::new();
    out.put32(0, surface);
    out.put32(at::PICTURE_INDEX, number);
    out.put32(at::PICTURE_FLAGS, at::PICTURE_SHORT_TERM as u32);
    out.put32(at::PICTURE_TOP_ORDER, number * 2);
    out.put32(at::PICTURE_BOTTOM_ORDER, number * 2);
    out
}

fn no_reference() -> Bytes<{ at::PICTURE }> {
    let mut out = Bytes::new();
    out.put32(0, at::INVALID as u32);
    out.put32(at::PICTURE_FLAGS, at::PICTURE_INVALID as u32);
    out
}

/// One picture of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shot {
    pub(super) key: bool,
    pub(super) number: u32,
    pub(super) idr_id: u16,
    /// Where the decoded picture goes.
    pub(super) target: Id,
    /// The decoded picture before it, and its number.
    pub(super) before: (Id, u32),
    pub(super) coded: Id,
}

pub(super) fn picture(shot: &Shot) -> Bytes<{ at::PIC }> {
    let mut out = Bytes::new();
    let mut current = reference(shot.target, shot.number);
    current.put32(at::PICTURE_FLAGS, 0);
    out.put(0, &current.0);
    for place in 0..16 {
        let held = place == 0 && !shot.key;
        let entry = if held { reference(shot.before.0, shot.before.1) } else { no_reference() };
        out.put(at::PIC_REFERENCES + place * at::PICTURE, &entry.0);
    }
    out.put32(at::PIC_CODED, shot.coded);
    out.put16(at::PIC_FRAME_NUM, shot.number as u16);
    out.put8(at::PIC_QP, 26);
    out.put32(at::PIC_FIELDS, u32::from(shot.key) | 1 << 1);
    out
}

pub(super) fn slice(stream: &Stream, shot: &Shot) -> Bytes<{ at::SLICE }> {
    let (across, down) = stream.blocks();
    let mut out = Bytes::new();
    out.put32(at::SLICE_BLOCKS, across * down);
    out.put32(at::SLICE_BLOCK_INFO, at::INVALID as u32);
    out.put8(at::SLICE_TYPE, if shot.key { 2 } else { 0 });
    out.put16(at::SLICE_IDR_ID, shot.idr_id);
    for place in 0..32 {
        let held = place == 0 && !shot.key;
        let first = if held { reference(shot.before.0, shot.before.1) } else { no_reference() };
        out.put(at::SLICE_LIST_0 + place * at::PICTURE, &first.0);
        out.put(at::SLICE_LIST_1 + place * at::PICTURE, &no_reference().0);
    }
    out
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
