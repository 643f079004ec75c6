//! A relay that does as the test says, and an agent that is connected to it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use gc_agent::{AgentSettings, Ended, Mode, Platform, worker};
use gc_platform::{
    CaptureError, Clipboard, ClipboardError, ClipboardListener, ConnectedBar, ConsentPrompt,
    DesktopSession, DesktopSessionId, DesktopSessionKind, DesktopSessionState, DragOpener,
    FileOpener, InputError, InputInjector, Inventory, ScreenCapture,
};
use gc_platform_fake::{
    FakeBar, FakeBarControl, FakeClipboard, FakeClipboardControl, FakeConsent, FakeConsentControl,
    FakeDrag, FakeDragControl, FakeFiles, FakeFilesControl, FakeInput, FakeInputControl,
    FakeInventory, FakeScreen, FakeScreenControl, FakeWorkerHost,
};
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, InputEvent, InputMessage, KeyEvent, input_event};
use gc_proto::{Channel, Flags, Header, Packet, Record, encode_link};
use gc_runtime::{OsEntropy, SystemClock};
use gc_transport::Connector;
use gc_types::{Clock, Rights, Secret, SessionId};
use prost::Message as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const SESSION: SessionId = SessionId::from_bytes(*b"hostile-session!");
/// Space bar.
pub(crate) const KEY: u8 = 0x39;

/// One machine in memory.
struct Machine {
    screen: Mutex<Option<FakeScreen>>,
    input: Mutex<Option<FakeInput>>,
    consent: FakeConsent,
    bar: FakeBar,
    inventory: FakeInventory,
    clipboard: Arc<Mutex<Option<FakeClipboardControl>>>,
    files: FakeFiles,
    drag: FakeDrag,
}

impl Platform for Machine {
    fn open_screen(&self) -> Result<Box<dyn ScreenCapture>, CaptureError> {
        let screen = self.screen.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Opened anew whenever somebody watches again.
        Ok(Box::new(screen.unwrap_or_else(|| FakeScreen::new(640, 480).0)))
    }

    fn open_input(&self) -> Result<Box<dyn InputInjector>, InputError> {
        let input = self.input.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(Box::new(input.expect("input is opened once")))
    }

    fn open_clipboard(
        &self,
        listener: ClipboardListener,
    ) -> Result<Box<dyn Clipboard>, ClipboardError> {
        let (clipboard, control) = FakeClipboard::new(listener);
        *self.clipboard.lock().unwrap() = Some(control);
        Ok(Box::new(clipboard))
    }

    fn files(&self) -> Option<FileOpener> {
        let files = self.files.clone();
        Some(Box::new(move || Ok(Box::new(files))))
    }

    fn drag(&self) -> Option<DragOpener> {
        let drag = self.drag.clone();
        Some(Box::new(move || Ok(Box::new(drag))))
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
}

/// Where the desktop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the agent's process.
    Here,
    /// In a worker of its own.
    InWorker,
}

/// A session of the machine's own screen.
pub(crate) fn console(id: u32) -> DesktopSession {
    DesktopSession {
        id: DesktopSessionId(id),
        user: format!("user{id}"),
        state: DesktopSessionState::Active,
        kind: DesktopSessionKind::Console,
        name: "Console".into(),
    }
}

/// What an agent is started with.
pub(crate) struct Start {
    listener: TcpListener,
    settings: AgentSettings,
    stopped: oneshot::Receiver<()>,
    stop: oneshot::Sender<()>,
}

/// An agent that runs.
pub(crate) struct Connection {
    pub(crate) listener: TcpListener,
    pub(crate) agent: JoinHandle<Ended>,
    pub(crate) stop: oneshot::Sender<()>,
}

impl Start {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("ws://{}/ws/agent", listener.local_addr().unwrap());
        let settings = AgentSettings {
            url: address.parse().unwrap(),
            connector: Connector::new(None).unwrap(),
            mode: Mode::Managed { key: Secret::new("cak_test") },
            software: "test".into(),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        Self { listener, settings, stopped, stop }
    }

