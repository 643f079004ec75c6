//! What the screen shows of a window.

use windows::Win32::Foundation::{HWND, POINT};
use windows::Win32::Graphics::Dwm::DwmFlush;
use windows::Win32::Graphics::Gdi::{CLR_INVALID, ClientToScreen, GetDC, GetPixel, ReleaseDC};
use windows::Win32::UI::WindowsAndMessaging::{IsIconic, WindowFromPoint};

use super::proof::DrawnAt;

fn on_screen(window: HWND, (x, y): (u32, u32)) -> Option<POINT> {
    let mut at = POINT { x: x as i32, y: y as i32 };
    // SAFETY: ours; writes into the live point.
    unsafe { ClientToScreen(window, &raw mut at) }.as_bool().then_some(at)
}

/// Whether no other window lies over a place of this one.
pub(super) fn is_in_sight(window: HWND, place: (u32, u32)) -> bool {
    // SAFETY: a number.
    let minimized = unsafe { IsIconic(window) }.as_bool();
    // SAFETY: as above.
    let top = |at: POINT| unsafe { WindowFromPoint(at) } == window;
    !minimized && on_screen(window, place).is_some_and(top)
}

/// Red, green and blue at these places, once the compositor has shown what was drawn.
pub(super) fn colors(window: HWND, looks: &[DrawnAt]) -> Vec<Option<[u8; 3]>> {
    // SAFETY: waits for the next frame. Without a compositor there is nothing to wait for.
    let _ = unsafe { DwmFlush() };
    // SAFETY: that of the whole screen, given back below.
    let screen = unsafe { GetDC(None) };
    let color = |place: (u32, u32)| {
        let at = on_screen(window, place)?;
        // SAFETY: numbers; the context is live.
        let color = unsafe { GetPixel(screen, at.x, at.y) }.0;
        let [red, green, blue, _] = color.to_le_bytes();
        (color != CLR_INVALID).then_some([red, green, blue])
    };
    let found = looks.iter().map(|(place, _)| color(*place)).collect();
    // SAFETY: taken above.
    unsafe { ReleaseDC(None, screen) };
    found
}
