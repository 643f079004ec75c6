//! Which worker serves, and what to do when it does not: rules without I/O.
//!
//! One worker serves at a time: that of the session of the system that people want
//! to see. The driver carries out [`Action`]s and tells what became of them.

use std::collections::BTreeMap;
use std::time::Duration;

use gc_platform::{DesktopSession, DesktopSessionId, DesktopSessionKind, DesktopSessionState};
use gc_types::CauseCode;

/// A worker is asked for a sign of life this often while somebody is connected.
const PING_WATCHED: Duration = Duration::from_secs(1);
/// And otherwise.
const PING_ALONE: Duration = Duration::from_secs(5);
/// No answer for so long: it hangs.
const HANG: Duration = Duration::from_secs(4);
/// A driver that is itself so late has slept; nobody is to blame for that time.
const OVERSLEPT: Duration = Duration::from_secs(1);
/// How long a worker may take from its start until it serves.
const START_LIMIT: Duration = Duration::from_secs(20);
/// How long a worker may take to end in order.
const RETIRE_LIMIT: Duration = Duration::from_secs(3);
/// A failure after so long without one is the first again.
const MEMORY: Duration = Duration::from_mins(1);
/// So many failures are answered by a new start at once.
const PATIENCE: u32 = 3;
const BACKOFF_BASE: Duration = Duration::from_secs(2);
const BACKOFF_CAP: Duration = Duration::from_secs(30);
/// A session that is being left takes its worker along; the next attempt waits for
/// the system to say what comes instead.
const SETTLE: Duration = Duration::from_millis(300);

/// More sessions than anybody chooses from.
const MAX_SESSIONS: usize = 256;

/// A worker of this service; never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct WorkerNumber(pub(crate) u64);

/// What the driver is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Start a worker, and tell of [`Supervisor::ready`] and
    /// [`Supervisor::ended`].
    Start(WorkerNumber, DesktopSessionId),
    /// All sessions are this worker's from here on.
    Serve(WorkerNumber),
    /// Let it release what it holds, and end.
    Retire(WorkerNumber),
    /// End it at once.
    Kill(WorkerNumber),
    /// Ask it for a sign of life.
    Ping(WorkerNumber),
    /// Tell viewers and server why there is no desktop, or that there is one.
    Tell(Option<CauseCode>),
    /// The list of sessions, or which one is shown, has changed.
    Listed,
}

/// Why a worker is not there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Its session is not there, so that it could not be started.
    Gone,
    /// It left its place to a worker of another account.
    HandedOver,
    /// Anything else.
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting { until: Duration },
    Serving { heard: Duration, pinged: Option<Duration>, next: Duration },
}

#[derive(Debug)]
struct Current {
    number: WorkerNumber,
    session: DesktopSessionId,
    phase: Phase,
}

/// The rules. All times are on one monotonic clock.
#[derive(Debug, Default)]
pub(crate) struct Supervisor {
    sessions: Vec<DesktopSession>,
    /// `None`: whatever the machine's own screen shows.
    choice: Option<DesktopSessionId>,
    current: Option<Current>,
    retiring: BTreeMap<WorkerNumber, Duration>,
    /// How often workers of the present target have failed in a row.
    failures: u32,
    failed_at: Duration,
    retry_at: Duration,
    /// What the failures are of.
    target: Option<DesktopSessionId>,
    /// A session whose user is logging off: its worker ends with it.
    leaving: Option<DesktopSessionId>,
    /// Workers end because they were asked to; none is started.
    stopping: bool,
    watched: bool,
    last: u64,
    told: Option<CauseCode>,
    listed: Option<(Vec<DesktopSession>, Option<DesktopSessionId>)>,
    /// When the driver was last told to come back.
    expected: Option<Duration>,
}

impl Supervisor {
    /// The sessions as they are now.
    pub(crate) fn sessions(&mut self, list: Vec<DesktopSession>, now: Duration) -> Vec<Action> {
        // 0 is the services' own on Windows, and "none" on the wire.
        self.sessions = list.into_iter().filter(|one| one.id.0 != 0).take(MAX_SESSIONS).collect();
        if self.leaving.is_some_and(|session| self.session(session).is_none()) {
            self.leaving = None;
        }
        if self.choice.is_some_and(|choice| self.session(choice).is_none()) {
            self.choice = None;
        }
        self.settle(now)
    }

    /// A user is logging off.
    pub(crate) fn logging_off(&mut self, session: DesktopSessionId) {
        self.leaving = Some(session);
    }

