//! A thread that has a window, and the hold that others have on it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use gc_platform::PromptError;
use windows::Win32::Foundation::{HWND, LPARAM, WPARAM};
use windows::Win32::System::StationsAndDesktops::{
    CloseDesktop, DESKTOP_ACCESS_FLAGS, DESKTOP_CONTROL_FLAGS, HDESK, OpenInputDesktop,
    SetThreadDesktop,
};
use windows::Win32::UI::WindowsAndMessaging::{
    DispatchMessageW, GetMessageW, MSG, PostMessageW, PostQuitMessage, TranslateMessage, WM_APP,
};

use super::look;
use super::window::{Content, Window};

/// Something that others have changed is to be looked at.
pub(super) const WM_WAKE: u32 = WM_APP + 1;
/// The window is to go, without an answer.
pub(super) const WM_SHUT: u32 = WM_APP + 2;

/// `DESKTOP_READOBJECTS | CREATEWINDOW | CREATEMENU | WRITEOBJECTS | SWITCHDESKTOP`
/// (winuser.h): what a window needs.
const DESKTOP_RIGHTS: u32 = 0x0001 | 0x0002 | 0x0004 | 0x0080 | 0x0100;

/// Where to post to. The window is known for as long as it is there, and posted to under
/// the lock, since Windows gives the numbers of old windows to new ones.
#[derive(Default)]
pub(super) struct Gate {
    window: Mutex<Option<isize>>,
    shut: AtomicBool,
}

impl Gate {
    fn post(&self, message: u32) {
        let window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(window) = *window {
            // A full queue has messages to come, and they find out as well.
            // SAFETY: the window is there: it leaves under this lock.
            let _ = unsafe {
                PostMessageW(Some(HWND(window as *mut _)), message, WPARAM(0), LPARAM(0))
            };
        }
    }

    fn set(&self, window: Option<HWND>) {
        let mut slot = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = window.map(|window| window.0 as isize);
    }

    /// The window is gone: nothing can be posted any more, and its thread may end.
    pub(super) fn close(&self) {
        self.set(None);
        // SAFETY: takes a number.
        unsafe { PostQuitMessage(0) };
    }

    /// Whether the one who holds the window has let go of it.
    pub(super) fn is_shut(&self) -> bool {
        self.shut.load(Ordering::SeqCst)
    }
}

/// A window on a thread of its own; dropping it closes the window and waits for that.
pub(super) struct WindowThread {
    gate: Arc<Gate>,
    thread: Option<JoinHandle<()>>,
}

impl WindowThread {
    /// Lets the window look at what has changed.
    pub(super) fn wake(&self) {
        self.gate.post(WM_WAKE);
    }
}

impl Drop for WindowThread {
    fn drop(&mut self) {
        self.gate.shut.store(true, Ordering::SeqCst);
        self.gate.post(WM_SHUT);
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            // What a window tells may drop it; a thread cannot wait for itself. A panic
            // of the thread has been printed by it.
            let _ = thread.join();
        }
    }
}

/// A window as its thread has made it.
pub(super) struct Made {
    pub(super) window: Window,
    pub(super) content: std::rc::Rc<dyn Content>,
    /// Runs on the thread when the window is gone; told whether its holder let go of it.
    pub(super) end: Box<dyn FnOnce(bool)>,
}

/// Makes a window on a new thread, which stands on the desktop that has the input.
pub(super) fn open<F>(name: &str, make: F) -> Result<WindowThread, PromptError>
where
    F: FnOnce(&Arc<Gate>) -> Result<Made, PromptError> + Send + 'static,
{
    let gate = Arc::new(Gate::default());
    let (told, outcome) = channel();
    let thread = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn({
            let gate = Arc::clone(&gate);
            move || live(&gate, make, &told)
        })
        .map_err(|error| PromptError(error.to_string()))?;
    match outcome.recv() {
        Ok(Ok(())) => Ok(WindowThread { gate, thread: Some(thread) }),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(PromptError("the window's thread ended".to_owned())),
    }
}

fn live<F>(gate: &Arc<Gate>, make: F, told: &Sender<Result<(), PromptError>>)
where
    F: FnOnce(&Arc<Gate>) -> Result<Made, PromptError>,
{
    let _desktop = InputDesktop::enter();
    look::be_sharp();
    let made = match make(gate) {
        Ok(made) => made,
        Err(error) => {
            // Whoever asked is waiting.
            let _ = told.send(Err(error));
            return;
        }
    };
    gate.set(Some(made.window.0));
    let _ = told.send(Ok(()));
    run(gate, &made);
    made.window.destroy();
    (made.end)(gate.is_shut());
}

fn run(gate: &Gate, made: &Made) {
    let mut message = MSG::default();
    loop {
        // SAFETY: writes into the live message.
        let got = unsafe { GetMessageW(&raw mut message, None, 0, 0) };
        // 0 is the end, -1 an error that would come again.
        if got.0 <= 0 || gate.is_shut() {
            return;
        }
        if !made.content.input(made.window, &message) {
            // SAFETY: the message is one that came.
            unsafe {
                let _ = TranslateMessage(&raw const message);
                DispatchMessageW(&raw const message);
            }
        }
    }
}

/// The desktop that the user looks at, which for a service's program is not always the
/// one that it was started on.
struct InputDesktop(Option<HDESK>);

impl InputDesktop {
    /// Stays where it is when that desktop is not open to this program.
    fn enter() -> Self {
        // SAFETY: the thread has no window yet, so its desktop can change; the handle is
        // kept for as long as the thread needs it.
        unsafe {
            let rights = DESKTOP_ACCESS_FLAGS(DESKTOP_RIGHTS);
            let Ok(desktop) = OpenInputDesktop(DESKTOP_CONTROL_FLAGS(0), false, rights) else {
                return Self(None);
            };
            let entered = SetThreadDesktop(desktop);
            if entered.is_err() {
                let _ = CloseDesktop(desktop);
                return Self(None);
            }
            Self(Some(desktop))
        }
    }
}

impl Drop for InputDesktop {
    fn drop(&mut self) {
        if let Some(desktop) = self.0.take() {
            // Refused while the thread is on it; then it goes with the thread.
            // SAFETY: opened by us, once.
            let _ = unsafe { CloseDesktop(desktop) };
        }
    }
}
