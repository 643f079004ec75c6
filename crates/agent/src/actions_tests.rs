use std::sync::{Condvar, Mutex};

use gc_platform_fake::{FakeActionsControl, FakeInputControl, FakeNoticeControl, Injected};
use gc_proto::Header;
use gc_proto::v2::FilePolicy;
use gc_proto::v2::link_message::Body;
use gc_types::{ManualClock, UnixMillis};
use tokio::sync::mpsc::UnboundedReceiver;

use super::*;
use crate::input_thread::{InputThread, PointerShare};
use crate::outlet::{RecordMark, RecordWay};
use crate::test_machine::TestMachine;

const PATIENCE: Duration = Duration::from_secs(20);
const SESSION: SessionId = SessionId::from_bytes([3; 16]);
const BLOCK: Action = Action::Turn(Switch::BlockInput);

/// What went to the viewers, with the seat it was for.
#[derive(Default)]
struct Sent {
    messages: Mutex<Vec<(u16, agent_control::Body)>>,
    more: Condvar,
}

impl RecordWay for Sent {
    fn send(
        &self,
        session: SessionId,
        mark: RecordMark,
        record: &mut dyn FnMut(Header) -> Record,
    ) -> bool {
        let header = Header {
            channel: mark.channel,
            flags: mark.flags,
            participant: mark.participant,
            epoch: 1,
            sequence: 0,
            session,
        };
        let record = record(header);
        let body = AgentControl::decode(record.payload()).unwrap().body.unwrap();
        self.messages.lock().unwrap().push((mark.participant, body));
        self.more.notify_all();
        true
    }

    fn backlog(&self) -> u64 {
        0
    }

    fn report(&self, _: Body) -> bool {
        false
    }

    fn files(&self, _: SessionId) -> Option<FilePolicy> {
        None
    }
}

impl Sent {
    /// The first message that `pick` takes; those before it are dropped.
    fn wait<T>(
        &self,
        what: &str,
        mut pick: impl FnMut(u16, &agent_control::Body) -> Option<T>,
    ) -> T {
        let mut messages = self.messages.lock().unwrap();
        loop {
            while !messages.is_empty() {
                let (participant, body) = messages.remove(0);
                if let Some(found) = pick(participant, &body) {
                    return found;
                }
            }
            let (guard, waited) = self.more.wait_timeout(messages, PATIENCE).unwrap();
            messages = guard;
            assert!(!waited.timed_out() || !messages.is_empty(), "waited in vain for {what}");
        }
    }

    /// The answer to a request: why it was not done.
    fn answer(&self, id: u32) -> Option<CauseCode> {
        self.wait("an answer", |_, body| match body {
            agent_control::Body::MachineActionResult(result) if result.request_id == id => {
                Some(result.cause.as_ref().and_then(|cause| CauseCode::from_number(cause.code)))
            }
            _ => None,
        })
    }

    /// The next state, for whom, and what of it is on.
    fn state(&self) -> (u16, Vec<Action>, MachineActionState) {
        self.wait("a state", |participant, body| match body {
            agent_control::Body::MachineActions(state) => {
                let on = state.abilities.iter().filter(|ability| ability.on);
                let on = on.filter_map(|ability| Action::from_wire(ability.action())).collect();
                Some((participant, on, state.clone()))
            }
            _ => None,
        })
    }
}

struct Rig {
    thread: ActionThread,
    // After the thread, which presses keys by it.
    _input: InputThread,
    sent: Arc<Sent>,
    clock: Arc<ManualClock>,
    machine: FakeActionsControl,
    keys: FakeInputControl,
    notices: FakeNoticeControl,
    reports: UnboundedReceiver<AgentEvent>,
    next: u32,
}

impl Rig {
    /// Participant 1 is in control, 2 watches.
    fn new(managed: bool) -> Self {
        let TestMachine { platform, actions, input, notices } = TestMachine::new();
        let (machine, keys) = (actions, input);
        let clock = Arc::new(ManualClock::new(UnixMillis(0)));
        let sent = Arc::new(Sent::default());
        let way = Arc::clone(&sent) as Arc<dyn RecordWay>;
        let outlet = Outlet::new(SESSION, way);
        let (events, reports) = EventSender::new();
        let share = Arc::new(PointerShare::default());
        let input = InputThread::start(
            Arc::clone(&platform),
            Arc::clone(&clock) as Arc<dyn Clock>,
            share,
            outlet.clone(),
        )
        .unwrap();
        let thread = ActionThread::start(ActionSetup {
            session: SESSION,
            managed,
            lock_at_end: false,
            platform,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            outlet,
            events,
            keys: input.chords().unwrap(),
            attention: None,
        })
        .unwrap();
        thread.joined(1, "Ada", Rights::CONTROL);
        thread.joined(2, "Ben", Rights::CONTROL);
        thread.in_control(1);
        assert_eq!(sent.state().0, 1);
        assert_eq!(sent.state().0, 2);
        Self { thread, _input: input, sent, clock, machine, keys, notices, reports, next: 0 }
    }

