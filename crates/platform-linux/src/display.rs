//! The connection to an X server, and what can be wrong with it.

use gc_platform::{CaptureError, ClipboardError, DragError, InputError, PromptError, WindowError};
use gc_types::CauseCode;
use x11rb::connection::Connection;
use x11rb::errors::{ConnectError, ConnectionError, ReplyError, ReplyOrIdError};
use x11rb::protocol::xproto::{ImageOrder, Screen, VisualClass, Window};
use x11rb::rust_connection::RustConnection;

/// Why an X display cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DisplayError {
    /// No name was given.
    #[error("there is no X display: DISPLAY is not set")]
    Unset,
    /// Nobody answers, or refuses.
    #[error("the X display {name} cannot be opened: {cause}")]
    Open {
        /// As in `DISPLAY`.
        name: String,
        /// Said by the socket or the server.
        cause: ConnectError,
    },
    /// The server lacks an extension.
    #[error("the X server has no usable {0} extension")]
    Extension(&'static str),
    /// Pixels are not 32 bits of blue, green, red.
    #[error("the X display has {depth} bit pixels of a kind that cannot be captured")]
    PixelFormat {
        /// Of the root window.
        depth: u8,
    },
    /// The server died or closed the connection.
    #[error("the connection to the X server is lost: {0}")]
    Lost(#[from] ConnectionError),
    /// The server refused a request.
    #[error("the X server refused: {0}")]
    Refused(String),
    /// The operating system refused.
    #[error("system call failed: {0}")]
    System(#[from] std::io::Error),
}

impl DisplayError {
    /// Whether the connection will not come back.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Open { .. } | Self::Unset | Self::System(_))
    }
}

impl From<ReplyError> for DisplayError {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::ConnectionError(error) => Self::Lost(error),
            ReplyError::X11Error(error) => Self::Refused(format!("{error:?}")),
        }
    }
}

impl From<ReplyOrIdError> for DisplayError {
    fn from(error: ReplyOrIdError) -> Self {
        match error {
            ReplyOrIdError::ConnectionError(error) => Self::Lost(error),
            ReplyOrIdError::X11Error(error) => Self::Refused(format!("{error:?}")),
            ReplyOrIdError::IdsExhausted => Self::Refused("no more resource ids".to_owned()),
        }
    }
}

impl From<DisplayError> for CaptureError {
    fn from(error: DisplayError) -> Self {
        let lost = error.is_lost();
        let cause = if lost { CauseCode::NoDisplay } else { CauseCode::CaptureFailed };
        Self { cause, detail: error.to_string(), lost }
    }
}

impl From<DisplayError> for InputError {
    fn from(error: DisplayError) -> Self {
        Self { cause: CauseCode::InputUnavailable, detail: error.to_string() }
    }
}

impl From<DisplayError> for ClipboardError {
    fn from(error: DisplayError) -> Self {
        Self(error.to_string())
    }
}

impl From<DisplayError> for DragError {
    fn from(error: DisplayError) -> Self {
        Self::new(CauseCode::DragUnavailable, error.to_string())
    }
}

impl From<DisplayError> for PromptError {
    fn from(error: DisplayError) -> Self {
        Self(error.to_string())
    }
}

impl From<DisplayError> for WindowError {
    fn from(error: DisplayError) -> Self {
        Self(error.to_string())
    }
}

/// A connection of one thread.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) conn: RustConnection,
    pub(crate) screen: usize,
    pub(crate) root: Window,
}

impl Link {
    /// `name` is what `DISPLAY` holds. The cookie is found through `XAUTHORITY`.
    pub(crate) fn open(name: Option<&str>) -> Result<Self, DisplayError> {
        let name = name.filter(|name| !name.is_empty()).ok_or(DisplayError::Unset)?;
        let (conn, screen) = RustConnection::connect(Some(name))
            .map_err(|cause| DisplayError::Open { name: name.to_owned(), cause })?;
        let root = conn
            .setup()
            .roots
            .get(screen)
            .ok_or_else(|| DisplayError::Refused("no such screen".to_owned()))?
            .root;
        Ok(Self { conn, screen, root })
    }

    pub(crate) fn screen(&self) -> &Screen {
        &self.conn.setup().roots[self.screen]
    }

    /// Only 32 bits per pixel in the order blue, green, red: what every X server of the
    /// last twenty years has by default.
    pub(crate) fn check_format(&self) -> Result<(), DisplayError> {
        let setup = self.conn.setup();
        let screen = self.screen();
        let depth = screen.root_depth;
        let bits = setup.pixmap_formats.iter().find(|f| f.depth == depth).map(|f| f.bits_per_pixel);
        let visual = screen
            .allowed_depths
            .iter()
            .flat_map(|depth| &depth.visuals)
            .find(|visual| visual.visual_id == screen.root_visual);
        let usable = visual.is_some_and(|visual| {
            visual.class == VisualClass::TRUE_COLOR
                && (visual.red_mask, visual.green_mask, visual.blue_mask)
                    == (0xFF_0000, 0xFF00, 0xFF)
        });
        let little = setup.image_byte_order == ImageOrder::LSB_FIRST;
        if matches!(depth, 24 | 32) && bits == Some(32) && usable && little {
            Ok(())
        } else {
            Err(DisplayError::PixelFormat { depth })
        }
    }
}
