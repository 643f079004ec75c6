//! A screen in memory.

use std::sync::Arc;
use std::time::Duration;

use gc_platform::{
    CaptureError, CursorImage, DisplayInfo, DisplaySelection, PixelRect, PixelSize, ScreenCapture,
    ScreenEvent, ScreenNotice, ScreenView, WaitWaker,
};
use gc_types::CauseCode;

use crate::pattern;
use crate::watched::Watched;

/// A display with its id as its name; the one with id 1 is the main one.
pub fn display(id: u32, x: i32, y: i32, width: u32, height: u32) -> DisplayInfo {
    let size = PixelSize { width, height };
    DisplayInfo { id, name: format!("FAKE-{id}"), x, y, size, primary: id == 1 }
}

/// The virtual desktop and what was not reported yet.
#[derive(Debug)]
struct Desktop {
    displays: Vec<DisplayInfo>,
    // Left, top and size of the box around all displays.
    origin: (i32, i32),
    size: PixelSize,
    pixels: Vec<u8>,
    cursor: Option<CursorImage>,
    pointer: (i32, i32),
    // On the virtual desktop, until reported on the surface.
    damage: Vec<(i32, i32, PixelSize)>,
    changed: bool,
    shape: bool,
    moved: bool,
    // What to say of the capture, until it is said.
    notices: Vec<Option<ScreenNotice>>,
    woken: bool,
    lost: bool,
    grab_failure: Option<CauseCode>,
    grabs: u64,
    grabbed_pixels: u64,
}

impl Desktop {
    fn news(&self) -> bool {
        self.woken
            || self.lost
            || self.changed
            || self.shape
            || self.moved
            || !self.notices.is_empty()
            || !self.damage.is_empty()
    }

    fn lay_out(&mut self, displays: Vec<DisplayInfo>) {
        let edge = |pick: fn(&DisplayInfo) -> i32| displays.iter().map(pick);
        let left = edge(|d| d.x).min().unwrap_or(0);
        let top = edge(|d| d.y).min().unwrap_or(0);
        let right = edge(|d| d.x + d.size.width as i32).max().unwrap_or(1);
        let bottom = edge(|d| d.y + d.size.height as i32).max().unwrap_or(1);
        self.origin = (left, top);
        self.size = PixelSize { width: (right - left) as u32, height: (bottom - top) as u32 };
        self.pixels = vec![0; self.size.width as usize * self.size.height as usize * 4];
        self.displays = displays;
        self.damage.clear();
    }

    fn put(&mut self, x: i32, y: i32, size: PixelSize, pixels: &[u8]) {
        let stride = self.size.width as usize * 4;
        for row in 0..size.height as i32 {
            for column in 0..size.width as i32 {
                let (to_x, to_y) = (x + column - self.origin.0, y + row - self.origin.1);
                let inside = (0..self.size.width as i32).contains(&to_x)
                    && (0..self.size.height as i32).contains(&to_y);
                if inside {
                    let to = to_y as usize * stride + to_x as usize * 4;
                    let from = (row as usize * size.width as usize + column as usize) * 4;
                    self.pixels[to..to + 4].copy_from_slice(&pixels[from..from + 4]);
                }
            }
        }
        self.damage.push((x, y, size));
    }
}

/// What the test does to the screen. Positions are on the virtual desktop.
#[derive(Debug, Clone)]
pub struct FakeScreenControl(Arc<Watched<Desktop>>);

impl FakeScreenControl {
    fn paint(&self, x: i32, y: i32, width: u32, height: u32, pixels: &[u8]) {
        self.0.update(|desktop| desktop.put(x, y, PixelSize { width, height }, pixels));
    }

    /// Paints pixels: rows of B G R X, `width` x `height` x 4 bytes.
    pub fn paint_pixels(&self, x: i32, y: i32, width: u32, height: u32, pixels: &[u8]) {
        assert_eq!(pixels.len(), width as usize * height as usize * 4, "rows of B G R X");
        self.paint(x, y, width, height, pixels);
    }

    /// Fills with one colour, red, green, blue.
    pub fn fill(&self, x: i32, y: i32, width: u32, height: u32, color: [u8; 3]) {
        let rect = PixelRect { x: 0, y: 0, width, height };
        self.paint(x, y, width, height, &pattern::fill(rect, color));
    }

    /// Something like a page of text: two colours, sharp edges.
    pub fn text(&self, x: i32, y: i32, width: u32, height: u32, seed: u64) {
        let rect = PixelRect { x: 0, y: 0, width, height };
        self.paint(x, y, width, height, &pattern::text(rect, seed));
    }

    /// Something like a frame of a film; seeds that follow each other move it on.
    pub fn video(&self, x: i32, y: i32, width: u32, height: u32, seed: u64) {
        let rect = PixelRect { x: 0, y: 0, width, height };
        self.paint(x, y, width, height, &pattern::video(rect, seed));
    }

