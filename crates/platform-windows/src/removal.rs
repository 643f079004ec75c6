//! Deleting the program that is running, which Windows does not allow while it runs.

use std::io;
use std::os::windows::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use windows::Win32::System::SystemInformation::GetSystemDirectoryW;
use windows::Win32::System::Threading::{CREATE_BREAKAWAY_FROM_JOB, CREATE_NO_WINDOW};

/// Holds the path for the command below: a value is taken as it is, whatever its
/// characters mean to the command interpreter.
const PATH: &str = "GURUCONNECT_REMOVE";
/// Once a second for two minutes: what has just run may be held open by a scanner.
const COMMAND: &str = "/d /q /v:off /s /c \"for /l %i in (1,1,120) do \
    (del /f /q \"%GURUCONNECT_REMOVE%\" >nul 2>nul \
    & (if not exist \"%GURUCONNECT_REMOVE%\" exit) \
    & ping -n 2 127.0.0.1 >nul)\"";

/// Has `program` deleted once it has ended. Nothing is copied for that, and no right is
/// needed but that to delete the file: the system's own command interpreter tries until
/// the file is gone.
pub fn after_end(program: &Path) -> io::Result<()> {
    let start = |flags| {
        Command::new(system_directory()?.join("cmd.exe"))
            .raw_arg(COMMAND)
            // So that nothing else by the name of a system program is found first.
            .current_dir(system_directory()?)
            .env(PATH, program)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .creation_flags(flags)
            .spawn()
            .map(|_| ())
    };
    // Whoever started the program may end all that belongs to it with it, or may not let
    // go of it.
    start(CREATE_NO_WINDOW.0 | CREATE_BREAKAWAY_FROM_JOB.0).or_else(|_| start(CREATE_NO_WINDOW.0))
}

fn system_directory() -> io::Result<PathBuf> {
    let mut units = [0_u16; 260];
    // SAFETY: it writes at most as many units as there is room for.
    let length = unsafe { GetSystemDirectoryW(Some(&mut units)) } as usize;
    match units.get(..length) {
        Some(units) if length > 0 => Ok(String::from_utf16_lossy(units).into()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_program_is_gone_after_it_has_ended() {
        // Nothing in it may mean anything to the command interpreter. (A `%NAME%` would to
        // Wine's, which looks into values again.)
        let folder = std::env::temp_dir().join("gc removal ^ & (1)");
        std::fs::create_dir_all(&folder).unwrap();
        let program = folder.join("a program !x!.exe");
        std::fs::copy(system_directory().unwrap().join("ping.exe"), &program).unwrap();
        let mut running = Command::new(&program)
            .args(["-n", "3", "127.0.0.1"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        after_end(&program).unwrap();
        running.wait().unwrap();
        for _ in 0..1_000 {
            if !program.exists() {
                std::fs::remove_dir(&folder).unwrap();
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{} is still there", program.display());
    }
}
