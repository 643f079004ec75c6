//! The clipboard, against xclip and against owners that behave badly.

use std::io::Write;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use gc_platform::{Clipboard, ClipboardContent, ClipboardEvent, CopiedFiles, StorePath};
use gc_platform_linux::X11Clipboard;
use gc_types::{Clock, ManualClock};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::*;
use x11rb::wrapper::ConnectionExt as _;

use crate::client::{Client, PATIENCE, patiently};
use crate::server::{Server, clock};

fn open(server: &Server) -> (X11Clipboard, Receiver<ClipboardEvent>) {
    let (send, told) = channel();
    // At its end a test may drop the receiver first.
    let listener = Box::new(move |event| drop(send.send(event)));
    (X11Clipboard::open(server.display(), listener, clock()).unwrap(), told)
}

/// The next content that is told.
fn content(told: &Receiver<ClipboardEvent>) -> ClipboardContent {
    match told.recv_timeout(PATIENCE).unwrap() {
        ClipboardEvent::Copied(content) => content,
        other => panic!("{other:?}"),
    }
}

/// The next content, which is text alone.
fn text(told: &Receiver<ClipboardEvent>) -> String {
    let content = content(told);
    assert!(content.html.is_none() && content.rtf.is_none() && content.png.is_none());
    content.text.unwrap().to_string()
}

fn copy(server: &Server, text: &str) {
    copy_as(server, &[], text.as_bytes());
}

fn copy_as(server: &Server, target: &[&str], bytes: &[u8]) {
    let mut child = server
        .command("xclip")
        .args(["-selection", "clipboard", "-in"])
        .args(target)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    // It goes on in the background as the owner, until the server ends.
    assert!(child.wait().unwrap().success());
}

pub(crate) fn paste(server: &Server, target: &str) -> Vec<u8> {
    let args = ["-selection", "clipboard", "-out", "-target", target];
    server.command("xclip").args(args).output().unwrap().stdout
}

fn set(clipboard: &X11Clipboard, text: &str) {
    clipboard.set(&ClipboardContent::text(text)).unwrap();
}

/// Until the clipboard has reached applications; setting it returns at once.
pub(crate) fn pasted(server: &Server, text: &str) {
    patiently("the text", || (paste(server, "UTF8_STRING") == text.as_bytes()).then_some(()));
}

fn large() -> String {
    let line = "The quick brown fox — Жук あ 😀 jumps over the lazy dog.\n";
    line.repeat(500_000 / line.len() + 1)
}

#[test]
fn what_is_copied_is_told_with_lf() {
    let server = Server::start();
    let (clipboard, told) = open(&server);
    copy(&server, "Grüße\r\naus Köln 😀");
    assert_eq!(text(&told), "Grüße\naus Köln 😀");
    copy(&server, "next");
    assert_eq!(text(&told), "next");
    drop(clipboard);
}

#[test]
fn what_is_set_can_be_pasted_and_is_not_told() {
    let server = Server::start();
    let (clipboard, told) = open(&server);
    set(&clipboard, "from äfar");
    pasted(&server, "from äfar");
    assert_eq!(paste(&server, "STRING"), b"from \xE4far");
    assert_eq!(paste(&server, "TEXT"), "from äfar".as_bytes());
    let targets = String::from_utf8(paste(&server, "TARGETS")).unwrap();
    assert!(targets.contains("text/plain;charset=utf-8") && targets.contains("TIMESTAMP"));
    assert_eq!(paste(&server, "image/png"), b"");
    assert!(!targets.contains("text/html") && !targets.contains("image/png"));
    copy(&server, "other");
    assert_eq!(text(&told), "other");
    assert!(told.try_recv().is_err());
}

#[test]
fn half_a_megabyte_goes_both_ways() {
    let server = Server::start();
    let (clipboard, told) = open(&server);
    let text = large();
    copy(&server, &text);
    let got = self::text(&told);
    assert!(got == text, "{} of {} bytes came", got.len(), text.len());
    let back: String = text.chars().rev().collect();
    set(&clipboard, &back);
    pasted(&server, &back);
}

#[test]
fn what_is_too_large_is_told_as_such_and_not_read() {
    let server = Server::start();
    let (clipboard, told) = open(&server);
    let large = "x".repeat((1 << 20) + 1);
    copy(&server, &large);
    assert!(matches!(told.recv_timeout(PATIENCE).unwrap(), ClipboardEvent::TooLarge));
    // Likewise by parts, of which there are more than anybody would wait for.
    copy_as(&server, &["-target", "image/png"], &vec![7; 100 << 20]);
    assert!(matches!(told.recv_timeout(PATIENCE).unwrap(), ClipboardEvent::TooLarge));
    copy(&server, "small");
    assert_eq!(text(&told), "small");
    drop(clipboard);
}

