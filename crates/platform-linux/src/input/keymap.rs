//! Which key types a character: one of the user's layout where that is certain,
//! else a key code that no key uses, lent to the character.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use gc_types::Clock;
use x11rb::connection::Connection;
use x11rb::protocol::xkb::{ConnectionExt as _, ID};
use x11rb::protocol::xproto::{ConnectionExt as _, Keycode, Keysym, ModMask};

use crate::DisplayError;
use crate::display::Link;

/// Key codes lent at most; a layout usually leaves some 20 to 30 unused.
const MAX_BORROWED: usize = 32;
/// Before a lent key code gets another meaning, applications have this long to look
/// up what they were sent. There is no way to ask them whether they have.
const SETTLE: Duration = Duration::from_millis(60);

/// One character's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stroke {
    pub(super) code: Keycode,
    pub(super) shift: bool,
}

#[derive(Debug)]
struct Borrowed {
    code: Keycode,
    keysym: Keysym,
    // Counts uses; the least recent one gets the next character.
    used: u64,
    at: Duration,
}

/// The server's map, as last read, and the key codes borrowed in it.
pub(super) struct Keymap {
    clock: Arc<dyn Clock>,
    first: Keycode,
    width: usize,
    keysyms: Vec<Keysym>,
    borrowed: Vec<Borrowed>,
    uses: u64,
}

/// The symbol of a character: Latin-1 by its code, everything else by the rule for
/// Unicode (X11 protocol, appendix A).
pub(super) fn keysym(character: char) -> Keysym {
    match character {
        '\n' => 0xFF0D,
        '\t' => 0xFF09,
        ' '..='~' | '\u{A0}'..='\u{FF}' => character as Keysym,
        _ => 0x0100_0000 | character as Keysym,
    }
}

impl Keymap {
    pub(super) fn read(link: &Link, clock: Arc<dyn Clock>) -> Result<Self, DisplayError> {
        let first = link.conn.setup().min_keycode;
        let mut map =
            Self { clock, first, width: 0, keysyms: Vec::new(), borrowed: Vec::new(), uses: 0 };
        map.refresh(link)?;
        Ok(map)
    }

    // Before each text: clients of XKB are not told of every change in the same way,
    // and a read costs less than a wrong character.
    fn refresh(&mut self, link: &Link) -> Result<(), DisplayError> {
        let last = link.conn.setup().max_keycode;
        let map = link.conn.get_keyboard_mapping(self.first, last - self.first + 1)?;
        let modifiers = link.conn.get_modifier_mapping()?.reply()?.keycodes;
        let map = map.reply()?;
        self.width = usize::from(map.keysyms_per_keycode).max(1);
        self.keysyms = map.keysyms;
        // Ours that survived stay ours; everything else is looked for again.
        let (first, width) = (self.first, self.width);
        let keysyms = &self.keysyms;
        let symbols = |code: Keycode| {
            let at = usize::from(code - first) * width;
            keysyms.get(at..at + width).unwrap_or(&[])
        };
        self.borrowed
            .retain(|lent| lent.keysym != 0 && symbols(lent.code).first() == Some(&lent.keysym));
        let known: HashSet<_> = self.borrowed.iter().map(|lent| lent.code).collect();
        for code in (first..=last).rev() {
            if self.borrowed.len() >= MAX_BORROWED {
                break;
            }
            let free = symbols(code).iter().all(|symbol| *symbol == 0);
            if free && !known.contains(&code) && !modifiers.contains(&code) {
                self.borrowed.push(Borrowed { code, keysym: 0, used: 0, at: Duration::ZERO });
            }
        }
        Ok(())
    }

    /// Strokes for as many characters from the start as have room at once, and how
    /// many those are: at least one.
    pub(super) fn plan(
        &mut self,
        link: &Link,
        characters: &[char],
    ) -> Result<(Vec<Stroke>, usize), DisplayError> {
        self.refresh(link)?;
        let state = link.conn.xkb_get_state(ID::USE_CORE_KBD.into())?.reply()?;
        // With a modifier held or another group chosen, the layout would say something
        // else; a lent key code says the same in every state.
        let held = u16::from(state.mods) & !u16::from(ModMask::M2);
        let plain = held == 0 && u8::from(state.group) == 0;
        let round = self.uses + 1;
        let mut strokes = Vec::new();
        let mut changed = false;
        for (index, character) in characters.iter().enumerate() {
            let keysym = keysym(*character);
            if let Some(stroke) = self.direct(keysym, plain) {
                strokes.push(stroke);
                continue;
            }
            self.uses += 1;
            if let Some(lent) = self.borrowed.iter_mut().find(|lent| lent.keysym == keysym) {
                lent.used = self.uses;
                lent.at = self.clock.monotonic();
                strokes.push(Stroke { code: lent.code, shift: false });
                continue;
            }
            let Some(lent) = self.borrowed.iter_mut().min_by_key(|lent| lent.used) else {
                return Err(DisplayError::Refused("no key code is free for text".to_owned()));
            };
            if lent.used >= round {
                // Every lent key code has a character of this round.
                settle(link, changed)?;
                return Ok((strokes, index));
            }
            let now = self.clock.monotonic();
            if lent.keysym != 0 {
                let quiet = now.saturating_sub(lent.at);
                if quiet < SETTLE {
                    std::thread::sleep(SETTLE.saturating_sub(quiet));
                }
            }
            (lent.keysym, lent.used, lent.at) = (keysym, self.uses, now);
            // The same on both levels of both groups: Shift and Caps change nothing.
            link.conn.change_keyboard_mapping(1, lent.code, 4, &[keysym; 4])?;
            strokes.push(Stroke { code: lent.code, shift: false });
            changed = true;
        }
        settle(link, changed)?;
        Ok((strokes, characters.len()))
    }

    /// Return and Tab always have their key; others where the layout says so in the
    /// first group with nothing or Shift.
    fn direct(&self, keysym: Keysym, plain: bool) -> Option<Stroke> {
        if !plain {
            return None;
        }
        let rows = self.keysyms.chunks_exact(self.width).zip(self.first..=Keycode::MAX);
        let find = |column: usize| {
            rows.clone()
                .filter(|(_, code)| !self.borrowed.iter().any(|lent| lent.code == *code))
                .find(|(row, _)| row.get(column) == Some(&keysym))
                .map(|(_, code)| code)
        };
        if let Some(code) = find(0) {
            return Some(Stroke { code, shift: false });
        }
        find(1).map(|code| Stroke { code, shift: true })
    }

    /// Makes the borrowed key codes empty again.
    pub(super) fn give_back(&mut self, link: &Link) -> Result<(), DisplayError> {
        for lent in self.borrowed.drain(..).filter(|lent| lent.keysym != 0) {
            link.conn.change_keyboard_mapping(1, lent.code, 1, &[0])?;
        }
        Ok(())
    }
}

// Applications are told of the change before the keys that follow; the round trip
// makes sure that the server has it.
fn settle(link: &Link, changed: bool) -> Result<(), DisplayError> {
    if changed {
        link.conn.get_input_focus()?.reply()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_of_characters() {
        for (character, expected) in [
            ('a', 0x61),
            ('ä', 0xE4),
            ('ÿ', 0xFF),
            ('€', 0x0100_20AC),
            ('Ж', 0x0100_0416),
            ('あ', 0x0100_3042),
            ('😀', 0x0101_F600),
            ('\n', 0xFF0D),
            ('\t', 0xFF09),
        ] {
            assert_eq!(keysym(character), expected, "{character}");
        }
    }
}
