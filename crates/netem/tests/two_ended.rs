//! The rules of agent, relay and viewer against each other, over a bad network on
//! a virtual clock.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use gc_channel::{DropPolicy, Limits, Outbox, SequenceCheck, SequenceCounter};
use gc_netem::{Duplex, Profile};
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, AgentPresence, hello};
use gc_proto::{Channel, Flags, Header, Packet, Record, SUPPORTED_VERSIONS, encode_link};
use gc_session::{
    AgentSessions, Answer, Broker, BrokerSetup, Effect, Health, HelloGate, Joining, LinkHealth,
    Now, Offered, Peer, Verdict,
};
use gc_types::{CauseCode, ConsentMode, ConsentState, Rights, SessionId, UnixMillis};

const S: SessionId = SessionId::from_bytes([3; 16]);
const INTERVAL: Duration = Duration::from_secs(2);
const SILENCE: Duration = Duration::from_secs(28);

const fn ms(value: u64) -> Duration {
    Duration::from_millis(value)
}

/// A machine: its sessions and its end of a link.
struct Machine {
    sessions: AgentSessions,
    outbox: Outbox,
    health: LinkHealth,
    /// Payloads of the input that it would have injected.
    typed: Vec<Bytes>,
    prompts: usize,
    pictures_asked: Vec<(u32, i32)>,
}

impl Machine {
    fn new(now: Duration) -> Self {
        Self {
            sessions: AgentSessions::new(),
            outbox: Outbox::new(Limits::default(), DropPolicy::Refuse),
            health: LinkHealth::new(INTERVAL, SILENCE, now),
            typed: Vec::new(),
            prompts: 0,
            pictures_asked: Vec::new(),
        }
    }

    fn say(&mut self, body: Body) {
        self.outbox.push_link(encode_link(body)).unwrap();
    }

    fn hear(&mut self, packet: Packet, now: Duration) {
        self.health.heard(now);
        match packet {
            Packet::Link(Body::SessionOffer(offer)) => {
                let (offered, answer) = self.sessions.offer(&offer, true, now, UnixMillis(0));
                self.prompts += usize::from(matches!(offered, Offered::Ask(_)));
                self.say(Body::SessionAnswer(answer));
            }
            Packet::Link(Body::ParticipantJoined(joined)) => {
                self.sessions.joined(&joined).unwrap();
            }
            Packet::Link(Body::ParticipantLeft(left)) => {
                self.sessions.left(&left).unwrap();
            }
            Packet::Link(Body::ControlChanged(changed)) => {
                self.sessions.control_changed(&changed).unwrap();
            }
            Packet::Link(Body::PictureNeeded(needed)) => {
                self.pictures_asked.push((needed.participant, needed.reason));
            }
            Packet::Link(Body::Heartbeat(beat)) => {
                self.say(Body::HeartbeatAck(v2::HeartbeatAck { nonce: beat.nonce }));
            }
            Packet::Link(_) => {}
            Packet::Record(record) => {
                let judged =
                    self.sessions.check_incoming(record.header(), record.payload_len(), now);
                if judged.is_ok() {
                    self.typed.push(record.payload());
                }
            }
        }
    }

    /// Sends a picture, if the rules give it a header.
    fn draw(&mut self, key: bool, size: usize, now: Duration) -> bool {
        let flags = Flags::DROPPABLE.with(Flags::END);
        let flags = if key { flags.with(Flags::KEY_FRAME) } else { flags };
        let Ok(header) = self.sessions.header(S, Channel::Video, flags, 0, now) else {
            return false;
        };
        let record = Record::from_payload(header, &vec![0; size]);
        self.outbox.push_record(&header, record.bytes().clone()).is_ok()
    }
}

struct Viewer {
    duplex: Duplex,
    /// The relay's queue towards it.
    outbox: Outbox,
    reads: bool,
    epoch: u32,
    check: SequenceCheck,
    sequences: SequenceCounter,
    frames: Vec<(u32, bool)>,
    states: Vec<v2::SessionState>,
}

