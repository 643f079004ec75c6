//! Changes of accounts: nobody locks out or demotes themselves, nobody gives what
//! they do not hold, and one administrator always stays.

use gc_types::Role;

use crate::access::{Action, Actor, Decision, Denial, PermissionSet, decide};

/// A change of an account, reduced to what the decision needs.
#[derive(Debug, Clone, Copy)]
pub struct AccountChange {
    /// Who changes.
    pub actor: Actor,
    /// The account is the actor's own.
    pub own: bool,
    /// What the account is now; `None` when it is being created.
    pub before: Option<Actor>,
    /// What it becomes; `None` when it is removed or disabled.
    pub after: Option<Actor>,
    /// Administrators who can sign in at present.
    pub active_admins: u64,
    /// Whether the account can sign in at present.
    pub active: bool,
}

/// Decides on a change of an account's role, permissions, password or existence.
pub fn check_account_change(change: AccountChange) -> Decision {
    if let deny @ Decision::Deny(_) = decide(change.actor, Action::ManageUsers) {
        return deny;
    }
    let changed = match (change.before, change.after) {
        (Some(before), Some(after)) => before != after,
        _ => true,
    };
    if change.own && changed {
        return Decision::Deny(Denial::OwnAccount);
    }
    // Whoever manages users but is not an administrator cannot make or touch one:
    // setting an administrator's password would be a way to become one.
    let own = change.actor.permissions();
    let beyond = |account: Option<Actor>| {
        account.is_some_and(|account| {
            !own.covers(account.permissions())
                || account.role == Role::Admin && change.actor.role != Role::Admin
        })
    };
    if beyond(change.before) || beyond(change.after) {
        return Decision::Deny(Denial::BeyondOwn);
    }
    let was_admin = change.active && change.before.is_some_and(|actor| actor.role == Role::Admin);
    let stays_admin = change.after.is_some_and(|actor| actor.role == Role::Admin);
    if was_admin && !stays_admin && change.active_admins <= 1 {
        return Decision::Deny(Denial::LastAdmin);
    }
    Decision::Allow
}

/// Everything an actor needs to be told apart from another.
impl From<Role> for Actor {
    fn from(role: Role) -> Self {
        Self { role, granted: PermissionSet::NONE }
    }
}

#[cfg(test)]
mod tests {
    use gc_types::Permission;

    use super::*;

    fn change(actor: impl Into<Actor>) -> AccountChange {
        AccountChange {
            actor: actor.into(),
            own: false,
            before: Some(Role::Operator.into()),
            after: Some(Role::Viewer.into()),
            active_admins: 2,
            active: true,
        }
    }

    #[test]
    fn nobody_demotes_or_removes_themselves() {
        let own =
            AccountChange { own: true, before: Some(Role::Admin.into()), ..change(Role::Admin) };
        assert_eq!(check_account_change(own), Decision::Deny(Denial::OwnAccount));
        let removed = AccountChange { after: None, ..own };
        assert_eq!(check_account_change(removed), Decision::Deny(Denial::OwnAccount));
        let renamed = AccountChange { after: own.before, ..own };
        assert_eq!(check_account_change(renamed), Decision::Allow);
    }

    #[test]
    fn the_last_administrator_stays() {
        let last = AccountChange {
            before: Some(Role::Admin.into()),
            after: None,
            active_admins: 1,
            ..change(Role::Admin)
        };
        assert_eq!(check_account_change(last), Decision::Deny(Denial::LastAdmin));
        assert_eq!(
            check_account_change(AccountChange { active_admins: 2, ..last }),
            Decision::Allow
        );
    }

    #[test]
    fn a_user_manager_makes_and_touches_no_administrator() {
        let manager = Actor {
            role: Role::Operator,
            granted: PermissionSet::NONE.with(Permission::ManageUsers),
        };
        let promoted = AccountChange { after: Some(Role::Admin.into()), ..change(manager) };
        assert_eq!(check_account_change(promoted), Decision::Deny(Denial::BeyondOwn));
        let every = Actor { role: Role::Operator, granted: PermissionSet::all() };
        let password = AccountChange {
            before: Some(Role::Admin.into()),
            after: Some(Role::Admin.into()),
            ..change(every)
        };
        assert_eq!(check_account_change(password), Decision::Deny(Denial::BeyondOwn));
        assert_eq!(check_account_change(change(manager)), Decision::Allow);
    }

    #[test]
    fn who_does_not_manage_users_changes_nobody() {
        assert_eq!(
            check_account_change(change(Role::Operator)),
            Decision::Deny(Denial::Permission(Permission::ManageUsers))
        );
    }
}
