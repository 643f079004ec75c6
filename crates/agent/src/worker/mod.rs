//! The process in a user's session: captures and injects there for a service that
//! has link, key and consent.

mod attention;
pub(crate) mod frame;
pub(crate) mod log;
pub(crate) mod message;
pub(crate) mod ticket;
mod way;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gc_platform::{InputError, PromptHandle, WorkerStream};
use gc_proto::Record;
use gc_proto::v2;
use gc_proto::v2::input_event::Event;
use gc_session::{Answer, ConsentQuestion, ParticipantInfo};
use gc_types::{Clock, Rights, Secret, SessionId};

use crate::desktop::{Desktop, LocalDesktop, OpenDesktop, Opening};
use crate::events::{AgentEvent, EventSender};
use crate::input_thread::pointer_button;
use crate::outlet::RecordWay;
use crate::platform_set::Platform;
use crate::serve::report_of;
use attention::AttentionLine;
use frame::{Frame, FrameError};
pub use log::LogLines;
use message::{
    AnswerKind, Answered, Ask, Hello, LockAtEnd, OfSession, Order, Picture, Pong, ToWorker, Word,
};
use ticket::Ticket;
use way::PipeWay;

/// Why a worker ended otherwise than by the service's word.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// It was not started by a service.
    #[error("this part of the program is started by the GuruConnect service, not by hand")]
    NoTicket,
    /// Who is at the other end does not have the other half of the ticket.
    #[error("the other end of the pipe is not the service that started this worker")]
    NotTheService,
    /// What came is no message of this version.
    #[error("the service cannot be understood: {0}")]
    Stream(String),
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// Serves until the service says goodbye or is gone; then everything held is
/// released. Blocks. `ticket` is what the service started this process with. Lines of
/// `log` go into the service's, where this process has no log that anybody sees.
pub fn run(
    platform: Arc<dyn Platform>,
    stream: WorkerStream,
    ticket: &Secret,
    clock: Arc<dyn Clock>,
    log: Option<LogLines>,
) -> Result<(), WorkerError> {
    let ticket = Ticket::parse(ticket).ok_or(WorkerError::NoTicket)?;
    let WorkerStream { mut reader, mut writer } = stream;
    let way = PipeWay::new();
    let (events, mut inbox) = EventSender::new();
    let activity = platform.inventory().activity();
    way.say(Word::Hello(Hello {
        software: gc_types::VERSION.to_owned(),
        proof: ticket.of_worker().expose().to_owned(),
        user: activity.user,
        idle_ms: millis(activity.idle),
    }));
    let sender = Arc::clone(&way);
    let writing = std::thread::Builder::new()
        .name("worker-writer".into())
        .spawn(move || sender.write(writer.as_mut()))?;

    let outcome = (|| {
        let by_service = match frame::read::<ToWorker>(reader.as_mut()) {
            Ok(Frame::Message(ToWorker { order: Some(Order::Welcome(welcome)) })) => {
                if Secret::new(welcome.proof) != *ticket.of_service() {
                    return Err(WorkerError::NotTheService);
                }
                welcome.attention
            }
            Ok(_) => return Err(WorkerError::NotTheService),
            Err(FrameError::Ended) => return Ok(()),
            Err(error) => return Err(WorkerError::Stream(error.to_string())),
        };
        if let Some(log) = log {
            log.attach(&way);
        }
        let teller = Arc::clone(&way);
        std::thread::Builder::new().name("worker-events".into()).spawn(move || {
            while let Some(event) = inbox.blocking_recv() {
                tell(&teller, event);
            }
        })?;
        let records = Arc::clone(&way) as Arc<dyn RecordWay>;
        let attention = AttentionLine::new(Arc::clone(&way));
        let mut desktop = LocalDesktop::new(Arc::clone(&platform), clock, records, events.clone());
        if by_service {
            let attention = Arc::clone(&attention);
            desktop.press_attention_by(Arc::new(move || attention.press()));
        }
        let mut worker = Worker {
            desktop,
            attention,
            platform,
            way: Arc::clone(&way),
            events: events.clone(),
            sessions: BTreeMap::new(),
            prompts: BTreeMap::new(),
        };
        loop {
            match frame::read::<ToWorker>(reader.as_mut()) {
                Ok(Frame::Message(ToWorker { order: Some(Order::Goodbye(_)) }))
                | Err(FrameError::Ended) => return Ok(()),
                Ok(Frame::Message(ToWorker { order: Some(order) })) => worker.obey(order),
                // A oneof that this version does not know cannot come from itself.
                Ok(Frame::Message(ToWorker { order: None })) => {
                    return Err(WorkerError::Stream("an empty message".into()));
                }
                Ok(Frame::Record { bytes, may_arrange }) => {
                    let record = Record::decode(bytes.freeze())
                        .map_err(|error| WorkerError::Stream(error.to_string()))?;
                    worker.receive(&record, may_arrange);
                }
                Ok(Frame::Report(_)) => {
                    return Err(WorkerError::Stream("a report for the server".into()));
                }
                Err(error) => return Err(WorkerError::Stream(error.to_string())),
            }
        }
        // Sessions end here, and release what they hold.
    })();
    way.close();
    // The last words, of what came to its end just now, are the service's to have.
    if writing.join().is_err() {
        tracing::error!("the thread that writes panicked");
    }
    outcome
}

