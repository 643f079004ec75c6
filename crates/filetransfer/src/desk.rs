//! All transfers of one link: what comes in goes to the right one, what goes out
//! takes turns, and all of them together keep to one pace.

mod jobs;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use gc_proto::v2;
use gc_proto::v2::file_message::Body;
use gc_types::CauseCode;

use self::jobs::Job;
pub use self::jobs::Plan;
use crate::conflict::ConflictRule;
use crate::folders;
use crate::out::{DeskEvent, Out};
use crate::pace::Pace;
use crate::policy::{Direction, FilePolicy};
use crate::progress::{Progress, RateMeter, time_left};
use crate::receipt::{Outcome, Receipt, cause_from_wire, cause_to_wire};
use crate::receiving::{Incoming, Step};
use crate::sending::{Outgoing, Turn};
use crate::store::{FileStore, StorePath};

/// Bytes that may be on their way to a receiver: less than what a relay keeps for a
/// slow one, so that none is lost there.
pub const ROOM: u64 = 8 << 20;
/// Transfers of one link.
pub const MAX_TRANSFERS: usize = 8;
/// Files that are told ahead of their bytes.
pub const MAX_AHEAD: usize = 256;
/// Sources of one download.
const MAX_SOURCES: usize = 256;
/// Bytes are acknowledged after so many ...
pub(crate) const ACK_BYTES: u64 = 256 << 10;
/// ... or after this long.
pub(crate) const ACK_AFTER: Duration = Duration::from_millis(2);

/// Which end of the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Does what the viewer asks for, within the rules.
    Agent,
    /// Opens transfers, and takes them up again on the next link.
    Viewer,
}

/// All transfers of one link.
pub struct Desk {
    role: Role,
    policy: FilePolicy,
    pace: Pace,
    incoming: BTreeMap<u32, Incoming>,
    outgoing: BTreeMap<u32, Outgoing>,
    meters: BTreeMap<u32, RateMeter>,
    jobs: BTreeMap<u32, Job>,
    last_number: u32,
    last_request: u32,
    /// The transfer whose turn it was.
    turn: u32,
    received: u64,
    acknowledged: u64,
    ack_due: Option<Duration>,
    room: u64,
    linked: bool,
    out: Out,
}

impl Desk {
    /// At the beginning of a link. A viewer's own rules are those of its user, who
    /// may do anything: [`FilePolicy::open`].
    pub fn new(role: Role, policy: FilePolicy, now: Duration) -> Self {
        let mut desk = Self {
            role,
            policy,
            pace: Pace::new(now, 1 << 20),
            incoming: BTreeMap::new(),
            outgoing: BTreeMap::new(),
            meters: BTreeMap::new(),
            jobs: BTreeMap::new(),
            last_number: 0,
            last_request: 0,
            turn: 0,
            received: 0,
            acknowledged: 0,
            ack_due: None,
            room: ROOM,
            linked: true,
            out: Out::default(),
        };
        if role == Role::Agent {
            desk.out.say(Body::Policy(desk.policy.to_wire()));
        }
        desk
    }

    /// How many bytes may be on their way in each direction; shared out among several
    /// viewers of one agent.
    pub fn set_room(&mut self, room: u64) {
        self.room = room.clamp(64 << 10, ROOM);
        self.pace.set_cap(self.room);
    }

