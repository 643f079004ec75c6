//! What crosses the pipe in which shape. Pictures go as bytes beside the messages.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use gc_platform::{
    CaptureError, CursorImage, DisplayInfo, InputError, InputInjector, PixelRect, PixelSize,
    PointerButton, ScreenEvent, ScreenNotice, ScreenView,
};
use gc_proto::v2::{self, Button, Point};
use gc_types::CauseCode;
use prost::Message;

use super::message::{Act, Event, Failed, Goodbye, Key, Locks, Place, Rect, Seen};
use crate::input_thread::pointer_button;
use crate::worker::frame;

/// Of pictures, in one frame: what else is under way waits for no more than this.
const BAND: usize = 256 << 10;
/// A cursor has no longer side.
const MAX_CURSOR_SIDE: u32 = 256;

const PIXELS: u8 = 1;
const CURSOR: u8 = 2;

/// One end's way to the other, for all of its threads. A frame is never broken up.
#[derive(Clone)]
pub(super) struct Out(Arc<Mutex<Option<Box<dyn Write + Send>>>>);

impl Out {
    pub(super) fn new(writer: Box<dyn Write + Send>) -> Self {
        Self(Arc::new(Mutex::new(Some(writer))))
    }

    pub(super) fn say(&self, message: &impl Message) -> io::Result<()> {
        self.write(&frame::message(message))
    }

    /// What is not a message.
    pub(super) fn bytes(&self, body: &[u8]) -> io::Result<()> {
        self.write(&frame::report(body))
    }

