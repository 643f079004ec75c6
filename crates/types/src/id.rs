//! Typed ids: one type per thing, so that a machine is never looked up by a session's id.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Entropy;

/// Text or bytes that are not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind} id")]
pub struct IdError {
    /// What the id would have named.
    pub kind: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name(Uuid);

        impl $name {
            /// A random (version 4) id.
            pub fn random(entropy: &dyn Entropy) -> Self {
                let mut bytes = [0; 16];
                entropy.fill(&mut bytes);
                Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
            }

            /// From the 16 bytes of the wire.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, IdError> {
                Uuid::from_slice(bytes).map(Self).map_err(|_| IdError { kind: $kind })
            }

            /// From 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes of the wire.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Uuid::parse_str(text).map(Self).map_err(|_| IdError { kind: $kind })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($kind, ":{}"), self.0)
            }
        }
    };
}

id!(
    /// A managed machine.
    MachineId, "machine"
);
id!(
    /// A session. Not a secret: who joins is authorised anew each time.
    SessionId, "session"
);
id!(
    /// A person who signs in.
    UserId, "user"
);
id!(
    /// A tenant; every scoped row carries one.
    TenantId, "tenant"
);
id!(
    /// A machine key (the row, not the secret).
    AgentKeyId, "agent key"
);
id!(
    /// A support code (the row, not the code).
    SupportCodeId, "support code"
);
id!(
    /// The authority by which a technician acts in one session.
    GrantId, "grant"
);
id!(
    /// An audit event.
    EventId, "event"
);
id!(
    /// Ties an answer to its log lines and audit events.
    CorrelationId, "correlation"
);

impl TenantId {
    /// The tenant that everything belongs to while multi-tenancy is off.
    pub const DEFAULT: Self = Self(Uuid::from_u128(0x0000_0000_0000_0000_0000_0000_0000_0001));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededEntropy;

    #[test]
    fn ids_survive_text_and_bytes() {
        let id = SessionId::random(&SeededEntropy::new(1));
        assert_eq!(id.to_string().parse::<SessionId>(), Ok(id));
        assert_eq!(SessionId::from_slice(id.as_bytes()), Ok(id));
        assert_eq!(SessionId::from_slice(&[1, 2]), Err(IdError { kind: "session" }));
    }

    #[test]
    fn default_tenant_has_its_fixed_number() {
        assert_eq!(TenantId::DEFAULT.to_string(), "00000000-0000-0000-0000-000000000001");
    }
}
