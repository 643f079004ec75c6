//! The thread that tells the machine to lock, to block its input, to go dark; and that
//! undoes it.

mod rights;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use gc_actions::{Action, Asker, Desk, Switch, Work};
use gc_platform::{
    ActionError, Attention, ConnectionNotice, ElevationHandle, NoticePosition, PromptHandle,
    SwitchHandle,
};
use gc_proto::v2::{
    AgentControl, Cause, MachineActionAbility, MachineActionRequest, MachineActionResult,
    MachineActionState, NoticeTopic, SystemChord, ViewerControl, agent_control, viewer_control,
};
use gc_proto::{Channel, Flags, Record, clean_text};
use gc_types::{CauseCode, Clock, Rights, SessionId};
use prost::Message;

use crate::events::{AgentEvent, EventSender};
use crate::input_thread::{ChordPresser, notice};
use crate::outlet::Outlet;
use crate::platform_set::Platform;
use rights::Asked;

/// Names of the events in the audit.
pub(crate) const DONE: &str = "machine_action";
pub(crate) const REFUSED: &str = "machine_action_refused";

/// Requests that may wait; a peer that asks faster is not heard beyond.
const MAX_WAITING: usize = 32;
/// How long the user is told who has blocked their keyboard.
const HINT: Duration = Duration::from_secs(10);

enum Command {
    Ask {
        participant: u16,
        request: MachineActionRequest,
    },
    Chord {
        participant: u16,
        chord: SystemChord,
    },
    Joined {
        participant: u16,
        name: String,
        rights: Rights,
    },
    Left(u16),
    InControl(u16),
    LinkLost,
    ReleaseAll,
    Freed(Switch, ActionError),
    /// The user has answered, and for whom they were asked.
    Elevated(Asked, Result<Box<dyn ElevationHandle>, ActionError>),
    /// The rights are gone by themselves.
    RightsLost(ActionError),
    Over,
    End,
}

/// Whether a record asks for an action.
pub(crate) fn is_request(record: &Record) -> bool {
    record.header().channel == Channel::Control
        && ViewerControl::decode(record.payload()).is_ok_and(|control| {
            matches!(control.body, Some(viewer_control::Body::MachineAction(_)))
        })
}

/// Presses Ctrl+Alt+Del where the platform of this process may not. Blocks.
pub(crate) type PressAttention = Arc<dyn Fn() -> Result<(), ActionError> + Send + Sync>;

/// What the thread works with.
pub(crate) struct ActionSetup {
    pub(crate) session: SessionId,
    pub(crate) managed: bool,
    /// Wished for before, in another process.
    pub(crate) lock_at_end: bool,
    pub(crate) platform: Arc<dyn Platform>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) outlet: Outlet,
    pub(crate) events: EventSender,
    pub(crate) keys: ChordPresser,
    /// Ctrl+Alt+Del by way of another process.
    pub(crate) attention: Option<PressAttention>,
}

/// Handle of the thread. Dropping it turns off what is on, locks the machine where
/// that was wished for and the session is over, and ends the thread.
pub(crate) struct ActionThread {
    commands: Sender<Command>,
    waiting: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl ActionThread {
    pub(crate) fn start(setup: ActionSetup) -> io::Result<Self> {
        let (commands, receiver) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let mut worker = Worker {
            desk: Desk::new(setup.managed, setup.lock_at_end),
            over: false,
            setup,
            waiting: Arc::clone(&waiting),
            commands: commands.clone(),
            handles: BTreeMap::new(),
            people: BTreeMap::new(),
            controller: 0,
            told: false,
            hint: None,
            rights: None,
            lost_early: None,
            question: None,
        };
        let thread = std::thread::Builder::new()
            .name("actions".into())
            .spawn(move || worker.run(&receiver))?;
        Ok(Self { commands, waiting, thread: Some(thread) })
    }

    pub(crate) fn ask(&self, participant: u16, request: MachineActionRequest) {
        self.bounded(Command::Ask { participant, request });
    }

    /// The former way to ask: without an answer.
    pub(crate) fn chord(&self, participant: u16, chord: SystemChord) {
        self.bounded(Command::Chord { participant, chord });
    }

    pub(crate) fn joined(&self, participant: u16, name: &str, rights: Rights) {
        self.send(Command::Joined { participant, name: name.to_owned(), rights });
    }

    pub(crate) fn left(&self, participant: u16) {
        self.send(Command::Left(participant));
    }

    /// Who has control now; 0 for nobody.
    pub(crate) fn in_control(&self, participant: u16) {
        self.send(Command::InControl(participant));
    }

    pub(crate) fn link_lost(&self) {
        self.send(Command::LinkLost);
    }

    /// Gives the machine back to its user.
    pub(crate) fn release_all(&self) {
        self.send(Command::ReleaseAll);
    }

    /// The session is over, and not only this process's part in it.
    pub(crate) fn ends(&self) {
        self.send(Command::Over);
    }

    /// What peers can send without end.
    fn bounded(&self, command: Command) {
        if self.waiting.fetch_add(1, Ordering::AcqRel) >= MAX_WAITING {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            tracing::debug!("a request for an action is left out: too many wait");
            return;
        }
        self.send(command);
    }

    fn send(&self, command: Command) {
        // The thread ends only after this handle is dropped.
        if self.commands.send(command).is_err() {
            tracing::error!("action thread is gone");
        }
    }
}

impl Drop for ActionThread {
    fn drop(&mut self) {
        self.send(Command::End);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("action thread panicked");
        }
    }
}

