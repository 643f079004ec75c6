//! Drags, against a window that speaks XDND as the test tells it.

use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use gc_platform::{CopiedFiles, DragError, FileDrag, StorePath};
use gc_platform_linux::X11Drag;
use gc_types::CauseCode;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::*;
use x11rb::wrapper::ConnectionExt as _;

use crate::client::{Client, patiently};
use crate::server::{Server, clock};

fn atom(client: &Client, name: &str) -> Atom {
    client.conn.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom
}

/// How a program behaves when something is dragged over it.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// Agrees when it has seen the list, as GTK's file managers do.
    LooksFirst,
    Refuses,
    Silent,
    /// Takes the list at the drop and never says that it is done.
    NeverFinishes,
    /// Agrees, and says in the end that it took nothing.
    ChangesItsMind,
}

/// A window at 100, 100 of 200 by 200 that knows of drags. What it saw, when it is over.
struct Taker {
    stop: Sender<()>,
    thread: JoinHandle<Vec<String>>,
}

impl Taker {
    fn start(server: &Server, manner: Manner) -> Self {
        let client = Client::open(server, 100, 100, 200, 200);
        let aware = atom(&client, "XdndAware");
        let (mode, version) = (PropMode::REPLACE, [5_u32]);
        let conn = &client.conn;
        conn.change_property32(mode, client.window, aware, AtomEnum::ATOM, &version).unwrap();
        conn.sync().unwrap();
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            let mut seen = Vec::new();
            let mut source = 0;
            let mut last = false;
            loop {
                let Some(event) = client.conn.poll_for_event().unwrap() else {
                    if last {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(1));
                    last = stopped.try_recv().is_ok();
                    // Whatever was sent before has come when this returns.
                    client.conn.sync().unwrap();
                    continue;
                };
                take(&client, manner, &event, &mut source, &mut seen);
            }
            seen
        });
        Self { stop, thread }
    }

    fn seen(self) -> Vec<String> {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap()
    }
}

fn take(client: &Client, manner: Manner, event: &Event, source: &mut u32, seen: &mut Vec<String>) {
    let conn = &client.conn;
    let answer = |kind: &str, to: Window, flags: u32| {
        let action = if flags & 1 == 1 { atom(client, "XdndActionCopy") } else { 0 };
        let data = if kind == "XdndStatus" {
            [client.window, flags, 0, 0, action]
        } else {
            [client.window, flags, action, 0, 0]
        };
        let message = ClientMessageEvent::new(32, to, atom(client, kind), data);
        conn.send_event(false, to, EventMask::NO_EVENT, message).unwrap();
        conn.flush().unwrap();
    };
    let ask = |time: u32| {
        let (selection, list) = (atom(client, "XdndSelection"), atom(client, "text/uri-list"));
        conn.convert_selection(client.window, selection, list, list, time).unwrap();
        conn.flush().unwrap();
    };
    match event {
        Event::ClientMessage(message) => {
            let name = conn.get_atom_name(message.type_).unwrap().reply().unwrap().name;
            let name = String::from_utf8(name).unwrap();
            let data = message.data.as_data32();
            *source = data[0];
            match (name.as_str(), manner) {
                (_, Manner::Silent) => {}
                ("XdndPosition", Manner::LooksFirst) => {
                    let looked = seen.iter().any(|line| line.starts_with("file:"));
                    if !looked {
                        ask(data[3]);
                    }
                    answer("XdndStatus", *source, u32::from(looked));
                }
                ("XdndPosition", Manner::Refuses) => answer("XdndStatus", *source, 0),
                ("XdndPosition", _) => answer("XdndStatus", *source, 1),
                ("XdndDrop", Manner::LooksFirst) => answer("XdndFinished", *source, 1),
                ("XdndDrop", Manner::ChangesItsMind) => answer("XdndFinished", *source, 0),
                ("XdndDrop", Manner::NeverFinishes) => ask(data[2]),
                _ => {}
            }
            if name == "XdndPosition" {
                seen.push(format!("at {},{}", data[2] >> 16, data[2] & 0xFFFF));
            } else {
                seen.push(name);
            }
        }
        Event::SelectionNotify(notify) => {
            let (window, property) = (client.window, notify.property);
            let reply = conn.get_property(true, window, property, AtomEnum::ANY, 0, 1 << 16);
            let list = String::from_utf8(reply.unwrap().reply().unwrap().value).unwrap();
            seen.extend(list.lines().map(str::to_owned));
        }
        _ => {}
    }
}

fn drop_on(manner: Manner) -> (Result<(), CauseCode>, Vec<String>) {
    let server = Server::start();
    let taker = Taker::start(&server, manner);
    let paths = ["tmp/a b.txt", "tmp/grüße"].map(|way| StorePath::new("/", way).to_wire());
    let files = CopiedFiles::new(paths.to_vec()).unwrap();
    let mut drag = X11Drag::open(server.display(), clock()).unwrap();
    let result = drag.drop_files(&files, 150, 180).map_err(|error| error.cause);
    (result, taker.seen())
}

