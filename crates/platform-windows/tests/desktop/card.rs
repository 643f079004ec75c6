//! The viewer's window drawn by OpenGL, and looked at on the screen.

use std::sync::Arc;
use std::time::Duration;

use gc_platform::{CardStep, PixelRect, PixelSize, ScreenCapture, ViewerWindow, WindowEvent};
use gc_platform_windows::{WindowsScreen, WindowsViewerWindow};
use gc_runtime::SystemClock;
use windows::Win32::Foundation::{COLORREF, HWND, POINT};
use windows::Win32::Graphics::Gdi::ClientToScreen;
use windows::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DestroyWindow, FindWindowW, LWA_ALPHA, SWP_NOMOVE, SWP_NOZORDER,
    SetForegroundWindow, SetLayeredWindowAttributes, SetWindowPos, WINDOW_STYLE, WS_EX_LAYERED,
    WS_EX_TOOLWINDOW, WS_EX_TOPMOST, WS_EX_TRANSPARENT, WS_POPUP, WS_VISIBLE,
};
use windows::core::{PCWSTR, w};

use crate::window::{Rectangle, WHITE, until};

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

const GROUND: [u8; 3] = [200, 100, 50];

fn lost(event: &WindowEvent) -> Option<&str> {
    if let WindowEvent::CardLost(cause) = event { Some(cause) } else { None }
}

impl Opened {
    /// A ground with a small picture.
    fn draw_picture(&mut self, [blue, green, red]: [u8; 3]) {
        let window = whole(self.window.size());
        let pixels = plain([blue, green, red]);
        let size = PixelSize { width: PART.width, height: PART.height };
        let card = self.window.card().unwrap();
        card.put(0, size, whole(size), &pixels, size.width as usize * 4).unwrap();
        let fill = CardStep::Fill { area: window, color: GROUND };
        let (left, top) = (PART.x as i32, PART.y as i32);
        let dim = false;
        let picture = CardStep::Picture { slot: 0, part: whole(size), left, top, size, dim };
        self.draw(window, &[fill, picture]);
    }

    /// Draws by software, in whatever window there is now.
    fn present(&mut self, color: [u8; 3]) {
        // SAFETY: the name ends with a zero.
        self.handle = unsafe { FindWindowW(w!("GuruConnectViewer"), PCWSTR::null()) }.unwrap();
        let [blue, green, red] = color;
        for pixel in self.window.pixels().chunks_exact_mut(4) {
            pixel.copy_from_slice(&[blue, green, red, 255]);
        }
        let area = whole(self.window.size());
        self.window.present(area).unwrap();
    }
}

#[test]
fn what_the_card_draws_is_on_the_screen_and_the_software_goes_on_in_its_place() {
    let mut opened = Opened::new();
    let name = match opened.window.open_card(true) {
        Ok(name) => name,
        Err(error) => return println!("no OpenGL: {error}"),
    };
    println!("drawn by {name}");
    let size = opened.window.size();
    opened.draw_picture([10, 20, 30]);
    opened.shows(PART, &plain([10, 20, 30]));
    // More looks than the window needs to see it for itself, or to give it up.
    for _ in 0..40 {
        opened.look();
    }
    opened.draw_picture([40, 250, 60]);
    opened.shows(PART, &plain([40, 250, 60]));

    // Uncovered, it is drawn again.
    let cover = Rectangle::show(0, 0, 1280, 800);
    let corner = PixelRect { x: 0, y: 0, ..PART };
    until("it is covered", || {
        opened.look();
        let view = opened.screen.grab(&[corner]).unwrap();
        (view.pixels[..3] == [255; 3]).then_some(())
    });
    drop(cover);
    opened.shows(PART, &plain([40, 250, 60]));

    // In another size it is drawn anew.
    // SAFETY: a window of this thread.
    unsafe {
        let flags = SWP_NOMOVE | SWP_NOZORDER;
        SetWindowPos(opened.handle, None, 0, 0, 700, 500, flags).unwrap();
    }
    opened.look();
    assert_ne!(opened.window.size(), size);
    opened.draw_picture([70, 80, 240]);
    opened.shows(PART, &plain([70, 80, 240]));
    for _ in 0..40 {
        opened.look();
    }
    let losses: Vec<&str> = opened.events.iter().filter_map(lost).collect();
    assert!(losses.is_empty(), "{losses:?}");

    // The software takes over in the same place.
    let (before, size) = (opened.handle, opened.window.size());
    opened.window.close_card();
    opened.look();
    assert_eq!(opened.window.size(), size);
    opened.present([1, 2, 3]);
    assert_ne!(opened.handle, before, "GDI cannot be relied on in the window of before");
    opened.shows(PART, &plain([1, 2, 3]));
}

/// A white window above all others that the pointer goes through: what lies below it is
/// in sight for the system, and not on the screen.
fn veil() -> HWND {
    let above = WS_EX_TOPMOST | WS_EX_LAYERED | WS_EX_TRANSPARENT | WS_EX_TOOLWINDOW;
    let style = WS_POPUP | WS_VISIBLE | WINDOW_STYLE(WHITE);
    let (class, none) = (w!("STATIC"), PCWSTR::null());
    // SAFETY: the names end with a zero; numbers.
    unsafe {
        let made =
            CreateWindowExW(above, class, none, style, 0, 0, 1280, 800, None, None, None, None);
        let window = made.unwrap();
        SetLayeredWindowAttributes(window, COLORREF(0), 255, LWA_ALPHA).unwrap();
        window
    }
}

#[test]
fn a_card_whose_pictures_do_not_come_to_the_screen_is_given_up() {
    let mut opened = Opened::new();
    if let Err(error) = opened.window.open_card(true) {
        return println!("no OpenGL: {error}");
    }
    let veil = veil();
    opened.draw_picture([10, 20, 30]);
    let cause = until("it is given up", || {
        opened.look();
        opened.events.iter().find_map(lost).map(ToOwned::to_owned)
    });
    assert_eq!(cause, "what it draws does not come to the screen");
    for _ in 0..40 {
        opened.look();
    }
    assert_eq!(opened.events.iter().filter_map(lost).count(), 1, "said once");
    opened.window.close_card();
    // SAFETY: ours.
    unsafe { DestroyWindow(veil) }.unwrap();
    opened.present([1, 2, 3]);
    opened.shows(PART, &plain([1, 2, 3]));
}
