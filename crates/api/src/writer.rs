//! Writes down what waits in the journal: audit events as they are, events of the
//! relay as changes of the database and audit events.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use gc_proto::clean_text;
use gc_proto::v2;
use gc_relay::ports::{AgentRef, RelayEvent};
use gc_storage::{
    ActorKind, AuditRow, FileDirection, FileOutcome, FileTransferRow, LinkTrouble, MachineFacts,
    SessionRow, StorageError,
};
use gc_types::{CauseCode, SessionId, TenantId, UnixMillis, UserId};
use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::bus::Topic;
use crate::journal::{Entry, Event};
use crate::state::Core;

const BATCH: usize = 256;

/// Writes until the queue's other end is gone. What cannot be written is tried
/// again until it can: an event of a decision is never lost while the process runs.
pub(crate) async fn run(core: Arc<Core>, mut entries: UnboundedReceiver<Entry>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut writer = Writer { core, sessions: HashMap::new() };
    while entries.recv_many(&mut batch, BATCH).await > 0 {
        let mut rows = Vec::with_capacity(batch.len());
        let mut flushed = Vec::new();
        for entry in batch.drain(..) {
            match entry {
                Entry::Audit(row) => rows.push(*row),
                Entry::Relay(event) => rows.extend(writer.take_until_done(&event).await),
                Entry::Flush(done) => flushed.push(done),
            }
        }
        writer.write_until_done(&rows).await;
        for done in flushed {
            // Who waited has gone.
            let _ = done.send(());
        }
        batch.shrink_to(BATCH);
    }
}

struct Writer {
    core: Arc<Core>,
    /// Sessions that events have named, while they are live.
    sessions: HashMap<SessionId, SessionRow>,
}

/// Waits longer and longer between tries.
async fn pause(attempt: &mut u32, error: &StorageError) {
    tracing::error!(%error, attempt, "the journal cannot be written; trying again");
    tokio::time::sleep(Duration::from_millis(100 << (*attempt).min(6))).await;
    *attempt += 1;
}

impl Writer {
    async fn write_until_done(&self, rows: &[AuditRow]) {
        if rows.is_empty() {
            return;
        }
        let mut attempt = 0;
        while let Err(error) = self.core.storage.write_audit(rows).await {
            pause(&mut attempt, &error).await;
        }
        let mut tenants: Vec<TenantId> = rows.iter().map(|row| row.tenant).collect();
        tenants.dedup();
        for tenant in tenants {
            self.core.bus.changed(tenant, Topic::Audit);
        }
    }

    async fn take_until_done(&mut self, event: &RelayEvent) -> Option<AuditRow> {
        let mut attempt = 0;
        loop {
            match self.take(event).await {
                Ok(event) => return event.map(Event::into_row),
                // Trying again would not mend these, and would hold up the rest.
                Err(error @ (StorageError::Conflict | StorageError::Corrupt(_))) => {
                    tracing::error!(%error, ?event, "event of the relay cannot be stored");
                    return None;
                }
                Err(error) => pause(&mut attempt, &error).await,
            }
        }
    }

    async fn session(&mut self, id: SessionId) -> Result<Option<SessionRow>, StorageError> {
        if let Some(row) = self.sessions.get(&id) {
            return Ok(Some(row.clone()));
        }
        let row = self.core.storage.session_any_tenant(id).await?;
        if let Some(row) = row.clone().filter(|row| row.ended.is_none()) {
            self.sessions.insert(id, row);
        }
        Ok(row)
    }

    async fn user_name(&self, tenant: TenantId, user: UserId) -> Result<String, StorageError> {
        let user = self.core.storage.tenant(tenant).user(user).await?;
        Ok(user.map_or_else(|| "removed user".into(), |user| user.display_name))
    }

