//! Which account opens: found by the provider's own name for its owner, never by an e-mail address alone.

use aether_auth::domain::one_time;
use aether_common::{
    id::{Ids, UserId},
    model::scope::{Scope, ScopeSet},
};
use aether_store::{
    api_keys::{self, NewApiKey},
    audit::{self, Filter},
    identities::{self, NewIdentity},
};
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    BOTH, Stand,
    fake::{ANA, BEN, Person, Signer},
    refused, stands, stands_with,
};
use crate::{Answer, OK, PASSWORD, registration};

fn user(answer: &Answer) -> Value {
    answer.json()["user"].clone()
}

impl Stand {
    async fn actions(&self, user: &Value) -> Vec<String> {
        let subject: UserId = user["id"].as_str().unwrap().parse().unwrap();
        let mut conn = self.app.backend.deps.store.conn().await.unwrap();
        let filter = Filter { subject: Some(subject), ..Filter::default() };
        let mut entries = audit::list(&mut conn, &filter, None, 100).await.unwrap();
        entries.reverse();
        entries.into_iter().map(|entry| entry.entry.action).collect()
    }
}

#[tokio::test]
async fn who_is_new_gets_an_account_and_comes_back_to_it() {
    for stand in stands().await {
        for provider in BOTH {
            let person = if provider == "google" { ANA } else { BEN };
            let first = stand.sign_in(provider, &person).await.expect(OK);
            let made = user(&first);
            assert_eq!(made["email"], person.email.unwrap());
            assert_eq!(made["emailVerified"], true);
            assert_eq!(made["name"], person.name.unwrap());
            assert_eq!(made["role"], "user");
            let held = first.held();
            assert_eq!(stand.app.get("/profile", &held.access).await.expect(OK).json(), made);
            stand.app.refresh(&held.refresh).await.expect(OK);

            // Their address and name may change at the provider: they are who they were.
            let moved = Person { email: Some("moved@example.com"), name: Some("Else"), ..person.clone() };
            let again = stand.sign_in(provider, &moved).await.expect(OK);
            assert_eq!(user(&again), made, "{provider} on {}", stand.name());

            let ways = stand.app.get("/identities", &held.access).await.expect(OK).json();
            assert_eq!(ways["hasPassword"], false);
            let items = ways["items"].as_array().unwrap();
            assert_eq!(items.len(), 1);
            assert_eq!((&items[0]["provider"], &items[0]["email"]), (&json!(provider), &made["email"]));
            assert_eq!(items[0]["createdAt"], made["createdAt"]);
            let actions = stand.actions(&made).await;
            assert_eq!(actions, ["registered", "logged_in", "logged_in"], "{provider}");
        }
    }
}

#[tokio::test]
async fn a_name_that_we_do_not_take_is_made_one_that_we_take() {
    for stand in stands().await {
        let named = |id: u64, name: Option<&'static str>, email: &'static str| Person {
            id,
            name,
            email: Some(email),
            verified: true,
        };
        for (provider, person, name) in [
            ("google", named(1, Some(" A\u{202e}n\na "), "a@example.com"), "Ana"),
            ("google", named(2, Some("\n"), "b.c@example.com"), "b.c"),
            ("google", named(3, None, "d@example.com"), "d"),
            ("github", named(4, None, "e@example.com"), "login-4"),
            ("github", named(5, Some(" "), "f@example.com"), "login-5"),
        ] {
            let answer = stand.sign_in(provider, &person).await.expect(OK);
            assert_eq!(user(&answer)["name"], name, "{person:?}");
        }
    }
}

#[tokio::test]
async fn without_an_address_there_is_no_new_account() {
    for stand in stands().await {
        let silent = Person { email: None, ..ANA };
        assert_eq!(stand.sign_in("github", &silent).await.problem(), refused(422, "email_required"));
        let odd = Person { email: Some("\"a b\"@example.com"), ..ANA };
        for provider in BOTH {
            assert_eq!(stand.sign_in(provider, &odd).await.problem(), refused(422, "email_required"));
        }
        assert_eq!(stand.count("users").await, 0);
        // Who has an account needs none to come back.
        stand.sign_in("github", &ANA).await.expect(OK);
        stand.sign_in("github", &silent).await.expect(OK);
    }
}

