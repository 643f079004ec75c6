//! Being told that the user logs off, the machine shuts down, or somebody asks the
//! program to end.
//!
//! A program that uses windows gets no console event for that (Microsoft Learn,
//! "SetConsoleCtrlHandler": since Windows 7), but messages to a top-level window.

use std::io;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use windows::Win32::Foundation::{HWND, LPARAM, LRESULT, WPARAM};
use windows::Win32::System::LibraryLoader::GetModuleHandleW;
use windows::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DefWindowProcW, DestroyWindow, DispatchMessageW, GWLP_USERDATA, GetMessageW,
    GetWindowLongPtrW, MSG, PostMessageW, PostQuitMessage, RegisterClassW, SetWindowLongPtrW,
    WINDOW_EX_STYLE, WM_APP, WM_CLOSE, WM_DESTROY, WM_ENDSESSION, WM_QUERYENDSESSION, WNDCLASSW,
    WS_OVERLAPPED,
};
use windows::core::{PCWSTR, w};

/// Of the window, for whoever looks for it.
const CLASS: PCWSTR = w!("GuruConnectEnding");
/// Windows ends the program when the message has returned, and calls it hung after five
/// seconds.
const LONGEST: Duration = Duration::from_secs(4);
/// Our own word to the window.
const WM_OVER: u32 = WM_APP;

/// The program has done what it had to.
#[derive(Default)]
struct Over {
    over: Mutex<bool>,
    signal: Condvar,
}

/// What the window knows.
struct State {
    /// Told once.
    asked: Option<Box<dyn FnOnce() + Send>>,
    over: Arc<Over>,
}

/// Watches for the end. Windows waits for this value to be dropped, four seconds at
/// most, before it ends the program.
pub struct EndOfSession {
    window: usize,
    over: Arc<Over>,
    thread: Option<JoinHandle<()>>,
}

impl EndOfSession {
    /// `asked` is called once, on a thread of its own, when the program is to end; it
    /// must return soon.
    pub fn watch(asked: Box<dyn FnOnce() + Send>) -> io::Result<Self> {
        let over = Arc::<Over>::default();
        let state = State { asked: Some(asked), over: Arc::clone(&over) };
        let (made, answer) = channel();
        let thread = std::thread::Builder::new()
            .name("ending".into())
            .spawn(move || serve(Box::new(state), &made))?;
        let window = answer.recv().map_err(io::Error::other)??;
        Ok(Self { window, over, thread: Some(thread) })
    }
}

impl Drop for EndOfSession {
    fn drop(&mut self) {
        *self.over.over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.over.signal.notify_all();
        let window = HWND(self.window as *mut _);
        // SAFETY: a message without pointers to a window of ours.
        let told = unsafe { PostMessageW(Some(window), WM_OVER, WPARAM(0), LPARAM(0)) };
        if let (Ok(()), Some(thread)) = (told, self.thread.take()) {
            // A panic of that thread has been printed; there is nothing left to undo.
            let _ = thread.join();
        }
    }
}

/// Life of the thread, and of the window.
fn serve(state: Box<State>, made: &Sender<io::Result<usize>>) {
    let window = match open(state) {
        Ok(window) => window,
        Err(error) => {
            // Somebody waits for this answer.
            let _ = made.send(Err(error.into()));
            return;
        }
    };
    let _ = made.send(Ok(window.0 as usize));
    let mut message = MSG::default();
    // SAFETY: the message is live. 0 is the end, -1 a failure.
    while unsafe { GetMessageW(&raw mut message, None, 0, 0) }.0 > 0 {
        // SAFETY: dispatched as it came.
        unsafe { DispatchMessageW(&raw const message) };
    }
}

