//! `guruconnect install`, `repair` and `uninstall`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::Args;
use gc_platform_windows::security::is_elevated;
use gc_platform_windows::service::{
    ElevateError, InstallError, Installation, SetupRequest, start_elevated,
};
use gc_platform_windows::{CallError, console};
use gc_runtime::OsEntropy;
use gc_types::Secret;

use crate::{key, link};

/// For scripts.
pub(super) const EXIT_CODES: &str = "Exit codes: 0 done, 2 wrong arguments, 5 no administrator's \
    rights, 6 no server or no key, 7 the key could not be kept, 8 a file could not be written or \
    removed, 9 Windows refused something, 10 the service does not run, 11 the user did not give \
    rights. The log of the service is in %ProgramData%\\GuruConnect\\logs.";

/// Whose rights.
#[derive(Args)]
pub(crate) struct Rights {
    /// Let Windows ask the user for an administrator's rights where there are none
    #[arg(long)]
    elevate: bool,
    /// Tell the result in a window, since there is no console to tell it in
    #[arg(long, hide = true)]
    window: bool,
}

#[derive(Args)]
pub(crate) struct Arguments {
    /// Address of the server's console; starts with https://. Not needed again where it is
    /// installed already
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// File with the machine key that the console showed; or put the key into the
    /// environment variable GURUCONNECT_KEY. Never an argument: everybody can read those
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    #[arg(skip = gc_runtime::env("GURUCONNECT_KEY"))]
    key: Option<String>,
    /// Also trust the certificates in this PEM file; it is copied
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    #[command(flatten)]
    rights: Rights,
}

/// Why it was not done.
struct Refusal {
    code: u8,
    text: String,
}

impl Refusal {
    /// `ERROR_ACCESS_DENIED`, and what else [`EXIT_CODES`] names.
    const WRONG_ARGUMENTS: u8 = 2;
    const WINDOWS: u8 = 9;
    const NO_RIGHTS_GIVEN: u8 = 11;
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self { code: Self::WRONG_ARGUMENTS, text: format!("{error:#}") }
    }
}

impl From<InstallError> for Refusal {
    fn from(error: InstallError) -> Self {
        Self { code: error.exit_code(), text: error.to_string() }
    }
}

impl From<CallError> for Refusal {
    fn from(error: CallError) -> Self {
        Self { code: Self::WINDOWS, text: error.to_string() }
    }
}

impl From<ElevateError> for Refusal {
    fn from(error: ElevateError) -> Self {
        let code = match error {
            ElevateError::Declined | ElevateError::Forbidden => Self::NO_RIGHTS_GIVEN,
            ElevateError::Call(_) => Self::WINDOWS,
        };
        Self { code, text: error.to_string() }
    }
}

pub(super) fn install(arguments: &Arguments) -> ExitCode {
    arguments.rights.run(|| arguments.again(), || put_in_place(&arguments.request()?))
}

pub(super) fn repair(rights: &Rights) -> ExitCode {
    let nothing = SetupRequest { version: gc_types::VERSION.to_owned(), ..SetupRequest::default() };
    rights.run(|| Ok(vec!["repair".to_owned()]), || put_in_place(&nothing))
}

pub(super) fn uninstall(rights: &Rights) -> ExitCode {
    rights.run(|| Ok(vec!["uninstall".to_owned()]), remove)
}

fn put_in_place(request: &SetupRequest) -> Result<String, Refusal> {
    let installed = Installation::of_this_machine(Arc::new(OsEntropy))?.install(request)?;
    let mut text = format!("GuruConnect is installed in {} and runs.", installed.program.display());
    if !installed.helper {
        text.push_str(
            "\nguruconnect-sas-service.exe was not beside this program: the service presses \
             Ctrl+Alt+Del by itself.",
        );
    }
    Ok(text)
}

fn remove() -> Result<String, Refusal> {
    let left = Installation::of_this_machine(Arc::new(OsEntropy))?.uninstall()?;
    let left =
        left.iter().map(|path| format!("{} goes when Windows starts again.", path.display()));
    let lines: Vec<String> =
        std::iter::once("GuruConnect is removed.".to_owned()).chain(left).collect();
    Ok(lines.join("\n"))
}

impl Arguments {
    fn request(&self) -> anyhow::Result<SetupRequest> {
        if let Some(server) = &self.server {
            link::agent_url(server)
                .with_context(|| format!("'{server}' cannot be used as the server"))?;
        }
        Ok(SetupRequest {
            server: self.server.clone(),
            key: self.key()?,
            ca_file: self.ca_file.clone(),
            version: gc_types::VERSION.to_owned(),
        })
    }