    /// What cannot be compressed.
    pub fn noise(&self, x: i32, y: i32, width: u32, height: u32, seed: u64) {
        let rect = PixelRect { x: 0, y: 0, width, height };
        self.paint(x, y, width, height, &pattern::noise(rect, seed));
    }

    /// Moves the content of a rectangle up by `lines`, as a scrolled page; the new
    /// lines at the bottom are text. All of it is damaged, as systems report it.
    pub fn scroll(&self, x: i32, y: i32, width: u32, height: u32, lines: u32, seed: u64) {
        let lines = lines.min(height);
        self.0.update(|desktop| {
            let size = PixelSize { width, height };
            let stride = desktop.size.width as usize * 4;
            let left = (x - desktop.origin.0) as usize * 4;
            let top = (y - desktop.origin.1) as usize;
            let mut moved = Vec::with_capacity(width as usize * height as usize * 4);
            for row in lines..height {
                let at = (top + row as usize) * stride + left;
                moved.extend_from_slice(&desktop.pixels[at..at + width as usize * 4]);
            }
            let new = PixelRect { x: 0, y: 0, width, height: lines };
            if lines > 0 {
                moved.extend(pattern::text(new, seed));
            }
            desktop.put(x, y, size, &moved);
        });
    }

    /// Other displays, or other sizes. The picture starts black.
    pub fn set_displays(&self, displays: Vec<DisplayInfo>) {
        assert!(!displays.is_empty(), "a screen has a display");
        self.0.update(|desktop| {
            desktop.lay_out(displays);
            desktop.changed = true;
        });
    }

    /// Says something of the capture; `None` takes it back.
    pub fn notice(&self, notice: Option<ScreenNotice>) {
        self.0.update(|desktop| desktop.notices.push(notice));
    }

    /// Another cursor; `None` hides it.
    pub fn set_cursor(&self, cursor: Option<CursorImage>) {
        self.0.update(|desktop| {
            desktop.cursor = cursor;
            desktop.shape = true;
        });
    }

    /// The user moves the pointer.
    pub fn move_pointer(&self, x: i32, y: i32) {
        self.0.update(|desktop| {
            desktop.moved = desktop.pointer != (x, y);
            desktop.pointer = (x, y);
        });
    }

    /// The display server dies.
    pub fn lose(&self) {
        self.0.update(|desktop| desktop.lost = true);
    }

    /// The next grab fails, once.
    pub fn fail_next_grab(&self, cause: CauseCode) {
        self.0.update(|desktop| desktop.grab_failure = Some(cause));
    }

    /// The whole virtual desktop as it is now: size and rows of B G R X.
    pub fn picture(&self) -> (PixelSize, Vec<u8>) {
        let desktop = self.0.read();
        (desktop.size, desktop.pixels.clone())
    }

    /// How many grabs there were, and how many pixels they read together.
    pub fn grabs(&self) -> (u64, u64) {
        let desktop = self.0.read();
        (desktop.grabs, desktop.grabbed_pixels)
    }

    /// Blocks until there were so many grabs; `false` when the time is over.
    pub fn wait_for_grabs(&self, count: u64, timeout: Duration) -> bool {
        self.0.wait(Some(timeout), |desktop| desktop.grabs >= count)
    }
}

impl WaitWaker for FakeScreenControl {
    fn wake(&self) {
        self.0.update(|desktop| desktop.woken = true);
    }
}

/// A screen in memory; see [`FakeScreenControl`].
#[derive(Debug)]
pub struct FakeScreen {
    desktop: Arc<Watched<Desktop>>,
    surface: Option<Surface>,
}

#[derive(Debug)]
struct Surface {
    origin: (i32, i32),
    size: PixelSize,
    pixels: Vec<u8>,
}

impl FakeScreen {
    /// One display.
    pub fn new(width: u32, height: u32) -> (Self, FakeScreenControl) {
        Self::with_displays(vec![display(1, 0, 0, width, height)])
    }

    /// Several displays, of which all are in the picture at first.
    pub fn with_displays(displays: Vec<DisplayInfo>) -> (Self, FakeScreenControl) {
        assert!(!displays.is_empty(), "a screen has a display");
        let mut desktop = Desktop {
            displays: Vec::new(),
            origin: (0, 0),
            size: PixelSize { width: 1, height: 1 },
            pixels: Vec::new(),
            cursor: None,
            pointer: (0, 0),
            damage: Vec::new(),
            changed: false,
            shape: true,
            moved: true,
            notices: Vec::new(),
            woken: false,
            lost: false,
            grab_failure: None,
            grabs: 0,
            grabbed_pixels: 0,
        };
        desktop.lay_out(displays);
        let (origin, size) = (desktop.origin, desktop.size);
        desktop.damage.push((origin.0, origin.1, size));
        let surface = Some(Surface::new(origin, size));
        let desktop = Arc::new(Watched::new(desktop));
        let control = FakeScreenControl(Arc::clone(&desktop));
        (Self { desktop, surface }, control)
    }
}

