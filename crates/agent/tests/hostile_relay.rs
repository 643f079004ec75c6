//! The agent alone against a relay that cannot be trusted: whatever it forwards,
//! nobody types or sees without the user's word.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use gc_agent::{AgentSettings, Ended, Mode, Platform};
use gc_platform::{
    CaptureError, Clipboard, ClipboardError, ClipboardListener, ConnectedBar, ConsentAnswer,
    ConsentPrompt, InputError, InputInjector, Inventory, ScreenCapture,
};
use gc_platform_fake::{
    FakeBar, FakeBarControl, FakeClipboard, FakeConsent, FakeConsentControl, FakeInput,
    FakeInputControl, FakeInventory, FakeScreen, FakeScreenControl, Injected,
};
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, InputEvent, InputMessage, KeyEvent, input_event};
use gc_proto::{Channel, Flags, Header, Packet, Record, encode_link};
use gc_runtime::{OsEntropy, SystemClock};
use gc_transport::Connector;
use gc_types::{CauseCode, Clock, Rights, Secret, SessionId};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

const PATIENCE: Duration = Duration::from_secs(20);
const SESSION: SessionId = SessionId::from_bytes(*b"hostile-session!");
/// Space bar.
const KEY: u8 = 0x39;

/// One machine in memory.
struct Machine {
    screen: Mutex<Option<FakeScreen>>,
    input: Mutex<Option<FakeInput>>,
    consent: FakeConsent,
    bar: FakeBar,
    inventory: FakeInventory,
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
}

/// A relay that does as the test says, and the agent that is connected to it.
struct Relay {
    socket: WebSocketStream<TcpStream>,
    listener: TcpListener,
    agent: JoinHandle<Ended>,
    stop: Option<oneshot::Sender<()>>,
    screen: FakeScreenControl,
    input: FakeInputControl,
    consent: FakeConsentControl,
    bar: FakeBarControl,
    sequence: u32,
    clock: SystemClock,
}

impl Relay {
    async fn with_agent() -> Self {
        let (screen, screen_control) = FakeScreen::new(640, 480);
        let (input, input_control) = FakeInput::new();
        let (consent, consent_control) = FakeConsent::new();
        let (bar, bar_control) = FakeBar::new();
        let machine = Machine {
            screen: Mutex::new(Some(screen)),
            input: Mutex::new(Some(input)),
            consent,
            bar,
            inventory: FakeInventory::new("test"),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("ws://{}/ws/agent", listener.local_addr().unwrap());
        let settings = AgentSettings {
            url: address.parse().unwrap(),
            connector: Connector::new(None).unwrap(),
            mode: Mode::Managed { key: Secret::new("cak_test") },
            software: "test".into(),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        #[expect(clippy::disallowed_methods, reason = "the handle gives the agent's word back")]
        let agent = tokio::spawn(gc_agent::run(
            settings,
            Arc::new(machine),
            Arc::new(SystemClock::new()),
            Arc::new(OsEntropy),
            async {
                // A dropped sender means stop, too.
                let _ = stopped.await;
            },
        ));
        let socket = welcome(&listener).await;
        Self {
            socket,
            listener,
            agent,
            stop: Some(stop),
            screen: screen_control,
            input: input_control,
            consent: consent_control,
            bar: bar_control,
            sequence: 0,
            clock: SystemClock::new(),
        }
    }

    async fn send(&mut self, body: Body) {
        self.socket.send(Message::Binary(encode_link(body))).await.unwrap();
    }

    async fn offer(&mut self, consent: v2::ConsentMode, rights: Rights, epoch: u32) {
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
            files: None,
        }))
        .await;
    }

    async fn join(&mut self, participant: u16, rights: Rights) {
        self.send(Body::ParticipantJoined(v2::ParticipantJoined {
            session_id: SESSION.as_bytes().to_vec(),
            participant: participant.into(),
            name: "Mallory".into(),
            rights: rights.bits(),
            capabilities: Some(v2::ViewerCapabilities::default()),
        }))
        .await;
    }

    async fn give_control(&mut self, participant: u16) {
        self.send(Body::ControlChanged(v2::ControlChanged {
            session_id: SESSION.as_bytes().to_vec(),
            controller: participant.into(),
        }))
        .await;
    }

    async fn key(&mut self, participant: u16, epoch: u32, down: bool) {
        let event = InputEvent {
            event: Some(input_event::Event::Key(KeyEvent {
                scan_code: KEY.into(),
                extended: false,
                down,
            })),
        };
        self.sequence += 1;
        let header = Header {
            channel: Channel::Input,
            flags: Flags::NONE,
            participant,
            epoch,
            sequence: self.sequence,
            session: SESSION,
        };
        let record = Record::new(header, &InputMessage { events: vec![event] });
        self.socket.send(Message::Binary(record.bytes().clone())).await.unwrap();
    }

    /// Everything up to the answer to a heartbeat: by then the agent has seen all
    /// that was sent before it.
    async fn catch_up(&mut self) -> Vec<Packet> {
        self.send(Body::Heartbeat(v2::Heartbeat { nonce: 77 })).await;
        let mut seen = Vec::new();
        loop {
            match receive(&mut self.socket).await {
                Packet::Link(Body::HeartbeatAck(ack)) if ack.nonce == 77 => return seen,
                packet => seen.push(packet),
            }
        }
    }

    async fn wait_for_record(&mut self, channel: Channel) -> Record {
        loop {
            if let Packet::Record(record) = receive(&mut self.socket).await
                && record.header().channel == channel
            {
                return record;
            }
        }
    }

    async fn stop(mut self) -> FakeInputControl {
        drop(self.stop.take());
        // The agent waits for the peer's close frame only for a bounded time.
        let reader = async { while self.socket.next().await.is_some_and(|m| m.is_ok()) {} };
        let (ended, ()) = tokio::join!(self.agent, reader);
        assert_eq!(ended.unwrap(), Ended::Stopped);
        self.input
    }
}

