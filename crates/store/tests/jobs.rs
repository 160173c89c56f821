//! What the queue promises, on both databases: one worker a job, a fence that refuses the late, one end.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::collections::HashSet;

use aether_common::{
    clock::Clock,
    event::{Happening, Position},
    id::{GenerationId, Ids, UserId, WorkerId},
    model::{
        generation::{Failure, Kind, Metadata, Status},
        user::Role,
    },
};
use aether_store::{
    Store, StoreError,
    cache::{self, Answerer},
    generations::{self, End, NewGeneration},
    jobs::{self, Bounds, CancelRequest, JobPayload},
    texts,
    users::{self, NewUser},
};
use aether_testkit::databases;
use chrono::{DateTime, TimeDelta, Utc};

const UNBOUNDED: Bounds = Bounds { per_user: 1000 };

async fn user(store: &Store) -> UserId {
    let ids = Ids::system();
    let id: UserId = ids.mint();
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

fn new(id: GenerationId, user_id: UserId, client_id: Option<&str>) -> NewGeneration<'_> {
    NewGeneration {
        id,
        user_id,
        kind: Kind::Code,
        title: "T",
        prompt: "p",
        language: None,
        model: None,
        parent_id: None,
        room_id: None,
        client_id,
        request_hash: None,
        payload: None,
        created_at: Clock::system().now(),
    }
}

async fn queue(store: &Store, user: UserId, run_at: DateTime<Utc>) -> GenerationId {
    let id = Ids::system().mint();
    let mut tx = store.begin().await.unwrap();
    generations::create(&mut tx, &new(id, user, None)).await.unwrap();
    jobs::create(&mut tx, id, user, run_at, &JobPayload { v: 1, ..JobPayload::default() }).await.unwrap();
    tx.save().await.unwrap();
    id
}

async fn claim(store: &Store, now: DateTime<Utc>) -> Option<jobs::Claim> {
    claim_within(store, UNBOUNDED, now).await
}

async fn claim_within(store: &Store, bounds: Bounds, now: DateTime<Utc>) -> Option<jobs::Claim> {
    let worker: WorkerId = Ids::system().mint();
    let mut tx = store.begin().await.unwrap();
    let claim = jobs::claim(&mut tx, worker, bounds, now, now + TimeDelta::seconds(10)).await.unwrap();
    tx.save().await.unwrap();
    claim
}

fn failed<'a>(metadata: &'a Metadata, failure: &'a Failure, at: DateTime<Utc>) -> End<'a> {
    End {
        status: Status::Failed,
        result: "so far",
        error: Some(failure),
        metadata,
        position: Position { attempt: 1, seq: 7 },
        progress: 30,
        at,
    }
}

