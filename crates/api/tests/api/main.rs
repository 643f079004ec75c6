//! The server in process, driven like its clients drive it.

mod accounts;
mod auth;
mod codes;
mod contract;
mod edge;
mod harness;
mod machines;
mod planes;
mod sessions;
mod sockets;
