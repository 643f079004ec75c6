//! Encryption by Windows for this machine.

use windows::Win32::Security::Cryptography::{
    CRYPT_INTEGER_BLOB, CRYPTPROTECT_LOCAL_MACHINE, CRYPTPROTECT_UI_FORBIDDEN, CryptProtectData,
    CryptUnprotectData,
};
use windows::core::PCWSTR;
use zeroize::{Zeroize, Zeroizing};

use crate::win32::{CallError, Called, LocalMemory};

/// Goes into the encryption, so that no other program's data decrypts here, nor ours in
/// a program that decrypts whatever it is given. It is no secret.
const ENTROPY: &[u8] = b"GuruConnect machine key 1";

/// What a call takes; it does not write to it, whatever the type says.
fn blob(bytes: &[u8]) -> CRYPT_INTEGER_BLOB {
    CRYPT_INTEGER_BLOB { cbData: bytes.len() as u32, pbData: bytes.as_ptr().cast_mut() }
}

/// Copies out what a call has made, and wipes and frees it.
///
/// # Safety
/// The call has made it with `LocalAlloc`.
unsafe fn taken(made: CRYPT_INTEGER_BLOB) -> Zeroizing<Vec<u8>> {
    let _memory = LocalMemory::new(made.pbData);
    if made.pbData.is_null() {
        return Zeroizing::default();
    }
    // SAFETY: so many bytes, which nobody else has.
    let bytes = unsafe { std::slice::from_raw_parts_mut(made.pbData, made.cbData as usize) };
    let copied = Zeroizing::new(bytes.to_vec());
    bytes.zeroize();
    copied
}

/// Encrypts for this machine.
pub(super) fn encrypt(bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, CallError> {
    let mut made = CRYPT_INTEGER_BLOB::default();
    let (given, entropy) = (blob(bytes), blob(ENTROPY));
    // SAFETY: the bytes live longer than the call; what it makes is ours.
    unsafe {
        CryptProtectData(
            &raw const given,
            PCWSTR::null(),
            Some(&raw const entropy),
            None,
            None,
            CRYPTPROTECT_LOCAL_MACHINE | CRYPTPROTECT_UI_FORBIDDEN,
            &raw mut made,
        )
        .called("CryptProtectData")?;
        Ok(taken(made))
    }
}

/// Decrypts what this machine has encrypted.
pub(super) fn decrypt(bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, CallError> {
    let mut made = CRYPT_INTEGER_BLOB::default();
    let (given, entropy) = (blob(bytes), blob(ENTROPY));
    // SAFETY: as above.
    unsafe {
        CryptUnprotectData(
            &raw const given,
            None,
            Some(&raw const entropy),
            None,
            None,
            CRYPTPROTECT_UI_FORBIDDEN,
            &raw mut made,
        )
        .called("CryptUnprotectData")?;
        Ok(taken(made))
    }
}
