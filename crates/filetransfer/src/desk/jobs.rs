//! What a viewer asks for, from link to link.

use std::collections::HashSet;
use std::time::Duration;

use gc_proto::v2;
use gc_proto::v2::file_message::Body;
use gc_types::CauseCode;

use super::Desk;
use crate::conflict::ConflictRule;
use crate::pace::Pace;
use crate::policy::Direction;
use crate::progress::RateMeter;
use crate::receiving::Incoming;
use crate::sending::Outgoing;
use crate::store::{FileStore, StorePath};

/// What a viewer wants to be moved.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Random; the same when the transfer is taken up after the viewer's own end.
    pub id: [u8; 16],
    /// Which way.
    pub direction: Direction,
    /// Upload: files and folders here. Download: those of the machine.
    pub sources: Vec<StorePath>,
    /// Upload: the folder of the machine. Download: the one here.
    pub folder: StorePath,
    /// When a name is taken.
    pub rule: ConflictRule,
    /// It was begun before, by a program that has ended since.
    pub again: bool,
}

/// A transfer as the viewer remembers it from link to link.
pub(super) struct Job {
    plan: Plan,
    pub(super) done: HashSet<u64>,
    paused: bool,
    /// The other end has heard of it, or may have.
    begun: bool,
}

impl Desk {
    /// Begins a transfer; returns its number on this desk.
    pub fn begin(&mut self, plan: Plan) -> u32 {
        self.last_number += 1;
        let number = self.last_number;
        self.jobs.insert(number, Job { plan, done: HashSet::new(), paused: false, begun: false });
        self.meters.insert(number, RateMeter::default());
        if self.linked {
            self.start(number);
        }
        number
    }

    fn start(&mut self, number: u32) {
        let Some(job) = self.jobs.get_mut(&number) else { return };
        let plan = &job.plan;
        let resume = std::mem::replace(&mut job.begun, true) || plan.again;
        let key = (number, plan.id, plan.direction);
        let mut open = v2::TransferOpen {
            transfer: number,
            id: plan.id.to_vec(),
            direction: plan.direction.to_wire().into(),
            conflict: plan.rule.to_wire().into(),
            resume,
            ..Default::default()
        };
        match plan.direction {
            Direction::Upload => {
                open.folder = Some(plan.folder.to_wire());
                let mut outgoing = Outgoing::new(key, plan.sources.clone(), job.done.clone());
                outgoing.paused = job.paused;
                self.outgoing.insert(number, outgoing);
            }
            Direction::Download => {
                open.sources = plan.sources.iter().map(StorePath::to_wire).collect();
                let mut incoming = Incoming::new(key, plan.folder.clone(), plan.rule, resume, true);
                incoming.paused = job.paused;
                self.incoming.insert(number, incoming);
            }
        }
        let paused = job.paused;
        self.out.say(Body::Open(open));
        if paused {
            self.out.say(Body::Pause(v2::TransferPause { transfer: number, paused: true }));
        }
    }

    /// There is a link again: everything that is not over goes on.
    pub fn relink(&mut self, now: Duration) {
        self.pace = Pace::new(now, 1 << 20);
        (self.received, self.acknowledged, self.ack_due) = (0, 0, None);
        self.linked = true;
        self.out.messages.clear();
        let numbers: Vec<u32> = self.jobs.keys().copied().collect();
        for number in numbers {
            self.start(number);
        }
    }

    /// Asks the machine for a step in its folders; the answer is an event with this
    /// number.
    pub fn request(&mut self, step: v2::folder_request::Step) -> u32 {
        self.last_request += 1;
        self.out
            .say(Body::Request(v2::FolderRequest { request: self.last_request, step: Some(step) }));
        self.last_request
    }

    /// A person has decided about a conflict.
    pub fn choose(
        &mut self,
        transfer: u32,
        index: u32,
        rule: ConflictRule,
        all: bool,
        store: &mut dyn FileStore,
        now: Duration,
    ) {
        if self.incoming.contains_key(&transfer) {
            self.settle(transfer, index, rule, all, store, now);
        } else {
            self.out.say(Body::Choice(v2::ConflictChoice {
                transfer,
                index,
                rule: rule.to_wire().into(),
                all,
            }));
        }
    }

    /// Rests, or goes on.
    pub fn pause(&mut self, transfer: u32, paused: bool) {
        if self.set_paused(transfer, paused) {
            self.out.say(Body::Pause(v2::TransferPause { transfer, paused }));
        }
    }

    pub(super) fn set_paused(&mut self, number: u32, paused: bool) -> bool {
        if let Some(job) = self.jobs.get_mut(&number) {
            job.paused = paused;
        }
        if let Some(incoming) = self.incoming.get_mut(&number) {
            incoming.paused = paused;
            return true;
        }
        let Some(outgoing) = self.outgoing.get_mut(&number) else { return false };
        outgoing.paused = paused;
        true
    }

    /// Gives a transfer up; what was received of the file that was on its way is
    /// thrown away.
    pub fn cancel(&mut self, transfer: u32, store: &mut dyn FileStore, now: Duration) {
        self.abort(transfer, CauseCode::FilesCancelled, store, now);
    }
}
