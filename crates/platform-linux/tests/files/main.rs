//! The user's files on a real file system, with names and links that lead elsewhere.

#![expect(clippy::unwrap_used, reason = "a test ends where its preparation fails")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gc_platform::{EntryKind, FileStore, PartialKey, StoreError, StorePath};
use gc_platform_linux::{Account, LinuxFiles};

fn store(folder: &Path) -> LinuxFiles {
    LinuxFiles::of_folder(folder)
}

fn at(way: &str) -> StorePath {
    StorePath::new("home", way)
}

fn key(number: u8) -> PartialKey {
    PartialKey::new(&[number; 16], &["a".into()], 10, 0)
}

#[test]
fn what_is_moved_replaces_nothing_and_follows_no_link() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut store = store(folder.path());
    fs::create_dir_all(folder.path().join("from/inner")).unwrap();
    fs::create_dir(folder.path().join("to")).unwrap();
    fs::write(folder.path().join("from/a"), "new").unwrap();
    fs::write(folder.path().join("to/a"), "old").unwrap();
    symlink(outside.path(), folder.path().join("away")).unwrap();
    let taken = store.move_into(&at("from/a"), &at("to"), "a");
    assert_eq!(taken, Err(StoreError::Exists));
    assert!(store.move_into(&at("from/a"), &at("away"), "a").is_err());
    assert_eq!(store.move_into(&at("from/a"), &at("to"), "../b"), Err(StoreError::Name));
    store.move_into(&at("from/a"), &at("to"), "b").unwrap();
    store.move_into(&at("from/inner"), &at("to"), "inner").unwrap();
    assert_eq!(fs::read(folder.path().join("to/a")).unwrap(), b"old");
    assert_eq!(fs::read(folder.path().join("to/b")).unwrap(), b"new");
    assert!(folder.path().join("to/inner").is_dir());
    assert_eq!(fs::read_dir(folder.path().join("from")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn what_is_received_has_its_name_time_and_bytes_only_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let mut file = store.partial(&at(""), &key(1)).unwrap();
    file.append(b"hello ").unwrap();
    assert!(!folder.path().join("a.txt").exists());
    assert_eq!(
        store.list(&at(""), 10).unwrap().0.iter().filter(|it| it.name == "a.txt").count(),
        0
    );
    drop(file);
    // The program died; the next one goes on.
    assert_eq!(store.partial_len(&at(""), &key(1)).unwrap(), 6);
    let mut file = store.partial(&at(""), &key(1)).unwrap();
    let mut start = [0; 16];
    assert_eq!(file.read_at(0, &mut start).unwrap(), 6);
    file.append(b"world").unwrap();
    file.finish("a.txt", false, 1_500_000_000_123).unwrap();
    assert_eq!(fs::read(folder.path().join("a.txt")).unwrap(), b"hello world");
    let entry = store.stat(&at("a.txt")).unwrap();
    assert_eq!(
        (entry.kind, entry.size, entry.modified_ms),
        (EntryKind::File, 11, 1_500_000_000_123)
    );

    let mut second = store.partial(&at(""), &key(2)).unwrap();
    second.append(b"other").unwrap();
    assert_eq!(second.finish("a.txt", false, 0), Err(StoreError::Exists));
    assert_eq!(fs::read(folder.path().join("a.txt")).unwrap(), b"hello world");
    second.finish("a.txt", true, 0).unwrap();
    assert_eq!(fs::read(folder.path().join("a.txt")).unwrap(), b"other");
}

#[test]
fn links_are_shown_and_never_followed() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    let folder = tempfile::tempdir().unwrap();
    symlink(outside.path(), folder.path().join("away")).unwrap();
    symlink(outside.path().join("secret"), folder.path().join("file")).unwrap();
    symlink("/proc/self/root", folder.path().join("magic")).unwrap();
    fs::hard_link(outside.path().join("secret"), folder.path().join(key(9).file_name())).unwrap();
    let mut store = store(folder.path());
    assert_eq!(store.stat(&at("away")).unwrap().kind, EntryKind::Other);
    let refused = |result: Result<(), StoreError>| assert_eq!(result, Err(StoreError::NotRegular));
    refused(store.list(&at("away"), 10).map(|_| ()));
    refused(store.read(&at("away/secret")).map(|_| ()));
    refused(store.read(&at("file")).map(|_| ()));
    refused(store.read(&at("magic/etc/passwd")).map(|_| ()));
    refused(store.partial(&at("away"), &key(1)).map(|_| ()));
    refused(store.make_folder(&at("away/new")));
    refused(store.delete(&at("away/secret")));
    // A second name of a file elsewhere is not written through.
    refused(store.partial(&at(""), &key(9)).map(|_| ()));
    // Removing a link removes the link; a folder with one inside, too.
    store.delete(&at("away")).unwrap();
    fs::create_dir(folder.path().join("d")).unwrap();
    symlink(outside.path(), folder.path().join("d/away")).unwrap();
    store.delete(&at("d")).unwrap();
    assert_eq!(fs::read(outside.path().join("secret")).unwrap(), b"secret");
    // Replacing a link replaces the link.
    let mut file = store.partial(&at(""), &key(2)).unwrap();
    file.append(b"new").unwrap();
    file.finish("file", true, 0).unwrap();
    assert_eq!(fs::read(outside.path().join("secret")).unwrap(), b"secret");
    assert_eq!(fs::read(folder.path().join("file")).unwrap(), b"new");
}

