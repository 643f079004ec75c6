//! The product's own viewer in a bare window, for measuring on the display that a
//! person would look at: nothing but the link, the decoder, and the pixels that
//! changed, put on the display through shared memory.
//!
//! `guruconnect-bench view --display :N` reads one line from standard input, the
//! [`Ticket`] as JSON, then shows the session until standard input ends. Every
//! further line, an [`Order`] as JSON or nothing, is answered by a line with
//! `Carried` as JSON. A line `{"state": …}` tells of the first `picture` and of
//! `control`.

mod moving;
mod place;
mod process;
mod screen;

use std::collections::HashMap;
use std::io::{BufRead, ErrorKind};
use std::os::unix::net::UnixStream as Socket;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use gc_input::Key;
use gc_proto::{Channel, Packet};
use gc_viewer_core::ViewerEvent;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::sync::mpsc;

use crate::clock::monotonic;
use crate::report::say;
use crate::seat::{Carried, Seat, Ticket};
pub(crate) use moving::Errand;
use moving::Moving;
pub(crate) use process::View;
use screen::{Heard, Screen};

/// An X server's key codes are those of Linux plus this.
const X_OFFSET: u8 = 8;
/// [`Screen::show`] of a picture that nobody waits for.
const NOBODY: u32 = 0;

/// Options of `view`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Which X display to cover
    #[arg(long, value_name = ":N")]
    display: String,
}

/// What a running window is told to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// Move a file, again and again.
    Move(Errand),
    /// Give up the file that is on its way.
    Rest,
}

/// Shows a session until standard input ends.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let ticket: Ticket =
        serde_json::from_str(&line).context("the first line of standard input is no ticket")?;
    let (asked, asking) = mpsc::unbounded_channel();
    // Ends with the program: a thread that waits for standard input cannot be told to.
    std::thread::Builder::new().name("orders".to_owned()).spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if asked.send(line).is_err() {
                return;
            }
        }
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(show(&ticket, Screen::open(&arguments.display)?, asking))
}

async fn show(
    ticket: &Ticket,
    screen: Screen,
    mut asking: mpsc::UnboundedReceiver<String>,
) -> Result<()> {
    // Only to wait for what it has to tell: the connection reads it.
    let display = UnixStream::from_std(Socket::from(screen.socket()?))?;
    let joining = monotonic();
    let (mut receiver, seat) = Seat::join(ticket, "guruconnect-bench").await?;
    let mut window = Window::new(screen, seat, joining);
    loop {
        // Whatever was written or waited for may have read events as well.
        window.listen()?;
        tokio::select! {
            biased;
            ready = display.readable() => {
                ready?;
                // Ready again when more has come than is read now.
                let none = || Err::<(), _>(ErrorKind::WouldBlock.into());
                let _ = display.try_io(Interest::READABLE, none);
            }
            packet = receiver.recv(), if window.screen.is_free() => {
                let packet = packet.map_err(|closed| {
                    anyhow::anyhow!("the link closed: {:?} {}", closed.code, closed.reason)
                })?;
                if let Packet::Record(record) = &packet
                    && record.header().channel == Channel::Files
                    && let Some(moving) = &window.moving
                {
                    moving.heard(record)?;
                    continue;
                }
                let now = monotonic();
                let event = window.seat.take(packet, now)?;
                window.on_event(event, now)?;
            }
            asked = asking.recv() => {
                let Some(line) = asked else {
                    window.seat.leave();
                    while receiver.recv().await.is_ok() {}
                    return Ok(());
                };
                if !line.is_empty() {
                    let order = serde_json::from_str(&line).context("no order")?;
                    window.obey(order)?;
                }
                say(&serde_json::to_string(&window.carried()?)?);
            }
        }
    }
}

struct Window {
    screen: Screen,
    seat: Seat,
    joining: Duration,
    /// Frames on their way to the display by their number there: their own number,
    /// and when their last byte came.
    drawing: HashMap<u32, (u32, Duration)>,
    number: u32,
    has_picture: bool,
    has_control: bool,
    /// From the first order on.
    moving: Option<Moving>,
}

impl Window {
    fn new(screen: Screen, seat: Seat, joining: Duration) -> Self {
        Self {
            screen,
            seat,
            joining,
            drawing: HashMap::new(),
            number: NOBODY,
            has_picture: false,
            has_control: false,
            moving: None,
        }
    }

    /// What the display has told.
    fn listen(&mut self) -> Result<()> {
        while let Some(heard) = self.screen.heard()? {
            match heard {
                Heard::Key { code, down } => {
                    let key = code.checked_sub(X_OFFSET).map(u16::from).and_then(Key::by_evdev);
                    if let Some(key) = key {
                        self.seat.key(key.scan_code, down)?;
                    }
                }
                Heard::Shown(number) => {
                    if let Some((frame_id, came)) = self.drawing.remove(&number) {
                        self.seat.drawn(frame_id, monotonic().saturating_sub(came))?;
                        self.tell_picture();
                    }
                }
                Heard::Uncovered => {
                    if let Some(surface) = self.seat.surface()
                        && self.screen.is_free()
                    {
                        self.screen.show(surface, &[surface.bounds()], NOBODY)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn on_event(&mut self, event: Option<ViewerEvent>, came: Duration) -> Result<()> {
        match event {
            Some(ViewerEvent::Draw { frame_id, damage }) => {
                self.number = self.number.wrapping_add(1).max(NOBODY + 1);
                let number = self.number;
                let shown = match self.seat.surface() {
                    Some(surface) => self.screen.show(surface, &damage, number)?,
                    None => false,
                };
                if shown {
                    self.drawing.insert(number, (frame_id, came));
                } else {
                    self.seat.drawn(frame_id, monotonic().saturating_sub(came))?;
                }
            }
            Some(ViewerEvent::DecoderFailed(problem)) => {
                tracing::warn!(%problem, "a frame could not be decoded");
            }
            _ => {}
        }
        if self.seat.in_control() && !self.has_control {
            self.has_control = true;
            say(&json!({"state": "control"}).to_string());
        }
        Ok(())
    }

    fn obey(&mut self, order: Order) -> Result<()> {
        match (order, &self.moving) {
            (Order::Move(errand), Some(moving)) => moving.begin(errand),
            (Order::Move(errand), None) => {
                let (sender, ids) = self.seat.line().context("no place in the session yet")?;
                self.moving = Some(Moving::start(sender, ids, errand)?);
                Ok(())
            }
            (Order::Rest, Some(moving)) => moving.rest(),
            (Order::Rest, None) => Ok(()),
        }
    }

    fn carried(&mut self) -> Result<Carried> {
        let mut carried = self.seat.carried(monotonic())?;
        if let Some(moving) = &self.moving {
            let moved = moving.moved()?;
            (carried.files_bytes, carried.files_busy) = (moved.bytes, moved.busy);
        }
        Ok(carried)
    }

    fn tell_picture(&mut self) {
        if !self.has_picture {
            self.has_picture = true;
            let ms = crate::clock::milliseconds(monotonic().saturating_sub(self.joining));
            say(&json!({"state": "picture", "ms": ms}).to_string());
        }
    }
}
