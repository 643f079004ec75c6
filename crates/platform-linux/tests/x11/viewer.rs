//! The viewer's window.

use std::time::Duration;

use gc_platform::{PixelRect, PixelSize, StorePath, ViewerWindow, WindowEvent};
use gc_platform_linux::X11ViewerWindow;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::*;
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::server::Server;

const NAP: Duration = Duration::from_millis(10);

/// A program that drags something.
struct Source {
    conn: RustConnection,
    window: Window,
    target: Window,
}

impl Source {
    fn open(server: &Server) -> Self {
        let (conn, screen) = RustConnection::connect(server.display()).unwrap();
        let root = conn.setup().roots[screen].root;
        let window = conn.generate_id().unwrap();
        let (class, aux) = (WindowClass::INPUT_OUTPUT, CreateWindowAux::new());
        conn.create_window(0, window, root, 0, 0, 1, 1, 0, class, 0, &aux).unwrap();
        let mut source = Self { conn, window, target: 0 };
        let aware = source.atom("XdndAware");
        let windows = source.conn.query_tree(root).unwrap().reply().unwrap().children;
        source.target = windows
            .into_iter()
            .find(|window| source.numbers(*window, aware) == [5])
            .expect("no window takes files");
        source
    }

    fn atom(&self, name: &str) -> Atom {
        self.conn.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom
    }

    fn numbers(&self, window: Window, name: Atom) -> Vec<u32> {
        let reply = self.conn.get_property(false, window, name, AtomEnum::ANY, 0, 9).unwrap();
        reply.reply().unwrap().value32().map(Iterator::collect).unwrap_or_default()
    }

    fn say(&self, kind: &str, rest: [u32; 4]) {
        let data = [self.window, rest[0], rest[1], rest[2], rest[3]];
        let event = ClientMessageEvent::new(32, self.target, self.atom(kind), data);
        self.conn.send_event(false, self.target, EventMask::NO_EVENT, event).unwrap();
        self.conn.flush().unwrap();
    }

    /// The next message of this kind; meanwhile it hands out `list`.
    fn hear(
        &self,
        kind: &str,
        list: &str,
        viewer: &mut X11ViewerWindow,
        events: &mut Vec<WindowEvent>,
    ) -> [u32; 5] {
        let kind = self.atom(kind);
        for _ in 0..500 {
            viewer.wait(Some(NAP), events).unwrap();
            while let Some(event) = self.conn.poll_for_event().unwrap() {
                match event {
                    Event::ClientMessage(message) if message.type_ == kind => {
                        return message.data.as_data32();
                    }
                    Event::SelectionRequest(asked) => {
                        let (to, into) = (asked.requestor, asked.property);
                        let bytes = list.as_bytes();
                        let mode = PropMode::REPLACE;
                        self.conn.change_property8(mode, to, into, asked.target, bytes).unwrap();
                        let given = SelectionNotifyEvent {
                            response_type: SELECTION_NOTIFY_EVENT,
                            sequence: 0,
                            time: asked.time,
                            requestor: to,
                            selection: asked.selection,
                            target: asked.target,
                            property: into,
                        };
                        self.conn.send_event(false, to, EventMask::NO_EVENT, given).unwrap();
                        self.conn.flush().unwrap();
                    }
                    _ => {}
                }
            }
        }
        panic!("the window did not answer");
    }
}

fn dropped(events: &[WindowEvent]) -> Vec<StorePath> {
    let files = |event: &WindowEvent| match event {
        WindowEvent::Dropped { files, .. } => Some(files.clone()),
        _ => None,
    };
    events.iter().filter_map(files).flatten().collect()
}

