//! The agent whose desktop is in workers: they crash, hang, lie and change places, and
//! the viewer stays.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use gc_agent::{Platform, worker};
use gc_platform::{
    CaptureError, Clipboard, ClipboardError, ClipboardListener, ConnectedBar, ConsentAnswer,
    ConsentPrompt, DesktopSession, DesktopSessionId, DesktopSessionKind, DesktopSessionState,
    InputError, InputInjector, Inventory, NoticeOverlay, PointerButton, ScreenCapture,
    SecureAttentionError, SessionChange,
};
use gc_platform_fake::{
    FakeBar, FakeBarControl, FakeClipboard, FakeConsent, FakeConsentControl, FakeInventory,
    FakeNotice, FakeNoticeControl, FakeScreen, FakeSecureAttention, FakeWorkerHost,
    FakeWorkerHostControl, Launched, ScriptedConsent,
};
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{
    self, AgentControl, NoticeTopic, ViewerControl, agent_control, video_message, viewer_control,
};
use gc_proto::{Channel, Flags, Header, Packet, Record};
use gc_runtime::SystemClock;
use gc_types::{CauseCode, Entropy, Rights, SeededEntropy};
use prost::Message;

use crate::relay::{Connection, KEY, PATIENCE, Relay, SESSION, Start, console, receive, welcome};

/// What was pressed and released in which session of the system.
#[derive(Default)]
struct Pressed {
    log: Mutex<Vec<(u32, u8, bool)>>,
    changed: Condvar,
}

impl Pressed {
    fn push(&self, entry: (u32, u8, bool)) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
        self.changed.notify_all();
    }

    fn log(&self) -> Vec<(u32, u8, bool)> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn wait_until(&self, wish: impl Fn(&[(u32, u8, bool)]) -> bool) -> bool {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(log, PATIENCE, |log| !wish(log));
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Keys whose last event was a press.
    fn down(&self) -> Vec<(u32, u8)> {
        let mut down = Vec::new();
        for (session, key, pressed) in self.log() {
            down.retain(|held| *held != (session, key));
            if pressed {
                down.push((session, key));
            }
        }
        down
    }
}

/// A worker's machine: a session's desktop, which outlives the worker.
struct Desk {
    session: u32,
    /// A killed process presses and releases nothing.
    alive: Arc<AtomicBool>,
    pressed: Arc<Pressed>,
    consent: FakeConsent,
    bar: FakeBar,
    notice: FakeNotice,
    inventory: FakeInventory,
}

struct Keys {
    session: u32,
    alive: Arc<AtomicBool>,
    pressed: Arc<Pressed>,
}

impl InputInjector for Keys {
    fn key(&mut self, scan_code: u8, _extended: bool, down: bool) -> Result<(), InputError> {
        if self.alive.load(Ordering::SeqCst) {
            self.pressed.push((self.session, scan_code, down));
        }
        Ok(())
    }

    fn text(&mut self, _text: &str) -> Result<(), InputError> {
        Ok(())
    }

    fn pointer_move(&mut self, _x: i32, _y: i32) -> Result<(), InputError> {
        Ok(())
    }

    fn pointer_button(&mut self, _button: PointerButton, _down: bool) -> Result<(), InputError> {
        Ok(())
    }

    fn wheel(&mut self, _x: i32, _y: i32) -> Result<(), InputError> {
        Ok(())
    }

    fn set_locks(&mut self, _caps: bool, _num: bool, _scroll: bool) -> Result<(), InputError> {
        Ok(())
    }

    fn flush(&mut self) -> Result<(), InputError> {
        Ok(())
    }
}

impl Platform for Desk {
    fn open_screen(&self) -> Result<Box<dyn ScreenCapture>, CaptureError> {
        // Each session has a size of its own to be known by.
        let (screen, control) = FakeScreen::new(320 + self.session * 16, 240);
        control.text(0, 0, 300, 200, u64::from(self.session));
        Ok(Box::new(screen))
    }

