//! An agent with workers, its relay, and the machine around them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use gc_agent::{Platform, worker};
use gc_platform::{
    CaptureError, Clipboard, ClipboardError, ClipboardListener, ConnectedBar, ConsentPrompt,
    DesktopSession, DesktopSessionKind, DesktopSessionState, InputError, InputInjector, Inventory,
    NoticeOverlay, PointerButton, ScreenCapture,
};
use gc_platform_fake::{
    FakeBar, FakeBarControl, FakeClipboard, FakeConsent, FakeConsentControl, FakeInventory,
    FakeNotice, FakeNoticeControl, FakeScreen, FakeWorkerHost, FakeWorkerHostControl, Launched,
};
use gc_proto::v2::{
    self, AgentControl, NoticeTopic, ViewerControl, agent_control, video_message, viewer_control,
};
use gc_proto::{Channel, Flags, Header, Packet, Record};
use gc_runtime::SystemClock;
use gc_types::{CauseCode, Rights};
use prost::Message;

use crate::relay::{Connection, KEY, PATIENCE, Relay, SESSION, Start, console, receive};

/// What was pressed and released in which session of the system.
#[derive(Default)]
pub(super) struct Pressed {
    pub(super) log: Mutex<Vec<(u32, u8, bool)>>,
    pub(super) changed: Condvar,
}

impl Pressed {
    pub(super) fn push(&self, entry: (u32, u8, bool)) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
        self.changed.notify_all();
    }

    pub(super) fn log(&self) -> Vec<(u32, u8, bool)> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn wait_until(&self, wish: impl Fn(&[(u32, u8, bool)]) -> bool) -> bool {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(log, PATIENCE, |log| !wish(log));
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Keys whose last event was a press.
    pub(super) fn down(&self) -> Vec<(u32, u8)> {
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
pub(super) struct Desk {
    pub(super) session: u32,
    /// A killed process presses and releases nothing.
    pub(super) alive: Arc<AtomicBool>,
    pub(super) pressed: Arc<Pressed>,
    pub(super) consent: FakeConsent,
    pub(super) bar: FakeBar,
    pub(super) notice: FakeNotice,
    pub(super) inventory: FakeInventory,
}

pub(super) struct Keys {
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
pub(super) type Notices = Arc<Mutex<Vec<FakeNoticeControl>>>;

pub(super) type Users = Arc<Mutex<Vec<(FakeConsentControl, FakeBarControl)>>>;

/// An agent with workers, its relay, and the machine around them.
pub(super) struct World {
    pub(super) relay: Relay,
    pub(super) host: FakeWorkerHostControl,
    pub(super) pressed: Arc<Pressed>,
    /// Who sits in front of each worker so far.
    pub(super) users: Users,
    pub(super) notices: Notices,
    /// What came while something else was waited for.
    pub(super) stash: Vec<Record>,
    /// Of the newest surface.
    pub(super) generation: u32,
}

pub(super) fn remote(id: u32) -> DesktopSession {
    DesktopSession { kind: DesktopSessionKind::Remote, name: "RDP-Tcp#1".into(), ..console(id) }
}

pub(super) fn in_state(mut session: DesktopSession, state: DesktopSessionState) -> DesktopSession {
    session.state = state;
    session
}

impl World {
    pub(super) async fn with(list: Vec<DesktopSession>) -> Self {
        Self::launching(list, |_, desk, launched| honest(desk, launched)).await
    }

    /// `launch` gets the number of the worker, from 0.
    pub(super) async fn launching(
        list: Vec<DesktopSession>,
        launch: impl Fn(usize, Desk, Launched) + Send + Sync + 'static,
    ) -> Self {
        Self::on(list, |host| host, launch).await
    }

    pub(super) async fn on(
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
    pub(super) async fn watched(list: Vec<DesktopSession>) -> Self {
        let mut world = Self::with(list).await;
        world.join().await;
        world.wait_for_surface(336).await;
        world
    }

    pub(super) async fn join(&mut self) {
        self.relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 1).await;
        self.relay.join(1, Rights::CONTROL).await;
        self.relay.give_control(1).await;
    }

    pub(super) async fn next(&mut self, channel: Channel) -> Record {
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

    pub(super) async fn catch_up(&mut self) {
        for packet in self.relay.catch_up().await {
            if let Packet::Record(record) = packet {
                self.stash.push(record);
            }
        }
    }

    /// Waits for a new picture of a session that is so wide, and for a whole frame of
    /// it. Returns the number of that frame.
    pub(super) async fn wait_for_surface(&mut self, width: u32) -> u32 {
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

    pub(super) async fn acknowledge(&mut self, frame_id: u32) {
        let ack = v2::FrameAck { frame_id, draw_us: 1_000 };
        let feedback = v2::VideoFeedback { body: Some(v2::video_feedback::Body::Ack(ack)) };
        self.record(1, Channel::Video, &feedback).await;
    }

    pub(super) async fn record(
        &mut self,
        participant: u16,
        channel: Channel,
        payload: &impl Message,
    ) {
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

    pub(super) async fn select(&mut self, participant: u16, id: u32) {
        let select = v2::SelectDesktopSession { id };
        let body = Some(viewer_control::Body::SelectDesktopSession(select));
        self.record(participant, Channel::Control, &ViewerControl { body }).await;
    }

    /// Waits for a message of the agent on the control channel.
    pub(super) async fn wait_for_control<T>(
        &mut self,
        wish: impl Fn(agent_control::Body) -> Option<T>,
    ) -> T {
        loop {
            let record = self.next(Channel::Control).await;
            let control = AgentControl::decode(record.payload()).unwrap();
            if let Some(found) = control.body.and_then(&wish) {
                return found;
            }
        }
    }

    pub(super) async fn wait_for_notice(&mut self, cause: Option<CauseCode>) {
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

    pub(super) async fn wait_for_list(
        &mut self,
        wish: impl Fn(&v2::DesktopSessionList) -> bool,
    ) -> v2::DesktopSessionList {
        self.wait_for_control(|body| match body {
            agent_control::Body::DesktopSessions(list) if wish(&list) => Some(list),
            _ => None,
        })
        .await
    }

    pub(super) fn newest(&self) -> gc_platform_fake::StartedWorker {
        self.host.started().last().cloned().expect("a worker was started")
    }

    /// Presses a key until it arrives: what is sent while nobody serves is lost.
    pub(super) async fn type_until(&mut self, session: u32) {
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

    /// Types in whichever session is shown.
    pub(super) async fn type_until_anywhere(&mut self) {
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

    /// Asks for Ctrl+Alt+Del, again when that was too soon; why it was not pressed.
    pub(super) async fn ctrl_alt_del(&mut self, request_id: u32) -> Option<v2::Cause> {
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

pub(super) fn honest(desk: Desk, launched: Launched) {
    let clock = Arc::new(SystemClock::new());
    // A worker that is killed finds its stream broken; that is no matter here.
    drop(worker::run(Arc::new(desk), launched.stream, &launched.ticket, clock, None));
}