/// A top-level window that nobody sees. A message-only window is not told of the end of
/// a session.
fn open(state: Box<State>) -> windows::core::Result<HWND> {
    // SAFETY: the names end with a zero; the class lives as long as the program. That it
    // is registered already is no failure: the window shows whether there is one. The
    // state is freed by the window when it is destroyed, on this thread.
    unsafe {
        let instance = GetModuleHandleW(None)?.into();
        let class = WNDCLASSW {
            lpfnWndProc: Some(procedure),
            hInstance: instance,
            lpszClassName: CLASS,
            ..WNDCLASSW::default()
        };
        RegisterClassW(&raw const class);
        let window = CreateWindowExW(
            WINDOW_EX_STYLE::default(),
            CLASS,
            w!("GuruConnect"),
            WS_OVERLAPPED,
            0,
            0,
            0,
            0,
            None,
            None,
            Some(instance),
            None,
        )?;
        SetWindowLongPtrW(window, GWLP_USERDATA, Box::into_raw(state) as isize);
        Ok(window)
    }
}

extern "system" fn procedure(window: HWND, message: u32, w: WPARAM, l: LPARAM) -> LRESULT {
    // SAFETY: this is zero or what `open` has put there, which `WM_DESTROY` takes away;
    // nobody else has it, and the calls below send no message to this window while it
    // is borrowed.
    let state = unsafe { (GetWindowLongPtrW(window, GWLP_USERDATA) as *mut State).as_mut() };
    match (message, state) {
        (WM_QUERYENDSESSION, _) => LRESULT(1),
        (WM_ENDSESSION, Some(state)) if w.0 != 0 => {
            state.ask();
            state.over.wait();
            LRESULT(0)
        }
        (WM_CLOSE, Some(state)) => {
            state.ask();
            LRESULT(0)
        }
        (WM_OVER, _) => {
            // SAFETY: ours, and this is its thread.
            if let Err(error) = unsafe { DestroyWindow(window) } {
                debug_assert!(false, "{error}");
            }
            LRESULT(0)
        }
        (WM_DESTROY, state) => {
            if let Some(state) = state {
                // SAFETY: it came from a box, and nobody can find it any more.
                unsafe {
                    SetWindowLongPtrW(window, GWLP_USERDATA, 0);
                    drop(Box::from_raw(std::ptr::from_mut(state)));
                }
            }
            // SAFETY: no pointers.
            unsafe { PostQuitMessage(0) };
            LRESULT(0)
        }
        // SAFETY: passed on as it came.
        _ => unsafe { DefWindowProcW(window, message, w, l) },
    }
}

impl State {
    fn ask(&mut self) {
        if let Some(asked) = self.asked.take() {
            asked();
        }
    }
}

impl Over {
    fn wait(&self) {
        let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        // Over or too late: the system goes on.
        drop(self.signal.wait_timeout_while(over, LONGEST, |over| !*over));
    }
}

#[cfg(test)]
mod tests {
    use windows::Win32::UI::WindowsAndMessaging::{FindWindowW, IsWindow, SendMessageW};

    use super::*;

    /// One test: the windows of two could not be told apart.
    #[test]
    fn the_program_is_asked_once_and_waited_for() {
        let (asked, heard) = channel();
        let end = EndOfSession::watch(Box::new(move || asked.send(()).unwrap())).unwrap();
        // SAFETY: the name ends with a zero.
        let window = unsafe { FindWindowW(CLASS, None) }.unwrap();
        // SAFETY: messages without pointers.
        let send = |window: usize, message, w| unsafe {
            SendMessageW(HWND(window as *mut _), message, Some(WPARAM(w)), Some(LPARAM(0))).0
        };
        let address = window.0 as usize;
        assert_eq!(send(address, WM_QUERYENDSESSION, 0), 1);
        // Somebody else wanted the session to go on.
        send(address, WM_ENDSESSION, 0);
        assert!(heard.try_recv().is_err());

        let (returned, over) = channel();
        let system = std::thread::spawn(move || {
            send(address, WM_ENDSESSION, 1);
            returned.send(()).unwrap();
        });
        heard.recv().unwrap();
        assert!(over.try_recv().is_err(), "Windows did not wait");
        drop(end);
        over.recv().unwrap();
        system.join().unwrap();
        assert!(heard.recv().is_err(), "asked twice");
        // SAFETY: it may be any number.
        assert!(!unsafe { IsWindow(Some(window)) }.as_bool());

        let (asked, heard) = channel();
        let end = EndOfSession::watch(Box::new(move || asked.send(()).unwrap())).unwrap();
        send(end.window, WM_CLOSE, 0);
        heard.recv().unwrap();
    }
}
