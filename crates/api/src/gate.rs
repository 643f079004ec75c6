//! The relay's gate: credentials are checked here once more, at the hello, and
//! used up.

use std::sync::Arc;
use std::time::Duration;

use gc_policy::{Actor, AttendedConsent, PermissionSet, initial_consent, session_rights};
use gc_proto::{clean_text, v2};
use gc_relay::ports::{
    AdmittedAgent, AdmittedViewer, AgentCredential, AgentRef, Gate, OpenSession, PeerInfo,
    PortFuture, Refusal, SessionGrant,
};
use gc_storage::{ActorKind, NewSession, SessionKind, SessionRow, StorageError, ViewerSeat};
use gc_types::{AgentMode, ConsentState, GrantId, Rights, Secret, SessionId};
use serde_json::json;

use crate::bus::Topic;
use crate::file_rules::FileRules;
use crate::jwt;
use crate::notices::ConnectionNotice;
use crate::planes::{SEAT_PREFIX, TICKET_PREFIX, ViewerClaims};
use crate::secrets::{fingerprint, is_secret, random_secret};
use crate::state::Core;

/// How long a grant holds.
pub(crate) const GRANT_LIFETIME: Duration = Duration::from_hours(24);

pub(crate) struct ApiGate {
    core: Arc<Core>,
}

/// A session as the relay needs to know it.
pub(crate) fn open_session(
    row: &SessionRow,
    consent_timeout: Duration,
    files: &FileRules,
    notice: &ConnectionNotice,
) -> OpenSession {
    OpenSession {
        session: row.id,
        agent: agent_of(row),
        tenant: row.tenant,
        machine_name: row.machine_name.clone(),
        grant: SessionGrant {
            id: row.grant,
            technician: row.technician.clone(),
            company: row.company.clone(),
            rights: row.grant_rights,
            expires: row.grant_expires,
            ticket: row.ticket.clone(),
        },
        consent_mode: row.consent_mode,
        consent: row.consent_state,
        rights: row.rights,
        consent_timeout,
        notice: notice.to_wire(),
        files: Some(files.to_wire()),
    }
}

/// Whose screen a session shows.
pub(crate) fn agent_of(row: &SessionRow) -> AgentRef {
    row.machine.map_or(AgentRef::Support(row.id), AgentRef::Machine)
}

fn refusal(code: v2::CloseCode, reason: &str) -> Refusal {
    Refusal { code, reason: reason.into() }
}

fn unauthenticated() -> Refusal {
    refusal(v2::CloseCode::Unauthenticated, "The credential is not valid, or no longer.")
}

fn forbidden() -> Refusal {
    refusal(v2::CloseCode::Forbidden, "You may not join this session.")
}

fn ended() -> Refusal {
    refusal(v2::CloseCode::SessionEnded, "This session is over.")
}

fn failed(error: StorageError) -> Refusal {
    tracing::error!(%error, "the database failed at a hello");
    refusal(v2::CloseCode::Overloaded, "The server cannot check this at the moment.")
}

