//! The Windows clipboard. How formats are written is known without Win32 and tested
//! everywhere.

mod dib;
mod drop_files;
mod html;
#[cfg(windows)]
pub(crate) mod memory;
mod picture;
#[cfg(windows)]
mod registered;
#[cfg(windows)]
mod rendering;
mod text;
#[cfg(windows)]
mod window;
#[cfg(windows)]
mod worker;

pub use dib::{Dib, DibError, dibv5_header};
pub use drop_files::{read_drop_files, write_drop_files};
pub use html::{read_html_format, write_html_format};
pub use picture::{dib_to_png, png_to_dibv5};
#[cfg(windows)]
pub(crate) use registered::preferred_effect;
pub use text::{read_unicode_text, write_unicode_text};
#[cfg(windows)]
pub use window::WindowsClipboard;
