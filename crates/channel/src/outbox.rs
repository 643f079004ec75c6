//! What waits to be written to one socket.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use gc_proto::{Channel, Flags, Header};

/// Bounds of an [`Outbox`].
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes that may wait on control, cursor and video channels together.
    pub bytes: usize,
    /// Messages that may wait on those, and the same again for link messages.
    pub count: usize,
    /// Input records that may wait.
    pub input: usize,
    /// Bytes that may wait of the clipboard: its credit.
    pub bulk: usize,
    /// The same of files: all that a receiver lets be on its way, and the headers.
    pub files: usize,
    /// Pictures for everybody may wait this long, by the times told with
    /// [`Outbox::at`]; then they are skipped. Without such times: for ever.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 4 << 20,
            count: 2_048,
            input: 256,
            bulk: 2 << 20,
            files: 12 << 20,
            patience: Duration::MAX,
        }
    }
}

/// What to do with pictures that do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropPolicy {
    /// Skip to the next key frame: for the one viewer behind this socket. Until then
    /// it gets the pictures that are meant for it alone; they are how it catches up.
    SkipToKeyFrame,
    /// Refuse them: the producer paces itself by what waits.
    Refuse,
}

/// What became of a record that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It waits for its turn.
    Queued,
    /// It was skipped, and this many that waited with it.
    Skipped(usize),
}

/// Why a message was not taken. Nothing of it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The bound on bytes or count is reached and the message may not be dropped.
    #[error("too much waits to be sent")]
    Full,
    /// More input waits than a person can have meant.
    #[error("too much input waits to be sent")]
    InputOverrun,
    /// The bulk channel has used up its credit: try again when some was sent.
    #[error("the channel has no credit")]
    NoCredit,
}

#[derive(Debug)]
struct Waiting {
    bytes: Bytes,
    header: Option<Header>,
    since: Duration,
}

impl Waiting {
    fn is_droppable_video(&self) -> bool {
        self.header.is_some_and(|h| is_droppable(&h))
    }

    /// A picture for everybody. What is meant for this viewer alone builds on what
    /// it has, and is paced by it.
    fn is_shared_video(&self) -> bool {
        self.header.is_some_and(|h| is_droppable(&h) && h.participant == 0)
    }

    fn ends_unit(&self) -> bool {
        self.header.is_some_and(|h| h.flags.has(Flags::END))
    }
}

fn is_droppable(header: &Header) -> bool {
    header.channel == Channel::Video && header.flags.has(Flags::DROPPABLE)
}

fn is_bulk(channel: Channel) -> bool {
    matches!(channel, Channel::Clipboard | Channel::Files)
}

/// Link messages, then one lane for each [`Channel::priority`].
const LANES: usize = 6;
const LINK_LANE: usize = 0;
const VIDEO_LANE: usize = 1 + Channel::Video.priority() as usize;

/// Messages that wait for one socket: the most urgent is sent first, order within
/// a priority is kept, and nothing grows without bound.
///
/// An empty box holds no heap memory.
#[derive(Debug)]
pub struct Outbox {
    limits: Limits,
    policy: DropPolicy,
    lanes: [VecDeque<Waiting>; LANES],
    /// Of link, control, cursor, chat, video and terminal messages.
    bytes: usize,
    bulk: [usize; 2],
    /// Pictures are dropped until the next key frame.
    skipping: bool,
    /// The owner was told of this skip.
    told: bool,
    /// The last picture record that was taken out did not end its frame.
    inside_frame: bool,
    dropped: u64,
    now: Duration,
}

impl Outbox {
    /// An empty box.
    pub fn new(limits: Limits, policy: DropPolicy) -> Self {
        Self {
            limits,
            policy,
            lanes: [const { VecDeque::new() }; LANES],
            bytes: 0,
            bulk: [0; 2],
            skipping: false,
            told: false,
            inside_frame: false,
            dropped: 0,
            now: Duration::ZERO,
        }
    }

