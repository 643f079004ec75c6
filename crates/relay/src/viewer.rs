//! A viewer's link, from its hello to its end.

use std::sync::Arc;

use gc_channel::{SequenceCheck, TokenBucket};
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, CloseCode};
use gc_proto::{Channel, MAX_VIEWER_MESSAGE, Packet, Record};
use gc_session::{Peer, Verdict};
use gc_types::Secret;

use crate::conduct::{Conduct, unreadable};
use crate::greet::{admit, broken, greeting, welcome};
use crate::link::{Closing, Link};
use crate::ports::{AdmittedViewer, LinkSink, LinkSource, PeerInfo, SocketEvent};
use crate::session::{Session, refusal, seat_to_wire};
use crate::shared::{Cut, Shared};
use crate::writer;

/// Records of any kind a viewer may send per second.
const RECORD_RATE: u32 = 1_000;

/// Records of files, which are small on a slow line only: bytes are bounded by what
/// the agent lets be on its way.
const FILE_RATE: u32 = 20_000;

/// Runs a viewer's link to its end.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    peer: PeerInfo,
    mut source: Box<dyn LinkSource>,
    sink: Box<dyn LinkSink>,
) {
    let Some((session, seat, link)) = Box::pin(open(&shared, peer, source.as_mut(), sink)).await
    else {
        return;
    };
    let now = shared.now();
    let input = shared.config.input_per_second;
    let mut reader = Reader {
        shared: &shared,
        session: &session,
        seat,
        link: &link,
        conduct: Conduct::new(peer, now),
        sequence: SequenceCheck::new(0),
        input: TokenBucket::new(input, input, now),
        records: TokenBucket::new(RECORD_RATE, RECORD_RATE, now),
        files: TokenBucket::new(FILE_RATE, FILE_RATE, now),
    };
    loop {
        let event = tokio::select! {
            biased;
            () = link.stopped() => break,
            event = source.next() => event,
        };
        if let Err(closing) = reader.on_event(event) {
            link.close(closing);
            // Nothing more is read: nobody else sees a byte of what follows.
            link.stopped().await;
            break;
        }
    }
    session.leave(&shared, seat);
    shared.unregister_viewer(&link);
}

/// Hello, gate, seat. `None` when the link has ended already.
async fn open(
    shared: &Arc<Shared>,
    peer: PeerInfo,
    source: &mut dyn LinkSource,
    mut sink: Box<dyn LinkSink>,
) -> Option<(Arc<Session>, u16, Arc<Link>)> {
    let began = shared.now();
    let admitted = async {
        // Before the gate: a token must not be used up for nothing.
        shared.going_away()?;
        let greeting = greeting(shared, Peer::Viewer, source).await?;
        let version = greeting.version;
        let Some(hello) = greeting.viewer() else {
            return Err(Closing::new(CloseCode::ProtocolError, "not a viewer's hello"));
        };
        let asked = shared.gate.admit_viewer(Secret::new(hello.token), peer);
        let viewer = admit(asked).await?;
        Ok((version, hello.capabilities, viewer))
    }
    .await;
    let seated = admitted.and_then(|(version, capabilities, viewer)| {
        seat(shared, began, peer, version, capabilities, &viewer)
    });
    match seated {
        Ok((session, seat, link)) => {
            let behind = Some((Arc::clone(&session), seat));
            gc_runtime::spawn(
                "relay writer",
                writer::run(Arc::clone(shared), Arc::clone(&link), behind, sink),
            );
            Some((session, seat, link))
        }
        Err(closing) => {
            writer::say_goodbye(sink.as_mut(), Vec::new(), &closing).await;
            None
        }
    }
}

