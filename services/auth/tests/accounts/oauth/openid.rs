//! The same with a real OpenID provider (npm: oidc-provider) in Google's place, and a browser that follows its pages.

use std::{collections::BTreeMap, path::Path, process::Stdio};

use aether_common::clock::Clock;
use aether_testkit::Backend;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};
use url::Url;

use super::{CLIENT, SECRET, cookie};
use crate::{Answer, App, OK, post};

const CALLBACK: &str = "http://localhost:8080/oauth/callback/google";

/// The provider as a process, which ends with this value.
struct OpenId {
    issuer: String,
    _process: Child,
    /// It writes warnings there, and ends when nobody reads them.
    _output: Lines<BufReader<ChildStdout>>,
}

impl OpenId {
    async fn start(claims_in_id_token: bool) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let package = here.join("../../frontend/node_modules/oidc-provider");
        assert!(
            package.exists(),
            "oidc-provider is missing: run `npm ci` in frontend/ (`cargo xtask test` does)"
        );
        let stand = json!({
            "client": {"client_id": CLIENT, "client_secret": SECRET, "redirect_uris": [CALLBACK]},
            "people": {
                "ana": {"email": "Ana@Example.com", "email_verified": true, "name": "Ana"},
                "ben": {"email": "ben@example.com", "email_verified": false, "name": "Ben"},
            },
            "claimsInIdToken": claims_in_id_token,
        });
        let mut process = Command::new("node")
            .arg(here.join("tests/js/openid_provider.mjs"))
            .env("STAND", stand.to_string())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node is installed");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let issuer = lines.next_line().await.unwrap().expect("the provider starts");
        Self { issuer, _process: process, _output: lines }
    }

    /// The service that knows this provider as Google.
    async fn apps(&self) -> Vec<App> {
        let at = |path: &str| format!("{}{path}", self.issuer);
        let (auth, token, userinfo, jwks) = (at("/auth"), at("/token"), at("/me"), at("/jwks"));
        let settings = [
            ("OAUTH_GOOGLE_CLIENT_ID", CLIENT),
            ("OAUTH_GOOGLE_CLIENT_SECRET", SECRET),
            ("OAUTH_GOOGLE_AUTH_URL", &auth),
            ("OAUTH_GOOGLE_TOKEN_URL", &token),
            ("OAUTH_GOOGLE_USERINFO_URL", &userinfo),
            ("OAUTH_GOOGLE_JWKS_URL", &jwks),
            ("OAUTH_GOOGLE_ISSUER", &self.issuer),
        ];
        let mut apps = Vec::new();
        for backend in [Backend::embedded(settings).await, Backend::distributed(settings).await] {
            apps.push(App::at(backend, Clock::system().now()).await);
        }
        apps
    }
}

/// Follows the provider's redirects as a browser does, signing in as `account`, up to our own page; gives its query.
async fn browse(app: &App, from: Url, account: &str) -> BTreeMap<String, String> {
    let mut jar: BTreeMap<String, String> = BTreeMap::new();
    let mut at = from;
    for _ in 0..10 {
        if at.as_str().starts_with(CALLBACK) {
            return at.query_pairs().into_owned().collect();
        }
        if at.path().starts_with("/interaction/") {
            at.query_pairs_mut().append_pair("account", account);
        }
        let cookies: Vec<_> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let page =
            app.backend.deps.http.get(at.clone()).header("cookie", cookies.join("; ")).send().await.unwrap();
        for line in page.headers().get_all("set-cookie") {
            let (name, value) = line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            jar.insert(name.to_owned(), value.to_owned());
        }
        let status = page.status();
        let Some(to) = page.headers().get("location").map(|to| to.to_str().unwrap().to_owned()) else {
            panic!("{status} at {at}: {}", page.text().await.unwrap())
        };
        at = at.join(&to).unwrap();
    }
    panic!("the provider does not send the browser back");
}

async fn begin(app: &App) -> (Url, String) {
    let answer = app.get("/oauth/google", "").await.expect(OK);
    (answer.json()["authorizeUrl"].as_str().unwrap().parse().unwrap(), cookie(&answer))
}

async fn finish(app: &App, cookie: &str, brought: &BTreeMap<String, String>) -> Answer {
    let body: Value = json!({"code": brought["code"], "state": brought["state"], "iss": brought["iss"]});
    let request = post("/oauth/google").header("cookie", cookie);
    app.send(request.body(body.to_string().into()).unwrap()).await
}

#[tokio::test]
async fn a_real_openid_provider_signs_people_in() {
    for claims_in_id_token in [true, false] {
        let provider = OpenId::start(claims_in_id_token).await;
        for app in provider.apps().await {
            let sign_in = async |account: &str| {
                let (url, cookie) = begin(&app).await;
                let brought = browse(&app, url, account).await;
                finish(&app, &cookie, &brought).await.expect(OK).json()
            };
            let first = sign_in("ana").await;
            assert_eq!(first["user"]["email"], "ana@example.com");
            assert_eq!(first["user"]["emailVerified"], true);
            assert_eq!(first["user"]["name"], "Ana");
            assert_eq!(sign_in("ana").await["user"]["id"], first["user"]["id"]);
            let other = sign_in("ben").await;
            assert_eq!(
                (&other["user"]["email"], &other["user"]["emailVerified"]),
                (&json!("ben@example.com"), &json!(false))
            );
            app.get("/profile", other["accessToken"].as_str().unwrap()).await.expect(OK);
        }
    }
}

#[tokio::test]
async fn a_real_openid_provider_takes_a_code_once_and_with_its_verifier_alone() {
    let provider = OpenId::start(true).await;
    for app in provider.apps().await {
        let (url, first_cookie) = begin(&app).await;
        let first = browse(&app, url, "ana").await;
        let (url, second_cookie) = begin(&app).await;
        let second = browse(&app, url, "ana").await;
        // The code of one sign-in with the state of another: PKCE tells.
        let mixed = BTreeMap::from_iter([
            ("code".to_owned(), first["code"].clone()),
            ("state".to_owned(), second["state"].clone()),
            ("iss".to_owned(), second["iss"].clone()),
        ]);
        let answer = finish(&app, &second_cookie, &mixed).await;
        assert_eq!(answer.problem(), (400, "oauth_failed".into()));
        // And one that was used.
        let answer = finish(&app, &first_cookie, &first).await;
        assert!([OK, 400].contains(&answer.status));
        let (url, cookie) = begin(&app).await;
        let brought = browse(&app, url, "ana").await;
        finish(&app, &cookie, &brought).await.expect(OK);
        let (url, third_cookie) = begin(&app).await;
        let mut third = browse(&app, url, "ana").await;
        third.insert("code".into(), brought["code"].clone());
        assert_eq!(finish(&app, &third_cookie, &third).await.problem(), (400, "oauth_failed".into()));
        // A callback that says to be another provider's.
        let (url, cookie) = begin(&app).await;
        let mut brought = browse(&app, url, "ana").await;
        brought.insert("iss".into(), "http://evil.example".into());
        assert_eq!(finish(&app, &cookie, &brought).await.problem(), (400, "provider_mismatch".into()));
    }
}
