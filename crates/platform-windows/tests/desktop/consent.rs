//! The consent prompt, used as a person uses it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use gc_platform::{ConsentAnswer, ConsentPrompt, ConsentRequest, PromptHandle};
use gc_platform_windows::WindowsConsent;
use gc_types::{Clock, ManualClock};
use windows::Win32::Foundation::{HWND, LPARAM, WPARAM};
use windows::Win32::UI::WindowsAndMessaging::{BM_CLICK, PostMessageW, SendMessageW, WM_CLOSE};

use crate::person::{
    ENTER, ESCAPE, LEFT, Person, RIGHT, SPACE, TAB, controls, find, found, gone, is_above,
    is_in_front, middle, pixel, rect, size, title, told,
};
use crate::window::{Rectangle, until};

const CLASS: &str = "GuruConnectConsent";
/// Below a button, at rest and below the pointer (`gc_panel::Palette::LIGHT`, which is
/// what a new user has).
const SURFACE: [u8; 3] = [0xFC, 0xFD, 0xFD];
const HOVER: [u8; 3] = [0xE2, 0xED, 0xEB];

struct Asked {
    person: Person,
    clock: Arc<ManualClock>,
    window: HWND,
    buttons: Vec<HWND>,
    answers: Receiver<ConsentAnswer>,
    handle: Box<dyn PromptHandle>,
}

fn request(control: bool) -> ConsentRequest {
    ConsentRequest {
        technician: "Anna Technician".to_owned(),
        company: "Contoso IT".to_owned(),
        control,
        timeout: Duration::from_mins(1),
    }
}

/// Opens a prompt and waits until it can be seen.
fn ask(control: bool) -> Asked {
    let person = Person::new();
    person.move_to((5, 5));
    let clock = Arc::new(ManualClock::default());
    let (send, answers) = channel();
    let shared: Arc<dyn Clock> = clock.clone();
    let handle = WindowsConsent::new(shared)
        .ask(request(control), Box::new(move |answer| send.send(answer).unwrap()))
        .unwrap();
    let window = found(CLASS);
    let buttons = controls(window, "BUTTON");
    let asked = Asked { person, clock, window, buttons, answers, handle };
    asked.settle();
    asked
}

impl Asked {
    /// Waits until all input so far has been looked at: a button lights up below the
    /// pointer, and goes out again.
    fn settle(&self) {
        let rect = rect(self.buttons[0]);
        let inside = (rect.left + 14, rect.top + 14);
        let lit = |lit: bool, at: (i32, i32)| {
            let mut step = 0;
            until("the light of a button", || {
                // A move to where it is would be none.
                step = 1 - step;
                self.person.move_to((at.0 + step, at.1));
                let wanted = if lit { HOVER } else { SURFACE };
                (pixel(inside.0, inside.1) == wanted).then_some(())
            });
        };
        // Before it is drawn, another colour is there.
        lit(false, (5, 5));
        lit(true, (inside.0, inside.1 + 2));
        lit(false, (5, 5));
    }

    fn seen(&self) {
        self.clock.advance(Duration::from_millis(600));
    }

    fn has_keyboard(&self) {
        until("the keyboard", || is_in_front(self.window).then_some(()));
    }

    fn answered(self) -> ConsentAnswer {
        let answer = told(&self.answers);
        gone(CLASS);
        drop(self.handle);
        assert!(self.answers.try_recv().is_err(), "answered twice");
        answer
    }
}

#[test]
fn each_button_answers_by_click() {
    use ConsentAnswer::{Allow, Decline, ViewOnly};
    for (control, answers) in [(true, &[Allow, ViewOnly, Decline][..]), (false, &[Allow, Decline])]
    {
        for (index, expected) in answers.iter().enumerate() {
            let asked = ask(control);
            assert_eq!(asked.buttons.len(), answers.len());
            let sizes: Vec<_> = asked.buttons.iter().map(|b| size(rect(*b))).collect();
            assert!(sizes.iter().all(|size| (size.0 - sizes[0].0).abs() <= 1), "{sizes:?}");
            asked.seen();
            asked.person.click(middle(asked.buttons[index]));
            assert_eq!(asked.answered(), *expected);
        }
    }
}

