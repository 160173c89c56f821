//! Sign-in with Google and GitHub: who gets into which account, who does not, and what a provider may do wrong.

mod accounts;
mod fake;
mod linking;
mod misbehaviour;
mod openid;

use std::collections::HashMap;

use aether_auth::domain::oauth::LIFETIME;
use aether_testkit::Backend;
use axum::{body::Body, http::Request};
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use url::Url;

use self::fake::{ANA, BEN, CLIENT, Fake, Person, SECRET};
use crate::{Answer, App, OK, post};

const BOTH: [&str; 2] = ["google", "github"];

/// The service and the providers that it knows.
struct Stand {
    app: App,
    fake: Fake,
}

/// A browser that the provider has sent back.
#[derive(Clone)]
struct Visit {
    cookie: String,
    code: String,
    state: String,
}

/// On both backends.
async fn stands() -> Vec<Stand> {
    stands_with("AETHER_FIRST_USER_ADMIN", "false").await
}

async fn stands_with(name: &str, value: &str) -> Vec<Stand> {
    let mut stands = Vec::new();
    for distributed in [false, true] {
        let fake = Fake::start().await;
        let [google, github] = ["google", "github"].map(|name| format!("{}/{name}", fake.url));
        let [google_auth, google_token, google_user, google_keys] =
            ["auth", "token", "userinfo", "jwks"].map(|name| format!("{google}/{name}"));
        let [github_auth, github_token, github_user] =
            ["auth", "token", "user"].map(|name| format!("{github}/{name}"));
        let settings = [
            ("OAUTH_GOOGLE_CLIENT_ID", CLIENT),
            ("OAUTH_GOOGLE_CLIENT_SECRET", SECRET),
            ("OAUTH_GOOGLE_AUTH_URL", &google_auth),
            ("OAUTH_GOOGLE_TOKEN_URL", &google_token),
            ("OAUTH_GOOGLE_USERINFO_URL", &google_user),
            ("OAUTH_GOOGLE_JWKS_URL", &google_keys),
            ("OAUTH_GOOGLE_ISSUER", "https://id.example"),
            ("OAUTH_GITHUB_CLIENT_ID", CLIENT),
            ("OAUTH_GITHUB_CLIENT_SECRET", SECRET),
            ("OAUTH_GITHUB_AUTH_URL", &github_auth),
            ("OAUTH_GITHUB_TOKEN_URL", &github_token),
            ("OAUTH_GITHUB_USERINFO_URL", &github_user),
            (name, value),
        ];
        let backend = if distributed {
            Backend::distributed(settings).await
        } else {
            Backend::embedded(settings).await
        };
        let app = App::on(backend).await;
        fake.follow(app.clock.clock());
        stands.push(Stand { app, fake });
    }
    stands
}

impl Stand {
    fn name(&self) -> &'static str {
        self.app.backend.name
    }

    /// Asks where to go; gives that and the cookie.
    async fn begin(&self, provider: &str, query: &str, access: &str) -> (Url, String) {
        let answer = self.app.get(&format!("/oauth/{provider}{query}"), access).await.expect(OK);
        (answer.json()["authorizeUrl"].as_str().unwrap().parse().unwrap(), cookie(&answer))
    }

    /// Goes to the provider, agrees, and comes back.
    async fn visit(&self, provider: &str, person: &Person) -> Visit {
        let (url, cookie) = self.begin(provider, "", "").await;
        let (code, state) = self.fake.approve(&url, person);
        Visit { cookie, code, state }
    }

    /// The same, to link what is there to this account.
    async fn visit_to_link(&self, provider: &str, person: &Person, access: &str) -> Visit {
        let (url, cookie) = self.begin(provider, "?link=1", access).await;
        let (code, state) = self.fake.approve(&url, person);
        Visit { cookie, code, state }
    }

    async fn finish(&self, provider: &str, visit: &Visit) -> Answer {
        self.finish_with(provider, visit, json!({})).await
    }

    /// With these fields too.
    async fn finish_with(&self, provider: &str, visit: &Visit, more: Value) -> Answer {
        let mut body = json!({"code": visit.code, "state": visit.state});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let request = post(&format!("/oauth/{provider}")).header("cookie", &visit.cookie);
        self.app.send(request.body(body.to_string().into()).unwrap()).await
    }

    async fn sign_in(&self, provider: &str, person: &Person) -> Answer {
        self.finish(provider, &self.visit(provider, person).await).await
    }

    async fn link(&self, provider: &str, person: &Person, access: &str) -> Answer {
        self.finish(provider, &self.visit_to_link(provider, person, access).await).await
    }

    /// Changes the database behind the service's back.
    async fn sql(&self, text: &str) {
        let url = &self.app.backend.database.url;
        let text = AssertSqlSafe(text.to_owned());
        let done = if url.starts_with("sqlite") {
            let mut database = SqliteConnection::connect(url).await.unwrap();
            sqlx::query(text).execute(&mut database).await.map(drop)
        } else {
            let mut database = PgConnection::connect(url).await.unwrap();
            sqlx::query(text).execute(&mut database).await.map(drop)
        };
        done.unwrap();
    }

    /// How many rows there are.
    async fn count(&self, from: &str) -> i64 {
        let url = &self.app.backend.database.url;
        let text = AssertSqlSafe(format!("SELECT count(*) FROM {from}"));
        let (count,): (i64,) = if url.starts_with("sqlite") {
            let mut database = SqliteConnection::connect(url).await.unwrap();
            sqlx::query_as(text).fetch_one(&mut database).await.unwrap()
        } else {
            let mut database = PgConnection::connect(url).await.unwrap();
            sqlx::query_as(text).fetch_one(&mut database).await.unwrap()
        };
        count
    }
}

