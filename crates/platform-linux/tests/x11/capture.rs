//! Screen capture.

use std::time::Duration;

use gc_platform::{
    CaptureError, DisplaySelection, PixelRect, PixelSize, ScreenCapture, ScreenEvent,
};
use gc_platform_linux::X11Screen;
use gc_types::CauseCode;
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::*;
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::wrapper::ConnectionExt as _;

use crate::client::{Client, PATIENCE};
use crate::server::{Server, clock};

fn open(server: &Server) -> X11Screen {
    let mut screen = X11Screen::open(server.display(), clock()).unwrap();
    // What every choice of a surface reports first.
    let events = screen.wait(Some(PATIENCE)).unwrap();
    assert!(matches!(events[0], ScreenEvent::Damage(PixelRect { x: 0, y: 0, .. })), "{events:?}");
    screen
}

/// Waits until an event is what `pick` looks for.
fn until<T>(screen: &mut X11Screen, mut pick: impl FnMut(&ScreenEvent) -> Option<T>) -> T {
    for _ in 0..500 {
        let events = screen.wait(Some(PATIENCE)).unwrap();
        assert!(!events.is_empty(), "nothing happened");
        if let Some(found) = events.iter().find_map(&mut pick) {
            return found;
        }
    }
    panic!("too many other events");
}

fn damage_at(x: u32, y: u32) -> impl FnMut(&ScreenEvent) -> Option<PixelRect> {
    move |event| match event {
        ScreenEvent::Damage(r)
            if (r.x..r.x + r.width).contains(&x) && (r.y..r.y + r.height).contains(&y) =>
        {
            Some(*r)
        }
        _ => None,
    }
}

fn pixel(screen: &mut X11Screen, x: u32, y: u32) -> [u8; 3] {
    let view = screen.grab(&[PixelRect { x, y, width: 1, height: 1 }]).unwrap();
    let at = y as usize * view.stride + x as usize * 4;
    [view.pixels[at + 2], view.pixels[at + 1], view.pixels[at]]
}

#[test]
fn painted_pixels_arrive_and_only_the_region_is_read() {
    let server = Server::start();
    let client = Client::open(&server, 100, 50, 300, 200);
    let mut screen = open(&server);
    assert!(screen.uses_shared_memory());
    client.fill(10, 20, 30, 40, 0x12_34_56);
    let rect = until(&mut screen, damage_at(110, 70));
    assert_eq!(rect, PixelRect { x: 110, y: 70, width: 30, height: 40 });
    assert_eq!(pixel(&mut screen, 120, 80), [0x12, 0x34, 0x56]);

    // Noise in a narrow rectangle, in a wide one, and in both at once.
    let noise: Vec<u8> = (0..300 * 200_u32).flat_map(|n| [n as u8, (n * 7) as u8, 9, 0]).collect();
    client
        .conn
        .put_image(ImageFormat::Z_PIXMAP, client.window, client.gc, 300, 200, 0, 0, 0, 24, &noise)
        .unwrap();
    client.conn.sync().unwrap();
    let narrow = PixelRect { x: 100, y: 50, width: 150, height: 100 };
    let wide = PixelRect { x: 40, y: 150, width: 700, height: 100 };
    let view = screen.grab(&[narrow, wide]).unwrap();
    let at = |x: usize, y: usize| &view.pixels[y * view.stride + x * 4..][..3];
    for (x, y) in [(100, 50), (249, 149), (100, 150), (399, 249), (250, 200)] {
        let n = ((y - 50) * 300 + x - 100) as u32;
        assert_eq!(at(x, y), [n as u8, (n * 7) as u8, 9], "{x} {y}");
    }
    // Outside the region is what was there before: never read, so black.
    assert_eq!(at(250, 149), [0, 0, 0]);
}

#[test]
fn quiet_means_no_event_and_the_waker_ends_the_wait() {
    let server = Server::start();
    let mut screen = open(&server);
    assert_eq!(screen.wait(Some(Duration::from_millis(50))).unwrap(), []);
    let waker = screen.waker();
    let thread = std::thread::spawn(move || waker.wake());
    assert_eq!(screen.wait(None).unwrap(), []);
    thread.join().unwrap();
}

#[test]
fn damage_ends_a_wait_without_limit() {
    let server = Server::start();
    let client = Client::open(&server, 0, 0, 100, 100);
    let mut screen = open(&server);
    let painter = std::thread::spawn(move || {
        client.fill(0, 0, 50, 50, 0xFF_00_00);
        client
    });
    let events = screen.wait(None).unwrap();
    assert_eq!(events, [ScreenEvent::Damage(PixelRect { x: 0, y: 0, width: 50, height: 50 })]);
    drop(painter.join().unwrap());
}

