//! Keys derived from the server's one secret, and the secrets it hands out.

use gc_types::{Entropy, Secret, SupportCode, SupportCodeId};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// A key for one purpose, of the block size of its hash.
#[derive(Clone)]
pub(crate) struct Key([u8; 64]);

impl Key {
    fn derive(secret: &Secret, purpose: &str) -> Self {
        let mut key = [0; 64];
        // Only a length above 255 hashes can fail.
        let _ = Hkdf::<Sha256>::new(Some(b"guruconnect/v1"), secret.expose().as_bytes())
            .expand(purpose.as_bytes(), &mut key);
        Self(key)
    }

    /// HMAC-SHA-256.
    pub(crate) fn mac(&self, message: &[u8]) -> [u8; 32] {
        self.hmac(message).finalize().into_bytes().into()
    }

    /// Whether `tag` is the message's, in constant time.
    pub(crate) fn verify(&self, message: &[u8], tag: &[u8]) -> bool {
        self.hmac(message).verify_slice(tag).is_ok()
    }

    fn hmac(&self, message: &[u8]) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as Mac>::new(&self.0.into());
        mac.update(message);
        mac
    }

    /// Names the key without telling it.
    pub(crate) fn id(&self) -> String {
        hex(&Sha256::digest(self.0)[..8])
    }
}

/// A key for each purpose; none of them can stand in for another.
#[derive(Clone)]
pub(crate) struct Keyring {
    pub(crate) access: Key,
    pub(crate) viewer: Key,
    code_lookup: Key,
    code_seal: Key,
}

impl Keyring {
    pub(crate) fn new(secret: &Secret) -> Self {
        Self {
            access: Key::derive(secret, "access token"),
            viewer: Key::derive(secret, "viewer token"),
            code_lookup: Key::derive(secret, "support code look-up"),
            code_seal: Key::derive(secret, "support code seal"),
        }
    }

    /// By what a code is found. Keyed, because 31^9 codes can be tried out
    /// against a plain hash in a stolen database.
    pub(crate) fn code_hash(&self, code: SupportCode) -> String {
        hex(&self.code_lookup.mac(code.compact().as_bytes()))
    }

    /// The code in a form that only this server reads. The pad is used once: ids
    /// are never reused.
    pub(crate) fn seal_code(&self, id: SupportCodeId, code: SupportCode) -> String {
        hex(&self.pad(id, code.compact().as_bytes()))
    }

    /// The code back; `None` when it was sealed under another secret.
    pub(crate) fn open_code(&self, id: SupportCodeId, sealed: &str) -> Option<SupportCode> {
        let plain = self.pad(id, &unhex(sealed)?);
        String::from_utf8(plain).ok()?.parse().ok()
    }

    fn pad(&self, id: SupportCodeId, text: &[u8]) -> Vec<u8> {
        let pad = self.code_seal.mac(id.as_bytes());
        text.iter().zip(pad).map(|(byte, pad)| byte ^ pad).collect()
    }
}

/// SHA-256 in lower-case hexadecimal: how secrets of 256 bits are stored.
pub(crate) fn fingerprint(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// A new secret of 256 bits after `prefix`, in lower-case hexadecimal.
pub(crate) fn random_secret(prefix: &str, entropy: &dyn Entropy) -> Secret {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    Secret::new(format!("{prefix}{}", hex(&bytes)))
}

/// Whether `text` looks like one of [`random_secret`]: exact length, lower case.
pub(crate) fn is_secret(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        rest.len() == 64 && rest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        for digit in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
        out
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<Vec<u8>>>()?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use gc_types::SeededEntropy;

    use super::*;

    #[test]
    fn a_sealed_code_opens_only_under_its_secret_and_id() {
        let entropy = SeededEntropy::new(3);
        let ring = Keyring::new(&Secret::new("a"));
        let (id, code) = (SupportCodeId::random(&entropy), SupportCode::random(&entropy));
        let sealed = ring.seal_code(id, code);
        assert_eq!(ring.open_code(id, &sealed), Some(code));
        assert_ne!(Keyring::new(&Secret::new("b")).open_code(id, &sealed), Some(code));
        assert_ne!(ring.open_code(SupportCodeId::random(&entropy), &sealed), Some(code));
    }

    #[test]
    fn purposes_have_their_own_keys() {
        let ring = Keyring::new(&Secret::new("a"));
        assert_ne!(ring.access.id(), ring.viewer.id());
        assert_ne!(ring.access.mac(b"x"), ring.viewer.mac(b"x"));
    }

    #[test]
    fn only_the_exact_form_is_a_key() {
        let key = random_secret("cak_", &SeededEntropy::new(1));
        let key = key.expose();
        assert!(is_secret(key, "cak_"));
        for bad in [&key[1..], &key[..67], &key.to_uppercase(), &format!("{key}\0"), ""] {
            assert!(!is_secret(bad, "cak_"), "{bad}");
        }
    }
}