    /// A user has logged on: what was left is a new one.
    pub(crate) fn logged_on(&mut self, session: DesktopSessionId) {
        if self.leaving == Some(session) {
            self.leaving = None;
        }
    }

    /// Somebody wants to see a session; `None`: the machine's own screen.
    pub(crate) fn select(
        &mut self,
        choice: Option<DesktopSessionId>,
        now: Duration,
    ) -> Result<Vec<Action>, CauseCode> {
        if choice.is_some_and(|id| self.session(id).is_none()) {
            return Err(CauseCode::DesktopSessionUnknown);
        }
        self.choice = choice;
        Ok(self.settle(now))
    }

    /// Whether viewers are connected.
    pub(crate) fn watched(&mut self, watched: bool, now: Duration) {
        if watched
            && !self.watched
            && let Some(Current { phase: Phase::Serving { next, .. }, .. }) = &mut self.current
        {
            *next = now.saturating_add(PING_WATCHED).min(*next);
        }
        self.watched = watched;
    }

    /// A worker is connected and has shown its ticket.
    pub(crate) fn ready(&mut self, number: WorkerNumber, now: Duration) -> Vec<Action> {
        match &mut self.current {
            Some(current) if current.number == number => {
                current.phase = Phase::Serving { heard: now, pinged: None, next: now };
                let mut actions = vec![Action::Serve(number)];
                actions.extend(self.settle(now));
                actions
            }
            // Meanwhile another one is wanted; it was told to be killed.
            _ => Vec::new(),
        }
    }

    /// A worker has ended, or could not be had.
    pub(crate) fn ended(&mut self, number: WorkerNumber, why: Loss, now: Duration) -> Vec<Action> {
        self.retiring.remove(&number);
        if let Some(current) = self.current.take_if(|current| current.number == number) {
            let served = matches!(current.phase, Phase::Serving { .. });
            if why == Loss::Gone || self.leaving == Some(current.session) {
                self.retry_at = now.saturating_add(SETTLE);
            } else if why == Loss::HandedOver && served {
                self.retry_at = now;
            } else {
                // Also one that hands over before it has served: two of that kind would
                // take turns for ever.
                self.failed(now);
            }
        }
        self.settle(now)
    }

