//! The rules of a session's actions.

use std::collections::BTreeMap;
use std::time::Duration;

use gc_types::{CauseCode, Right, Rights};

use crate::{Action, Switch};

/// At most one action within this.
pub const MIN_INTERVAL: Duration = Duration::from_secs(1);

/// A lost link that is back within this, with the same participant in control, undoes
/// nothing. Short: until then the user sits in front of a machine that does nothing.
pub const LINK_GRACE: Duration = Duration::from_secs(10);

/// Who asks, as this agent knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    /// Seat.
    pub participant: u16,
    /// What they may do here.
    pub rights: Rights,
    /// They have control.
    pub in_control: bool,
}

/// Why something is not even tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The right to control is missing.
    #[error("the right to control is missing")]
    NoRight,
    /// Somebody else, or nobody, has control.
    #[error("not in control")]
    NotInControl,
    /// Less than [`MIN_INTERVAL`] after the one before.
    #[error("too soon after the action before")]
    TooSoon,
    /// Only an installed agent does this.
    #[error("only for managed machines")]
    ManagedOnly,
    /// Only a one-time agent needs this.
    #[error("only for one-time sessions")]
    AttendedOnly,
    /// The user has not answered the question for rights yet.
    #[error("the user is being asked already")]
    BeingAsked,
    /// The session has administrator rights.
    #[error("the session has administrator rights already")]
    Elevated,
}

impl Refusal {
    /// What the viewer is told.
    pub const fn cause(self) -> CauseCode {
        match self {
            Self::NoRight => CauseCode::ViewOnly,
            Self::NotInControl => CauseCode::NotInControl,
            Self::TooSoon => CauseCode::ActionTooSoon,
            Self::ManagedOnly => CauseCode::ActionManagedOnly,
            Self::AttendedOnly => CauseCode::ActionAttendedOnly,
            Self::BeingAsked => CauseCode::ElevationPending,
            Self::Elevated => CauseCode::ElevationActive,
        }
    }
}

/// What is to be done for a request that is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Once.
    Do(Action),
    /// Turn on; [`Desk::turned_on`] when it has been verified.
    On(Switch),
    /// Turn off; [`Desk::off`] was done already.
    Off(Switch),
    /// Nothing more: it is as it was asked for.
    Nothing,
}

/// The administrator rights of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    /// It has none.
    Plain,
    /// The user is asked for them.
    Asking,
    /// It has them.
    Elevated,
}

/// One session: what is on, by whose wish, and when it goes off.
///
/// INVARIANT: what is on has an owner, who is in control; when they leave, lose
/// control, or stay away with the link, it is handed out to be turned off.
#[derive(Debug)]
pub struct Desk {
    managed: bool,
    last: Option<Duration>,
    last_refusal: Option<Duration>,
    on: BTreeMap<Switch, u16>,
    lock_at_end: bool,
    rank: Rank,
    /// Since the link was lost, and nobody has been seen in control after it.
    lost: Option<Duration>,
}

impl Desk {
    /// Nothing is on. `managed`: this is the installed agent. `lock_at_end` was wished
    /// for before.
    pub const fn new(managed: bool, lock_at_end: bool) -> Self {
        Self {
            managed,
            last: None,
            last_refusal: None,
            on: BTreeMap::new(),
            lock_at_end,
            rank: Rank::Plain,
            lost: None,
        }
    }

    /// Whether this kind of agent does this at all, whoever asks.
    pub fn allows(&self, action: Action) -> Result<(), Refusal> {
        match action {
            Action::Turn(_) if !self.managed => Err(Refusal::ManagedOnly),
            Action::Elevate if self.managed => Err(Refusal::AttendedOnly),
            Action::Elevate => match self.rank {
                Rank::Plain => Ok(()),
                Rank::Asking => Err(Refusal::BeingAsked),
                Rank::Elevated => Err(Refusal::Elevated),
            },
            _ => Ok(()),
        }
    }