fn seat(
    shared: &Arc<Shared>,
    began: std::time::Duration,
    peer: PeerInfo,
    version: u32,
    capabilities: Option<v2::ViewerCapabilities>,
    viewer: &AdmittedViewer,
) -> Result<(Arc<Session>, u16, Arc<Link>), Closing> {
    let session = shared
        .session(viewer.session)
        .ok_or_else(|| Closing::new(CloseCode::SessionUnknown, "the session has ended"))?;
    let queue = shared.config.viewer_queue;
    let link = Arc::new(Link::viewer(shared.next_link(), shared.now(), queue));
    shared.register_viewer(&link)?;
    let mut message = welcome(shared, version, shared.config.active_heartbeat);
    let joined = session.join(shared, viewer, capabilities, &link, peer, |joined| {
        message.seat = Some(seat_to_wire(session.id, joined));
        if let Some(token) = &viewer.resume_token {
            token.expose().clone_into(&mut message.resume_token);
        }
        Body::Welcome(message)
    });
    let joined = joined.map_err(|refused| {
        shared.unregister_viewer(&link);
        refusal(refused)
    })?;
    // Access may have been withdrawn between the gate's answer and the seat.
    let (login, user) = (viewer.login, viewer.user);
    if shared.is_cut(began, |cut| cut == Cut::Login(login) || cut == Cut::User(user)) {
        link.close(Closing::new(CloseCode::Unauthenticated, "access was withdrawn"));
    }
    Ok((session, joined.participant, link))
}

struct Reader<'a> {
    shared: &'a Arc<Shared>,
    session: &'a Arc<Session>,
    seat: u16,
    link: &'a Arc<Link>,
    conduct: Conduct,
    sequence: SequenceCheck,
    input: TokenBucket,
    records: TokenBucket,
    files: TokenBucket,
}

impl Reader<'_> {
    fn on_event(&mut self, event: SocketEvent) -> Result<(), Closing> {
        let bytes = match event {
            SocketEvent::Message(bytes) if bytes.len() <= MAX_VIEWER_MESSAGE => bytes,
            SocketEvent::Message(_) => return Err(broken(&SocketEvent::TooLarge)),
            SocketEvent::Closed => return Err(Closing::lost()),
            other => return Err(broken(&other)),
        };
        self.link.hear(self.shared.now());
        match Packet::decode(bytes) {
            Ok(Packet::Record(record)) => self.on_record(&record),
            Ok(Packet::Link(body)) => self.on_link_message(body),
            Err(error) => Err(unreadable(&error)),
        }
    }

    fn on_record(&mut self, record: &Record) -> Result<(), Closing> {
        let header = record.header();
        let id = Some(self.session.id);
        if record.payload_len() > gc_proto::max_payload(header.channel, false) {
            return Err(broken(&SocketEvent::TooLarge));
        }
        let now = self.shared.now();
        let (bucket, rule) = match header.channel {
            Channel::Input => (&mut self.input, "input_rate"),
            Channel::Files => (&mut self.files, "file_rate"),
            _ => (&mut self.records, "record_rate"),
        };
        if !bucket.take(now) {
            self.shared.counters.dropped(1);
            self.conduct.note(self.shared, id, rule);
            return Ok(());
        }
        let verdict =
            self.session.forward_from_viewer(self.shared, self.seat, &mut self.sequence, record);
        match verdict {
            Verdict::Forward => Ok(()),
            Verdict::Drop(rule) => {
                self.shared.counters.dropped(1);
                self.conduct.left_out(self.shared, self.session.id, rule);
                Ok(())
            }
            Verdict::Violation(rule) => {
                self.shared.counters.dropped(1);
                self.conduct.breach(self.shared, id, rule)
            }
            Verdict::TooLarge => Err(broken(&SocketEvent::TooLarge)),
        }
    }

    fn on_link_message(&mut self, body: Body) -> Result<(), Closing> {
        let id = Some(self.session.id);
        if !self.conduct.takes_link_message(self.shared) {
            return self.conduct.breach(self.shared, id, "link_message_rate");
        }
        let done = match body {
            Body::Heartbeat(beat) => {
                self.link.tell(Body::HeartbeatAck(v2::HeartbeatAck { nonce: beat.nonce }));
                Ok(())
            }
            Body::HeartbeatAck(_) => Ok(()),
            Body::Close(_) => return Err(Closing::new(CloseCode::Normal, "goodbye")),
            Body::ControlAction(action) => {
                match self.session.control(self.shared, self.seat, action) {
                    // Two people may press at the same moment.
                    Err(rule) => {
                        self.conduct.note(self.shared, id, rule);
                        Ok(())
                    }
                    Ok(()) => Ok(()),
                }
            }
            Body::SessionEnd(end) if end.session_id == self.session.id.as_bytes() => {
                self.session.end_by_viewer(self.shared, self.seat)
            }
            Body::SessionEnd(_) => Err("foreign_session"),
            _ => Err("wrong_direction"),
        };
        done.or_else(|rule| self.conduct.breach(self.shared, id, rule))
    }
}
