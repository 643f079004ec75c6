//! The worker's end: it has the desktop, and does what the program asks of it.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use gc_input::{Control, HeldInput, ScanCode};
use gc_platform::{
    CaptureError, DisplaySelection, InputError, InputInjector, PixelRect, PixelSize, ScreenCapture,
    ScreenEvent, WaitWaker, WorkerStream,
};
use gc_types::{CauseCode, Secret, VERSION};

use super::ElevatedError;
use super::message::{
    Act, Events, Failed, FromProgram, Grab, Hello, Inject, Key, Line, Place, Press, Select,
    Surface, ToProgram, WaitFor, Wish, Word,
};
use super::screen::AT_ONCE;
use super::wire::{Out, capture_failed, cause, clipped, event_out, perform, send_pixels};
use crate::input_thread::pointer_button;
use crate::picture_thread::display_message;
use crate::worker::frame::{self, Frame, FrameError};

/// Screens and keyboards together. A session opens one of each.
const MAX_LINES: usize = 8;
/// Of a line; each is answered before the next one is asked.
const MAX_WAITING: usize = 4;
/// No wait is longer: so that the other end can tell silence from quiet.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// The participant that all of it is held by.
const PROGRAM: u16 = 1;

/// The desktop that is worked on.
pub trait Hands: Send + Sync + 'static {
    /// Opens its screen, on a thread of its own.
    fn open_screen(&self) -> Result<Box<dyn ScreenCapture>, CaptureError>;

    /// Opens its keyboard and pointer, on a thread of its own.
    fn open_input(&self) -> Result<Box<dyn InputInjector>, InputError>;
}

/// Serves until the program says goodbye, is gone, or says what it may not; then
/// everything that it holds is released. Blocks. `ticket` is what the service gave this
/// process.
pub fn serve(
    stream: WorkerStream,
    ticket: &Secret,
    hands: &Arc<dyn Hands>,
) -> Result<(), ElevatedError> {
    let WorkerStream { mut reader, writer } = stream;
    let out = Out::new(writer);
    let ready = Hello { software: VERSION.to_owned(), proof: ticket.expose().to_owned() };
    out.say(&ToProgram { word: Some(Word::Ready(ready)) })
        .map_err(|error| ElevatedError::Stream(error.to_string()))?;
    let mut lines = Lines { hands: Arc::clone(hands), out, open: BTreeMap::new() };
    loop {
        let wish = match frame::read::<FromProgram>(reader.as_mut()) {
            Ok(Frame::Message(FromProgram { wish: Some(wish) })) => wish,
            Err(FrameError::Ended) => return Ok(()),
            Err(error) => return Err(error.into()),
            Ok(_) => return Err(ElevatedError::NotAllowed),
        };
        if let Wish::Goodbye(_) = wish {
            return Ok(());
        }
        lines.take(wish)?;
    }
}

struct Lines {
    hands: Arc<dyn Hands>,
    out: Out,
    open: BTreeMap<u32, Open>,
}

struct Open {
    asks: SyncSender<Ask>,
    waker: Arc<Waking>,
    thread: JoinHandle<()>,
}

impl Open {
    /// Returns when what it held is released.
    fn end(self) {
        drop(self.asks);
        self.waker.end();
        if self.thread.join().is_err() {
            tracing::error!("a thread of the helper panicked");
        }
    }
}

enum Ask {
    Wait(Duration),
    Select(DisplaySelection),
    Grab(Vec<PixelRect>),
    Inject(Vec<Act>),
}

/// Wakes a screen that waits, whichever it is by now.
#[derive(Default)]
struct Waking(Mutex<(Option<Arc<dyn WaitWaker>>, bool)>);

impl Waking {
    fn set(&self, waker: Arc<dyn WaitWaker>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.1 {
            waker.wake();
        }
        state.0 = Some(waker);
    }

    fn wake(&self) {
        if let Some(waker) = &self.0.lock().unwrap_or_else(PoisonError::into_inner).0 {
            waker.wake();
        }
    }

    fn end(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.wake();
    }
}

