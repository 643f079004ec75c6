//! Which program answers links that begin with `guruconnect://`.

use std::path::{Path, PathBuf};

use gc_types::LAUNCH_SCHEME;
use windows::Win32::System::Registry::{HKEY, HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE};
use windows::Win32::UI::Shell::{SHCNE_ASSOCCHANGED, SHCNF_IDLIST, SHChangeNotify};

use crate::registry;

/// For whom the program answers links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkScope {
    /// The user that runs this; needs no rights.
    User,
    /// Everybody at the machine; needs an administrator.
    Machine,
}

/// Why the registration cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum LinkHandlerError {
    /// The path cannot stand on a command line.
    #[error("{0} cannot be named on a command line")]
    Path(String),
    /// The registry refused; without elevation it does for [`LinkScope::Machine`].
    #[error("the registry refused: {0}")]
    Registry(#[from] windows::core::Error),
    /// It was written, and is not what is read back.
    #[error("the registry holds something else than was written")]
    NotKept,
}

/// Where links lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkTarget {
    /// Address of the server's console.
    pub server: String,
    /// Certificates that are trusted too.
    pub ca_file: Option<PathBuf>,
}

const SERVER: &str = "Server";
const CA_FILE: &str = "CaFile";

impl LinkScope {
    const fn root(self) -> HKEY {
        match self {
            Self::User => HKEY_CURRENT_USER,
            Self::Machine => HKEY_LOCAL_MACHINE,
        }
    }
}

fn key() -> String {
    format!(r"Software\Classes\{LAUNCH_SCHEME}")
}

/// What Windows runs for a link. The program must take what follows `launch` as
/// [`gc_types::LaunchTicket::from_arguments`] does: a link may hold quotation marks.
fn command(program: &Path) -> Result<String, LinkHandlerError> {
    let refused = || LinkHandlerError::Path(program.display().to_string());
    let path = program.to_str().ok_or_else(refused)?;
    // Neither can be in a file's name; a relative path would depend on who starts it.
    // A percent sign would be taken for the link's.
    if path.contains(['"', '%']) || path.chars().any(char::is_control) || !program.is_absolute() {
        return Err(refused());
    }
    Ok(format!(r#""{path}" launch "%1""#))
}

/// Lets `program` answer links, instead of whoever did before.
pub fn register_links(scope: LinkScope, program: &Path) -> Result<(), LinkHandlerError> {
    let (root, key, command) = (scope.root(), key(), command(program)?);
    let icon = format!("\"{}\",0", program.display());
    registry::set_text(root, &key, "", "URL:GuruConnect remote support")?;
    // This value makes it a protocol.
    registry::set_text(root, &key, "URL Protocol", "")?;
    registry::set_text(root, &format!(r"{key}\DefaultIcon"), "", &icon)?;
    registry::set_text(root, &format!(r"{key}\shell\open\command"), "", &command)?;
    tell_the_shell();
    if link_command(scope)?.as_deref() == Some(command.as_str()) {
        Ok(())
    } else {
        Err(LinkHandlerError::NotKept)
    }
}

/// Writes down where links lead, beside the registration, which [`unregister_links`]
/// takes away with it.
pub fn set_link_target(scope: LinkScope, target: &LinkTarget) -> Result<(), LinkHandlerError> {
    let (root, key) = (scope.root(), key());
    let ca_file = match &target.ca_file {
        Some(file) => {
            let refused = || LinkHandlerError::Path(file.display().to_string());
            file.to_str().ok_or_else(refused)?
        }
        None => "",
    };
    registry::set_text(root, &key, SERVER, &target.server)?;
    registry::set_text(root, &key, CA_FILE, ca_file)?;
    if link_target(scope)?.as_ref() == Some(target) {
        Ok(())
    } else {
        Err(LinkHandlerError::NotKept)
    }
}

/// Where links lead; `None` where that is not written down.
pub fn link_target(scope: LinkScope) -> Result<Option<LinkTarget>, LinkHandlerError> {
    let Some(server) = registry::text(scope.root(), &key(), SERVER)? else { return Ok(None) };
    let ca_file = registry::text(scope.root(), &key(), CA_FILE)?;
    let ca_file = ca_file.filter(|file| !file.is_empty()).map(PathBuf::from);
    Ok(Some(LinkTarget { server, ca_file }))
}

/// What answers links, as a command line; `None` for nothing.
pub fn link_command(scope: LinkScope) -> Result<Option<String>, LinkHandlerError> {
    let key = format!(r"{}\shell\open\command", key());
    Ok(registry::text(scope.root(), &key, "")?)
}

/// Takes the registration away; whether there was one.
pub fn unregister_links(scope: LinkScope) -> Result<bool, LinkHandlerError> {
    let removed = registry::remove(scope.root(), &key())?;
    if removed {
        tell_the_shell();
    }
    Ok(removed)
}

/// Takes the registration away if it is that of `program`, and leaves another's; whether
/// there was one.
pub(crate) fn unregister_links_of(
    scope: LinkScope,
    program: &Path,
) -> Result<bool, LinkHandlerError> {
    let ours = command(program)?;
    if link_command(scope)?.as_deref() != Some(ours.as_str()) {
        return Ok(false);
    }
    unregister_links(scope)
}

fn tell_the_shell() {
    // SAFETY: this event has no items.
    unsafe { SHChangeNotify(SHCNE_ASSOCCHANGED, SHCNF_IDLIST, None, None) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_stands_between_quotation_marks_and_so_does_the_link() {
        let path = Path::new(r"C:\Program Files\GuruConnect\guruconnect.exe");
        let expected = r#""C:\Program Files\GuruConnect\guruconnect.exe" launch "%1""#;
        assert_eq!(command(path).unwrap(), expected);
        for odd in ["guruconnect.exe", r"C:\%TEMP%\g.exe", "C:\\a\"b.exe", "C:\\a\nb.exe"] {
            assert!(matches!(command(Path::new(odd)), Err(LinkHandlerError::Path(_))), "{odd}");
        }
    }
}
