//! A viewer, an agent, a line between them, and the time.

use std::time::Duration;

use bytes::Bytes;
use gc_filetransfer::{
    ConflictRule, Desk, DeskEvent, Direction, FilePolicy, Plan, Receipt, Role, StorePath,
};
use gc_netem::{Duplex, Profile};
use gc_platform_fake::{FakeFiles, FakeFilesControl};
use gc_proto::v2::FileMessage;
use gc_types::CauseCode;
use prost::Message;

pub(crate) struct World {
    pub(crate) now: Duration,
    pub(crate) viewer: Desk,
    pub(crate) agent: Desk,
    viewer_store: FakeFiles,
    agent_store: FakeFiles,
    pub(crate) here: FakeFilesControl,
    pub(crate) there: FakeFilesControl,
    line: Duplex,
    profile: Profile,
    policy: FilePolicy,
    pub(crate) heard: Vec<DeskEvent>,
    pub(crate) receipts: Vec<Receipt>,
    seed: u64,
}

pub(crate) const ID: [u8; 16] = [7; 16];

pub(crate) fn plan(direction: Direction, sources: &[&str], rule: ConflictRule) -> Plan {
    Plan {
        id: ID,
        direction,
        sources: sources.iter().map(|source| StorePath::new("", source)).collect(),
        folder: StorePath::default(),
        rule,
        again: false,
    }
}

/// Bytes that no compression and no mistake of offset leaves alike.
pub(crate) fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut data = Vec::with_capacity(length + 8);
    while data.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        data.extend_from_slice(&state.to_le_bytes());
    }
    data.truncate(length);
    data
}

impl World {
    pub(crate) fn new(profile: Profile, policy: FilePolicy) -> Self {
        let (viewer_store, here) = FakeFiles::new();
        let (agent_store, there) = FakeFiles::new();
        let now = Duration::ZERO;
        Self {
            now,
            viewer: Desk::new(Role::Viewer, FilePolicy::open(), now),
            agent: Desk::new(Role::Agent, policy.clone(), now),
            viewer_store,
            agent_store,
            here,
            there,
            line: Duplex::new(profile, 1),
            profile,
            policy,
            heard: Vec::new(),
            receipts: Vec::new(),
            seed: 1,
        }
    }

    pub(crate) fn open() -> Self {
        Self::new(Profile::delayed(Duration::from_millis(10)), FilePolicy::open())
    }

    /// One step of the time. `false`: nothing is on its way and nobody waits.
    fn step(&mut self) -> bool {
        loop {
            let mut quiet = true;
            while let Some(bytes) = self.line.up.receive(self.now) {
                let message = FileMessage::decode(bytes).unwrap();
                self.agent.receive(message, &mut self.agent_store, self.now);
                quiet = false;
            }
            while let Some(bytes) = self.line.down.receive(self.now) {
                let message = FileMessage::decode(bytes).unwrap();
                self.viewer.receive(message, &mut self.viewer_store, self.now);
                quiet = false;
            }
            while let Some(message) = self.viewer.next(&mut self.viewer_store, self.now) {
                self.line.up.send(Bytes::from(message.encode_to_vec()), self.now);
                quiet = false;
            }
            while let Some(message) = self.agent.next(&mut self.agent_store, self.now) {
                self.line.down.send(Bytes::from(message.encode_to_vec()), self.now);
                quiet = false;
            }
            self.listen();
            if quiet {
                break;
            }
        }
        let next = [
            self.line.up.next_arrival(),
            self.line.down.next_arrival(),
            self.viewer.deadline(),
            self.agent.deadline(),
        ];
        match next.into_iter().flatten().min() {
            Some(next) => {
                self.now = self.now.max(next);
                true
            }
            None => false,
        }
    }

    fn listen(&mut self) {
        while let Some(event) = self.viewer.event() {
            self.heard.push(event);
        }
        while let Some(event) = self.agent.event() {
            if let DeskEvent::File { receipt, .. } = event {
                self.receipts.push(receipt);
            }
        }
    }

    /// Until nothing moves any more.
    pub(crate) fn rest(&mut self) {
        let mut steps = 0_u64;
        while self.step() {
            steps += 1;
            assert!(steps < 2_000_000, "it never rests");
        }
    }

    /// Until this time.
    pub(crate) fn until(&mut self, end: Duration) {
        while self.now < end && self.step() {}
        self.now = self.now.max(end);
    }

    pub(crate) fn agent_says(&mut self) -> Vec<FileMessage> {
        let mut said = Vec::new();
        while let Some(message) = self.agent.next(&mut self.agent_store, self.now) {
            said.push(message);
        }
        self.listen();
        said
    }

    pub(crate) fn tell_agent(&mut self, message: FileMessage) {
        self.agent.receive(message, &mut self.agent_store, self.now);
    }

    pub(crate) fn choose(&mut self, transfer: u32, index: u32, rule: ConflictRule, all: bool) {
        self.viewer.choose(transfer, index, rule, all, &mut self.viewer_store, self.now);
    }

    pub(crate) fn cancel(&mut self, transfer: u32) {
        self.viewer.cancel(transfer, &mut self.viewer_store, self.now);
    }

    /// The link breaks; what was on its way is gone. With `agent_dies` that program
    /// begins anew.
    pub(crate) fn cut(&mut self, agent_dies: bool) {
        self.viewer.link_lost(&mut self.viewer_store, self.now);
        if !agent_dies {
            self.agent.link_lost(&mut self.agent_store, self.now);
            self.listen();
        }
        self.agent = Desk::new(Role::Agent, self.policy.clone(), self.now);
        self.seed += 1;
        self.line = Duplex::new(self.profile, self.seed);
        // On a line that has no past.
        self.now += Duration::from_millis(500);
        self.viewer.relink(self.now);
    }

    /// The viewer's program dies and begins anew; the same plan is begun again.
    pub(crate) fn viewer_dies(&mut self, plan: Plan) {
        self.agent.link_lost(&mut self.agent_store, self.now);
        self.listen();
        self.agent = Desk::new(Role::Agent, self.policy.clone(), self.now);
        self.viewer = Desk::new(Role::Viewer, FilePolicy::open(), self.now);
        self.seed += 1;
        self.line = Duplex::new(self.profile, self.seed);
        self.now += Duration::from_millis(500);
        self.viewer.begin(Plan { again: true, ..plan });
    }

    pub(crate) fn over(&self) -> Vec<Option<CauseCode>> {
        let over = |event: &DeskEvent| match event {
            DeskEvent::Over { cause, .. } => Some(*cause),
            _ => None,
        };
        self.heard.iter().filter_map(over).collect()
    }
}
