//! What people do.

use std::time::Duration;

use gc_filetransfer::{ConflictRule, DeskEvent, Direction, FilePolicy, Outcome, Plan};
use gc_netem::Profile;
use gc_types::CauseCode;

use crate::world::{World, noise, plan};

#[test]
fn a_folder_goes_up_and_comes_back_as_it_was() {
    let mut world = World::open();
    let big = noise(700_001, 1);
    world.here.put("docs/big.bin", &big, 1_700_000_000_123);
    world.here.put("docs/deep/er/empty.txt", b"", 1_600_000_000_000);
    world.here.put("docs/deep/note.txt", b"hello", 1_500_000_000_000);
    world.here.put_folder("docs/hollow", 1_400_000_000_000);
    world.viewer.begin(plan(Direction::Upload, &["docs"], ConflictRule::Ask));
    world.rest();
    assert_eq!(world.over(), [None]);
    assert_eq!(world.there.file("docs/big.bin"), Some((big.clone(), 1_700_000_000_123)));
    assert_eq!(world.there.file("docs/deep/er/empty.txt"), Some((Vec::new(), 1_600_000_000_000)));
    assert_eq!(world.there.folder("docs/hollow"), Some(1_400_000_000_000));
    assert_eq!(world.there.partials(), [""; 0]);
    let mut told: Vec<_> = world.receipts.iter().map(|it| (it.path.as_str(), it.outcome)).collect();
    told.sort_by_key(|(path, _)| *path);
    assert_eq!(
        told,
        [
            ("docs/big.bin", Outcome::Done),
            ("docs/deep/er/empty.txt", Outcome::Done),
            ("docs/deep/note.txt", Outcome::Done),
        ]
    );
    assert!(world.receipts.iter().all(|it| it.sha256.is_some()));

    // And back, into another store.
    let there = world.there.clone();
    let mut world = World::open();
    for path in there.files() {
        let (data, time) = there.file(&path).unwrap();
        world.there.put(&path, &data, time);
    }
    world.there.put_folder("docs/hollow", 1_400_000_000_000);
    world.viewer.begin(plan(Direction::Download, &["docs"], ConflictRule::Ask));
    world.rest();
    assert_eq!(world.over(), [None]);
    assert_eq!(world.here.file("docs/big.bin"), Some((big, 1_700_000_000_123)));
    assert_eq!(world.here.folder("docs/hollow"), Some(1_400_000_000_000));
    assert_eq!(world.receipts.len(), 3, "the agent reports what was fetched, too");
    assert!(world.receipts.iter().all(|it| it.direction == Direction::Download));
}

#[test]
fn thousands_of_small_files_do_not_wait_for_each_other() {
    let profile = Profile { bandwidth: 12_500_000, ..Profile::delayed(Duration::from_millis(50)) };
    let mut world = World::new(profile, FilePolicy::open());
    for number in 0..3_000 {
        world.here.put(&format!("many/{number:04}"), &noise(300, number), 1_000);
    }
    world.viewer.begin(plan(Direction::Upload, &["many"], ConflictRule::Ask));
    world.rest();
    assert_eq!(world.over(), [None]);
    assert_eq!(world.there.files().len(), 3_000);
    // One round trip each would be five minutes.
    assert!(world.now < Duration::from_secs(12), "{:?}", world.now);
}

#[test]
fn what_to_do_about_a_taken_name_is_asked_or_ruled() {
    let conflict = |world: &World| {
        world.heard.iter().find_map(|event| match event {
            DeskEvent::Conflict { transfer, index, existing_size, .. } => {
                Some((*transfer, *index, *existing_size))
            }
            _ => None,
        })
    };
    for direction in [Direction::Upload, Direction::Download] {
        for (answer, old, new) in [
            (ConflictRule::Rename, &b"old"[..], Some(("a (2).txt", &b"newer"[..]))),
            (ConflictRule::Skip, b"old", None),
            (ConflictRule::Overwrite, b"newer", None),
        ] {
            for asked in [false, true] {
                let mut world = World::open();
                let (from, to) = match direction {
                    Direction::Upload => (world.here.clone(), world.there.clone()),
                    Direction::Download => (world.there.clone(), world.here.clone()),
                };
                from.put("a.txt", b"newer", 5_000);
                to.put("a.txt", b"old", 4_000);
                let rule = if asked { ConflictRule::Ask } else { answer };
                world.viewer.begin(plan(direction, &["a.txt"], rule));
                world.rest();
                if asked {
                    let (transfer, index, size) = conflict(&world).expect("a question");
                    assert_eq!(size, 3);
                    assert_eq!(to.files().len(), 1, "nothing before the answer");
                    world.choose(transfer, index, answer, false);
                    world.rest();
                }
                assert_eq!(world.over(), [None], "{direction:?} {answer:?}");
                assert_eq!(to.file("a.txt").unwrap().0, old, "{direction:?} {answer:?}");
                match new {
                    Some((name, data)) => assert_eq!(to.file(name).unwrap().0, data),
                    None => assert_eq!(to.files().len(), 1),
                }
            }
        }
    }
}

