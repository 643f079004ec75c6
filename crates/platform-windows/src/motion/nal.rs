//! The units of an access unit in Annex B form: enough to tell key pictures and to
//! put parameter sets before them (ITU-T H.264 7.3.1, H.265 7.3.1.2).

use super::transform::TransformFailure;

/// How an encoder's output is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// H.264.
    Avc,
    /// H.265.
    Hevc,
}

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A slice of a picture that needs no other.
    Key,
    /// A slice of any other picture.
    Delta,
    /// VPS, SPS or PPS.
    Parameters,
    /// Delimiter, enhancement information, filler.
    Other,
}

impl Syntax {
    const fn kind(self, header: u8) -> Kind {
        match self {
            Self::Avc => match header & 0x1F {
                5 => Kind::Key,
                1..=4 => Kind::Delta,
                7 | 8 => Kind::Parameters,
                _ => Kind::Other,
            },
            Self::Hevc => match header >> 1 & 0x3F {
                16..=23 => Kind::Key,
                0..=15 => Kind::Delta,
                32..=34 => Kind::Parameters,
                _ => Kind::Other,
            },
        }
    }

    /// Whether `header` begins a sequence parameter set.
    const fn is_sequence(self, header: u8) -> bool {
        match self {
            Self::Avc => header & 0x1F == 7,
            Self::Hevc => header >> 1 & 0x3F == 33,
        }
    }
}

/// What a piece of output holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Content {
    /// A slice of a picture.
    pub picture: bool,
    /// That picture is a key picture.
    pub key: bool,
    /// A sequence parameter set.
    pub sequence: bool,
}

/// Looks at a piece of output. It must begin with a start code.
pub fn content(piece: &[u8], syntax: Syntax) -> Result<Content, TransformFailure> {
    let mut found = Content::default();
    for unit in units(piece)? {
        let header = *unit.first().ok_or(TransformFailure::Output("empty unit"))?;
        match syntax.kind(header) {
            Kind::Key => {
                found.picture = true;
                found.key = true;
            }
            Kind::Delta => found.picture = true,
            Kind::Parameters => found.sequence |= syntax.is_sequence(header),
            Kind::Other => {}
        }
    }
    Ok(found)
}

/// Only the parameter sets of a piece of output, each with a start code.
pub fn parameter_sets(piece: &[u8], syntax: Syntax) -> Result<Vec<u8>, TransformFailure> {
    let mut sets = Vec::new();
    for unit in units(piece)? {
        if unit.first().is_some_and(|header| syntax.kind(*header) == Kind::Parameters) {
            sets.extend([0, 0, 0, 1]);
            sets.extend(unit);
        }
    }
    Ok(sets)
}

/// Bytes of the access unit delimiter that `unit` begins with; 0 without one. Nothing
/// may stand before it.
pub fn delimiter(unit: &[u8], syntax: Syntax) -> usize {
    let is_delimiter = |header: u8| match syntax {
        Syntax::Avc => header & 0x1F == 9,
        Syntax::Hevc => header >> 1 & 0x3F == 35,
    };
    let start = unit.iter().position(|byte| *byte == 1).map_or(unit.len(), |at| at + 1);
    if !unit.get(start).copied().is_some_and(is_delimiter) {
        return 0;
    }
    let rest = &unit[start..];
    let end = rest.windows(3).position(|window| window == [0, 0, 1]).unwrap_or(rest.len());
    // The zero of a four-byte start code belongs to what follows.
    let zeros = rest[..end].iter().rev().take_while(|byte| **byte == 0).count();
    start + end - zeros
}

/// The units between start codes, without trailing zeros.
fn units(piece: &[u8]) -> Result<impl Iterator<Item = &[u8]>, TransformFailure> {
    if !piece.starts_with(&[0, 0, 1]) && !piece.starts_with(&[0, 0, 0, 1]) {
        return Err(TransformFailure::Output("not in Annex B form"));
    }
    let mut rest = after_start_code(piece);
    Ok(std::iter::from_fn(move || {
        let current = rest?;
        let end = current.windows(3).position(|window| window == [0, 0, 1]);
        rest = end.and_then(|at| current.get(at + 3..));
        let unit = end.map_or(current, |at| &current[..at]);
        let length = unit.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
        Some(&unit[..length])
    }))
}

