//! The connection notice, as the user sees it.

use std::sync::Arc;
use std::time::Duration;

use gc_platform::{ConnectionNotice, NoticeOverlay, NoticePosition};
use gc_platform_linux::X11Notice;
use gc_types::Clock;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::*;

use crate::client::Client;
use crate::server::Server;
use crate::windows::Person;

const NOTICE: &str = "guruconnect-notice";

fn notice(position: NoticePosition, dismissible: bool) -> ConnectionNotice {
    ConnectionNotice {
        text: "Anna of Contoso has connected to this computer at 14:05.\nCall 123 with questions."
            .to_owned(),
        position,
        duration: Duration::from_secs(10),
        dismissible,
    }
}

fn overlay(server: &Server, person: &Person) -> X11Notice {
    let clock: Arc<dyn Clock> = person.clock.clone();
    X11Notice::new(server.display(), clock)
}

#[test]
fn it_shows_in_its_corner_and_goes_with_its_handle() {
    let server = Server::start();
    let person = Person::new(&server);
    for position in [
        NoticePosition::TopLeft,
        NoticePosition::TopRight,
        NoticePosition::BottomLeft,
        NoticePosition::BottomRight,
        NoticePosition::Center,
    ] {
        let handle = overlay(&server, &person).show(notice(position, true)).unwrap();
        let window = person.drawn(NOTICE);
        let (x, y, width, height) = person.place(window);
        let (right, bottom) = (800 - 16 - width as i16, 600 - 16 - height as i16);
        let expected = match position {
            NoticePosition::TopLeft => (16, 48),
            NoticePosition::TopRight => (right, 48),
            NoticePosition::BottomLeft => (16, bottom),
            NoticePosition::BottomRight => (right, bottom),
            NoticePosition::Center => ((800 - width as i16) / 2, (600 - height as i16) / 2),
        };
        assert_eq!((x, y), expected, "{position:?}");
        drop(handle);
        person.gone(NOTICE);
    }
}

#[test]
fn it_closes_by_itself_when_its_time_is_over() {
    let server = Server::start();
    let person = Person::new(&server);
    let _handle =
        overlay(&server, &person).show(notice(NoticePosition::BottomRight, false)).unwrap();
    let window = person.drawn(NOTICE);
    person.clock.advance(Duration::from_secs(9));
    person.settle(window);
    assert!(person.find(NOTICE).is_some(), "a second is left");
    person.clock.advance(Duration::from_secs(2));
    person.gone(NOTICE);
}

#[test]
fn a_click_closes_it_only_when_it_may() {
    let server = Server::start();
    let person = Person::new(&server);
    let below = Client::open(&server, 0, 0, 800, 600);
    for dismissible in [true, false] {
        let shown =
            overlay(&server, &person).show(notice(NoticePosition::Center, dismissible)).unwrap();
        person.drawn(NOTICE);
        person.click(400, 300);
        if dismissible {
            person.gone(NOTICE);
        } else {
            // What lies below gets the click.
            below.wait_for(|event| matches!(event, Event::ButtonRelease(_)).then_some(()));
            assert!(person.find(NOTICE).is_some());
        }
        drop(shown);
        person.gone(NOTICE);
    }
}

#[test]
fn it_never_has_the_keyboard() {
    let server = Server::start();
    let person = Person::new(&server);
    let typing = Client::open(&server, 100, 100, 200, 100);
    let _handle = overlay(&server, &person).show(notice(NoticePosition::Center, true)).unwrap();
    person.drawn(NOTICE);
    let focus = typing.conn.get_input_focus().unwrap().reply().unwrap().focus;
    assert_eq!(focus, typing.window);
}