/// Name and value of the cookie that an answer sets.
fn cookie(answer: &Answer) -> String {
    answer.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn a_browser_is_sent_to_the_provider_with_pkce_a_state_and_a_nonce() {
    for stand in stands().await {
        for (provider, scope) in [("google", "openid email profile"), ("github", "read:user user:email")] {
            let (url, cookie) = stand.begin(provider, "", "").await;
            assert!(url.as_str().starts_with(&format!("{}/{provider}/auth?", stand.fake.url)), "{url}");
            let asked: HashMap<_, _> = url.query_pairs().into_owned().collect();
            assert_eq!(asked["scope"], scope);
            assert_eq!(asked["redirect_uri"], format!("http://localhost:8080/oauth/callback/{provider}"));
            let (other, _) = stand.begin(provider, "", "").await;
            let other: HashMap<_, _> = other.query_pairs().into_owned().collect();
            for secret in ["state", "nonce", "code_challenge"] {
                assert!(asked[secret].len() >= 43 && asked[secret] != other[secret], "{secret}");
                assert!(!cookie.contains(&asked[secret]), "the cookie shows the {secret}");
            }

            let sent = stand.app.get(&format!("/oauth/{provider}?redirect=1"), "").await.expect(302);
            assert!(sent.headers["location"].to_str().unwrap().starts_with(&stand.fake.url));
            assert_eq!(sent.headers["cache-control"], "no-store");
            let line = sent.headers["set-cookie"].to_str().unwrap();
            assert!(line.starts_with("aether_oauth="), "{line}");
            assert!(line.ends_with("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"), "{line}");
        }
    }
}

#[tokio::test]
async fn on_https_no_sibling_subdomain_can_plant_the_cookie() {
    let settings = [
        ("AETHER_PUBLIC_URL", "https://aether.example"),
        ("OAUTH_GITHUB_CLIENT_ID", CLIENT),
        ("OAUTH_GITHUB_CLIENT_SECRET", SECRET),
    ];
    let app = App::on(Backend::embedded(settings).await).await;
    let answer = app.get("/oauth/github", "").await.expect(OK);
    let line = answer.headers["set-cookie"].to_str().unwrap();
    assert!(line.starts_with("__Host-aether_oauth=") && line.ends_with("; SameSite=Lax; Secure"), "{line}");
    let url: Url = answer.json()["authorizeUrl"].as_str().unwrap().parse().unwrap();
    assert_eq!(url.host_str(), Some("github.com"));
    let redirect = url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
    assert_eq!(redirect, "https://aether.example/oauth/callback/github");
    // The name that anybody on the wire could plant is not read.
    let planted = cookie(&answer).replace("__Host-", "");
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let request = post("/oauth/github").header("cookie", planted);
    let body = json!({"code": "code", "state": state});
    let answer = app.send(request.body(body.to_string().into()).unwrap()).await;
    assert_eq!(answer.problem(), refused(400, "invalid_state"));
}

#[tokio::test]
async fn a_provider_that_is_off_or_unknown_is_not_there() {
    let github = [("OAUTH_GITHUB_CLIENT_ID", CLIENT), ("OAUTH_GITHUB_CLIENT_SECRET", SECRET)];
    for app in crate::apps(github).await {
        let providers = app.get("/providers", "").await.expect(OK).json();
        assert_eq!(providers, json!({"password": true, "google": false, "github": true}));
        let capabilities = app.get("/capabilities", "").await.expect(OK).json();
        assert_eq!(capabilities["features"]["signIn"], json!(["password", "github"]));
        app.get("/oauth/github", "").await.expect(OK);
        let body = json!({"code": "code", "state": "state"});
        for provider in ["google", "facebook", "GITHUB", "git%20hub", "..%2fgithub"] {
            let begun = app.get(&format!("/oauth/{provider}"), "").await;
            assert_eq!(begun.problem(), refused(404, "not_found"), "{provider}");
            let finished = app.post(&format!("/oauth/{provider}"), body.clone()).await;
            assert_eq!(finished.problem(), refused(404, "not_found"), "{provider}");
        }
    }
}

#[tokio::test]
async fn a_state_is_good_in_its_own_browser_once_and_for_ten_minutes() {
    for stand in stands().await {
        let fresh = async || stand.visit("google", &ANA).await;
        let mine = fresh().await;
        let other = fresh().await;
        let without = Visit { cookie: "other=1".into(), ..mine.clone() };
        let of_another = Visit { cookie: other.cookie.clone(), ..mine.clone() };
        let twice = Visit { cookie: format!("{}; {}", mine.cookie, other.cookie), ..mine.clone() };
        let forged = Visit { cookie: format!("{}A", mine.cookie), ..mine.clone() };
        let giant = Visit { cookie: format!("aether_oauth={}", "A".repeat(8_000)), ..mine.clone() };
        let guessed = Visit { state: "A".repeat(43), ..mine.clone() };
        let blank = Visit { state: String::new(), ..mine.clone() };
        for (what, visit) in [
            ("no cookie", without),
            ("another browser's cookie", of_another),
            ("two cookies", twice),
            ("a forged cookie", forged),
            ("a giant cookie", giant),
            ("a guessed state", guessed),
            ("no state", blank),
        ] {
            let answer = stand.finish("google", &visit).await;
            assert_eq!(answer.problem(), refused(400, "invalid_state"), "{what}");
        }
        assert_eq!(stand.fake.calls("/google/token"), 0, "a code was given away");

        // What was refused has not used it up.
        let answer = stand.finish("google", &mine).await.expect(OK);
        let line = answer.headers["set-cookie"].to_str().unwrap();
        assert!(line.starts_with("aether_oauth=; Path=/; Max-Age=0"), "{line}");
        let again = stand.finish("google", &mine).await;
        assert_eq!(again.problem(), refused(400, "invalid_state"));
        assert_eq!(stand.fake.calls("/google/token"), 1, "a used state reached the provider");

        let in_time = fresh().await;
        stand.app.clock.advance(LIFETIME - TimeDelta::milliseconds(1));
        stand.finish("google", &in_time).await.expect(OK);
        let late = fresh().await;
        stand.app.clock.advance(LIFETIME);
        assert_eq!(stand.finish("google", &late).await.problem(), refused(400, "invalid_state"));
    }
}

#[tokio::test]
async fn of_equal_answers_at_once_one_is_taken() {
    for stand in stands().await {
        let visit = stand.visit("github", &ANA).await;
        let all = futures::future::join_all((0..8).map(async |_| stand.finish("github", &visit).await)).await;
        let taken = all.iter().filter(|answer| answer.status == OK).count();
        assert_eq!(taken, 1, "{}", stand.name());
        assert!(all.iter().filter(|answer| answer.status != OK).all(|answer| answer.status == 400));
    }
}

#[tokio::test]
async fn the_answer_of_one_provider_does_not_pass_for_anothers() {
    for stand in stands().await {
        for (asked, delivered) in [("github", "google"), ("google", "github")] {
            let visit = stand.visit(asked, &ANA).await;
            let answer = stand.finish(delivered, &visit).await;
            assert_eq!(answer.problem(), refused(400, "provider_mismatch"), "{asked} to {delivered}");
        }
        let own = [("google", "https://id.example".to_owned()), ("github", stand.fake.url.clone())];
        for (provider, issuer) in own {
            for wrong in
                ["https://evil.example", "https://id.example/", "", "id.example", "https://id.example@x/"]
            {
                let visit = stand.visit(provider, &ANA).await;
                let answer = stand.finish_with(provider, &visit, json!({"iss": wrong})).await;
                assert_eq!(answer.problem(), refused(400, "provider_mismatch"), "{provider}: {wrong}");
            }
            let visit = stand.visit(provider, if provider == "google" { &ANA } else { &BEN }).await;
            stand.finish_with(provider, &visit, json!({"iss": issuer})).await.expect(OK);
        }
        let codes = ["/google/token", "/github/token"].map(|path| stand.fake.calls(path));
        assert_eq!(codes, [1, 1], "a code was given away");
    }
}

#[tokio::test]
async fn pages_of_other_origins_finish_nothing() {
    for stand in stands().await {
        let visit = stand.visit("google", &ANA).await;
        let send = async |name: &str, value: &str| {
            let body = json!({"code": visit.code, "state": visit.state}).to_string();
            let request = post("/oauth/google").header("cookie", &visit.cookie).header(name, value);
            stand.app.send(request.body(body.into()).unwrap()).await
        };
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            assert_eq!(send(name, value).await.problem(), refused(403, "cross_origin"), "{name}: {value}");
        }
        send("origin", "http://localhost:8080").await.expect(OK);
    }
}