    /// What follows happens at this time, on any clock that only rises.
    pub fn at(&mut self, now: Duration) -> &mut Self {
        self.now = self.now.max(now);
        self
    }

    /// Queues an encoded link message before everything but earlier ones.
    pub fn push_link(&mut self, bytes: Bytes) -> Result<(), PushError> {
        let lane = &mut self.lanes[LINK_LANE];
        if lane.len() >= self.limits.count {
            return Err(PushError::Full);
        }
        self.bytes += bytes.len();
        lane.push_back(Waiting { bytes, header: None, since: self.now });
        Ok(())
    }

    /// Queues a whole record, whose header is `header`. Input beyond its bound is
    /// refused, never merged: only its producer knows what may be.
    pub fn push_record(&mut self, header: &Header, bytes: Bytes) -> Result<Pushed, PushError> {
        let channel = header.channel;
        let size = bytes.len();
        let lane = 1 + usize::from(channel.priority());
        if channel == Channel::Video && header.flags.has(Flags::KEY_FRAME) {
            self.end_skip(header, size);
        }
        if channel == Channel::Input {
            if self.lanes[lane].len() >= self.limits.input {
                self.dropped += 1;
                return Err(PushError::InputOverrun);
            }
        } else if is_bulk(channel) {
            if size > self.credit(channel) {
                self.dropped += 1;
                return Err(PushError::NoCredit);
            }
            self.bulk[bulk_index(channel)] += size;
        } else if is_droppable(header) {
            if let Some(skipped) = self.skip(header, size)? {
                return Ok(Pushed::Skipped(skipped));
            }
            self.bytes += size;
        } else {
            let count: usize = self.lanes[1..4].iter().map(VecDeque::len).sum();
            // Half as much again: what may not be dropped must not fail because
            // pictures fill the box.
            if self.bytes + size > self.limits.bytes + self.limits.bytes / 2
                || count >= self.limits.count
            {
                self.dropped += 1;
                return Err(PushError::Full);
            }
            self.bytes += size;
        }
        self.lanes[lane].push_back(Waiting { bytes, header: Some(*header), since: self.now });
        Ok(Pushed::Queued)
    }

    /// Decides on a picture record: `Some` with the number skipped when it is not
    /// to be queued.
    fn skip(&mut self, header: &Header, size: usize) -> Result<Option<usize>, PushError> {
        let video = &self.lanes[VIDEO_LANE];
        let fits = |bytes: usize, count: usize| {
            bytes + size <= self.limits.bytes && count < self.limits.count
        };
        let room = fits(self.bytes, video.len());
        if self.policy == DropPolicy::Refuse {
            // A single picture larger than the bound still passes an empty lane.
            if room || video.is_empty() {
                return Ok(None);
            }
            self.dropped += 1;
            return Err(PushError::Full);
        }
        if header.flags.has(Flags::KEY_FRAME) {
            return Ok(None);
        }
        if header.participant != 0 {
            if room {
                return Ok(None);
            }
            // The owner must know of it even within a skip.
            self.skipping = true;
            self.told = false;
            self.dropped += 1;
            return Ok(Some(1));
        }
        if self.skipping {
            self.dropped += 1;
            return Ok(Some(1));
        }
        let oldest = video.iter().find(|waiting| waiting.is_shared_video());
        let late = oldest
            .is_some_and(|waiting| self.now.saturating_sub(waiting.since) > self.limits.patience);
        let room = room && !late;
        if room {
            return Ok(None);
        }
        self.skipping = true;
        self.told = false;
        let skipped = 1 + self.purge_video(true);
        self.dropped += skipped as u64;
        Ok(Some(skipped))
    }

    /// A key frame needs nothing that came before it.
    fn end_skip(&mut self, header: &Header, size: usize) {
        let shared = header.participant == 0 && self.policy == DropPolicy::SkipToKeyFrame;
        let room = self.bytes + size <= self.limits.bytes
            && self.lanes[VIDEO_LANE].len() < self.limits.count;
        if shared && (self.skipping || !room) {
            self.dropped += self.purge_video(false) as u64;
        }
        self.skipping = false;
        self.told = false;
    }

