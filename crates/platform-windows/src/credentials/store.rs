//! `%ProgramData%\GuruConnect\credentials\agent.cak`.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::FromRawHandle;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gc_platform::{KeyStore, KeyStoreError};
use gc_types::{Entropy, Secret};
use windows::Win32::Storage::FileSystem::{
    CREATE_NEW, CreateFileW, FILE_ATTRIBUTE_NORMAL, FILE_FLAG_OPEN_REPARSE_POINT,
    FILE_GENERIC_WRITE, FILE_SHARE_NONE, MOVEFILE_REPLACE_EXISTING, MOVEFILE_WRITE_THROUGH,
    MoveFileExW,
};
use zeroize::Zeroizing;

use super::dpapi::{decrypt, encrypt};
use super::file_format::{self, LARGEST};
use super::folder::{FILE_RIGHTS, SafeFolder, failed, foreign, io_failed, look};
use crate::security::SecurityDescriptor;
use crate::win32::{CallError, Called, KnownFolder, Wide, known_folder};

const CREDENTIALS: &str = "credentials";
const FILE: &str = "agent.cak";

/// The key in a file that only this machine can decrypt, in a folder for SYSTEM and
/// administrators alone.
pub struct DpapiKeyStore {
    /// `%ProgramData%\GuruConnect`.
    data: PathBuf,
    entropy: Arc<dyn Entropy>,
}

impl DpapiKeyStore {
    /// The store of this machine.
    pub fn of_this_machine(entropy: Arc<dyn Entropy>) -> Result<Self, CallError> {
        let data = known_folder(KnownFolder::ProgramData)?.join(crate::service::PRODUCT);
        Ok(Self::at(data, entropy))
    }

    /// A store in another folder. What is above that folder is for administrators to
    /// change alone.
    pub fn at(data: PathBuf, entropy: Arc<dyn Entropy>) -> Self {
        Self { data, entropy }
    }

    /// Where the key is.
    pub fn path(&self) -> PathBuf {
        self.data.join(CREDENTIALS).join(FILE)
    }

    fn read(path: &Path) -> Result<Secret, KeyStoreError> {
        let what = path.display().to_string();
        let found = look(path)?;
        if found.is_link || found.is_folder {
            return Err(KeyStoreError::Unsafe(format!("{what} is no file")));
        }
        let others = foreign(&found.rights)?;
        if !others.is_empty() {
            return Err(KeyStoreError::Unsafe(format!("{what} is open to {}", others.join(", "))));
        }
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(FILE_FLAG_OPEN_REPARSE_POINT.0)
            .open(path)
            .map_err(|error| io_failed(&what, &error))?;
        let mut bytes = Vec::new();
        let most = LARGEST as u64 + 1;
        file.take(most).read_to_end(&mut bytes).map_err(|error| io_failed(&what, &error))?;
        let damaged = |text: String| KeyStoreError::Damaged(format!("{what}: {text}"));
        let encrypted = file_format::read(&bytes).map_err(|error| damaged(error.to_string()))?;
        let plain =
            decrypt(encrypted).map_err(|error| KeyStoreError::CannotDecrypt(error.to_string()))?;
        let text = std::str::from_utf8(&plain).map_err(|_| damaged("it is no text".to_owned()))?;
        Ok(Secret::new(text))
    }

    fn write(&self, folder: &Path, bytes: &[u8]) -> Result<PathBuf, KeyStoreError> {
        let mut number = [0_u8; 8];
        self.entropy.fill(&mut number);
        let path = folder.join(format!("{FILE}.{:016x}", u64::from_le_bytes(number)));
        let mut file = create(&path).map_err(failed)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        drop(file);
        written.map_err(|error| {
            remove_left_over(&path);
            io_failed(&path.display().to_string(), &error)
        })?;
        Ok(path)
    }
}

