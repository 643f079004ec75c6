//! What an agent needs from an operating system, as traits. Implementations are
//! `gc-platform-linux` and the scriptable `gc-platform-fake`; nothing here knows
//! an operating system.

mod clipboard;
mod code_window;
mod consent;
mod input;
mod inventory;
mod key_store;
mod load;
mod notice;
mod screen;
mod secure_attention;
mod tray;

pub use clipboard::{Clipboard, ClipboardError, ClipboardListener};
pub use code_window::{CodeDialog, CodeEvent, CodeHandle, CodeStatus, CodeWindow};
pub use consent::{
    BarHandle, ConnectedBar, ConsentAnswer, ConsentPrompt, ConsentRequest, PromptError,
    PromptHandle,
};
pub use input::{InputError, InputInjector, PointerButton};
pub use inventory::{Inventory, MachineFacts, UserActivity};
pub use key_store::{KeyStore, KeyStoreError};
pub use load::{ProcessorTime, load_percent};
pub use notice::{ConnectionNotice, NoticeOverlay, NoticePosition};
pub use screen::{
    CaptureError, CursorImage, DisplayInfo, DisplaySelection, PixelRect, PixelSize, ScreenCapture,
    ScreenEvent, ScreenNotice, ScreenView, WaitWaker,
};
pub use secure_attention::{NoSecureAttention, SecureAttention, SecureAttentionError};
pub use tray::{TrayCommand, TrayHandle, TrayIcon, TrayMenu, TrayStatus};
