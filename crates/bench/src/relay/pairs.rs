//! Sessions with one simulated agent and one or more viewers each.

use std::sync::Arc;

use anyhow::Result;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use super::peers::{SimulatedAgent, SimulatedViewer};
use crate::stage::Stage;
use crate::wire::Socket;

/// A session.
pub(super) struct Pair {
    pub(super) agent: SimulatedAgent,
    pub(super) viewers: Vec<SimulatedViewer>,
    /// Records that may be on their way to the first viewer.
    pub(super) window: Arc<Semaphore>,
    /// Viewers that read nothing.
    pub(super) stalled: Vec<Socket>,
    /// The session's id.
    pub(super) session: String,
}

impl Pair {
    /// Opens one with `viewers` viewers.
    pub(super) fn open(
        stage: &Stage,
        runtime: &Runtime,
        number: usize,
        viewers: usize,
    ) -> Result<Self> {
        let (machine, key) = stage.rest.add_machine(&format!("Machine {number}"), "silent")?;
        let name = format!("machine-{number}");
        let link = runtime.block_on(stage.door.agent(&name, &key))?;
        let mut agent = runtime.block_on(async { SimulatedAgent::new(link) });
        stage.wait_online(&machine)?;
        let session = stage.session(&machine)?;
        let window = Arc::new(Semaphore::new(0));
        let mut joined = Vec::new();
        for viewer in 0..viewers {
            let token = stage.viewer_token(&session)?;
            let link = runtime.block_on(stage.door.viewer(&token))?;
            // Only the first one paces the agent.
            let window = if viewer == 0 { window.clone() } else { Arc::new(Semaphore::new(0)) };
            joined.push(runtime.block_on(async { SimulatedViewer::new(link, window) }));
        }
        runtime.block_on(agent.offered())?;
        Ok(Self { agent, viewers: joined, window, stalled: Vec::new(), session })
    }

    /// Adds a viewer that reads nothing.
    pub(super) fn add_stalled(&mut self, stage: &Stage, runtime: &Runtime) -> Result<()> {
        let token = stage.viewer_token(&self.session)?;
        let (socket, _) = runtime.block_on(stage.door.viewer(&token))?;
        self.stalled.push(socket);
        Ok(())
    }
}
