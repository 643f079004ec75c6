//! Parameter sets and slice headers of H.264 (ITU-T H.264 sections 7.3.2 and 7.3.3),
//! for drivers that want to be given them.

use crate::vaapi::bits::{Bits, Header, unit};

/// Bits of `frame_num`.
pub(super) const FRAME_NUM_BITS: u32 = 8;

/// `frame_num` of a picture.
pub(super) const fn frame_num(number: u32) -> u32 {
    number % (1 << FRAME_NUM_BITS)
}

/// `level_idc` for macroblocks of a picture, pictures and bits of a second (annex A).
pub(in crate::vaapi) fn level(blocks: u32, fps: u32, kbps: u32) -> u8 {
    const LEVELS: [(u8, u32, u32, u32); 8] = [
        (30, 1620, 40_500, 10_000),
        (31, 3600, 108_000, 14_000),
        (32, 5120, 216_000, 20_000),
        (40, 8192, 245_760, 20_000),
        (42, 8704, 522_240, 50_000),
        (50, 22_080, 589_824, 135_000),
        (51, 36_864, 983_040, 240_000),
        (52, 36_864, 2_073_600, 240_000),
    ];
    let fits = |(_, size, speed, rate): &&(u8, u32, u32, u32)| {
        blocks <= *size && blocks * fps <= *speed && kbps <= *rate
    };
    LEVELS.iter().find(fits).map_or(52, |(level, ..)| *level)
}

/// Constrained baseline, one reference, order of output as coded, BT.709 in limited
/// range. Width and height are even.
pub(in crate::vaapi) fn sequence(width: u32, height: u32, level: u8) -> Header {
    let (across, down) = (width.div_ceil(16), height.div_ceil(16));
    let mut bits = Bits::default();
    bits.put(66, 8);
    bits.put(0xC0, 8);
    bits.put(u32::from(level), 8);
    bits.unsigned(0);
    bits.unsigned(FRAME_NUM_BITS - 4);
    bits.unsigned(2);
    bits.unsigned(1);
    bits.put(0, 1);
    bits.unsigned(across - 1);
    bits.unsigned(down - 1);
    // Frames only; direct_8x8_inference.
    bits.put(0b11, 2);
    let (right, bottom) = ((across * 16 - width) / 2, (down * 16 - height) / 2);
    let cropped = right + bottom > 0;
    bits.put(u32::from(cropped), 1);
    if cropped {
        for value in [0, right, 0, bottom] {
            bits.unsigned(value);
        }
    }
    // VUI: no aspect ratio, no overscan; colours.
    bits.put(0b1001, 4);
    bits.put(5, 3);
    bits.put(0, 1);
    bits.put(1, 1);
    for _ in 0..3 {
        bits.put(1, 8);
    }
    // No chroma places, timing, buffers or structure; restrictions.
    bits.put(0b11, 7);
    bits.unsigned(0);
    bits.unsigned(0);
    bits.unsigned(16);
    bits.unsigned(16);
    bits.unsigned(0);
    bits.unsigned(1);
    bits.end();
    unit(&[0x67], &bits)
}

/// CAVLC, one reference, deblocking as usual.
pub(in crate::vaapi) fn picture() -> Header {
    let mut bits = Bits::default();
    bits.unsigned(0);
    bits.unsigned(0);
    // CAVLC; no bottom field order; one slice group.
    bits.put(0, 2);
    bits.unsigned(0);
    bits.unsigned(0);
    bits.unsigned(0);
    // No weights; QP 26, no offsets (signed zero is unsigned zero).
    bits.put(0, 3);
    bits.unsigned(0);
    bits.unsigned(0);
    bits.unsigned(0);
    // No deblocking control, constrained prediction or redundancy.
    bits.put(0, 3);
    bits.end();
    unit(&[0x68], &bits)
}

/// The header of the only slice of a picture.
pub(in crate::vaapi) fn slice(key: bool, number: u32, idr_id: u16) -> Header {
    let mut bits = Bits::default();
    bits.unsigned(0);
    bits.unsigned(if key { 7 } else { 5 });
    bits.unsigned(0);
    bits.put(frame_num(number), FRAME_NUM_BITS);
    if key {
        bits.unsigned(u32::from(idr_id));
        // Marking: output as always, no long term.
        bits.put(0, 2);
    } else {
        // As many references as the picture says, in their order; sliding window.
        bits.put(0, 3);
    }
    bits.unsigned(0);
    unit(&[if key { 0x65 } else { 0x61 }], &bits)
}

#[cfg(test)]
mod tests {
    use gc_codec::{SpsError, check_access_unit};

    use super::*;

    #[test]
    fn our_own_parser_agrees_with_the_sequence() {
        for (width, height) in [(16, 16), (98, 68), (1280, 720), (1920, 1080), (3840, 2160)] {
            let header = sequence(width, height, level(8160, 30, 8000));
            assert_eq!(check_access_unit(&header.bytes, width, height), Ok(true));
            assert_eq!(header.bits as usize, header.bytes.len() * 8);
            let other = check_access_unit(&header.bytes, width + 32, height);
            assert!(matches!(other, Err(SpsError::Size(..))));
        }
    }

    /// Known bits, written down by hand from the tables of the standard.
    #[test]
    fn bits_are_those_of_the_standard() {
        // ue 0,0 | 00 | ue 0,0,0 | 000 | se 0,0,0 | 000 | stop.
        assert_eq!(picture().bytes, [0, 0, 0, 1, 0x68, 0b1100_1110, 0b0011_1000, 0x80]);
        // ue 0 | ue 7 | ue 0 | frame_num 0 | ue 0 | 00 | se 0.
        let key = slice(true, 0, 0);
        assert_eq!(key.bytes, [0, 0, 0, 1, 0x65, 0b1000_1000, 0b1000_0000, 0b0100_1000]);
        assert_eq!(key.bits, 40 + 21);
        // ue 0 | ue 5 | ue 0 | frame_num 3 | 000 | se 0.
        let next = slice(false, 256 + 3, 0);
        assert_eq!(next.bytes, [0, 0, 0, 1, 0x61, 0b1001_1010, 0b0000_0110, 0b0010_0000]);
        assert_eq!(next.bits, 40 + 19);
    }

    #[test]
    fn levels_rise_with_size_speed_and_rate() {
        assert_eq!(level(3600, 30, 8000), 31);
        assert_eq!(level(3600, 60, 8000), 32);
        assert_eq!(level(8160, 30, 8000), 40);
        assert_eq!(level(8160, 60, 8000), 42);
        assert_eq!(level(32_400, 60, 50_000), 52);
    }
}
