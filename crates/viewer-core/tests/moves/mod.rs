//! What moves travels as copies, in any direction, and the picture stays exact.

use std::time::Duration;

use gc_video::PixelRect;

use crate::rig::{Drawn, Kind, MS, Random, Rig, Screen};

const SECOND: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(33);

/// The pixels of `rect`, rows without padding.
fn cut(screen: &Screen, rect: PixelRect) -> Vec<u8> {
    let rows = rect.y..rect.bottom();
    let start = |y: u32| ((y * screen.width + rect.x) * 4) as usize;
    rows.flat_map(|y| &screen.pixels[start(y)..][..rect.width as usize * 4]).copied().collect()
}

fn paste(screen: &mut Screen, rect: PixelRect, pixels: &[u8]) {
    for (y, row) in (rect.y..rect.bottom()).zip(pixels.chunks_exact(rect.width as usize * 4)) {
        let start = ((y * screen.width + rect.x) * 4) as usize;
        screen.pixels[start..start + row.len()].copy_from_slice(row);
    }
}

/// Moves what is in `rect` by (dx, dy), cut off at its edges; what it leaves behind
/// is new text.
fn scroll(screen: &mut Screen, rect: PixelRect, (dx, dy): (i32, i32), random: &mut Random) {
    let before = cut(screen, rect);
    screen.text(rect, random);
    for y in 0..rect.height {
        for x in 0..rect.width {
            let (from_x, from_y) = (x.wrapping_add_signed(-dx), y.wrapping_add_signed(-dy));
            if from_x < rect.width && from_y < rect.height {
                let at = ((from_y * rect.width + from_x) * 4) as usize;
                let color = [before[at], before[at + 1], before[at + 2]];
                screen.set(rect.x + x, rect.y + y, color);
            }
        }
    }
}

fn text_page(width: u32, height: u32, random: &mut Random) -> Rig {
    let mut rig = Rig::new(width, height);
    rig.screen.text(PixelRect::new(0, 0, width, height), random);
    rig.join(1, MS * 4);
    rig.advance(SECOND);
    assert_eq!(rig.wrong_pixels(1), 0);
    rig.forget();
    rig
}

fn is_stream(drawn: &Drawn) -> bool {
    matches!(drawn.kind, Kind::H264 { .. })
}

fn bytes(rig: &Rig) -> usize {
    rig.drawn.iter().map(|drawn| drawn.bytes).sum()
}

#[test]
fn a_dragged_window_travels_as_a_copy_and_stays_exact() {
    let mut random = Random::new(0x6C_3001);
    let mut rig = text_page(800, 600, &mut random);
    let mut place = PixelRect::new(101, 83, 240, 170);
    let page = cut(&rig.screen, PixelRect::new(0, 0, 800, 600));
    rig.screen.text(place, &mut random);
    let window = cut(&rig.screen, place);
    rig.damage(place);
    rig.advance(SECOND);
    rig.forget();
    let steps = [(9, 0), (0, 7), (-5, 0), (0, -11), (31, 17), (-23, 29), (44, -20), (-60, -3)];
    for (dx, dy) in steps.into_iter().cycle().take(32) {
        let before = place;
        place.x = place.x.wrapping_add_signed(dx);
        place.y = place.y.wrapping_add_signed(dy);
        paste(&mut rig.screen, PixelRect::new(0, 0, 800, 600), &page);
        paste(&mut rig.screen, place, &window);
        rig.damage(before);
        rig.damage(place);
        rig.advance(TICK);
        assert_eq!(rig.wrong_pixels(1), 0);
    }
    assert!(rig.count(|d| d.kind == Kind::Copy) >= 32);
    assert_eq!(rig.count(is_stream), 0);
    let tiles: u64 = rig.drawn.iter().filter(|d| d.kind == Kind::Tile).map(|d| d.rect.area()).sum();
    assert!(tiles < 32 * 240 * 170 / 2, "{tiles} pixels as tiles");
}

