//! The viewer's window drawn by OpenGL: here by Mesa's program for the processor, which
//! follows the same rules as a card.

#![expect(clippy::print_stdout, reason = "the seed of a test")]

use std::time::Duration;

use gc_platform::{CardStep, PixelRect, PixelSize, ViewerWindow, WindowEvent};
use gc_platform_linux::X11ViewerWindow;
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat};
use x11rb::rust_connection::RustConnection;

use crate::server::{Program, Server};

const SIZE: PixelSize = PixelSize { width: 96, height: 64 };

const fn whole(size: PixelSize) -> PixelRect {
    PixelRect { x: 0, y: 0, width: size.width, height: size.height }
}

struct Opened {
    window: X11ViewerWindow,
    conn: RustConnection,
    size: PixelSize,
}

impl Opened {
    fn new(server: &Server) -> Self {
        let mut window = X11ViewerWindow::open(server.display(), "Viewer").unwrap();
        let name = window.open_card(true).unwrap();
        assert!(gc_platform::is_software_renderer(&name), "{name}: is there a card on Xvfb?");
        let (conn, _) = RustConnection::connect(server.display()).unwrap();
        let size = window.size();
        let mut made = Self { window, conn, size };
        made.look();
        made
    }

    fn look(&mut self) -> Vec<WindowEvent> {
        let mut events = Vec::new();
        self.window.wait(Some(Duration::from_millis(10)), &mut events).unwrap();
        events
    }

    fn draw(&mut self, area: PixelRect, steps: &[CardStep]) {
        let size = self.size;
        let card = self.window.card().unwrap();
        card.draw(size, area, steps).unwrap();
        card.show(&[area]).unwrap();
    }

    /// What the screen shows of the window's inside, which is where the window is put
    /// without a window manager.
    fn seen(&self, area: PixelRect) -> Vec<u8> {
        let root = &x11rb::connection::Connection::setup(&self.conn).roots[0];
        let left = (u32::from(root.width_in_pixels) - self.size.width) / 2 + area.x;
        let top = (u32::from(root.height_in_pixels) - self.size.height) / 2 + area.y;
        let (x, y, wide, high) = (left as i16, top as i16, area.width as u16, area.height as u16);
        let format = ImageFormat::Z_PIXMAP;
        let image = self.conn.get_image(format, root.root, x, y, wide, high, u32::MAX).unwrap();
        image.reply().unwrap().data
    }
}

/// Waits until the screen shows this of the window, but for a difference: what was
/// shown arrives on a connection of its own.
fn shows(opened: &Opened, area: PixelRect, expected: &[u8], tolerance: u8) {
    let mut difference = 0;
    let all = || {
        difference = apart(&opened.seen(area), expected);
        difference <= tolerance
    };
    let like_this = holds_soon(all);
    assert!(like_this, "{area:?} differs by {difference} and not by {tolerance}");
}

/// Noise, so that no pixel is mistaken for its neighbour. Prints its seed.
fn noise(size: PixelSize, seed: u32) -> Vec<u8> {
    println!("seed {seed}");
    let mut state = seed;
    (0..size.width * size.height)
        .flat_map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [a, b, c, _] = (state >> 4).to_le_bytes();
            [a, b, c, 255]
        })
        .collect()
}

/// The largest difference of a channel.
fn apart(a: &[u8], b: &[u8]) -> u8 {
    assert_eq!(a.len(), b.len());
    let colours = |bytes: &[u8]| {
        let pixels = bytes.chunks_exact(4);
        pixels.flat_map(|p| [p[0], p[1], p[2]]).collect::<Vec<_>>()
    };
    colours(a).iter().zip(colours(b)).map(|(a, b)| a.abs_diff(b)).max().unwrap_or(0)
}

