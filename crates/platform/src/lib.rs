//! What agents and viewers need from an operating system, as traits. Implementations are
//! `gc-platform-linux` and the scriptable `gc-platform-fake`; nothing here knows
//! an operating system.

mod actions;
mod card;
mod clipboard;
mod code_window;
mod consent;
mod drag;
mod files;
mod input;
mod inventory;
mod key_store;
mod load;
mod notice;
mod offered_files;
mod screen;
mod secure_attention;
mod tray;
mod viewer_window;
mod worker_host;

pub use actions::{
    ActionError, Attention, ElevationHandle, Freed, MachineActions, NoActions, SwitchHandle,
};
pub use card::{Card, CardStep, is_software_renderer};
pub use clipboard::{
    Clipboard, ClipboardContent, ClipboardError, ClipboardEvent, ClipboardListener, CopiedFiles,
};
pub use code_window::{CodeDialog, CodeEvent, CodeHandle, CodeStatus, CodeWindow};
pub use consent::{
    BarHandle, ConnectedBar, ConsentAnswer, ConsentPrompt, ConsentRequest, PromptError,
    PromptHandle,
};
pub use drag::{DragError, DragOpener, FileDrag};
pub use files::{
    Entry, EntryKind, FileOpener, FileStore, PARTIAL_PREFIX, PASTE_PLACE, PartialFile, PartialKey,
    Place, ReadFile, StoreError, StorePath, check_existing,
};
pub use input::{InputError, InputInjector, PointerButton};
pub use inventory::{Inventory, MachineFacts, UserActivity};
pub use key_store::{KeyStore, KeyStoreError};
pub use load::{ProcessorTime, load_percent};
pub use notice::{ConnectionNotice, NoticeOverlay, NoticePosition};
pub use offered_files::{DragEnd, OfferError, OfferedFile, OfferedFiles};
pub use screen::{
    CaptureError, CursorImage, DisplayInfo, DisplaySelection, PixelRect, PixelSize, ScreenCapture,
    ScreenEvent, ScreenNotice, ScreenView, WaitWaker,
};
pub use secure_attention::{NoSecureAttention, SecureAttention, SecureAttentionError};
pub use tray::{TrayCommand, TrayHandle, TrayIcon, TrayMenu, TrayStatus};
pub use viewer_window::{
    LockKeys, ViewerWindow, WindowCursor, WindowError, WindowEvent, WindowKey,
};
pub use worker_host::{
    DesktopSession, DesktopSessionId, DesktopSessionKind, DesktopSessionState, SessionChange,
    SessionListener, SessionWatch, SpawnedWorker, WORKER_HANDS_OVER, WORKER_TICKET_VARIABLE,
    WorkerExit, WorkerHost, WorkerHostError, WorkerProcess, WorkerStream,
};
