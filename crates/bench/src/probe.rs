//! Looking at the display itself: what is on it, and how long a key takes to
//! become a pixel without any remoting.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::Event;
use x11rb::protocol::damage::{self, ConnectionExt as _, ReportLevel};
use x11rb::protocol::xproto::{KEY_PRESS_EVENT, KEY_RELEASE_EVENT, Window};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use crate::clock::{milliseconds, monotonic};
use crate::statistics::Samples;
use crate::workload::{BOX, Geometry, Rect, SharedImage, Workload, box_is_white};

/// X keycode of `a` on the usual keyboard.
const KEYCODE: u8 = 38;

/// A connection of its own to the display.
pub(crate) struct Probe {
    connection: RustConnection,
    root: Window,
    width: u16,
    height: u16,
    image: SharedImage,
}

impl Probe {
    /// Connects.
    pub(crate) fn open(display: &str) -> Result<Self> {
        let (connection, screen) = RustConnection::connect(Some(display))?;
        let screen = connection.setup().roots.get(screen).context("the display has no screen")?;
        let (root, width, height) = (screen.root, screen.width_in_pixels, screen.height_in_pixels);
        let image = SharedImage::new(&connection, width, height)?;
        Ok(Self { connection, root, width, height, image })
    }

    /// The display's size.
    pub(crate) const fn geometry(&self) -> Geometry {
        Geometry { width: self.width as usize, height: self.height as usize }
    }

    /// The connection, for hearing of changes.
    pub(crate) const fn connection(&self) -> &RustConnection {
        &self.connection
    }

    /// Pixels of a rectangle, B G R X; the fourth byte is undefined.
    pub(crate) fn pixels(&self, rect: &Rect) -> Result<Vec<u8>> {
        let mut pixels = vec![0; rect.width * rect.height * 4];
        let at = (i16::try_from(rect.x)?, i16::try_from(rect.y)?);
        let size = (u16::try_from(rect.width)?, u16::try_from(rect.height)?);
        self.image.take(&self.connection, self.root, at, size, &mut pixels)?;
        Ok(pixels)
    }

    /// Asks to be told of every change from now on.
    pub(crate) fn watch(&self) -> Result<damage::Damage> {
        let connection = &self.connection;
        connection
            .extension_information(damage::X11_EXTENSION_NAME)?
            .context("the display has no DAMAGE extension")?;
        connection.damage_query_version(1, 1)?.reply()?;
        let damage = connection.generate_id()?;
        connection.damage_create(damage, self.root, ReportLevel::RAW_RECTANGLES)?.check()?;
        Ok(damage)
    }

    /// Presses a key and lets it go at once, so that no display repeats it.
    pub(crate) fn press(&self) -> Result<()> {
        for kind in [KEY_PRESS_EVENT, KEY_RELEASE_EVENT] {
            self.connection.xtest_fake_input(kind, KEYCODE, 0, self.root, 0, 0, 0)?;
        }
        self.connection.flush()?;
        Ok(())
    }

    /// All pixels of the display, B G R X; the fourth byte is undefined.
    pub(crate) fn screen(&self) -> Result<Vec<u8>> {
        let Geometry { width, height } = self.geometry();
        self.pixels(&Rect { x: 0, y: 0, width, height })
    }

    /// The display once nothing on it changes any more: two looks that agree.
    pub(crate) fn settled_screen(&self) -> Result<Vec<u8>> {
        let mut before = self.screen()?;
        for _ in 0..100 {
            std::thread::sleep(Duration::from_millis(20));
            let now = self.screen()?;
            if now == before {
                return Ok(now);
            }
            before = now;
        }
        bail!("the display did not come to rest in 2 s")
    }

    /// Key to pixel on the display itself, milliseconds. The typing workload runs
    /// on it.
    pub(crate) fn keys_to_pixels(&self, pauses: &[Duration]) -> Result<Samples> {
        let connection = &self.connection;
        let damage = self.watch()?;
        let mut samples = Samples::default();
        for pause in pauses {
            std::thread::sleep(*pause);
            while connection.poll_for_event()?.is_some() {}
            let before = self.box_is_white()?;
            let start = monotonic();
            self.press()?;
            loop {
                if let Event::DamageNotify(_) = connection.wait_for_event()?
                    && self.box_is_white()? != before
                {
                    break;
                }
                if monotonic().saturating_sub(start) > Duration::from_secs(2) {
                    bail!("a key did not change the display in 2 s");
                }
            }
            samples.push(milliseconds(monotonic().saturating_sub(start)));
        }
        connection.damage_destroy(damage)?.check()?;
        Ok(samples)
    }

    fn box_is_white(&self) -> Result<Option<bool>> {
        let at = self.geometry().key_box(Workload::Typing);
        let (x, y) = at.context("no box")?;
        let (width, height) = BOX;
        let pixels = self.pixels(&Rect { x, y, width, height })?;
        Ok(box_is_white(&pixels, width * 4, (0, 0)))
    }
}

/// Share of equal pixels of two pictures of B G R X; the fourth byte does not count.
pub(crate) fn equal_share(a: &[u8], b: &[u8]) -> f64 {
    let pairs = a.chunks_exact(4).zip(b.chunks_exact(4));
    let equal = pairs.filter(|(a, b)| a.iter().zip(*b).take(3).all(|(a, b)| a == b)).count();
    equal as f64 / (a.len().max(b.len()).max(4) / 4) as f64
}

/// Whether all pixels are equal; stops at the first that is not.
pub(crate) fn equal(a: &[u8], b: &[u8]) -> bool {
    let word = |pixel: &[u8; 4]| u32::from_le_bytes(*pixel) & 0x00FF_FFFF;
    let (a_words, a_rest) = a.as_chunks::<4>();
    let (b_words, b_rest) = b.as_chunks::<4>();
    a.len() == b.len()
        && a_rest == b_rest
        && a_words.iter().zip(b_words).all(|(a, b)| word(a) == word(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fourth_byte_of_a_pixel_does_not_count() {
        let (a, b) = ([1, 2, 3, 0, 4, 5, 6, 0], [1, 2, 3, 255, 4, 5, 6, 9]);
        assert!(equal(&a, &b));
        assert!((equal_share(&a, &b) - 1.0).abs() < f64::EPSILON);
        let other = [1, 2, 3, 0, 4, 5, 7, 0];
        assert!(!equal(&a, &other));
        assert!((equal_share(&a, &other) - 0.5).abs() < f64::EPSILON);
        assert!(!equal(&a, &a[..4]));
    }
}
