//! What the link's side of an agent needs of the desktop's side. Both may live in
//! one process ([`LocalDesktop`]), or the desktop in another one.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use gc_codec::{EncoderPool, SystemPatience};
use gc_platform::{
    ConsentAnswer, ConsentRequest, MachineFacts, PromptError, PromptHandle, UserActivity,
};
use gc_proto::Record;
use gc_proto::v2::{self, PictureReason};
use gc_session::{Answer, ConsentQuestion, ParticipantInfo};
use gc_types::{Clock, Right, SessionId};

use crate::actions::PressAttention;
use crate::backlog::BacklogWatch;
use crate::events::{AgentEvent, EventSender};
use crate::open_session::OpenSession;
use crate::outlet::RecordWay;
use crate::platform_set::Platform;

/// What a session is opened with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Opening {
    pub(crate) session: SessionId,
    /// As the relay sent it: whatever it says of the session reaches the desktop.
    pub(crate) offer: v2::SessionOffer,
    /// By the installed agent, not a one-time one.
    pub(crate) managed: bool,
    /// What was wished for, by way of another process.
    pub(crate) lock_at_end: bool,
    /// Participants of whom the user was told, by another process.
    pub(crate) told_of: Vec<u16>,
    /// At most so many frames were sent in this session before, by another process.
    pub(crate) frames_before: u32,
}

impl Opening {
    /// For whom the technician works; cleaned.
    pub(crate) fn company(&self) -> String {
        let company = self.offer.grant.as_ref().map_or("", |grant| grant.company.as_str());
        gc_proto::clean_text(company, gc_proto::MAX_NAME)
    }
}

/// The desktop that sessions share. No call waits for it.
pub(crate) trait Desktop: Send {
    /// Shows the consent prompt; the answer comes as [`AgentEvent::Answered`]. An
    /// error: the user was not asked.
    fn ask(&mut self, question: &ConsentQuestion) -> Result<Box<dyn PromptHandle>, PromptError>;

    /// Starts to share the desktop in a session.
    fn open(&mut self, opening: &Opening) -> io::Result<Box<dyn OpenDesktop>>;

    /// Facts that stay.
    fn facts(&self) -> MachineFacts;

    /// What the user does.
    fn activity(&self) -> UserActivity;

    /// To be told of what waits on the link, where the desktop cannot look itself.
    fn backlog_watch(&self) -> Option<Arc<BacklogWatch>> {
        None
    }
}

/// The desktop as one session has it. Dropping it releases held keys and closes what
/// shows.
pub(crate) trait OpenDesktop: Send {
    fn joined(&mut self, participant: u16, info: &ParticipantInfo);

    fn left(&mut self, participant: u16);

    /// Whoever had control has it no longer.
    fn control_lost(&self, participant: u16);

    /// Who has control from now on; 0 for nobody.
    fn in_control(&self, participant: u16);

    /// The relay says anew what it said when the session opened.
    fn offered_again(&mut self, offer: &v2::SessionOffer);

    /// Lets go of everything: no input is taken for a while.
    fn release_keys(&self);

    /// Nobody is connected until the link is back.
    fn link_lost(&mut self);

    fn needs_picture(&self, participant: u16, reason: PictureReason);

    /// A record that the rules let through.
    fn receive(&self, record: &Record, may_arrange: bool);

    /// A gap in the input of a participant: a key may be down whose release was
    /// lost.
    fn input_gap(&self, participant: u16);

    /// For how long a thread of it has been in a call that does not return; asks for a
    /// sign of life for the next time.
    fn stalled(&self) -> Duration {
        Duration::ZERO
    }

    /// Records that were taken from this desktop did not reach the viewers.
    fn records_missed(&self);

    /// The session itself is over, and not only this process's part in it.
    fn ends(&mut self) {}
}

/// The desktop of this process.
pub(crate) struct LocalDesktop {
    platform: Arc<dyn Platform>,
    /// What is known of the encoders holds for all sessions.
    encoders: Arc<EncoderPool>,
    clock: Arc<dyn Clock>,
    way: Arc<dyn RecordWay>,
    events: EventSender,
    attention: Option<PressAttention>,
}

impl LocalDesktop {
    pub(crate) fn new(
        platform: Arc<dyn Platform>,
        clock: Arc<dyn Clock>,
        way: Arc<dyn RecordWay>,
        events: EventSender,
    ) -> Self {
        let encoders =
            EncoderPool::new(platform.encoders(), Arc::clone(&clock), Arc::new(SystemPatience));
        Self { platform, encoders, clock, way, events, attention: None }
    }

    /// Ctrl+Alt+Del is not for this process to press.
    pub(crate) fn press_attention_by(&mut self, press: PressAttention) {
        self.attention = Some(press);
    }
}

impl Desktop for LocalDesktop {
    fn ask(&mut self, question: &ConsentQuestion) -> Result<Box<dyn PromptHandle>, PromptError> {
        let request = ConsentRequest {
            technician: question.technician.clone(),
            company: question.company.clone(),
            control: question.rights.allows(Right::Control),
            timeout: question.timeout,
        };
        let (events, session) = (self.events.clone(), question.session);
        let answer = Box::new(move |answer| {
            let answer = match answer {
                ConsentAnswer::Allow => Answer::Allow,
                ConsentAnswer::ViewOnly => Answer::ViewOnly,
                ConsentAnswer::Decline => Answer::Decline,
                ConsentAnswer::TimedOut => Answer::TimedOut,
            };
            events.send(AgentEvent::Answered(session, answer));
        });
        self.platform.consent().ask(request, answer)
    }

    fn open(&mut self, opening: &Opening) -> io::Result<Box<dyn OpenDesktop>> {
        let open = OpenSession::start(
            opening,
            &self.way,
            &self.platform,
            &self.encoders,
            &self.clock,
            &self.events,
            self.attention.clone(),
        )?;
        Ok(Box::new(open))
    }

    fn facts(&self) -> MachineFacts {
        self.platform.inventory().facts()
    }

    fn activity(&self) -> UserActivity {
        self.platform.inventory().activity()
    }
}
