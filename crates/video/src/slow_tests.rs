use super::*;

const MS: Duration = Duration::from_millis(1);
const START: Duration = Duration::from_secs(50);
const GOOD: Conditions = Conditions {
    fps: 30,
    round_trip: Duration::from_millis(20),
    queue: Duration::ZERO,
    starved: false,
};

/// What one picture costs at each place.
#[derive(Clone, Copy, Default)]
struct Costs {
    grab: u64,
    encode: u64,
    draw: u64,
}

/// Makes pictures every `every` ms for `length` ms; returns the time after it.
fn run(
    watch: &mut SlowWatch,
    from: Duration,
    length: u64,
    every: u64,
    costs: Costs,
    conditions: Conditions,
) -> Duration {
    for at in (0..length).step_by(10) {
        let now = from + MS * u32::try_from(at).unwrap();
        if at % every == 0 {
            let ms = Duration::from_millis;
            watch.worked(ms(costs.grab), ms(costs.encode), 1, now);
            watch.drawn(1, ms(costs.draw));
        }
        watch.assess(conditions, now);
    }
    from + Duration::from_millis(length)
}

fn cause(watch: &SlowWatch) -> Option<SlowCause> {
    watch.slow().map(Slow::cause)
}

fn after(every: u64, costs: Costs, conditions: Conditions) -> SlowWatch {
    let mut watch = SlowWatch::default();
    run(&mut watch, START, 2_500, every, costs, conditions);
    watch
}

const QUICK: Costs = Costs { grab: 1, encode: 5, draw: 3 };

#[test]
fn nothing_is_slow_while_all_keep_up() {
    assert_eq!(cause(&after(30, QUICK, GOOD)), None);
    // The wanted rate is reached although every step fills it.
    let full = Costs { grab: 2, encode: 28, draw: 29 };
    assert_eq!(cause(&after(30, full, Conditions { fps: 30, ..GOOD })), None);
}

#[test]
fn an_encoder_that_fills_its_time_is_the_cause() {
    let watch = after(50, Costs { grab: 1, encode: 47, draw: 3 }, GOOD);
    let slow = *watch.slow().unwrap();
    assert_eq!(slow.cause(), SlowCause::Encoder);
    assert_eq!((slow.picture_us, slow.interval_us), (48_000, 33_333));
}

#[test]
fn one_long_picture_now_and_then_is_slow_too() {
    let watch = after(300, Costs { grab: 1, encode: 150, draw: 3 }, GOOD);
    assert_eq!(cause(&watch), Some(SlowCause::Encoder));
}

#[test]
fn a_busy_machine_is_told_apart_from_a_slow_encoder() {
    let mut watch = SlowWatch::default();
    watch.load(97);
    run(&mut watch, START, 2_500, 50, Costs { grab: 1, encode: 47, draw: 3 }, GOOD);
    let slow = *watch.slow().unwrap();
    assert_eq!((slow.cause(), slow.cpu_percent), (SlowCause::RemoteCpu, 97));

    let grabbing = after(50, Costs { grab: 40, encode: 7, draw: 3 }, GOOD);
    assert_eq!(cause(&grabbing), Some(SlowCause::RemoteCpu));
}

#[test]
fn late_timers_stand_in_for_a_load_that_is_not_known() {
    let mut watch = SlowWatch::default();
    let mut now = START;
    for _ in 0..5 {
        now = run(&mut watch, now, 400, 50, Costs { grab: 1, encode: 47, draw: 3 }, GOOD);
        watch.late(MS * 70);
    }
    assert_eq!(cause(&watch), Some(SlowCause::RemoteCpu));
}

#[test]
fn a_queue_or_a_long_way_is_the_line() {
    let queue = Conditions { queue: MS * 150, ..GOOD };
    assert_eq!(cause(&after(30, QUICK, queue)), Some(SlowCause::Line));
    let far = Conditions { round_trip: MS * 240, ..GOOD };
    assert_eq!(cause(&after(30, QUICK, far)), Some(SlowCause::Line));
    let starved = Conditions { starved: true, ..GOOD };
    assert_eq!(cause(&after(30, QUICK, starved)), Some(SlowCause::Line));
}

