//! A seat in a session: what the relay and the agent say, and what goes back.

use std::collections::VecDeque;
use std::time::Duration;

use gc_proto::v2::link_message::Body;
use gc_proto::v2::{
    AgentPresence, CloseCode, ControlAction, ControlVerb, Display, InputEvent, NoticeTopic,
    SessionEnd, SessionState, Slow, VideoSettings, Welcome,
};
use gc_proto::{Channel, MAX_INPUT_EVENTS, MAX_NAME, Packet, clean_text};
use gc_transport::LinkSender;
use gc_types::{CauseCode, Right, Rights, SessionId};
use gc_viewer_core::{
    Cursor, DecoderLimits, SessionIds, Statistics, Surface, ViewerEvent, ViewerSession,
};
use prost::Message as _;

/// How long leaving may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// Somebody in the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// Number of the seat.
    pub(crate) participant: u16,
    /// Cleaned.
    pub(crate) name: String,
    /// Waits for control.
    pub(crate) asks: bool,
}

/// What has changed for the window.
#[derive(Debug, PartialEq)]
pub(crate) enum Change {
    /// The picture has another size.
    Surface,
    /// Parts of the picture are new; acknowledge the frame when they are shown.
    Picture {
        /// For [`Seat::drawn`].
        frame_id: u32,
        /// In pixels of the machine.
        damage: Vec<gc_video::PixelRect>,
    },
    /// Another pointer.
    Cursor(Cursor),
    /// Somebody else moved the pointer there.
    CursorMoved(i32, i32),
    /// People, control, the machine's presence, displays or notices.
    State,
    /// The picture is slow, or not any more.
    Slow,
    /// A piece of the machine's clipboard.
    Clipboard(gc_proto::v2::ClipboardPiece),
    /// How much of this viewer's clipboard has come.
    ClipboardReceived(gc_proto::v2::ClipboardReceived),
    /// About files that are moved.
    File(gc_proto::v2::FileMessage),
    /// The agent started over; it knows nothing of this viewer's wishes.
    Restarted,
}

/// A seat, for as long as one link lasts.
pub(crate) struct Seat {
    sender: LinkSender,
    ids: SessionIds,
    session: ViewerSession,
    rights: Rights,
    /// What the agent is told about the picture when it starts over.
    video: Option<VideoSettings>,
    /// 0 for nobody.
    controller: u16,
    people: Vec<Person>,
    machine: String,
    presence: AgentPresence,
    displays: Vec<Display>,
    selected: u32,
    slow: Option<Slow>,
    /// Input that the link had no room for is gone; what it pressed must not stay.
    input_lost: bool,
    /// Asked for once by itself.
    asked: bool,
}

/// Why a seat cannot be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SeatError {
    /// The relay's welcome.
    #[error("the welcome does not fit")]
    Welcome,
    /// No memory for a decoder.
    #[error("nothing to decode with: {0}")]
    Decoder(#[from] std::io::Error),
}

impl Seat {
    /// The seat that a welcome gives.
    pub(crate) fn take(sender: LinkSender, welcome: &Welcome) -> Result<Self, SeatError> {
        let seat = welcome.seat.as_ref().ok_or(SeatError::Welcome)?;
        let ids = SessionIds {
            session: SessionId::from_slice(&seat.session_id).map_err(|_| SeatError::Welcome)?,
            participant: u16::try_from(seat.participant).map_err(|_| SeatError::Welcome)?,
            epoch: seat.epoch,
        };
        Ok(Self {
            sender,
            ids,
            session: decoder(ids)?,
            rights: Rights::from_bits(seat.rights),
            video: None,
            controller: 0,
            people: Vec::new(),
            machine: String::new(),
            presence: AgentPresence::Unspecified,
            displays: Vec::new(),
            selected: 0,
            slow: None,
            input_lost: false,
            asked: false,
        })
    }

    /// Takes what came over the link. `now` is asked for once more after decoding.
    pub(crate) fn receive(&mut self, packet: Packet, now: &dyn Fn() -> Duration) -> Vec<Change> {
        let mut changes = Vec::new();
        match packet {
            Packet::Link(Body::SessionState(state)) => self.on_state(&state, &mut changes),
            Packet::Link(Body::ControlChanged(change)) => {
                self.controller = u16::try_from(change.controller).unwrap_or(0);
                changes.push(Change::State);
            }
            Packet::Link(_) => {}
            Packet::Record(record) => {
                let epoch = record.header().epoch;
                if epoch < self.ids.epoch {
                    return changes;
                }
                // The first record of a new link may overtake the state that announces it.
                if epoch > self.ids.epoch {
                    self.start_over(epoch, &mut changes);
                }
                if record.header().channel == Channel::Files {
                    match gc_proto::v2::FileMessage::decode(record.payload()) {
                        Ok(message) => changes.push(Change::File(message)),
                        Err(error) => tracing::warn!(%error, "a record was refused"),
                    }
                    return changes;
                }
                let taken = self.session.on_record(&record, now());
                self.session.decoded(now());
                match taken {
                    Ok(Some(event)) => self.on_event(event, &mut changes),
                    Ok(None) => {}
                    // A peer that breaks the protocol loses the message.
                    Err(error) => tracing::warn!(%error, "a record was refused"),
                }
                self.flush();
            }
        }
        self.poll(&mut changes);
        changes
    }