impl Surface {
    fn new(origin: (i32, i32), size: PixelSize) -> Self {
        let pixels = vec![0; size.width as usize * size.height as usize * 4];
        Self { origin, size, pixels }
    }

    fn clip(&self, x: i64, y: i64, size: PixelSize) -> Option<PixelRect> {
        let (left, top) = (x.max(0), y.max(0));
        let right = (x + i64::from(size.width)).min(self.size.width.into());
        let bottom = (y + i64::from(size.height)).min(self.size.height.into());
        (left < right && top < bottom).then(|| PixelRect {
            x: left as u32,
            y: top as u32,
            width: (right - left) as u32,
            height: (bottom - top) as u32,
        })
    }
}

fn lost() -> CaptureError {
    let detail = "the display server died".to_owned();
    CaptureError { cause: CauseCode::NoDisplay, detail, lost: true }
}

impl ScreenCapture for FakeScreen {
    fn wait(&mut self, timeout: Option<Duration>) -> Result<Vec<ScreenEvent>, CaptureError> {
        self.desktop.wait(timeout, |desktop| desktop.news());
        let mut desktop = self.desktop.read();
        if desktop.lost {
            return Err(lost());
        }
        desktop.woken = false;
        let mut events = Vec::new();
        if std::mem::take(&mut desktop.changed) {
            self.surface = None;
            events.push(ScreenEvent::DisplaysChanged);
        }
        events.extend(desktop.notices.drain(..).map(ScreenEvent::Notice));
        let damage = std::mem::take(&mut desktop.damage);
        let (shape, moved) =
            (std::mem::take(&mut desktop.shape), std::mem::take(&mut desktop.moved));
        let Some(surface) = &self.surface else { return Ok(events) };
        let (left, top) = surface.origin;
        for (x, y, size) in damage {
            let rect = surface.clip((x - left).into(), (y - top).into(), size);
            events.extend(rect.map(ScreenEvent::Damage));
        }
        if shape {
            events.push(ScreenEvent::CursorShape(desktop.cursor.clone()));
        }
        if moved {
            let (x, y) = desktop.pointer;
            events.push(ScreenEvent::CursorMoved { x: x - left, y: y - top });
        }
        Ok(events)
    }

    fn waker(&self) -> Arc<dyn WaitWaker> {
        Arc::new(FakeScreenControl(Arc::clone(&self.desktop)))
    }

    fn displays(&self) -> Vec<DisplayInfo> {
        self.desktop.read().displays.clone()
    }

    fn select(&mut self, selection: DisplaySelection) -> Result<PixelSize, CaptureError> {
        self.desktop.update(|desktop| {
            if desktop.lost {
                return Err(lost());
            }
            let (origin, size) = match selection {
                DisplaySelection::All => (desktop.origin, desktop.size),
                DisplaySelection::One(id) => desktop
                    .displays
                    .iter()
                    .find(|display| display.id == id)
                    .map(|display| ((display.x, display.y), display.size))
                    .ok_or_else(|| CaptureError {
                        cause: CauseCode::MonitorUnknown,
                        detail: format!("there is no display {id}"),
                        lost: false,
                    })?,
            };
            self.surface = Some(Surface::new(origin, size));
            desktop.damage = vec![(origin.0, origin.1, size)];
            (desktop.changed, desktop.shape, desktop.moved) = (false, true, true);
            Ok(size)
        })
    }

    fn origin(&self) -> (i32, i32) {
        self.surface.as_ref().map_or((0, 0), |surface| surface.origin)
    }

    fn grab(&mut self, region: &[PixelRect]) -> Result<ScreenView<'_>, CaptureError> {
        let surface = &mut self.surface;
        self.desktop.update(|desktop| {
            if desktop.lost {
                return Err(lost());
            }
            if let Some(cause) = desktop.grab_failure.take() {
                return Err(CaptureError { cause, detail: "as scripted".to_owned(), lost: false });
            }
            let Some(surface) = surface.as_mut().filter(|_| !desktop.changed) else {
                return Err(CaptureError {
                    cause: CauseCode::CaptureFailed,
                    detail: "the displays changed; choose one anew".to_owned(),
                    lost: false,
                });
            };
            let offset_x = (surface.origin.0 - desktop.origin.0) as usize;
            let offset_y = (surface.origin.1 - desktop.origin.1) as usize;
            for rect in region {
                let size = PixelSize { width: rect.width, height: rect.height };
                let Some(rect) = surface.clip(rect.x.into(), rect.y.into(), size) else { continue };
                let row = rect.width as usize * 4;
                for y in rect.y as usize..(rect.y + rect.height) as usize {
                    let from =
                        ((y + offset_y) * desktop.size.width as usize + rect.x as usize + offset_x)
                            * 4;
                    let to = (y * surface.size.width as usize + rect.x as usize) * 4;
                    surface.pixels[to..to + row].copy_from_slice(&desktop.pixels[from..from + row]);
                }
                desktop.grabbed_pixels += u64::from(rect.width) * u64::from(rect.height);
            }
            desktop.grabs += 1;
            Ok(())
        })?;
        let Some(surface) = &self.surface else { return Err(lost()) };
        let stride = surface.size.width as usize * 4;
        Ok(ScreenView { size: surface.size, stride, pixels: &surface.pixels })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: PixelRect = PixelRect { x: 0, y: 0, width: 64, height: 48 };

