//! The machine key in a file for its owner alone.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gc_platform::{KeyStore, KeyStoreError};
use gc_types::{Entropy, Secret};
use rustix::fs::OFlags;
use rustix::io::Errno;

/// Most bytes of a key that are read.
const LONGEST: u64 = 4096;
/// Rights of others than the owner.
const OTHERS: u32 = 0o077;
/// Rights of others to change.
const OTHERS_WRITE: u32 = 0o022;
const ROOT: u32 = 0;

/// The key at `/var/lib/guruconnect/agent.cak`, mode 0600, owned by root or by whoever
/// runs the agent. Symbolic links are not followed.
pub struct FileKeyStore {
    path: PathBuf,
    entropy: Arc<dyn Entropy>,
}

fn told(what: &Path, error: &io::Error) -> KeyStoreError {
    let text = format!("{}: {error}", what.display());
    match error.kind() {
        io::ErrorKind::NotFound => KeyStoreError::Absent,
        io::ErrorKind::PermissionDenied => KeyStoreError::AccessDenied(text),
        // What opening a link without following it fails with.
        _ if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            KeyStoreError::Unsafe(format!("{} is a link", what.display()))
        }
        _ => KeyStoreError::Failed(text),
    }
}

fn is_ours(owner: u32) -> bool {
    owner == ROOT || owner == rustix::process::geteuid().as_raw()
}

/// Flags as the standard library takes them.
fn flags(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}

impl FileKeyStore {
    /// The store of this machine.
    pub fn of_this_machine(entropy: Arc<dyn Entropy>) -> Self {
        Self::at(PathBuf::from("/var/lib/guruconnect/agent.cak"), entropy)
    }

    /// A store in another file; its folder is made when it is not there.
    pub fn at(path: PathBuf, entropy: Arc<dyn Entropy>) -> Self {
        Self { path, entropy }
    }

    /// Where the key is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    /// Who may write into the folder may exchange the file.
    fn check_folder(&self) -> Result<(), KeyStoreError> {
        let folder = self.folder();
        let metadata = std::fs::symlink_metadata(folder).map_err(|error| told(folder, &error))?;
        let name = folder.display();
        if !metadata.is_dir() {
            return Err(KeyStoreError::Unsafe(format!("{name} is no folder")));
        }
        if !is_ours(metadata.uid()) || metadata.mode() & OTHERS_WRITE != 0 {
            return Err(KeyStoreError::Unsafe(format!("others may write into {name}")));
        }
        Ok(())
    }

    fn read(path: &Path) -> Result<Secret, KeyStoreError> {
        let file = OpenOptions::new()
            .read(true)
            // A pipe in its place would hold us up.
            .custom_flags(flags(OFlags::NOFOLLOW | OFlags::NONBLOCK))
            .open(path)
            .map_err(|error| told(path, &error))?;
        let name = path.display();
        let metadata = file.metadata().map_err(|error| told(path, &error))?;
        if !metadata.is_file() {
            return Err(KeyStoreError::Unsafe(format!("{name} is no file")));
        }
        if !is_ours(metadata.uid()) || metadata.mode() & OTHERS != 0 || metadata.nlink() != 1 {
            return Err(KeyStoreError::Unsafe(format!(
                "others have access to {name}: it must belong to root with mode 0600"
            )));
        }
        let mut text = String::new();
        match file.take(LONGEST + 1).read_to_string(&mut text) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(KeyStoreError::Damaged(format!("{name} is no text")));
            }
            Err(error) => return Err(told(path, &error)),
        }
        let key = text.trim_end_matches('\n');
        if key.is_empty() || key.len() as u64 > LONGEST || key.contains(char::is_whitespace) {
            return Err(KeyStoreError::Damaged(format!("{name} holds no key")));
        }
        Ok(Secret::new(key))
    }

    fn write(path: &Path, key: &Secret) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(flags(OFlags::NOFOLLOW))
            .open(path)?;
        file.write_all(key.expose().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()
    }

    fn replace(&self, temporary: &Path, key: &Secret) -> Result<(), KeyStoreError> {
        Self::write(temporary, key).map_err(|error| told(temporary, &error))?;
        // Before it replaces one that may be good.
        if Self::read(temporary)? != *key {
            return Err(KeyStoreError::Failed("what was written reads differently".to_owned()));
        }
        std::fs::rename(temporary, &self.path).map_err(|error| told(&self.path, &error))?;
        // The name is on the disk once the folder is.
        File::open(self.folder())
            .and_then(|folder| folder.sync_all())
            .map_err(|error| told(self.folder(), &error))
    }
}

