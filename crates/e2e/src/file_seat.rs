//! A viewer's seat that moves files and shows no picture: the product's own link and
//! transfer desk, on a folder of this machine.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use gc_channel::SequenceCounter;
use gc_filetransfer::{Desk, DeskEvent, FilePolicy, Plan, Role};
use gc_platform_linux::LinuxFiles;
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{
    AgentPresence, FileMessage, Hello, SessionState, ViewerCapabilities, ViewerHello,
    folder_request, hello,
};
use gc_proto::{Channel, Flags, Header, Packet, Record, SUPPORTED_VERSIONS};
use gc_runtime::SystemClock;
use gc_transport::{Closed, Connector, Endpoint, Link, LinkSender, SendError};
use gc_types::{Clock as _, SessionId};
use prost::Message as _;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Messages that wait for the desk.
const WAITING: usize = 64;

/// A viewer that moves files.
pub struct FileSeat {
    link: Option<Line>,
    desk: Desk,
    store: LinuxFiles,
    clock: SystemClock,
    place: Option<Place>,
    agent_online: bool,
    sequences: SequenceCounter,
}

/// A link that is read by a task of its own: while the desk works on the disk, as on
/// the viewer's thread of files, the next bytes are taken off the line.
struct Line {
    sender: LinkSender,
    packets: mpsc::Receiver<Result<Packet, Closed>>,
    reading: JoinHandle<()>,
}

impl Line {
    fn over(mut link: Link) -> Self {
        let (found, packets) = mpsc::channel(WAITING);
        let sender = link.sender();
        let reading = gc_runtime::spawn("seat reader", async move {
            loop {
                let packet = link.recv().await;
                let over = packet.is_err();
                if found.send(packet).await.is_err() || over {
                    break;
                }
            }
        });
        Self { sender, packets, reading }
    }

