//! How much a socket and a user may ask. Told before anything is done for it: a flood costs its sender more than us.
//!
//! The buckets are this process's own. A user with sockets on several nodes has a bucket on each, which is what one node
//! must bear; what an event asks of the whole installation (generations, mails) is limited where it is done.

use std::time::Duration;

use aether_bus::{Bucket, LocalLimits, Rate};
use aether_common::{id::UserId, problem::Problem};
use socketioxide::socket::Sid;

/// Events of one socket: what a page does when it opens, and a fast typist after that.
const SOCKET: Rate = Rate { limit: 1_000, per: Duration::from_secs(10) };
/// Events of all sockets of one user.
const USER: Rate = Rate { limit: 3_000, per: Duration::from_secs(10) };
/// A join reads a room's history.
const JOIN_COST: u32 = 5;
/// Refusals of one socket: one that does not wait as it was told is closed.
const REFUSED: Rate = Rate { limit: 300, per: Duration::from_secs(30) };
/// Floods of one user: whoever is closed for one and comes back with the next must wait.
const FLOODS: Rate = Rate { limit: 3, per: Duration::from_mins(1) };

/// What has been asked of this process.
#[derive(Default)]
pub struct Floods {
    buckets: LocalLimits,
}

/// What becomes of an event.
#[derive(Debug)]
pub enum Verdict {
    /// It is done.
    Heard,
    /// It is answered with this and not done.
    Refused(Problem),
    /// The socket was refused for too long: it is closed.
    Flood,
}

impl Floods {
    /// Whether a new socket of this user is taken. Who has flooded this process again and again is not, for a while.
    pub fn admits(&self, user: UserId) -> bool {
        self.buckets.peek(&[floods(user)]).allowed
    }

    /// Charges an event to its socket and its user.
    pub fn judge(&self, socket: Sid, user: UserId, event: &str) -> Verdict {
        let cost = if event == "join_room" { JOIN_COST } else { 1 };
        let decision = self.buckets.take(&[
            Bucket::new("socket.events", socket, SOCKET).costing(cost),
            Bucket::new("socket.user", user, USER).costing(cost),
        ]);
        if decision.allowed {
            return Verdict::Heard;
        }
        if !self.buckets.take(&[Bucket::new("socket.refused", socket, REFUSED)]).allowed {
            self.buckets.take(&[floods(user)]);
            return Verdict::Flood;
        }
        Verdict::Refused(Problem::too_many("Too many events. Wait a moment.", decision.retry_after()))
    }
}

fn floods(user: UserId) -> Bucket {
    Bucket::new("socket.floods", user, FLOODS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;
    use uuid::Uuid;

    const ANA: UserId = UserId(Uuid::from_u128(1));
    const BEN: UserId = UserId(Uuid::from_u128(2));

    fn heard(floods: &Floods, socket: Sid, user: UserId) -> bool {
        matches!(floods.judge(socket, user, "typing"), Verdict::Heard)
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_refused_then_closed_and_nobody_else_notices() {
        let (floods, socket) = (Floods::default(), Sid::new());
        let (mut heard_of_it, mut refused) = (0, 0);
        // A thousand a second: some are heard all the while, which is no excuse.
        loop {
            match floods.judge(socket, ANA, "typing") {
                Verdict::Heard => heard_of_it += 1,
                Verdict::Refused(problem) => {
                    assert_eq!((problem.status, &*problem.code), (429, "rate_limited"));
                    refused += 1;
                }
                Verdict::Flood => break,
            }
            advance(Duration::from_millis(1)).await;
        }
        assert!(heard_of_it >= SOCKET.limit && refused >= REFUSED.limit, "{heard_of_it} {refused}");
        assert!(heard(&floods, Sid::new(), ANA), "another tab goes on");
        assert!(heard(&floods, Sid::new(), BEN));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_heard_again_and_never_closed() {
        let (floods, socket) = (Floods::default(), Sid::new());
        for _ in 0..20 {
            while heard(&floods, socket, ANA) {}
            for _ in 0..REFUSED.limit / 4 {
                assert!(matches!(floods.judge(socket, ANA, "typing"), Verdict::Refused(_)));
            }
            advance(SOCKET.per).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_floods_again_and_again_is_not_let_in_for_a_while() {
        let floods = Floods::default();
        for _ in 0..FLOODS.limit {
            assert!(floods.admits(ANA));
            let socket = Sid::new();
            while !matches!(floods.judge(socket, ANA, "typing"), Verdict::Flood) {}
        }
        assert!(!floods.admits(ANA) && floods.admits(BEN));
        advance(FLOODS.per / FLOODS.limit).await;
        assert!(floods.admits(ANA));
    }

    #[tokio::test(start_paused = true)]
    async fn many_sockets_are_no_way_round() {
        let floods = Floods::default();
        let mut count = 0;
        for _ in 0..10 {
            let socket = Sid::new();
            while heard(&floods, socket, ANA) {
                count += 1;
            }
        }
        assert_eq!(count, USER.limit);
    }

    #[tokio::test(start_paused = true)]
    async fn a_join_is_worth_several_events() {
        let (floods, socket) = (Floods::default(), Sid::new());
        let mut joins = 0;
        while matches!(floods.judge(socket, ANA, "join_room"), Verdict::Heard) {
            joins += 1;
        }
        assert_eq!(joins, SOCKET.limit / JOIN_COST);
    }
}