#[tokio::test]
async fn an_address_that_the_provider_has_not_proved_is_not_proved_here() {
    for stand in stands().await {
        for provider in BOTH {
            let email = if provider == "google" { "g@example.com" } else { "h@example.com" };
            let answer =
                stand.sign_in(provider, &Person { email: Some(email), verified: false, ..ANA }).await;
            assert_eq!(user(&answer.expect(OK))["emailVerified"], false, "{provider}");
        }
    }
}

#[tokio::test]
async fn an_account_of_the_same_address_is_not_opened_but_can_be_linked() {
    for stand in stands().await {
        let held = stand.app.register("ana@example.com").await;
        stand.sql("UPDATE users SET email_verified = true").await;
        for provider in BOTH {
            for verified in [true, false] {
                let answer = stand.sign_in(provider, &Person { verified, ..ANA }).await;
                assert_eq!(answer.problem(), refused(409, "account_exists"), "{provider} {verified}");
            }
        }
        // Unproved on both sides is no reason either.
        stand.sql("UPDATE users SET email_verified = false").await;
        let unproved = Person { verified: false, ..ANA };
        assert_eq!(stand.sign_in("google", &unproved).await.problem(), refused(409, "account_exists"));
        assert_eq!((stand.count("users").await, stand.count("identities").await), (1, 0));

        stand.link("google", &ANA, &held.access).await.expect(OK);
        let profile = stand.app.get("/profile", &held.access).await.json();
        assert_eq!(user(&stand.sign_in("google", &ANA).await.expect(OK))["id"], profile["id"]);
        stand.app.post("/login", json!({"email": "ana@example.com", "password": PASSWORD})).await.expect(OK);
    }
}

/// Somebody registers with an address that is not theirs, and prepares every way back in. Then its owner comes.
#[tokio::test]
async fn whoever_proves_an_address_takes_it_from_whoever_only_claimed_it() {
    for stand in stands_with("AETHER_FIRST_USER_ADMIN", "true").await {
        let app = &stand.app;
        let registered = app.post("/register", registration("ana@example.com")).await.expect(201);
        let (claimed, mallory) = (user(&registered), registered.held());
        assert_eq!(claimed["role"], "admin");
        let login = json!({"email": "ana@example.com", "password": PASSWORD});
        let second = app.post("/login", login.clone()).await.expect(OK).held();
        stand.link("github", &BEN, &mallory.access).await.expect(OK);
        let id: UserId = claimed["id"].as_str().unwrap().parse().unwrap();
        let key = format!("aek_{}", "k".repeat(43));
        let now = app.clock.clock().now();
        let mut tx = app.backend.deps.store.begin().await.unwrap();
        let new = NewApiKey {
            id: Ids::system().mint(),
            user_id: id,
            name: "back door",
            prefix: "aek_kkkk",
            hash: &Sha256::digest(&key),
            scopes: [Scope::ProfileRead].into_iter().collect::<ScopeSet>(),
            created_at: now,
            expires_at: None,
        };
        api_keys::create(&mut tx, &new).await.unwrap();
        for kind in [one_time::Kind::EmailChange, one_time::Kind::MfaChallenge, one_time::Kind::PasswordReset]
        {
            one_time::issue(&mut tx, kind, id, &json!({}), now).await.unwrap();
        }
        tx.save().await.unwrap();
        let pending = stand.visit_to_link("google", &BEN, &mallory.access).await;
        app.get("/profile", &key).await.expect(OK);

        app.clock.advance(TimeDelta::seconds(1));
        let answer = stand.sign_in("google", &ANA).await.expect(OK);
        let taken = user(&answer);
        assert_eq!(
            (&taken["id"], &taken["emailVerified"]),
            (&claimed["id"], &json!(true)),
            "{}",
            stand.name()
        );
        assert_eq!((&taken["role"], &taken["mfaEnabled"]), (&json!("user"), &json!(false)));
        let ana = answer.held();
        app.get("/profile", &ana.access).await.expect(OK);
        app.refresh(&ana.refresh).await.expect(OK);

        // Nothing of before opens it.
        assert_eq!(app.post("/login", login).await.problem(), refused(401, "invalid_credentials"));
        for held in [&mallory, &second] {
            assert_eq!(app.get("/profile", &held.access).await.status, 401);
            assert_eq!(app.refresh(&held.refresh).await.problem(), refused(401, "session_ended"));
        }
        assert_eq!(app.get("/profile", &key).await.problem(), refused(401, "unauthorized"));
        let kinds = "one_time_tokens WHERE kind <> 'oauth_state'";
        assert_eq!((stand.count("api_keys").await, stand.count(kinds).await), (0, 0));
        assert_eq!(stand.finish("google", &pending).await.problem(), refused(400, "invalid_state"));
        let ways = app.get("/identities", &ana.access).await.expect(OK).json();
        assert_eq!((ways["items"].as_array().unwrap().len(), &ways["hasPassword"]), (1, &json!(false)));
        // The identity that was linked to it is nobody's now, and makes an account of its own.
        assert_ne!(user(&stand.sign_in("github", &BEN).await.expect(OK))["id"], taken["id"]);
        let actions = stand.actions(&taken).await;
        assert_eq!(actions[actions.len() - 3..], ["address_taken", "logged_in", "login_refused"]);
        // From now on it is proved: nobody takes it again.
        let other = Person { id: 9, ..ANA };
        assert_eq!(stand.sign_in("github", &other).await.problem(), refused(409, "account_exists"));
    }
}