impl Lines {
    fn take(&mut self, wish: Wish) -> Result<(), ElevatedError> {
        match wish {
            Wish::OpenScreen(Line { line }) => self.open(line, move |hands, out, waker, asks| {
                let left = VecDeque::new();
                Screen { hands, out, line, waker, inner: None, size: None, left }.run(&asks);
            }),
            Wish::OpenInput(Line { line }) => self.open(line, move |hands, out, _, asks| {
                Input { out, line, held: HeldInput::default() }.run(hands.as_ref(), &asks);
            }),
            Wish::Close(Line { line }) => {
                if let Some(open) = self.open.remove(&line) {
                    open.end();
                }
                Ok(())
            }
            Wish::Wake(Line { line }) => {
                if let Some(open) = self.open.get(&line) {
                    open.waker.wake();
                }
                Ok(())
            }
            Wish::Wait(WaitFor { line, millis }) => {
                let limit = Duration::from_millis(millis.into()).min(LONGEST_WAIT);
                self.ask(line, Ask::Wait(limit))
            }
            Wish::Select(Select { line, display }) => {
                let selection = display.map_or(DisplaySelection::All, DisplaySelection::One);
                self.ask(line, Ask::Select(selection))
            }
            Wish::Grab(Grab { line, region }) => {
                self.ask(line, Ask::Grab(region.into_iter().map(Into::into).collect()))
            }
            Wish::Inject(Inject { line, steps }) => {
                let acts = steps.into_iter().filter_map(|step| step.act).collect();
                self.ask(line, Ask::Inject(acts))
            }
            // For the service, which hands neither on.
            Wish::Hello(_) | Wish::Attention(_) | Wish::Goodbye(_) => {
                Err(ElevatedError::NotAllowed)
            }
        }
    }

    fn open(
        &mut self,
        line: u32,
        run: impl FnOnce(Arc<dyn Hands>, Out, Arc<Waking>, Receiver<Ask>) + Send + 'static,
    ) -> Result<(), ElevatedError> {
        if self.open.len() >= MAX_LINES || self.open.contains_key(&line) {
            return Err(ElevatedError::NotAllowed);
        }
        let (asks, asked) = sync_channel(MAX_WAITING);
        let waker = Arc::new(Waking::default());
        let (hands, out, its) = (Arc::clone(&self.hands), self.out.clone(), Arc::clone(&waker));
        let thread = std::thread::Builder::new()
            .name("elevated-line".into())
            .spawn(move || run(hands, out, its, asked))?;
        self.open.insert(line, Open { asks, waker, thread });
        Ok(())
    }

    /// A line that has ended by itself has said so.
    fn ask(&self, line: u32, ask: Ask) -> Result<(), ElevatedError> {
        let open = self.open.get(&line).ok_or(ElevatedError::NotAllowed)?;
        match open.asks.try_send(ask) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => Ok(()),
            Err(TrySendError::Full(_)) => Err(ElevatedError::NotAllowed),
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        for open in std::mem::take(&mut self.open).into_values() {
            open.end();
        }
    }
}

/// A screen, on its thread.
struct Screen {
    hands: Arc<dyn Hands>,
    out: Out,
    line: u32,
    waker: Arc<Waking>,
    inner: Option<Box<dyn ScreenCapture>>,
    /// What was chosen; nothing is read from a screen before.
    size: Option<PixelSize>,
    /// Events that had no room in the message before.
    left: VecDeque<ScreenEvent>,
}

impl Screen {
    fn run(mut self, asks: &Receiver<Ask>) {
        let opened = self.reopen().map(|()| self.surface());
        if self.answer(opened).is_err() {
            return;
        }
        while let Ok(ask) = asks.recv() {
            let done = match ask {
                Ask::Wait(limit) => self.wait(limit),
                Ask::Select(selection) => {
                    let selected = self.select(selection).map(|()| self.surface());
                    self.answer(selected)
                }
                Ask::Grab(region) => self.grab(region),
                Ask::Inject(_) => return,
            };
            // Nobody is there to be told.
            if done.is_err() {
                return;
            }
        }
    }

    fn reopen(&mut self) -> Result<(), CaptureError> {
        (self.inner, self.size) = (None, None);
        let screen = self.hands.open_screen()?;
        self.waker.set(screen.waker());
        self.inner = Some(screen);
        Ok(())
    }

    fn screen(&mut self) -> Result<&mut dyn ScreenCapture, CaptureError> {
        if self.inner.is_none() {
            self.reopen()?;
        }
        match &mut self.inner {
            Some(screen) => Ok(screen.as_mut()),
            None => Err(CaptureError {
                cause: CauseCode::CaptureFailed,
                detail: "the screen is not open".to_owned(),
                lost: true,
            }),
        }
    }

    fn surface(&self) -> Word {
        let size = self.size.unwrap_or(PixelSize { width: 0, height: 0 });
        let (x, y) = self.inner.as_ref().map_or((0, 0), |screen| screen.origin());
        let displays = self.inner.as_ref().map_or_else(Vec::new, |screen| screen.displays());
        Word::Surface(Surface {
            line: self.line,
            width: size.width,
            height: size.height,
            origin: Some(Place { x, y }),
            displays: displays.iter().map(display_message).collect(),
        })
    }

