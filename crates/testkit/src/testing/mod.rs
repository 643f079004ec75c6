//! In-memory sockets and a relay to connect them to.

mod harness;
mod link;
mod peer;
mod socket;

pub use harness::{EventLog, ScriptedGate, TestRelay, open_session};
pub use link::link_pair;
pub use peer::{Peer, Received, session_header};
pub use socket::{FromRelay, PeerSocket, socket_pair};
