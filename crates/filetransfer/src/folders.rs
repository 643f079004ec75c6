//! Steps in the folders of the machine, for a panel that shows both sides.

use gc_proto::v2;
use gc_proto::v2::file_message::Body;
use gc_proto::v2::folder_request::Step;
use gc_types::CauseCode;

use crate::names::portable_name;
use crate::out::{DeskEvent, Out};
use crate::policy::FilePolicy;
use crate::receipt::cause_to_wire;
use crate::receiving::fault_cause;
use crate::store::{Entry, FileStore, StorePath};

/// Entries of a listing that are sent; a person reads no more.
const MAX_LISTED: usize = 20_000;
/// Bytes of one reply, about.
const REPLY_BYTES: usize = 32 << 10;

/// Does one step and answers it.
pub(crate) fn serve(
    request: v2::FolderRequest,
    policy: &FilePolicy,
    store: &mut dyn FileStore,
    out: &mut Out,
) {
    let number = request.request;
    let done = match request.step {
        None => Err(CauseCode::FileProtocol),
        // Who may move nothing has nothing to look for here.
        Some(_) if !policy.upload && !policy.download => Err(CauseCode::FilesDenied),
        Some(Step::List(path)) if path.place.is_empty() && path.parts.is_empty() => {
            places(store, out)
        }
        Some(Step::List(path)) => list(&path, store, out),
        Some(Step::Stat(path)) => stat(&path, store, out),
        // What changes the machine needs the right to change it.
        Some(_) if !policy.upload => Err(CauseCode::FilesDenied),
        Some(Step::Make(path)) => change("folder_made", &path, store, out, |path, store, out| {
            let name = path.name().ok_or(CauseCode::FileNameNotAllowed)?;
            let name = portable_name(name).map_err(fault_cause)?.into_owned();
            let parent = path.parent().ok_or(CauseCode::FileNameNotAllowed)?;
            store.make_folder(&parent.join(&name)).map_err(|error| out.failed(&error))
        }),
        Some(Step::Rename(rename)) => {
            let path = rename.path.unwrap_or_default();
            change("file_renamed", &path, store, out, |path, store, out| {
                let name = portable_name(&rename.name).map_err(fault_cause)?;
                store.rename(path, &name).map_err(|error| out.failed(&error))
            })
        }
        Some(Step::Delete(path)) => {
            change("file_deleted", &path, store, out, |path, store, out| {
                path.name().ok_or(CauseCode::FileNameNotAllowed)?;
                store.delete(path).map_err(|error| out.failed(&error))
            })
        }
    };
    let (entries, cut, cause) = match done {
        Ok((entries, cut)) => (entries, cut, None),
        Err(cause) => (Vec::new(), false, Some(cause_to_wire(cause))),
    };
    reply(number, entries, cut, cause, out);
}

type Listed = Result<(Vec<v2::FolderEntry>, bool), CauseCode>;

fn places(store: &mut dyn FileStore, out: &mut Out) -> Listed {
    let places = store.places().map_err(|error| out.failed(&error))?;
    let entries = places.into_iter().map(|place| v2::FolderEntry {
        name: place.name,
        kind: v2::FileKind::Folder.into(),
        place: place.id,
        ..Default::default()
    });
    Ok((entries.collect(), false))
}

fn list(path: &v2::FilePath, store: &mut dyn FileStore, out: &mut Out) -> Listed {
    let path = StorePath::from_wire(path)?;
    let (entries, all) = store.list(&path, MAX_LISTED).map_err(|error| out.failed(&error))?;
    Ok((entries.into_iter().map(entry).collect(), !all))
}

fn stat(path: &v2::FilePath, store: &mut dyn FileStore, out: &mut Out) -> Listed {
    let path = StorePath::from_wire(path)?;
    let found = store.stat(&path).map_err(|error| out.failed(&error))?;
    Ok((vec![entry(found)], false))
}

fn change(
    what: &'static str,
    path: &v2::FilePath,
    store: &mut dyn FileStore,
    out: &mut Out,
    work: impl FnOnce(&StorePath, &mut dyn FileStore, &mut Out) -> Result<(), CauseCode>,
) -> Listed {
    let path = StorePath::from_wire(path)?;
    work(&path, store, out)?;
    out.event(DeskEvent::Changed { what, path });
    Ok((Vec::new(), false))
}

fn entry(entry: Entry) -> v2::FolderEntry {
    v2::FolderEntry {
        name: entry.name,
        kind: entry.kind.to_wire().into(),
        size: entry.size,
        modified_unix_ms: entry.modified_ms,
        place: String::new(),
    }
}

/// In as many messages as it takes.
fn reply(
    number: u32,
    entries: Vec<v2::FolderEntry>,
    cut: bool,
    cause: Option<v2::Cause>,
    out: &mut Out,
) {
    let mut entries = entries.into_iter().peekable();
    loop {
        let mut part = Vec::new();
        let mut size = 0;
        while let Some(entry) = entries.next_if(|_| size < REPLY_BYTES) {
            size += entry.name.len() + 32;
            part.push(entry);
        }
        let last = entries.peek().is_none();
        out.say(Body::Reply(v2::FolderReply {
            request: number,
            entries: part,
            last,
            cause: cause.clone(),
            cut,
        }));
        if last {
            return;
        }
    }
}
