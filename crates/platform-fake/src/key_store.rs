//! A key in memory.

use std::sync::{Mutex, PoisonError};

use gc_platform::{KeyStore, KeyStoreError};
use gc_types::Secret;

/// Keeps the key as long as it lives itself, and fails as it is told to.
#[derive(Debug, Default)]
pub struct FakeKeyStore {
    key: Mutex<Option<Secret>>,
    failure: Mutex<Option<KeyStoreError>>,
}

impl FakeKeyStore {
    /// Every call fails like this from now on; `None`: no longer.
    pub fn fail(&self, failure: Option<KeyStoreError>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    fn check(&self) -> Result<(), KeyStoreError> {
        match self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }
}

impl KeyStore for FakeKeyStore {
    fn load(&self) -> Result<Secret, KeyStoreError> {
        self.check()?;
        let key = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        key.clone().ok_or(KeyStoreError::Absent)
    }

    fn store(&self, key: &Secret) -> Result<(), KeyStoreError> {
        self.check()?;
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = Some(key.clone());
        Ok(())
    }

    fn remove(&self) -> Result<(), KeyStoreError> {
        self.check()?;
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_removes_and_fails_as_told() {
        let store = FakeKeyStore::default();
        assert_eq!(store.load(), Err(KeyStoreError::Absent));
        store.store(&Secret::new("cak_1")).unwrap();
        assert_eq!(store.load(), Ok(Secret::new("cak_1")));
        let failure = KeyStoreError::CannotDecrypt("another machine".into());
        store.fail(Some(failure.clone()));
        assert_eq!(store.load(), Err(failure.clone()));
        assert_eq!(store.remove(), Err(failure));
        store.fail(None);
        store.remove().unwrap();
        assert_eq!(store.load(), Err(KeyStoreError::Absent));
    }
}
