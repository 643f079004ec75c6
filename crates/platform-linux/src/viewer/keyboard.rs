//! Keys of the viewer's own computer: where they are on the board, and what they write.

use unicode_normalization::UnicodeNormalization as _;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt as _, KeyPressEvent, Keycode, Keysym};
use xkeysym::Keysym as Symbol;

use crate::DisplayError;
use crate::display::Link;

/// An X key code is that of Linux and this.
const EVDEV_OFFSET: u16 = 8;
/// Bits of an event's state.
const SHIFT: u16 = 1;
const LOCK: u16 = 1 << 1;
/// Num Lock and AltGr on every keymap of the last twenty years.
const NUM: u16 = 1 << 4;
const LEVEL3: u16 = 1 << 7;
const GROUP_AT: u16 = 13;

/// The layout as the server gives it to clients of the core protocol.
pub(super) struct Layout {
    first: Keycode,
    width: usize,
    symbols: Vec<Keysym>,
    /// A dead key that waits for its letter, as a combining character.
    dead: Option<char>,
}

/// The place of a key.
pub(super) fn place(code: Keycode) -> Option<(u8, bool)> {
    let evdev = u16::from(code).checked_sub(EVDEV_OFFSET)?;
    let key = gc_input::Key::by_evdev(evdev)?;
    Some((key.scan_code.code, key.scan_code.extended))
}

impl Layout {
    pub(super) fn read(link: &Link) -> Result<Self, DisplayError> {
        let setup = link.conn.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let reply = link.conn.get_keyboard_mapping(first, last - first + 1)?.reply()?;
        let width = usize::from(reply.keysyms_per_keycode).max(1);
        Ok(Self { first, width, symbols: reply.keysyms, dead: None })
    }

    /// No dead key waits any more.
    pub(super) fn forget(&mut self) {
        self.dead = None;
    }

    /// What a key writes as it goes down; nothing at all for a dead key, which waits for
    /// the next.
    pub(super) fn text(&mut self, event: &KeyPressEvent) -> Option<String> {
        let symbol = self.symbol(event.detail, event.state.into())?;
        if let Some(mark) = combining(symbol) {
            // The same dead key twice writes it alone.
            if self.dead.take() == Some(mark) {
                return Some(alone(mark).to_string());
            }
            self.dead = Some(mark);
            return Some(String::new());
        }
        let written = Symbol::new(symbol).key_char().filter(|it| !it.is_control())?;
        Some(match self.dead.take() {
            None => written.to_string(),
            Some(mark) if written == ' ' => alone(mark).to_string(),
            Some(mark) => {
                let pair: String = [written, mark].into_iter().nfc().collect();
                // No letter of its own: both, as everybody does.
                if pair.chars().count() == 1 { pair } else { format!("{}{written}", alone(mark)) }
            }
        })
    }

    /// By the rules of the core protocol and of XKB's way to give a layout to its
    /// clients: groups one and two in the first four columns, AltGr in those after.
    fn symbol(&self, code: Keycode, state: u16) -> Option<Keysym> {
        let row = usize::from(code.checked_sub(self.first)?) * self.width;
        let row = self.symbols.get(row..row + self.width)?;
        let column = |at: usize| row.get(at).copied().filter(|symbol| *symbol != 0);
        let group = usize::from(state >> GROUP_AT & 3).min(1) * 2;
        let base = if state & LEVEL3 != 0 { 4 + group } else { group };
        let plain = column(base).or_else(|| column(group)).or_else(|| column(0))?;
        let shifted = column(base + 1).unwrap_or(plain);
        let shift = state & SHIFT != 0;
        if keypad(shifted) {
            return Some(if (state & NUM != 0) == shift { plain } else { shifted });
        }
        let caps = state & LOCK != 0 && has_case(plain);
        Some(if shift == caps { plain } else { shifted })
    }
}

/// Keys of the number pad that are digits with Num Lock.
fn keypad(symbol: Keysym) -> bool {
    // KP_Multiply to KP_9.
    (0xFFAA..=0xFFB9).contains(&symbol)
}

fn has_case(symbol: Keysym) -> bool {
    let letter = Symbol::new(symbol).key_char();
    letter.is_some_and(|letter| letter.is_lowercase() || letter.is_uppercase())
}