    async fn recv(&mut self) -> Result<Packet> {
        let packet = self.packets.recv().await.context("the link is over")?;
        Ok(packet?)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

#[derive(Clone, Copy)]
struct Place {
    session: SessionId,
    participant: u16,
    epoch: u32,
}

impl FileSeat {
    /// A seat whose own files are in this folder; not connected yet.
    pub fn new(folder: &Path) -> Self {
        let clock = SystemClock::new();
        let mut desk = Desk::new(Role::Viewer, FilePolicy::open(), clock.monotonic());
        let mut store = LinuxFiles::of_folder(folder);
        // Nothing leaves before there is a link.
        desk.link_lost(&mut store, clock.monotonic());
        Self {
            link: None,
            desk,
            store,
            clock,
            place: None,
            agent_online: false,
            sequences: SequenceCounter::default(),
        }
    }

    /// Joins with a viewer token, or joins again.
    pub async fn join(
        &mut self,
        server: &str,
        authority: Option<&Path>,
        token: &str,
    ) -> Result<()> {
        self.lose();
        let url = server.replacen("http", "ws", 1) + "/ws/viewer";
        let endpoint = Endpoint::new(url.parse()?, None)?;
        let mut link = Connector::new(authority)?.connect(&endpoint).await?;
        let capabilities = ViewerCapabilities {
            codecs: Vec::new(),
            max_width: 16_384,
            max_height: 16_384,
            scaled_motion: false,
        };
        let viewer = ViewerHello { token: token.to_owned(), capabilities: Some(capabilities) };
        link.sender().say(Body::Hello(Hello {
            versions: Some(SUPPORTED_VERSIONS),
            software: "files".into(),
            endpoint: Some(hello::Endpoint::Viewer(viewer)),
        }))?;
        loop {
            match link.recv().await? {
                Packet::Link(Body::Welcome(welcome)) => {
                    let seat = welcome.seat.context("a welcome without a seat")?;
                    self.place = Some(Place {
                        session: SessionId::from_slice(&seat.session_id)?,
                        participant: u16::try_from(seat.participant)?,
                        epoch: seat.epoch,
                    });
                    break;
                }
                Packet::Link(Body::Close(close)) => bail!("refused: {}", close.reason),
                _ => {}
            }
        }
        self.link = Some(Line::over(link));
        Ok(())
    }

    /// Whether it has a link.
    pub fn is_connected(&self) -> bool {
        self.link.is_some()
    }

    fn lose(&mut self) {
        self.link = None;
        self.agent_online = false;
        self.desk.link_lost(&mut self.store, self.clock.monotonic());
    }

    /// Begins a transfer.
    pub fn begin(&mut self, plan: Plan) -> u32 {
        self.desk.begin(plan)
    }

    /// Asks for a step in the folders of the machine.
    pub fn request(&mut self, step: folder_request::Step) -> u32 {
        self.desk.request(step)
    }

    /// Works until something is heard that the caller waits for; an error when the
    /// link ends, or after `patience`.
    pub async fn until<T>(
        &mut self,
        patience: Duration,
        mut wanted: impl FnMut(DeskEvent) -> Option<T>,
    ) -> Result<T> {
        let end = self.clock.monotonic() + patience;
        loop {
            while let Some(event) = self.desk.event() {
                if let Some(found) = wanted(event) {
                    return Ok(found);
                }
            }
            let now = self.clock.monotonic();
            if now >= end {
                bail!("what was waited for did not come within {patience:?}");
            }
            self.send(now)?;
            let link = self.link.as_mut().context("not connected")?;
            let due = self.desk.deadline().unwrap_or(end).min(end).saturating_sub(now);
            match tokio::time::timeout(due, link.recv()).await {
                Ok(Ok(packet)) => self.take(packet)?,
                Ok(Err(closed)) => {
                    self.lose();
                    return Err(closed);
                }
                Err(_) => {}
            }
        }
    }

    /// Works until a transfer is over; fails when it is over before its time.
    pub async fn finish(&mut self, number: u32, patience: Duration) -> Result<()> {
        let cause = self
            .until(patience, |event| match event {
                DeskEvent::Over { transfer, cause } if transfer == number => Some(cause),
                _ => None,
            })
            .await?;
        match cause {
            None => Ok(()),
            Some(cause) => bail!("the transfer ended: {}", cause.name()),
        }
    }

    /// Works until so many bytes of a transfer are moved.
    pub async fn reach(&mut self, number: u32, bytes: u64, patience: Duration) -> Result<()> {
        let end = self.clock.monotonic() + patience;
        loop {
            let now = self.clock.monotonic();
            let progress = self.desk.progress(number, now);
            if progress.is_some_and(|progress| progress.bytes >= bytes) {
                return Ok(());
            }
            if now >= end {
                bail!("{progress:?} after {patience:?}");
            }
            self.send(now)?;
            let link = self.link.as_mut().context("not connected")?;
            let due = self.desk.deadline().unwrap_or(end).min(end).saturating_sub(now);
            if let Ok(packet) = tokio::time::timeout(due, link.recv()).await {
                self.take(packet?)?;
            }
        }
    }

    /// How long an urgent message takes to the relay and back, over the link that
    /// transfers go on with meanwhile: so many times, one every `every`.
    pub async fn round_trips(&mut self, count: usize, every: Duration) -> Result<Vec<Duration>> {
        let mut samples = Vec::with_capacity(count);
        let mut due = self.clock.monotonic();
        let mut asked = false;
        while samples.len() < count {
            let now = self.clock.monotonic();
            self.send(now)?;
            let link = self.link.as_mut().context("not connected")?;
            if now >= due {
                if asked && let Some(took) = link.sender.round_trip() {
                    samples.push(took);
                }
                link.sender.ping()?;
                asked = true;
                due = now + every;
            }
            let rest = self.desk.deadline().unwrap_or(due).min(due).saturating_sub(now);
            if let Ok(packet) = tokio::time::timeout(rest, link.recv()).await {
                self.take(packet?)?;
            }
        }
        Ok(samples)
    }

    fn send(&mut self, now: Duration) -> Result<()> {
        let (Some(link), Some(place)) = (&self.link, self.place) else { return Ok(()) };
        let sender = &link.sender;
        while let Some(message) = self.desk.next(&mut self.store, now) {
            let header = Header {
                channel: Channel::Files,
                flags: Flags::NONE,
                participant: place.participant,
                epoch: place.epoch,
                sequence: self.sequences.next(Channel::Files),
                session: place.session,
            };
            match sender.send(&Record::new(header, &message)) {
                Ok(()) => {}
                // Why, is what is received last.
                Err(SendError::Closed) => break,
                Err(full) => return Err(full.into()),
            }
        }
        Ok(())
    }

    fn take(&mut self, packet: Packet) -> Result<()> {
        let now = self.clock.monotonic();
        match packet {
            Packet::Record(record) if record.header().channel == Channel::Files => {
                let message = FileMessage::decode(record.payload())?;
                self.desk.receive(message, &mut self.store, now);
                self.send(now)
            }
            Packet::Link(Body::SessionState(state)) => {
                self.on_state(&state, now);
                Ok(())
            }
            Packet::Link(Body::SessionEnd(end)) => bail!("the session ended: {:?}", end.cause),
            Packet::Record(_) | Packet::Link(_) => Ok(()),
        }
    }

    /// The agent may come and go while the viewer's own link stays.
    fn on_state(&mut self, state: &SessionState, now: Duration) {
        let Some(place) = &mut self.place else { return };
        let online = state.agent() != AgentPresence::Offline;
        if state.epoch != place.epoch || !online {
            place.epoch = state.epoch;
            self.sequences = SequenceCounter::default();
            if self.agent_online {
                self.desk.link_lost(&mut self.store, now);
                self.agent_online = false;
            }
        }
        if online && !self.agent_online {
            self.agent_online = true;
            self.desk.relink(now);
        }
    }
}