    fn on_state(&mut self, state: &SessionState, changes: &mut Vec<Change>) {
        if state.epoch > self.ids.epoch {
            self.start_over(state.epoch, changes);
        }
        self.presence = state.agent();
        self.machine = clean_text(&state.machine_name, MAX_NAME);
        self.controller = u16::try_from(state.controller).unwrap_or(0);
        self.people = state
            .participants
            .iter()
            .filter_map(|one| {
                Some(Person {
                    participant: u16::try_from(one.participant).ok()?,
                    name: clean_text(&one.name, MAX_NAME),
                    asks: one.asks_for_control,
                })
            })
            .collect();
        let own = u32::from(self.ids.participant);
        if let Some(own) = state.participants.iter().find(|one| one.participant == own) {
            self.rights = Rights::from_bits(own.rights);
        }
        changes.push(Change::State);
    }

    /// The agent has a new link: a new surface, new numbers, and no wishes.
    fn start_over(&mut self, epoch: u32, changes: &mut Vec<Change>) {
        self.ids.epoch = epoch;
        match decoder(self.ids) {
            Ok(session) => self.session = session,
            Err(error) => tracing::error!(%error, "nothing to decode with"),
        }
        if let Some(video) = self.video {
            self.session.set_video(video);
        }
        changes.push(Change::Restarted);
    }

    fn on_event(&mut self, event: ViewerEvent, changes: &mut Vec<Change>) {
        match event {
            ViewerEvent::SurfaceChanged => changes.push(Change::Surface),
            ViewerEvent::Draw { frame_id, damage } => {
                changes.push(Change::Picture { frame_id, damage });
            }
            ViewerEvent::Cursor(cursor) => changes.push(Change::Cursor(cursor)),
            ViewerEvent::CursorMoved { x, y } => changes.push(Change::CursorMoved(x, y)),
            ViewerEvent::Displays { displays, selected } => {
                (self.displays, self.selected) = (displays, selected);
                changes.push(Change::State);
            }
            ViewerEvent::Clipboard(piece) => changes.push(Change::Clipboard(piece)),
            ViewerEvent::ClipboardReceived(received) => {
                changes.push(Change::ClipboardReceived(received));
            }
            ViewerEvent::NoticesChanged => changes.push(Change::State),
            ViewerEvent::DecoderFailed(problem) => {
                tracing::warn!(?problem, "a picture could not be decoded");
            }
            ViewerEvent::Status(_) | ViewerEvent::Slow(_) => {}
        }
    }

    fn poll(&mut self, changes: &mut Vec<Change>) {
        while let Some(event) = self.session.poll_event() {
            if let ViewerEvent::Slow(slow) = event {
                self.slow = slow;
                changes.push(Change::Slow);
            }
        }
    }

    /// A frame is on the screen; `draw` is the time from its arrival until then.
    pub(crate) fn drawn(&mut self, frame_id: u32, draw: Duration) {
        self.session.drawn(frame_id, draw);
        self.flush();
    }

    /// Looks at how this viewer keeps up; when to look again.
    pub(crate) fn tick(&mut self, now: Duration) -> (Option<Duration>, Vec<Change>) {
        let mut changes = Vec::new();
        let next = self.session.tick(now);
        self.poll(&mut changes);
        (next, changes)
    }

    fn flush(&mut self) {
        while let Some(record) = self.session.poll_record() {
            if let Err(error) = self.sender.send(&record) {
                let input = record.header().channel == Channel::Input;
                self.input_lost |= input;
                tracing::debug!(%error, input, "a record did not go");
            }
        }
    }

    /// Keys and pointer, when this viewer has control.
    pub(crate) fn input(&mut self, events: &[InputEvent]) {
        if !self.in_control() || events.is_empty() {
            return;
        }
        if std::mem::take(&mut self.input_lost) {
            self.session.input(vec![crate::keys::release_all()]);
        }
        for part in events.chunks(MAX_INPUT_EVENTS) {
            self.session.input(part.to_vec());
        }
        self.flush();
    }

    /// A piece of this viewer's clipboard; `false`: the link takes no more now.
    pub(crate) fn clipboard_piece(
        &mut self,
        piece: &gc_proto::v2::ClipboardPiece,
        last: bool,
    ) -> bool {
        if self.sender.credit(Channel::Clipboard) < 2 * gc_clipboard::MAX_PIECE {
            return false;
        }
        self.session.clipboard_piece(piece, last);
        self.flush();
        true
    }

