//! The code window, used as a person uses it.

use std::sync::mpsc::{Receiver, channel};

use gc_platform::{CodeDialog, CodeEvent, CodeHandle, CodeStatus, CodeWindow};
use gc_platform_windows::WindowsCodeWindow;
use windows::Win32::Foundation::{HWND, LPARAM, WPARAM};
use windows::Win32::UI::Input::KeyboardAndMouse::IsWindowEnabled;
use windows::Win32::UI::WindowsAndMessaging::{
    IsIconic, IsWindowVisible, PostMessageW, SendMessageW, WM_CLOSE, WM_GETTEXT,
};

use crate::person::{
    ENTER, ESCAPE, Person, SPACE, TAB, controls, find, found, gone, is_in_front, middle, title,
    told,
};
use crate::window::until;

const CLASS: &str = "GuruConnectCode";

struct Opened {
    person: Person,
    window: HWND,
    field: HWND,
    button: HWND,
    said: HWND,
    events: Receiver<CodeEvent>,
    handle: Box<dyn CodeHandle>,
}

fn open() -> Opened {
    let person = Person::new();
    person.move_to((5, 500));
    let (send, events) = channel();
    let handle = WindowsCodeWindow.open(Box::new(move |event| send.send(event).unwrap())).unwrap();
    let window = found(CLASS);
    until("the window in front", || is_in_front(window).then_some(()));
    let one = |class| controls(window, class)[0];
    let (field, button, said) = (one("EDIT"), one("BUTTON"), one("STATIC"));
    Opened { person, window, field, button, said, events, handle }
}

/// What stands in a field; another process's would need the message, too.
fn typed(field: HWND) -> String {
    let mut units = [0_u16; 64];
    // SAFETY: the system copies no more units than there is room for.
    let length = unsafe {
        SendMessageW(
            field,
            WM_GETTEXT,
            Some(WPARAM(units.len())),
            Some(LPARAM(units.as_mut_ptr() as isize)),
        )
    };
    String::from_utf16_lossy(&units[..usize::try_from(length.0).unwrap()])
}

impl Opened {
    fn says(&self, part: &str) {
        until(part, || title(self.said).contains(part).then_some(()));
    }

    fn next(&self) -> CodeEvent {
        told(&self.events)
    }
}

#[test]
fn a_code_in_any_form_is_taken_by_enter_and_by_click() {
    let code = "ABC-DEF-GH2".parse().unwrap();
    let opened = open();
    assert_eq!(title(opened.window), "GuruConnect remote support");
    opened.says("Enter your support code");
    opened.person.text(" abc def-gh2");
    until("the code", || (typed(opened.field) == " ABC DEF-GH2").then_some(()));
    opened.person.key((ENTER, false));
    assert_eq!(opened.next(), CodeEvent::Entered(code));
    // While it is being asked about, nothing can be pressed.
    until("the button's word", || (title(opened.button) == "Checking…").then_some(()));
    // SAFETY: takes a window.
    until("rest", || (!unsafe { IsWindowEnabled(opened.button) }.as_bool()).then_some(()));
    opened.handle.set_status(CodeStatus::Refused("This code is not known.".to_owned()));
    opened.says("This code is not known.");
    assert!(opened.events.try_recv().is_err());
    // The old code is selected: typing replaces it.
    opened.person.text("KKK KKK KK2");
    until("another code", || (typed(opened.field) == "KKK KKK KK2").then_some(()));
    opened.person.click(middle(opened.button));
    assert_eq!(opened.next(), CodeEvent::Entered("KKKKKKKK2".parse().unwrap()));
}

#[test]
fn what_cannot_be_a_code_is_told_while_it_is_typed() {
    let opened = open();
    opened.person.text("abO");
    opened.says("“O” is never part of a support code");
    opened.person.key((ENTER, false));
    opened.person.key((0x0E, false));
    until("no complaint", || (!title(opened.said).contains('“')).then_some(()));
    opened.person.key((TAB, false));
    opened.person.key((SPACE, false));
    opened.says("A support code has nine characters");
    assert!(opened.events.try_recv().is_err());
    // Back in the field.
    opened.person.text("cdefgh2");
    until("the rest", || (typed(opened.field) == "ABCDEFGH2").then_some(()));
    opened.person.key((TAB, false));
    opened.person.key((ENTER, false));
    assert_eq!(opened.next(), CodeEvent::Entered("ABCDEFGH2".parse().unwrap()));
}

#[test]
fn each_state_is_shown_and_has_its_button() {
    let opened = open();
    opened.handle.set_status(CodeStatus::Waiting);
    opened.says("Waiting for your technician");
    // SAFETY: takes a window.
    assert!(!unsafe { IsWindowVisible(opened.field) }.as_bool());
    assert_eq!(title(opened.button), "Cancel");
    opened.handle.set_status(CodeStatus::Connected {
        technician: "Anna".to_owned(),
        company: "Contoso".to_owned(),
    });
    opened.says("Anna of Contoso is connected");
    assert_eq!(title(opened.button), "End session");
    // The cross does not end a session.
    // SAFETY: as the cross of the title bar does.
    unsafe { PostMessageW(Some(opened.window), WM_CLOSE, WPARAM(0), LPARAM(0)) }.unwrap();
    // SAFETY: takes a window.
    until("out of the way", || unsafe { IsIconic(opened.window) }.as_bool().then_some(()));
    assert!(opened.events.try_recv().is_err());
    opened
        .handle
        .set_status(CodeStatus::Ended { reason: "You pressed Stop.".to_owned(), removed: true });
    opened.says("The session is over");
    opened.says("this program has removed itself");
    assert_eq!(title(opened.button), "Close");
    // SAFETY: as the cross of the title bar does.
    unsafe { PostMessageW(Some(opened.window), WM_CLOSE, WPARAM(0), LPARAM(0)) }.unwrap();
    assert_eq!(opened.next(), CodeEvent::Closed);
    gone(CLASS);
}

#[test]
fn escape_closes_and_dropping_says_nothing() {
    let opened = open();
    opened.person.key((ESCAPE, false));
    assert_eq!(opened.next(), CodeEvent::Closed);
    gone(CLASS);
    let opened = open();
    drop(opened.handle);
    assert!(find(CLASS).is_none());
    assert!(opened.events.recv().is_err());
}

#[test]
fn a_dialog_waits_for_a_code() {
    let person = Person::new();
    let dialog = CodeDialog::open(&WindowsCodeWindow).unwrap();
    let window = found(CLASS);
    until("the window in front", || is_in_front(window).then_some(()));
    person.text("abcdefgh2");
    person.key((ENTER, false));
    assert_eq!(dialog.ask_for_code(), Some("ABCDEFGH2".parse().unwrap()));
    dialog.set_status(CodeStatus::Waiting);
    until("waiting", || title(controls(window, "STATIC")[0]).contains("Waiting").then_some(()));
    person.key((ESCAPE, false));
    assert_eq!(dialog.ask_for_code(), None);
    dialog.wait_until_closed();
}