impl ApiGate {
    pub(crate) const fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    async fn agent(
        &self,
        credential: &AgentCredential,
        hello: &v2::AgentHello,
        peer: PeerInfo,
    ) -> Result<AdmittedAgent, Refusal> {
        let storage = &self.core.storage;
        let managed = matches!(credential, AgentCredential::Machine { .. });
        let mode = if managed { v2::AgentMode::Managed } else { v2::AgentMode::Support };
        if hello.mode() != mode {
            return Err(refusal(
                v2::CloseCode::Policy,
                "The credential is not for this kind of agent.",
            ));
        }
        match credential {
            AgentCredential::Machine { key, machine, tenant } => {
                if !storage.key_still_valid(*key).await.map_err(failed)? {
                    return Err(unauthenticated());
                }
                let live = storage.tenant(*tenant).live_session_of(*machine).await;
                let live = live.map_err(failed)?;
                let notice = ConnectionNotice::load(storage, *tenant).await.map_err(failed)?;
                let files = FileRules::load(storage, *tenant).await.map_err(failed)?;
                Ok(AdmittedAgent {
                    agent: AgentRef::Machine(*machine),
                    mode: AgentMode::Managed,
                    key: Some(*key),
                    tenant: *tenant,
                    resume_token: None,
                    sessions: live
                        .iter()
                        .map(|row| {
                            open_session(row, self.core.config.consent_timeout, &files, &notice)
                        })
                        .collect(),
                })
            }
            AgentCredential::SupportCode(code) => {
                let resume = random_secret("resume_", self.core.entropy.as_ref());
                let bound = self.bind(*code, hello, &resume).await.map_err(failed)?;
                let row = bound.ok_or_else(unauthenticated)?;
                self.core
                    .journal
                    .event(row.tenant, "code.used")
                    .from(peer.address, peer.correlation)
                    .actor(ActorKind::Agent, None, &row.machine_name)
                    .target("session", row.id, &row.machine_name)
                    .session(Some(row.id))
                    .write(&self.core.journal);
                self.core.bus.changed(row.tenant, Topic::Codes);
                self.core.bus.changed(row.tenant, Topic::Sessions);
                self.support_agent(&row, Some(resume)).await
            }
            AgentCredential::Resume { session } => {
                let row = storage.session_any_tenant(*session).await.map_err(failed)?;
                let row = row.filter(|row| row.ended.is_none() && row.machine.is_none());
                self.support_agent(&row.ok_or_else(ended)?, None).await
            }
        }
    }

    async fn support_agent(
        &self,
        row: &SessionRow,
        resume_token: Option<Secret>,
    ) -> Result<AdmittedAgent, Refusal> {
        let files = FileRules::load(&self.core.storage, row.tenant).await.map_err(failed)?;
        let notice = ConnectionNotice::load(&self.core.storage, row.tenant).await;
        let notice = notice.map_err(failed)?;
        Ok(AdmittedAgent {
            agent: AgentRef::Support(row.id),
            mode: AgentMode::Support,
            key: None,
            tenant: row.tenant,
            resume_token,
            sessions: vec![open_session(row, self.core.config.consent_timeout, &files, &notice)],
        })
    }

    async fn bind(
        &self,
        code: gc_types::SupportCode,
        hello: &v2::AgentHello,
        resume: &Secret,
    ) -> Result<Option<SessionRow>, StorageError> {
        let core = &self.core;
        let now = core.clock.now();
        let name = clean_text(&hello.hostname, 64);
        let bound = core
            .storage
            .bind_code(&core.keys.code_hash(code), now, |code| NewSession {
                id: SessionId::random(core.entropy.as_ref()),
                kind: SessionKind::Attended,
                machine: None,
                machine_name: if name.is_empty() { "Guest".into() } else { name },
                technician_id: code.technician_id,
                technician: code.technician.clone(),
                company: core.config.company.clone(),
                ticket: String::new(),
                grant: GrantId::random(core.entropy.as_ref()),
                grant_rights: Rights::CONTROL,
                grant_expires: now.plus(GRANT_LIFETIME),
                consent_mode: AttendedConsent::MODE,
                consent_state: initial_consent(AttendedConsent::MODE),
                resume_hash: Some(fingerprint(resume.expose())),
                created: now,
            })
            .await?;
        Ok(bound.map(|bound| bound.session))
    }

