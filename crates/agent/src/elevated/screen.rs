//! Screen, keyboard and pointer of the helper, as the program has them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use gc_platform::{
    ActionError, CaptureError, CursorImage, DisplayInfo, DisplaySelection, InputError, PixelRect,
    PixelSize, ScreenCapture, ScreenEvent, ScreenView, WaitWaker,
};
use gc_proto::{MAX_PICTURE_PIXELS, MAX_PICTURE_SIDE};
use gc_types::CauseCode;

use super::desk::{Desk, Heard, LineEnd};
use super::message::{Act, Grab, Inject, Place, Select, Step, Surface, WaitFor, Wish, Word};
use super::serve::LONGEST_WAIT;
use super::steps::TakesSteps;
use super::wire::{Piece, clipped, display_in, event_in, read_cause};

/// Rectangles in one message.
pub(super) const AT_ONCE: usize = 1_000;
/// Characters in one message.
const TEXT_AT_ONCE: usize = 4_000;

fn lost(error: &ActionError) -> CaptureError {
    CaptureError { cause: CauseCode::CaptureFailed, detail: error.to_string(), lost: true }
}

fn nonsense() -> CaptureError {
    let detail = "the elevated part of the program cannot be understood".to_owned();
    CaptureError { cause: CauseCode::CaptureFailed, detail, lost: true }
}

/// The helper's screen.
pub(super) struct DeskScreen {
    line: LineEnd,
    displays: Vec<DisplayInfo>,
    origin: (i32, i32),
    size: PixelSize,
    pixels: Vec<u8>,
    /// Shapes whose events are still to come.
    cursors: VecDeque<CursorImage>,
}

impl DeskScreen {
    pub(super) fn open(desk: &Arc<Desk>) -> Result<Self, CaptureError> {
        let line = desk.line(Wish::OpenScreen).map_err(|error| lost(&error))?;
        let size = PixelSize { width: 1, height: 1 };
        let mut screen = Self {
            line,
            displays: Vec::new(),
            origin: (0, 0),
            size,
            pixels: vec![0; 4],
            cursors: VecDeque::new(),
        };
        let Word::Surface(surface) = screen.word()? else { return Err(nonsense()) };
        screen.take(surface);
        Ok(screen)
    }

    /// The next word; what comes beside it is kept.
    fn word(&mut self) -> Result<Word, CaptureError> {
        loop {
            match self.line.hear().map_err(|error| lost(&error))? {
                Heard::Word(Word::Failed(failed)) => {
                    let (cause, detail) = read_cause(failed.cause, CauseCode::CaptureFailed);
                    return Err(CaptureError { cause, detail, lost: failed.lost });
                }
                Heard::Word(word) => return Ok(word),
                Heard::Piece(Piece::Cursor { image, .. }) => self.cursors.push_back(image),
                Heard::Piece(Piece::Pixels { rect, bytes, .. }) => {
                    if clipped(rect, self.size) != Some(rect) {
                        return Err(nonsense());
                    }
                    let (row, stride) = (rect.width as usize * 4, self.size.width as usize * 4);
                    let first = rect.y as usize * stride + rect.x as usize * 4;
                    for (index, from) in bytes.chunks_exact(row).enumerate() {
                        let start = first + index * stride;
                        if let Some(to) = self.pixels.get_mut(start..start + row) {
                            to.copy_from_slice(from);
                        }
                    }
                }
            }
        }
    }

    fn ask(&mut self, wish: Wish) -> Result<Word, CaptureError> {
        self.line.ask(wish).map_err(|error| lost(&error))?;
        self.word()
    }

    fn take(&mut self, surface: Surface) {
        let Place { x, y } = surface.origin.unwrap_or_default();
        self.origin = (x, y);
        self.displays = surface.displays.into_iter().map(display_in).collect();
    }

    fn read(&mut self, region: &[PixelRect]) -> Result<(), CaptureError> {
        let line = self.line.number();
        for part in region.chunks(AT_ONCE) {
            let region = part.iter().copied().map(Into::into).collect();
            let Word::Done(_) = self.ask(Wish::Grab(Grab { line, region }))? else {
                return Err(nonsense());
            };
        }
        Ok(())
    }
}

