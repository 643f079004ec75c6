//! The environment of a process that is started for another user.

use std::ffi::c_void;

use windows::Win32::System::Environment::{CreateEnvironmentBlock, DestroyEnvironmentBlock};
use zeroize::Zeroize;

use crate::security::Token;
use crate::win32::{CallError, Called};

/// Units of the longest environment that is believed.
const LONGEST: usize = 1024 * 1024;

/// An environment as `CreateProcess` wants it: texts that end with a zero, and one more
/// zero. Wiped afterwards, as it may hold a secret.
pub(super) struct EnvironmentBlock(Vec<u16>);

impl EnvironmentBlock {
    /// That of a user, with some variables more.
    pub(super) fn of(token: &Token, more: &[(&str, &str)]) -> Result<Self, CallError> {
        let mut block: *mut c_void = std::ptr::null_mut();
        // SAFETY: the token is open; what is made is read up to its end, a text of no
        // length, and destroyed once.
        let mut variables = unsafe {
            CreateEnvironmentBlock(&raw mut block, Some(token.raw()), false)
                .called("CreateEnvironmentBlock")?;
            let variables = texts(block.cast());
            DestroyEnvironmentBlock(block).called("DestroyEnvironmentBlock")?;
            variables
        };
        for (name, value) in more {
            let prefix: Vec<u16> = format!("{name}=").encode_utf16().collect();
            variables.retain(|text| !starts_with(text, &prefix));
            variables.push(prefix.iter().copied().chain(value.encode_utf16()).collect());
        }
        // "All strings must be sorted alphabetically by name […], case-insensitive".
        variables.sort_by_cached_key(|text| name(text));
        let mut units = Vec::with_capacity(variables.iter().map(|text| text.len() + 1).sum());
        for mut text in variables {
            units.extend_from_slice(&text);
            units.push(0);
            text.zeroize();
        }
        units.push(0);
        Ok(Self(units))
    }

    pub(super) fn as_ptr(&self) -> *const c_void {
        self.0.as_ptr().cast()
    }
}

impl Drop for EnvironmentBlock {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

fn upper(units: &[u16]) -> String {
    String::from_utf16_lossy(units).to_uppercase()
}

/// The name of a variable. That of a drive's current folder begins with "=".
fn name(text: &[u16]) -> String {
    let equals = u16::from(b'=');
    let end = text.iter().skip(1).position(|unit| *unit == equals).map_or(text.len(), |at| at + 1);
    upper(&text[..end])
}

fn starts_with(text: &[u16], prefix: &[u16]) -> bool {
    text.get(..prefix.len()).is_some_and(|start| upper(start) == upper(prefix))
}

/// The texts of a block.
///
/// # Safety
/// `block` points to texts that end with a zero each, and a text of no length.
unsafe fn texts(mut block: *const u16) -> Vec<Vec<u16>> {
    let mut found = Vec::new();
    let mut total = 0;
    loop {
        let mut text = Vec::new();
        // SAFETY: within the block, as its end has not been met.
        unsafe {
            while *block != 0 && total < LONGEST {
                text.push(*block);
                block = block.add(1);
                total += 1;
            }
            block = block.add(1);
        }
        if text.is_empty() || total >= LONGEST {
            return found;
        }
        found.push(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_added_replaced_and_sorted() {
        let token = Token::of_this_process().unwrap();
        let more = [("PaTh", "here"), ("GURUCONNECT_TEST", "ü=1")];
        let block = EnvironmentBlock::of(&token, &more).unwrap();
        // SAFETY: made by the code under test, whose end is what is tested.
        let texts = unsafe { texts(block.as_ptr().cast()) };
        let texts: Vec<String> = texts.iter().map(|text| String::from_utf16_lossy(text)).collect();
        assert!(texts.contains(&"GURUCONNECT_TEST=ü=1".to_owned()), "{texts:?}");
        let paths: Vec<_> =
            texts.iter().filter(|text| text.to_uppercase().starts_with("PATH=")).collect();
        assert_eq!(paths, ["PaTh=here"]);
        assert!(texts.iter().any(|text| text.to_uppercase().starts_with("SYSTEMROOT=")));
        let names: Vec<String> =
            texts.iter().map(|text| name(&text.encode_utf16().collect::<Vec<_>>())).collect();
        assert!(names.is_sorted(), "{names:?}");
    }
}
