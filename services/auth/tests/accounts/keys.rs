//! The keys of access tokens: published before they sign, verifying until their last token has ended, and refused at once
//! when somebody else may have them.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use aether_auth::domain::{
    keys::{
        Keyring,
        kept::{Change, KeptKeys},
        plan::{PUBLISHED_AHEAD, RETIRED_FOR, Wish},
    },
    seal::Sealer,
};
use aether_bus::Topic;
use aether_common::{
    id::{SessionId, UserId},
    jwt::{ACCESS_LIFETIME, AUDIENCE, Claims, JwkSet, StaticKeys, Verifier},
    model::user::Role,
    notice::Revocation,
};
use aether_store::signing_keys::{self, KeyState};
use aether_web::jwks::{CACHED_FOR, MAX_AGE};
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::json;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::{App, OK, PASSWORD, apps};

const MONTH: TimeDelta = TimeDelta::days(30);
const ISSUER: &str = "http://localhost:8080";
/// For what the service does by itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// The keys in the app's database, as an operator's command changes them.
fn kept(app: &App) -> KeptKeys {
    let deps = &app.backend.deps;
    let sealer = Arc::new(Sealer::new(&deps.settings.master_key().unwrap()).unwrap());
    KeptKeys::new(deps.store.clone(), deps.clock.clone(), deps.ids.clone(), sealer)
}

/// Another process on the app's database, which looks when the test says so.
async fn process(app: &App, rotation: Option<TimeDelta>) -> Keyring {
    Keyring::open(kept(app), rotation).await.unwrap()
}

fn verifier(app: &App, set: &JwkSet) -> Verifier {
    Verifier::new(Arc::new(StaticKeys::new(set)), ISSUER, app.clock.clock())
}

fn claims(app: &App) -> Claims {
    let now = app.clock.clock().now();
    Claims {
        iss: ISSUER.into(),
        aud: AUDIENCE.into(),
        sub: UserId(Uuid::nil()),
        sid: SessionId(Uuid::nil()),
        role: Role::User,
        name: "Ana".into(),
        iat: now.timestamp(),
        exp: (now + ACCESS_LIFETIME).timestamp(),
        jti: Uuid::nil(),
    }
}

