//! Being a service, and putting services in and out (ADR 14).

/// Name of the product's folders and keys.
#[cfg(windows)]
pub(crate) const PRODUCT: &str = "GuruConnect";

mod command_line;
mod definition;
#[cfg(windows)]
mod elevate;
#[cfg(windows)]
mod event_log;
#[cfg(windows)]
pub(crate) mod files;
#[cfg(windows)]
mod host;
mod hub;
#[cfg(windows)]
mod install;
mod log_file;
#[cfg(windows)]
mod manager;
#[cfg(windows)]
mod settings;
#[cfg(windows)]
mod temporary;

pub use command_line::command_line;
pub use definition::{FORGIVEN_AFTER, RESTART_DELAYS, Recovery, ServiceDefinition, Start};
#[cfg(windows)]
pub use elevate::{ElevateError, ElevatedProcess, start_elevated};
#[cfg(windows)]
pub use event_log::{EventLog, Severity};
#[cfg(windows)]
pub use files::FileError;
#[cfg(windows)]
pub use host::{HostError, ServiceContext, ServiceFailure, StopSignal, run_service};
pub use hub::SessionHub;
#[cfg(windows)]
pub use install::{InstallError, Installation, Installed, Names, SetupRequest};
pub use log_file::LogFile;
#[cfg(windows)]
pub use manager::{Service, ServiceManager, ServiceState, ServiceStatus};
#[cfg(windows)]
pub use settings::{AGENT_SERVICE, ServiceSettings, data_folder, open_log};
#[cfg(windows)]
pub use temporary::{TemporaryService, TemporaryServiceRequest, temporary_service_name};