    fn write(&self, frame: &[u8]) -> io::Result<()> {
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match writer.as_mut() {
            Some(writer) => writer.write_all(frame),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Nothing more goes out.
    pub(super) fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// What goes beside the messages.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    /// Rows from the top, without gaps.
    Pixels {
        line: u32,
        rect: PixelRect,
        bytes: Bytes,
    },
    Cursor {
        line: u32,
        image: CursorImage,
    },
}

impl Piece {
    /// `None`: it is none. Sizes are as announced; where they lie is the reader's to judge.
    pub(super) fn decode(mut body: Bytes) -> Option<Self> {
        const HEAD: usize = 1 + 5 * 4;
        if body.len() < HEAD {
            return None;
        }
        let kind = body.get_u8();
        let line = body.get_u32_le();
        let numbers = [(); 4].map(|()| body.get_u32_le());
        match (kind, numbers) {
            (PIXELS, [x, y, width, height]) => {
                let rect = PixelRect { x, y, width, height };
                let whole = (u64::from(width) * u64::from(height)).saturating_mul(4);
                let fine = width > 0 && height > 0 && whole == body.len() as u64;
                fine.then_some(Self::Pixels { line, rect, bytes: body })
            }
            (CURSOR, [width, height, hotspot_x, hotspot_y]) => {
                let sides = 1..=MAX_CURSOR_SIDE;
                let fine = sides.contains(&width)
                    && sides.contains(&height)
                    && hotspot_x < width
                    && hotspot_y < height
                    && body.len() as u64 == u64::from(width) * u64::from(height) * 4;
                fine.then(|| {
                    let size = PixelSize { width, height };
                    let image = CursorImage { size, hotspot_x, hotspot_y, rgba: body.to_vec() };
                    Self::Cursor { line, image }
                })
            }
            _ => None,
        }
    }
}

fn head(kind: u8, line: u32, numbers: [u32; 4], room: usize) -> BytesMut {
    let mut out = BytesMut::with_capacity(1 + 5 * 4 + room);
    out.put_u8(kind);
    out.put_u32_le(line);
    for number in numbers {
        out.put_u32_le(number);
    }
    out
}

/// Sends a part of a surface in bands.
pub(super) fn send_pixels(
    out: &Out,
    line: u32,
    view: ScreenView<'_>,
    rect: PixelRect,
) -> io::Result<()> {
    let row = rect.width as usize * 4;
    let rows = u32::try_from((BAND / row.max(1)).max(1)).unwrap_or(1);
    let mut y = rect.y;
    let end = rect.y.saturating_add(rect.height);
    while y < end {
        let height = rows.min(end - y);
        let mut body = head(PIXELS, line, [rect.x, y, rect.width, height], row * height as usize);
        for row_of in y..y + height {
            let from = row_of as usize * view.stride + rect.x as usize * 4;
            let bytes = view.pixels.get(from..from + row).ok_or(io::ErrorKind::InvalidData)?;
            body.put_slice(bytes);
        }
        out.bytes(&body)?;
        y += height;
    }
    Ok(())
}

/// Sends a cursor's shape, before the events that name it.
pub(super) fn send_cursor(out: &Out, line: u32, image: &CursorImage) -> io::Result<()> {
    let PixelSize { width, height } = image.size;
    let mut body =
        head(CURSOR, line, [width, height, image.hotspot_x, image.hotspot_y], image.rgba.len());
    body.put_slice(&image.rgba);
    out.bytes(&body)
}

/// The part of `rect` that is on a surface of this size; `None`: nothing of it.
pub(super) fn clipped(rect: PixelRect, size: PixelSize) -> Option<PixelRect> {
    let width = rect.width.min(size.width.checked_sub(rect.x)?);
    let height = rect.height.min(size.height.checked_sub(rect.y)?);
    (width > 0 && height > 0).then_some(PixelRect { width, height, ..rect })
}

impl From<PixelRect> for Rect {
    fn from(PixelRect { x, y, width, height }: PixelRect) -> Self {
        Self { x, y, width, height }
    }
}

impl From<Rect> for PixelRect {
    fn from(Rect { x, y, width, height }: Rect) -> Self {
        Self { x, y, width, height }
    }
}

/// Does one step.
pub(super) fn perform(input: &mut dyn InputInjector, act: &Act) -> Result<(), InputError> {
    match act {
        Act::Key(Key { code, extended, down }) => match u8::try_from(*code) {
            Ok(code) => input.key(code, *extended, *down),
            Err(_) => Ok(()),
        },
        Act::Text(text) => input.text(text),
        Act::Move(Place { x, y }) => input.pointer_move(*x, *y),
        Act::Button(press) => match pointer_button(press.button()) {
            Some(button) => input.pointer_button(button, press.down),
            None => Ok(()),
        },
        Act::Wheel(Place { x, y }) => input.wheel(*x, *y),
        Act::Locks(Locks { caps, num, scroll }) => input.set_locks(*caps, *num, *scroll),
    }
}

/// To the wire's name of a button.
pub(super) const fn button_out(button: PointerButton) -> Button {
    match button {
        PointerButton::Left => Button::Left,
        PointerButton::Middle => Button::Middle,
        PointerButton::Right => Button::Right,
        PointerButton::Back => Button::Back,
        PointerButton::Forward => Button::Forward,
    }
}

pub(super) fn cause(code: CauseCode, detail: &str) -> v2::Cause {
    v2::Cause { code: code as i32, detail: gc_proto::clean_text(detail, 200) }
}

/// What a cause says; `unknown` where its number says nothing here.
pub(super) fn read_cause(cause: Option<v2::Cause>, unknown: CauseCode) -> (CauseCode, String) {
    let cause = cause.unwrap_or_default();
    let code = CauseCode::from_number(cause.code).unwrap_or(unknown);
    (code, gc_proto::clean_text(&cause.detail, 200))
}

pub(super) fn capture_failed(line: u32, error: &CaptureError) -> Failed {
    Failed { line, cause: Some(cause(error.cause, &error.detail)), lost: error.lost }
}

pub(super) fn display_in(display: v2::Display) -> DisplayInfo {
    let Point { x, y } = display.origin.unwrap_or_default();
    let size = PixelSize { width: display.width.max(1), height: display.height.max(1) };
    DisplayInfo { id: display.id, name: display.name, x, y, size, primary: display.primary }
}

/// An event, after the picture that it takes.
pub(super) fn event_out(out: &Out, line: u32, event: &ScreenEvent) -> io::Result<Event> {
    let seen = match event {
        ScreenEvent::Damage(rect) => Seen::Damage((*rect).into()),
        ScreenEvent::DisplaysChanged => Seen::DisplaysChanged(Goodbye {}),
        ScreenEvent::CursorShape(shape) => {
            if let Some(shape) = shape {
                send_cursor(out, line, shape)?;
            }
            Seen::CursorShape(shape.is_some())
        }
        ScreenEvent::CursorMoved { x, y } => Seen::CursorMoved(Place { x: *x, y: *y }),
        ScreenEvent::Notice(Some(notice)) => Seen::Notice(cause(notice.cause, &notice.detail)),
        ScreenEvent::Notice(None) => Seen::NoticeOver(Goodbye {}),
    };
    Ok(Event { seen: Some(seen) })
}

/// The way back. `shape` gives the pictures that came before, in their order.
pub(super) fn event_in(
    event: Event,
    shape: &mut impl FnMut() -> Option<CursorImage>,
) -> Option<ScreenEvent> {
    Some(match event.seen? {
        Seen::Damage(rect) => ScreenEvent::Damage(rect.into()),
        Seen::DisplaysChanged(_) => ScreenEvent::DisplaysChanged,
        Seen::CursorShape(false) => ScreenEvent::CursorShape(None),
        Seen::CursorShape(true) => ScreenEvent::CursorShape(Some(shape()?)),
        Seen::CursorMoved(Place { x, y }) => ScreenEvent::CursorMoved { x, y },
        Seen::Notice(cause) => {
            let (cause, detail) = read_cause(Some(cause), CauseCode::CaptureFellBack);
            ScreenEvent::Notice(Some(ScreenNotice { cause, detail }))
        }
        Seen::NoticeOver(_) => ScreenEvent::Notice(None),
    })
}
