//! An application of the test's own: a window that can be painted and that tells
//! what it is sent.

use std::time::Duration;

use gc_types::Clock as _;
use x11rb::COPY_DEPTH_FROM_PARENT;
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::*;
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::server::Server;

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Client {
    pub(crate) conn: RustConnection,
    pub(crate) root: Window,
    pub(crate) window: Window,
    pub(crate) gc: Gcontext,
}

impl Client {
    /// Maps an unmanaged window and gives it the keyboard.
    pub(crate) fn open(server: &Server, x: i16, y: i16, width: u16, height: u16) -> Self {
        let (conn, screen) = RustConnection::connect(server.display()).unwrap();
        let root = conn.setup().roots[screen].root;
        let (window, gc) = (conn.generate_id().unwrap(), conn.generate_id().unwrap());
        let aux = CreateWindowAux::new().override_redirect(1).background_pixel(0).event_mask(
            EventMask::KEY_PRESS
                | EventMask::KEY_RELEASE
                | EventMask::BUTTON_PRESS
                | EventMask::BUTTON_RELEASE
                | EventMask::EXPOSURE
                | EventMask::STRUCTURE_NOTIFY,
        );
        conn.create_window(
            COPY_DEPTH_FROM_PARENT,
            window,
            root,
            x,
            y,
            width,
            height,
            0,
            WindowClass::INPUT_OUTPUT,
            0,
            &aux,
        )
        .unwrap();
        conn.create_gc(gc, window, &CreateGCAux::new()).unwrap();
        conn.map_window(window).unwrap();
        conn.sync().unwrap();
        let client = Self { conn, root, window, gc };
        client.wait_for(|event| matches!(event, Event::Expose(_)).then_some(()));
        client.conn.set_input_focus(InputFocus::NONE, window, 0_u32).unwrap();
        client.conn.sync().unwrap();
        client
    }

    pub(crate) fn fill(&self, x: i16, y: i16, width: u16, height: u16, color: u32) {
        self.conn.change_gc(self.gc, &ChangeGCAux::new().foreground(color)).unwrap();
        let rect = Rectangle { x, y, width, height };
        self.conn.poly_fill_rectangle(self.window, self.gc, &[rect]).unwrap();
        self.conn.sync().unwrap();
    }

    /// The first event that `pick` takes; others are dropped.
    pub(crate) fn wait_for<T>(&self, mut pick: impl FnMut(Event) -> Option<T>) -> T {
        patiently("an event", || {
            while let Some(event) = self.conn.poll_for_event().unwrap() {
                if let Some(found) = pick(event) {
                    return Some(found);
                }
            }
            None
        })
    }

    /// Key codes of the next presses.
    pub(crate) fn pressed(&self, count: usize) -> Vec<u8> {
        (0..count)
            .map(|_| {
                self.wait_for(|event| match event {
                    Event::KeyPress(key) => Some(key.detail),
                    _ => None,
                })
            })
            .collect()
    }
}

/// Looks until there is something, in short steps, and fails after [`PATIENCE`].
pub(crate) fn patiently<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let clock = gc_runtime::SystemClock::new();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(clock.monotonic() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
