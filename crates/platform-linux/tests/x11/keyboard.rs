//! Input injection.

use gc_input::{KEYS, Key};
use gc_platform::{InputInjector, PointerButton};
use gc_platform_linux::X11Input;
use gc_types::CauseCode;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::*;
use x11rb::wrapper::ConnectionExt as _;

use crate::client::{Client, patiently};
use crate::server::{Program, Server, clock};

fn open(server: &Server) -> X11Input {
    X11Input::open(server.display(), clock()).unwrap()
}

fn tap(input: &mut X11Input, name: &str) {
    let scan = Key::by_name(name).unwrap().scan_code;
    input.key(scan.code, scan.extended, true).unwrap();
    input.key(scan.code, scan.extended, false).unwrap();
    input.flush().unwrap();
}

fn set_key(input: &mut X11Input, name: &str, down: bool) {
    let scan = Key::by_name(name).unwrap().scan_code;
    input.key(scan.code, scan.extended, down).unwrap();
    input.flush().unwrap();
}

#[test]
fn every_key_is_the_same_place_whatever_the_layout() {
    let server = Server::start();
    let client = Client::open(&server, 0, 0, 200, 200);
    let mut input = open(&server);
    for layout in ["us", "de", "fr", "tr", "br", "jp"] {
        server.run("setxkbmap", &[layout]);
        for key in KEYS {
            // These switch the server or its map; they are tried one by one elsewhere.
            if matches!(key.name, "CapsLock" | "NumLock" | "ScrollLock") {
                continue;
            }
            tap(&mut input, key.name);
            let expected = (key.evdev + 8) as u8;
            assert_eq!(client.pressed(1), [expected], "{} on {layout}", key.name);
        }
    }
}

#[test]
fn a_layout_gives_the_key_its_symbol() {
    let server = Server::start();
    let client = Client::open(&server, 0, 0, 200, 200);
    let mut input = open(&server);
    for (layout, symbol) in [("us", 'y'), ("de", 'z'), ("fr", 'y'), ("tr", 'y')] {
        server.run("setxkbmap", &[layout]);
        tap(&mut input, "KeyY");
        let code = client.pressed(1)[0];
        let map = client.conn.get_keyboard_mapping(code, 1).unwrap().reply().unwrap();
        assert_eq!(map.keysyms[0], symbol as u32, "{layout}");
    }
}

/// What an application that follows the rules reads: it fetches the map anew when
/// it is told of a change, and looks up each press with Shift and Caps Lock.
fn typed(client: &Client, count: usize) -> Vec<u32> {
    let mut out = Vec::new();
    while out.len() < count {
        let press = client.wait_for(|event| match event {
            Event::KeyPress(key) => Some(key),
            _ => None,
        });
        let map = client.conn.get_keyboard_mapping(press.detail, 1).unwrap().reply().unwrap();
        let modifier = (0xFFE1..=0xFFEE).contains(&map.keysyms[0]);
        if modifier {
            continue;
        }
        let shift = u16::from(press.state) & 1 != 0;
        let caps = u16::from(press.state) & 2 != 0;
        let symbol = map.keysyms[usize::from(shift && map.keysyms.len() > 1)];
        let upper = caps && (0x61..=0x7A).contains(&symbol);
        out.push(if upper { symbol - 0x20 } else { symbol });
    }
    out
}

fn symbols(text: &str) -> Vec<u32> {
    text.chars()
        .map(|c| match c {
            '\n' => 0xFF0D,
            '\t' => 0xFF09,
            '\u{20}'..='\u{FF}' => c as u32,
            _ => 0x0100_0000 | c as u32,
        })
        .collect()
}