    /// Begins an event in a session; `None` when the session is unknown.
    async fn of_session(
        &mut self,
        id: SessionId,
        action: &str,
    ) -> Result<Option<(SessionRow, Event)>, StorageError> {
        let Some(row) = self.session(id).await? else {
            tracing::warn!(session = %id, action, "event of an unknown session");
            return Ok(None);
        };
        let event = self
            .core
            .journal
            .event(row.tenant, action)
            .target("session", row.id, &row.machine_name)
            .session(Some(row.id))
            .machine(row.machine);
        Ok(Some((row, event)))
    }

    async fn take(&mut self, event: &RelayEvent) -> Result<Option<Event>, StorageError> {
        let core = self.core.clone();
        let now = core.clock.now();
        match event {
            RelayEvent::AgentOnline { agent, tenant, key, hello, software, peer } => {
                let name = clean_text(&hello.hostname, 64);
                let event = core
                    .journal
                    .event(*tenant, "agent.online")
                    .from(peer.address, peer.correlation)
                    .actor(ActorKind::Agent, Some(agent_id(*agent)), &name);
                core.bus.changed(*tenant, Topic::Sessions);
                core.bus.changed(*tenant, Topic::Machines);
                Ok(Some(match agent {
                    AgentRef::Machine(machine) => {
                        let facts = MachineFacts {
                            hostname: name.clone(),
                            os: clean_text(&hello.os, 64),
                            os_version: clean_text(&hello.os_version, 255),
                            architecture: clean_text(&hello.architecture, 32),
                            agent_version: clean_text(software, 64),
                            logged_on_user: clean_text(&hello.logged_on_user, 255),
                        };
                        let store = core.storage.tenant(*tenant);
                        let trouble = link_trouble(hello, now);
                        store.machine_online(*machine, facts, trouble.as_ref(), now).await?;
                        if let Some(key) = key {
                            store.touch_key(*key, now).await?;
                        }
                        let event = match trouble {
                            Some(trouble) => event.detail(json!({
                                "trouble": trouble.cause.name(),
                                "attempts": trouble.attempts,
                                "lasted_ms": trouble.lasted.as_millis(),
                            })),
                            None => event,
                        };
                        event.target("machine", machine, &name).machine(Some(*machine))
                    }
                    AgentRef::Support(session) => {
                        event.target("session", session, &name).session(Some(*session))
                    }
                }))
            }
            RelayEvent::AgentOffline { agent, tenant } => {
                let event = core.journal.event(*tenant, "agent.offline").actor(
                    ActorKind::Agent,
                    Some(agent_id(*agent)),
                    "agent",
                );
                core.bus.changed(*tenant, Topic::Sessions);
                core.bus.changed(*tenant, Topic::Machines);
                Ok(Some(match agent {
                    AgentRef::Machine(machine) => {
                        core.storage.tenant(*tenant).machine_offline(*machine, now).await?;
                        event.target("machine", machine, "").machine(Some(*machine))
                    }
                    AgentRef::Support(session) => {
                        event.target("session", session, "").session(Some(*session))
                    }
                }))
            }
            RelayEvent::AgentStatus { agent, status } => {
                if let AgentRef::Machine(machine) = agent
                    && let Some(tenant) = core.storage.tenant_of_machine(*machine).await?
                {
                    let user = clean_text(&status.logged_on_user, 255);
                    core.storage.tenant(tenant).machine_user(*machine, &user).await?;
                    core.bus.changed(tenant, Topic::Machines);
                }
                Ok(None)
            }
            RelayEvent::Consent { session, state, rights, cause } => {
                let Some((row, event)) = self.of_session(*session, "consent.answered").await?
                else {
                    return Ok(None);
                };
                core.storage.tenant(row.tenant).set_consent(row.id, *state, *rights).await?;
                core.bus.changed(row.tenant, Topic::Sessions);
                core.bus.changed(row.tenant, Topic::Codes);
                let event = event
                    .actor(ActorKind::Agent, Some(row.id.to_string()), &row.machine_name)
                    .detail(json!({
                        "state": state.name(),
                        "rights": rights.bits(),
                        "cause": cause.map(gc_types::CauseCode::name),
                    }));
                Ok(Some(if state.permits() { event } else { event.refused() }))
            }
            RelayEvent::ViewerJoined { session, user, participant, rights, peer } => {
                let Some((row, event)) = self.of_session(*session, "viewer.joined").await? else {
                    return Ok(None);
                };
                let name = self.user_name(row.tenant, *user).await?;
                core.bus.changed(row.tenant, Topic::Sessions);
                core.bus.changed(row.tenant, Topic::Machines);
                Ok(Some(
                    event
                        .from(peer.address, peer.correlation)
                        .actor(ActorKind::User, Some(user.to_string()), &name)
                        .detail(json!({ "participant": participant, "rights": rights.bits() })),
                ))
            }
            RelayEvent::ViewerLeft { session, user, participant } => {
                let Some((row, event)) = self.of_session(*session, "viewer.left").await? else {
                    return Ok(None);
                };
                let name = self.user_name(row.tenant, *user).await?;
                core.bus.changed(row.tenant, Topic::Sessions);
                core.bus.changed(row.tenant, Topic::Machines);
                Ok(Some(
                    event
                        .actor(ActorKind::User, Some(user.to_string()), &name)
                        .detail(json!({ "participant": participant })),
                ))
            }
            RelayEvent::Control { session, user } => {
                let Some((row, event)) = self.of_session(*session, "control.changed").await? else {
                    return Ok(None);
                };
                core.bus.changed(row.tenant, Topic::Sessions);
                Ok(Some(match user {
                    Some(user) => {
                        let name = self.user_name(row.tenant, *user).await?;
                        event.actor(ActorKind::User, Some(user.to_string()), &name)
                    }
                    None => event.detail(json!({ "control": "nobody" })),
                }))
            }
            RelayEvent::SessionEnded { session, cause, by } => {
                let Some((row, event)) = self.of_session(*session, "session.ended").await? else {
                    return Ok(None);
                };
                self.sessions.remove(session);
                let store = core.storage.tenant(row.tenant);
                if !store.end_session(row.id, *cause, *by, "", now).await? {
                    // Ended by the API, which has written its own event.
                    return Ok(None);
                }
                for topic in [Topic::Sessions, Topic::Machines, Topic::Codes] {
                    core.bus.changed(row.tenant, topic);
                }
                let event = event.detail(json!({ "cause": cause.name() }));
                Ok(Some(match by {
                    Some(user) => {
                        let name = self.user_name(row.tenant, *user).await?;
                        event.actor(ActorKind::User, Some(user.to_string()), &name)
                    }
                    None => event,
                }))
            }
            RelayEvent::Reported { session, event: name, detail } => {
                let action = format!("agent.{}", clean_text(name, 64));
                let Some((row, event)) = self.of_session(*session, &action).await? else {
                    return Ok(None);
                };
                Ok(Some(
                    event
                        .actor(ActorKind::Agent, Some(row.id.to_string()), &row.machine_name)
                        .detail(json!({ "detail": clean_text(detail, 500) })),
                ))
            }
            RelayEvent::Files { session, files } => self.files(*session, files, now).await,
            RelayEvent::Violation { session, rule, peer } => {
                let detail = json!({ "rule": rule });
                let known = match session {
                    Some(session) => self.of_session(*session, "link.violation").await?,
                    None => None,
                };
                let event = known.map_or_else(
                    || {
                        core.journal
                            .event(TenantId::DEFAULT, "link.violation")
                            .target("socket", "", "socket")
                    },
                    |(_, event)| event,
                );
                Ok(Some(
                    event
                        .actor(ActorKind::Guest, None, "peer")
                        .from(peer.address, peer.correlation)
                        .refused()
                        .detail(detail),
                ))
            }
        }
    }
}