#[test]
fn a_storm_of_damage_stays_within_bounds() {
    let server = Server::start();
    let client = Client::open(&server, 0, 0, 800, 600);
    let mut screen = open(&server);
    let mut rects = Vec::new();
    for n in 0..5000_i32 {
        let (x, y) = ((n * 37 % 790) as i16, (n * 101 % 590) as i16);
        rects.push(Rectangle { x, y, width: 3, height: 3 });
    }
    for rect in rects {
        client.conn.poly_fill_rectangle(client.window, client.gc, &[rect]).unwrap();
    }
    client.conn.sync().unwrap();
    let events = screen.wait(Some(PATIENCE)).unwrap();
    assert!((1..=70).contains(&events.len()), "{}", events.len());
}

#[test]
fn the_cursor_shape_and_place_are_reported() {
    let server = Server::start();
    let client = Client::open(&server, 0, 0, 400, 300);
    let mut screen = open(&server);
    let font = client.conn.generate_id().unwrap();
    client.conn.open_font(font, b"cursor").unwrap();
    let cursor = client.conn.generate_id().unwrap();
    // XC_crosshair, red on white.
    client
        .conn
        .create_glyph_cursor(cursor, font, font, 34, 35, 0xFFFF, 0, 0, 0xFFFF, 0xFFFF, 0xFFFF)
        .unwrap();
    let attributes = ChangeWindowAttributesAux::new().cursor(cursor);
    client.conn.change_window_attributes(client.window, &attributes).unwrap();
    client.conn.warp_pointer(x11rb::NONE, client.window, 0, 0, 0, 0, 200, 100).unwrap();
    client.conn.sync().unwrap();
    let shape = until(&mut screen, |event| match event {
        ScreenEvent::CursorShape(Some(shape)) => Some(shape.clone()),
        _ => None,
    });
    assert_eq!(shape.rgba.len(), (shape.size.width * shape.size.height * 4) as usize);
    assert!(shape.rgba.chunks_exact(4).any(|p| p == [255, 0, 0, 255]), "no red pixel");
    assert!(shape.hotspot_x < shape.size.width && shape.hotspot_y < shape.size.height);

    let place = |screen: &mut X11Screen, wanted: i32| {
        until(screen, |event| match event {
            ScreenEvent::CursorMoved { x, y } if *x == wanted => Some(*y),
            _ => None,
        })
    };
    // By hand, as far as the server can tell.
    client.conn.xtest_fake_input(MOTION_NOTIFY_EVENT, 0, 0, client.root, 321, 123, 0).unwrap();
    client.conn.sync().unwrap();
    assert_eq!(place(&mut screen, 321), 123);
    // An application that moves the pointer by itself is noticed when it draws.
    client.conn.warp_pointer(x11rb::NONE, client.root, 0, 0, 0, 0, 20, 30).unwrap();
    client.fill(0, 0, 5, 5, 0xFF);
    assert_eq!(place(&mut screen, 20), 30);

    let blank = client.conn.generate_id().unwrap();
    let pixmap = client.conn.generate_id().unwrap();
    client.conn.create_pixmap(1, pixmap, client.window, 8, 8).unwrap();
    let gc = client.conn.generate_id().unwrap();
    client.conn.create_gc(gc, pixmap, &CreateGCAux::new().foreground(0)).unwrap();
    let all = Rectangle { x: 0, y: 0, width: 8, height: 8 };
    client.conn.poly_fill_rectangle(pixmap, gc, &[all]).unwrap();
    client.conn.create_cursor(blank, pixmap, pixmap, 0, 0, 0, 0, 0, 0, 0, 0).unwrap();
    let attributes = ChangeWindowAttributesAux::new().cursor(blank);
    client.conn.change_window_attributes(client.window, &attributes).unwrap();
    client.conn.sync().unwrap();
    // A blank cursor is a hidden one.
    until(&mut screen, |event| matches!(event, ScreenEvent::CursorShape(None)).then_some(()));
}

fn add_mode(server: &Server) {
    let mode = "small 25.2 640 656 752 800 480 490 492 525";
    server
        .run("xrandr", &[&["--newmode"], mode.split(' ').collect::<Vec<_>>().as_slice()].concat());
    server.run("xrandr", &["--addmode", "screen", "small"]);
}

