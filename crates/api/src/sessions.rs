//! Opening sessions, and taking up those that were live before a restart.

use gc_policy::{initial_consent, session_rights};
use gc_storage::{MachineRow, NewSession, SessionKind, SessionRow, StorageError};
use gc_types::{CauseCode, GrantId, Rights, SessionId};
use std::time::Duration;

use crate::bus::Topic;
use crate::error::ApiError;
use crate::file_rules::FileRules;
use crate::gate::{GRANT_LIFETIME, open_session};
use crate::notices::ConnectionNotice;
use crate::planes::UserAccess;
use crate::state::App;

/// A grant with less left than this is replaced when somebody joins.
const GRANT_LEFT: Duration = Duration::from_hours(1);

/// Takes up the sessions that were live when the server stopped. Nobody is online
/// until they have come back.
pub(crate) async fn reconcile(app: &App) -> Result<(), StorageError> {
    app.storage.all_machines_offline(app.clock.now()).await?;
    for row in app.storage.live_sessions_of_all().await? {
        let files = FileRules::load(&app.storage, row.tenant).await?;
        let notice = ConnectionNotice::load(&app.storage, row.tenant).await?;
        app.relay.open_session(open_session(&row, app.config.consent_timeout, &files, &notice));
    }
    Ok(())
}

/// The machine's live session, or a new one; `true` when it is new. Works while
/// the machine is offline. A live session whose grant is about to end, or allows
/// less than who joins may do, is superseded.
pub(crate) async fn open_for_machine(
    app: &App,
    access: &UserAccess,
    machine: &MachineRow,
    ticket: String,
) -> Result<(SessionRow, bool), ApiError> {
    let store = app.storage.tenant(access.tenant);
    let rights =
        session_rights(access.actor, true).or_else(|_| session_rights(access.actor, false))?;
    // Whoever may control may have the whole grant; what each viewer may do is
    // decided for each of them.
    let grant_rights = if rights == Rights::VIEW_ONLY { rights } else { Rights::CONTROL };
    let now = app.clock.now();
    for _ in 0..3 {
        if let Some(live) = store.live_session_of(machine.id).await? {
            let enough =
                live.grant_expires > now.plus(GRANT_LEFT) && live.grant_rights.covers(grant_rights);
            if enough {
                return Ok((live, false));
            }
            end(app, &live, CauseCode::Superseded, None, "").await?;
        }
        let new = NewSession {
            id: SessionId::random(app.entropy.as_ref()),
            kind: SessionKind::Unattended,
            machine: Some(machine.id),
            machine_name: machine.name.clone(),
            technician_id: access.user,
            technician: access.display_name.clone(),
            company: app.config.company.clone(),
            ticket: ticket.clone(),
            grant: GrantId::random(app.entropy.as_ref()),
            grant_rights,
            grant_expires: now.plus(GRANT_LIFETIME),
            consent_mode: machine.consent_mode,
            consent_state: initial_consent(machine.consent_mode),
            resume_hash: None,
            created: now,
        };
        match store.create_session(new).await {
            Ok(row) => {
                let files = FileRules::load(&app.storage, access.tenant).await?;
                let notice = ConnectionNotice::load(&app.storage, access.tenant).await?;
                let timeout = app.config.consent_timeout;
                app.relay.open_session(open_session(&row, timeout, &files, &notice));
                app.bus.changed(access.tenant, Topic::Sessions);
                app.bus.changed(access.tenant, Topic::Machines);
                return Ok((row, true));
            }
            // Somebody else was faster: theirs is the live one.
            Err(StorageError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ApiError::unavailable("sessions of one machine keep replacing each other"))
}

/// Ends a session in the database and in the relay; `false` when it was over.
pub(crate) async fn end(
    app: &App,
    session: &SessionRow,
    cause: CauseCode,
    by: Option<gc_types::UserId>,
    note: &str,
) -> Result<bool, StorageError> {
    let now = app.clock.now();
    let store = app.storage.tenant(session.tenant);
    let ended = store.end_session(session.id, cause, by, note, now).await?;
    app.relay.end_session(session.id, cause, by);
    app.bus.changed(session.tenant, Topic::Sessions);
    app.bus.changed(session.tenant, Topic::Machines);
    app.bus.changed(session.tenant, Topic::Codes);
    Ok(ended)
}