    #[expect(clippy::disallowed_methods, reason = "the handle gives the agent's word back")]
    pub(crate) fn local(self, machine: Arc<dyn Platform>) -> Connection {
        let Self { listener, settings, stopped, stop } = self;
        let clock = Arc::new(SystemClock::new());
        // A dropped sender means stop, too.
        let stopped = async { drop(stopped.await) };
        let agent =
            tokio::spawn(gc_agent::run(settings, machine, clock, Arc::new(OsEntropy), stopped));
        Connection { listener, agent, stop }
    }

    #[expect(clippy::disallowed_methods, reason = "the handle gives the agent's word back")]
    pub(crate) fn with_workers(self, host: FakeWorkerHost) -> Connection {
        let Self { listener, settings, stopped, stop } = self;
        let (host, inventory) = (Arc::new(host), Arc::new(FakeInventory::new("test")));
        let clock = Arc::new(SystemClock::new());
        let agent = tokio::spawn(async {
            let stopped = async { drop(stopped.await) };
            let entropy = Arc::new(OsEntropy);
            gc_agent::run_with_workers(settings, host, inventory, clock, entropy, stopped)
                .await
                .unwrap()
        });
        Connection { listener, agent, stop }
    }
}

/// A relay that does as the test says, and the agent that is connected to it.
pub(crate) struct Relay {
    pub(crate) socket: WebSocketStream<TcpStream>,
    pub(crate) listener: TcpListener,
    agent: JoinHandle<Ended>,
    stop: Option<oneshot::Sender<()>>,
    pub(crate) screen: FakeScreenControl,
    pub(crate) input: FakeInputControl,
    pub(crate) consent: FakeConsentControl,
    pub(crate) bar: FakeBarControl,
    clipboard: Arc<Mutex<Option<FakeClipboardControl>>>,
    pub(crate) files: FakeFilesControl,
    pub(crate) drags: FakeDragControl,
    /// What the next offer says of files.
    pub(crate) rules: Option<v2::FilePolicy>,
    pub(crate) sequence: u32,
    /// Offered with sessions.
    pub(crate) notice: Option<v2::ConnectionNotice>,
    clock: SystemClock,
}

impl Relay {
    pub(crate) async fn with_agent(place: Place) -> Self {
        let (screen, screen_control) = FakeScreen::new(640, 480);
        let (input, input_control) = FakeInput::new();
        let (consent, consent_control) = FakeConsent::new();
        let (bar, bar_control) = FakeBar::new();
        let (files, files_control) = FakeFiles::new();
        let (drag, drags) = FakeDrag::new();
        let clipboard = Arc::new(Mutex::new(None));
        let machine = Machine {
            clipboard: Arc::clone(&clipboard),
            screen: Mutex::new(Some(screen)),
            input: Mutex::new(Some(input)),
            consent,
            bar,
            inventory: FakeInventory::new("test"),
            files,
            drag,
        };
        let machine = Arc::new(machine);
        let start = Start::new().await;
        let parts = match place {
            Place::Here => start.local(machine),
            Place::InWorker => {
                let (host, control) = FakeWorkerHost::new(vec![console(1)], move |launched| {
                    let clock = Arc::new(SystemClock::new());
                    let machine = Arc::clone(&machine) as Arc<dyn Platform>;
                    worker::run(machine, launched.stream, &launched.ticket, clock, None).unwrap();
                });
                let parts = start.with_workers(host);
                assert!(control.wait_for_started(1, PATIENCE), "no worker");
                parts
            }
        };
        let mut relay = Self::of(parts).await;
        relay.screen = screen_control;
        relay.input = input_control;
        relay.consent = consent_control;
        relay.bar = bar_control;
        relay.clipboard = clipboard;
        relay.files = files_control;
        relay.drags = drags;
        relay
    }

