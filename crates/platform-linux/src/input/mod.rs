//! Input injection through XTest.

mod keymap;
pub(crate) mod locks;
pub(crate) mod stale;

use std::sync::Arc;

use gc_input::ScanCode;
use gc_platform::{InputError, InputInjector, PointerButton};
use gc_types::{CauseCode, Clock};
use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::xkb::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, KEY_PRESS_EVENT,
    KEY_RELEASE_EVENT, Keycode, MOTION_NOTIFY_EVENT, Window,
};
use x11rb::protocol::xtest::{self, ConnectionExt as _};

use self::keymap::{Keymap, Stroke};
use crate::DisplayError;
use crate::display::Link;

/// An X key code is that of Linux and this.
const EVDEV_OFFSET: u16 = 8;
const SHIFT_LEFT: Keycode = 42 + EVDEV_OFFSET as u8;
/// In `InputInjector::wheel`'s unit.
const NOTCH: i32 = 120;

/// Keyboard and pointer of an X display. Dropping it releases what it holds down
/// and gives borrowed key codes back.
pub struct X11Input {
    link: Link,
    keymap: Keymap,
    down: Vec<Keycode>,
    buttons: Vec<u8>,
    wheel: (i32, i32),
}

impl X11Input {
    /// Opens `display` (what `DISPLAY` holds). Keys and buttons that an injector
    /// before this one left down, because its process was killed, go up.
    pub fn open(display: Option<&str>, clock: Arc<dyn Clock>) -> Result<Self, InputError> {
        let link = Link::open(display)?;
        let need = |name: &'static str, label| match link.conn.extension_information(name) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(DisplayError::Extension(label)),
            Err(error) => Err(error.into()),
        };
        need(xtest::X11_EXTENSION_NAME, "XTEST")?;
        need(xkb::X11_EXTENSION_NAME, "XKEYBOARD")?;
        let version = || -> Result<bool, DisplayError> {
            link.conn.xtest_get_version(2, 2)?.reply()?;
            // A key must reach applications even while another program grabs the server.
            link.conn.xtest_grab_control(true)?.check()?;
            Ok(link.conn.xkb_use_extension(1, 0)?.reply()?.supported)
        };
        if !version()? {
            return Err(DisplayError::Extension("XKEYBOARD 1.0").into());
        }
        stale::release(&link)?;
        let keymap = Keymap::read(&link, clock)?;
        Ok(Self { link, keymap, down: Vec::new(), buttons: Vec::new(), wheel: (0, 0) })
    }

    fn fake(&self, kind: u8, detail: u8, root: Window, at: (i16, i16)) -> Result<(), DisplayError> {
        self.link.conn.xtest_fake_input(kind, detail, 0, root, at.0, at.1, 0)?;
        Ok(())
    }

    fn fake_key(&self, code: Keycode, down: bool) -> Result<(), DisplayError> {
        let kind = if down { KEY_PRESS_EVENT } else { KEY_RELEASE_EVENT };
        self.fake(kind, code, x11rb::NONE, (0, 0))
    }

    fn fake_button(&self, button: u8, down: bool) -> Result<(), DisplayError> {
        let kind = if down { BUTTON_PRESS_EVENT } else { BUTTON_RELEASE_EVENT };
        self.fake(kind, button, x11rb::NONE, (0, 0))
    }

    fn turn(&self, notches: i32, back: u8, forth: u8) -> Result<(), DisplayError> {
        let button = if notches < 0 { back } else { forth };
        for _ in 0..notches.unsigned_abs().min(100) {
            self.fake_button(button, true)?;
            self.fake_button(button, false)?;
        }
        Ok(())
    }

    fn strike(&self, stroke: Stroke) -> Result<(), DisplayError> {
        if stroke.shift {
            self.fake_key(SHIFT_LEFT, true)?;
        }
        self.fake_key(stroke.code, true)?;
        self.fake_key(stroke.code, false)?;
        if stroke.shift {
            self.fake_key(SHIFT_LEFT, false)?;
        }
        Ok(())
    }

    fn type_text(&mut self, text: &str) -> Result<(), DisplayError> {
        let characters: Vec<char> = text
            .replace("\r\n", "\n")
            .chars()
            .map(|c| if c == '\r' { '\n' } else { c })
            .filter(|c| matches!(c, '\n' | '\t') || !c.is_control())
            .collect();
        let mut rest = characters.as_slice();
        while !rest.is_empty() {
            // As many characters as the borrowed key codes have room for at once.
            let (strokes, done) = self.keymap.plan(&self.link, rest)?;
            for stroke in strokes {
                self.strike(stroke)?;
            }
            self.link.conn.flush()?;
            rest = &rest[done..];
        }
        Ok(())
    }

    /// Nobody reads events here; unread ones would pile up.
    fn discard_events(&mut self) -> Result<(), DisplayError> {
        while self.link.conn.poll_for_event()?.is_some() {}
        Ok(())
    }
}

