//! What every handler can reach.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gc_relay::{Relay, RelayConfig};
use gc_storage::{LoginState, Storage};
use gc_types::{Clock, Entropy, UserId};
use uuid::Uuid;

use crate::bus::{Bus, Signal};
use crate::config::ApiConfig;
use crate::error::ApiError;
use crate::gate::ApiGate;
use crate::journal::Journal;
use crate::limits::Limits;
use crate::password::Passwords;
use crate::secrets::Keyring;
use crate::web::WebFiles;

/// For how long a login is believed without asking the database. Cuts inside this
/// process take effect at once; this bounds those made elsewhere.
const BELIEVED: Duration = Duration::from_secs(2);
const REMEMBERED: usize = 10_000;

/// Everything but the relay, which needs it itself.
pub struct Core {
    pub(crate) config: ApiConfig,
    pub(crate) storage: Storage,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) keys: Keyring,
    pub(crate) journal: Arc<Journal>,
    pub(crate) bus: Bus,
    pub(crate) limits: Limits,
    pub(crate) passwords: Passwords,
    logins: Mutex<HashMap<Uuid, (LoginState, Duration)>>,
}

/// The API's state; clones share it.
#[derive(Clone)]
pub struct App {
    core: Arc<Core>,
    pub(crate) relay: Relay,
    pub(crate) web: Arc<dyn WebFiles>,
}

impl Deref for App {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.core
    }
}

/// Why the API cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] gc_storage::StorageError),
    /// The password hash cannot be computed at its cost.
    #[error("the password hash cannot be computed with these settings")]
    Passwords,
}

impl App {
    /// Wires the API and its relay, takes up the sessions that were live when the
    /// server stopped, and starts the tasks behind them. The database has been
    /// migrated.
    pub async fn start(
        config: ApiConfig,
        relay: RelayConfig,
        storage: Storage,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        web: Arc<dyn WebFiles>,
    ) -> Result<Self, StartError> {
        let (journal, entries) = Journal::new(clock.clone(), entropy.clone());
        let journal = Arc::new(journal);
        let passwords = Passwords::new(config.password_cost, entropy.as_ref())
            .map_err(|_| StartError::Passwords)?;
        let core = Arc::new(Core {
            keys: Keyring::new(&config.secret),
            config,
            storage,
            clock: clock.clone(),
            entropy: entropy.clone(),
            journal: journal.clone(),
            bus: Bus::new(),
            limits: Limits::default(),
            passwords,
            logins: Mutex::default(),
        });
        let gate = Arc::new(ApiGate::new(core.clone()));
        let relay = Relay::new(relay, clock, entropy, gate, journal);
        gc_runtime::spawn("journal", crate::writer::run(core.clone(), entries));
        let app = Self { core, relay, web };
        crate::sessions::reconcile(&app).await?;
        gc_runtime::spawn("reaper", crate::reaper::Reaper::new(app.clone()).run());
        Ok(app)
    }

    /// The relay, for the binary's own counters.
    pub fn relay(&self) -> &Relay {
        &self.relay
    }

    /// A new set-up token when there is no administrator yet, as a link for
    /// people. Earlier tokens are worth nothing from now on.
    pub async fn setup_link(&self) -> Result<Option<String>, gc_storage::StorageError> {
        if !self.storage.setup_required().await? {
            return Ok(None);
        }
        let token = crate::secrets::random_secret("", self.entropy.as_ref());
        let hash = crate::secrets::fingerprint(token.expose());
        self.storage.replace_setup_token(&hash, self.clock.now()).await?;
        Ok(Some(self.config.page(&format!("setup#{}", token.expose()))))
    }

    /// Waits until every decision made so far is in the database.
    pub async fn flush(&self) {
        self.journal.flush().await;
    }

    /// Tells everyone that the server goes away, and returns when all is written.
    pub async fn shutdown(&self, retry_after: Duration) {
        self.bus.send(Signal::Shutdown);
        self.relay.shutdown(retry_after).await;
        self.journal.flush().await;
    }

    /// A login is over: nothing of it is believed from now on and its sockets close.
    pub(crate) fn cut_login(&self, login: Uuid) {
        self.forget_login(login);
        self.bus.send(Signal::LoginCut(login));
        self.relay.cut_login(login);
    }

    /// What a user may do has changed: everything is asked anew, sockets close.
    pub(crate) fn cut_user(&self, user: UserId) {
        self.forget_user(user);
        self.bus.send(Signal::UserCut(user));
        self.relay.cut_user(user);
    }
}

impl Core {
    /// What a login is worth now; `None` when it is over. An error of the
    /// database is one here too: nobody is let in unasked.
    pub(crate) async fn login(&self, login: Uuid) -> Result<Option<LoginState>, ApiError> {
        let now = self.clock.monotonic();
        let known = self.lock_logins().get(&login).cloned();
        let state = match known {
            Some((state, at)) if now.saturating_sub(at) < BELIEVED => Some(state),
            _ => {
                let state = self.storage.login_state(login).await?;
                let mut logins = self.lock_logins();
                if logins.len() >= REMEMBERED {
                    logins.clear();
                }
                if let Some(state) = &state {
                    logins.insert(login, (state.clone(), now));
                }
                state
            }
        };
        Ok(state.filter(|state| state.alive && state.expires > self.clock.now()))
    }

    pub(crate) fn forget_login(&self, login: Uuid) {
        self.lock_logins().remove(&login);
    }

    pub(crate) fn forget_user(&self, user: UserId) {
        self.lock_logins().retain(|_, (state, _)| state.user != user);
    }

    fn lock_logins(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, (LoginState, Duration)>> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
