//! A native viewer without a window: the product's own link, decoder and surface,
//! and an eye on the picture after every frame.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc as channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{
    CloseCode, ControlAction, ControlVerb, Hello, InputEvent, InputMessage, KeyEvent, VideoCodec,
    ViewerCapabilities, ViewerHello, hello, input_event,
};
use gc_proto::{Channel, Flags, Header, Packet, Record, SUPPORTED_VERSIONS};
use gc_transport::{Connector, Endpoint, LinkSender};
use gc_types::SessionId;
use gc_viewer_core::{DecoderLimits, SessionIds, ViewerEvent, ViewerSession};
use tokio::sync::mpsc;

use crate::clock::monotonic;
use crate::workload::{BOX, box_is_white};
use crate::{barcode, probe};

/// PS/2 scan code of the key at the place of `a`.
const SCAN_CODE: u32 = 0x1E;

/// How to join.
pub(super) struct Ticket {
    /// `http(s)://127.0.0.1:PORT`.
    pub(super) server: String,
    /// Authority of the server's certificate, PEM.
    pub(super) authority: Option<PathBuf>,
    /// From the REST API.
    pub(super) token: String,
}

/// What the viewer has seen. All times are CLOCK_MONOTONIC.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Frames shown.
    pub(super) frames: u64,
    /// Bytes of all records from the agent.
    pub(super) bytes: u64,
    /// Bytes of all records to the agent.
    pub(super) bytes_sent: u64,
    /// When the first frame was shown.
    pub(super) first_frame: Option<Duration>,
    /// When the latest frame was shown.
    pub(super) last_frame: Duration,
    /// Time from the last byte of a frame to its picture, added up.
    pub(super) drawing: Duration,
    /// Where the barcode is, if it is to be read.
    pub(super) watch: Option<(usize, usize)>,
    /// Different barcodes, and when each was first seen.
    pub(super) codes: Vec<(Duration, u32)>,
    /// How the box of the typing workload looks.
    pub(super) white: Option<bool>,
    /// When it changed last.
    pub(super) flipped: Option<Duration>,
    /// When the latest key was sent.
    pub(super) key_sent: Option<Duration>,
    /// The picture that is waited for.
    pub(super) wanted: Option<Arc<Vec<u8>>>,
    /// When it was shown.
    pub(super) exact: Option<Duration>,
    /// Share of pixels that were equal at the last look.
    pub(super) equal_share: f64,
    /// Whether this viewer may type.
    pub(super) in_control: bool,
    /// Frames that could not be decoded.
    pub(super) problems: Vec<String>,
    /// Why it is over, once it is.
    pub(super) over: Option<String>,
}

enum Command {
    Key { down: bool },
    Look,
    Leave,
}

/// A viewer on a thread of its own.
pub(super) struct Viewer {
    commands: mpsc::UnboundedSender<Command>,
    seen: Arc<Watched>,
    thread: Option<JoinHandle<()>>,
    /// Kernel id of its thread.
    pub(super) thread_id: u32,
}

#[derive(Default)]
struct Watched {
    state: Mutex<Seen>,
    changed: Condvar,
}

impl Watched {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Viewer {
    /// Joins in the background.
    pub(super) fn join(ticket: Ticket, watch: Option<(usize, usize)>) -> Result<Self> {
        let (commands, queue) = mpsc::unbounded_channel();
        let seen = Arc::new(Watched::default());
        seen.lock().watch = watch;
        let (told, id) = channel::channel();
        let shared = seen.clone();
        let thread = std::thread::Builder::new().name("viewer".to_owned()).spawn(move || {
            // Nobody waits for the id when the run has failed already.
            let _ = told.send(rustix::thread::gettid().as_raw_nonzero().get());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let over = match runtime {
                Ok(runtime) => runtime.block_on(run(ticket, queue, &shared)),
                Err(error) => Err(error.into()),
            };
            let mut state = shared.lock();
            state.over = Some(match over {
                Ok(()) => "left".to_owned(),
                Err(error) => format!("{error:#}"),
            });
            shared.changed.notify_all();
        })?;
        let thread_id = u32::try_from(id.recv()?)?;
        Ok(Self { commands, seen, thread: Some(thread), thread_id })
    }