#[tokio::test]
async fn a_sign_in_that_is_under_way_when_the_address_is_taken_opens_nothing() {
    for stand in stands().await {
        for n in 0..5 {
            let email: &str = Box::leak(format!("ana{n}@example.com").into_boxed_str());
            stand.app.register(email).await;
            let visit = stand.visit("google", &Person { id: 100 + n, email: Some(email), ..ANA }).await;
            let login = json!({"email": email, "password": PASSWORD});
            let (logins, taken) = futures::future::join(
                join_all((0..4).map(async |_| stand.app.post("/login", login.clone()).await)),
                stand.finish("google", &visit),
            )
            .await;
            taken.expect(OK);
            for opened in logins.into_iter().filter(|answer| answer.status == OK) {
                let access = opened.held().access;
                assert_eq!(stand.app.get("/profile", &access).await.status, 401, "{}", stand.name());
            }
        }
    }
}

#[tokio::test]
async fn a_key_that_is_being_made_when_the_address_is_taken_does_not_stay() {
    for stand in stands().await {
        for n in 0..10 {
            let email: &str = Box::leak(format!("ana{n}@example.com").into_boxed_str());
            let held = stand.app.register(email).await;
            let visit = stand.visit("google", &Person { id: 100 + n, email: Some(email), ..ANA }).await;
            let key = json!({"name": "back door", "scopes": ["profile:read"]});
            let make = async |_| stand.app.call("POST", "/api-keys", &held.access, Some(key.clone())).await;
            let (_, taken) =
                futures::future::join(join_all((0..12).map(make)), stand.finish("google", &visit)).await;
            taken.expect(OK);
            assert_eq!(stand.count("api_keys").await, 0, "{}", stand.name());
        }
    }
}

#[tokio::test]
async fn a_second_factor_goes_with_whoever_only_claimed_the_address() {
    for stand in stands().await {
        stand.app.register("ana@example.com").await;
        stand.sql("UPDATE users SET mfa_enabled = true").await;
        let answer = stand.sign_in("google", &ANA).await.expect(OK).json();
        assert_eq!(answer["user"]["mfaEnabled"], false);
    }
}

#[tokio::test]
async fn the_second_factor_is_asked_for() {
    for stand in stands().await {
        stand.sign_in("google", &ANA).await.expect(OK);
        stand.sql("UPDATE users SET mfa_enabled = true").await;
        let answer = stand.sign_in("google", &ANA).await.expect(OK).json();
        assert_eq!(answer["mfaRequired"], true);
        assert!(answer["mfaToken"].as_str().unwrap().starts_with("aem_"));
        assert!(answer.get("accessToken").is_none() && answer.get("user").is_none());
        let half = stand.app.get("/profile", answer["mfaToken"].as_str().unwrap()).await;
        assert_eq!(half.problem(), refused(401, "mfa_required"));
    }
}

