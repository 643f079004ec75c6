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
    COLORS, LinkTarget, StopSignal, SystemCommand, ViewerDoor, WorkerGuard, code_window, complain,
    connector, is_answered, is_by_hand, knock, link_target, open, open_door, open_for_worker,
    open_with_icon, own_files, prepare_output, register_links, remove_after_end, run_system,
    stored_key, typeface, unregister_links, viewer_window, visitor, worker_host, worker_log,
    worker_stream,
};
#[cfg(windows)]
pub(crate) use self::windows::{
    COLORS, LinkTarget, StopSignal, SystemCommand, ViewerDoor, WorkerGuard, code_window, complain,
    connector, is_answered, is_by_hand, knock, link_target, open, open_door, open_for_worker,
    open_with_icon, own_files, prepare_output, register_links, remove_after_end, run_system,
    stored_key, typeface, unregister_links, viewer_window, visitor, worker_host, worker_log,
    worker_stream,
};

/// Called when the user wants the program to end.
pub(crate) type Leave = Box<dyn Fn() + Send + Sync>;

#[cfg(not(any(target_os = "linux", windows)))]
compile_error!("this operating system has no platform crate yet");
