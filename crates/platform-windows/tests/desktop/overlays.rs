//! The bar and the notice, used as a person uses them.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use gc_platform::{
    BarHandle, ConnectedBar, ConnectionNotice, NoticeOverlay, NoticePosition, PromptHandle,
};
use gc_platform_windows::{WindowsConnectedBar, WindowsNotice};
use gc_types::{Clock, ManualClock};
use windows::Win32::Foundation::{HWND, LPARAM, POINT, WPARAM};
use windows::Win32::UI::WindowsAndMessaging::{
    BM_CLICK, PostMessageW, SetForegroundWindow, WM_CLOSE, WindowFromPoint,
};

use crate::person::{
    ENTER, Person, controls, find, found, gone, is_above, is_in_front, middle, pixel, rect, size,
    title, told,
};
use crate::window::{Notepad, Rectangle, pump, until};

const BAR: &str = "GuruConnectBar";
const NOTICE: &str = "GuruConnectNotice";

struct Shown {
    person: Person,
    clock: Arc<ManualClock>,
    window: HWND,
    stop: HWND,
    stops: Receiver<()>,
    handle: Box<dyn BarHandle>,
}

fn show() -> Shown {
    show_to(Person::new())
}

fn show_to(person: Person) -> Shown {
    person.move_to((5, 700));
    let clock = Arc::new(ManualClock::default());
    let shared: Arc<dyn Clock> = clock.clone();
    let (send, stops) = channel();
    let names = ["Anna Technician".to_owned()];
    let handle = WindowsConnectedBar::new(shared)
        .show(&names, "Contoso", Box::new(move || send.send(()).unwrap()))
        .unwrap();
    let window = found(BAR);
    let stop = controls(window, "BUTTON")[0];
    Shown { person, clock, window, stop, stops, handle }
}

/// Red, as Stop is.
fn is_red([red, green, blue]: [u8; 3]) -> bool {
    red > 0x90 && green < 0x60 && blue < 0x60
}

#[test]
fn the_bar_is_at_the_top_and_a_click_on_stop_stops() {
    let shown = show();
    let at = rect(shown.window);
    assert_eq!(at.top, 0);
    assert!((i32::midpoint(at.left, at.right) - 640).abs() <= 1, "in the middle: {at:?}");
    assert_eq!(title(shown.window), "GuruConnect: Anna Technician of Contoso is connected");
    let stop = rect(shown.stop);
    until("red", || is_red(pixel(stop.left + 12, stop.top + 12)).then_some(()));
    // Beside the button nothing happens; on it, once.
    shown.person.click((at.left + 40, at.top + 12));
    shown.person.click(middle(shown.stop));
    told(&shown.stops);
    assert!(shown.stops.try_recv().is_err());
    drop(shown.handle);
    assert!(find(BAR).is_none(), "gone with its handle");
}

#[test]
fn the_bar_takes_the_keyboard_only_when_it_is_chosen() {
    let person = Person::new();
    let notepad = Notepad::start();
    let middle_of_text = notepad.middle();
    until("notepad in front", || {
        person.click(middle_of_text);
        notepad.is_in_front().then_some(())
    });
    let shown = show_to(person);
    // A click on it takes nothing away either.
    let at = rect(shown.window);
    shown.person.click((at.left + 40, at.top + 12));
    assert!(notepad.is_in_front());
    shown.person.text("still here");
    notepad.wait_for("still here");
    assert!(notepad.is_in_front() && shown.stops.try_recv().is_err());
    // As Alt+Tab and the task bar do.
    // SAFETY: takes a window.
    until("the bar chosen", || unsafe {
        let _ = SetForegroundWindow(shown.window);
        is_in_front(shown.window).then_some(())
    });
    shown.person.key((ENTER, false));
    told(&shown.stops);
    // Alt+S, and a screen reader's press.
    shown.person.with_alt(0x1F);
    told(&shown.stops);
    // SAFETY: the control is there.
    unsafe { PostMessageW(Some(shown.stop), BM_CLICK, WPARAM(0), LPARAM(0)) }.unwrap();
    told(&shown.stops);
    // SAFETY: as "close" in the task bar.
    unsafe { PostMessageW(Some(shown.window), WM_CLOSE, WPARAM(0), LPARAM(0)) }.unwrap();
    told(&shown.stops);
    assert!(find(BAR).is_some(), "it goes with its handle alone");
}

