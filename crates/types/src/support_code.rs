//! The support code that an end user types.

use std::fmt;
use std::str::FromStr;

use crate::Entropy;

/// The 31 symbols of a code: no 0, O, 1, I or L, which are mistaken for each other.
pub const SUPPORT_CODE_ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

const LENGTH: usize = 9;

/// A support code, shown as `XXX-XXX-XXX`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SupportCode([u8; LENGTH]);

/// Why text is not a support code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SupportCodeError {
    /// Not nine symbols once dashes and spaces are gone.
    #[error("a support code has nine characters")]
    Length,
    /// A character that is in no code.
    #[error("'{0}' is never part of a support code")]
    Symbol(char),
}

impl SupportCode {
    /// A code in which each symbol is equally likely: bytes that would favour
    /// some symbols are drawn again.
    pub fn random(entropy: &dyn Entropy) -> Self {
        // Largest multiple of 31 that fits in a byte.
        const LIMIT: u8 = 248;
        let mut symbols = [0; LENGTH];
        for symbol in &mut symbols {
            let mut byte = [u8::MAX];
            while byte[0] >= LIMIT {
                entropy.fill(&mut byte);
            }
            *symbol = SUPPORT_CODE_ALPHABET[usize::from(byte[0]) % SUPPORT_CODE_ALPHABET.len()];
        }
        Self(symbols)
    }

    /// The nine symbols without dashes, as stored.
    pub fn compact(&self) -> String {
        self.0.iter().map(|&symbol| char::from(symbol)).collect()
    }
}

impl FromStr for SupportCode {
    type Err = SupportCodeError;

    /// Takes either case, and dashes and spaces anywhere.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut symbols = [0; LENGTH];
        let mut count = 0;
        for character in text.chars() {
            if character == '-' || character.is_whitespace() {
                continue;
            }
            let upper = character.to_ascii_uppercase();
            let symbol = u8::try_from(upper)
                .ok()
                .filter(|symbol| SUPPORT_CODE_ALPHABET.contains(symbol))
                .ok_or(SupportCodeError::Symbol(character))?;
            *symbols.get_mut(count).ok_or(SupportCodeError::Length)? = symbol;
            count += 1;
        }
        if count == LENGTH { Ok(Self(symbols)) } else { Err(SupportCodeError::Length) }
    }
}

impl fmt::Display for SupportCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.compact();
        write!(f, "{}-{}-{}", &text[..3], &text[3..6], &text[6..])
    }
}

impl fmt::Debug for SupportCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SupportCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededEntropy;

    #[test]
    fn takes_any_case_dashes_and_spaces() {
        let code: SupportCode = "ABC-DEF-GH2".parse().unwrap();
        for text in ["abcdefgh2", " abc def gh2 ", "a-b-c-d-e-f-g-h-2", "AbC-dEf-gH2"] {
            assert_eq!(text.parse::<SupportCode>(), Ok(code), "{text}");
        }
        assert_eq!(code.to_string(), "ABC-DEF-GH2");
    }

    #[test]
    fn refuses_look_alikes_other_scripts_and_other_lengths() {
        for symbol in ['0', 'O', '1', 'I', 'L', 'А', 'é'] {
            let text = format!("ABC-DEF-GH{symbol}");
            assert_eq!(text.parse::<SupportCode>(), Err(SupportCodeError::Symbol(symbol)));
        }
        for text in ["", "ABC", "ABC-DEF-GH23"] {
            assert_eq!(text.parse::<SupportCode>(), Err(SupportCodeError::Length), "{text}");
        }
    }

    #[test]
    fn every_symbol_is_about_equally_likely() {
        let entropy = SeededEntropy::new(7);
        let mut counts = [0_u32; 256];
        for _ in 0..10_000 {
            for symbol in SupportCode::random(&entropy).compact().bytes() {
                counts[usize::from(symbol)] += 1;
            }
        }
        let expected = 90_000 / 31;
        for &symbol in SUPPORT_CODE_ALPHABET {
            let count = counts[usize::from(symbol)];
            assert!(count.abs_diff(expected) < expected / 8, "{} came {count}x", symbol as char);
        }
    }
}
