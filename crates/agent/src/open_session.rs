//! A session that the user, or the policy, has allowed: its threads and windows.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use gc_codec::EncoderPool;
use gc_platform::BarHandle;
use gc_proto::v2::{
    self, ClipboardPiece, InputMessage, PictureReason, VideoFeedback, ViewerControl, input_event,
    viewer_control,
};
use gc_proto::{Channel, Record, Validate};
use gc_session::ParticipantInfo;
use gc_types::{Clock, Right, SessionId};
use prost::Message;

use crate::actions::{ActionSetup, ActionThread, PressAttention};
use crate::clipboard_bridge::ClipboardBridge;
use crate::desktop::{OpenDesktop, Opening};
use crate::events::{AgentEvent, EventSender};
use crate::files::{DragPorts, FilesThread};
use crate::input_thread::{InputThread, PointerShare};
use crate::notice::NoticeBoard;
use crate::outlet::{Outlet, RecordWay};
use crate::picture_thread::PictureThread;
use crate::platform_set::Platform;

/// Everything that runs for one open session. Dropping it releases held keys and
/// ends the threads.
pub(crate) struct OpenSession {
    session: SessionId,
    picture: PictureThread,
    // Before the input, which they press keys by.
    actions: ActionThread,
    files: FilesThread,
    input: InputThread,
    clipboard: Option<ClipboardBridge>,
    /// Who has control; 0 for nobody.
    controller: Arc<AtomicU16>,
    bar: Option<Box<dyn BarHandle>>,
    notice: NoticeBoard,
    company: String,
    names: BTreeMap<u16, String>,
    platform: Arc<dyn Platform>,
    events: EventSender,
}

impl OpenSession {
    pub(crate) fn start(
        opening: &Opening,
        way: &Arc<dyn RecordWay>,
        platform: &Arc<dyn Platform>,
        encoders: &Arc<EncoderPool>,
        clock: &Arc<dyn Clock>,
        events: &EventSender,
        attention: Option<PressAttention>,
    ) -> io::Result<Self> {
        let session = opening.session;
        let outlet = Outlet::new(session, Arc::clone(way));
        let share = Arc::new(PointerShare::default());
        let picture_events = events.clone();
        let picture = PictureThread::start(
            Arc::clone(platform),
            encoders,
            Arc::clone(clock),
            Arc::clone(&share),
            outlet.clone(),
            opening.frames_before,
            Box::new(move |cause| picture_events.send(AgentEvent::Picture(cause))),
        )?;
        let input = InputThread::start(
            Arc::clone(platform),
            Arc::clone(clock),
            Arc::clone(&share),
            outlet.clone(),
        )?;
        let controller = Arc::new(AtomicU16::new(0));
        let drag = DragPorts { share, keys: input.chords()?, controller: Arc::clone(&controller) };
        let files =
            FilesThread::start(Arc::clone(platform), Arc::clone(clock), outlet.clone(), drag)?;
        let actions = ActionThread::start(ActionSetup {
            session,
            managed: opening.managed,
            lock_at_end: opening.lock_at_end,
            platform: Arc::clone(platform),
            clock: Arc::clone(clock),
            outlet: outlet.clone(),
            events: events.clone(),
            keys: input.chords()?,
            attention,
        })?;
        let notice = NoticeBoard::new(
            opening.offer.connection_notice.as_deref().cloned(),
            opening.company(),
            Arc::clone(platform),
            Arc::clone(clock),
            &opening.told_of,
        );
        let clipboard = ClipboardBridge::open(platform.as_ref(), &outlet, files.locator())
            .inspect_err(|error| tracing::warn!(%error, "the clipboard is not shared"))
            .ok();
        Ok(Self {
            session,
            picture,
            actions,
            files,
            input,
            clipboard,
            controller,
            bar: None,
            notice,
            company: opening.company(),
            names: BTreeMap::new(),
            platform: Arc::clone(platform),
            events: events.clone(),
        })
    }
}

impl OpenDesktop for OpenSession {
    fn joined(&mut self, participant: u16, info: &ParticipantInfo) {
        self.names.insert(participant, info.name.clone());
        self.show_bar();
        self.notice.joined(participant, &info.name);
        self.actions.joined(participant, &info.name, info.rights);
        if info.rights.allows(Right::View) {
            self.picture.join(participant, info.capabilities.clone());
        }
        if info.rights.allows(Right::Files) {
            self.files.joined(participant);
        }
        if info.rights.allows(Right::Clipboard)
            && let Some(clipboard) = &self.clipboard
        {
            clipboard.joined(participant, info.rights.allows(Right::Files));
        }
    }

    fn left(&mut self, participant: u16) {
        let held =
            self.controller.compare_exchange(participant, 0, Ordering::AcqRel, Ordering::Acquire);
        tracing::trace!(had_control = held.is_ok(), participant, "a viewer left");
        self.actions.left(participant);
        self.notice.left(participant);
        self.input.release(participant);
        self.picture.leave(participant);
        if let Some(clipboard) = &self.clipboard {
            clipboard.left(participant);
        }
        self.files.left(participant);
        self.names.remove(&participant);
        self.show_bar();
    }