struct Person {
    name: String,
    rights: Rights,
}

struct Worker {
    setup: ActionSetup,
    desk: Desk,
    over: bool,
    waiting: Arc<AtomicUsize>,
    /// For what goes off by itself.
    commands: Sender<Command>,
    handles: BTreeMap<Switch, Box<dyn SwitchHandle>>,
    people: BTreeMap<u16, Person>,
    controller: u16,
    /// Viewers were told that a chord did not come about.
    told: bool,
    /// Tells the user who has blocked their keyboard.
    hint: Option<Box<dyn PromptHandle>>,
    /// Of an administrator, for as long as the session.
    rights: Option<Box<dyn ElevationHandle>>,
    /// They were gone before they were told of.
    lost_early: Option<ActionError>,
    /// Tells the user who asks for them.
    question: Option<Box<dyn PromptHandle>>,
}

impl Worker {
    fn run(&mut self, commands: &Receiver<Command>) {
        loop {
            let now = self.setup.clock.monotonic();
            let over = self.desk.expire(now);
            self.turn_off(over, "link_lost");
            let command = match self.desk.deadline() {
                Some(due) => match commands.recv_timeout(due.saturating_sub(now)) {
                    Ok(command) => command,
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => break,
                },
                None => match commands.recv() {
                    Ok(command) => command,
                    Err(_) => break,
                },
            };
            if matches!(command, Command::End) {
                break;
            }
            self.take(command);
        }
        let on = self.desk.release_all();
        self.turn_off(on, "session_ended");
        if self.over && self.desk.is_on(Action::LockAtEnd) {
            match self.setup.platform.actions().lock() {
                Ok(()) => tracing::info!("the machine was locked at the end of the session"),
                Err(error) => tracing::error!(%error, "the machine was not locked at the end"),
            }
        }
    }

    fn take(&mut self, command: Command) {
        match command {
            Command::Ask { participant, request } => {
                self.waiting.fetch_sub(1, Ordering::AcqRel);
                self.ask(participant, &request);
            }
            Command::Chord { participant, chord } => {
                self.waiting.fetch_sub(1, Ordering::AcqRel);
                self.chord(participant, chord);
            }
            Command::Joined { participant, name, rights } => {
                self.people.insert(participant, Person { name, rights });
                self.tell_state(participant);
            }
            Command::Left(participant) => {
                self.people.remove(&participant);
                if self.controller == participant {
                    self.controller = 0;
                }
                let off = self.desk.gone(participant);
                self.turn_off(off, "viewer_left");
            }
            Command::InControl(participant) => {
                self.controller = participant;
                let off = self.desk.in_control(participant);
                self.turn_off(off, "control_lost");
            }
            Command::LinkLost => {
                self.people.clear();
                self.controller = 0;
                self.desk.link_lost(self.setup.clock.monotonic());
            }
            Command::ReleaseAll => {
                let off = self.desk.release_all();
                self.turn_off(off, "given_back");
            }
            Command::Freed(switch, error) => self.freed(switch, &error),
            Command::Elevated(asked, answer) => self.elevated(&asked, answer),
            Command::RightsLost(error) => self.rights_lost(&error),
            Command::Over => self.over = true,
            // Handled by the loop.
            Command::End => {}
        }
    }