#[test]
fn a_program_that_looks_first_gets_the_files_at_the_point() {
    let (result, seen) = drop_on(Manner::LooksFirst);
    assert_eq!(result, Ok(()));
    assert_eq!(seen.first().map(String::as_str), Some("XdndEnter"));
    assert!(seen.contains(&"at 150,180".to_owned()), "{seen:?}");
    assert!(seen.contains(&"file:///tmp/a%20b.txt".to_owned()), "{seen:?}");
    assert!(seen.contains(&"file:///tmp/gr%C3%BC%C3%9Fe".to_owned()), "{seen:?}");
    assert_eq!(seen.last().map(String::as_str), Some("XdndDrop"));
}

#[test]
fn who_refuses_is_left_alone() {
    let (result, seen) = drop_on(Manner::Refuses);
    assert_eq!(result, Err(CauseCode::DropNotTaken));
    assert!(!seen.contains(&"XdndDrop".to_owned()), "{seen:?}");
    assert_eq!(seen.last().map(String::as_str), Some("XdndLeave"));
    assert_eq!(drop_on(Manner::ChangesItsMind).0, Err(CauseCode::DropNotTaken));
}

#[test]
fn who_is_silent_is_given_up() {
    assert_eq!(drop_on(Manner::Silent).0, Err(CauseCode::DropNoAnswer));
}

#[test]
fn who_never_says_that_it_is_done_has_them() {
    let (result, seen) = drop_on(Manner::NeverFinishes);
    assert_eq!(result, Ok(()));
    assert!(seen.contains(&"file:///tmp/a%20b.txt".to_owned()), "{seen:?}");
}

#[test]
fn where_nobody_knows_of_drags_nobody_takes_them() {
    let server = Server::start();
    let _plain = Client::open(&server, 0, 0, 50, 50);
    let files = CopiedFiles::new(vec![StorePath::new("/", "a").to_wire()]).unwrap();
    let mut drag = X11Drag::open(server.display(), clock()).unwrap();
    for (x, y) in [(10, 10), (300, 300), (-5, -5), (1 << 20, 0)] {
        let error = drag.drop_files(&files, x, y).unwrap_err();
        assert_eq!(error.cause, CauseCode::DropNotTaken);
    }
}

/// Owns the selection and answers with a list, until the server ends.
fn dragging(server: &Server, list: &'static [u8]) {
    let client = Client::open(server, 0, 0, 50, 50);
    let selection = atom(&client, "XdndSelection");
    client.conn.set_selection_owner(client.window, selection, 0_u32).unwrap();
    client.conn.sync().unwrap();
    server.run("xdotool", &["mousemove", "20", "20", "mousedown", "1"]);
    std::thread::spawn(move || {
        let conn = &client.conn;
        while let Ok(event) = conn.wait_for_event() {
            let Event::SelectionRequest(request) = event else { continue };
            let (to, property) = (request.requestor, request.property);
            let mode = PropMode::REPLACE;
            if !list.is_empty() {
                conn.change_property8(mode, to, property, request.target, list).unwrap();
            }
            let notify = SelectionNotifyEvent {
                response_type: SELECTION_NOTIFY_EVENT,
                sequence: 0,
                time: request.time,
                requestor: to,
                selection: request.selection,
                target: request.target,
                property: if list.is_empty() { 0 } else { property },
            };
            conn.send_event(false, to, EventMask::NO_EVENT, notify).unwrap();
            conn.flush().unwrap();
        }
    });
}

fn dragged(server: &Server) -> Result<Vec<String>, DragError> {
    let mut drag = X11Drag::open(server.display(), clock()).unwrap();
    let files = drag.dragged_files()?;
    Ok(files.paths().iter().map(|path| path.parts.join("/")).collect())
}

#[test]
fn what_is_being_dragged_is_told_while_a_button_is_held() {
    let server = Server::start();
    assert_eq!(dragged(&server).unwrap_err().cause, CauseCode::DragNoFiles);
    dragging(&server, b"file:///tmp/a%20b.txt\r\nhttps://example.org/x\r\n");
    assert_eq!(dragged(&server).unwrap(), ["tmp/a b.txt"]);
    server.run("xdotool", &["mouseup", "1"]);
    let error = patiently("the button is up", || dragged(&server).err());
    assert_eq!(error.cause, CauseCode::DragNoFiles);
}

#[test]
fn what_is_no_file_is_not_told() {
    for list in [&b""[..], b"https://example.org/x\r\n", b"file://elsewhere/tmp/x\r\n"] {
        let server = Server::start();
        dragging(&server, list);
        assert_eq!(dragged(&server).unwrap_err().cause, CauseCode::DragNoFiles);
    }
}
