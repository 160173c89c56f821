//! Who administers the installation. There is always somebody: the last administrator can be neither demoted nor shut out nor
//! deleted, however many try at once.

use aether_boot::Deps;
use aether_bus::{Bus, Topic};
use aether_common::{
    clock::Clock,
    id::{GenerationId, UserId},
    model::user::Role,
    notice::Control,
    problem::Problem,
};
use aether_store::{
    Store, Tx,
    accounts::{self, Listed},
    jobs,
    sessions::EndReason,
    token_cuts, users,
};
use serde_json::json;

use crate::domain::{
    announce::Announcer,
    audit::{Action, Audit, Entry},
    session::{Place, Sessions},
};

/// The administrators who are not shut out, until the transaction that locked them ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admins(Vec<UserId>);

/// Locks them: whoever else would change who they are waits, and then sees what was changed here.
pub async fn lock(tx: &mut Tx) -> Result<Admins, Problem> {
    Ok(Admins(accounts::lock_admins(tx).await?))
}

impl Admins {
    /// 409 `last_admin` when nobody would be left without this user.
    pub fn check_without(&self, user: UserId) -> Result<(), Problem> {
        if self.0 == [user] {
            return Err(Problem::conflict(
                "last_admin",
                "This is the last administrator: make somebody else one first.",
            ));
        }
        Ok(())
    }

    /// 403 when this user is none of them any more.
    pub fn check_with(&self, user: UserId) -> Result<(), Problem> {
        if self.0.contains(&user) {
            return Ok(());
        }
        Err(Problem::forbidden("forbidden", "Only an administrator may do this."))
    }
}

/// What is to change of an account; `None` stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change {
    /// What it may do.
    pub role: Option<Role>,
    /// Whether it is shut out.
    pub disabled: Option<bool>,
}

/// What administrators do with accounts; cheap to clone.
#[derive(Clone)]
pub struct Administration {
    store: Store,
    clock: Clock,
    bus: Bus,
    sessions: Sessions,
    announcer: Announcer,
    audit: Audit,
}

impl Administration {
    /// Administration of the accounts of these dependencies.
    pub fn new(deps: &Deps, sessions: Sessions, announcer: Announcer, audit: Audit) -> Self {
        let (store, clock, bus) = (deps.store.clone(), deps.clock.clone(), deps.bus.clone());
        Self { store, clock, bus, sessions, announcer, audit }
    }

    /// Changes an account. The tokens of whoever has another role, or is shut out, are dead everywhere within a second; who is
    /// shut out has no session any more, and what runs for them is stopped. 404 when there is none, 409 `last_admin`.
    pub async fn change(
        &self,
        admin: UserId,
        user: UserId,
        change: Change,
        place: &Place,
    ) -> Result<Listed, Problem> {
        let mut tx = self.store.begin().await?;
        let admins = lock(&mut tx).await?;
        users::lock(&mut tx, user).await?;
        let before = accounts::find(&mut tx, user).await?.ok_or_else(Problem::not_found)?;
        let role = change.role.unwrap_or(before.role);
        let disabled = change.disabled.unwrap_or(before.disabled);
        if role != Role::Admin || disabled {
            admins.check_without(user)?;
        }
        admins.check_with(admin)?;
        let (other_role, shut_out) = (role != before.role, disabled && !before.disabled);
        if !other_role && disabled == before.disabled {
            return Ok(before);
        }
        // Taken when nobody can make a token for the account any more.
        let now = self.clock.now();
        accounts::set_standing(&mut tx, user, role, disabled, now).await?;
        if other_role {
            let entry = Entry::to(Action::ROLE_CHANGED, admin, user, place);
            self.audit.record(&mut tx, entry.with(json!({ "from": before.role, "to": role }))).await?;
        }
        let (mut sessions, mut jobs) = (Vec::new(), Vec::new());
        if shut_out {
            self.audit.record(&mut tx, Entry::to(Action::USER_DISABLED, admin, user, place)).await?;
            sessions = self.sessions.end_all(&mut tx, user, None, EndReason::Disabled).await?;
            jobs = jobs::cancel_all(&mut tx, user).await?;
        } else if disabled != before.disabled {
            self.audit.record(&mut tx, Entry::to(Action::USER_ENABLED, admin, user, place)).await?;
        }
        let cut =
            if other_role || shut_out { Some(token_cuts::cut(&mut tx, user.0, now).await?) } else { None };
        let after = accounts::find(&mut tx, user).await?.ok_or_else(Problem::not_found)?;
        tx.save().await?;
        if let Some(at) = cut {
            self.announcer.cut(user, user.0, at);
        }
        self.announcer.ended(user, sessions, EndReason::Disabled);
        self.stop(&jobs).await;
        Ok(after)
    }

    /// Ends all sessions of a user; 404 when there is no such account.
    pub async fn sign_out(&self, admin: UserId, user: UserId, place: &Place) -> Result<(), Problem> {
        let mut tx = self.store.begin().await?;
        accounts::find(&mut tx, user).await?.ok_or_else(Problem::not_found)?;
        let ended = self.sessions.end_all(&mut tx, user, None, EndReason::ByAdmin).await?;
        let entry = Entry::to(Action::SESSIONS_REVOKED, admin, user, place);
        self.audit.record(&mut tx, entry.with(json!({ "sessionIds": ended }))).await?;
        tx.save().await?;
        self.announcer.ended(user, ended, EndReason::ByAdmin);
        Ok(())
    }

    /// Workers see the mark in the database too: the bus only makes it sooner.
    async fn stop(&self, generations: &[GenerationId]) {
        for generation_id in generations {
            let order = Control::Cancel { generation_id: *generation_id };
            let Ok(order) = serde_json::to_vec(&order) else { return };
            if let Err(error) = self.bus.publish(&Topic::control(), order).await {
                tracing::warn!(%error, "not told: workers will find it by looking");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn somebody_is_always_left() {
        let [ana, ben, cem] = [1, 2, 3].map(|number| UserId(Uuid::from_u128(number)));
        assert_eq!(Admins(vec![ana]).check_without(ana).unwrap_err().code, "last_admin");
        assert!(Admins(vec![ana, ben]).check_without(ana).is_ok());
        assert!(Admins(vec![ana]).check_without(cem).is_ok());
        assert!(Admins(vec![]).check_without(cem).is_ok(), "an installation without one loses none");
        assert!(Admins(vec![ana]).check_with(ana).is_ok());
        assert_eq!(Admins(vec![ana]).check_with(cem).unwrap_err().status, 403);
    }
}
