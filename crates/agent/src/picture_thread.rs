//! The thread that captures, encodes and sends the picture.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use gc_codec::{EncoderPool, TileEncoder, ZstdTiles};
use gc_platform::{
    CaptureError, CursorImage, DisplayInfo, DisplaySelection, PixelSize, ScreenCapture,
    ScreenEvent, ScreenNotice, WaitWaker,
};
use gc_proto::v2::{
    AgentControl, CursorMessage, CursorPosition, CursorShape, Display, DisplayList, NoticeTopic,
    PictureReason, Point, VideoFeedback, VideoSettings, ViewerCapabilities, agent_control,
    cursor_message, video_feedback,
};
use gc_proto::{Channel, Flags};
use gc_types::{CauseCode, Clock};
use gc_video::host::{HostConfig, HostEvent, Step, VideoHost};
use gc_video::{EncodeFailure, PictureView, PixelRect};

use crate::input_thread::{PointerShare, notice};
use crate::load::LoadMeter;
use crate::outlet::Outlet;
use crate::platform_set::Platform;

/// A lost screen is opened again after this long.
const REOPEN: Duration = Duration::from_millis(1_500);

/// Told of each change between "there is a picture" and "there is none, because".
pub(crate) type PictureListener = Box<dyn Fn(Option<CauseCode>) + Send>;

enum Command {
    Join(u16, ViewerCapabilities),
    Leave(u16),
    NeedsPicture(u16, PictureReason),
    /// With the time when it came: the thread may be encoding just then.
    Feedback(u16, VideoFeedback, Duration),
    Select(DisplaySelection),
    Settings(VideoSettings),
    /// Nothing but a sign of life.
    Probe,
    Stop,
}

/// Commands on their way to the thread, and what wakes it.
#[derive(Default)]
struct Mailbox {
    state: Mutex<MailboxState>,
    changed: Condvar,
}

#[derive(Default)]
struct MailboxState {
    commands: VecDeque<Command>,
    /// Since when a probe waits to be seen.
    probed: Option<Duration>,
    /// Set while the thread waits in the capture rather than on the condition.
    waker: Option<Arc<dyn WaitWaker>>,
}

/// Commands that may wait; acknowledgements beyond are dropped, and the pacing
/// takes them for late ones.
const MAX_COMMANDS: usize = 1_024;

impl Mailbox {
    fn push(&self, command: Command) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let droppable = matches!(command, Command::Feedback(..));
        if droppable && state.commands.len() >= MAX_COMMANDS {
            return;
        }
        state.commands.push_back(command);
        if let Some(waker) = &state.waker {
            waker.wake();
        }
        self.changed.notify_all();
    }

    fn take(&self) -> VecDeque<Command> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut state.commands)
    }

    /// Notes that a probe is under way; for how long one was before.
    fn probed(&self, now: Duration) -> Option<Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let owed = state.probed.map(|since| now.saturating_sub(since));
        state.probed.get_or_insert(now);
        owed
    }

    fn probe_seen(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).probed = None;
    }

    fn has_mail(&self) -> bool {
        !self.state.lock().unwrap_or_else(PoisonError::into_inner).commands.is_empty()
    }

    fn set_waker(&self, waker: Option<Arc<dyn WaitWaker>>) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).waker = waker;
    }

    /// Waits for a command; for use while there is no capture to wait in.
    fn wait(&self, limit: Option<Duration>) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let empty = |state: &mut MailboxState| state.commands.is_empty();
        match limit {
            Some(limit) => {
                drop(self.changed.wait_timeout_while(state, limit, empty));
            }
            None => drop(self.changed.wait_while(state, empty)),
        }
    }
}

/// Handle of the thread; dropping it ends the thread.
pub(crate) struct PictureThread {
    mailbox: Arc<Mailbox>,
    clock: Arc<dyn Clock>,
    thread: Option<JoinHandle<()>>,
}