#[test]
fn files_are_taken_when_they_are_wanted_and_nothing_else_ever() {
    let server = Server::start();
    let mut viewer = X11ViewerWindow::open(server.display(), "Viewer").unwrap();
    let mut events = Vec::new();
    viewer.take_files(true);
    let source = Source::open(&server);
    let (uris, text) = (source.atom("text/uri-list"), source.atom("text/plain"));
    let selection = source.atom("XdndSelection");
    let copy = source.atom("XdndActionCopy");
    source.conn.set_selection_owner(source.window, selection, 0_u32).unwrap();
    let list = "file:///tmp/a%20b.txt\r\nfile:///tmp/folder\r\nhttp://x/y\r\nfile://else/z\r\n";
    let place = |x: u32, y: u32| [0, x << 16 | y, 0, copy];

    // Files, the kind among others in a list of its own.
    let kinds = source.atom("XdndTypeList");
    let all = [text, text, text, uris];
    let mode = PropMode::REPLACE;
    source.conn.change_property32(mode, source.window, kinds, AtomEnum::ATOM, &all).unwrap();
    source.say("XdndEnter", [5 << 24 | 1, text, text, text]);
    source.say("XdndPosition", place(100, 100));
    let status = source.hear("XdndStatus", list, &mut viewer, &mut events);
    assert_eq!((status[1] & 1, status[4]), (1, copy));
    source.say("XdndDrop", [0, 0, 0, 0]);
    let done = source.hear("XdndFinished", list, &mut viewer, &mut events);
    assert_eq!((done[1], done[2]), (1, copy));
    let expected = [StorePath::new("/", "tmp/a b.txt"), StorePath::new("/", "tmp/folder")];
    assert_eq!(dropped(&events), expected);

    // A text is none of its business, and what is not wanted is refused.
    events.clear();
    for (kind, wanted) in [(text, true), (uris, false)] {
        viewer.take_files(wanted);
        source.say("XdndEnter", [5 << 24, kind, 0, 0]);
        source.say("XdndPosition", place(100, 100));
        let status = source.hear("XdndStatus", list, &mut viewer, &mut events);
        assert_eq!((status[1] & 1, status[4]), (0, 0));
        source.say("XdndDrop", [0, 0, 0, 0]);
        let done = source.hear("XdndFinished", list, &mut viewer, &mut events);
        assert_eq!((done[1], done[2]), (0, 0));
    }
    // Without a beginning there is no end.
    viewer.take_files(true);
    source.say("XdndDrop", [0, 0, 0, 0]);
    source.say("XdndEnter", [5 << 24, uris, 0, 0]);
    source.say("XdndLeave", [0, 0, 0, 0]);
    source.say("XdndDrop", [0, 0, 0, 0]);
    for _ in 0..5 {
        viewer.wait(Some(NAP), &mut events).unwrap();
    }
    assert_eq!(dropped(&events), []);
}

#[test]
fn what_is_presented_is_drawn_again_by_itself_when_it_was_covered() {
    let server = Server::start();
    let mut viewer = X11ViewerWindow::open(server.display(), "Viewer").unwrap();
    let mut events = Vec::new();
    let PixelSize { width, height } = viewer.size();
    for pixel in viewer.pixels().chunks_exact_mut(4) {
        pixel.copy_from_slice(&[0x20, 0x80, 0xF0, 0]);
    }
    viewer.present(PixelRect { x: 0, y: 0, width, height }).unwrap();
    let (conn, screen) = RustConnection::connect(server.display()).unwrap();
    let root = conn.setup().roots[screen].root;
    let shows = |x: i16, y: i16| {
        let (format, all) = (ImageFormat::Z_PIXMAP, !0);
        let image = conn.get_image(format, root, x, y, 1, 1, all).unwrap().reply().unwrap();
        [image.data[0], image.data[1], image.data[2]]
    };
    let mut until = |x: i16, y: i16, color: [u8; 3]| {
        for _ in 0..500 {
            viewer.wait(Some(NAP), &mut events).unwrap();
            if shows(x, y) == color {
                return;
            }
        }
        panic!("{:?} instead of {color:?}", shows(x, y));
    };
    let place = conn.get_geometry(root).unwrap().reply().unwrap();
    let (x, y) = ((place.width / 2) as i16, (place.height / 2) as i16);
    until(x, y, [0x20, 0x80, 0xF0]);
    let cover = conn.generate_id().unwrap();
    let aux = CreateWindowAux::new().background_pixel(0x00FF_FFFF).override_redirect(1);
    let class = WindowClass::INPUT_OUTPUT;
    conn.create_window(0, cover, root, x - 20, y - 20, 40, 40, 0, class, 0, &aux).unwrap();
    conn.map_window(cover).unwrap();
    until(x, y, [0xFF; 3]);
    conn.destroy_window(cover).unwrap();
    until(x, y, [0x20, 0x80, 0xF0]);
}
