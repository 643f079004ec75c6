//! On what and when a run took place.

use anyhow::Result;
use gc_types::Clock;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};

/// Facts that stand beside every result.
pub(crate) fn facts(load_average: f64) -> Value {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = rustix::system::uname();
    json!({
        "machine": {
            "processor": model.map_or("unknown", |(_, model)| model.trim()),
            "cores": cores,
            "kernel": kernel.release().to_string_lossy(),
        },
        "date": date(gc_runtime::SystemClock::new().now().0),
        "commit": commit(),
        "load_average": load_average,
    })
}

/// The commit of the checkout that this runs in, or `unknown`.
fn commit() -> String {
    let arguments = ["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"];
    let output = std::process::Command::new("git").args(arguments).output();
    let text = output.ok().filter(|output| output.status.success());
    let text = text.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_else(|| "unknown".to_owned())
}

/// `YYYY-MM-DDTHH:MM:SSZ` (civil-from-days by Howard Hinnant).
fn date(unix_ms: u64) -> String {
    let seconds = unix_ms / 1_000;
    let days = seconds / 86_400 + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Raises the number of open files, for this process and those it starts.
pub(crate) fn allow_many_sockets(number: u64) -> Result<()> {
    let now = getrlimit(Resource::Nofile);
    if now.current.is_some_and(|current| current < number) {
        let current = now.maximum.map_or(number, |most| most.min(number));
        let limit = Rlimit { current: Some(current), maximum: now.maximum };
        setrlimit(Resource::Nofile, limit)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01T00:00:00Z");
        assert_eq!(date(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(date(1_767_225_599_000), "2025-12-31T23:59:59Z");
    }

    #[test]
    fn facts_name_machine_date_commit_and_load() {
        let facts = facts(0.25);
        for name in ["machine", "date", "commit", "load_average"] {
            assert!(!facts[name].is_null(), "{name}");
        }
    }
}
