//! How busy the machine is.

/// Time of all processors together since some moment, in one unit of the system's
/// choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessorTime {
    /// Spent working, for whomever.
    pub busy: u64,
    /// Passed.
    pub total: u64,
}

/// Busy part between two readings, percent; `None` when no time has passed between
/// them.
pub fn load_percent(before: ProcessorTime, after: ProcessorTime) -> Option<u8> {
    let total = after.total.checked_sub(before.total)?;
    let busy = after.busy.saturating_sub(before.busy).min(total);
    u8::try_from((busy * 100).checked_div(total)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_is_the_busy_part_of_what_has_passed() {
        let at = |busy, total| ProcessorTime { busy, total };
        assert_eq!(load_percent(at(100, 1000), at(175, 1100)), Some(75));
        assert_eq!(load_percent(at(100, 1000), at(900, 1100)), Some(100));
        assert_eq!(load_percent(at(100, 1000), at(90, 1100)), Some(0), "counters may step back");
        assert_eq!(load_percent(at(100, 1000), at(100, 1000)), None);
        assert_eq!(load_percent(at(100, 1000), at(100, 10)), None);
    }
}
