use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

use gc_platform_fake::{FakeFiles, FakeFilesControl};

use super::*;

struct Rig {
    offer: Arc<Offer>,
    work: Receiver<Work>,
    disk: FakeFilesControl,
    gate: Arc<AtomicBool>,
}

fn rig() -> Rig {
    let (work, waits) = channel();
    let (files, disk) = FakeFiles::new();
    let opener: FilesOpener = Box::new(move || {
        let files = files.clone();
        Box::new(move || Ok(Box::new(files)))
    });
    let base = Arc::new(Mutex::new(Some(StorePath::new("/", "home/a/pasted"))));
    let gate = Arc::new(AtomicBool::new(false));
    let sources = vec![StorePath::new("/", "x/con.txt"), StorePath::new("/", "y/CON.txt")];
    let opener = Arc::new(Mutex::new(opener));
    let own = Some(Arc::clone(&gate));
    let offer = Offer::new(sources, "f".into(), own, work, base, opener).unwrap();
    Rig { offer: Arc::new(offer), work: waits, disk, gate }
}

fn aside<T: Send + 'static>(
    offer: &Arc<Offer>,
    ask: impl FnOnce(&Offer) -> T + Send + 'static,
) -> JoinHandle<T> {
    let offer = Arc::clone(offer);
    std::thread::Builder::new().spawn(move || ask(&offer)).unwrap()
}

fn here() -> CopiedFiles {
    CopiedFiles::new(vec![StorePath::new("/", "home/a/pasted/f/x").to_wire()]).unwrap()
}

#[test]
fn names_stand_side_by_side_on_any_system_and_are_known_before_the_bytes() {
    let rig = rig();
    let names = rig.offer.names().to_vec();
    assert_eq!(names.len(), 2);
    assert!(names[0].to_lowercase() != names[1].to_lowercase(), "{names:?}");
    assert!(names.iter().all(|name| !name.eq_ignore_ascii_case("con.txt")), "{names:?}");
    let expected = rig.offer.expected().unwrap();
    assert_eq!(expected.paths()[0].parts[..4], ["home", "a", "pasted", "f"]);
    assert!(rig.work.try_recv().is_err(), "nothing was asked for");
}

#[test]
fn it_is_fetched_once_for_all_who_ask_and_again_only_after_a_failure() {
    let rig = rig();
    rig.gate.store(true, Ordering::Release);
    assert_eq!(rig.offer.fetch(), Err(OfferError::NotNow));
    rig.gate.store(false, Ordering::Release);
    let ask = aside(&rig.offer, Offer::fetch);
    let Ok(Work::Fetch(wanted)) = rig.work.recv() else { panic!("not asked for") };
    let failed = Err(OfferError::Failed(CauseCode::DiskFull));
    wanted.answer(failed.clone());
    assert_eq!(ask.join().unwrap(), failed);
    let ask = aside(&rig.offer, Offer::fetch);
    let Ok(Work::Fetch(wanted)) = rig.work.recv() else { panic!("not asked for") };
    // Whether it waits with the first or comes after the answer: nothing is asked twice.
    let other = aside(&rig.offer, Offer::fetch);
    wanted.answer(Ok(here()));
    assert_eq!((ask.join().unwrap(), other.join().unwrap()), (Ok(here()), Ok(here())));
    assert_eq!(rig.offer.fetch(), Ok(here()), "it is here");
    assert!(rig.work.try_recv().is_err());
}

#[test]
fn whoever_waits_hears_of_a_thread_that_ends() {
    let rig = rig();
    let ask = aside(&rig.offer, Offer::fetch);
    let list = aside(&rig.offer, Offer::list);
    drop((rig.work.recv().unwrap(), rig.work.recv().unwrap()));
    assert_eq!(ask.join().unwrap(), Err(OfferError::Cancelled));
    assert_eq!(list.join().unwrap(), Err(OfferError::Cancelled));
    drop(rig.work);
    assert_eq!(rig.offer.fetch(), Err(OfferError::Cancelled));
}

#[test]
fn a_file_is_read_as_soon_as_it_is_here_and_not_the_last_one() {
    let rig = rig();
    let reading = aside(&rig.offer, |offer| {
        let mut bytes = [0; 4];
        let first = offer.read_at(1, 2, &mut bytes).map(|got| bytes[..got].to_vec());
        (first, offer.read_at(2, 0, &mut bytes), offer.read_at(0, 0, &mut bytes))
    });
    let Ok(Work::List(wanted)) = rig.work.recv() else { panic!("no list") };
    let file = |path: &[&str], kind| OfferedFile {
        path: path.iter().map(|part| (*part).to_owned()).collect(),
        kind,
        size: 5,
        modified_ms: 0,
    };
    let state = Arc::clone(&wanted.0);
    wanted.answer(Ok(vec![
        ("d".into(), file(&["d"], EntryKind::Folder)),
        ("d/con".into(), file(&["d", "con_"], EntryKind::File)),
        ("d/no".into(), file(&["d", "no"], EntryKind::File)),
    ]));
    let Ok(Work::Fetch(wanted)) = rig.work.recv() else { panic!("not asked for") };
    rig.disk.put_at(&StorePath::new(PASTE_PLACE, "f/d/con_"), b"hello", 0);
    state.file_over("d/con".into(), None);
    state.file_over("d/no".into(), Some(CauseCode::FileTypeBlocked));
    let (first, second, folder) = reading.join().unwrap();
    assert_eq!(first, Ok(b"llo".to_vec()));
    assert_eq!(second, Err(OfferError::Failed(CauseCode::FileTypeBlocked)));
    assert_eq!(folder, Err(OfferError::Failed(CauseCode::FileNotRegular)));
    wanted.answer(Ok(here()));
}