#[test]
fn a_caret_that_blinks_over_a_long_way_is_not_slow() {
    let far = Conditions { round_trip: MS * 240, queue: MS * 150, ..GOOD };
    assert_eq!(cause(&after(500, QUICK, far)), None);
}

#[test]
fn pictures_held_back_are_the_line_even_when_none_gets_through() {
    let mut watch = SlowWatch::default();
    let mut now = START;
    watch.held(true, now);
    for _ in 0..30 {
        now += MS * 50;
        watch.held(true, now);
        watch.assess(GOOD, now);
    }
    assert_eq!(cause(&watch), Some(SlowCause::Line));
}

#[test]
fn drawing_that_fills_its_time_is_the_viewer() {
    let slow_drawing = Costs { draw: 60, ..QUICK };
    assert_eq!(cause(&after(60, slow_drawing, GOOD)), Some(SlowCause::LocalCpu));
    // Even where it makes a queue on the way.
    let queue = Conditions { queue: MS * 300, ..GOOD };
    assert_eq!(cause(&after(60, slow_drawing, queue)), Some(SlowCause::LocalCpu));
}

#[test]
fn one_of_several_viewers_drawing_slowly_is_its_own_matter() {
    let mut watch = SlowWatch::default();
    for step in 0..50_u32 {
        let now = START + MS * 60 * step;
        watch.worked(MS, MS * 5, 1, now);
        watch.drawn(1, MS * 70);
        watch.drawn(2, MS * 2);
        watch.assess(GOOD, now);
    }
    assert_eq!(cause(&watch), None);
}

#[test]
fn a_cause_needs_a_second_and_goes_after_two() {
    let far = Conditions { round_trip: MS * 240, ..GOOD };
    let mut watch = SlowWatch::default();
    let now = run(&mut watch, START, 900, 30, QUICK, far);
    assert_eq!(cause(&watch), None, "not after less than a second");
    let now = run(&mut watch, now, 300, 30, QUICK, far);
    assert_eq!(cause(&watch), Some(SlowCause::Line));
    let now = run(&mut watch, now, 1_400, 30, QUICK, GOOD);
    assert_eq!(cause(&watch), Some(SlowCause::Line), "not before two seconds");
    run(&mut watch, now, 1_700, 30, QUICK, GOOD);
    assert_eq!(cause(&watch), None);
}

#[test]
fn a_short_hiccup_is_no_cause() {
    let far = Conditions { round_trip: MS * 240, ..GOOD };
    let mut watch = SlowWatch::default();
    let mut now = START;
    for _ in 0..5 {
        now = run(&mut watch, now, 500, 30, QUICK, far);
        now = run(&mut watch, now, 1_000, 30, QUICK, GOOD);
        assert_eq!(cause(&watch), None);
    }
}

#[test]
fn what_slowed_a_session_that_rests_is_forgotten_and_no_timer_stays() {
    let far = Conditions { round_trip: MS * 240, ..GOOD };
    let mut watch = SlowWatch::default();
    let mut now = run(&mut watch, START, 2_000, 30, QUICK, far);
    assert_eq!(cause(&watch), Some(SlowCause::Line));
    let end = now + Duration::from_secs(10);
    let mut looks = 0;
    while let Some(at) = watch.assess(far, now) {
        now = at;
        looks += 1;
        assert!(now < end, "the watch never comes to rest");
    }
    assert_eq!(cause(&watch), None);
    assert!(looks <= 6, "{looks}");
}

#[test]
fn a_single_picture_costs_one_look() {
    let mut watch = SlowWatch::default();
    watch.worked(MS, MS, 1, START);
    let again = watch.assess(GOOD, START).unwrap();
    assert_eq!(again, START + SLICE);
    assert_eq!(watch.assess(GOOD, again), None);
}
