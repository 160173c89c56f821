//! What may be spent on providers, as the settings say. An administrator may allow one user something else.

use aether_common::{model::user::Role, money};
use aether_store::usage::Limit;

use crate::config::{SettingError, Sources};

/// The limits of the settings; nothing set is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budgets {
    /// `AETHER_BUDGET_INSTALLATION_DAY` and `_MONTH`: for everybody together.
    pub installation: Limit,
    /// `AETHER_BUDGET_USER_DAY` and `_MONTH`: for each user alone.
    pub user: Limit,
    /// `AETHER_BUDGET_ROLE_USER_DAY` and `_MONTH`: for all whose role is `user` together.
    pub role_user: Limit,
    /// `AETHER_BUDGET_ROLE_ADMIN_DAY` and `_MONTH`: for all administrators together.
    pub role_admin: Limit,
}

impl Budgets {
    pub(crate) fn from_sources(from: &Sources) -> Result<Self, SettingError> {
        let dollars = |name: &'static str| {
            let may = "US dollars such as `20` or `0.5`, with at most 6 decimals";
            from.get(name).map(|text| money::parse_usd(text).ok_or_else(|| from.wrong(name, may))).transpose()
        };
        let limit = |day, month| Ok(Limit { day: dollars(day)?, month: dollars(month)? });
        Ok(Self {
            installation: limit("AETHER_BUDGET_INSTALLATION_DAY", "AETHER_BUDGET_INSTALLATION_MONTH")?,
            user: limit("AETHER_BUDGET_USER_DAY", "AETHER_BUDGET_USER_MONTH")?,
            role_user: limit("AETHER_BUDGET_ROLE_USER_DAY", "AETHER_BUDGET_ROLE_USER_MONTH")?,
            role_admin: limit("AETHER_BUDGET_ROLE_ADMIN_DAY", "AETHER_BUDGET_ROLE_ADMIN_MONTH")?,
        })
    }

    /// The limits of all users of this role together.
    pub fn role(&self, role: Role) -> Limit {
        match role {
            Role::User => self.role_user,
            Role::Admin => self.role_admin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_read_exactly_from_the_environment_and_the_file() {
        let from = Sources::from_file("budget_user_day = 0.25\nbudget_role_admin_month = \"100\"").unwrap();
        let budgets = Budgets::from_sources(&from.with([("AETHER_BUDGET_USER_MONTH", "2.000001")])).unwrap();
        assert_eq!(budgets.user, Limit { day: Some(250_000), month: Some(2_000_001) });
        assert_eq!(budgets.role(Role::Admin), Limit { day: None, month: Some(100_000_000) });
        assert_eq!(budgets.role(Role::User), Limit::default());
        assert_eq!(budgets.installation, Limit::default());
    }

    #[test]
    fn what_is_not_a_sum_is_refused_in_one_line() {
        for wrong in ["-1", "1e3", "0.0000001", "$5", "1,50"] {
            let from = Sources::from_pairs([("AETHER_BUDGET_USER_DAY", wrong)]);
            let error = Budgets::from_sources(&from).unwrap_err().to_string();
            assert!(error.starts_with("AETHER_BUDGET_USER_DAY holds") && !error.contains('\n'), "{error}");
        }
    }
}
