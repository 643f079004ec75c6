//! Windows 7 SP1 and later.

mod commands;
mod elevated;
mod install;
mod logging;
mod service;
mod worker;

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use gc_agent::elevated::{ElevatingActions, Elevation};
use gc_agent::{EncoderCandidate, Platform, TrayBar};
use gc_panel::Typeface;
use gc_platform::{
    CaptureError, Clipboard, ClipboardError, ClipboardListener, CodeWindow, ConnectedBar,
    ConsentPrompt, DragOpener, FileOpener, InputError, InputInjector, Inventory, MachineActions,
    NoticeOverlay, ProcessorTime, ScreenCapture, TrayMenu, ViewerWindow,
};
use gc_platform_windows::sas::WindowsSecureAttention;
use gc_platform_windows::service::ServiceSettings;
use gc_platform_windows::{
    EndOfSession, LinkScope, MediaFoundationFactory, Origin, WindowsActions, WindowsClipboard,
    WindowsCodeWindow, WindowsConnectedBar, WindowsConsent, WindowsDrag, WindowsInput,
    WindowsInventory, WindowsNotice, WindowsTrayIcon, console, local_time, removal,
};
pub(crate) use gc_platform_windows::{LinkTarget, ViewerDoor};
use gc_transport::Connector;
use gc_types::Clock;
use rustls_platform_verifier::Verifier;
use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, ctrl_break, ctrl_c, ctrl_close};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub(crate) use self::commands::{SystemCommand, is_by_hand, run_system};
use self::elevated::WindowsUser;
pub(crate) use self::service::stored_key;
use self::worker::Place;
pub(crate) use self::worker::{
    WorkerGuard, open_for_worker, worker_host, worker_log, worker_stream,
};
use super::Leave;

/// The console of Windows 7 prints them as what they are.
pub(crate) const COLORS: bool = false;

/// A program without a console of its own writes to the one it was started from.
pub(crate) fn prepare_output() {
    console::attach();
}

/// Who started the program by a double click sees nothing of standard error.
pub(crate) fn complain(text: &str) {
    if !console::is_seen() {
        console::message_box("GuruConnect", text);
    }
}

/// Windows judges certificates itself: it fetches root certificates when they are first
/// needed, so that a list of those it has by now would lack some, and it knows what
/// administrators have added.
pub(crate) fn connector(ca_file: Option<&Path>) -> Result<Connector> {
    let provider = gc_transport::provider();
    let verifier = match ca_file {
        Some(path) => Verifier::new_with_extra_roots(gc_transport::roots_of(path)?, provider)?,
        None => Verifier::new(provider)?,
    };
    Ok(Connector::verified_by(Arc::new(verifier))?)
}

/// The desktop of the user who started the program.
pub(crate) fn open(clock: &Arc<dyn Clock>) -> Arc<dyn Platform> {
    Arc::new(Windows::new(clock, bar(clock), None))
}

/// The same with an icon in the notification area. Without `leave` the program is not
/// the user's to end; with it, it is there for one session, and may ask them for rights.
pub(crate) fn open_with_icon(clock: &Arc<dyn Clock>, leave: Option<Leave>) -> Arc<dyn Platform> {
    let one_time = leave.is_some();
    let mut windows = Windows::new(clock, bar_with_icon(clock, leave), None);
    if one_time {
        windows.ask_for_rights();
    }
    Arc::new(windows)
}

fn bar(clock: &Arc<dyn Clock>) -> Box<dyn ConnectedBar> {
    Box::new(WindowsConnectedBar::new(Arc::clone(clock)))
}

fn bar_with_icon(clock: &Arc<dyn Clock>, leave: Option<Leave>) -> Box<dyn ConnectedBar> {
    let about = if leave.is_some() {
        "Lets a technician help you for one session."
    } else {
        "Lets your support provider's technicians connect to this computer."
    };
    let menu = TrayMenu {
        product: format!("GuruConnect {}", gc_types::VERSION),
        about: about.to_owned(),
        end_session: true,
        exit: leave.is_some(),
    };
    let bar = WindowsConnectedBar::new(Arc::clone(clock));
    Box::new(TrayBar::new(bar, &WindowsTrayIcon, menu, "Nobody is connected", move || {
        if let Some(leave) = &leave {
            leave();
        }
    }))
}

