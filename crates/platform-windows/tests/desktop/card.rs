//! The viewer's window drawn by OpenGL, where Windows has one that is new enough.

use std::sync::Arc;
use std::time::Duration;

use gc_platform::{CardStep, PixelRect, PixelSize, ScreenCapture, ViewerWindow, WindowEvent};
use gc_platform_windows::{WindowsScreen, WindowsViewerWindow};
use gc_runtime::SystemClock;
use windows::Win32::Foundation::{HWND, POINT};
use windows::Win32::Graphics::Gdi::ClientToScreen;
use windows::Win32::UI::WindowsAndMessaging::{FindWindowW, SetForegroundWindow};
use windows::core::{PCWSTR, w};

use crate::window::{Rectangle, until};

const NAP: Duration = Duration::from_millis(10);
const PART: PixelRect = PixelRect { x: 40, y: 40, width: 64, height: 32 };

struct Opened {
    window: WindowsViewerWindow,
    handle: HWND,
    screen: WindowsScreen,
    events: Vec<WindowEvent>,
}

impl Opened {
    fn new() -> Self {
        let window = WindowsViewerWindow::open("Viewer").unwrap();
        // SAFETY: the name ends with a zero.
        let handle = unsafe { FindWindowW(w!("GuruConnectViewer"), PCWSTR::null()) }.unwrap();
        let screen = WindowsScreen::open_gdi(Arc::new(SystemClock::new())).unwrap();
        let mut opened = Self { window, handle, screen, events: Vec::new() };
        // SAFETY: a window of this thread.
        let _ = unsafe { SetForegroundWindow(handle) };
        opened.look();
        opened
    }

    fn look(&mut self) {
        self.window.wait(Some(NAP), &mut self.events).unwrap();
    }

    /// Waits until the screen shows these pixels at a place of the window.
    fn shows(&mut self, part: PixelRect, expected: &[u8]) {
        until("the picture", || {
            self.look();
            let mut corner = POINT::default();
            // SAFETY: writes into the live point.
            let _ = unsafe { ClientToScreen(self.handle, &raw mut corner) };
            let (x, y) = (corner.x as u32 + part.x, corner.y as u32 + part.y);
            let view = self.screen.grab(&[PixelRect { x, y, ..part }]).unwrap();
            let row = part.width as usize * 4;
            let same = |(at, line): (usize, &[u8])| {
                let start = (y as usize + at) * view.stride + x as usize * 4;
                let seen = &view.pixels[start..start + row];
                seen.chunks_exact(4).zip(line.chunks_exact(4)).all(|(a, b)| a[..3] == b[..3])
            };
            expected.chunks_exact(row).enumerate().all(same).then_some(())
        });
    }

    fn draw(&mut self, area: PixelRect, steps: &[CardStep]) {
        let size = self.window.size();
        let card = self.window.card().unwrap();
        card.draw(size, area, steps).unwrap();
        card.show(&[area]).unwrap();
    }
}

fn whole(PixelSize { width, height }: PixelSize) -> PixelRect {
    PixelRect { x: 0, y: 0, width, height }
}

fn plain([blue, green, red]: [u8; 3]) -> Vec<u8> {
    [blue, green, red, 255].repeat((PART.width * PART.height) as usize)
}

#[test]
fn the_card_draws_exactly_comes_back_when_it_was_covered_and_leaves_the_window_to_gdi() {
    let mut opened = Opened::new();
    let name = match opened.window.open_card(true) {
        Ok(name) => name,
        Err(error) => {
            // What `auto` falls back from; the software's test covers the rest.
            opened.window.close_card();
            println!("skipped: {error}");
            return;
        }
    };
    println!("drawn by {name}");
    let window = whole(opened.window.size());
    let size = PixelSize { width: PART.width, height: PART.height };
    let pixels: Vec<u8> = (0..size.width * size.height)
        .flat_map(|at| [at as u8, (at / 7) as u8, (at / 31) as u8, 255])
        .collect();
    let card = opened.window.card().unwrap();
    card.put(0, size, whole(size), &pixels, size.width as usize * 4).unwrap();
    let fill = CardStep::Fill { area: window, color: [200, 100, 50] };
    let (left, top) = (PART.x as i32, PART.y as i32);
    let picture = CardStep::Picture { slot: 0, part: whole(size), left, top, size, dim: false };
    opened.draw(window, &[fill, picture]);
    opened.shows(PART, &pixels);
    let beside = PixelRect { x: PART.x + PART.width, ..PART };
    opened.shows(beside, &plain([50, 100, 200]));

    let mut corner = POINT::default();
    // SAFETY: writes into the live point.
    let _ = unsafe { ClientToScreen(opened.handle, &raw mut corner) };
    let cover = Rectangle::show(corner.x + left, corner.y + top, 64, 32);
    opened.shows(PART, &plain([255; 3]));
    drop(cover);
    opened.shows(PART, &pixels);
    let lost = |event: &WindowEvent| matches!(event, WindowEvent::CardLost(_));
    assert!(!opened.events.iter().any(lost));

    opened.window.close_card();
    for pixel in opened.window.pixels().chunks_exact_mut(4) {
        pixel.copy_from_slice(&[1, 2, 3, 255]);
    }
    opened.window.present(window).unwrap();
    opened.shows(PART, &plain([1, 2, 3]));
}
