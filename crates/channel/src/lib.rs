//! What happens to messages between a producer and one socket: priority, bounds,
//! what may be dropped, and the numbers that expose replays. No I/O, no clock.

mod outbox;
mod rate;
mod sequence;

pub use outbox::{DropPolicy, Limits, Outbox, PushError, Pushed};
pub use rate::TokenBucket;
pub use sequence::{Gap, SequenceCheck, SequenceCounter, StaleRecord};