#[test]
fn announcing_tells_what_is_there() {
    let server = Server::start();
    copy(&server, "before");
    let (clipboard, told) = open(&server);
    clipboard.announce().unwrap();
    assert_eq!(text(&told), "before");
    set(&clipboard, "own");
    pasted(&server, "own");
    clipboard.announce().unwrap();
    assert_eq!(text(&told), "own");
}

#[test]
fn dropping_gives_the_selection_back() {
    let server = Server::start();
    let client = Client::open(&server, 0, 0, 10, 10);
    let (clipboard, _told) = open(&server);
    set(&clipboard, "mine");
    pasted(&server, "mine");
    drop(clipboard);
    let atom = client.conn.intern_atom(false, b"CLIPBOARD").unwrap().reply().unwrap().atom;
    let owner = client.conn.get_selection_owner(atom).unwrap().reply().unwrap().owner;
    assert_eq!(owner, x11rb::NONE);
}

pub(crate) fn atom(client: &Client, name: &str) -> Atom {
    client.conn.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom
}

/// Owns the clipboard by hand and waits for the first request.
fn owner(server: &Server) -> (Client, SelectionRequestEvent) {
    let client = Client::open(server, 0, 0, 10, 10);
    let clipboard = atom(&client, "CLIPBOARD");
    client.conn.set_selection_owner(client.window, clipboard, x11rb::CURRENT_TIME).unwrap();
    client.conn.sync().unwrap();
    let request = request(&client);
    (client, request)
}

fn request(client: &Client) -> SelectionRequestEvent {
    client.wait_for(|event| match event {
        Event::SelectionRequest(request) => Some(request),
        _ => None,
    })
}

fn reply(client: &Client, request: &SelectionRequestEvent, property: Atom) {
    let notify = SelectionNotifyEvent {
        response_type: SELECTION_NOTIFY_EVENT,
        sequence: 0,
        time: request.time,
        requestor: request.requestor,
        selection: request.selection,
        target: request.target,
        property,
    };
    client.conn.send_event(false, request.requestor, EventMask::NO_EVENT, notify).unwrap();
    client.conn.sync().unwrap();
}

#[test]
fn a_password_is_never_asked_for() {
    let server = Server::start();
    let (_clipboard, told) = open(&server);
    let (client, targets) = owner(&server);
    assert_eq!(targets.target, atom(&client, "TARGETS"));
    let offered = ["UTF8_STRING", "x-kde-passwordManagerHint"].map(|name| atom(&client, name));
    let property = targets.property;
    client
        .conn
        .change_property32(PropMode::REPLACE, targets.requestor, property, AtomEnum::ATOM, &offered)
        .unwrap();
    reply(&client, &targets, property);
    assert!(matches!(told.recv_timeout(PATIENCE).unwrap(), ClipboardEvent::Private));
    // The next copy is told, and the secret's text was not requested before it.
    copy(&server, "public");
    assert_eq!(text(&told), "public");
    client.conn.sync().unwrap();
    while let Some(event) = client.conn.poll_for_event().unwrap() {
        assert!(!matches!(event, Event::SelectionRequest(_)), "asked for the secret");
    }
}

#[test]
fn an_owner_that_never_answers_or_stops_midway_blocks_nothing() {
    let server = Server::start();
    let (clipboard, told) = open(&server);
    // Silent from the start.
    let (_silent, _) = owner(&server);
    copy(&server, "after silence");
    assert_eq!(text(&told), "after silence");
    // Refuses TARGETS, promises parts, and stops after the first.
    let (client, targets) = owner(&server);
    reply(&client, &targets, x11rb::NONE);
    let asked = request(&client);
    assert_eq!(asked.target, atom(&client, "UTF8_STRING"));
    let incr = atom(&client, "INCR");
    let (window, property) = (asked.requestor, asked.property);
    client.conn.change_property32(PropMode::REPLACE, window, property, incr, &[100]).unwrap();
    reply(&client, &asked, property);
    client
        .conn
        .change_property8(PropMode::APPEND, window, property, asked.target, b"half")
        .unwrap();
    client.conn.sync().unwrap();
    // Setting works meanwhile, and the next copy is told as a whole.
    set(&clipboard, "ours");
    pasted(&server, "ours");
    copy(&server, "after half");
    assert_eq!(text(&told), "after half");
}

/// An answer in parts, given by hand to a reader whose clock is the test's.
struct Parts {
    client: Client,
    request: SelectionRequestEvent,
    hands: Arc<ManualClock>,
    told: Receiver<ClipboardEvent>,
    _clipboard: X11Clipboard,
}

