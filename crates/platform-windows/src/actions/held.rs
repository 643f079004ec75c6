//! A thread that holds something for as long as it runs its message loop.

use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use gc_platform::{ActionError, SwitchHandle};
use gc_types::CauseCode;
use windows::Win32::Foundation::{LPARAM, WPARAM};
use windows::Win32::System::Threading::GetCurrentThreadId;
use windows::Win32::UI::WindowsAndMessaging::{
    DispatchMessageW, GetMessageW, MSG, PM_NOREMOVE, PeekMessageW, PostThreadMessageW,
    TranslateMessage, WM_QUIT,
};

/// Says to its starter, once, whether it holds what it should.
pub(super) type Ready = Sender<Result<(), ActionError>>;

struct HeldByThread {
    id: u32,
    thread: Option<JoinHandle<()>>,
}

/// Starts a thread with a message queue and waits until `hold` has said that it is
/// ready, or why not. `hold` returns after [`run_loop`] has.
pub(super) fn start(
    name: &str,
    hold: impl FnOnce(&Ready) + Send + 'static,
) -> Result<Box<dyn SwitchHandle>, ActionError> {
    let (ready, is_ready) = channel();
    let (tell_id, id) = channel();
    let thread = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            let mut message = MSG::default();
            // SAFETY: it writes into the live message, and makes this thread's queue,
            // without which nothing could be posted to it.
            let own = unsafe {
                let _ = PeekMessageW(&raw mut message, None, 0, 0, PM_NOREMOVE);
                GetCurrentThreadId()
            };
            // The starter waits for it.
            let _ = tell_id.send(own);
            hold(&ready);
        })
        .map_err(|error| ActionError::new(CauseCode::ActionFailed, error.to_string()))?;
    let gone = || ActionError::new(CauseCode::ActionFailed, "the thread ended at once");
    let id = id.recv().map_err(|_| gone())?;
    let held = HeldByThread { id, thread: Some(thread) };
    // An error drops the handle, which waits for the thread.
    is_ready.recv().map_err(|_| gone())??;
    Ok(Box::new(held))
}

/// Handles this thread's messages until it is told to quit.
pub(super) fn run_loop(mut on_message: impl FnMut(&MSG)) {
    let mut message = MSG::default();
    // SAFETY: the message is live, and dispatched as it came.
    unsafe {
        // Zero is WM_QUIT, -1 an error.
        while GetMessageW(&raw mut message, None, 0, 0).0 > 0 {
            on_message(&message);
            let _ = TranslateMessage(&raw const message);
            DispatchMessageW(&raw const message);
        }
    }
}

impl HeldByThread {
    fn end(&mut self) -> Result<(), ActionError> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        // SAFETY: takes numbers. It fails when the thread has ended, as it may have.
        let posted = unsafe { PostThreadMessageW(self.id, WM_QUIT, WPARAM(0), LPARAM(0)) };
        if posted.is_err() && !thread.is_finished() {
            return Err(ActionError::new(CauseCode::ActionFailed, "the thread hears nothing"));
        }
        thread.join().map_err(|_| ActionError::new(CauseCode::ActionFailed, "the thread panicked"))
    }
}

impl SwitchHandle for HeldByThread {
    fn off(mut self: Box<Self>) -> Result<(), ActionError> {
        self.end()
    }
}

impl Drop for HeldByThread {
    fn drop(&mut self) {
        // The system takes hooks and windows away with the thread, in any case with
        // the process.
        let _ = self.end();
    }
}