fn kid(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

impl App {
    async fn published(&self) -> Vec<String> {
        let answer = self.get("/.well-known/jwks.json", "").await.expect(OK);
        let set: JwkSet = serde_json::from_slice(&answer.body).unwrap();
        set.keys.into_iter().map(|key| key.kid).collect()
    }

    async fn kept(&self, state: KeyState) -> Vec<String> {
        let stored = kept(self).list().await.unwrap();
        stored.into_iter().filter(|key| key.state == state).map(|key| key.id).collect()
    }

    async fn new_token(&self) -> String {
        let login = json!({"email": "ana@example.com", "password": PASSWORD});
        self.post("/login", login).await.expect(OK).held().access
    }

    /// Says that the keys have changed, and waits until the service publishes exactly these.
    async fn tell_until_published(&self, change: Option<&Change>, wanted: &[&String]) {
        let notice = change.map_or_else(|| Revocation::KeysChanged { ended: Vec::new() }, Change::notice);
        let notice = serde_json::to_vec(&notice).unwrap();
        self.backend.deps.bus.publish(&Topic::revocations(), notice).await.unwrap();
        let mut wanted: Vec<_> = wanted.iter().map(|kid| (*kid).clone()).collect();
        wanted.sort();
        let by = Instant::now() + PATIENCE;
        loop {
            let mut published = self.published().await;
            published.sort();
            if published == wanted {
                return;
            }
            assert!(Instant::now() < by, "{}: {published:?}, not {wanted:?}", self.backend.name);
            sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test]
async fn a_key_is_published_then_signs_then_verifies_and_is_gone() {
    for app in apps([]).await {
        let old = kid(&app.register("ana@example.com").await.access);
        let [next] = &app.kept(KeyState::Next).await[..] else { panic!("one next key") };
        app.tell_until_published(None, &[&old, next]).await;
        let answer = app.get("/.well-known/jwks.json", "").await;
        assert_eq!(answer.headers["cache-control"], "public, max-age=60");

        app.clock.advance(MONTH - TimeDelta::minutes(1));
        let last = app.new_token().await;
        assert_eq!(kid(&last), old, "not before its time");
        app.clock.advance(TimeDelta::minutes(1));
        // The service does it by itself; its keys are asked for until it has.
        let by = Instant::now() + PATIENCE;
        let follower = loop {
            if let [follower] = &app.kept(KeyState::Next).await[..]
                && follower != next
            {
                break follower.clone();
            }
            assert!(Instant::now() < by, "{}: no rotation", app.backend.name);
            sleep(Duration::from_millis(10)).await;
        };
        app.tell_until_published(None, &[&old, next, &follower]).await;
        assert_eq!(kid(&app.new_token().await), *next);
        app.clock.advance(ACCESS_LIFETIME - TimeDelta::minutes(1));
        app.get("/profile", &last).await.expect(OK);

        app.clock.advance(RETIRED_FOR);
        app.tell_until_published(None, &[next, &follower]).await;
        assert_eq!(app.get("/profile", &last).await.problem(), (401, "unauthorized".into()));
        let mut db = app.backend.deps.store.conn().await.unwrap();
        let ended = signing_keys::find_ended(&mut db, &old).await.unwrap().unwrap();
        assert!(!ended.revoked);
    }
}

#[tokio::test]
async fn of_several_processes_one_rotates() {
    for app in apps([("AETHER_KEY_ROTATION_DAYS", "off")]).await {
        let processes = join_all((0..4).map(|_| process(&app, Some(MONTH)))).await;
        let current = app.kept(KeyState::Current).await;
        app.clock.advance(MONTH);
        let done = join_all(processes.iter().map(async |one| one.tend().await.unwrap())).await;
        assert_eq!(done.iter().flatten().count(), 1, "{}", app.backend.name);
        assert_eq!(app.kept(KeyState::Retired).await, current);
        assert_eq!(app.kept(KeyState::Current).await.len(), 1);
        assert_eq!(app.kept(KeyState::Next).await.len(), 1);
        // Nobody has anything left to do.
        for one in &processes {
            assert_eq!(one.tend().await.unwrap(), None);
        }
    }
}

#[tokio::test]
async fn whatever_operators_want_at_once_one_key_signs_and_one_is_to_follow() {
    for app in apps([("AETHER_KEY_ROTATION_DAYS", "off")]).await {
        let kept = kept(&app);
        for _ in 0..2 {
            app.clock.advance(PUBLISHED_AHEAD);
            let current = app.kept(KeyState::Current).await.remove(0);
            let wishes = [
                Wish::Rotate { at_once: false },
                Wish::Rotate { at_once: true },
                Wish::Revoke(current.clone()),
                Wish::Revoke(app.kept(KeyState::Next).await.remove(0)),
                Wish::Upkeep(Some(MONTH)),
            ];
            join_all(wishes.iter().map(async |wish| kept.fulfil(wish).await.unwrap())).await;
            assert_eq!(app.kept(KeyState::Next).await.len(), 1, "{}", app.backend.name);
            let now = app.kept(KeyState::Current).await;
            assert!(now.len() == 1 && now[0] != current, "{}", app.backend.name);
        }
    }
}

/// Time goes by minute by minute, and the keys change as fast as they may. What a verifier has read is as old as it can be:
/// held on the way, then by itself. It must know every token's key, from its first moment to its last.
#[tokio::test]
async fn a_verifier_with_old_news_knows_every_token_all_its_life() {
    for app in apps([("AETHER_KEY_ROTATION_DAYS", "off")]).await {
        let operator = kept(&app);
        let (quick, slow) = (process(&app, None).await, process(&app, None).await);
        let mut cached: VecDeque<JwkSet> = VecDeque::from([slow.public()]);
        let minutes = |time: TimeDelta| usize::try_from(time.num_minutes()).unwrap();
        let held = minutes(MAX_AGE + CACHED_FOR);
        let mut tokens = VecDeque::new();
        let mut kids = BTreeSet::new();
        for minute in 0..60 {
            operator.fulfil(&Wish::Rotate { at_once: false }).await.unwrap();
            quick.tend().await.unwrap();
            for signer in [&quick, &slow] {
                let token = signer.sign(&claims(&app)).unwrap();
                kids.insert(kid(&token));
                tokens.push_back(token);
            }
            // Only now does the other process see what has changed.
            slow.tend().await.unwrap();
            cached.push_back(slow.public());
            while cached.len() > held {
                cached.pop_front();
            }
            while tokens.len() > 2 * minutes(ACCESS_LIFETIME) {
                tokens.pop_front();
            }
            for set in [&cached[0], &quick.public()] {
                let verifier = verifier(&app, set);
                for token in &tokens {
                    assert!(verifier.verify(token).await.is_ok(), "{}: minute {minute}", app.backend.name);
                }
            }
            app.clock.advance(TimeDelta::minutes(1));
        }
        assert_eq!(kids.len(), 6, "{}: a new key every ten minutes", app.backend.name);
    }
}

#[tokio::test]
async fn a_token_of_a_revoked_key_is_refused_and_new_ones_have_the_next() {
    for app in apps([]).await {
        let stolen = app.register("ana@example.com").await;
        let [next] = &app.kept(KeyState::Next).await[..] else { panic!("one next key") };
        let change = kept(&app).fulfil(&Wish::Revoke(kid(&stolen.access))).await.unwrap().unwrap();
        assert_eq!(change.current, *next);
        assert_eq!(change.notice(), Revocation::KeysChanged { ended: vec![kid(&stolen.access)] });
        app.tell_until_published(Some(&change), &[next, &change.next]).await;
        assert_eq!(app.get("/profile", &stolen.access).await.problem(), (401, "unauthorized".into()));
        // Who was signed in goes on by their refresh token.
        let renewed = app.refresh(&stolen.refresh).await.expect(OK).held();
        assert_eq!(kid(&renewed.access), *next);
        app.get("/profile", &renewed.access).await.expect(OK);

        // No private half is left, and what was revoked stays so.
        let kept = kept(&app);
        assert!(kept.list().await.unwrap().iter().all(|key| key.id != kid(&stolen.access)));
        assert!(kept.find_ended(&kid(&stolen.access)).await.unwrap().unwrap().revoked);
        assert_eq!(kept.fulfil(&Wish::Revoke(kid(&stolen.access))).await.unwrap(), None);
        assert_eq!(kept.fulfil(&Wish::Revoke("unknown".into())).await.unwrap(), None);
    }
}

#[tokio::test]
async fn what_only_the_database_says_is_obeyed_too() {
    for app in apps([]).await {
        let stolen = app.register("ana@example.com").await;
        // Nobody is told.
        kept(&app).fulfil(&Wish::Revoke(kid(&stolen.access))).await.unwrap();
        let by = Instant::now() + PATIENCE;
        while app.get("/profile", &stolen.access).await.status == OK {
            assert!(Instant::now() < by, "{}: still let in", app.backend.name);
            sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn a_wish_that_waited_is_fulfilled_by_the_service() {
    for app in apps([("AETHER_KEY_ROTATION_DAYS", "off")]).await {
        let old = kid(&app.register("ana@example.com").await.access);
        let [next] = &app.kept(KeyState::Next).await[..] else { panic!("one next key") };
        let change = kept(&app).fulfil(&Wish::Rotate { at_once: false }).await.unwrap().unwrap();
        assert_eq!(change.current, old, "{}: too early", app.backend.name);
        assert!(change.plan.schedule.is_some());
        app.clock.advance(PUBLISHED_AHEAD);
        let by = Instant::now() + PATIENCE;
        while kid(&app.new_token().await) != *next {
            assert!(Instant::now() < by, "{}: it never signs", app.backend.name);
            sleep(Duration::from_millis(50)).await;
        }
        // Without a schedule and a wish nothing more happens.
        app.clock.advance(TimeDelta::days(1000));
        assert_eq!(process(&app, None).await.tend().await.unwrap(), None);
        assert_eq!(app.kept(KeyState::Current).await, std::slice::from_ref(next));
    }
}
