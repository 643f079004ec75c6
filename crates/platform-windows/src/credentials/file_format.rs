//! The file of the key: a mark, a length, a digest, and what DPAPI gave. The digest
//! tells a damaged file from one that another machine has written.

use sha2::{Digest, Sha256};

/// First bytes of every such file; the last one is the version.
const MARK: &[u8; 8] = b"GCCAK\0\0\x01";
const DIGEST: usize = 32;
const HEADER: usize = MARK.len() + 4 + DIGEST;
/// Most bytes that DPAPI may have given, and so the file may have after its header.
const MOST: usize = 16 * 1024;

/// Most bytes of a file that are read.
pub(crate) const LARGEST: usize = HEADER + MOST;

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormatError {
    #[error("it is empty")]
    Empty,
    #[error("it is not a key file of this version")]
    Mark,
    #[error("it has another length than it says")]
    Length,
    #[error("its content has changed since it was written")]
    Digest,
}

/// The file for these encrypted bytes.
pub(crate) fn write(encrypted: &[u8]) -> Result<Vec<u8>, FormatError> {
    if encrypted.is_empty() || encrypted.len() > MOST {
        return Err(FormatError::Length);
    }
    let length = u32::try_from(encrypted.len()).map_err(|_| FormatError::Length)?;
    let mut file = Vec::with_capacity(HEADER + encrypted.len());
    file.extend_from_slice(MARK);
    file.extend_from_slice(&length.to_le_bytes());
    file.extend_from_slice(&Sha256::digest(encrypted));
    file.extend_from_slice(encrypted);
    Ok(file)
}

/// The encrypted bytes of a file.
pub(crate) fn read(file: &[u8]) -> Result<&[u8], FormatError> {
    if file.is_empty() {
        return Err(FormatError::Empty);
    }
    let rest = file.strip_prefix(MARK).ok_or(FormatError::Mark)?;
    let (length, rest) = rest.split_first_chunk::<4>().ok_or(FormatError::Length)?;
    let (digest, encrypted) = rest.split_at_checked(DIGEST).ok_or(FormatError::Length)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| FormatError::Length)?;
    if encrypted.is_empty() || encrypted.len() != length || length > MOST {
        return Err(FormatError::Length);
    }
    if Sha256::digest(encrypted).as_slice() != digest {
        return Err(FormatError::Digest);
    }
    Ok(encrypted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gives_back_what_was_written() {
        let file = write(b"secret").unwrap();
        assert_eq!(read(&file), Ok(b"secret".as_slice()));
        assert!(file.len() <= LARGEST);
        assert_eq!(write(b""), Err(FormatError::Length));
        assert_eq!(write(&vec![0; MOST + 1]), Err(FormatError::Length));
        assert_eq!(write(&vec![0; MOST]).unwrap().len(), LARGEST);
    }

    #[test]
    fn every_changed_byte_and_every_other_length_is_noticed() {
        let file = write(b"secret").unwrap();
        for index in 0..file.len() {
            let mut changed = file.clone();
            changed[index] ^= 0x20;
            assert!(read(&changed).is_err(), "byte {index}");
            assert!(read(&file[..index]).is_err(), "cut at {index}");
        }
        let mut longer = file;
        longer.push(0);
        assert_eq!(read(&longer), Err(FormatError::Length));
        assert_eq!(read(b""), Err(FormatError::Empty));
        assert_eq!(read(b"cak_0123456789"), Err(FormatError::Mark));
    }
}
