//! The link of an endpoint to the relay: WebSocket over TLS, multiplexed by
//! priority.

mod allowance;
mod connect;
mod error;
mod link;
mod socket;
mod tls;
mod websocket;
mod wire;

pub use connect::{Connector, Endpoint, connect};
pub use error::{AddressError, ConnectError, RootsError};
pub use link::{Closed, Link, LinkReceiver, LinkSender, SendError};
pub use socket::Socket;
pub use tls::{provider, roots_of};
pub use wire::{WireEvent, WireFuture, WireSink, WireSource};