async fn end(store: &Store, id: GenerationId, fence: Option<i64>, now: DateTime<Utc>) -> bool {
    let (metadata, failure) = (Metadata::default(), Failure { code: "x".into(), message: "y".into() });
    let mut tx = store.begin().await.unwrap();
    let done = generations::end(&mut tx, id, fence, &failed(&metadata, &failure, now)).await.unwrap();
    tx.save().await.unwrap();
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[expect(clippy::disallowed_methods, reason = "the test waits for each of them")]
async fn each_job_goes_to_one_worker_oldest_first() {
    for db in databases().await {
        let ana = user(&db.store).await;
        let now = Clock::system().now();
        let mut queued = Vec::new();
        for second in 0..40 {
            queued.push(queue(&db.store, ana, now - TimeDelta::seconds(100 - second)).await);
        }
        assert_eq!(claim(&db.store, now).await.unwrap().generation_id, queued[0], "{}", db.engine);
        let workers = (0..8).map(|_| {
            let store = db.store.clone();
            tokio::task::spawn(async move {
                let mut mine = Vec::new();
                while let Some(claim) = claim(&store, now).await {
                    mine.push(claim.generation_id);
                }
                mine
            })
        });
        let mut claimed = vec![queued[0]];
        for worker in workers.collect::<Vec<_>>() {
            claimed.extend(worker.await.unwrap());
        }
        assert_eq!(claimed.len(), 40, "{}: none twice", db.engine);
        assert_eq!(
            claimed.into_iter().collect::<HashSet<_>>(),
            queued.into_iter().collect(),
            "{}",
            db.engine
        );
    }
}

#[tokio::test]
async fn nobodys_hundred_jobs_starve_anothers_one() {
    for db in databases().await {
        let (ana, ben) = (user(&db.store).await, user(&db.store).await);
        let now = Clock::system().now();
        for second in 0..100 {
            queue(&db.store, ana, now - TimeDelta::seconds(1000 - second)).await;
        }
        // One worker makes one job after the other; Ben asks when it has made three.
        let make = async || {
            let claim = claim(&db.store, now).await.unwrap();
            assert!(end(&db.store, claim.generation_id, Some(claim.fence), now).await);
            claim.user_id
        };
        for _ in 0..3 {
            assert_eq!(make().await, ana, "{}", db.engine);
        }
        for _ in 0..3 {
            queue(&db.store, ben, now).await;
        }
        let next = [make().await, make().await, make().await, make().await, make().await, make().await];
        assert_eq!(next, [ana, ben, ana, ben, ana, ben], "{}: they take turns", db.engine);
        // Who comes back after a while has saved nothing up: Ana's jobs go on in turn.
        for _ in 0..2 {
            queue(&db.store, ben, now).await;
        }
        let next = [make().await, make().await, make().await, make().await, make().await];
        assert_eq!(next, [ana, ben, ana, ben, ana], "{}", db.engine);
    }
}

#[tokio::test]
async fn who_asks_again_and_again_does_not_starve_who_waits() {
    for db in databases().await {
        let (ana, ben, dora) = (user(&db.store).await, user(&db.store).await, user(&db.store).await);
        let now = Clock::system().now();
        // Ana and Ben ask anew as soon as they are answered, so one of them always waits. Dora asks for three at once.
        queue(&db.store, ana, now).await;
        queue(&db.store, ben, now).await;
        for _ in 0..3 {
            queue(&db.store, dora, now).await;
        }
        let mut made = Vec::new();
        for second in 1..10 {
            let claim = claim(&db.store, now + TimeDelta::seconds(1)).await.unwrap();
            assert!(end(&db.store, claim.generation_id, Some(claim.fence), now).await);
            if claim.user_id != dora {
                queue(&db.store, claim.user_id, now + TimeDelta::microseconds(second)).await;
            }
            made.push(claim.user_id);
        }
        let of = |user| made.iter().filter(|made| **made == user).count();
        assert_eq!((of(ana), of(ben), of(dora)), (3, 3, 3), "{}: {made:?}", db.engine);
        // Whoever is new begins where the others are: nobody has saved up, and nobody has to wait for all that was before.
        let eve = user(&db.store).await;
        for _ in 0..2 {
            queue(&db.store, eve, now).await;
        }
        let mut made = Vec::new();
        for _ in 0..4 {
            let claim = claim(&db.store, now + TimeDelta::seconds(1)).await.unwrap();
            assert!(end(&db.store, claim.generation_id, Some(claim.fence), now).await);
            made.push(claim.user_id);
        }
        let of = |user| made.iter().filter(|made| **made == user).count();
        assert_eq!((of(ana), of(ben), of(eve)), (1, 1, 2), "{}: {made:?}", db.engine);
    }
}

#[tokio::test]
async fn a_claim_looks_at_a_few_jobs_however_many_wait() {
    for db in databases().await {
        let now = Clock::system().now();
        let ids = Ids::system();
        for _ in 0..20 {
            let ana = user(&db.store).await;
            let mut tx = db.store.begin().await.unwrap();
            for _ in 0..100 {
                let id = ids.mint();
                generations::create(&mut tx, &new(id, ana, None)).await.unwrap();
                jobs::create(&mut tx, id, ana, now, &JobPayload::default()).await.unwrap();
            }
            tx.save().await.unwrap();
        }
        for _ in 0..40 {
            claim(&db.store, now).await.unwrap();
        }
        let mut conn = db.store.conn().await.unwrap();
        let plan = jobs::explain_claim(&mut conn, now).await.unwrap().join("\n");
        for scan in ["Seq Scan on jobs", "SCAN jobs\n", "FOR ORDER BY", "Sort Key: jobs"] {
            assert!(!plan.contains(scan), "{}: {scan} in\n{plan}", db.engine);
        }
    }
}

#[tokio::test]
async fn a_job_that_is_deleted_while_it_ends_locks_nobody_out() {
    for db in databases().await {
        if db.engine == "sqlite" {
            // One writer at a time.
            continue;
        }
        let ana = user(&db.store).await;
        let now = Clock::system().now();
        let id = queue(&db.store, ana, now).await;
        let held = claim(&db.store, now).await.unwrap();
        let (metadata, failure) = (Metadata::default(), Failure { code: "x".into(), message: "y".into() });
        let mut ending = db.store.begin().await.unwrap();
        jobs::request_cancel(&mut ending, id).await.unwrap();
        let deleting = texts::delete(&db.store, id);
        let ending = async {
            // The other one is waiting by now, or will find nothing to wait for.
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            let done =
                generations::end(&mut ending, id, Some(held.fence), &failed(&metadata, &failure, now)).await;
            ending.save().await.unwrap();
            done
        };
        let (deleted, ended) = tokio::join!(deleting, ending);
        assert!(deleted.unwrap(), "{}", db.engine);
        assert!(ended.unwrap(), "{}", db.engine);
    }
}

#[tokio::test]
async fn a_user_has_so_many_jobs_running_and_the_rest_wait() {
    for db in databases().await {
        let (ana, ben) = (user(&db.store).await, user(&db.store).await);
        let now = Clock::system().now();
        for _ in 0..5 {
            queue(&db.store, ana, now).await;
        }
        queue(&db.store, ben, now).await;
        let bounds = Bounds { per_user: 2 };
        let mut claims = Vec::new();
        while let Some(claim) = claim_within(&db.store, bounds, now).await {
            claims.push(claim);
        }
        let of = |user| claims.iter().filter(|claim| claim.user_id == user).count();
        assert_eq!((of(ana), of(ben)), (2, 1), "{}", db.engine);
        // One whose worker died is taken over although its user has as many as allowed.
        let later = now + TimeDelta::seconds(20);
        let again = claim_within(&db.store, bounds, later).await.unwrap();
        assert_eq!((again.fence, again.started_at), (2, now), "{}", db.engine);
        // The end of one lets the next begin.
        assert!(end(&db.store, again.generation_id, Some(again.fence), later).await);
        let mut rest = Vec::new();
        while let Some(claim) = claim_within(&db.store, bounds, later).await {
            rest.push(claim.fence);
        }
        assert_eq!(
            rest.iter().filter(|fence| **fence == 1).count(),
            usize::from(again.user_id == ana),
            "{}",
            db.engine
        );
    }
}

#[tokio::test]
async fn one_of_equal_requests_makes_the_answer_and_the_others_are_told_who() {
    for db in databases().await {
        let ana = user(&db.store).await;
        let now = Clock::system().now();
        let oldest = now - TimeDelta::hours(1);
        let look = async |asker, now: DateTime<Utc>| {
            let mut tx = db.store.begin().await.unwrap();
            let answerer = cache::look(&mut tx, "k", asker, now, oldest).await.unwrap();
            tx.save().await.unwrap();
            answerer
        };
        let (first, second) = (queue(&db.store, ana, now).await, queue(&db.store, ana, now).await);
        assert_eq!(look(first, now).await, Answerer::Nobody, "{}", db.engine);
        assert_eq!(look(first, now).await, Answerer::Nobody, "{}: again, after a takeover", db.engine);
        assert_eq!(look(second, now).await, Answerer::Flight(first), "{}", db.engine);
        // The first fails: the next that looks makes it.
        let held = claim(&db.store, now).await.unwrap();
        assert!(end(&db.store, held.generation_id, Some(held.fence), now).await);
        assert_eq!(look(second, now).await, Answerer::Nobody, "{}", db.engine);
        // It completes, and can be given again until it is too old, dropped or deleted.
        let held = claim(&db.store, now).await.unwrap();
        let metadata = Metadata::default();
        let done = End {
            status: Status::Completed,
            result: "whole",
            error: None,
            metadata: &metadata,
            position: Position { attempt: 1, seq: 3 },
            progress: 100,
            at: now,
        };
        let mut tx = db.store.begin().await.unwrap();
        assert!(generations::end(&mut tx, second, Some(held.fence), &done).await.unwrap());
        cache::keep(&mut tx, "k", second, now).await.unwrap();
        tx.save().await.unwrap();
        let third = queue(&db.store, ana, now).await;
        assert_eq!(look(third, now).await, Answerer::Kept(second), "{}", db.engine);
        let mut conn = db.store.conn().await.unwrap();
        let (text, _) = generations::find_answer(&mut conn, second).await.unwrap().unwrap();
        assert_eq!(text, "whole");
        let late = now + TimeDelta::hours(2);
        let mut tx = db.store.begin().await.unwrap();
        assert_eq!(
            cache::look(&mut tx, "k", third, late, late).await.unwrap(),
            Answerer::Nobody,
            "{}",
            db.engine
        );
        drop(tx);
        assert!(generations::delete(&mut conn, second).await.unwrap());
        assert_eq!(
            look(third, now).await,
            Answerer::Nobody,
            "{}: a deleted answer is given to none",
            db.engine
        );
    }
}

#[tokio::test]
async fn kept_answers_are_bounded_by_age_and_number() {
    for db in databases().await {
        let ana = user(&db.store).await;
        let now = Clock::system().now();
        let maker = queue(&db.store, ana, now).await;
        for minute in 0..20 {
            let mut tx = db.store.begin().await.unwrap();
            let at = now - TimeDelta::minutes(minute);
            cache::look(&mut tx, &format!("k{minute}"), maker, at, at).await.unwrap();
            tx.save().await.unwrap();
        }
        let mut conn = db.store.conn().await.unwrap();
        assert_eq!(
            cache::prune(&mut conn, now - TimeDelta::minutes(14), 10).await.unwrap(),
            10,
            "{}",
            db.engine
        );
        assert_eq!(
            cache::prune(&mut conn, now - TimeDelta::minutes(4), 10).await.unwrap(),
            5,
            "{}",
            db.engine
        );
        assert_eq!(
            cache::prune(&mut conn, now - TimeDelta::minutes(4), 10).await.unwrap(),
            0,
            "{}",
            db.engine
        );
    }
}

#[tokio::test]
async fn a_job_whose_worker_is_silent_is_taken_over_and_the_late_worker_is_refused() {
    for db in databases().await {
        let ana = user(&db.store).await;
        let now = Clock::system().now();
        let id = queue(&db.store, ana, now).await;
        let first = claim(&db.store, now).await.unwrap();
        assert_eq!((first.attempt, first.fence), (1, 1));
        assert!(
            claim(&db.store, now + TimeDelta::seconds(9)).await.is_none(),
            "{}: the lease holds",
            db.engine
        );
        let mut conn = db.store.conn().await.unwrap();
        let until = now + TimeDelta::seconds(19);
        assert_eq!(jobs::heartbeat(&mut conn, id, first.fence, until).await.unwrap(), Some(false));
        assert!(
            claim(&db.store, now + TimeDelta::seconds(18)).await.is_none(),
            "{}: it was renewed",
            db.engine
        );
        let second = claim(&db.store, now + TimeDelta::seconds(20)).await.unwrap();
        assert_eq!((second.attempt, second.fence), (2, 2), "{}: a new attempt", db.engine);
        assert_eq!(jobs::heartbeat(&mut conn, id, first.fence, until).await.unwrap(), None);
        assert!(!end(&db.store, id, Some(first.fence), now).await, "{}: the late end is refused", db.engine);
        let mut tx = db.store.begin().await.unwrap();
        assert_eq!(jobs::start_attempt(&mut tx, id, first.fence).await.unwrap(), None);
        drop(tx);
        assert!(end(&db.store, id, Some(second.fence), now).await);
        assert!(!end(&db.store, id, Some(second.fence), now).await, "{}: one end", db.engine);
        assert!(claim(&db.store, now + TimeDelta::days(1)).await.is_none());
    }
}

#[tokio::test]
async fn a_job_that_was_given_back_is_taken_at_once() {
    for db in databases().await {
        let ana = user(&db.store).await;
        let now = Clock::system().now();
        let id = queue(&db.store, ana, now).await;
        let first = claim(&db.store, now).await.unwrap();
        let mut conn = db.store.conn().await.unwrap();
        jobs::release(&mut conn, id, first.fence, now).await.unwrap();
        assert_eq!(jobs::count_ready(&mut conn).await.unwrap(), 1);
        let second = claim(&db.store, now).await.unwrap();
        assert_eq!(second.attempt, 2, "{}", db.engine);
        // Or when there is hope that it goes better.
        jobs::release(&mut conn, id, second.fence, now + TimeDelta::seconds(2)).await.unwrap();
        assert!(claim(&db.store, now + TimeDelta::seconds(1)).await.is_none(), "{}", db.engine);
        assert_eq!(claim(&db.store, now + TimeDelta::seconds(2)).await.unwrap().fence, 3, "{}", db.engine);
    }
}

#[tokio::test]
async fn cancelling_ends_a_waiting_job_and_marks_a_running_one() {
    for db in databases().await {
        let ana = user(&db.store).await;
        let now = Clock::system().now();
        let waiting = queue(&db.store, ana, now).await;
        let mut tx = db.store.begin().await.unwrap();
        assert_eq!(jobs::request_cancel(&mut tx, waiting).await.unwrap(), CancelRequest::Queued);
        tx.save().await.unwrap();
        assert!(end(&db.store, waiting, None, now).await);

        let running = queue(&db.store, ana, now).await;
        let held = claim(&db.store, now).await.unwrap();
        assert!(!end(&db.store, running, None, now).await, "{}: a worker has it", db.engine);
        let mut tx = db.store.begin().await.unwrap();
        assert_eq!(jobs::request_cancel(&mut tx, running).await.unwrap(), CancelRequest::Running);
        tx.save().await.unwrap();
        let mut conn = db.store.conn().await.unwrap();
        let beat =
            jobs::heartbeat(&mut conn, running, held.fence, now + TimeDelta::seconds(10)).await.unwrap();
        assert_eq!(beat, Some(true), "{}", db.engine);
        assert!(end(&db.store, running, Some(held.fence), now).await);
        let mut tx = db.store.begin().await.unwrap();
        assert_eq!(jobs::request_cancel(&mut tx, running).await.unwrap(), CancelRequest::Ended);
    }
}

#[tokio::test]
async fn the_last_event_can_be_told_again_from_the_row() {
    for db in databases().await {
        let ana = user(&db.store).await;
        let now = Clock::system().now();
        let id = queue(&db.store, ana, now).await;
        let mut conn = db.store.conn().await.unwrap();
        assert!(generations::find_last_event(&mut conn, id).await.unwrap().is_none());
        end(&db.store, id, None, now).await;
        let event = generations::find_last_event(&mut conn, id).await.unwrap().unwrap();
        assert_eq!(event.position, Position { attempt: 1, seq: 7 });
        assert!(matches!(event.happening, Happening::Failed { error } if error.code == "x"), "{}", db.engine);
        let kept = generations::find(&mut conn, ana, id).await.unwrap().unwrap();
        assert_eq!((kept.status, kept.result.as_deref()), (Status::Failed, Some("so far")));
        assert_eq!(kept.completed_at, Some(now), "{}: times keep their microseconds", db.engine);
    }
}

#[tokio::test]
async fn a_client_id_is_used_once_a_user() {
    for db in databases().await {
        let (ana, ben) = (user(&db.store).await, user(&db.store).await);
        let ids = Ids::system();
        let keep = async |user| {
            let mut tx = db.store.begin().await.unwrap();
            let kept = generations::create(&mut tx, &new(ids.mint(), user, Some("c1"))).await;
            if kept.is_ok() {
                tx.save().await.unwrap();
            }
            kept
        };
        assert!(keep(ana).await.is_ok());
        assert!(matches!(keep(ana).await, Err(StoreError::Conflict)), "{}", db.engine);
        assert!(keep(ben).await.is_ok(), "{}: another user's ids are their own", db.engine);
    }
}

#[tokio::test]
async fn what_is_not_saved_is_not_there_and_a_deleted_user_takes_all_along() {
    for db in databases().await {
        let ana = user(&db.store).await;
        let id = Ids::system().mint();
        let mut tx = db.store.begin().await.unwrap();
        generations::create(&mut tx, &new(id, ana, None)).await.unwrap();
        drop(tx);
        let mut conn = db.store.conn().await.unwrap();
        assert!(generations::find(&mut conn, ana, id).await.unwrap().is_none(), "{}", db.engine);
        let kept = queue(&db.store, ana, Clock::system().now()).await;
        assert!(generations::delete(&mut conn, kept).await.unwrap());
        assert_eq!(jobs::count_ready(&mut conn).await.unwrap(), 0, "{}: its job is gone too", db.engine);
        let last = generations::find_last_event(&mut conn, kept).await.unwrap().unwrap();
        assert_eq!(last.happening, Happening::Cancelled, "{}: who follows it is told", db.engine);
    }
}

#[tokio::test]
async fn leases_are_told_in_the_time_of_the_database_where_processes_share_one() {
    for db in databases().await {
        let wrong = Clock::system().now() + TimeDelta::hours(1);
        let mut conn = db.store.conn().await.unwrap();
        let told = jobs::now(&mut conn, wrong).await.unwrap();
        if db.engine == "postgres" {
            assert!(
                told < wrong - TimeDelta::minutes(55),
                "{told}: a process whose clock is wrong is not believed"
            );
        } else {
            assert_eq!(told, wrong, "one process has one clock");
        }
    }
}