impl ScreenCapture for DeskScreen {
    /// May return early without an event.
    fn wait(&mut self, timeout: Option<Duration>) -> Result<Vec<ScreenEvent>, CaptureError> {
        let limit = timeout.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT);
        // A part of a millisecond is one: the caller would come back at once and again.
        let millis = u32::try_from(limit.as_micros().div_ceil(1_000)).unwrap_or(u32::MAX);
        let line = self.line.number();
        let Word::Events(events) = self.ask(Wish::Wait(WaitFor { line, millis }))? else {
            return Err(nonsense());
        };
        let cursors = &mut self.cursors;
        let events = events.events.into_iter();
        events
            .map(|event| event_in(event, &mut || cursors.pop_front()).ok_or_else(nonsense))
            .collect()
    }

    fn waker(&self) -> Arc<dyn WaitWaker> {
        Arc::new(self.line.waker())
    }

    fn displays(&self) -> Vec<DisplayInfo> {
        self.displays.clone()
    }

    fn select(&mut self, selection: DisplaySelection) -> Result<PixelSize, CaptureError> {
        let display = match selection {
            DisplaySelection::All => None,
            DisplaySelection::One(id) => Some(id),
        };
        let line = self.line.number();
        let Word::Surface(surface) = self.ask(Wish::Select(Select { line, display }))? else {
            return Err(nonsense());
        };
        let size = PixelSize { width: surface.width, height: surface.height };
        let count = u64::from(size.width) * u64::from(size.height);
        let fine = (1..=MAX_PICTURE_PIXELS).contains(&count)
            && size.width.max(size.height) <= MAX_PICTURE_SIDE;
        if !fine {
            return Err(nonsense());
        }
        self.size = size;
        self.pixels.clear();
        self.pixels.resize(size.width as usize * size.height as usize * 4, 0);
        self.take(surface);
        Ok(size)
    }

    fn origin(&self) -> (i32, i32) {
        self.origin
    }

    fn grab(&mut self, region: &[PixelRect]) -> Result<ScreenView<'_>, CaptureError> {
        let read = self.read(region);
        // What was last seen, once more: the next wait tells that the helper is gone.
        if self.line.is_open() {
            read?;
        }
        let stride = self.size.width as usize * 4;
        Ok(ScreenView { size: self.size, stride, pixels: &self.pixels })
    }
}

/// The helper's keyboard and pointer.
pub(super) struct DeskInput {
    line: LineEnd,
    steps: Vec<Step>,
}

fn not_taken(error: &ActionError) -> InputError {
    InputError { cause: CauseCode::InputUnavailable, detail: error.to_string() }
}

impl DeskInput {
    pub(super) fn open(desk: &Arc<Desk>) -> Result<Self, InputError> {
        let line = desk.line(Wish::OpenInput).map_err(|error| not_taken(&error))?;
        let input = Self { line, steps: Vec::new() };
        input.done()?;
        Ok(input)
    }

    fn done(&self) -> Result<(), InputError> {
        match self.line.hear().map_err(|error| not_taken(&error))? {
            Heard::Word(Word::Done(_)) => Ok(()),
            Heard::Word(Word::Failed(failed)) => {
                let (cause, detail) = read_cause(failed.cause, CauseCode::InputUnavailable);
                Err(InputError { cause, detail })
            }
            _ => {
                let detail = "the elevated part of the program cannot be understood".to_owned();
                Err(InputError { cause: CauseCode::InputUnavailable, detail })
            }
        }
    }

    /// Goes with the next flush.
    fn keep(&mut self, act: Act) -> Result<(), InputError> {
        self.steps.push(Step { act: Some(act) });
        if self.steps.len() >= AT_ONCE { self.flush() } else { Ok(()) }
    }
}

impl TakesSteps for DeskInput {
    fn step(&mut self, act: Act) -> Result<(), InputError> {
        let Act::Text(text) = act else { return self.keep(act) };
        let all: Vec<char> = text.chars().collect();
        for part in all.chunks(TEXT_AT_ONCE) {
            self.flush()?;
            self.keep(Act::Text(part.iter().collect()))?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), InputError> {
        if self.steps.is_empty() {
            return Ok(());
        }
        let inject = Inject { line: self.line.number(), steps: std::mem::take(&mut self.steps) };
        self.line.ask(Wish::Inject(inject)).map_err(|error| not_taken(&error))?;
        self.done()
    }
}
