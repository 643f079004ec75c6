//! The viewer's window: what it shows, and which keys it gets.

use std::sync::Arc;
use std::time::Duration;

use gc_platform::{
    InputInjector, PixelRect, PixelSize, ScreenCapture, StorePath, ViewerWindow, WindowEvent,
    WindowKey,
};
use gc_platform_windows::{WindowsInput, WindowsScreen, WindowsViewerWindow};
use gc_runtime::SystemClock;
use windows::Win32::Foundation::{HWND, LPARAM, POINT, WPARAM};
use windows::Win32::Graphics::Gdi::ClientToScreen;
use windows::Win32::System::Memory::{GHND, GlobalAlloc, GlobalLock, GlobalUnlock};
use windows::Win32::UI::WindowsAndMessaging::{
    FindWindowW, PostMessageW, SetForegroundWindow, WM_DROPFILES,
};
use windows::core::{PCWSTR, w};

use crate::keyboard::{BOARD, Seen, seen};
use crate::window::{Rectangle, until};

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

#[test]
fn files_that_are_dropped_come_by_their_ways() {
    const HEADER: usize = 20;
    let mut opened = Opened::new();
    opened.window.take_files(true);
    let ways = "C:\\users\\a b\\\u{fc}.txt\0C:\\windows\0\\\\server\\share\\x\0\0";
    let list: Vec<u8> = ways.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut bytes = vec![0; HEADER];
    bytes[..4].copy_from_slice(&(HEADER as u32).to_le_bytes());
    // They are UTF-16.
    bytes[16] = 1;
    bytes.extend(list);
    // SAFETY: as much is written as was asked for; the window gives it back.
    unsafe {
        let memory = GlobalAlloc(GHND, bytes.len()).unwrap();
        let to = GlobalLock(memory).cast::<u8>();
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
        let _ = GlobalUnlock(memory);
        let drop = WPARAM(memory.0 as usize);
        PostMessageW(Some(opened.handle), WM_DROPFILES, drop, LPARAM(0)).unwrap();
    }
    let files = until("the files", || {
        opened.look();
        opened.events.iter().find_map(|event| match event {
            WindowEvent::Dropped { files, .. } => Some(files.clone()),
            _ => None,
        })
    });
    let expected = [StorePath::new("C:", "users/a b/\u{fc}.txt"), StorePath::new("C:", "windows")];
    assert_eq!(files, expected);
}
