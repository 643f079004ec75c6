//! Windows 7 SP1 and later.

mod commands;
mod install;
mod logging;
mod service;
mod worker;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use gc_agent::{EncoderCandidate, Platform, TrayBar};
use gc_platform::{
    CaptureError, Clipboard, ClipboardError, ClipboardListener, CodeWindow, ConnectedBar,
    ConsentPrompt, FileOpener, InputError, InputInjector, Inventory, MachineActions, NoticeOverlay,
    ProcessorTime, ScreenCapture, TrayMenu,
};
use gc_platform_windows::sas::WindowsSecureAttention;
use gc_platform_windows::{
    EndOfSession, MediaFoundationFactory, Origin, WindowsActions, WindowsClipboard,
    WindowsCodeWindow, WindowsConnectedBar, WindowsConsent, WindowsInput, WindowsInventory,
    WindowsNotice, WindowsTrayIcon, console, local_time, removal,
};
use gc_transport::Connector;
use gc_types::Clock;
use rustls_platform_verifier::Verifier;
use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, ctrl_break, ctrl_c, ctrl_close};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub(crate) use self::commands::{SystemCommand, is_by_hand, run_system};
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
/// the user's to end.
pub(crate) fn open_with_icon(clock: &Arc<dyn Clock>, leave: Option<Leave>) -> Arc<dyn Platform> {
    Arc::new(Windows::new(clock, bar_with_icon(clock, leave), None))
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

struct Windows {
    clock: Arc<dyn Clock>,
    consent: WindowsConsent,
    bar: Box<dyn ConnectedBar>,
    actions: WindowsActions,
    notice: WindowsNotice,
    inventory: WindowsInventory,
    /// Of a worker of the service.
    place: Option<Place>,
}

impl Windows {
    fn new(clock: &Arc<dyn Clock>, bar: Box<dyn ConnectedBar>, place: Option<Place>) -> Self {
        let attention = Arc::new(WindowsSecureAttention::default());
        Self {
            clock: Arc::clone(clock),
            consent: WindowsConsent::new(Arc::clone(clock)),
            bar,
            actions: WindowsActions::new(attention, Arc::clone(clock)),
            notice: WindowsNotice::new(Arc::clone(clock)),
            inventory: WindowsInventory,
            place,
        }
    }
}

impl Platform for Windows {
    fn open_screen(&self) -> Result<Box<dyn ScreenCapture>, CaptureError> {
        let open = || gc_platform_windows::open_screen(Arc::clone(&self.clock));
        match &self.place {
            Some(place) => place.screen(open),
            None => open(),
        }
    }

    fn open_input(&self) -> Result<Box<dyn InputInjector>, InputError> {
        let input = Box::new(WindowsInput::new());
        Ok(match &self.place {
            Some(place) => place.input(input),
            None => input,
        })
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
        &self.actions
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
