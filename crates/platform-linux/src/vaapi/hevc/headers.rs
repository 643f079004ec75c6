//! Parameter sets and slice headers of H.265 (ITU-T H.265 sections 7.3.2 and 7.3.6),
//! for drivers that want to be given them.

use super::layout as at;
use super::tools::Tools;
use crate::vaapi::bits::{Bits, Header, unit};
use crate::vaapi::picture::{Shot, Stream};

/// Kinds of units, table 7-1.
const TRAILING: u8 = 1;
const IDR: u8 = 19;
const VIDEO_SET: u8 = 32;
const SEQUENCE_SET: u8 = 33;
const PICTURE_SET: u8 = 34;
/// Slice types, table 7-7.
const B: u8 = 0;
const P: u8 = 1;
const I: u8 = 2;
/// Bits of the order that a slice tells.
const ORDER_BITS: u32 = 8;

/// The kind of unit of a picture.
pub(super) const fn kind(key: bool) -> u8 {
    if key { IDR } else { TRAILING }
}

/// The type of a picture's slice.
pub(super) const fn slice_type(tools: &Tools, key: bool) -> u8 {
    if key {
        I
    } else if tools.both_lists {
        B
    } else {
        P
    }
}

fn of_kind(kind: u8, bits: &Bits) -> Header {
    unit(&[kind << 1, 1], bits)
}

/// `general_level_idc` for samples of a picture, pictures and bits of a second (annex A,
/// main tier). No viewer is told more than 5.1.
pub(in crate::vaapi) fn level((width, height): (u32, u32), fps: u32, kbps: u32) -> u8 {
    const LEVELS: [(u8, u32, u32, u32); 5] = [
        (90, 552_960, 16_588_800, 6000),
        (93, 983_040, 33_177_600, 10_000),
        (120, 2_228_224, 66_846_720, 12_000),
        (123, 2_228_224, 133_693_440, 20_000),
        (150, 8_912_896, 267_386_880, 25_000),
    ];
    let (longest, samples) = (width.max(height), width * height);
    let fits = |(_, size, speed, rate): &&(u8, u32, u32, u32)| {
        samples <= *size
            && longest * longest <= size * 8
            && samples * fps <= *speed
            && kbps <= *rate
    };
    LEVELS.iter().find(fits).map_or(153, |(level, ..)| *level)
}

/// Main profile and tier; progressive frames, none packed.
fn profile(bits: &mut Bits, level: u8) {
    bits.put(1, 8);
    // Decoders for main and for main 10 can both decode it.
    bits.put(0b0110_0000 << 24, 32);
    bits.put(0b1011, 4);
    bits.put(0, 32);
    bits.put(0, 12);
    bits.put(u32::from(level), 8);
}

/// Pictures that a decoder keeps beside the one it decodes, out of order, late.
fn order(bits: &mut Bits) {
    bits.put(1, 1);
    bits.unsigned(1);
    bits.unsigned(0);
    bits.unsigned(0);
}

/// Video, sequence and picture parameter set in one.
pub(in crate::vaapi) fn parameter_sets(tools: &Tools, stream: &Stream) -> Header {
    let sets = [video(stream.level), sequence(tools, stream), picture(tools)];
    let bits = sets.iter().map(|set| set.bits).sum();
    Header { bytes: sets.into_iter().flat_map(|set| set.bytes).collect(), bits }
}

fn video(level: u8) -> Header {
    let mut bits = Bits::default();
    bits.put(0, 4);
    // The base layer is all there is: one layer, one sub-layer.
    bits.put(0b11, 2);
    bits.put(0, 6);
    bits.put(0, 3);
    bits.put(1, 1);
    bits.put(0xFFFF, 16);
    profile(&mut bits, level);
    order(&mut bits);
    bits.put(0, 6);
    bits.unsigned(0);
    // No timing, no extension.
    bits.put(0, 2);
    bits.end();
    of_kind(VIDEO_SET, &bits)
}

