//! What the API needs to be told.

use std::path::PathBuf;
use std::time::Duration;

use gc_types::Secret;
use url::Url;

use crate::address::TrustedProxies;
use crate::password::PasswordCost;

/// Settings of the API, read and checked by the binary.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// Origin by which people reach the server. Links are made from this and never
    /// from a request.
    pub public_url: Url,
    /// Further origins of browsers on this machine, such as `http://localhost:8080`.
    pub local_origins: Vec<String>,
    /// Shown to guests.
    pub company: String,
    /// Keys are derived from it.
    pub secret: Secret,
    /// Whose `X-Forwarded-For` is believed.
    pub proxies: TrustedProxies,
    /// The server does TLS itself.
    pub tls: bool,
    /// Where downloads lie.
    pub downloads: PathBuf,
    /// What a password hash costs.
    pub password_cost: PasswordCost,
    /// Unwatched sessions of machines that are offline end after this.
    pub reap_after: Duration,
    /// Which build runs.
    pub build: Build,
}

/// Which build runs.
#[derive(Debug, Clone, Copy)]
pub struct Build {
    /// Version.
    pub version: &'static str,
    /// Commit, or `unknown`.
    pub commit: &'static str,
    /// Its date, or `unknown`.
    pub commit_date: &'static str,
}

impl ApiConfig {
    /// `https://host[:port]` without a path.
    pub(crate) fn origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }

    /// Whether browsers reach the server by TLS.
    pub(crate) fn secure(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// A page of the console.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}/{path}", self.origin())
    }
}