    fn ask(&mut self, participant: u16, request: &MachineActionRequest) {
        let Some(action) = Action::from_wire(request.action()) else {
            tracing::debug!(action = request.action, "an action that is not known here");
            self.answer(participant, request, Some((CauseCode::ActionUnsupported, String::new())));
            return;
        };
        match self.perform(participant, action, request.on) {
            // The answer comes when the user has given theirs.
            Ok(()) if action == Action::Elevate => self.ask_user(participant, request),
            outcome => self.answer(participant, request, outcome.err()),
        }
    }

    fn chord(&mut self, participant: u16, chord: SystemChord) {
        let action = match chord {
            SystemChord::CtrlAltDel => Action::CtrlAltDel,
            SystemChord::Lock => Action::Lock,
            SystemChord::Unspecified => return,
        };
        let failed = self.perform(participant, action, false).err();
        if failed.is_some() || self.told {
            self.told = failed.is_some();
            let (cause, detail) = failed.unzip();
            let message = notice(NoticeTopic::Action, cause, &detail.unwrap_or_default());
            self.setup.outlet.send(Channel::Control, participant, Flags::END, &message);
        }
    }

    /// Judges and does it, and writes it down.
    fn perform(
        &mut self,
        participant: u16,
        action: Action,
        on: bool,
    ) -> Result<(), (CauseCode, String)> {
        let now = self.setup.clock.monotonic();
        let person = self.people.get(&participant);
        let asker = Asker {
            participant,
            rights: person.map_or(Rights::NONE, |person| person.rights),
            in_control: self.controller == participant,
        };
        let who = person.map_or_else(String::new, |person| person.name.clone());
        let what = match (action.is_state(), on) {
            (true, true) => format!("{} on", action.name()),
            (true, false) => format!("{} off", action.name()),
            (false, _) => action.name().to_owned(),
        };
        match self.desk.ask(action, on, asker, now) {
            Ok(work) => {
                let done = self.work(action, on, work, participant);
                let outcome = match work {
                    Work::Do(Action::Elevate) => "the user is asked".to_owned(),
                    _ => outcome(done.as_ref().err()),
                };
                self.report(DONE, &format!("{what} by {who}: {outcome}"));
                if action == Action::LockAtEnd {
                    let wished = self.desk.is_on(action);
                    self.setup.events.send(AgentEvent::LockAtEnd(self.setup.session, wished));
                }
                if action.is_state() {
                    self.tell_state(0);
                }
                done.map_err(|error| (error.cause, error.detail))
            }
            Err(refusal) => {
                if self.desk.tells_refusal(now) {
                    self.report(REFUSED, &format!("{what} by {who}: {refusal}"));
                }
                Err((refusal.cause(), String::new()))
            }
        }
    }

    fn work(
        &mut self,
        action: Action,
        on: bool,
        work: Work,
        participant: u16,
    ) -> Result<(), ActionError> {
        let platform = Arc::clone(&self.setup.platform);
        match work {
            Work::Do(Action::CtrlAltDel) => {
                if let Some(press) = &self.setup.attention {
                    return press();
                }
                if platform.actions().ctrl_alt_del()? == Attention::Keys {
                    self.setup.keys.ctrl_alt_del();
                }
                Ok(())
            }
            Work::Do(Action::Lock) => platform.actions().lock(),
            // A wish that cannot come true is not kept.
            Work::Nothing if action == Action::LockAtEnd && on => {
                platform.actions().ability(Action::Lock).inspect_err(|_| self.desk.keep_unlocked())
            }
            // The user is asked on another thread.
            Work::Nothing | Work::Do(Action::Turn(_) | Action::LockAtEnd | Action::Elevate) => {
                Ok(())
            }
            Work::On(switch) => {
                let commands = self.commands.clone();
                let freed = Box::new(move |error| {
                    // Nobody is there to be told once the session is over.
                    let _ = commands.send(Command::Freed(switch, error));
                });
                let handle = platform.actions().turn_on(switch, freed)?;
                self.handles.insert(switch, handle);
                self.desk.turned_on(switch, participant);
                if switch == Switch::BlockInput {
                    self.show_hint(participant);
                }
                Ok(())
            }
            Work::Off(switch) => self.off(switch),
        }
    }

    fn off(&mut self, switch: Switch) -> Result<(), ActionError> {
        if switch == Switch::BlockInput {
            self.hint = None;
        }
        self.handles.remove(&switch).map_or(Ok(()), SwitchHandle::off)
    }

