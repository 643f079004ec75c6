//! A machine made of memory: screen, input, clipboard, consent, bar and inventory
//! behind the traits of [`gc_platform`], and an encoder behind those of `gc_video`,
//! each with a control for the test.

mod clipboard;
mod consent;
mod encoder;
mod files;
mod input;
mod inventory;
mod pattern;
mod screen;
mod watched;

pub use clipboard::{FakeClipboard, FakeClipboardControl};
pub use consent::{
    BarState, FakeBar, FakeBarControl, FakeConsent, FakeConsentControl, ScriptedConsent,
};
pub use encoder::{EncoderCall, FakeEncoderControl, FakeEncoderFactory, Misbehaviour};
pub use files::{FakeFiles, FakeFilesControl, FileFault};
pub use input::{FakeInput, FakeInputControl, Injected};
pub use inventory::FakeInventory;
pub use screen::{FakeScreen, FakeScreenControl, display};
