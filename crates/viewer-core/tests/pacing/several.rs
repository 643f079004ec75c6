//! Several viewers at once.

use std::time::Duration;

use gc_netem::Shape;

use crate::rig::MS;
use crate::world::{Lines, World, quantile};

const SECOND: Duration = Duration::from_secs(1);

fn fast() -> Shape {
    Shape::line(MS * 20, 20_000)
}

/// A world in which one viewer on a good line has watched video for a while.
fn watched(seed: u64) -> (World, Duration) {
    watched_on(World::new(seed, Lines::at_viewer(fast())))
}

fn watched_on(mut world: World) -> (World, Duration) {
    world.page();
    world.advance(SECOND * 2);
    world.play(SECOND * 4);
    world.forget();
    world.play(SECOND * 4);
    let age = quantile(&world.seat(1).ages, 0.95);
    world.forget();
    (world, age)
}

/// What the first viewer notices: not more than one frame.
fn assert_undisturbed(world: &mut World, age: Duration, what: &str) {
    let now = quantile(&world.seat(1).ages, 0.95);
    println!("{what}: age p95 {age:?} before, {now:?} after; {} key pictures", world.stream_keys);
    assert!(now <= age + MS * 34, "{what}: {age:?} before, {now:?} after");
    assert_eq!(world.seat(1).problems, 0);
    assert_eq!(world.seat(1).skips, 0);
}

#[test]
fn a_stalled_viewer_costs_nobody_anything() {
    let (mut world, age) = watched(0x5E01);
    world.join(2, fast());
    world.play(SECOND * 2);
    world.seat(2).acks = false;
    world.seat(2).down.reads = false;
    world.forget();
    world.play(SECOND * 10);
    assert_undisturbed(&mut world, age, "stalled");
    let queued = world.seat(2).most_queued;
    assert!(queued < 1 << 20, "{queued} bytes wait for the viewer that stalls");
    // It comes back, and has the picture again.
    world.seat(2).acks = true;
    world.seat(2).down.reads = true;
    world.play(SECOND * 8);
    assert_undisturbed(&mut world, age, "back");
    world.advance(SECOND * 3);
    assert_eq!((world.wrong_pixels(1), world.wrong_pixels(2)), (0, 0));
}

#[test]
fn a_slow_viewer_is_skipped_and_catches_up_alone() {
    let (mut world, age) = watched(0x5E02);
    world.join(2, Shape::line(MS * 60, 1_000));
    world.play(SECOND * 3);
    world.forget();
    world.play(SECOND * 10);
    assert_undisturbed(&mut world, age, "slow");
    let keys = world.stream_keys;
    assert!(keys <= 2, "{keys} key pictures for everybody");
    let seat = world.seat(2);
    assert!(seat.most_queued < 300_000, "{} bytes", seat.most_queued);
    assert!(seat.presented.len() > 20, "{} frames", seat.presented.len());
    assert_eq!(seat.problems, 0);
    world.advance(SECOND * 20);
    assert_eq!((world.wrong_pixels(1), world.wrong_pixels(2)), (0, 0));
    // It gets everything again.
    world.forget();
    world.type_every(Some(MS * 300));
    world.advance(SECOND * 3);
    assert_eq!((world.wrong_pixels(1), world.wrong_pixels(2)), (0, 0));
    assert_eq!(world.seat(2).skips, 0);
}

#[test]
fn whoever_joins_in_mid_video_has_the_picture_in_half_a_second() {
    let full = World::sized(0x5E03, Lines::at_viewer(fast()), 1920, 1080);
    let (mut world, age) = watched_on(full);
    world.join(2, fast());
    world.play(SECOND * 2);
    assert_undisturbed(&mut world, age, "join");
    let seat = world.seat(2);
    let took = seat.complete.unwrap().saturating_sub(seat.joined);
    println!("joined: picture after {took:?}");
    assert!(took <= MS * 500, "{took:?}");
    assert_eq!(seat.problems, 0);
    world.advance(SECOND * 3);
    assert_eq!((world.wrong_pixels(1), world.wrong_pixels(2)), (0, 0));
}

#[test]
fn two_may_join_at_once() {
    let (mut world, age) = watched(0x5E04);
    world.join(2, fast());
    world.join(3, fast());
    world.play(SECOND * 2);
    assert_undisturbed(&mut world, age, "two join");
    for number in [2, 3] {
        let seat = world.seat(number);
        let took = seat.complete.unwrap().saturating_sub(seat.joined);
        assert!(took <= MS * 500, "{took:?}");
        assert_eq!(seat.problems, 0);
    }
    assert!(world.stream_keys <= 2, "{}", world.stream_keys);
    world.advance(SECOND * 3);
    assert_eq!((world.wrong_pixels(2), world.wrong_pixels(3)), (0, 0));
}

#[test]
fn the_pace_setter_may_leave() {
    let (mut world, _) = watched(0x5E05);
    world.join(2, Shape::line(MS * 40, 2_000));
    world.play(SECOND * 6);
    world.leave(1);
    world.forget();
    world.play(SECOND * 3);
    world.forget();
    world.play(SECOND * 5);
    let seat = world.seat(2);
    let (age, frames) = (quantile(&seat.ages, 0.95), seat.presented.len());
    println!("the slower one alone: age p95 {age:?}, {frames} frames in 5 s");
    assert!(age <= MS * 300, "{age:?}");
    assert!(frames >= 50, "{frames}");
    assert_eq!(seat.problems, 0);
    world.advance(SECOND * 6);
    assert_eq!(world.wrong_pixels(2), 0);
}