#[test]
fn a_window_goes_into_every_corner() {
    let mut random = Random::new(0x6C_3002);
    let mut rig = text_page(500, 400, &mut random);
    let all = PixelRect::new(0, 0, 500, 400);
    let page = cut(&rig.screen, all);
    let mut place = PixelRect::new(150, 130, 163, 131);
    rig.screen.text(place, &mut random);
    let window = cut(&rig.screen, place);
    rig.damage(place);
    rig.advance(SECOND);
    rig.forget();
    for (x, y) in [(0, 0), (337, 0), (337, 269), (0, 269), (1, 268), (0, 0)] {
        let before = place;
        (place.x, place.y) = (x, y);
        paste(&mut rig.screen, all, &page);
        paste(&mut rig.screen, place, &window);
        rig.damage(before.union(&place));
        rig.advance(TICK * 10);
        assert_eq!(rig.wrong_pixels(1), 0);
    }
    assert!(rig.count(|d| d.kind == Kind::Copy) >= 6);
}

#[test]
fn two_panes_scroll_in_one_picture_each_its_own_way() {
    let mut random = Random::new(0x6C_3003);
    let mut rig = text_page(900, 500, &mut random);
    let panes = [PixelRect::new(8, 20, 420, 460), PixelRect::new(452, 20, 430, 460)];
    for _ in 0..20 {
        scroll(&mut rig.screen, panes[0], (0, -16), &mut random);
        scroll(&mut rig.screen, panes[1], (0, 23), &mut random);
        rig.damage(panes[0]);
        rig.damage(panes[1]);
        rig.advance(TICK);
        assert_eq!(rig.wrong_pixels(1), 0);
    }
    assert!(rig.count(|d| d.kind == Kind::Copy) >= 38, "{}", rig.count(|d| d.kind == Kind::Copy));
    assert_eq!(rig.count(is_stream), 0);
}

#[test]
fn sideways_scrolling_travels_as_a_copy() {
    for dx in [-24, 37] {
        let mut random = Random::new(0x6C_3004);
        let mut rig = text_page(800, 500, &mut random);
        let pane = PixelRect::new(30, 40, 700, 400);
        for _ in 0..20 {
            scroll(&mut rig.screen, pane, (dx, 0), &mut random);
            rig.damage(pane);
            rig.advance(TICK);
            assert_eq!(rig.wrong_pixels(1), 0);
        }
        assert!(rig.count(|d| d.kind == Kind::Copy) >= 20);
        assert_eq!(rig.count(is_stream), 0);
    }
}

#[test]
fn a_scroll_that_is_captured_in_two_steps_is_still_a_copy() {
    let mut random = Random::new(0x6C_3005);
    let mut rig = text_page(1280, 720, &mut random);
    let area = PixelRect::new(0, 20, 1280, 688);
    let line = PixelRect { y: area.bottom() - 16, height: 16, ..area };
    for _ in 0..40 {
        rig.screen.scroll_up(area, 16);
        rig.damage(area);
        rig.advance(MS * 2);
        rig.screen.text(line, &mut random);
        rig.damage(line);
        rig.advance(MS * 31);
        assert_eq!(rig.wrong_pixels(1), 0);
    }
    assert!(rig.count(|d| d.kind == Kind::Copy) >= 40);
    assert_eq!(rig.count(is_stream), 0);
}

#[test]
fn a_terminal_scrolls_beside_a_film() {
    let mut random = Random::new(0x6C_3006);
    let mut rig = text_page(1000, 500, &mut random);
    let (terminal, film) = (PixelRect::new(10, 10, 500, 480), PixelRect::new(608, 96, 320, 240));
    for step in 0..40 {
        scroll(&mut rig.screen, terminal, (0, -16), &mut random);
        rig.screen.noise(film, step, &mut random);
        rig.damage(terminal);
        rig.damage(film);
        rig.advance(TICK);
    }
    assert!(rig.count(|d| d.kind == Kind::Copy) >= 36, "{}", rig.count(|d| d.kind == Kind::Copy));
    assert!(rig.count(is_stream) >= 20, "{}", rig.count(is_stream));
    let streams = rig.drawn.iter().filter(|d| is_stream(d));
    assert!(streams.clone().all(|d| d.rect.intersection(&terminal).is_empty()));
    rig.advance(SECOND);
    assert_eq!(rig.wrong_pixels(1), 0);
}

