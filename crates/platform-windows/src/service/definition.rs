//! What a service is to the service manager.

use std::path::PathBuf;
use std::time::Duration;

/// When Windows starts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the system.
    Automatic,
    /// When a program asks for it.
    Demand,
}

/// What the service manager does when the service ends without having been told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// Starts it again after [`RESTART_DELAYS`], by failures in a row.
    Restart,
    /// Nothing.
    Leave,
}

/// How long it waits before the first, second… start of a service that keeps failing;
/// the last one repeats. Five seconds for what went wrong once, and no loop that eats
/// the machine for what stays wrong.
pub const RESTART_DELAYS: [Duration; 5] = [
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(5),
];

/// After this long without a failure the next one counts as the first.
pub const FORGIVEN_AFTER: Duration = Duration::from_hours(1);

/// A service of its own process that runs as LocalSystem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceDefinition {
    /// Name by which it is found.
    pub name: String,
    /// Name that people see.
    pub display_name: String,
    /// What people read in the list of services.
    pub description: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments; everybody can read them, so nothing secret.
    pub arguments: Vec<String>,
    /// When it starts.
    pub start: Start,
    /// What happens when it fails.
    pub recovery: Recovery,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_restart_comes_after_five_seconds_and_later_ones_ever_later() {
        assert_eq!(RESTART_DELAYS[0], Duration::from_secs(5));
        assert!(RESTART_DELAYS.is_sorted());
        assert!(RESTART_DELAYS.iter().sum::<Duration>() < FORGIVEN_AFTER, "it would start over");
    }

    #[test]
    fn what_stays_wrong_is_started_a_few_times_an_hour_and_never_given_up() {
        let mut delays = RESTART_DELAYS.into_iter();
        let mut last = Duration::ZERO;
        let mut starts_in = |whole: Duration| {
            let (mut passed, mut starts) = (Duration::ZERO, 0);
            while passed < whole {
                // The last one repeats, as the service manager does it.
                last = delays.next().unwrap_or(last);
                passed += last;
                starts += 1;
            }
            starts
        };
        assert_eq!(starts_in(Duration::from_hours(1)), 16);
        assert_eq!(starts_in(Duration::from_hours(1)), 12, "and then every five minutes");
    }
}
