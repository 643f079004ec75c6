//! Roles, permissions and what they open.

use gc_types::{Permission, Right, Rights, Role};

/// A set of [`Permission`]s.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PermissionSet(u8);

impl PermissionSet {
    /// No permission.
    pub const NONE: Self = Self(0);

    /// Every permission.
    pub fn all() -> Self {
        Permission::ALL.into_iter().collect()
    }

    /// What a role holds by itself.
    pub fn of_role(role: Role) -> Self {
        match role {
            Role::Admin => Self::all(),
            Role::Operator => {
                [Permission::View, Permission::Control, Permission::Transfer].into_iter().collect()
            }
            Role::Viewer => [Permission::View].into_iter().collect(),
            Role::EndUser => Self::NONE,
        }
    }

    /// This set and one more.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        Self(self.0 | Self::bit(permission))
    }

    /// What either set has.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the permission is in the set.
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & Self::bit(permission) != 0
    }

    /// Whether this set has all of `other`.
    pub const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The permissions, in their fixed order.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.has(*permission))
    }

    const fn bit(permission: Permission) -> u8 {
        1 << permission as u8
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<T: IntoIterator<Item = Permission>>(permissions: T) -> Self {
        permissions.into_iter().fold(Self::NONE, Self::with)
    }
}

/// Who asks: a role, and the permissions given beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// Role of the account.
    pub role: Role,
    /// Permissions given one by one.
    pub granted: PermissionSet,
}

impl Actor {
    /// What the actor holds in all.
    pub fn permissions(self) -> PermissionSet {
        PermissionSet::of_role(self.role).union(self.granted)
    }
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Read and change one's own account.
    OwnAccount,
    /// List users.
    ReadUsers,
    /// Create, change and remove users.
    ManageUsers,
    /// List machines and sessions.
    ReadFleet,
    /// Create, change and remove machines and their keys.
    ManageMachines,
    /// Open a session with a machine, or watch one.
    Watch,
    /// Take control in a session.
    Control,
    /// End a session.
    EndSession,
    /// Create, list and cancel support codes.
    SupportCodes,
    /// Read the audit.
    ReadAudit,
    /// Read the server's settings.
    ReadSettings,
    /// Change the settings of the tenant.
    ManageSettings,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::OwnAccount,
        Self::ReadUsers,
        Self::ManageUsers,
        Self::ReadFleet,
        Self::ManageMachines,
        Self::Watch,
        Self::Control,
        Self::EndSession,
        Self::SupportCodes,
        Self::ReadAudit,
        Self::ReadSettings,
        Self::ManageSettings,
    ];

    /// Stable name, for the audit.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OwnAccount => "own_account",
            Self::ReadUsers => "read_users",
            Self::ManageUsers => "manage_users",
            Self::ReadFleet => "read_fleet",
            Self::ManageMachines => "manage_machines",
            Self::Watch => "watch",
            Self::Control => "control",
            Self::EndSession => "end_session",
            Self::SupportCodes => "support_codes",
            Self::ReadAudit => "read_audit",
            Self::ReadSettings => "read_settings",
            Self::ManageSettings => "manage_settings",
        }
    }
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// A permission is missing.
    #[error("the permission {} is missing", .0.name())]
    Permission(Permission),
    /// Only administrators may.
    #[error("only administrators may do this")]
    NotAdmin,
    /// Nobody does that to their own account.
    #[error("nobody can do this to their own account")]
    OwnAccount,
    /// The account given or changed has more than who changes it.
    #[error("nobody can give or change what they do not hold themselves")]
    BeyondOwn,
    /// It is the last administrator who can sign in.
    #[error("this is the last administrator")]
    LastAdmin,
}

/// Answer to "may they?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Allow,
    /// No, because.
    Deny(Denial),
}

