//! A shaped line between two real sockets.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::proxy::Line;
use crate::{SEGMENT, Shape, ShapedFlow};

/// Of each socket, in each direction; the kernel doubles it for its own needs.
const SOCKET_BUFFER: usize = 16 << 10;
/// Bytes read at once.
const CHUNK: usize = 4 * SEGMENT;

/// A socket whose buffers hide little. It must be told before there is a connection.
fn small() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_recv_buffer_size(SOCKET_BUFFER)?;
    socket.set_send_buffer_size(SOCKET_BUFFER)?;
    // Loopback would take segments larger than the buffer and stall on them.
    socket.set_tcp_mss(u32::try_from(SEGMENT).unwrap_or(u32::MAX))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

pub(crate) fn listen_small() -> io::Result<TcpListener> {
    let socket = small()?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    socket.listen(128)?;
    TcpListener::from_std(socket.into())
}

pub(crate) async fn connect_small(upstream: SocketAddr) -> io::Result<TcpStream> {
    TcpSocket::from_std_stream(small()?.into()).connect(upstream).await
}

/// One direction, until its end.
pub(crate) async fn carry_shaped(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut line: watch::Receiver<Line>,
    from_upstream: bool,
) {
    let began = Instant::now();
    let pick = |line: &Line| -> Shape {
        let (up, down) = line.shapes.unwrap_or_default();
        if from_upstream { down } else { up }
    };
    let (shape, seed) = {
        let line = line.borrow();
        (pick(&line), line.seed)
    };
    let mut flow = ShapedFlow::new(shape, seed ^ u64::from(from_upstream));
    let mut buffer = BytesMut::new();
    let mut arrived = Bytes::new();
    let mut ended = false;
    loop {
        let now = began.elapsed();
        let faults = line.borrow().faults;
        if arrived.is_empty()
            && let Some(bytes) = flow.receive(now)
        {
            if !faults.black_hole {
                arrived = bytes;
            }
            continue;
        }
        let next = flow.next_event();
        if ended && arrived.is_empty() && next.is_none() {
            // The far end may have closed already.
            let _ = to.shutdown().await;
            return;
        }
        let wait = next.filter(|_| arrived.is_empty()).unwrap_or(Duration::from_hours(1));
        let reads = !ended && flow.room() > 0 && !(from_upstream && faults.stalled);
        buffer.reserve(CHUNK);
        let mut room = (&mut from).take(flow.room().min(CHUNK) as u64);
        tokio::select! {
            biased;
            wrote = to.write(&arrived), if !arrived.is_empty() => match wrote {
                Ok(0) | Err(_) => return,
                Ok(bytes) => arrived.advance(bytes),
            },
            read = room.read_buf(&mut buffer), if reads => match read {
                Ok(0) | Err(_) => ended = true,
                Ok(_) => flow.push(buffer.split().freeze(), began.elapsed()),
            },
            () = sleep_until(began + wait) => {}
            changed = line.changed() => {
                if changed.is_err() {
                    return;
                }
                flow.set_shape(pick(&line.borrow()));
            }
        }
    }
}
