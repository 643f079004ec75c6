//! Whose files they are. An agent that runs as a user serves that user's files. One
//! that runs as root serves the files of who is logged on at the machine: the thread
//! that touches them becomes that user for good, before it opens anything.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use gc_platform::StoreError;
use rustix::process::{Gid, Uid};

use crate::inventory::desktop_user;

/// A user of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Login name.
    pub name: String,
    /// Number.
    pub uid: u32,
    /// First group.
    pub gid: u32,
    /// Home folder.
    pub home: PathBuf,
}

/// Whose session the agent serves. `display` and `home` are what `DISPLAY` and `HOME`
/// hold for this program.
pub fn session_account(
    display: Option<&str>,
    home: Option<PathBuf>,
) -> Result<Account, StoreError> {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let own = rustix::process::geteuid();
    if !own.is_root() {
        // The environment of a user's own program is the user's word.
        let found = account(&passwd, |_, uid| uid == own.as_raw());
        return match (found, home) {
            (Some(found), home) => {
                Ok(Account { home: home.unwrap_or(found.home.clone()), ..found })
            }
            (None, Some(home)) => Ok(Account {
                name: own.as_raw().to_string(),
                uid: own.as_raw(),
                gid: rustix::process::getegid().as_raw(),
                home,
            }),
            (None, None) => Err(StoreError::NoUser),
        };
    }
    if let Some(name) = desktop_user() {
        return account(&passwd, |login, _| login == name).ok_or(StoreError::NoUser);
    }
    // Where nothing keeps sessions, the desktop is that of its display server's
    // owner; it may be root itself, as in a container.
    let number = display.and_then(|display| {
        let number = display.strip_prefix(':')?.split('.').next()?;
        number.parse::<u32>().ok()
    });
    let socket = number.map(|number| PathBuf::from(format!("/tmp/.X11-unix/X{number}")));
    let owner = socket.and_then(|socket| std::fs::symlink_metadata(socket).ok());
    let owner = owner.ok_or(StoreError::NoUser)?.uid();
    account(&passwd, |_, uid| uid == owner).ok_or(StoreError::NoUser)
}

/// Who runs this program, whatever session there is: for a program of a person's own.
/// `home` is what `HOME` holds.
pub(super) fn own_account(home: Option<PathBuf>) -> Result<Account, StoreError> {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let own = rustix::process::geteuid().as_raw();
    let found = account(&passwd, |_, uid| uid == own);
    let name = found.as_ref().map_or_else(|| own.to_string(), |found| found.name.clone());
    let home = home.or_else(|| found.map(|found| found.home)).ok_or(StoreError::NoUser)?;
    let gid = rustix::process::getegid().as_raw();
    Ok(Account { name, uid: own, gid, home })
}

fn account(passwd: &str, is: impl Fn(&str, u32) -> bool) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        let home = fields.nth(1)?;
        (is(name, uid) && !home.is_empty()).then(|| Account {
            name: name.to_owned(),
            uid,
            gid,
            home: home.into(),
        })
    })
}

/// Groups that a user is in by the system's list.
fn groups_of(groups: &str, name: &str) -> Vec<u32> {
    let member = |line: &str| {
        let mut fields = line.split(':');
        let gid = fields.nth(2)?.parse().ok()?;
        fields.next()?.split(',').any(|it| it == name).then_some(gid)
    };
    groups.lines().filter_map(member).collect()
}

impl Account {
    /// Gives the calling thread, and no other, the rights of this user and takes all
    /// others away from it; nothing gives them back. Nothing is done when it has
    /// them already.
    pub fn become_on_this_thread(&self) -> Result<(), StoreError> {
        let own = rustix::process::geteuid();
        if own.as_raw() == self.uid {
            return Ok(());
        }
        if !own.is_root() {
            return Err(StoreError::Denied);
        }
        let failed =
            |error: rustix::io::Errno| StoreError::Io(format!("rights not given up: {error}"));
        let list = std::fs::read_to_string("/etc/group").unwrap_or_default();
        let mut groups: Vec<Gid> =
            groups_of(&list, &self.name).into_iter().map(Gid::from_raw).collect();
        let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        groups.push(gid);
        rustix::thread::set_thread_groups(&groups).map_err(failed)?;
        rustix::thread::set_thread_res_gid(gid, gid, gid).map_err(failed)?;
        rustix::thread::set_thread_res_uid(uid, uid, uid).map_err(failed)?;
        // The kernel takes the capabilities with the last of the three numbers.
        let left = rustix::thread::capabilities(None).map_err(failed)?;
        if !left.effective.is_empty() || !left.permitted.is_empty() {
            return Err(StoreError::Io("rights were not given up".into()));
        }
        Ok(())
    }
}

/// Where a browser of this user saves files.
pub(super) fn downloads(home: &Path) -> PathBuf {
    let dirs = std::fs::read_to_string(home.join(".config/user-dirs.dirs")).unwrap_or_default();
    let named = dirs.lines().find_map(|line| line.trim().strip_prefix("XDG_DOWNLOAD_DIR="));
    let named = named.map(|value| value.trim().trim_matches('"')).and_then(|value| {
        match value.strip_prefix("$HOME") {
            Some("" | "/") => None,
            Some(rest) => Some(home.join(rest.trim_start_matches('/'))),
            None => Some(PathBuf::from(value)).filter(|path| path.is_absolute()),
        }
    });
    named.unwrap_or_else(|| home.join("Downloads"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_and_groups_are_read_from_the_systems_lists() {
        let passwd =
            "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1001:Ann:/home/ann:/bin/sh\nbroken\n";
        let ann = account(passwd, |name, _| name == "ann").unwrap();
        assert_eq!((ann.uid, ann.gid, ann.home.to_str()), (1000, 1001, Some("/home/ann")));
        assert_eq!(account(passwd, |_, uid| uid == 7), None);
        assert_eq!(groups_of("adm:x:4:ann,ben\nsudo:x:27:ben\nx:y\n", "ann"), [4]);
    }

    #[test]
    fn the_users_own_folder_for_downloads_is_used() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(downloads(home.path()), home.path().join("Downloads"));
        std::fs::create_dir(home.path().join(".config")).unwrap();
        let dirs = "# comment\nXDG_DOWNLOAD_DIR=\"$HOME/Loads\"\n";
        std::fs::write(home.path().join(".config/user-dirs.dirs"), dirs).unwrap();
        assert_eq!(downloads(home.path()), home.path().join("Loads"));
    }
}
