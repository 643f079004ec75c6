//! The viewer's window: what it shows, and which keys it gets.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use gc_platform::{
    DragEnd, InputInjector, PixelRect, PixelSize, PointerButton, ScreenCapture, StorePath,
    ViewerWindow, WindowEvent, WindowKey,
};
use gc_platform_windows::{WindowsInput, WindowsScreen, WindowsViewerWindow};
use gc_runtime::SystemClock;
use windows::Win32::Foundation::{HWND, POINT, POINTL};
use windows::Win32::Graphics::Gdi::ClientToScreen;
use windows::Win32::System::Com::IDataObject;
use windows::Win32::System::Ole::{
    DROPEFFECT, DROPEFFECT_COPY, IDropTarget, IDropTarget_Impl, OleInitialize, RegisterDragDrop,
};
use windows::Win32::System::SystemServices::MODIFIERKEYS_FLAGS;
use windows::Win32::UI::WindowsAndMessaging::{
    DispatchMessageW, FindWindowW, GetMessageW, MSG, SetForegroundWindow, WM_LBUTTONDOWN,
    WM_MOUSEMOVE,
};
use windows::core::{PCWSTR, Ref, implement, w};

use crate::drag;
use crate::keyboard::{BOARD, Seen, seen};
use crate::offer::{Shelf, paste};
use crate::second::{Second, hear, say};
use crate::window::{Rectangle, pump, until};

const NAP: Duration = Duration::from_millis(10);

struct Opened {
    window: WindowsViewerWindow,
    handle: HWND,
    events: Vec<WindowEvent>,
}

impl Opened {
    fn new() -> Self {
        let window = WindowsViewerWindow::open("Viewer").unwrap();
        // SAFETY: the name ends with a zero.
        let handle = unsafe { FindWindowW(w!("GuruConnectViewer"), PCWSTR::null()) }.unwrap();
        Self { window, handle, events: Vec::new() }
    }

    fn look(&mut self) {
        self.window.wait(Some(NAP), &mut self.events).unwrap();
    }

    fn focus(&mut self) {
        until("the viewer has the keyboard", || {
            // SAFETY: a window of this thread.
            let _ = unsafe { SetForegroundWindow(self.handle) };
            self.look();
            let last = self.events.iter().rfind(|event| matches!(event, WindowEvent::Focus(_)));
            (last == Some(&WindowEvent::Focus(true))).then_some(())
        });
        self.events.clear();
    }

    fn keys(&self) -> Vec<(u8, bool, bool)> {
        let key = |event: &WindowEvent| match event {
            WindowEvent::Key(WindowKey { scan_code, extended, down, repeat: false, .. }) => {
                Some((*scan_code, *extended, *down))
            }
            _ => None,
        };
        self.events.iter().filter_map(key).collect()
    }

    fn press(
        &mut self,
        input: &mut WindowsInput,
        code: u8,
        extended: bool,
    ) -> Vec<(u8, bool, bool)> {
        self.events.clear();
        input.key(code, extended, true).unwrap();
        input.key(code, extended, false).unwrap();
        input.flush().unwrap();
        until("the key comes and goes", || {
            self.look();
            (self.keys().len() >= 2).then_some(())
        });
        self.keys()
    }
}

#[test]
fn what_is_presented_is_on_the_screen_and_comes_back_when_it_was_covered() {
    let mut opened = Opened::new();
    opened.focus();
    let PixelSize { width, height } = opened.window.size();
    for pixel in opened.window.pixels().chunks_exact_mut(4) {
        pixel.copy_from_slice(&[0x20, 0x80, 0xF0, 0xFF]);
    }
    opened.window.present(PixelRect { x: 0, y: 0, width, height }).unwrap();
    let mut corner = POINT::default();
    // SAFETY: writes into the live point.
    let _ = unsafe { ClientToScreen(opened.handle, &raw mut corner) };
    let part =
        PixelRect { x: corner.x as u32 + 50, y: corner.y as u32 + 50, width: 100, height: 60 };
    let mut screen = WindowsScreen::open_gdi(Arc::new(SystemClock::new())).unwrap();
    let mut shows = |opened: &mut Opened, color: [u8; 3]| {
        until("the colour", || {
            opened.look();
            let view = screen.grab(&[part]).unwrap();
            let at = (part.y as usize + 30) * view.stride + (part.x as usize + 50) * 4;
            (view.pixels[at..at + 3] == color).then_some(())
        });
    };
    shows(&mut opened, [0x20, 0x80, 0xF0]);
    let cover = Rectangle::show(part.x as i32, part.y as i32, 100, 60);
    shows(&mut opened, [0xFF; 3]);
    drop(cover);
    shows(&mut opened, [0x20, 0x80, 0xF0]);
}

