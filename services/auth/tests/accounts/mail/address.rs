//! Addresses: proved, changed, and taken from who only claims them.

use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::{Value, json};

use super::inbox::{NEW, PROXY, network, refusal};
use crate::{App, Held, OK, PASSWORD, apps, registration};

const ANA: &str = "ana@example.com";
const BEN: &str = "ben@example.com";
const NEXT: &str = "ana.lopez@example.org";

async fn verify(app: &App, token: &str) -> crate::Answer {
    app.post("/email/verify", json!({"token": token})).await
}

/// The link that would give the account this address, as the `count`th that was sent there.
async fn ask_to_change(app: &App, held: &Held, email: &str, count: usize) -> String {
    app.put("/email", held, json!({"email": email})).await.expect(202);
    app.letter("confirm_new_address", email, count).await.token()
}

#[tokio::test]
async fn a_new_account_is_asked_to_prove_its_address_and_proves_it_once() {
    for app in apps([]).await {
        let held = app.register(ANA).await;
        assert_eq!(app.profile(&held).await["emailVerified"], false);
        let letter = app.letter("verify_address", ANA, 1).await;
        assert_eq!(letter.subject, "Confirm your e-mail address");
        let token = letter.token();
        assert!(token.starts_with("aev_"));
        // Whoever has the mail proves it, signed in or not.
        verify(&app, &token).await.expect(204);
        assert_eq!(app.profile(&held).await["emailVerified"], true, "{}", app.backend.name);
        assert_eq!(verify(&app, &token).await.problem(), (400, "invalid_token".into()));
        assert_eq!(app.count("SELECT COUNT(*) FROM audit WHERE action = 'email_verified'").await, 1);
    }
}

#[tokio::test]
async fn a_stranger_cannot_have_words_sent_to_an_address() {
    for app in apps([]).await {
        let mut body = registration(ANA);
        body["name"] = json!("You won! See evil.example");
        let held = app.post("/register", body).await.expect(201).held();
        app.put("/email", &held, json!({"email": NEXT})).await.expect(202);
        for (kind, to) in
            [("verify_address", ANA), ("confirm_new_address", NEXT), ("address_change_asked", ANA)]
        {
            let letter = app.letter(kind, to, 1).await;
            assert!(letter.text.contains("Hello,") && !letter.text.contains("won"), "{}", letter.text);
        }
    }
}

#[tokio::test]
async fn a_link_can_be_sent_again_but_not_for_ever() {
    for app in apps([("AETHER_RATE_LIMITS", "on"), PROXY]).await {
        let email = crate::unique_email();
        let held = app
            .from(&format!("{}::1", network()), "x", "/register", &registration(&email))
            .await
            .expect(201)
            .held();
        let resend = async || app.call("POST", "/email/resend", &held.access, None).await;
        for count in 2..=5 {
            resend().await.expect(202);
            app.letter("verify_address", &email, count).await;
        }
        let refused = resend().await;
        assert_eq!(refused.problem(), (429, "rate_limited".into()));
        assert_eq!(refused.headers["retry-after"], "3600");
        // The first link still proves the same as the last.
        let first = app.letters("verify_address", &email).await.remove(0).token();
        verify(&app, &first).await.expect(204);
        app.clock.advance(TimeDelta::minutes(14));
        resend().await.expect(202);
        assert_eq!(app.letters("verify_address", &email).await.len(), 5, "{}", app.backend.name);
    }
}

#[tokio::test]
async fn a_link_that_proves_an_address_ends_after_a_day() {
    for app in apps([]).await {
        app.register(ANA).await;
        let token = app.letter("verify_address", ANA, 1).await.token();
        app.clock.advance(TimeDelta::hours(24) - TimeDelta::microseconds(1));
        app.register(BEN).await;
        let bens = app.letter("verify_address", BEN, 1).await.token();
        app.clock.advance(TimeDelta::microseconds(1));
        assert_eq!(verify(&app, &token).await.problem(), (400, "invalid_token".into()));
        verify(&app, &bens).await.expect(204);
    }
}

