//! Physical pixels for a thread, whatever its program says of itself.

use std::sync::OnceLock;

use windows::core::s;

use crate::library::Library;

/// `SetThreadDpiAwarenessContext`, from Windows 10 1607 on.
type SetContext = unsafe extern "system" fn(isize) -> isize;

/// `DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2`, then what came before it
/// (windef.h).
const CONTEXTS: [isize; 2] = [-4, -3];

/// Lets the calling thread see positions and sizes in physical pixels on every monitor.
/// Older systems know such a thing for whole programs only, by their manifest.
pub(super) fn see_physical_pixels() {
    static FOUND: OnceLock<Option<SetContext>> = OnceLock::new();
    let find = || {
        let library = Library::load("user32.dll").ok()?;
        // SAFETY: this is the function's signature (winuser.h); the library stays.
        let found = unsafe { library.find::<SetContext>(s!("SetThreadDpiAwarenessContext")) }.ok();
        library.keep();
        found
    };
    if let Some(set) = FOUND.get_or_init(find) {
        for context in CONTEXTS {
            // SAFETY: takes a number; one that the system does not know is refused.
            if unsafe { set(context) } != 0 {
                return;
            }
        }
    }
}
