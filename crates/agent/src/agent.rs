//! The agent's life between links: connect, serve, wait, come back.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use gc_platform::{Inventory, PromptHandle, WorkerHost};
use gc_proto::v2::{self, AgentHello, Hello, hello};
use gc_session::{Answer, ConsentQuestion, Offered, Reconnect};
use gc_transport::{ConnectError, Endpoint, Link};
use gc_types::{CauseCode, Clock, ConsentState, Entropy, Secret, SessionId};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::desktop::{Desktop, LocalDesktop, OpenDesktop, Opening};
use crate::events::{AgentEvent, EventSender};
use crate::link_trouble::LinkTrouble;
use crate::outlet::{RecordWay, Uplink};
use crate::platform_set::Platform;
use crate::remote::RemoteDesktop;
use crate::serve::LinkEnd;
use crate::{AgentSettings, Ended, Mode};

/// First delay before coming back, and the longest one.
const RECONNECT_BASE: Duration = Duration::from_millis(250);
const RECONNECT_CAP: Duration = Duration::from_secs(10);
/// A server that refuses the key is asked again, but not often: the key may have
/// been revoked for good, or the server restored from an older state.
const REFUSED_RETRY: Duration = Duration::from_mins(1);

/// Reports for the audit that wait for a link; the first ones tell most.
const MAX_UNSENT: usize = 64;

pub(crate) type Stop<'a> = Pin<&'a mut (dyn Future<Output = ()> + Send)>;

/// What a session of this agent is at.
pub(crate) enum Held {
    /// The prompt shows.
    Asking(
        #[expect(dead_code, reason = "keeps the window open")] Box<dyn PromptHandle>,
        Box<Opening>,
    ),
    /// Allowed.
    Open(Box<dyn OpenDesktop>),
}

impl Held {
    /// It is over for good. Blocks until all is released.
    fn end(self) {
        if let Self::Open(mut open) = self {
            open.ends();
        }
    }
}

pub(crate) struct Agent {
    pub(crate) settings: AgentSettings,
    pub(crate) desktop: Box<dyn Desktop>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) uplink: Arc<Uplink>,
    pub(crate) held: BTreeMap<SessionId, Held>,
    pub(crate) inbox: UnboundedReceiver<AgentEvent>,
    /// What a one-time agent comes back with.
    pub(crate) resume: Option<Secret>,
    pub(crate) picture_trouble: Option<CauseCode>,
    /// Until the server has heard of it.
    pub(crate) link_trouble: Option<LinkTrouble>,
    /// For the audit, from while there was no link.
    pub(crate) unsent: Vec<(SessionId, &'static str, String)>,
    pub(crate) reconnect: Reconnect,
    events: EventSender,
    entropy: Arc<dyn Entropy>,
}

impl Agent {
    pub(crate) fn new(
        settings: AgentSettings,
        platform: Arc<dyn Platform>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let (events, inbox) = EventSender::new();
        let uplink = Arc::new(Uplink::new(Arc::clone(&clock)));
        let way = Arc::clone(&uplink) as Arc<dyn RecordWay>;
        let desktop = LocalDesktop::new(platform, Arc::clone(&clock), way, events.clone());
        Self::of(settings, Box::new(desktop), uplink, (events, inbox), clock, entropy)
    }

