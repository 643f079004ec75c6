//! Windows 7 SP1 and later.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use gc_agent::{EncoderCandidate, Platform};
use gc_panel::Typeface;
use gc_platform::{
    CaptureError, Clipboard, ClipboardError, ClipboardListener, CodeWindow, ConnectedBar,
    ConsentPrompt, InputError, InputInjector, Inventory, ProcessorTime, ScreenCapture,
    ViewerWindow, WorkerHost, WorkerStream,
};
use gc_platform_windows::{
    EndOfSession, MediaFoundationFactory, Origin, WindowsClipboard, WindowsCodeWindow,
    WindowsConnectedBar, WindowsConsent, WindowsInput, WindowsInventory, console, removal,
};
use gc_transport::Connector;
use gc_types::Clock;
use rustls_platform_verifier::Verifier;
use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, ctrl_break, ctrl_c, ctrl_close};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

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
    Arc::new(Windows {
        clock: Arc::clone(clock),
        consent: WindowsConsent::new(Arc::clone(clock)),
        bar: WindowsConnectedBar::new(Arc::clone(clock)),
        inventory: WindowsInventory,
    })
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

/// Only a service may start workers here, in the sessions of others.
pub(crate) fn worker_host() -> Result<Arc<dyn WorkerHost>> {
    anyhow::bail!("on Windows only the service starts workers, and this program has none yet")
}

/// A viewer's window on the desktop of the user.
pub(crate) fn viewer_window(title: &str) -> Result<Box<dyn ViewerWindow>> {
    Ok(Box::new(gc_platform_windows::WindowsViewerWindow::open(title)?))
}

/// The face of a viewer's text.
pub(crate) fn typeface() -> Result<Box<dyn Typeface>> {
    Ok(gc_platform_windows::typeface()?)
}

/// A worker's end of what its agent started it with.
pub(crate) fn worker_stream() -> Result<WorkerStream> {
    anyhow::bail!("on Windows only the service starts workers, and this program has none yet")
}

struct Windows {
    clock: Arc<dyn Clock>,
    consent: WindowsConsent,
    bar: WindowsConnectedBar,
    inventory: WindowsInventory,
}

impl Platform for Windows {
    fn open_screen(&self) -> Result<Box<dyn ScreenCapture>, CaptureError> {
        gc_platform_windows::open_screen(Arc::clone(&self.clock))
    }

    fn open_input(&self) -> Result<Box<dyn InputInjector>, InputError> {
        Ok(Box::new(WindowsInput::new()))
    }

    fn open_clipboard(
        &self,
        listener: ClipboardListener,
    ) -> Result<Box<dyn Clipboard>, ClipboardError> {
        Ok(Box::new(WindowsClipboard::open(listener)?))
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
        &self.bar
    }

    fn inventory(&self) -> &dyn Inventory {
        &self.inventory
    }

    fn processor_time(&self) -> Option<ProcessorTime> {
        gc_platform_windows::processor_time()
    }
}