    /// Turns off what the rules say, and tells why.
    fn turn_off(&mut self, switches: Vec<Switch>, why: &str) {
        if switches.is_empty() {
            return;
        }
        for switch in switches {
            let name = Action::Turn(switch).name();
            let outcome = match self.off(switch) {
                Ok(()) => "done".to_owned(),
                Err(error) => {
                    tracing::error!(%error, switch = name, "it may still be on");
                    error.to_string()
                }
            };
            self.report(DONE, &format!("{name} off because of {why}: {outcome}"));
        }
        self.tell_state(0);
    }

    /// The user, or the system, took it back.
    fn freed(&mut self, switch: Switch, error: &ActionError) {
        if !self.desk.off(switch) {
            return;
        }
        let name = Action::Turn(switch).name();
        if let Err(error) = self.off(switch) {
            tracing::error!(%error, switch = name, "it may still be on");
        }
        // Who presses Ctrl+Alt+Del wants everything back.
        let mut rest = Vec::new();
        if error.cause == CauseCode::ActionFreedByUser {
            rest = self.desk.release_all();
        }
        self.report(DONE, &format!("{name} off: {}", error.cause.name()));
        self.turn_off(rest, "user");
        self.tell_state(0);
        let message = notice(NoticeTopic::Action, Some(error.cause), &error.detail);
        self.setup.outlet.send(Channel::Control, 0, Flags::END, &message);
        self.told = true;
    }

    /// The user is to know why nothing happens when they type, and how to end it.
    fn show_hint(&mut self, participant: u16) {
        self.hint = self.tell_user(participant, |who| {
            format!(
                "{who} has blocked the keyboard and mouse of this computer.\n\
                 Press Ctrl+Alt+Del to take them back."
            )
        });
    }

    fn tell_user(
        &self,
        participant: u16,
        text: impl FnOnce(&str) -> String,
    ) -> Option<Box<dyn PromptHandle>> {
        let overlay = self.setup.platform.notice()?;
        let who = self.people.get(&participant).map_or("", |person| person.name.as_str());
        let who = if who.trim().is_empty() { "The technician" } else { who };
        let hint = ConnectionNotice {
            text: text(who),
            position: NoticePosition::Center,
            duration: HINT,
            dismissible: false,
        };
        overlay
            .show(hint)
            .inspect_err(|error| tracing::warn!(%error, "the user is not told of it"))
            .ok()
    }

    /// To one viewer, or to all of them with 0.
    fn tell_state(&self, participant: u16) {
        let actions = self.setup.platform.actions();
        let abilities = Action::ALL.map(|action| {
            let needs = if action == Action::LockAtEnd { Action::Lock } else { action };
            let unavailable = match self.desk.allows(action) {
                Err(refusal) => Some(wire_cause(refusal.cause(), "")),
                // Who presses it knows what stands in the way.
                Ok(()) if action == Action::CtrlAltDel && self.setup.attention.is_some() => None,
                Ok(()) => {
                    actions.ability(needs).err().map(|error| wire_cause(error.cause, &error.detail))
                }
            };
            MachineActionAbility {
                action: action.to_wire().into(),
                unavailable,
                on: self.desk.is_on(action),
            }
        });
        let state = MachineActionState { abilities: abilities.to_vec() };
        let message = AgentControl { body: Some(agent_control::Body::MachineActions(state)) };
        self.setup.outlet.send(Channel::Control, participant, Flags::END, &message);
    }

    fn answer(
        &self,
        participant: u16,
        request: &MachineActionRequest,
        cause: Option<(CauseCode, String)>,
    ) {
        let result = MachineActionResult {
            request_id: request.request_id,
            action: request.action,
            cause: cause.map(|(code, detail)| wire_cause(code, &detail)),
        };
        let message = AgentControl { body: Some(agent_control::Body::MachineActionResult(result)) };
        self.setup.outlet.send(Channel::Control, participant, Flags::END, &message);
    }

    /// For the audit.
    fn report(&self, event: &'static str, detail: &str) {
        tracing::info!(session = %self.setup.session, event, detail);
        let detail = clean_text(detail, 500);
        self.setup.events.send(AgentEvent::Report(self.setup.session, event, detail));
    }
}

/// In words, for the audit.
fn outcome(failure: Option<&ActionError>) -> String {
    failure.map_or_else(
        || "done".to_owned(),
        |error| format!("{}: {}", error.cause.name(), error.detail),
    )
}

fn wire_cause(code: CauseCode, detail: &str) -> Cause {
    Cause { code: code as i32, detail: clean_text(detail, 200) }
}

#[cfg(test)]
#[path = "actions_tests.rs"]
mod tests;
