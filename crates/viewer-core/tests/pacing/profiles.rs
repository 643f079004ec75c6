//! Steady video, typing and a page that loads, on every line.

use std::time::Duration;

use gc_netem::Shape;
use gc_proto::v2::{Preset, VideoSettings};
use gc_video::PixelRect;

use crate::rig::MS;
use crate::world::{Lines, World, quantile};

const SECOND: Duration = Duration::from_secs(1);

struct Figures {
    fps: f64,
    use_percent: f64,
    target: u32,
    age: (Duration, Duration),
    key: (Duration, Duration),
    page_key: Duration,
    page: Duration,
}

/// Video that fills the line, with a key now and then; then a page of text, with keys.
fn measure(trip: u32, kbps: u32, loss: f64, agent: bool) -> Figures {
    let shape = Shape::line(MS * trip, kbps).with_loss(loss);
    let lines = if agent { Lines::at_agent(shape) } else { Lines::at_viewer(shape) };
    let mut world = World::new(0x9ACE + u64::from(trip + kbps), lines);
    world.host.set_settings(VideoSettings {
        preset: Preset::High.into(),
        fps: 0,
        kbps: 0,
        hevc: false,
    });
    world.advance(SECOND * 3);
    world.play(SECOND * 6);
    world.forget();
    world.type_every(Some(MS * 230));
    let took = SECOND * 6;
    world.play(took);
    world.type_every(None);
    let target = world.host.target_kbps();
    let seat = world.seat(1);
    assert_eq!(seat.problems, 0);
    let fps = seat.presented.len() as f64 / took.as_secs_f64();
    let used = seat.bytes as f64 * 8.0 / 1000.0 / took.as_secs_f64();
    let age = (quantile(&seat.ages, 0.5), quantile(&seat.ages, 0.95));
    let key = (quantile(&world.key_times, 0.5), quantile(&world.key_times, 1.0));
    world.advance(SECOND * 40);
    assert_eq!(world.wrong_pixels(1), 0, "exact when all is still");
    world.forget();
    world.page();
    world.seat(1).complete = None;
    let began = world.now;
    world.type_every(Some(MS * 230));
    world.advance(SECOND * 3);
    let page_key = quantile(&world.key_times, 1.0);
    world.type_every(None);
    world.advance(SECOND * 30);
    assert_eq!(world.wrong_pixels(1), 0);
    let page = world.seat(1).complete.unwrap().saturating_sub(began);
    let use_percent = used * 100.0 / f64::from(kbps);
    Figures { fps, use_percent, target, age, key, page_key, page }
}

#[test]
fn every_line_is_used_without_a_queue() {
    println!(
        "round trip, rate, loss, narrow at: frames/s, use, age p50/p95, key p50/max, key while a page loads, page"
    );
    let mut failed = Vec::new();
    for (trip, kbps, loss, agent) in [
        (20, 256, 0.0, false),
        (20, 2_000, 0.0, false),
        (20, 20_000, 0.0, false),
        (100, 256, 0.0, false),
        (100, 2_000, 0.0, false),
        (100, 20_000, 0.0, false),
        (300, 256, 0.0, false),
        (300, 2_000, 0.0, false),
        (300, 20_000, 0.0, false),
        (20, 20_000, 0.02, false),
        (100, 2_000, 0.02, false),
        (100, 2_000, 0.0, true),
        (20, 256, 0.0, true),
    ] {
        let f = measure(trip, kbps, loss, agent);
        let place = if agent { "agent" } else { "viewer" };
        println!(
            "{trip:4} ms {kbps:6} kbit/s {:3} % {place:6}: {:5.1} {:4.0} % {:6} {:4}/{:4} ms {:4}/{:4} ms {:5} ms {:5} ms",
            loss * 100.0,
            f.fps,
            f.use_percent,
            f.target,
            f.age.0.as_millis(),
            f.age.1.as_millis(),
            f.key.0.as_millis(),
            f.key.1.as_millis(),
            f.page_key.as_millis(),
            f.page.as_millis(),
        );
        let base = u128::from(trip);
        // Bounds with a reserve of about a half over what is reached.
        let (age, key, page_key) = if loss > 0.0 { (600, 700, 700) } else { (250, 120, 180) };
        let used = f.use_percent >= 60.0 || kbps > 2_000 && f.target * 10 >= kbps * 7 || loss > 0.0;
        let shown = f.fps >= 20.0 && f.age.1.as_millis() <= base + age;
        let typed = f.key.1.as_millis() <= base + key && f.page_key.as_millis() <= base + page_key;
        if !(used && shown && typed) {
            failed.push((trip, kbps, loss, used, shown, typed));
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}

/// A large film has the line for itself, and somebody types beside it.
#[test]
fn a_key_shows_beside_a_film_that_is_too_large_for_the_line() {
    let lines = Lines::at_viewer(Shape::line(MS * 20, 256));
    let mut world = World::sized(0xF114, lines, 1920, 1080);
    world.video = PixelRect::new(320, 120, 1280, 720);
    world.advance(SECOND * 20);
    world.play(SECOND * 6);
    world.forget();
    world.type_every(Some(MS * 230));
    let took = SECOND * 10;
    world.play(took);
    world.type_every(None);
    let seat = world.seat(1);
    let fps = seat.presented.len() as f64 / took.as_secs_f64();
    let age = (quantile(&seat.ages, 0.5), quantile(&seat.ages, 0.95));
    let key = (quantile(&world.key_times, 0.5), quantile(&world.key_times, 1.0));
    println!(
        "{fps:.1} pictures/s, age {age:?}, keys {} {key:?}, {} kbit/s",
        world.key_times.len(),
        world.host.target_kbps()
    );
    assert!(world.key_times.len() >= 20 && key.1 <= MS * 250);
}
