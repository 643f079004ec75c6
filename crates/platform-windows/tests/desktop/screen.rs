use std::sync::Arc;
use std::time::Duration;

use gc_platform::{
    DisplaySelection, InputInjector, PixelRect, PixelSize, ScreenCapture, ScreenEvent,
};
use gc_platform_windows::{WindowsInput, WindowsScreen, announce, open_screen};
use gc_runtime::SystemClock;
use gc_types::{CauseCode, Clock};

use crate::window::{Rectangle, pump, until};

const NAP: Duration = Duration::from_millis(50);
const WHOLE: PixelRect = PixelRect { x: 0, y: 0, width: 1280, height: 800 };
const PLACE: PixelRect = PixelRect { x: 900, y: 500, width: 200, height: 100 };

fn open() -> WindowsScreen {
    WindowsScreen::open_gdi(Arc::new(SystemClock::new())).unwrap()
}

fn damage(events: &[ScreenEvent]) -> Vec<PixelRect> {
    let rect = |event: &ScreenEvent| match event {
        ScreenEvent::Damage(rect) => Some(*rect),
        _ => None,
    };
    events.iter().filter_map(rect).collect()
}

/// Whether all of `rect` is white.
fn is_white(screen: &mut dyn ScreenCapture, rect: PixelRect) -> bool {
    let view = screen.grab(&[rect]).unwrap();
    (rect.y..rect.y + rect.height).all(|y| {
        let start = y as usize * view.stride + rect.x as usize * 4;
        let row = &view.pixels[start..start + rect.width as usize * 4];
        row.chunks_exact(4).all(|pixel| pixel[..3] == [255; 3])
    })
}

#[test]
fn the_first_events_are_the_whole_picture_and_the_cursor() {
    let mut input = WindowsInput::new();
    input.pointer_move(700, 300).unwrap();
    input.flush().unwrap();
    let mut screen = open();
    let displays = screen.displays();
    assert_eq!(displays.len(), 1);
    assert_eq!(displays[0].size, PixelSize { width: 1280, height: 800 });
    assert!(displays[0].primary && displays[0].id != 0);
    assert_eq!(screen.origin(), (0, 0));
    let events = screen.wait(None).unwrap();
    assert_eq!(damage(&events), [WHOLE]);
    assert!(events.contains(&ScreenEvent::CursorMoved { x: 700, y: 300 }), "{events:?}");
    let shape = |event: &ScreenEvent| matches!(event, ScreenEvent::CursorShape(_));
    assert!(events.iter().any(shape), "{events:?}");
    assert_eq!(screen.grab(&[WHOLE]).unwrap().pixels.len(), 1280 * 800 * 4);
}

#[test]
fn a_window_that_comes_and_goes_is_damage_where_it_is() {
    let mut screen = open();
    screen.wait(None).unwrap();
    assert!(!is_white(&mut screen, PLACE));
    let mut window = Some(Rectangle::show(900, 500, 200, 100));
    for white in [true, false] {
        if !white {
            window.take();
        }
        let mut found: Vec<PixelRect> = Vec::new();
        until("the window's pixels", || {
            pump();
            found.extend(damage(&screen.wait(Some(NAP)).unwrap()));
            (is_white(&mut screen, PLACE) == white).then_some(())
        });
        let inside = |rect: &PixelRect| {
            rect.x >= PLACE.x
                && rect.y >= PLACE.y
                && rect.x + rect.width <= PLACE.x + PLACE.width
                && rect.y + rect.height <= PLACE.y + PLACE.height
        };
        let area: u32 = found.iter().filter(|r| inside(r)).map(|r| r.width * r.height).sum();
        println!("{found:?}");
        // All of it was reported, by looks that may have seen it half drawn.
        assert!(area >= PLACE.width * PLACE.height || found.contains(&WHOLE), "{found:?}");
    }
}

#[test]
fn displays_are_chosen_one_by_one() {
    let mut screen = open();
    let id = screen.displays()[0].id;
    assert_eq!(screen.select(DisplaySelection::One(id)).unwrap().width, 1280);
    assert_eq!(damage(&screen.wait(None).unwrap()), [WHOLE]);
    let refused = screen.select(DisplaySelection::One(id + 7)).unwrap_err();
    assert_eq!(refused.cause, CauseCode::MonitorUnknown);
    assert!(screen.grab(&[WHOLE]).is_ok(), "the surface stays");
}

#[test]
fn a_wait_ends_with_its_waker() {
    let mut screen = open();
    let waker = screen.waker();
    until("a quiet screen", || screen.wait(Some(NAP)).unwrap().is_empty().then_some(()));
    let thread = std::thread::spawn(move || {
        // Nothing else ends this wait.
        while !screen.wait(None).unwrap().is_empty() {}
    });
    waker.wake();
    thread.join().unwrap();
}

#[test]
fn where_nothing_can_be_duplicated_the_screen_is_there_all_the_same() {
    let clock = Arc::new(SystemClock::new());
    let mut screen = open_screen(Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    // The first picture does not wait for the trial of duplication.
    assert_eq!(damage(&screen.wait(None).unwrap()), [WHOLE]);
    assert!(!is_white(screen.as_mut(), PLACE));
    let _window = Rectangle::show(900, 500, 200, 100);
    // Longer than a trial may take: whatever came of it, the picture goes on.
    let end = clock.monotonic() + Duration::from_millis(2500);
    while clock.monotonic() < end {
        pump();
        for event in screen.wait(Some(NAP)).unwrap() {
            // Not to have it is no fault that a viewer has to know of.
            assert!(!matches!(event, ScreenEvent::Notice(_)), "{event:?}");
        }
    }
    until("the window's pixels", || {
        pump();
        screen.wait(Some(NAP)).unwrap();
        is_white(screen.as_mut(), PLACE).then_some(())
    });
}

#[test]
fn injected_input_ends_a_wait_with_what_it_changed() {
    let mut screen = open();
    until("a quiet screen", || screen.wait(Some(NAP)).unwrap().is_empty().then_some(()));
    let _window = Rectangle::show(900, 500, 200, 100);
    pump();
    announce();
    let mut found = Vec::new();
    until("damage", || {
        found.extend(damage(&screen.wait(Some(NAP)).unwrap()));
        (!found.is_empty()).then_some(())
    });
}