    pub(crate) fn with_workers(
        settings: AgentSettings,
        host: Arc<dyn WorkerHost>,
        inventory: Arc<dyn Inventory>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> io::Result<Self> {
        let (events, inbox) = EventSender::new();
        let uplink = Arc::new(Uplink::new(Arc::clone(&clock)));
        let desktop = RemoteDesktop::start(
            host,
            inventory,
            Arc::clone(&uplink),
            events.clone(),
            Arc::clone(&clock),
            Arc::clone(&entropy),
        )?;
        Ok(Self::of(settings, Box::new(desktop), uplink, (events, inbox), clock, entropy))
    }

    fn of(
        settings: AgentSettings,
        desktop: Box<dyn Desktop>,
        uplink: Arc<Uplink>,
        (events, inbox): (EventSender, UnboundedReceiver<AgentEvent>),
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self {
            settings,
            desktop,
            uplink,
            clock,
            held: BTreeMap::new(),
            inbox,
            resume: None,
            picture_trouble: None,
            link_trouble: None,
            unsent: Vec::new(),
            reconnect: Reconnect::new(RECONNECT_BASE, RECONNECT_CAP),
            events,
            entropy,
        }
    }

    pub(crate) async fn run(mut self, mut stop: Stop<'_>) -> Ended {
        let ended = self.live(stop.as_mut()).await;
        // Threads release what they hold before the program ends.
        let (held, desktop) = (std::mem::take(&mut self.held), self.desktop);
        let close = move || {
            held.into_values().for_each(Held::end);
            drop(desktop);
        };
        if tokio::task::spawn_blocking(close).await.is_err() {
            tracing::error!("a session could not be closed in order");
        }
        ended
    }

    async fn live(&mut self, mut stop: Stop<'_>) -> Ended {
        loop {
            let connecting = self.connect();
            let connected = tokio::select! {
                connected = connecting => connected,
                () = stop.as_mut() => return Ended::Stopped,
            };
            let end = match connected {
                Ok(link) => self.serve(link, stop.as_mut()).await,
                Err(error) => self.not_connected(&error),
            };
            self.uplink.set_sink(None);
            self.uplink.rules(gc_session::AgentSessions::link_lost);
            for held in self.held.values_mut() {
                if let Held::Open(session) = held {
                    session.link_lost();
                }
            }
            let retry_after = match end {
                LinkEnd::Over(ended) => return ended,
                LinkEnd::Lost { retry_after } => retry_after,
            };
            let delay = self.reconnect.next_delay(self.entropy.as_ref(), retry_after);
            tracing::info!(?delay, "connecting again");
            if let Some(ended) = self.rest(delay, stop.as_mut()).await {
                return ended;
            }
        }
    }

    fn connect(&self) -> impl Future<Output = Result<Link, ConnectError>> + use<> {
        let endpoint = Endpoint::new(self.settings.url.clone(), Some(self.credential()));
        let connector = self.settings.connector.clone();
        async move { connector.connect(&endpoint?).await }
    }

    /// Waits for the next attempt; the user may answer or press Stop meanwhile.
    async fn rest(&mut self, delay: Duration, mut stop: Stop<'_>) -> Option<Ended> {
        let wake = tokio::time::sleep(delay);
        tokio::pin!(wake);
        loop {
            tokio::select! {
                () = wake.as_mut() => return None,
                () = stop.as_mut() => return Some(Ended::Stopped),
                Some(event) = self.inbox.recv() => {
                    if let Some((session, cause)) = event.ends() {
                        self.close(session).await;
                        if self.is_one_time() {
                            return Some(Ended::SessionOver(cause));
                        }
                    } else {
                        // The answer goes out with the next offer.
                        self.on_event(event);
                    }
                }
            }
        }
    }

    fn not_connected(&mut self, error: &ConnectError) -> LinkEnd {
        tracing::warn!(%error, cause = error.cause().name(), "no link to the server");
        let now = self.clock.monotonic();
        self.link_trouble = Some(LinkTrouble::after(self.link_trouble.take(), error, now));
        match (error, self.is_one_time()) {
            (ConnectError::Unauthenticated, true) => LinkEnd::Over(Ended::Refused(
                if self.resume.is_some() {
                    "the session is over"
                } else {
                    "this support code is not valid any more or was mistyped; ask your \
                     technician for a new one"
                }
                .into(),
            )),
            (ConnectError::Unauthenticated, false) => {
                tracing::error!("the server does not accept the machine key; was it revoked?");
                LinkEnd::Lost { retry_after: Some(REFUSED_RETRY) }
            }
            // Somebody waits in front of it, and what is wrong here stays wrong by itself.
            (
                ConnectError::CertificateTime
                | ConnectError::CertificateUntrusted
                | ConnectError::CertificateName
                | ConnectError::Intercepted,
                true,
            ) if self.resume.is_none() => LinkEnd::Over(Ended::NoLink(error.to_string())),
            _ => LinkEnd::Lost { retry_after: None },
        }
    }

    pub(crate) const fn is_one_time(&self) -> bool {
        matches!(self.settings.mode, Mode::Support { .. })
    }

    fn credential(&self) -> Secret {
        match (&self.resume, &self.settings.mode) {
            (Some(resume), _) => resume.clone(),
            (None, Mode::Managed { key }) => key.clone(),
            (None, Mode::Support { code }) => Secret::new(format!("code_{}", code.compact())),
        }
    }

    pub(crate) fn hello(&self) -> Hello {
        let facts = self.desktop.facts();
        let mode = if self.is_one_time() { v2::AgentMode::Support } else { v2::AgentMode::Managed };
        let clean = |text: &str, limit| gc_proto::clean_text(text, limit);
        let agent = AgentHello {
            mode: mode.into(),
            hostname: clean(&facts.hostname, gc_proto::MAX_NAME),
            os: clean(&facts.os, 64),
            os_version: clean(&facts.os_version, gc_proto::MAX_NAME),
            architecture: clean(&facts.architecture, 32),
            logged_on_user: clean(&self.desktop.activity().user, gc_proto::MAX_NAME),
            held_sessions: self.uplink.rules(|rules| rules.held_sessions()),
            trouble: self.link_trouble.as_ref().map(|it| it.told(self.clock.monotonic())),
        };
        Hello {
            versions: Some(gc_proto::SUPPORTED_VERSIONS),
            software: self.settings.software.clone(),
            endpoint: Some(hello::Endpoint::Agent(agent)),
        }
    }

    /// Does what an offer asks for. The returned answer is to be sent.
    pub(crate) fn offered(&mut self, offer: &v2::SessionOffer) -> v2::SessionAnswer {
        let logged_on = !self.desktop.activity().user.is_empty();
        let (now, wall) = (self.clock.monotonic(), self.clock.now());
        let (offered, answer) = self.uplink.rules(|rules| rules.offer(offer, logged_on, now, wall));
        match offered {
            Offered::Ask(question) => return self.ask(&question, offer).unwrap_or(answer),
            Offered::Open { .. } => {
                if let Ok(session) = SessionId::from_slice(&offer.session_id) {
                    let managed = !self.is_one_time();
                    let offer = offer.clone();
                    self.open(&Opening {
                        session,
                        offer,
                        managed,
                        lock_at_end: false,
                        told_of: Vec::new(),
                        frames_before: 0,
                    });
                }
            }
            Offered::Resumed => {
                if let Ok(session) = SessionId::from_slice(&offer.session_id)
                    && let Some(Held::Open(open)) = self.held.get_mut(&session)
                {
                    open.offered_again(offer);
                }
            }
            Offered::StillAsking => {}
            Offered::Refused(refused) => tracing::warn!(%refused, "session not opened"),
        }
        answer
    }

    /// Shows the prompt. When it cannot be shown the user was not asked, and that
    /// is a denial, which is returned.
    fn ask(
        &mut self,
        question: &ConsentQuestion,
        offer: &v2::SessionOffer,
    ) -> Option<v2::SessionAnswer> {
        let session = question.session;
        for held in self.held.values() {
            if let Held::Open(open) = held {
                open.release_keys();
            }
        }
        match self.desktop.ask(question) {
            Ok(prompt) => {
                let (managed, offer) = (!self.is_one_time(), offer.clone());
                let opening = Opening {
                    session,
                    offer,
                    managed,
                    lock_at_end: false,
                    told_of: Vec::new(),
                    frames_before: 0,
                };
                self.held.insert(session, Held::Asking(prompt, Box::new(opening)));
                None
            }
            Err(error) => {
                tracing::error!(%error, "the user cannot be asked");
                self.uplink
                    .rules(|rules| rules.answered(session, Answer::Decline))
                    .inspect_err(|refused| tracing::error!(%refused, "denial not recorded"))
                    .ok()
            }
        }
    }

    fn open(&mut self, opening: &Opening) {
        let session = opening.session;
        match self.desktop.open(opening) {
            Ok(open) => {
                self.held.insert(session, Held::Open(open));
            }
            Err(error) => {
                tracing::error!(%error, "the session cannot be opened");
                self.events.send(AgentEvent::Failed(session));
            }
        }
    }

    /// Handles what needs no link. Returns the answer to send, if there is one.
    pub(crate) fn on_event(&mut self, event: AgentEvent) -> Option<v2::SessionAnswer> {
        match event {
            AgentEvent::Answered(session, answer) => {
                let Some(Held::Asking(_, opening)) = self.held.remove(&session) else {
                    return None;
                };
                let answer = self
                    .uplink
                    .rules(|rules| rules.answered(session, answer))
                    .inspect_err(|refused| tracing::warn!(%refused, "answer came too late"))
                    .ok()?;
                let consent = self.uplink.rules(|rules| rules.consent(session));
                if consent.is_some_and(ConsentState::permits) {
                    self.open(&opening);
                }
                Some(answer)
            }
            AgentEvent::Picture(cause) => {
                self.picture_trouble = cause;
                None
            }
            AgentEvent::Report(session, event, detail) => {
                if self.unsent.len() < MAX_UNSENT {
                    self.unsent.push((session, event, detail));
                }
                None
            }
            // The desktop of this process keeps the wish itself.
            AgentEvent::LockAtEnd(..) | AgentEvent::StopPressed(_) | AgentEvent::Failed(_) => None,
        }
    }

    /// Ends a session here.
    pub(crate) async fn close(&mut self, session: SessionId) {
        self.uplink.rules(|rules| rules.ended(session));
        if let Some(held) = self.held.remove(&session)
            && tokio::task::spawn_blocking(move || held.end()).await.is_err()
        {
            tracing::error!("the session could not be closed in order");
        }
    }
}