#[test]
fn ways_out_of_a_place_are_closed() {
    let outside = tempfile::tempdir().unwrap();
    let folder = outside.path().join("inside");
    fs::create_dir(&folder).unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    let mut store = store(&folder);
    let way = |parts: &[&str]| StorePath {
        place: "home".into(),
        parts: parts.iter().map(|part| (*part).to_owned()).collect(),
    };
    for parts in [&["..", "secret"][..], &["../secret"], &["x/../../secret"]] {
        assert!(store.read(&way(parts)).is_err(), "{parts:?}");
        assert!(store.stat(&way(parts)).is_err(), "{parts:?}");
        assert!(store.delete(&way(parts)).is_err(), "{parts:?}");
    }
    assert!(store.read(&way(&["/etc/passwd"])).is_err());
    assert_eq!(store.list(&StorePath::new("elsewhere", ""), 1), Err(StoreError::NotFound));
    assert!(outside.path().join("secret").exists());
}

#[test]
fn a_link_swapped_in_at_any_moment_leads_nowhere() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("a"), "secret").unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("d")).unwrap();
    fs::write(folder.path().join("d/a"), "mine").unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let swapper = {
        let (stop, folder, outside) =
            (Arc::clone(&stop), folder.path().to_owned(), outside.path().to_owned());
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                fs::rename(folder.join("d"), folder.join("real")).unwrap();
                symlink(&outside, folder.join("d")).unwrap();
                fs::remove_file(folder.join("d")).unwrap();
                fs::rename(folder.join("real"), folder.join("d")).unwrap();
            }
        })
    };
    let mut store = store(folder.path());
    let (mut opened, mut written) = (0, 0);
    for round in 0..10_000_u32 {
        if let Ok(mut file) = store.read(&at("d/a")) {
            let mut data = [0; 16];
            let length = file.read_at(0, &mut data).unwrap();
            assert_eq!(&data[..length], b"mine");
            opened += 1;
        }
        if round % 10 == 0
            && let Ok(mut file) = store.partial(&at("d"), &key(3))
        {
            // It may have been swapped in after the opening; the folder is the one
            // that was opened.
            if file.append(b"x").is_ok() && file.finish("received", true, 0).is_ok() {
                written += 1;
            }
        }
    }
    stop.store(true, Ordering::Relaxed);
    swapper.join().unwrap();
    assert!(opened > 0 && written > 0, "{opened} {written}");
    let mut names: Vec<_> =
        fs::read_dir(outside.path()).unwrap().map(|item| item.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a"], "nothing was written through the link");
    assert_eq!(fs::read(outside.path().join("a")).unwrap(), b"secret");
}

#[test]
fn pipes_and_devices_are_refused_without_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut store = store(folder.path());
    assert_eq!(store.stat(&at("pipe")).unwrap().kind, EntryKind::Other);
    assert_eq!(store.read(&at("pipe")).err(), Some(StoreError::NotRegular));
    let mut devices = LinuxFiles::of_folder(Path::new("/dev"));
    assert_eq!(devices.read(&at("zero")).err(), Some(StoreError::NotRegular));
}

#[test]
fn unfinished_files_that_nobody_comes_back_for_are_swept_away() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("deep/er")).unwrap();
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