#[tokio::test]
async fn a_link_that_is_none_is_refused_in_the_same_bytes() {
    for app in apps([]).await {
        let held = app.join(ANA).await;
        let good = ask_to_change(&app, &held, NEXT, 1).await;
        let reset = app.forget(ANA, 1).await;
        let mut bodies = Vec::new();
        for token in [
            "",
            "aev_",
            &good[..good.len() - 1],
            &format!("{good}x"),
            &reset,
            &held.refresh,
            &held.access,
            "' OR 1=1 --",
            &"a".repeat(1_000_000),
        ] {
            let answer = verify(&app, token).await;
            assert_eq!(answer.problem(), (400, "invalid_token".into()), "{token:.60}");
            bodies.push(refusal(&answer));
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1);
        verify(&app, &good).await.expect(204);
    }
}

#[tokio::test]
async fn an_address_changes_when_the_new_one_is_proved_and_the_old_one_is_told() {
    for app in apps([]).await {
        let held = app.join(ANA).await;
        let forgotten = app.forget(ANA, 1).await;
        let token = ask_to_change(&app, &held, NEXT, 1).await;
        app.letter("address_change_asked", ANA, 1).await;
        assert_eq!(app.profile(&held).await["email"], ANA);
        assert_eq!(app.sign_in_with(NEXT, PASSWORD).await.status, 401);
        verify(&app, &token).await.expect(204);
        let user = app.profile(&held).await;
        assert_eq!(
            (&user["email"], &user["emailVerified"]),
            (&json!(NEXT), &json!(true)),
            "{}",
            app.backend.name
        );
        app.letter("address_changed", ANA, 1).await;
        assert!(app.letters("address_changed", NEXT).await.is_empty());
        assert_eq!(app.sign_in_with(ANA, PASSWORD).await.status, 401);
        app.sign_in_with(NEXT, PASSWORD).await.expect(OK);
        // What was sent to the old address opens nothing.
        assert_eq!(app.reset(&forgotten, NEW).await.problem(), (400, "invalid_token".into()));
        assert_eq!(verify(&app, &token).await.problem(), (400, "invalid_token".into()));
        // The old address is free again.
        app.register(ANA).await;
    }
}

#[tokio::test]
async fn an_address_is_changed_by_who_has_just_proved_who_they_are() {
    for app in apps([]).await {
        let held = app.join(ANA).await;
        app.clock.advance(TimeDelta::minutes(5));
        let answer = app.put("/email", &held, json!({"email": NEXT})).await;
        assert_eq!(answer.problem(), (403, "step_up_required".into()));
        let fresh = app.sign_in_with(ANA, PASSWORD).await.expect(OK).held();
        app.put("/email", &fresh, json!({"email": NEXT})).await.expect(202);
        let same = app.put("/email", &fresh, json!({"email": " ANA@example.com"})).await;
        assert_eq!((same.status, same.fields()), (422, vec!["email".into()]));
    }
}

#[tokio::test]
async fn the_newest_change_alone_is_good_and_none_outlives_the_password() {
    for app in apps([]).await {
        let held = app.join(ANA).await;
        let first = ask_to_change(&app, &held, "eve@example.com", 1).await;
        let second = ask_to_change(&app, &held, NEXT, 1).await;
        assert_eq!(verify(&app, &first).await.problem(), (400, "invalid_token".into()));
        // A thief has begun it; the owner sets another password.
        let body = json!({"currentPassword": PASSWORD, "newPassword": NEW});
        app.put("/password", &held, body).await.expect(204);
        assert_eq!(verify(&app, &second).await.problem(), (400, "invalid_token".into()));
        let third = ask_to_change(&app, &held, NEXT, 2).await;
        let token = app.forget(ANA, 1).await;
        app.reset(&token, PASSWORD).await.expect(204);
        assert_eq!(verify(&app, &third).await.problem(), (400, "invalid_token".into()));
        let user = app.sign_in_with(ANA, PASSWORD).await.expect(OK).json()["user"].clone();
        assert_eq!(user["email"], ANA, "{}", app.backend.name);
    }
}