/// One reference, told by each slice; BT.709 in limited range.
fn sequence(tools: &Tools, stream: &Stream) -> Header {
    let mut bits = Bits::default();
    bits.put(0, 4);
    bits.put(0, 3);
    bits.put(1, 1);
    profile(&mut bits, stream.level);
    bits.unsigned(0);
    bits.unsigned(1);
    bits.unsigned(stream.coded.0);
    bits.unsigned(stream.coded.1);
    let (right, bottom) = stream.crop();
    let cropped = right + bottom > 0;
    bits.put(u32::from(cropped), 1);
    if cropped {
        for value in [0, right, 0, bottom] {
            bits.unsigned(value);
        }
    }
    // Eight bits.
    bits.unsigned(0);
    bits.unsigned(0);
    bits.unsigned(ORDER_BITS - 4);
    order(&mut bits);
    bits.unsigned(tools.min_block - 3);
    bits.unsigned(tools.tree_block - tools.min_block);
    bits.unsigned(tools.min_transform - 2);
    bits.unsigned(tools.max_transform - tools.min_transform);
    bits.unsigned(tools.depth_inter);
    bits.unsigned(tools.depth_intra);
    let flag = |bits: &mut Bits, bit: usize| bits.put(u32::from(tools.has(bit)), 1);
    // No scaling lists.
    bits.put(0, 1);
    flag(&mut bits, at::SEQ_AMP);
    flag(&mut bits, at::SEQ_SAO);
    // No PCM, no reference sets, no long-term references.
    bits.put(0, 1);
    bits.unsigned(0);
    bits.put(0, 1);
    flag(&mut bits, at::SEQ_TEMPORAL_MVP);
    flag(&mut bits, at::SEQ_STRONG_INTRA);
    // VUI: no aspect ratio, no overscan; colours.
    bits.put(0b1001, 4);
    bits.put(5, 3);
    bits.put(0, 1);
    bits.put(1, 1);
    for _ in 0..3 {
        bits.put(1, 8);
    }
    // No chroma places, neutral chroma, fields, field infos, window, timing or
    // restrictions; no extension of the set.
    bits.put(0, 8);
    bits.end();
    of_kind(SEQUENCE_SET, &bits)
}

fn picture(tools: &Tools) -> Header {
    let mut bits = Bits::default();
    bits.unsigned(0);
    bits.unsigned(0);
    let flag = |bits: &mut Bits, bit: usize| bits.put(u32::from(tools.has(bit)), 1);
    // No dependent slices, no output flag, no extra bits.
    bits.put(0, 5);
    flag(&mut bits, at::PIC_SIGN_HIDING);
    // The tables of CABAC are the usual ones; one picture in each list.
    bits.put(0, 1);
    bits.unsigned(0);
    bits.unsigned(0);
    // QP 26.
    bits.unsigned(0);
    flag(&mut bits, at::PIC_CONSTRAINED_INTRA);
    flag(&mut bits, at::PIC_TRANSFORM_SKIP);
    flag(&mut bits, at::PIC_CU_QP_DELTA);
    if tools.has(at::PIC_CU_QP_DELTA) {
        bits.unsigned(0);
    }
    // No offsets for chroma (signed zero is unsigned zero).
    bits.unsigned(0);
    bits.unsigned(0);
    // None in slices, no weights, bypass, tiles, waves or filters across slices, no
    // control of deblocking, scaling lists or changes of lists.
    bits.put(0, 10);
    bits.unsigned(0);
    // No extensions.
    bits.put(0, 2);
    bits.end();
    of_kind(PICTURE_SET, &bits)
}

/// The header of the only slice of a picture, with its alignment.
pub(in crate::vaapi) fn slice(tools: &Tools, shot: &Shot) -> Header {
    let mut bits = Bits::default();
    bits.put(1, 1);
    if shot.key {
        // Pictures before it are still shown.
        bits.put(0, 1);
    }
    bits.unsigned(0);
    bits.unsigned(u32::from(slice_type(tools, shot.key)));
    if !shot.key {
        bits.put(shot.number, ORDER_BITS);
        // Its own set of references: the picture before, and none after.
        bits.put(0, 1);
        bits.unsigned(1);
        bits.unsigned(0);
        bits.unsigned(0);
        bits.put(1, 1);
        if tools.has(at::SEQ_TEMPORAL_MVP) {
            bits.put(1, 1);
        }
    }
    if tools.has(at::SEQ_SAO) {
        bits.put(0b11, 2);
    }
    if !shot.key {
        // As many references as the picture set says.
        bits.put(0, 1);
        if tools.both_lists {
            bits.put(0, 1);
            if tools.has(at::SEQ_TEMPORAL_MVP) {
                bits.put(1, 1);
            }
        }
        // Five candidates to merge with.
        bits.unsigned(0);
    }
    bits.unsigned(0);
    bits.end();
    of_kind(kind(shot.key), &bits)
}

