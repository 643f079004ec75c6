//! A viewer's end of a session, without any I/O.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use gc_codec::TileDecoder;
use gc_proto::v2::{
    AgentControl, ClipboardPiece, ClipboardReceived, ClipboardSync, CursorMessage, Display,
    FrameAck, InputEvent, InputMessage, NoticeTopic, RefreshCause, RefreshRequest, SelectDisplay,
    Slow, VideoFeedback, VideoMessage, VideoSettings, VideoStatus, ViewerControl, agent_control,
    cursor_message, video_feedback, video_message, viewer_control,
};
use gc_proto::{Channel, Flags, Header, InvalidMessage, MAX_NAME, Record, Validate, clean_text};
use gc_types::{CauseCode, SessionId};
use gc_video::PixelRect;

use crate::statistics::Recorder;
use crate::{DecodeProblem, Decoder, DecoderLimits, Outcome, Statistics};

/// Shortest time between two requests for a new picture.
const REFRESH_SPACING: Duration = Duration::from_millis(500);
/// Displays of a machine at most; further ones are left out.
const MOST_DISPLAYS: usize = 64;

/// What goes into the headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionIds {
    /// The session.
    pub session: SessionId,
    /// This viewer's seat.
    pub participant: u16,
    /// Of the agent's link.
    pub epoch: u32,
}

/// The cursor of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cursor {
    /// Width and height; zero when no cursor shows.
    pub size: (u32, u32),
    /// The pointing pixel.
    pub hotspot: (u32, u32),
    /// Rows of R G B A, straight alpha.
    pub rgba: Vec<u8>,
}

/// Something for the window.
#[derive(Debug, Clone, PartialEq)]
pub enum ViewerEvent {
    /// The surface has another size.
    SurfaceChanged,
    /// Draw these rectangles of the surface, then call
    /// [`ViewerSession::drawn`].
    Draw {
        /// For the call back.
        frame_id: u32,
        /// What has changed.
        damage: Vec<PixelRect>,
    },
    /// The agent's state.
    Status(VideoStatus),
    /// The picture is slow because of this, or (`None`) not any more. Comes from
    /// [`ViewerSession::poll_event`].
    Slow(Option<Slow>),
    /// Another cursor.
    Cursor(Cursor),
    /// The cursor was moved by someone else; may lie outside the surface.
    CursorMoved {
        /// From the left edge of the surface.
        x: i32,
        /// From the top edge of the surface.
        y: i32,
    },
    /// The displays, and which of them is shown (0: all).
    Displays {
        /// Names are cleaned, but still somebody else's words.
        displays: Vec<Display>,
        /// Which is shown.
        selected: u32,
    },
    /// A piece of a clipboard content.
    Clipboard(ClipboardPiece),
    /// How much of a content of this viewer has come.
    ClipboardReceived(ClipboardReceived),
    /// The notices that stand now; see
    /// [`notices`](ViewerSession::notices).
    NoticesChanged,
    /// The picture cannot be decoded; a new one was asked for.
    DecoderFailed(DecodeProblem),
}

/// Why a record was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SessionError {
    /// For another session.
    #[error("record of another session")]
    OtherSession,
    /// A channel on which an agent has nothing to say here.
    #[error("channel {0:?} is not handled here")]
    Channel(Channel),
    /// Not protobuf.
    #[error("message on {0:?} cannot be decoded")]
    Undecodable(Channel),
    /// A field out of its limits.
    #[error(transparent)]
    Invalid(#[from] InvalidMessage),
}

/// Takes the agent's records on the video, cursor and control channels and makes
/// the viewer's.
pub struct ViewerSession {
    ids: SessionIds,
    decoder: Decoder,
    cursors: TileDecoder,
    notices: BTreeMap<i32, (CauseCode, String)>,
    sequences: BTreeMap<Channel, u32>,
    outbox: VecDeque<Record>,
    asked: Option<Duration>,
    recorder: Recorder,
    /// The cause and figures that were told last.
    told_slow: Option<Slow>,
}

impl ViewerSession {
    /// Fails only without memory.
    pub fn new(ids: SessionIds, limits: DecoderLimits) -> std::io::Result<Self> {
        Ok(Self {
            ids,
            decoder: Decoder::new(limits)?,
            cursors: TileDecoder::new()?,
            notices: BTreeMap::new(),
            sequences: BTreeMap::new(),
            outbox: VecDeque::new(),
            asked: None,
            recorder: Recorder::default(),
            told_slow: None,
        })
    }