impl InputInjector for X11Input {
    fn key(&mut self, scan_code: u8, extended: bool, down: bool) -> Result<(), InputError> {
        let setup = self.link.conn.setup();
        let code = ScanCode { code: scan_code, extended }
            .key()
            .and_then(|key| Keycode::try_from(key.evdev + EVDEV_OFFSET).ok())
            .filter(|code| (setup.min_keycode..=setup.max_keycode).contains(code))
            .ok_or_else(|| InputError {
                cause: CauseCode::KeyNotMapped,
                detail: format!("no key has scan code {scan_code:#04x}, extended {extended}"),
            })?;
        if down {
            // The X server repeats held keys by itself; passing the repeats of a
            // distant keyboard on would repeat twice.
            if self.down.contains(&code) {
                return Ok(());
            }
            self.down.push(code);
        } else {
            self.down.retain(|held| *held != code);
        }
        Ok(self.fake_key(code, down)?)
    }

    fn text(&mut self, text: &str) -> Result<(), InputError> {
        // Applications turn letters into capitals by themselves while Caps Lock is on,
        // whatever symbol the key has.
        let caps = locks::caps(&self.link)?;
        if caps {
            locks::set_caps(&self.link, false)?;
        }
        let typed = self.type_text(text);
        if caps {
            locks::set_caps(&self.link, true)?;
        }
        Ok(typed?)
    }

    fn pointer_move(&mut self, x: i32, y: i32) -> Result<(), InputError> {
        let limit = |v: i32| v.clamp(0, i16::MAX.into()) as i16;
        // Detail 0: the position is absolute.
        Ok(self.fake(MOTION_NOTIFY_EVENT, 0, self.link.root, (limit(x), limit(y)))?)
    }

    fn pointer_button(&mut self, button: PointerButton, down: bool) -> Result<(), InputError> {
        let button = match button {
            PointerButton::Left => 1,
            PointerButton::Middle => 2,
            PointerButton::Right => 3,
            PointerButton::Back => 8,
            PointerButton::Forward => 9,
        };
        self.buttons.retain(|held| *held != button);
        if down {
            self.buttons.push(button);
        }
        Ok(self.fake_button(button, down)?)
    }

    fn wheel(&mut self, x: i32, y: i32) -> Result<(), InputError> {
        let whole = |rest: &mut i32, turned: i32| {
            *rest = rest.saturating_add(turned);
            let notches = *rest / NOTCH;
            *rest %= NOTCH;
            notches
        };
        let right = whole(&mut self.wheel.0, x);
        let down = whole(&mut self.wheel.1, y);
        self.turn(down, 4, 5)?;
        Ok(self.turn(right, 6, 7)?)
    }

    fn set_locks(&mut self, caps: bool, num: bool, scroll: bool) -> Result<(), InputError> {
        Ok(locks::set(&self.link, caps, num, scroll)?)
    }

    fn flush(&mut self) -> Result<(), InputError> {
        self.link.conn.flush().map_err(DisplayError::from)?;
        Ok(self.discard_events()?)
    }
}

impl Drop for X11Input {
    fn drop(&mut self) {
        let mut up = || -> Result<(), DisplayError> {
            for code in &self.down {
                self.fake_key(*code, false)?;
            }
            for button in &self.buttons {
                self.fake_button(*button, false)?;
            }
            self.keymap.give_back(&self.link)?;
            // A round trip: the server has acted before the connection closes.
            self.link.conn.get_input_focus()?.reply()?;
            Ok(())
        };
        if let Err(error) = up() {
            tracing::debug!(%error, "Releasing the keyboard failed");
        }
    }
}