async fn welcome(listener: &TcpListener) -> WebSocketStream<TcpStream> {
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

async fn receive(socket: &mut WebSocketStream<TcpStream>) -> Packet {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("a message");
        if let Message::Binary(bytes) = message.expect("the link is up").unwrap() {
            return Packet::decode(Bytes::from(bytes.to_vec())).unwrap();
        }
    }
}

fn records(packets: &[Packet]) -> usize {
    packets.iter().filter(|packet| matches!(packet, Packet::Record(_))).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_only_participant_cannot_type_even_when_the_relay_forwards_it() {
    let mut relay = Relay::with_agent().await;
    relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 1).await;
    relay.join(1, Rights::VIEW_ONLY).await;
    relay.give_control(1).await;
    relay.key(1, 1, true).await;
    relay.key(1, 1, false).await;
    relay.catch_up().await;
    let input = relay.stop().await;
    assert_eq!(input.log(), [], "a watcher typed");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_is_in_control_types_and_its_keys_go_up_with_it() {
    let mut relay = Relay::with_agent().await;
    relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 1).await;
    relay.join(1, Rights::CONTROL).await;
    relay.join(2, Rights::CONTROL).await;
    relay.give_control(2).await;
    relay.key(1, 1, true).await;
    relay.key(2, 1, true).await;
    relay.catch_up().await;
    relay.give_control(1).await;
    relay.catch_up().await;
    let key = |down| Injected::Key { scan_code: KEY, extended: false, down };
    assert!(
        relay.input.wait_until(PATIENCE, |log| log == [key(true), key(false)]),
        "{:?}",
        relay.input.log()
    );
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_the_machine_before_the_user_says_yes() {
    let mut relay = Relay::with_agent().await;
    // The relay claims that consent was given earlier; this program never saw it.
    relay.consent.script(gc_platform_fake::ScriptedConsent::Wait);
    relay.offer(v2::ConsentMode::Ask, Rights::CONTROL, 1).await;
    relay.join(1, Rights::CONTROL).await;
    relay.give_control(1).await;
    relay.key(1, 1, true).await;
    let seen = relay.catch_up().await;
    assert!(relay.consent.wait_for_open(1, PATIENCE), "the user was not asked");
    assert_eq!(records(&seen), 0, "a record left without consent");
    assert_eq!(relay.screen.grabs().0, 0, "the screen was captured without consent");
    let pending = seen.iter().any(|packet| {
        matches!(packet, Packet::Link(Body::SessionAnswer(answer))
            if answer.consent() == v2::ConsentState::Pending)
    });
    assert!(pending, "{seen:?}");

    assert!(relay.consent.answer(ConsentAnswer::ViewOnly));
    relay.join(2, Rights::CONTROL).await;
    relay.give_control(2).await;
    relay.wait_for_record(Channel::Video).await;
    relay.key(2, 1, true).await;
    relay.catch_up().await;
    let input = relay.stop().await;
    assert_eq!(input.log(), [], "view only became control");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_link_releases_keys_and_the_session_is_taken_up_again() {
    let mut relay = Relay::with_agent().await;
    relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 1).await;
    relay.join(1, Rights::CONTROL).await;
    relay.give_control(1).await;
    relay.key(1, 1, true).await;
    let key = |down| Injected::Key { scan_code: KEY, extended: false, down };
    assert!(relay.input.wait_until(PATIENCE, |log| log == [key(true)]));

    // Cut without a word.
    relay.socket.get_mut().shutdown().await.unwrap();
    relay.socket = welcome(&relay.listener).await;
    assert!(relay.input.wait_until(PATIENCE, |log| log == [key(true), key(false)]));
    assert!(relay.bar.wait_until(PATIENCE, |bar| bar.is_none()), "the bar still shows");

    relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 2).await;
    relay.join(1, Rights::CONTROL).await;
    relay.wait_for_record(Channel::Video).await;
    // A record of the old link is refused, one of the new link is not.
    relay.give_control(1).await;
    relay.sequence = 0;
    relay.key(1, 1, true).await;
    relay.sequence = 0;
    relay.key(1, 2, true).await;
    assert!(relay.input.wait_until(PATIENCE, |log| log.len() == 3), "{:?}", relay.input.log());
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_users_stop_button_ends_the_session() {
    let mut relay = Relay::with_agent().await;
    relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 1).await;
    relay.join(1, Rights::CONTROL).await;
    relay.wait_for_record(Channel::Video).await;
    assert!(relay.bar.wait_until(PATIENCE, |bar| bar.is_some()), "no bar");
    assert!(relay.bar.stop());
    loop {
        if let Packet::Link(Body::SessionEnd(end)) = receive(&mut relay.socket).await {
            let cause = end.cause.map(|cause| cause.code);
            assert_eq!(cause, Some(CauseCode::EndedByUser as i32));
            break;
        }
    }
    relay.stop().await;
}
