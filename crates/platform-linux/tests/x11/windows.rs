//! The consent prompt and the bar, used as a person uses them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use gc_platform::{
    BarHandle, ConnectedBar, ConsentAnswer, ConsentPrompt, ConsentRequest, DisplaySelection,
    PromptHandle, ScreenCapture, ScreenEvent,
};
use gc_platform_linux::{X11ConnectedBar, X11Consent, X11Screen};
use gc_types::{Clock, UnixMillis};
use x11rb::protocol::Event;
use x11rb::protocol::xproto::*;
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::wrapper::ConnectionExt as _;

use crate::client::{Client, PATIENCE, patiently};
use crate::server::{Program, Server, clock};

/// A clock that stands until it is moved.
#[derive(Default)]
pub(crate) struct Standing(AtomicU64);

impl Standing {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_millis() as u64, Ordering::SeqCst);
    }
}

impl Clock for Standing {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}

fn request(control: bool) -> ConsentRequest {
    ConsentRequest {
        technician: "Anna Technician".to_owned(),
        company: "Contoso IT".to_owned(),
        control,
        timeout: Duration::from_mins(1),
    }
}

/// A person in front of the screen.
pub(crate) struct Person {
    pub(crate) client: Client,
    pub(crate) clock: Arc<Standing>,
}

impl Person {
    pub(crate) fn new(server: &Server) -> Self {
        let client = Client::open(server, 0, 0, 1, 1);
        let aux = ChangeWindowAttributesAux::new().event_mask(EventMask::SUBSTRUCTURE_NOTIFY);
        client.conn.change_window_attributes(client.root, &aux).unwrap();
        client.conn.sync().unwrap();
        Self { client, clock: Arc::new(Standing::default()) }
    }

    fn atom(&self, name: &str) -> Atom {
        self.client.conn.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom
    }

    fn text_property(&self, window: Window, name: &str) -> String {
        let atom = self.atom(name);
        let reply = self.client.conn.get_property(false, window, atom, AtomEnum::ANY, 0, 1000);
        let value = reply.unwrap().reply().map(|reply| reply.value).unwrap_or_default();
        String::from_utf8(value).unwrap()
    }

    /// All windows below one, a window manager's frames included.
    fn windows(&self, below: Window) -> Vec<Window> {
        let tree = self.client.conn.query_tree(below).unwrap().reply();
        let children = tree.map(|tree| tree.children).unwrap_or_default();
        children.iter().flat_map(|child| [vec![*child], self.windows(*child)].concat()).collect()
    }

    pub(crate) fn find(&self, class: &str) -> Option<Window> {
        let wanted = format!("{class}\0{class}\0");
        self.windows(self.client.root).into_iter().find(|window| {
            let attributes = self.client.conn.get_window_attributes(*window).unwrap().reply();
            self.text_property(*window, "WM_CLASS") == wanted
                && attributes.is_ok_and(|a| a.map_state == MapState::VIEWABLE)
        })
    }

    pub(crate) fn gone(&self, class: &str) {
        patiently("the window to go", || self.find(class).is_none().then_some(()));
    }

    /// Where a window is and how large, on the root.
    pub(crate) fn place(&self, window: Window) -> (i16, i16, u16, u16) {
        let size = self.client.conn.get_geometry(window).unwrap().reply().unwrap();
        let conn = &self.client.conn;
        let at = conn.translate_coordinates(window, self.client.root, 0, 0).unwrap();
        let at = at.reply().unwrap();
        (at.dst_x, at.dst_y, size.width, size.height)
    }

    /// Waits until a window has handled everything sent to it before.
    pub(crate) fn settle(&self, window: Window) {
        let (protocols, ping) = (self.atom("WM_PROTOCOLS"), self.atom("_NET_WM_PING"));
        let message = ClientMessageEvent::new(32, window, protocols, [ping, 0, window, 0, 0]);
        self.client.conn.send_event(false, window, EventMask::NO_EVENT, message).unwrap();
        self.client.conn.sync().unwrap();
        let root = self.client.root;
        self.client.wait_for(|event| match event {
            Event::ClientMessage(m) if m.window == root && m.type_ == protocols => Some(()),
            _ => None,
        });
    }