/// One machine, the relay's broker, and viewers, each behind a line of its own.
struct World {
    now: Duration,
    machine: Machine,
    agent: Duplex,
    to_agent: Outbox,
    relay_health: LinkHealth,
    broker: Broker,
    viewers: BTreeMap<u16, Viewer>,
}

impl World {
    fn new(mode: ConsentMode, consent: ConsentState, line: Profile) -> Self {
        let now = Duration::ZERO;
        let setup = BrokerSetup {
            session: S,
            machine_name: "reception".into(),
            grant: v2::Grant {
                grant_id: vec![1; 16],
                rights: Rights::CONTROL.bits(),
                expires_unix_ms: 86_400_000,
                ..v2::Grant::default()
            },
            consent_mode: mode,
            consent,
            rights: Rights::CONTROL,
            consent_timeout: Duration::from_mins(1),
            notice: None,
            files: None,
            agent_grace: None,
            stall: Duration::from_secs(5),
        };
        let mut world = Self {
            now,
            machine: Machine::new(now),
            agent: Duplex::new(line, 11),
            to_agent: Outbox::new(Limits::default(), DropPolicy::Refuse),
            relay_health: LinkHealth::new(INTERVAL, SILENCE, now),
            broker: Broker::new(setup, Now { monotonic: now, wall: UnixMillis(0) }),
            viewers: BTreeMap::new(),
        };
        world.connect();
        world
    }

    fn both(&self) -> Now {
        Now { monotonic: self.now, wall: UnixMillis(self.now.as_millis() as u64) }
    }

    /// The machine's hello is on its way.
    fn connect(&mut self) {
        self.machine.sessions.link_up(self.now);
        self.machine.health = LinkHealth::new(INTERVAL, SILENCE, self.now);
        self.relay_health = LinkHealth::new(INTERVAL, SILENCE, self.now);
        let agent = v2::AgentHello {
            held_sessions: self.machine.sessions.held_sessions(),
            ..v2::AgentHello::default()
        };
        self.machine.say(Body::Hello(v2::Hello {
            versions: Some(SUPPORTED_VERSIONS),
            software: "test".into(),
            endpoint: Some(hello::Endpoint::Agent(agent)),
        }));
    }

    /// The line breaks, and both ends notice.
    fn cut(&mut self, line: Profile) {
        self.agent.cut();
        self.machine.sessions.link_lost();
        self.machine.outbox = Outbox::new(Limits::default(), DropPolicy::Refuse);
        self.to_agent = Outbox::new(Limits::default(), DropPolicy::Refuse);
        let mut out = Vec::new();
        self.broker.agent_down(self.both(), &mut out);
        self.carry_out(out);
        self.agent = Duplex::new(line, 12);
    }