fn after_start_code(piece: &[u8]) -> Option<&[u8]> {
    let at = piece.windows(3).position(|window| window == [0, 0, 1])?;
    piece.get(at + 3..)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPS: &[u8] = &[0, 0, 0, 1, 0x67, 66, 0xC0, 30, 0x8C];
    const PPS: &[u8] = &[0, 0, 1, 0x68, 0xCE, 0x3C];
    const IDR: &[u8] = &[0, 0, 1, 0x65, 0x88, 0x80, 0];
    const P: &[u8] = &[0, 0, 0, 1, 0x41, 0x9A, 0x24];
    const DELIMITER: &[u8] = &[0, 0, 0, 1, 0x09, 0x10];

    #[test]
    fn kinds_of_pictures_are_told_apart() {
        let key = content(&[DELIMITER, SPS, PPS, IDR].concat(), Syntax::Avc).unwrap();
        assert_eq!(key, Content { picture: true, key: true, sequence: true });
        let delta = content(&[DELIMITER, P].concat(), Syntax::Avc).unwrap();
        assert_eq!(delta, Content { picture: true, key: false, sequence: false });
        let sets = content(&[SPS, PPS].concat(), Syntax::Avc).unwrap();
        assert_eq!(sets, Content { picture: false, key: false, sequence: true });
    }

    #[test]
    fn parameter_sets_are_taken_out_alone() {
        let sets = parameter_sets(&[DELIMITER, SPS, PPS, IDR].concat(), Syntax::Avc).unwrap();
        let expected = [SPS, &[0, 0, 0, 1, 0x68, 0xCE, 0x3C]].concat();
        assert_eq!(sets, expected);
        assert_eq!(parameter_sets(P, Syntax::Avc), Ok(Vec::new()));
    }

    #[test]
    fn a_delimiter_is_measured_without_what_follows() {
        assert_eq!(delimiter(&[DELIMITER, IDR].concat(), Syntax::Avc), DELIMITER.len());
        assert_eq!(delimiter(&[DELIMITER, P].concat(), Syntax::Avc), DELIMITER.len());
        assert_eq!(delimiter(DELIMITER, Syntax::Avc), DELIMITER.len());
        assert_eq!(delimiter(P, Syntax::Avc), 0);
        assert_eq!(delimiter(&[], Syntax::Avc), 0);
    }

    #[test]
    fn hevc_has_its_own_numbers() {
        let vps: &[u8] = &[0, 0, 0, 1, 32 << 1, 1, 9];
        let sps: &[u8] = &[0, 0, 0, 1, 33 << 1, 1, 9];
        let idr: &[u8] = &[0, 0, 0, 1, 19 << 1, 1, 9];
        let trail: &[u8] = &[0, 0, 0, 1, 1 << 1, 1, 9];
        let key = content(&[vps, sps, idr].concat(), Syntax::Hevc).unwrap();
        assert_eq!(key, Content { picture: true, key: true, sequence: true });
        assert!(!content(trail, Syntax::Hevc).unwrap().key);
        assert_eq!(parameter_sets(&[vps, sps, idr].concat(), Syntax::Hevc).unwrap().len(), 14);
    }

    #[test]
    fn anything_else_is_refused() {
        // Length-prefixed, as MP4 has it.
        assert!(content(&[0, 0, 0, 5, 0x65, 1, 2, 3, 4], Syntax::Avc).is_err());
        assert!(content(&[], Syntax::Avc).is_err());
        assert!(content(&[0, 0, 1], Syntax::Avc).is_err());
        assert!(content(&[0, 0, 1, 0, 0, 1, 0x65], Syntax::Avc).is_err());
    }
}
