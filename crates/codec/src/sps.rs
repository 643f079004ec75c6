//! Just enough of H.264 (ITU-T H.264 sections 7.3.1 and 7.3.2.1) to know how large
//! a picture is before a decoder sees it.

/// What a sequence parameter set says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequenceInfo {
    /// Pixels from left to right, before cropping; a multiple of 16.
    pub width: u32,
    /// Pixels from top to bottom, before cropping; a multiple of 16.
    pub height: u32,
    /// Pictures that the decoder has to keep.
    pub references: u32,
    /// `profile_idc`.
    pub profile: u32,
    /// Whether a decoder may have to wait for later pictures before it shows one:
    /// unless the stream rules it out, or baseline does.
    pub may_reorder: bool,
}

/// Why an access unit is refused unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpsError {
    /// Not Annex B, empty, or more units than a picture has.
    #[error("not an access unit in Annex B form")]
    Form,
    /// Broken, or a profile that no encoder of ours uses.
    #[error("sequence parameter set cannot be read")]
    Parameters,
    /// Its pictures are of another size than their rectangle.
    #[error("pictures of {0}x{1} do not belong here")]
    Size(u32, u32),
    /// It wants to keep too many pictures.
    #[error("{0} reference pictures are too many")]
    References(u32),
}

/// `profile_idc` of baseline and constrained baseline.
pub(crate) const BASELINE: u32 = 66;
/// NAL units of one access unit at most.
const MOST_UNITS: usize = 64;
/// Reference pictures at most.
const MOST_REFERENCES: u32 = 4;

/// Checks the form of an access unit and every sequence parameter set in it
/// against the size of its rectangle. Tells whether it has one.
pub fn check_access_unit(unit: &[u8], width: u32, height: u32) -> Result<bool, SpsError> {
    if !unit.starts_with(&[0, 0, 1]) && !unit.starts_with(&[0, 0, 0, 1]) {
        return Err(SpsError::Form);
    }
    let mut seen = false;
    let mut units = 0;
    for nal in nal_units(unit) {
        units += 1;
        if units > MOST_UNITS {
            return Err(SpsError::Form);
        }
        match nal.first().map(|header| header & 0x1F) {
            Some(7) => {
                let info = sequence(&nal[1..]).ok_or(SpsError::Parameters)?;
                let fits = info.width == width.next_multiple_of(16)
                    && info.height == height.next_multiple_of(16);
                if !fits {
                    return Err(SpsError::Size(info.width, info.height));
                }
                if info.references > MOST_REFERENCES {
                    return Err(SpsError::References(info.references));
                }
                seen = true;
            }
            // Subset SPS and extensions belong to scalable and multi-view coding.
            Some(13..=15 | 20 | 21) | None => return Err(SpsError::Form),
            Some(_) => {}
        }
    }
    Ok(seen)
}

/// What the parameter sets and slices of an access unit say about its stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct UnitFacts {
    /// Its last sequence parameter set.
    pub(crate) sequence: Option<SequenceInfo>,
    /// It has a picture parameter set.
    pub(crate) picture_parameters: bool,
    /// It has slices of an IDR picture.
    pub(crate) idr: bool,
    /// It has slices of any other picture.
    pub(crate) other: bool,
    /// It has slices that need a picture of the future.
    pub(crate) bidirectional: bool,
}

/// Reads an access unit of an encoder of ours. `None`: it cannot be read.
pub(crate) fn unit_facts(unit: &[u8]) -> Option<UnitFacts> {
    let mut facts = UnitFacts::default();
    for nal in nal_units(unit) {
        let (header, rest) = nal.split_first()?;
        match header & 0x1F {
            kind @ (1 | 5) => {
                let mut bits = Bits::new(rest);
                bits.unsigned()?;
                facts.bidirectional |= bits.unsigned()? % 5 == 1;
                facts.idr |= kind == 5;
                facts.other |= kind == 1;
            }
            7 => facts.sequence = Some(sequence(rest)?),
            8 => facts.picture_parameters = true,
            _ => {}
        }
    }
    Some(facts)
}

