//! Who may do what: rights within a session, permissions and roles in the console.

use serde::{Deserialize, Serialize};

/// One thing a participant may do in a session. Values are those of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[repr(u32)]
pub enum Right {
    /// See the picture.
    View = 1,
    /// Use keyboard and pointer.
    Control = 2,
    /// Read and set the clipboard.
    Clipboard = 4,
    /// Move files.
    Files = 8,
}

/// A set of [`Right`]s.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Rights(u32);

impl Rights {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Look, and no more.
    pub const VIEW_ONLY: Self = Self(Right::View as u32);
    /// Look, type, and share the clipboard and files.
    pub const CONTROL: Self = Self(0b1111);

    /// Bits of the wire; unknown bits are dropped, since a right nobody here
    /// knows cannot be exercised.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & Self::CONTROL.0)
    }

    /// Bits of the wire.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether the set has `right`.
    pub const fn allows(self, right: Right) -> bool {
        self.0 & right as u32 != 0
    }

    /// What both sets have.
    #[must_use]
    pub const fn intersect(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether this set has everything that `other` has.
    pub const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Role of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Role {
    /// Everything.
    Admin,
    /// Sessions, machines and codes.
    Operator,
    /// Looks, never touches.
    Viewer,
    /// Only machines granted one by one.
    EndUser,
}

impl Role {
    /// All of them, widest first.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Operator, Self::Viewer, Self::EndUser];

    /// Stable name, as stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Viewer => "viewer",
            Self::EndUser => "end_user",
        }
    }

    /// From its stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Something a user may do in the console, given one by one beside the role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Permission {
    /// Watch sessions.
    View,
    /// Take control in sessions.
    Control,
    /// Move files and clipboard.
    Transfer,
    /// Create and change users.
    ManageUsers,
    /// Create, change and remove machines and their keys.
    ManageClients,
    /// Serial consoles.
    ConsoleAccess,
    /// Shells.
    ShellAccess,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::View,
        Self::Control,
        Self::Transfer,
        Self::ManageUsers,
        Self::ManageClients,
        Self::ConsoleAccess,
        Self::ShellAccess,
    ];

    /// Stable name, as stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Control => "control",
            Self::Transfer => "transfer",
            Self::ManageUsers => "manage_users",
            Self::ManageClients => "manage_clients",
            Self::ConsoleAccess => "console_access",
            Self::ShellAccess => "shell_access",
        }
    }

    /// From its stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.name() == name)
    }
}

/// Whether a session may show anything yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ConsentState {
    /// Policy asks for none.
    NotRequired,
    /// The user has not answered.
    Pending,
    /// The user said yes.
    Granted,
    /// The user said no, or nothing in time.
    Denied,
}

impl ConsentState {
    /// The choke point: nothing is shown and no input taken unless this holds.
    pub const fn permits(self) -> bool {
        matches!(self, Self::NotRequired | Self::Granted)
    }

    /// Stable name, as stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotRequired => "not_required",
            Self::Pending => "pending",
            Self::Granted => "granted",
            Self::Denied => "denied",
        }
    }

    /// From its stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::NotRequired, Self::Pending, Self::Granted, Self::Denied]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// How a machine's user is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ConsentMode {
    /// Nothing is asked.
    Silent,
    /// The user is told.
    Notify,
    /// The user is asked; silence is a denial.
    Ask,
    /// The user is asked when somebody is logged on; else allowed.
    AskUnlessAlone,
}

impl ConsentMode {
    /// Stable name, as stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Notify => "notify",
            Self::Ask => "ask",
            Self::AskUnlessAlone => "ask_unless_alone",
        }
    }

    /// From its stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Silent, Self::Notify, Self::Ask, Self::AskUnlessAlone]
            .into_iter()
            .find(|mode| mode.name() == name)
    }
}

/// Kind of agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AgentMode {
    /// Enrolled; keeps its link for ever.
    Managed,
    /// One support session, then gone.
    Support,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn view_only_cannot_type() {
        assert!(Rights::VIEW_ONLY.allows(Right::View));
        assert!(!Rights::VIEW_ONLY.allows(Right::Control));
        assert!(Rights::CONTROL.covers(Rights::VIEW_ONLY));
        assert_eq!(Rights::from_bits(u32::MAX), Rights::CONTROL);
    }

    #[test]
    fn only_yes_and_not_needed_pass_consent() {
        assert!(ConsentState::Granted.permits() && ConsentState::NotRequired.permits());
        assert!(!ConsentState::Pending.permits() && !ConsentState::Denied.permits());
    }

    #[test]
    fn names_are_stable_both_ways() {
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.name()), Some(role));
        }
        for permission in Permission::ALL {
            assert_eq!(Permission::from_name(permission.name()), Some(permission));
        }
    }
}
