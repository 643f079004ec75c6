//! Chooses the operating system: the one place outside `gc-platform-*` that names one.

use std::sync::Arc;

use gc_agent::Platform;
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

#[cfg(target_os = "linux")]
mod linux {
    use std::sync::Arc;

    use gc_agent::{EncoderCandidate, Platform};
    use gc_platform::{
        CaptureError, Clipboard, ClipboardError, ClipboardListener, ConnectedBar, ConsentPrompt,
        FileOpener, InputError, InputInjector, Inventory, ProcessorTime, ScreenCapture,
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

        fn files(&self) -> Option<FileOpener> {
            let home = gc_runtime::env("HOME").map(std::path::PathBuf::from);
            Some(gc_platform_linux::files_of_user(self.display.clone(), home))
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
