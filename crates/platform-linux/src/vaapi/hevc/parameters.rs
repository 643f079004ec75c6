//! The parameters of a picture of H.265 as the driver wants them.

use super::headers::{kind, slice_type};
use super::layout as at;
use super::tools::Tools;
use crate::vaapi::layout::{self as va, Bytes};
use crate::vaapi::picture::{PERIOD, Shot, Stream};
use crate::vaapi::va::Id;

/// Candidates to merge with: all that there are.
const MERGE: u8 = 5;

/// A stream without end, key pictures on demand only.
pub(in crate::vaapi) fn sequence(tools: &Tools, stream: &Stream) -> Bytes<{ at::SEQ }> {
    let mut out = Bytes::new();
    out.put8(at::SEQ_PROFILE, 1);
    out.put8(at::SEQ_LEVEL, stream.level);
    out.put32(at::SEQ_INTRA_PERIOD, PERIOD);
    out.put32(at::SEQ_IDR_PERIOD, PERIOD);
    out.put32(at::SEQ_IP_PERIOD, 1);
    out.put32(at::SEQ_BITS, stream.kbps * 1000);
    out.put16(at::SEQ_WIDTH, stream.coded.0 as u16);
    out.put16(at::SEQ_HEIGHT, stream.coded.1 as u16);
    let always = at::SEQ_CHROMA_420 | at::SEQ_LOW_DELAY;
    out.put32(at::SEQ_FIELDS, always as u32 | tools.sequence);
    let sizes = [
        (at::SEQ_MIN_CB, tools.min_block - 3),
        (at::SEQ_DIFF_CB, tools.tree_block - tools.min_block),
        (at::SEQ_MIN_TB, tools.min_transform - 2),
        (at::SEQ_DIFF_TB, tools.max_transform - tools.min_transform),
        (at::SEQ_DEPTH_INTER, tools.depth_inter),
        (at::SEQ_DEPTH_INTRA, tools.depth_intra),
    ];
    for (place, value) in sizes {
        out.put8(place, value as u8);
    }
    // Of the VUI, which has its colours from the header here, only the timing: some
    // drivers have their first rate from it.
    out.put32(at::SEQ_TICK, 1);
    out.put32(at::SEQ_TIME_SCALE, stream.fps);
    out
}

/// A picture by its surface and order; no surface: no picture.
fn entry(surface: Option<Id>, order: u32, flags: usize) -> Bytes<{ at::PICTURE }> {
    let mut out = Bytes::new();
    out.put32(0, surface.unwrap_or(va::INVALID as u32));
    out.put32(at::PICTURE_ORDER, order);
    out.put32(at::PICTURE_FLAGS, surface.map_or(at::NONE, |_| flags) as u32);
    out
}

/// What stands at a place of a list of references.
fn reference(shot: &Shot, place: usize) -> Bytes<{ at::PICTURE }> {
    if place == 0 && !shot.key {
        entry(Some(shot.before), shot.number.wrapping_sub(1), at::BEFORE)
    } else {
        entry(None, 0, 0)
    }
}

pub(in crate::vaapi) fn picture(tools: &Tools, shot: &Shot) -> Bytes<{ at::PIC }> {
    let mut out = Bytes::new();
    out.put(0, &entry(Some(shot.target), shot.number, 0).0);
    for place in 0..15 {
        out.put(at::PIC_REFERENCES + place * at::PICTURE, &reference(shot, place).0);
    }
    out.put32(at::PIC_CODED, shot.coded);
    let temporal = !shot.key && tools.has(at::SEQ_TEMPORAL_MVP);
    out.put8(at::PIC_COLLOCATED, if temporal { 0 } else { 0xFF });
    out.put8(at::PIC_QP, 26);
    out.put8(at::PIC_UNIT, kind(shot.key));
    // Intra, or predicted: also with both lists filled it is no B picture to the rate
    // control.
    let coding = if shot.key { at::PIC_IDR | at::PIC_CODING_TYPE } else { 2 * at::PIC_CODING_TYPE };
    out.put32(at::PIC_FIELDS, (coding | at::PIC_REFERENCE) as u32 | tools.picture);
    out
}

pub(in crate::vaapi) fn slice(tools: &Tools, stream: &Stream, shot: &Shot) -> Bytes<{ at::SLICE }> {
    let mut out = Bytes::new();
    let tree = 1 << tools.tree_block;
    let blocks = stream.coded.0.div_ceil(tree) * stream.coded.1.div_ceil(tree);
    out.put32(at::SLICE_BLOCKS, blocks);
    out.put8(at::SLICE_TYPE, slice_type(tools, shot.key));
    for place in 0..15 {
        let second = if tools.both_lists { reference(shot, place) } else { entry(None, 0, 0) };
        out.put(at::SLICE_LIST_0 + place * at::PICTURE, &reference(shot, place).0);
        out.put(at::SLICE_LIST_1 + place * at::PICTURE, &second.0);
    }
    out.put8(at::SLICE_MERGE, MERGE);
    let mut fields = at::SLICE_LAST;
    if tools.has(at::SEQ_SAO) {
        fields |= at::SLICE_SAO_LUMA | at::SLICE_SAO_CHROMA;
    }
    if !shot.key && tools.has(at::SEQ_TEMPORAL_MVP) {
        fields |= at::SLICE_TEMPORAL_MVP | at::SLICE_COLLOCATED_L0;
    }
    out.put32(at::SLICE_FIELDS, fields as u32);
    out
}
