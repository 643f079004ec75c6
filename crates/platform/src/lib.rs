//! What an agent needs from an operating system, as traits. Implementations are
//! `gc-platform-linux` and the scriptable `gc-platform-fake`; nothing here knows
//! an operating system.

mod clipboard;
mod consent;
mod files;
mod input;
mod inventory;
mod load;
mod screen;

pub use clipboard::{Clipboard, ClipboardError, ClipboardListener};
pub use consent::{
    BarHandle, ConnectedBar, ConsentAnswer, ConsentPrompt, ConsentRequest, PromptError,
    PromptHandle,
};
pub use files::{
    Entry, EntryKind, FileOpener, FileStore, PARTIAL_PREFIX, PartialFile, PartialKey, Place,
    ReadFile, StoreError, StorePath, check_existing,
};
pub use input::{InputError, InputInjector, PointerButton};
pub use inventory::{Inventory, MachineFacts, UserActivity};
pub use load::{ProcessorTime, load_percent};
pub use screen::{
    CaptureError, CursorImage, DisplayInfo, DisplaySelection, PixelRect, PixelSize, ScreenCapture,
    ScreenEvent, ScreenView, WaitWaker,
};