    /// The picture and its state.
    pub const fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// What a person should know at present, by topic; the text is plain and
    /// cleaned.
    pub fn notices(&self) -> impl Iterator<Item = (NoticeTopic, CauseCode, &str)> {
        self.notices.iter().filter_map(|(topic, (cause, detail))| {
            Some((NoticeTopic::try_from(*topic).ok()?, *cause, detail.as_str()))
        })
    }

    /// The agent came back on a new link, where numbers start anew.
    pub fn set_epoch(&mut self, epoch: u32) {
        if self.ids.epoch != epoch {
            self.ids.epoch = epoch;
            self.sequences.clear();
        }
    }

    /// The next record to send.
    pub fn poll_record(&mut self) -> Option<Record> {
        self.outbox.pop_front()
    }

    /// Takes a record of the agent.
    pub fn on_record(
        &mut self,
        record: &Record,
        now: Duration,
    ) -> Result<Option<ViewerEvent>, SessionError> {
        if record.header().session != self.ids.session {
            return Err(SessionError::OtherSession);
        }
        match record.header().channel {
            Channel::Video => {
                let message: VideoMessage = parse(record)?;
                Ok(self.video(&message, record.payload().len(), now))
            }
            Channel::Cursor => self.cursor(&parse(record)?),
            Channel::Control => Ok(self.control(parse(record)?)),
            Channel::Clipboard => Ok(Some(ViewerEvent::Clipboard(parse(record)?))),
            // An agent offers them to everybody who may have them.
            Channel::Files => Ok(None),
            other => Err(SessionError::Channel(other)),
        }
    }

    /// To be called right after [`on_record`](Self::on_record) with the time then:
    /// what lies between was decoding. Without it decoding counts as drawing.
    pub fn decoded(&mut self, now: Duration) {
        self.recorder.decoded(now);
    }

    /// The session in numbers.
    pub fn statistics(&self, now: Duration) -> Statistics {
        self.recorder.snapshot(now)
    }

    /// The next event that no record brought by itself; to be asked for after every
    /// other call.
    pub fn poll_event(&mut self) -> Option<ViewerEvent> {
        let slow = self.recorder.slow();
        if slow == self.told_slow {
            return None;
        }
        self.told_slow = slow;
        Some(ViewerEvent::Slow(slow))
    }

    /// Looks at how this viewer keeps up. To be called after
    /// [`drawn`](Self::drawn) and at the time that it tells; `None` while nothing
    /// moves.
    pub fn tick(&mut self, now: Duration) -> Option<Duration> {
        self.recorder.look(now)
    }

    /// The frame is on the screen; `draw` is the time from its last byte until
    /// then. Acknowledges it.
    pub fn drawn(&mut self, frame_id: u32, draw: Duration) {
        self.recorder.shown(frame_id, draw);
        let draw_us = u32::try_from(draw.as_micros()).unwrap_or(u32::MAX);
        let ack = FrameAck { frame_id, draw_us };
        self.feedback(video_feedback::Body::Ack(ack));
    }

    /// Asks for a whole new picture.
    pub fn refresh(&mut self, cause: RefreshCause, now: Duration) {
        self.asked = Some(now);
        self.feedback(video_feedback::Body::Refresh(RefreshRequest { cause: cause.into() }));
    }

    /// Asks for a display; 0 for all in one picture.
    pub fn select_display(&mut self, id: u32) {
        self.say(viewer_control::Body::SelectDisplay(SelectDisplay { id }));
    }

    /// Asks for another quality.
    pub fn set_video(&mut self, settings: VideoSettings) {
        self.say(viewer_control::Body::VideoSettings(settings));
    }

    /// Turns clipboard synchronisation on or off.
    pub fn sync_clipboard(&mut self, enabled: bool) {
        self.say(viewer_control::Body::ClipboardSync(ClipboardSync { enabled }));
    }

    /// Keys and pointer: at most [`gc_proto::MAX_INPUT_EVENTS`] at once.
    pub fn input(&mut self, events: Vec<InputEvent>) {
        self.send(Channel::Input, Flags::END, &InputMessage { events });
    }

    /// A piece of what is on the viewer's clipboard.
    pub fn clipboard_piece(&mut self, piece: &ClipboardPiece, last: bool) {
        let flags = if last { Flags::END } else { Flags::NONE };
        self.send(Channel::Clipboard, flags, piece);
    }

    /// Tells how much of the agent's clipboard content has come.
    pub fn clipboard_received(&mut self, received: ClipboardReceived) {
        self.say(viewer_control::Body::ClipboardReceived(received));
    }

