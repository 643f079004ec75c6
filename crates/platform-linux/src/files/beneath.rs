//! Ways below a folder that is open already.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, RenameFlags, ResolveFlags};
use rustix::io::Errno;

/// Folders within folders when a whole tree is removed.
const DEEPEST: usize = 256;

/// A folder that is open, and a name in it.
pub(super) struct Walked<'a> {
    pub(super) folder: OwnedFd,
    pub(super) name: &'a str,
}

/// Opens a place. It is the user's own word, or the system's, and may lead through
/// links (`/home` often is one).
pub(super) fn open_folder(path: &Path) -> Result<OwnedFd, Errno> {
    fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// Opens what lies below a folder, and nothing else: no link is followed, whoever
/// puts one there and whenever.
pub(super) fn open_beneath(
    root: BorrowedFd<'_>,
    parts: &[String],
    flags: OFlags,
    mode: Mode,
) -> Result<OwnedFd, Errno> {
    let way = parts.join("/");
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    loop {
        match fs::openat2(root, way.as_str(), flags, mode, resolve) {
            // Something was renamed on the way: the kernel asks to try again.
            Err(Errno::AGAIN | Errno::INTR) => {}
            // Before Linux 5.6, or forbidden by a container: step by step.
            Err(Errno::NOSYS) => return step_by_step(root, parts, flags, mode),
            done => return done,
        }
    }
}

/// The same without `openat2`: each part is opened in the folder before it, without
/// following a link.
pub(super) fn step_by_step(
    root: BorrowedFd<'_>,
    parts: &[String],
    flags: OFlags,
    mode: Mode,
) -> Result<OwnedFd, Errno> {
    let (last, folders) = parts.split_last().ok_or(Errno::INVAL)?;
    let mut at: Option<OwnedFd> = None;
    for part in parts {
        if part.is_empty() || part == "." || part == ".." || part.contains('/') {
            return Err(Errno::XDEV);
        }
    }
    for folder in folders {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let from = at.as_ref().map_or(root, AsFd::as_fd);
        at = Some(fs::openat(from, folder.as_str(), flags, Mode::empty())?);
    }
    let from = at.as_ref().map_or(root, AsFd::as_fd);
    fs::openat(from, last.as_str(), flags | OFlags::NOFOLLOW, mode)
}

/// Gives a name that nothing has.
pub(super) fn rename_new(
    folder: BorrowedFd<'_>,
    from: &str,
    into: BorrowedFd<'_>,
    to: &str,
) -> Result<(), Errno> {
    match fs::renameat_with(folder, from, into, to, RenameFlags::NOREPLACE) {
        // File systems that know no such rename (some network ones): a hard link
        // never replaces either; a folder cannot have one.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            fs::linkat(folder, from, into, to, AtFlags::empty())?;
            fs::unlinkat(folder, from, AtFlags::empty())
        }
        done => done,
    }
}

/// Removes a file, a link, or a folder with everything in it.
pub(super) fn remove(folder: BorrowedFd<'_>, name: &str, depth: usize) -> Result<(), Errno> {
    let stat = fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
        return fs::unlinkat(folder, name, AtFlags::empty());
    }
    if depth == DEEPEST {
        return Err(Errno::NAMETOOLONG);
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let inner = fs::openat(folder, name, flags, Mode::empty())?;
    // Another disk is not part of this folder.
    if fs::fstat(&inner)?.st_dev != fs::fstat(folder)?.st_dev {
        return Err(Errno::XDEV);
    }
    remove_all(inner.as_fd(), depth)?;
    fs::unlinkat(folder, name, AtFlags::REMOVEDIR)
}

fn remove_all(folder: BorrowedFd<'_>, depth: usize) -> Result<(), Errno> {
    let names: Vec<_> = fs::Dir::read_from(folder)?
        .map(|item| item.map(|item| item.file_name().to_owned()))
        .collect::<Result<_, _>>()?;
    for name in names {
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        match name.to_str() {
            Ok(name) => remove(folder, name, depth + 1)?,
            // Not a name that can be said; a file or a link still goes.
            Err(_) => fs::unlinkat(folder, &name, AtFlags::empty())?,
        }
    }
    Ok(())
}

/// Free bytes for users, and all bytes of the disk.
pub(super) fn free(folder: BorrowedFd<'_>) -> Result<(u64, u64), Errno> {
    let disk = fs::fstatvfs(folder)?;
    Ok((disk.f_bavail.saturating_mul(disk.f_frsize), disk.f_blocks.saturating_mul(disk.f_frsize)))
}

#[cfg(test)]
mod tests {
    use std::fs as std_fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn without_openat2_no_link_is_followed_either() {
        let outside = tempfile::tempdir().unwrap();
        std_fs::write(outside.path().join("secret"), "secret").unwrap();
        let folder = tempfile::tempdir().unwrap();
        std_fs::create_dir_all(folder.path().join("a/b")).unwrap();
        std_fs::write(folder.path().join("a/b/c"), "mine").unwrap();
        symlink(outside.path(), folder.path().join("a/away")).unwrap();
        let root = open_folder(folder.path()).unwrap();
        let open = |way: &str| {
            let parts: Vec<String> = way.split('/').map(str::to_owned).collect();
            let flags = OFlags::RDONLY | OFlags::CLOEXEC;
            step_by_step(root.as_fd(), &parts, flags, Mode::empty()).map(|_| ())
        };
        assert_eq!(open("a/b/c"), Ok(()));
        assert!(open("a/away/secret").is_err());
        assert!(open("a/away").is_err());
        assert!(open("../secret").is_err());
        assert!(open("a/./b").is_err());
    }
}
