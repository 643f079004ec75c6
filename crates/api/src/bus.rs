//! Word of changes inside the process: lists to be read again, logins cut.

use gc_types::{TenantId, UserId};
use tokio::sync::broadcast;
use uuid::Uuid;

/// A list that people look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    Machines,
    Sessions,
    Codes,
    Users,
    Audit,
}

impl Topic {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Machines => "machines",
            Self::Sessions => "sessions",
            Self::Codes => "codes",
            Self::Users => "users",
            Self::Audit => "audit",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// A list of a tenant has changed.
    Changed(TenantId, Topic),
    /// A login is over.
    LoginCut(Uuid),
    /// What a user may do has changed, or all their logins are over.
    UserCut(UserId),
    /// The server goes away.
    Shutdown,
}

/// Sends signals to whoever listens; who listens too slowly misses some and knows.
pub(crate) struct Bus(broadcast::Sender<Signal>);

impl Bus {
    pub(crate) fn new() -> Self {
        Self(broadcast::channel(256).0)
    }

    pub(crate) fn send(&self, signal: Signal) {
        // No listener is no error.
        let _ = self.0.send(signal);
    }

    pub(crate) fn changed(&self, tenant: TenantId, topic: Topic) {
        self.send(Signal::Changed(tenant, topic));
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Signal> {
        self.0.subscribe()
    }
}