    fn open_input(&self) -> Result<Box<dyn InputInjector>, InputError> {
        Ok(Box::new(Keys {
            session: self.session,
            alive: Arc::clone(&self.alive),
            pressed: Arc::clone(&self.pressed),
        }))
    }

    fn open_clipboard(
        &self,
        listener: ClipboardListener,
    ) -> Result<Box<dyn Clipboard>, ClipboardError> {
        Ok(Box::new(FakeClipboard::new(listener).0))
    }

    fn consent(&self) -> &dyn ConsentPrompt {
        &self.consent
    }

    fn bar(&self) -> &dyn ConnectedBar {
        &self.bar
    }

    fn inventory(&self) -> &dyn Inventory {
        &self.inventory
    }

    fn notice(&self) -> Option<&dyn NoticeOverlay> {
        Some(&self.notice)
    }
}

/// What each worker has shown so far.
type Notices = Arc<Mutex<Vec<FakeNoticeControl>>>;

type Users = Arc<Mutex<Vec<(FakeConsentControl, FakeBarControl)>>>;

/// An agent with workers, its relay, and the machine around them.
struct World {
    relay: Relay,
    host: FakeWorkerHostControl,
    pressed: Arc<Pressed>,
    /// Who sits in front of each worker so far.
    users: Users,
    notices: Notices,
    /// What came while something else was waited for.
    stash: Vec<Record>,
    /// Of the newest surface.
    generation: u32,
}

fn remote(id: u32) -> DesktopSession {
    DesktopSession { kind: DesktopSessionKind::Remote, name: "RDP-Tcp#1".into(), ..console(id) }
}

fn in_state(mut session: DesktopSession, state: DesktopSessionState) -> DesktopSession {
    session.state = state;
    session
}

impl World {
    async fn with(list: Vec<DesktopSession>) -> Self {
        Self::launching(list, |_, desk, launched| honest(desk, launched)).await
    }

    /// `launch` gets the number of the worker, from 0.
    async fn launching(
        list: Vec<DesktopSession>,
        launch: impl Fn(usize, Desk, Launched) + Send + Sync + 'static,
    ) -> Self {
        Self::on(list, |host| host, launch).await
    }

    async fn on(
        list: Vec<DesktopSession>,
        furnish: impl FnOnce(FakeWorkerHost) -> FakeWorkerHost,
        launch: impl Fn(usize, Desk, Launched) + Send + Sync + 'static,
    ) -> Self {
        let (pressed, users) = (Arc::new(Pressed::default()), Users::default());
        let notices = Notices::default();
        let count = AtomicUsize::new(0);
        let (host, control) = {
            let (pressed, users) = (Arc::clone(&pressed), Arc::clone(&users));
            let notices = Arc::clone(&notices);
            FakeWorkerHost::new(list, move |launched| {
                let (consent, user) = FakeConsent::new();
                let (bar, bar_control) = FakeBar::new();
                users.lock().unwrap().push((user, bar_control));
                let (notice, shown) = FakeNotice::new();
                notices.lock().unwrap().push(shown);
                let desk = Desk {
                    session: launched.session.0,
                    alive: Arc::clone(&launched.alive),
                    pressed: Arc::clone(&pressed),
                    consent,
                    bar,
                    notice,
                    inventory: FakeInventory::new("worker"),
                };
                launch(count.fetch_add(1, Ordering::SeqCst), desk, launched);
            })
        };
        let connection: Connection = Start::new().await.with_workers(furnish(host));
        let relay = Relay::of(connection).await;
        Self { relay, host: control, pressed, users, notices, stash: Vec::new(), generation: 0 }
    }

    /// A technician in control, whose picture is there.
    async fn watched(list: Vec<DesktopSession>) -> Self {
        let mut world = Self::with(list).await;
        world.join().await;
        world.wait_for_surface(336).await;
        world
    }

