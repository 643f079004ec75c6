//! Shows the agent's own windows to a person who wants to look at them:
//! `cargo run -p gc-platform-windows --example windows -- consent`.
#![expect(clippy::print_stdout, reason = "this is what it has to say")]

/// Elsewhere than on Windows there is nothing to show.
#[cfg(not(windows))]
fn main() {
    println!("these windows are those of Windows");
}

#[cfg(windows)]
fn main() -> Result<(), gc_platform::PromptError> {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        println!(
            "say which: consent, view, bar, notice, code, refused, waiting, connected, ended, tray"
        );
        return Ok(());
    }
    shown::show(&names)
}

#[cfg(windows)]
mod shown {
    use std::sync::Arc;
    use std::time::Duration;

    use gc_platform::{
        CodeStatus, CodeWindow, ConnectedBar, ConnectionNotice, ConsentPrompt, ConsentRequest,
        NoticeOverlay, NoticePosition, PromptError, TrayIcon, TrayMenu, TrayStatus,
    };
    use gc_platform_windows::{
        WindowsCodeWindow, WindowsConnectedBar, WindowsConsent, WindowsNotice, WindowsTrayIcon,
    };
    use gc_runtime::SystemClock;
    use gc_types::Clock;

    /// Seconds that the windows stay.
    const STAY: u64 = 60;

    pub(super) fn show(names: &[String]) -> Result<(), PromptError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        // Whatever is shown goes when this goes.
        let mut held: Vec<Box<dyn std::any::Any>> = Vec::new();
        for name in names {
            held.push(open(name, &clock)?);
        }
        std::thread::sleep(Duration::from_secs(STAY));
        Ok(())
    }

    fn open(name: &str, clock: &Arc<dyn Clock>) -> Result<Box<dyn std::any::Any>, PromptError> {
        let clock = Arc::clone(clock);
        let (technician, company) = ("Anna Technician".to_owned(), "Contoso IT".to_owned());
        Ok(match name {
            "consent" | "view" => {
                let control = name == "consent";
                let timeout = Duration::from_secs(STAY);
                let request = ConsentRequest { technician, company, control, timeout };
                let said = |answer| println!("answer: {answer:?}");
                Box::new(WindowsConsent::new(clock).ask(request, Box::new(said))?)
            }
            "bar" => {
                let stop = || println!("stop");
                let bars = WindowsConnectedBar::new(clock);
                Box::new(bars.show(&[technician], &company, Box::new(stop))?)
            }
            "notice" => Box::new(WindowsNotice::new(clock).show(ConnectionNotice {
                text: format!("{technician} of {company} has connected\nat 14:05"),
                position: NoticePosition::BottomRight,
                duration: Duration::from_secs(STAY),
                dismissible: true,
            })?),
            "tray" => {
                let menu = TrayMenu {
                    product: "GuruConnect".to_owned(),
                    about: "Support by Contoso IT".to_owned(),
                    end_session: true,
                    exit: true,
                };
                let text = "Connected to support.example.com".to_owned();
                let status = TrayStatus { text, technicians: 1 };
                let said = |command| println!("command: {command:?}");
                let handle = WindowsTrayIcon.show(menu, status, Box::new(said))?;
                handle.announce("GuruConnect", "Anna Technician of Contoso IT has connected.");
                Box::new(handle)
            }
            other => {
                let said = |event| println!("event: {event:?}");
                let handle = WindowsCodeWindow.open(Box::new(said))?;
                handle.set_status(match other {
                    "refused" => CodeStatus::Refused("This code is not known.".to_owned()),
                    "waiting" => CodeStatus::Waiting,
                    "connected" => CodeStatus::Connected { technician, company },
                    "ended" => CodeStatus::Ended {
                        reason: "You have pressed Stop.".to_owned(),
                        removed: true,
                    },
                    _ => CodeStatus::Enter,
                });
                Box::new(handle)
            }
        })
    }
}
