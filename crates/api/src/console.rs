//! What the operator does at the machine that the server runs on, without signing
//! in: whoever can read the database and the secret can do all of it anyway.

use std::sync::Arc;
use std::time::Duration;

use gc_storage::{
    ActorKind, AgentKeyRow, AuditRow, MachineFacts, MachineRow, NewCode, NewUser, Outcome, Storage,
    StorageError, TenantStore,
};
use gc_types::{
    AgentKeyId, Clock, ConsentMode, CorrelationId, Entropy, MachineId, Role, Secret, SessionId,
    SupportCode, SupportCodeId, TenantId, UserId,
};

use crate::journal::EventIds;
use crate::password::{PasswordCost, PasswordError, Passwords};
use crate::secrets::{Keyring, fingerprint, random_secret};

/// The user in whose name the operator acts. Nobody knows its password.
const USERNAME: &str = "server-console";
const DISPLAY_NAME: &str = "Server console";
/// Validity of a support code.
const CODE_LIFETIME: Duration = Duration::from_hours(24);

/// Why a command of the operator failed.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The password hash cannot be computed at its cost.
    #[error("the password hash cannot be computed")]
    Password(#[from] PasswordError),
}

/// A machine to be made.
#[derive(Debug, Clone)]
pub struct ConsoleMachine {
    /// Name, at most 100 characters.
    pub name: String,
    /// Company.
    pub company: String,
    /// Site.
    pub site: String,
    /// Tags.
    pub tags: Vec<String>,
    /// How its user is asked.
    pub consent_mode: ConsentMode,
}

/// Administration of a migrated database, beside a running server or without one.
pub struct ServerConsole {
    storage: Storage,
    keys: Keyring,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    events: EventIds,
}

impl ServerConsole {
    /// `secret` is the server's `JWT_SECRET`.
    pub fn new(
        storage: Storage,
        secret: &Secret,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let events = EventIds::new(Arc::clone(&clock), Arc::clone(&entropy));
        Self { storage, keys: Keyring::new(secret), clock, entropy, events }
    }

    /// Makes a machine and a key for its agent. The key is shown this once.
    pub async fn add_machine(
        &self,
        machine: ConsoleMachine,
    ) -> Result<(MachineId, Secret), ConsoleError> {
        let operator = self.operator().await?;
        let store = self.store();
        let now = self.clock.now();
        let row = MachineRow {
            id: MachineId::random(self.entropy.as_ref()),
            name: machine.name,
            company: machine.company,
            site: machine.site,
            department: String::new(),
            device_type: String::new(),
            tags: machine.tags,
            consent_mode: machine.consent_mode,
            facts: MachineFacts::default(),
            online: None,
            offline: None,
            trouble: None,
            created: now,
        };
        store.create_machine(&row).await?;
        let secret = random_secret("cak_", self.entropy.as_ref());
        let key = AgentKeyRow {
            id: AgentKeyId::random(self.entropy.as_ref()),
            machine: row.id,
            name: DISPLAY_NAME.into(),
            prefix: secret.expose().chars().skip(4).take(8).collect(),
            created: now,
            created_by: operator,
            last_used: None,
            revoked: None,
        };
        store.create_key(&key, &fingerprint(secret.expose())).await?;
        self.audit("machine.created", "machine", row.id.to_string(), Some(row.id)).await?;
        self.audit("key.created", "machine", row.id.to_string(), Some(row.id)).await?;
        Ok((row.id, secret))
    }

    /// Makes a support code that is valid for a day.
    pub async fn add_code(&self) -> Result<SupportCode, ConsoleError> {
        let operator = self.operator().await?;
        let id = SupportCodeId::random(self.entropy.as_ref());
        let code = SupportCode::random(self.entropy.as_ref());
        let now = self.clock.now();
        let new = NewCode {
            id,
            code_hash: self.keys.code_hash(code),
            code_sealed: self.keys.seal_code(id, code),
            created_by: operator,
            assigned_to: None,
            note: String::new(),
            created: now,
            expires: now.plus(CODE_LIFETIME),
        };
        self.store().create_code(new).await?;
        self.audit("code.created", "code", id.to_string(), None).await?;
        Ok(code)
    }

    /// The session that a code became; the outer `None`: there is no such code.
    pub async fn session_of_code(
        &self,
        code: SupportCode,
    ) -> Result<Option<Option<SessionId>>, ConsoleError> {
        let row = self.storage.code_by_hash(&self.keys.code_hash(code)).await?;
        Ok(row.map(|row| row.session))
    }

    fn store(&self) -> TenantStore<'_> {
        self.storage.tenant(TenantId::DEFAULT)
    }

    async fn operator(&self) -> Result<UserId, ConsoleError> {
        if let Some(user) = self.store().user_by_name(USERNAME).await? {
            return Ok(user.id);
        }
        let passwords = Passwords::new(PasswordCost::default(), self.entropy.as_ref())?;
        let password = random_secret("", self.entropy.as_ref());
        let user = NewUser {
            id: UserId::random(self.entropy.as_ref()),
            username: USERNAME.into(),
            display_name: DISPLAY_NAME.into(),
            role: Role::Operator,
            permissions: Vec::new(),
            password_hash: passwords.hash(password, self.entropy.as_ref()).await?,
            created: self.clock.now(),
        };
        Ok(self.store().create_user(user).await?.id)
    }

    async fn audit(
        &self,
        action: &str,
        target_kind: &str,
        target_id: String,
        machine: Option<MachineId>,
    ) -> Result<(), StorageError> {
        let (id, at) = self.events.next();
        let event = AuditRow {
            id,
            tenant: TenantId::DEFAULT,
            at,
            action: action.into(),
            actor_kind: ActorKind::System,
            actor_id: None,
            actor_name: DISPLAY_NAME.into(),
            target_kind: target_kind.into(),
            target_id,
            target_name: String::new(),
            session: None,
            machine,
            outcome: Outcome::Ok,
            address: String::new(),
            correlation: CorrelationId::random(self.entropy.as_ref()),
            detail: "{}".into(),
        };
        self.storage.write_audit(&[event]).await
    }
}