    fn video(
        &mut self,
        message: &VideoMessage,
        bytes: usize,
        now: Duration,
    ) -> Option<ViewerEvent> {
        match &message.body {
            Some(video_message::Body::Frame(frame)) => self.recorder.frame(frame, bytes, now),
            _ => self.recorder.other(bytes, now),
        }
        match self.decoder.apply(message) {
            Ok(Outcome::Presented { frame_id, damage }) => {
                Some(ViewerEvent::Draw { frame_id, damage })
            }
            Ok(Outcome::SurfaceChanged) => Some(ViewerEvent::SurfaceChanged),
            Ok(Outcome::Status(status)) => {
                self.recorder.status(&status);
                Some(ViewerEvent::Status(status))
            }
            Ok(Outcome::Partial) => None,
            Ok(Outcome::Skipped) => {
                self.recorder.unused();
                None
            }
            Err(problem) => {
                self.recorder.unused();
                if self.asked.is_none_or(|at| now >= at + REFRESH_SPACING) {
                    self.refresh(problem.refresh_cause(), now);
                }
                Some(ViewerEvent::DecoderFailed(problem))
            }
        }
    }

    fn cursor(&mut self, message: &CursorMessage) -> Result<Option<ViewerEvent>, SessionError> {
        message.validate()?;
        match &message.body {
            Some(cursor_message::Body::Shape(shape)) if shape.width == 0 => {
                Ok(Some(ViewerEvent::Cursor(Cursor::default())))
            }
            Some(cursor_message::Body::Shape(shape)) => {
                let bytes = shape.width as usize * shape.height as usize * 4;
                let invalid = |_| InvalidMessage { field: "rgba" };
                let rgba = self.cursors.expand(&shape.rgba, bytes).map_err(invalid)?.to_vec();
                if shape.hotspot_x >= shape.width || shape.hotspot_y >= shape.height {
                    return Err(InvalidMessage { field: "hotspot" }.into());
                }
                Ok(Some(ViewerEvent::Cursor(Cursor {
                    size: (shape.width, shape.height),
                    hotspot: (shape.hotspot_x, shape.hotspot_y),
                    rgba,
                })))
            }
            Some(cursor_message::Body::Position(position)) => {
                let point = position.position.unwrap_or_default();
                Ok(Some(ViewerEvent::CursorMoved { x: point.x, y: point.y }))
            }
            None => Err(InvalidMessage { field: "body" }.into()),
        }
    }

    fn control(&mut self, message: AgentControl) -> Option<ViewerEvent> {
        match message.body? {
            agent_control::Body::Displays(list) => {
                let mut displays = list.displays;
                displays.truncate(MOST_DISPLAYS);
                for display in &mut displays {
                    display.name = clean_text(&display.name, MAX_NAME);
                }
                Some(ViewerEvent::Displays { displays, selected: list.selected })
            }
            agent_control::Body::Notice(notice) => {
                let topic = notice.topic;
                NoticeTopic::try_from(topic).ok()?;
                let cause = notice.cause.and_then(|cause| {
                    let code = CauseCode::from_number(cause.code)?;
                    Some((code, clean_text(&cause.detail, 200)))
                });
                match cause {
                    Some(cause) => self.notices.insert(topic, cause),
                    None => self.notices.remove(&topic),
                };
                Some(ViewerEvent::NoticesChanged)
            }
            agent_control::Body::ClipboardReceived(received) => {
                Some(ViewerEvent::ClipboardReceived(received))
            }
            // This viewer has no choice of the system's sessions, and asks for actions by
            // keys only, whose outcome is told as a notice.
            agent_control::Body::DesktopSessions(_)
            | agent_control::Body::MachineActions(_)
            | agent_control::Body::MachineActionResult(_) => None,
        }
    }

    fn feedback(&mut self, body: video_feedback::Body) {
        self.send(Channel::Video, Flags::NONE, &VideoFeedback { body: Some(body) });
    }

    fn say(&mut self, body: viewer_control::Body) {
        self.send(Channel::Control, Flags::NONE, &ViewerControl { body: Some(body) });
    }

    fn send(&mut self, channel: Channel, flags: Flags, message: &impl prost::Message) {
        let sequence = self.sequences.entry(channel).or_default();
        let header = Header {
            channel,
            flags,
            participant: self.ids.participant,
            epoch: self.ids.epoch,
            sequence: *sequence,
            session: self.ids.session,
        };
        *sequence = sequence.wrapping_add(1);
        self.outbox.push_back(Record::new(header, message));
    }
}

fn parse<M: prost::Message + Default>(record: &Record) -> Result<M, SessionError> {
    M::decode(record.payload()).map_err(|_| SessionError::Undecodable(record.header().channel))
}
