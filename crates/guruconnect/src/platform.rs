//! Chooses the operating system: the one place outside `gc-platform-*` that names one.

use std::sync::Arc;

use anyhow::{Context, Result};
use gc_agent::Platform;
use gc_platform::{Inventory, WorkerHost, WorkerStream};
use gc_types::Clock;

/// The system that this program was built for.
pub(crate) fn open(clock: &Arc<dyn Clock>) -> Arc<dyn Platform> {
    #[cfg(target_os = "linux")]
    {
        Arc::new(linux::Linux::new(clock))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = clock;
        compile_error!("this operating system has no platform crate yet");
    }
}

/// Starts workers for the sessions that this program is to show.
pub(crate) fn worker_host() -> Result<Arc<dyn WorkerHost>> {
    #[cfg(target_os = "linux")]
    {
        let program = std::env::current_exe().context("where this program is cannot be told")?;
        let display = gc_runtime::env("DISPLAY");
        let user = gc_platform_linux::LinuxInventory::new(display.as_deref()).activity().user;
        Ok(Arc::new(gc_platform_linux::ChildWorkerHost::new(program, user)))
    }
}

/// What is known of the machine, without its desktop.
pub(crate) fn inventory(platform: Arc<dyn Platform>) -> Arc<dyn Inventory> {
    struct Of(Arc<dyn Platform>);
    impl Inventory for Of {
        fn facts(&self) -> gc_platform::MachineFacts {
            self.0.inventory().facts()
        }
        fn activity(&self) -> gc_platform::UserActivity {
            self.0.inventory().activity()
        }
    }
    Arc::new(Of(platform))
}

/// A worker's end of what its agent started it with.
pub(crate) fn worker_stream() -> Result<WorkerStream> {
    #[cfg(target_os = "linux")]
    {
        gc_platform_linux::stream_of_worker().context("there is no agent to speak to")
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::sync::Arc;

    use gc_agent::{EncoderCandidate, Platform};
    use gc_platform::{
        CaptureError, Clipboard, ClipboardError, ClipboardListener, ConnectedBar, ConsentPrompt,
        InputError, InputInjector, Inventory, ProcessorTime, ScreenCapture,
    };
    use gc_platform_linux::{
        LinuxInventory, X11Clipboard, X11ConnectedBar, X11Consent, X11Input, X11Screen,
    };
    use gc_types::Clock;

    /// X11 on the display that `DISPLAY` names.
    pub(super) struct Linux {
        consent: X11Consent,
        bar: X11ConnectedBar,
        inventory: LinuxInventory,
        display: Option<String>,
        clock: Arc<dyn Clock>,
    }

    impl Linux {
        pub(super) fn new(clock: &Arc<dyn Clock>) -> Self {
            let display = gc_runtime::env("DISPLAY");
            Self {
                consent: X11Consent::new(display.as_deref(), Arc::clone(clock)),
                bar: X11ConnectedBar::new(display.as_deref(), Arc::clone(clock)),
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
            gc_platform_linux::processor_time()
        }
    }
}
