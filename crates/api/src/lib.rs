//! Everything between HTTP and the rest of the server: signing in, the REST
//! interface, WebSocket upgrades, the gate in front of the relay, and the journal
//! that writes decisions down.
//!
//! Each credential has its own plane (type, verification, extractor); each route
//! stands in one table with the plane that opens it. Nothing here knows SQL.

mod address;
mod bus;
mod codes;
mod config;
mod console;
mod edge;
mod error;
mod file_rules;
mod fleet;
mod gate;
mod journal;
mod json;
mod jwt;
mod limits;
mod linger;
mod notices;
mod openapi;
mod paging;
mod password;
mod planes;
mod reaper;
mod routes;
mod secrets;
mod sessions;
mod socket;
mod state;
mod web;
mod writer;

pub use address::{ProxyError, TrustedProxies};
pub use config::{ApiConfig, Build};
pub use console::{ConsoleError, ConsoleMachine, ServerConsole};
pub use edge::Peer;
pub use linger::Lingering;
pub use openapi::document;
pub use password::PasswordCost;
pub use password::PasswordError;
pub use planes::Plane;
pub use reaper::Reaper;
pub use routes::{router, routes};
pub use state::{App, StartError};
pub use web::{NoWebFiles, WebFile, WebFiles};