impl KeyStore for FileKeyStore {
    fn load(&self) -> Result<Secret, KeyStoreError> {
        self.check_folder()?;
        Self::read(&self.path)
    }

    fn store(&self, key: &Secret) -> Result<(), KeyStoreError> {
        use std::os::unix::fs::DirBuilderExt;
        let folder = self.folder();
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| told(folder, &error))?;
        self.check_folder()?;
        let mut number = [0_u8; 8];
        self.entropy.fill(&mut number);
        let temporary = folder.join(format!(".agent.cak.{:016x}", u64::from_le_bytes(number)));
        let stored = self.replace(&temporary, key);
        if stored.is_err()
            && let Err(error) = std::fs::remove_file(&temporary)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %temporary.display(), %error, "a temporary file is left over");
        }
        stored
    }

    fn remove(&self) -> Result<(), KeyStoreError> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(told(&self.path, &error)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use gc_runtime::OsEntropy;
    use tempfile::TempDir;

    use super::*;

    fn store() -> (TempDir, FileKeyStore) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guruconnect").join("agent.cak");
        (folder, FileKeyStore::at(path, Arc::new(OsEntropy)))
    }

    fn key(text: &str) -> Secret {
        Secret::new(format!("cak_{text}"))
    }

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_key_is_kept_replaced_and_removed() {
        let (_folder, store) = store();
        assert_eq!(store.load(), Err(KeyStoreError::Absent));
        store.remove().unwrap();
        store.store(&key("one")).unwrap();
        store.store(&key("two")).unwrap();
        assert_eq!(store.load(), Ok(key("two")));
        assert_eq!(std::fs::metadata(store.path()).unwrap().mode() & 0o777, 0o600);
        assert_eq!(std::fs::metadata(store.folder()).unwrap().mode() & 0o777, 0o700);
        assert_eq!(std::fs::read_dir(store.folder()).unwrap().count(), 1, "nothing left over");
        store.remove().unwrap();
        assert_eq!(store.load(), Err(KeyStoreError::Absent));
    }

    #[test]
    fn a_file_or_folder_that_others_may_touch_is_not_trusted() {
        let (_folder, store) = store();
        store.store(&key("one")).unwrap();
        let is_unsafe = || matches!(store.load(), Err(KeyStoreError::Unsafe(_)));
        for mode in [0o640, 0o604, 0o620, 0o666] {
            set_mode(store.path(), mode);
            assert!(is_unsafe(), "{mode:o}");
        }
        set_mode(store.path(), 0o600);
        std::fs::hard_link(store.path(), store.folder().join("other")).unwrap();
        assert!(is_unsafe(), "a second name");
        std::fs::remove_file(store.folder().join("other")).unwrap();
        assert_eq!(store.load(), Ok(key("one")));
        set_mode(store.folder(), 0o777);
        assert!(is_unsafe());
        assert!(matches!(store.store(&key("two")), Err(KeyStoreError::Unsafe(_))));
        set_mode(store.folder(), 0o755);
        assert_eq!(store.load(), Ok(key("one")));
    }

    #[test]
    fn links_are_not_followed() {
        let (folder, store) = store();
        store.store(&key("one")).unwrap();
        let elsewhere = folder.path().join("elsewhere");
        std::fs::write(&elsewhere, "cak_planted\n").unwrap();
        set_mode(&elsewhere, 0o600);
        std::fs::remove_file(store.path()).unwrap();
        symlink(&elsewhere, store.path()).unwrap();
        assert!(matches!(store.load(), Err(KeyStoreError::Unsafe(_))));
        store.store(&key("two")).unwrap();
        assert_eq!(store.load(), Ok(key("two")), "the link is replaced");
        assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), "cak_planted\n");
    }

    #[test]
    fn what_is_no_key_is_damaged() {
        let (_folder, store) = store();
        store.store(&key("one")).unwrap();
        let long = "c".repeat(5000);
        for content in [&b""[..], b"\n", b"\xff\xfe", b"cak_a cak_b\n", long.as_bytes()] {
            std::fs::write(store.path(), content).unwrap();
            assert!(matches!(store.load(), Err(KeyStoreError::Damaged(_))));
        }
    }
}
