//! What the machine says of itself.

use std::time::Duration;

/// Facts that stay while the agent runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MachineFacts {
    /// Host name.
    pub hostname: String,
    /// Family: "linux", "windows".
    pub os: String,
    /// Name and version for people.
    pub os_version: String,
    /// "x86_64", "aarch64".
    pub architecture: String,
}

/// What the user at the machine does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserActivity {
    /// Who is logged on; empty for nobody.
    pub user: String,
    /// Since the last key or pointer motion by hand or by injection.
    pub idle: Duration,
}

/// Reads facts about the machine.
pub trait Inventory: Send + Sync {
    /// Facts that stay.
    fn facts(&self) -> MachineFacts;

    /// Facts that change.
    fn activity(&self) -> UserActivity;
}