#[tokio::test]
async fn an_address_that_somebody_has_proved_is_not_given_away_and_not_told_of() {
    for app in apps([]).await {
        let ben = app.join(BEN).await;
        let ana = app.join(ANA).await;
        let free = app.put("/email", &ana, json!({"email": NEXT})).await.expect(202);
        let taken = app.put("/email", &ana, json!({"email": BEN})).await.expect(202);
        assert_eq!(free.body, taken.body);
        let token = app.letter("confirm_new_address", BEN, 1).await.token();
        assert_eq!(verify(&app, &token).await.problem(), (409, "email_taken".into()));
        assert_eq!(app.profile(&ben).await["email"], BEN);
        assert_eq!(app.profile(&ana).await["email"], ANA, "{}", app.backend.name);
    }
}

#[tokio::test]
async fn an_address_that_somebody_only_claims_goes_to_who_proves_it() {
    for app in apps([]).await {
        let squatter = app.register(BEN).await;
        let ana = app.join(ANA).await;
        let token = ask_to_change(&app, &ana, BEN, 1).await;
        app.get("/profile", &squatter.access).await.expect(OK);
        verify(&app, &token).await.expect(204);
        let user = app.profile(&ana).await;
        assert_eq!(
            (&user["email"], &user["emailVerified"]),
            (&json!(BEN), &json!(true)),
            "{}",
            app.backend.name
        );
        assert_eq!(app.get("/profile", &squatter.access).await.status, 401, "{}", app.backend.name);
        assert_eq!(app.refresh(&squatter.refresh).await.problem(), (401, "session_ended".into()));
        // The password is Ana's now: both had the same, so it opens hers and no other.
        let user: Value = app.sign_in_with(BEN, PASSWORD).await.expect(OK).json()["user"].clone();
        assert_eq!(user["id"], app.profile(&ana).await["id"]);
        assert_eq!(app.count("SELECT COUNT(*) FROM users WHERE email LIKE '%@unclaimed.invalid'").await, 1);
        assert_eq!(app.count("SELECT COUNT(*) FROM users WHERE password_hash IS NULL").await, 1);
        // It was the first account. Nobody can open it now, so it administers nothing.
        assert_eq!(app.count("SELECT COUNT(*) FROM users WHERE role = 'admin'").await, 0);
        let nobodys = app.post("/register", registration("x@unclaimed.invalid")).await;
        assert_eq!((nobodys.status, nobodys.fields()), (422, vec!["email".into()]));
    }
}

#[tokio::test]
async fn of_several_who_prove_one_address_at_once_one_gets_it() {
    for app in apps([]).await {
        let mut tokens = Vec::new();
        for n in 0..4 {
            let held = app.join(&format!("user{n}@example.com")).await;
            tokens.push(ask_to_change(&app, &held, NEXT, n + 1).await);
        }
        let answers = join_all(tokens.iter().map(async |token| verify(&app, token).await)).await;
        let mut won = 0;
        for answer in answers {
            match answer.status {
                204 => won += 1,
                _ => assert_eq!(answer.problem(), (409, "email_taken".into()), "{}", app.backend.name),
            }
        }
        assert_eq!(won, 1, "{}", app.backend.name);
        assert_eq!(app.count(&format!("SELECT COUNT(*) FROM users WHERE email = '{NEXT}'")).await, 1);
    }
}

#[tokio::test]
async fn nobody_has_mails_sent_to_many_addresses() {
    for app in apps([("AETHER_RATE_LIMITS", "on"), PROXY]).await {
        let email = crate::unique_email();
        let held = app
            .from(&format!("{}::1", network()), "x", "/register", &registration(&email))
            .await
            .expect(201)
            .held();
        for n in 0..5 {
            app.put("/email", &held, json!({"email": format!("user{n}@example.com")})).await.expect(202);
        }
        let sixth = app.put("/email", &held, json!({"email": "user6@example.com"})).await;
        assert_eq!(sixth.problem(), (429, "rate_limited".into()));
        assert!(app.letters("confirm_new_address", "user6@example.com").await.is_empty());
    }
}
