//! Units of H.264 and H.265, bit by bit, for drivers that want to be given headers.

/// Writes bits from the top of a byte on.
#[derive(Debug, Default)]
pub(super) struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    pub(super) fn put(&mut self, value: u32, count: u32) {
        for at in (0..count).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = (value >> at & 1) as u8;
            if let Some(last) = self.bytes.last_mut() {
                *last |= bit << (7 - self.used % 8);
            }
            self.used += 1;
        }
    }

    /// Exp-Golomb, section 9.1 of H.264 and 9.2 of H.265.
    pub(super) fn unsigned(&mut self, value: u32) {
        let plus = value + 1;
        let length = plus.ilog2();
        self.put(0, length);
        self.put(plus, length + 1);
    }

    /// Stop bit and alignment: the end of a parameter set, or of a header that its
    /// codec aligns.
    pub(super) fn end(&mut self) {
        self.put(1, 1);
        self.used = self.bytes.len() * 8;
    }
}

/// A header with its start code, and how many of its bits count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) bytes: Vec<u8>,
    pub(super) bits: u32,
}

/// Start code, unit header and content, with emulation prevention.
pub(super) fn unit(header: &[u8], content: &Bits) -> Header {
    let mut bytes = vec![0, 0, 0, 1];
    bytes.extend_from_slice(header);
    let mut zeros = 0;
    for byte in &content.bytes {
        if zeros >= 2 && *byte <= 3 {
            bytes.push(3);
            zeros = 0;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        bytes.push(*byte);
    }
    let unused = content.bytes.len() * 8 - content.used;
    let bits = u32::try_from(bytes.len() * 8 - unused).unwrap_or(0);
    Header { bytes, bits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_kept_from_looking_like_a_start_code() {
        let mut bits = Bits::default();
        bits.put(0, 24);
        bits.put(1, 8);
        assert_eq!(unit(&[0x67], &bits).bytes, [0, 0, 0, 1, 0x67, 0, 0, 3, 0, 1]);
    }
}