    /// Looks at what was seen so far.
    pub(super) fn seen<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock())
    }

    /// Waits until `found` finds something in what was seen.
    pub(super) fn wait<T>(
        &self,
        what: &str,
        limit: Duration,
        mut found: impl FnMut(&Seen) -> Option<T>,
    ) -> Result<T> {
        let end = monotonic() + limit;
        let mut state = self.seen.lock();
        loop {
            if let Some(found) = found(&state) {
                return Ok(found);
            }
            if let Some(over) = &state.over {
                bail!("the viewer's session ended ({over}) before: {what}");
            }
            let left = end.saturating_sub(monotonic());
            if left.is_zero() {
                bail!("waited {limit:?} in vain: {what}; problems: {:?}", state.problems);
            }
            let waited = self.seen.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Presses or releases a key.
    pub(super) fn key(&self, down: bool) -> Result<()> {
        self.commands.send(Command::Key { down }).ok().context("the viewer is gone")
    }

    /// Compares with a picture now and after each frame until it is shown.
    pub(super) fn want(&self, picture: Vec<u8>) -> Result<()> {
        self.seen(|seen| {
            seen.wanted = Some(Arc::new(picture));
            seen.exact = None;
        });
        self.commands.send(Command::Look).ok().context("the viewer is gone")
    }

    /// Leaves the session.
    pub(super) fn leave(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.commands.send(Command::Leave);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the viewer's thread panicked");
        }
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.end();
    }
}

async fn run(
    ticket: Ticket,
    mut commands: mpsc::UnboundedReceiver<Command>,
    seen: &Watched,
) -> Result<()> {
    let url = ticket.server.replacen("http", "ws", 1) + "/ws/viewer";
    let endpoint = Endpoint::new(url.parse()?, None)?;
    let link = Connector::new(ticket.authority.as_deref())?.connect(&endpoint).await?;
    let (mut receiver, sender) = link.split();
    let capabilities = ViewerCapabilities {
        codecs: vec![VideoCodec::H264.into()],
        max_width: 16_384,
        max_height: 16_384,
    };
    let viewer = ViewerHello { token: ticket.token, capabilities: Some(capabilities) };
    let hello = Hello {
        versions: Some(SUPPORTED_VERSIONS),
        software: "guruconnect-bench".to_owned(),
        endpoint: Some(hello::Endpoint::Viewer(viewer)),
    };
    sender.say(Body::Hello(hello))?;
    let mut picture: Option<Picture> = None;
    loop {
        tokio::select! {
            biased;
            packet = receiver.recv() => {
                let packet = packet.map_err(|closed| {
                    anyhow::anyhow!("the link closed: {:?} {}", closed.code, closed.reason)
                })?;
                match packet {
                    Packet::Link(Body::Welcome(welcome)) => {
                        let seat = welcome.seat.context("a welcome without a seat")?;
                        let session = <[u8; 16]>::try_from(seat.session_id).ok();
                        let ids = SessionIds {
                            session: SessionId::from_bytes(session.context("session id")?),
                            participant: u16::try_from(seat.participant)?,
                            epoch: seat.epoch,
                        };
                        picture = Some(Picture::new(ids, sender.clone())?);
                    }
                    Packet::Link(body) => {
                        if let Some(picture) = &mut picture {
                            picture.on_link(&body, seen)?;
                        }
                    }
                    Packet::Record(record) => {
                        if let Some(picture) = &mut picture {
                            picture.on_record(&record, seen)?;
                        }
                    }
                }
            }
            command = commands.recv() => match command {
                Some(Command::Key { down }) => {
                    let picture = picture.as_mut().context("a key before the welcome")?;
                    picture.key(down, seen)?;
                }
                Some(Command::Look) => {
                    if let Some(picture) = &picture {
                        picture.look(seen, None);
                    }
                }
                Some(Command::Leave) | None => {
                    sender.close(CloseCode::Normal, "done");
                    while receiver.recv().await.is_ok() {}
                    return Ok(());
                }
            },
        }
    }
}

struct Picture {
    ids: SessionIds,
    session: ViewerSession,
    sender: LinkSender,
    keys: u32,
}

