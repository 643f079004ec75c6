//! The helper: a small service that presses Ctrl+Alt+Del when our service asks.

use std::io;
use std::sync::Arc;

use gc_platform::SecureAttentionError;
use windows::Win32::Foundation::HANDLE;

use super::message::{Answer, REQUEST};
use crate::pipe::{Accepted, PipeReader, PipeServer, PipeWriter, pipe_sddl};
use crate::security::Token;
use crate::service::{ServiceManager, ServiceState, StopSignal};
use crate::win32::{CallError, Event};

/// Milliseconds that an asker may take for its few bytes.
const PATIENCE: u32 = 5_000;

/// How the helper serves.
#[derive(Debug, Clone)]
pub struct HelperSettings {
    /// Name of its pipe.
    pub pipe: String,
    /// The service that may ask.
    pub asker: String,
    /// It ends when nobody has asked for so many milliseconds.
    pub idle: u32,
}

/// What presses the keys: [`super::press`], and in tests something that only counts.
type Press<'a> = &'a dyn Fn() -> Result<(), SecureAttentionError>;

/// Answers until nobody asks any longer, or `stop` is set.
pub fn serve(
    settings: &HelperSettings,
    stop: &StopSignal,
    press: Press<'_>,
) -> Result<(), CallError> {
    let stopped = Arc::new(Event::new()?);
    {
        let (stop, stopped) = (stop.clone(), Arc::clone(&stopped));
        // Ends with the process, which has nothing else to do after this.
        std::thread::spawn(move || {
            stop.wait();
            if let Err(error) = stopped.set() {
                tracing::error!(%error, "stop not passed on");
            }
        });
    }
    let own = Token::of_this_process()?.user()?;
    // Under LocalSystem that is SYSTEM, and nobody else.
    let sddl = pipe_sddl(&own, None);
    loop {
        let mut server = PipeServer::create(&settings.pipe, &sddl)?;
        let client = match server.accept(&[stopped.raw()], Some(settings.idle))? {
            Accepted::Client(client) => client,
            Accepted::Other(_) | Accepted::TimedOut => return Ok(()),
        };
        let (reader, writer) = server.into_halves()?;
        if let Err(error) = answer(settings, client, (reader, writer), stopped.raw(), press) {
            tracing::warn!(client, %error, "request not answered");
        }
    }
}

fn answer(
    settings: &HelperSettings,
    client: u32,
    (mut reader, mut writer): (PipeReader, PipeWriter),
    stopped: HANDLE,
    press: Press<'_>,
) -> io::Result<()> {
    let answer = match is_service(&settings.asker, client) {
        Ok(true) => {
            let mut request = [0_u8; REQUEST.len()];
            let mut had = 0;
            while had < request.len() {
                let count = reader.read_until(&mut request[had..], &[stopped], Some(PATIENCE))?;
                if count == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                had += count;
            }
            if &request == REQUEST {
                let result = press();
                match &result {
                    Ok(()) => tracing::info!(client, "Ctrl+Alt+Del sent"),
                    Err(error) => tracing::warn!(client, %error, "Ctrl+Alt+Del not sent"),
                }
                Answer::of(&result)
            } else {
                Answer::Refused
            }
        }
        Ok(false) => {
            tracing::warn!(client, "a process that is not the service asked and was refused");
            Answer::Refused
        }
        Err(error) => {
            tracing::error!(client, %error, "asker cannot be told");
            Answer::Failed
        }
    };
    writer.write_until(&[answer.byte()], Some(PATIENCE))?;
    // The end of the pipe takes with it what was not read yet, so the asker closes first.
    let mut nothing = [0_u8; 1];
    reader.read_until(&mut nothing, &[stopped], Some(PATIENCE))?;
    Ok(())
}

/// Whether a process is that of a service that runs. The service manager has started it
/// and says so; a name or a path could be copied.
fn is_service(name: &str, process: u32) -> Result<bool, CallError> {
    let Some(service) = ServiceManager::connect()?.find_to_look(name)? else { return Ok(false) };
    let status = service.status()?;
    Ok(status.state != ServiceState::Stopped && status.process == process && process != 0)
}
