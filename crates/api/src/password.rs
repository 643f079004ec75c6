//! Passwords: Argon2id (RFC 9106), a bounded number of hashes at a time.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use gc_types::{Entropy, Secret};
use tokio::sync::Semaphore;

/// Characters of a new password at least and at most.
pub(crate) const LENGTH: std::ops::RangeInclusive<usize> = 12..=256;

/// What one hash costs.
#[derive(Debug, Clone, Copy)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub passes: u32,
}

impl Default for PasswordCost {
    /// OWASP's recommendation: 19 MiB, two passes.
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2 }
    }
}

/// Hashes and verifies; at most two at a time, so that a crowd at the door costs
/// neither the memory nor the processors.
pub(crate) struct Passwords {
    cost: PasswordCost,
    running: Semaphore,
    /// At most this many wait; the rest is told to come back.
    waiting: Semaphore,
    dummy: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many are waiting.
    #[error("too many sign-ins at once")]
    Busy,
    /// The hash function failed.
    #[error("the password cannot be hashed")]
    Failed,
}

fn hash(cost: PasswordCost, password: &Secret, salt: [u8; 16]) -> Option<String> {
    let salt = SaltString::encode_b64(&salt).ok()?;
    let hash = argon(cost)?.hash_password(password.expose().as_bytes(), &salt).ok()?;
    Some(hash.to_string())
}

fn argon(cost: PasswordCost) -> Option<Argon2<'static>> {
    let params = Params::new(cost.memory_kib, cost.passes, 1, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

impl Passwords {
    /// Prepares the hash that unknown users are checked against.
    pub(crate) fn new(cost: PasswordCost, entropy: &dyn Entropy) -> Result<Self, PasswordError> {
        let mut salt = [0; 16];
        entropy.fill(&mut salt);
        let dummy =
            hash(cost, &Secret::new("no user has this"), salt).ok_or(PasswordError::Failed)?;
        Ok(Self { cost, running: Semaphore::new(2), waiting: Semaphore::new(64), dummy })
    }

    /// The PHC string of a new password.
    pub(crate) async fn hash(
        &self,
        password: Secret,
        entropy: &dyn Entropy,
    ) -> Result<String, PasswordError> {
        let mut salt = [0; 16];
        entropy.fill(&mut salt);
        let cost = self.cost;
        self.run(move || hash(cost, &password, salt)).await?.ok_or(PasswordError::Failed)
    }

    /// Whether the password is the stored one. Without a stored one the same work
    /// is done for nothing, so that the time does not tell who exists.
    pub(crate) async fn verify(
        &self,
        password: Secret,
        stored: Option<String>,
    ) -> Result<bool, PasswordError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.dummy.clone());
        let cost = self.cost;
        let right = self
            .run(move || {
                let stored = PasswordHash::new(&stored).ok()?;
                Some(argon(cost)?.verify_password(password.expose().as_bytes(), &stored).is_ok())
            })
            .await?
            .ok_or(PasswordError::Failed)?;
        Ok(right && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _place = self.waiting.try_acquire().map_err(|_| PasswordError::Busy)?;
        let _turn = self.running.acquire().await.map_err(|_| PasswordError::Failed)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| PasswordError::Failed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Condvar, Mutex};
    use std::time::Duration;

    use futures_util::future::join_all;
    use gc_types::SeededEntropy;

    use super::*;

    /// Holds back what runs until it is opened.
    #[derive(Default)]
    struct Barrier {
        open: Mutex<bool>,
        changed: Condvar,
    }

    impl Barrier {
        fn pass(&self) {
            let open = self.open.lock().unwrap();
            drop(self.changed.wait_while(open, |open| !*open).unwrap());
        }

        fn open(&self) {
            *self.open.lock().unwrap() = true;
            self.changed.notify_all();
        }
    }

    #[tokio::test]
    async fn two_hashes_run_and_sixty_four_wait_at_most() {
        let cost = PasswordCost { memory_kib: 8, passes: 1 };
        let passwords = Passwords::new(cost, &SeededEntropy::new(1)).unwrap();
        let barrier = Arc::new(Barrier::default());
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut crowd = Vec::new();
        for _ in 0..200 {
            let (barrier, running, most) = (barrier.clone(), running.clone(), most.clone());
            crowd.push(passwords.run(move || {
                let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                barrier.pass();
                running.fetch_sub(1, Ordering::SeqCst);
            }));
        }
        let opener = async {
            // This thread is free while two hash: it gets here, and opens.
            let two = async {
                while running.load(Ordering::SeqCst) < 2 {
                    tokio::task::yield_now().await;
                }
            };
            let two = tokio::time::timeout(Duration::from_mins(1), two).await;
            barrier.open();
            two
        };
        let (answers, two) = tokio::join!(join_all(crowd), opener);
        assert!(two.is_ok(), "two never ran at once");
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 64);
        assert!(answers.iter().all(|answer| matches!(answer, Ok(()) | Err(PasswordError::Busy))));
        assert_eq!(most.load(Ordering::SeqCst), 2);
        assert_eq!(passwords.run(|| 7).await, Ok(7), "places are given back");
    }
}
