//! Every key of a board, as a program sees it.

use gc_platform::InputInjector;
use gc_platform_windows::WindowsInput;
use windows::Win32::UI::WindowsAndMessaging::{
    MSG, PM_REMOVE, PeekMessageW, WM_CHAR, WM_KEYDOWN, WM_KEYUP, WM_SYSKEYDOWN, WM_SYSKEYUP,
};

use crate::window::{Rectangle, until_message};

/// Scan code, prefix and virtual key (US) of a board with 105 keys, without Pause and
/// NumLock, whose reports differ from their names.
pub(crate) const BOARD: &[(u8, bool, u16, &str)] = &[
    (0x01, false, 0x1B, "Esc"),
    (0x02, false, 0x31, "1"),
    (0x03, false, 0x32, "2"),
    (0x04, false, 0x33, "3"),
    (0x05, false, 0x34, "4"),
    (0x06, false, 0x35, "5"),
    (0x07, false, 0x36, "6"),
    (0x08, false, 0x37, "7"),
    (0x09, false, 0x38, "8"),
    (0x0A, false, 0x39, "9"),
    (0x0B, false, 0x30, "0"),
    (0x0C, false, 0xBD, "-"),
    (0x0D, false, 0xBB, "="),
    (0x0E, false, 0x08, "Backspace"),
    (0x0F, false, 0x09, "Tab"),
    (0x10, false, 0x51, "Q"),
    (0x11, false, 0x57, "W"),
    (0x12, false, 0x45, "E"),
    (0x13, false, 0x52, "R"),
    (0x14, false, 0x54, "T"),
    (0x15, false, 0x59, "Y"),
    (0x16, false, 0x55, "U"),
    (0x17, false, 0x49, "I"),
    (0x18, false, 0x4F, "O"),
    (0x19, false, 0x50, "P"),
    (0x1A, false, 0xDB, "["),
    (0x1B, false, 0xDD, "]"),
    (0x1C, false, 0x0D, "Enter"),
    (0x1D, false, 0x11, "Left Ctrl"),
    (0x1E, false, 0x41, "A"),
    (0x1F, false, 0x53, "S"),
    (0x20, false, 0x44, "D"),
    (0x21, false, 0x46, "F"),
    (0x22, false, 0x47, "G"),
    (0x23, false, 0x48, "H"),
    (0x24, false, 0x4A, "J"),
    (0x25, false, 0x4B, "K"),
    (0x26, false, 0x4C, "L"),
    (0x27, false, 0xBA, ";"),
    (0x28, false, 0xDE, "'"),
    (0x29, false, 0xC0, "`"),
    (0x2A, false, 0x10, "Left Shift"),
    (0x2B, false, 0xDC, "\\"),
    (0x2C, false, 0x5A, "Z"),
    (0x2D, false, 0x58, "X"),
    (0x2E, false, 0x43, "C"),
    (0x2F, false, 0x56, "V"),
    (0x30, false, 0x42, "B"),
    (0x31, false, 0x4E, "N"),
    (0x32, false, 0x4D, "M"),
    (0x33, false, 0xBC, ","),
    (0x34, false, 0xBE, "."),
    (0x35, false, 0xBF, "/"),
    (0x36, false, 0x10, "Right Shift"),
    (0x37, false, 0x6A, "Pad *"),
    (0x38, false, 0x12, "Left Alt"),
    (0x39, false, 0x20, "Space"),
    (0x3A, false, 0x14, "Caps Lock"),
    (0x3B, false, 0x70, "F1"),
    (0x3C, false, 0x71, "F2"),
    (0x3D, false, 0x72, "F3"),
    (0x3E, false, 0x73, "F4"),
    (0x3F, false, 0x74, "F5"),
    (0x40, false, 0x75, "F6"),
    (0x41, false, 0x76, "F7"),
    (0x42, false, 0x77, "F8"),
    (0x43, false, 0x78, "F9"),
    (0x44, false, 0x79, "F10"),
    (0x46, false, 0x91, "Scroll Lock"),
    (0x47, false, 0x24, "Pad 7"),
    (0x48, false, 0x26, "Pad 8"),
    (0x49, false, 0x21, "Pad 9"),
    (0x4A, false, 0x6D, "Pad -"),
    (0x4B, false, 0x25, "Pad 4"),
    (0x4C, false, 0x0C, "Pad 5"),
    (0x4D, false, 0x27, "Pad 6"),
    (0x4E, false, 0x6B, "Pad +"),
    (0x4F, false, 0x23, "Pad 1"),
    (0x50, false, 0x28, "Pad 2"),
    (0x51, false, 0x22, "Pad 3"),
    (0x52, false, 0x2D, "Pad 0"),
    (0x53, false, 0x2E, "Pad ."),
    (0x56, false, 0xE2, "ISO key"),
    (0x57, false, 0x7A, "F11"),
    (0x58, false, 0x7B, "F12"),
    (0x1C, true, 0x0D, "Pad Enter"),
    (0x1D, true, 0x11, "Right Ctrl"),
    (0x35, true, 0x6F, "Pad /"),
    (0x37, true, 0x2C, "Print Screen"),
    (0x38, true, 0x12, "Right Alt"),
    (0x47, true, 0x24, "Home"),
    (0x48, true, 0x26, "Up"),
    (0x49, true, 0x21, "Page Up"),
    (0x4B, true, 0x25, "Left"),
    (0x4D, true, 0x27, "Right"),
    (0x4F, true, 0x23, "End"),
    (0x50, true, 0x28, "Down"),
    (0x51, true, 0x22, "Page Down"),
    (0x52, true, 0x2D, "Insert"),
    (0x53, true, 0x2E, "Delete"),
    (0x5B, true, 0x5B, "Left Windows"),
    (0x5C, true, 0x5C, "Right Windows"),
    (0x5D, true, 0x5D, "Menu"),
];

