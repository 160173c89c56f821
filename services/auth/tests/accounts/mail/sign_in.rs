//! What is told of sign-ins: from where nobody has before, and when they ask for more or less than they did.

use super::inbox::{PROXY, signing_in};
use crate::{OK, apps, mfa::enrol, registration};

const ANA: &str = "ana@example.com";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const NEWER_FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/18.0 Mobile/15E148 Safari/604.1";
const HOME: &str = "203.0.113.9";

#[tokio::test]
async fn a_sign_in_from_a_new_place_is_told_once() {
    for app in apps([PROXY]).await {
        app.from(HOME, FIREFOX, "/register", &registration(ANA)).await.expect(201);
        let told = async || app.letters("new_sign_in", ANA).await.len();
        let sign_in = async |address: &str, agent: &str| {
            app.from(address, agent, "/login", &signing_in(ANA)).await.expect(OK);
        };
        assert_eq!(told().await, 0, "{}: the registration is no new sign-in", app.backend.name);
        sign_in(HOME, FIREFOX).await;
        sign_in("203.0.113.77", NEWER_FIREFOX).await;
        assert_eq!(told().await, 0, "{}: the same place", app.backend.name);
        sign_in(HOME, SAFARI).await;
        let letter = app.letter("new_sign_in", ANA, 1).await;
        assert_eq!(letter.subject, "A new sign-in to your account");
        for fact in
            ["When: 15 January 2027, 08:00 UTC", "Device: Safari on iPhone", "IP address: 203.0.113.9"]
        {
            assert!(letter.text.contains(fact), "{}", letter.text);
        }
        sign_in(HOME, SAFARI).await;
        assert_eq!(told().await, 1, "{}: known by now", app.backend.name);
        sign_in("198.51.100.1", FIREFOX).await;
        assert_eq!(told().await, 2, "{}: another network", app.backend.name);
    }
}

#[tokio::test]
async fn a_sign_in_to_an_account_that_was_long_left_alone_is_told() {
    for app in apps([PROXY]).await {
        app.from(HOME, FIREFOX, "/register", &registration(ANA)).await.expect(201);
        app.clock.advance(chrono::TimeDelta::days(60));
        app.sql("DELETE FROM sessions").await;
        app.from(HOME, FIREFOX, "/login", &signing_in(ANA)).await.expect(OK);
        app.letter("new_sign_in", ANA, 1).await;
    }
}

#[tokio::test]
async fn a_wrong_password_is_no_sign_in() {
    for app in apps([PROXY]).await {
        app.from(HOME, FIREFOX, "/register", &registration(ANA)).await.expect(201);
        let wrong = serde_json::json!({"email": ANA, "password": "tiger umbrella 8 frost"});
        assert_eq!(app.from("198.51.100.1", SAFARI, "/login", &wrong).await.status, 401);
        assert!(app.letters("new_sign_in", ANA).await.is_empty(), "{}", app.backend.name);
    }
}

#[tokio::test]
async fn what_a_program_calls_itself_is_not_repeated_in_a_mail() {
    for app in apps([PROXY]).await {
        app.from(HOME, FIREFOX, "/register", &registration(ANA)).await.expect(201);
        let agent = "<b>Your bank</b> https://evil.example";
        app.from(HOME, agent, "/login", &signing_in(ANA)).await.expect(OK);
        let letter = app.letter("new_sign_in", ANA, 1).await;
        assert!(letter.text.contains("Device: an unknown program"), "{}", letter.text);
        assert!(!letter.text.contains("evil"), "{}", letter.text);
    }
}

#[tokio::test]
async fn a_second_factor_that_is_turned_on_or_off_is_told() {
    for app in apps([]).await {
        let held = app.join(ANA).await;
        enrol(&app, &held).await;
        app.letter("second_factor_on", ANA, 1).await;
        assert!(app.letters("second_factor_off", ANA).await.is_empty(), "{}", app.backend.name);
        app.call("DELETE", "/mfa/totp", &held.access, None).await.expect(204);
        app.letter("second_factor_off", ANA, 1).await;
    }
}