    fn answer(&mut self, outcome: Result<Word, CaptureError>) -> io::Result<()> {
        let word = outcome.unwrap_or_else(|error| {
            if error.lost {
                self.inner = None;
            }
            Word::Failed(capture_failed(self.line, &error))
        });
        self.out.say(&ToProgram { word: Some(word) })
    }

    fn wait(&mut self, limit: Duration) -> io::Result<()> {
        if self.left.is_empty() {
            let waited = self.screen().and_then(|screen| screen.wait(Some(limit)));
            match waited {
                Ok(events) => self.left.extend(events),
                // Another desktop shows, and is to be seen from now on.
                Err(error) if error.lost && self.reopen().is_ok() => {
                    tracing::info!(%error, "screen opened anew");
                    self.left.push_back(ScreenEvent::DisplaysChanged);
                }
                Err(error) => return self.answer(Err(error)),
            }
        }
        if self.left.contains(&ScreenEvent::DisplaysChanged) {
            self.size = None;
        }
        let events: Vec<ScreenEvent> = self.left.drain(..self.left.len().min(AT_ONCE)).collect();
        let events = events.iter().map(|event| event_out(&self.out, self.line, event));
        let events = events.collect::<io::Result<_>>()?;
        self.answer(Ok(Word::Events(Events { line: self.line, events })))
    }

    fn select(&mut self, selection: DisplaySelection) -> Result<(), CaptureError> {
        let size = self.screen()?.select(selection)?;
        self.size = Some(size);
        Ok(())
    }

    fn grab(&mut self, region: Vec<PixelRect>) -> io::Result<()> {
        let (line, out) = (self.line, self.out.clone());
        let Some(size) = self.size else {
            let detail = "nothing was chosen".to_owned();
            let cause = CauseCode::CaptureFailed;
            return self.answer(Err(CaptureError { cause, detail, lost: false }));
        };
        let region: Vec<PixelRect> =
            region.into_iter().filter_map(|rect| clipped(rect, size)).collect();
        let mut sent = Ok(());
        let grabbed = self.screen().and_then(|screen| {
            let view = screen.grab(&region)?;
            sent = region.iter().try_for_each(|rect| send_pixels(&out, line, view, *rect));
            Ok(Word::Done(Line { line }))
        });
        sent?;
        self.answer(grabbed)
    }
}

/// Keyboard and pointer, on their thread.
struct Input {
    out: Out,
    line: u32,
    held: HeldInput,
}

impl Input {
    fn run(mut self, hands: &dyn Hands, asks: &Receiver<Ask>) {
        let mut input = match hands.open_input() {
            Ok(input) => input,
            Err(error) => return drop(self.answer(Err(error))),
        };
        let mut told = self.answer(Ok(()));
        while told.is_ok()
            && let Ok(Ask::Inject(acts)) = asks.recv()
        {
            let mut injected = Ok(());
            for act in acts {
                injected = injected.and(self.act(input.as_mut(), &act));
            }
            let injected = injected.and_then(|()| input.flush());
            told = self.answer(injected);
        }
        self.release(input.as_mut());
    }

    fn act(&mut self, input: &mut dyn InputInjector, act: &Act) -> Result<(), InputError> {
        let control = match act {
            Act::Key(Key { code, extended, .. }) => u8::try_from(*code)
                .ok()
                .map(|code| Control::Key(ScanCode { code, extended: *extended })),
            Act::Button(press) => Some(Control::Button(press.button())),
            _ => None,
        };
        if let (Some(control), Act::Key(Key { down, .. }) | Act::Button(Press { down, .. })) =
            (control, act)
        {
            self.held.apply(PROGRAM, control, *down);
        }
        perform(input, act)
    }

    fn release(&mut self, input: &mut dyn InputInjector) {
        for control in self.held.release_all() {
            let up = match control {
                Control::Key(key) => input.key(key.code, key.extended, false),
                Control::Button(button) => match pointer_button(button) {
                    Some(button) => input.pointer_button(button, false),
                    None => Ok(()),
                },
            };
            if let Err(error) = up {
                tracing::warn!(%error, ?control, "held input could not be released");
            }
        }
        if let Err(error) = input.flush() {
            tracing::warn!(%error, "releases could not be sent to the system");
        }
    }

    fn answer(&self, outcome: Result<(), InputError>) -> io::Result<()> {
        let line = self.line;
        let word = match outcome {
            Ok(()) => Word::Done(Line { line }),
            Err(error) => {
                let cause = Some(cause(error.cause, &error.detail));
                Word::Failed(Failed { line, cause, lost: false })
            }
        };
        self.out.say(&ToProgram { word: Some(word) })
    }
}
