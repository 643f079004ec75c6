//! The parameters of a picture of H.264 as the driver wants them.

use super::blocks;
use super::headers::{FRAME_NUM_BITS, frame_num};
use crate::vaapi::layout::{self as at, Bytes};
use crate::vaapi::picture::{PERIOD, Shot, Stream};
use crate::vaapi::va::Id;

/// A stream without end, key pictures on demand only.
pub(in crate::vaapi) fn sequence(stream: &Stream) -> Bytes<{ at::SEQ }> {
    let (across, down) = blocks(stream);
    let mut out = Bytes::new();
    out.put8(at::SEQ_LEVEL, stream.level);
    out.put32(at::SEQ_INTRA_PERIOD, PERIOD);
    out.put32(at::SEQ_IDR_PERIOD, PERIOD);
    out.put32(at::SEQ_IP_PERIOD, 1);
    out.put32(at::SEQ_BITS, stream.kbps * 1000);
    out.put32(at::SEQ_REFERENCES, 1);
    out.put16(at::SEQ_WIDTH, across as u16);
    out.put16(at::SEQ_HEIGHT, down as u16);
    // 4:2:0, frames only, direct_8x8_inference, order as coded.
    out.put32(at::SEQ_FIELDS, 1 | 1 << 2 | 1 << 5 | (FRAME_NUM_BITS - 4) << 6 | 2 << 10);
    let (right, bottom) = stream.crop();
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

/// A picture in the list of references. The order goes on where `frame_num` starts anew:
/// a reference never seems to be of the future.
fn reference(surface: Id, number: u32) -> Bytes<{ at::PICTURE }> {
    let mut out = Bytes::new();
    out.put32(0, surface);
    out.put32(at::PICTURE_INDEX, frame_num(number));
    out.put32(at::PICTURE_FLAGS, at::PICTURE_SHORT_TERM as u32);
    out.put32(at::PICTURE_TOP_ORDER, number.wrapping_mul(2));
    out.put32(at::PICTURE_BOTTOM_ORDER, number.wrapping_mul(2));
    out
}

fn no_reference() -> Bytes<{ at::PICTURE }> {
    let mut out = Bytes::new();
    out.put32(0, at::INVALID as u32);
    out.put32(at::PICTURE_FLAGS, at::PICTURE_INVALID as u32);
    out
}

pub(in crate::vaapi) fn picture(shot: &Shot) -> Bytes<{ at::PIC }> {
    let mut out = Bytes::new();
    let mut current = reference(shot.target, shot.number);
    current.put32(at::PICTURE_FLAGS, 0);
    out.put(0, &current.0);
    for place in 0..16 {
        let held = place == 0 && !shot.key;
        let entry =
            if held { reference(shot.before, shot.number.wrapping_sub(1)) } else { no_reference() };
        out.put(at::PIC_REFERENCES + place * at::PICTURE, &entry.0);
    }
    out.put32(at::PIC_CODED, shot.coded);
    out.put16(at::PIC_FRAME_NUM, frame_num(shot.number) as u16);
    out.put8(at::PIC_QP, 26);
    out.put32(at::PIC_FIELDS, u32::from(shot.key) | 1 << 1);
    out
}

pub(in crate::vaapi) fn slice(stream: &Stream, shot: &Shot) -> Bytes<{ at::SLICE }> {
    let (across, down) = blocks(stream);
    let mut out = Bytes::new();
    out.put32(at::SLICE_BLOCKS, across * down);
    out.put32(at::SLICE_BLOCK_INFO, at::INVALID as u32);
    out.put8(at::SLICE_TYPE, if shot.key { 2 } else { 0 });
    out.put16(at::SLICE_IDR_ID, shot.idr_id);
    for place in 0..32 {
        let held = place == 0 && !shot.key;
        let first =
            if held { reference(shot.before, shot.number.wrapping_sub(1)) } else { no_reference() };
        out.put(at::SLICE_LIST_0 + place * at::PICTURE, &first.0);
        out.put(at::SLICE_LIST_1 + place * at::PICTURE, &no_reference().0);
    }
    out
}