    fn join(&mut self, line: Profile, queue: usize) -> u16 {
        let mut out = Vec::new();
        let joining = Joining { name: "Ada".into(), rights: Rights::CONTROL, capabilities: None };
        let joined = self.broker.join(joining, &mut out).unwrap();
        let limits = Limits { bytes: queue, ..Limits::default() };
        self.viewers.insert(
            joined.participant,
            Viewer {
                duplex: Duplex::new(line, u64::from(joined.participant)),
                outbox: Outbox::new(limits, DropPolicy::SkipToKeyFrame),
                reads: true,
                epoch: joined.epoch,
                check: SequenceCheck::new(joined.epoch),
                sequences: SequenceCounter::default(),
                frames: Vec::new(),
                states: Vec::new(),
            },
        );
        self.carry_out(out);
        joined.participant
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::ToAgent(body) => self.to_agent.push_link(encode_link(body)).unwrap(),
                Effect::ToViewer(seat, body) => {
                    let viewer = self.viewers.get_mut(&seat).unwrap();
                    viewer.outbox.push_link(encode_link(body)).unwrap();
                }
                Effect::ToViewers(body) => {
                    for viewer in self.viewers.values_mut() {
                        viewer.outbox.push_link(encode_link(body.clone())).unwrap();
                    }
                }
                Effect::Event(_) => {}
            }
        }
    }

    fn agent_said(&mut self, bytes: Bytes) {
        self.relay_health.heard(self.now);
        let mut out = Vec::new();
        match Packet::decode(bytes).unwrap() {
            Packet::Link(Body::Hello(hello)) => {
                let gate = HelloGate::new(Peer::Agent, SUPPORTED_VERSIONS, self.now, ms(5_000));
                let greeting =
                    gate.receive(Ok(Packet::Link(Body::Hello(hello))), self.now).unwrap();
                let held = greeting.agent().unwrap().held_sessions.first().map(|h| h.epoch);
                self.broker.agent_up(held, self.both(), &mut out);
            }
            Packet::Link(Body::SessionAnswer(answer)) => {
                self.broker.answer(&answer, self.both(), &mut out).unwrap();
            }
            Packet::Link(_) => {}
            Packet::Record(record) => {
                let header = record.header();
                if self.broker.check_from_agent(header, record.payload_len()) == Verdict::Forward {
                    for (seat, viewer) in &mut self.viewers {
                        if self.broker.receives(*seat, header) {
                            viewer.outbox.push_record(header, record.bytes().clone()).unwrap();
                        }
                    }
                }
            }
        }
        self.carry_out(out);
    }

    /// Everything that happens at this moment.
    fn settle(&mut self) {
        loop {
            let mut quiet = true;
            while self.agent.up.is_writable()
                && let Some(bytes) = self.machine.outbox.pop()
            {
                self.machine.health.sent(self.now);
                self.agent.up.send(bytes, self.now);
            }
            while self.agent.down.is_writable()
                && let Some(bytes) = self.to_agent.pop()
            {
                self.agent.down.send(bytes, self.now);
            }
            while let Some(bytes) = self.agent.up.receive(self.now) {
                quiet = false;
                self.agent_said(bytes);
            }
            while let Some(bytes) = self.agent.down.receive(self.now) {
                quiet = false;
                self.machine.hear(Packet::decode(bytes).unwrap(), self.now);
            }
            let mut out = Vec::new();
            for (seat, viewer) in &mut self.viewers {
                while viewer.duplex.down.is_writable() {
                    if viewer.outbox.take_picture_needed() {
                        self.broker.picture_needed(*seat, &mut out);
                    }
                    let Some(bytes) = viewer.outbox.pop() else { break };
                    viewer.duplex.down.send(bytes, self.now);
                }
                while viewer.reads
                    && let Some(bytes) = viewer.duplex.down.receive(self.now)
                {
                    quiet = false;
                    match Packet::decode(bytes).unwrap() {
                        Packet::Link(Body::SessionState(state)) => {
                            viewer.epoch = state.epoch;
                            viewer.check.begin_epoch(state.epoch);
                            viewer.states.push(state);
                        }
                        Packet::Link(_) => {}
                        Packet::Record(record) => {
                            let header = record.header();
                            viewer.check.accept(header).unwrap();
                            viewer
                                .frames
                                .push((header.sequence, header.flags.has(Flags::KEY_FRAME)));
                        }
                    }
                }
                while let Some(bytes) = viewer.duplex.up.receive(self.now) {
                    let Packet::Record(record) = Packet::decode(bytes).unwrap() else { continue };
                    let header = record.header();
                    let verdict =
                        self.broker.check_from_viewer(*seat, header, record.payload_len());
                    if verdict == Verdict::Forward {
                        quiet = false;
                        self.to_agent.push_record(header, record.bytes().clone()).unwrap();
                    }
                }
            }
            quiet &= out.is_empty();
            self.carry_out(out);
            if quiet {
                return;
            }
        }
    }

    /// Lets time pass, from one thing that happens to the next.
    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            self.settle();
            let mut next = end;
            for arrival in self.viewers.values().filter_map(|viewer| {
                let arrivals = if viewer.reads { viewer.duplex.next_arrival() } else { None };
                arrivals.or_else(|| viewer.duplex.up.next_arrival())
            }) {
                next = next.min(arrival);
            }
            let heard = self.relay_health.last_heard();
            next = [self.agent.next_arrival(), self.broker.deadline(heard)]
                .into_iter()
                .flatten()
                .fold(next, Duration::min);
            match self.machine.health.poll(self.now) {
                Health::Wait(due) => next = next.min(due),
                Health::Beat(nonce) => {
                    self.machine.say(Body::Heartbeat(v2::Heartbeat { nonce }));
                    continue;
                }
                Health::Dead => {}
            }
            self.now = next.max(self.now);
            let mut out = Vec::new();
            self.broker.tick(heard, self.both(), &mut out);
            self.carry_out(out);
            if self.now >= end {
                self.settle();
                return;
            }
        }
    }

    fn types(&mut self, seat: u16, what: &[u8]) {
        let now = self.now;
        let viewer = self.viewers.get_mut(&seat).unwrap();
        let header = Header {
            channel: Channel::Input,
            flags: Flags::NONE,
            participant: seat,
            epoch: viewer.epoch,
            sequence: viewer.sequences.next(Channel::Input),
            session: S,
        };
        viewer.duplex.up.send(Record::from_payload(header, what).bytes().clone(), now);
    }

    fn presence(&self, seat: u16) -> AgentPresence {
        self.viewers[&seat].states.last().unwrap().agent()
    }
}

