//! A private PostgreSQL for the tests: own folder, own port on loopback, ended with
//! the test run.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::run::{output, succeed};

/// A running server; dropping it stops it and removes its data.
pub(crate) struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    as_root: bool,
    /// For `GURUCONNECT_TEST_POSTGRES`.
    pub(crate) url: String,
}

impl Postgres {
    pub(crate) fn start() -> Result<Self> {
        let programs = newest(Path::new("/usr/lib/postgresql"))
            .context("PostgreSQL is not installed; run: cargo xtask setup")?
            .join("bin");
        // PostgreSQL refuses to run as root; Debian's package brings a user for it.
        let as_root = output(Command::new("id").arg("-u"))?.trim() == "0";
        let folder =
            std::env::temp_dir().join(format!("guruconnect-postgres-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        if as_root {
            succeed(Command::new("chown").arg("postgres:").arg(&folder))?;
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let url = format!("postgres://guruconnect@127.0.0.1:{port}/postgres");
        let server = Self { programs, folder, as_root, url };
        let data = server.folder.join("data");
        succeed(
            server
                .program("initdb")
                .args(["--username=guruconnect", "--auth=trust", "--no-sync", "--encoding=UTF8"])
                .args(["--locale=C.UTF-8", "-D"])
                .arg(&data)
                .stdout(Stdio::null()),
        )?;
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=300 \
             -c unix_socket_directories={}",
            server.folder.display()
        );
        succeed(
            server
                .program("pg_ctl")
                .args(["start", "-w", "-t", "60", "-o", &options, "-D"])
                .arg(&data)
                .arg("-l")
                .arg(server.folder.join("log"))
                .stdout(Stdio::null()),
        )?;
        Ok(server)
    }

    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = if self.as_root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(&self.folder);
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.folder.join("data");
        let stopped = succeed(
            self.program("pg_ctl").args(["stop", "-m", "immediate", "-D"]).arg(data).stdout(Stdio::null()),
        );
        let removed = std::fs::remove_dir_all(&self.folder);
        #[expect(clippy::print_stderr, reason = "progress for people")]
        if stopped.is_err() || removed.is_err() {
            eprintln!("the test database in {} may be left over", self.folder.display());
        }
    }
}

fn newest(folder: &Path) -> Result<PathBuf> {
    let mut versions: Vec<PathBuf> =
        folder.read_dir()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    versions.sort();
    match versions.pop() {
        Some(version) => Ok(version),
        None => bail!("{} is empty", folder.display()),
    }
}