#[test]
fn text_arrives_in_any_script_on_any_layout() {
    let server = Server::start();
    let client = Client::open(&server, 0, 0, 200, 200);
    let mut input = open(&server);
    let text = "äßñ€Жあ😀 Hello, World! {[\\@~]}\tok\nÄÖÜ";
    for layout in ["us", "de", "fr", "tr", "ru"] {
        server.run("setxkbmap", &[layout]);
        // At the same time, as applications do: the Russian layout has none of the
        // Latin letters, so key codes are lent more than once within this text.
        let got = std::thread::scope(|scope| {
            scope.spawn(|| input.text(text).unwrap());
            typed(&client, text.chars().count())
        });
        assert_eq!(got, symbols(text), "{layout}");
    }
    // Caps Lock and a held Shift change nothing.
    server.run("setxkbmap", &["de"]);
    input.set_locks(true, false, false).unwrap();
    input.text("Aa ä").unwrap();
    assert_eq!(typed(&client, 4), symbols("Aa ä"));
    let mask = client.conn.query_pointer(client.root).unwrap().reply().unwrap().mask;
    assert_eq!(u16::from(mask) & 2, 2, "Caps Lock is on again");
    input.set_locks(false, false, false).unwrap();
    set_key(&mut input, "ShiftLeft", true);
    input.text("Aa1").unwrap();
    assert_eq!(typed(&client, 3), symbols("Aa1"));
    set_key(&mut input, "ShiftLeft", false);
}

#[test]
fn more_characters_than_free_key_codes_arrive_in_order() {
    let server = Server::start();
    let client = Client::open(&server, 0, 0, 200, 200);
    let mut input = open(&server);
    let text: String = (0..80).filter_map(|n| char::from_u32(0x4E00 + n)).collect();
    let wanted = symbols(&text);
    let thread = std::thread::spawn(move || {
        input.text(&text).unwrap();
        input
    });
    assert_eq!(typed(&client, 80), wanted);
    drop(thread.join().unwrap());
}

#[test]
fn borrowed_key_codes_are_given_back() {
    let server = Server::start();
    let client = Client::open(&server, 0, 0, 200, 200);
    let whole = || {
        let setup = client.conn.setup();
        let count = setup.max_keycode - setup.min_keycode + 1;
        let map = client.conn.get_keyboard_mapping(setup.min_keycode, count).unwrap();
        let map = map.reply().unwrap();
        let width = usize::from(map.keysyms_per_keycode);
        map.keysyms.chunks(width).map(|symbols| symbols[0]).collect::<Vec<_>>()
    };
    let before = whole();
    let mut input = open(&server);
    input.text("Жあ").unwrap();
    assert_ne!(whole(), before);
    drop(input);
    assert_eq!(whole(), before);
}

#[test]
fn xterm_reads_unicode_text() {
    let server = Server::start();
    let out = std::env::temp_dir().join(format!("gc-xterm-{}", std::process::id()));
    let script = format!("printf ready > {0}; read line; printf %s \"$line\" > {0}", out.display());
    let mut xterm = server.command("xterm");
    xterm.args(["-u8", "-e", "sh", "-c", &script]).env("LC_ALL", "C.UTF-8");
    let program = Program(xterm.spawn().unwrap());
    let read = || std::fs::read_to_string(&out).ok();
    patiently("xterm", || read().filter(|text| text == "ready"));
    // Without a window manager the keyboard follows the pointer.
    let client = Client::open(&server, 790, 590, 5, 5);
    let focus = u8::from(InputFocus::POINTER_ROOT);
    client.conn.set_input_focus(InputFocus::POINTER_ROOT, u32::from(focus), 0_u32).unwrap();
    client.conn.sync().unwrap();
    let mut input = open(&server);
    input.pointer_move(100, 100).unwrap();
    input.text("Grüße: äßñ€Жあ😀 100 %\n").unwrap();
    let line = patiently("the line", || read().filter(|text| text != "ready" && !text.is_empty()));
    drop(program);
    std::fs::remove_file(&out).unwrap();
    assert_eq!(line, "Grüße: äßñ€Жあ😀 100 %");
}

