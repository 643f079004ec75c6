//! The technician's line: what every client connects to instead of the server
//! itself. It counts bytes, and it is as slow as it is told to be.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::Result;
use gc_netem::{FaultProxy, Shape};
use tokio::runtime::Runtime;

/// Bytes of TCP payload since the line was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Bytes {
    /// Towards the technician.
    pub(super) down: u64,
    /// From the technician.
    pub(super) up: u64,
}

#[derive(Debug, Default)]
struct Shared {
    down: AtomicU64,
    up: AtomicU64,
    closed: AtomicBool,
}

/// An open line; dropping it closes its door for new connections.
pub(super) struct Line {
    address: SocketAddr,
    shared: Arc<Shared>,
    narrow: Option<Narrow>,
}

/// What makes it slow, and where that runs.
struct Narrow {
    proxy: FaultProxy,
    _runtime: Runtime,
}

impl Narrow {
    fn start(server: SocketAddr) -> Result<Self> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let inside = runtime.enter();
        let proxy = FaultProxy::start_shaped(server, Shape::default(), 1)?;
        drop(inside);
        Ok(Self { proxy, _runtime: runtime })
    }
}

impl Line {
    /// Listens on a free port of 127.0.0.1 and leads on to `server`. One that can be
    /// made narrow costs more time and CPU also while it is not.
    pub(super) fn open(server: SocketAddr, can_be_narrow: bool) -> Result<Self> {
        let narrow = can_be_narrow.then(|| Narrow::start(server)).transpose()?;
        let server = narrow.as_ref().map_or(server, |narrow| narrow.proxy.address());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let counts = shared.clone();
        std::thread::Builder::new().name("line".to_owned()).spawn(move || {
            for client in listener.incoming() {
                if counts.closed.load(Ordering::Relaxed) {
                    return;
                }
                let joined = client.map_err(Into::into).and_then(|c| join(c, server, &counts));
                if let Err(error) = joined {
                    tracing::warn!(%error, "a connection could not be led on");
                }
            }
        })?;
        Ok(Self { address, shared, narrow })
    }

    /// What clients connect to.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes it so in both directions, if it can be made narrow.
    pub(super) fn shape(&self, shape: Shape) {
        if let Some(narrow) = &self.narrow {
            narrow.proxy.set_shape(shape);
        }
    }

    /// What it has carried.
    pub(super) fn bytes(&self) -> Bytes {
        Bytes {
            down: self.shared.down.load(Ordering::Relaxed),
            up: self.shared.up.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Relaxed);
        // Wakes the listener, which then looks at the flag; it may be gone already.
        let _ = TcpStream::connect(self.address);
    }
}

fn join(client: TcpStream, server: SocketAddr, shared: &Arc<Shared>) -> Result<()> {
    let server = TcpStream::connect(server)?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    let (counts, from, to) = (shared.clone(), client.try_clone()?, server.try_clone()?);
    std::thread::Builder::new()
        .name("line up".to_owned())
        .spawn(move || carry(from, to, &counts.up))?;
    let counts = shared.clone();
    std::thread::Builder::new()
        .name("line down".to_owned())
        .spawn(move || carry(server, client, &counts.down))?;
    Ok(())
}

/// Until either side closes.
fn carry(mut from: TcpStream, mut to: TcpStream, count: &AtomicU64) {
    let mut buffer = vec![0; 256 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let Some(bytes) = buffer.get(..length) else { break };
        if to.write_all(bytes).is_err() {
            break;
        }
        count.fetch_add(length as u64, Ordering::Relaxed);
    }
    // Either may be closed already.
    let _ = (from.shutdown(Shutdown::Read), to.shutdown(Shutdown::Write));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_in_each_direction_and_an_end_is_passed_on() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let line = Line::open(listener.local_addr().unwrap(), false).unwrap();
        let mut client = TcpStream::connect(line.address()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        client.write_all(b"key").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut heard = Vec::new();
        server.read_to_end(&mut heard).unwrap();
        assert_eq!(heard, b"key");
        server.write_all(&vec![7; 100_000]).unwrap();
        drop(server);
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).unwrap();
        assert_eq!(heard.len(), 100_000);
        assert_eq!(line.bytes(), Bytes { down: 100_000, up: 3 });
    }

    #[test]
    fn a_narrow_line_carries_all_and_counts_it() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let line = Line::open(listener.local_addr().unwrap(), true).unwrap();
        line.shape(Shape { kbps: Some(4_000), ..Shape::default() });
        let mut client = TcpStream::connect(line.address()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        client.write_all(b"hello").unwrap();
        let mut heard = [0; 5];
        server.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"hello");
        server.write_all(&vec![7; 20_000]).unwrap();
        drop(server);
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).unwrap();
        assert_eq!(heard, vec![7; 20_000]);
        assert_eq!(line.bytes(), Bytes { down: 20_000, up: 5 });
    }
}