/// Presses on the bar, moves the pointer to the right and a little down, and looks whether
/// the bar has come along. Wine may give the press, or a move before the bar holds the
/// pointer, to what is below; and it honours what holds the pointer in the foreground
/// only, so that the pointer stays inside of the bar.
fn drag(shown: &Shown, by: i32) -> Option<()> {
    let from = rect(shown.window);
    shown.person.move_to((from.left + 40, from.top + 8));
    shown.person.button(true);
    let mut came = None;
    for step in [by / 4, by / 2, by] {
        shown.person.move_to((from.left + 40 + step, from.top + 8 + step / 8));
    }
    for _ in 0..50 {
        pump();
        if (rect(shown.window).left - from.left).abs_diff(by) <= 2 {
            came = Some(());
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    shown.person.button(false);
    came
}

#[test]
fn the_bar_can_be_dragged_sideways_and_names_change_its_width() {
    let shown = show();
    let at = rect(shown.window);
    until("the drag", || drag(&shown, 60));
    assert_eq!(rect(shown.window).top, 0, "only sideways");
    shown.handle.set_viewers(&["Anna Technician".to_owned(), "Ben".to_owned()]);
    until("two names", || (size(rect(shown.window)).0 > size(at).0).then_some(()));
    assert_eq!(
        title(shown.window),
        "GuruConnect: Anna Technician and Ben of Contoso are connected"
    );
    shown.handle.set_viewers(&vec!["W".repeat(300); 5]);
    until("long names", || {
        let at = rect(shown.window);
        (size(at).0 > 700 && at.left >= 0 && at.right <= 1280).then_some(())
    });
    let stop = rect(shown.stop);
    assert!(stop.right <= rect(shown.window).right);
}

#[test]
fn the_bar_tells_minutes_and_stays_on_top() {
    let shown = show();
    let at = rect(shown.window);
    let stop = rect(shown.stop);
    let look = |what: &str, before: Option<&Vec<[u8; 3]>>| {
        until(what, || {
            let row: Vec<_> =
                (at.left..stop.left).map(|x| pixel(x, i32::midpoint(at.top, at.bottom))).collect();
            let drawn = row.iter().any(|color| *color != row[0]);
            (drawn && before.is_none_or(|before| *before != row)).then_some(row)
        })
    };
    let first = look("a drawing", None);
    shown.clock.advance(Duration::from_mins(8));
    look("another time", Some(&first));
    let cover = Rectangle::show(at.left, 0, 400, 200);
    until("the bar on top again", || {
        pump();
        is_above(shown.window, cover.window()).then_some(())
    });
}

fn notice(text: &str, position: NoticePosition, dismissible: bool) -> ConnectionNotice {
    ConnectionNotice {
        text: text.to_owned(),
        position,
        duration: Duration::from_secs(10),
        dismissible,
    }
}

struct Notified {
    person: Person,
    clock: Arc<ManualClock>,
    window: HWND,
    handle: Box<dyn PromptHandle>,
}

fn notify(position: NoticePosition, dismissible: bool) -> Notified {
    let person = Person::new();
    person.move_to((5, 500));
    let clock = Arc::new(ManualClock::default());
    let shared: Arc<dyn Clock> = clock.clone();
    let text = "Anna Technician of Contoso has connected\nat 14:05";
    let handle = WindowsNotice::new(shared).show(notice(text, position, dismissible)).unwrap();
    let window = found(NOTICE);
    assert!(title(window).contains("Anna Technician"), "{}", title(window));
    Notified { person, clock, window, handle }
}

#[test]
fn a_notice_goes_by_itself_or_with_its_handle() {
    let shown = notify(NoticePosition::BottomRight, false);
    shown.clock.advance(Duration::from_millis(9_900));
    shown.person.move_to((6, 500));
    assert!(find(NOTICE).is_some());
    shown.clock.advance(Duration::from_millis(100));
    gone(NOTICE);
    let shown = notify(NoticePosition::Center, true);
    drop(shown.handle);
    assert!(find(NOTICE).is_none(), "gone with its handle");
}

#[test]
fn notices_appear_where_they_are_wanted() {
    use NoticePosition::{BottomLeft, BottomRight, Center, TopLeft, TopRight};
    for position in [TopLeft, TopRight, BottomLeft, BottomRight, Center] {
        let shown = notify(position, false);
        let at = rect(shown.window);
        let (x, y) = middle(shown.window);
        assert!(at.left >= 0 && at.top >= 0 && at.right <= 1280 && at.bottom <= 800, "{at:?}");
        let (left, top) = (x < 540, y < 350);
        let (right, bottom) = (x > 740, y > 450);
        let held = match position {
            TopLeft => left && top,
            TopRight => right && top,
            BottomLeft => left && bottom,
            BottomRight => right && bottom,
            Center => !(left || top || right || bottom),
        };
        assert!(held, "{position:?}: {at:?}");
    }
}

#[test]
fn a_click_closes_only_what_can_be_dismissed() {
    let shown = notify(NoticePosition::Center, false);
    let (x, y) = middle(shown.window);
    // SAFETY: takes a point.
    let under = unsafe { WindowFromPoint(POINT { x, y }) };
    assert_ne!(under, shown.window, "clicks go to what lies below");
    shown.person.click((x, y));
    drop(shown.handle);
    let shown = notify(NoticePosition::Center, true);
    // SAFETY: takes a point.
    let under = unsafe { WindowFromPoint(POINT { x, y }) };
    assert_eq!(under, shown.window);
    let front = is_in_front(shown.window);
    shown.person.click((x, y));
    gone(NOTICE);
    assert!(!front, "it never has the keyboard");
}