/// Keys that some boards have besides. A layout that does not know one makes no virtual
/// key of it; 0: it is not looked at.
const MORE: &[(u8, bool, u16, &str)] = &[
    (0x10, true, 0xB1, "Previous track"),
    (0x19, true, 0xB0, "Next track"),
    (0x20, true, 0xAD, "Mute"),
    (0x21, true, 0xB7, "Calculator"),
    (0x22, true, 0xB3, "Play"),
    (0x24, true, 0xB2, "Stop"),
    (0x2E, true, 0xAE, "Quieter"),
    (0x30, true, 0xAF, "Louder"),
    (0x32, true, 0xAC, "Browser home"),
    (0x65, true, 0xAA, "Browser search"),
    (0x66, true, 0xAB, "Browser favourites"),
    (0x67, true, 0xA8, "Browser refresh"),
    (0x68, true, 0xA9, "Browser stop"),
    (0x69, true, 0xA7, "Browser forward"),
    (0x6A, true, 0xA6, "Browser back"),
    (0x6B, true, 0xB6, "My computer"),
    (0x6C, true, 0xB4, "Mail"),
    (0x6D, true, 0xB5, "Media"),
    (0x70, false, 0x00, "JP kana"),
    (0x73, false, 0x00, "JP ro, ABNT /"),
    (0x79, false, 0x00, "JP convert"),
    (0x7B, false, 0x00, "JP no convert"),
    (0x7D, false, 0x00, "JP yen"),
    (0x7E, false, 0x00, "ABNT pad ."),
    (0x64, false, 0x7C, "F13"),
    (0x54, false, 0x2C, "SysRq"),
];

/// What a program gets of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    virtual_key: u16,
    pub(crate) scan: u8,
    extended: bool,
    down: bool,
}

/// The key messages that have come to this thread.
pub(crate) fn seen(list: &mut Vec<Seen>) {
    let mut message = MSG::default();
    // SAFETY: the message is live.
    while unsafe { PeekMessageW(&raw mut message, None, 0, 0, PM_REMOVE) }.as_bool() {
        let down = match message.message {
            WM_KEYDOWN | WM_SYSKEYDOWN => true,
            WM_KEYUP | WM_SYSKEYUP => false,
            _ => continue,
        };
        let bits = message.lParam.0;
        list.push(Seen {
            virtual_key: u16::try_from(message.wParam.0).unwrap(),
            scan: (bits >> 16 & 0xFF) as u8,
            extended: bits >> 24 & 1 != 0,
            down,
        });
    }
}

/// Presses and releases a key; what was seen of it.
fn press(input: &mut WindowsInput, code: u8, extended: bool, count: usize) -> Vec<Seen> {
    let mut list = Vec::new();
    seen(&mut list);
    list.clear();
    input.key(code, extended, true).unwrap();
    input.key(code, extended, false).unwrap();
    input.flush().unwrap();
    until_message("the key", || {
        seen(&mut list);
        (list.len() >= count).then_some(())
    });
    list
}

