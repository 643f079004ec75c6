//! Looking up support codes that strangers show.

use gc_storage::CodeRow;
use gc_types::SupportCode;

use crate::edge::Client;
use crate::error::ApiError;
use crate::limits::Limited;
use crate::state::App;

/// Why a code opens nothing.
pub(crate) enum CodeRefusal {
    /// Unknown, used, cancelled or expired: nobody is told which.
    Unknown,
    /// Too many tries, or the database failed.
    Other(ApiError),
}

/// The code, when a guest may come in with it. Counts against the address; ten
/// wrong ones in a row lock it.
pub(crate) async fn find_usable(
    app: &App,
    client: &Client,
    code: SupportCode,
) -> Result<CodeRow, CodeRefusal> {
    let now = app.clock.monotonic();
    app.limits
        .code_lock(client.address, now)
        .and_then(|()| app.limits.take(Limited::Code, client.address, now))
        .map_err(|wait| CodeRefusal::Other(ApiError::limited(wait)))?;
    let row = app
        .storage
        .code_by_hash(&app.keys.code_hash(code))
        .await
        .map_err(|error| CodeRefusal::Other(error.into()))?;
    if let Some(row) = row.filter(|row| row.usable(app.clock.now())) {
        app.limits.right_code(client.address);
        return Ok(row);
    }
    if app.limits.wrong_code(client.address, now) {
        client
            .event(app, None, "code.locked")
            .target("address", client.address, "")
            .refused()
            .write(&app.journal);
    }
    Err(CodeRefusal::Unknown)
}
