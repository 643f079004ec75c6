//! A user's process that may press keys in windows of more rights, as programs for people
//! with disabilities may ("UI access").

use windows::Win32::Security::Authorization::ConvertStringSidToSidW;
use windows::Win32::Security::{
    GetLengthSid, PSID, SID_AND_ATTRIBUTES, SetTokenInformation, TOKEN_MANDATORY_LABEL,
    TokenIntegrityLevel, TokenUIAccess,
};
use windows::core::w;

use super::Token;
use crate::win32::{CallError, Called, LocalMemory};

/// `SE_GROUP_INTEGRITY` (winnt.h).
const INTEGRITY: u32 = 0x20;
/// Medium and 16: what Windows gives to programs that it starts with UI access itself.
const ABOVE_THE_USERS: u32 = 0x2010;

impl Token {
    /// A copy whose processes may send input to windows of more rights; for LocalSystem
    /// only. Such a process would be worth taking over, so that its integrity is a little
    /// above that of the user's other ones, which therefore cannot open it.
    pub(crate) fn with_ui_access(&self) -> Result<Self, CallError> {
        let token = self.copy()?;
        if token.integrity()? < ABOVE_THE_USERS {
            token.raise_integrity()?;
        }
        let yes = 1_u32;
        // SAFETY: UI access is a DWORD (winnt.h), which lives longer than the call.
        unsafe {
            SetTokenInformation(
                token.raw(),
                TokenUIAccess,
                (&raw const yes).cast(),
                size_of::<u32>() as u32,
            )
        }
        .called("SetTokenInformation(TokenUIAccess)")?;
        Ok(token)
    }

    fn raise_integrity(&self) -> Result<(), CallError> {
        let mut level = PSID::default();
        // SAFETY: the text is [`ABOVE_THE_USERS`]; what it gives is freed after its use;
        // the label lives longer than the call.
        unsafe {
            ConvertStringSidToSidW(w!("S-1-16-8208"), &raw mut level)
                .called("ConvertStringSidToSidW")?;
            let _memory = LocalMemory::new(level.0);
            let label = TOKEN_MANDATORY_LABEL {
                Label: SID_AND_ATTRIBUTES { Sid: level, Attributes: INTEGRITY },
            };
            let length = size_of_val(&label) as u32 + GetLengthSid(level);
            SetTokenInformation(self.raw(), TokenIntegrityLevel, (&raw const label).cast(), length)
        }
        .called("SetTokenInformation(TokenIntegrityLevel)")
    }
}
