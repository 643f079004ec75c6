//! Linux with X11.

use std::convert::Infallible;
use std::io::{IsTerminal as _, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use gc_agent::worker::LogLines;
use gc_agent::{EncoderCandidate, Platform};
use gc_panel::Typeface;
use gc_platform::{
    CaptureError, Clipboard, ClipboardError, ClipboardListener, CodeWindow, ConnectedBar,
    ConsentPrompt, DragOpener, FileOpener, InputError, InputInjector, Inventory, KeyStore,
    KeyStoreError, MachineActions, NoticeOverlay, ProcessorTime, ScreenCapture, ViewerWindow,
    WorkerHost, WorkerStream,
};
use gc_platform_linux::{
    FileKeyStore, LinkHandler, LinuxInventory, X11Actions, X11Clipboard, X11ConnectedBar,
    X11Consent, X11Drag, X11Input, X11Notice, X11Screen,
};
pub(crate) use gc_platform_linux::{LinkTarget, ViewerDoor};
use gc_runtime::OsEntropy;
use gc_transport::Connector;
use gc_types::{Clock, Secret};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Leave;

/// Terminals understand them.
pub(crate) const COLORS: bool = true;

/// A program has its standard streams here, however it was started.
pub(crate) const fn prepare_output() {}

/// There is nobody to tell who does not see standard error.
pub(crate) const fn complain(_text: &str) {}

/// The system's certificates are files.
pub(crate) fn connector(ca_file: Option<&Path>) -> Result<Connector> {
    Ok(Connector::new(ca_file)?)
}

/// The display that `DISPLAY` names.
pub(crate) fn open(clock: &Arc<dyn Clock>) -> Arc<dyn Platform> {
    Arc::new(Linux::new(clock))
}

/// The bar has all that an icon would have here.
pub(crate) fn open_with_icon(clock: &Arc<dyn Clock>, _leave: Option<Leave>) -> Arc<dyn Platform> {
    open(clock)
}

/// Tells when the system or the person wants the program to end.
pub(crate) struct StopSignal {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignal {
    pub(crate) fn watch() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Who starts the program here does so in a terminal.
pub(crate) fn code_window() -> Option<Box<dyn CodeWindow>> {
    None
}

/// A running program may be deleted here: it is gone when this returns.
pub(crate) fn remove_after_end(program: &Path) -> Result<()> {
    Ok(std::fs::remove_file(program)?)
}

/// Starts workers for the sessions that this program is to show.
pub(crate) fn worker_host() -> Result<Arc<dyn WorkerHost>> {
    let program = std::env::current_exe().context("where this program is cannot be told")?;
    let display = gc_runtime::env("DISPLAY");
    let user = LinuxInventory::new(display.as_deref()).activity().user;
    Ok(Arc::new(gc_platform_linux::ChildWorkerHost::new(program, user)))
}

/// A viewer's window on the display that `DISPLAY` names.
pub(crate) fn viewer_window(title: &str) -> Result<Box<dyn ViewerWindow>> {
    let display = gc_runtime::env("DISPLAY");
    Ok(Box::new(gc_platform_linux::X11ViewerWindow::open(display.as_deref(), title)?))
}

/// The files of whoever runs the viewer.
pub(crate) fn own_files() -> FileOpener {
    gc_platform_linux::own_files(gc_runtime::env("HOME").map(Into::into))
}

/// The face of a viewer's text.
#[expect(clippy::unnecessary_wraps, reason = "other systems can be without")]
pub(crate) fn typeface() -> Result<Box<dyn Typeface>> {
    Ok(gc_platform_linux::typeface())
}

fn links() -> Result<LinkHandler> {
    let [home, data, config] = ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"].map(gc_runtime::env);
    Ok(LinkHandler::of_user(home.as_deref(), data.as_deref(), config.as_deref())?)
}

/// Lets `program` answer links of the console's, for this user.
pub(crate) fn register_links(program: &Path, target: &LinkTarget) -> Result<()> {
    Ok(links()?.register(program, target)?)
}

/// Takes that back; whether there was anything.
pub(crate) fn unregister_links() -> Result<bool> {
    Ok(links()?.unregister()?)
}

/// Where links lead.
pub(crate) fn link_target() -> Result<Option<LinkTarget>> {
    Ok(links()?.target()?)
}

/// Where sessions of this user go on this display; `None` where there is no such place.
fn meeting_place() -> Option<(std::path::PathBuf, String)> {
    Some((gc_runtime::env("XDG_RUNTIME_DIR")?.into(), gc_runtime::env("DISPLAY")?))
}

/// To be found by the next start of the program; `None` without a way to.
pub(crate) fn open_door() -> Option<ViewerDoor> {
    let (runtime, display) = meeting_place()?;
    ViewerDoor::open(&runtime, &display).unwrap_or_else(|error| {
        tracing::info!(%error, "further links open processes of their own");
        None
    })
}

/// The next who comes, of this user.
pub(crate) fn visitor(door: &mut ViewerDoor) -> std::io::Result<impl Read + Write + use<>> {
    door.visitor()
}

/// To the viewer that runs already.
pub(crate) fn knock() -> std::io::Result<Option<impl Read + Write>> {
    match meeting_place() {
        Some((runtime, display)) => gc_platform_linux::knock(&runtime, &display),
        None => Ok(None),
    }
}

/// Whether whoever started the program sees what it says.
pub(crate) fn is_answered() -> bool {
    std::io::stderr().is_terminal()
}

/// A worker's end of what its agent started it with.
pub(crate) fn worker_stream() -> Result<WorkerStream> {
    gc_platform_linux::stream_of_worker().context("there is no agent to speak to")
}

/// It has the agent's standard error, where its log is seen.
pub(crate) fn worker_log() -> Option<LogLines> {
    crate::logging::to_standard_error();
    None
}

/// A worker here has the display of its agent.
#[expect(clippy::unnecessary_wraps, reason = "other systems may fail")]
pub(crate) fn open_for_worker(clock: &Arc<dyn Clock>) -> Result<Arc<dyn Platform>> {
    Ok(open(clock))
}

/// Whoever ends the agent may mean its worker too, which ends after it, in order.
pub(crate) struct WorkerGuard(#[expect(dead_code, reason = "keeps the signals")] StopSignal);

impl WorkerGuard {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(StopSignal::watch()?))
    }
}

/// The key that was put into its place on this machine.
pub(crate) fn stored_key() -> Result<Secret, KeyStoreError> {
    FileKeyStore::of_this_machine(Arc::new(OsEntropy)).load()
}

/// Nothing but what other systems can do too.
pub(crate) type SystemCommand = Infallible;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "on other systems it is more than nothing")]
pub(crate) const fn is_by_hand(command: &SystemCommand) -> bool {
    match *command {}
}

