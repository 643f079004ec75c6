//! What the relay knows at this moment, and lists made from it and the database.

use std::collections::HashMap;

use gc_relay::ports::AgentRef;
use gc_relay::{AgentView, SessionView};
use gc_storage::{MachineRow, SessionKind, SessionRow};
use gc_types::{
    CauseCode, ConsentMode, ConsentState, MachineId, Right, SessionId, UnixMillis, UserId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::state::App;

/// A page of a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct List<T> {
    /// Rows.
    pub items: Vec<T>,
    /// Value of `cursor` for the next page; null when this is the last.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// A viewer in a session.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ViewerInfo {
    /// Seat number.
    pub participant: u16,
    /// Who.
    pub user_id: UserId,
    /// Display name.
    pub name: String,
    /// What they may do.
    pub rights: Vec<Right>,
    /// Since when.
    pub since_ms: UnixMillis,
    /// Has control at present.
    pub in_control: bool,
}

/// The live session of a machine.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct MachineSession {
    /// Id.
    pub id: SessionId,
    /// Who watches.
    pub viewers: Vec<ViewerInfo>,
}

/// A managed machine.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Machine {
    /// Id.
    pub id: MachineId,
    /// Name.
    pub name: String,
    /// Company.
    pub company: String,
    /// Site.
    pub site: String,
    /// Department.
    pub department: String,
    /// Kind of device.
    pub device_type: String,
    /// Tags.
    pub tags: Vec<String>,
    /// How its user is asked.
    pub consent_mode: ConsentMode,
    /// Whether its link is up.
    pub online: bool,
    /// Online or offline since; null when it was never online.
    #[schema(required = true)]
    pub since_ms: Option<UnixMillis>,
    /// When it was last online; null when never.
    #[schema(required = true)]
    pub last_seen_ms: Option<UnixMillis>,
    /// Why it has no picture to show; null when it has, and when it is offline.
    #[schema(required = true)]
    pub no_picture: Option<EndCause>,
    /// What kept its agent from the server the last time that something did; told by the
    /// agent once it was through.
    #[schema(required = true)]
    pub link_trouble: Option<LinkTrouble>,
    /// Name in the network, as the agent reported it.
    pub hostname: String,
    /// Operating system.
    pub os: String,
    /// Its version.
    pub os_version: String,
    /// Processor architecture.
    pub architecture: String,
    /// Version of the agent.
    pub agent_version: String,
    /// Who is logged on.
    pub logged_on_user: String,
    /// How long they have been idle; null when offline.
    #[schema(required = true)]
    pub idle_s: Option<u64>,
    /// Its live session.
    #[schema(required = true)]
    pub session: Option<MachineSession>,
    /// When it was made.
    pub created_ms: UnixMillis,
}

/// What kept an agent from the server.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct LinkTrouble {
    /// Why the last attempt failed.
    pub cause: EndCause,
    /// What the machine's system said; may be empty.
    pub detail: String,
    /// Attempts that failed in a row.
    pub attempts: u32,
    /// From the first of them to the end.
    pub lasted_ms: u64,
    /// When it was over.
    pub ended_ms: UnixMillis,
}

impl From<gc_storage::LinkTrouble> for LinkTrouble {
    fn from(trouble: gc_storage::LinkTrouble) -> Self {
        Self {
            cause: trouble.cause.into(),
            detail: trouble.detail,
            attempts: trouble.attempts,
            lasted_ms: u64::try_from(trouble.lasted.as_millis()).unwrap_or(u64::MAX),
            ended_ms: trouble.ended,
        }
    }
}

/// Whether somebody at the machine started the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionKindName {
    /// With a support code.
    Attended,
    /// To an enrolled machine.
    Unattended,
}

/// Whether a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionStateName {
    /// Not over.
    Live,
    /// Over.
    Ended,
}

/// Why a session ended, or something is not as one expects.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct EndCause {
    /// Stable name.
    pub code: String,
    /// Sentence for people.
    pub sentence: String,
}

impl From<CauseCode> for EndCause {
    fn from(cause: CauseCode) -> Self {
        Self { code: cause.name().into(), sentence: cause.sentence().into() }
    }
}