    pub(crate) fn drawn(&self, class: &str) -> Window {
        let window = patiently(class, || self.find(class));
        patiently("the drawing", || {
            let (_, _, width, _) = self.place(window);
            let conn = &self.client.conn;
            let image = conn.get_image(ImageFormat::Z_PIXMAP, window, 1, 3, width - 2, 1, !0);
            let image = image.unwrap().reply().ok()?;
            image.data.chunks(4).any(|pixel| pixel[..3] != [0, 0, 0]).then_some(())
        });
        self.settle(window);
        window
    }

    fn move_to(&self, x: i16, y: i16) {
        let root = self.client.root;
        self.client.conn.xtest_fake_input(MOTION_NOTIFY_EVENT, 0, 0, root, x, y, 0).unwrap();
        self.client.conn.sync().unwrap();
    }

    fn button(&self, kind: u8) {
        self.client.conn.xtest_fake_input(kind, 1, 0, x11rb::NONE, 0, 0, 0).unwrap();
        self.client.conn.sync().unwrap();
    }

    pub(crate) fn click(&self, x: i16, y: i16) {
        self.move_to(x, y);
        self.button(BUTTON_PRESS_EVENT);
        self.button(BUTTON_RELEASE_EVENT);
    }

    /// Presses a key by its X key code.
    fn key(&self, code: u8) {
        for kind in [KEY_PRESS_EVENT, KEY_RELEASE_EVENT] {
            self.client.conn.xtest_fake_input(kind, code, 0, x11rb::NONE, 0, 0, 0).unwrap();
        }
        self.client.conn.sync().unwrap();
    }

    /// The middle of a button of the prompt: they share the lowest row.
    fn choice(&self, window: Window, index: i16, count: i16) -> (i16, i16) {
        let (x, y, width, height) = self.place(window);
        (x + width as i16 * (2 * index + 1) / (2 * count), y + height as i16 - 50)
    }
}

const TAB: u8 = 23;
const ENTER: u8 = 36;
const SPACE: u8 = 65;
const ESCAPE: u8 = 9;
const LEFT: u8 = 113;
const RIGHT: u8 = 114;
const CONSENT: &str = "guruconnect-consent";
const BAR: &str = "guruconnect-bar";

struct Asked {
    person: Person,
    window: Window,
    answers: Receiver<ConsentAnswer>,
    handle: Box<dyn PromptHandle>,
}

/// Opens a prompt and waits until it can be used.
fn ask(server: &Server, control: bool) -> Asked {
    let person = Person::new(server);
    let clock: Arc<dyn Clock> = person.clock.clone();
    let (send, answers) = channel();
    let handle = X11Consent::new(server.display(), clock)
        .ask(request(control), Box::new(move |answer| send.send(answer).unwrap()))
        .unwrap();
    let window = person.drawn(CONSENT);
    Asked { person, window, answers, handle }
}

fn seen(asked: &Asked) {
    asked.person.clock.advance(Duration::from_millis(600));
}

fn answered(asked: Asked) -> ConsentAnswer {
    let answer = asked.answers.recv_timeout(PATIENCE).unwrap();
    asked.person.gone(CONSENT);
    drop(asked.handle);
    assert!(asked.answers.try_recv().is_err(), "answered twice");
    answer
}

#[test]
fn each_button_answers_by_click() {
    let server = Server::with(&["-screen", "0", "1024x768x24"]);
    for (index, expected) in
        [ConsentAnswer::Allow, ConsentAnswer::ViewOnly, ConsentAnswer::Decline].iter().enumerate()
    {
        let asked = ask(&server, true);
        seen(&asked);
        let (x, y) = asked.person.choice(asked.window, index as i16, 3);
        asked.person.click(x, y);
        assert_eq!(answered(asked), *expected);
    }
    for (index, expected) in [ConsentAnswer::Allow, ConsentAnswer::Decline].iter().enumerate() {
        let asked = ask(&server, false);
        seen(&asked);
        let (x, y) = asked.person.choice(asked.window, index as i16, 2);
        asked.person.click(x, y);
        assert_eq!(answered(asked), *expected);
    }
}