impl Writer {
    /// Each file is a row of its own; the audit gets one line for all that an agent
    /// told at once.
    async fn files(
        &mut self,
        session: SessionId,
        files: &[(Option<UserId>, v2::FileReceipt)],
        now: UnixMillis,
    ) -> Result<Option<Event>, StorageError> {
        let Some((row, event)) = self.of_session(session, "files.moved").await? else {
            return Ok(None);
        };
        let mut names: HashMap<UserId, String> = HashMap::new();
        let mut rows = Vec::with_capacity(files.len());
        for (user, file) in files {
            let name = match user {
                Some(user) => {
                    if !names.contains_key(user) {
                        names.insert(*user, self.user_name(row.tenant, *user).await?);
                    }
                    names.get(user).cloned().unwrap_or_default()
                }
                None => "unknown".into(),
            };
            rows.push(self.file_row(&row, *user, name, file, now));
        }
        self.core.storage.write_file_transfers(&rows).await?;
        let count = |outcome: FileOutcome| rows.iter().filter(|it| it.outcome == outcome).count();
        let refused = count(FileOutcome::Denied) > 0;
        let detail = json!({
            "done": count(FileOutcome::Done),
            "skipped": count(FileOutcome::Skipped),
            "failed": count(FileOutcome::Failed),
            "cancelled": count(FileOutcome::Cancelled),
            "denied": count(FileOutcome::Denied),
            "bytes": rows.iter().map(|it| it.moved).sum::<u64>(),
        });
        let event = match files.first().and_then(|(user, _)| *user) {
            Some(user) => {
                let name = names.remove(&user).unwrap_or_default();
                event.actor(ActorKind::User, Some(user.to_string()), &name)
            }
            None => event.actor(ActorKind::Agent, Some(row.id.to_string()), &row.machine_name),
        };
        let event = event.detail(detail);
        Ok(Some(if refused { event.refused() } else { event }))
    }