#[test]
fn every_key_of_a_board_comes_by_its_place_with_the_systems_keys_diverted_and_without() {
    let mut opened = Opened::new();
    opened.focus();
    let mut input = WindowsInput::new();
    input.set_locks(false, false, false).unwrap();
    for divert in [false, true] {
        opened.window.divert_keys(divert);
        for &(code, extended, _, name) in BOARD {
            let own = [(0x5B, true), (0x5C, true), (0x5D, true)].contains(&(code, extended));
            // Without it they are the system's own, which may open a menu.
            if own && !divert {
                continue;
            }
            let keys = opened.press(&mut input, code, extended);
            assert_eq!(keys, [(code, extended, true), (code, extended, false)], "{name} {divert}");
        }
        for (code, extended) in [(0x45, false), (0x45, true)] {
            let keys = opened.press(&mut input, code, extended);
            assert_eq!(keys, [(code, extended, true), (code, extended, false)], "{code:x}");
        }
        input.set_locks(false, false, false).unwrap();
    }
    opened.window.divert_keys(false);
}

#[test]
fn keys_for_another_window_are_never_taken() {
    let mut opened = Opened::new();
    opened.focus();
    opened.window.divert_keys(true);
    let other = Rectangle::show(40, 40, 200, 100);
    other.focus();
    opened.look();
    opened.events.clear();
    let mut input = WindowsInput::new();
    for code in [0x1E, 0x2A, 0x0F, 0x38] {
        let mut list: Vec<Seen> = Vec::new();
        seen(&mut list);
        list.clear();
        input.key(code, false, true).unwrap();
        input.key(code, false, false).unwrap();
        input.flush().unwrap();
        // Not `until`, which hands keys to the window before they are seen.
        for _ in 0..1_000 {
            seen(&mut list);
            if list.len() >= 2 {
                break;
            }
            std::thread::sleep(NAP);
        }
        assert_eq!(list.len(), 2, "the other window has the key {code:x}: {list:?}");
        assert!(list.iter().all(|key| key.scan == code), "{list:?}");
    }
    opened.look();
    assert_eq!(opened.keys(), [], "the viewer heard of them");
}

#[test]
fn text_comes_with_keys_when_it_is_wanted() {
    let mut opened = Opened::new();
    opened.focus();
    let mut input = WindowsInput::new();
    input.set_locks(false, false, false).unwrap();
    let written = |opened: &Opened| -> String {
        let text = |event: &WindowEvent| match event {
            WindowEvent::Key(key) => key.text.clone(),
            _ => None,
        };
        opened.events.iter().filter_map(text).collect()
    };
    for divert in [false, true] {
        opened.window.divert_keys(divert);
        opened.window.set_text_wanted(true);
        opened.events.clear();
        input.key(0x2A, false, true).unwrap();
        input.key(0x1E, false, true).unwrap();
        input.key(0x1E, false, false).unwrap();
        input.key(0x2A, false, false).unwrap();
        input.key(0x30, false, true).unwrap();
        input.key(0x30, false, false).unwrap();
        input.key(0x1C, false, true).unwrap();
        input.key(0x1C, false, false).unwrap();
        input.flush().unwrap();
        until("eight keys", || {
            opened.look();
            (opened.keys().len() >= 8).then_some(())
        });
        assert_eq!(written(&opened), "Ab", "{divert}: {:?}", opened.events);
        opened.window.set_text_wanted(false);
        opened.press(&mut input, 0x1E, false);
        assert_eq!(written(&opened), "");
    }
    opened.window.divert_keys(false);
}