impl Decision {
    /// As a result, for `?`.
    pub const fn into_result(self) -> Result<(), Denial> {
        match self {
            Self::Allow => Ok(()),
            Self::Deny(denial) => Err(denial),
        }
    }
}

fn needs(actor: Actor, permission: Permission) -> Decision {
    if actor.permissions().has(permission) {
        Decision::Allow
    } else {
        Decision::Deny(Denial::Permission(permission))
    }
}

/// Whether `actor` may do `action` at all; what it is done to is checked apart.
pub fn decide(actor: Actor, action: Action) -> Decision {
    match action {
        Action::OwnAccount => Decision::Allow,
        Action::ReadUsers | Action::ManageUsers => needs(actor, Permission::ManageUsers),
        Action::ManageMachines => needs(actor, Permission::ManageClients),
        Action::ReadFleet | Action::Watch | Action::ReadAudit => needs(actor, Permission::View),
        Action::Control | Action::EndSession | Action::SupportCodes => {
            needs(actor, Permission::Control)
        }
        Action::ReadSettings | Action::ManageSettings => {
            if actor.role == Role::Admin {
                Decision::Allow
            } else {
                Decision::Deny(Denial::NotAdmin)
            }
        }
    }
}

/// Rights of a viewer in a session; `control` says which access was asked for.
/// Clipboard and files go with control only for those who may transfer.
pub fn session_rights(actor: Actor, control: bool) -> Result<Rights, Denial> {
    decide(actor, Action::Watch).into_result()?;
    if !control {
        return Ok(Rights::VIEW_ONLY);
    }
    decide(actor, Action::Control).into_result()?;
    let mut bits = Right::View as u32 | Right::Control as u32;
    if actor.permissions().has(Permission::Transfer) {
        bits |= Right::Clipboard as u32 | Right::Files as u32;
    }
    Ok(Rights::from_bits(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(role: Role) -> Actor {
        Actor { role, granted: PermissionSet::NONE }
    }

    /// The whole table, so that a change of it is seen.
    #[test]
    fn roles_open_exactly_this() {
        let open = |role| -> Vec<&str> {
            Action::ALL
                .into_iter()
                .filter(|action| decide(actor(role), *action) == Decision::Allow)
                .map(Action::name)
                .collect()
        };
        assert_eq!(open(Role::Admin).len(), Action::ALL.len());
        assert_eq!(
            open(Role::Operator),
            [
                "own_account",
                "read_fleet",
                "watch",
                "control",
                "end_session",
                "support_codes",
                "read_audit"
            ]
        );
        assert_eq!(open(Role::Viewer), ["own_account", "read_fleet", "watch", "read_audit"]);
        assert_eq!(open(Role::EndUser), ["own_account"]);
    }

    #[test]
    fn a_granted_permission_adds_to_the_role() {
        let viewer = Actor {
            role: Role::Viewer,
            granted: PermissionSet::NONE.with(Permission::ManageClients),
        };
        assert_eq!(decide(viewer, Action::ManageMachines), Decision::Allow);
        assert_eq!(
            decide(viewer, Action::Control),
            Decision::Deny(Denial::Permission(Permission::Control))
        );
    }

    #[test]
    fn rights_in_a_session_follow_the_permissions() {
        assert_eq!(session_rights(actor(Role::Operator), true), Ok(Rights::CONTROL));
        assert_eq!(session_rights(actor(Role::Operator), false), Ok(Rights::VIEW_ONLY));
        assert_eq!(
            session_rights(actor(Role::Viewer), true),
            Err(Denial::Permission(Permission::Control))
        );
        assert_eq!(
            session_rights(actor(Role::EndUser), false),
            Err(Denial::Permission(Permission::View))
        );
        let typist =
            Actor { role: Role::Viewer, granted: PermissionSet::NONE.with(Permission::Control) };
        let rights = session_rights(typist, true);
        assert_eq!(rights.map(|r| r.allows(Right::Clipboard)), Ok(false));
    }
}
