//! Named pipes between the service and its own processes: for the accounts that they
//! run under alone, never over the network, and each end knows the other's process.

mod client;
mod operation;
mod server;
mod stream;

pub(crate) use client::{Connection, connect};
pub(crate) use server::{Accepted, PipeServer};
pub(crate) use stream::{PipeReader, PipeWriter};

/// Before every name.
pub(crate) const PREFIX: &str = r"\\.\pipe\";

/// What a client of a pipe may do with it: read, write and wait. Not make further
/// instances of it, which "generic write" would include (`FILE_CREATE_PIPE_INSTANCE`).
pub(crate) const CLIENT_ACCESS: u32 = 0x0012_0183;

/// The security descriptor of a pipe for the account that makes it, which may do
/// anything, and for one more, which may connect. Nobody comes from the network, whoever
/// they are.
pub(crate) fn pipe_sddl(owner: &str, client: Option<&str>) -> String {
    let client =
        client.map(|client| format!("(A;;0x{CLIENT_ACCESS:08x};;;{client})")).unwrap_or_default();
    format!("D:P(D;;GA;;;NU)(A;;GA;;;{owner}){client}")
}
