//! A folder that users of the machine can neither read nor prepare.
//!
//! Everybody may make folders in `%ProgramData%`. Whoever makes ours before we do owns
//! it, may hold it open with every right, and may make it a junction to somewhere else.
//! Setting rights on such a folder takes nothing back from who has it open, so that it
//! is moved out of the way and a new one is made, with its rights from the start.

use std::fs::OpenOptions;
use std::io;
use std::os::windows::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use gc_platform::KeyStoreError;
use gc_types::Entropy;
use windows::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_ALREADY_EXISTS};
use windows::Win32::Security::Authorization::SE_FILE_OBJECT;
use windows::Win32::Storage::FileSystem::{
    CreateDirectoryW, FILE_ATTRIBUTE_REPARSE_POINT, FILE_FLAG_BACKUP_SEMANTICS,
    FILE_FLAG_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES, MOVE_FILE_FLAGS, MoveFileExW, READ_CONTROL,
};

use crate::security::{
    ADMINISTRATORS, LOCAL_SYSTEM, SecurityDescriptor, TRUSTED_INSTALLER, Token, strangers,
};
use crate::win32::{CallError, Called, Wide, raw};

/// SYSTEM and administrators, inherited by all that is in it, and nothing from above.
pub(super) const RIGHTS: &str = "O:BAG:SYD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";
/// The same for a file.
pub(super) const FILE_RIGHTS: &str = "O:BAG:SYD:P(A;;FA;;;SY)(A;;FA;;;BA)";

/// A folder that was found or made safe.
pub(crate) struct SafeFolder(PathBuf);

pub(super) fn failed(error: CallError) -> KeyStoreError {
    if error.is(ERROR_ACCESS_DENIED) {
        KeyStoreError::AccessDenied(error.to_string())
    } else {
        KeyStoreError::Failed(error.to_string())
    }
}

pub(super) fn io_failed(what: &str, error: &io::Error) -> KeyStoreError {
    let text = format!("{what}: {error}");
    match error.kind() {
        io::ErrorKind::NotFound => KeyStoreError::Absent,
        io::ErrorKind::PermissionDenied => KeyStoreError::AccessDenied(text),
        _ => KeyStoreError::Failed(text),
    }
}

/// What was found at a path, without following it anywhere.
pub(super) struct Found {
    pub(super) is_link: bool,
    pub(super) is_folder: bool,
    pub(super) rights: String,
}

/// Looks at a folder or a file itself.
pub(super) fn look(path: &Path) -> Result<Found, KeyStoreError> {
    let what = path.display().to_string();
    let opened = OpenOptions::new()
        .access_mode(FILE_READ_ATTRIBUTES.0 | READ_CONTROL.0)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS.0 | FILE_FLAG_OPEN_REPARSE_POINT.0)
        .open(path)
        .map_err(|error| io_failed(&what, &error))?;
    let metadata = opened.metadata().map_err(|error| io_failed(&what, &error))?;
    let rights = SecurityDescriptor::of(raw(&opened), SE_FILE_OBJECT)
        .and_then(|descriptor| descriptor.text())
        .map_err(failed)?;
    Ok(Found {
        is_link: metadata.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT.0 != 0,
        is_folder: metadata.is_dir(),
        rights,
    })
}

/// Who else than SYSTEM, administrators and the account of this process has a right.
/// The service's account is SYSTEM; only a program that an administrator has started
/// has another one, and it decides nothing by this.
pub(super) fn foreign(rights: &str) -> Result<Vec<String>, KeyStoreError> {
    let own = Token::of_this_process().and_then(|token| token.user()).map_err(failed)?;
    Ok(strangers(rights, &[LOCAL_SYSTEM, ADMINISTRATORS, TRUSTED_INSTALLER, &own]))
}

fn random_name(path: &Path, kind: &str, entropy: &dyn Entropy) -> PathBuf {
    let mut bytes = [0_u8; 8];
    entropy.fill(&mut bytes);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{kind}-{:016x}", u64::from_le_bytes(bytes)));
    path.with_file_name(name)
}

fn rename(from: &Path, to: &Path) -> Result<(), CallError> {
    // SAFETY: the texts end with a zero.
    unsafe { MoveFileExW(Wide::new(from).as_ptr(), Wide::new(to).as_ptr(), MOVE_FILE_FLAGS(0)) }
        .called("MoveFileExW")
}

impl SafeFolder {
    /// Makes the folder with its rights, or finds it as this would have made it. One
    /// that is anything else, or a link, is moved aside under another name and a new one
    /// takes its place. The folder above it is there and safe.
    pub(crate) fn make(path: &Path, entropy: &dyn Entropy) -> Result<Self, KeyStoreError> {
        // A new one next to it, to compare with: file systems write down rights in their
        // own way, and some not at all.
        let fresh = random_name(path, "new", entropy);
        let descriptor = SecurityDescriptor::parse(RIGHTS).map_err(failed)?;
        let attributes = descriptor.attributes();
        // SAFETY: text, attributes and descriptor live longer than the call.
        unsafe { CreateDirectoryW(Wide::new(&fresh).as_ptr(), Some(&raw const attributes)) }
            .called("CreateDirectoryW")
            .map_err(failed)?;
        let placed = Self::place(path, &fresh, entropy);
        // Empty, and gone where it took its place.
        if let Err(error) = std::fs::remove_dir(&fresh)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %fresh.display(), %error, "an empty folder is left over");
        }
        placed
    }

    fn place(path: &Path, fresh: &Path, entropy: &dyn Entropy) -> Result<Self, KeyStoreError> {
        let wanted = look(fresh)?.rights;
        let others = foreign(&wanted)?;
        if !others.is_empty() {
            return Err(KeyStoreError::Unsafe(format!(
                "the file system keeps no rights: a folder for administrators alone gave {} \
                 access, too",
                others.join(", ")
            )));
        }
        match look(path) {
            Ok(found) if found.is_folder && !found.is_link && found.rights == wanted => {
                return Ok(Self(path.to_path_buf()));
            }
            Ok(found) => {
                let aside = random_name(path, "untrusted", entropy);
                tracing::warn!(
                    path = %path.display(),
                    aside = %aside.display(),
                    rights = found.rights,
                    link = found.is_link,
                    "a folder that others could have prepared is moved aside"
                );
                rename(path, &aside).map_err(failed)?;
            }
            Err(KeyStoreError::Absent) => {}
            // Not even to be looked at by an administrator: somebody has locked us out.
            Err(error) => return Err(error),
        }
        match rename(fresh, path) {
            Ok(()) => Ok(Self(path.to_path_buf())),
            Err(error) if error.is(ERROR_ALREADY_EXISTS) => Err(KeyStoreError::Unsafe(format!(
                "somebody makes {} at the same time",
                path.display()
            ))),
            Err(error) => Err(failed(error)),
        }
    }

    /// The folder as it is; [`KeyStoreError::Unsafe`] when others have a right to it.
    pub(crate) fn find(path: &Path) -> Result<Self, KeyStoreError> {
        let found = look(path)?;
        if found.is_link || !found.is_folder {
            return Err(KeyStoreError::Unsafe(format!("{} is no folder", path.display())));
        }
        let others = foreign(&found.rights)?;
        if !others.is_empty() {
            return Err(KeyStoreError::Unsafe(format!(
                "{} is open to {}",
                path.display(),
                others.join(", ")
            )));
        }
        Ok(Self(path.to_path_buf()))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}
