//! What the books promise, on both databases: nobody overspends however many ask at once, and the counters are always the
//! sums of the entries.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aether_common::{
    clock::Clock,
    id::{GenerationId, Ids, RowId, UserId},
    model::{
        generation::{Kind, Usage},
        user::Role,
    },
};
use aether_store::{
    Store, budgets,
    generations::{self, NewGeneration},
    usage::{self, Counter, Limit, Limits, NewEntry, Periods, Reserved, Standing},
    users::{self, NewUser},
};
use aether_testkit::databases;
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt as _, stream};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

const NONE: Limits = Limits { user: NO, role: NO, installation: NO };
const NO: Limit = Limit { day: None, month: None };

async fn user(store: &Store, role: Role) -> UserId {
    let id: UserId = Ids::system().mint();
    let mut tx = store.begin().await.unwrap();
    let new = NewUser {
        id,
        email: format!("{}@example.org", id.0.simple()),
        password_hash: None,
        name: "Ana".into(),
        role,
        created_at: Clock::system().now(),
    };
    users::create(&mut tx, &new).await.unwrap();
    tx.save().await.unwrap();
    id
}

async fn generation(store: &Store, user_id: UserId) -> GenerationId {
    let id = Ids::system().mint();
    let mut tx = store.begin().await.unwrap();
    let new = NewGeneration {
        id,
        user_id,
        kind: Kind::Ui,
        title: "T",
        prompt: "p",
        language: None,
        model: None,
        parent_id: None,
        room_id: None,
        client_id: None,
        request_hash: None,
        payload: None,
        created_at: at("2026-11-21T12:00:00Z"),
    };
    generations::create(&mut tx, &new).await.unwrap();
    tx.save().await.unwrap();
    id
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Somebody who spends.
#[derive(Clone)]
struct Payer {
    store: Store,
    user: UserId,
    role: Role,
    generation: GenerationId,
    now: DateTime<Utc>,
}

impl Payer {
    async fn new(store: &Store, role: Role) -> Self {
        let user = user(store, role).await;
        let generation = generation(store, user).await;
        Self { store: store.clone(), user, role, generation, now: at("2026-11-21T12:00:00Z") }
    }

    async fn reserve(&self, limits: &Limits, want: i64, need: i64) -> (RowId, Reserved) {
        let id = Ids::system().mint();
        let entry = NewEntry {
            id,
            generation_id: self.generation,
            user_id: self.user,
            role: self.role,
            kind: Kind::Ui,
            provider: "p",
            model: "m",
            most: Usage { input_tokens: 10, output_tokens: 20 },
            input_price: 1_000_000,
            output_price: 2_000_000,
            at: self.now,
        };
        let mut tx = self.store.begin().await.unwrap();
        let reserved = usage::reserve(&mut tx, &entry, limits, want, need).await.unwrap();
        if reserved != Reserved::Spent {
            tx.save().await.unwrap();
        }
        (id, reserved)
    }

    async fn settle(&self, id: RowId, cost: i64) -> bool {
        let mut tx = self.store.begin().await.unwrap();
        let used = Usage { input_tokens: 7, output_tokens: 9 };
        let settled = usage::settle(&mut tx, id, used, cost, self.now).await.unwrap();
        tx.save().await.unwrap();
        settled
    }

    async fn standing(&self) -> Standing {
        let mut db = self.store.conn().await.unwrap();
        usage::find_standing(&mut db, self.user, self.role, &Periods::of(self.now)).await.unwrap()
    }

    async fn open(&self) -> usize {
        let mut db = self.store.conn().await.unwrap();
        usage::list_open(&mut db, self.generation).await.unwrap().len()
    }
}

fn day(limit: i64) -> Limit {
    Limit { day: Some(limit), month: None }
}

fn counter(reserved: i64, spent: i64) -> Counter {
    Counter { reserved, spent }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_calls_never_pass_the_limit_at_any_moment() {
    for db in databases().await {
        let (ana, ben) = (Payer::new(&db.store, Role::User).await, Payer::new(&db.store, Role::User).await);
        // A second process has connections of its own.
        let store = Store::connect_patiently(&db.url, Duration::from_secs(30)).await.unwrap();
        let other = Payer { store, ..ana.clone() };
        let limits = Limits { user: day(1_000), role: day(1_700), installation: day(1_500) };
        let done = Arc::new(AtomicBool::new(false));
        let watch = {
            let (ana, done) = (ana.clone(), done.clone());
            async move {
                let mut looks = 0;
                while !done.load(Ordering::Relaxed) {
                    let now = ana.standing().await;
                    assert!(now.user.day.reserved + now.user.day.spent <= 1_000, "{now:?}");
                    assert!(now.installation.day.reserved + now.installation.day.spent <= 1_500, "{now:?}");
                    looks += 1;
                    tokio::task::yield_now().await;
                }
                looks
            }
        };
        let calls = (0..200).map(|number| {
            let payer = [&ana, &ben, &other][number % 3].clone();
            async move {
                let (id, reserved) = payer.reserve(&limits, 30, 30).await;
                match reserved {
                    Reserved::Held(held) => {
                        assert_eq!(held, 30);
                        assert!(payer.settle(id, 20).await);
                        20
                    }
                    _ => 0,
                }
            }
        });
        let all = async {
            // More than there are connections, and few enough that nobody waits longer than a pool lets them.
            let spent: i64 =
                stream::iter(calls).buffer_unordered(60).collect::<Vec<_>>().await.into_iter().sum();
            done.store(true, Ordering::Relaxed);
            spent
        };
        let (spent, looks) = futures::join!(all, watch);
        let now = ana.standing().await;
        assert!(looks > 0);
        assert_eq!(now.installation.day, counter(0, spent), "{}", db.engine);
        assert_eq!(now.role.month, counter(0, spent), "{}", db.engine);
        assert!((20..=1_500).contains(&spent), "{}: {spent}", db.engine);
        let sums =
            usage::list_sums(&mut db.store.conn().await.unwrap(), None, "2026-11-21", "2026-11-21", 10)
                .await
                .unwrap();
        assert_eq!(sums.iter().map(|sum| sum.amounts.cost).sum::<i64>(), spent);
        let total =
            usage::find_total(&mut db.store.conn().await.unwrap(), None, "2026-11-21", "2026-11-21").await;
        assert_eq!(total.unwrap(), sums[0].amounts, "one day, one model, one kind");
        assert_eq!(sums[0].amounts.calls, spent / 20);
        assert_eq!((sums[0].amounts.input_tokens, sums[0].amounts.generations), (7 * spent / 20, 2));
        let left = limits.left(&now).unwrap();
        assert_eq!(
            ana.reserve(&limits, 10_000, 1).await.1,
            Reserved::Held(left),
            "all the rest can be spent"
        );
    }
}

#[tokio::test]
async fn what_is_left_is_held_when_it_is_enough() {
    for db in databases().await {
        let ana = Payer::new(&db.store, Role::User).await;
        let limits = Limits { user: day(100), ..NONE };
        let (first, held) = ana.reserve(&limits, 70, 10).await;
        assert_eq!(held, Reserved::Held(70));
        assert_eq!(ana.reserve(&limits, 70, 31).await.1, Reserved::Spent);
        assert_eq!(ana.standing().await.user.day, counter(70, 0), "a refused call leaves nothing");
        assert_eq!(ana.reserve(&limits, 70, 30).await.1, Reserved::Held(30));
        assert_eq!(ana.reserve(&limits, 1, 1).await.1, Reserved::Spent);
        assert!(ana.settle(first, 5).await);
        assert_eq!(ana.standing().await.user, usage::Counters { day: counter(30, 5), month: counter(30, 5) });
        assert_eq!(ana.reserve(&limits, 65, 65).await.1, Reserved::Held(65));
    }
}

#[tokio::test]
async fn every_payer_and_period_has_a_limit_of_its_own() {
    for db in databases().await {
        let ana = Payer::new(&db.store, Role::User).await;
        let ben = Payer::new(&db.store, Role::User).await;
        let root = Payer::new(&db.store, Role::Admin).await;
        let role = Limits { role: day(100), ..NONE };
        assert_eq!(ana.reserve(&role, 60, 60).await.1, Reserved::Held(60));
        assert_eq!(ben.reserve(&role, 60, 60).await.1, Reserved::Spent, "users of a role share");
        assert_eq!(root.reserve(&role, 60, 60).await.1, Reserved::Held(60), "another role has its own");
        let installation = Limits { installation: day(150), ..NONE };
        assert_eq!(ben.reserve(&installation, 31, 31).await.1, Reserved::Spent);
        assert_eq!(ben.reserve(&installation, 30, 30).await.1, Reserved::Held(30));

        let month = Limits { user: Limit { day: Some(50), month: Some(80) }, ..NONE };
        let mut eva = Payer::new(&db.store, Role::User).await;
        assert_eq!(eva.reserve(&month, 50, 50).await.1, Reserved::Held(50));
        assert_eq!(eva.reserve(&month, 1, 1).await.1, Reserved::Spent);
        eva.now = at("2026-11-22T00:00:00Z");
        assert_eq!(eva.reserve(&month, 50, 1).await.1, Reserved::Held(30), "a new day, the same month");
        eva.now = at("2026-12-01T00:00:00Z");
        assert_eq!(eva.reserve(&month, 50, 50).await.1, Reserved::Held(50), "a new month");
    }
}

#[tokio::test]
async fn a_call_is_settled_where_it_was_reserved_and_only_once() {
    for db in databases().await {
        let mut ana = Payer::new(&db.store, Role::User).await;
        ana.now = at("2026-11-30T23:59:59.999999Z");
        let limits = Limits { user: day(100), ..NONE };
        let (id, _) = ana.reserve(&limits, 40, 40).await;
        ana.now = at("2026-12-01T00:00:00Z");
        assert!(ana.settle(id, 250).await);
        assert!(!ana.settle(id, 250).await, "{}: the second one is told so", db.engine);
        assert_eq!(ana.standing().await, Standing::default());
        ana.now = at("2026-11-30T12:00:00Z");
        let both = usage::Counters { day: counter(0, 250), month: counter(0, 250) };
        assert_eq!(ana.standing().await.user, both, "{}: more than was held is booked truthfully", db.engine);
        assert_eq!(ana.reserve(&limits, 1, 1).await.1, Reserved::Spent);
    }
}

#[tokio::test]
async fn without_a_limit_nothing_is_held_and_everything_is_booked() {
    for db in databases().await {
        let ana = Payer::new(&db.store, Role::User).await;
        let (paid, reserved) = ana.reserve(&NONE, 500, 500).await;
        assert_eq!(reserved, Reserved::Unlimited);
        let (free, reserved) = ana.reserve(&Limits { user: day(0), ..NONE }, 0, 0).await;
        assert_eq!(reserved, Reserved::Unlimited, "what costs nothing is never refused");
        assert_eq!(ana.standing().await, Standing::default());
        assert!(ana.settle(paid, 40).await && ana.settle(free, 0).await);
        assert_eq!(ana.standing().await.installation.month, counter(0, 40));
    }
}

#[tokio::test]
async fn a_call_is_abandoned_when_it_is_old_and_its_generation_is_over() {
    for db in databases().await {
        let ana = Payer::new(&db.store, Role::User).await;
        let ended = Payer::new(&db.store, Role::User).await;
        let limits = Limits { user: day(100), ..NONE };
        ana.reserve(&limits, 10, 10).await;
        let (lost, _) = ended.reserve(&limits, 10, 10).await;
        let abandoned = async |before: DateTime<Utc>| {
            let mut conn = db.store.conn().await.unwrap();
            let found = usage::list_abandoned(&mut conn, before, 10).await.unwrap();
            found.into_iter().map(|entry| entry.id).collect::<Vec<_>>()
        };
        let later = ana.now + TimeDelta::minutes(30);
        assert!(abandoned(later).await.is_empty(), "{}: both may still be made", db.engine);
        let mut tx = db.store.begin().await.unwrap();
        generations::delete(&mut tx, ended.generation).await.unwrap();
        tx.save().await.unwrap();
        assert!(abandoned(ana.now).await.is_empty());
        assert_eq!(abandoned(later).await, [lost], "{}", db.engine);
        assert!(ended.settle(lost, 10).await);
        assert_eq!(ended.standing().await.user.day, counter(0, 10), "what is gone was paid all the same");
        assert_eq!(ana.open().await, 1);
    }
}

#[tokio::test]
async fn a_budget_is_kept_for_its_user_until_it_is_deleted() {
    for db in databases().await {
        let ana = user(&db.store, Role::Admin).await;
        let now = at("2026-11-21T12:00:00Z");
        let mut conn = db.store.conn().await.unwrap();
        assert_eq!(budgets::find_payer(&mut conn, ana).await.unwrap(), Some((Role::Admin, NO)));
        assert_eq!(budgets::find_payer(&mut conn, Ids::system().mint()).await.unwrap(), None);
        let limit = Limit { day: Some(5), month: None };
        assert!(budgets::set(&mut conn, ana, limit, now).await.unwrap());
        assert!(budgets::set(&mut conn, ana, limit, now).await.unwrap());
        assert!(!budgets::set(&mut conn, Ids::system().mint(), limit, now).await.unwrap());
        assert_eq!(budgets::find_payer(&mut conn, ana).await.unwrap(), Some((Role::Admin, limit)));
        assert_eq!(budgets::find(&mut conn, ana).await.unwrap().unwrap().name, "Ana");
        assert_eq!(budgets::list(&mut conn, None, 10).await.unwrap().len(), 1, "{}", db.engine);
        let after = aether_common::page::Cursor { at: now, id: ana.0 };
        assert!(budgets::list(&mut conn, Some(after), 10).await.unwrap().is_empty());
        assert!(budgets::delete(&mut conn, ana).await.unwrap());
        assert!(!budgets::delete(&mut conn, ana).await.unwrap());
    }
}

#[derive(Clone, Debug)]
enum Act {
    Reserve { who: usize, hours: i64, want: i64, need: i64, limits: Limits },
    Settle { which: usize, cost: i64 },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let limit = || (proptest::option::of(0..400_i64), proptest::option::of(0..400_i64));
    let limit = move || limit().prop_map(|(day, month)| Limit { day, month });
    let limits = (limit(), limit(), limit()).prop_map(|(user, role, installation)| Limits {
        user,
        role,
        installation,
    });
    let reserve = (0..3_usize, 0..72_i64, 0..120_i64, 0..60_i64, limits)
        .prop_map(|(who, hours, want, need, limits)| Act::Reserve { who, hours, want, need, limits });
    let settle = (any::<usize>(), 0..300_i64).prop_map(|(which, cost)| Act::Settle { which, cost });
    proptest::collection::vec(prop_oneof![reserve, settle], 1..40)
}

/// Whatever happens in whatever order, every counter is the sum of its entries.
#[test]
fn the_counters_are_always_the_sums_of_the_entries() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    for db in runtime.block_on(databases()) {
        let payers = runtime.block_on(async {
            let mut payers = Vec::new();
            for role in [Role::User, Role::User, Role::Admin] {
                payers.push(Payer::new(&db.store, role).await);
            }
            payers
        });
        // What this test believes is open: who, the moment, and what is held.
        let mut open: Vec<(usize, RowId, DateTime<Utc>, i64)> = Vec::new();
        let mut entries: Vec<(usize, DateTime<Utc>, i64, bool)> = Vec::new();
        let state = std::cell::RefCell::new((&mut open, &mut entries));
        let mut runner =
            TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
        runner
            .run(&acts(), |acts| {
                let mut state = state.borrow_mut();
                let (open, entries) = &mut *state;
                runtime.block_on(async {
                    for act in acts {
                        match act {
                            Act::Reserve { who, hours, want, need, limits } => {
                                let mut payer = payers[who].clone();
                                payer.now = at("2026-11-29T06:00:00Z") + TimeDelta::hours(hours);
                                let (id, reserved) = payer.reserve(&limits, want, need).await;
                                match reserved {
                                    Reserved::Spent => {}
                                    Reserved::Unlimited => open.push((who, id, payer.now, 0)),
                                    Reserved::Held(held) => open.push((who, id, payer.now, held)),
                                }
                            }
                            Act::Settle { which, cost } if !open.is_empty() => {
                                let (who, id, began, _) = open.remove(which % open.len());
                                assert!(payers[who].settle(id, cost).await);
                                entries.push((who, began, cost, true));
                            }
                            Act::Settle { .. } => {}
                        }
                    }
                    for hours in [0, 24, 48] {
                        let now = at("2026-11-29T12:00:00Z") + TimeDelta::hours(hours);
                        let periods = Periods::of(now);
                        for (me, payer) in payers.iter().enumerate() {
                            let standing = Payer { now, ..payer.clone() }.standing().await;
                            let sum = |same: &dyn Fn(usize) -> bool, key: &dyn Fn(&Periods) -> String| {
                                let mine = |who: usize, began: DateTime<Utc>| {
                                    same(who) && key(&Periods::of(began)) == key(&periods)
                                };
                                counter(
                                    open.iter().filter(|one| mine(one.0, one.2)).map(|one| one.3).sum(),
                                    entries.iter().filter(|one| mine(one.0, one.1)).map(|one| one.2).sum(),
                                )
                            };
                            let (of_day, of_month) = (
                                |one: &Periods| one.day().to_owned(),
                                |one: &Periods| one.month().to_owned(),
                            );
                            let user = |who| who == me;
                            let role = |who: usize| payers[who].role == payer.role;
                            let everybody = |_| true;
                            assert_eq!(standing.user.day, sum(&user, &of_day), "{}", db.engine);
                            assert_eq!(standing.user.month, sum(&user, &of_month));
                            assert_eq!(standing.role.day, sum(&role, &of_day));
                            assert_eq!(standing.role.month, sum(&role, &of_month));
                            assert_eq!(standing.installation.day, sum(&everybody, &of_day));
                            assert_eq!(standing.installation.month, sum(&everybody, &of_month));
                        }
                    }
                });
                Ok(())
            })
            .unwrap();
        let _runtime = runtime.enter();
        drop(db);
    }
}