    /// What a viewer's credential stands for, used up if it is one for once; and what
    /// a program gets in exchange for a ticket.
    async fn seat(&self, token: &Secret) -> Result<(ViewerSeat, Option<Secret>), Refusal> {
        let core = &self.core;
        let now = core.clock.now();
        let text = token.expose();
        if is_secret(text, TICKET_PREFIX) {
            let resume = random_secret(SEAT_PREFIX, core.entropy.as_ref());
            let hash = fingerprint(resume.expose());
            let seat = core.storage.redeem_viewer_ticket(&fingerprint(text), &hash, now).await;
            return Ok((seat.map_err(failed)?.ok_or_else(unauthenticated)?, Some(resume)));
        }
        if is_secret(text, SEAT_PREFIX) {
            let seat = core.storage.viewer_seat(&fingerprint(text)).await.map_err(failed)?;
            return Ok((seat.ok_or_else(unauthenticated)?, None));
        }
        let token = jwt::verify::<ViewerClaims>(&core.keys.viewer, text, now)
            .ok_or_else(unauthenticated)?;
        let ViewerClaims { sub: user, login, tenant, session, rights } = token.claims;
        let store = core.storage.tenant(tenant);
        let first = store.redeem_viewer_token(token.id, session, now).await;
        if !first.map_err(failed)? {
            return Err(unauthenticated());
        }
        Ok((ViewerSeat { tenant, session, user, login, rights }, None))
    }

    async fn viewer(&self, token: &Secret, peer: PeerInfo) -> Result<AdmittedViewer, Refusal> {
        let core = &self.core;
        let (claims, resume_token) = self.seat(token).await?;
        let store = core.storage.tenant(claims.tenant);
        // What was allowed when the token was made out may not be any more.
        let login = core.login(claims.login).await.map_err(|_| {
            refusal(v2::CloseCode::Overloaded, "The server cannot check this at the moment.")
        })?;
        let login = login
            .filter(|login| login.user == claims.user && login.tenant == claims.tenant)
            .ok_or_else(unauthenticated)?;
        let actor = Actor {
            role: login.role,
            granted: login.permissions.iter().copied().collect::<PermissionSet>(),
        };
        let asked = Rights::from_bits(claims.rights);
        let control = asked.allows(gc_types::Right::Control);
        let rights = session_rights(actor, control).map_err(|_| forbidden())?.intersect(asked);
        let session =
            store.session(claims.session).await.map_err(failed)?.ok_or_else(|| {
                refusal(v2::CloseCode::SessionUnknown, "There is no such session.")
            })?;
        if session.ended.is_some() {
            return Err(ended());
        }
        if !session.consent_state.permits() {
            return Err(refusal(
                v2::CloseCode::Forbidden,
                if session.consent_state == ConsentState::Denied {
                    "The user declined."
                } else {
                    "The user has not answered yet."
                },
            ));
        }
        tracing::debug!(correlation = %peer.correlation, session = %session.id, "viewer admitted");
        Ok(AdmittedViewer {
            session: session.id,
            user: login.user,
            login: claims.login,
            name: login.display_name,
            rights,
            tenant: claims.tenant,
            resume_token,
        })
    }

    fn refused(&self, peer: PeerInfo, kind: ActorKind, what: &str, refusal: &Refusal) {
        self.core
            .journal
            .event(gc_types::TenantId::DEFAULT, "link.refused")
            .from(peer.address, peer.correlation)
            .actor(kind, None, what)
            .target("socket", what, what)
            .refused()
            .detail(json!({ "code": refusal.code as i32, "reason": refusal.reason }))
            .write(&self.core.journal);
    }
}

impl Gate for ApiGate {
    fn admit_agent<'a>(
        &'a self,
        credential: &'a AgentCredential,
        hello: &'a v2::AgentHello,
        _software: &'a str,
        peer: PeerInfo,
    ) -> PortFuture<'a, Result<AdmittedAgent, Refusal>> {
        Box::pin(async move {
            let admitted = self.agent(credential, hello, peer).await;
            if let Err(refusal) = &admitted {
                self.refused(peer, ActorKind::Agent, "agent", refusal);
            }
            admitted
        })
    }

    fn admit_viewer<'a>(
        &'a self,
        token: Secret,
        peer: PeerInfo,
    ) -> PortFuture<'a, Result<AdmittedViewer, Refusal>> {
        Box::pin(async move {
            let admitted = self.viewer(&token, peer).await;
            if let Err(refusal) = &admitted {
                self.refused(peer, ActorKind::Guest, "viewer", refusal);
            }
            admitted
        })
    }
}
