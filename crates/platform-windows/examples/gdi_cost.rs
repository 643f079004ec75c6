//! What GDI capture costs: CPU of a picture with damage detection, CPU of a screen at
//! rest, and how late a change is seen. Run it on a desktop where nothing else moves:
//! `gdi_cost [seconds of each part]`.

#[cfg(not(windows))]
fn main() {}

#[cfg(windows)]
fn main() {
    windows_only::run();
}

#[cfg(windows)]
mod windows_only {
    #![expect(unsafe_code, reason = "windows and CPU times are reached by Win32 only")]
    #![expect(clippy::print_stdout, clippy::unwrap_used, reason = "figures for people")]

    use std::sync::Arc;
    use std::time::Duration;

    use gc_platform::{PixelRect, ScreenCapture, ScreenEvent};
    use gc_platform_windows::{WindowsScreen, announce};
    use gc_runtime::SystemClock;
    use gc_types::Clock;
    use windows::Win32::Foundation::{COLORREF, FILETIME, HWND, RECT};
    use windows::Win32::Graphics::Gdi::{
        CreateSolidBrush, DeleteObject, FillRect, GdiFlush, GetDC, ReleaseDC,
    };
    use windows::Win32::System::Threading::{GetCurrentProcess, GetProcessTimes};
    use windows::Win32::UI::WindowsAndMessaging::{
        CreateWindowExW, DispatchMessageW, MSG, PM_REMOVE, PeekMessageW, WINDOW_STYLE,
        WS_EX_TOPMOST, WS_POPUP, WS_VISIBLE,
    };
    use windows::core::w;

    /// `SS_WHITERECT` (winuser.h).
    const WHITE: u32 = 6;

    /// CPU time of this process so far.
    fn cpu() -> Duration {
        let [mut made, mut ended, mut kernel, mut user] = [FILETIME::default(); 4];
        // SAFETY: it writes into the live structures.
        unsafe {
            GetProcessTimes(
                GetCurrentProcess(),
                &raw mut made,
                &raw mut ended,
                &raw mut kernel,
                &raw mut user,
            )
        }
        .unwrap();
        let ticks =
            |time: FILETIME| u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
        Duration::from_nanos((ticks(kernel) + ticks(user)) * 100)
    }

    fn window() -> HWND {
        // SAFETY: the names end with a zero.
        unsafe {
            CreateWindowExW(
                WS_EX_TOPMOST,
                w!("STATIC"),
                w!(""),
                WS_POPUP | WS_VISIBLE | WINDOW_STYLE(WHITE),
                100,
                100,
                300,
                200,
                None,
                None,
                None,
                None,
            )
        }
        .unwrap()
    }

    fn pump() {
        let mut message = MSG::default();
        // SAFETY: the message is live, and dispatched as it came.
        unsafe {
            while PeekMessageW(&raw mut message, None, 0, 0, PM_REMOVE).as_bool() {
                DispatchMessageW(&raw const message);
            }
        }
    }

    fn paint(window: HWND, color: u32) {
        let rect = RECT { left: 0, top: 0, right: 300, bottom: 20 };
        // SAFETY: what is made here is ended here; the rectangle lives.
        unsafe {
            let context = GetDC(Some(window));
            let brush = CreateSolidBrush(COLORREF(color));
            FillRect(context, &raw const rect, brush);
            let _ = GdiFlush();
            let _ = DeleteObject(brush.into());
            ReleaseDC(Some(window), context);
        }
        pump();
    }

    fn damaged(events: &[ScreenEvent]) -> Vec<PixelRect> {
        let rect = |event: &ScreenEvent| match event {
            ScreenEvent::Damage(rect) => Some(*rect),
            _ => None,
        };
        events.iter().filter_map(rect).collect()
    }

    pub(super) fn run() {
        let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(10);
        let part = Duration::from_secs(seconds);
        let clock = Arc::new(SystemClock::new());
        let now = || clock.monotonic();
        let mut screen = WindowsScreen::open_gdi(Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
        let window = window();
        pump();

        // Pictures: something changes before each look.
        let (start, before, mut pictures, mut color) = (now(), cpu(), 0_u32, 0_u32);
        while now() < start + part {
            color = color.wrapping_add(0x000F_0F0F) & 0x00FF_FFFF;
            paint(window, color);
            loop {
                let damage = damaged(&screen.wait(None).unwrap());
                if !damage.is_empty() {
                    screen.grab(&damage).unwrap();
                    break;
                }
            }
            pictures += 1;
        }
        let each = (cpu() - before) / pictures;
        println!(
            "pictures: {pictures}, CPU of each {each:?}, every {:?}",
            (now() - start) / pictures
        );

        // Rest.
        let settle = now() + Duration::from_secs(12);
        while now() < settle {
            screen.wait(Some(Duration::from_secs(1))).unwrap();
        }
        let (start, before) = (now(), cpu());
        while now() < start + part {
            screen.wait(Some(Duration::from_secs(1))).unwrap();
        }
        let share = (cpu() - before).as_secs_f64() / (now() - start).as_secs_f64();
        println!("rest: {:.2} % of a core", share * 100.0);

        // From a change, told of as input is, to its damage.
        let mut times = Vec::new();
        for round in 0..40_u32 {
            let settle = now() + Duration::from_millis(150);
            while now() < settle {
                screen.wait(Some(Duration::from_millis(10))).unwrap();
            }
            announce();
            paint(window, round * 0x0010_2030 % 0x00FF_FFFF);
            let start = now();
            while damaged(&screen.wait(None).unwrap()).is_empty() {}
            times.push(now() - start);
        }
        times.sort_unstable();
        println!("input to damage: median {:?}, worst {:?}", times[20], times[39]);
    }
}