fn tell(way: &PipeWay, event: AgentEvent) {
    let of = |session: SessionId| OfSession { session: session.as_bytes().to_vec() };
    way.say(match event {
        AgentEvent::Answered(session, answer) => {
            let answer = match answer {
                Answer::Allow => AnswerKind::Allow,
                Answer::ViewOnly => AnswerKind::ViewOnly,
                Answer::Decline => AnswerKind::Decline,
                Answer::TimedOut => AnswerKind::TimedOut,
            };
            Word::Answered(Answered { session: session.as_bytes().to_vec(), answer: answer.into() })
        }
        AgentEvent::StopPressed(session) => Word::StopPressed(of(session)),
        AgentEvent::Failed(session) => Word::Failed(of(session)),
        AgentEvent::Report(session, event, detail) => {
            if !way.report(report_of(session, event, detail)) {
                tracing::error!(%session, event, "a report is lost: the service is gone");
            }
            return;
        }
        AgentEvent::LockAtEnd(session, on) => {
            Word::LockAtEnd(LockAtEnd { session: session.as_bytes().to_vec(), on })
        }
        AgentEvent::Picture(cause) => {
            Word::Picture(Picture { cause: cause.map_or(0, |cause| cause as i32) })
        }
    });
}

struct Worker {
    desktop: LocalDesktop,
    attention: Arc<AttentionLine>,
    platform: Arc<dyn Platform>,
    way: Arc<PipeWay>,
    events: EventSender,
    sessions: BTreeMap<SessionId, Box<dyn OpenDesktop>>,
    prompts: BTreeMap<SessionId, Box<dyn PromptHandle>>,
}

impl Drop for Worker {
    /// Before the sessions, which wait for what they do.
    fn drop(&mut self) {
        self.attention.close();
    }
}

impl Worker {
    fn obey(&mut self, order: Order) {
        match order {
            Order::Open(open) => self.open(open),
            Order::Close(which) => {
                if let Some(session) = id(&which.session) {
                    if let Some(mut open) = self.sessions.remove(&session) {
                        open.ends();
                    }
                    self.way.set_files(session, None);
                }
            }
            Order::Joined(joined) => {
                if let Some(open) = self.session(&joined.session_id)
                    && let Ok(participant) = u16::try_from(joined.participant)
                {
                    let info = ParticipantInfo {
                        name: joined.name,
                        rights: Rights::from_bits(joined.rights),
                        capabilities: joined.capabilities.unwrap_or_default(),
                    };
                    open.joined(participant, &info);
                }
            }
            Order::Left(which) => self.participant(&which, |open, it| open.left(it)),
            Order::ControlLost(which) => {
                self.participant(&which, |open, it| open.control_lost(it));
            }
            Order::InControl(which) => {
                self.participant(&which, |open, it| open.in_control(it));
            }
            Order::OfferedAgain(offer) => {
                if let Some(open) = self.session(&offer.session_id) {
                    open.offered_again(&offer);
                }
            }
            Order::InputGap(which) => self.participant(&which, |open, it| open.input_gap(it)),
            Order::ReleaseKeys(which) => {
                if let Some(open) = self.session(&which.session) {
                    open.release_keys();
                }
            }
            Order::LinkLost(which) => {
                if let Some(open) = self.session(&which.session) {
                    open.link_lost();
                }
            }
            Order::PictureNeeded(needed) => {
                let participant = u16::try_from(needed.participant).unwrap_or(0);
                if let Some(open) = self.session(&needed.session_id) {
                    open.needs_picture(participant, needed.reason());
                }
            }
            Order::Missed(which) => {
                if let Some(open) = self.session(&which.session) {
                    open.records_missed();
                }
            }
            Order::Ask(ask) => self.ask(&ask),
            Order::CancelAsk(which) => {
                if let Some(session) = id(&which.session) {
                    self.prompts.remove(&session);
                }
            }
            Order::Ping(ping) => {
                let activity = self.platform.inventory().activity();
                let stalled = self.sessions.values().map(|open| open.stalled()).max();
                self.way.say(Word::Pong(Pong {
                    nonce: ping.nonce,
                    stalled_ms: millis(stalled.unwrap_or_default()),
                    user: activity.user,
                    idle_ms: millis(activity.idle),
                }));
            }
            Order::Files(files) => {
                if let Some(session) = id(&files.session) {
                    self.way.set_files(session, files.policy);
                }
            }
            Order::Progress(progress) => self.way.progress(progress),
            Order::Attention(done) => self.attention.answered(done),
            Order::ReleaseHeld(held) => {
                if let Err(error) = release_left_down(self.platform.as_ref(), &held) {
                    tracing::warn!(%error, "keys of an earlier worker may still be down");
                }
            }
            // Seen before, or dealt with by the loop.
            Order::Welcome(_) | Order::Goodbye(_) => {}
        }
    }