impl PictureThread {
    pub(crate) fn start(
        platform: Arc<dyn Platform>,
        encoders: &Arc<EncoderPool>,
        clock: Arc<dyn Clock>,
        share: Arc<PointerShare>,
        outlet: Outlet,
        frames_before: u32,
        listener: PictureListener,
    ) -> io::Result<Self> {
        let tiles = TileEncoder::new().map_err(io::Error::other)?;
        let cursors = ZstdTiles::new().map_err(io::Error::other)?;
        let mailbox = Arc::new(Mailbox::default());
        let inbox = Arc::clone(&mailbox);
        let mut host =
            VideoHost::new(HostConfig::default(), Box::new(tiles), Box::new(encoders.chain()));
        host.continue_after(frames_before);
        let mut worker = Worker {
            platform,
            clock: Arc::clone(&clock),
            share,
            outlet,
            listener,
            mailbox: inbox,
            host,
            cursors,
            viewers: BTreeMap::new(),
            selection: None,
            displays: Vec::new(),
            cursor: None,
            trouble: None,
            capture_notice: None,
            load: LoadMeter::default(),
            stopped: false,
        };
        let thread =
            std::thread::Builder::new().name("picture".into()).spawn(move || worker.run())?;
        Ok(Self { mailbox, clock, thread: Some(thread) })
    }

    pub(crate) fn join(&self, participant: u16, capabilities: ViewerCapabilities) {
        self.mailbox.push(Command::Join(participant, capabilities));
    }

    pub(crate) fn leave(&self, participant: u16) {
        self.mailbox.push(Command::Leave(participant));
    }

    pub(crate) fn needs_picture(&self, participant: u16, reason: PictureReason) {
        self.mailbox.push(Command::NeedsPicture(participant, reason));
    }

    pub(crate) fn feedback(&self, participant: u16, feedback: VideoFeedback) {
        let now = self.clock.monotonic();
        self.mailbox.push(Command::Feedback(participant, feedback, now));
    }

    /// Asks for a sign of life. Returns for how long an earlier one is owed: the thread
    /// is in a call that does not return.
    pub(crate) fn probe(&self) -> Duration {
        let now = self.clock.monotonic();
        let owed = self.mailbox.probed(now);
        if owed.is_none() {
            self.mailbox.push(Command::Probe);
        }
        owed.unwrap_or_default()
    }

    /// `0`: all displays in one picture.
    pub(crate) fn select(&self, display: u32) {
        let selection =
            if display == 0 { DisplaySelection::All } else { DisplaySelection::One(display) };
        self.mailbox.push(Command::Select(selection));
    }

    pub(crate) fn settings(&self, settings: VideoSettings) {
        self.mailbox.push(Command::Settings(settings));
    }
}

impl Drop for PictureThread {
    fn drop(&mut self) {
        self.mailbox.push(Command::Stop);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("picture thread panicked");
        }
    }
}

struct Worker {
    platform: Arc<dyn Platform>,
    clock: Arc<dyn Clock>,
    share: Arc<PointerShare>,
    outlet: Outlet,
    listener: PictureListener,
    mailbox: Arc<Mailbox>,
    host: VideoHost,
    cursors: ZstdTiles,
    viewers: BTreeMap<u16, ViewerCapabilities>,
    /// What viewers chose; `None` before the first screen was open.
    selection: Option<DisplaySelection>,
    displays: Vec<gc_platform::DisplayInfo>,
    /// What a viewer needs to draw the present cursor; `None` before it was seen.
    cursor: Option<CursorMessage>,
    trouble: Option<CauseCode>,
    /// What viewers were told of the way of capturing.
    capture_notice: Option<ScreenNotice>,
    load: LoadMeter,
    stopped: bool,
}

impl Worker {
    fn run(&mut self) {
        while !self.stopped {
            // Nobody watches: neither screen nor timer is needed.
            if self.viewers.is_empty() {
                self.mailbox.wait(None);
                self.take_commands(None);
                continue;
            }
            let outcome = self.platform.open_screen().and_then(|mut screen| {
                self.mailbox.set_waker(Some(screen.waker()));
                self.watch(screen.as_mut())
            });
            self.mailbox.set_waker(None);
            if let Err(error) = outcome {
                tracing::warn!(%error, "no picture");
                self.report(Some(&error));
                self.mailbox.wait(Some(REOPEN));
                self.take_commands(None);
            }
        }
    }