/// Tells when the person or the system wants the program to end: Ctrl+C, the console is
/// closed, `taskkill`, log-off, shutdown. Windows waits for this value to be dropped
/// before it ends the program.
pub(crate) struct StopSignal {
    interrupt: CtrlC,
    pause: CtrlBreak,
    close: CtrlClose,
    asked: UnboundedReceiver<()>,
    _end: EndOfSession,
}

impl StopSignal {
    pub(crate) fn watch() -> Result<Self> {
        let (ask, asked) = unbounded_channel();
        let ask = Box::new(move || {
            // With nobody waiting the program is ending already.
            let _ = ask.send(());
        });
        Ok(Self {
            interrupt: ctrl_c()?,
            pause: ctrl_break()?,
            close: ctrl_close()?,
            asked,
            _end: EndOfSession::watch(ask).context("Windows cannot tell when it shuts down")?,
        })
    }

    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.pause.recv() => {}
            _ = self.close.recv() => {}
            _ = self.asked.recv() => {}
        }
    }
}

/// Who starts the program by a double click is asked in a window.
#[expect(clippy::unnecessary_wraps, reason = "other systems have none")]
pub(crate) fn code_window() -> Option<Box<dyn CodeWindow>> {
    Some(Box::new(WindowsCodeWindow))
}

/// A running program cannot be deleted here: a system program does it afterwards.
pub(crate) fn remove_after_end(program: &Path) -> Result<()> {
    Ok(removal::after_end(program)?)
}

/// A viewer's window on the desktop of the user.
pub(crate) fn viewer_window(title: &str) -> Result<Box<dyn ViewerWindow>> {
    Ok(Box::new(gc_platform_windows::WindowsViewerWindow::open(title)?))
}

/// The files of whoever runs the viewer.
pub(crate) fn own_files() -> FileOpener {
    gc_platform_windows::files_of_user()
}

/// The face of a viewer's text.
pub(crate) fn typeface() -> Result<Box<dyn Typeface>> {
    Ok(gc_platform_windows::typeface()?)
}

/// Lets `program` answer links of the console's, for this user.
pub(crate) fn register_links(program: &Path, target: &LinkTarget) -> Result<()> {
    gc_platform_windows::register_links(LinkScope::User, program)?;
    Ok(gc_platform_windows::set_link_target(LinkScope::User, target)?)
}

/// Takes that back; whether there was anything.
pub(crate) fn unregister_links() -> Result<bool> {
    Ok(gc_platform_windows::unregister_links(LinkScope::User)?)
}

/// Where links lead: as the user has it, or where the installed agent's server is. Its
/// certificates are for SYSTEM and administrators; those in Windows' own store count.
pub(crate) fn link_target() -> Result<Option<LinkTarget>> {
    if let Some(target) = gc_platform_windows::link_target(LinkScope::User)? {
        return Ok(Some(target));
    }
    let installed = ServiceSettings::load()?;
    Ok(installed.map(|settings| LinkTarget { server: settings.server, ca_file: None }))
}

