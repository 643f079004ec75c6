//! What the clock on the wall says.

use gc_types::UnixMillis;

/// Hour and minute of a time in the machine's own time zone; `None` for times that
/// its library cannot tell.
#[expect(unsafe_code, reason = "the time zone is known to the C library alone")]
pub fn local_time(at: UnixMillis) -> Option<(u8, u8)> {
    let seconds = libc::time_t::try_from(at.0 / 1_000).ok()?;
    let mut parts = std::mem::MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both pointers are to live values for the length of the call; the second
    // one is written to.
    let found = unsafe { libc::localtime_r(&raw const seconds, parts.as_mut_ptr()) };
    if found.is_null() {
        return None;
    }
    // SAFETY: zeroes are a valid `tm`, and so is what the call made of them.
    let parts = unsafe { parts.assume_init() };
    Some((u8::try_from(parts.tm_hour).ok()?, u8::try_from(parts.tm_min).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_pass_whatever_the_time_zone() {
        let at = 1_800_000_000_000;
        let (hour, minute) = local_time(UnixMillis(at)).unwrap();
        assert!(hour < 24 && minute < 60);
        let (next_hour, next_minute) = local_time(UnixMillis(at + 60_000)).unwrap();
        assert_eq!(u16::from(next_minute), (u16::from(minute) + 1) % 60);
        assert!(next_hour == hour || next_minute == 0);
        // However far away: some libraries tell it, others do not.
        assert!(local_time(UnixMillis(u64::MAX)).is_none_or(|(hour, _)| hour < 24));
    }
}
