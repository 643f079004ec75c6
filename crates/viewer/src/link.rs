//! The viewer's link: joins, comes back, and hands over what arrives.

use std::sync::Arc;
use std::time::Duration;

use gc_platform::WaitWaker;
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{CloseCode, Hello, VideoCodec, ViewerCapabilities, ViewerHello, Welcome, hello};
use gc_proto::{MAX_PICTURE_SIDE, Packet, SUPPORTED_VERSIONS};
use gc_session::Reconnect;
use gc_transport::{Closed, Connector, Endpoint, LinkSender};
use gc_types::{Entropy, Secret};
use tokio::sync::{Notify, mpsc};

use crate::cause::{self, Facts, Return};

/// Packets that may wait for the window: a slow window slows the agent down.
const WAITING: usize = 64;
/// How long the answer to a hello may take.
const WELCOME_DUE: Duration = Duration::from_secs(10);
/// How often the way to the relay is measured.
const PING_EVERY: Duration = Duration::from_secs(2);

/// What a link brings.
pub(crate) enum LinkEvent {
    /// A seat in the session.
    Up {
        /// For what goes there.
        sender: LinkSender,
        /// With a seat.
        welcome: Box<Welcome>,
    },
    /// Something from relay or agent.
    Packet(Packet),
    /// The link is gone; it is tried again after this time.
    Lost(Facts, Duration),
    /// Nothing is tried any more; whether the session is over, or something failed.
    Ended(Facts, bool),
}

/// How to join.
pub(crate) struct Joining {
    pub(crate) connector: Connector,
    pub(crate) endpoint: Endpoint,
    /// A ticket at first.
    pub(crate) credential: Secret,
    pub(crate) software: String,
}

/// The window's hold on its link; dropping it ends the link.
pub(crate) struct LinkHold {
    again: Arc<Notify>,
    pub(crate) events: mpsc::Receiver<LinkEvent>,
}

impl LinkHold {
    /// Tries at once instead of waiting.
    pub(crate) fn try_now(&self) {
        self.again.notify_one();
    }
}

/// Starts to join on the runtime.
pub(crate) fn start(
    runtime: &tokio::runtime::Handle,
    joining: Joining,
    entropy: Arc<dyn Entropy>,
    waker: Arc<dyn WaitWaker>,
) -> LinkHold {
    let (sender, events) = mpsc::channel(WAITING);
    let again = Arc::new(Notify::new());
    let keeper = Keeper {
        joining,
        entropy,
        events: Outgoing { sender, waker },
        again: Arc::clone(&again),
        reconnect: Reconnect::default(),
        refusals: 0,
    };
    let _inside = runtime.enter();
    gc_runtime::spawn("viewer link", keeper.keep());
    LinkHold { again, events }
}

struct Outgoing {
    sender: mpsc::Sender<LinkEvent>,
    waker: Arc<dyn WaitWaker>,
}

impl Outgoing {
    /// `false`: the window is gone.
    async fn send(&self, event: LinkEvent) -> bool {
        let sent = self.sender.send(event).await.is_ok();
        self.waker.wake();
        sent
    }
}

struct Keeper {
    joining: Joining,
    entropy: Arc<dyn Entropy>,
    events: Outgoing,
    again: Arc<Notify>,
    reconnect: Reconnect,
    /// In a row, with a credential that may be good.
    refusals: u32,
}

impl Keeper {
    async fn keep(mut self) {
        let gone = self.events.sender.clone();
        tokio::select! {
            () = gone.closed() => {}
            () = self.attempts() => {}
        }
    }

    async fn attempts(&mut self) {
        loop {
            let (facts, back, retry_after) = self.attempt().await;
            let again = match back {
                Return::Always => true,
                Return::Times(times) => {
                    self.refusals += 1;
                    self.refusals <= times
                }
                Return::Never | Return::Over => false,
            };
            if !again {
                let over = back == Return::Over;
                tracing::info!(cause = facts.name, over, "the session is left");
                self.events.send(LinkEvent::Ended(facts, over)).await;
                return;
            }
            let delay = self.reconnect.next_delay(self.entropy.as_ref(), retry_after);
            tracing::info!(cause = facts.name, ?delay, "the link is lost");
            if !self.events.send(LinkEvent::Lost(facts, delay)).await {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = self.again.notified() => {}
            }
        }
    }

    /// One link from its beginning to its end, and what is to be done then.
    async fn attempt(&mut self) -> (Facts, Return, Option<Duration>) {
        let link = match self.joining.connector.connect(&self.joining.endpoint).await {
            Ok(link) => link,
            Err(error) => {
                let (facts, back) = cause::of_failure(&error);
                return (facts, back, None);
            }
        };
        let (mut receiver, sender) = link.split();
        // Refused only by a link that is closed, which the receiver tells.
        let _ = sender.say(Body::Hello(self.hello()));
        let first = tokio::time::timeout(WELCOME_DUE, receiver.recv()).await;
        match first {
            Ok(Ok(Packet::Link(Body::Welcome(welcome)))) if welcome.seat.is_some() => {
                self.reconnect.succeeded();
                self.refusals = 0;
                if !welcome.resume_token.is_empty() {
                    self.joining.credential = Secret::new(welcome.resume_token.clone());
                }
                let up = LinkEvent::Up { sender: sender.clone(), welcome: Box::new(welcome) };
                if !self.events.send(up).await {
                    return goodbye(&sender);
                }
            }
            Ok(Err(closed)) => return ended(&closed),
            Ok(Ok(_)) | Err(_) => {
                return ended(&Closed {
                    code: None,
                    reason: "the server did not answer the hello".into(),
                    retry_after: None,
                });
            }
        }
        let mut ping = tokio::time::interval(PING_EVERY);
        loop {
            let packet = tokio::select! {
                packet = receiver.recv() => packet,
                _ = ping.tick() => {
                    // A link that is over tells so itself.
                    let _ = sender.ping();
                    continue;
                }
            };
            match packet {
                Ok(Packet::Link(Body::SessionEnd(end))) => {
                    let facts = Facts::of_cause(&end.cause.unwrap_or_default());
                    return (facts, Return::Over, None);
                }
                Ok(packet) => {
                    if !self.events.send(LinkEvent::Packet(packet)).await {
                        return goodbye(&sender);
                    }
                }
                Err(closed) => return ended(&closed),
            }
        }
    }

    fn hello(&self) -> Hello {
        let capabilities = ViewerCapabilities {
            codecs: vec![VideoCodec::H264.into()],
            max_width: MAX_PICTURE_SIDE,
            max_height: MAX_PICTURE_SIDE,
            scaled_motion: true,
        };
        let token = self.joining.credential.expose().to_owned();
        Hello {
            versions: Some(SUPPORTED_VERSIONS),
            software: self.joining.software.clone(),
            endpoint: Some(hello::Endpoint::Viewer(ViewerHello {
                token,
                capabilities: Some(capabilities),
            })),
        }
    }
}

fn ended(closed: &Closed) -> (Facts, Return, Option<Duration>) {
    let (facts, back) = cause::of_close(closed);
    (facts, back, closed.retry_after)
}

/// The window is gone.
fn goodbye(sender: &LinkSender) -> (Facts, Return, Option<Duration>) {
    sender.close(CloseCode::Normal, "goodbye");
    ended(&Closed { code: Some(CloseCode::Normal), reason: String::new(), retry_after: None })
}