    fn control_lost(&self, participant: u16) {
        self.input.release(participant);
    }

    fn offered_again(&mut self, offer: &v2::SessionOffer) {
        self.notice.set(offer.connection_notice.as_deref().cloned());
    }

    fn in_control(&self, participant: u16) {
        self.controller.store(participant, Ordering::Release);
        self.actions.in_control(participant);
    }

    fn release_keys(&self) {
        self.actions.release_all();
        self.input.release_all();
    }

    fn link_lost(&mut self) {
        self.controller.store(0, Ordering::Release);
        self.actions.link_lost();
        self.notice.link_lost();
        self.input.release_all();
        self.files.link_lost();
        for participant in std::mem::take(&mut self.names).into_keys() {
            self.picture.leave(participant);
            if let Some(clipboard) = &self.clipboard {
                clipboard.left(participant);
            }
        }
        self.show_bar();
    }

    fn needs_picture(&self, participant: u16, reason: PictureReason) {
        self.picture.needs_picture(participant, reason);
    }

    fn receive(&self, record: &Record, may_arrange: bool) {
        let participant = record.header().participant;
        match record.header().channel {
            Channel::Input => {
                if let Some(message) = read::<InputMessage>(record)
                    && message.validate().is_ok()
                {
                    self.input(participant, message);
                }
            }
            Channel::Video => {
                if let Some(feedback) = read::<VideoFeedback>(record) {
                    self.picture.feedback(participant, feedback);
                }
            }
            Channel::Clipboard => {
                if let (Some(clipboard), Some(piece)) =
                    (&self.clipboard, read::<ClipboardPiece>(record))
                {
                    clipboard.receive(participant, piece);
                }
            }
            Channel::Files => self.files.message(participant, record.payload()),
            Channel::Control => {
                if let Some(control) = read::<ViewerControl>(record) {
                    self.arrange(participant, control, may_arrange);
                }
            }
            // Reserved, or never sent by viewers; the rules let none of them pass.
            Channel::Cursor | Channel::Chat | Channel::Terminal => {}
        }
    }

    fn input_gap(&self, participant: u16) {
        self.input.release(participant);
    }

    fn stalled(&self) -> Duration {
        self.picture.probe()
    }

    fn ends(&mut self) {
        self.actions.ends();
    }

    fn records_missed(&self) {
        for &participant in self.names.keys() {
            self.picture.needs_picture(participant, PictureReason::Skipped);
        }
    }
}

impl OpenSession {
    fn input(&self, participant: u16, mut message: InputMessage) {
        message.events.retain(|event| match &event.event {
            Some(input_event::Event::SystemKey(key)) => {
                self.actions.chord(participant, key.chord());
                false
            }
            _ => true,
        });
        self.input.events(participant, message);
    }

    fn arrange(&self, participant: u16, control: ViewerControl, may_arrange: bool) {
        if let Some(viewer_control::Body::MachineAction(request)) = control.body {
            // Has rules of its own, and is answered.
            self.actions.ask(participant, request);
            return;
        }
        // The clipboard is each viewer's own affair.
        let clipboard = self.clipboard.as_ref();
        match (&control.body, clipboard) {
            (Some(viewer_control::Body::ClipboardSync(sync)), Some(clipboard)) => {
                return clipboard.set_enabled(participant, sync.enabled);
            }
            (Some(viewer_control::Body::ClipboardReceived(received)), Some(clipboard)) => {
                return clipboard.received(participant, *received);
            }
            _ => {}
        }
        if !may_arrange {
            tracing::debug!("a viewer that is not in control may not arrange the session");
            return;
        }
        match control.body {
            Some(viewer_control::Body::SelectDisplay(select)) => self.picture.select(select.id),
            Some(viewer_control::Body::VideoSettings(settings)) => self.picture.settings(settings),
            // Whoever can change between them has dealt with it: here is one. Without a
            // clipboard there is nothing to switch. Actions were dealt with above.
            Some(
                viewer_control::Body::MachineAction(_)
                | viewer_control::Body::SelectDesktopSession(_)
                | viewer_control::Body::ClipboardSync(_)
                | viewer_control::Body::ClipboardReceived(_),
            )
            | None => {}
        }
    }

    /// The bar shows exactly while somebody is connected.
    fn show_bar(&mut self) {
        let names: Vec<String> = self.names.values().cloned().collect();
        if names.is_empty() {
            self.bar = None;
            return;
        }
        if let Some(bar) = &self.bar {
            bar.set_viewers(&names);
            return;
        }
        let (events, session) = (self.events.clone(), self.session);
        let stop = Box::new(move || events.send(AgentEvent::StopPressed(session)));
        match self.platform.bar().show(&names, &self.company, stop) {
            Ok(bar) => self.bar = Some(bar),
            Err(error) => tracing::warn!(%error, "the connected bar cannot be shown"),
        }
    }
}

fn read<M: Message + Default>(record: &Record) -> Option<M> {
    M::decode(record.payload())
        .inspect_err(|error| {
            tracing::debug!(%error, channel = ?record.header().channel, "record cannot be read");
        })
        .ok()
}
