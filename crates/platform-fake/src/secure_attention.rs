//! Ctrl+Alt+Del that only counts.

use std::sync::{Mutex, PoisonError};

use gc_platform::{SecureAttention, SecureAttentionError};

/// Counts what it is asked for, and fails as it is told to.
#[derive(Debug, Default)]
pub struct FakeSecureAttention {
    asked: Mutex<u32>,
    failure: Mutex<Option<SecureAttentionError>>,
}

impl FakeSecureAttention {
    /// Every call fails like this from now on; `None`: no longer.
    pub fn fail(&self, failure: Option<SecureAttentionError>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// How often it was asked, with or without success.
    pub fn asked(&self) -> u32 {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SecureAttention for FakeSecureAttention {
    fn send(&self) -> Result<(), SecureAttentionError> {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        match self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_and_fails_as_told() {
        let keys = FakeSecureAttention::default();
        keys.send().unwrap();
        keys.fail(Some(SecureAttentionError::PolicyForbids));
        assert_eq!(keys.send(), Err(SecureAttentionError::PolicyForbids));
        assert_eq!(keys.asked(), 2);
    }
}
