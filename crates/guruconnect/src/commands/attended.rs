//! The program without a word on its command line, as a double click starts it: asks
//! for the support code and shows what becomes of it.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use gc_agent::{EncoderCandidate, Ended, Mode, Platform};
use gc_platform::{
    BarHandle, CaptureError, Clipboard, ClipboardError, ClipboardListener, CodeEvent, CodeHandle,
    CodeStatus, CodeWindow, ConnectedBar, ConsentAnswer, ConsentPrompt, ConsentRequest, DragOpener,
    FileOpener, InputError, InputInjector, Inventory, MachineActions, NoticeOverlay, ProcessorTime,
    PromptError, PromptHandle, ScreenCapture,
};
use gc_runtime::OsEntropy;
use gc_types::SupportCode;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::link::{self, ServerArguments};
use crate::name::Name;
use crate::{commands, platform};

/// Asks, serves one session, and ends.
pub(crate) fn run(windows: &dyn CodeWindow) -> Result<ExitCode> {
    let program = std::env::current_exe().context("where this program is cannot be told")?;
    let name = Name::of(&program);
    let server = gc_runtime::env("GURUCONNECT_SERVER")
        .or_else(|| Some(name.as_ref()?.server.clone()))
        .context(
            "This program does not know which server it belongs to. Please open the link that \
             your technician gave you and download it again, without changing its name.",
        )?;
    let server =
        ServerArguments { server, ca_file: gc_runtime::env("GURUCONNECT_CA_FILE").map(Into::into) };
    let code = name.as_ref().and_then(|name| name.code);
    let (sender, events) = unbounded_channel();
    let leave = sender.clone();
    let window = windows.open(Box::new(move |event| {
        // With nobody listening the program is ending.
        let _ = sender.send(event);
    }))?;
    // Who leaves by the icon has closed the window for good.
    let leave = Box::new(move || {
        let _ = leave.send(CodeEvent::Closed);
    });
    let user = User { window: Arc::new(Mutex::new(window)), events };
    link::runtime()?.block_on(serve(&server, code, name.is_some(), user, leave))
}

