//! The operating system, as the wiring binary hands it over.

use gc_platform::{
    CaptureError, Clipboard, ClipboardError, ClipboardListener, ConnectedBar, ConsentPrompt,
    DragOpener, FileOpener, InputError, InputInjector, Inventory, MachineActions, NoActions,
    NoticeOverlay, ProcessorTime, ScreenCapture,
};

use gc_codec::Candidate;

/// Opens what a session needs. One value serves the life of the agent.
pub trait Platform: Send + Sync + 'static {
    /// Opens the screen. Called again after it was lost.
    fn open_screen(&self) -> Result<Box<dyn ScreenCapture>, CaptureError>;

    /// Opens keyboard and pointer.
    fn open_input(&self) -> Result<Box<dyn InputInjector>, InputError>;

    /// Opens the clipboard.
    fn open_clipboard(
        &self,
        listener: ClipboardListener,
    ) -> Result<Box<dyn Clipboard>, ClipboardError>;

    /// Hardware encoders that the machine may have, the best one first. Software is
    /// there without being named.
    fn encoders(&self) -> Vec<Candidate> {
        Vec::new()
    }

    /// Opens the files of the session's user; `None` where files are not moved.
    fn files(&self) -> Option<FileOpener> {
        None
    }

    /// Drops files at a point of the desktop, and takes those that are dragged there;
    /// `None` where that cannot be done.
    fn drag(&self) -> Option<DragOpener> {
        None
    }

    /// Asks the user.
    fn consent(&self) -> &dyn ConsentPrompt;

    /// Shows that somebody is connected.
    fn bar(&self) -> &dyn ConnectedBar;

    /// Tells of the machine.
    fn inventory(&self) -> &dyn Inventory;

    /// What the processors have done so far; `None` where that is not known. Called a
    /// few times a second at most, and only while pictures are made.
    fn processor_time(&self) -> Option<ProcessorTime> {
        None
    }

    /// Locks, blocks and blanks the machine.
    fn actions(&self) -> &dyn MachineActions {
        &NoActions
    }

    /// Shows the connection notice; `None` where nothing can show it.
    fn notice(&self) -> Option<&dyn NoticeOverlay> {
        None
    }

    /// Hour and minute at the machine, for people; `None` where that is not known.
    fn local_time(&self) -> Option<(u8, u8)> {
        None
    }
}
