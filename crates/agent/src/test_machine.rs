//! A machine of memory, for tests.

use std::sync::{Arc, Mutex, PoisonError};

use gc_platform::{
    CaptureError, Clipboard, ClipboardError, ClipboardListener, ConnectedBar, ConsentPrompt,
    InputError, InputInjector, Inventory, MachineActions, NoticeOverlay, ScreenCapture,
};
use gc_platform_fake::{
    FakeActions, FakeActionsControl, FakeBar, FakeConsent, FakeInput, FakeInputControl,
    FakeInventory, FakeNotice, FakeNoticeControl,
};
use gc_types::CauseCode;

use crate::platform_set::Platform;

/// A machine without a screen, and what a test sees of it.
pub(crate) struct TestMachine {
    pub(crate) platform: Arc<dyn Platform>,
    pub(crate) actions: FakeActionsControl,
    pub(crate) input: FakeInputControl,
    pub(crate) notices: FakeNoticeControl,
}

impl TestMachine {
    pub(crate) fn new() -> Self {
        let (actions, actions_control) = FakeActions::new();
        let (input, input_control) = FakeInput::new();
        let (notice, notices) = FakeNotice::new();
        let machine = Machine {
            input: Mutex::new(Some(input)),
            consent: FakeConsent::new().0,
            bar: FakeBar::new().0,
            inventory: FakeInventory::new("test"),
            actions,
            notice,
        };
        let (actions, input) = (actions_control, input_control);
        Self { platform: Arc::new(machine), actions, input, notices }
    }
}

struct Machine {
    input: Mutex<Option<FakeInput>>,
    consent: FakeConsent,
    bar: FakeBar,
    inventory: FakeInventory,
    actions: FakeActions,
    notice: FakeNotice,
}

impl Platform for Machine {
    fn open_screen(&self) -> Result<Box<dyn ScreenCapture>, CaptureError> {
        Err(CaptureError { cause: CauseCode::NoDisplay, detail: String::new(), lost: true })
    }

    fn open_input(&self) -> Result<Box<dyn InputInjector>, InputError> {
        let input = self.input.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(Box::new(input.unwrap()))
    }

    fn open_clipboard(&self, _: ClipboardListener) -> Result<Box<dyn Clipboard>, ClipboardError> {
        Err(ClipboardError("not here".into()))
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
}
