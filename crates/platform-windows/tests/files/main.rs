//! The user's files on a real file system of Windows, with names that lead elsewhere.
#![cfg(windows)]

use std::fs;
use std::path::Path;
use std::time::Duration;

use gc_platform::{EntryKind, FileStore, PartialKey, StoreError, StorePath};
use gc_platform_windows::{WindowsFiles, files_of_user};

fn store(folder: &Path) -> WindowsFiles {
    WindowsFiles::of_folder(folder)
}

fn at(way: &str) -> StorePath {
    StorePath::new("home", way)
}

fn key(number: u8) -> PartialKey {
    PartialKey::new(&[number; 16], &["a".into()], 10, 0)
}

#[test]
fn what_is_received_has_its_name_time_and_bytes_only_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let mut file = store.partial(&at(""), &key(1)).unwrap();
    file.append(b"hello ").unwrap();
    assert!(!folder.path().join("a.txt").exists());
    assert_eq!(store.list(&at(""), 10).unwrap().0.iter().filter(|it| it.size > 0).count(), 0);
    let second = store.partial(&at(""), &key(1)).err();
    assert!(matches!(second, Some(StoreError::Io(_))), "two write one file: {second:?}");
    drop(file);
    // The program died; the next one goes on.
    assert_eq!(store.partial_len(&at(""), &key(1)).unwrap(), 6);
    let mut file = store.partial(&at(""), &key(1)).unwrap();
    let mut start = [0; 16];
    assert_eq!(file.read_at(0, &mut start).unwrap(), 6);
    file.append(b"world").unwrap();
    file.finish("a.txt", false, 1_500_000_000_123).unwrap();
    drop(file);
    assert_eq!(fs::read(folder.path().join("a.txt")).unwrap(), b"hello world");
    let entry = store.stat(&at("A.TXT")).unwrap();
    assert_eq!(
        (entry.kind, entry.size, entry.modified_ms),
        (EntryKind::File, 11, 1_500_000_000_123)
    );
    let mut read = store.read(&at("a.txt")).unwrap();
    assert_eq!(read.facts().unwrap(), (11, 1_500_000_000_123));
    assert_eq!(read.read_at(6, &mut start).unwrap(), 5);
    assert_eq!(&start[..5], b"world");
    drop(read);

    let mut second = store.partial(&at(""), &key(2)).unwrap();
    second.append(b"other").unwrap();
    assert_eq!(second.finish("a.txt", false, 0), Err(StoreError::Exists));
    assert_eq!(fs::read(folder.path().join("a.txt")).unwrap(), b"hello world");
    fs::create_dir(folder.path().join("taken")).unwrap();
    assert_eq!(second.finish("taken", true, 0), Err(StoreError::Exists));
    second.finish("a.txt", true, 0).unwrap();
    drop(second);
    assert_eq!(fs::read(folder.path().join("a.txt")).unwrap(), b"other");
    assert_eq!(store.stat(&at("a.txt")).unwrap().modified_ms, 0);
}

#[test]
fn folders_are_made_named_listed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    store.make_folder(&at("d")).unwrap();
    assert_eq!(store.make_folder(&at("d")), Err(StoreError::Exists));
    assert_eq!(store.make_folder(&at("e/f")), Err(StoreError::NotFound));
    store.make_folder(&at("d/größe 日本")).unwrap();
    fs::write(folder.path().join("d").join("x.bin"), [0; 1_000]).unwrap();
    store.set_folder_time(&at("d"), 1_000_000_000_000).unwrap();
    assert_eq!(store.stat(&at("d")).unwrap().modified_ms, 1_000_000_000_000);

    let (mut entries, all) = store.list(&at("d"), 10).unwrap();
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let names: Vec<_> = entries.iter().map(|it| (it.name.as_str(), it.kind, it.size)).collect();
    assert!(all);
    assert_eq!(names, [("größe 日本", EntryKind::Folder, 0), ("x.bin", EntryKind::File, 1_000)]);
    assert!(!store.list(&at("d"), 1).unwrap().1);
    assert_eq!(store.list(&at("d/x.bin"), 1).err(), Some(StoreError::NotRegular));
    assert_eq!(store.read(&at("d")).err(), Some(StoreError::NotRegular));

    fs::write(folder.path().join("d").join("y"), "y").unwrap();
    assert_eq!(store.rename(&at("d/x.bin"), "y"), Err(StoreError::Exists));
    assert_eq!(store.rename(&at("d/x.bin"), "..\\x"), Err(StoreError::Name));
    store.rename(&at("d/x.bin"), "z.bin").unwrap();
    store.rename(&at("d"), "renamed").unwrap();
    assert_eq!(store.stat(&at("renamed/z.bin")).unwrap().size, 1_000);

    // More than are listed at once, and one that may not be written.
    for number in 0..1_200 {
        fs::write(folder.path().join("renamed").join(format!("{number}")), "").unwrap();
    }
    let stubborn = folder.path().join("renamed").join("größe 日本").join("stubborn");
    fs::write(&stubborn, "x").unwrap();
    let mut rights = fs::metadata(&stubborn).unwrap().permissions();
    rights.set_readonly(true);
    fs::set_permissions(&stubborn, rights).unwrap();
    store.delete(&at("renamed")).unwrap();
    assert_eq!(store.stat(&at("renamed")), Err(StoreError::NotFound));
    assert_eq!(store.delete(&at("renamed")), Err(StoreError::NotFound));
}