/// A disk of its own, when this user may mount one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(kib: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={kib}k");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "gc-test"])
            .arg(folder.path())
            .status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_is_told_and_what_was_whole_stays() {
    let Some(disk) = SmallDisk::mount(256) else {
        println!("no disk of its own: this user may not mount one; /dev/full stands in");
        assert_eq!(
            std::io::Write::write(&mut fs::File::create("/dev/full").unwrap(), b"x")
                .unwrap_err()
                .kind(),
            std::io::ErrorKind::StorageFull
        );
        return;
    };
    let mut store = store(disk.0.path());
    assert!(store.room(&at("")).unwrap() <= 256 << 10);
    let mut file = store.partial(&at(""), &key(1)).unwrap();
    let piece = vec![7; 60 << 10];
    let mut whole = 0;
    let error = loop {
        match file.append(&piece) {
            Ok(()) => whole += piece.len() as u64,
            Err(error) => break error,
        }
    };
    assert_eq!(error, StoreError::Full);
    assert_eq!(file.len(), whole);
    drop(file);
    assert_eq!(store.partial_len(&at(""), &key(1)).unwrap(), whole, "half a piece is not kept");
    store.partial(&at(""), &key(1)).unwrap().discard().unwrap();
    assert_eq!(store.partial_len(&at(""), &key(1)).unwrap(), 0);
}

#[test]
fn a_thread_becomes_its_user_for_good_and_alone() {
    if !rustix::process::geteuid().is_root() {
        println!("only root can become somebody else");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    fs::create_dir(&home).unwrap();
    let nobody = Account { name: "nobody".into(), uid: 65_534, gid: 65_534, home: home.clone() };
    std::os::unix::fs::chown(&home, Some(65_534), Some(65_534)).unwrap();
    fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    fs::write(folder.path().join("root-only"), "secret").unwrap();
    fs::set_permissions(
        folder.path().join("root-only"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .unwrap();
    let outer = folder.path().to_owned();
    std::thread::spawn(move || {
        nobody.become_on_this_thread().unwrap();
        let mut store = LinuxFiles::of_folder(&nobody.home);
        let mut file = store.partial(&at(""), &key(1)).unwrap();
        file.append(b"x").unwrap();
        file.finish("mine", false, 0).unwrap();
        assert!(fs::read(outer.join("root-only")).is_err());
        assert!(Account { uid: 0, gid: 0, ..nobody }.become_on_this_thread().is_err());
    })
    .join()
    .unwrap();
    let facts = std::os::unix::fs::MetadataExt::uid(&fs::metadata(home.join("mine")).unwrap());
    assert_eq!(facts, 65_534, "received as the user");
    assert!(rustix::process::geteuid().is_root(), "the other threads are as before");
    assert!(fs::read(folder.path().join("root-only")).is_ok());
}

#[test]
fn what_is_pasted_waits_in_a_folder_of_its_own_and_goes_in_time() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let at = |way: &str| StorePath::new("pasted", way);
    assert!(store.places().unwrap().iter().all(|place| place.id != "pasted"));
    store.make_folder(&at("one")).unwrap();
    let mut file = store.partial(&at("one"), &key(1)).unwrap();
    file.append(b"x").unwrap();
    file.finish("grüße.txt", false, 0).unwrap();
    let pasted = folder.path().join(".cache/guruconnect/pasted");
    assert_eq!(pasted.metadata().unwrap().permissions().mode() & 0o777, 0o700);

    let way = format!("{}/one/grüße.txt", pasted.display());
    assert_eq!(store.locate(&at("one/grüße.txt")), Ok(StorePath::new("/", &way)));
    assert_eq!(store.locate(&at("one")).unwrap().name(), Some("one"));
    assert_eq!(store.locate(&at("one/other")), Err(StoreError::NotFound));
    symlink("/etc/passwd", pasted.join("one/link")).unwrap();
    assert_eq!(store.locate(&at("one/link")), Err(StoreError::NotRegular));
    let up = StorePath { place: "pasted".into(), parts: vec!["..".into(), "x".into()] };
    assert_eq!(store.locate(&up), Err(StoreError::Name));

    store.sweep(Duration::from_hours(1));
    assert!(pasted.join("one/grüße.txt").exists(), "it is not old");
    store.sweep(Duration::ZERO);
    assert_eq!(fs::read_dir(&pasted).unwrap().count(), 0);
}