    fn key(&self) -> anyhow::Result<Option<Secret>> {
        let Some(file) = &self.key_file else {
            return self.key.as_deref().map(key::parse).transpose();
        };
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("the key file {} cannot be read", file.display()))?;
        let key = key::parse(&text).with_context(|| format!("in {}", file.display()))?;
        Ok(Some(key))
    }

    /// The command line that does the same, from another folder and environment.
    fn again(&self) -> anyhow::Result<Vec<String>> {
        ensure!(
            self.key.is_none() || self.key_file.is_some(),
            "with --elevate the key has to be in a file that --key-file names: a process with \
             other rights does not get this environment"
        );
        let mut line = vec!["install".to_owned()];
        if let Some(server) = &self.server {
            line.extend(["--server".to_owned(), server.clone()]);
        }
        for (option, file) in [("--key-file", &self.key_file), ("--ca-file", &self.ca_file)] {
            if let Some(file) = file {
                line.extend([option.to_owned(), absolute(file)?]);
            }
        }
        Ok(line)
    }
}

fn absolute(file: &Path) -> anyhow::Result<String> {
    let path = std::path::absolute(file)?;
    let text = path.to_str().with_context(|| format!("{} is not Unicode", path.display()))?;
    Ok(text.to_owned())
}

impl Rights {
    /// Does the work here, or, where rights are to be asked for, in another process with
    /// the arguments of `again`.
    fn run(
        &self,
        again: impl FnOnce() -> anyhow::Result<Vec<String>>,
        work: impl FnOnce() -> Result<String, Refusal>,
    ) -> ExitCode {
        let done = match self.elsewhere(again) {
            Ok(Some(code)) => return code,
            Ok(None) => work(),
            Err(refusal) => Err(refusal),
        };
        let (code, text) = match done {
            Ok(text) => (ExitCode::SUCCESS, text),
            Err(refusal) => (ExitCode::from(refusal.code), refusal.text),
        };
        crate::say(&text);
        if self.window {
            console::message_box("GuruConnect", &text);
        }
        code
    }

    /// `None`: it is to be done here.
    fn elsewhere(
        &self,
        again: impl FnOnce() -> anyhow::Result<Vec<String>>,
    ) -> Result<Option<ExitCode>, Refusal> {
        if !self.elevate || is_elevated()? {
            return Ok(None);
        }
        let mut arguments = again()?;
        arguments.push("--window".to_owned());
        let program = std::env::current_exe().context("where this program is cannot be told")?;
        let code = start_elevated(&program, &arguments)?.wait()?;
        Ok(Some(ExitCode::from(u8::try_from(code).unwrap_or(Refusal::WINDOWS))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments() -> Arguments {
        let rights = Rights { elevate: true, window: false };
        Arguments { server: None, key_file: None, key: None, ca_file: None, rights }
    }

    #[test]
    fn a_process_with_more_rights_finds_the_files_and_never_sees_the_key() {
        let mut given = Arguments {
            server: Some("https://a.example".to_owned()),
            key_file: Some("the key.txt".into()),
            ..arguments()
        };
        let line = given.again().unwrap();
        assert_eq!(line[..4], ["install", "--server", "https://a.example", "--key-file"]);
        assert!(Path::new(&line[4]).is_absolute() && line[4].ends_with("the key.txt"), "{line:?}");
        given.key_file = None;
        given.key = Some("cak_secret".to_owned());
        let refused = given.again().unwrap_err().to_string();
        assert!(refused.contains("--key-file") && !refused.contains("cak_secret"), "{refused}");
    }

    #[test]
    fn what_cannot_be_used_is_refused_before_anything_is_touched() {
        let folder = std::env::temp_dir();
        let given = Arguments { server: Some("http://a.example".to_owned()), ..arguments() };
        assert!(given.request().is_err());
        let given = Arguments { key: Some("cek_abc".to_owned()), ..arguments() };
        assert!(given.request().is_err());
        let missing = folder.join("guruconnect-no-such-key");
        let given = Arguments { key_file: Some(missing), ..arguments() };
        assert!(given.request().unwrap_err().to_string().contains("cannot be read"));
        let given = Arguments { key: Some(" cak_abc\r\n".to_owned()), ..arguments() };
        assert_eq!(given.request().unwrap().key, Some(Secret::new("cak_abc")));
    }
}