    fn file_row(
        &self,
        session: &SessionRow,
        user: Option<UserId>,
        user_name: String,
        file: &v2::FileReceipt,
        now: UnixMillis,
    ) -> FileTransferRow {
        FileTransferRow {
            id: self.core.journal.id(),
            tenant: session.tenant,
            // An agent's clock may be wrong; the order is that of arrival.
            at: now,
            session: session.id,
            machine: session.machine,
            machine_name: session.machine_name.clone(),
            user,
            user_name,
            transfer: hex(&file.transfer_id),
            direction: match file.direction() {
                v2::TransferDirection::Download => FileDirection::Download,
                v2::TransferDirection::Upload | v2::TransferDirection::Unspecified => {
                    FileDirection::Upload
                }
            },
            path: clean_text(&file.path, 2_048),
            size: file.size.min(i64::MAX as u64),
            moved: file.moved.min(i64::MAX as u64),
            sha256: (file.sha256.len() == 32).then(|| hex(&file.sha256)),
            outcome: match file.outcome() {
                v2::FileOutcome::Done => FileOutcome::Done,
                v2::FileOutcome::Skipped => FileOutcome::Skipped,
                v2::FileOutcome::Cancelled => FileOutcome::Cancelled,
                v2::FileOutcome::Denied => FileOutcome::Denied,
                v2::FileOutcome::Failed | v2::FileOutcome::Unspecified => FileOutcome::Failed,
            },
            cause: CauseCode::from_number(file.cause),
            duration_ms: file.duration_ms.min(i32::MAX as u32),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// By the word of an agent, so all of it is bounded and cleaned.
fn link_trouble(hello: &v2::AgentHello, now: UnixMillis) -> Option<LinkTrouble> {
    let told = hello.trouble.as_ref()?;
    let cause = told.cause.as_ref()?;
    Some(LinkTrouble {
        cause: CauseCode::from_number(cause.code)?,
        detail: clean_text(&cause.detail, 255),
        attempts: told.attempts.min(i32::MAX.unsigned_abs()),
        lasted: Duration::from_secs(told.lasted_seconds.into()),
        ended: now,
    })
}

fn agent_id(agent: AgentRef) -> String {
    match agent {
        AgentRef::Machine(machine) => machine.to_string(),
        AgentRef::Support(session) => session.to_string(),
    }
}
