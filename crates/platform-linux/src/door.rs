//! Where a viewer that runs already is found by the next start of the program: a socket
//! that only this user reaches.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::net::sockopt::socket_peercred;

/// Anybody else may read, write or go through.
const OTHERS: u32 = 0o077;
const FOLDER: &str = "guruconnect";

/// How long each end waits for the other.
const PATIENCE: Duration = Duration::from_secs(1);

/// The viewer's end, for one display. There is one at most; the socket goes with it.
pub struct ViewerDoor {
    listener: UnixListener,
    socket: PathBuf,
    /// Locked for as long as this is there.
    _lock: File,
}

fn refused(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, what)
}

fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Must be this user's alone, and no link to somewhere else.
fn check_folder(path: &Path) -> io::Result<()> {
    let about = path.symlink_metadata()?;
    if about.is_dir() && about.uid() == own_user() && about.mode() & OTHERS == 0 {
        Ok(())
    } else {
        Err(refused(format!("{} is not this user's alone", path.display())))
    }
}

/// The two of this display in `runtime`, which is what `XDG_RUNTIME_DIR` holds.
fn files(runtime: &Path, display: &str) -> (PathBuf, PathBuf) {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    let name: String = display.chars().take(64).map(plain).collect();
    let folder = runtime.join(FOLDER);
    (folder.join(format!("viewer{name}.sock")), folder.join(format!("viewer{name}.lock")))
}

/// Neither end speaks to another user: one would give a ticket away, the other take one.
fn check_peer(stream: &UnixStream) -> io::Result<()> {
    let peer = socket_peercred(stream)?.uid.as_raw();
    if peer == own_user() { Ok(()) } else { Err(refused(format!("that is user {peer}"))) }
}

fn patient(stream: UnixStream) -> io::Result<UnixStream> {
    check_peer(&stream)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

impl ViewerDoor {
    /// `None`: another process has it.
    pub fn open(runtime: &Path, display: &str) -> io::Result<Option<Self>> {
        check_folder(runtime)?;
        let (socket, lock) = files(runtime, display);
        let folder = runtime.join(FOLDER);
        match DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => check_folder(&folder)?,
        }
        let lock =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(lock)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        // Left behind by one that was killed.
        match std::fs::remove_file(&socket) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&socket)?;
        Ok(Some(Self { listener, socket, _lock: lock }))
    }

    /// Blocks until somebody of this user has come. Reads and writes fail after a second.
    /// `PermissionDenied`: somebody else had.
    pub fn visitor(&self) -> io::Result<UnixStream> {
        patient(self.listener.accept()?.0)
    }
}

impl Drop for ViewerDoor {
    fn drop(&mut self) {
        // The next one removes what is left.
        let _ = std::fs::remove_file(&self.socket);
    }
}

/// To the viewer that runs already on this display; `None` without one. Reads and writes
/// fail after a second.
pub fn knock(runtime: &Path, display: &str) -> io::Result<Option<UnixStream>> {
    let (socket, _) = files(runtime, display);
    match UnixStream::connect(socket) {
        Ok(stream) => patient(stream).map(Some),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Ok(None),
            _ => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions};
    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::PermissionsExt as _;

    use rustix::process::Uid;

    use super::*;

    fn runtime() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        folder
    }

    #[test]
    fn one_viewer_of_a_display_is_found_and_the_next_takes_over_after_it() {
        let folder = runtime();
        assert!(knock(folder.path(), ":1").unwrap().is_none());
        let door = ViewerDoor::open(folder.path(), ":1").unwrap().unwrap();
        assert!(ViewerDoor::open(folder.path(), ":1").unwrap().is_none(), "there are two");
        assert!(knock(folder.path(), ":2").unwrap().is_none(), "another display");
        let mut here = knock(folder.path(), ":1").unwrap().unwrap();
        let mut there = door.visitor().unwrap();
        here.write_all(b"hello").unwrap();
        let mut read = [0; 5];
        there.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"hello");
        drop(door);
        assert!(knock(folder.path(), ":1").unwrap().is_none());
        // One that was killed leaves its socket.
        let (socket, _) = files(folder.path(), ":1");
        drop(UnixListener::bind(&socket).unwrap());
        assert!(knock(folder.path(), ":1").unwrap().is_none(), "nobody listens");
        assert!(ViewerDoor::open(folder.path(), ":1").unwrap().is_some());
    }

    #[test]
    fn folders_that_others_reach_are_not_used() {
        let folder = runtime();
        set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let kind = |opened: io::Result<Option<ViewerDoor>>| opened.err().map(|it| it.kind());
        let denied = Some(io::ErrorKind::PermissionDenied);
        assert_eq!(kind(ViewerDoor::open(folder.path(), ":1")), denied);
        set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        let elsewhere = runtime();
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join(FOLDER)).unwrap();
        assert_eq!(kind(ViewerDoor::open(folder.path(), ":1")), denied);
    }

    #[test]
    fn another_user_is_turned_away() {
        if own_user() != 0 {
            println!("skipped: only root can be somebody else");
            return;
        }
        let folder = runtime();
        let door = ViewerDoor::open(folder.path(), ":1").unwrap().unwrap();
        // As if somebody had opened every folder.
        for path in [folder.path(), &folder.path().join(FOLDER), &door.socket] {
            set_permissions(path, Permissions::from_mode(0o777)).unwrap();
        }
        let socket = door.socket.clone();
        let other = std::thread::spawn(move || {
            // Of this thread alone, as Linux has it.
            let nobody = Uid::from_raw(65_534);
            rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
            UnixStream::connect(socket)
        });
        let _connected = other.join().unwrap().expect("it cannot even connect");
        let refused = door.visitor().unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
        assert!(refused.to_string().contains("65534"), "{refused}");
    }
}
