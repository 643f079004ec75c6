//! The native viewer without an operating system (ADR 22): what its window shows, what
//! keys and pointer mean, and how it joins a session and comes back.
//!
//! A platform crate gives the window ([`gc_platform::ViewerWindow`]), the face of its
//! text and the clipboard; [`run`] is all the rest, on the window's thread.

mod app;
mod cause;
mod chrome;
mod clipboard;
mod commands;
mod crossings;
mod dragging;
mod drawing;
mod files;
mod hands;
mod joined;
mod keys;
mod link;
mod menus;
mod monitors;
mod moving;
mod paint;
mod panes;
mod pasting;
mod picture;
mod pointer;
mod seat;
mod siblings;
mod spread;
mod status;
mod timers;
mod view;
mod ways;

use std::sync::Arc;

use gc_panel::Typeface;
use gc_platform::{ViewerWindow, WindowError};
use gc_transport::{Connector, Endpoint};
use gc_types::{Clock, Entropy, Secret};

pub use cause::Facts;
pub use clipboard::ClipboardOpener;
pub use drawing::Drawing;
pub use files::FilesOpener;
pub use siblings::Siblings;
pub use spread::WindowOpener;

/// Which session to join, and how.
pub struct Session {
    /// Makes the links.
    pub connector: Connector,
    /// `wss://…/ws/viewer`.
    pub endpoint: Endpoint,
    /// A one-time ticket.
    pub ticket: Secret,
    /// Asks before anything is sent: whoever made a link may not be whoever opens it.
    pub ask_first: bool,
    /// Name and version of the program, for the server's records.
    pub software: String,
}

/// What the system gives.
pub struct Parts {
    /// On the thread that calls [`run`].
    pub window: Box<dyn ViewerWindow>,
    /// Opens one more for each further monitor, where the person wants that.
    pub more_windows: WindowOpener,
    /// The other windows of this process.
    pub siblings: Siblings,
    /// Who draws it.
    pub drawing: Drawing,
    /// Of all text in it.
    pub face: Box<dyn Typeface>,
    /// Opens the clipboard when there is a session to share it with.
    pub clipboard: ClipboardOpener,
    /// The files of whoever runs this, for what is moved between here and the machine.
    pub files: FilesOpener,
    /// For what the window waits for.
    pub clock: Arc<dyn Clock>,
    /// For the pauses between attempts to come back.
    pub entropy: Arc<dyn Entropy>,
    /// Runs the link.
    pub runtime: tokio::runtime::Handle,
}

/// Shows a session until its window is closed.
pub fn run(session: Session, parts: Parts) -> Result<(), WindowError> {
    app::App::new(session, parts).run()
}

/// Says in a window why there is no session, until it is closed.
pub fn explain(facts: Facts, parts: Parts) -> Result<(), WindowError> {
    app::App::explaining(facts, parts).run()
}