#[test]
fn what_is_lossy_stays_known_as_such_when_it_moves() {
    for (dx, dy) in [(48, 32), (-37, 21)] {
        let mut random = Random::new(0x6C_3007);
        let mut rig = text_page(800, 600, &mut random);
        let film = PixelRect::new(160, 160, 320, 240);
        rig.play(film, 30, TICK, &mut random);
        assert!(!rig.host.is_exact());
        // The paused film is dragged on before it has become exact.
        let shown = cut(&rig.screen, film);
        rig.screen.text(film, &mut random);
        let place = PixelRect {
            x: film.x.wrapping_add_signed(dx),
            y: film.y.wrapping_add_signed(dy),
            ..film
        };
        paste(&mut rig.screen, place, &shown);
        rig.forget();
        rig.damage(film.union(&place));
        rig.advance(MS * 20);
        assert!(rig.count(|d| d.kind == Kind::Copy) >= 1);
        assert!(!rig.host.is_exact(), "the copy cannot be exact");
        assert!(rig.wrong_pixels(1) > 0);
        rig.advance(MS * 300);
        assert!(rig.host.is_exact());
        assert_eq!(rig.wrong_pixels(1), 0);
    }
}

#[test]
fn what_was_filmed_becomes_exact_while_it_scrolls() {
    let mut random = Random::new(0x6C_3008);
    let mut rig = text_page(800, 600, &mut random);
    let film = PixelRect::new(160, 320, 320, 240);
    rig.play(film, 30, TICK, &mut random);
    assert!(!rig.host.is_exact());
    let pane = PixelRect::new(0, 0, 800, 600);
    for _ in 0..12 {
        scroll(&mut rig.screen, pane, (0, -16), &mut random);
        rig.damage(pane);
        rig.advance(TICK);
    }
    assert!(rig.host.is_exact());
    assert_eq!(rig.wrong_pixels(1), 0);
}

#[test]
fn text_is_exact_within_300_ms_of_a_film() {
    let mut random = Random::new(0x6C_3009);
    let mut rig = text_page(1280, 720, &mut random);
    let film = PixelRect::new(100, 60, 1000, 600);
    rig.play(film, 30, TICK, &mut random);
    assert!(rig.host.motion_active());
    // It ends with a page of text.
    rig.screen.text(film, &mut random);
    rig.damage(film);
    rig.advance(MS * 300);
    assert_eq!(rig.wrong_pixels(1), 0);
}

#[test]
fn refinement_never_delays_what_is_new() {
    let mut random = Random::new(0x6C_300A);
    let mut rig = text_page(1280, 720, &mut random);
    let film = PixelRect::new(96, 64, 1024, 576);
    rig.play(film, 30, TICK, &mut random);
    let stopped = rig.now;
    let glyph = PixelRect::new(1200, 20, 9, 14);
    while !rig.host.is_exact() {
        assert!(rig.now < stopped + SECOND * 2);
        rig.screen.text(glyph, &mut random);
        rig.damage(glyph);
        let asked = rig.now;
        rig.forget();
        rig.advance(MS * 20);
        let first = rig.drawn.iter().find(|d| d.rect.x >= 1200).map(|d| d.at);
        // It waits for an acknowledgement at most, which takes 4 ms here.
        assert!(first.is_some_and(|at| at <= asked + MS * 5), "{first:?}, not {asked:?}");
    }
}

#[test]
fn a_film_with_grain_is_filmed_as_a_whole_and_keeps_to_its_budget() {
    let mut random = Random::new(0x6C_300B);
    let mut rig = text_page(1280, 720, &mut random);
    // Not at the edges of cells: a row of pixels is left over on each side.
    let film = PixelRect::new(164, 52, 805, 500);
    rig.play(film, 60, TICK, &mut random);
    rig.forget();
    rig.play(film, 60, TICK, &mut random);
    let tiles = rig.count(|d| d.kind == Kind::Tile);
    assert_eq!(tiles, 0, "{} bytes in all", bytes(&rig));
    assert!(rig.drawn.iter().all(|d| d.rect.contains(&film)));
    let made = bytes(&rig) as f64 * 8.0 / 1000.0 / (60.0 * 0.033);
    let target = rig.host.target_kbps();
    assert!(made <= f64::from(target) * 1.15, "{made} kbit/s at {target}");
    assert_eq!(rig.count(|d| d.kind == Kind::H264 { key: true }), 0, "no key pictures amid");
}

