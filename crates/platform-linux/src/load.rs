//! How busy the machine is, from procfs.

use gc_platform::ProcessorTime;

/// Time of all processors since the machine was started; `None` where the kernel does
/// not tell.
pub fn processor_time() -> Option<ProcessorTime> {
    parse(&std::fs::read_to_string("/proc/stat").ok()?)
}

/// The first line of proc_stat(5): user, nice, system, idle, iowait, irq, softirq and
/// steal. Guests are counted in user already. Time that another machine on the same
/// processor has taken away is as good as busy.
fn parse(stat: &str) -> Option<ProcessorTime> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let times: Vec<u64> =
        line.split_ascii_whitespace().take(8).map_while(|field| field.parse().ok()).collect();
    let [_, _, _, idle, ..] = times[..] else { return None };
    let idle = idle + times.get(4).copied().unwrap_or_default();
    let total: u64 = times.iter().sum();
    Some(ProcessorTime { busy: total - idle, total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_read() {
        let stat = "cpu  10 20 30 400 50 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n";
        assert_eq!(parse(stat), Some(ProcessorTime { busy: 81, total: 531 }));
        assert_eq!(parse("cpu  10 20 30 400\n"), Some(ProcessorTime { busy: 60, total: 460 }));
        assert_eq!(parse("cpu  10 20 30\n"), None);
        assert_eq!(parse("intr 5\n"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn this_machine_tells() {
        let first = processor_time().unwrap();
        assert!(first.total > 0 && first.busy <= first.total);
    }
}