    fn failed(&mut self, now: Duration) {
        if now.saturating_sub(self.failed_at) > MEMORY {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        self.failed_at = now;
        self.retry_at = match self.failures.saturating_sub(PATIENCE) {
            0 => now,
            more => {
                let factor = 1_u32.checked_shl(more - 1).unwrap_or(u32::MAX);
                now.saturating_add(BACKOFF_BASE.saturating_mul(factor).min(BACKOFF_CAP))
            }
        };
    }

    /// A worker answered the ping.
    pub(crate) fn alive(&mut self, number: WorkerNumber, now: Duration) {
        let every = self.ping_every();
        if let Some(Current { number: current, phase, .. }) = &mut self.current
            && *current == number
            && let Phase::Serving { heard, pinged, next } = phase
        {
            (*heard, *pinged, *next) = (now, None, now.saturating_add(every));
        }
    }

    /// The service ends: so do the workers.
    pub(crate) fn stop(&mut self, now: Duration) -> Vec<Action> {
        self.stopping = true;
        self.settle(now)
    }

    /// Whether nothing is left of any worker.
    pub(crate) fn is_over(&self) -> bool {
        self.current.is_none() && self.retiring.is_empty()
    }

    /// Time has passed.
    pub(crate) fn tick(&mut self, now: Duration) -> Vec<Action> {
        let overslept = self.expected.is_some_and(|at| now > at.saturating_add(OVERSLEPT));
        self.expected = None;
        let every = self.ping_every();
        let mut actions = Vec::new();
        let mut hung = None;
        if let Some(Current { number, phase, .. }) = &mut self.current {
            match phase {
                Phase::Starting { until } if overslept => *until = now.saturating_add(START_LIMIT),
                Phase::Starting { until } if now >= *until => hung = Some(*number),
                Phase::Starting { .. } => {}
                Phase::Serving { pinged, next, .. } => match *pinged {
                    Some(_) if overslept => *pinged = Some(now),
                    Some(at) if now >= at.saturating_add(HANG) => hung = Some(*number),
                    None if now >= *next => {
                        *pinged = Some(now);
                        *next = now.saturating_add(every);
                        actions.push(Action::Ping(*number));
                    }
                    Some(_) | None => {}
                },
            }
        }
        if let Some(number) = hung {
            tracing::warn!(worker = number.0, "worker hangs");
            actions.push(Action::Kill(number));
            self.current = None;
            self.failed(now);
        }
        let late: Vec<WorkerNumber> =
            self.retiring.iter().filter(|(_, at)| now >= **at).map(|(number, _)| *number).collect();
        for number in late {
            tracing::warn!(worker = number.0, "worker does not end by itself");
            self.retiring.remove(&number);
            actions.push(Action::Kill(number));
        }
        actions.extend(self.settle(now));
        actions
    }

    /// When [`Supervisor::tick`] has something to do.
    pub(crate) fn deadline(&mut self) -> Option<Duration> {
        let own = match &self.current {
            Some(Current { phase: Phase::Starting { until }, .. }) => Some(*until),
            Some(Current { phase: Phase::Serving { pinged, next, .. }, .. }) => {
                Some(pinged.map_or(*next, |at| at.saturating_add(HANG)))
            }
            None if self.is_wanted() => Some(self.retry_at),
            None => None,
        };
        let next = self.retiring.values().copied().chain(own).min();
        self.expected = next;
        next
    }

    /// The session that is shown, or will be.
    pub(crate) fn shown(&self) -> Option<DesktopSessionId> {
        self.choice.or_else(|| {
            let console = |session: &&DesktopSession| session.kind == DesktopSessionKind::Console;
            self.sessions.iter().find(console).map(|session| session.id)
        })
    }

    /// Whether nobody has chosen a session.
    pub(crate) const fn follows_console(&self) -> bool {
        self.choice.is_none()
    }

    /// The sessions as last told.
    pub(crate) fn list(&self) -> &[DesktopSession] {
        &self.sessions
    }

    /// The session that a worker is in.
    #[cfg(test)]
    pub(crate) fn session_of(&self, number: WorkerNumber) -> Option<DesktopSessionId> {
        self.current.as_ref().filter(|it| it.number == number).map(|it| it.session)
    }

    /// Who is logged on in the session that is shown; empty for nobody.
    pub(crate) fn user(&self) -> &str {
        let shown = self.shown().and_then(|id| self.session(id));
        shown.map_or("", |session| session.user.as_str())
    }

    fn session(&self, id: DesktopSessionId) -> Option<&DesktopSession> {
        self.sessions.iter().find(|session| session.id == id)
    }

    const fn ping_every(&self) -> Duration {
        if self.watched { PING_WATCHED } else { PING_ALONE }
    }

    /// There is a session with a screen to show.
    fn has_screen(&self) -> bool {
        let shown = self.shown().and_then(|id| self.session(id));
        shown.is_some_and(|session| session.state != DesktopSessionState::Disconnected)
    }

    fn is_wanted(&self) -> bool {
        !self.stopping && self.has_screen()
    }

    /// Makes what is what should be.
    fn settle(&mut self, now: Duration) -> Vec<Action> {
        let mut actions = Vec::new();
        let target = if self.is_wanted() { self.shown() } else { None };
        if let Some(current) = self.current.take_if(|current| Some(current.session) != target) {
            if matches!(current.phase, Phase::Serving { .. }) {
                self.retiring.insert(current.number, now.saturating_add(RETIRE_LIMIT));
                actions.push(Action::Retire(current.number));
            } else {
                actions.push(Action::Kill(current.number));
            }
        }
        if target.is_some() && target != self.target {
            self.target = target;
            self.failures = 0;
            self.retry_at = now;
        }
        if let Some(session) = target
            && self.current.is_none()
            && now >= self.retry_at
        {
            self.last += 1;
            let number = WorkerNumber(self.last);
            let phase = Phase::Starting { until: now.saturating_add(START_LIMIT) };
            self.current = Some(Current { number, session, phase });
            actions.push(Action::Start(number, session));
        }
        let trouble = self.trouble();
        if trouble != self.told && !self.stopping {
            self.told = trouble;
            actions.push(Action::Tell(trouble));
        }
        let list = (self.sessions.clone(), self.shown());
        if self.listed.as_ref() != Some(&list) {
            self.listed = Some(list);
            actions.push(Action::Listed);
        }
        actions
    }

    fn trouble(&self) -> Option<CauseCode> {
        if self.current.as_ref().is_some_and(|it| matches!(it.phase, Phase::Serving { .. })) {
            return None;
        }
        if self.shown().is_none() {
            return Some(CauseCode::NoDisplay);
        }
        if !self.has_screen() {
            return Some(CauseCode::DesktopSessionDisconnected);
        }
        if self.failures > PATIENCE {
            return Some(CauseCode::DesktopWorkerFailing);
        }
        Some(CauseCode::DesktopSwitching)
    }
}

#[cfg(test)]
#[path = "supervisor_tests.rs"]
mod tests;
