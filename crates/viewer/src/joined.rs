//! What comes over the link, and what follows from it.

use std::sync::Arc;
use std::time::Duration;

use gc_platform::{PixelRect, PixelSize};
use gc_proto::v2::Preset;
use gc_types::CauseCode;
use gc_viewer_core::Surface;

use crate::Facts;
use crate::app::{App, TOOLBAR_STAYS};
use crate::clipboard::Desk;
use crate::link::LinkEvent;
use crate::seat::{Change, Seat};
use crate::status::Phase;

/// How long another's pointer is shown to who has control.
const GHOST_STAYS: Duration = Duration::from_secs(3);
/// Packets taken before the window is looked at again.
const PACKETS_AT_ONCE: usize = 64;

impl App {
    /// Takes what came over the link; whether there may be more.
    pub(crate) fn take_packets(&mut self) -> bool {
        for _ in 0..PACKETS_AT_ONCE {
            let Some(link) = &mut self.link else { return false };
            match link.events.try_recv() {
                Ok(event) => self.on_link(event),
                Err(_) => return false,
            }
        }
        true
    }

    fn on_link(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Up { sender, welcome } => match Seat::take(sender, &welcome) {
                Ok(seat) => self.seated(seat),
                Err(error) => {
                    tracing::error!(%error, "no seat");
                    self.link = None;
                    self.ended(
                        Facts {
                            name: "protocol_error",
                            sentence: "The server did not understand this program. Get the newest \
                                   one."
                                .into(),
                            detail: error.to_string(),
                        },
                        false,
                    );
                }
            },
            LinkEvent::Packet(packet) => {
                let came = self.now();
                let clock = Arc::clone(&self.clock);
                let Some(seat) = &mut self.seat else { return };
                let changes = seat.receive(packet, &move || clock.monotonic());
                for change in changes {
                    self.on_change(change, came);
                }
            }
            LinkEvent::Lost(facts, delay) => {
                self.unseat();
                tracing::debug!(?delay, "tried again then");
                self.phase = Phase::Reconnecting(facts);
                self.stale = true;
            }
            LinkEvent::Ended(facts, over) => {
                self.link = None;
                self.ended(facts, over);
            }
        }
    }

    fn ended(&mut self, facts: Facts, over: bool) {
        self.unseat();
        self.phase = if over { Phase::Over(facts) } else { Phase::Failed(facts) };
        self.stale = true;
    }

    fn seated(&mut self, mut seat: Seat) {
        tracing::info!(participant = seat.participant(), "in the session");
        if self.quality != Preset::Auto {
            seat.set_video(crate::commands::video(self.quality));
        }
        if !self.clipboard_on {
            seat.sync_clipboard(false);
        }
        if seat.may_use_clipboard() && self.desk.is_none() {
            match Desk::open(&self.opener, self.window.waker()) {
                Ok(desk) => self.desk = Some(desk),
                Err(error) => {
                    tracing::warn!(%error, "the clipboard is not shared");
                    self.clipboard_cause = Some(CauseCode::ClipboardUnavailable);
                }
            }
        } else if let Some(desk) = &self.desk {
            desk.restart();
        }
        if self.spread_wanted {
            self.spread_asked = true;
            seat.select_display(0);
        }
        self.seat = Some(seat);
        self.phase = Phase::Live;
        self.hide_at = Some(self.now() + TOOLBAR_STAYS);
        self.stale = true;
    }

    /// The link is gone; its picture stays.
    fn unseat(&mut self) {
        if let Some(seat) = self.seat.take()
            && let Some(surface) = seat.surface()
        {
            self.last = Some(surface.clone());
        }
        self.superseded("The connection was lost. Paste once more.");
        self.drags_lost();
        self.frames.clear();
        self.typing.clear();
        self.seat_tick = None;
        self.ghost_at = None;
        let _up_already = self.keys.let_go();
        self.pointer.let_go();
        self.status.had_control = false;
        self.damage_all();
    }

    pub(crate) fn on_change(&mut self, change: Change, came: Duration) {
        match change {
            Change::Surface => {
                self.surface_changed();
                self.damage_all();
            }
            Change::Picture { frame_id, damage } => {
                let first = self.last.take().is_some();
                if first || self.view.whole() != self.surface_size() {
                    self.surface_changed();
                    self.damage_all();
                }
                if let (Some(spread), Some(surface)) =
                    (&self.spread, self.seat.as_ref().and_then(Seat::surface))
                {
                    let area = |it: &gc_video::PixelRect| PixelRect {
                        x: it.x,
                        y: it.y,
                        width: it.width,
                        height: it.height,
                    };
                    spread.update(surface, damage.iter().map(area));
                }
                for rect in damage {
                    let (x, y) = (rect.x, rect.y);
                    let (width, height) = (rect.width, rect.height);
                    self.drawer.picture_changed(PixelRect { x, y, width, height });
                    if let Some(area) = self.view.damaged(rect.x, rect.y, rect.width, rect.height) {
                        self.damage(area);
                    }
                }
                self.frames.push((frame_id, came));
                self.status.has_picture = true;
            }
            Change::Cursor(cursor) => {
                self.cursor = Some(cursor);
                self.stale = true;
            }
            Change::CursorMoved(x, y) => {
                let until = self.in_control().then(|| self.now() + GHOST_STAYS);
                self.ghost_at = Some(((x, y), until));
                self.stale = true;
            }
            Change::State => self.state_changed(),
            Change::Slow => self.stale = true,
            Change::Clipboard(piece) => {
                if let Some(desk) = &self.desk
                    && self.clipboard_on
                {
                    desk.piece(piece);
                }
            }
            Change::ClipboardReceived(received) => {
                if let Some(desk) = &self.desk {
                    desk.received(received);
                }
            }
            Change::File(message) => self.file_message(message),
            Change::Restarted => {
                if let Some(desk) = &self.desk {
                    desk.restart();
                }
                if let Some(seat) = &mut self.seat {
                    if !self.clipboard_on {
                        seat.sync_clipboard(false);
                    }
                    if self.spread_wanted {
                        self.spread_asked = true;
                        seat.select_display(0);
                    }
                }
                self.frames.clear();
                self.stale = true;
            }
        }
    }

    fn state_changed(&mut self) {
        self.paste_noticed();
        let Some(seat) = &mut self.seat else { return };
        seat.ask_if_free();
        if !seat.in_control() {
            // The machine lets go of everything by itself.
            let _up_already = self.keys.let_go();
            self.pointer.let_go();
            self.typing.clear();
        } else if !std::mem::replace(&mut self.status.had_control, true) {
            tracing::info!("in control");
        }
        self.status.had_control = seat.in_control();
        let title = if seat.machine().is_empty() {
            "GuruConnect".to_owned()
        } else {
            format!("{} · GuruConnect", seat.machine())
        };
        self.sibling.set_name(seat.machine());
        if title != self.title {
            self.window.set_title(&title);
            self.title = title;
        }
        self.stale = true;
    }

    /// The picture that there is, of this seat or of the one before.
    pub(crate) fn surface(&self) -> Option<&Surface> {
        match &self.last {
            Some(last) => Some(last),
            None => self.seat.as_ref().and_then(Seat::surface),
        }
    }

    pub(crate) fn surface_size(&self) -> Option<PixelSize> {
        self.surface().map(|surface| PixelSize { width: surface.width(), height: surface.height() })
    }

    fn surface_changed(&mut self) {
        let size = self.surface_size();
        if size != self.view.whole() {
            tracing::info!(?size, "the picture's size");
        }
        self.view.set_surface(size);
        self.drawer.picture_is_new();
        self.stale = true;
    }
}
