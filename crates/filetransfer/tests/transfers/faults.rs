//! What goes wrong with lines, programs and disks.

use std::time::Duration;

use gc_filetransfer::{ConflictRule, Direction, FilePolicy, Outcome};
use gc_netem::Profile;
use gc_platform::StoreError;
use gc_platform_fake::FileFault;
use gc_types::CauseCode;

use crate::world::{World, noise, plan};

/// A small generator of the moments at which things break.
fn moments(seed: u64, count: usize, within_ms: u64) -> Vec<Duration> {
    let bytes = noise(count * 8, seed + 1_000);
    let mut moments: Vec<Duration> = bytes
        .chunks(8)
        .map(|eight| u64::from_le_bytes(eight.try_into().unwrap()) % within_ms)
        .map(Duration::from_millis)
        .collect();
    moments.sort();
    moments
}

#[test]
fn cuts_and_deaths_at_any_moment_lose_and_spoil_nothing() {
    for seed in 0..50 {
        println!("seed {seed}");
        let direction = if seed % 2 == 0 { Direction::Upload } else { Direction::Download };
        let profile = Profile {
            bandwidth: 2_000_000,
            jitter: Duration::from_millis(8),
            loss_per_mille: 10,
            ..Profile::delayed(Duration::from_millis(20))
        };
        let mut world = World::new(profile, FilePolicy::open());
        let (from, to) = match direction {
            Direction::Upload => (world.here.clone(), world.there.clone()),
            Direction::Download => (world.there.clone(), world.here.clone()),
        };
        let mut wanted = Vec::new();
        for (number, size) in [1_500_000, 0, 40_000, 700_000, 1, 100_000].into_iter().enumerate() {
            let path = format!("d/{}/{number}.bin", number % 2);
            let data = noise(size, seed * 10 + number as u64);
            from.put(&path, &data, 1_000_000 + number as i64 * 1_000);
            wanted.push((path, data));
        }
        let plan = plan(direction, &["d"], ConflictRule::Rename);
        world.viewer.begin(plan.clone());
        for (turn, moment) in moments(seed, 4, 1_200).into_iter().enumerate() {
            world.until(world.now + moment);
            // Whatever stands under a final name is whole.
            for path in to.files() {
                if let Some((_, data)) = wanted.iter().find(|(wanted, _)| *wanted == path) {
                    assert_eq!(to.file(&path).unwrap().0, *data, "seed {seed}: {path}");
                } else {
                    assert!(path.contains(".gc-part-"), "seed {seed}: {path}");
                }
            }
            match (seed as usize + turn) % 3 {
                0 => world.cut(false),
                1 => world.cut(true),
                _ => world.viewer_dies(plan.clone()),
            }
        }
        world.rest();
        assert_eq!(world.over().last(), Some(&None), "seed {seed}");
        let mut files = to.files();
        files.sort();
        let mut expected: Vec<String> = wanted.iter().map(|(path, _)| path.clone()).collect();
        expected.sort();
        assert_eq!(files, expected, "seed {seed}");
        for (path, data) in &wanted {
            assert_eq!(to.file(path).unwrap().0, *data, "seed {seed}: {path}");
        }
    }
}

#[test]
fn a_cut_goes_on_where_it_was() {
    let profile = Profile { bandwidth: 1_000_000, ..Profile::delayed(Duration::from_millis(10)) };
    let mut world = World::new(profile, FilePolicy::open());
    world.here.put("a", &noise(4_000_000, 1), 0);
    world.viewer.begin(plan(Direction::Upload, &["a"], ConflictRule::Ask));
    world.until(Duration::from_secs(3));
    world.cut(true);
    let began = world.now;
    world.rest();
    assert_eq!(world.over(), [None]);
    let took = world.now.saturating_sub(began);
    assert!(took < Duration::from_secs(2), "{took:?}");
    let done = world.receipts.last().unwrap();
    assert!(done.outcome == Outcome::Done && done.moved < 1_600_000, "{done:?}");
}