/// The same by plain arithmetic: by area when smaller, between pixels when larger.
fn scaled(pixels: &[u8], size: PixelSize, to: PixelSize) -> Vec<u8> {
    let spans = |from: u32, to: u32| -> Vec<Vec<(usize, f64)>> {
        let step = f64::from(from) / f64::from(to);
        (0..to)
            .map(|at| {
                if to.is_multiple_of(from) {
                    return vec![((at / (to / from)) as usize, 1.0)];
                }
                let (middle, reach) = ((f64::from(at) + 0.5) * step, step.max(1.0) / 2.0);
                let (low, high) = ((middle - reach).max(0.0), (middle + reach).min(from.into()));
                let covered = |pixel: u32| {
                    let pixel = f64::from(pixel);
                    ((pixel + 1.0).min(high) - pixel.max(low)).max(0.0) / (high - low)
                };
                (0..from).map(|pixel| (pixel as usize, covered(pixel))).collect()
            })
            .collect()
    };
    let (across, down) = (spans(size.width, to.width), spans(size.height, to.height));
    let mut out = Vec::new();
    for rows in &down {
        for columns in &across {
            let mut sum = [0.0; 4];
            for (y, tall) in rows.iter().filter(|(_, weight)| *weight > 0.0) {
                for (x, wide) in columns.iter().filter(|(_, weight)| *weight > 0.0) {
                    let at = (y * size.width as usize + x) * 4;
                    for (sum, byte) in sum.iter_mut().zip(&pixels[at..at + 4]) {
                        *sum += f64::from(*byte) * tall * wide;
                    }
                }
            }
            out.extend(sum.map(|sum| sum.round() as u8));
        }
    }
    out
}

fn picture(left: i32, top: i32, size: PixelSize) -> CardStep {
    CardStep::Picture { slot: 0, part: whole(SIZE), left, top, size, dim: false }
}

#[test]
fn a_picture_is_exact_at_one_to_one_and_at_whole_multiples_and_mixed_otherwise() {
    let server = Server::start();
    let mut opened = Opened::new(&server);
    let pixels = noise(SIZE, 7);
    let stride = SIZE.width as usize * 4;
    opened.window.card().unwrap().put(0, SIZE, whole(SIZE), &pixels, stride).unwrap();
    for (width, height, tolerance) in [
        (96, 64, 0),
        (192, 192, 0),
        (96, 128, 0),
        (48, 32, 1),
        (31, 17, 1),
        (150, 100, 1),
        (97, 63, 1),
        (288, 63, 1),
    ] {
        let to = PixelSize { width, height };
        let window = whole(opened.size);
        let black = CardStep::Fill { area: window, color: [0; 3] };
        opened.draw(window, &[black, picture(20, 10, to)]);
        let expected = scaled(&pixels, SIZE, to);
        shows(&opened, PixelRect { x: 20, y: 10, width, height }, &expected, tolerance);
        let beside = PixelRect { x: 19, y: 10, width: 1, height };
        shows(&opened, beside, &vec![0; height as usize * 4], 0);
    }
}

#[test]
fn a_part_that_changes_changes_nothing_else_and_layers_lie_over_it() {
    let server = Server::start();
    let mut opened = Opened::new(&server);
    let window = whole(opened.size);
    let (mut pixels, stride) = (noise(SIZE, 11), SIZE.width as usize * 4);
    opened.window.card().unwrap().put(0, SIZE, whole(SIZE), &pixels, stride).unwrap();
    let field = CardStep::Fill { area: window, color: [10, 20, 30] };
    opened.draw(window, &[field, picture(5, 6, SIZE)]);
    let corner = PixelRect { x: 0, y: 0, width: 1, height: 1 };
    shows(&opened, corner, &[30, 20, 10, 0], 0);

    let part = PixelRect { x: 8, y: 9, width: 20, height: 11 };
    for y in part.y..part.y + part.height {
        let start = (y * SIZE.width + part.x) as usize * 4;
        pixels[start..start + part.width as usize * 4].fill(200);
    }
    let from = &pixels[(part.y * SIZE.width + part.x) as usize * 4..];
    opened.window.card().unwrap().put(0, SIZE, part, from, stride).unwrap();
    // Half-transparent white over the right half of what changed.
    let over = PixelRect { x: 23, y: 0, width: 10, height: 40 };
    let white = vec![128; over.width as usize * over.height as usize * 4];
    let layer = PixelSize { width: over.width, height: over.height };
    opened.window.card().unwrap().put(1, layer, whole(layer), &white, 40).unwrap();
    let area = PixelRect { x: part.x + 5, y: part.y + 6, ..part };
    let steps = [picture(5, 6, SIZE), CardStep::Layer { slot: 1, area: over }];
    // More than once: the window has several buffers, and each has missed something.
    for _ in 0..4 {
        opened.draw(area, &steps);
        let mut expected = pixels.clone();
        for y in area.y..area.y + area.height {
            for x in over.x..over.x + over.width {
                let at = ((y - 6) * SIZE.width + x - 5) as usize * 4;
                expected[at..at + 3].fill(228);
            }
        }
        shows(&opened, PixelRect { x: 5, y: 6, ..whole(SIZE) }, &expected, 1);
        shows(&opened, corner, &[30, 20, 10, 0], 0);
    }
}