impl Parts {
    /// The reader waits for the first part of this target.
    fn begin(server: &Server, target: Option<&str>) -> Self {
        let hands = Arc::new(ManualClock::default());
        let (send, told) = channel();
        let listener = Box::new(move |event| drop(send.send(event)));
        let clock: Arc<dyn Clock> = hands.clone();
        let clipboard = X11Clipboard::open(server.display(), listener, clock).unwrap();
        let (client, targets) = owner(server);
        let offered = target.map(|target| {
            let (window, property) = (targets.requestor, targets.property);
            let offered = [atom(&client, target)];
            let kind = AtomEnum::ATOM;
            client
                .conn
                .change_property32(PropMode::REPLACE, window, property, kind, &offered)
                .unwrap();
            property
        });
        reply(&client, &targets, offered.unwrap_or(x11rb::NONE));
        let request = request(&client);
        let incr = atom(&client, "INCR");
        let (window, property) = (request.requestor, request.property);
        let aux = ChangeWindowAttributesAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        client.conn.change_window_attributes(window, &aux).unwrap();
        client.conn.change_property32(PropMode::REPLACE, window, property, incr, &[100]).unwrap();
        reply(&client, &request, property);
        let parts = Self { client, request, hands, told, _clipboard: clipboard };
        parts.wait_until_taken();
        parts
    }

    fn wait_until_taken(&self) {
        self.client.wait_for(|event| match event {
            Event::PropertyNotify(notify)
                if notify.atom == self.request.property && notify.state == Property::DELETE =>
            {
                Some(())
            }
            _ => None,
        });
    }

    /// One more part, so many seconds later.
    fn give(&self, seconds: u64, part: &[u8]) {
        self.hands.advance(Duration::from_secs(seconds));
        let (window, property, kind) =
            (self.request.requestor, self.request.property, self.request.target);
        let mode = PropMode::APPEND;
        self.client.conn.change_property8(mode, window, property, kind, part).unwrap();
        self.client.conn.sync().unwrap();
    }

    /// So many seconds with something that is no part, and by which the reader looks at
    /// its clock.
    fn pass(&self, seconds: u64) {
        self.hands.advance(Duration::from_secs(seconds));
        let (window, kind) = (self.request.requestor, AtomEnum::STRING);
        let other = atom(&self.client, "_GURUCONNECT_TEST");
        self.client.conn.change_property8(PropMode::APPEND, window, other, kind, b"").unwrap();
        self.client.conn.sync().unwrap();
    }

    fn given_up(&self) -> bool {
        matches!(self.told.recv_timeout(PATIENCE).unwrap(), ClipboardEvent::Failed(_))
    }
}

#[test]
fn parts_that_never_end_are_given_up_after_half_a_minute() {
    let server = Server::start();
    let parts = Parts::begin(&server, None);
    // One byte every two seconds: never silent for as long as would end it.
    for _ in 0..14 {
        parts.give(2, b"x");
        parts.wait_until_taken();
    }
    assert!(parts.told.try_recv().is_err(), "given up too early");
    parts.give(2, b"x");
    assert!(parts.given_up());
    copy(&server, "after it");
    assert_eq!(text(&parts.told), "after it");
}

#[test]
fn files_that_their_owner_has_to_fetch_first_are_waited_for_and_not_for_ever() {
    let server = Server::start();
    let parts = Parts::begin(&server, Some("text/uri-list"));
    for _ in 0..20 {
        parts.give(20, b"\r\n");
        parts.wait_until_taken();
    }
    assert!(parts.told.try_recv().is_err(), "given up too early");
    parts.give(20, b"file:///tmp/a\r\n");
    parts.wait_until_taken();
    parts.give(1, b"");
    let files = content(&parts.told).files.expect("no files");
    assert_eq!(files.paths()[0].parts, ["tmp", "a"]);

    // Two readers would ask one owner.
    drop(parts);

    // An owner that is dead does not say that it is at it.
    let silent = Parts::begin(&server, Some("text/uri-list"));
    silent.pass(24);
    assert!(silent.told.try_recv().is_err(), "given up too early");
    silent.pass(1);
    assert!(silent.given_up());
    drop(silent);
    let endless = Parts::begin(&server, Some("text/uri-list"));
    for _ in 0..29 {
        endless.give(20, b"\r\n");
        endless.wait_until_taken();
    }
    assert!(endless.told.try_recv().is_err(), "given up too early");
    endless.give(20, b"\r\n");
    assert!(endless.given_up());
}

fn picture(side: u32) -> Vec<u8> {
    // Not compressed much, so that it has to go in parts.
    let mut state = 7_u32;
    let rows: Vec<u8> = (0..side * side * 3)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, side, side);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(&rows).unwrap();
    out
}

