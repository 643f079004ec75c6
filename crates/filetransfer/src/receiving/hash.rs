//! The hash of what is there already.

use sha2::{Digest, Sha256};

use crate::store::{FileStore, StoreError, StorePath};

/// Of the first `length` bytes.
pub(super) fn hash_of(
    mut read: impl FnMut(u64, &mut [u8]) -> Result<usize, StoreError>,
    length: u64,
) -> Result<Sha256, StoreError> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    let mut at = 0;
    while at < length {
        let want = usize::try_from(length - at).unwrap_or(usize::MAX).min(buffer.len());
        let got = read(at, &mut buffer[..want])?;
        if got == 0 {
            return Err(StoreError::Io("a file became shorter".into()));
        }
        hash.update(&buffer[..got]);
        at += got as u64;
    }
    Ok(hash)
}

/// Of a whole file.
pub(super) fn hash_of_file(
    store: &mut dyn FileStore,
    path: &StorePath,
    size: u64,
) -> Result<[u8; 32], StoreError> {
    let mut file = store.read(path)?;
    Ok(hash_of(|at, buffer| file.read_at(at, buffer), size)?.finalize().into())
}