#[test]
fn pointer_buttons_and_wheel() {
    let server = Server::start();
    let client = Client::open(&server, 100, 100, 300, 300);
    let mut input = open(&server);
    input.pointer_move(250, 260).unwrap();
    for button in [
        PointerButton::Left,
        PointerButton::Middle,
        PointerButton::Right,
        PointerButton::Back,
        PointerButton::Forward,
    ] {
        input.pointer_button(button, true).unwrap();
        input.pointer_button(button, false).unwrap();
    }
    // Two notches and a half, the other half, one back; then to the left.
    for (x, y) in [(0, 300), (0, 60), (0, -120), (-240, 0), (120, 0)] {
        input.wheel(x, y).unwrap();
    }
    input.flush().unwrap();
    let pressed: Vec<_> = (0..12)
        .map(|_| {
            client.wait_for(|event| match event {
                Event::ButtonPress(press) => Some((press.detail, press.root_x, press.root_y)),
                _ => None,
            })
        })
        .collect();
    let buttons: Vec<_> = pressed.iter().map(|press| press.0).collect();
    assert_eq!(buttons, [1, 2, 3, 8, 9, 5, 5, 5, 4, 6, 6, 7]);
    assert!(pressed.iter().all(|press| (press.1, press.2) == (250, 260)));
}

#[test]
fn locks_are_set_and_cleared() {
    let server = Server::start();
    let client = Client::open(&server, 0, 0, 200, 200);
    let mut input = open(&server);
    let mut state = |caps, num| {
        input.set_locks(caps, num, false).unwrap();
        u16::from(client.conn.query_pointer(client.root).unwrap().reply().unwrap().mask) & 0x12
    };
    assert_eq!(state(true, false), 0x02);
    assert_eq!(state(true, true), 0x12);
    assert_eq!(state(false, true), 0x10);
    assert_eq!(state(false, false), 0x00);
}

fn is_down(client: &Client, name: &str) -> bool {
    let code = (Key::by_name(name).unwrap().evdev + 8) as usize;
    let keys = client.conn.query_keymap().unwrap().reply().unwrap().keys;
    keys[code / 8] & 1 << (code % 8) != 0
}

#[test]
fn repeats_of_a_held_key_are_left_to_the_server() {
    let server = Server::start();
    let client = Client::open(&server, 0, 0, 200, 200);
    server.run("xset", &["r", "off"]);
    let mut input = open(&server);
    for _ in 0..5 {
        set_key(&mut input, "KeyA", true);
    }
    set_key(&mut input, "KeyA", false);
    tap(&mut input, "KeyB");
    assert_eq!(client.pressed(2), [38, 56]);
}

#[test]
fn nothing_stays_down_after_the_injector_or_its_process_is_gone() {
    let server = Server::start();
    let client = Client::open(&server, 0, 0, 200, 200);
    let mut input = open(&server);
    set_key(&mut input, "ControlLeft", true);
    input.pointer_button(PointerButton::Left, true).unwrap();
    input.flush().unwrap();
    patiently("Ctrl down", || is_down(&client, "ControlLeft").then_some(()));
    drop(input);
    assert!(!is_down(&client, "ControlLeft"));

    // Killed: the drop never runs. The next one cleans up.
    let mut input = open(&server);
    set_key(&mut input, "AltRight", true);
    input.pointer_button(PointerButton::Left, true).unwrap();
    input.flush().unwrap();
    patiently("Alt down", || is_down(&client, "AltRight").then_some(()));
    std::mem::forget(input);
    let next = open(&server);
    patiently("Alt up", || (!is_down(&client, "AltRight")).then_some(()));
    let mask = client.conn.query_pointer(client.root).unwrap().reply().unwrap().mask;
    assert_eq!(u16::from(mask) & 0x1F00, 0);
    drop(next);
}

#[test]
fn a_missing_key_and_a_missing_display_are_typed_errors() {
    let server = Server::start();
    let mut input = open(&server);
    let error = input.key(0x7F, true, true).unwrap_err();
    assert_eq!(error.cause, CauseCode::KeyNotMapped);
    let error = X11Input::open(None, clock()).err().unwrap();
    assert_eq!(error.cause, CauseCode::InputUnavailable);
}
