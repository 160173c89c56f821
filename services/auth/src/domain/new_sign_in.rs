//! Whether somebody signs in from where, or with what, nobody has signed in to the account before; then its owner is told.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use aether_common::{clock::Clock, model::user::User, problem::Problem};
use aether_store::{Tx, sessions};
use chrono::TimeDelta;

use crate::domain::{
    device,
    mail::{Mail, Mailer, Occasion, Recipient, postage::Postage},
    session::Place,
};

/// How many of the newest sessions are looked at.
const LOOK_AT: i64 = 200;
/// An account without sessions that is younger was just made, by who is signed in with that.
const JUST_MADE: TimeDelta = TimeDelta::minutes(1);

/// Tells owners of new sign-ins; cheap to clone.
#[derive(Clone)]
pub struct NewSignIns {
    mailer: Mailer,
    postage: Postage,
    clock: Clock,
}

impl NewSignIns {
    /// Tells by mail, within what `postage` allows.
    pub fn new(mailer: Mailer, postage: Postage, clock: Clock) -> Self {
        Self { mailer, postage, clock }
    }

    /// Tells the owner if this place is new. Call it before the session is opened: that would make the place known.
    pub async fn tell(&self, tx: &mut Tx, user: &User, place: &Place) -> Result<(), Problem> {
        let now = self.clock.now();
        let known = sessions::list_places(tx, user.id, LOOK_AT).await?;
        let just_made = known.is_empty() && now - user.created_at < JUST_MADE;
        let (network, device) = (network(&place.ip), device::describe(place.user_agent.as_deref()));
        let is_known = |(ip, agent): &(String, Option<String>)| {
            network == self::network(ip) && device == device::describe(agent.as_deref())
        };
        if just_made || known.iter().any(is_known) {
            return Ok(());
        }
        let mail = Mail::NewSignIn(Occasion { at: now, place: place.clone() });
        if self.postage.wait(tx, user.id, mail.kind()).await?.is_some() {
            return Ok(());
        }
        self.mailer.queue(tx, &Recipient::owner(user), &mail).await
    }
}

/// The neighbourhood of an address: what a provider gives a household today and tomorrow mostly stays in it. Nothing for what
/// is no address.
fn network(ip: &str) -> Option<IpAddr> {
    ip.parse().ok().map(|address| match address {
        IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from(u32::from(address) & (u32::MAX << 8))),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & (u128::MAX << 80))),
    })
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn neighbours_have_one_network() {
        assert_eq!(network("203.0.113.9"), network("203.0.113.250"));
        assert_ne!(network("203.0.113.9"), network("203.0.114.9"));
        assert_eq!(network("2001:db8:1:2::3"), network("2001:db8:1:ffff::4"));
        assert_ne!(network("2001:db8:1:2::3"), network("2001:db8:2:2::3"));
        assert_eq!(network("nowhere"), None);
    }
}
