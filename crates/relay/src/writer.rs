//! The task that writes one socket.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{CloseCode, Heartbeat};
use gc_session::{Health, LinkHealth};
use tokio::time::{sleep, sleep_until, timeout};

use crate::link::{Closing, Link, Step};
use crate::ports::LinkSink;
use crate::session::Session;
use crate::shared::Shared;

/// Bytes handed to the socket at once: little enough that what is more urgent
/// soon has its turn.
const BATCH: usize = 32 << 10;
/// A peer that takes no byte for this long is given up ...
const STALLED: Duration = Duration::from_secs(20);
/// ... given that one batch may be a single large picture on a slow line: this
/// many bytes a second must get through on top of it.
const SLOWEST: usize = 16 << 10;
/// How long a closing link may take over what it was just sending, and over its
/// goodbye; together below 2 s.
const LAST_SEND: Duration = Duration::from_millis(700);
const GOODBYE: Duration = Duration::from_millis(500);

/// Whose link it is: a viewer's seat, for asking its agent for a whole picture.
pub(crate) type Seat = Option<(Arc<Session>, u16)>;

/// Runs until the link is closed or broken.
pub(crate) async fn run(
    shared: Arc<Shared>,
    link: Arc<Link>,
    seat: Seat,
    mut sink: Box<dyn LinkSink>,
) {
    let config = &shared.config;
    let _stop = StopOnDrop(Arc::clone(&link));
    let idle = config.idle_heartbeat.saturating_sub(shared.spread(config.idle_heartbeat));
    let mut health = LinkHealth::new(idle, config.silence, shared.now());
    loop {
        let (step, picture) = link.step(BATCH);
        if picture && let Some((session, participant)) = &seat {
            session.picture_needed(&shared, *participant);
        }
        let busy = matches!(step, Step::Send(_));
        match step {
            Step::Close(left, closing) => {
                say_goodbye(sink.as_mut(), left, &closing).await;
                break;
            }
            Step::Send(batch) => {
                if !send(sink.as_mut(), &link, batch).await {
                    break;
                }
                health.sent(shared.now());
            }
            Step::Idle => {}
        }
        health.set_interval(if link.is_watched() { config.active_heartbeat } else { idle });
        health.heard(link.heard());
        match health.poll(shared.now()) {
            Health::Beat(nonce) => link.tell(Body::Heartbeat(Heartbeat { nonce })),
            Health::Dead => {
                link.close(Closing::new(CloseCode::TimedOut, "nothing was heard for too long"));
            }
            Health::Wait(_) if busy => {}
            Health::Wait(until) => {
                tokio::select! {
                    () = link.woken() => {}
                    () = sleep_until(shared.instant(until)) => {}
                }
            }
        }
    }
}

/// The reader must end with the writer, however that ends.
struct StopOnDrop(Arc<Link>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Whether the kernel took the batch. A peer that takes nothing, or a close that
/// was asked for meanwhile, ends the wait.
async fn send(sink: &mut dyn LinkSink, link: &Link, batch: Vec<Bytes>) -> bool {
    let size: usize = batch.iter().map(Bytes::len).sum();
    let patience = STALLED + Duration::from_secs((size / SLOWEST) as u64);
    let mut sending = sink.send(batch);
    tokio::select! {
        sent = &mut sending => return sent.is_ok(),
        () = link.close_asked() => {}
        () = sleep(patience) => return false,
    }
    // Half a message cannot be followed by a close frame.
    matches!(timeout(LAST_SEND, sending).await, Ok(Ok(())))
}

/// Tells the peer why, in the protocol and in the close frame.
pub(crate) async fn say_goodbye(sink: &mut dyn LinkSink, mut last: Vec<Bytes>, closing: &Closing) {
    let (Some(code), Some(message)) = (closing.code, closing.message()) else { return };
    last.push(message);
    if matches!(timeout(GOODBYE, sink.send(last)).await, Ok(Ok(()))) {
        let code = u16::try_from(i32::from(code)).unwrap_or(1011);
        // A peer that does not take the close frame is left without it.
        let _ = timeout(GOODBYE, sink.close(code, &closing.reason)).await;
    }
}