#[test]
fn a_dimmed_picture_is_that_of_the_software() {
    let server = Server::start();
    let mut opened = Opened::new(&server);
    let (pixels, stride) = (noise(SIZE, 3), SIZE.width as usize * 4);
    opened.window.card().unwrap().put(0, SIZE, whole(SIZE), &pixels, stride).unwrap();
    let area = whole(SIZE);
    let part = PixelRect { x: 10, y: 20, width: 40, height: 30 };
    let size = PixelSize { width: 40, height: 30 };
    opened.draw(area, &[CardStep::Picture { slot: 0, part, left: 0, top: 0, size, dim: true }]);
    let mut expected = Vec::new();
    for y in 0..size.height {
        let from = ((y + part.y) * SIZE.width + part.x) as usize * 4;
        let row = &pixels[from..from + size.width as usize * 4];
        expected.extend(row.iter().map(|byte| (u16::from(*byte) * 2 / 5) as u8));
    }
    shows(&opened, whole(size), &expected, 0);
}

#[test]
fn what_was_covered_comes_back_by_itself() {
    let server = Server::start();
    let mut opened = Opened::new(&server);
    let window = whole(opened.size);
    opened.draw(window, &[CardStep::Fill { area: window, color: [200, 100, 50] }]);
    let at = PixelRect { x: 30, y: 30, width: 20, height: 20 };
    let shows = |opened: &Opened| opened.seen(at).chunks_exact(4).all(|p| p[..3] == [50, 100, 200]);
    wait_until("it is shown", || shows(&opened));
    let cover = server.command("xclock").args(["-geometry", "400x400+0+0"]).spawn();
    let cover = Program(cover.unwrap());
    wait_until("it is covered", || !shows(&opened));
    drop(cover);
    let mut back = false;
    wait_until("it is back", || {
        for event in opened.look() {
            assert!(!matches!(event, WindowEvent::CardLost(_)), "{event:?}");
        }
        back = shows(&opened);
        back
    });
}

fn holds_soon(mut holds: impl FnMut() -> bool) -> bool {
    (0..1000).any(|_| {
        let it_does = holds();
        if !it_does {
            std::thread::sleep(Duration::from_millis(10));
        }
        it_does
    })
}

fn wait_until(what: &str, holds: impl FnMut() -> bool) {
    assert!(holds_soon(holds), "not within 10 s: {what}");
}

#[test]
fn after_a_failure_the_software_draws_the_same_window() {
    let server = Server::start();
    let mut opened = Opened::new(&server);
    let window = whole(opened.size);
    opened.draw(window, &[CardStep::Fill { area: window, color: [200, 100, 50] }]);
    // Larger than any texture: OpenGL says no, as it does without memory.
    let huge = PixelSize { width: 1 << 20, height: 1 };
    let pixels = [0; 4];
    let one = PixelRect { x: 0, y: 0, width: 1, height: 1 };
    let refused = opened.window.card().unwrap().put(9, huge, one, &pixels, 4).unwrap_err();
    assert!(refused.0.contains("1048576"), "{refused}");
    opened.window.close_card();
    assert!(opened.window.card().is_none());
    for pixel in opened.window.pixels().chunks_exact_mut(4) {
        pixel.copy_from_slice(&[1, 2, 3, 255]);
    }
    opened.window.present(window).unwrap();
    let at = PixelRect { x: 50, y: 50, width: 1, height: 1 };
    wait_until("the software's picture", || {
        opened.look();
        opened.seen(at)[..3] == [1, 2, 3]
    });
    // And the card once more.
    opened.window.open_card(true).unwrap();
    opened.draw(window, &[CardStep::Fill { area: window, color: [9, 8, 7] }]);
    shows(&opened, at, &[7, 8, 9, 0], 0);
}