#[test]
fn it_can_be_used_by_keyboard() {
    let server = Server::with(&["-screen", "0", "1024x768x24"]);
    for (keys, expected) in [
        (&[ENTER][..], ConsentAnswer::Decline),
        (&[ESCAPE], ConsentAnswer::Decline),
        (&[TAB, SPACE], ConsentAnswer::Allow),
        (&[LEFT, ENTER], ConsentAnswer::ViewOnly),
        (&[RIGHT, RIGHT, ENTER], ConsentAnswer::ViewOnly),
        (&[TAB, ESCAPE], ConsentAnswer::Decline),
    ] {
        let asked = ask(&server, true);
        seen(&asked);
        for key in keys {
            asked.person.key(*key);
        }
        assert_eq!(answered(asked), expected, "{keys:?}");
    }
}

#[test]
fn who_types_or_clicks_as_it_appears_answers_nothing() {
    let server = Server::with(&["-screen", "0", "1024x768x24"]);
    let asked = ask(&server, true);
    let (x, y) = asked.person.choice(asked.window, 0, 3);
    asked.person.click(x, y);
    for key in [TAB, ENTER, ESCAPE] {
        asked.person.key(key);
    }
    asked.person.settle(asked.window);
    // Typing goes on: each key makes the wait longer.
    for _ in 0..5 {
        asked.person.clock.advance(Duration::from_millis(400));
        asked.person.key(SPACE);
        asked.person.settle(asked.window);
    }
    assert!(asked.answers.try_recv().is_err());
    seen(&asked);
    // A press that began before counts no more than one outside.
    asked.person.key(TAB);
    asked.person.key(ENTER);
    assert_eq!(answered(asked), ConsentAnswer::Allow);
}

#[test]
fn a_press_that_leaves_the_button_is_no_answer() {
    let server = Server::with(&["-screen", "0", "1024x768x24"]);
    let asked = ask(&server, true);
    seen(&asked);
    let (x, y) = asked.person.choice(asked.window, 0, 3);
    asked.person.move_to(x, y);
    asked.person.button(BUTTON_PRESS_EVENT);
    asked.person.move_to(x, y - 100);
    asked.person.button(BUTTON_RELEASE_EVENT);
    asked.person.settle(asked.window);
    assert!(asked.answers.try_recv().is_err());
    // And one that another program sends is not a person's.
    let event = ButtonPressEvent {
        response_type: BUTTON_PRESS_EVENT,
        detail: 1,
        sequence: 0,
        time: 0,
        root: asked.person.client.root,
        event: asked.window,
        child: 0,
        root_x: x,
        root_y: y,
        event_x: 100,
        event_y: asked.person.place(asked.window).3 as i16 - 50,
        state: KeyButMask::default(),
        same_screen: true,
    };
    let conn = &asked.person.client.conn;
    conn.send_event(false, asked.window, EventMask::NO_EVENT, event).unwrap();
    let release = ButtonReleaseEvent { response_type: BUTTON_RELEASE_EVENT, ..event };
    conn.send_event(false, asked.window, EventMask::NO_EVENT, release).unwrap();
    asked.person.settle(asked.window);
    assert!(asked.answers.try_recv().is_err());
    asked.person.key(ESCAPE);
    assert_eq!(answered(asked), ConsentAnswer::Decline);
}

#[test]
fn time_and_the_window_manager_close_it() {
    let server = Server::with(&["-screen", "0", "1024x768x24"]);
    let asked = ask(&server, true);
    asked.person.clock.advance(Duration::from_mins(1));
    assert_eq!(answered(asked), ConsentAnswer::TimedOut);

    let asked = ask(&server, true);
    let delete = asked.person.atom("WM_DELETE_WINDOW");
    let protocols = asked.person.atom("WM_PROTOCOLS");
    let message = ClientMessageEvent::new(32, asked.window, protocols, [delete, 0, 0, 0, 0]);
    let conn = &asked.person.client.conn;
    conn.send_event(false, asked.window, EventMask::NO_EVENT, message).unwrap();
    conn.sync().unwrap();
    assert_eq!(answered(asked), ConsentAnswer::Decline);
}

