//! How busy the machine is.

use gc_platform::ProcessorTime;
use windows::Win32::Foundation::FILETIME;
use windows::Win32::System::Threading::GetSystemTimes;

/// What the processors have done so far, in units of 100 ns.
pub fn processor_time() -> Option<ProcessorTime> {
    let [mut idle, mut kernel, mut user] = [FILETIME::default(); 3];
    // SAFETY: it writes into the live structures.
    unsafe { GetSystemTimes(Some(&raw mut idle), Some(&raw mut kernel), Some(&raw mut user)) }
        .ok()?;
    let [idle, kernel, user] = [idle, kernel, user]
        .map(|time| u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime));
    // The kernel's time includes the idle one.
    let total = kernel.checked_add(user)?;
    Some(ProcessorTime { busy: total.checked_sub(idle)?, total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_and_work_shows() {
        let before = processor_time().unwrap();
        let mut sum = 0_u64;
        let after = loop {
            sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(7));
            let now = processor_time().unwrap();
            if now.total > before.total && now.busy > before.busy {
                break now;
            }
        };
        assert!(after.busy <= after.total);
    }
}
