//! Presses Ctrl+Alt+Del, by whichever way is open.

use std::io;

use gc_platform::{SecureAttention, SecureAttentionError};
use windows::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_FILE_NOT_FOUND};

use super::library::press;
use super::message::{ANSWER_BYTES, Answer, REQUEST};
use super::{HELPER_PIPE, HELPER_SERVICE};
use crate::pipe::{Connection, connect};
use crate::security::Token;
use crate::service::ServiceManager;
use crate::win32::CallError;

/// Naps in which the helper may start, about 5 s.
const NAPS: u32 = 100;
/// Milliseconds for request and answer each.
const PATIENCE: u32 = 5_000;
/// The services' own session.
const SESSION_OF_SERVICES: u32 = 0;

/// Ctrl+Alt+Del from the service, or through its helper.
pub struct WindowsSecureAttention {
    service: String,
    pipe: String,
}

impl Default for WindowsSecureAttention {
    fn default() -> Self {
        Self::with(HELPER_SERVICE, HELPER_PIPE)
    }
}

fn failed(error: CallError) -> SecureAttentionError {
    if error.is(ERROR_ACCESS_DENIED) {
        SecureAttentionError::Refused
    } else {
        SecureAttentionError::Failed(error.to_string())
    }
}

fn io_failed(error: io::Error) -> SecureAttentionError {
    match error.kind() {
        io::ErrorKind::TimedOut => SecureAttentionError::TimedOut,
        _ => SecureAttentionError::Failed(error.to_string()),
    }
}

impl WindowsSecureAttention {
    /// With a helper of other names.
    pub fn with(service: &str, pipe: &str) -> Self {
        Self { service: service.to_owned(), pipe: pipe.to_owned() }
    }

    /// A service as LocalSystem needs no helper.
    fn may_itself() -> Result<bool, CallError> {
        let token = Token::of_this_process()?;
        Ok(token.is_local_system()? && token.session()? == SESSION_OF_SERVICES)
    }

    fn ask_helper(&self) -> Result<(), SecureAttentionError> {
        let service = ServiceManager::connect()
            .and_then(|manager| manager.find_to_start(&self.service))
            .map_err(failed)?
            .ok_or(SecureAttentionError::NotInstalled)?;
        let status = service.start(&[]).map_err(failed)?;
        let Connection { server, mut reader, mut writer } =
            connect(&self.pipe, NAPS).map_err(|error| {
                if error.is(ERROR_FILE_NOT_FOUND) {
                    SecureAttentionError::TimedOut
                } else {
                    failed(error)
                }
            })?;
        if server != status.process {
            return Err(SecureAttentionError::Failed(format!(
                "process {server} has the helper's pipe and is not the helper"
            )));
        }
        let mut rest = REQUEST.as_slice();
        while !rest.is_empty() {
            let count = writer.write_until(rest, Some(PATIENCE)).map_err(io_failed)?;
            rest = rest.get(count..).unwrap_or_default();
        }
        let mut answer = [0_u8; ANSWER_BYTES];
        match reader.read_until(&mut answer, &[], Some(PATIENCE)).map_err(io_failed)? {
            0 => Err(SecureAttentionError::TimedOut),
            _ => Answer::from_byte(answer[0])
                .ok_or_else(|| SecureAttentionError::Failed("unknown answer".to_owned()))?
                .result(),
        }
    }
}

impl SecureAttention for WindowsSecureAttention {
    fn send(&self) -> Result<(), SecureAttentionError> {
        if Self::may_itself().map_err(failed)? {
            return press();
        }
        self.ask_helper()
    }
}
