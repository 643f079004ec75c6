//! The keys of a board: PS/2 set 1 scan code, browser name, Linux code.
//!
//! Sources: UI Events KeyboardEvent code values (W3C), the scan code columns of
//! "USB HID to PS/2 Scan Code Translation Table" (Microsoft), and
//! `linux/input-event-codes.h`. `input.proto` fixes what sources disagree on: NumLock
//! is 0x45 and Pause is 0x45 extended (Windows messages have the flag the other way
//! round).

/// A key by its place on the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScanCode {
    /// PS/2 set 1 make code, 0x01–0x7F.
    pub code: u8,
    /// Whether it has the 0xE0 prefix.
    pub extended: bool,
}

impl ScanCode {
    /// A key without the prefix.
    pub const fn plain(code: u8) -> Self {
        Self { code, extended: false }
    }

    /// A key with the prefix.
    pub const fn extended(code: u8) -> Self {
        Self { code, extended: true }
    }

    /// Whether the key is a modifier that is held down while others are pressed.
    pub const fn is_modifier(self) -> bool {
        matches!(
            (self.code, self.extended),
            // Shift and Control and Alt on the left; Control and Alt on the right; Meta.
            (0x1D | 0x2A | 0x36 | 0x38, false) | (0x1D | 0x38 | 0x5B | 0x5C, true)
        )
    }

    /// The row of the table. Two codes that boards send for another key's
    /// combination are folded onto that key: 0x54 (Alt+PrintScreen) and
    /// 0x46 extended (Ctrl+Pause).
    pub fn key(self) -> Option<&'static Key> {
        let folded = match (self.code, self.extended) {
            (0x54, false) => Self::extended(0x37),
            (0x46, true) => Self::extended(0x45),
            _ => self,
        };
        KEYS.iter().find(|key| key.scan_code == folded)
    }
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// `KeyboardEvent.code` of browsers.
    pub name: &'static str,
    /// On the wire.
    pub scan_code: ScanCode,
    /// `KEY_*` of Linux; an X server with evdev key codes has this plus 8.
    pub evdev: u16,
}

impl Key {
    /// By `KeyboardEvent.code`.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// By the code of Linux.
    pub fn by_evdev(evdev: u16) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.evdev == evdev)
    }
}

const fn p(name: &'static str, code: u8, evdev: u16) -> Key {
    Key { name, scan_code: ScanCode::plain(code), evdev }
}

const fn e(name: &'static str, code: u8, evdev: u16) -> Key {
    Key { name, scan_code: ScanCode::extended(code), evdev }
}

