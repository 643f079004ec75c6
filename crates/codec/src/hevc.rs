//! Just enough of H.265 (ITU-T H.265 sections 7.3.1 and 7.3.2) to hold an encoder's
//! output against what was asked for. Nothing here decodes it.

use crate::sps::{Bits, nal_units};

/// What an access unit says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HevcFacts {
    /// It has video, sequence and picture parameter sets.
    pub parameters: bool,
    /// Coded width and height.
    pub size: Option<(u32, u32)>,
    /// Its sequence allows pictures out of order.
    pub reorders: bool,
    /// It has slices that a decoder can start with.
    pub random_access: bool,
    /// It has slices of any other picture.
    pub other: bool,
}

/// Reads an access unit in Annex B form; `None`: it cannot be read.
pub fn hevc_facts(unit: &[u8]) -> Option<HevcFacts> {
    if !unit.starts_with(&[0, 0, 1]) && !unit.starts_with(&[0, 0, 0, 1]) {
        return None;
    }
    let mut facts = HevcFacts::default();
    let mut sets = [false; 3];
    for nal in nal_units(unit) {
        let header = *nal.first()?;
        // The forbidden bit.
        if header & 0x80 != 0 {
            return None;
        }
        match header >> 1 {
            0..=9 => facts.other = true,
            16..=21 => facts.random_access = true,
            32 => sets[0] = true,
            33 => {
                let (size, reorders) = sequence(nal.get(2..)?)?;
                facts.size = Some(size);
                facts.reorders |= reorders;
                sets[1] = true;
            }
            34 => sets[2] = true,
            _ => {}
        }
    }
    facts.parameters = sets == [true; 3];
    Some(facts)
}

/// Size, and whether pictures may come out of order. Main profile, one layer.
fn sequence(data: &[u8]) -> Option<((u32, u32), bool)> {
    let mut bits = Bits::new(data);
    bits.many(4)?;
    let layers = bits.many(3)?;
    bits.one()?;
    // profile_tier_level: space and tier, then the profile.
    bits.many(3)?;
    let profile = bits.many(5)?;
    // Compatibility, source and constraint flags, level.
    bits.many(32)?;
    bits.many(32)?;
    bits.many(16)?;
    bits.many(8)?;
    if profile != 1 || layers != 0 {
        return None;
    }
    bits.unsigned()?;
    // 4:2:0 only.
    if bits.unsigned()? != 1 {
        return None;
    }
    let size = (bits.unsigned()?, bits.unsigned()?);
    if bits.one()? == 1 {
        for _ in 0..4 {
            bits.unsigned()?;
        }
    }
    // Eight bits a sample.
    if (bits.unsigned()?, bits.unsigned()?) != (0, 0) {
        return None;
    }
    bits.unsigned()?;
    bits.one()?;
    bits.unsigned()?;
    let reorder = bits.unsigned()?;
    Some((size, reorder > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits from the top of a byte on.
    fn packed(fields: &[(u64, u32)], ends: &[u32]) -> Vec<u8> {
        let mut bits: Vec<bool> = Vec::new();
        let mut put = |value: u64, count: u32| {
            bits.extend((0..count).rev().map(|at| value >> at & 1 == 1));
        };
        for (value, count) in fields {
            put(*value, *count);
        }
        for value in ends {
            let plus = u64::from(*value) + 1;
            put(0, plus.ilog2());
            put(plus, plus.ilog2() + 1);
        }
        bits.push(true);
        let byte = |chunk: &[bool]| {
            chunk.iter().enumerate().map(|(at, bit)| u8::from(*bit) << (7 - at)).sum()
        };
        bits.chunks(8).map(byte).collect()
    }

    /// A unit with emulation prevention.
    fn unit(kind: u8, payload: &[u8]) -> Vec<u8> {
        let mut out = vec![0, 0, 0, 1, kind << 1, 1];
        let mut zeros = 0;
        for byte in payload {
            if zeros >= 2 && *byte <= 3 {
                out.push(3);
                zeros = 0;
            }
            zeros = if *byte == 0 { zeros + 1 } else { 0 };
            out.push(*byte);
        }
        out
    }

    fn sequence_set(profile: u64, width: u32, height: u32, reorder: u32) -> Vec<u8> {
        let head =
            [(0, 4), (0, 3), (1, 1), (0, 3), (profile, 5), (0x6000_0000, 32), (0, 48), (93, 8)];
        let mut fields = head.to_vec();
        let golomb = |value: u32| {
            let plus = u64::from(value) + 1;
            (plus, 2 * plus.ilog2() + 1)
        };
        fields.extend([golomb(0), golomb(1), golomb(width), golomb(height), (0, 1)]);
        fields.extend([golomb(0), golomb(0), golomb(4), (1, 1), golomb(1), golomb(reorder)]);
        unit(33, &packed(&fields, &[0]))
    }

    fn key(sequence: Vec<u8>) -> Vec<u8> {
        [unit(32, &[0x0C, 1]), sequence, unit(34, &[0xC1]), unit(19, &[0xAF, 0x20])].concat()
    }

    #[test]
    fn a_key_picture_is_read() {
        let facts = hevc_facts(&key(sequence_set(1, 1280, 720, 0))).unwrap();
        assert!(facts.parameters && facts.random_access && !facts.other && !facts.reorders);
        assert_eq!(facts.size, Some((1280, 720)));
    }

    #[test]
    fn order_profile_and_form_are_seen() {
        assert!(hevc_facts(&key(sequence_set(1, 64, 64, 2))).unwrap().reorders);
        assert_eq!(hevc_facts(&key(sequence_set(2, 64, 64, 0))), None);
        assert_eq!(hevc_facts(b"no start code"), None);
        assert_eq!(hevc_facts(&[0, 0, 1, 0xFF, 1]), None);
        assert!(hevc_facts(&unit(1, &[9, 9])).unwrap().other);
    }
}