/// The units between start codes.
pub(crate) fn nal_units(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = next_unit(data);
    std::iter::from_fn(move || {
        let current = rest?;
        let end = current.windows(3).position(|w| w == [0, 0, 1]);
        rest = end.and_then(|at| current.get(at + 3..));
        let unit = end.map_or(current, |at| &current[..at]);
        // The zero of a four-byte start code, and trailing zeros.
        Some(unit.trim_end_zeros())
    })
}

fn next_unit(data: &[u8]) -> Option<&[u8]> {
    let at = data.windows(3).position(|w| w == [0, 0, 1])?;
    data.get(at + 3..)
}

trait TrimZeros {
    fn trim_end_zeros(&self) -> &[u8];
}

impl TrimZeros for [u8] {
    fn trim_end_zeros(&self) -> &[u8] {
        let end = self.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
        &self[..end]
    }
}

/// Reads bits of a unit without its emulation prevention bytes.
pub(crate) struct Bits<'a> {
    data: &'a [u8],
    byte: usize,
    bit: u8,
    zeros: u8,
}

impl<'a> Bits<'a> {
    pub(crate) const fn new(data: &'a [u8]) -> Self {
        Self { data, byte: 0, bit: 0, zeros: 0 }
    }
}

impl Bits<'_> {
    pub(crate) fn one(&mut self) -> Option<u32> {
        if self.bit == 0 {
            // 00 00 03: the 3 is not content.
            if self.zeros >= 2 && self.data.get(self.byte) == Some(&3) {
                self.byte += 1;
                self.zeros = 0;
            }
            let byte = *self.data.get(self.byte)?;
            self.zeros = if byte == 0 { self.zeros + 1 } else { 0 };
        }
        let byte = *self.data.get(self.byte)?;
        let value = byte >> (7 - self.bit) & 1;
        self.bit += 1;
        if self.bit == 8 {
            self.bit = 0;
            self.byte += 1;
        }
        Some(u32::from(value))
    }

    pub(crate) fn many(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |sum: u32, _| Some(sum << 1 | self.one()?))
    }

    /// Exp-Golomb, section 9.1.
    pub(crate) fn unsigned(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.one()? == 0 {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1_u32 << zeros) - 1 + self.many(zeros)?)
    }
}

fn sequence(data: &[u8]) -> Option<SequenceInfo> {
    let mut bits = Bits::new(data);
    let profile = bits.many(8)?;
    bits.many(16)?;
    bits.unsigned()?;
    match profile {
        66 | 77 | 88 => {}
        100 => {
            let (chroma, luma_depth, chroma_depth) =
                (bits.unsigned()?, bits.unsigned()?, bits.unsigned()?);
            let (bypass, scaling) = (bits.one()?, bits.one()?);
            if (chroma, luma_depth, chroma_depth, bypass, scaling) != (1, 0, 0, 0, 0) {
                return None;
            }
        }
        _ => return None,
    }
    bits.unsigned()?;
    let order = bits.unsigned()?;
    match order {
        0 => {
            bits.unsigned()?;
        }
        2 => {}
        _ => return None,
    }
    let references = bits.unsigned()?;
    bits.one()?;
    let width = bits.unsigned()?.checked_add(1)?.checked_mul(16)?;
    let units = bits.unsigned()?.checked_add(1)?;
    let frames_only = bits.one()?;
    // Interlaced pictures are not for screens.
    if frames_only != 1 {
        return None;
    }
    let height = units.checked_mul(16)?;
    let may_reorder =
        profile != BASELINE && order != 2 && reordered(&mut bits).is_none_or(|n| n > 0);
    Some(SequenceInfo { width, height, references, profile, may_reorder })
}

