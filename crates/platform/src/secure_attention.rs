//! Ctrl+Alt+Del: the one key press that no program can inject, so that nobody can
//! fake a logon screen. Windows takes it from services that its policy allows.

/// Why Ctrl+Alt+Del was not pressed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecureAttentionError {
    /// The helper service is not there. It comes with the managed installation.
    #[error("the Ctrl+Alt+Del helper is not installed: install GuruConnect as a service")]
    NotInstalled,
    /// Windows does not take it from services.
    #[error(
        "Windows does not let services send Ctrl+Alt+Del: set the policy \"Disable or enable \
         software Secure Attention Sequence\" to \"Services\", or repair the installation"
    )]
    PolicyForbids,
    /// Windows comes without `sas.dll`, as Windows Server without desktop does.
    #[error("this Windows has no sas.dll: install its desktop experience")]
    NoLibrary,
    /// The helper is there and did not answer.
    #[error("the Ctrl+Alt+Del helper does not answer: restart the service GuruConnectSas")]
    TimedOut,
    /// The operating system knows no such thing, or it is not wired on it.
    #[error("this machine has no Ctrl+Alt+Del to send")]
    NotSupported,
    /// This process may not ask for it.
    #[error("Ctrl+Alt+Del was refused: only the GuruConnect service may ask for it")]
    Refused,
    /// A call failed; the text names it.
    #[error("Ctrl+Alt+Del could not be sent: {0}")]
    Failed(String),
}

/// Presses Ctrl+Alt+Del. How often it may be asked for is the caller's rule.
pub trait SecureAttention: Send + Sync {
    /// Asks for it and waits, some seconds at most, until it was taken or refused.
    /// Windows does not tell whether anything came of it. Blocks; not for a thread
    /// that serves others.
    fn send(&self) -> Result<(), SecureAttentionError>;
}

/// Where there is nothing to press.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSecureAttention;

impl SecureAttention for NoSecureAttention {
    fn send(&self) -> Result<(), SecureAttentionError> {
        Err(SecureAttentionError::NotSupported)
    }
}