/// Drags from and to the viewer's window, as a second program.
#[test]
#[ignore = "the second program of another test"]
fn second_program() {
    // SAFETY: takes nothing.
    unsafe { OleInitialize(None) }.unwrap();
    let part = hear().unwrap();
    let rectangle = Rectangle::show(0, 0, 60, 60);
    if part == "takes" {
        let target: IDropTarget = Taker.into();
        // SAFETY: the window is this thread's own.
        unsafe { RegisterDragDrop(rectangle.window(), &target) }.unwrap();
    }
    pump();
    say("ready");
    let mut message = MSG::default();
    // SAFETY: the message is live, and dispatched as it came. Ended by its parent.
    while unsafe { GetMessageW(&raw mut message, None, 0, 0) }.as_bool() {
        if message.message == WM_MOUSEMOVE {
            say("over");
        }
        if message.message == WM_LBUTTONDOWN && part == "drags" {
            let object = drag::object(rectangle.window(), &dropped());
            say(&drag::by_hand(&object));
            continue;
        }
        // SAFETY: as above.
        unsafe { DispatchMessageW(&raw const message) };
    }
}

/// Takes the files that are dropped on it, as a program does that has no drives.
#[implement(IDropTarget, Agile = false)]
struct Taker;

impl IDropTarget_Impl for Taker_Impl {
    fn DragEnter(
        &self,
        _: Ref<'_, IDataObject>,
        _: MODIFIERKEYS_FLAGS,
        _: &POINTL,
        effect: *mut DROPEFFECT,
    ) -> windows::core::Result<()> {
        // SAFETY: OLE passes room for it.
        unsafe { effect.write(DROPEFFECT_COPY) };
        say("enters");
        Ok(())
    }

    fn DragOver(
        &self,
        _: MODIFIERKEYS_FLAGS,
        _: &POINTL,
        effect: *mut DROPEFFECT,
    ) -> windows::core::Result<()> {
        // SAFETY: as above.
        unsafe { effect.write(DROPEFFECT_COPY) };
        Ok(())
    }

    fn DragLeave(&self) -> windows::core::Result<()> {
        Ok(())
    }

    fn Drop(
        &self,
        object: Ref<'_, IDataObject>,
        _: MODIFIERKEYS_FLAGS,
        _: &POINTL,
        effect: *mut DROPEFFECT,
    ) -> windows::core::Result<()> {
        say(&paste(object.ok()?));
        // SAFETY: as above.
        unsafe { effect.write(DROPEFFECT_COPY) };
        Ok(())
    }
}

/// A `DROPFILES` of this, of which something is on a share.
fn dropped() -> Vec<u8> {
    let ways = "C:\\users\\a b\\\u{fc}.txt\0C:\\windows\0\\\\server\\share\\x\0\0";
    let mut bytes = vec![0; 20];
    bytes[0] = 20;
    // They are UTF-16.
    bytes[16] = 1;
    bytes.extend(ways.encode_utf16().flat_map(u16::to_le_bytes));
    bytes
}

/// Takes the pointer to a place, slowly, as a hand does.
fn go(input: &mut WindowsInput, x: i32, y: i32, mut seen: impl FnMut() -> bool) {
    let mut aside = 0;
    until("the pointer is there", || {
        input.pointer_move(x + aside, y).unwrap();
        input.flush().unwrap();
        aside = 1 - aside;
        seen().then_some(())
    });
}

