//! Refreshes, replays and sign-outs in a thousand random orders, many of them at once: a session never has two live
//! branches, and after a replay or a sign-out it has none.

use std::collections::{HashMap, HashSet};

use aether_auth::domain::{
    announce::Announcer,
    keys::{Keyring, kept::KeptKeys},
    seal::Sealer,
    session::{GRACE, Place, Sessions},
};
use aether_common::{
    clock::ManualClock,
    model::user::{Role, User},
};
use aether_store::users::{self, NewUser};
use aether_testkit::{Backend, backends};
use chrono::{DateTime, TimeDelta};
use futures::{
    StreamExt,
    future::{BoxFuture, join_all},
    stream,
};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};
use secrecy::{ExposeSecret, SecretString};

/// How many sessions go through a random life.
const LIVES: u64 = 1_000;
/// How many of them at once.
const AT_ONCE: usize = 8;

/// One session, as whoever has seen every token of it.
struct Family {
    sessions: Sessions,
    clock: ManualClock,
    seed: u64,
    tokens: Vec<String>,
    successors: HashMap<String, HashSet<String>>,
    /// A replay was found, or its owner signed out.
    over: bool,
}

enum Step {
    Refresh(String),
    Logout(String),
}

impl Family {
    /// Does some steps at once, and checks each answer by itself.
    async fn at_once(&mut self, steps: Vec<Step>) {
        let was_over = self.over;
        let done = join_all(steps.into_iter().map(|step| self.one(step))).await;
        for (token, answer) in done {
            match answer {
                Some(Ok(successor)) => {
                    assert!(!was_over, "seed {}: a token was good after the end", self.seed);
                    let known = self.successors.entry(token).or_default();
                    known.insert(successor.clone());
                    assert_eq!(known.len(), 1, "seed {}: a token has two successors", self.seed);
                    if !self.tokens.contains(&successor) {
                        self.tokens.push(successor);
                    }
                }
                Some(Err(code)) => {
                    assert!(
                        matches!(&*code, "refresh_reused" | "session_ended"),
                        "seed {}: {code}",
                        self.seed
                    );
                    self.over = true;
                }
                None => self.over = true,
            }
        }
    }

    fn one(&self, step: Step) -> BoxFuture<'static, (String, Option<Result<String, String>>)> {
        let sessions = self.sessions.clone();
        Box::pin(async move {
            match step {
                Step::Refresh(token) => {
                    let answer = sessions.refresh(&token.clone().into(), &place()).await;
                    let answer = answer.map(|issued| issued.refresh_token.expose_secret().to_owned());
                    (token, Some(answer.map_err(|problem| problem.code.into_owned())))
                }
                Step::Logout(token) => {
                    sessions.end_by_token(&SecretString::from(token.clone()), &place()).await.unwrap();
                    (token, None)
                }
            }
        })
    }

    /// Nobody waits for a lost answer any more: how many of the tokens that nobody has used are good?
    async fn end(mut self) {
        self.clock.advance(GRACE + TimeDelta::milliseconds(1));
        let (used, unused): (Vec<String>, Vec<String>) =
            self.tokens.clone().into_iter().partition(|token| self.successors.contains_key(token));
        let mut good = Vec::new();
        for token in &unused {
            if let (_, Some(Ok(successor))) = self.one(Step::Refresh(token.clone())).await {
                good.push(successor);
            }
        }
        assert_eq!(good.len(), usize::from(!self.over), "seed {}: live branches", self.seed);
        if let (Some(replayed), Some(newest)) = (used.first(), good.pop()) {
            let (_, answer) = self.one(Step::Refresh(replayed.clone())).await;
            assert_eq!(answer, Some(Err("refresh_reused".into())), "seed {}", self.seed);
            self.over = true;
            self.tokens.push(newest);
            for token in self.tokens.clone() {
                self.at_once(vec![Step::Refresh(token)]).await;
            }
        }
    }
}

fn place() -> Place {
    Place { ip: "203.0.113.9".into(), user_agent: None, trace_id: None }
}

/// A random life: a few rounds of one to three steps at once, some time going by between them.
async fn live(backend: &Backend, keys: &std::sync::Arc<Keyring>, user: User, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let clock = ManualClock::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let deps = &backend.deps;
    let announcer = Announcer::new(deps.bus.clone(), deps.lifecycle.tasks.clone());
    let sessions = Sessions::new(
        deps.store.clone(),
        clock.clock(),
        deps.ids.clone(),
        keys.clone(),
        "http://localhost:8080",
        &Sealer::new(&[7; 32]).unwrap(),
        announcer,
    );
    let mut tx = deps.store.begin().await.unwrap();
    let first = sessions.open(&mut tx, user, &place()).await.unwrap();
    tx.save().await.unwrap();
    let mut family = Family {
        sessions,
        clock,
        seed,
        tokens: vec![first.refresh_token.expose_secret().to_owned()],
        successors: HashMap::new(),
        over: false,
    };
    for _ in 0..random.random_range(2..6) {
        let steps = (0..random.random_range(1..4)).map(|_| step(&mut random, &family.tokens)).collect();
        family.at_once(steps).await;
        family.clock.advance(TimeDelta::seconds(random.random_range(0..8)));
    }
    family.end().await;
}

/// Mostly the newest token, often one before it, seldom a sign-out.
fn step(random: &mut impl Rng, tokens: &[String]) -> Step {
    let newest = tokens.len() - 1;
    let which = if random.random_bool(0.7) { newest } else { random.random_range(0..=newest) };
    let token = tokens[which].clone();
    if random.random_bool(0.05) { Step::Logout(token) } else { Step::Refresh(token) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_random_lives_never_have_two_live_branches() {
    for backend in backends([]).await {
        let deps = &backend.deps;
        let sealer = std::sync::Arc::new(Sealer::new(&[7; 32]).unwrap());
        let kept = KeptKeys::new(deps.store.clone(), deps.clock.clone(), deps.ids.clone(), sealer);
        let keys = Keyring::open(kept, None).await.unwrap();
        let keys = std::sync::Arc::new(keys);
        let mut tx = deps.store.begin().await.unwrap();
        let new = NewUser {
            id: deps.ids.mint(),
            email: "ana@example.com".into(),
            password_hash: None,
            name: "Ana".into(),
            role: Role::User,
            created_at: deps.clock.now(),
        };
        let user = users::create(&mut tx, &new).await.unwrap();
        tx.save().await.unwrap();
        let seed: u64 = rand::random();
        stream::iter(0..LIVES)
            .for_each_concurrent(AT_ONCE, |life| live(&backend, &keys, user.clone(), seed.wrapping_add(life)))
            .await;
    }
}