    fn ask(&mut self, participant: u16, action: Action, on: bool) -> Option<CauseCode> {
        self.next += 1;
        let request =
            MachineActionRequest { request_id: self.next, action: action.to_wire().into(), on };
        self.thread.ask(participant, request);
        self.sent.answer(self.next)
    }

    /// What the audit was told, in words.
    fn reported(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        while let Ok(event) = self.reports.try_recv() {
            if let AgentEvent::Report(session, event, detail) = event {
                assert_eq!(session, SESSION);
                all.push(format!("{event}: {detail}"));
            }
        }
        all
    }

    fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// Something that happens to the viewer.
type Way = fn(&Rig);

fn is_off(rig: &Rig) -> bool {
    rig.machine.wait_for(Switch::BlockInput, false, PATIENCE)
}

#[test]
fn what_is_asked_for_is_done_answered_shown_and_written_down() {
    let mut rig = Rig::new(true);
    assert_eq!(rig.ask(1, BLOCK, true), None);
    assert!(rig.machine.is_on(Switch::BlockInput));
    assert_eq!(rig.reported(), ["machine_action: block_input on by Ada: done"]);
    assert!(rig.notices.wait_for_open(1, PATIENCE), "the user is told");
    assert!(rig.notices.all()[0].text.starts_with("Ada has blocked"));

    assert_eq!(rig.ask(1, BLOCK, false), None);
    assert!(!rig.machine.is_on(Switch::BlockInput));
    assert!(rig.notices.wait_for_open(0, PATIENCE));

    rig.later(2);
    assert_eq!(rig.ask(1, Action::Lock, false), None);
    rig.later(2);
    assert_eq!(rig.ask(1, Action::CtrlAltDel, false), None);
    assert_eq!(rig.machine.take(), [BLOCK, Action::Lock, Action::CtrlAltDel]);
    assert_eq!(rig.keys.log(), [], "the system took it");
}

#[test]
fn states_go_to_everybody_when_they_change() {
    let mut rig = Rig::new(true);
    rig.next += 1;
    let request = MachineActionRequest { request_id: 1, action: BLOCK.to_wire().into(), on: true };
    rig.thread.ask(1, request);
    let (participant, on, state) = rig.sent.state();
    assert_eq!((participant, on), (0, vec![BLOCK]));
    assert_eq!(state.abilities.len(), Action::ALL.len());
    rig.thread.left(1);
    assert_eq!(rig.sent.state().1, []);
}

#[test]
fn refusals_are_answered_with_their_cause() {
    let mut rig = Rig::new(true);
    assert_eq!(rig.ask(2, BLOCK, true), Some(CauseCode::NotInControl));
    assert_eq!(rig.ask(3, BLOCK, true), Some(CauseCode::ViewOnly), "nobody of that number");
    assert_eq!(rig.ask(1, Action::Elevate, true), Some(CauseCode::ActionAttendedOnly));
    assert_eq!(rig.ask(1, Action::Lock, true), None);
    assert_eq!(rig.ask(1, Action::CtrlAltDel, true), Some(CauseCode::ActionTooSoon));
    assert_eq!(rig.machine.take(), [Action::Lock]);
    let reported = rig.reported();
    assert_eq!(reported.len(), 2, "of refusals one a second: {reported:?}");

    let mut attended = Rig::new(false);
    assert_eq!(attended.ask(1, BLOCK, true), Some(CauseCode::ActionManagedOnly));
    assert_eq!(attended.machine.take(), []);
}

#[test]
fn what_the_machine_refuses_is_never_shown_as_on() {
    let mut rig = Rig::new(true);
    rig.machine.fail(BLOCK, Some(CauseCode::ActionNotVerified));
    assert_eq!(rig.ask(1, BLOCK, true), Some(CauseCode::ActionNotVerified));
    rig.thread.joined(4, "Cem", Rights::CONTROL);
    let (participant, on, state) = rig.sent.state();
    assert_eq!((participant, on), (4, vec![]));
    let block = state.abilities.iter().find(|one| one.action() == BLOCK.to_wire()).unwrap();
    let cause = block.unavailable.as_ref().unwrap();
    assert_eq!((cause.code, cause.detail.as_str()), (104, "as scripted"));
}

#[test]
fn the_machine_is_the_users_again_whatever_happens_to_the_viewer() {
    let ways: [(&str, Way); 4] = [
        ("left", |rig| rig.thread.left(1)),
        ("gave control away", |rig| rig.thread.in_control(2)),
        ("released control", |rig| rig.thread.in_control(0)),
        ("a user is asked", |rig| rig.thread.release_all()),
    ];
    for (what, way) in ways {
        let mut rig = Rig::new(true);
        assert_eq!(rig.ask(1, BLOCK, true), None);
        way(&rig);
        assert!(is_off(&rig), "{what}");
    }
    let mut rig = Rig::new(true);
    assert_eq!(rig.ask(1, BLOCK, true), None);
    let machine = rig.machine.clone();
    drop(rig);
    assert!(!machine.is_on(Switch::BlockInput), "the session ended");
}

#[test]
fn a_lost_link_is_waited_for_and_not_for_ever() {
    let mut rig = Rig::new(true);
    assert_eq!(rig.ask(1, BLOCK, true), None);
    rig.thread.link_lost();
    rig.thread.joined(1, "Ada", Rights::CONTROL);
    rig.thread.in_control(1);
    // Its state tells that what came before was handled.
    rig.thread.joined(3, "Cy", Rights::VIEW_ONLY);
    while rig.sent.state().0 != 3 {}
    rig.later(60);
    rig.thread.joined(2, "Ben", Rights::CONTROL);
    while rig.sent.state().0 != 2 {}
    assert!(rig.machine.is_on(Switch::BlockInput), "she came back in time");

    rig.thread.link_lost();
    rig.thread.joined(2, "Ben", Rights::CONTROL);
    while rig.sent.state().0 != 2 {}
    rig.later(3_600);
    // Anything that wakes the thread lets it look at the clock.
    rig.thread.joined(5, "Eve", Rights::VIEW_ONLY);
    assert!(is_off(&rig));
}

#[test]
fn the_users_own_ctrl_alt_del_takes_everything_back() {
    let mut rig = Rig::new(true);
    assert_eq!(rig.ask(1, BLOCK, true), None);
    rig.later(2);
    assert_eq!(rig.ask(1, Action::Turn(Switch::BlankScreen), true), None);
    assert!(rig.machine.free(Switch::BlockInput));
    assert!(rig.machine.wait_for(Switch::BlankScreen, false, PATIENCE));
    let cause = rig.sent.wait("a notice", |_, body| match body {
        agent_control::Body::Notice(notice) => notice.cause.as_ref().map(|cause| cause.code),
        _ => None,
    });
    assert_eq!(CauseCode::from_number(cause), Some(CauseCode::ActionFreedByUser));
}

#[test]
fn the_machine_is_locked_at_the_end_when_that_was_wished_for() {
    let mut rig = Rig::new(true);
    assert_eq!(rig.ask(1, Action::LockAtEnd, true), None);
    rig.thread.left(1);
    rig.thread.ends();
    let machine = rig.machine.clone();
    drop(rig);
    assert_eq!(machine.take(), [Action::Lock]);

    let mut rig = Rig::new(true);
    assert_eq!(rig.ask(1, Action::LockAtEnd, true), None);
    let machine = rig.machine.clone();
    drop(rig);
    assert_eq!(machine.take(), [], "another process goes on with the session");

    let mut rig = Rig::new(true);
    rig.machine.fail(Action::Lock, Some(CauseCode::ActionUnsupported));
    assert_eq!(rig.ask(1, Action::LockAtEnd, true), Some(CauseCode::ActionUnsupported));
    rig.thread.joined(4, "Cem", Rights::CONTROL);
    assert_eq!(rig.sent.state().1, [], "a wish that cannot come true is not kept");
    let machine = rig.machine.clone();
    machine.fail(Action::Lock, None);
    rig.thread.ends();
    drop(rig);
    assert_eq!(machine.take(), []);
}

#[test]
fn chords_of_old_viewers_do_the_same_under_the_same_rules() {
    let rig = Rig::new(true);
    rig.machine.attention_by_keys();
    rig.thread.chord(2, SystemChord::CtrlAltDel);
    rig.thread.chord(1, SystemChord::CtrlAltDel);
    assert!(rig.keys.wait_for(6, PATIENCE));
    let first = Injected::Key { scan_code: 0x1D, extended: false, down: true };
    assert_eq!(rig.keys.log()[0], first);
    let notice = |participant: u16, body: &agent_control::Body| match body {
        agent_control::Body::Notice(notice) => {
            Some((participant, notice.cause.as_ref().map(|cause| cause.code)))
        }
        _ => None,
    };
    let refused = rig.sent.wait("a notice", notice);
    assert_eq!(refused, (2, Some(CauseCode::NotInControl as i32)));
    rig.later(2);
    rig.thread.chord(1, SystemChord::Lock);
    assert!(rig.machine.wait_for_done(Action::Lock, PATIENCE));
}

#[test]
fn a_flood_of_requests_does_one_thing() {
    let mut rig = Rig::new(true);
    for id in 0..10_000 {
        let request = MachineActionRequest {
            request_id: 1_000 + id,
            action: Action::Lock.to_wire().into(),
            on: false,
        };
        rig.thread.ask(1, request);
    }
    while rig.thread.waiting.load(Ordering::Acquire) > 0 {
        std::thread::yield_now();
    }
    // Answered behind all that had room.
    assert_eq!(rig.ask(2, BLOCK, true), Some(CauseCode::NotInControl));
    rig.later(2);
    assert_eq!(rig.ask(1, BLOCK, true), None);
    assert_eq!(rig.machine.take(), [Action::Lock, BLOCK]);
    assert!(rig.reported().len() <= 4);
}

/// What the state says about the question for rights.
fn rights(rig: &Rig) -> Option<CauseCode> {
    let (_, _, state) = rig.sent.state();
    let elevate = Action::Elevate.to_wire();
    let ability = state.abilities.iter().find(|one| one.action() == elevate).unwrap();
    let cause = ability.unavailable.as_ref()?;
    CauseCode::from_number(cause.code)
}

#[test]
fn the_user_is_asked_for_rights_while_everything_goes_on() {
    let mut rig = Rig::new(false);
    rig.machine.think(true);
    rig.next += 1;
    let request = rig.next;
    let elevate = |request_id| MachineActionRequest { request_id, action: 5, on: false };
    rig.thread.ask(1, elevate(request));
    assert_eq!(rights(&rig), Some(CauseCode::ElevationPending), "everybody sees it");
    assert!(rig.notices.wait_for_open(1, PATIENCE), "the user is told");
    assert!(rig.notices.all()[0].text.starts_with("Ada asks for administrator rights"));
    rig.later(2);
    assert_eq!(rig.ask(1, Action::Elevate, false), Some(CauseCode::ElevationPending));
    assert_eq!(rig.ask(1, Action::Lock, false), None, "other actions go on");

    rig.machine.think(false);
    assert_eq!(rights(&rig), Some(CauseCode::ElevationActive));
    assert_eq!(rig.sent.answer(request), None);
    assert!(rig.machine.wait_for_rights(true, PATIENCE));
    assert!(rig.notices.wait_for_open(0, PATIENCE));
    assert_eq!(
        rig.reported(),
        [
            "machine_action: elevate by Ada: the user is asked",
            "machine_action_refused: elevate by Ada: the user is being asked already",
            "machine_action: lock by Ada: done",
            "machine_action: elevate by Ada: done",
        ]
    );

    // They go by themselves, and may be asked for again.
    assert!(rig.machine.take_rights());
    assert_eq!(rights(&rig), None);
    let cause = rig.sent.wait("a notice", |_, body| match body {
        agent_control::Body::Notice(notice) => notice.cause.as_ref().map(|cause| cause.code),
        _ => None,
    });
    assert_eq!(CauseCode::from_number(cause), Some(CauseCode::ElevationLost));
    rig.later(2);
    rig.thread.ask(1, elevate(99));
    let cleared = rig.sent.wait("the end of the notice", |_, body| match body {
        agent_control::Body::Notice(notice) => Some(notice.cause.is_none()),
        _ => None,
    });
    assert!(cleared);
    assert_eq!(rig.sent.answer(99), None);

    // And end with the session.
    let machine = rig.machine.clone();
    drop(rig);
    assert!(machine.wait_for_rights(false, PATIENCE));
}

#[test]
fn a_user_who_gives_no_rights_is_told_and_may_be_asked_again() {
    for cause in [CauseCode::ElevationDeclined, CauseCode::ElevationForbidden] {
        let mut rig = Rig::new(false);
        rig.machine.fail(Action::Elevate, Some(cause));
        assert_eq!(rig.ask(1, Action::Elevate, false), Some(cause));
        rig.machine.fail(Action::Elevate, None);
        rig.later(2);
        assert_eq!(rig.ask(1, Action::Elevate, false), None);
        let told = rig.reported();
        assert_eq!(
            told[1],
            format!("machine_action: elevate by Ada: {}: as scripted", cause.name())
        );
    }
}

#[test]
fn rights_that_are_given_after_the_end_of_the_session_go_at_once() {
    let rig = Rig::new(false);
    rig.machine.think(true);
    rig.thread.ask(1, MachineActionRequest { request_id: 1, action: 5, on: false });
    assert_eq!(rights(&rig), Some(CauseCode::ElevationPending));
    let machine = rig.machine.clone();
    // It waits for no user.
    drop(rig);
    machine.think(false);
    assert!(machine.wait_for_done(Action::Elevate, PATIENCE));
    assert!(machine.wait_for_rights(false, PATIENCE));
}
