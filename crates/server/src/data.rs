//! The data folder and what is generated into it.

use std::fmt::Write as _;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, Result, bail};
use gc_types::{Entropy, Secret};

const SECRET: &str = "jwt_secret";

/// Makes the folder when it is missing, and finds out whether it can be written.
pub(crate) fn prepare(folder: &Path) -> Result<()> {
    let shown = folder.display();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("the data folder {shown} cannot be made"))?;
    let probe = folder.join(".write-probe");
    let written = std::fs::write(&probe, b"probe");
    let removed = std::fs::remove_file(&probe);
    match written.and(removed) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::StorageFull => {
            bail!("the disk of the data folder {shown} is full")
        }
        Err(error) => Err(error).context(format!("the data folder {shown} cannot be written")),
    }
}

/// The secret in the folder, made when there is none. Only its owner can read it.
pub(crate) fn secret(folder: &Path, entropy: &dyn Entropy) -> Result<Secret> {
    let path = folder.join(SECRET);
    let shown = path.display();
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    let new = bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    });
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(mut file) => {
            file.write_all(new.as_bytes())
                .and_then(|()| file.sync_all())
                .with_context(|| format!("the secret {shown} cannot be written"))?;
            Ok(Secret::new(new))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("the secret {shown} cannot be read"))?;
            let text = text.trim();
            // A file that was cut short, by a full disk for example, is no secret.
            if text.len() < 32 {
                bail!("the secret {shown} is too short: remove it to have a new one made");
            }
            Ok(Secret::new(text))
        }
        Err(error) => Err(error).context(format!("the secret {shown} cannot be made")),
    }
}

/// Writes a file so that whoever waits for it never sees half of it.
pub(crate) fn write_whole(path: &Path, text: &str) -> Result<()> {
    let part = path.with_extension("part");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)
        .with_context(|| format!("{} cannot be made", part.display()))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&part, path).with_context(|| format!("{} cannot be made", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use gc_types::SeededEntropy;

    use super::*;

    #[test]
    fn the_secret_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        prepare(&data).unwrap();
        let first = secret(&data, &SeededEntropy::new(1)).unwrap();
        let again = secret(&data, &SeededEntropy::new(2)).unwrap();
        assert_eq!(first, again);
        let mode = std::fs::metadata(data.join(SECRET)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_cut_secret_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(SECRET), "abc").unwrap();
        assert!(secret(folder.path(), &SeededEntropy::new(1)).is_err());
    }

    #[test]
    fn a_folder_below_a_file_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = prepare(&file.path().join("data")).unwrap_err();
        assert!(error.to_string().starts_with("the data folder "), "{error}");
    }
}