fn focused() -> (Rectangle, WindowsInput) {
    let window = Rectangle::show(400, 300, 200, 100);
    window.focus();
    let mut input = WindowsInput::new();
    input.set_locks(false, false, false).unwrap();
    (window, input)
}

#[test]
fn every_key_of_a_board_arrives_with_its_scan_code_and_flag() {
    let (_window, mut input) = focused();
    for &(scan, extended, virtual_key, name) in BOARD {
        // Print Screen makes no press that a window sees.
        let count = if name == "Print Screen" { 1 } else { 2 };
        let list = press(&mut input, scan, extended, count);
        let expected = Seen { virtual_key, scan, extended, down: false };
        assert_eq!(list.last(), Some(&expected), "{name}: {list:?}");
        if count == 2 {
            assert_eq!(list[0], Seen { down: true, ..expected }, "{name}");
        }
    }
}

#[test]
fn keys_that_some_boards_have_arrive_too() {
    let (_window, mut input) = focused();
    for &(scan, extended, virtual_key, name) in MORE {
        let list = press(&mut input, scan, extended, 1);
        let last = list.last().unwrap();
        assert_eq!((last.scan, last.extended), (scan, extended), "{name}: {list:?}");
        if virtual_key != 0 {
            assert_eq!(last.virtual_key, virtual_key, "{name}: {list:?}");
        }
    }
}

#[test]
fn pause_break_and_num_lock_are_what_a_keyboard_makes_of_them() {
    let (_window, mut input) = focused();
    let pause = press(&mut input, 0x45, true, 2);
    let expected = Seen { virtual_key: 0x13, scan: 0x45, extended: false, down: true };
    assert_eq!(pause, [expected, Seen { down: false, ..expected }]);
    let lock = press(&mut input, 0x45, false, 2);
    let expected = Seen { virtual_key: 0x90, scan: 0x45, extended: true, down: true };
    assert_eq!(lock, [expected, Seen { down: false, ..expected }]);
    // Break is Pause while Ctrl is down, and goes up as what it went down as.
    input.key(0x1D, false, true).unwrap();
    input.key(0x45, true, true).unwrap();
    input.key(0x1D, false, false).unwrap();
    input.key(0x45, true, false).unwrap();
    input.flush().unwrap();
    let mut list = Vec::new();
    until_message("Break", || {
        seen(&mut list);
        (list.len() >= 4).then_some(())
    });
    let keys: Vec<_> = list.iter().map(|seen| (seen.virtual_key, seen.scan, seen.down)).collect();
    let expected =
        [(0x11, 0x1D, true), (0x03, 0x46, true), (0x11, 0x1D, false), (0x03, 0x46, false)];
    assert_eq!(keys, expected);
    input.set_locks(false, true, false).unwrap();
}

#[test]
fn text_arrives_character_by_character_whatever_the_layout() {
    let (_window, mut input) = focused();
    // Beyond 16 bits, combining, right to left, and what a layout has.
    let text = "a\u{1F600}e\u{301}\u{5D0}\u{4E2D}";
    input.text(text).unwrap();
    input.flush().unwrap();
    let mut units = Vec::new();
    until_message("the text", || {
        let mut message = MSG::default();
        // SAFETY: the message is live, and looked at as it came.
        while unsafe { PeekMessageW(&raw mut message, None, 0, 0, PM_REMOVE) }.as_bool() {
            if message.message == WM_CHAR {
                units.push(u16::try_from(message.wParam.0).unwrap());
            } else {
                crate::window::translate(&message);
            }
        }
        (units.len() >= text.encode_utf16().count()).then_some(())
    });
    assert_eq!(String::from_utf16(&units).unwrap(), text);
}

#[test]
fn keys_go_up_when_a_thread_that_holds_them_panics() {
    let (_window, input) = focused();
    drop(input);
    let thread = std::thread::spawn(|| {
        let mut input = WindowsInput::new();
        for (code, extended) in [(0x1D, true), (0x2A, false), (0x38, false)] {
            input.key(code, extended, true).unwrap();
        }
        input.flush().unwrap();
        panic!("on purpose");
    });
    assert!(thread.join().is_err());
    let mut list = Vec::new();
    until_message("six events", || {
        seen(&mut list);
        (list.len() >= 6).then_some(())
    });
    let ups: Vec<_> = list.iter().filter(|seen| !seen.down).map(|seen| seen.scan).collect();
    assert_eq!(ups, [0x38, 0x2A, 0x1D], "the last one first");
}
