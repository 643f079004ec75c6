//! The registry, as far as the agent needs it.

use windows::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND, WIN32_ERROR};
use windows::Win32::System::Registry::{
    HKEY, KEY_SET_VALUE, REG_OPTION_NON_VOLATILE, REG_ROUTINE_FLAGS, REG_SZ, RRF_RT_REG_DWORD,
    RRF_RT_REG_SZ, RegCloseKey, RegCreateKeyExW, RegDeleteTreeW, RegGetValueW, RegSetValueExW,
};
use windows::core::{HSTRING, PCWSTR};

/// Longest text read, in units of UTF-16.
const MAX_TEXT: usize = 1024;

fn found(code: WIN32_ERROR) -> Result<bool, windows::core::Error> {
    if code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND {
        return Ok(false);
    }
    code.ok().map(|()| true)
}

fn read(
    root: HKEY,
    path: &str,
    name: &str,
    kind: REG_ROUTINE_FLAGS,
    value: &mut [u8],
) -> Result<Option<usize>, windows::core::Error> {
    let mut size = u32::try_from(value.len()).unwrap_or(u32::MAX);
    // SAFETY: the value has as many bytes as its size says.
    let code = unsafe {
        RegGetValueW(
            root,
            &HSTRING::from(path),
            &HSTRING::from(name),
            kind,
            None,
            Some(value.as_mut_ptr().cast()),
            Some(&raw mut size),
        )
    };
    Ok(found(code)?.then_some(size as usize))
}

/// A text; `None` where there is none. The empty name is the key's own value.
pub(crate) fn text(
    root: HKEY,
    path: &str,
    name: &str,
) -> Result<Option<String>, windows::core::Error> {
    let mut bytes = [0; 2 * MAX_TEXT];
    let Some(size) = read(root, path, name, RRF_RT_REG_SZ, &mut bytes)? else { return Ok(None) };
    let units: Vec<u16> = bytes[..size.min(bytes.len())]
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .take_while(|unit| *unit != 0)
        .collect();
    Ok(Some(String::from_utf16_lossy(&units)))
}

/// A number; `None` where there is none.
pub(crate) fn number(
    root: HKEY,
    path: &str,
    name: &str,
) -> Result<Option<u32>, windows::core::Error> {
    let mut bytes = [0; 4];
    let read = read(root, path, name, RRF_RT_REG_DWORD, &mut bytes)?;
    Ok(read.map(|_| u32::from_le_bytes(bytes)))
}

/// Sets a text, and makes the keys above it.
pub(crate) fn set_text(
    root: HKEY,
    path: &str,
    name: &str,
    value: &str,
) -> Result<(), windows::core::Error> {
    let mut key = HKEY::default();
    // SAFETY: writes into the live key, which is closed below.
    unsafe {
        RegCreateKeyExW(
            root,
            &HSTRING::from(path),
            None,
            PCWSTR::null(),
            REG_OPTION_NON_VOLATILE,
            KEY_SET_VALUE,
            None,
            &raw mut key,
            None,
        )
        .ok()?;
    }
    let bytes: Vec<u8> =
        value.encode_utf16().chain(std::iter::once(0)).flat_map(u16::to_le_bytes).collect();
    // SAFETY: the key is open; the text ends with a zero.
    unsafe {
        let set = RegSetValueExW(key, &HSTRING::from(name), None, REG_SZ, Some(&bytes));
        let closed = RegCloseKey(key);
        set.ok().and(closed.ok())
    }
}

/// Takes a key away with all below it; whether there was one.
pub(crate) fn remove(root: HKEY, path: &str) -> Result<bool, windows::core::Error> {
    // SAFETY: the text ends with a zero and outlives the call.
    found(unsafe { RegDeleteTreeW(root, &HSTRING::from(path)) })
}