/// A session.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Session {
    /// Id.
    pub id: SessionId,
    /// Attended or not.
    pub kind: SessionKindName,
    /// Which product asked for it: `standalone` or `gururmm`.
    pub source: String,
    /// Whether it shows an enrolled machine.
    pub is_managed: bool,
    /// Which machine; null for a one-time agent.
    #[schema(required = true)]
    pub machine_id: Option<MachineId>,
    /// Name of the machine.
    pub machine_name: String,
    /// Who opened it.
    pub technician: String,
    /// Company shown to the user.
    pub company: String,
    /// Consent.
    pub consent_state: ConsentState,
    /// Whether the machine's link is up.
    pub agent_online: bool,
    /// Live or ended.
    pub state: SessionStateName,
    /// Who watches.
    pub viewers: Vec<ViewerInfo>,
    /// Kilobits from the machine over the last second.
    pub kbps: u32,
    /// Ticket number.
    pub ticket: String,
    /// When it was made.
    pub created_ms: UnixMillis,
    /// When it ended.
    #[schema(required = true)]
    pub ended_ms: Option<UnixMillis>,
    /// Why it ended.
    #[schema(required = true)]
    pub end_cause: Option<EndCause>,
}

/// The relay's view, taken once for a whole list.
pub(crate) struct Snapshot {
    agents: HashMap<AgentRef, AgentView>,
    sessions: HashMap<SessionId, SessionView>,
    by_machine: HashMap<MachineId, SessionId>,
}

fn viewers(view: &SessionView) -> Vec<ViewerInfo> {
    view.viewers
        .iter()
        .map(|viewer| ViewerInfo {
            participant: viewer.participant,
            user_id: viewer.user,
            name: viewer.name.clone(),
            rights: [Right::View, Right::Control, Right::Clipboard, Right::Files]
                .into_iter()
                .filter(|right| viewer.rights.allows(*right))
                .collect(),
            since_ms: viewer.since,
            in_control: viewer.in_control,
        })
        .collect()
}

impl Snapshot {
    pub(crate) fn of(app: &App) -> Self {
        let sessions: HashMap<_, _> =
            app.relay.sessions().into_iter().map(|view| (view.session, view)).collect();
        let by_machine = sessions
            .values()
            .filter_map(|view| match view.agent {
                AgentRef::Machine(machine) => Some((machine, view.session)),
                AgentRef::Support(_) => None,
            })
            .collect();
        let agents = app.relay.agents().into_iter().map(|view| (view.agent, view)).collect();
        Self { agents, sessions, by_machine }
    }

    pub(crate) fn machine(&self, row: MachineRow) -> Machine {
        let agent = self.agents.get(&AgentRef::Machine(row.id));
        let session = self
            .by_machine
            .get(&row.id)
            .and_then(|id| self.sessions.get(id))
            .map(|view| MachineSession { id: view.session, viewers: viewers(view) });
        let facts = row.facts;
        Machine {
            id: row.id,
            name: row.name,
            company: row.company,
            site: row.site,
            department: row.department,
            device_type: row.device_type,
            tags: row.tags,
            consent_mode: row.consent_mode,
            online: agent.is_some(),
            since_ms: agent.map_or(row.offline, |agent| Some(agent.since)),
            last_seen_ms: agent.map_or(row.offline.or(row.online), |agent| Some(agent.since)),
            no_picture: agent.and_then(|agent| agent.no_picture).map(EndCause::from),
            link_trouble: row.trouble.map(LinkTrouble::from),
            hostname: facts.hostname,
            os: facts.os,
            os_version: facts.os_version,
            architecture: facts.architecture,
            agent_version: facts.agent_version,
            logged_on_user: agent
                .map_or(facts.logged_on_user, |agent| agent.logged_on_user.clone()),
            idle_s: agent.map(|agent| agent.idle.as_secs()),
            session,
            created_ms: row.created,
        }
    }

    pub(crate) fn session(&self, row: SessionRow) -> Session {
        let view = self.sessions.get(&row.id);
        Session {
            id: row.id,
            kind: match row.kind {
                SessionKind::Attended => SessionKindName::Attended,
                SessionKind::Unattended => SessionKindName::Unattended,
            },
            source: row.source,
            is_managed: row.machine.is_some(),
            machine_id: row.machine,
            machine_name: row.machine_name,
            technician: row.technician,
            company: row.company,
            consent_state: view.map_or(row.consent_state, |view| view.consent),
            agent_online: view.is_some_and(|view| view.agent_online),
            state: if row.ended.is_some() {
                SessionStateName::Ended
            } else {
                SessionStateName::Live
            },
            viewers: view.map(viewers).unwrap_or_default(),
            kbps: view.map_or(0, |view| view.kbps),
            ticket: row.ticket,
            created_ms: row.created,
            ended_ms: row.ended,
            end_cause: row.end_cause.map(EndCause::from),
        }
    }
}