    /// Takes what the other end said.
    pub fn receive(&mut self, message: v2::FileMessage, store: &mut dyn FileStore, now: Duration) {
        let Some(body) = message.body else { return };
        match (body, self.role) {
            (Body::Open(open), Role::Agent) => self.open(&open),
            (Body::Request(request), Role::Agent) => {
                folders::serve(request, &self.policy, store, &mut self.out);
            }
            (Body::Choice(choice), Role::Agent) => {
                let rule = ConflictRule::from_wire(choice.rule());
                self.settle(choice.transfer, choice.index, rule, choice.all, store, now);
            }
            (Body::Reply(reply), Role::Viewer) => self.out.event(DeskEvent::Reply(reply)),
            (Body::Policy(policy), Role::Viewer) => {
                self.out.event(DeskEvent::Policy(FilePolicy::from_wire(Some(&policy))));
            }
            (Body::Heads(heads), _) => {
                let number = heads.transfer;
                self.with_incoming(number, store, now, |incoming, step| {
                    incoming.heads(heads, step)
                });
            }
            (Body::Chunk(chunk), _) => {
                let number = chunk.transfer;
                self.received += chunk.data.len() as u64;
                self.ack_due.get_or_insert(now + ACK_AFTER);
                self.with_incoming(number, store, now, |incoming, step| {
                    incoming.chunk(chunk, step)
                });
            }
            (Body::End(end), _) => {
                self.with_incoming(end.transfer, store, now, |incoming, step| {
                    incoming.end(&end, step)
                });
            }
            (Body::Answer(answer), _) => {
                let number = answer.transfer;
                self.with_outgoing(number, now, |outgoing, out| outgoing.answer(answer, out));
            }
            (Body::Result(result), _) => {
                self.with_outgoing(result.transfer, now, |outgoing, out| {
                    outgoing.result(&result, out, now)
                });
            }
            (Body::Ack(ack), _) => {
                if self.pace.acknowledged(ack.received, ack.room, now).is_err() {
                    self.stop_all(CauseCode::FileProtocol, store, now);
                }
            }
            (Body::Stop(stop), _) => {
                let cause = cause_from_wire(stop.cause.as_ref());
                self.end(
                    stop.transfer,
                    cause.unwrap_or(CauseCode::FilesCancelled),
                    false,
                    store,
                    now,
                );
            }
            (Body::Pause(pause), _) => {
                if self.set_paused(pause.transfer, pause.paused) {
                    let (transfer, paused) = (pause.transfer, pause.paused);
                    self.out.event(DeskEvent::Paused { transfer, paused });
                }
            }
            // Not for this end.
            (Body::Open(_) | Body::Request(_) | Body::Choice(_), Role::Viewer)
            | (Body::Reply(_) | Body::Policy(_), Role::Agent)
            // Dealt with by whoever has the desktop, or the picture.
            | (
                Body::Drop(_) | Body::DragOut(_) | Body::Dropped(_) | Body::DraggedOut(_),
                _,
            ) => {}
        }
        self.sweep();
    }

    fn open(&mut self, open: &v2::TransferOpen) {
        let number = open.transfer;
        match self.take_open(open) {
            Ok(()) => self.last_number = self.last_number.max(number),
            Err(cause) => {
                self.out.say(Body::Stop(v2::TransferStop {
                    transfer: number,
                    cause: Some(cause_to_wire(cause)),
                }));
                let direction = Direction::from_wire(open.direction()).unwrap_or(Direction::Upload);
                self.out.receipt(
                    number,
                    Receipt {
                        transfer: open.id.as_slice().try_into().unwrap_or_default(),
                        direction,
                        path: String::new(),
                        size: 0,
                        sha256: None,
                        outcome: Outcome::of(cause),
                        moved: 0,
                        duration: Duration::ZERO,
                    },
                );
            }
        }
    }

    fn take_open(&mut self, open: &v2::TransferOpen) -> Result<(), CauseCode> {
        let direction = Direction::from_wire(open.direction()).ok_or(CauseCode::FileProtocol)?;
        self.policy.check_direction(direction)?;
        let number = open.transfer;
        let id: [u8; 16] = open.id.as_slice().try_into().map_err(|_| CauseCode::FileProtocol)?;
        if self.incoming.contains_key(&number) || self.outgoing.contains_key(&number) {
            return Err(CauseCode::FileProtocol);
        }
        if self.incoming.len() + self.outgoing.len() >= MAX_TRANSFERS {
            return Err(CauseCode::FilesTooMany);
        }
        let key = (number, id, direction);
        match direction {
            Direction::Upload => {
                let folder = match &open.folder {
                    Some(folder) => StorePath::from_wire(folder)?,
                    None => StorePath::default(),
                };
                let rule = ConflictRule::from_wire(open.conflict());
                let incoming = Incoming::new(key, folder, rule, open.resume, false);
                self.incoming.insert(number, incoming);
            }
            Direction::Download => {
                if open.sources.is_empty() || open.sources.len() > MAX_SOURCES {
                    return Err(CauseCode::FilesTooMany);
                }
                let sources: Result<Vec<_>, _> =
                    open.sources.iter().map(StorePath::from_wire).collect();
                self.outgoing.insert(number, Outgoing::new(key, sources?, HashSet::new()));
            }
        }
        self.meters.insert(number, RateMeter::default());
        Ok(())
    }

