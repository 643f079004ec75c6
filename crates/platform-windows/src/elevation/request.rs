//! What an elevated process is told. Everybody can read it, so it holds no secret.

use gc_types::Entropy;

/// Digits of a number, and of a digest.
const NUMBER: usize = 16;
const DIGEST: usize = 64;

/// Who asks for rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElevationRequest {
    /// Process of the one-time program.
    pub process: u32,
    /// Of service and pipe; in hexadecimal.
    pub number: String,
    /// SHA-256 of the secret that the program shows to the service.
    pub digest: [u8; 32],
}

/// These are not the arguments of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is started by a one-time session, not by hand")]
pub struct NotARequest;

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
}

impl ElevationRequest {
    /// Of this process.
    pub fn new(entropy: &dyn Entropy, digest: [u8; 32]) -> Self {
        let mut bytes = [0_u8; 8];
        entropy.fill(&mut bytes);
        let number = format!("{:016x}", u64::from_le_bytes(bytes));
        Self { process: std::process::id(), number, digest }
    }

    /// As words of a command line.
    pub fn words(&self) -> [String; 3] {
        let digest = self.digest.iter().fold(String::new(), |mut text, byte| {
            for digit in [byte >> 4, byte & 0xF] {
                text.extend(char::from_digit(digit.into(), 16));
            }
            text
        });
        [self.process.to_string(), self.number.clone(), digest]
    }

    /// From such words.
    pub fn parse(words: &[String]) -> Result<Self, NotARequest> {
        let [process, number, text] = words else { return Err(NotARequest) };
        if !is_hex(number, NUMBER) || !is_hex(text, DIGEST) {
            return Err(NotARequest);
        }
        let process = process.parse().map_err(|_| NotARequest)?;
        let mut digest = [0; 32];
        for (index, byte) in digest.iter_mut().enumerate() {
            let digits = text.get(2 * index..2 * index + 2).ok_or(NotARequest)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| NotARequest)?;
        }
        Ok(Self { process, number: number.clone(), digest })
    }

    /// Name of the service's pipe.
    #[cfg(windows)]
    pub(super) fn pipe(&self) -> String {
        format!("guruconnect-elevated-{}", self.number)
    }

    /// Name of the service.
    #[cfg(windows)]
    pub(super) fn service(&self) -> String {
        crate::service::temporary_service_name(&self.number)
    }
}

#[cfg(test)]
mod tests {
    use gc_types::SeededEntropy;

    use super::*;

    #[test]
    fn a_request_survives_its_words() {
        let request = ElevationRequest::new(&SeededEntropy::new(4), [0xA7; 32]);
        assert_eq!(ElevationRequest::parse(&request.words()), Ok(request));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let words = ElevationRequest::new(&SeededEntropy::new(4), [7; 32]).words();
        let with = |place: usize, word: &str| {
            let mut words = words.clone();
            words[place] = word.to_owned();
            ElevationRequest::parse(&words)
        };
        for (place, word) in [
            (0, ""),
            (0, "-1"),
            (0, "4294967296"),
            (1, "0123456789ABCDEF"),
            (1, r"..\..\evil-012345"),
            (1, "0123456789abcde"),
            (2, ""),
            (2, &"0".repeat(63)),
            (2, &"x".repeat(64)),
            (2, &"é".repeat(32)),
        ] {
            assert_eq!(with(place, word), Err(NotARequest), "{place} {word}");
        }
        assert_eq!(ElevationRequest::parse(&words[..2]), Err(NotARequest));
        assert_eq!(ElevationRequest::parse(&[]), Err(NotARequest));
    }
}
