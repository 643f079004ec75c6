//! The window as a process of its own, so that its CPU and memory can be told
//! apart.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Order;
use crate::seat::{Carried, Ticket};

/// How long the window may take for an answer, and for leaving.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running window; dropping it ends it.
pub(crate) struct View {
    child: Child,
    orders: Option<ChildStdin>,
    lines: Receiver<String>,
    /// When it had its first picture, milliseconds since it began to join.
    first_picture_ms: Option<f64>,
    in_control: bool,
}

impl View {
    /// Joins a session in a window over `display`; what it has to complain about
    /// goes to `folder/view.log`.
    pub(crate) fn start(ticket: &Ticket, display: &str, folder: &Path) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["view", "--display", display])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(folder.join("view.log"))?)
            .spawn()
            .context("cannot start the window")?;
        let mut orders = child.stdin.take();
        let output = child.stdout.take().context("no output of the window")?;
        let (told, lines) = channel();
        std::thread::Builder::new().name("view output".to_owned()).spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if told.send(line).is_err() {
                    return;
                }
            }
        })?;
        // The token goes where other users of the machine cannot see it.
        let ticket = serde_json::to_string(ticket)?;
        if let Some(orders) = &mut orders {
            writeln!(orders, "{ticket}")?;
        }
        Ok(Self { child, orders, lines, first_picture_ms: None, in_control: false })
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it shows a picture; milliseconds since it began to join.
    pub(crate) fn wait_picture(&mut self) -> Result<f64> {
        loop {
            if let Some(ms) = self.first_picture_ms {
                return Ok(ms);
            }
            self.line()?;
        }
    }

    /// Waits until it may type.
    pub(crate) fn wait_control(&mut self) -> Result<()> {
        while !self.in_control {
            self.line()?;
        }
        Ok(())
    }

    /// What it has received and shown so far.
    pub(crate) fn carried(&mut self) -> Result<Carried> {
        self.ask("")
    }

    /// The same after it was told to do something.
    pub(crate) fn order(&mut self, order: &Order) -> Result<Carried> {
        self.ask(&serde_json::to_string(order)?)
    }

    fn ask(&mut self, line: &str) -> Result<Carried> {
        let orders = self.orders.as_mut().context("the window was told to leave")?;
        writeln!(orders, "{line}")?;
        loop {
            if let Ok(carried) = serde_json::from_str(&self.line()?) {
                return Ok(carried);
            }
        }
    }

    fn line(&mut self) -> Result<String> {
        let line = match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => bail!("the window said nothing for {PATIENCE:?}"),
            Err(RecvTimeoutError::Disconnected) => bail!("the window ended; see view.log"),
        };
        let told: Value = serde_json::from_str(&line)?;
        match told["state"].as_str() {
            Some("picture") => self.first_picture_ms = told["ms"].as_f64(),
            Some("control") => self.in_control = true,
            _ => {}
        }
        Ok(line)
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // The end of its standard input tells it to leave.
        drop(self.orders.take());
        let step = Duration::from_millis(10);
        for _ in 0..200 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(step);
        }
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait().map(drop)) {
            tracing::warn!(%error, "the window could not be ended");
        }
    }
}
