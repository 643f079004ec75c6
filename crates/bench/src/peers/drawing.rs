//! The program that draws on the customer's display.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::case::Case;
use super::group::Group;
use crate::workload::READY;

/// A running workload.
pub(super) struct Drawing(Group);

impl Drawing {
    /// Starts it, and waits until its first picture is on the display.
    pub(super) fn start(case: Case, display: &str, folder: &Path) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["workload", case.workload().name(), "--display", display]);
        command.args(["--fps", &case.pace().to_string()]);
        let mut group = Group::start("workload", &mut command, folder)?;
        let limit = Duration::from_secs(20);
        group.wait("its first picture", limit, |log| log.contains(READY).then_some(()))?;
        Ok(Self(group))
    }

    /// Leaves the display as it is.
    pub(super) fn freeze(&self) -> Result<()> {
        self.0.freeze()
    }
}