/// Makes a file with its rights; there is none of this name.
fn create(path: &Path) -> Result<File, CallError> {
    let descriptor = SecurityDescriptor::parse(FILE_RIGHTS)?;
    let attributes = descriptor.attributes();
    // SAFETY: text, attributes and descriptor live longer than the call; the handle is
    // ours.
    unsafe {
        let handle = CreateFileW(
            Wide::new(path).as_ptr(),
            FILE_GENERIC_WRITE.0,
            FILE_SHARE_NONE,
            Some(&raw const attributes),
            CREATE_NEW,
            FILE_ATTRIBUTE_NORMAL,
            None,
        )
        .called("CreateFileW")?;
        Ok(File::from_raw_handle(handle.0))
    }
}

fn remove_left_over(path: &Path) {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "a temporary file is left over");
    }
}

impl KeyStore for DpapiKeyStore {
    fn load(&self) -> Result<Secret, KeyStoreError> {
        // Who owns the folder above could exchange this one.
        SafeFolder::find(&self.data)?;
        let folder = SafeFolder::find(&self.data.join(CREDENTIALS))?;
        Self::read(&folder.path().join(FILE))
    }

    fn store(&self, key: &Secret) -> Result<(), KeyStoreError> {
        SafeFolder::make(&self.data, self.entropy.as_ref())?;
        let folder = SafeFolder::make(&self.data.join(CREDENTIALS), self.entropy.as_ref())?;
        let plain = Zeroizing::new(key.expose().as_bytes().to_vec());
        let encrypted = encrypt(&plain).map_err(failed)?;
        let bytes = file_format::write(&encrypted)
            .map_err(|error| KeyStoreError::Failed(error.to_string()))?;
        let temporary = self.write(folder.path(), &bytes)?;
        // Before it replaces one that may be good.
        let read_back = Self::read(&temporary);
        if read_back.as_ref() != Ok(key) {
            remove_left_over(&temporary);
            return Err(match read_back {
                Ok(_) => KeyStoreError::Failed("what was written reads differently".to_owned()),
                Err(error) => error,
            });
        }
        let path = folder.path().join(FILE);
        // SAFETY: the texts end with a zero.
        unsafe {
            MoveFileExW(
                Wide::new(&temporary).as_ptr(),
                Wide::new(&path).as_ptr(),
                MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH,
            )
        }
        .called("MoveFileExW")
        .map_err(|error| {
            remove_left_over(&temporary);
            failed(error)
        })?;
        if self.load()? == *key {
            Ok(())
        } else {
            Err(KeyStoreError::Failed("another key is there than was stored".to_owned()))
        }
    }