    /// Throws away the pictures for everybody that wait; `finish` keeps the rest of
    /// one that is partly sent. What may not be dropped stays, in order.
    fn purge_video(&mut self, finish: bool) -> usize {
        let lane = &mut self.lanes[VIDEO_LANE];
        let before = lane.len();
        let mut inside = finish && self.inside_frame;
        let bytes = &mut self.bytes;
        lane.retain(|waiting| {
            if !waiting.is_shared_video() {
                return true;
            }
            if inside {
                inside = !waiting.ends_unit();
                return true;
            }
            *bytes -= waiting.bytes.len();
            false
        });
        before - lane.len()
    }

    /// Takes the most urgent message out.
    pub fn pop(&mut self) -> Option<Bytes> {
        let lane = self.lanes.iter().position(|lane| !lane.is_empty())?;
        let waiting = self.lanes[lane].pop_front()?;
        match waiting.header {
            Some(h) if h.channel == Channel::Input => {}
            Some(h) if is_bulk(h.channel) => {
                self.bulk[bulk_index(h.channel)] -= waiting.bytes.len();
            }
            _ => self.bytes -= waiting.bytes.len(),
        }
        if waiting.is_droppable_video() {
            self.inside_frame = !waiting.ends_unit();
        }
        if self.lanes[lane].is_empty() {
            // An idle link keeps no buffer of a busy moment.
            self.lanes[lane].shrink_to(0);
        }
        Some(waiting.bytes)
    }

    /// Takes messages out up to `budget` bytes, at least one when any waits.
    pub fn pop_batch(&mut self, budget: usize) -> Vec<Bytes> {
        let mut batch = Vec::new();
        let mut size = 0;
        while size < budget {
            let Some(next) = self.pop() else { break };
            size += next.len();
            batch.push(next);
        }
        batch
    }

    /// Whether the owner must ask for a whole picture now: pictures were skipped
    /// and the socket took all that waited before them. True once for each skip.
    /// Ask when the socket is ready for more, so that a peer that takes nothing
    /// costs no pictures.
    pub fn take_picture_needed(&mut self) -> bool {
        let needed = self.skipping && !self.told && self.lanes[VIDEO_LANE].is_empty();
        self.told |= needed;
        needed
    }

    /// Throws everything away but link messages: the link is closing.
    pub fn clear_records(&mut self) {
        for lane in &mut self.lanes[1..] {
            *lane = VecDeque::new();
        }
        self.bulk = [0; 2];
        self.bytes = self.lanes[LINK_LANE].iter().map(|waiting| waiting.bytes.len()).sum();
    }

    /// Bytes that the bulk channel may still queue; all that is left of the other
    /// bound for the rest.
    pub fn credit(&self, channel: Channel) -> usize {
        if is_bulk(channel) {
            let limit =
                if channel == Channel::Files { self.limits.files } else { self.limits.bulk };
            limit.saturating_sub(self.bulk[bulk_index(channel)])
        } else {
            self.limits.bytes.saturating_sub(self.bytes)
        }
    }

    /// Bytes that wait, bulk included.
    pub fn queued_bytes(&self) -> usize {
        self.bytes
            + self.bulk.iter().sum::<usize>()
            + self.lanes[1].iter().map(|waiting| waiting.bytes.len()).sum::<usize>()
    }

    /// Bytes that wait before those of files: what a picture queues behind.
    pub fn urgent_bytes(&self) -> usize {
        self.queued_bytes() - self.bulk[bulk_index(Channel::Files)]
    }

    /// Messages that wait.
    pub fn len(&self) -> usize {
        self.lanes.iter().map(VecDeque::len).sum()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.lanes.iter().all(VecDeque::is_empty)
    }

    /// Records dropped or refused so far.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }
}

fn bulk_index(channel: Channel) -> usize {
    usize::from(channel == Channel::Files)
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
