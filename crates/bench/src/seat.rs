//! A viewer's seat in a session: the product's own link, decoder and surface,
//! whatever shows the picture.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use gc_input::ScanCode;
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{
    CloseCode, ControlAction, ControlVerb, Hello, InputEvent, InputMessage, KeyEvent, VideoCodec,
    ViewerCapabilities, ViewerHello, hello, input_event,
};
use gc_proto::{Channel, Flags, Header, Packet, Record, SUPPORTED_VERSIONS};
use gc_transport::{Connector, Endpoint, LinkReceiver, LinkSender};
use gc_types::SessionId;
use gc_viewer_core::{DecoderLimits, SessionIds, Surface, ViewerEvent, ViewerSession};
use serde::{Deserialize, Serialize};

use crate::clock::monotonic;

/// Shortest time between two questions for the round trip.
const PING_EVERY: Duration = Duration::from_secs(1);

/// How to join.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Ticket {
    /// `http(s)://127.0.0.1:PORT`: the server, or a proxy before it.
    pub(crate) server: String,
    /// Authority of the server's certificate, PEM.
    pub(crate) authority: Option<PathBuf>,
    /// From the REST API.
    pub(crate) token: String,
}

/// What went through a seat so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Carried {
    /// Bytes of all records from the agent, headers included.
    pub(crate) bytes: u64,
    /// Bytes of all records to the agent.
    pub(crate) bytes_sent: u64,
    /// Frames drawn.
    pub(crate) frames: u64,
    /// Time from the last byte of a frame to its picture, added up, microseconds.
    pub(crate) drawing_us: u64,
    /// What the agent aims at for video, kbit/s; 0 before it said.
    pub(crate) target_kbps: u32,
    /// To the relay and back when it was asked last, microseconds; 0 before.
    pub(crate) round_trip_us: u64,
    /// Bytes of files that the window has moved.
    pub(crate) files_bytes: u64,
    /// Whether a file is on its way.
    pub(crate) files_busy: bool,
}

/// A viewer that asks for control and shows a session.
pub(crate) struct Seat {
    sender: LinkSender,
    place: Option<(SessionIds, ViewerSession)>,
    keys: u32,
    in_control: bool,
    carried: Carried,
    pinged: Duration,
}

impl Seat {
    /// Connects and says hello.
    pub(crate) async fn join(ticket: &Ticket, software: &str) -> Result<(LinkReceiver, Self)> {
        let url = ticket.server.replacen("http", "ws", 1) + "/ws/viewer";
        let endpoint = Endpoint::new(url.parse()?, None)?;
        let link = Connector::new(ticket.authority.as_deref())?.connect(&endpoint).await?;
        let (receiver, sender) = link.split();
        let capabilities = ViewerCapabilities {
            codecs: vec![VideoCodec::H264.into()],
            max_width: 16_384,
            max_height: 16_384,
            scaled_motion: true,
        };
        let viewer = ViewerHello { token: ticket.token.clone(), capabilities: Some(capabilities) };
        let hello = Hello {
            versions: Some(SUPPORTED_VERSIONS),
            software: software.to_owned(),
            endpoint: Some(hello::Endpoint::Viewer(viewer)),
        };
        sender.say(Body::Hello(hello))?;
        let seat = Self {
            sender,
            place: None,
            keys: 0,
            in_control: false,
            carried: Carried::default(),
            pinged: Duration::ZERO,
        };
        Ok((receiver, seat))
    }

    /// Takes what came over the link. A frame to draw is answered by
    /// [`Seat::drawn`].
    pub(crate) fn take(&mut self, packet: Packet, now: Duration) -> Result<Option<ViewerEvent>> {
        match packet {
            Packet::Link(Body::Welcome(welcome)) => {
                let seat = welcome.seat.context("a welcome without a seat")?;
                let session = <[u8; 16]>::try_from(seat.session_id).ok();
                let ids = SessionIds {
                    session: SessionId::from_bytes(session.context("session id")?),
                    participant: u16::try_from(seat.participant)?,
                    epoch: seat.epoch,
                };
                let limits = DecoderLimits { h264: true, ..DecoderLimits::default() };
                self.place = Some((ids, ViewerSession::new(ids, limits)?));
                Ok(None)
            }
            Packet::Link(body) => self.on_link(&body).map(|()| None),
            Packet::Record(record) => {
                let Some((_, session)) = &mut self.place else { return Ok(None) };
                self.carried.bytes += record.bytes().len() as u64;
                let event = session.on_record(&record, now)?;
                session.decoded(monotonic());
                if let Some(ViewerEvent::Status(status)) = &event {
                    self.carried.target_kbps = status.target_kbps;
                }
                self.flush()?;
                Ok(event)
            }
        }
    }