#[test]
fn dropping_the_handle_closes_without_an_answer() {
    let server = Server::start();
    let asked = ask(&server, true);
    drop(asked.handle);
    asked.person.gone(CONSENT);
    assert!(asked.answers.recv().is_err());
}

#[test]
fn the_death_of_the_server_is_a_denial() {
    let mut server = Server::start();
    let asked = ask(&server, true);
    server.kill();
    assert_eq!(asked.answers.recv_timeout(PATIENCE).unwrap(), ConsentAnswer::Decline);
}

#[test]
fn it_comes_up_again_when_covered() {
    let server = Server::start();
    let asked = ask(&server, true);
    let cover = Client::open(&server, 0, 0, 800, 600);
    asked.person.clock.advance(Duration::from_secs(1));
    patiently("the prompt on top", || {
        asked.person.clock.advance(Duration::from_secs(1));
        let tree = cover.conn.query_tree(cover.root).unwrap().reply().unwrap();
        (tree.children.last() == Some(&asked.window)).then_some(())
    });
}

#[test]
fn a_window_manager_shows_it_above_with_its_name_and_keyboard() {
    let server = Server::with(&["-screen", "0", "1024x768x24"]);
    let mut openbox = server.command("openbox");
    let _openbox = Program(openbox.spawn().unwrap());
    let person = Person::new(&server);
    patiently("openbox", || {
        let check = person.atom("_NET_SUPPORTING_WM_CHECK");
        let conn = &person.client.conn;
        let reply = conn.get_property(false, person.client.root, check, AtomEnum::ANY, 0, 1);
        (!reply.unwrap().reply().unwrap().value.is_empty()).then_some(())
    });
    let asked = ask(&server, true);
    let name = asked.person.text_property(asked.window, "_NET_WM_NAME");
    assert_eq!(name, "GuruConnect: allow remote support?");
    let state = asked.person.atom("_NET_WM_STATE");
    let above = asked.person.atom("_NET_WM_STATE_ABOVE");
    let conn = &asked.person.client.conn;
    patiently("above", || {
        let reply = conn.get_property(false, asked.window, state, AtomEnum::ATOM, 0, 20).unwrap();
        let reply = reply.reply().unwrap();
        reply.value32().unwrap().any(|value| value == above).then_some(())
    });
    patiently("the keyboard", || {
        let focus = conn.get_input_focus().unwrap().reply().unwrap().focus;
        (focus == asked.window).then_some(())
    });
    seen(&asked);
    asked.person.key(TAB);
    asked.person.key(ENTER);
    assert_eq!(answered(asked), ConsentAnswer::Allow);
}

struct Shown {
    person: Person,
    window: Window,
    stops: Receiver<()>,
    handle: Box<dyn BarHandle>,
}

fn show(server: &Server) -> Shown {
    let person = Person::new(server);
    let clock: Arc<dyn Clock> = person.clock.clone();
    let (send, stops) = channel();
    let names = ["Anna Technician".to_owned()];
    let handle = X11ConnectedBar::new(server.display(), clock)
        .show(&names, "Contoso", Box::new(move || send.send(()).unwrap()))
        .unwrap();
    let window = patiently(BAR, || person.find(BAR));
    Shown { person, window, stops, handle }
}

#[test]
fn the_bar_is_at_the_top_and_stop_stops() {
    let server = Server::start();
    let shown = show(&server);
    let (x, y, width, height) = shown.person.place(shown.window);
    assert_eq!(y, 0);
    assert!((x + width as i16 / 2 - 400).abs() <= 1, "in the middle");
    // Beside the button nothing happens; on it, once.
    shown.person.click(x + 40, y + 10);
    shown.person.click(x + width as i16 - 20, y + height as i16 / 2);
    shown.stops.recv_timeout(PATIENCE).unwrap();
    assert!(shown.stops.try_recv().is_err());
    drop(shown.handle);
    assert!(shown.person.find(BAR).is_none(), "gone with its handle");
}

