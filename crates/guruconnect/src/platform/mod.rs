//! Chooses the operating system: the one place outside `gc-platform-*` that names one.
//!
//! Each module has the same functions; what an operating system need not do is empty
//! there.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "linux")]
pub(crate) use self::linux::{
    COLORS, StopSignal, code_window, complain, connector, open, prepare_output, remove_after_end,
    typeface, viewer_window, worker_host, worker_stream,
};
#[cfg(windows)]
pub(crate) use self::windows::{
    COLORS, StopSignal, code_window, complain, connector, open, prepare_output, remove_after_end,
    typeface, viewer_window, worker_host, worker_stream,
};

#[cfg(not(any(target_os = "linux", windows)))]
compile_error!("this operating system has no platform crate yet");