#[test]
fn html_rtf_and_pictures_come_and_go() {
    let server = Server::start();
    let (clipboard, told) = open(&server);
    copy_as(&server, &["-target", "text/html"], "<b>ä</b>".as_bytes());
    assert_eq!(content(&told).html.as_deref(), Some("<b>ä</b>"));
    let utf16: Vec<u8> = "\u{FEFF}<i>ß</i>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    copy_as(&server, &["-target", "text/html"], &utf16);
    assert_eq!(content(&told).html.as_deref(), Some("<i>ß</i>"));
    copy_as(&server, &["-target", "application/rtf"], b"{\\rtf1 x}");
    assert_eq!(content(&told).rtf.as_deref(), Some(&b"{\\rtf1 x}"[..]));
    let png = picture(1_000);
    assert!(png.len() > 2_000_000, "{}", png.len());
    copy_as(&server, &["-target", "image/png"], &png);
    assert!(content(&told).png.as_deref() == Some(&png[..]), "another picture came");

    let rich = ClipboardContent {
        text: Some("ä".into()),
        html: Some("<b>ä</b>".into()),
        rtf: Some(b"{\\rtf1 y}"[..].into()),
        png: Some(png.clone().into()),
        ..ClipboardContent::default()
    };
    clipboard.set(&rich).unwrap();
    pasted(&server, "ä");
    let targets = String::from_utf8(paste(&server, "TARGETS")).unwrap();
    for target in ["UTF8_STRING", "text/html", "text/rtf", "application/rtf", "image/png"] {
        assert!(targets.lines().any(|line| line == target), "{target} in {targets}");
    }
    let html = String::from_utf8(paste(&server, "text/html")).unwrap();
    assert!(html.contains("charset=utf-8") && html.ends_with("<b>ä</b>"), "{html}");
    assert_eq!(paste(&server, "text/rtf"), b"{\\rtf1 y}");
    assert_eq!(paste(&server, "application/rtf"), b"{\\rtf1 y}");
    assert!(paste(&server, "image/png") == png, "another picture was given");

    // From one clipboard to another, all formats in one content.
    drop(clipboard);
    let (first, _) = open(&server);
    let (_second, told) = open(&server);
    first.set(&rich).unwrap();
    assert!(content(&told) == rich, "not all of it came");
}

fn files(ways: &[&str]) -> CopiedFiles {
    CopiedFiles::new(ways.iter().map(|way| StorePath::new("/", way).to_wire()).collect()).unwrap()
}

#[test]
fn files_come_and_go_by_name() {
    let server = Server::start();
    let (clipboard, told) = open(&server);
    let cut = "cut\nfile:///tmp/a%20b\nfile://elsewhere/c\nfile:///tmp/%C3%9F\n";
    copy_as(&server, &["-target", "x-special/gnome-copied-files"], cut.as_bytes());
    assert_eq!(content(&told), ClipboardContent::files(files(&["tmp/a b", "tmp/ß"])));
    copy_as(&server, &["-target", "text/uri-list"], b"# comment\r\nfile:///x\r\nhttp://a/b\r\n");
    assert_eq!(content(&told), ClipboardContent::files(files(&["x"])));
    // A link that was copied in a browser is no file, and more than may cross is told.
    copy_as(&server, &["-target", "text/uri-list"], b"https://example.com/a.txt\r\n");
    let many: Vec<_> = (0..1_001).map(|at| format!("file:///tmp/{at}\n")).collect();
    let many = many.concat();
    copy_as(&server, &["-target", "text/uri-list"], many.as_bytes());
    let event = told.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(event, ClipboardEvent::TooLarge), "{event:?}");

    clipboard.set(&ClipboardContent::files(files(&["home/ada/grüße 1.txt", "srv"]))).unwrap();
    // Programs without files get the names.
    pasted(&server, "/home/ada/grüße 1.txt\n/srv");
    let uri = "file:///home/ada/gr%C3%BC%C3%9Fe%201.txt";
    let list = format!("{uri}\r\nfile:///srv\r\n");
    assert_eq!(paste(&server, "text/uri-list"), list.as_bytes());
    let gnome = format!("copy\n{uri}\nfile:///srv");
    assert_eq!(paste(&server, "x-special/gnome-copied-files"), gnome.as_bytes());
    assert_eq!(paste(&server, "application/x-kde-cutselection"), b"0");
    let targets = String::from_utf8(paste(&server, "TARGETS")).unwrap();
    assert!(targets.lines().any(|line| line == "UTF8_STRING"), "{targets}");

    // From one clipboard to another, with the text that was made of the names.
    drop(clipboard);
    let (first, _) = open(&server);
    let (_second, told) = open(&server);
    first.set(&ClipboardContent::files(files(&["srv"]))).unwrap();
    let expected =
        ClipboardContent { files: Some(files(&["srv"])), ..ClipboardContent::text("/srv") };
    assert_eq!(content(&told), expected);
}

#[test]
fn without_a_display_it_is_a_typed_error() {
    let error = X11Clipboard::open(None, Box::new(|_| {}), clock()).err().unwrap();
    assert!(error.to_string().contains("DISPLAY is not set"), "{error}");
}