/// `max_num_reorder_frames` of annex E; `None` where it is not said.
fn reordered(bits: &mut Bits<'_>) -> Option<u32> {
    bits.one()?;
    if bits.one()? == 1 {
        for _ in 0..4 {
            bits.unsigned()?;
        }
    }
    if bits.one()? == 0 {
        return None;
    }
    // Aspect ratio, with 255 for one of its own; overscan.
    if bits.one()? == 1 && bits.many(8)? == 255 {
        bits.many(32)?;
    }
    if bits.one()? == 1 {
        bits.one()?;
    }
    // Video format and range; colours.
    if bits.one()? == 1 {
        bits.many(4)?;
        if bits.one()? == 1 {
            bits.many(24)?;
        }
    }
    if bits.one()? == 1 {
        bits.unsigned()?;
        bits.unsigned()?;
    }
    // Timing.
    if bits.one()? == 1 {
        bits.many(32)?;
        bits.many(32)?;
        bits.one()?;
    }
    let (nal, vcl) = (hrd(bits)?, hrd(bits)?);
    if nal || vcl {
        bits.one()?;
    }
    bits.one()?;
    if bits.one()? == 0 {
        return None;
    }
    bits.one()?;
    for _ in 0..4 {
        bits.unsigned()?;
    }
    bits.unsigned()
}

/// Skips the parameters of a buffer; tells whether there were some.
fn hrd(bits: &mut Bits<'_>) -> Option<bool> {
    if bits.one()? == 0 {
        return Some(false);
    }
    let count = bits.unsigned()?.checked_add(1)?;
    bits.many(8)?;
    for _ in 0..count.min(32) {
        bits.unsigned()?;
        bits.unsigned()?;
        bits.one()?;
    }
    bits.many(20)?;
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Writer(Vec<bool>);

    impl Writer {
        fn bits(&mut self, value: u32, count: u32) {
            self.0.extend((0..count).rev().map(|i| value >> i & 1 == 1));
        }
        fn unsigned(&mut self, value: u32) {
            let plus = value + 1;
            let length = 32 - plus.leading_zeros();
            self.bits(0, length - 1);
            self.bits(plus, length);
        }
        fn unit(mut self) -> Vec<u8> {
            self.0.push(true);
            let mut out = vec![0, 0, 0, 1, 0x67];
            for chunk in self.0.chunks(8) {
                out.push(chunk.iter().enumerate().map(|(i, b)| u8::from(*b) << (7 - i)).sum());
            }
            out
        }
    }

    fn sps(profile: u32, width: u32, height: u32, references: u32) -> Vec<u8> {
        let mut w = Writer(Vec::new());
        w.bits(profile, 8);
        w.bits(0xC0_1E, 16);
        w.unsigned(0);
        w.unsigned(0);
        w.unsigned(2);
        w.unsigned(references);
        w.bits(0, 1);
        w.unsigned(width / 16 - 1);
        w.unsigned(height / 16 - 1);
        w.bits(1, 1);
        w.unit()
    }

    #[test]
    fn sizes_are_read_and_compared() {
        assert_eq!(check_access_unit(&sps(66, 1280, 720, 1), 1280, 720), Ok(true));
        assert_eq!(check_access_unit(&sps(66, 1280, 720, 1), 1270, 705), Ok(true));
        let huge = check_access_unit(&sps(66, 16384, 16384, 1), 64, 64);
        assert_eq!(huge, Err(SpsError::Size(16384, 16384)));
        assert_eq!(check_access_unit(&sps(66, 64, 64, 16), 64, 64), Err(SpsError::References(16)));
        assert_eq!(check_access_unit(&sps(110, 64, 64, 1), 64, 64), Err(SpsError::Parameters));
        assert_eq!(check_access_unit(&[0, 0, 1, 0x67], 64, 64), Err(SpsError::Parameters));
        assert_eq!(check_access_unit(b"nonsense", 64, 64), Err(SpsError::Form));
        assert_eq!(check_access_unit(&[0, 0, 1, 0x65, 1], 64, 64), Ok(false));
    }

    #[test]
    fn a_second_parameter_set_is_checked_too() {
        let mut two = sps(66, 64, 64, 1);
        two.extend(sps(66, 4096, 4096, 1));
        assert_eq!(check_access_unit(&two, 64, 64), Err(SpsError::Size(4096, 4096)));
    }
}
