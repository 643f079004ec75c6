//! The fault proxy on real sockets.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::time::Duration;

use gc_netem::{FaultProxy, Faults, Shape};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

async fn through(faults: Faults) -> (FaultProxy, TcpStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let proxy = FaultProxy::start(listener.local_addr().unwrap(), faults).await.unwrap();
    let (near, far) = tokio::join!(TcpStream::connect(proxy.address()), listener.accept());
    (proxy, near.unwrap(), far.unwrap().0)
}

#[tokio::test]
async fn bytes_pass_unchanged_and_no_sooner_than_the_delay() {
    let delay = Duration::from_millis(50);
    let (_proxy, mut near, mut far) = through(Faults { delay, ..Faults::default() }).await;
    let began = Instant::now();
    let sent: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let (wrote, got) = tokio::join!(near.write_all(&sent), async {
        let mut got = vec![0; sent.len()];
        far.read_exact(&mut got).await.map(|_| got)
    });
    wrote.unwrap();
    assert_eq!(got.unwrap(), sent);
    assert!(began.elapsed() >= delay);
    drop(near);
    assert_eq!(far.read(&mut [0]).await.unwrap(), 0, "the end passes too");
}

#[tokio::test]
async fn bandwidth_is_an_upper_bound() {
    let faults = Faults { bandwidth: 1_000_000, ..Faults::default() };
    let (_proxy, mut near, mut far) = through(faults).await;
    let began = Instant::now();
    let sent = vec![7; 200_000];
    let mut got = vec![0; sent.len()];
    let (wrote, read) = tokio::join!(near.write_all(&sent), far.read_exact(&mut got));
    wrote.unwrap();
    read.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(180), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_cut_is_seen_by_both_ends_and_the_proxy_goes_on() {
    let (proxy, mut near, mut far) = through(Faults::default()).await;
    near.write_all(b"before").await.unwrap();
    far.read_exact(&mut [0; 6]).await.unwrap();
    proxy.cut();
    for end in [&mut near, &mut far] {
        let end = timeout(Duration::from_secs(10), end.read(&mut [0])).await.unwrap();
        assert!(matches!(end, Ok(0) | Err(_)));
    }
    assert!(TcpStream::connect(proxy.address()).await.is_ok());
}

#[tokio::test]
async fn a_black_hole_swallows_and_says_nothing() {
    let (proxy, mut near, mut far) = through(Faults::default()).await;
    proxy.set(Faults { black_hole: true, ..Faults::default() });
    near.write_all(b"lost").await.unwrap();
    proxy.set(Faults { black_hole: true, ..Faults::default() });
    let heard = timeout(Duration::from_millis(200), far.read(&mut [0; 16])).await;
    assert!(heard.is_err(), "neither bytes nor an end");
}

#[tokio::test]
async fn a_stalled_reader_fills_the_senders_buffers() {
    let (proxy, mut near, mut far) = through(Faults { stalled: true, ..Faults::default() }).await;
    let much = vec![1; 64 << 20];
    let wrote = timeout(Duration::from_millis(500), far.write_all(&much)).await;
    assert!(wrote.is_err(), "nobody reads");
    proxy.set(Faults::default());
    near.read_exact(&mut vec![0; 100_000]).await.unwrap();
}

#[tokio::test]
async fn a_shaped_line_holds_no_more_than_its_queue() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let line = Shape { queue: 32 << 10, ..Shape::line(Duration::from_millis(40), 2_000) };
    let upstream = listener.local_addr().unwrap();
    let proxy = FaultProxy::start_shaped(upstream, line, 7).unwrap();
    let (near, far) = tokio::join!(TcpStream::connect(proxy.address()), listener.accept());
    let (mut near, mut far) = (near.unwrap(), far.unwrap().0);
    // Whatever the sender's own kernel buffers: what has been read by nobody is
    // bounded, so that a sender sees a narrow line soon.
    socket2::SockRef::from(&near).set_send_buffer_size(16 << 10).unwrap();
    let began = Instant::now();
    let sent: Vec<u8> = (0..=255).cycle().take(400_000).collect();
    let mut got = vec![0; sent.len()];
    let (wrote, read) = tokio::join!(
        async {
            near.write_all(&sent).await.unwrap();
            began.elapsed()
        },
        async {
            far.read_exact(&mut got).await.unwrap();
            began.elapsed()
        }
    );
    assert_eq!(got, sent);
    assert!(read >= Duration::from_millis(1_600), "{read:?} for 3.2 Mbit at 2 Mbit/s");
    assert!(wrote >= Duration::from_millis(800), "{wrote:?}: the sender felt the line");
    proxy.set_shape(Shape::default());
    near.write_all(b"again").await.unwrap();
    far.read_exact(&mut got[..5]).await.unwrap();
    assert_eq!(&got[..5], b"again");
    drop(near);
    assert_eq!(far.read(&mut [0]).await.unwrap(), 0, "the end passes too");
}
