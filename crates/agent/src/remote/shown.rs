//! What the service knows of a session, so that a new worker can take it up.

use std::collections::{BTreeMap, BTreeSet};

use gc_input::{Control, HeldInput, ScanCode};
use gc_platform::DesktopSessionId;
use gc_proto::v2::input_event::Event;
use gc_proto::v2::{self, InputMessage, ViewerControl, viewer_control};
use gc_proto::{Channel, Flags, Header, Record};
use gc_session::ParticipantInfo;
use gc_types::SessionId;
use prost::Message;

use crate::desktop::Opening;
use crate::worker::message::{OfParticipant, Open, Order};

/// One open session.
pub(super) struct Shown {
    opening: Opening,
    participants: BTreeMap<u16, ParticipantInfo>,
    /// The last word on each: a new worker hears it again.
    settings: Option<Record>,
    clipboard: Option<Record>,
    /// With the Windows session whose display it was.
    display: Option<(DesktopSessionId, Record)>,
    /// Video units that workers sent; no fewer than frames.
    units: u32,
    /// What is down by the word of those in control.
    held: HeldInput,
    /// Who has control; 0 for nobody.
    controller: u16,
    /// Participants of whom a worker has told the user.
    told_of: BTreeSet<u16>,
}

impl Shown {
    pub(super) fn new(opening: Opening) -> Self {
        Self {
            opening,
            participants: BTreeMap::new(),
            settings: None,
            clipboard: None,
            display: None,
            units: 0,
            held: HeldInput::default(),
            controller: 0,
            told_of: BTreeSet::new(),
        }
    }

    /// A worker has heard of everybody.
    pub(super) fn told(&mut self) {
        self.told_of.extend(self.participants.keys());
    }

    pub(super) fn in_control(&mut self, participant: u16) {
        self.controller = participant;
    }

    pub(super) fn offered_again(&mut self, offer: &v2::SessionOffer) {
        self.opening.offer = offer.clone();
    }

    pub(super) fn lock_at_end(&mut self, on: bool) {
        self.opening.lock_at_end = on;
    }

    pub(super) fn session(&self) -> SessionId {
        self.opening.session
    }

    pub(super) fn is_watched(&self) -> bool {
        !self.participants.is_empty()
    }

    pub(super) fn joined(&mut self, participant: u16, info: &ParticipantInfo) -> Order {
        self.participants.insert(participant, info.clone());
        self.joined_order(participant, info)
    }

    fn joined_order(&self, participant: u16, info: &ParticipantInfo) -> Order {
        Order::Joined(v2::ParticipantJoined {
            session_id: self.id(),
            participant: participant.into(),
            name: info.name.clone(),
            rights: info.rights.bits(),
            capabilities: Some(info.capabilities.clone()),
        })
    }

    pub(super) fn left(&mut self, participant: u16) {
        self.participants.remove(&participant);
        self.told_of.remove(&participant);
        if self.controller == participant {
            self.controller = 0;
        }
        self.released(participant);
    }

    pub(super) fn everybody_left(&mut self) {
        self.participants.clear();
        self.controller = 0;
        drop(self.release_all());
        // They say again what they want when they are back.
        (self.settings, self.clipboard) = (None, None);
    }

    /// The worker brings up what the participant holds.
    pub(super) fn released(&mut self, participant: u16) {
        drop(self.held.release(participant));
    }

    /// What a worker that is ended at once leaves down.
    pub(super) fn release_all(&mut self) -> Vec<Control> {
        self.held.release_all()
    }

    /// A video unit went out.
    pub(super) fn sent(&mut self, header: &Header) {
        if header.channel == Channel::Video && header.flags.has(Flags::END) {
            self.units = self.units.wrapping_add(1);
        }
    }

    /// Keeps what matters to the next worker of a record on its way to this one.
    pub(super) fn remember(
        &mut self,
        record: &Record,
        control: Option<&ViewerControl>,
        place: Option<DesktopSessionId>,
    ) {
        if record.header().channel == Channel::Input {
            if let Ok(message) = InputMessage::decode(record.payload()) {
                self.note_input(record.header().participant, &message);
            }
            return;
        }
        match control.and_then(|control| control.body.as_ref()) {
            Some(viewer_control::Body::VideoSettings(_)) => self.settings = Some(record.clone()),
            Some(viewer_control::Body::ClipboardSync(_)) => self.clipboard = Some(record.clone()),
            Some(viewer_control::Body::SelectDisplay(_)) => {
                self.display = place.map(|place| (place, record.clone()));
            }
            _ => {}
        }
    }

    fn note_input(&mut self, participant: u16, message: &InputMessage) {
        for event in message.events.iter().filter_map(|event| event.event.as_ref()) {
            match event {
                Event::Key(key) => {
                    let code = u8::try_from(key.scan_code).unwrap_or(0);
                    let control = Control::Key(ScanCode { code, extended: key.extended });
                    self.held.apply(participant, control, key.down);
                }
                Event::PointerButton(button) => {
                    let control = Control::Button(button.button());
                    self.held.apply(participant, control, button.down);
                }
                Event::ReleaseAll(_) => self.released(participant),
                _ => {}
            }
        }
    }

    /// Everything that a worker must hear first, in order.
    pub(super) fn take_up(&self, place: DesktopSessionId) -> (Order, Vec<Record>, Vec<Order>) {
        let open = Order::Open(Open {
            offer: Some(self.opening.offer.clone()),
            frames_before: self.units,
            lock_at_end: self.opening.lock_at_end,
            told_of: self.told_of.iter().map(|participant| (*participant).into()).collect(),
        });
        let display = self.display.as_ref().filter(|(of, _)| *of == place).map(|(_, it)| it);
        let wishes = [self.settings.as_ref(), self.clipboard.as_ref(), display];
        let records = wishes.into_iter().flatten().cloned().collect();
        let joined = self.participants.iter().map(|(seat, info)| self.joined_order(*seat, info));
        let controller = Order::InControl(OfParticipant {
            session: self.id(),
            participant: self.controller.into(),
        });
        (open, records, joined.chain([controller]).collect())
    }

    fn id(&self) -> Vec<u8> {
        self.opening.session.as_bytes().to_vec()
    }
}

/// Key and button releases as a message.
pub(super) fn releases(controls: &[Control]) -> InputMessage {
    let events = controls.iter().map(|control| {
        let event = match control {
            Control::Key(key) => Event::Key(v2::KeyEvent {
                scan_code: key.code.into(),
                extended: key.extended,
                down: false,
            }),
            Control::Button(button) => Event::PointerButton(v2::PointerButton {
                button: (*button).into(),
                down: false,
                position: None,
            }),
        };
        v2::InputEvent { event: Some(event) }
    });
    InputMessage { events: events.collect() }
}