#[test]
fn regions_do_not_flap_with_what_moves_in_them() {
    let mut random = Random::new(0x6C_300C);
    let mut rig = text_page(1280, 720, &mut random);
    let film = PixelRect::new(160, 64, 640, 480);
    rig.play(film, 30, TICK, &mut random);
    rig.forget();
    // Now more of it moves, now less; once in a while nothing for some pictures.
    for step in 0..150 {
        let part = match step % 10 {
            0..5 => film,
            5..8 => PixelRect::new(200, 100, 500, 400),
            _ => PixelRect::new(160, 64, 320, 240),
        };
        if step % 30 > 2 {
            rig.screen.noise(part, step, &mut random);
            rig.damage(part);
        }
        rig.advance(TICK);
    }
    let keys = rig.count(|d| d.kind == Kind::H264 { key: true });
    assert!(keys <= 1, "{keys} key pictures");
    rig.advance(SECOND);
    assert_eq!(rig.wrong_pixels(1), 0);
}

#[test]
fn small_things_that_always_move_stay_exact() {
    let mut random = Random::new(0x6C_300D);
    let mut rig = text_page(800, 600, &mut random);
    for step in 0..90 {
        for rect in [PixelRect::new(100, 100, 32, 32), PixelRect::new(500, 400, 2, 16)] {
            rig.screen.noise(rect, step, &mut random);
            rig.damage(rect);
        }
        rig.advance(TICK);
        assert_eq!(rig.wrong_pixels(1), 0);
    }
    assert_eq!(rig.count(is_stream), 0);
}

/// Whatever is done to a screen, its viewer ends with the same pixels.
#[test]
fn any_sequence_of_changes_ends_exact() {
    for seed in 0x6C_3100_u64..0x6C_310C {
        let mut random = Random::new(seed);
        let mut rig = text_page(701, 467, &mut random);
        for step in 0..90 {
            let width = 20 + random.below(500);
            let height = 20 + random.below(320);
            let rect = PixelRect::new(
                random.below(701 - width),
                random.below(467 - height),
                width,
                height,
            );
            let way = (random.below(121) as i32 - 60, random.below(121) as i32 - 60);
            let mut damage = rect;
            match random.below(9) {
                0 | 1 => scroll(&mut rig.screen, rect, (0, way.1), &mut random),
                2 => scroll(&mut rig.screen, rect, (way.0, 0), &mut random),
                3 | 4 => {
                    // A window moves; part of it may leave the screen.
                    let x = rect.x.saturating_add_signed(way.0).min(701 - width);
                    let y = rect.y.saturating_add_signed(way.1).min(467 - height);
                    let window = cut(&rig.screen, rect);
                    rig.screen.text(rect, &mut random);
                    let place = PixelRect { x, y, ..rect };
                    paste(&mut rig.screen, place, &window);
                    damage = rect.union(&place);
                }
                5 => rig.screen.noise(rect, step, &mut random),
                6 => {
                    rig.play(PixelRect::new(96, 80, 200, 160), 9, MS * 25, &mut random);
                }
                7 => {
                    damage = PixelRect::new(0, 0, 701, 467);
                    scroll(&mut rig.screen, damage, way, &mut random);
                }
                _ => rig.screen.text(rect, &mut random),
            }
            if random.below(3) == 0 {
                damage = PixelRect::new(0, 0, 701, 467);
            }
            rig.damage(damage);
            if random.below(6) > 0 {
                rig.advance(MS * random.below(70));
            }
            if random.below(12) == 0 {
                rig.advance(SECOND * 2);
                assert_eq!(rig.wrong_pixels(1), 0, "step {step}");
            }
        }
        rig.advance(SECOND * 2);
        assert_eq!((rig.wrong_pixels(1), rig.viewers[&1].problems), (0, 0));
        assert!(rig.host.is_exact());
    }
}
