//! Processes that die, freeze and stop in the middle of their work: every generation still ends exactly once, with one
//! text. Real processes of `aether-generation` on PostgreSQL and Redis.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must fail")]

mod metrics;
mod stand;

use std::time::Duration;

use aether_testkit::process::{Signal, pause};
use stand::{Stand, at, follow_all};
use tokio::time::{Instant, timeout};

/// A dead worker is replaced within this time.
const TAKEOVER: Duration = Duration::from_secs(15);

/// About eight seconds of words: longer than it takes to see that thirty texts are being written.
const SOME_SECONDS: &str = "tokens:200+speed:25";

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_is_replaced_and_nobody_sees_two_texts_mixed() {
    let stand = Stand::new().await;
    let (mut one, two) = tokio::join!(stand.start("one"), stand.start("two"));
    let mut asked = Vec::new();
    for number in 0..30 {
        asked.push(stand.ask(if number % 2 == 0 { &one } else { &two }, SOME_SECONDS).await);
    }
    let killing = async {
        for asked in &asked {
            stand.streams(&two, asked).await;
        }
        one.signal(Signal::KILL);
        Instant::now()
    };
    // Half of the readers begin at the process that dies.
    let (here, there) = asked.split_at(15);
    let (mut told, more, killed) =
        tokio::join!(follow_all(at([&one, &two]), here), follow_all(at([&two]), there), killing);
    told.extend(more);
    stand.all_is_kept(&two, &asked, &told).await;
    let mut taken_over = 0;
    for told in &told {
        assert!(told.text.contains("w200"), "whole: {}", told.text);
        assert!(told.attempt <= 2, "taken over once at most: {}", told.last);
        if told.attempt == 2 {
            taken_over += 1;
            let after = told.attempts.last().unwrap().1 - killed;
            assert!(after <= TAKEOVER, "taken over after {after:?}");
        }
    }
    assert!(taken_over > 0, "the dead process had work");
    assert_eq!(stand.model.calls(), 30 + taken_over, "no call beside those of the work that was lost");
    one.ended(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_before_its_commit_leaves_a_text_that_needs_no_second_call() {
    let stand = Stand::new().await;
    let mut one = stand.start("one").await;
    let asked = [stand.ask(&one, "tokens:60+speed:60").await];
    stand.streams(&one, &asked[0]).await;
    // The worker can write its text, but not end the job.
    let lock = stand.backend.database.lock_job(asked[0].id.parse().unwrap()).await;
    let told = {
        let two = stand.start("two").await;
        let killing = async {
            stand.hears(&two, &asked[0], "\"validating\"").await;
            one.kill().await;
            drop(lock);
        };
        let (told, ()) = tokio::join!(follow_all(at([&two]), &asked), killing);
        stand.all_is_kept(&two, &asked, &told).await;
        assert!(two.log().contains("completed_from_journal"), "it was not ended before");
        told
    };
    assert!(told[0].text.contains("w60"));
    assert_eq!(told[0].attempt, 1, "nothing was written anew");
    assert_eq!(stand.model.calls(), 1, "no second call");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_frozen_process_writes_when_it_wakes_is_refused() {
    let stand = Stand::new().await;
    let one = stand.start("one").await;
    let asked = [stand.ask(&one, "tokens:40+speed:20").await, stand.ask(&one, "tokens:300+speed:60").await];
    for asked in &asked {
        stand.streams(&one, asked).await;
    }
    one.signal(Signal::STOP);
    let two = stand.start("two").await;
    let waking = async {
        // The first has ended elsewhere and the second is being written there when the frozen one goes on.
        stand.until(&two, &asked[0], |now| now["status"] == "completed").await;
        let now = stand.until(&two, &asked[1], |now| now["metadata"]["attempts"] == 2).await;
        assert_eq!(now["status"], "running");
        one.signal(Signal::CONT);
        let refused = async {
            // Each of its two jobs is given up, for whatever it meets first.
            let given_up = |log: &str| log.matches("lease_lost").count() + log.matches("fenced").count() >= 2;
            while !given_up(&one.log()) {
                pause().await;
            }
        };
        timeout(stand::PATIENCE, refused).await.expect("its late writes are refused");
    };
    let (told, ()) = tokio::join!(follow_all(at([&two]), &asked), waking);
    stand.all_is_kept(&two, &asked, &told).await;
    for (told, last) in told.iter().zip(["w40", "w300"]) {
        assert_eq!(told.attempt, 2);
        assert!(told.text.contains(last));
    }
    assert_eq!(stand.model.calls(), 4);
    // It serves again, and says the same.
    let again = follow_all(at([&one]), &asked).await;
    assert_eq!(again[1].text, told[1].text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_process_ends_what_it_can_and_hands_over_the_rest() {
    let stand = Stand::new().await;
    let mut one = stand.start("one").await;
    let mut asked = Vec::new();
    for number in 0..8 {
        // Two of them stand still for ever when they are first asked for.
        asked.push(
            stand
                .ask(&one, if number < 2 { "fault-hang-once:20+tokens:60+speed:200" } else { SOME_SECONDS })
                .await,
        );
    }
    for asked in &asked {
        stand.streams(&one, asked).await;
    }
    let two = stand.start("two").await;
    one.signal(Signal::TERM);
    let began = Instant::now();
    let urls = at([&one, &two]);
    let ending = async {
        let status = one.ended(Duration::from_secs(35)).await;
        assert_eq!(status.code(), Some(0), "{status} after {:?}", began.elapsed());
    };
    let (told, ()) = tokio::join!(follow_all(urls, &asked), ending);
    stand.all_is_kept(&two, &asked, &told).await;
    for (number, told) in told.iter().enumerate() {
        assert_eq!(told.attempt, if number < 2 { 2 } else { 1 }, "number {number}");
    }
    assert_eq!(stand.model.calls(), 10);
}
