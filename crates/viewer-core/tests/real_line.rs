//! Host and decoder over real sockets and a narrow line that becomes narrower.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

#[path = "rig/mod.rs"]
#[expect(dead_code, reason = "only its screen is of use here")]
mod rig;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use gc_codec::{OpenH264Factory, TileEncoder};
use gc_netem::{FaultProxy, Shape};
use gc_proto::v2::{
    FrameAck, VideoCodec, VideoFeedback, VideoMessage, ViewerCapabilities, video_feedback,
};
use gc_types::Clock;
use gc_video::PixelRect;
use gc_video::host::{HostConfig, Step, VideoHost};
use gc_viewer_core::{Decoder, DecoderLimits, Outcome};
use prost::Message;

use rig::{MS, Random, Screen};

const VIDEO: PixelRect = PixelRect::new(64, 48, 320, 240);

fn write_framed(stream: &mut TcpStream, message: &impl Message) -> std::io::Result<()> {
    let bytes = message.encode_to_vec();
    let mut framed = u32::try_from(bytes.len()).unwrap().to_le_bytes().to_vec();
    framed.extend(bytes);
    stream.write_all(&framed)
}

fn read_framed<M: Message + Default>(stream: &mut TcpStream) -> Option<M> {
    let mut size = [0; 4];
    stream.read_exact(&mut size).ok()?;
    let mut bytes = vec![0; u32::from_le_bytes(size) as usize];
    stream.read_exact(&mut bytes).ok()?;
    M::decode(&bytes[..]).ok()
}

fn small(stream: &TcpStream) {
    stream.set_nodelay(true).unwrap();
    socket2::SockRef::from(stream).set_send_buffer_size(16 << 10).unwrap();
}

#[derive(Default)]
struct Shown {
    decoder: Option<Decoder>,
    frames: usize,
}

/// Decodes and acknowledges until the line ends.
fn view(mut stream: TcpStream, shown: &Mutex<Shown>) {
    small(&stream);
    while let Some(message) = read_framed::<VideoMessage>(&mut stream) {
        let mut shown = shown.lock().unwrap();
        let decoder =
            shown.decoder.get_or_insert_with(|| Decoder::new(DecoderLimits::default()).unwrap());
        let Outcome::Presented { frame_id, .. } = decoder.apply(&message).unwrap() else {
            continue;
        };
        shown.frames += 1;
        drop(shown);
        let body = Some(video_feedback::Body::Ack(FrameAck { frame_id, draw_us: 0 }));
        if write_framed(&mut stream, &VideoFeedback { body }).is_err() {
            return;
        }
    }
}

#[test]
fn the_rate_of_a_real_line_is_found_and_no_queue_stands() {
    let clock = gc_runtime::SystemClock::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let seed = 0xFEED;
    println!("seed {seed:#x}");
    let proxy = runtime.block_on(async {
        let line = Shape::line(MS * 20, 8_000);
        FaultProxy::start_shaped(listener.local_addr().unwrap(), line, seed).unwrap()
    });
    let mut stream = TcpStream::connect(proxy.address()).unwrap();
    small(&stream);
    let far = listener.accept().unwrap().0;
    let shown = Arc::new(Mutex::new(Shown::default()));
    let viewer = std::thread::spawn({
        let shown = Arc::clone(&shown);
        move || view(far, &shown)
    });
    let (answered, answers) = mpsc::channel();
    let mut answering = stream.try_clone().unwrap();
    let reader = std::thread::spawn(move || {
        while let Some(feedback) = read_framed::<VideoFeedback>(&mut answering) {
            if answered.send(feedback).is_err() {
                return;
            }
        }
    });
    // As in the agent: what the kernel does not take waits in a box, and is told.
    let backlog = Arc::new(AtomicUsize::new(0));
    let (boxed, to_write) = mpsc::channel::<VideoMessage>();
    let mut writing = stream.try_clone().unwrap();
    let writer = std::thread::spawn({
        let backlog = Arc::clone(&backlog);
        move || {
            while let Ok(message) = to_write.recv() {
                if write_framed(&mut writing, &message).is_err() {
                    return;
                }
                backlog.fetch_sub(message.encoded_len(), Ordering::SeqCst);
            }
        }
    });

    let tiles = Box::new(TileEncoder::new().unwrap());
    let mut host = VideoHost::new(HostConfig::default(), tiles, Box::new(OpenH264Factory));
    let mut random = Random::new(0x6C_3001);
    let mut screen = Screen::new(640, 480);
    host.set_surface(640, 480, 1, clock.monotonic()).unwrap();
    let codecs = vec![VideoCodec::H264.into()];
    host.join(1, &ViewerCapabilities { codecs, max_width: 0, max_height: 0, scaled_motion: true });
    let (mut pictures, mut most) = (0, 0);
    let mut next = clock.monotonic();
    let exact = |screen: &Screen| {
        let shown = shown.lock().unwrap();
        shown.decoder.as_ref().and_then(Decoder::surface).is_some_and(|surface| {
            let pairs = surface.pixels().chunks_exact(4).zip(screen.pixels.chunks_exact(4));
            pairs.into_iter().all(|(a, b)| a[..3] == b[..3])
        })
    };
    let limit = clock.monotonic() + Duration::from_mins(2);
    while pictures < 200 || !host.is_exact() || !exact(&screen) {
        let now = clock.monotonic();
        assert!(now < limit, "after {pictures} pictures");
        if pictures < 200 && now >= next {
            next = now + MS * 33;
            screen.noise(VIDEO, pictures, &mut random);
            host.damage(VIDEO, now);
            pictures += 1;
            if pictures == 80 {
                proxy.set_shape(Shape::line(MS * 20, 2_000));
            }
            if pictures == 200 {
                // Not of the line's full rate, which other work on the machine takes
                // a part of, but far from what was believed before.
                let target = host.target_kbps();
                println!("{target} kbit/s, at most {most} bytes in the box");
                assert!((300..4_000).contains(&target), "{target} kbit/s");
            }
        }
        while let Ok(feedback) = answers.try_recv() {
            host.on_feedback(1, &feedback, now);
        }
        let waiting = backlog.load(Ordering::SeqCst);
        most = most.max(waiting);
        host.link_backlog(waiting as u64);
        let step = host.next_step(now);
        if let Step::Capture { .. } = step {
            host.encode(screen.view(), clock.monotonic()).unwrap();
        }
        while let Some(outgoing) = host.poll_output_at(clock.monotonic()) {
            backlog.fetch_add(outgoing.message.encoded_len(), Ordering::SeqCst);
            boxed.send(outgoing.message).unwrap();
        }
        if let Step::WaitUntil(_) | Step::Idle = step
            && let Ok(feedback) = answers.recv_timeout(MS)
        {
            host.on_feedback(1, &feedback, clock.monotonic());
        }
    }
    assert!(most < 256 << 10, "{most} bytes waited at the sender");
    let frames = shown.lock().unwrap().frames;
    assert!(frames > 40, "{frames} frames");
    drop(boxed);
    stream.flush().unwrap();
    stream.shutdown(std::net::Shutdown::Both).unwrap();
    drop(proxy);
    drop(runtime);
    for thread in [viewer, reader, writer] {
        thread.join().unwrap();
    }
}