#[test]
fn it_can_be_used_by_keyboard() {
    use ConsentAnswer::{Allow, Decline, ViewOnly};
    let plain = |code| (code, false);
    for (keys, expected) in [
        (&[plain(ENTER)][..], Decline),
        (&[plain(SPACE)], Decline),
        (&[plain(ESCAPE)], Decline),
        (&[plain(TAB), plain(SPACE)], Allow),
        (&[LEFT, plain(ENTER)], ViewOnly),
        (&[RIGHT, RIGHT, plain(ENTER)], ViewOnly),
        (&[plain(TAB), plain(ESCAPE)], Decline),
    ] {
        let asked = ask(true);
        asked.has_keyboard();
        asked.seen();
        for key in keys {
            asked.person.key(*key);
        }
        assert_eq!(asked.answered(), expected, "{keys:?}");
    }
    // Letters by scan code: A, V and D; with Alt only.
    for (code, expected) in [(0x1E, Allow), (0x2F, ViewOnly), (0x20, Decline)] {
        let asked = ask(true);
        asked.has_keyboard();
        asked.seen();
        for letter in [0x1E, 0x2F, 0x20] {
            asked.person.key((letter, false));
        }
        asked.settle();
        assert!(asked.answers.try_recv().is_err(), "a letter alone is no answer");
        asked.person.with_alt(code);
        assert_eq!(asked.answered(), expected);
    }
}

#[test]
fn who_types_or_clicks_as_it_appears_answers_nothing() {
    let asked = ask(true);
    asked.has_keyboard();
    asked.person.click(middle(asked.buttons[0]));
    for key in [TAB, ENTER, ESCAPE, SPACE] {
        asked.person.key((key, false));
    }
    asked.person.with_alt(0x1E);
    asked.settle();
    // Typing goes on: each key makes the wait longer.
    for _ in 0..3 {
        asked.clock.advance(Duration::from_millis(400));
        asked.person.key((SPACE, false));
        asked.settle();
    }
    // A screen reader's press counts no more than others'.
    // SAFETY: the control is there; nothing is written.
    unsafe { SendMessageW(asked.buttons[0], BM_CLICK, None, None) };
    assert!(asked.answers.try_recv().is_err());
    asked.seen();
    asked.person.with_alt(0x1E);
    assert_eq!(asked.answered(), ConsentAnswer::Allow);
}

#[test]
fn a_press_that_leaves_the_button_is_no_answer() {
    let asked = ask(true);
    asked.seen();
    let (x, y) = middle(asked.buttons[0]);
    asked.person.move_to((x, y));
    asked.person.button(true);
    asked.person.move_to((x, y - 120));
    asked.person.button(false);
    asked.settle();
    assert!(asked.answers.try_recv().is_err());
    // One that began before it counted is none either.
    asked.person.move_to((x, y));
    asked.settle();
    assert!(asked.answers.try_recv().is_err());
    asked.has_keyboard();
    asked.person.key((ESCAPE, false));
    assert_eq!(asked.answered(), ConsentAnswer::Decline);
}

#[test]
fn time_and_closing_it_are_denials() {
    let asked = ask(true);
    asked.clock.advance(Duration::from_mins(1));
    assert_eq!(asked.answered(), ConsentAnswer::TimedOut);

    let asked = ask(true);
    // SAFETY: as the cross of the title bar does.
    unsafe { PostMessageW(Some(asked.window), WM_CLOSE, WPARAM(0), LPARAM(0)) }.unwrap();
    assert_eq!(asked.answered(), ConsentAnswer::Decline);
}

#[test]
fn dropping_the_handle_closes_without_an_answer() {
    let asked = ask(true);
    drop(asked.handle);
    assert!(find(CLASS).is_none(), "gone with its handle");
    assert!(asked.answers.recv().is_err());
}

#[test]
fn it_says_to_a_screen_reader_what_it_shows_and_stays_on_top() {
    let asked = ask(true);
    assert_eq!(title(asked.window), "GuruConnect: allow remote support?");
    let spoken = title(controls(asked.window, "STATIC")[0]);
    assert!(spoken.contains("Anna Technician of Contoso IT"), "{spoken}");
    let labels: Vec<_> = asked.buttons.iter().map(|button| title(*button)).collect();
    assert_eq!(labels, ["&Allow", "&View only", "&Decline"]);
    // Something comes over it that also wants to be on top.
    let at = rect(asked.window);
    let cover = Rectangle::show(at.left, at.top, 600, 600);
    until("the prompt on top again", || {
        crate::window::pump();
        is_above(asked.window, cover.window()).then_some(())
    });
    drop(asked.handle);
}

#[test]
fn a_screen_reader_can_press_its_buttons() {
    let asked = ask(true);
    asked.seen();
    // SAFETY: the control is there; nothing is written.
    unsafe { PostMessageW(Some(asked.buttons[1]), BM_CLICK, WPARAM(0), LPARAM(0)) }.unwrap();
    assert_eq!(asked.answered(), ConsentAnswer::ViewOnly);
}
