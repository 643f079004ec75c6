//! Eyes and fingers on the technician's display: keys go in, and the pixels that
//! come of them are seen as soon as they are there, whatever the client is.

use std::os::fd::AsFd;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::Event;
use x11rb::protocol::damage::{self, ConnectionExt as _, ReportLevel};
use x11rb::protocol::xproto::{
    AutoRepeatMode, BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ChangeKeyboardControlAux,
    ConnectionExt as _, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, MOTION_NOTIFY_EVENT, Rectangle, Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use super::picture::Picture;
use crate::barcode;
use crate::clock::{milliseconds, monotonic};
use crate::statistics::Samples;
use crate::workload::{BOX, SharedImage};

/// X keycode of `a` on the usual keyboard.
const KEYCODE: u8 = 38;
/// How long one key may take before it counts as lost.
const KEY_LIMIT: Duration = Duration::from_secs(5);

/// A display that is watched.
pub(super) struct Eye {
    connection: RustConnection,
    root: Window,
    width: u16,
    height: u16,
    image: SharedImage,
}

/// Keys and what became of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    /// From the key to its pixels, milliseconds.
    pub(super) samples: Samples,
    /// Keys without any effect.
    pub(super) lost: u32,
}

impl Eye {
    /// Connects, and from then on hears of every change.
    pub(super) fn open(display: &str) -> Result<Self> {
        let (connection, screen) = RustConnection::connect(Some(display))
            .with_context(|| format!("cannot open display {display}"))?;
        let screen = connection.setup().roots.get(screen).context("the display has no screen")?;
        let (root, width, height) = (screen.root, screen.width_in_pixels, screen.height_in_pixels);
        let image = SharedImage::new(&connection, width, height)?;
        connection
            .extension_information(damage::X11_EXTENSION_NAME)?
            .context("the display has no DAMAGE extension")?;
        connection.damage_query_version(1, 1)?.reply()?;
        let damage = connection.generate_id()?;
        connection.damage_create(damage, root, ReportLevel::RAW_RECTANGLES)?.check()?;
        Ok(Self { connection, root, width, height, image })
    }

    /// All pixels.
    pub(super) fn screen(&self) -> Result<Picture> {
        let (width, height) = (usize::from(self.width), usize::from(self.height));
        let mut pixels = vec![0; width * height * 4];
        let size = (self.width, self.height);
        self.image.take(&self.connection, self.root, (0, 0), size, &mut pixels)?;
        Ok(Picture { width, height, pixels })
    }

    /// A key that is held while a slow line carries it shall not repeat.
    pub(super) fn stop_repeating(&self) -> Result<()> {
        let off = ChangeKeyboardControlAux::new().auto_repeat_mode(AutoRepeatMode::OFF);
        self.connection.change_keyboard_control(&off)?.check()?;
        Ok(())
    }

    /// Moves the pointer and presses its left button there.
    pub(super) fn click(&self, (x, y): (i16, i16)) -> Result<()> {
        self.move_to((x, y))?;
        for kind in [BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT] {
            self.connection.xtest_fake_input(kind, 1, 0, self.root, 0, 0, 0)?;
            self.connection.flush()?;
            std::thread::sleep(Duration::from_millis(40));
        }
        Ok(())
    }

    /// Moves the pointer.
    pub(super) fn move_to(&self, (x, y): (i16, i16)) -> Result<()> {
        self.connection.xtest_fake_input(MOTION_NOTIFY_EVENT, 0, 0, self.root, x, y, 0)?;
        self.connection.flush()?;
        Ok(())
    }

    fn key(&self, kind: u8) -> Result<()> {
        self.connection.xtest_fake_input(kind, KEYCODE, 0, self.root, 0, 0, 0)?;
        self.connection.flush()?;
        Ok(())
    }

