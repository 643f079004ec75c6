//! Why there is no link, in words that say what to do.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use gc_types::CauseCode;

/// What is wrong with a server's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Neither `wss` nor `ws`.
    #[error("the address must start with wss://")]
    Scheme,
    /// Unencrypted to another machine.
    #[error("an unencrypted ws:// address may only name this machine itself")]
    Plaintext,
    /// No host.
    #[error("the address names no server")]
    Host,
    /// A user name, password, query or fragment: credentials do not belong there.
    #[error("the address must not carry credentials, a query or a fragment")]
    Extra,
}

/// Why trusted certificates could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    /// One's own CA file.
    #[error("the certificate file {path} cannot be read: {reason}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Neither the system nor a file has any.
    #[error("this system has no trusted certificates; name a certificate file")]
    Empty,
    /// The TLS library refused its own settings.
    #[error("tls cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
}

/// Why a connection was not made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address itself.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The name has no address here.
    #[error("the server name {host} cannot be resolved; check the name and the network")]
    Dns {
        /// The name.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// Nothing listens there.
    #[error("the server refused the connection; it may be stopped or the port wrong")]
    Refused,
    /// No way there.
    #[error("the server cannot be reached")]
    Unreachable(#[source] io::Error),
    /// No answer in time.
    #[error("the server did not answer in time")]
    TimedOut,
    /// The certificate is not valid at this machine's time.
    #[error("the server's certificate is not valid today; check this machine's date and time")]
    CertificateTime,
    /// Nobody trusted vouches for the certificate.
    #[error("the server's certificate is not trusted here; a proxy may be inspecting the line")]
    CertificateUntrusted,
    /// It is for another name.
    #[error("the server's certificate is for another name")]
    CertificateName,
    /// Anything else about TLS.
    #[error("no secure connection: {0}")]
    Tls(String),
    /// The credential was not accepted.
    #[error("the server did not accept the credential")]
    Unauthenticated,
    /// The server asks to come back later.
    #[error("the server is busy")]
    Busy {
        /// When, if it said so.
        retry_after: Option<Duration>,
    },
    /// Another answer of the server.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// Something in between answered: a captive portal, a proxy that wants a
    /// login, or not the server at all.
    #[error("a proxy or sign-in page answered instead of the server")]
    Intercepted,
    /// The connection broke while being opened.
    #[error("the connection broke while being opened")]
    Broken(#[source] io::Error),
    /// No trusted certificates.
    #[error(transparent)]
    Roots(#[from] RootsError),
}

impl ConnectError {
    /// The code that people see elsewhere than at this computer.
    pub const fn cause(&self) -> CauseCode {
        match self {
            Self::Dns { .. } => CauseCode::LinkNameUnknown,
            Self::Refused => CauseCode::LinkRefused,
            Self::Address(_) | Self::Unreachable(_) => CauseCode::LinkUnreachable,
            Self::TimedOut => CauseCode::LinkTimedOut,
            Self::CertificateTime => CauseCode::LinkClockWrong,
            Self::CertificateUntrusted => CauseCode::LinkNotTrusted,
            Self::CertificateName => CauseCode::LinkOtherName,
            Self::Tls(_) => CauseCode::LinkNotSecure,
            Self::Unauthenticated => CauseCode::LinkKeyRefused,
            Self::Busy { .. } | Self::Status(_) => CauseCode::LinkServerBusy,
            Self::Intercepted => CauseCode::LinkIntercepted,
            Self::Broken(_) => CauseCode::LinkBroken,
            Self::Roots(_) => CauseCode::LinkNoRoots,
        }
    }

    /// What the system or the library said; empty when the code tells all.
    pub fn detail(&self) -> String {
        match self {
            Self::Dns { host, source } => format!("{host}: {source}"),
            Self::Unreachable(source) | Self::Broken(source) => source.to_string(),
            Self::Address(_) | Self::Tls(_) | Self::Status(_) | Self::Roots(_) => self.to_string(),
            Self::Refused
            | Self::TimedOut
            | Self::CertificateTime
            | Self::CertificateUntrusted
            | Self::CertificateName
            | Self::Unauthenticated
            | Self::Busy { .. }
            | Self::Intercepted => String::new(),
        }
    }
}