fn wide_area() -> Profile {
    Profile {
        jitter: ms(30),
        loss_per_mille: 20,
        bandwidth: 250_000,
        buffer: 256 << 10,
        ..Profile::delayed(ms(75))
    }
}

#[test]
fn nothing_passes_until_the_user_says_yes() {
    let mut world = World::new(ConsentMode::Ask, ConsentState::Pending, wide_area());
    world.run(ms(2_000));
    assert_eq!(world.machine.prompts, 1);
    assert!(!world.machine.draw(true, 100, world.now), "no header before consent");
    let answer = world.machine.sessions.answered(S, Answer::Allow).unwrap();
    world.machine.say(Body::SessionAnswer(answer));
    world.run(ms(2_000));
    assert_eq!(world.broker.consent(), ConsentState::Granted);
    let seat = world.join(wide_area(), 4 << 20);
    world.run(ms(2_000));
    assert!(world.machine.draw(true, 100, world.now));
    world.types(seat, b"key");
    world.run(ms(3_000));
    assert_eq!(world.viewers[&seat].frames, [(0, true)]);
    assert_eq!(world.machine.typed, [&b"key"[..]]);
}

#[test]
fn a_bad_line_delays_but_loses_and_reorders_nothing() {
    let mut world = World::new(ConsentMode::Silent, ConsentState::NotRequired, wide_area());
    world.run(ms(2_000));
    let seat = world.join(wide_area(), 4 << 20);
    world.run(ms(2_000));
    for n in 0..200_u8 {
        world.machine.draw(n == 0, 500, world.now);
        world.types(seat, &[n]);
        world.run(ms(20));
    }
    world.run(ms(20_000));
    let frames: Vec<u32> = world.viewers[&seat].frames.iter().map(|(n, _)| *n).collect();
    assert_eq!(frames, (0..200).collect::<Vec<_>>());
    let typed: Vec<u8> = world.machine.typed.iter().map(|bytes| bytes[0]).collect();
    assert_eq!(typed, (0..200).collect::<Vec<_>>());
}

#[test]
fn a_cut_line_resumes_without_a_new_question() {
    let line = Profile::delayed(ms(20));
    let mut world = World::new(ConsentMode::Ask, ConsentState::Pending, line);
    world.run(ms(500));
    let answer = world.machine.sessions.answered(S, Answer::Allow).unwrap();
    world.machine.say(Body::SessionAnswer(answer));
    world.run(ms(500));
    let seat = world.join(line, 4 << 20);
    world.run(ms(500));
    world.machine.draw(true, 100, world.now);
    world.run(ms(500));
    assert_eq!(world.viewers[&seat].frames.len(), 1);

    world.machine.draw(false, 100, world.now);
    world.settle();
    world.cut(line);
    world.types(seat, b"into the void");
    world.run(ms(3_000));
    assert_eq!(world.presence(seat), AgentPresence::Offline);
    assert!(world.machine.typed.is_empty());
    world.connect();
    world.run(ms(500));
    assert_eq!(world.presence(seat), AgentPresence::Online);
    assert_eq!((world.machine.prompts, world.broker.epoch()), (1, 2));
    assert!(world.machine.draw(true, 100, world.now));
    world.types(seat, b"again");
    world.run(ms(500));
    assert_eq!(world.viewers[&seat].frames.len(), 2, "what was cut off is not sent twice");
    assert_eq!(world.machine.typed, [&b"again"[..]]);
}