    /// Tells how much of the machine's clipboard has come.
    pub(crate) fn clipboard_received(&mut self, received: gc_proto::v2::ClipboardReceived) {
        self.session.clipboard_received(received);
        self.flush();
    }

    /// Turns clipboard synchronisation on or off.
    pub(crate) fn sync_clipboard(&mut self, on: bool) {
        self.session.sync_clipboard(on);
        self.flush();
    }

    /// Asks for a display; 0 for all in one picture.
    pub(crate) fn select_display(&mut self, id: u32) {
        self.session.select_display(id);
        self.flush();
    }

    /// Asks for another quality.
    pub(crate) fn set_video(&mut self, settings: VideoSettings) {
        self.video = Some(settings);
        self.session.set_video(settings);
        self.flush();
    }

    /// Asks for a whole new picture.
    pub(crate) fn refresh(&mut self, now: Duration) {
        self.session.refresh(gc_proto::v2::RefreshCause::User, now);
        self.flush();
    }

    /// Asks for control, gives it, refuses it or lets it go.
    pub(crate) fn control(&mut self, verb: ControlVerb, participant: u16) {
        let participant = participant.into();
        self.say(Body::ControlAction(ControlAction { verb: verb.into(), participant }));
    }

    /// Asks for control by itself, once, while nobody has it.
    pub(crate) fn ask_if_free(&mut self) {
        if self.controller == 0 && self.may_control() && !std::mem::replace(&mut self.asked, true) {
            self.control(ControlVerb::Ask, 0);
        }
    }

    /// Asks no more by itself.
    pub(crate) const fn ask_no_more(&mut self) {
        self.asked = true;
    }

    /// Ends the session for everybody.
    pub(crate) fn end_session(&mut self) {
        let session_id = self.ids.session.as_bytes().to_vec();
        self.say(Body::SessionEnd(SessionEnd { session_id, cause: None }));
    }

    /// Leaves; the session goes on. Waits until that is said, not for long.
    pub(crate) fn leave(&self, runtime: &tokio::runtime::Handle) {
        self.sender.close(CloseCode::Normal, "goodbye");
        let said = async { tokio::time::timeout(GOODBYE, self.sender.closed()).await };
        if runtime.block_on(said).is_err() {
            tracing::debug!("the server did not take the goodbye in time");
        }
    }

    fn say(&self, body: Body) {
        // A closed link tells so itself.
        if let Err(error) = self.sender.say(body) {
            tracing::debug!(%error, "not said");
        }
    }

    /// The picture.
    pub(crate) fn surface(&self) -> Option<&Surface> {
        self.session.decoder().surface()
    }

    /// The session in numbers.
    pub(crate) fn statistics(&self, now: Duration) -> Statistics {
        self.session.statistics(now)
    }

    /// To the relay and back.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.sender.round_trip()
    }

    /// Whether this viewer has control.
    pub(crate) const fn in_control(&self) -> bool {
        self.controller == self.ids.participant && self.controller != 0
    }

    /// Whether it may have it.
    pub(crate) const fn may_control(&self) -> bool {
        self.rights.allows(Right::Control)
    }

    /// Whether the clipboard is shared in this session.
    pub(crate) const fn may_use_clipboard(&self) -> bool {
        self.rights.allows(Right::Clipboard)
    }

    /// Whether files may be moved in this session.
    pub(crate) const fn may_move_files(&self) -> bool {
        self.rights.allows(Right::Files)
    }

    /// What files go over, while the machine is there.
    pub(crate) fn way_of_files(&self) -> Option<(&LinkSender, SessionIds)> {
        let there = self.presence != AgentPresence::Offline && self.may_move_files();
        there.then_some((&self.sender, self.ids))
    }

    /// Who has control.
    pub(crate) fn controller(&self) -> Option<&Person> {
        self.people.iter().find(|one| one.participant == self.controller)
    }

    /// This viewer's own number.
    pub(crate) const fn participant(&self) -> u16 {
        self.ids.participant
    }

    /// Everybody.
    pub(crate) fn people(&self) -> &[Person] {
        &self.people
    }

    /// Name of the machine.
    pub(crate) fn machine(&self) -> &str {
        &self.machine
    }

    /// Whether the machine is there.
    pub(crate) const fn presence(&self) -> AgentPresence {
        self.presence
    }

    /// The displays, and which is shown.
    pub(crate) fn displays(&self) -> (&[Display], u32) {
        (&self.displays, self.selected)
    }

    /// Why it is slow.
    pub(crate) const fn slow(&self) -> Option<&Slow> {
        self.slow.as_ref()
    }

    /// What a person should know at present.
    pub(crate) fn notices(&self) -> VecDeque<(NoticeTopic, CauseCode, String)> {
        let notices = self.session.notices();
        notices.map(|(topic, cause, detail)| (topic, cause, detail.to_owned())).collect()
    }
}

fn decoder(ids: SessionIds) -> std::io::Result<ViewerSession> {
    ViewerSession::new(ids, DecoderLimits { h264: true, ..DecoderLimits::default() })
}