#[test]
fn a_part_of_another_content_is_not_gone_on_with() {
    let profile = Profile { bandwidth: 1_000_000, ..Profile::delayed(Duration::from_millis(10)) };
    let mut world = World::new(profile, FilePolicy::open());
    world.here.put("a", &noise(2_000_000, 1), 7_000);
    world.viewer.begin(plan(Direction::Upload, &["a"], ConflictRule::Ask));
    world.until(Duration::from_secs(1));
    world.cut(true);
    // Same size, same time, other bytes.
    let other = noise(2_000_000, 2);
    world.here.put("a", &other, 7_000);
    world.rest();
    assert_eq!(world.over(), [None]);
    assert_eq!(world.there.file("a").unwrap().0, other);
    assert_eq!(world.there.partials(), [""; 0]);
}

#[test]
fn a_file_that_changes_while_it_is_sent_does_not_arrive() {
    let profile = Profile { bandwidth: 1_000_000, ..Profile::delayed(Duration::from_millis(10)) };
    let mut world = World::new(profile, FilePolicy::open());
    world.here.put("a", &noise(2_000_000, 1), 7_000);
    world.viewer.begin(plan(Direction::Upload, &["a"], ConflictRule::Ask));
    world.until(Duration::from_secs(1));
    world.here.put("a", &noise(1_900_000, 3), 8_000);
    world.rest();
    assert_eq!(world.there.files(), [""; 0]);
    assert_eq!(world.receipts.last().unwrap().outcome, Outcome::Failed(CauseCode::FileChanged));
}

#[test]
fn a_disk_without_room_refuses_before_the_first_byte() {
    let mut world = World::open();
    world.there.set_room(Some(1_000_000));
    world.here.put("d/large", &noise(1_000_001, 1), 0);
    world.here.put("d/small", b"x", 0);
    world.viewer.begin(plan(Direction::Upload, &["d"], ConflictRule::Ask));
    world.rest();
    assert_eq!(world.there.files(), ["d/small"]);
    let refused = world.receipts.iter().find(|it| it.path == "d/large").unwrap();
    assert_eq!((refused.outcome, refused.moved), (Outcome::Failed(CauseCode::DiskFull), 0));
}

#[test]
fn disks_that_fail_while_writing_stop_cleanly() {
    for (error, cause) in [
        (StoreError::Full, CauseCode::DiskFull),
        (StoreError::Io("broken".into()), CauseCode::FileIoFailed),
        (StoreError::Quota, CauseCode::FileQuota),
    ] {
        let mut world = World::open();
        world.here.put("a", &noise(2_000_000, 1), 0);
        world.there.set_fault(Some(FileFault::WriteAfter(500_000, error)));
        world.viewer.begin(plan(Direction::Upload, &["a"], ConflictRule::Ask));
        world.rest();
        assert_eq!(world.there.files(), [""; 0], "{cause:?}: nothing half-written stays");
        assert_eq!(world.receipts.last().unwrap().outcome, Outcome::Failed(cause));
        // With room again it goes.
        world.there.set_fault(None);
        world.viewer.begin(plan(Direction::Upload, &["a"], ConflictRule::Ask));
        world.rest();
        assert_eq!(world.there.file("a").unwrap().0.len(), 2_000_000);
    }
    let mut world = World::open();
    world.there.put("a", &noise(2_000_000, 1), 0);
    world.there.set_fault(Some(FileFault::ReadAfter(500_000, StoreError::Io("bad sector".into()))));
    world.viewer.begin(plan(Direction::Download, &["a"], ConflictRule::Ask));
    world.rest();
    assert_eq!(world.here.files(), [""; 0]);
    assert_eq!(world.receipts.last().unwrap().outcome, Outcome::Failed(CauseCode::FileIoFailed));
    let mut world = World::open();
    world.here.put("d/a", b"x", 0);
    world.there.set_fault(Some(FileFault::Denied));
    world.viewer.begin(plan(Direction::Upload, &["d"], ConflictRule::Ask));
    world.rest();
    assert_eq!(world.receipts[0].outcome, Outcome::Failed(CauseCode::FileAccessDenied));
}