    /// Sends pictures for as long as somebody watches.
    fn watch(&mut self, screen: &mut dyn ScreenCapture) -> Result<(), CaptureError> {
        self.choose_or_all(screen)?;
        // When the timer of the last wait should have come, if nothing else did.
        let mut due = None;
        while !self.stopped && !self.viewers.is_empty() {
            let now = self.clock.monotonic();
            if let Some(due) = due.take() {
                self.host.woke_late(now.saturating_sub(due));
            }
            self.host.link_backlog(self.outlet.backlog());
            let step = self.host.next_step(now);
            let timeout = match step {
                Step::Capture { region } => {
                    self.capture(screen, &region)?;
                    Some(Duration::ZERO)
                }
                Step::WaitUntil(at) => {
                    let decided = self.clock.monotonic();
                    self.host.took(Duration::ZERO, decided.saturating_sub(now), decided);
                    due = Some(at.max(decided));
                    Some(at.saturating_sub(decided))
                }
                Step::Idle => None,
            };
            self.send();
            let events = screen.wait(timeout)?;
            if !events.is_empty() || self.mailbox.has_mail() {
                due = None;
            }
            for event in events {
                self.on_event(screen, event)?;
            }
            self.take_commands(Some(screen));
        }
        Ok(())
    }

    fn capture(
        &mut self,
        screen: &mut dyn ScreenCapture,
        region: &[PixelRect],
    ) -> Result<(), CaptureError> {
        let region: Vec<_> = region.iter().copied().map(platform_rect).collect();
        let begin = self.clock.monotonic();
        let view = screen.grab(&region)?;
        let now = self.clock.monotonic();
        let picture = PictureView {
            width: view.size.width,
            height: view.size.height,
            stride: view.stride,
            pixels: view.pixels,
        };
        self.host.encode(picture, now).map_err(|error| CaptureError {
            cause: CauseCode::CaptureFailed,
            detail: error.to_string(),
            lost: true,
        })?;
        let end = self.clock.monotonic();
        self.host.took(now.saturating_sub(begin), end.saturating_sub(now), end);
        if let Some(percent) = self.load.sample(end, || self.platform.processor_time()) {
            self.host.machine_load(percent);
        }
        self.report(None);
        Ok(())
    }

    fn send(&mut self) {
        let mut refused = false;
        while let Some(outgoing) = self.host.poll_output_at(self.clock.monotonic()) {
            refused |= !self.outlet.send(
                Channel::Video,
                outgoing.participant,
                outgoing.flags,
                &outgoing.message,
            );
        }
        if refused {
            // What was refused is missing from every later frame.
            for &viewer in self.viewers.keys() {
                self.host.picture_needed(viewer, PictureReason::Skipped);
            }
        }
        while let Some(event) = self.host.poll_event() {
            match event {
                HostEvent::EncoderFellBack { encoder, failure, retry_after, next } => {
                    let (kind, next) = (failure.kind(), next.as_deref().unwrap_or("tiles"));
                    tracing::warn!(encoder, kind, %failure, ?retry_after, next, "encoder failed");
                    self.tell_encoder(&encoder, &failure);
                }
                HostEvent::EncoderRejected { encoder, failure, retry_after } => {
                    let kind = failure.kind();
                    if matches!(failure, EncodeFailure::Absent(_)) {
                        tracing::info!(encoder, kind, %failure, "no such encoder");
                    } else {
                        tracing::warn!(encoder, kind, %failure, ?retry_after, "encoder rejected");
                        self.tell_encoder(&encoder, &failure);
                    }
                }
                HostEvent::EncoderReady { encoder } => tracing::info!(encoder, "encoder is ready"),
                HostEvent::PictureFailed(error) => tracing::warn!(%error, "picture not made"),
                HostEvent::PictureTooLarge { participant } => {
                    let message =
                        notice(NoticeTopic::Picture, Some(CauseCode::PictureTooLarge), "");
                    self.outlet.send(Channel::Control, participant, Flags::END, &message);
                }
            }
        }
    }

