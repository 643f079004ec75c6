//! `scp` to this machine, through an SSH server that the benchmark starts for itself.

use std::fs::Permissions;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use gc_e2e::Process;

/// Debian's; it has to be started by its whole path.
const SERVER: &str = "/usr/sbin/sshd";
/// It needs this empty folder when it runs as root.
const EMPTY: &str = "/run/sshd";
const PATIENCE: Duration = Duration::from_secs(10);

/// Megabytes a second, with a key made for this; `None` where there is no SSH server.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures the clock on the wall")]
pub(super) fn scp(bytes: u64) -> Result<Option<f64>> {
    if !Path::new(SERVER).exists() {
        return Ok(None);
    }
    let folder = tempfile::tempdir()?;
    let place = |name: &str| folder.path().join(name);
    for key in ["host", "user"] {
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(place(key))
            .status()
            .context("ssh-keygen")?;
        if !made.success() {
            bail!("ssh-keygen failed: {made}");
        }
    }
    std::fs::copy(place("user.pub"), place("authorized"))?;
    std::fs::set_permissions(place("authorized"), Permissions::from_mode(0o600))?;
    if rustix::process::geteuid().is_root() {
        std::fs::DirBuilder::new().recursive(true).mode(0o755).create(EMPTY)?;
    }
    // Free a moment ago; nobody else on this machine takes ports at random meanwhile.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let mut server = Command::new(SERVER);
    server.args(["-D", "-e", "-f", "/dev/null", "-p", &port.to_string()]);
    for (option, value) in [
        ("ListenAddress", "127.0.0.1".to_owned()),
        ("HostKey", place("host").display().to_string()),
        ("AuthorizedKeysFile", place("authorized").display().to_string()),
        ("PidFile", "none".to_owned()),
        // The folder above is everybody's, and only the key opens it.
        ("StrictModes", "no".to_owned()),
        ("PasswordAuthentication", "no".to_owned()),
        ("Subsystem", "sftp internal-sftp".to_owned()),
    ] {
        server.arg("-o").arg(format!("{option}={value}"));
    }
    let mut server = Process::start("sshd", &mut server, folder.path())?;
    let start = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if !server.is_running() || start.elapsed() > PATIENCE {
            bail!("the SSH server does not answer: {}", server.log());
        }
        std::thread::sleep(Duration::from_millis(20));
    }

    super::product::fill(&place("from"), bytes)?;
    let mut copy = Command::new("scp");
    copy.args(["-q", "-B", "-P", &port.to_string(), "-i"]).arg(place("user"));
    for option in ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes"]
    {
        copy.args(["-o", option]);
    }
    copy.arg(place("from")).arg(format!("127.0.0.1:{}", place("to").display()));
    let start = Instant::now();
    let output = copy.output().context("scp")?;
    let took = start.elapsed();
    if !output.status.success() || place("to").metadata()?.len() != bytes {
        bail!("scp failed: {}; {}", String::from_utf8_lossy(&output.stderr), server.log());
    }
    Ok(Some(bytes as f64 / 1e6 / took.as_secs_f64()))
}