#[test]
fn a_deep_tree_is_reached_beyond_260_characters() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let part = "long-name-of-a-folder-".repeat(3);
    let mut way = at("");
    for _ in 0..20 {
        way = way.join(&part);
        store.make_folder(&way).unwrap();
    }
    let mut file = store.partial(&way, &key(1)).unwrap();
    file.append(b"deep").unwrap();
    file.finish("file", false, 0).unwrap();
    drop(file);
    assert_eq!(store.stat(&way.join("file")).unwrap().size, 4);
    store.delete(&at(&part)).unwrap();
    assert_eq!(store.list(&at(""), 100).unwrap().0.iter().filter(|it| it.name == part).count(), 0);
}

#[test]
fn ways_out_of_a_place_are_closed() {
    let outside = tempfile::tempdir().unwrap();
    let folder = outside.path().join("inside");
    fs::create_dir(&folder).unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    fs::write(folder.join("plain"), "plain").unwrap();
    let mut store = store(&folder);
    let way = |parts: &[&str]| StorePath {
        place: "home".into(),
        parts: parts.iter().map(|part| (*part).to_owned()).collect(),
    };
    for parts in [
        &["..", "secret"][..],
        &["../secret"],
        &["..\\secret"],
        &["x\\..\\..\\secret"],
        &["plain:stream"],
        &["plain::$DATA"],
        &["C:\\windows\\system.ini"],
        &["\\??\\C:\\windows"],
        &["."],
    ] {
        assert_eq!(store.read(&way(parts)).err(), Some(StoreError::Name), "{parts:?}");
        assert_eq!(store.stat(&way(parts)).err(), Some(StoreError::Name), "{parts:?}");
        assert_eq!(store.delete(&way(parts)), Err(StoreError::Name), "{parts:?}");
        assert_eq!(store.make_folder(&way(parts)), Err(StoreError::Name), "{parts:?}");
    }
    assert_eq!(store.list(&StorePath::new("elsewhere", ""), 1), Err(StoreError::NotFound));
    let mut file = store.partial(&at(""), &key(1)).unwrap();
    for name in ["..\\out", "plain:stream", "a/b", "..", ""] {
        assert_eq!(file.finish(name, true, 0), Err(StoreError::Name), "{name:?}");
    }
    assert_eq!(fs::read(outside.path().join("secret")).unwrap(), b"secret");
}

#[test]
fn a_second_name_of_a_file_is_not_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    fs::write(folder.path().join("secret"), "secret").unwrap();
    fs::hard_link(folder.path().join("secret"), folder.path().join(key(9).file_name())).unwrap();
    assert_eq!(store.partial(&at(""), &key(9)).err(), Some(StoreError::NotRegular));
    assert_eq!(fs::read(folder.path().join("secret")).unwrap(), b"secret");
}

#[test]
fn unfinished_files_that_nobody_comes_back_for_are_swept_away() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("deep").join("er")).unwrap();
    let mut store = store(folder.path());
    for (number, way) in ["", "deep/er"].into_iter().enumerate() {
        let mut file = store.partial(&at(way), &key(number as u8)).unwrap();
        file.append(b"half").unwrap();
    }
    store.sweep(Duration::from_hours(1));
    assert_eq!(store.partial_len(&at("deep/er"), &key(1)).unwrap(), 4, "it may be taken up again");
    store.sweep(Duration::ZERO);
    assert_eq!(store.partial_len(&at(""), &key(0)).unwrap(), 0);
    assert_eq!(store.partial_len(&at("deep/er"), &key(1)).unwrap(), 0);
}

#[test]
fn a_discarded_or_restarted_file_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let mut file = store.partial(&at(""), &key(1)).unwrap();
    file.append(b"wrong").unwrap();
    file.restart().unwrap();
    assert!(file.is_empty());
    file.append(b"x").unwrap();
    assert_eq!(file.len(), 1);
    file.discard().unwrap();
    drop(file);
    assert_eq!(store.partial_len(&at(""), &key(1)).unwrap(), 0);
    assert!(store.room(&at("")).unwrap() > 0);
}

#[test]
fn the_users_own_places_are_found() {
    let mut store = files_of_user()().unwrap();
    let places = store.places().unwrap();
    let ids: Vec<_> = places.iter().map(|place| place.id.as_str()).collect();
    assert_eq!(ids[0], "home");
    assert!(ids.contains(&"C:"), "{ids:?}");
    for place in &places {
        if !place.name.starts_with("CD") {
            assert!(store.list(&StorePath::new(&place.id, ""), 10_000).is_ok(), "{place:?}");
        }
    }
    let windows = store.stat(&StorePath::new("C:", "windows/system32")).unwrap();
    assert_eq!(windows.kind, EntryKind::Folder);
}

#[test]
fn what_is_pasted_waits_in_a_folder_of_its_own_and_goes_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let at = |way: &str| StorePath::new("pasted", way);
    assert!(store.places().unwrap().iter().all(|place| place.id != "pasted"));
    store.make_folder(&at("one")).unwrap();
    let mut file = store.partial(&at("one"), &key(1)).unwrap();
    file.append(b"x").unwrap();
    file.finish("grüße.txt", false, 0).unwrap();
    drop(file);
    let found = store.locate(&at("one/grüße.txt")).unwrap();
    let there = gc_platform_windows::files::on_drive(&found).unwrap();
    assert_eq!(fs::read(there).unwrap(), b"x");
    assert_eq!(store.locate(&at("one/other")), Err(StoreError::NotFound));
    store.sweep(Duration::from_hours(1));
    assert!(store.stat(&at("one/grüße.txt")).is_ok(), "it is not old");
    store.sweep(Duration::ZERO);
    assert_eq!(store.stat(&at("one")), Err(StoreError::NotFound));
}
