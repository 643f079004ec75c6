//! A line that becomes narrow in mid-video, and wide again.

use std::time::Duration;

use gc_netem::Shape;
use gc_proto::v2::{Preset, VideoSettings};
use gc_video::PixelRect;

use crate::rig::MS;
use crate::world::{Lines, World, quantile};

const SECOND: Duration = Duration::from_secs(1);

fn drop_and_recover(trip: u32, agent: bool) {
    let wide = Shape::line(MS * trip, 20_000);
    let narrow = Shape::line(MS * trip, 2_000);
    let lines = if agent { Lines::at_agent(wide) } else { Lines::at_viewer(wide) };
    let mut world = World::new(0xD209 + u64::from(trip), lines);
    world.host.set_settings(VideoSettings {
        preset: Preset::Auto.into(),
        fps: 0,
        kbps: 0,
        hevc: false,
    });
    world.advance(SECOND);
    world.play(SECOND * 6);
    let before = world.host.target_kbps();
    let set = |world: &mut World, shape| {
        if agent {
            world.uplink.flow.set_shape(shape);
        } else {
            world.seat(1).down.flow.set_shape(shape);
        }
    };
    set(&mut world, narrow);
    world.forget();
    world.play(SECOND * 2);
    let first = quantile(&world.seat(1).ages, 0.95);
    let peak = quantile(&world.seat(1).ages, 1.0);
    world.play(SECOND * 6);
    let all = quantile(&world.seat(1).ages, 0.95);
    world.forget();
    world.play(SECOND * 2);
    let last = quantile(&world.seat(1).ages, 0.95);
    let during = world.host.target_kbps();
    set(&mut world, wide);
    let mut recovered = Duration::ZERO;
    while world.host.target_kbps() < before * 7 / 10 && recovered < SECOND * 10 {
        world.play(MS * 100);
        recovered += MS * 100;
    }
    println!(
        "{trip} ms: target {before} -> {during} kbit/s, age p95 {all:?} (first 2 s {first:?}, peak {peak:?}, last 2 s {last:?}), back in {recovered:?}"
    );
    assert!(all <= MS * 400, "{all:?}");
    assert!(last <= first.max(MS * 200), "no growth: {first:?} then {last:?}");
    assert!(recovered <= SECOND * 3, "{recovered:?}");
    assert_eq!(world.seat(1).problems, 0);
    world.advance(SECOND * 5);
    assert_eq!(world.wrong_pixels(1), 0);
}

#[test]
fn a_drop_from_20_to_2_mbit_costs_frames_and_no_time() {
    drop_and_recover(20, false);
}

#[test]
fn a_drop_on_a_long_way_does_so_too() {
    drop_and_recover(100, false);
}

#[test]
fn a_drop_at_the_machines_own_line_does_so_too() {
    drop_and_recover(20, true);
}

#[test]
fn a_line_that_becomes_a_hundredth_is_followed_within_seconds() {
    let away = Shape { one_way: MS * 10, ..Shape::default() };
    let mut world = World::sized(0xD201, Lines::at_viewer(away), 1280, 720);
    world.video = PixelRect::new(64, 48, 960, 540);
    world.advance(SECOND);
    world.play(SECOND * 4);
    assert!(world.host.target_kbps() > 4_000);
    world.seat(1).down.flow.set_shape(Shape::line(MS * 20, 256));
    world.play(SECOND * 6);
    world.forget();
    world.play(SECOND * 6);
    let ages = quantile(&world.seat(1).ages, 0.95);
    println!("target {} kbit/s, age p95 {ages:?}", world.host.target_kbps());
    assert!(ages <= MS * 400, "{ages:?}");
    assert_eq!(world.seat(1).problems, 0);
}