#[tokio::test]
async fn a_disabled_account_stays_shut() {
    for stand in stands().await {
        let made = user(&stand.sign_in("google", &ANA).await.expect(OK));
        stand.sql("UPDATE users SET disabled = true").await;
        assert_eq!(stand.sign_in("google", &ANA).await.problem(), refused(401, "invalid_credentials"));
        assert_eq!(stand.actions(&made).await.last().unwrap(), "login_refused");
        // Proving its address does not open it either.
        stand.sql("UPDATE users SET email_verified = false").await;
        let other = Person { id: 7, ..ANA };
        assert_eq!(stand.sign_in("github", &other).await.problem(), refused(401, "invalid_credentials"));
        assert_eq!(stand.count("identities").await, 1);
    }
}

#[tokio::test]
async fn first_sign_ins_at_once_give_one_account() {
    for stand in stands_with("AETHER_FIRST_USER_ADMIN", "true").await {
        let mut visits = Vec::new();
        for _ in 0..8 {
            visits.push(stand.visit("google", &ANA).await);
        }
        let all = join_all(visits.iter().map(async |visit| stand.finish("google", visit).await)).await;
        let users: Vec<_> = all.into_iter().map(|answer| user(&answer.expect(OK))).collect();
        assert!(users.iter().all(|user| user["id"] == users[0]["id"]), "{}", stand.name());
        assert_eq!(users[0]["role"], "admin");
        let counts =
            (stand.count("users").await, stand.count("identities").await, stand.count("sessions").await);
        assert_eq!(counts, (1, 1, 8), "{}", stand.name());
    }
}

#[tokio::test]
async fn two_providers_at_once_give_one_account_that_one_of_them_opens() {
    for stand in stands().await {
        let google = stand.visit("google", &ANA).await;
        let github = stand.visit("github", &ANA).await;
        let (google, github) =
            futures::future::join(stand.finish("google", &google), stand.finish("github", &github)).await;
        let mut statuses = [google.status, github.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [OK, 409], "{}", stand.name());
        assert_eq!((stand.count("users").await, stand.count("identities").await), (1, 1));
    }
}

#[tokio::test]
async fn an_owner_who_registers_at_once_with_a_provider_ends_with_one_account() {
    for stand in stands().await {
        let visit = stand.visit("google", &ANA).await;
        let (registered, signed_in) = futures::future::join(
            stand.app.post("/register", registration("ana@example.com")),
            stand.finish("google", &visit),
        )
        .await;
        // Whoever was first: the address is proved, and the password is not a way in.
        signed_in.expect(OK);
        assert!([201, 409].contains(&registered.status), "{}", registered.status);
        let login = json!({"email": "ana@example.com", "password": PASSWORD});
        assert_eq!(stand.app.post("/login", login).await.status, 401, "{}", stand.name());
        assert_eq!(stand.count("users").await, 1);
    }
}

#[tokio::test]
async fn a_subject_belongs_to_its_provider() {
    for stand in stands().await {
        let google = user(&stand.sign_in("google", &ANA).await.expect(OK));
        let github = user(&stand.sign_in("github", &Person { id: ANA.id, ..BEN }).await.expect(OK));
        assert_ne!(google["id"], github["id"]);
        // What a token of another issuer's key says is nobody's word.
        stand.fake.forge(|_, claims| Some(Signer::new("k1").sign(claims)));
        assert_eq!(stand.sign_in("google", &ANA).await.problem(), refused(400, "oauth_failed"));
    }
}

#[tokio::test]
async fn an_identity_is_linked_once_in_the_database_too() {
    for stand in stands().await {
        let made = user(&stand.sign_in("google", &ANA).await.expect(OK));
        let id: UserId = made["id"].as_str().unwrap().parse().unwrap();
        let store = &stand.app.backend.deps.store;
        let now = stand.app.clock.clock().now();
        let new = NewIdentity { provider: "google", subject: "1", email: None, created_at: now };
        let mut tx = store.begin().await.unwrap();
        assert!(identities::create(&mut tx, id, &new).await.is_err());
        drop(tx);
        let mut conn = store.conn().await.unwrap();
        assert_eq!(identities::find_user(&mut conn, "google", "1").await.unwrap(), Some(id));
        assert_eq!(identities::find_user(&mut conn, "github", "1").await.unwrap(), None);
    }
}
