//! The clipboard, against xclip and against owners that behave badly.

use std::io::Write;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};

use gc_platform::Clipboard;
use gc_platform_linux::X11Clipboard;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::*;
use x11rb::wrapper::ConnectionExt as _;

use crate::client::{Client, PATIENCE, patiently};
use crate::server::{Server, clock};

fn open(server: &Server) -> (X11Clipboard, Receiver<String>) {
    let (send, told) = channel();
    let listener = Box::new(move |text| send.send(text).unwrap());
    (X11Clipboard::open(server.display(), listener, clock()).unwrap(), told)
}

fn copy(server: &Server, text: &str) {
    let mut child = server
        .command("xclip")
        .args(["-selection", "clipboard", "-in"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    // It goes on in the background as the owner, until the server ends.
    assert!(child.wait().unwrap().success());
}

fn paste(server: &Server, target: &str) -> Vec<u8> {
    let args = ["-selection", "clipboard", "-out", "-target", target];
    server.command("xclip").args(args).output().unwrap().stdout
}

/// Until the clipboard has reached applications; setting it returns at once.
fn pasted(server: &Server, text: &str) {
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
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "Grüße\naus Köln 😀");
    copy(&server, "next");
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "next");
    drop(clipboard);
}

#[test]
fn what_is_set_can_be_pasted_and_is_not_told() {
    let server = Server::start();
    let (clipboard, told) = open(&server);
    clipboard.set_text("from äfar").unwrap();
    pasted(&server, "from äfar");
    assert_eq!(paste(&server, "STRING"), b"from \xE4far");
    assert_eq!(paste(&server, "TEXT"), "from äfar".as_bytes());
    let targets = String::from_utf8(paste(&server, "TARGETS")).unwrap();
    assert!(targets.contains("text/plain;charset=utf-8") && targets.contains("TIMESTAMP"));
    assert_eq!(paste(&server, "image/png"), b"");
    // A clipboard manager takes the same text over: still not news.
    copy(&server, "from äfar");
    copy(&server, "other");
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "other");
    assert!(told.try_recv().is_err());
}

#[test]
fn half_a_megabyte_goes_both_ways() {
    let server = Server::start();
    let (clipboard, told) = open(&server);
    let text = large();
    copy(&server, &text);
    let got = told.recv_timeout(PATIENCE).unwrap();
    assert!(got == text, "{} of {} bytes came", got.len(), text.len());
    let back: String = text.chars().rev().collect();
    clipboard.set_text(&back).unwrap();
    pasted(&server, &back);
}

#[test]
fn more_than_a_megabyte_is_neither_set_nor_told() {
    let server = Server::start();
    let (clipboard, told) = open(&server);
    let text = "x".repeat((1 << 20) + 1);
    assert!(clipboard.set_text(&text).is_err());
    copy(&server, &text);
    copy(&server, "small");
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "small");
}

#[test]
fn announcing_tells_what_is_there() {
    let server = Server::start();
    copy(&server, "before");
    let (clipboard, told) = open(&server);
    clipboard.announce().unwrap();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "before");
    clipboard.set_text("own").unwrap();
    pasted(&server, "own");
    clipboard.announce().unwrap();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "own");
}

#[test]
fn dropping_gives_the_selection_back() {
    let server = Server::start();
    let client = Client::open(&server, 0, 0, 10, 10);
    let (clipboard, _told) = open(&server);
    clipboard.set_text("mine").unwrap();
    pasted(&server, "mine");
    drop(clipboard);
    let atom = client.conn.intern_atom(false, b"CLIPBOARD").unwrap().reply().unwrap().atom;
    let owner = client.conn.get_selection_owner(atom).unwrap().reply().unwrap().owner;
    assert_eq!(owner, x11rb::NONE);
}

fn atom(client: &Client, name: &str) -> Atom {
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
    // The next copy is told, and the secret's text was not requested before it.
    copy(&server, "public");
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "public");
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
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "after silence");
    // Refuses TARGETS, promises parts, and stops after the first.
    let (client, targets) = owner(&server);
    reply(&client, &targets, x11rb::NONE);
    let text = request(&client);
    assert_eq!(text.target, atom(&client, "UTF8_STRING"));
    let incr = atom(&client, "INCR");
    let (window, property) = (text.requestor, text.property);
    client.conn.change_property32(PropMode::REPLACE, window, property, incr, &[100]).unwrap();
    reply(&client, &text, property);
    client.conn.change_property8(PropMode::APPEND, window, property, text.target, b"half").unwrap();
    client.conn.sync().unwrap();
    // Setting works meanwhile, and the next copy is told as a whole.
    clipboard.set_text("ours").unwrap();
    pasted(&server, "ours");
    copy(&server, "after half");
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "after half");
}

#[test]
fn without_a_display_it_is_a_typed_error() {
    let error = X11Clipboard::open(None, Box::new(|_| {}), clock()).err().unwrap();
    assert!(error.to_string().contains("DISPLAY is not set"), "{error}");
}
