//! What the installation has written down for the service: in the registry, where users
//! may read and administrators change.

use std::io;
use std::path::{Path, PathBuf};

use super::{LogFile, PRODUCT};
use crate::win32::{CallError, KnownFolder, RegistryKey, known_folder};

/// Name of the service.
pub const AGENT_SERVICE: &str = "GuruConnectAgent";

pub(super) const SERVER: &str = "Server";
pub(super) const CA_FILE: &str = "CaFile";

/// Settings of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSettings {
    /// Address of the server's console.
    pub server: String,
    /// Certificates that are trusted too.
    pub ca_file: Option<PathBuf>,
}

impl ServiceSettings {
    /// Those of this machine; `None` where nothing is installed.
    pub fn load() -> Result<Option<Self>, CallError> {
        Self::read(&format!(r"SOFTWARE\{PRODUCT}"))
    }

    pub(super) fn read(path: &str) -> Result<Option<Self>, CallError> {
        let Some(key) = RegistryKey::open(path)? else { return Ok(None) };
        let Some(server) = key.text(SERVER)? else { return Ok(None) };
        Ok(Some(Self { server, ca_file: key.text(CA_FILE)?.map(PathBuf::from) }))
    }
}

/// `%ProgramData%\GuruConnect`: credentials and logs, for SYSTEM and administrators.
pub fn data_folder() -> Result<PathBuf, CallError> {
    Ok(known_folder(KnownFolder::ProgramData)?.join(PRODUCT))
}

pub(super) const LOGS: &str = "logs";

/// A log in the folder of logs below `data`, which the installation has made: where it
/// has not, this fails, as the folder of somebody else is no place for it.
pub fn open_log(data: &Path, name: &str) -> io::Result<LogFile> {
    LogFile::open(&data.join(LOGS), name)
}
