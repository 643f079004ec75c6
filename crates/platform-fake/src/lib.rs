//! A machine made of memory: screen, input, clipboard, consent, bar and inventory
//! behind the traits of [`gc_platform`], and an encoder behind those of `gc_video`,
//! each with a control for the test; and
//! sessions of the system with workers that are threads.

mod actions;
mod clipboard;
mod consent;
mod drag;
mod encoder;
mod files;
mod input;
mod inventory;
mod key_store;
mod notice;
mod pattern;
mod pipe;
mod screen;
mod secure_attention;
mod tray;
mod watched;
mod worker_host;

pub use actions::{FakeActions, FakeActionsControl};
pub use clipboard::{FakeClipboard, FakeClipboardControl};
pub use consent::{
    BarState, FakeBar, FakeBarControl, FakeConsent, FakeConsentControl, ScriptedConsent,
};
pub use drag::{FakeDrag, FakeDragControl};
pub use encoder::{EncoderCall, FakeEncoderControl, FakeEncoderFactory, Misbehaviour};
pub use files::{FakeFiles, FakeFilesControl, FileFault};
pub use input::{FakeInput, FakeInputControl, Injected};
pub use inventory::FakeInventory;
pub use key_store::FakeKeyStore;
pub use notice::{FakeNotice, FakeNoticeControl};
pub use pipe::{StreamControl, worker_stream};
pub use screen::{FakeScreen, FakeScreenControl, display};
pub use secure_attention::FakeSecureAttention;
pub use tray::{FakeTray, FakeTrayControl};
pub use worker_host::{FakeWorkerHost, FakeWorkerHostControl, Launched, StartedWorker};