#[tokio::test]
async fn a_page_gets_its_refresh_token_in_the_cookie() {
    for stand in stands().await {
        let visit = stand.visit("github", &ANA).await;
        let answer = stand.finish_with("github", &visit, json!({"tokenDelivery": "cookie"})).await.expect(OK);
        assert!(answer.json().get("refreshToken").is_none());
        let lines: Vec<_> =
            answer.headers.get_all("set-cookie").iter().map(|l| l.to_str().unwrap()).collect();
        assert!(lines.iter().any(|line| line.starts_with("aether_refresh=aer_")), "{lines:?}");
        assert!(lines.iter().any(|line| line.starts_with("aether_oauth=;")), "{lines:?}");
    }
}

#[tokio::test]
async fn a_form_that_is_not_as_described_is_refused_before_the_provider_hears_of_it() {
    for stand in stands().await {
        let visit = stand.visit("google", &ANA).await;
        let long = "c".repeat(4_097);
        for (body, field) in [
            (json!({"state": visit.state}), "code"),
            (json!({"code": "", "state": visit.state}), "code"),
            (json!({"code": long, "state": visit.state}), "code"),
            (json!({"code": "a\u{0}", "state": visit.state}), "code"),
            (json!({"code": 5, "state": visit.state}), "code"),
            (json!({"code": "c"}), "state"),
            (json!({"code": "c", "state": visit.state, "codeVerifier": "v"}), "codeVerifier"),
            (json!({"code": "c", "state": visit.state, "userId": "u"}), "userId"),
            (json!({"code": "c", "state": visit.state, "tokenDelivery": "pigeon"}), "tokenDelivery"),
        ] {
            let request = post("/oauth/google").header("cookie", &visit.cookie);
            let answer = stand.app.send(request.body(body.to_string().into()).unwrap()).await;
            assert_eq!((answer.status, answer.fields()), (422, vec![field.to_owned()]), "{body}");
        }
        for query in ["?link=yes", "?redirect=", "?next=https://evil.example", "?link=1&userId=u"] {
            let answer = stand.app.get(&format!("/oauth/google{query}"), "").await;
            assert_eq!(answer.status, 422, "{query}");
        }
        assert_eq!(stand.fake.calls("/google/token"), 0);
        stand.finish("google", &visit).await.expect(OK);
    }
}

