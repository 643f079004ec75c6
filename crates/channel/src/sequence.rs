//! Numbers of records, and what they give away.

use gc_proto::{Channel, Header};

/// The sequence numbers of one sender in one session.
#[derive(Debug, Clone, Default)]
pub struct SequenceCounter {
    next: [u32; Channel::ALL.len()],
}

impl SequenceCounter {
    /// The number for the next record on `channel`; wraps after 2^32.
    pub fn next(&mut self, channel: Channel) -> u32 {
        let next = &mut self.next[channel as usize];
        let number = *next;
        *next = number.wrapping_add(1);
        number
    }
}

/// Records that are missing before one that was accepted: dropped on the way, by
/// the drop policy or the rate limit. A gap on the input channel means that a key
/// may have gone up unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap(pub u32);

/// Why a record is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StaleRecord {
    /// Of another link of the agent than the present one.
    #[error("record of epoch {got}, the session is at {current}")]
    Epoch {
        /// In the header.
        got: u32,
        /// Of the session.
        current: u32,
    },
    /// Seen before, or older than one that was seen.
    #[error("record {0} was seen before")]
    Replayed(u32),
}

/// Refuses what one sender sends twice or too late. One per sender and session.
#[derive(Debug, Clone)]
pub struct SequenceCheck {
    epoch: u32,
    last: [Option<u32>; Channel::ALL.len()],
}

impl SequenceCheck {
    /// Accepts any first number on each channel: who joins late does not see the
    /// start.
    pub fn new(epoch: u32) -> Self {
        Self { epoch, last: [None; Channel::ALL.len()] }
    }

    /// The agent has a new link: numbers start anew. An epoch that is not later
    /// changes nothing.
    pub fn begin_epoch(&mut self, epoch: u32) {
        if epoch > self.epoch {
            *self = Self::new(epoch);
        }
    }

    /// The epoch that records must carry.
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Takes a record in, or says why not. Order within a channel is kept by the
    /// transport, so a number that does not lie ahead (in the nearer half of the
    /// circle) is a replay.
    pub fn accept(&mut self, header: &Header) -> Result<Gap, StaleRecord> {
        if header.epoch != self.epoch {
            return Err(StaleRecord::Epoch { got: header.epoch, current: self.epoch });
        }
        let last = &mut self.last[header.channel as usize];
        let step = last.map_or(1, |last| header.sequence.wrapping_sub(last));
        if step == 0 || step > u32::MAX / 2 {
            return Err(StaleRecord::Replayed(header.sequence));
        }
        *last = Some(header.sequence);
        Ok(Gap(step - 1))
    }
}

#[cfg(test)]
mod tests {
    use gc_proto::Flags;
    use gc_types::SessionId;

    use super::*;

    fn header(channel: Channel, epoch: u32, sequence: u32) -> Header {
        Header {
            channel,
            flags: Flags::NONE,
            participant: 1,
            epoch,
            sequence,
            session: SessionId::from_bytes([7; 16]),
        }
    }

    #[test]
    fn each_channel_counts_for_itself() {
        let mut counter = SequenceCounter::default();
        assert_eq!([counter.next(Channel::Video), counter.next(Channel::Video)], [0, 1]);
        assert_eq!(counter.next(Channel::Input), 0);
    }

    #[test]
    fn replays_are_refused_and_gaps_are_told() {
        let mut check = SequenceCheck::new(1);
        let mut accept = |sequence| check.accept(&header(Channel::Input, 1, sequence));
        assert_eq!(accept(u32::MAX - 1), Ok(Gap(0)));
        assert_eq!(accept(u32::MAX), Ok(Gap(0)));
        assert_eq!(accept(u32::MAX), Err(StaleRecord::Replayed(u32::MAX)));
        assert_eq!(accept(2), Ok(Gap(2)), "wraps, 0 and 1 are missing");
        assert_eq!(accept(1), Err(StaleRecord::Replayed(1)));
        assert_eq!(accept(3), Ok(Gap(0)));
        assert_eq!(check.accept(&header(Channel::Video, 1, 0)), Ok(Gap(0)));
    }

    #[test]
    fn records_of_an_earlier_link_are_refused() {
        let mut check = SequenceCheck::new(4);
        let stale = Err(StaleRecord::Epoch { got: 3, current: 4 });
        assert_eq!(check.accept(&header(Channel::Video, 3, 9)), stale);
        assert!(check.accept(&header(Channel::Video, 4, 9)).is_ok());
        check.begin_epoch(5);
        assert!(check.accept(&header(Channel::Video, 5, 0)).is_ok(), "numbers start anew");
        check.begin_epoch(4);
        assert_eq!(check.epoch(), 5);
    }
}