#[cfg(test)]
mod tests {
    use gc_codec::hevc_facts;

    use super::*;
    use crate::vaapi::hevc::Said;

    const NOTHING: Said = Said { features: None, blocks: None, direction: None, references: None };

    fn stream(width: u32, height: u32) -> Stream {
        let coded = (width.next_multiple_of(8), height.next_multiple_of(8));
        Stream { width, height, coded, kbps: 900, fps: 30, level: 123 }
    }

    fn shot(key: bool, number: u32) -> Shot {
        Shot { key, number, idr_id: 0, target: 1, before: 2, coded: 3 }
    }

    #[test]
    fn our_own_parser_agrees_with_the_sets() {
        let features = [None, Some(0), Some(0x1555_5555)];
        for (width, height) in [(144, 144), (322, 244), (1280, 720), (1918, 1080), (4096, 2176)] {
            for features in features {
                let tools = Tools::choose(Said { features, ..NOTHING }).unwrap();
                let stream = stream(width, height);
                let mut unit = parameter_sets(&tools, &stream);
                assert_eq!(unit.bits as usize, unit.bytes.len() * 8);
                unit.bytes.extend(slice(&tools, &shot(true, 0)).bytes);
                let facts = hevc_facts(&unit.bytes).unwrap();
                assert_eq!(facts.size, Some(stream.coded));
                assert!(facts.parameters && facts.random_access);
                assert!(!facts.reorders && !facts.other);
                let next = slice(&tools, &shot(false, 1));
                let facts = hevc_facts(&next.bytes).unwrap();
                assert!(facts.other && !facts.random_access);
            }
        }
    }

    /// Known bits, written down by hand from the tables of the standard.
    #[test]
    fn bits_are_those_of_the_standard() {
        let tools = Tools::choose(NOTHING).unwrap();
        let start = |unit: u8| [0, 0, 0, 1, unit << 1, 1].to_vec();
        let with = |unit: u8, bytes: &[u8]| [start(unit), bytes.to_vec()].concat();
        // ue 0,0 | 0 0 000 | 0 | 0 | ue 0,0 | se 0 | 0 | 0 | 1, ue 0 | se 0,0 | 10 × 0 |
        // ue 0 | 00 | stop.
        let set = [0b1100_0000, 0b0111_0011, 0b1100_0000, 0b0000_1001];
        assert_eq!(picture(&tools).bytes, with(34, &set));
        // 1 | 0 | ue 0 | ue 2 | se 0 | align.
        let key = slice(&tools, &shot(true, 0));
        assert_eq!(key.bytes, with(19, &[0b1010_1111]));
        assert_eq!(key.bits, 56);
        // 1 | ue 0 | ue 1 | order 2 | 0 | ue 1,0,0 | 1 | 0 | ue 0 | se 0 | align.
        let next = slice(&tools, &shot(false, 256 + 2));
        assert_eq!(next.bytes, with(1, &[0b1101_0000, 0b0001_0001, 0b0111_0111]));
        // The same in both lists: ue 0 for the type, and one bit for the differences.
        let said = Said { direction: Some(at::BOTH_LISTS as u32), ..NOTHING };
        let both = Tools::choose(said).unwrap();
        let next = slice(&both, &shot(false, 2));
        assert_eq!(next.bytes, with(1, &[0b1110_0000, 0b0100_0101, 0b1100_1110]));
    }

    #[test]
    fn levels_rise_with_size_speed_and_rate() {
        assert_eq!(level((640, 480), 30, 2000), 90);
        assert_eq!(level((1280, 720), 30, 8000), 93);
        assert_eq!(level((1920, 1080), 30, 8000), 120);
        assert_eq!(level((1920, 1080), 60, 20_000), 123);
        assert_eq!(level((2560, 1440), 60, 20_000), 150);
        assert_eq!(level((3840, 2160), 60, 20_000), 153);
        assert_eq!(level((4096, 144), 30, 2000), 120, "too wide for 3.1");
    }
}