    fn open(&mut self, open: message::Open) {
        let Some(offer) = open.offer else { return };
        let Some(session) = id(&offer.session_id) else { return };
        let opening = Opening {
            session,
            offer,
            // Only the installed agent has workers.
            managed: true,
            lock_at_end: open.lock_at_end,
            told_of: open.told_of.iter().filter_map(|it| u16::try_from(*it).ok()).collect(),
            frames_before: open.frames_before,
        };
        match self.desktop.open(&opening) {
            Ok(open) => {
                self.sessions.insert(session, open);
            }
            Err(error) => {
                tracing::error!(%error, "the session cannot be opened");
                self.events.send(AgentEvent::Failed(session));
            }
        }
    }

    fn ask(&mut self, ask: &Ask) {
        let Some(session) = id(&ask.session) else { return };
        let question = ConsentQuestion {
            session,
            technician: ask.technician.clone(),
            company: ask.company.clone(),
            rights: Rights::from_bits(ask.rights),
            timeout: Duration::from_millis(ask.timeout_ms),
        };
        match self.desktop.ask(&question) {
            Ok(prompt) => {
                self.prompts.insert(session, prompt);
            }
            Err(error) => {
                tracing::error!(%error, "the user cannot be asked");
                self.events.send(AgentEvent::Answered(session, Answer::Decline));
            }
        }
    }

    fn receive(&mut self, record: &Record, may_arrange: bool) {
        if let Some(open) = self.sessions.get(&record.header().session) {
            open.receive(record, may_arrange);
        }
    }

    fn session(&mut self, bytes: &[u8]) -> Option<&mut dyn OpenDesktop> {
        Some(self.sessions.get_mut(&id(bytes)?)?.as_mut())
    }

    fn participant(
        &mut self,
        which: &message::OfParticipant,
        act: impl FnOnce(&mut dyn OpenDesktop, u16),
    ) {
        if let Ok(participant) = u16::try_from(which.participant)
            && let Some(open) = self.session(&which.session)
        {
            act(open, participant);
        }
    }
}

fn id(bytes: &[u8]) -> Option<SessionId> {
    SessionId::from_slice(bytes).ok()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A process that was ended at once leaves keys down, which only another one can
/// bring up.
fn release_left_down(platform: &dyn Platform, held: &v2::InputMessage) -> Result<(), InputError> {
    if held.events.is_empty() {
        return Ok(());
    }
    let mut injector = platform.open_input()?;
    for event in held.events.iter().filter_map(|event| event.event.as_ref()) {
        match event {
            Event::Key(key) => {
                let code = u8::try_from(key.scan_code).unwrap_or(0);
                injector.key(code, key.extended, false)?;
            }
            Event::PointerButton(button) => {
                if let Some(which) = pointer_button(button.button()) {
                    injector.pointer_button(which, false)?;
                }
            }
            _ => {}
        }
    }
    injector.flush()
}