#[tokio::test]
async fn what_is_begun_and_never_finished_takes_no_room() {
    for stand in stands().await {
        for _ in 0..200 {
            stand.app.get("/oauth/google", "").await.expect(OK);
        }
        assert_eq!(stand.count("one_time_tokens").await, 0, "{}", stand.name());
        // What is finished is remembered as long as it could come back.
        stand.sign_in("google", &ANA).await.expect(OK);
        assert_eq!(stand.count("one_time_tokens").await, 1);
    }
}

#[tokio::test]
async fn the_providers_tokens_are_not_kept() {
    for stand in stands().await.into_iter().filter(|stand| stand.name() == "embedded") {
        for provider in BOTH {
            let person = if provider == "google" { ANA } else { BEN };
            let answer = stand.sign_in(provider, &person).await.expect(OK);
            let tokens = stand.fake.access_tokens();
            assert!(!tokens.is_empty());
            let file = stand.app.backend.database.url.trim_start_matches("sqlite://").to_owned();
            let mut kept = std::fs::read(&file).unwrap();
            kept.extend(std::fs::read(format!("{file}-wal")).unwrap_or_default());
            let holds =
                |bytes: &[u8], what: &str| bytes.windows(what.len()).any(|part| part == what.as_bytes());
            assert!(holds(&kept, person.email.unwrap()), "the database is read in vain");
            for token in tokens {
                assert!(!holds(&kept, &token) && !holds(&answer.body, &token), "{provider}");
            }
        }
    }
}

#[tokio::test]
async fn nobody_links_without_being_signed_in() {
    for stand in stands().await {
        for access in ["", "nonsense", "aek_0123456789"] {
            let answer = stand.app.get("/oauth/google?link=1", access).await;
            assert_eq!(answer.problem(), refused(401, "unauthorized"), "{access}");
        }
        let request = Request::get("/oauth/google?link=1").body(Body::empty()).unwrap();
        assert_eq!(stand.app.send(request).await.status, 401);
    }
}
