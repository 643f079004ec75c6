//! Carries clipboard texts between the system and a session.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use gc_clipboard::ClipboardShare;
use gc_platform::{Clipboard, ClipboardError};
use gc_proto::v2::{ClipboardPiece, NoticeTopic};
use gc_proto::{Channel, Flags};
use gc_types::CauseCode;

use crate::input_thread::notice;
use crate::outlet::Outlet;
use crate::platform_set::Platform;

/// The clipboard of one session.
pub(crate) struct ClipboardBridge {
    system: Box<dyn Clipboard>,
    share: Arc<Mutex<ClipboardShare>>,
    enabled: Arc<AtomicBool>,
    outlet: Outlet,
}

impl ClipboardBridge {
    /// Starts to watch the system's clipboard.
    pub(crate) fn open(platform: &dyn Platform, outlet: &Outlet) -> Result<Self, ClipboardError> {
        let share = Arc::new(Mutex::new(ClipboardShare::default()));
        let enabled = Arc::new(AtomicBool::new(true));
        let listener = {
            let (share, enabled, outlet) =
                (Arc::clone(&share), Arc::clone(&enabled), outlet.clone());
            Box::new(move |text: String| {
                if enabled.load(Ordering::Acquire) {
                    send(&share, &outlet, &text);
                }
            })
        };
        let system = platform.open_clipboard(listener)?;
        Ok(Self { system, share, enabled, outlet: outlet.clone() })
    }

    /// One piece from a viewer; sets the system's clipboard with the last one.
    pub(crate) fn receive(&self, piece: &ClipboardPiece) {
        if !self.enabled.load(Ordering::Acquire) {
            return;
        }
        let text = self.share.lock().unwrap_or_else(PoisonError::into_inner).remote(piece);
        tracing::debug!(serial = piece.serial, total = piece.total, "clipboard piece");
        match text {
            Ok(Some(text)) => {
                tracing::debug!(bytes = text.len(), "clipboard from a viewer");
                if let Err(error) = self.system.set_text(&text) {
                    tracing::warn!(%error, "clipboard could not be set");
                    tell(&self.outlet, Some(CauseCode::ClipboardUnavailable));
                }
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "clipboard piece refused"),
        }
    }

    /// Sends what is on the clipboard now, for somebody who has just come.
    pub(crate) fn announce(&self) {
        self.share.lock().unwrap_or_else(PoisonError::into_inner).forget();
        if let Err(error) = self.system.announce() {
            tracing::debug!(%error, "clipboard could not be read");
        }
    }

    /// Switches both directions.
    pub(crate) fn set_enabled(&self, enabled: bool) {
        let before = self.enabled.swap(enabled, Ordering::AcqRel);
        if enabled && !before {
            self.announce();
        }
    }
}

fn send(share: &Mutex<ClipboardShare>, outlet: &Outlet, text: &str) {
    let pieces = share.lock().unwrap_or_else(PoisonError::into_inner).local(text);
    match pieces {
        Ok(pieces) => {
            tracing::debug!(bytes = text.len(), pieces = pieces.len(), "clipboard of the machine");
            let last = pieces.len().saturating_sub(1);
            for (index, piece) in pieces.iter().enumerate() {
                let flags = if index == last { Flags::END } else { Flags::NONE };
                if !outlet.send(Channel::Clipboard, 0, flags, piece) {
                    tracing::debug!("clipboard was not sent");
                    return;
                }
            }
        }
        Err(error) => {
            tracing::info!(%error, "clipboard not shared");
            tell(outlet, Some(CauseCode::ClipboardTooLarge));
        }
    }
}

fn tell(outlet: &Outlet, cause: Option<CauseCode>) {
    let message = notice(NoticeTopic::Clipboard, cause, "");
    outlet.send(Channel::Control, 0, Flags::END, &message);
}
