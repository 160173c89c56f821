//! What accounts cost: a token checked, a sign-in, a refresh, each beside a peer in the same run; and whether a sign-in
//! tells by its time that an account exists.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use aether_bench::{Figure, Pair, each, table};
use aether_boot::serve::stand_alone;
use aether_common::{
    clock::Clock,
    jwt::{AUDIENCE, Claims, JwkSet, SigningKey, StaticKeys, Verifier},
    model::user::Role,
};
use aether_testkit::Backend;
use anyhow::{Context, Result, ensure};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tower::ServiceExt;

const ISSUER: &str = "http://localhost:8080";
const PASSWORD: &str = "tiger umbrella 9 frost";

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a command answers on standard output")]
async fn main() -> Result<()> {
    let mut pairs = verify().await?;
    let backend = Backend::embedded([]).await;
    let router = stand_alone(aether_auth::build(&backend.deps).await?.service, &backend.deps)?;
    pairs.extend(logins(&router).await?);
    pairs.push(refresh(&router).await?);
    println!("{}", table(&pairs));
    Ok(())
}

/// A warm token, beside the bare RSA signature under it and beside jose.
async fn verify() -> Result<Vec<Pair>> {
    const ROUNDS: u32 = 200;
    const BATCH: u32 = 50;
    let key = SigningKey::generate("k1".into())?;
    let now = Clock::system().now().timestamp();
    let claims = Claims {
        iss: ISSUER.into(),
        aud: AUDIENCE.into(),
        sub: uuid::Uuid::from_u128(1).into(),
        sid: uuid::Uuid::from_u128(2).into(),
        role: Role::User,
        name: "Ana".into(),
        iat: now,
        exp: now + 900,
        jti: uuid::Uuid::from_u128(3),
    };
    let token = key.sign(&claims)?;
    let keys = StaticKeys::new(&JwkSet { keys: vec![key.jwk().clone()] });
    let verifier = Verifier::new(Arc::new(keys), ISSUER, Clock::system());
    let (signed, signature) = token.rsplit_once('.').context("three parts")?;
    let signature = URL_SAFE_NO_PAD.decode(signature)?;
    let part = |text: &str| URL_SAFE_NO_PAD.decode(text);
    let bare =
        aws_lc_rs::signature::RsaPublicKeyComponents { n: part(&key.jwk().n)?, e: part(&key.jwk().e)? };
    let (mut ours, mut bares) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..BATCH {
            ensure!(verifier.verify(&token).await.is_ok(), "the token is good");
        }
        ours.push(began.elapsed() / BATCH);
        bares.push(each(BATCH, || {
            let scheme = &aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256;
            std::hint::black_box(bare.verify(scheme, signed.as_bytes(), &signature).is_ok());
        }));
    }
    let ours = Figure::of(&ours);
    let theirs = jose(&json!({
        "jwk": key.jwk(), "token": token, "issuer": ISSUER, "audience": AUDIENCE, "rounds": ROUNDS
    }))?;
    Ok(vec![
        Pair {
            what: "check a warm access token",
            ours,
            peer: "the bare RSA check (aws-lc-rs)",
            theirs: Figure::of(&bares),
        },
        Pair { what: "check a warm access token", ours, peer: "jose (Node)", theirs },
    ])
}

fn jose(input: &Value) -> Result<Figure> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/verify.mjs");
    let mut node = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("node, for the peer")?;
    node.stdin.take().context("its input")?.write_all(input.to_string().as_bytes())?;
    let output = node.wait_with_output()?;
    ensure!(output.status.success(), "the peer failed: is `npm ci` done in frontend/?");
    let [median, p10, p90]: [f64; 3] = serde_json::from_slice(&output.stdout)?;
    Ok(Figure { median, p10, p90 })
}

/// A sign-in beside the bare hash that it must compute; a wrong password beside an address that nobody has.
async fn logins(router: &Router) -> Result<Vec<Pair>> {
    const TURNS: usize = 150;
    let account = json!({"email": "ana@example.com", "password": PASSWORD, "name": "Ana"});
    call(router, "/register", &account, 201).await?;
    let login = |email: &str, password: &str| json!({"email": email, "password": password});
    let params = Params::new(19_456, 2, 1, None).map_err(anyhow::Error::msg)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let mut memory = vec![Block::default(); params.block_count()];
    let (mut right, mut wrong, mut unknown, mut bare) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for turn in 0..TURNS {
        let body = login("ana@example.com", PASSWORD);
        right.push(call(router, "/login", &body, 200).await?.0);
        let body = login("ana@example.com", "tiger umbrella 8 frost");
        wrong.push(call(router, "/login", &body, 401).await?.0);
        let body = login(&format!("nobody{turn}@example.com"), "tiger umbrella 8 frost");
        unknown.push(call(router, "/login", &body, 401).await?.0);
        let mut hash = [0; 32];
        bare.push(each(1, || {
            let done =
                argon2.hash_password_into_with_memory(PASSWORD.as_bytes(), &[7; 16], &mut hash, &mut memory);
            std::hint::black_box(done.is_ok());
        }));
    }
    Ok(vec![
        Pair {
            what: "sign in",
            ours: Figure::of(&right),
            peer: "the bare Argon2id hash",
            theirs: Figure::of(&bare),
        },
        Pair {
            what: "sign in with a wrong password",
            ours: Figure::of(&wrong),
            peer: "sign in to an address that nobody has",
            theirs: Figure::of(&unknown),
        },
    ])
}

/// A refresh on SQLite, beside one bare transaction that writes two rows as safely.
async fn refresh(router: &Router) -> Result<Pair> {
    const TURNS: usize = 300;
    let folder = tempfile::tempdir()?;
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("bare.db"))
        .create_if_missing(true)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Full);
    let mut bare_db = SqliteConnection::connect_with(&options).await?;
    sqlx::query("CREATE TABLE pairs (a INTEGER, b TEXT)").execute(&mut bare_db).await?;
    let account = json!({"email": "bo@example.com", "password": PASSWORD, "name": "Bo"});
    let (_, mut session) = call(router, "/register", &account, 201).await?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        let body = json!({"refreshToken": session["refreshToken"]});
        let (took, next) = call(router, "/refresh", &body, 200).await?;
        session = next;
        ours.push(took);
        let began = Instant::now();
        let mut tx = bare_db.begin().await?;
        for word in ["one", "two"] {
            let sql = "INSERT INTO pairs (a, b) VALUES (?, ?)";
            sqlx::query(sql).bind(i64::try_from(turn)?).bind(word).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        bare.push(began.elapsed());
    }
    Ok(Pair {
        what: "refresh (SQLite, kept on disk)",
        ours: Figure::of(&ours),
        peer: "a bare SQLite transaction of two rows",
        theirs: Figure::of(&bare),
    })
}

async fn call(router: &Router, path: &str, body: &Value, status: u16) -> Result<(Duration, Value)> {
    let request = Request::post(path).header("content-type", "application/json");
    let request = request.body(Body::from(body.to_string()))?;
    let began = Instant::now();
    let answer = router.clone().oneshot(request).await?;
    let took = began.elapsed();
    ensure!(answer.status().as_u16() == status, "{path} answered {}", answer.status());
    let body = to_bytes(answer.into_body(), 1024 * 1024).await?;
    Ok((took, serde_json::from_slice(&body)?))
}
