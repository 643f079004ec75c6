//! What every Win32 call needs: text that ends with a zero, handles that close
//! themselves, and failures that name the call.

mod call;
mod folder;
mod handle;
mod process;
mod registry;
mod text;

pub use call::CallError;
pub(crate) use call::Called;
pub(crate) use folder::{KnownFolder, known_folder};
pub(crate) use handle::{Event, LocalMemory, owned, raw};
pub(crate) use process::{
    file_identity, image_of, open_process, program_of_this_process, wait_for_end,
};
pub(crate) use registry::RegistryKey;
pub(crate) use text::{Wide, from_pwstr, nap, system_library};
