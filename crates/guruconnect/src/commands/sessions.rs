//! The sessions that one process shows, and how more of them come to it.

use std::collections::VecDeque;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use gc_platform::WindowError;
use gc_runtime::OsEntropy;
use gc_transport::{Connector, Endpoint};
use gc_viewer::{Parts, Session, Siblings};
use tokio::runtime::Handle;
use url::Url;

use super::view::{Drawing, endpoint};
use crate::door::{self, Place, Wanted};
use crate::{link, platform};

/// Shows them, and returns when all windows of this process are closed; at once where a
/// viewer that runs already shows them.
pub(super) fn open(
    wanted: Vec<Wanted>,
    server: &str,
    ca_file: Option<&Path>,
    drawing: Drawing,
    alone: bool,
) -> Result<ExitCode> {
    let endpoint = endpoint(server)?;
    let place = Place {
        server: Url::parse(server)?.to_string(),
        ca_file: ca_file.map(std::path::absolute).transpose()?,
    };
    let mut wanted: VecDeque<Wanted> = wanted.into();
    if !alone {
        wanted.retain(|one| !handed_over(&place, one));
        if wanted.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
    }
    let runtime = link::runtime()?;
    let sessions = Arc::new(Sessions {
        open: Mutex::default(),
        closed: Condvar::new(),
        connector: platform::connector(ca_file)?,
        endpoint,
        runtime: runtime.handle().clone(),
        siblings: Siblings::default(),
        drawing,
    });
    let first = wanted.pop_front().context("there is nothing to show")?;
    // Before any window, so that nobody finds the door closed who comes after one.
    let reserved = sessions.reserve().context("there is no room")?;
    let door = if alone { None } else { platform::open_door() };
    let door = door.map(|door| answer(door, place, Arc::clone(&sessions))).transpose()?;
    for one in wanted {
        sessions.show_apart(one)?;
    }
    // Each window on a thread of its own; the first on this one.
    let shown = show(&sessions, &first);
    drop(reserved);
    let shown = shown.and(sessions.wait());
    if let Some(door) = door
        // It waits for a visitor, hears nothing, and finds that all is over.
        && platform::knock().is_ok_and(|stream| stream.is_some())
        && door.join().is_err()
    {
        tracing::error!("the thread at the door panicked");
    }
    shown.map(|()| ExitCode::SUCCESS)
}

/// Whether the viewer that runs already has taken it.
fn handed_over(place: &Place, wanted: &Wanted) -> bool {
    let given = platform::knock().and_then(|stream| match stream {
        Some(mut stream) => door::give(&mut stream, place, wanted),
        None => Ok(false),
    });
    match given {
        Ok(given) => {
            if given {
                tracing::info!("shown by the viewer that runs already");
            }
            given
        }
        Err(error) => {
            tracing::info!(%error, "the viewer that runs already does not answer");
            false
        }
    }
}

/// Takes sessions that the next starts of the program bring, as long as this one shows
/// any.
fn answer(
    mut door: platform::ViewerDoor,
    place: Place,
    sessions: Arc<Sessions>,
) -> Result<JoinHandle<()>> {
    let answering = move || {
        while !sessions.lock().over {
            let taken = match platform::visitor(&mut door) {
                Ok(mut stream) => {
                    let reserve = || Sessions::reserve(&sessions);
                    door::take(&mut stream, &place, reserve)
                }
                Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Err(error),
                Err(error) => {
                    tracing::warn!(%error, "further links open processes of their own");
                    return;
                }
            };
            match taken {
                Ok(Some((one, reserved))) => {
                    tracing::info!("one more session");
                    if let Err(error) = Sessions::show_reserved(one, reserved) {
                        tracing::warn!("{error:#}");
                    }
                }
                Ok(None) => tracing::info!("what was asked for at the door is not opened"),
                Err(error) => tracing::info!(%error, "turned away at the door"),
            }
        }
    };
    Ok(std::thread::Builder::new().name("viewer-door".to_owned()).spawn(answering)?)
}

/// The sessions of this process.
struct Sessions {
    open: Mutex<Open>,
    closed: Condvar,
    connector: Connector,
    endpoint: Endpoint,
    runtime: Handle,
    siblings: Siblings,
    drawing: Drawing,
}

#[derive(Default)]
struct Open {
    count: usize,
    /// The last one was closed, and the process ends.
    over: bool,
    /// Of the first that could not be shown.
    error: Option<anyhow::Error>,
}

/// Room for one session, until it is dropped.
struct Reserved(Arc<Sessions>);

impl Drop for Reserved {
    fn drop(&mut self) {
        let mut open = self.0.lock();
        open.count -= 1;
        open.over |= open.count == 0;
        if std::thread::panicking() {
            open.error.get_or_insert_with(|| anyhow::anyhow!("a window's thread failed"));
        }
        drop(open);
        self.0.closed.notify_all();
    }
}

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` once the process ends.
    fn reserve(self: &Arc<Self>) -> Option<Reserved> {
        let mut open = self.lock();
        if open.over {
            return None;
        }
        open.count += 1;
        Some(Reserved(Arc::clone(self)))
    }

    fn show_apart(self: &Arc<Self>, wanted: Wanted) -> Result<()> {
        let reserved = self.reserve().context("the program ends")?;
        Self::show_reserved(wanted, reserved)
    }

    fn show_reserved(wanted: Wanted, reserved: Reserved) -> Result<()> {
        let thread = std::thread::Builder::new().name("viewer-session".to_owned());
        thread.spawn(move || {
            let sessions = &reserved.0;
            if let Err(error) = show(sessions, &wanted) {
                tracing::warn!("{error:#}");
                sessions.lock().error.get_or_insert(error);
            }
        })?;
        Ok(())
    }

    /// Until all are closed.
    fn wait(&self) -> Result<()> {
        let mut open = self.lock();
        while open.count > 0 {
            open = self.closed.wait(open).unwrap_or_else(PoisonError::into_inner);
        }
        open.error.take().map_or(Ok(()), Err)
    }
}

fn show(sessions: &Sessions, wanted: &Wanted) -> Result<()> {
    let session = Session {
        connector: sessions.connector.clone(),
        endpoint: sessions.endpoint.clone(),
        ticket: wanted.ticket.clone(),
        ask_first: wanted.ask_first,
        software: format!("guruconnect {}", gc_types::VERSION),
    };
    let parts = parts(&sessions.runtime, sessions.drawing, sessions.siblings.clone())?;
    Ok(gc_viewer::run(session, parts)?)
}

/// All that a window needs.
pub(super) fn parts(runtime: &Handle, drawing: Drawing, siblings: Siblings) -> Result<Parts> {
    let clock = link::clock();
    let window = platform::viewer_window("GuruConnect")?;
    let face = platform::typeface()?;
    let system = platform::open(&clock);
    Ok(Parts {
        window,
        more_windows: Arc::new(|title| {
            platform::viewer_window(title).map_err(|error| WindowError(format!("{error:#}")))
        }),
        siblings,
        drawing: drawing.choice(),
        face,
        clipboard: Box::new(move |listener| system.open_clipboard(listener)),
        files: Box::new(platform::own_files),
        clock,
        entropy: Arc::new(OsEntropy),
        runtime: runtime.clone(),
    })
}
