//! Facts about a Linux machine, without running a program.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use gc_platform::{Inventory, MachineFacts, UserActivity};
use x11rb::connection::RequestConnection;
use x11rb::protocol::screensaver::{self, ConnectionExt as _};

use crate::DisplayError;
use crate::display::Link;

/// Where systemd writes what it knows of sessions; plain text, readable by all.
const SESSIONS: &str = "/run/systemd/sessions";

/// Reads the system's files, and the X server for how long the user has rested.
pub struct LinuxInventory {
    display: Option<String>,
    // Opened when first needed and again after the server came back.
    link: Mutex<Option<Link>>,
}

impl LinuxInventory {
    /// `display` is what `DISPLAY` holds. Without one, nobody is ever idle.
    pub fn new(display: Option<&str>) -> Self {
        Self { display: display.map(str::to_owned), link: Mutex::new(None) }
    }

    fn idle(&self) -> Result<Duration, DisplayError> {
        let mut slot = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        let link = match slot.take() {
            Some(link) => link,
            None => Link::open(self.display.as_deref())?,
        };
        if link.conn.extension_information(screensaver::X11_EXTENSION_NAME)?.is_none() {
            return Err(DisplayError::Extension("MIT-SCREEN-SAVER"));
        }
        let info = link.conn.screensaver_query_info(link.root)?.reply()?;
        // Nobody reads events here; unread ones would pile up.
        while x11rb::connection::Connection::poll_for_event(&link.conn)?.is_some() {}
        *slot = Some(link);
        Ok(Duration::from_millis(info.ms_since_user_input.into()))
    }
}

impl Inventory for LinuxInventory {
    fn facts(&self) -> MachineFacts {
        let release = std::fs::read_to_string("/etc/os-release")
            .or_else(|_| std::fs::read_to_string("/usr/lib/os-release"))
            .unwrap_or_default();
        MachineFacts {
            hostname: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            os: "linux".to_owned(),
            os_version: os_version(&release),
            architecture: std::env::consts::ARCH.to_owned(),
        }
    }

    fn activity(&self) -> UserActivity {
        let idle = self.idle().unwrap_or_else(|error| {
            tracing::debug!(%error, "How long the user has rested is unknown");
            Duration::ZERO
        });
        UserActivity { user: user(), idle }
    }
}

/// A value of a file of lines `KEY=value`, without quotes.
fn value<'a>(lines: &'a str, key: &str) -> Option<&'a str> {
    lines
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
        .map(|value| value.trim().trim_matches(['"', '\'']))
        .filter(|value| !value.is_empty())
}

fn os_version(release: &str) -> String {
    value(release, "PRETTY_NAME").or_else(|| value(release, "NAME")).unwrap_or("Linux").to_owned()
}

/// Who sits at the machine: the owner of the active local session; else, when the
/// agent itself runs as a user, that one.
fn user() -> String {
    if let Some(user) = desktop_user() {
        return user;
    }
    let uid = rustix::process::getuid();
    if uid.is_root() {
        return String::new();
    }
    let passwd = std::fs::read_to_string(Path::new("/etc/passwd")).unwrap_or_default();
    account(&passwd, uid.as_raw()).unwrap_or_default()
}

/// Who is logged on at the desktop, by the system's list of sessions; `None` where
/// there is no such list or nobody is there.
pub(crate) fn desktop_user() -> Option<String> {
    active_user(&sessions())
}

fn sessions() -> Vec<String> {
    let mut sessions: Vec<String> = std::fs::read_dir(SESSIONS)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| std::fs::read_to_string(entry.path()).ok())
        .collect();
    sessions.sort();
    sessions
}

fn active_user(sessions: &[String]) -> Option<String> {
    let active = |session: &&String| {
        value(session, "ACTIVE") == Some("1")
            && value(session, "CLASS") == Some("user")
            && value(session, "REMOTE") != Some("1")
    };
    // A desktop before a text console.
    let desktop =
        |session: &&String| matches!(value(session, "TYPE"), Some("x11" | "wayland" | "mir"));
    let mut candidates = sessions.iter().filter(active);
    let best = candidates.clone().find(desktop).or_else(|| candidates.next())?;
    value(best, "USER")
        .map(str::to_owned)
        .filter(|user| !user.chars().all(char::is_numeric))
        .or_else(|| {
            // Older versions write the number here and the name apart.
            value(best, "NAME").map(str::to_owned)
        })
}

fn account(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_what_people_call_it() {
        let release = "NAME=\"Debian GNU/Linux\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
        assert_eq!(os_version(release), "Debian GNU/Linux 12 (bookworm)");
        assert_eq!(os_version("NAME=Arch\n"), "Arch");
        assert_eq!(os_version(""), "Linux");
    }

    #[test]
    fn the_user_at_the_desktop_is_found() {
        let session = |user: &str, kind: &str, active: u8, remote: u8| {
            format!(
                "# private\nUID=1000\nUSER={user}\nACTIVE={active}\nREMOTE={remote}\n\
                 TYPE={kind}\nCLASS=user\n"
            )
        };
        let greeter = "USER=gdm\nACTIVE=1\nCLASS=greeter\nTYPE=x11\n".to_owned();
        let sessions = [
            greeter.clone(),
            session("remote", "tty", 1, 1),
            session("console", "tty", 1, 0),
            session("ann", "x11", 1, 0),
            session("ben", "x11", 0, 0),
        ];
        assert_eq!(active_user(&sessions).as_deref(), Some("ann"));
        assert_eq!(active_user(&sessions[..3]).as_deref(), Some("console"));
        assert_eq!(active_user(&[greeter]), None);
        let passwd = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n";
        assert_eq!(account(passwd, 1000).as_deref(), Some("ann"));
        assert_eq!(account(passwd, 4), None);
    }
}