/// To be found by the next start of the program; `None` without a way to.
pub(crate) fn open_door() -> Option<ViewerDoor> {
    ViewerDoor::open().unwrap_or_else(|error| {
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
    gc_platform_windows::knock()
}

/// Whether whoever started the program is told what it says: by [`complain`] if nowhere
/// else.
pub(crate) const fn is_answered() -> bool {
    true
}

struct Windows {
    clock: Arc<dyn Clock>,
    consent: WindowsConsent,
    bar: Box<dyn ConnectedBar>,
    actions: Box<dyn MachineActions>,
    /// Of a one-time program, whose user may give it more rights.
    elevation: Option<Elevation>,
    notice: WindowsNotice,
    inventory: WindowsInventory,
    /// Of a worker of the service.
    place: Option<Place>,
}

impl Windows {
    fn new(clock: &Arc<dyn Clock>, bar: Box<dyn ConnectedBar>, place: Option<Place>) -> Self {
        Self {
            clock: Arc::clone(clock),
            consent: WindowsConsent::new(Arc::clone(clock)),
            bar,
            actions: Box::new(windows_actions(clock)),
            elevation: None,
            notice: WindowsNotice::new(Arc::clone(clock)),
            inventory: WindowsInventory,
            place,
        }
    }

    fn ask_for_rights(&mut self) {
        let elevation = Elevation::default();
        let (inner, user) = (windows_actions(&self.clock), Arc::new(WindowsUser));
        self.actions = Box::new(ElevatingActions::new(inner, elevation.clone(), user));
        self.elevation = Some(elevation);
    }
}

fn windows_actions(clock: &Arc<dyn Clock>) -> WindowsActions {
    WindowsActions::new(Arc::new(WindowsSecureAttention::default()), Arc::clone(clock))
}

impl Platform for Windows {
    fn open_screen(&self) -> Result<Box<dyn ScreenCapture>, CaptureError> {
        let clock = Arc::clone(&self.clock);
        let open = move || gc_platform_windows::open_screen(Arc::clone(&clock));
        match (&self.place, &self.elevation) {
            (Some(place), _) => place.screen(open),
            (None, Some(elevation)) => elevation.screen(Arc::new(open)),
            (None, None) => open(),
        }
    }

    fn open_input(&self) -> Result<Box<dyn InputInjector>, InputError> {
        let open = || Box::new(WindowsInput::new());
        match (&self.place, &self.elevation) {
            (Some(place), _) => Ok(place.input(open())),
            (None, Some(elevation)) => elevation.input(Arc::new(move || Ok(open()))),
            (None, None) => Ok(open()),
        }
    }

    fn open_clipboard(
        &self,
        listener: ClipboardListener,
    ) -> Result<Box<dyn Clipboard>, ClipboardError> {
        if !self.place.as_ref().is_none_or(Place::is_the_users) {
            return Err(ClipboardError("the desktop that shows is not a user's".to_owned()));
        }
        Ok(Box::new(WindowsClipboard::open(listener)?))
    }

    fn files(&self) -> Option<FileOpener> {
        let theirs = self.place.as_ref().is_none_or(Place::is_the_users);
        theirs.then(gc_platform_windows::files_of_user)
    }

    fn drag(&self) -> Option<DragOpener> {
        let theirs = self.place.as_ref().is_none_or(Place::is_the_users);
        let clock = Arc::clone(&self.clock);
        theirs.then(|| -> DragOpener { Box::new(|| Ok(Box::new(WindowsDrag::new(clock)))) })
    }

    fn encoders(&self) -> Vec<EncoderCandidate> {
        [Origin::Hardware, Origin::Software]
            .map(|origin| {
                let clock = Arc::clone(&self.clock);
                EncoderCandidate {
                    name: origin.name().into(),
                    connect: Arc::new(move || {
                        let clock = Arc::clone(&clock);
                        Ok(Box::new(MediaFoundationFactory::new(origin, true, clock)))
                    }),
                }
            })
            .into()
    }

    fn consent(&self) -> &dyn ConsentPrompt {
        &self.consent
    }

    fn bar(&self) -> &dyn ConnectedBar {
        self.bar.as_ref()
    }

    fn inventory(&self) -> &dyn Inventory {
        &self.inventory
    }

    fn actions(&self) -> &dyn MachineActions {
        self.actions.as_ref()
    }

    fn notice(&self) -> Option<&dyn NoticeOverlay> {
        Some(&self.notice)
    }

    fn local_time(&self) -> Option<(u8, u8)> {
        local_time()
    }

    fn processor_time(&self) -> Option<ProcessorTime> {
        gc_platform_windows::processor_time()
    }
}
