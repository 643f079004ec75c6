//! A window of a viewer: pixels go in, keys and pointer come out. How it looks and what
//! keys mean is told elsewhere; this is what each system has its own way for.

use std::sync::Arc;
use std::time::Duration;

use crate::{
    Card, CursorImage, DragEnd, OfferedFiles, PixelRect, PixelSize, PointerButton, StorePath,
    WaitWaker,
};

/// Why there is no window, or not any more.
#[derive(Debug, thiserror::Error)]
#[error("window: {0}")]
pub struct WindowError(pub String);

/// A key by its place on the board, as in `input.proto`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowKey {
    /// PS/2 set 1 make code, 0x01–0x7F.
    pub scan_code: u8,
    /// Whether it has the 0xE0 prefix.
    pub extended: bool,
    /// Down, or up.
    pub down: bool,
    /// Down for a while already.
    pub repeat: bool,
    /// What it writes by the layout of this computer, dead keys before it included; only
    /// after [`ViewerWindow::set_text_wanted`]. Never a control character; empty for a dead
    /// key, which waits for the next.
    pub text: Option<String>,
}

/// Something that happened to the window. Places are in its pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WindowEvent {
    /// It has another size or scale; its pixels are black and all of them are to be
    /// drawn.
    Resized,
    /// It has the keyboard, or not any more. Keys come only between the two.
    Focus(bool),
    /// A key.
    Key(WindowKey),
    /// The pointer is here; may lie outside while a button is down.
    PointerMoved {
        /// From the left.
        x: i32,
        /// From the top.
        y: i32,
    },
    /// The pointer is over the window no more.
    PointerLeft,
    /// A button of the pointer.
    PointerButton {
        /// Which.
        button: PointerButton,
        /// Down, or up.
        down: bool,
        /// From the left.
        x: i32,
        /// From the top.
        y: i32,
    },
    /// The wheel, in 1/120 of a notch; positive is right and down.
    Wheel {
        /// Sideways.
        dx: i32,
        /// Along.
        dy: i32,
    },
    /// Files and folders of this computer were dropped on it; only after
    /// [`ViewerWindow::take_files`].
    Dropped {
        /// By the root or a drive.
        files: Vec<StorePath>,
        /// Where, from the left.
        x: i32,
        /// From the top.
        y: i32,
    },
    /// What [`ViewerWindow::drag_out`] began is over.
    DragEnded(DragEnd),
    /// The graphics card could not show again what was uncovered, or what it draws does not
    /// come to the screen, and why; see [`ViewerWindow::close_card`].
    CardLost(String),
    /// The user wants it closed.
    CloseRequested,
}

/// How the lock keys of this computer stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LockKeys {
    /// Caps Lock.
    pub caps: bool,
    /// Num Lock.
    pub num: bool,
    /// Scroll Lock.
    pub scroll: bool,
}

/// What the pointer looks like over the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WindowCursor {
    /// The system's usual arrow.
    Arrow,
    /// Nothing.
    Hidden,
    /// This picture.
    Image(CursorImage),
}

/// A window on the thread that opened it. Dropping it closes it.
///
/// The system draws what was presented before again by itself when it is uncovered, so
/// a viewer at rest does nothing.
pub trait ViewerWindow {
    /// Blocks until something has happened, the waker was called or `timeout` has passed
    /// (`None`: no limit), and adds what has happened to `events`. Polls nothing.
    fn wait(
        &mut self,
        timeout: Option<Duration>,
        events: &mut Vec<WindowEvent>,
    ) -> Result<(), WindowError>;

    /// The waker of [`wait`](Self::wait).
    fn waker(&self) -> Arc<dyn WaitWaker>;

    /// Of the inside, as of the last event.
    fn size(&self) -> PixelSize;

    /// Pixels to one of 1/96 inch.
    fn scale(&self) -> f32;

    /// What it shows: rows of B G R X without gaps, X undefined. Keeps what was drawn
    /// until [`WindowEvent::Resized`].
    fn pixels(&mut self) -> &mut [u8];

    /// Shows a part of the pixels.
    fn present(&mut self, area: PixelRect) -> Result<(), WindowError>;

    /// Has the graphics card draw it from now on, by [`card`](Self::card), and answers
    /// with the card's name. `any`: also by a renderer that is known to be none before it
    /// is asked; see [`is_software_renderer`](crate::is_software_renderer) for those that
    /// tell only by their names. Takes a moment: libraries are loaded.
    fn open_card(&mut self, any: bool) -> Result<String, WindowError> {
        let _ = any;
        Err(WindowError("windows of this system are not drawn by a graphics card".to_owned()))
    }

    /// What draws it instead of [`pixels`](Self::pixels) and [`present`](Self::present).
    fn card(&mut self) -> Option<&mut dyn Card> {
        None
    }

    /// Goes back to [`pixels`](Self::pixels), whose content is undefined then.
    fn close_card(&mut self) {}

    /// Names it.
    fn set_title(&mut self, title: &str);

    /// Chooses what the pointer looks like.
    fn set_cursor(&mut self, cursor: &WindowCursor);

    /// Fills the monitor that it is on, or goes back.
    fn set_full_screen(&mut self, on: bool);

    /// Brings it to the front, and the keyboard to it, as far as the system lets it.
    fn raise(&mut self) {}

    /// Lets it have the keys that the system keeps for itself, for as long as it has the
    /// keyboard: Win and what goes with it, Alt+Tab, Alt+Esc, Ctrl+Esc. No other program
    /// is ever touched by it.
    fn divert_keys(&mut self, on: bool);

    /// Has keys come with what they write.
    fn set_text_wanted(&mut self, on: bool);

    /// Whether files may be dropped on it.
    fn take_files(&mut self, on: bool);

    /// Whether [`drag_out`](Self::drag_out) does anything.
    fn drags_out(&self) -> bool {
        false
    }

    /// Files of the machine leave the window under the pointer, whose left button went down
    /// over it and is still held. From now on the program below the pointer is asked, until
    /// the button goes up or Escape is struck; no event of pointer and keys comes meanwhile.
    /// The files come when a program takes them. [`WindowEvent::DragEnded`] follows, once.
    /// May return only then, where that is a loop of the system's.
    fn drag_out(&mut self, files: Arc<dyn OfferedFiles>) -> Result<(), WindowError> {
        drop(files);
        Err(WindowError("files cannot be dragged out of this window".to_owned()))
    }

    /// How the lock keys stand now.
    fn locks(&self) -> LockKeys;
}
