//! Files on the clipboard: which paths may cross, and by whose leave.

use gc_filetransfer::FilePolicy;
use gc_platform::{CopiedFiles, PASTE_PLACE, StorePath};
use gc_types::CauseCode;

use crate::outlet::Outlet;

/// What the server allows of files at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileLeave {
    /// A viewer may put files on the machine's clipboard.
    pub(crate) upload: bool,
    /// A viewer may learn of files on it.
    pub(crate) download: bool,
}

impl FileLeave {
    /// `shared`: this machine has files to share at all.
    pub(crate) fn of(outlet: &Outlet, shared: bool) -> Self {
        let policy = FilePolicy::from_wire(outlet.files().as_ref().filter(|_| shared));
        Self { upload: policy.upload, download: policy.download }
    }
}

/// What a program of the machine has copied, without what nobody could fetch.
pub(crate) fn fetchable(files: &CopiedFiles) -> Option<CopiedFiles> {
    let fits = |path: &&_| StorePath::from_wire(path).is_ok_and(|path| path.name().is_some());
    CopiedFiles::new(files.paths().iter().filter(fits).cloned().collect())
}

/// Where a viewer has put what is to be pasted. Nothing but what viewers put there: a
/// viewer has no business with putting the user's own files on their clipboard.
pub(crate) fn put_by_viewer(files: &CopiedFiles) -> Result<Vec<StorePath>, CauseCode> {
    let checked = files.paths().iter().map(|path| {
        let path = StorePath::from_wire(path)?;
        let own = path.place == PASTE_PLACE && path.name().is_some();
        if own { Ok(path) } else { Err(CauseCode::FileNameNotAllowed) }
    });
    checked.collect()
}

/// From where the store says that they are.
pub(crate) fn located(paths: &[StorePath]) -> Option<CopiedFiles> {
    CopiedFiles::new(paths.iter().map(StorePath::to_wire).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(paths: &[StorePath]) -> CopiedFiles {
        located(paths).unwrap()
    }

    #[test]
    fn hostile_paths_are_refused() {
        let good = StorePath::new(PASTE_PLACE, "2026-11-22/a.txt");
        assert_eq!(put_by_viewer(&files(std::slice::from_ref(&good))), Ok(vec![good.clone()]));
        let parts = |parts: &[&str]| StorePath {
            place: PASTE_PLACE.into(),
            parts: parts.iter().map(|part| (*part).into()).collect(),
        };
        for bad in [
            StorePath::new("/", "etc/shadow"),
            StorePath::new("home", ".ssh/id"),
            StorePath::new("", "a"),
            parts(&[]),
            parts(&["..", "b"]),
            parts(&["x", "a/b"]),
            parts(&["x", ""]),
            parts(&["x", "a\0"]),
        ] {
            let mixed = files(&[good.clone(), bad.clone()]);
            assert_eq!(put_by_viewer(&mixed), Err(CauseCode::FileNameNotAllowed), "{bad:?}");
        }
    }

    #[test]
    fn what_nobody_could_fetch_is_left_out() {
        let good = StorePath::new("/", "home/a");
        let up = StorePath { place: "/".into(), parts: vec!["..".into()] };
        assert_eq!(fetchable(&files(&[up.clone(), good.clone()])), Some(files(&[good])));
        assert_eq!(fetchable(&files(&[up, StorePath::new("/", "")])), None);
    }
}
