//! Services, workers and their pipes, with the service manager and processes of this
//! system (under Wine: of the prefix).
#![cfg(windows)]

mod install;
mod manager;
mod selves;
mod temporary;
mod workers;