    fn with_incoming(
        &mut self,
        number: u32,
        store: &mut dyn FileStore,
        now: Duration,
        work: impl FnOnce(&mut Incoming, &mut Step<'_>) -> Result<(), CauseCode>,
    ) {
        // One that has just been stopped here is still spoken of by the other end.
        let Some(incoming) = self.incoming.get_mut(&number) else { return };
        let mut step = Step { store, policy: &self.policy, out: &mut self.out, now };
        if let Err(cause) = work(incoming, &mut step) {
            self.abort(number, cause, store, now);
        }
    }

    fn with_outgoing(
        &mut self,
        number: u32,
        now: Duration,
        work: impl FnOnce(&mut Outgoing, &mut Out) -> Result<(), CauseCode>,
    ) {
        let Some(outgoing) = self.outgoing.get_mut(&number) else { return };
        if let Err(cause) = work(outgoing, &mut self.out) {
            outgoing.stop(cause, &mut self.out, now);
            self.outgoing.remove(&number);
            self.tell_stop(number, cause);
        }
    }

    fn tell_stop(&mut self, number: u32, cause: CauseCode) {
        self.out.say(Body::Stop(v2::TransferStop {
            transfer: number,
            cause: Some(cause_to_wire(cause)),
        }));
        self.finished(number, Some(cause));
    }

    /// Stops a transfer and tells the other end.
    fn abort(&mut self, number: u32, cause: CauseCode, store: &mut dyn FileStore, now: Duration) {
        // A full disk may have room again when the transfer is taken up.
        let keep = cause == CauseCode::DiskFull;
        if self.take_out(number, cause, keep, store, now) {
            self.tell_stop(number, cause);
        }
    }

    /// The other end stopped it.
    fn end(
        &mut self,
        number: u32,
        cause: CauseCode,
        keep: bool,
        store: &mut dyn FileStore,
        now: Duration,
    ) {
        if self.take_out(number, cause, keep, store, now) {
            self.finished(number, Some(cause));
        }
    }

    fn take_out(
        &mut self,
        number: u32,
        cause: CauseCode,
        keep: bool,
        store: &mut dyn FileStore,
        now: Duration,
    ) -> bool {
        let incoming = self.incoming.remove(&number);
        let outgoing = self.outgoing.remove(&number);
        let known = incoming.is_some() || outgoing.is_some() || self.jobs.contains_key(&number);
        if let Some(mut incoming) = incoming {
            let mut step = Step { store, policy: &self.policy, out: &mut self.out, now };
            incoming.stop(cause, keep, &mut step);
        }
        if let Some(mut outgoing) = outgoing {
            outgoing.stop(cause, &mut self.out, now);
        }
        known
    }

    fn stop_all(&mut self, cause: CauseCode, store: &mut dyn FileStore, now: Duration) {
        let numbers: Vec<u32> = self.incoming.keys().chain(self.outgoing.keys()).copied().collect();
        for number in numbers {
            self.abort(number, cause, store, now);
        }
    }

    fn finished(&mut self, number: u32, cause: Option<CauseCode>) {
        self.jobs.remove(&number);
        self.meters.remove(&number);
        self.out.event(DeskEvent::Over { transfer: number, cause });
    }

    /// Takes out what is over.
    fn sweep(&mut self) {
        for (number, path) in std::mem::take(&mut self.out.done) {
            if let Some(job) = self.jobs.get_mut(&number) {
                job.done.insert(path);
            }
        }
        let over: Vec<u32> = self
            .incoming
            .iter()
            .filter(|(_, it)| it.is_over())
            .map(|(number, _)| *number)
            .chain(self.outgoing.iter().filter(|(_, it)| it.is_over()).map(|(number, _)| *number))
            .collect();
        for number in over {
            self.incoming.remove(&number);
            self.outgoing.remove(&number);
            self.finished(number, None);
        }
    }

    fn settle(
        &mut self,
        number: u32,
        index: u32,
        rule: ConflictRule,
        all: bool,
        store: &mut dyn FileStore,
        now: Duration,
    ) {
        if let Some(incoming) = self.incoming.get_mut(&number) {
            let mut step = Step { store, policy: &self.policy, out: &mut self.out, now };
            incoming.choose(index, rule, all, &mut step);
        }
        self.sweep();
    }

    /// The next message for the other end; `None` until something happens or the
    /// [`Desk::deadline`] comes.
    pub fn next(&mut self, store: &mut dyn FileStore, now: Duration) -> Option<v2::FileMessage> {
        if !self.linked {
            self.out.messages.clear();
            return None;
        }
        loop {
            if let Some(body) = self.out.messages.pop_front() {
                return Some(v2::FileMessage { body: Some(body) });
            }
            let unheard = self.received - self.acknowledged;
            if unheard > 0
                && (unheard >= ACK_BYTES.min(self.room / 4)
                    || self.ack_due.is_some_and(|due| now >= due))
            {
                self.acknowledged = self.received;
                self.ack_due = None;
                let ack = v2::FileAck { received: self.received, room: self.room };
                return Some(v2::FileMessage { body: Some(Body::Ack(ack)) });
            }
            let chunk = self.pace.chunk();
            let turn = self.take_turn(store, chunk, now);
            self.sweep();
            match turn {
                Some(Turn::Chunk(chunk)) => {
                    self.pace.sent(chunk.data.len(), now);
                    return Some(v2::FileMessage { body: Some(Body::Chunk(chunk)) });
                }
                Some(Turn::Busy) => {}
                Some(Turn::Idle) | None => {
                    if chunk > 0 {
                        self.pace.starve();
                    }
                    if self.out.messages.is_empty() {
                        return None;
                    }
                }
            }
        }
    }

    /// Each sender in its turn, beginning after the last one that did something.
    fn take_turn(
        &mut self,
        store: &mut dyn FileStore,
        chunk: usize,
        now: Duration,
    ) -> Option<Turn> {
        let after = self.outgoing.range(self.turn + 1..).map(|(number, _)| *number);
        let order: Vec<u32> =
            after.chain(self.outgoing.range(..=self.turn).map(|(number, _)| *number)).collect();
        for number in order {
            let outgoing = self.outgoing.get_mut(&number)?;
            match outgoing.turn(store, &self.policy, chunk, &mut self.out, now) {
                Turn::Idle => {}
                busy => {
                    self.turn = number;
                    return Some(busy);
                }
            }
        }
        None
    }

    /// When [`Desk::next`] has something to say although nothing came in.
    pub fn deadline(&self) -> Option<Duration> {
        self.ack_due.filter(|_| self.linked)
    }

    /// What there is to be heard.
    pub fn event(&mut self) -> Option<DeskEvent> {
        self.out.events.pop_front()
    }

    /// Whether bytes are on their way or wanted.
    pub fn is_busy(&self) -> bool {
        !self.incoming.is_empty() || !self.outgoing.is_empty()
    }

    /// How far a transfer is.
    pub fn progress(&mut self, number: u32, now: Duration) -> Option<Progress> {
        let (files, total_files, bytes, total_bytes, paused) =
            if let Some(it) = self.incoming.get(&number) {
                (it.files, it.total_files, it.bytes, it.total_bytes, it.paused)
            } else {
                let it = self.outgoing.get(&number)?;
                (it.files, it.total_files, it.bytes, it.total_bytes, it.paused)
            };
        let meter = self.meters.entry(number).or_default();
        let rate = if paused {
            meter.restart();
            0.0
        } else {
            meter.at(bytes, now)
        };
        let left = time_left(total_bytes.saturating_sub(bytes), rate);
        Some(Progress { files, total_files, bytes, total_bytes, rate, left })
    }

    /// The file that is on its way in a transfer.
    pub fn current_file(&self, number: u32) -> Option<&str> {
        let incoming = self.incoming.get(&number).and_then(Incoming::current_path);
        incoming.or_else(|| self.outgoing.get(&number).and_then(Outgoing::current_path))
    }

    /// The link is gone. What was received stays, to be taken up again.
    pub fn link_lost(&mut self, store: &mut dyn FileStore, now: Duration) {
        self.linked = false;
        let numbers: Vec<u32> = self.incoming.keys().chain(self.outgoing.keys()).copied().collect();
        for number in numbers {
            self.take_out(number, CauseCode::FilePeerGone, true, store, now);
            self.meters.entry(number).or_default().restart();
            if self.role == Role::Agent {
                self.finished(number, Some(CauseCode::FilePeerGone));
            }
        }
        self.out.messages.clear();
    }
}
