use super::*;

const MS: Duration = Duration::from_millis(1);

/// Sends as fast as the gate lets it over a link of `kbps`, `delay` each way.
fn run(pacer: &mut Pacer, kbps: f64, delay: Duration, frame: usize, from: Duration) -> u64 {
    let (mut now, mut link_free) = (from, from);
    let mut arriving: VecDeque<(Duration, u32)> = VecDeque::new();
    let (mut id, mut worst) = (pacer.newest, 0);
    while now < from + Duration::from_secs(10) {
        while arriving.front().is_some_and(|(at, _)| *at <= now) {
            let (_, acked) = arriving.pop_front().unwrap();
            assert!(pacer.ack(1, acked, Duration::ZERO, now));
        }
        if pacer.gate(Urgency::Fresh, now) == Gate::Open {
            id += 1;
            pacer.sent(id, 0, frame, now);
            link_free =
                link_free.max(now) + Duration::from_secs_f64(frame as f64 * 8.0 / 1000.0 / kbps);
            arriving.push_back((link_free + delay * 2, id));
            worst = worst.max(pacer.in_flight().1);
        }
        now += MS * 5;
    }
    worst
}

#[test]
fn link_rate_is_learnt_down_and_up_again() {
    let mut pacer = Pacer::new(30, 6000);
    pacer.join(1);
    run(&mut pacer, 1000.0, MS * 20, 20_000, Duration::from_secs(1));
    assert!((500..2000).contains(&pacer.link_kbps()), "{}", pacer.link_kbps());
    run(&mut pacer, 50_000.0, MS, 20_000, Duration::from_secs(20));
    assert!(pacer.link_kbps() > 8000, "{}", pacer.link_kbps());
}

#[test]
fn silence_closes_the_gate_and_one_probe_opens_it() {
    let mut pacer = Pacer::new(60, 6000);
    pacer.join(1);
    let mut now = Duration::from_secs(5);
    let mut id = 0;
    while pacer.gate(Urgency::Fresh, now) == Gate::Open {
        id += 1;
        assert!(id <= MOST_IN_FLIGHT);
        pacer.sent(id, 0, 100, now);
    }
    assert_eq!(pacer.gate(Urgency::Fresh, now), Gate::ClosedUntil(now + PROBE_AFTER));
    for _ in 0..5 {
        now += PROBE_AFTER;
        assert_eq!(pacer.gate(Urgency::Fresh, now), Gate::Open);
        id += 1;
        pacer.sent(id, 0, 100, now);
        assert_eq!(pacer.gate(Urgency::Fresh, now), Gate::ClosedUntil(now + PROBE_AFTER));
    }
    assert!(pacer.ack(1, id, Duration::ZERO, now));
    assert_eq!(pacer.gate(Urgency::Fresh, now), Gate::Open);
}

#[test]
fn nonsense_is_not_taken_for_an_acknowledgement() {
    let mut pacer = Pacer::new(60, 6000);
    pacer.join(1);
    pacer.sent(1, 0, 100, Duration::ZERO);
    assert!(!pacer.ack(1, 2, Duration::ZERO, MS));
    assert!(!pacer.ack(9, 1, Duration::ZERO, MS));
    assert!(pacer.ack(1, 1, Duration::MAX, MS));
    assert!(!pacer.ack(1, 1, Duration::ZERO, MS));
}

#[test]
fn best_viewer_sets_the_pace() {
    let mut pacer = Pacer::new(60, 6000);
    pacer.join(1);
    pacer.join(2);
    for id in 1..200 {
        let now = MS * 16 * id;
        assert_eq!(pacer.gate(Urgency::Fresh, now), Gate::Open, "frame {id}");
        pacer.sent(id, 0, 1000, now);
        assert!(pacer.ack(2, id, Duration::ZERO, now + MS));
    }
}
