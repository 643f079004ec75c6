//! What every product that is measured has to offer: a host side on a display, and
//! a client on another.

use std::any::Any;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Result, bail};
use clap::ValueEnum;
use gc_e2e::Desktop;

use super::group::{Group, installed};
use super::{meshcentral, novnc, ours, ours_web, tigervnc, x11vnc, xpra};
use crate::clock::monotonic;
use crate::workload::Geometry;

/// Size of the customer's display, pixels.
pub(super) const SIZE: (u32, u32) = (1920, 1080);

/// The same, for where the workloads draw what is looked at.
pub(super) const GEOMETRY: Geometry = Geometry { width: SIZE.0 as usize, height: SIZE.1 as usize };

/// Display for a page of that size: Chromium makes a window that would cover the
/// display a pixel smaller, and the page would scale the picture.
pub(super) const PAGE: (u32, u32) = (SIZE.0 + 1, SIZE.1 + 1);

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub(super) enum Name {
    /// This product: agent, relay with TLS, bare window
    Ours,
    /// This product: agent, relay with TLS, web viewer in Chromium
    OursWeb,
    /// TigerVNC's Xvnc and vncviewer, as they come
    Xvnc,
    /// The same with `-FrameRate 500`
    #[value(name = "xvnc-500")]
    Xvnc500,
    /// TigerVNC's x0vncserver and vncviewer
    X0vncserver,
    /// x11vnc and TigerVNC's vncviewer
    X11vnc,
    /// Xvnc, websockify, noVNC in Chromium
    Novnc,
    /// xpra shadow and attach, without shared memory
    Xpra,
    /// MeshCentral, its agent, its page in Chromium
    Meshcentral,
}

impl Name {
    /// As on the command line.
    pub(super) fn text(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Whether its client is a page.
    pub(super) fn in_browser(self) -> bool {
        matches!(self, Self::OursWeb | Self::Novnc | Self::Meshcentral)
    }

    /// Which of ours it is compared with.
    pub(super) fn rival(self) -> Self {
        if self.in_browser() { Self::OursWeb } else { Self::Ours }
    }

    /// Whether it is ours.
    pub(super) fn is_ours(self) -> bool {
        self == self.rival()
    }

    /// Makes it ready to be started, or says what is missing.
    pub(super) fn product(self, npm: Option<&Path>) -> Result<Box<dyn Product>> {
        if self.in_browser() {
            need(&[("chromium", "chromium")])?;
        }
        Ok(match self {
            Self::Ours => Box::new(ours::Ours::new()?),
            Self::OursWeb => Box::new(ours_web::OursWeb::new()?),
            Self::Xvnc => Box::new(tigervnc::TigerVnc::virtual_display(&[])?),
            Self::Xvnc500 => Box::new(tigervnc::TigerVnc::virtual_display(&["-FrameRate", "500"])?),
            Self::X0vncserver => Box::new(tigervnc::TigerVnc::scraping()?),
            Self::X11vnc => Box::new(x11vnc::X11vnc::new()?),
            Self::Novnc => Box::new(novnc::NoVnc::new()?),
            Self::Xpra => Box::new(xpra::Xpra::new()?),
            Self::Meshcentral => Box::new(meshcentral::MeshCentral::new(npm)?),
        })
    }
}

/// The customer's side as it runs.
pub(super) struct Host {
    /// Display that it shows.
    pub(super) display: String,
    /// Where clients connect.
    pub(super) address: SocketAddr,
    /// Programs that show it, with all their descendants.
    pub(super) workers: Vec<u32>,
    /// A relay between, if it is not one of the above.
    pub(super) relay: Vec<u32>,
    /// The X server; the same as the first worker when it shows itself.
    pub(super) x_server: u32,
    /// Ended in this order.
    pub(super) keep: Vec<Box<dyn Any>>,
    /// Starts the technician's side.
    pub(super) join: Join,
}

/// See [`Host::join`].
pub(super) type Join = Box<dyn Fn(&Seat<'_>) -> Result<Client>>;

/// The technician's side as it runs.
pub(super) struct Client {
    /// Programs that show the picture, with all their descendants.
    pub(super) workers: Vec<u32>,
    /// From where the time to the first picture counts.
    pub(super) started: Duration,
    /// Once there is a picture: waits until keys would reach the other side. It owns
    /// what has to run.
    pub(super) ready: Box<dyn FnMut() -> Result<()>>,
}

/// Where a client is to run.
pub(super) struct Seat<'a> {
    /// The technician's display.
    pub(super) desktop: &'a Desktop,
    /// Size of it, pixels.
    pub(super) size: (u32, u32),
    /// Where the host listens.
    pub(super) host: SocketAddr,
    /// The line to it, which is to be used.
    pub(super) line: SocketAddr,
    /// For what is needed while it runs; a short path.
    pub(super) temporary: &'a Path,
    /// For logs and settings.
    pub(super) folder: &'a Path,
}

/// Something that can be measured.
pub(super) trait Product {
    /// Versions by program.
    fn versions(&self) -> BTreeMap<&'static str, String>;