impl Picture {
    fn new(ids: SessionIds, sender: LinkSender) -> Result<Self> {
        let limits = DecoderLimits { h264: true, ..DecoderLimits::default() };
        Ok(Self { session: ViewerSession::new(ids, limits)?, ids, sender, keys: 0 })
    }

    fn on_link(&mut self, body: &Body, seen: &Watched) -> Result<()> {
        match body {
            Body::SessionState(state) => {
                self.ids.epoch = state.epoch;
                self.session.set_epoch(state.epoch);
                self.on_controller(state.controller, seen)?;
            }
            Body::ControlChanged(change) => self.on_controller(change.controller, seen)?,
            Body::SessionEnd(end) => bail!("the session ended: {:?}", end.cause),
            _ => {}
        }
        seen.changed.notify_all();
        Ok(())
    }

    /// Takes control when nobody has it.
    fn on_controller(&self, controller: u32, seen: &Watched) -> Result<()> {
        seen.lock().in_control = controller == u32::from(self.ids.participant);
        if controller == 0 {
            let verb = ControlVerb::Ask.into();
            self.sender.say(Body::ControlAction(ControlAction { verb, participant: 0 }))?;
        }
        Ok(())
    }

    fn on_record(&mut self, record: &Record, seen: &Watched) -> Result<()> {
        let start = monotonic();
        let event = self.session.on_record(record, start)?;
        let mut shown = None;
        match event {
            Some(ViewerEvent::Draw { frame_id, .. }) => {
                let drawn = monotonic();
                shown = Some((drawn, drawn.saturating_sub(start)));
                self.session.drawn(frame_id, drawn.saturating_sub(start));
            }
            Some(ViewerEvent::DecoderFailed(problem)) => {
                seen.lock().problems.push(problem.to_string());
            }
            _ => {}
        }
        let mut sent = 0;
        while let Some(record) = self.session.poll_record() {
            sent += record.bytes().len() as u64;
            self.sender.send(&record)?;
        }
        {
            let mut state = seen.lock();
            state.bytes += record.bytes().len() as u64;
            state.bytes_sent += sent;
        }
        if let Some(shown) = shown {
            self.look(seen, Some(shown));
        }
        Ok(())
    }

    /// Looks at the picture as a person would.
    fn look(&self, seen: &Watched, shown: Option<(Duration, Duration)>) {
        let mut state = seen.lock();
        if let Some((at, drawing)) = shown {
            state.frames += 1;
            state.drawing += drawing;
            state.last_frame = at;
            state.first_frame.get_or_insert(at);
        }
        let Some(surface) = self.session.decoder().surface() else { return };
        let (pixels, stride) = (surface.pixels(), surface.stride());
        if let Some(code) = state.watch.and_then(|at| barcode::read(pixels, stride, at))
            && state.codes.last().is_none_or(|(_, last)| *last != code)
        {
            let at = state.last_frame;
            state.codes.push((at, code));
        }
        let white = box_is_white(pixels, stride, (BOX.0, BOX.1));
        if white.is_some() && white != state.white {
            state.white = white;
            state.flipped = Some(state.last_frame);
        }
        if let (Some(wanted), None) = (state.wanted.clone(), state.exact) {
            if probe::equal(pixels, &wanted) {
                state.exact = Some(state.last_frame);
                state.equal_share = 1.0;
            } else {
                state.equal_share = probe::equal_share(pixels, &wanted);
            }
        }
        drop(state);
        seen.changed.notify_all();
    }

    fn key(&mut self, down: bool, seen: &Watched) -> Result<()> {
        let key = KeyEvent { scan_code: SCAN_CODE, extended: false, down };
        let event = InputEvent { event: Some(input_event::Event::Key(key)) };
        let header = Header {
            channel: Channel::Input,
            flags: Flags::NONE,
            participant: self.ids.participant,
            epoch: self.ids.epoch,
            sequence: self.keys,
            session: self.ids.session,
        };
        self.keys = self.keys.wrapping_add(1);
        let record = Record::new(header, &InputMessage { events: vec![event] });
        let at = monotonic();
        self.sender.send(&record)?;
        let mut state = seen.lock();
        state.bytes_sent += record.bytes().len() as u64;
        if down {
            state.key_sent = Some(at);
        }
        Ok(())
    }
}