    /// Waits until something changes in a rectangle; false when it has not by `end`.
    pub(super) fn wait_for_change(
        &self,
        (left, top, width, height): (usize, usize, usize, usize),
        end: Duration,
    ) -> Result<bool> {
        let touches = |area: Rectangle| {
            let (x, y) = (i64::from(area.x), i64::from(area.y));
            x < (left + width) as i64
                && y < (top + height) as i64
                && x + i64::from(area.width) > left as i64
                && y + i64::from(area.height) > top as i64
        };
        loop {
            let mut touched = false;
            while let Some(event) = self.connection.poll_for_event()? {
                if let Event::DamageNotify(event) = event {
                    touched |= touches(event.area);
                }
            }
            if touched {
                return Ok(true);
            }
            let left = end.saturating_sub(monotonic());
            if left.is_zero() {
                return Ok(false);
            }
            let timeout = Timespec {
                tv_sec: i64::try_from(left.as_secs())?,
                tv_nsec: i64::from(left.subsec_nanos()),
            };
            let stream = self.connection.stream();
            match poll(
                &mut [PollFd::from_borrowed_fd(stream.as_fd(), PollFlags::IN)],
                Some(&timeout),
            ) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits until something changes anywhere.
    pub(super) fn wait_for_any_change(&self, end: Duration) -> Result<bool> {
        self.wait_for_change((0, 0, self.width.into(), self.height.into()), end)
    }

    /// Types, and waits for each key's pixels; the corner of the box of the typing
    /// workload is at `(x, y)`.
    pub(super) fn keys_to_pixels(
        &self,
        (x, y): (usize, usize),
        pauses: &[Duration],
    ) -> Result<Keys> {
        let (width, height) = BOX;
        let mut keys = Keys::default();
        for pause in pauses {
            std::thread::sleep(*pause);
            self.wait_for_any_change(Duration::ZERO)?;
            let before = self.box_is_white((x, y))?.context("the box of the keys is not shown")?;
            let start = monotonic();
            self.key(KEY_PRESS_EVENT)?;
            let flipped = loop {
                if !self.wait_for_change((x, y, width, height), start + KEY_LIMIT)? {
                    break false;
                }
                if self.box_is_white((x, y))?.is_some_and(|now| now != before) {
                    break true;
                }
            };
            let took = monotonic().saturating_sub(start);
            self.key(KEY_RELEASE_EVENT)?;
            if flipped {
                keys.samples.push(milliseconds(took));
            } else {
                keys.lost += 1;
                if keys.lost > 3 {
                    bail!("keys do not reach the other side: {} lost", keys.lost);
                }
            }
        }
        Ok(keys)
    }

    /// Whether the box is white; `None` while it is neither.
    fn box_is_white(&self, (x, y): (usize, usize)) -> Result<Option<bool>> {
        let (width, height) = BOX;
        // A few rows without text, away from the edges that a codec smears.
        let (rows, left, top) = (4, x + 16, y + height - 7);
        let (width, size) = (width - 32, (width - 32) * rows * 4);
        let mut pixels = vec![0; size];
        self.take((left, top), (width, rows), &mut pixels)?;
        Ok(white(&pixels))
    }

    fn take(
        &self,
        (x, y): (usize, usize),
        (width, height): (usize, usize),
        into: &mut [u8],
    ) -> Result<()> {
        let place = (i16::try_from(x)?, i16::try_from(y)?);
        let size = (u16::try_from(width)?, u16::try_from(height)?);
        self.image.take(&self.connection, self.root, place, size, into)
    }

    /// Reads the timestamp at `at` whenever it changes, until `end`: each code and
    /// when it was first seen.
    pub(super) fn codes(&self, at: (usize, usize), end: Duration) -> Result<Vec<(Duration, u32)>> {
        let (width, height) = (barcode::WIDTH, barcode::HEIGHT);
        let mut pixels = vec![0; width * height * 4];
        let mut codes: Vec<(Duration, u32)> = Vec::new();
        loop {
            self.take(at, (width, height), &mut pixels)?;
            let now = monotonic();
            if let Some(code) = barcode::read(&pixels, width * 4, (0, 0))
                && codes.last().is_none_or(|(_, last)| *last != code)
            {
                codes.push((now, code));
            }
            if !self.wait_for_change((at.0, at.1, width, height), end)? {
                return Ok(codes);
            }
        }
    }
}

/// Whether an area is white; `None` when it is neither that nor black.
fn white(pixels: &[u8]) -> Option<bool> {
    let (mut sum, mut count) = (0_u64, 0_u64);
    for pixel in pixels.chunks_exact(4) {
        sum += pixel.iter().take(3).map(|&value| u64::from(value)).sum::<u64>();
        count += 3;
    }
    match sum.checked_div(count)? {
        0..96 => Some(false),
        161.. => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_is_neither_white_nor_black() {
        assert_eq!(white(&[255; 64]), Some(true));
        assert_eq!(white(&[10, 20, 30, 255].repeat(9)), Some(false));
        assert_eq!(white(&[128; 64]), None);
        assert_eq!(white(&[]), None);
    }
}
