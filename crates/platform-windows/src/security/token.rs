//! Who a process or a user is to Windows.

use std::ffi::c_void;
use std::os::windows::io::OwnedHandle;

use windows::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, HANDLE};
use windows::Win32::Security::Authorization::ConvertSidToStringSidW;
use windows::Win32::Security::{
    DuplicateTokenEx, GetTokenInformation, SID_AND_ATTRIBUTES, SecurityIdentification,
    SetTokenInformation, TOKEN_ADJUST_DEFAULT, TOKEN_ADJUST_SESSIONID, TOKEN_ASSIGN_PRIMARY,
    TOKEN_DUPLICATE, TOKEN_ELEVATION, TOKEN_INFORMATION_CLASS, TOKEN_QUERY, TokenElevation,
    TokenIntegrityLevel, TokenPrimary, TokenSessionId, TokenUser,
};
use windows::Win32::System::RemoteDesktop::WTSQueryUserToken;
use windows::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};
use windows::core::PWSTR;

use super::LOCAL_SYSTEM;
use crate::win32::{CallError, Called, LocalMemory, from_pwstr, owned, raw};

/// A token.
pub(crate) struct Token(OwnedHandle);

impl Token {
    /// That of this process.
    pub(crate) fn of_this_process() -> Result<Self, CallError> {
        let mut token = HANDLE::default();
        // SAFETY: the handle is written to a live place and ours.
        unsafe {
            OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE, &raw mut token)
                .called("OpenProcessToken")?;
            Ok(Self(owned(token)))
        }
    }

    /// That of a process, to be looked at. The handle needs
    /// `PROCESS_QUERY_LIMITED_INFORMATION`.
    pub(crate) fn of_process(process: HANDLE) -> Result<Self, CallError> {
        let mut token = HANDLE::default();
        // SAFETY: the handle is written to a live place and ours.
        unsafe {
            OpenProcessToken(process, TOKEN_QUERY, &raw mut token).called("OpenProcessToken")?;
            Ok(Self(owned(token)))
        }
    }

    /// That of the user who is logged on in a session; for LocalSystem only.
    pub(crate) fn of_user(session: u32) -> Result<Self, CallError> {
        let mut token = HANDLE::default();
        // SAFETY: as above.
        unsafe {
            WTSQueryUserToken(session, &raw mut token).called("WTSQueryUserToken")?;
            Ok(Self(owned(token)))
        }
    }

    /// A copy of this process's token for a process in another session.
    pub(crate) fn of_this_process_in(session: u32) -> Result<Self, CallError> {
        let token = Self::of_this_process()?.copy()?;
        // SAFETY: the session's number lives longer than the call.
        unsafe {
            SetTokenInformation(
                token.raw(),
                TokenSessionId,
                (&raw const session).cast(),
                size_of::<u32>() as u32,
            )
        }
        .called("SetTokenInformation(TokenSessionId)")?;
        Ok(token)
    }

    pub(crate) fn raw(&self) -> HANDLE {
        raw(&self.0)
    }

    /// A fact of fixed size.
    ///
    /// # Safety
    /// `T` is what Windows gives for `class`.
    unsafe fn fact<T: Default>(&self, class: TOKEN_INFORMATION_CLASS) -> Result<T, CallError> {
        let mut value = T::default();
        let mut length = 0;
        // SAFETY: it writes at most the size of the live value.
        unsafe {
            GetTokenInformation(
                self.raw(),
                class,
                Some((&raw mut value).cast::<c_void>()),
                size_of::<T>() as u32,
                &raw mut length,
            )
        }
        .called("GetTokenInformation")?;
        Ok(value)
    }

    /// The session that its processes are in.
    pub(crate) fn session(&self) -> Result<u32, CallError> {
        // SAFETY: a session is a DWORD (winnt.h, TokenSessionId).
        unsafe { self.fact(TokenSessionId) }
    }

    pub(crate) fn is_elevated(&self) -> Result<bool, CallError> {
        // SAFETY: as its name says (winnt.h).
        let elevation: TOKEN_ELEVATION = unsafe { self.fact(TokenElevation) }?;
        Ok(elevation.TokenIsElevated != 0)
    }

    /// Its user, as a number: "S-1-5-18".
    pub(crate) fn user(&self) -> Result<String, CallError> {
        // SAFETY: TOKEN_USER begins with it.
        unsafe { self.identifier(TokenUser) }
    }

    /// How far its processes are trusted: 0x2000 for a user's, 0x3000 with an
    /// administrator's rights.
    pub(crate) fn integrity(&self) -> Result<u32, CallError> {
        // SAFETY: TOKEN_MANDATORY_LABEL begins with it.
        let label = unsafe { self.identifier(TokenIntegrityLevel) }?;
        Ok(label.rsplit('-').next().and_then(|level| level.parse().ok()).unwrap_or_default())
    }

    /// A fact that is an identifier (SID), as text.
    ///
    /// # Safety
    /// What Windows gives for `class` begins with a `SID_AND_ATTRIBUTES`.
    unsafe fn identifier(&self, class: TOKEN_INFORMATION_CLASS) -> Result<String, CallError> {
        let mut length = 0;
        // SAFETY: no buffer: it only tells the length.
        let asked = unsafe { GetTokenInformation(self.raw(), class, None, 0, &raw mut length) }
            .called("GetTokenInformation(identifier)");
        if let Err(error) = asked
            && !error.is(ERROR_INSUFFICIENT_BUFFER)
        {
            return Err(error);
        }
        // Words, so that the structure in it is aligned.
        let mut buffer = vec![0_u64; (length as usize).div_ceil(8)];
        // SAFETY: it writes at most `length` bytes; what it has written begins with the
        // identifier, whose parts are in the same buffer; the text is freed after it was
        // copied.
        unsafe {
            GetTokenInformation(
                self.raw(),
                class,
                Some(buffer.as_mut_ptr().cast()),
                length,
                &raw mut length,
            )
            .called("GetTokenInformation(identifier)")?;
            let found = &*buffer.as_ptr().cast::<SID_AND_ATTRIBUTES>();
            let mut text = PWSTR::null();
            ConvertSidToStringSidW(found.Sid, &raw mut text).called("ConvertSidToStringSidW")?;
            let _memory = LocalMemory::new(text.0);
            Ok(from_pwstr(text).to_string_lossy().into_owned())
        }
    }

    /// A copy for a process that this one starts.
    pub(super) fn copy(&self) -> Result<Self, CallError> {
        let mut token = HANDLE::default();
        // SAFETY: the handle is written to a live place and ours.
        unsafe {
            DuplicateTokenEx(
                self.raw(),
                TOKEN_ASSIGN_PRIMARY
                    | TOKEN_DUPLICATE
                    | TOKEN_QUERY
                    | TOKEN_ADJUST_DEFAULT
                    | TOKEN_ADJUST_SESSIONID,
                None,
                SecurityIdentification,
                TokenPrimary,
                &raw mut token,
            )
            .called("DuplicateTokenEx")?;
            Ok(Self(owned(token)))
        }
    }

    pub(crate) fn is_local_system(&self) -> Result<bool, CallError> {
        Ok(self.user()? == LOCAL_SYSTEM)
    }
}

/// Whether this process has an administrator's rights, not only an administrator's
/// name.
pub fn is_elevated() -> Result<bool, CallError> {
    let token = Token::of_this_process()?;
    Ok(token.is_elevated()? || token.is_local_system()?)
}