    /// With an agent whose machine the test has itself.
    pub(crate) async fn of(connection: Connection) -> Self {
        let Connection { listener, agent, stop } = connection;
        let socket = welcome(&listener).await;
        Self {
            socket,
            listener,
            agent,
            stop: Some(stop),
            screen: FakeScreen::new(640, 480).1,
            input: FakeInput::new().1,
            consent: FakeConsent::new().1,
            bar: FakeBar::new().1,
            clipboard: Arc::default(),
            files: FakeFiles::new().1,
            drags: FakeDrag::new().1,
            rules: None,
            sequence: 0,
            notice: None,
            clock: SystemClock::new(),
        }
    }

    pub(crate) async fn record(&mut self, record: &Record) {
        self.socket.send(Message::Binary(record.bytes().clone())).await.unwrap();
    }

    pub(crate) async fn send(&mut self, body: Body) {
        self.socket.send(Message::Binary(encode_link(body))).await.unwrap();
    }

    pub(crate) async fn offer(&mut self, consent: v2::ConsentMode, rights: Rights, epoch: u32) {
        let expires = self.clock.now().plus(Duration::from_hours(1));
        let grant = v2::Grant {
            grant_id: vec![7; 16],
            technician: "Mallory".into(),
            company: "Example".into(),
            rights: rights.bits(),
            expires_unix_ms: expires.0,
            ..Default::default()
        };
        self.send(Body::SessionOffer(v2::SessionOffer {
            session_id: SESSION.as_bytes().to_vec(),
            grant: Some(grant),
            consent: consent.into(),
            epoch,
            consent_given: true,
            consent_timeout_ms: 60_000,
            connection_notice: self.notice.clone().map(Box::new),
            files: self.rules.clone(),
        }))
        .await;
    }

    pub(crate) async fn join(&mut self, participant: u16, rights: Rights) {
        self.send(Body::ParticipantJoined(v2::ParticipantJoined {
            session_id: SESSION.as_bytes().to_vec(),
            participant: participant.into(),
            name: "Mallory".into(),
            rights: rights.bits(),
            capabilities: Some(v2::ViewerCapabilities::default()),
        }))
        .await;
    }

    pub(crate) async fn leave(&mut self, participant: u16) {
        self.send(Body::ParticipantLeft(v2::ParticipantLeft {
            session_id: SESSION.as_bytes().to_vec(),
            participant: participant.into(),
        }))
        .await;
    }

    pub(crate) async fn give_control(&mut self, participant: u16) {
        self.send(Body::ControlChanged(v2::ControlChanged {
            session_id: SESSION.as_bytes().to_vec(),
            controller: participant.into(),
        }))
        .await;
    }

    pub(crate) async fn key(&mut self, participant: u16, epoch: u32, down: bool) {
        let event = InputEvent {
            event: Some(input_event::Event::Key(KeyEvent {
                scan_code: KEY.into(),
                extended: false,
                down,
            })),
        };
        let message = InputMessage { events: vec![event] };
        self.message(Channel::Input, participant, epoch, &message).await;
    }

    pub(crate) async fn message(
        &mut self,
        channel: Channel,
        participant: u16,
        epoch: u32,
        message: &impl prost::Message,
    ) {
        self.sequence += 1;
        let sequence = self.sequence;
        let flags = Flags::NONE;
        let header = Header { channel, flags, participant, epoch, sequence, session: SESSION };
        self.record(&Record::new(header, message)).await;
    }

    /// A viewer copies a short text.
    pub(crate) async fn copy(&mut self, participant: u16, serial: u32, text: &str) {
        let piece = v2::ClipboardPiece {
            serial,
            format: v2::ClipboardFormat::Text.into(),
            total: text.len() as u32,
            data: text.into(),
            ..Default::default()
        };
        self.message(Channel::Clipboard, participant, 1, &piece).await;
    }

    /// The next clipboard piece, and for whom it is.
    pub(crate) async fn piece(&mut self) -> (u16, v2::ClipboardPiece) {
        let record = self.wait_for_record(Channel::Clipboard).await;
        let piece = prost::Message::decode(record.payload()).unwrap();
        (record.header().participant, piece)
    }