#[test]
fn a_new_resolution_is_followed() {
    let server = Server::with(&["-screen", "0", "1024x768x24"]);
    let mut screen = open(&server);
    assert_eq!(screen.displays()[0].size, PixelSize { width: 1024, height: 768 });
    let id = screen.displays()[0].id;
    add_mode(&server);
    server.run("xrandr", &["--dpi", "96", "--output", "screen", "--mode", "small"]);
    // The server goes through the states in between one by one.
    let size = loop {
        until(&mut screen, |event| (*event == ScreenEvent::DisplaysChanged).then_some(()));
        let error = screen.grab(&[]).unwrap_err();
        assert_eq!((error.cause, error.lost), (CauseCode::CaptureFailed, false));
        let size = screen.select(DisplaySelection::All).unwrap();
        if size == (PixelSize { width: 640, height: 480 }) && screen.displays()[0].name == "screen"
        {
            break size;
        }
    };
    let full = PixelRect { x: 0, y: 0, width: 640, height: 480 };
    assert_eq!(screen.wait(None).unwrap()[0], ScreenEvent::Damage(full));
    assert_eq!(screen.grab(&[full]).unwrap().size, size);
    assert_eq!(screen.displays()[0].id, id);
}

#[test]
fn one_of_two_monitors_can_be_chosen_and_unplugged() {
    let server = Server::start();
    let client = Client::open(&server, 0, 0, 800, 600);
    server.run("xrandr", &["--setmonitor", "left", "400/100x600/100+0+0", "screen"]);
    server.run("xrandr", &["--setmonitor", "right", "400/100x600/100+400+0", "none"]);
    let mut screen = open(&server);
    let displays = screen.displays();
    assert_eq!(displays.len(), 2, "{displays:?}");
    assert_ne!(displays[0].id, displays[1].id);
    let right = displays.iter().find(|display| display.name == "right").unwrap().clone();
    assert_eq!(displays.iter().filter(|display| display.primary).count(), 1);

    let size = screen.select(DisplaySelection::One(right.id)).unwrap();
    assert_eq!((size, screen.origin()), (PixelSize { width: 400, height: 600 }, (400, 0)));
    screen.wait(None).unwrap();
    client.fill(100, 100, 10, 10, 0xFF);
    client.fill(390, 50, 30, 10, 0xAB_CD_EF);
    // Only the part on this monitor, from its own corner.
    let rect = until(&mut screen, damage_at(5, 55));
    assert_eq!(rect, PixelRect { x: 0, y: 50, width: 20, height: 10 });
    assert_eq!(pixel(&mut screen, 19, 59), [0xAB, 0xCD, 0xEF]);

    let error = screen.select(DisplaySelection::One(99)).unwrap_err();
    assert_eq!(error.cause, CauseCode::MonitorUnknown);
    assert_eq!(pixel(&mut screen, 19, 59), [0xAB, 0xCD, 0xEF], "the surface is kept");

    server.run("xrandr", &["--delmonitor", "right"]);
    // A monitor made by hand goes silently; the next real change tells.
    add_mode(&server);
    until(&mut screen, |event| (*event == ScreenEvent::DisplaysChanged).then_some(()));
    assert!(screen.displays().iter().all(|display| display.id != right.id));
    let error = screen.select(DisplaySelection::One(right.id)).unwrap_err();
    assert_eq!(error.cause, CauseCode::MonitorUnknown);
    screen.select(DisplaySelection::All).unwrap();
}

#[test]
fn without_shared_memory_pixels_come_over_the_socket() {
    let server = Server::with(&["-screen", "0", "1600x1200x24", "-extension", "MIT-SHM"]);
    let client = Client::open(&server, 0, 0, 1600, 1200);
    let mut screen = open(&server);
    assert!(!screen.uses_shared_memory());
    client.fill(0, 0, 1600, 1200, 0x01_02_03);
    let full = PixelRect { x: 0, y: 0, width: 1600, height: 1200 };
    let view = screen.grab(&[full]).unwrap();
    assert!(view.pixels.chunks_exact(4).all(|pixel| pixel[..3] == [3, 2, 1]));
}

#[test]
fn the_death_of_the_server_is_told() {
    let mut server = Server::start();
    let mut screen = open(&server);
    let waiting = std::thread::spawn(move || {
        loop {
            match screen.wait(None) {
                Ok(_) => {}
                Err(error) => return error,
            }
        }
    });
    server.kill();
    let error: CaptureError = waiting.join().unwrap();
    assert_eq!((error.cause, error.lost), (CauseCode::NoDisplay, true));
}

#[test]
fn what_cannot_be_captured_is_a_typed_error() {
    for display in [None, Some(""), Some(":4711"), Some("nonsense")] {
        let error = X11Screen::open(display, clock()).err().unwrap();
        assert_eq!((error.cause, error.lost), (CauseCode::NoDisplay, true), "{display:?}");
        assert!(error.detail.contains("display"), "{}", error.detail);
    }
    let server = Server::with(&["-screen", "0", "640x480x16"]);
    let error = X11Screen::open(server.display(), clock()).err().unwrap();
    assert_eq!((error.cause, error.lost), (CauseCode::CaptureFailed, false));
    assert!(error.detail.contains("16 bit"), "{}", error.detail);
}