pub(crate) fn run_system(command: SystemCommand) -> Result<ExitCode> {
    match command {}
}

struct Linux {
    consent: X11Consent,
    bar: X11ConnectedBar,
    actions: X11Actions,
    notice: X11Notice,
    inventory: LinuxInventory,
    display: Option<String>,
    clock: Arc<dyn Clock>,
}

impl Linux {
    fn new(clock: &Arc<dyn Clock>) -> Self {
        let display = gc_runtime::env("DISPLAY");
        Self {
            consent: X11Consent::new(display.as_deref(), Arc::clone(clock)),
            bar: X11ConnectedBar::new(display.as_deref(), Arc::clone(clock)),
            actions: X11Actions::new(
                display.as_deref(),
                gc_runtime::env("PATH").as_deref(),
                Arc::clone(clock),
            ),
            notice: X11Notice::new(display.as_deref(), Arc::clone(clock)),
            inventory: LinuxInventory::new(display.as_deref()),
            display,
            clock: Arc::clone(clock),
        }
    }
}

impl Platform for Linux {
    fn open_screen(&self) -> Result<Box<dyn ScreenCapture>, CaptureError> {
        Ok(Box::new(X11Screen::open(self.display.as_deref(), Arc::clone(&self.clock))?))
    }

    fn open_input(&self) -> Result<Box<dyn InputInjector>, InputError> {
        Ok(Box::new(X11Input::open(self.display.as_deref(), Arc::clone(&self.clock))?))
    }

    fn open_clipboard(
        &self,
        listener: ClipboardListener,
    ) -> Result<Box<dyn Clipboard>, ClipboardError> {
        Ok(Box::new(X11Clipboard::open(
            self.display.as_deref(),
            listener,
            Arc::clone(&self.clock),
        )?))
    }

    fn encoders(&self) -> Vec<EncoderCandidate> {
        vec![EncoderCandidate {
            name: "VA-API".into(),
            connect: Arc::new(gc_platform_linux::vaapi::connect),
        }]
    }

    fn files(&self) -> Option<FileOpener> {
        let home = gc_runtime::env("HOME").map(std::path::PathBuf::from);
        Some(gc_platform_linux::files_of_user(self.display.clone(), home))
    }

    fn drag(&self) -> Option<DragOpener> {
        let (display, clock) = (self.display.clone(), Arc::clone(&self.clock));
        Some(Box::new(move || Ok(Box::new(X11Drag::open(display.as_deref(), clock)?))))
    }

    fn consent(&self) -> &dyn ConsentPrompt {
        &self.consent
    }

    fn bar(&self) -> &dyn ConnectedBar {
        &self.bar
    }

    fn inventory(&self) -> &dyn Inventory {
        &self.inventory
    }

    fn actions(&self) -> &dyn MachineActions {
        &self.actions
    }

    fn notice(&self) -> Option<&dyn NoticeOverlay> {
        Some(&self.notice)
    }

    fn local_time(&self) -> Option<(u8, u8)> {
        gc_platform_linux::local_time(self.clock.now())
    }

    fn processor_time(&self) -> Option<ProcessorTime> {
        gc_platform_linux::processor_time()
    }
}