    fn remove(&self) -> Result<(), KeyStoreError> {
        let path = self.path();
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(io_failed(&path.display().to_string(), &error))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::windows::fs::symlink_dir;

    use gc_runtime::OsEntropy;

    use super::*;
    use crate::credentials::folder::RIGHTS;

    fn store() -> (tempfile::TempDir, DpapiKeyStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = DpapiKeyStore::at(folder.path().join("GuruConnect"), Arc::new(OsEntropy));
        (folder, store)
    }

    fn key(text: &str) -> Secret {
        Secret::new(format!("cak_{text}"))
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_key_is_kept_replaced_and_removed() {
        let (_folder, store) = store();
        assert_eq!(store.load(), Err(KeyStoreError::Absent));
        store.remove().unwrap();
        store.store(&key("one")).unwrap();
        assert_eq!(store.load(), Ok(key("one")));
        store.store(&key("two")).unwrap();
        assert_eq!(store.load(), Ok(key("two")));
        let file = std::fs::read(store.path()).unwrap();
        assert!(!file.windows(7).any(|part| part == b"cak_two"), "in clear");
        assert_eq!(names(store.path().parent().unwrap()), ["agent.cak"], "nothing left over");
        assert_eq!(names(&store.data), ["credentials"], "nothing left over");
        store.remove().unwrap();
        assert_eq!(store.load(), Err(KeyStoreError::Absent));
    }

    #[test]
    fn folder_and_file_are_for_system_and_administrators_alone() {
        let (_folder, store) = store();
        store.store(&key("one")).unwrap();
        for path in [store.data.clone(), store.data.join(CREDENTIALS), store.path()] {
            let found = look(&path).unwrap();
            assert_eq!(foreign(&found.rights).unwrap(), Vec::<String>::new(), "{}", found.rights);
        }
        assert!(strangers_of_users(RIGHTS).is_empty());
    }

    fn strangers_of_users(sddl: &str) -> Vec<String> {
        crate::security::strangers(sddl, &[LOCAL, ADMINS])
    }
    const LOCAL: &str = crate::security::LOCAL_SYSTEM;
    const ADMINS: &str = crate::security::ADMINISTRATORS;

    #[test]
    fn a_folder_that_somebody_prepared_is_neither_used_nor_believed() {
        let (_folder, store) = store();
        // Made by anybody: it has the rights of the folder above.
        std::fs::create_dir_all(store.data.join(CREDENTIALS)).unwrap();
        std::fs::write(store.path(), b"planted").unwrap();
        let error = store.load().unwrap_err();
        assert!(matches!(error, KeyStoreError::Unsafe(_)), "{error}");
        store.store(&key("one")).unwrap();
        assert_eq!(store.load(), Ok(key("one")));
        let beside = names(store.data.parent().unwrap());
        assert_eq!(beside.len(), 2, "{beside:?}");
        let aside = beside.iter().find(|name| name.contains(".untrusted-")).unwrap();
        let planted = store.data.parent().unwrap().join(aside).join(CREDENTIALS).join(FILE);
        assert_eq!(std::fs::read(planted).unwrap(), b"planted");
    }

    #[test]
    fn a_link_in_place_of_the_folder_leads_nowhere() {
        let (folder, store) = store();
        SafeFolder::make(&store.data, &OsEntropy).unwrap();
        let elsewhere = folder.path().join("elsewhere");
        std::fs::create_dir(&elsewhere).unwrap();
        let made = symlink_dir(&elsewhere, store.data.join(CREDENTIALS));
        if made.is_err() || !store.data.join(CREDENTIALS).is_symlink() {
            println!("links cannot be made here ({made:?}): see platform-support.md");
            return;
        }
        let error = store.load().unwrap_err();
        assert!(matches!(error, KeyStoreError::Unsafe(_)), "{error}");
        store.store(&key("one")).unwrap();
        assert_eq!(store.load(), Ok(key("one")));
        assert_eq!(names(&elsewhere), Vec::<String>::new());
    }

    #[test]
    fn a_damaged_file_is_told_from_one_of_another_machine() {
        let (_folder, store) = store();
        store.store(&key("one")).unwrap();
        let good = std::fs::read(store.path()).unwrap();

        let mut damaged = good.clone();
        *damaged.last_mut().unwrap() ^= 1;
        std::fs::write(store.path(), &damaged).unwrap();
        assert!(matches!(store.load(), Err(KeyStoreError::Damaged(_))));

        // Whole, and not encrypted by this machine.
        let foreign = file_format::write(&[7; 200]).unwrap();
        std::fs::write(store.path(), foreign).unwrap();
        assert!(matches!(store.load(), Err(KeyStoreError::CannotDecrypt(_))));

        std::fs::write(store.path(), b"").unwrap();
        assert!(matches!(store.load(), Err(KeyStoreError::Damaged(_))));
        std::fs::write(store.path(), vec![0; LARGEST + 10]).unwrap();
        assert!(matches!(store.load(), Err(KeyStoreError::Damaged(_))));

        std::fs::write(store.path(), &good).unwrap();
        assert_eq!(store.load(), Ok(key("one")));
    }

    #[test]
    fn what_may_not_be_read_is_told_as_that() {
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(matches!(io_failed("agent.cak", &denied), KeyStoreError::AccessDenied(_)));
        let code = windows::Win32::Foundation::ERROR_ACCESS_DENIED;
        let denied = failed(CallError::with("CreateFileW", code));
        assert!(matches!(denied, KeyStoreError::AccessDenied(_)));
    }
}
