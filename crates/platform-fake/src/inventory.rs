//! Facts as the test says.

use std::sync::Arc;

use gc_platform::{Inventory, MachineFacts, UserActivity};

use crate::watched::Watched;

/// Facts as the test says; clones share what is set.
#[derive(Debug, Clone)]
pub struct FakeInventory {
    facts: MachineFacts,
    activity: Arc<Watched<UserActivity>>,
}

impl FakeInventory {
    /// A Linux machine with this name and nobody logged on.
    pub fn new(hostname: &str) -> Self {
        let facts = MachineFacts {
            hostname: hostname.to_owned(),
            os: "linux".to_owned(),
            os_version: "Fake 1.0".to_owned(),
            architecture: "x86_64".to_owned(),
        };
        Self { facts, activity: Arc::new(Watched::default()) }
    }

    /// Somebody logs on, off, or rests.
    pub fn set_activity(&self, activity: UserActivity) {
        self.activity.update(|current| *current = activity);
    }
}

impl Inventory for FakeInventory {
    fn facts(&self) -> MachineFacts {
        self.facts.clone()
    }

    fn activity(&self) -> UserActivity {
        self.activity.read().clone()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn clones_share_the_activity() {
        let inventory = FakeInventory::new("desk-1");
        let other = inventory.clone();
        let busy = UserActivity { user: "ann".to_owned(), idle: Duration::from_secs(3) };
        inventory.set_activity(busy.clone());
        assert_eq!(other.activity(), busy);
        assert_eq!(other.facts().hostname, "desk-1");
    }
}