    /// The next word on the clipboard.
    pub(crate) async fn clipboard_notice(&mut self) -> Option<i32> {
        loop {
            let record = self.wait_for_record(Channel::Control).await;
            let control = <v2::AgentControl as prost::Message>::decode(record.payload()).unwrap();
            if let Some(v2::agent_control::Body::Notice(notice)) = control.body
                && notice.topic() == v2::NoticeTopic::Clipboard
            {
                return notice.cause.map(|cause| cause.code);
            }
        }
    }

    pub(crate) fn system_clipboard(&self) -> FakeClipboardControl {
        self.clipboard.lock().unwrap().clone().expect("the clipboard is open")
    }

    /// Everything up to the answer to a heartbeat: by then the agent has seen all
    /// that was sent before it.
    pub(crate) async fn catch_up(&mut self) -> Vec<Packet> {
        self.send(Body::Heartbeat(v2::Heartbeat { nonce: 77 })).await;
        let mut seen = Vec::new();
        loop {
            match receive(&mut self.socket).await {
                Packet::Link(Body::HeartbeatAck(ack)) if ack.nonce == 77 => return seen,
                packet => seen.push(packet),
            }
        }
    }

    pub(crate) async fn wait_for_consent(&mut self, consent: v2::ConsentState) {
        loop {
            if let Packet::Link(Body::SessionAnswer(answer)) = receive(&mut self.socket).await
                && answer.consent() == consent
            {
                return;
            }
        }
    }

    /// Waits until a participant has been told what may be moved: only then is whoever
    /// serves files there, in a worker's process perhaps.
    pub(crate) async fn wait_for_files(&mut self, participant: u16) {
        loop {
            let record = self.wait_for_record(Channel::Files).await;
            let told = v2::FileMessage::decode(record.payload()).unwrap().body;
            if record.header().participant == participant
                && matches!(told, Some(v2::file_message::Body::Policy(_)))
            {
                return;
            }
        }
    }

    pub(crate) async fn wait_for_record(&mut self, channel: Channel) -> Record {
        loop {
            if let Packet::Record(record) = receive(&mut self.socket).await
                && record.header().channel == channel
            {
                return record;
            }
        }
    }

    /// The next notice of that topic: to whom, and its cause.
    pub(crate) async fn wait_for_capture_notice(&mut self) -> (u16, Option<i32>) {
        loop {
            let record = self.wait_for_record(Channel::Control).await;
            let message = v2::AgentControl::decode(record.payload()).unwrap();
            if let Some(v2::agent_control::Body::Notice(notice)) = message.body
                && notice.topic() == v2::NoticeTopic::Capture
            {
                return (record.header().participant, notice.cause.map(|cause| cause.code));
            }
        }
    }

    pub(crate) async fn stop(mut self) -> FakeInputControl {
        drop(self.stop.take());
        // The agent waits for the peer's close frame only for a bounded time.
        let reader = async { while self.socket.next().await.is_some_and(|m| m.is_ok()) {} };
        let (ended, ()) = tokio::join!(self.agent, reader);
        assert_eq!(ended.unwrap(), Ended::Stopped);
        self.input
    }
}

pub(crate) async fn welcome(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    let (stream, _) =
        tokio::time::timeout(PATIENCE, listener.accept()).await.expect("the agent comes").unwrap();
    let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
    let hello = receive(&mut socket).await;
    assert!(matches!(hello, Packet::Link(Body::Hello(_))), "{hello:?}");
    let welcome = v2::Welcome {
        version: gc_proto::PROTOCOL_VERSION,
        heartbeat_ms: 12_000,
        silence_ms: 28_000,
        ..Default::default()
    };
    socket.send(Message::Binary(encode_link(Body::Welcome(welcome)))).await.unwrap();
    socket
}

pub(crate) async fn receive(socket: &mut WebSocketStream<TcpStream>) -> Packet {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("a message");
        if let Message::Binary(bytes) = message.expect("the link is up").unwrap() {
            return Packet::decode(Bytes::from(bytes.to_vec())).unwrap();
        }
    }
}

pub(crate) fn records(packets: &[Packet]) -> usize {
    packets.iter().filter(|packet| matches!(packet, Packet::Record(_))).count()
}
