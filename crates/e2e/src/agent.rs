//! The real agent process.

use std::path::Path;

use anyhow::Result;

use crate::{Desktop, Process, Programs};

/// A running agent.
#[derive(Debug)]
pub struct Agent {
    /// The process.
    pub process: Process,
}

impl Agent {
    /// A managed agent: `guruconnect agent` with a machine key in the environment.
    pub fn managed(
        programs: &Programs,
        desktop: &Desktop,
        server: &str,
        key: &str,
        folder: &Path,
    ) -> Result<Self> {
        let mut command = desktop.command(&programs.path("guruconnect").to_string_lossy());
        command.args(["agent", "--server", server]).env("GURUCONNECT_KEY", key);
        Ok(Self { process: Process::start("agent", &mut command, folder)? })
    }

    /// The same with its desktop in a process of its own.
    pub fn managed_with_worker(
        programs: &Programs,
        desktop: &Desktop,
        server: &str,
        key: &str,
        folder: &Path,
    ) -> Result<Self> {
        let mut command = desktop.command(&programs.path("guruconnect").to_string_lossy());
        command.args(["agent", "--worker", "--server", server]).env("GURUCONNECT_KEY", key);
        Ok(Self { process: Process::start("agent", &mut command, folder)? })
    }

    /// A one-time agent: `guruconnect support` with a support code.
    pub fn support(
        programs: &Programs,
        desktop: &Desktop,
        server: &str,
        code: &str,
        folder: &Path,
    ) -> Result<Self> {
        let mut command = desktop.command(&programs.path("guruconnect").to_string_lossy());
        command.args(["support", "--server", server, "--code", code]);
        Ok(Self { process: Process::start("support-agent", &mut command, folder)? })
    }
}