/// Every key there is a code for.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    p("Escape", 0x01, 1),
    p("Digit1", 0x02, 2), p("Digit2", 0x03, 3), p("Digit3", 0x04, 4), p("Digit4", 0x05, 5),
    p("Digit5", 0x06, 6), p("Digit6", 0x07, 7), p("Digit7", 0x08, 8), p("Digit8", 0x09, 9),
    p("Digit9", 0x0A, 10), p("Digit0", 0x0B, 11), p("Minus", 0x0C, 12), p("Equal", 0x0D, 13),
    p("Backspace", 0x0E, 14), p("Tab", 0x0F, 15),
    p("KeyQ", 0x10, 16), p("KeyW", 0x11, 17), p("KeyE", 0x12, 18), p("KeyR", 0x13, 19),
    p("KeyT", 0x14, 20), p("KeyY", 0x15, 21), p("KeyU", 0x16, 22), p("KeyI", 0x17, 23),
    p("KeyO", 0x18, 24), p("KeyP", 0x19, 25), p("BracketLeft", 0x1A, 26),
    p("BracketRight", 0x1B, 27), p("Enter", 0x1C, 28), p("ControlLeft", 0x1D, 29),
    p("KeyA", 0x1E, 30), p("KeyS", 0x1F, 31), p("KeyD", 0x20, 32), p("KeyF", 0x21, 33),
    p("KeyG", 0x22, 34), p("KeyH", 0x23, 35), p("KeyJ", 0x24, 36), p("KeyK", 0x25, 37),
    p("KeyL", 0x26, 38), p("Semicolon", 0x27, 39), p("Quote", 0x28, 40),
    p("Backquote", 0x29, 41), p("ShiftLeft", 0x2A, 42), p("Backslash", 0x2B, 43),
    p("KeyZ", 0x2C, 44), p("KeyX", 0x2D, 45), p("KeyC", 0x2E, 46), p("KeyV", 0x2F, 47),
    p("KeyB", 0x30, 48), p("KeyN", 0x31, 49), p("KeyM", 0x32, 50), p("Comma", 0x33, 51),
    p("Period", 0x34, 52), p("Slash", 0x35, 53), p("ShiftRight", 0x36, 54),
    p("NumpadMultiply", 0x37, 55), p("AltLeft", 0x38, 56), p("Space", 0x39, 57),
    p("CapsLock", 0x3A, 58),
    p("F1", 0x3B, 59), p("F2", 0x3C, 60), p("F3", 0x3D, 61), p("F4", 0x3E, 62),
    p("F5", 0x3F, 63), p("F6", 0x40, 64), p("F7", 0x41, 65), p("F8", 0x42, 66),
    p("F9", 0x43, 67), p("F10", 0x44, 68), p("NumLock", 0x45, 69), p("ScrollLock", 0x46, 70),
    p("Numpad7", 0x47, 71), p("Numpad8", 0x48, 72), p("Numpad9", 0x49, 73),
    p("NumpadSubtract", 0x4A, 74), p("Numpad4", 0x4B, 75), p("Numpad5", 0x4C, 76),
    p("Numpad6", 0x4D, 77), p("NumpadAdd", 0x4E, 78), p("Numpad1", 0x4F, 79),
    p("Numpad2", 0x50, 80), p("Numpad3", 0x51, 81), p("Numpad0", 0x52, 82),
    p("NumpadDecimal", 0x53, 83), p("IntlBackslash", 0x56, 86), p("F11", 0x57, 87),
    p("F12", 0x58, 88), p("NumpadEqual", 0x59, 117),
    p("F13", 0x64, 183), p("F14", 0x65, 184), p("F15", 0x66, 185), p("F16", 0x67, 186),
    p("F17", 0x68, 187), p("F18", 0x69, 188), p("F19", 0x6A, 189), p("F20", 0x6B, 190),
    p("F21", 0x6C, 191), p("F22", 0x6D, 192), p("F23", 0x6E, 193), p("F24", 0x76, 194),
    // Japanese, Korean and Brazilian boards.
    p("KanaMode", 0x70, 93), p("Lang2", 0x71, 123), p("Lang1", 0x72, 122),
    p("IntlRo", 0x73, 89), p("Lang4", 0x77, 91), p("Lang3", 0x78, 90),
    p("Convert", 0x79, 92), p("NonConvert", 0x7B, 94), p("IntlYen", 0x7D, 124),
    p("NumpadComma", 0x7E, 121),
    // With the prefix.
    e("Undo", 0x08, 131), e("Paste", 0x0A, 135), e("MediaTrackPrevious", 0x10, 165),
    e("Cut", 0x17, 137), e("Copy", 0x18, 133), e("MediaTrackNext", 0x19, 163),
    e("NumpadEnter", 0x1C, 96), e("ControlRight", 0x1D, 97), e("AudioVolumeMute", 0x20, 113),
    e("LaunchApp2", 0x21, 140), e("MediaPlayPause", 0x22, 164), e("MediaStop", 0x24, 166),
    e("Eject", 0x2C, 161), e("AudioVolumeDown", 0x2E, 114), e("AudioVolumeUp", 0x30, 115),
    e("BrowserHome", 0x32, 172), e("NumpadDivide", 0x35, 98), e("PrintScreen", 0x37, 99),
    e("AltRight", 0x38, 100), e("Help", 0x3B, 138), e("Pause", 0x45, 119),
    e("Home", 0x47, 102), e("ArrowUp", 0x48, 103), e("PageUp", 0x49, 104),
    e("ArrowLeft", 0x4B, 105), e("ArrowRight", 0x4D, 106), e("End", 0x4F, 107),
    e("ArrowDown", 0x50, 108), e("PageDown", 0x51, 109), e("Insert", 0x52, 110),
    e("Delete", 0x53, 111), e("MetaLeft", 0x5B, 125), e("MetaRight", 0x5C, 126),
    e("ContextMenu", 0x5D, 127), e("Power", 0x5E, 116), e("Sleep", 0x5F, 142),
    e("WakeUp", 0x63, 143), e("BrowserSearch", 0x65, 217), e("BrowserFavorites", 0x66, 156),
    e("BrowserRefresh", 0x67, 173), e("BrowserStop", 0x68, 128), e("BrowserForward", 0x69, 159),
    e("BrowserBack", 0x6A, 158), e("LaunchApp1", 0x6B, 157), e("LaunchMail", 0x6C, 155),
    e("MediaSelect", 0x6D, 226),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn every_column_is_unique_and_in_range() {
        let names: HashSet<_> = KEYS.iter().map(|key| key.name).collect();
        let codes: HashSet<_> = KEYS.iter().map(|key| key.scan_code).collect();
        let evdev: HashSet<_> = KEYS.iter().map(|key| key.evdev).collect();
        assert_eq!((names.len(), codes.len(), evdev.len()), (KEYS.len(), KEYS.len(), KEYS.len()));
        for key in KEYS {
            assert!((0x01..=0x7F).contains(&key.scan_code.code), "{key:?}");
            // An X key code is at most 255.
            assert!((1..=247).contains(&key.evdev), "{key:?}");
        }
    }

    #[test]
    fn the_plain_main_block_has_the_linux_codes() {
        // Linux took its numbers for this block from set 1.
        for key in KEYS.iter().filter(|key| !key.scan_code.extended && key.scan_code.code <= 0x58) {
            assert_eq!(u16::from(key.scan_code.code), key.evdev, "{key:?}");
        }
    }

    #[test]
    fn the_awkward_keys_are_told_apart() {
        let at = |name| Key::by_name(name).map(|key| (key.scan_code.code, key.scan_code.extended));
        assert_eq!(at("NumLock"), Some((0x45, false)));
        assert_eq!(at("Pause"), Some((0x45, true)));
        assert_eq!(at("NumpadMultiply"), Some((0x37, false)));
        assert_eq!(at("PrintScreen"), Some((0x37, true)));
        assert_eq!(at("Slash"), Some((0x35, false)));
        assert_eq!(at("NumpadDivide"), Some((0x35, true)));
        assert_eq!(at("Numpad8"), Some((0x48, false)));
        assert_eq!(at("ArrowUp"), Some((0x48, true)));
        assert_eq!(at("ControlRight"), Some((0x1D, true)));
        assert_eq!(at("NoSuchKey"), None);
        assert_eq!(ScanCode::plain(0x54).key(), Key::by_name("PrintScreen"));
        assert_eq!(ScanCode::extended(0x46).key(), Key::by_name("Pause"));
        assert_eq!(ScanCode::plain(0x7F).key(), None);
        assert_eq!(Key::by_evdev(100), Key::by_name("AltRight"));
    }

    #[test]
    fn a_whole_board_is_there() {
        let mut board: Vec<String> = ('A'..='Z').map(|c| format!("Key{c}")).collect();
        board.extend((0..=9).flat_map(|n| [format!("Digit{n}"), format!("Numpad{n}")]));
        board.extend((1..=24).map(|n| format!("F{n}")));
        board.extend(
            "Escape Backquote Minus Equal Backspace Tab BracketLeft BracketRight Backslash \
             CapsLock Semicolon Quote Enter ShiftLeft ShiftRight IntlBackslash Comma Period Slash \
             ControlLeft ControlRight AltLeft AltRight MetaLeft MetaRight ContextMenu Space \
             PrintScreen ScrollLock Pause Insert Delete Home End PageUp PageDown ArrowUp \
             ArrowDown ArrowLeft ArrowRight NumLock NumpadDivide NumpadMultiply NumpadSubtract \
             NumpadAdd NumpadEnter NumpadDecimal IntlRo IntlYen KanaMode Convert NonConvert \
             Lang1 Lang2 NumpadComma"
                .split_whitespace()
                .map(str::to_owned),
        );
        for name in board {
            assert!(Key::by_name(&name).is_some(), "{name}");
        }
    }

    #[test]
    fn modifiers_are_the_eight_and_no_more() {
        let names: Vec<_> =
            KEYS.iter().filter(|key| key.scan_code.is_modifier()).map(|key| key.name).collect();
        assert_eq!(
            names,
            [
                "ControlLeft",
                "ShiftLeft",
                "ShiftRight",
                "AltLeft",
                "ControlRight",
                "AltRight",
                "MetaLeft",
                "MetaRight"
            ]
        );
    }

    /// The web client reads the table from `scan_codes.json`. After a change here,
    /// run the test once with `UPDATE=1`.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a switch of the developer, in a test")]
    fn the_json_for_the_web_client_is_current() {
        let mut json = String::from("[\n");
        for (index, key) in KEYS.iter().enumerate() {
            let comma = if index + 1 == KEYS.len() { "" } else { "," };
            writeln!(
                json,
                r#"  {{ "code": "{}", "scan_code": {}, "extended": {} }}{comma}"#,
                key.name, key.scan_code.code, key.scan_code.extended
            )
            .unwrap();
        }
        json.push_str("]\n");
        let parsed: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(parsed.as_array().unwrap().len(), KEYS.len());
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scan_codes.json");
        if std::env::var("UPDATE").is_ok() {
            std::fs::write(path, &json).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), json, "run with UPDATE=1");
    }
}