#[test]
fn files_that_are_dropped_come_by_their_ways_and_only_while_they_are_taken() {
    let mut opened = Opened::new();
    let mut input = WindowsInput::new();
    let mut corner = POINT::default();
    // SAFETY: writes into the live point.
    let _ = unsafe { ClientToScreen(opened.handle, &raw mut corner) };
    for takes in [false, true] {
        opened.window.take_files(takes);
        let second = Second::start("viewer::second_program", "drags");
        // Until it rests there.
        let mut seen = 0;
        go(&mut input, 30, 30, || {
            seen += usize::from(second.try_word().is_some());
            seen > 5
        });
        input.pointer_button(PointerButton::Left, true).unwrap();
        input.flush().unwrap();
        until("the drag", || (second.try_word().as_deref() == Some("begins")).then_some(()));
        let mut count = 0;
        go(&mut input, corner.x + 210, corner.y + 123, || {
            opened.look();
            count += 1;
            count > 20
        });
        input.pointer_move(corner.x + 210, corner.y + 123).unwrap();
        input.pointer_button(PointerButton::Left, false).unwrap();
        input.flush().unwrap();
        let end = until("the drag's end", || {
            opened.look();
            second.try_word().filter(|word| word != "over")
        });
        assert_eq!(end, if takes { "dropped 1" } else { "dropped 0" });
        let dropped: Vec<_> = opened
            .events
            .drain(..)
            .filter_map(|event| match event {
                WindowEvent::Dropped { files, x, y } => Some((files, x, y)),
                _ => None,
            })
            .collect();
        let ways =
            vec![StorePath::new("C:", "users/a b/\u{fc}.txt"), StorePath::new("C:", "windows")];
        assert_eq!(dropped, if takes { vec![(ways, 210, 123)] } else { vec![] });
    }
}

#[test]
fn files_of_the_machine_are_dragged_to_another_program() {
    let mut opened = Opened::new();
    opened.focus();
    let second = Second::start("viewer::second_program", "takes");
    let mut input = WindowsInput::new();
    let mut corner = POINT::default();
    // SAFETY: writes into the live point.
    let _ = unsafe { ClientToScreen(opened.handle, &raw mut corner) };
    let is_here =
        |event: &WindowEvent| matches!(event, WindowEvent::PointerMoved { x: 100..=101, y: 100 });
    let is_press =
        |event: &WindowEvent| matches!(event, WindowEvent::PointerButton { down: true, .. });
    for (release, end) in [(true, DragEnd::Taken), (false, DragEnd::Cancelled)] {
        opened.events.clear();
        // Until it rests there.
        let mut seen = 0;
        go(&mut input, corner.x + 100, corner.y + 100, || {
            opened.look();
            seen = if opened.events.last().is_some_and(is_here) { seen + 1 } else { 0 };
            seen > 5
        });
        input.pointer_button(PointerButton::Left, true).unwrap();
        input.flush().unwrap();
        until("the press", || {
            opened.look();
            opened.events.iter().any(is_press).then_some(())
        });
        opened.events.clear();
        let shelf = Shelf::new();
        std::thread::scope(|scope| {
            let (second, input) = (&second, &mut input);
            let hand = scope.spawn(move || {
                let mut aside = 0;
                while second.try_word().as_deref() != Some("enters") {
                    aside = 1 - aside;
                    input.pointer_move(30 + aside, 30).unwrap();
                    input.flush().unwrap();
                    std::thread::sleep(NAP);
                }
                if release {
                    input.pointer_button(PointerButton::Left, false).unwrap();
                } else {
                    input.key(0x01, false, true).unwrap();
                    input.key(0x01, false, false).unwrap();
                }
                input.flush().unwrap();
            });
            opened.window.drag_out(shelf.clone()).unwrap();
            // The window goes on meanwhile.
            until("the end", || {
                opened.look();
                let ended = |event: &WindowEvent| matches!(event, WindowEvent::DragEnded(_));
                opened.events.iter().any(ended).then_some(())
            });
            hand.join().unwrap();
        });
        input.pointer_button(PointerButton::Left, false).unwrap();
        input.flush().unwrap();
        opened.look();
        let ended = |event: &&WindowEvent| matches!(event, WindowEvent::DragEnded(_));
        let ends: Vec<_> = opened.events.iter().filter(ended).collect();
        assert_eq!(ends, [&WindowEvent::DragEnded(end)]);
        if release {
            let pasted = until("the files", || second.try_word().filter(|word| word.len() > 10));
            assert_eq!(pasted, shelf.pasted());
        } else {
            assert_eq!(shelf.read.load(Ordering::SeqCst), 0);
        }
    }
}
