//! One end of a clipboard shared with one peer.

use std::sync::Arc;

use gc_proto::v2::{ClipboardFormat, ClipboardPart, ClipboardPiece, ClipboardReceived};

use crate::prepare::Fingerprint;
use crate::{Assembly, ClipboardContent, MAX_PIECE, PieceError, Prepared, WINDOW};

/// What this end knows of the clipboard it shares with a peer. The agent has one
/// for each viewer, a viewer has one.
///
/// INVARIANT: content that both ends are known to have is neither sent nor
/// reported, so a content crosses once and the answer to it, if a clipboard
/// program copies it again, does not cross: two hops at most.
///
/// At most one content is on its way in each direction. A newer one ends it at once,
/// whichever end it comes from.
#[derive(Debug, Default)]
pub struct ClipboardShare {
    serial: u32,
    shared: Option<Shared>,
    outgoing: Option<Outgoing>,
    assembly: Assembly,
    /// The peer tells what has come; one that never does gets no more than a window of
    /// what is not text.
    acknowledges: bool,
}

#[derive(Debug)]
struct Shared {
    print: Fingerprint,
    by_peer: bool,
}

#[derive(Debug)]
struct Outgoing {
    /// Until all of it was sent.
    content: Option<Arc<Prepared>>,
    formats: Vec<ClipboardFormat>,
    /// The format that goes now, and how much of it has gone.
    at: usize,
    offset: usize,
    sent: usize,
    acknowledged: usize,
}

/// What a piece of the peer brought about.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Harmless, and to be put on the local clipboard.
    pub content: Option<ClipboardContent>,
    /// To be sent back.
    pub reply: Option<ClipboardReceived>,
    /// A whole content came of which nothing may be put on a clipboard.
    pub unusable: bool,
}

impl ClipboardShare {
    /// The local clipboard has this content now. `true`: there is something to send,
    /// see [`next_piece`](Self::next_piece); `false`: the peer has it already.
    pub fn local(&mut self, content: &Arc<Prepared>) -> bool {
        let print = content.print();
        if let Some(shared) = &self.shared {
            let known = if shared.by_peer {
                print.is_echo_of(&shared.print)
            } else {
                print.is_part_of(&shared.print)
            };
            if known {
                return false;
            }
        }
        self.shared = Some(Shared { print, by_peer: false });
        self.serial = self.serial.wrapping_add(1);
        let formats = content.content().formats().collect();
        let content = Some(Arc::clone(content));
        let (at, offset, sent, acknowledged) = (0, 0, 0, 0);
        self.outgoing = Some(Outgoing { content, formats, at, offset, sent, acknowledged });
        // What comes from the peer was copied before this.
        self.assembly.give_up();
        true
    }

    /// The next piece to send, if one may be sent now, and whether it is the last.
    /// The same again until [`sent`](Self::sent) is called.
    pub fn next_piece(&self) -> Option<(ClipboardPiece, bool)> {
        let outgoing = self.outgoing.as_ref()?;
        let format = *outgoing.formats.get(outgoing.at)?;
        let bytes = outgoing.bytes()?;
        // Peers that know only text never tell what has come.
        let free = format == ClipboardFormat::Text && !self.acknowledges;
        if !free && outgoing.sent - outgoing.acknowledged >= WINDOW {
            return None;
        }
        let end = (outgoing.offset + MAX_PIECE).min(bytes.len());
        let last = end == bytes.len() && outgoing.at + 1 == outgoing.formats.len();
        let parts = if outgoing.sent == 0 { outgoing.parts() } else { Vec::new() };
        let piece = ClipboardPiece {
            serial: self.serial,
            format: format.into(),
            total: bytes.len() as u32,
            data: bytes[outgoing.offset..end].to_vec(),
            parts,
        };
        Some((piece, last))
    }

    /// The piece of [`next_piece`](Self::next_piece) has left.
    pub fn sent(&mut self) {
        let Some(outgoing) = &mut self.outgoing else { return };
        let Some(total) = outgoing.bytes().map(<[u8]>::len) else { return };
        let size = MAX_PIECE.min(total - outgoing.offset);
        outgoing.offset += size;
        outgoing.sent += size;
        if outgoing.offset == total {
            outgoing.at += 1;
            outgoing.offset = 0;
        }
        if outgoing.at == outgoing.formats.len() {
            // Only the count of what arrives is of interest now.
            outgoing.content = None;
        }
    }

    /// A piece came from the peer.
    pub fn remote(&mut self, piece: &ClipboardPiece) -> Result<Received, PieceError> {
        let taken = self.assembly.push(piece)?;
        let reply = taken.received.map(|bytes| ClipboardReceived { serial: piece.serial, bytes });
        let mut result = Received { reply, ..Received::default() };
        if let Some(complete) = taken.content {
            let Ok(prepared) = Prepared::remote(complete) else {
                result.unusable = true;
                return Ok(result);
            };
            let print = prepared.print();
            let known = self.shared.as_ref().is_some_and(|shared| print.is_part_of(&shared.print));
            if !known {
                self.shared = Some(Shared { print, by_peer: true });
                result.content = Some(prepared.content().clone());
            }
            // What was still to be sent was copied before this.
            self.outgoing = None;
        }
        Ok(result)
    }

    /// What came last from the peer stands on the local clipboard as this, which counts
    /// as what the peer has: files that it put into its own folder have other names for
    /// the programs here.
    pub fn stands_as(&mut self, content: &Prepared) {
        if let Some(shared) = self.shared.as_mut().filter(|shared| shared.by_peer) {
            shared.print = content.print();
        }
    }

    /// The peer tells what has come. `true`: all of the content that was sent last, for
    /// the first time.
    pub fn acknowledged(&mut self, told: &ClipboardReceived) -> bool {
        self.acknowledges = true;
        let Some(outgoing) = &mut self.outgoing else { return false };
        let received = told.bytes as usize;
        // More than was sent is not believed.
        if told.serial != self.serial || received > outgoing.sent {
            return false;
        }
        outgoing.acknowledged = outgoing.acknowledged.max(received);
        let all = outgoing.at == outgoing.formats.len() && outgoing.acknowledged == outgoing.sent;
        if all {
            self.outgoing = None;
        }
        all
    }

    /// Stops what is on its way both ways; nothing counts as shared any more. For when
    /// sharing is switched off, or starts anew.
    pub fn forget(&mut self) {
        self.shared = None;
        self.outgoing = None;
        self.assembly.give_up();
    }

    /// Drops what is being received: somebody else has control now.
    pub fn give_up_receiving(&mut self) {
        self.assembly.give_up();
    }
}

impl Outgoing {
    /// All of the format that goes now.
    fn bytes(&self) -> Option<&[u8]> {
        self.in_format(*self.formats.get(self.at)?)
    }

    fn in_format(&self, format: ClipboardFormat) -> Option<&[u8]> {
        self.content.as_ref()?.content().bytes(format)
    }

    fn parts(&self) -> Vec<ClipboardPart> {
        let part = |format: &ClipboardFormat| ClipboardPart {
            format: (*format).into(),
            total: self.in_format(*format).map_or(0, <[u8]>::len) as u32,
        };
        self.formats.iter().map(part).collect()
    }
}

#[cfg(test)]
#[path = "share_tests.rs"]
mod tests;
