//! Faults on real TCP: a proxy between two processes.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use crate::Shape;
use crate::shaped_proxy::{carry_shaped, connect_small, listen_small};

/// Bytes read at once; a rate limit works in steps of these.
const CHUNK: usize = 8 << 10;
/// Chunks on the way in each direction: 4 MiB, enough for 100 Mbit/s and 300 ms.
const ON_THE_WAY: usize = 512;

/// What is wrong with the line; the same both ways.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// One way.
    pub delay: Duration,
    /// Bytes per second each way; 0: without limit.
    pub bandwidth: u64,
    /// Bytes vanish, and nobody is told.
    pub black_hole: bool,
    /// Nothing is read from the upstream server any more: a slow reader.
    pub stalled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Line {
    pub(crate) faults: Faults,
    /// To the upstream server and back; where it is set, only `black_hole` and
    /// `stalled` of the faults count.
    pub(crate) shapes: Option<(Shape, Shape)>,
    pub(crate) seed: u64,
    /// Connections made under an earlier number are cut.
    generation: u64,
}

/// A TCP proxy on a loopback port. Ends with its connections when dropped.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    line: watch::Sender<Line>,
}

impl FaultProxy {
    /// Listens on a free port and passes everything on to `upstream`.
    pub async fn start(upstream: SocketAddr, faults: Faults) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        Self::over(listener, upstream, Line { faults, shapes: None, seed: 0, generation: 0 })
    }

    /// The same over a line of this shape in both directions. Its sockets have small
    /// buffers and segments of an ordinary size, so that they hide no queue. The
    /// same seed loses the same segments of a connection. Call it within a tokio runtime.
    pub fn start_shaped(upstream: SocketAddr, shape: Shape, seed: u64) -> io::Result<Self> {
        let faults = Faults::default();
        let shapes = Some((shape, shape));
        Self::over(listen_small()?, upstream, Line { faults, shapes, seed, generation: 0 })
    }

    fn over(listener: TcpListener, upstream: SocketAddr, line: Line) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (line, watching) = watch::channel(line);
        gc_runtime::spawn("fault proxy", accept(listener, upstream, watching));
        Ok(Self { address, line })
    }

    /// Where to connect to.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the line, for connections that are open too.
    pub fn set(&self, faults: Faults) {
        self.line.send_modify(|line| line.faults = faults);
    }

    /// Changes a line that was started with a shape, for open connections too: the
    /// same in both directions.
    pub fn set_shape(&self, shape: Shape) {
        self.set_shapes(shape, shape);
    }

    /// Changes a line that was started with a shape: to the upstream server, and
    /// back from it.
    pub fn set_shapes(&self, up: Shape, down: Shape) {
        self.line.send_modify(|line| line.shapes = line.shapes.map(|_| (up, down)));
    }

    /// Cuts every open connection; new ones are taken.
    pub fn cut(&self) {
        self.line.send_modify(|line| line.generation += 1);
    }
}

/// Waits until the proxy is dropped.
async fn dropped(mut line: watch::Receiver<Line>) {
    while line.changed().await.is_ok() {}
}

/// Waits until the connection is to be cut.
async fn cut(mut line: watch::Receiver<Line>) {
    let mine = line.borrow().generation;
    // An error means that the proxy was dropped, which cuts too.
    let _ = line.wait_for(|line| line.generation != mine).await;
}

async fn accept(listener: TcpListener, upstream: SocketAddr, line: watch::Receiver<Line>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = dropped(line.clone()) => return,
        };
        // A connection that was gone again before it was taken is no fault here.
        let Ok((near, _)) = accepted else { continue };
        let line = line.clone();
        gc_runtime::spawn("fault proxy connection", async move {
            let until = cut(line.clone());
            tokio::select! {
                () = until => {}
                () = carry(near, upstream, line) => {}
            }
        });
    }
}

async fn carry(near: TcpStream, upstream: SocketAddr, line: watch::Receiver<Line>) {
    let shaped = line.borrow().shapes.is_some();
    // The client sees the refusal as a connection that ends.
    let far =
        if shaped { connect_small(upstream).await } else { TcpStream::connect(upstream).await };
    let Ok(far) = far else { return };
    for stream in [&near, &far] {
        if stream.set_nodelay(true).is_err() {
            return;
        }
    }
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    if shaped {
        tokio::join!(
            carry_shaped(near_read, far_write, line.clone(), false),
            carry_shaped(far_read, near_write, line, true),
        );
        return;
    }
    tokio::join!(
        pump(near_read, far_write, line.clone(), false),
        pump(far_read, near_write, line, true),
    );
}

/// One direction, until its end.
async fn pump(
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    line: watch::Receiver<Line>,
    from_upstream: bool,
) {
    let (queue, waiting) = mpsc::channel(ON_THE_WAY);
    tokio::join!(read(from, queue, line.clone(), from_upstream), write(to, waiting, line));
}

async fn read(
    mut from: OwnedReadHalf,
    queue: mpsc::Sender<(Instant, Bytes)>,
    mut line: watch::Receiver<Line>,
    from_upstream: bool,
) {
    let mut free = Instant::now();
    let mut buffer = BytesMut::new();
    loop {
        if from_upstream && line.wait_for(|line| !line.faults.stalled).await.is_err() {
            return;
        }
        buffer.reserve(CHUNK);
        match from.read_buf(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let chunk = buffer.split().freeze();
        let faults = line.borrow().faults;
        if faults.black_hole {
            continue;
        }
        free = free.max(Instant::now());
        let takes = (chunk.len() as u64 * 1_000_000_000).checked_div(faults.bandwidth);
        free += Duration::from_nanos(takes.unwrap_or(0));
        let due = free + faults.delay;
        if queue.send((due, chunk)).await.is_err() {
            return;
        }
        // Bytes come in no faster than the line carries them.
        sleep_until(free).await;
    }
}

async fn write(
    mut to: OwnedWriteHalf,
    mut waiting: mpsc::Receiver<(Instant, Bytes)>,
    line: watch::Receiver<Line>,
) {
    while let Some((due, chunk)) = waiting.recv().await {
        sleep_until(due).await;
        if line.borrow().faults.black_hole {
            continue;
        }
        if to.write_all(&chunk).await.is_err() {
            return;
        }
    }
    // The far end may have closed already.
    let _ = to.shutdown().await;
}
