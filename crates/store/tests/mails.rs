//! What the queue of mails promises, on both databases: each is one process's at a time, none is lost, and nothing is left of
//! what one said when it has ended.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use aether_common::{
    clock::Clock,
    id::{Ids, RowId, UserId},
    model::user::Role,
};
use aether_store::{
    Store, jobs,
    mails::{self, Claim, NewMail, Outcome},
    users::{self, NewUser},
};
use aether_testkit::databases;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;

const LEASE: TimeDelta = TimeDelta::minutes(1);

async fn user(store: &Store) -> UserId {
    let id: UserId = Ids::system().mint();
    let mut tx = store.begin().await.unwrap();
    let new = NewUser {
        id,
        email: format!("{}@example.org", id.0.simple()),
        password_hash: None,
        name: "Ana".into(),
        role: Role::User,
        created_at: Clock::system().now(),
    };
    users::create(&mut tx, &new).await.unwrap();
    tx.save().await.unwrap();
    id
}

fn mail(id: RowId, user_id: Option<UserId>) -> NewMail<'static> {
    let now = Clock::system().now();
    let expires_at = now + TimeDelta::days(1);
    NewMail { id, kind: "reset_password", user_id, sealed: b"sealed", created_at: now, expires_at }
}

async fn queue(store: &Store, user: Option<UserId>) -> RowId {
    let id = Ids::system().mint();
    let mut tx = store.begin().await.unwrap();
    mails::create(&mut tx, &mail(id, user)).await.unwrap();
    tx.save().await.unwrap();
    id
}

async fn now(store: &Store) -> DateTime<Utc> {
    jobs::now(&mut store.conn().await.unwrap(), Clock::system().now()).await.unwrap()
}

async fn claim_at(store: &Store, now: DateTime<Utc>) -> Option<Claim> {
    mails::claim(&mut store.conn().await.unwrap(), now, now + LEASE).await.unwrap()
}

#[tokio::test]
async fn a_mail_of_a_transaction_that_is_not_saved_was_never_queued() {
    for db in databases().await {
        let mut tx = db.store.begin().await.unwrap();
        mails::create(&mut tx, &mail(Ids::system().mint(), None)).await.unwrap();
        drop(tx);
        let now = now(&db.store).await;
        assert_eq!(claim_at(&db.store, now).await, None, "{}", db.engine);
    }
}

#[tokio::test]
async fn of_many_who_claim_at_once_each_gets_another_mail() {
    for db in databases().await {
        let mut queued = Vec::new();
        for _ in 0..10 {
            queued.push(queue(&db.store, None).await);
        }
        let now = now(&db.store).await;
        let claims = join_all((0..8).map(async |_| {
            let mut mine = Vec::new();
            while let Some(claim) = claim_at(&db.store, now).await {
                mine.push(claim.id);
            }
            mine
        }));
        let mut claimed = claims.await.concat();
        claimed.sort();
        assert_eq!(claimed, queued, "{}", db.engine);
    }
}

#[tokio::test]
async fn a_mail_whose_sender_died_is_anothers_after_the_lease_and_the_late_one_is_refused() {
    for db in databases().await {
        let id = queue(&db.store, None).await;
        let now = now(&db.store).await;
        let first = claim_at(&db.store, now).await.unwrap();
        assert_eq!((first.id, first.tries, &*first.sealed), (id, 1, b"sealed".as_slice()), "{}", db.engine);
        let soon = now + LEASE - TimeDelta::seconds(1);
        assert_eq!(claim_at(&db.store, soon).await, None, "{}", db.engine);
        let second = claim_at(&db.store, now + LEASE).await.unwrap();
        assert_eq!((second.id, second.tries), (id, 2), "{}", db.engine);
        let mut conn = db.store.conn().await.unwrap();
        assert!(!mails::end(&mut conn, id, first.tries, Outcome::Sent, now).await.unwrap(), "{}", db.engine);
        assert!(!mails::release(&mut conn, id, first.tries, now).await.unwrap(), "{}", db.engine);
        assert!(mails::end(&mut conn, id, second.tries, Outcome::Sent, now).await.unwrap(), "{}", db.engine);
        assert!(!mails::end(&mut conn, id, second.tries, Outcome::Sent, now).await.unwrap(), "{}", db.engine);
        assert_eq!(claim_at(&db.store, now + LEASE * 3).await, None, "{}", db.engine);
    }
}

#[tokio::test]
async fn a_mail_that_was_put_back_waits_its_time_and_lets_others_pass() {
    for db in databases().await {
        let slow = queue(&db.store, None).await;
        let now = now(&db.store).await;
        let held = claim_at(&db.store, now).await.unwrap();
        let pause = now + TimeDelta::minutes(5);
        let mut conn = db.store.conn().await.unwrap();
        assert!(mails::release(&mut conn, slow, held.tries, pause).await.unwrap(), "{}", db.engine);
        drop(conn);
        let other = queue(&db.store, None).await;
        let later = now + TimeDelta::minutes(1);
        assert_eq!(claim_at(&db.store, later).await.unwrap().id, other, "{}", db.engine);
        assert_eq!(claim_at(&db.store, later).await, None, "{}", db.engine);
        let again = claim_at(&db.store, pause).await.unwrap();
        assert!([slow, other].contains(&again.id) && again.tries == 2, "{}", db.engine);
    }
}

#[tokio::test]
async fn what_a_mail_said_goes_when_it_ends_and_the_fact_some_time_later() {
    for db in databases().await {
        let ana = user(&db.store).await;
        for outcome in [Outcome::Sent, Outcome::GivenUp] {
            let id = queue(&db.store, Some(ana)).await;
            let now = now(&db.store).await;
            let held = claim_at(&db.store, now).await.unwrap();
            let mut conn = db.store.conn().await.unwrap();
            assert_eq!(mails::count_waiting(&mut conn).await.unwrap(), 1, "{}", db.engine);
            assert!(mails::end(&mut conn, id, held.tries, outcome, now).await.unwrap(), "{}", db.engine);
            assert_eq!(mails::count_waiting(&mut conn).await.unwrap(), 0, "{}", db.engine);
        }
        let mut conn = db.store.conn().await.unwrap();
        let now = now(&db.store).await;
        let day = now - TimeDelta::days(1);
        let (count, first) = mails::count_since(&mut conn, ana, "reset_password", day).await.unwrap();
        assert!(count == 2 && first.is_some_and(|first| first > day), "{}", db.engine);
        let other = mails::count_since(&mut conn, ana, "verify_address", day).await.unwrap();
        assert_eq!(other, (0, None), "{}", db.engine);
        assert_eq!(mails::purge(&mut conn, day).await.unwrap(), 0, "{}", db.engine);
        assert_eq!(mails::purge(&mut conn, now + TimeDelta::days(1)).await.unwrap(), 2, "{}", db.engine);
    }
}
