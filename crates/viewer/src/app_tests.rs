use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gc_platform::{LockKeys, PointerButton, WaitWaker};
use gc_transport::{Connector, Endpoint};
use gc_types::{ManualClock, Secret, SeededEntropy, UnixMillis};

use super::*;
use crate::chrome::tests::Boxes;
use crate::drawing::Drawing;
use crate::siblings::Siblings;

/// What the window was told.
#[derive(Default)]
struct Told {
    presented: Vec<PixelRect>,
    diverted: bool,
    full_screen: bool,
    takes_files: bool,
    waits: usize,
}

struct FakeWindow {
    size: Rc<Cell<PixelSize>>,
    pixels: Vec<u8>,
    told: Rc<RefCell<Told>>,
    script: VecDeque<WindowEvent>,
}

struct NoWaker;

impl WaitWaker for NoWaker {
    fn wake(&self) {}
}

impl ViewerWindow for FakeWindow {
    fn wait(
        &mut self,
        _: Option<Duration>,
        events: &mut Vec<WindowEvent>,
    ) -> Result<(), WindowError> {
        self.told.borrow_mut().waits += 1;
        events.push(self.script.pop_front().unwrap_or(WindowEvent::CloseRequested));
        Ok(())
    }

    fn waker(&self) -> Arc<dyn WaitWaker> {
        Arc::new(NoWaker)
    }

    fn size(&self) -> PixelSize {
        self.size.get()
    }

    fn scale(&self) -> f32 {
        1.0
    }

    fn pixels(&mut self) -> &mut [u8] {
        let PixelSize { width, height } = self.size.get();
        self.pixels.resize(width as usize * height as usize * 4, 0);
        &mut self.pixels
    }

    fn present(&mut self, area: PixelRect) -> Result<(), WindowError> {
        assert!(area.x + area.width <= self.size.get().width, "{area:?}");
        assert!(area.y + area.height <= self.size.get().height, "{area:?}");
        self.told.borrow_mut().presented.push(area);
        Ok(())
    }

    fn set_title(&mut self, _: &str) {}

    fn set_cursor(&mut self, _: &WindowCursor) {}

    fn set_full_screen(&mut self, on: bool) {
        self.told.borrow_mut().full_screen = on;
    }

    fn divert_keys(&mut self, on: bool) {
        self.told.borrow_mut().diverted = on;
    }

    fn set_text_wanted(&mut self, _: bool) {}

    fn take_files(&mut self, on: bool) {
        self.told.borrow_mut().takes_files = on;
    }

    fn locks(&self) -> LockKeys {
        LockKeys::default()
    }
}

struct Rig {
    app: App,
    size: Rc<Cell<PixelSize>>,
    told: Rc<RefCell<Told>>,
    clock: Arc<ManualClock>,
    _runtime: tokio::runtime::Runtime,
}

fn rig(width: u32, height: u32, script: &[WindowEvent]) -> Rig {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let told = Rc::new(RefCell::new(Told::default()));
    let size = Rc::new(Cell::new(PixelSize { width, height }));
    let window = FakeWindow {
        size: Rc::clone(&size),
        pixels: vec![0; width as usize * height as usize * 4],
        told: Rc::clone(&told),
        script: script.iter().cloned().collect(),
    };
    let clock = Arc::new(ManualClock::new(UnixMillis(0)));
    let session = Session {
        connector: Connector::new(None).unwrap(),
        endpoint: Endpoint::new("ws://127.0.0.1:9/ws/viewer".parse().unwrap(), None).unwrap(),
        ticket: Secret::new("ticket".to_owned()),
        ask_first: true,
        software: "test".to_owned(),
    };
    let parts = Parts {
        window: Box::new(window),
        siblings: Siblings::default(),
        drawing: Drawing::Software,
        more_windows: Arc::new(|_| Err(WindowError("none".to_owned()))),
        face: Box::new(Boxes),
        clipboard: Box::new(|_| Err(gc_platform::ClipboardError("none".to_owned()))),
        files: Box::new(|| Box::new(|| Err(gc_platform::StoreError::NoUser))),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        entropy: Arc::new(SeededEntropy::new(1)),
        runtime: runtime.handle().clone(),
    };
    Rig { app: App::new(session, parts), size, told, clock, _runtime: runtime }
}

fn key(scan_code: u8) -> WindowEvent {
    let key = WindowKey { scan_code, extended: false, down: true, repeat: false, text: None };
    WindowEvent::Key(key)
}

const TAB: u8 = 0x0F;
const ENTER: u8 = 0x1C;

impl Rig {
    fn do_all(&mut self, events: &[WindowEvent]) {
        for event in events {
            self.app.on_event(event.clone());
            self.app.timers();
            self.app.settle();
            self.app.paint().unwrap();
        }
    }
}

#[test]
fn a_link_asks_and_only_a_button_that_was_moved_to_connects() {
    let mut rig = rig(800, 600, &[]);
    rig.do_all(&[WindowEvent::Focus(true), key(ENTER), key(ENTER), key(0x39)]);
    assert!(rig.app.phase == Phase::Asking && rig.app.link.is_none(), "somebody was typing");
    rig.do_all(&[key(TAB), key(ENTER)]);
    assert!(rig.app.phase == Phase::Connecting && rig.app.link.is_some());

    let mut rig = self::rig(800, 600, &[]);
    rig.do_all(&[WindowEvent::Focus(true), key(TAB), key(TAB), key(ENTER)]);
    assert!(rig.app.done && rig.app.link.is_none(), "the second is Cancel");
}

