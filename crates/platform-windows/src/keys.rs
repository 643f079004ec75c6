//! Keys and places as Windows wants them injected.

/// Virtual keys (winuser.h).
pub mod virtual_key {
    /// Ctrl and Pause together.
    pub const CANCEL: u16 = 0x03;
    /// Pause.
    pub const PAUSE: u16 = 0x13;
    /// The lock of the number pad.
    pub const NUM_LOCK: u16 = 0x90;
}

/// The key that is NumLock without and Pause with the prefix (see `input.proto`).
const NUM_LOCK_OR_PAUSE: u8 = 0x45;
/// What the keyboard sends for Pause while Ctrl is down, with the prefix.
const BREAK: u8 = 0x46;

/// How a key is injected so that programs see what a keyboard would have made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyForm {
    /// By this virtual key rather than by the scan code alone.
    pub named: Option<u16>,
    /// As reported to programs.
    pub scan: u8,
    /// As reported to programs.
    pub extended: bool,
}

/// The form of a key. `ctrl`: one of the Ctrl keys is down.
pub const fn key_form(scan_code: u8, extended: bool, ctrl: bool) -> KeyForm {
    use virtual_key::{CANCEL, NUM_LOCK, PAUSE};
    match (scan_code, extended) {
        // A keyboard sends Pause as 0xE1 0x1D 0x45, for which injection has no words,
        // and Windows swaps the prefix of these two: by name there is no doubt.
        (NUM_LOCK_OR_PAUSE, true) if ctrl => {
            KeyForm { named: Some(CANCEL), scan: BREAK, extended: true }
        }
        (NUM_LOCK_OR_PAUSE, true) => {
            KeyForm { named: Some(PAUSE), scan: scan_code, extended: false }
        }
        (NUM_LOCK_OR_PAUSE, false) => {
            KeyForm { named: Some(NUM_LOCK), scan: scan_code, extended: true }
        }
        _ => KeyForm { named: None, scan: scan_code, extended },
    }
}

/// A position on the virtual desktop, `offset` from its edge and `extent` from edge to
/// edge, in the units of absolute motion: the middle of the pixel, so that no way of
/// rounding misses it. What lies outside becomes the nearest edge.
pub fn normalized(offset: i32, extent: i32) -> i32 {
    let extent = i64::from(extent.max(1));
    let offset = i64::from(offset).clamp(0, extent - 1);
    i32::try_from((2 * offset + 1) * 32768 / extent).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pixel_is_hit_however_the_system_rounds() {
        for extent in [1, 2, 640, 1280, 1366, 1920, 3000, 3840, 5760, 7680, 15_360, 32_767] {
            let wide = i64::from(extent);
            for offset in 0..extent {
                let unit = i64::from(normalized(offset, extent));
                let offset = i64::from(offset);
                assert!((0..=65_535).contains(&unit));
                // What Windows does; what one would do to whom 65535 is the end; and the
                // nearest pixel when the first is 0 and the last 65535, as documented.
                assert_eq!(unit * wide / 65_536, offset, "{offset} of {extent}");
                assert_eq!(unit * wide / 65_535, offset, "{offset} of {extent}");
                assert_eq!((2 * unit * (wide - 1) + 65_535) / 131_070, offset, "{offset}");
            }
        }
        assert_eq!(normalized(-5, 100), normalized(0, 100));
        assert_eq!(normalized(500, 100), normalized(99, 100));
        assert_eq!(normalized(i32::MIN, 100), normalized(0, 100));
        assert_eq!(normalized(5, 0), normalized(0, 1));
    }

    #[test]
    fn all_keys_go_by_scan_code_but_two() {
        for scan in 1..=0x7F {
            for extended in [false, true] {
                let form = key_form(scan, extended, false);
                if scan == 0x45 {
                    assert_ne!(form.extended, extended);
                    assert!(form.named.is_some());
                } else {
                    assert_eq!(form, KeyForm { named: None, scan, extended });
                }
            }
        }
        assert_eq!(key_form(0x45, true, false).named, Some(virtual_key::PAUSE));
        assert_eq!(key_form(0x45, false, true).named, Some(virtual_key::NUM_LOCK));
        let broken = key_form(0x45, true, true);
        assert_eq!((broken.named, broken.scan, broken.extended), (Some(3), 0x46, true));
    }
}