#[test]
fn the_bar_can_be_dragged_and_names_change_its_width() {
    let server = Server::start();
    let shown = show(&server);
    let (x, y, width, _) = shown.person.place(shown.window);
    shown.person.move_to(x + 40, y + 10);
    shown.person.button(BUTTON_PRESS_EVENT);
    shown.person.move_to(x + 90, y + 200);
    shown.person.button(BUTTON_RELEASE_EVENT);
    patiently("the drag", || (shown.person.place(shown.window).0 == x + 50).then_some(()));
    assert_eq!(shown.person.place(shown.window).1, 0, "only sideways");
    shown.handle.set_viewers(&["Anna Technician".to_owned(), "Ben".to_owned()]);
    patiently("two names", || (shown.person.place(shown.window).2 > width).then_some(()));
    let endless = vec!["W".repeat(300); 5];
    shown.handle.set_viewers(&endless);
    patiently("long names", || {
        let (x, _, width, _) = shown.person.place(shown.window);
        (x >= 0 && width > 500 && x + width as i16 <= 800).then_some(())
    });
}

#[test]
fn a_tick_of_the_bar_comes_each_minute_and_damages_little() {
    let server = Server::start();
    let shown = show(&server);
    let mut screen = X11Screen::open(server.display(), clock()).unwrap();
    let (x, y, width, height) = shown.person.place(shown.window);
    shown.person.drawn_bar(shown.window);
    screen.select(DisplaySelection::All).unwrap();
    screen.wait(None).unwrap();
    while !screen.wait(Some(Duration::ZERO)).unwrap().is_empty() {}
    let mut damaged = || {
        let events = screen.wait(Some(PATIENCE)).unwrap();
        assert!(!events.is_empty(), "nothing was drawn");
        let rects = events.into_iter().filter_map(|event| match event {
            ScreenEvent::Damage(rect) => Some(rect),
            _ => None,
        });
        rects.collect::<Vec<_>>()
    };
    // The pointer wakes the bar, which then looks at its clock.
    let (left, right) = (x as u32, x as u32 + u32::from(width));
    let stop = right - 80;
    shown.person.clock.advance(Duration::from_secs(59));
    shown.person.move_to(right as i16 - 20, y + height as i16 / 2);
    let mut before = Vec::new();
    while before.is_empty() {
        before = damaged();
    }
    assert!(before.iter().all(|rect| rect.x >= stop), "only Stop: {before:?}");
    shown.person.clock.advance(Duration::from_secs(1));
    shown.person.move_to(right as i16 - 21, y + height as i16 / 2);
    let damage = loop {
        if let Some(rect) = damaged().into_iter().find(|rect| rect.x < stop) {
            break rect;
        }
    };
    assert!(damage.x > left + 50, "{damage:?}");
    let bar = u32::from(width) * u32::from(height);
    assert!(damage.width * damage.height * 4 < bar, "{damage:?} of {bar} pixels");
}

impl Person {
    /// Until the bar has its colours: it answers no pings, so its pixels are looked at.
    fn drawn_bar(&self, window: Window) {
        let (_, _, width, height) = self.place(window);
        patiently("the bar's drawing", || {
            let conn = &self.client.conn;
            let (x, y) = (width as i16 - 12, height as i16 / 2);
            let image = conn.get_image(ImageFormat::Z_PIXMAP, window, x, y, 1, 1, !0);
            let image = image.unwrap().reply().ok()?;
            (image.data[2] > 0x90).then_some(())
        });
    }
}

#[test]
fn without_a_display_nothing_can_be_asked_or_shown() {
    let error = X11Consent::new(None, clock()).ask(request(true), Box::new(|_| {})).err().unwrap();
    assert!(error.to_string().contains("DISPLAY is not set"), "{error}");
    let error = X11ConnectedBar::new(None, clock()).show(&[], "", Box::new(|| {})).err().unwrap();
    assert!(error.to_string().contains("DISPLAY is not set"), "{error}");
}
