//! Files on the clipboard that come when a program asks for them.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gc_platform::{
    Clipboard, ClipboardContent, CopiedFiles, OfferError, OfferedFile, OfferedFiles, StorePath,
};
use gc_platform_linux::X11Clipboard;
use gc_types::{Clock, ManualClock};
use x11rb::protocol::Event;
use x11rb::protocol::xproto::*;
use x11rb::wrapper::ConnectionExt as _;

use crate::client::{Client, PATIENCE};
use crate::clipboard::{atom, paste, pasted};
use crate::server::Server;

/// Files that come when a test says so.
struct Slow {
    names: Vec<String>,
    files: CopiedFiles,
    come: Mutex<Receiver<Result<(), OfferError>>>,
    asked: Sender<()>,
}

impl OfferedFiles for Slow {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn expected(&self) -> Option<CopiedFiles> {
        Some(self.files.clone())
    }

    fn list(&self) -> Result<Arc<[OfferedFile]>, OfferError> {
        Err(OfferError::Cancelled)
    }

    fn read_at(&self, _: usize, _: u64, _: &mut [u8]) -> Result<usize, OfferError> {
        Err(OfferError::Cancelled)
    }

    fn fetch(&self) -> Result<CopiedFiles, OfferError> {
        let _ = self.asked.send(());
        let come = self.come.lock().unwrap().recv();
        come.unwrap_or(Err(OfferError::Cancelled)).map(|()| self.files.clone())
    }

    fn cancel(&self) {}
}

struct Offered {
    server: Server,
    clipboard: X11Clipboard,
    clock: Arc<ManualClock>,
    come: Sender<Result<(), OfferError>>,
    asked: Receiver<()>,
}

fn offered() -> Offered {
    let server = Server::start();
    let clock = Arc::new(ManualClock::new(gc_types::UnixMillis(0)));
    let told = Box::new(|_| {});
    let own = Arc::clone(&clock) as Arc<dyn Clock>;
    let clipboard = X11Clipboard::open(server.display(), told, own).unwrap();
    let path = StorePath::new("/", "tmp/a ä").to_wire();
    let files = CopiedFiles::new(vec![path]).unwrap();
    let ((come, comes), (asks, asked)) = (channel(), channel());
    let (names, come_here) = (vec!["a ä".to_owned()], Mutex::new(comes));
    let slow = Slow { names, files, come: come_here, asked: asks };
    clipboard.offer(&ClipboardContent::text("as text"), Arc::new(slow)).unwrap();
    pasted(&server, "as text");
    Offered { server, clipboard, clock, come, asked }
}

impl Offered {
    /// Time passes; the clipboard looks at it when something happens.
    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.clipboard.announce().unwrap();
    }

    /// An application asks for a target; where its answer is to be.
    fn ask(&self, target: &str) -> (Client, Atom) {
        let client = Client::open(&self.server, 0, 0, 10, 10);
        let aux = ChangeWindowAttributesAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        client.conn.change_window_attributes(client.window, &aux).unwrap();
        let (selection, into) = (atom(&client, "CLIPBOARD"), atom(&client, "ANSWER"));
        let target = atom(&client, target);
        let (window, now) = (client.window, x11rb::CURRENT_TIME);
        client.conn.convert_selection(window, selection, target, into, now).unwrap();
        client.conn.sync().unwrap();
        self.asked.recv_timeout(PATIENCE).unwrap();
        (client, into)
    }
}

fn answered(client: &Client) -> Atom {
    client.wait_for(|event| match event {
        Event::SelectionNotify(notify) => Some(notify.property),
        _ => None,
    })
}

fn take(client: &Client, property: Atom) -> (Atom, Vec<u8>) {
    let (window, any) = (client.window, AtomEnum::ANY);
    let asked = client.conn.get_property(true, window, property, any, 0, 1 << 20).unwrap();
    let reply = asked.reply().unwrap();
    (reply.type_, reply.value)
}

/// The next part of an answer.
fn part(client: &Client, property: Atom) -> Vec<u8> {
    client.wait_for(|event| match event {
        Event::PropertyNotify(notify)
            if notify.atom == property && notify.state == Property::NEW_VALUE =>
        {
            Some(())
        }
        _ => None,
    });
    take(client, property).1
}

#[test]
fn files_of_a_peer_are_fetched_when_they_are_asked_for_and_not_before() {
    let offered = offered();
    let targets = String::from_utf8(paste(&offered.server, "TARGETS")).unwrap();
    for target in ["text/uri-list", "x-special/gnome-copied-files", "UTF8_STRING"] {
        assert!(targets.contains(target), "{targets}");
    }
    assert_eq!(paste(&offered.server, "application/x-kde-cutselection"), b"0");
    assert!(offered.asked.try_recv().is_err(), "nobody asked for files");
    let (client, into) = offered.ask("text/uri-list");
    offered.come.send(Ok(())).unwrap();
    assert_eq!(answered(&client), into);
    assert_eq!(take(&client, into).1, b"file:///tmp/a%20%C3%A4\r\n");
    let (client, _) = offered.ask("x-special/gnome-copied-files");
    offered.come.send(Err(OfferError::NotNow)).unwrap();
    assert_eq!(answered(&client), x11rb::NONE, "refused at once");
}

#[test]
fn who_waits_for_files_is_kept_waiting_by_parts_that_say_nothing() {
    for (target, news, first, all) in [
        ("text/uri-list", 3, &b"\r\n"[..], "file:///tmp/a%20%C3%A4\r\n"),
        ("x-special/gnome-copied-files", 20, b"c", "opy\nfile:///tmp/a%20%C3%A4"),
    ] {
        for fails in [false, true] {
            let offered = offered();
            let (client, into) = offered.ask(target);
            offered.pass(2);
            assert_eq!(answered(&client), into);
            assert_eq!(take(&client, into).0, atom(&client, "INCR"), "it goes in parts");
            // It has taken the first word only when its deletion was seen.
            client.conn.sync().unwrap();
            offered.pass(news);
            assert_eq!(part(&client, into), first);
            client.conn.sync().unwrap();
            let result = if fails { Err(OfferError::Cancelled) } else { Ok(()) };
            offered.come.send(result).unwrap();
            let mut rest = Vec::new();
            loop {
                match part(&client, into) {
                    part if part.is_empty() => break,
                    part => rest.extend(part),
                }
            }
            let rest = String::from_utf8(rest).unwrap();
            if fails {
                assert!(!rest.contains("file:"), "half a list: {rest}");
            } else {
                assert_eq!(rest, all);
            }
        }
    }
}