    async fn join(&mut self) {
        self.relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 1).await;
        self.relay.join(1, Rights::CONTROL).await;
        self.relay.give_control(1).await;
    }

    async fn next(&mut self, channel: Channel) -> Record {
        let wanted = |record: &Record| record.header().channel == channel;
        if let Some(index) = self.stash.iter().position(wanted) {
            return self.stash.remove(index);
        }
        loop {
            match receive(&mut self.relay.socket).await {
                Packet::Record(record) if wanted(&record) => return record,
                Packet::Record(record) => self.stash.push(record),
                Packet::Link(_) => {}
            }
        }
    }

    async fn catch_up(&mut self) {
        for packet in self.relay.catch_up().await {
            if let Packet::Record(record) = packet {
                self.stash.push(record);
            }
        }
    }

    /// Waits for a new picture of a session that is so wide, and for a whole frame of
    /// it. Returns the number of that frame.
    async fn wait_for_surface(&mut self, width: u32) -> u32 {
        let mut shown = None;
        loop {
            let record = self.next(Channel::Video).await;
            let message = v2::VideoMessage::decode(record.payload()).unwrap();
            match message.body {
                Some(video_message::Body::Surface(surface)) => shown = Some(surface),
                Some(video_message::Body::Frame(frame)) => {
                    let of_it = shown.as_ref().is_some_and(|surface| {
                        surface.width == width
                            && surface.generation == frame.generation
                            && surface.generation > self.generation
                    });
                    if of_it && frame.key {
                        self.generation = frame.generation;
                        self.acknowledge(frame.frame_id).await;
                        return frame.frame_id;
                    }
                }
                _ => {}
            }
        }
    }

    async fn acknowledge(&mut self, frame_id: u32) {
        let ack = v2::FrameAck { frame_id, draw_us: 1_000 };
        let feedback = v2::VideoFeedback { body: Some(v2::video_feedback::Body::Ack(ack)) };
        self.record(1, Channel::Video, &feedback).await;
    }

    async fn record(&mut self, participant: u16, channel: Channel, payload: &impl Message) {
        self.relay.sequence += 1;
        let header = Header {
            channel,
            flags: Flags::NONE,
            participant,
            epoch: 1,
            sequence: self.relay.sequence,
            session: SESSION,
        };
        self.relay.record(&Record::new(header, payload)).await;
    }

    async fn select(&mut self, participant: u16, id: u32) {
        let select = v2::SelectDesktopSession { id };
        let body = Some(viewer_control::Body::SelectDesktopSession(select));
        self.record(participant, Channel::Control, &ViewerControl { body }).await;
    }

    /// Waits for a message of the agent on the control channel.
    async fn wait_for_control<T>(&mut self, wish: impl Fn(agent_control::Body) -> Option<T>) -> T {
        loop {
            let record = self.next(Channel::Control).await;
            let control = AgentControl::decode(record.payload()).unwrap();
            if let Some(found) = control.body.and_then(&wish) {
                return found;
            }
        }
    }

    async fn wait_for_notice(&mut self, cause: Option<CauseCode>) {
        let number = cause.map(|cause| cause as i32);
        self.wait_for_control(|body| match body {
            agent_control::Body::Notice(notice)
                if notice.topic() == NoticeTopic::DesktopSession
                    && notice.cause.as_ref().map(|cause| cause.code) == number =>
            {
                Some(())
            }
            _ => None,
        })
        .await;
    }

    async fn wait_for_list(
        &mut self,
        wish: impl Fn(&v2::DesktopSessionList) -> bool,
    ) -> v2::DesktopSessionList {
        self.wait_for_control(|body| match body {
            agent_control::Body::DesktopSessions(list) if wish(&list) => Some(list),
            _ => None,
        })
        .await
    }

    fn newest(&self) -> gc_platform_fake::StartedWorker {
        self.host.started().last().cloned().expect("a worker was started")
    }

    /// Presses a key until it arrives: what is sent while nobody serves is lost.
    async fn type_until(&mut self, session: u32) {
        let before = self.pressed.log().len();
        for _ in 0..200 {
            self.relay.key(1, 1, true).await;
            self.relay.key(1, 1, false).await;
            self.catch_up().await;
            if self.pressed.log()[before..].contains(&(session, KEY, false)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("nothing arrives in session {session}: {:?}", self.pressed.log());
    }
}

fn honest(desk: Desk, launched: Launched) {
    let clock = Arc::new(SystemClock::new());
    // A worker that is killed finds its stream broken; that is no matter here.
    drop(worker::run(Arc::new(desk), launched.stream, &launched.ticket, clock, None));
}

impl World {
    /// Asks for Ctrl+Alt+Del, again when that was too soon; why it was not pressed.
    async fn ctrl_alt_del(&mut self, request_id: u32) -> Option<v2::Cause> {
        loop {
            let request = v2::MachineActionRequest {
                request_id,
                action: v2::MachineAction::CtrlAltDel.into(),
                on: true,
            };
            let body = Some(viewer_control::Body::MachineAction(request));
            self.record(1, Channel::Control, &ViewerControl { body }).await;
            let cause = self
                .wait_for_control(|body| match body {
                    agent_control::Body::MachineActionResult(result)
                        if result.request_id == request_id =>
                    {
                        Some(result.cause)
                    }
                    _ => None,
                })
                .await;
            if cause.as_ref().is_none_or(|it| it.code != CauseCode::ActionTooSoon as i32) {
                return cause;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_alt_del_is_pressed_by_the_service_and_its_failure_is_told() {
    let attention = Arc::new(FakeSecureAttention::default());
    let with = Arc::clone(&attention);
    let furnish = move |host: FakeWorkerHost| host.with_attention(with);
    let list = vec![console(1)];
    let mut world = World::on(list, furnish, |_, desk, launched| honest(desk, launched)).await;
    world.join().await;
    world.wait_for_surface(336).await;
    let able = world
        .wait_for_control(|body| match body {
            agent_control::Body::MachineActions(state) => Some(state),
            _ => None,
        })
        .await;
    let keys = v2::MachineAction::CtrlAltDel;
    let ability = able.abilities.iter().find(|it| it.action() == keys).unwrap();
    assert_eq!(ability.unavailable, None, "this worker's machine could not by itself");
    assert_eq!(world.ctrl_alt_del(1).await, None);
    assert_eq!(attention.asked(), 1);

    attention.fail(Some(SecureAttentionError::PolicyForbids));
    let cause = world.ctrl_alt_del(2).await.expect("a cause");
    assert_eq!(cause.code, CauseCode::SecureAttentionUnavailable as i32);
    assert!(cause.detail.contains("policy"), "{}", cause.detail);
    assert_eq!(attention.asked(), 2);
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_worker_does_not_tell_the_user_again_of_who_is_there() {
    let mut world = World::with(vec![console(1)]).await;
    world.relay.notice = Some(v2::ConnectionNotice {
        template: "{{technician_name}} is here".into(),
        duration_s: 60,
        ..Default::default()
    });
    world.join().await;
    world.wait_for_surface(336).await;
    let of = |world: &World, worker: usize| world.notices.lock().unwrap()[worker].all().len();
    assert_eq!(of(&world, 0), 1);
    world.newest().kill();
    world.wait_for_surface(336).await;
    assert_eq!(of(&world, 1), 0);
    // Somebody else, after all had left, is news.
    world.relay.leave(1).await;
    world.relay.join(2, Rights::CONTROL).await;
    let second = world.notices.lock().unwrap()[1].clone();
    assert!(second.wait_for_open(1, PATIENCE));
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_is_replaced_and_its_keys_go_up() {
    let mut world = World::watched(vec![console(1)]).await;
    world.relay.key(1, 1, true).await;
    assert!(world.pressed.wait_until(|log| log == [(1, KEY, true)]));
    let frame = {
        world.newest().kill();
        world.wait_for_notice(Some(CauseCode::DesktopSwitching)).await;
        world.wait_for_notice(None).await;
        world.wait_for_surface(336).await
    };
    assert!(frame > 1, "numbers of frames go on");
    assert!(
        world.pressed.wait_until(|log| log == [(1, KEY, true), (1, KEY, false)]),
        "{:?}",
        world.pressed.log()
    );
    world.type_until(1).await;
    assert_eq!(world.host.started().len(), 2);
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_up_whatever_exit_code_a_killed_worker_was_given() {
    let mut world = World::watched(vec![console(1)]).await;
    world.relay.key(1, 1, true).await;
    assert!(world.pressed.wait_until(|log| log.len() == 1));
    world.newest().kill_with(0);
    assert!(
        world.pressed.wait_until(|log| log == [(1, KEY, true), (1, KEY, false)]),
        "{:?}",
        world.pressed.log()
    );
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_worker_is_found_and_replaced() {
    let mut world = World::watched(vec![console(1)]).await;
    world.relay.key(1, 1, true).await;
    assert!(world.pressed.wait_until(|log| log.len() == 1));
    let worker = world.newest();
    worker.stream.freeze(true);
    world.wait_for_notice(Some(CauseCode::DesktopSwitching)).await;
    assert!(worker.wait_for_end(PATIENCE), "it was not ended");
    world.wait_for_surface(336).await;
    assert!(world.pressed.wait_until(|log| log == [(1, KEY, true), (1, KEY, false)]));
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_fails_again_and_again_is_told_and_tried_again() {
    let mut world = World::launching(vec![console(1)], |number, desk, launched| {
        if number >= 4 {
            honest(desk, launched);
        }
    })
    .await;
    world.join().await;
    world.wait_for_notice(Some(CauseCode::DesktopWorkerFailing)).await;
    // Two seconds later the fifth one works. (The relay's patience is longer.)
    world.wait_for_notice(None).await;
    world.wait_for_surface(336).await;
    assert_eq!(world.host.started().len(), 5);
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fast_user_switch_takes_picture_and_input_along() {
    let mut world = World::watched(vec![console(1)]).await;
    let list = world.wait_for_list(|list| list.sessions.len() == 1).await;
    assert_eq!((list.current, list.follows_console), (1, true));
    world.relay.key(1, 1, true).await;
    assert!(world.pressed.wait_until(|log| log == [(1, KEY, true)]));

    let away = in_state(remote(1), DesktopSessionState::Disconnected);
    let change = SessionChange::ConsoleDisconnect(DesktopSessionId(1));
    world.host.change(vec![away.clone()], change);
    world.wait_for_notice(Some(CauseCode::NoDisplay)).await;
    assert!(world.pressed.wait_until(|log| log == [(1, KEY, true), (1, KEY, false)]));
    let change = SessionChange::ConsoleConnect(DesktopSessionId(2));
    world.host.change(vec![away, console(2)], change);
    let list = world.wait_for_list(|list| list.sessions.len() == 2).await;
    assert_eq!((list.current, list.follows_console), (2, true));
    world.wait_for_surface(352).await;
    world.type_until(2).await;
    assert!(world.host.started()[0].wait_for_end(PATIENCE), "the first worker is left over");
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_control_chooses_the_session() {
    let mut world = World::watched(vec![console(1), remote(3)]).await;
    world.wait_for_list(|list| list.sessions.len() == 2).await;
    world.relay.join(2, Rights::CONTROL).await;
    world.catch_up().await;
    // Not in control: nothing happens.
    world.select(2, 3).await;
    world.catch_up().await;
    assert_eq!(world.host.started().len(), 1);

    world.select(1, 3).await;
    let list = world.wait_for_list(|list| list.current == 3).await;
    assert!(!list.follows_console);
    let session = &list.sessions[1];
    assert_eq!((session.user.as_str(), session.name.as_str()), ("user3", "RDP-Tcp#1"));
    world.wait_for_surface(368).await;
    world.type_until(3).await;

    world.select(1, 77).await;
    world.wait_for_notice(Some(CauseCode::DesktopSessionUnknown)).await;
    // Its user logs off: back to the machine's own screen.
    world.host.change(vec![console(1)], SessionChange::Logoff(DesktopSessionId(3)));
    world.wait_for_surface(336).await;
    world.type_until(1).await;
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lock_and_unlock_are_told_and_cost_no_picture() {
    let mut world = World::watched(vec![console(1)]).await;
    for (state, wire, change) in [
        (
            DesktopSessionState::Locked,
            v2::DesktopSessionState::Locked,
            SessionChange::Lock(DesktopSessionId(1)),
        ),
        (
            DesktopSessionState::Active,
            v2::DesktopSessionState::Active,
            SessionChange::Unlock(DesktopSessionId(1)),
        ),
    ] {
        world.host.change(vec![in_state(console(1), state)], change);
        world.wait_for_list(|list| list.sessions[0].state() == wire).await;
    }
    world.type_until(1).await;
    assert_eq!(world.host.started().len(), 1);
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_service_releases_keys_and_leaves_no_worker() {
    let mut world = World::watched(vec![console(1)]).await;
    world.relay.key(1, 1, true).await;
    assert!(world.pressed.wait_until(|log| log.len() == 1));
    let worker = world.newest();
    world.relay.stop().await;
    assert!(worker.has_ended(), "a worker is left");
    assert_eq!(world.pressed.log(), [(1, KEY, true), (1, KEY, false)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_survives_the_worker_that_asked_it() {
    let mut world = World::with(vec![console(1)]).await;
    world.relay.offer(v2::ConsentMode::Ask, Rights::CONTROL, 1).await;
    world.catch_up().await;
    let user = |world: &World, index: usize| world.users.lock().unwrap()[index].0.clone();
    assert!(world.host.wait_for_started(1, PATIENCE));
    // A worker that has started is not there yet.
    while world.users.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(user(&world, 0).wait_for_open(1, PATIENCE), "nobody was asked");
    world.newest().kill();
    assert!(world.host.wait_for_started(2, PATIENCE));
    // Its thread has put the user there before it says hello.
    while world.users.lock().unwrap().len() < 2 {
        tokio::task::yield_now().await;
    }
    assert!(user(&world, 1).wait_for_open(1, PATIENCE), "nobody was asked again");
    assert!(user(&world, 1).answer(ConsentAnswer::Allow));
    world.relay.wait_for_consent(v2::ConsentState::Granted).await;
    // And consent survives the next one: nobody is asked a third time.
    world.relay.join(1, Rights::CONTROL).await;
    world.relay.give_control(1).await;
    world.wait_for_surface(336).await;
    world.newest().kill();
    world.wait_for_surface(336).await;
    world.type_until(1).await;
    assert_eq!(user(&world, 2).requests(), [], "consent was asked for twice");
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_question_and_a_failing_window_deny() {
    for script in [ScriptedConsent::Answer(ConsentAnswer::Decline), ScriptedConsent::Fail] {
        let mut world = World::launching(vec![console(1)], move |_, desk, launched| {
            let (consent, control) = FakeConsent::new();
            control.script(script.clone());
            honest(Desk { consent, ..desk }, launched);
        })
        .await;
        world.relay.offer(v2::ConsentMode::Ask, Rights::CONTROL, 1).await;
        world.relay.wait_for_consent(v2::ConsentState::Denied).await;
        world.relay.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_users_stop_button_in_a_worker_ends_the_session() {
    let mut world = World::watched(vec![console(1)]).await;
    let bar = world.users.lock().unwrap()[0].1.clone();
    assert!(bar.wait_until(PATIENCE, |bar| bar.is_some()), "no bar");
    assert!(bar.stop());
    loop {
        if let Packet::Link(Body::SessionEnd(end)) = receive(&mut world.relay.socket).await {
            assert_eq!(end.cause.map(|cause| cause.code), Some(CauseCode::EndedByUser as i32));
            break;
        }
    }
    assert!(bar.wait_until(PATIENCE, |bar| bar.is_none()), "the bar still shows");
    world.relay.stop().await;
}

/// Whoever gets hold of the pipe without the ticket, or says what no worker says, is
/// ended, serves nobody and answers no question.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_bytes_from_the_pipe_reach_nobody() {
    let seed = 0x0BAD_F00D_u64;
    println!("seed {seed:#x}");
    let entropy = SeededEntropy::new(seed);
    let mut world = World::launching(vec![console(1)], move |number, desk, mut launched| {
        let mut noise = vec![0; 4_096];
        entropy.fill(&mut noise);
        let bytes = match number {
            // A hello with another ticket, then an answer to a question.
            0 => {
                let mut bytes = vec![70, 0, 0, 0, 1, 10, 67, 10, 5];
                bytes.extend(b"0.1.0");
                bytes.extend([18, 32]);
                bytes.extend([b'0'; 32]);
                bytes.resize(74, 0);
                bytes
            }
            1 => noise,
            2 => vec![0xFF; 64],
            _ => return honest(desk, launched),
        };
        // The service may have had enough already.
        drop(launched.stream.writer.write_all(&bytes));
        let mut rest = [0; 256];
        let heard = launched.stream.reader.read(&mut rest).unwrap_or(0);
        assert_eq!(heard, 0, "the service spoke to a stranger");
    })
    .await;
    world.join().await;
    world.wait_for_surface(336).await;
    let workers = world.host.started();
    assert_eq!(workers.len(), 4);
    assert!(workers[..3].iter().all(gc_platform_fake::StartedWorker::has_ended));
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_killed_at_random_points_leave_no_key_down_and_lose_no_viewer() {
    let seed = 0xC0FF_EE11_u64;
    println!("seed {seed:#x}");
    let entropy = SeededEntropy::new(seed);
    let dice = |sides: u8| {
        let mut byte = [0];
        entropy.fill(&mut byte);
        byte[0] % sides
    };
    let mut world = World::watched(vec![console(1), remote(3)]).await;
    // Beyond three in a minute the next start waits: a few, at different points.
    for round in 0..5_u32 {
        for _ in 0..dice(4) {
            world.relay.key(1, 1, true).await;
            world.catch_up().await;
        }
        if dice(2) == 0 {
            world.select(1, if dice(2) == 0 { 3 } else { 0 }).await;
        }
        let micros = u64::from(dice(200)) * 50;
        tokio::time::sleep(Duration::from_micros(micros)).await;
        world.newest().kill();
        println!("round {round}: killed after {micros} us");
        world.type_until_anywhere().await;
    }
    // What a killed one left down in a session that is not shown goes up when it is
    // shown again.
    for session in [1, 3] {
        world.select(1, session).await;
        world.type_until(session).await;
    }
    world.relay.stop().await;
    assert_eq!(world.pressed.down(), [], "keys are down: {:?}", world.pressed.log());
}

impl World {
    /// Types in whichever session is shown.
    async fn type_until_anywhere(&mut self) {
        let before = self.pressed.log().len();
        for _ in 0..1_500 {
            self.relay.key(1, 1, true).await;
            self.relay.key(1, 1, false).await;
            self.catch_up().await;
            let log = self.pressed.log();
            let pair = log[before..].windows(2).any(|two| two[0].2 && !two[1].2);
            if pair {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("nothing arrives anywhere: {:?}", self.pressed.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_link_is_taken_up_again_with_the_same_worker() {
    use tokio::io::AsyncWriteExt;

    let mut world = World::watched(vec![console(1)]).await;
    world.relay.key(1, 1, true).await;
    assert!(world.pressed.wait_until(|log| log.len() == 1));
    world.relay.socket.get_mut().shutdown().await.unwrap();
    world.relay.socket = welcome(&world.relay.listener).await;
    assert!(world.pressed.wait_until(|log| log == [(1, KEY, true), (1, KEY, false)]));
    world.relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 2).await;
    world.relay.join(1, Rights::CONTROL).await;
    world.wait_for_surface(336).await;
    assert_eq!(world.host.started().len(), 1);
    world.relay.stop().await;
}