    fn settled() -> (FakeScreen, FakeScreenControl) {
        let (mut screen, control) = FakeScreen::new(64, 48);
        let events = screen.wait(None).unwrap();
        assert_eq!(
            events,
            [
                ScreenEvent::Damage(FULL),
                ScreenEvent::CursorShape(None),
                ScreenEvent::CursorMoved { x: 0, y: 0 }
            ]
        );
        (screen, control)
    }

    #[test]
    fn what_is_painted_is_grabbed_where_asked() {
        let (mut screen, control) = settled();
        control.fill(60, 40, 10, 2, [1, 2, 3]);
        let rect = PixelRect { x: 60, y: 40, width: 4, height: 2 };
        assert_eq!(screen.wait(None).unwrap(), [ScreenEvent::Damage(rect)]);
        let view = screen.grab(&[PixelRect { width: 1, ..rect }]).unwrap();
        let at = 40 * view.stride + 60 * 4;
        assert_eq!(view.pixels[at..at + 8], [3, 2, 1, 255, 0, 0, 0, 0]);
        assert_eq!(control.grabs(), (1, 2));
        let (_, picture) = control.picture();
        assert!(screen.grab(&[FULL]).unwrap().pixels == picture);
    }

    #[test]
    fn the_same_seed_paints_the_same_and_another_does_not() {
        let (_screen, control) = settled();
        let paint: [fn(&FakeScreenControl, u64); 3] = [
            |c, seed| c.text(0, 0, 64, 48, seed),
            |c, seed| c.video(0, 0, 64, 48, seed),
            |c, seed| c.noise(0, 0, 64, 48, seed),
        ];
        let mut seen = Vec::new();
        for paint in paint {
            for seed in [1, 1, 2] {
                paint(&control, seed);
                seen.push(control.picture().1);
            }
        }
        for three in seen.chunks(3) {
            assert!(three[0] == three[1] && three[1] != three[2]);
        }
    }

    #[test]
    fn scrolling_moves_rows() {
        let (_screen, control) = settled();
        control.noise(0, 0, 64, 48, 3);
        let before = control.picture().1;
        control.scroll(0, 0, 64, 48, 10, 4);
        let after = control.picture().1;
        assert!(after[..38 * 256] == before[10 * 256..]);
    }

    #[test]
    fn displays_come_and_go() {
        let (mut screen, control) = settled();
        control.set_displays(vec![display(1, 0, 0, 64, 48), display(2, -32, 0, 32, 48)]);
        assert_eq!(screen.wait(None).unwrap(), [ScreenEvent::DisplaysChanged]);
        assert_eq!(screen.grab(&[FULL]).unwrap_err().cause, CauseCode::CaptureFailed);
        let size = screen.select(DisplaySelection::One(2)).unwrap();
        assert_eq!((size.width, screen.origin()), (32, (-32, 0)));
        control.fill(-1, 5, 2, 1, [9, 9, 9]);
        let events = screen.wait(None).unwrap();
        let rect = PixelRect { x: 31, y: 5, width: 1, height: 1 };
        assert_eq!(events[1], ScreenEvent::Damage(rect));
        let error = screen.select(DisplaySelection::One(7)).unwrap_err();
        assert_eq!(error.cause, CauseCode::MonitorUnknown);
        assert_eq!(screen.origin(), (-32, 0));
    }

    #[test]
    fn the_waker_the_time_and_the_death_end_a_wait() {
        let (mut screen, control) = settled();
        assert_eq!(screen.wait(Some(Duration::ZERO)).unwrap(), []);
        screen.waker().wake();
        assert_eq!(screen.wait(None).unwrap(), []);
        control.fail_next_grab(CauseCode::SecureDesktop);
        assert_eq!(screen.grab(&[FULL]).unwrap_err().cause, CauseCode::SecureDesktop);
        assert!(screen.grab(&[FULL]).is_ok());
        control.lose();
        assert!(screen.wait(None).unwrap_err().lost);
    }
}
