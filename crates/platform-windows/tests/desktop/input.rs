use gc_platform::{InputInjector, PointerButton};
use gc_platform_windows::WindowsInput;
use windows::Win32::Foundation::POINT;
use windows::Win32::UI::Input::KeyboardAndMouse::{GetAsyncKeyState, VK_LBUTTON, VK_SHIFT};
use windows::Win32::UI::WindowsAndMessaging::{
    GetCursorPos, MSG, PM_REMOVE, PeekMessageW, WM_LBUTTONDOWN, WM_LBUTTONUP, WM_MBUTTONDOWN,
    WM_MBUTTONUP, WM_MOUSEHWHEEL, WM_MOUSEWHEEL, WM_RBUTTONDOWN, WM_RBUTTONUP, WM_XBUTTONDOWN,
    WM_XBUTTONUP,
};

use crate::window::{Notepad, Rectangle, pump, until, until_message};

const SHIFT: u8 = 0x2A;
const BACKSPACE: u8 = 0x0E;

/// Wine learns where keys are with the first window of a process.
fn injector() -> (Rectangle, WindowsInput) {
    let window = Rectangle::show(0, 799, 1, 1);
    pump();
    (window, WindowsInput::new())
}

fn stroke(input: &mut WindowsInput, code: u8, extended: bool) {
    input.key(code, extended, true).unwrap();
    input.key(code, extended, false).unwrap();
}

fn is_down(key: u16) -> bool {
    // SAFETY: takes a number and gives one.
    unsafe { GetAsyncKeyState(i32::from(key)) < 0 }
}

fn pointer() -> (i32, i32) {
    let mut at = POINT::default();
    // SAFETY: it writes into the live point.
    unsafe { GetCursorPos(&raw mut at) }.unwrap();
    (at.x, at.y)
}

#[test]
fn the_pointer_goes_where_it_is_sent() {
    let mut input = WindowsInput::new();
    for at in [(0, 0), (1, 1), (640, 400), (1279, 799), (333, 777)] {
        input.pointer_move(at.0, at.1).unwrap();
        input.flush().unwrap();
        until("the pointer's place", || (pointer() == at).then_some(()));
    }
    // Outside is the nearest edge.
    input.pointer_move(-50, 5000).unwrap();
    input.flush().unwrap();
    until("the edge", || (pointer() == (0, 799)).then_some(()));
}

#[test]
fn a_real_program_is_typed_into() {
    let (_window, mut input) = injector();
    let notepad = Notepad::start();
    let (x, y) = notepad.middle();
    until("notepad in front", || {
        input.pointer_move(x, y).unwrap();
        input.pointer_button(PointerButton::Left, true).unwrap();
        input.pointer_button(PointerButton::Left, false).unwrap();
        input.flush().unwrap();
        notepad.is_in_front().then_some(())
    });
    input.set_locks(false, true, false).unwrap();

    // By scan code: a b, then Shift and c.
    stroke(&mut input, 0x1E, false);
    stroke(&mut input, 0x30, false);
    input.key(SHIFT, false, true).unwrap();
    stroke(&mut input, 0x2E, false);
    input.key(SHIFT, false, false).unwrap();
    input.flush().unwrap();
    notepad.wait_for("abC");

    // Arrow left, then 4.
    stroke(&mut input, 0x4B, true);
    stroke(&mut input, 0x05, false);
    input.flush().unwrap();
    notepad.wait_for("ab4C");
    // Home, Delete.
    stroke(&mut input, 0x47, true);
    stroke(&mut input, 0x53, true);
    input.flush().unwrap();
    notepad.wait_for("b4C");

    // End, then characters that the layout has not.
    stroke(&mut input, 0x4F, true);
    input.text("é€ж\n\u{1}ok").unwrap();
    input.flush().unwrap();
    notepad.wait_for("b4Cé€ж\r\nok");
    for _ in 0..4 {
        stroke(&mut input, BACKSPACE, false);
    }
    input.flush().unwrap();
    notepad.wait_for("b4Cé€");

    // Caps lock stands as told, whatever it was.
    for (caps, expected) in [(true, "b4Cé€A"), (true, "b4Cé€AA"), (false, "b4Cé€AAa")] {
        input.set_locks(caps, true, false).unwrap();
        stroke(&mut input, 0x1E, false);
        input.flush().unwrap();
        notepad.wait_for(expected);
    }
}

#[test]
fn what_is_held_goes_up_in_the_end() {
    let (_window, mut input) = injector();
    input.pointer_move(640, 400).unwrap();
    input.key(SHIFT, false, true).unwrap();
    input.flush().unwrap();
    until("Shift down", || is_down(VK_SHIFT.0).then_some(()));
    drop(input);
    until("Shift up", || (!is_down(VK_SHIFT.0)).then_some(()));
    assert!(!is_down(VK_LBUTTON.0));
}

#[test]
fn buttons_and_both_wheels_arrive() {
    let window = Rectangle::show(400, 300, 200, 100);
    window.focus();
    let mut input = WindowsInput::new();
    input.pointer_move(500, 350).unwrap();
    let buttons = [
        (PointerButton::Left, WM_LBUTTONDOWN, WM_LBUTTONUP, 0),
        (PointerButton::Middle, WM_MBUTTONDOWN, WM_MBUTTONUP, 0),
        (PointerButton::Right, WM_RBUTTONDOWN, WM_RBUTTONUP, 0),
        (PointerButton::Back, WM_XBUTTONDOWN, WM_XBUTTONUP, 1),
        (PointerButton::Forward, WM_XBUTTONDOWN, WM_XBUTTONUP, 2),
    ];
    let mut expected = Vec::new();
    for (button, press, release, which) in buttons {
        for (message, down) in [(press, true), (release, false)] {
            input.pointer_button(button, down).unwrap();
            expected.push((message, which));
        }
    }
    // A notch down is a negative one for Windows, to the right a positive one; parts of
    // one arrive as they are.
    for (x, y, message, delta) in [
        (0, 120, WM_MOUSEWHEEL, -120),
        (0, -120, WM_MOUSEWHEEL, 120),
        (0, 7, WM_MOUSEWHEEL, -7),
        (120, 0, WM_MOUSEHWHEEL, 120),
        (-30, 0, WM_MOUSEHWHEEL, -30),
    ] {
        input.wheel(x, y).unwrap();
        expected.push((message, delta));
    }
    input.flush().unwrap();
    let mut seen = Vec::new();
    until_message("all of them", || {
        let mut message = MSG::default();
        // SAFETY: the message is live.
        while unsafe { PeekMessageW(&raw mut message, None, 0, 0, PM_REMOVE) }.as_bool() {
            let high = (message.wParam.0 >> 16) as u16;
            match message.message {
                WM_LBUTTONDOWN | WM_LBUTTONUP | WM_MBUTTONDOWN | WM_MBUTTONUP | WM_RBUTTONDOWN
                | WM_RBUTTONUP => seen.push((message.message, 0)),
                WM_XBUTTONDOWN | WM_XBUTTONUP | WM_MOUSEWHEEL | WM_MOUSEHWHEEL => {
                    seen.push((message.message, i32::from(high.cast_signed())));
                }
                _ => {}
            }
        }
        (seen.len() >= expected.len()).then_some(())
    });
    assert_eq!(seen, expected);
}