/// The combining character of a dead key (keysymdef.h).
fn combining(symbol: Keysym) -> Option<char> {
    Some(match symbol {
        0xFE50 => '\u{300}',
        0xFE51 => '\u{301}',
        0xFE52 => '\u{302}',
        0xFE53 => '\u{303}',
        0xFE54 => '\u{304}',
        0xFE55 => '\u{306}',
        0xFE56 => '\u{307}',
        0xFE57 => '\u{308}',
        0xFE58 => '\u{30A}',
        0xFE59 => '\u{30B}',
        0xFE5A => '\u{30C}',
        0xFE5B => '\u{327}',
        0xFE5C => '\u{328}',
        0xFE60 => '\u{323}',
        0xFE61 => '\u{309}',
        0xFE62 => '\u{31B}',
        _ => return None,
    })
}

/// What a dead key writes without a letter.
fn alone(mark: char) -> char {
    match mark {
        '\u{300}' => '`',
        '\u{301}' => '´',
        '\u{302}' => '^',
        '\u{303}' => '~',
        '\u{304}' => '¯',
        '\u{306}' => '˘',
        '\u{307}' => '˙',
        '\u{308}' => '¨',
        '\u{30A}' => '°',
        '\u{30B}' => '˝',
        '\u{30C}' => 'ˇ',
        '\u{327}' => '¸',
        '\u{328}' => '˛',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys 8 and later, each with columns of group one, group two, and the same with
    /// AltGr.
    fn layout(rows: &[[Keysym; 6]]) -> Layout {
        Layout { first: 8, width: 6, symbols: rows.concat(), dead: None }
    }

    fn press(layout: &mut Layout, code: Keycode, state: u16) -> Option<String> {
        let event = KeyPressEvent {
            response_type: 2,
            detail: code,
            sequence: 0,
            time: 0,
            root: 0,
            event: 0,
            child: 0,
            root_x: 0,
            root_y: 0,
            event_x: 0,
            event_y: 0,
            state: state.into(),
            same_screen: true,
        };
        layout.text(&event)
    }

    #[test]
    fn a_key_writes_by_shift_lock_group_and_alt_gr() {
        // q Q, Cyrillic short i, @ with AltGr; then 1 on the number pad.
        let mut german = layout(&[
            [0x71, 0x51, 0x6CA, 0x6EA, 0x40, 0x7D9],
            [0xFF9C, 0xFFB1, 0, 0, 0, 0],
            [0xDF, 0x3F, 0, 0, 0x5C, 0],
        ]);
        let group2 = 1 << GROUP_AT;
        for (code, state, written) in [
            (8, 0, Some("q")),
            (8, SHIFT, Some("Q")),
            (8, LOCK, Some("Q")),
            (8, LOCK | SHIFT, Some("q")),
            (8, LEVEL3, Some("@")),
            (8, group2, Some("й")),
            (8, group2 | SHIFT, Some("Й")),
            (9, 0, None),
            (9, NUM, Some("1")),
            (9, NUM | SHIFT, None),
            (10, SHIFT, Some("?")),
            (10, LEVEL3, Some("\\")),
            (11, 0, None),
        ] {
            assert_eq!(press(&mut german, code, state).as_deref(), written, "{code} {state:x}");
        }
    }

    #[test]
    fn dead_keys_join_with_the_letter_after_them() {
        let mut french = layout(&[
            [0xFE52, 0xFE57, 0, 0, 0, 0],
            [0x65, 0x45, 0, 0, 0, 0],
            [0x78, 0x58, 0, 0, 0, 0],
            [0x20, 0x20, 0, 0, 0, 0],
        ]);
        assert_eq!(press(&mut french, 8, 0).as_deref(), Some(""));
        assert_eq!(press(&mut french, 9, 0).as_deref(), Some("ê"));
        press(&mut french, 8, SHIFT);
        assert_eq!(press(&mut french, 9, SHIFT).as_deref(), Some("Ë"));
        press(&mut french, 8, 0);
        assert_eq!(press(&mut french, 10, 0).as_deref(), Some("^x"));
        press(&mut french, 8, 0);
        assert_eq!(press(&mut french, 11, 0).as_deref(), Some("^"));
        press(&mut french, 8, 0);
        assert_eq!(press(&mut french, 8, 0).as_deref(), Some("^"));
        press(&mut french, 8, 0);
        french.forget();
        assert_eq!(press(&mut french, 9, 0).as_deref(), Some("e"));
    }

    #[test]
    fn keys_have_their_place() {
        assert_eq!(place(38), Some((0x1E, false)), "A");
        assert_eq!(place(104), Some((0x1C, true)), "Enter of the number pad");
        assert_eq!(place(127), Some((0x45, true)), "Pause");
        assert_eq!(place(7), None);
    }
}
