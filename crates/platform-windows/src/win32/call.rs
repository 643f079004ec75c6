//! Failures that name the call.

use windows::Win32::Foundation::WIN32_ERROR;

/// A call into Windows failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{call} failed: {source} ({})", source.code())]
pub struct CallError {
    call: &'static str,
    source: windows::core::Error,
}

impl CallError {
    /// What Windows says of the thread's last call.
    pub(crate) fn last(call: &'static str) -> Self {
        Self { call, source: windows::core::Error::from_thread() }
    }

    /// A call that failed with this code.
    pub(crate) fn with(call: &'static str, code: WIN32_ERROR) -> Self {
        Self { call, source: code.into() }
    }

    /// Whether it failed with this code.
    pub(crate) fn is(&self, code: WIN32_ERROR) -> bool {
        WIN32_ERROR::from_error(&self.source) == Some(code)
    }

    /// Code of winerror.h, where it is one.
    pub fn code(&self) -> Option<u32> {
        WIN32_ERROR::from_error(&self.source).map(|code| code.0)
    }
}

/// Gives a failure the name of its call.
pub(crate) trait Called<T> {
    fn called(self, call: &'static str) -> Result<T, CallError>;
}

impl<T> Called<T> for windows::core::Result<T> {
    fn called(self, call: &'static str) -> Result<T, CallError> {
        self.map_err(|source| CallError { call, source })
    }
}

impl Called<()> for WIN32_ERROR {
    fn called(self, call: &'static str) -> Result<(), CallError> {
        self.ok().called(call)
    }
}

impl From<CallError> for std::io::Error {
    fn from(error: CallError) -> Self {
        match error.code().and_then(|code| i32::try_from(code).ok()) {
            Some(code) => Self::from_raw_os_error(code),
            None => Self::other(error),
        }
    }
}
