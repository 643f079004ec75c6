//! The viewer's window drawn by OpenGL, as far as Wine lets it be seen.

use std::sync::Arc;
use std::time::Duration;

use gc_platform::{CardStep, PixelRect, PixelSize, ScreenCapture, ViewerWindow, WindowEvent};
use gc_platform_windows::{WindowsScreen, WindowsViewerWindow};
use gc_runtime::SystemClock;
use windows::Win32::Foundation::{HWND, POINT};
use windows::Win32::Graphics::Gdi::ClientToScreen;
use windows::Win32::UI::WindowsAndMessaging::{FindWindowW, SetForegroundWindow};
use windows::core::{PCWSTR, w};

use crate::window::until;

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
fn the_card_is_not_tried_unasked_and_leaves_the_window_to_gdi() {
    let mut opened = Opened::new();
    opened.window.open_card(false).unwrap_err();
    let window = whole(opened.window.size());
    match opened.window.open_card(true) {
        Ok(name) => {
            println!("drawn by {name}");
            let pixels = plain([10, 20, 30]);
            let size = PixelSize { width: PART.width, height: PART.height };
            let card = opened.window.card().unwrap();
            card.put(0, size, whole(size), &pixels, size.width as usize * 4).unwrap();
            let fill = CardStep::Fill { area: window, color: [200, 100, 50] };
            let (left, top) = (PART.x as i32, PART.y as i32);
            let dim = false;
            let picture = CardStep::Picture { slot: 0, part: whole(size), left, top, size, dim };
            // What it shows is not looked at: Wine shows no window of OpenGL that is inside
            // of another.
            opened.draw(window, &[fill, picture]);
            opened.look();
            let lost = |event: &WindowEvent| matches!(event, WindowEvent::CardLost(_));
            assert!(!opened.events.iter().any(lost));
        }
        Err(error) => println!("no OpenGL: {error}"),
    }
    opened.window.close_card();
    for pixel in opened.window.pixels().chunks_exact_mut(4) {
        pixel.copy_from_slice(&[1, 2, 3, 255]);
    }
    opened.window.present(window).unwrap();
    opened.shows(PART, &plain([1, 2, 3]));
}