#[test]
fn a_pulled_cable_is_told_in_five_seconds_and_noticed_at_both_ends() {
    let line = Profile::delayed(ms(10));
    let mut world = World::new(ConsentMode::Silent, ConsentState::NotRequired, line);
    world.run(ms(1_000));
    let seat = world.join(line, 4 << 20);
    world.run(ms(5_000));
    assert_eq!(world.presence(seat), AgentPresence::Online);
    world.agent.unplug();
    world.run(ms(5_100));
    assert_eq!(world.presence(seat), AgentPresence::Stalled);
    let cause = world.viewers[&seat].states.last().unwrap().cause.clone().unwrap();
    assert_eq!(cause.code, CauseCode::AgentStalled as i32);
    world.run(ms(24_000));
    assert_eq!(world.machine.health.poll(world.now), Health::Dead);
    assert_eq!(world.relay_health.poll(world.now), Health::Dead);
}

#[test]
fn a_slow_reader_gets_a_key_frame_and_slows_nobody() {
    let line = Profile::delayed(ms(5));
    let mut world = World::new(ConsentMode::Silent, ConsentState::NotRequired, line);
    world.run(ms(500));
    let narrow = Profile { buffer: 20_000, ..line };
    let slow = world.join(narrow, 50_000);
    let quick = world.join(line, 50_000);
    world.run(ms(500));
    world.machine.pictures_asked.clear();
    world.viewers.get_mut(&slow).unwrap().reads = false;
    for n in 0..60 {
        assert!(world.machine.draw(n == 0, 5_000, world.now));
        world.run(ms(33));
    }
    assert_eq!(world.viewers[&quick].frames.len(), 60);
    assert!(world.viewers[&slow].outbox.queued_bytes() <= 50_000);
    assert!(world.machine.pictures_asked.is_empty(), "a reader that is stuck costs no picture");

    world.viewers.get_mut(&slow).unwrap().reads = true;
    world.run(ms(500));
    let skipped = v2::PictureReason::Skipped as i32;
    assert_eq!(world.machine.pictures_asked, [(slow.into(), skipped)]);
    world.machine.draw(false, 5_000, world.now);
    world.machine.draw(true, 5_000, world.now);
    world.machine.draw(false, 5_000, world.now);
    world.run(ms(500));
    let frames = &world.viewers[&slow].frames;
    let gap = frames.windows(2).position(|pair| pair[1].0 != pair[0].0 + 1).unwrap();
    assert!(frames[gap + 1].1, "after a gap comes a key frame: {frames:?}");
    assert_eq!(frames.last(), Some(&(62, false)));
}

#[test]
fn a_duplicate_of_the_machine_inherits_no_consent() {
    let line = Profile::delayed(ms(5));
    let mut world = World::new(ConsentMode::Ask, ConsentState::Pending, line);
    world.run(ms(100));
    let answer = world.machine.sessions.answered(S, Answer::Allow).unwrap();
    world.machine.say(Body::SessionAnswer(answer));
    world.run(ms(100));
    let seat = world.join(line, 4 << 20);
    world.run(ms(100));

    world.cut(line);
    let original = std::mem::replace(&mut world.machine, Machine::new(world.now));
    world.connect();
    world.run(ms(100));
    assert_eq!(world.machine.prompts, 1, "the clone asks its own user");
    assert_eq!(world.broker.consent(), ConsentState::Pending);
    assert!(!world.machine.draw(true, 100, world.now));
    world.types(seat, b"key");
    world.run(ms(100));
    assert!(world.machine.typed.is_empty() && world.viewers[&seat].frames.is_empty());

    world.cut(line);
    world.machine = original;
    world.machine.outbox = Outbox::new(Limits::default(), DropPolicy::Refuse);
    world.connect();
    world.run(ms(100));
    assert!(world.broker.consent().permits(), "the machine whose user said yes goes on");
    assert!(world.machine.draw(true, 100, world.now));
}
