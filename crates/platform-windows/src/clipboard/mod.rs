//! The Windows clipboard. How formats are written is known without Win32 and tested
//! everywhere.

mod dib;
mod drop_files;
mod file_group;
mod html;
#[cfg(windows)]
pub(crate) mod memory;
#[cfg(windows)]
mod offering;
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
pub use file_group::{WayTooLong, file_time, write_file_group};
pub use html::{read_html_format, write_html_format};
pub use picture::{dib_to_png, png_to_dibv5};
#[cfg(windows)]
pub(crate) use registered::{Registered, preferred_effect};
#[cfg(windows)]
pub(crate) use rendering::{rendered, rendered_formats};
pub use text::{read_unicode_text, write_unicode_text};
#[cfg(windows)]
pub use window::WindowsClipboard;
