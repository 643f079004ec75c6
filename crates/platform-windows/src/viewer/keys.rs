//! What Windows tells of a key, and what of it is kept from other programs.

use std::collections::BTreeSet;

/// What a keyboard sends before the right Alt of a layout with AltGr: a left Ctrl that
/// nobody pressed, marked by this bit.
const MADE_UP: u32 = 0x200;
const CAPS_LOCK: u8 = 0x3A;
const NUM_LOCK_OR_PAUSE: u8 = 0x45;
const SCROLL_LOCK: u8 = 0x46;
const RIGHT_SHIFT: u8 = 0x36;

/// A key as messages and hooks tell it (`WM_KEYDOWN`, `KBDLLHOOKSTRUCT`) on the wire;
/// `None` for keys without a place on a board.
pub fn wire_key(scan: u32, extended: bool) -> Option<(u8, bool)> {
    if scan & MADE_UP != 0 {
        return None;
    }
    let code = (scan & 0xFF) as u8;
    match code {
        0 | 0x80.. => None,
        // Windows has the prefix of these two the other way round.
        NUM_LOCK_OR_PAUSE => Some((code, !extended)),
        // Some versions give the right Shift one.
        RIGHT_SHIFT => Some((code, false)),
        _ => Some((code, extended)),
    }
}

/// What a hook is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HookedKey {
    /// `KBDLLHOOKSTRUCT::scanCode`.
    pub scan: u32,
    /// `LLKHF_EXTENDED`.
    pub extended: bool,
    /// Going down.
    pub down: bool,
}

/// What becomes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Diverted {
    /// Goes where it would have gone, and nowhere else.
    Pass,
    /// To the viewer, and the system has it as well: lock keys, whose lights follow.
    Both,
    /// To the viewer alone.
    Take,
    /// Nobody gets it.
    Drop,
}

/// Which keys were kept from the system: their releases must be too, and no others.
#[derive(Debug, Default)]
pub struct DivertedKeys(BTreeSet<(u8, bool)>);

impl DivertedKeys {
    /// Judges a key. `ours`: the viewer's window is the one that is typed into.
    pub fn judge(&mut self, key: HookedKey, ours: bool) -> Diverted {
        if key.scan & MADE_UP != 0 {
            return if ours { Diverted::Drop } else { Diverted::Pass };
        }
        let Some(place) = wire_key(key.scan, key.extended) else { return Diverted::Pass };
        if !key.down {
            // A key that the system saw going down must be seen going up.
            return match (self.0.remove(&place), ours) {
                (true, true) => Diverted::Take,
                (true, false) => Diverted::Drop,
                (false, _) => Diverted::Pass,
            };
        }
        if !ours {
            return Diverted::Pass;
        }
        if matches!(place, (CAPS_LOCK | NUM_LOCK_OR_PAUSE | SCROLL_LOCK, false)) {
            return Diverted::Both;
        }
        self.0.insert(place);
        Diverted::Take
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(scan: u32, extended: bool, down: bool) -> HookedKey {
        HookedKey { scan, extended, down }
    }

    #[test]
    fn keys_of_windows_have_their_place_on_the_wire() {
        for (scan, extended, wire) in [
            (0x1E, false, Some((0x1E, false))),
            (0x1C, true, Some((0x1C, true))),
            (0x45, true, Some((0x45, false))),
            (0x45, false, Some((0x45, true))),
            (0x46, true, Some((0x46, true))),
            (0x36, true, Some((0x36, false))),
            (0x21D, false, None),
            (0, false, None),
            (0xE0, false, None),
        ] {
            assert_eq!(wire_key(scan, extended), wire, "{scan:x}");
        }
    }

    #[test]
    fn nothing_is_taken_while_another_window_is_typed_into() {
        let mut keys = DivertedKeys::default();
        for scan in 1..0x7F {
            for extended in [false, true] {
                assert_eq!(keys.judge(key(scan, extended, true), false), Diverted::Pass);
                assert_eq!(keys.judge(key(scan, extended, false), false), Diverted::Pass);
            }
        }
    }

    #[test]
    fn a_release_goes_where_its_press_went() {
        let mut keys = DivertedKeys::default();
        // Alt went down in another window, before Alt+Tab came here.
        assert_eq!(keys.judge(key(0x38, false, true), false), Diverted::Pass);
        assert_eq!(keys.judge(key(0x38, false, false), true), Diverted::Pass);
        // Win went down here, and up after another window came up.
        assert_eq!(keys.judge(key(0x5B, true, true), true), Diverted::Take);
        assert_eq!(keys.judge(key(0x5B, true, true), true), Diverted::Take, "held");
        assert_eq!(keys.judge(key(0x5B, true, false), false), Diverted::Drop);
        assert_eq!(keys.judge(key(0x5B, true, false), false), Diverted::Pass);
        // Here and here.
        assert_eq!(keys.judge(key(0x1E, false, true), true), Diverted::Take);
        assert_eq!(keys.judge(key(0x1E, false, false), true), Diverted::Take);
    }

    #[test]
    fn locks_go_to_both_and_the_made_up_ctrl_of_alt_gr_to_nobody() {
        let mut keys = DivertedKeys::default();
        assert_eq!(keys.judge(key(0x45, true, true), true), Diverted::Both, "Num Lock");
        assert_eq!(keys.judge(key(0x45, true, false), true), Diverted::Pass);
        assert_eq!(keys.judge(key(0x45, false, true), true), Diverted::Take, "Pause");
        assert_eq!(keys.judge(key(0x21D, false, true), true), Diverted::Drop);
        assert_eq!(keys.judge(key(0x38, true, true), true), Diverted::Take);
        assert_eq!(keys.judge(key(0x21D, false, true), false), Diverted::Pass);
    }
}
