//! What is said over the helper's pipe: one request of fixed bytes, one answer.

use gc_platform::SecureAttentionError;

/// The one request there is; the last byte is the version.
pub const REQUEST: &[u8; 8] = b"GCSAS\0\0\x01";
/// Bytes of an answer.
pub const ANSWER_BYTES: usize = 1;

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Pressed.
    Sent,
    /// Windows does not take it from services.
    PolicyForbids,
    /// There is no `sas.dll`.
    NoLibrary,
    /// The asker is not our service.
    Refused,
    /// Something else failed; the helper's log says what.
    Failed,
}

impl Answer {
    /// As it is said over the pipe.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Sent => 0,
            Self::PolicyForbids => 1,
            Self::NoLibrary => 2,
            Self::Refused => 3,
            Self::Failed => 4,
        }
    }

    /// As it was said over the pipe.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Sent),
            1 => Some(Self::PolicyForbids),
            2 => Some(Self::NoLibrary),
            3 => Some(Self::Refused),
            4 => Some(Self::Failed),
            _ => None,
        }
    }

    /// For the asker.
    pub fn result(self) -> Result<(), SecureAttentionError> {
        match self {
            Self::Sent => Ok(()),
            Self::PolicyForbids => Err(SecureAttentionError::PolicyForbids),
            Self::NoLibrary => Err(SecureAttentionError::NoLibrary),
            Self::Refused => Err(SecureAttentionError::Refused),
            Self::Failed => Err(SecureAttentionError::Failed("see the helper's log".to_owned())),
        }
    }

    /// For the helper, of what it tried.
    pub fn of(result: &Result<(), SecureAttentionError>) -> Self {
        match result {
            Ok(()) => Self::Sent,
            Err(SecureAttentionError::PolicyForbids) => Self::PolicyForbids,
            Err(SecureAttentionError::NoLibrary) => Self::NoLibrary,
            Err(SecureAttentionError::Refused) => Self::Refused,
            Err(_) => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_arrives_as_it_was_given() {
        let all = [
            Answer::Sent,
            Answer::PolicyForbids,
            Answer::NoLibrary,
            Answer::Refused,
            Answer::Failed,
        ];
        for answer in all {
            assert_eq!(Answer::from_byte(answer.byte()), Some(answer));
            assert_eq!(Answer::of(&answer.result()), answer);
        }
        assert_eq!(Answer::from_byte(5), None);
        assert_eq!(Answer::from_byte(255), None);
    }
}