async fn serve(
    server: &ServerArguments,
    mut given: Option<SupportCode>,
    one_time: bool,
    mut user: User,
    leave: platform::Leave,
) -> Result<ExitCode> {
    let clock = link::clock();
    let mut stop = platform::StopSignal::watch()?;
    let platform = platform::open_with_icon(&clock, Some(leave));
    loop {
        let code = if let Some(code) = given.take() {
            Some(code)
        } else {
            tokio::select! {
                code = user.code() => code,
                () = stop.wait() => None,
            }
        };
        let Some(code) = code else { return Ok(ExitCode::SUCCESS) };
        user.window.tell(CodeStatus::Checking);
        let settings = link::settings(server, Mode::Support { code })?;
        let telling = Telling { platform: Arc::clone(&platform), window: Arc::clone(&user.window) };
        let gone = async {
            tokio::select! {
                () = user.closed() => {}
                () = stop.wait() => {}
            }
        };
        let clock = Arc::clone(&clock);
        let entropy = Arc::new(OsEntropy);
        let ended = gc_agent::run(settings, Arc::new(telling), clock, entropy, gone).await;
        crate::say(&ended.to_string());
        match ended {
            Ended::Refused(reason) | Ended::NoLink(reason) => {
                user.window.tell(CodeStatus::Refused(reason));
            }
            Ended::Stopped => {
                return Ok(ExitCode::SUCCESS);
            }
            Ended::SessionOver(cause) => {
                let removed = one_time && removed();
                let reason = cause.sentence().to_owned();
                user.window.tell(CodeStatus::Ended { reason, removed });
                tokio::select! {
                    () = user.closed() => {}
                    () = stop.wait() => {}
                }
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
}

/// A download that did its work goes; whether it does.
fn removed() -> bool {
    commands::remove_self()
        .inspect_err(|error| tracing::warn!("the program stays: {error:#}"))
        .is_ok()
}

/// The window, which several threads tell what to show.
type Window = Arc<Mutex<Box<dyn CodeHandle>>>;

trait Tell {
    fn tell(&self, status: CodeStatus);
}

impl Tell for Window {
    fn tell(&self, status: CodeStatus) {
        self.lock().unwrap_or_else(PoisonError::into_inner).set_status(status);
    }
}

/// Who looks at the window.
struct User {
    window: Window,
    events: UnboundedReceiver<CodeEvent>,
}

impl User {
    /// The next code; `None` when the window was closed.
    async fn code(&mut self) -> Option<SupportCode> {
        match self.events.recv().await {
            Some(CodeEvent::Entered(code)) => Some(code),
            Some(CodeEvent::Closed) | None => None,
        }
    }

    async fn closed(&mut self) {
        while self.code().await.is_some() {}
    }
}

/// The machine, which also tells the window how far the session is.
struct Telling {
    platform: Arc<dyn Platform>,
    window: Window,
}

impl ConsentPrompt for Telling {
    fn ask(
        &self,
        request: ConsentRequest,
        answer: Box<dyn FnOnce(ConsentAnswer) + Send>,
    ) -> Result<Box<dyn PromptHandle>, PromptError> {
        self.window.tell(CodeStatus::Waiting);
        self.platform.consent().ask(request, answer)
    }
}

impl ConnectedBar for Telling {
    fn show(
        &self,
        names: &[String],
        company: &str,
        stop: Box<dyn Fn() + Send + Sync>,
    ) -> Result<Box<dyn BarHandle>, PromptError> {
        let inner = self.platform.bar().show(names, company, stop)?;
        let bar =
            TellingBar { inner, company: company.to_owned(), window: Arc::clone(&self.window) };
        bar.tell(names);
        Ok(Box::new(bar))
    }
}

struct TellingBar {
    inner: Box<dyn BarHandle>,
    company: String,
    window: Window,
}

impl TellingBar {
    fn tell(&self, names: &[String]) {
        let (technician, company) = (names.join(", "), self.company.clone());
        self.window.tell(CodeStatus::Connected { technician, company });
    }
}

impl BarHandle for TellingBar {
    fn set_viewers(&self, names: &[String]) {
        self.inner.set_viewers(names);
        self.tell(names);
    }
}

impl Drop for TellingBar {
    fn drop(&mut self) {
        self.window.tell(CodeStatus::Waiting);
    }
}

impl Platform for Telling {
    fn open_screen(&self) -> Result<Box<dyn ScreenCapture>, CaptureError> {
        self.platform.open_screen()
    }

    fn open_input(&self) -> Result<Box<dyn InputInjector>, InputError> {
        self.platform.open_input()
    }

    fn open_clipboard(
        &self,
        listener: ClipboardListener,
    ) -> Result<Box<dyn Clipboard>, ClipboardError> {
        self.platform.open_clipboard(listener)
    }

    fn encoders(&self) -> Vec<EncoderCandidate> {
        self.platform.encoders()
    }

    fn files(&self) -> Option<FileOpener> {
        self.platform.files()
    }

    fn drag(&self) -> Option<DragOpener> {
        self.platform.drag()
    }

    fn consent(&self) -> &dyn ConsentPrompt {
        self
    }

    fn bar(&self) -> &dyn ConnectedBar {
        self
    }

    fn inventory(&self) -> &dyn Inventory {
        self.platform.inventory()
    }

    fn processor_time(&self) -> Option<ProcessorTime> {
        self.platform.processor_time()
    }

    fn actions(&self) -> &dyn MachineActions {
        self.platform.actions()
    }

    fn notice(&self) -> Option<&dyn NoticeOverlay> {
        self.platform.notice()
    }

    fn local_time(&self) -> Option<(u8, u8)> {
        self.platform.local_time()
    }
}