    fn on_link(&mut self, body: &Body) -> Result<()> {
        match body {
            Body::SessionState(state) => {
                if let Some((ids, session)) = &mut self.place {
                    ids.epoch = state.epoch;
                    session.set_epoch(state.epoch);
                }
                self.on_controller(state.controller)
            }
            Body::ControlChanged(change) => self.on_controller(change.controller),
            Body::SessionEnd(end) => bail!("the session ended: {:?}", end.cause),
            Body::Close(close) => bail!("refused: {}", close.reason),
            _ => Ok(()),
        }
    }

    /// Takes control when nobody has it.
    fn on_controller(&mut self, controller: u32) -> Result<()> {
        let own = self.place.as_ref().map(|(ids, _)| u32::from(ids.participant));
        self.in_control = own == Some(controller);
        if controller == 0 {
            let verb = ControlVerb::Ask.into();
            self.sender.say(Body::ControlAction(ControlAction { verb, participant: 0 }))?;
        }
        Ok(())
    }

    /// A frame is on the screen; `draw` is the time from its last byte until then.
    pub(crate) fn drawn(&mut self, frame_id: u32, draw: Duration) -> Result<()> {
        self.carried.frames += 1;
        self.carried.drawing_us += u64::try_from(draw.as_micros()).unwrap_or(u64::MAX);
        if let Some((_, session)) = &mut self.place {
            session.drawn(frame_id, draw);
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        let Some((_, session)) = &mut self.place else { return Ok(()) };
        while let Some(record) = session.poll_record() {
            self.carried.bytes_sent += record.bytes().len() as u64;
            self.sender.send(&record)?;
        }
        Ok(())
    }

    /// Presses or releases a key.
    pub(crate) fn key(&mut self, code: ScanCode, down: bool) -> Result<()> {
        let Some((ids, _)) = &self.place else { return Ok(()) };
        let key = KeyEvent { scan_code: code.code.into(), extended: code.extended, down };
        let event = InputEvent { event: Some(input_event::Event::Key(key)) };
        let header = Header {
            channel: Channel::Input,
            flags: Flags::NONE,
            participant: ids.participant,
            epoch: ids.epoch,
            sequence: self.keys,
            session: ids.session,
        };
        self.keys = self.keys.wrapping_add(1);
        let record = Record::new(header, &InputMessage { events: vec![event] });
        self.carried.bytes_sent += record.bytes().len() as u64;
        self.sender.send(&record)?;
        Ok(())
    }

    /// The link and what goes into the headers, once there is a place in the session.
    pub(crate) fn line(&self) -> Option<(LinkSender, SessionIds)> {
        self.place.as_ref().map(|(ids, _)| (self.sender.clone(), *ids))
    }

    /// The picture, once there is one.
    pub(crate) fn surface(&self) -> Option<&Surface> {
        self.place.as_ref().and_then(|(_, session)| session.decoder().surface())
    }

    /// Whether this viewer may type.
    pub(crate) const fn in_control(&self) -> bool {
        self.in_control
    }

    /// What went through so far; asks for the round trip now and then.
    pub(crate) fn carried(&mut self, now: Duration) -> Result<Carried> {
        if now >= self.pinged + PING_EVERY {
            self.pinged = now;
            self.sender.ping()?;
        }
        let trip = self.sender.round_trip().unwrap_or_default();
        self.carried.round_trip_us = u64::try_from(trip.as_micros()).unwrap_or(u64::MAX);
        Ok(self.carried)
    }

    /// Leaves the session.
    pub(crate) fn leave(&self) {
        self.sender.close(CloseCode::Normal, "done");
    }
}
