//! Keys below `HKEY_LOCAL_MACHINE`, in the 64-bit view.

use windows::Win32::Foundation::{
    ERROR_FILE_NOT_FOUND, ERROR_MORE_DATA, ERROR_SUCCESS, ERROR_UNSUPPORTED_TYPE,
};
use windows::Win32::System::Registry::{
    HKEY, HKEY_LOCAL_MACHINE, KEY_QUERY_VALUE, KEY_READ, KEY_SET_VALUE, KEY_WOW64_64KEY, REG_DWORD,
    REG_EXPAND_SZ, REG_OPTION_NON_VOLATILE, REG_SAM_FLAGS, REG_SZ, REG_VALUE_TYPE, RegCloseKey,
    RegCreateKeyExW, RegDeleteTreeW, RegDeleteValueW, RegOpenKeyExW, RegQueryValueExW,
    RegSetValueExW,
};
use windows::core::PCWSTR;

use super::{CallError, Called, Wide};

/// Longest value that is read, bytes.
const LONGEST: usize = 64 * 1024;

/// An open key.
pub(crate) struct RegistryKey(HKEY);

impl RegistryKey {
    /// Opens a key to read; `None` when it is not there.
    pub(crate) fn open(path: &str) -> Result<Option<Self>, CallError> {
        Self::open_with(path, KEY_READ)
    }

    /// Opens a key to change, and makes it when it is not there.
    pub(crate) fn create(path: &str) -> Result<Self, CallError> {
        let mut key = HKEY::default();
        // SAFETY: the text ends with a zero; the key is written to a live place.
        unsafe {
            RegCreateKeyExW(
                HKEY_LOCAL_MACHINE,
                Wide::new(path).as_ptr(),
                None,
                PCWSTR::null(),
                REG_OPTION_NON_VOLATILE,
                KEY_QUERY_VALUE | KEY_SET_VALUE | KEY_WOW64_64KEY,
                None,
                &raw mut key,
                None,
            )
        }
        .called("RegCreateKeyExW")?;
        Ok(Self(key))
    }

    fn open_with(path: &str, access: REG_SAM_FLAGS) -> Result<Option<Self>, CallError> {
        let mut key = HKEY::default();
        // SAFETY: as above.
        let code = unsafe {
            RegOpenKeyExW(
                HKEY_LOCAL_MACHINE,
                Wide::new(path).as_ptr(),
                None,
                access | KEY_WOW64_64KEY,
                &raw mut key,
            )
        };
        if code == ERROR_FILE_NOT_FOUND {
            return Ok(None);
        }
        code.called("RegOpenKeyExW")?;
        Ok(Some(Self(key)))
    }

    /// Removes a key with all that is in it. None being there is no error.
    pub(crate) fn remove_tree(parent: &str, name: &str) -> Result<(), CallError> {
        let Some(parent) = Self::open_with(
            parent,
            // What `RegDeleteTreeW` asks for.
            REG_SAM_FLAGS(0x0001_0000) | KEY_READ | KEY_SET_VALUE,
        )?
        else {
            return Ok(());
        };
        // SAFETY: the key is open, the text ends with a zero.
        let code = unsafe { RegDeleteTreeW(parent.0, Wide::new(name).as_ptr()) };
        if code == ERROR_FILE_NOT_FOUND { Ok(()) } else { code.called("RegDeleteTreeW") }
    }

    fn read(&self, name: &str) -> Result<Option<(REG_VALUE_TYPE, Vec<u8>)>, CallError> {
        let mut data = vec![0_u8; LONGEST];
        let mut length = LONGEST as u32;
        let mut kind = REG_VALUE_TYPE::default();
        // SAFETY: the key is open; it writes at most `length` bytes.
        let code = unsafe {
            RegQueryValueExW(
                self.0,
                Wide::new(name).as_ptr(),
                None,
                Some(&raw mut kind),
                Some(data.as_mut_ptr()),
                Some(&raw mut length),
            )
        };
        if code == ERROR_FILE_NOT_FOUND {
            return Ok(None);
        }
        code.called("RegQueryValueExW")?;
        data.truncate(length as usize);
        Ok(Some((kind, data)))
    }

    /// A number; `None` when it is not there.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u32>, CallError> {
        let Some((kind, data)) = self.read(name)? else { return Ok(None) };
        match <[u8; 4]>::try_from(data.as_slice()) {
            Ok(bytes) if kind == REG_DWORD => Ok(Some(u32::from_le_bytes(bytes))),
            _ => Err(CallError::with("RegQueryValueExW", ERROR_UNSUPPORTED_TYPE)),
        }
    }

    /// A text; `None` when it is not there.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, CallError> {
        let Some((kind, data)) = self.read(name)? else { return Ok(None) };
        if kind != REG_SZ && kind != REG_EXPAND_SZ {
            return Err(CallError::with("RegQueryValueExW", ERROR_UNSUPPORTED_TYPE));
        }
        let units: Vec<u16> = data
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .take_while(|unit| *unit != 0)
            .collect();
        Ok(Some(String::from_utf16_lossy(&units)))
    }

    fn write(&self, name: &str, kind: REG_VALUE_TYPE, data: &[u8]) -> Result<(), CallError> {
        if data.len() > LONGEST {
            return Err(CallError::with("RegSetValueExW", ERROR_MORE_DATA));
        }
        // SAFETY: the key is open, the texts end with a zero.
        unsafe { RegSetValueExW(self.0, Wide::new(name).as_ptr(), None, kind, Some(data)) }
            .called("RegSetValueExW")
    }

    pub(crate) fn set_number(&self, name: &str, value: u32) -> Result<(), CallError> {
        self.write(name, REG_DWORD, &value.to_le_bytes())
    }

    pub(crate) fn set_text(&self, name: &str, value: &str) -> Result<(), CallError> {
        self.write(name, REG_SZ, &Wide::new(value).bytes())
    }

    /// A text in which Windows puts its variables in.
    pub(crate) fn set_template(&self, name: &str, value: &str) -> Result<(), CallError> {
        self.write(name, REG_EXPAND_SZ, &Wide::new(value).bytes())
    }

    /// Removes a value. None being there is no error.
    pub(crate) fn remove(&self, name: &str) -> Result<(), CallError> {
        // SAFETY: as above.
        let code = unsafe { RegDeleteValueW(self.0, Wide::new(name).as_ptr()) };
        if code == ERROR_FILE_NOT_FOUND { Ok(()) } else { code.called("RegDeleteValueW") }
    }
}

impl Drop for RegistryKey {
    fn drop(&mut self) {
        // SAFETY: ours, and not used after this.
        let closed = unsafe { RegCloseKey(self.0) };
        debug_assert_eq!(closed, ERROR_SUCCESS);
    }
}