    /// Judges a request. What is granted counts for the rate, whatever comes of it;
    /// turning off is always granted to who may ask: it gives back.
    pub fn ask(
        &mut self,
        action: Action,
        on: bool,
        asker: Asker,
        now: Duration,
    ) -> Result<Work, Refusal> {
        if !asker.rights.allows(Right::Control) {
            return Err(Refusal::NoRight);
        }
        if !asker.in_control {
            return Err(Refusal::NotInControl);
        }
        self.allows(action)?;
        if action.is_state() && self.is_on(action) == on {
            return Ok(Work::Nothing);
        }
        if let (Action::Turn(switch), false) = (action, on) {
            self.on.remove(&switch);
            return Ok(Work::Off(switch));
        }
        if self.last.is_some_and(|last| now < last.saturating_add(MIN_INTERVAL)) {
            return Err(Refusal::TooSoon);
        }
        self.last = Some(now);
        Ok(match action {
            Action::Turn(switch) => Work::On(switch),
            Action::LockAtEnd => {
                self.lock_at_end = on;
                Work::Nothing
            }
            Action::Elevate => {
                self.rank = Rank::Asking;
                Work::Do(action)
            }
            Action::CtrlAltDel | Action::Lock => Work::Do(action),
        })
    }

    /// Whether a refusal goes to the audit now: a flood of them is one entry a second.
    pub fn tells_refusal(&mut self, now: Duration) -> bool {
        let due = self.last_refusal.is_none_or(|last| now >= last.saturating_add(MIN_INTERVAL));
        if due {
            self.last_refusal = Some(now);
        }
        due
    }

    /// The user has answered the question for rights, or the rights are gone.
    pub fn elevated(&mut self, there: bool) {
        self.rank = if there { Rank::Elevated } else { Rank::Plain };
    }

    /// A switch is on, and that was verified. What happened to its owner meanwhile is
    /// to be told afterwards.
    pub fn turned_on(&mut self, switch: Switch, owner: u16) {
        self.on.insert(switch, owner);
    }

    /// The system or the user turned it off.
    pub fn off(&mut self, switch: Switch) -> bool {
        self.on.remove(&switch).is_some()
    }

    /// The machine cannot be locked after all.
    pub fn keep_unlocked(&mut self) {
        self.lock_at_end = false;
    }

    /// A participant left or lost control: these are to be turned off.
    pub fn gone(&mut self, participant: u16) -> Vec<Switch> {
        self.take(|owner| owner == participant)
    }

    /// The machine is the user's again, as when somebody asks them something.
    pub fn release_all(&mut self) -> Vec<Switch> {
        self.take(|_| true)
    }

    /// The link is lost.
    pub fn link_lost(&mut self, now: Duration) {
        if !self.on.is_empty() {
            self.lost.get_or_insert(now);
        }
    }

    /// Somebody has control, after whatever there was before: what others turned on
    /// is to be turned off.
    pub fn in_control(&mut self, participant: u16) -> Vec<Switch> {
        if participant != 0 {
            self.lost = None;
        }
        // Nobody in control right after a lost link: its grace runs on.
        if participant == 0 && self.lost.is_some() {
            return Vec::new();
        }
        self.take(|owner| owner != participant)
    }

    /// When [`Desk::expire`] has something to do.
    pub fn deadline(&self) -> Option<Duration> {
        self.lost.map(|since| since.saturating_add(LINK_GRACE))
    }

    /// The grace of a lost link is over: these are to be turned off.
    pub fn expire(&mut self, now: Duration) -> Vec<Switch> {
        if self.deadline().is_none_or(|due| now < due) {
            return Vec::new();
        }
        self.lost = None;
        self.take(|_| true)
    }

    /// Whether it is on; never for what is done once.
    pub fn is_on(&self, action: Action) -> bool {
        match action {
            Action::Turn(switch) => self.on.contains_key(&switch),
            Action::LockAtEnd => self.lock_at_end,
            Action::Elevate => self.rank == Rank::Elevated,
            Action::CtrlAltDel | Action::Lock => false,
        }
    }

    fn take(&mut self, which: impl Fn(u16) -> bool) -> Vec<Switch> {
        let off: Vec<Switch> =
            self.on.iter().filter(|(_, owner)| which(**owner)).map(|(switch, _)| *switch).collect();
        for switch in &off {
            self.on.remove(switch);
        }
        off
    }
}

#[cfg(test)]
#[path = "desk_tests.rs"]
mod tests;
