//! How often one address may do what can be guessed at.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::address::limit_key;

/// What is limited, with its number per minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Limited {
    /// Signing in and first set-up.
    Login,
    /// Changing a password.
    Password,
    /// Trying a support code.
    Code,
    /// Asking how a code's session goes.
    CodeStatus,
    /// Refusals that are written to the audit one by one.
    RefusalNoted,
}

impl Limited {
    const fn per_minute(self) -> f64 {
        match self {
            Self::Login => 8.0,
            Self::Password => 5.0,
            Self::Code => 15.0,
            Self::CodeStatus => 60.0,
            Self::RefusalNoted => 30.0,
        }
    }
}

/// Wrong codes in a row that lock an address.
const WRONG_CODES: u32 = 10;
/// For how long.
const LOCK: Duration = Duration::from_mins(15);
/// Addresses remembered at most; beyond, those with most left are forgotten.
const REMEMBERED: usize = 50_000;

struct Bucket {
    left: f64,
    at: Duration,
}

#[derive(Default)]
struct Wrong {
    in_a_row: u32,
    locked_until: Duration,
    at: Duration,
}

/// Counters by address. Times are those of the monotonic clock.
#[derive(Default)]
pub(crate) struct Limits {
    buckets: Mutex<HashMap<(Limited, IpAddr), Bucket>>,
    codes: Mutex<HashMap<IpAddr, Wrong>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Limits {
    /// Counts one try; the error is how long to wait for the next.
    pub(crate) fn take(
        &self,
        what: Limited,
        address: IpAddr,
        now: Duration,
    ) -> Result<(), Duration> {
        let rate = what.per_minute() / 60.0;
        let mut buckets = lock(&self.buckets);
        if buckets.len() >= REMEMBERED {
            buckets.retain(|_, bucket| now.saturating_sub(bucket.at) < Duration::from_mins(1));
            if buckets.len() >= REMEMBERED {
                return Err(Duration::from_secs(1));
            }
        }
        let bucket = buckets
            .entry((what, limit_key(address)))
            .or_insert(Bucket { left: what.per_minute(), at: now });
        let since = now.saturating_sub(bucket.at).as_secs_f64();
        bucket.left = (bucket.left + since * rate).min(what.per_minute());
        bucket.at = now;
        if bucket.left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.left) / rate));
        }
        bucket.left -= 1.0;
        Ok(())
    }

    /// Whether an address may try codes; the error is how long it is locked.
    pub(crate) fn code_lock(&self, address: IpAddr, now: Duration) -> Result<(), Duration> {
        let left = lock(&self.codes)
            .get(&limit_key(address))
            .map_or(Duration::ZERO, |wrong| wrong.locked_until.saturating_sub(now));
        if left.is_zero() { Ok(()) } else { Err(left) }
    }

    /// Notes a wrong code; `true` when that locks the address.
    pub(crate) fn wrong_code(&self, address: IpAddr, now: Duration) -> bool {
        let mut codes = lock(&self.codes);
        if codes.len() >= REMEMBERED {
            codes.retain(|_, wrong| now.saturating_sub(wrong.at) < LOCK);
        }
        let wrong = codes.entry(limit_key(address)).or_default();
        wrong.at = now;
        wrong.in_a_row += 1;
        let locks = wrong.in_a_row >= WRONG_CODES;
        if locks {
            wrong.in_a_row = 0;
            wrong.locked_until = now + LOCK;
        }
        locks
    }

    /// Notes a right code.
    pub(crate) fn right_code(&self, address: IpAddr) {
        lock(&self.codes).remove(&limit_key(address));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const START: Duration = Duration::from_secs(1000);

    #[test]
    fn the_ninth_login_of_a_minute_waits_and_is_then_let_in() {
        let limits = Limits::default();
        for _ in 0..8 {
            assert_eq!(limits.take(Limited::Login, ADDRESS, START), Ok(()));
        }
        let wait = limits.take(Limited::Login, ADDRESS, START).unwrap_err();
        assert!(wait <= Duration::from_secs(8), "{wait:?}");
        assert_eq!(limits.take(Limited::Password, ADDRESS, START), Ok(()));
        assert_eq!(limits.take(Limited::Login, ADDRESS, START + wait), Ok(()));
    }

    #[test]
    fn ten_wrong_codes_in_a_row_lock_for_a_quarter_of_an_hour() {
        let limits = Limits::default();
        for _ in 0..9 {
            assert!(!limits.wrong_code(ADDRESS, START));
        }
        limits.right_code(ADDRESS);
        for _ in 0..9 {
            assert!(!limits.wrong_code(ADDRESS, START));
        }
        assert!(limits.wrong_code(ADDRESS, START));
        assert_eq!(limits.code_lock(ADDRESS, START), Err(LOCK));
        assert_eq!(limits.code_lock(ADDRESS, START + LOCK), Ok(()));
    }
}