    /// Tells the viewers which encoder was given up, and why.
    fn tell_encoder(&self, encoder: &str, failure: &EncodeFailure) {
        let detail = format!("{encoder}: {failure}");
        self.tell(NoticeTopic::Encoder, Some(CauseCode::EncoderFellBack), &detail);
    }

    fn on_event(
        &mut self,
        screen: &mut dyn ScreenCapture,
        event: ScreenEvent,
    ) -> Result<(), CaptureError> {
        match event {
            ScreenEvent::Damage(rect) => {
                let rect =
                    PixelRect { x: rect.x, y: rect.y, width: rect.width, height: rect.height };
                self.host.damage(rect, self.clock.monotonic());
                Ok(())
            }
            ScreenEvent::DisplaysChanged => self.choose_or_all(screen),
            ScreenEvent::CursorShape(shape) => {
                self.cursor = self.cursor_message(shape.as_ref());
                self.send_cursor(0);
                Ok(())
            }
            ScreenEvent::CursorMoved { x, y } => {
                if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) {
                    self.host.set_focus(x, y);
                }
                // What the viewer did itself it knows already.
                if self.share.injected.get() != (x, y) {
                    let position = CursorPosition { position: Some(Point { x, y }) };
                    let body = Some(cursor_message::Body::Position(position));
                    self.outlet.send(Channel::Cursor, 0, Flags::DROPPABLE, &CursorMessage { body });
                }
                Ok(())
            }
            ScreenEvent::Notice(notice) => {
                if let Some(ScreenNotice { cause, detail }) = &notice {
                    tracing::warn!(cause = cause.name(), detail, "capture is not as it should be");
                } else {
                    tracing::info!("capture is in order again");
                }
                self.capture_notice = notice;
                self.tell_capture();
                Ok(())
            }
        }
    }

    /// Tells the viewers how the screen is captured, where that is not as it should be.
    fn tell_capture(&self) {
        let notice = self.capture_notice.as_ref();
        let detail = notice.map_or("", |notice| notice.detail.as_str());
        self.tell(NoticeTopic::Capture, notice.map(|notice| notice.cause), detail);
    }

    fn take_commands(&mut self, mut screen: Option<&mut dyn ScreenCapture>) {
        for command in self.mailbox.take() {
            match command {
                Command::Join(participant, capabilities) => {
                    self.viewers.insert(participant, capabilities.clone());
                    self.host.join(participant, &capabilities);
                    self.send_displays(participant);
                    self.send_cursor(participant);
                    if let Some(cause) = self.trouble {
                        self.tell(NoticeTopic::Picture, Some(cause), "");
                    }
                    if self.capture_notice.is_some() {
                        self.tell_capture();
                    }
                }
                Command::Leave(participant) => {
                    self.viewers.remove(&participant);
                    self.host.leave(participant);
                }
                Command::NeedsPicture(participant, reason) => {
                    tracing::debug!(participant, ?reason, "viewer is without a picture");
                    self.host.picture_needed(participant, reason);
                }
                Command::Feedback(participant, feedback, at) => {
                    if let Some(video_feedback::Body::Refresh(refresh)) = &feedback.body {
                        let cause = refresh.cause();
                        tracing::debug!(participant, ?cause, "viewer asks for a picture");
                    }
                    self.host.on_feedback(participant, &feedback, at);
                }
                Command::Select(selection) => match screen.as_deref_mut() {
                    Some(screen) => {
                        if let Err(error) = self.choose(screen, selection) {
                            tracing::info!(%error, "display was not chosen");
                            self.tell(NoticeTopic::Picture, Some(error.cause), &error.detail);
                        } else {
                            self.tell(NoticeTopic::Picture, None, "");
                        }
                    }
                    None => self.selection = Some(selection),
                },
                Command::Settings(settings) => self.host.set_settings(settings),
                Command::Probe => self.mailbox.probe_seen(),
                Command::Stop => self.stopped = true,
            }
        }
    }

    /// What viewers chose; everything when that is not there any more.
    fn choose_or_all(&mut self, screen: &mut dyn ScreenCapture) -> Result<(), CaptureError> {
        let selection = self.selection.unwrap_or(DisplaySelection::All);
        self.choose(screen, selection).or_else(|error| {
            if error.cause == CauseCode::MonitorUnknown {
                self.choose(screen, DisplaySelection::All)
            } else {
                Err(error)
            }
        })
    }

    fn choose(
        &mut self,
        screen: &mut dyn ScreenCapture,
        selection: DisplaySelection,
    ) -> Result<(), CaptureError> {
        let PixelSize { width, height } = screen.select(selection)?;
        self.selection = Some(selection);
        let (x, y) = screen.origin();
        self.share.origin.set(x, y);
        let display = match selection {
            DisplaySelection::All => 0,
            DisplaySelection::One(id) => id,
        };
        self.displays = screen.displays();
        self.host.set_surface(width, height, display, self.clock.monotonic()).map_err(|error| {
            CaptureError {
                cause: CauseCode::PictureTooLarge,
                detail: error.to_string(),
                lost: false,
            }
        })?;
        self.send_displays(0);
        Ok(())
    }

    fn send_displays(&self, participant: u16) {
        let displays = self.displays.iter().map(display_message);
        let selected = match self.selection {
            Some(DisplaySelection::One(id)) => id,
            Some(DisplaySelection::All) | None => 0,
        };
        let list = DisplayList { displays: displays.collect(), selected };
        let message = AgentControl { body: Some(agent_control::Body::Displays(list)) };
        self.outlet.send(Channel::Control, participant, Flags::END, &message);
    }

    fn send_cursor(&self, participant: u16) {
        if let Some(cursor) = &self.cursor {
            self.outlet.send(Channel::Cursor, participant, Flags::END, cursor);
        }
    }

    /// No image: the cursor is hidden.
    fn cursor_message(&mut self, image: Option<&CursorImage>) -> Option<CursorMessage> {
        let mut shape = CursorShape::default();
        if let Some(image) = image {
            (shape.width, shape.height) = (image.size.width, image.size.height);
            (shape.hotspot_x, shape.hotspot_y) = (image.hotspot_x, image.hotspot_y);
            if let Err(error) = self.cursors.compress(&image.rgba, &mut shape.rgba) {
                tracing::warn!(%error, "cursor was not compressed");
                return None;
            }
        }
        Some(CursorMessage { body: Some(cursor_message::Body::Shape(shape)) })
    }

    /// Tells server and viewers whether there is a picture, once per change.
    fn report(&mut self, error: Option<&CaptureError>) {
        let cause = error.map(|error| error.cause);
        if self.trouble == cause {
            return;
        }
        self.trouble = cause;
        let detail = error.map_or_else(String::new, |error| error.detail.clone());
        self.tell(NoticeTopic::Picture, cause, &detail);
        (self.listener)(cause);
    }

    fn tell(&self, topic: NoticeTopic, cause: Option<CauseCode>, detail: &str) {
        self.outlet.send(Channel::Control, 0, Flags::END, &notice(topic, cause, detail));
    }
}

fn platform_rect(rect: PixelRect) -> gc_platform::PixelRect {
    gc_platform::PixelRect { x: rect.x, y: rect.y, width: rect.width, height: rect.height }
}

/// A monitor as the wire has it, with a name that is fit to be shown.
pub(crate) fn display_message(display: &DisplayInfo) -> Display {
    Display {
        id: display.id,
        name: gc_proto::clean_text(&display.name, 64),
        origin: Some(Point { x: display.x, y: display.y }),
        width: display.size.width,
        height: display.size.height,
        primary: display.primary,
    }
}