#[test]
fn one_answer_can_be_for_all() {
    let mut world = World::open();
    for number in 0..20 {
        world.here.put(&format!("d/{number}"), b"new", 2_000);
        world.there.put(&format!("d/{number}"), b"old", 1_000);
    }
    world.viewer.begin(plan(Direction::Upload, &["d"], ConflictRule::Ask));
    world.rest();
    world.choose(1, 3, ConflictRule::Overwrite, true);
    world.rest();
    assert_eq!(world.over(), [None]);
    assert!((0..20).all(|number| world.there.file(&format!("d/{number}")).unwrap().0 == b"new"));
}

#[test]
fn pause_rests_and_cancel_leaves_nothing() {
    let profile = Profile { bandwidth: 1_000_000, ..Profile::delayed(Duration::from_millis(20)) };
    let mut world = World::new(profile, FilePolicy::open());
    world.here.put("a.bin", &noise(5_000_000, 3), 1_000);
    let number = world.viewer.begin(plan(Direction::Upload, &["a.bin"], ConflictRule::Ask));
    world.until(Duration::from_secs(1));
    let progress = world.viewer.progress(number, world.now).unwrap();
    assert!(progress.bytes > 300_000 && progress.total_bytes == 5_000_000, "{progress:?}");
    world.viewer.pause(number, true);
    world.rest();
    let rested = world.viewer.progress(number, world.now).unwrap();
    world.until(world.now + Duration::from_mins(1));
    assert_eq!(world.viewer.progress(number, world.now).unwrap().bytes, rested.bytes);
    assert!(rested.bytes < 5_000_000);
    world.viewer.pause(number, false);
    world.until(world.now + Duration::from_secs(1));
    assert!(world.viewer.progress(number, world.now).unwrap().bytes > rested.bytes);
    assert_eq!(world.there.partials().len(), 1);
    world.cancel(number);
    world.rest();
    assert_eq!(world.there.files(), [""; 0]);
    assert_eq!(world.over(), [Some(CauseCode::FilesCancelled)]);
    assert_eq!(world.receipts.last().unwrap().outcome, Outcome::Cancelled);
}

#[test]
fn a_fast_line_is_filled_and_a_slow_one_not_flooded() {
    // At 100 Mbit/s and 40 ms it is 0.83 so far.
    for (bandwidth, delay, size, least) in [
        (2_500_000, 10, 20_000_000, 0.9),
        (2_500_000, 50, 20_000_000, 0.9),
        (12_500_000, 20, 120_000_000, 0.8),
    ] {
        for direction in [Direction::Upload, Direction::Download] {
            let profile = Profile { bandwidth, ..Profile::delayed(Duration::from_millis(delay)) };
            let mut world = World::new(profile, FilePolicy::open());
            let side = if direction == Direction::Upload { &world.here } else { &world.there };
            side.put("a.bin", &noise(size, 9), 1_000);
            world.viewer.begin(plan(direction, &["a.bin"], ConflictRule::Ask));
            world.rest();
            assert_eq!(world.over(), [None]);
            let share = size as f64 / bandwidth as f64 / world.now.as_secs_f64();
            assert!(share >= least, "{bandwidth} {delay} {direction:?}: {share}");
        }
    }
}