#[test]
fn a_click_on_connect_connects_and_one_beside_it_does_not() {
    let mut rig = rig(800, 600, &[]);
    rig.do_all(&[WindowEvent::Focus(true)]);
    let press = |x, y| WindowEvent::PointerButton { button: PointerButton::Left, down: true, x, y };
    let on_button = |rig: &Rig, index| {
        let card = rig.app.status.card.as_ref().unwrap();
        (0..600)
            .flat_map(|y| (0..800).map(move |x| (x, y)))
            .find(|(x, y)| card.at(*x, *y) == Some(index))
            .unwrap()
    };
    let (x, y) = on_button(&rig, 0);
    rig.do_all(&[press(x - 3, y - 3)]);
    assert!(rig.app.link.is_none());
    rig.do_all(&[press(x + 3, y + 3)]);
    assert!(rig.app.link.is_some());
}

#[test]
fn what_is_drawn_lies_in_the_window_whatever_its_size() {
    for (width, height) in [(1, 1), (40, 30), (320, 200), (1920, 1080)] {
        let mut rig = rig(width, height, &[]);
        rig.app.damage_all();
        rig.do_all(&[WindowEvent::Focus(true), WindowEvent::Resized]);
        let frame = rig.app.window.pixels().to_vec();
        assert!(frame.iter().any(|byte| *byte != 0), "{width}");
        for tool in [Tool::View, Tool::Leave] {
            rig.app.focus = Some(Focus::Toolbar(tool));
            rig.do_all(&[key(ENTER), key(0x50)]);
            assert!(rig.app.menu.is_some());
            rig.do_all(&[key(0x01), key(0x01)]);
            assert!(rig.app.menu.is_none() && rig.app.focus.is_none());
        }
    }
}

#[test]
fn a_window_that_becomes_smaller_is_drawn_inside_itself() {
    let mut rig = rig(1200, 900, &[]);
    rig.app.show_statistics = true;
    rig.do_all(&[WindowEvent::Focus(true)]);
    for (width, height) in [(700, 360), (90, 40), (1200, 900), (3, 2)] {
        rig.app.focus = Some(Focus::Toolbar(Tool::Leave));
        rig.do_all(&[key(ENTER)]);
        rig.size.set(PixelSize { width, height });
        rig.do_all(&[WindowEvent::Resized, WindowEvent::PointerMoved { x: 1, y: 1 }]);
    }
}

#[test]
fn at_rest_nothing_is_waited_for_and_nothing_is_drawn() {
    let mut rig = rig(800, 600, &[]);
    rig.do_all(&[WindowEvent::Focus(true)]);
    rig.told.borrow_mut().presented.clear();
    assert_eq!(rig.app.timeout(), None);
    rig.clock.advance(Duration::from_hours(1));
    rig.app.timers();
    rig.app.settle();
    rig.app.paint().unwrap();
    assert!(rig.told.borrow().presented.is_empty());
}

#[test]
fn without_control_no_key_is_kept_from_the_system() {
    let mut rig = rig(800, 600, &[]);
    rig.do_all(&[WindowEvent::Focus(true), key(0x1E)]);
    assert!(!rig.told.borrow().diverted && !rig.told.borrow().takes_files);
    // Its own keys work without a session too.
    let modifiers = [0x1D, 0x38, 0x2A].map(key);
    rig.app.phase = Phase::Connecting;
    rig.do_all(&modifiers);
    rig.do_all(&[key(0x21)]);
    assert!(rig.told.borrow().full_screen);
    rig.do_all(&[key(0x21)]);
    assert!(!rig.told.borrow().full_screen);
}

#[test]
fn closing_the_window_ends_the_loop() {
    let rig = rig(400, 300, &[WindowEvent::Focus(true), WindowEvent::Resized]);
    let told = Rc::clone(&rig.told);
    rig.app.run().unwrap();
    assert_eq!(told.borrow().waits, 3);
    assert!(!told.borrow().presented.is_empty());
}

fn extended(scan_code: u8) -> WindowEvent {
    let key = WindowKey { scan_code, extended: true, down: true, repeat: false, text: None };
    WindowEvent::Key(key)
}

#[test]
fn the_panel_has_the_keys_and_lies_in_windows_of_any_size() {
    for (width, height) in [(1280, 800), (320, 200), (30, 20), (1, 1)] {
        let mut rig = rig(width, height, &[]);
        rig.app.phase = Phase::Connecting;
        rig.app.panes = Some(Panes::new());
        rig.do_all(&[WindowEvent::Focus(true), key(TAB)]);
        assert_eq!(rig.app.panes.as_ref().unwrap().active, 1);
        // F7 asks for a name, in a folder that is not known yet.
        rig.do_all(&[key(0x41)]);
        assert!(rig.app.panes.as_ref().unwrap().types());
        rig.do_all(&[key(0x01)]);
        assert!(!rig.app.panes.as_ref().unwrap().types());
        rig.do_all(&[extended(0x4B), extended(0x50), extended(0x51), key(0x39), extended(0x53)]);
        assert_eq!(rig.app.panes.as_ref().unwrap().active, 0);
        assert!(rig.app.asking.is_none(), "there is nothing to delete");
        rig.do_all(&[WindowEvent::PointerMoved { x: 5, y: 5 }, key(0x01)]);
        assert!(rig.app.panes.is_none() && !rig.app.done);
    }
}
