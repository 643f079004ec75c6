//! Chooses the operating system: the one place outside `gc-platform-*` that names one.

use std::sync::Arc;

use gc_agent::Platform;

/// The system that this program was built for.
pub(crate) fn open() -> Arc<dyn Platform> {
    #[cfg(target_os = "linux")]
    {
        Arc::new(linux::Linux::new())
    }
    #[cfg(not(target_os = "linux"))]
    {
        compile_error!("this operating system has no platform crate yet");
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use gc_agent::Platform;
    use gc_platform::{
        CaptureError, Clipboard, ClipboardError, ClipboardListener, ConnectedBar, ConsentPrompt,
        InputError, InputInjector, Inventory, ScreenCapture,
    };
    use gc_platform_linux::{
        LinuxInventory, X11Clipboard, X11ConnectedBar, X11Consent, X11Input, X11Screen,
    };

    /// X11 on the display that `DISPLAY` names.
    pub(super) struct Linux {
        consent: X11Consent,
        bar: X11ConnectedBar,
        inventory: LinuxInventory,
    }

    impl Linux {
        pub(super) fn new() -> Self {
            Self {
                consent: X11Consent::new(None),
                bar: X11ConnectedBar::new(None),
                inventory: LinuxInventory::new(None),
            }
        }
    }

    impl Platform for Linux {
        fn open_screen(&self) -> Result<Box<dyn ScreenCapture>, CaptureError> {
            Ok(Box::new(X11Screen::open(None)?))
        }

        fn open_input(&self) -> Result<Box<dyn InputInjector>, InputError> {
            Ok(Box::new(X11Input::open(None)?))
        }

        fn open_clipboard(
            &self,
            listener: ClipboardListener,
        ) -> Result<Box<dyn Clipboard>, ClipboardError> {
            Ok(Box::new(X11Clipboard::open(None, listener)?))
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
    }
}