#[test]
fn the_rules_of_the_server_are_kept_in_both_directions() {
    let policy =
        FilePolicy { max_file: Some(1_000), blocked: vec!["exe".into()], ..FilePolicy::open() };
    for direction in [Direction::Upload, Direction::Download] {
        let profile = Profile::delayed(Duration::from_millis(1));
        let mut world = World::new(profile, policy.clone());
        let (from, to) = match direction {
            Direction::Upload => (world.here.clone(), world.there.clone()),
            Direction::Download => (world.there.clone(), world.here.clone()),
        };
        from.put("d/a.exe", b"x", 0);
        from.put("d/hidden.txt", b"MZ\x90\0 a program", 0);
        from.put("d/large.txt", &noise(1_001, 1), 0);
        from.put("d/fine.txt", b"fine", 0);
        from.put("d/bits/x", &[0x4D], 0);
        world.viewer.begin(plan(direction, &["d"], ConflictRule::Ask));
        world.rest();
        assert_eq!(world.over(), [None]);
        assert_eq!(to.files(), ["d/bits/x", "d/fine.txt"], "{direction:?}");
        let of = |path: &str| {
            world.receipts.iter().find(|it| it.path == path).map(|it| it.outcome).unwrap()
        };
        assert_eq!(of("d/a.exe"), Outcome::Denied(CauseCode::FileTypeBlocked));
        assert_eq!(of("d/hidden.txt"), Outcome::Denied(CauseCode::FileTypeBlocked));
        assert_eq!(of("d/large.txt"), Outcome::Denied(CauseCode::FileTooLarge));
    }
}

#[test]
fn a_direction_that_is_closed_is_told_at_once() {
    let policy = FilePolicy { download: true, ..FilePolicy::default() };
    let mut world = World::new(Profile::PERFECT, policy);
    world.here.put("a", b"x", 0);
    world.viewer.begin(plan(Direction::Upload, &["a"], ConflictRule::Ask));
    world.rest();
    assert_eq!(world.over(), [Some(CauseCode::FilesDenied)]);
    assert_eq!(world.there.files(), [""; 0]);
    assert_eq!(world.receipts[0].outcome, Outcome::Denied(CauseCode::FilesDenied));
}

#[test]
fn links_are_named_and_not_moved() {
    let mut world = World::open();
    world.there.put("d/a", b"x", 0);
    world.there.put_link("d/link");
    world.viewer.begin(plan(Direction::Download, &["d", "gone"], ConflictRule::Ask));
    world.rest();
    assert_eq!(world.over(), [None]);
    assert_eq!(world.here.files(), ["d/a"]);
    let of = |path: &str| world.receipts.iter().find(|it| it.path == path).map(|it| it.outcome);
    assert_eq!(of("d/link"), Some(Outcome::Failed(CauseCode::FileNotRegular)));
    assert_eq!(of("gone"), Some(Outcome::Failed(CauseCode::FileNotFound)));
}

#[test]
fn two_spellings_of_one_name_do_not_overwrite_each_other() {
    let mut world = World::open();
    world.here.put("D/a.txt", b"one", 0);
    world.here.put("d/A.TXT", b"two", 0);
    world.viewer.begin(plan(Direction::Upload, &["D", "d"], ConflictRule::Overwrite));
    world.rest();
    assert_eq!(world.there.files(), ["D/A (2).TXT", "D/a.txt"]);
}

#[test]
fn several_transfers_share_the_line() {
    let profile = Profile { bandwidth: 5_000_000, ..Profile::delayed(Duration::from_millis(10)) };
    let mut world = World::new(profile, FilePolicy::open());
    for name in ["a", "b", "c"] {
        world.here.put(name, &noise(2_000_000, 4), 0);
        let mut one = plan(Direction::Upload, &[name], ConflictRule::Ask);
        one.id = [name.as_bytes()[0]; 16];
        world.viewer.begin(one);
    }
    world.there.put("z", &noise(4_000_000, 5), 0);
    world
        .viewer
        .begin(Plan { id: [9; 16], ..plan(Direction::Download, &["z"], ConflictRule::Ask) });
    world.until(Duration::from_millis(600));
    for number in 1..=4 {
        let progress = world.viewer.progress(number, world.now).unwrap();
        assert!(progress.bytes > 200_000, "{number}: {progress:?}");
    }
    world.rest();
    assert_eq!(world.over(), [None; 4]);
}