    /// Size of the technician's display on which the picture is shown pixel by pixel.
    fn client_size(&self) -> (u32, u32) {
        SIZE
    }

    /// Starts the customer's side.
    fn start_host(&self, folder: &Path) -> Result<Host>;
}

/// Fails with the packages that are missing.
pub(super) fn need(programs: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<&str> = programs
        .iter()
        .filter(|(program, _)| !installed(program) && !Path::new(program).exists())
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!("not installed: {}", missing.join(", "))
}

/// What a package is called in its system, or why nobody knows.
pub(super) fn package_version(package: &str) -> String {
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat=${Version}", package])
        .stderr(Stdio::null())
        .output();
    match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into(),
        _ => "unknown".to_owned(),
    }
}

/// A display of the customer's size in a folder of its own.
pub(super) fn display(folder: &Path, name: &str, (width, height): (u32, u32)) -> Result<Desktop> {
    let folder = subfolder(folder, name)?;
    Desktop::start(width, height, &folder)
}

/// Makes a folder in a folder.
pub(super) fn subfolder(folder: &Path, name: &str) -> Result<PathBuf> {
    let folder = folder.join(name);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A port of 127.0.0.1 that nobody has at the moment.
pub(super) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// `127.0.0.1:PORT`.
pub(super) fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// Waits until a program listens on its port.
pub(super) fn wait_for_port(program: &mut Group, port: u16) -> Result<()> {
    let limit = Duration::from_secs(20);
    program.wait("an open port", limit, |_| TcpStream::connect(loopback(port)).ok()).map(|_| ())
}

/// A client of one program.
pub(super) fn client(name: &str, command: &mut Command, seat: &Seat<'_>) -> Result<Client> {
    let started = monotonic();
    let mut program = Group::start(name, command, seat.folder)?;
    let workers = vec![program.id()];
    let running = move || program.wait("a picture", Duration::ZERO, |_| Some(()));
    Ok(Client { workers, started, ready: Box::new(running) })
}

/// The process of an Xvfb.
pub(super) fn x_server(desktop: &Desktop) -> Result<u32> {
    match desktop.ids().as_slice() {
        [id] => Ok(*id),
        ids => bail!("the display has {} processes instead of one", ids.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_compared_with_ours_of_its_kind() {
        for name in Name::value_variants() {
            assert!(name.rival().is_ours());
            assert_eq!(name.in_browser(), name.rival().in_browser());
        }
        assert_eq!(Name::Xvnc500.text(), "xvnc-500");
    }

    #[test]
    fn what_is_missing_is_named_by_its_package() {
        need(&[("sh", "dash")]).unwrap();
        let error = need(&[("sh", "dash"), ("no-such-viewer", "viewer-package")]).unwrap_err();
        assert_eq!(error.to_string(), "not installed: viewer-package");
    }
}
