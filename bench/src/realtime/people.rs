//! Accounts and rooms, made before anything is measured.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::processes::Target;

/// The machine's two cores: each account is a password hash.
const AT_ONCE: usize = 2;

/// An HTTP client for what is not measured.
pub fn client() -> Result<Client> {
    Ok(Client::builder().timeout(Duration::from_mins(1)).build()?)
}

/// So many new accounts; gives their tokens.
pub async fn register(http: &Client, target: &Target, count: usize) -> Result<Vec<String>> {
    let url = format!("{}/register", target.auth);
    let tokens = (0..count).map(|number| {
        let body = json!({
            "email": format!("person{number}@example.org"),
            "password": "tiger umbrella 9 frost",
            "name": format!("Person {number}"),
        });
        let call = post(http, &url, None, body, StatusCode::CREATED);
        async move {
            let session = call.await?;
            Ok(session["accessToken"].as_str().context("accessToken")?.to_owned())
        }
    });
    stream::iter(tokens).buffered(AT_ONCE).try_collect().await
}

/// A room with all of these as its members; gives its id. The Node peer keeps no members: there any name is a room.
pub async fn open_room(http: &Client, target: &Target, tokens: &[String]) -> Result<String> {
    if !target.is_aether() {
        return Ok("bench".to_owned());
    }
    let (owner, others) = tokens.split_first().context("a room needs somebody")?;
    let rooms = format!("{}/api/rooms", target.realtime);
    let room = post(http, &rooms, Some(owner), json!({"name": "bench"}), StatusCode::CREATED).await?;
    let id = room["id"].as_str().context("id")?.to_owned();
    if !others.is_empty() {
        let asked = json!({"role": "editor", "maxUses": others.len()});
        let invites = format!("{rooms}/{id}/invites");
        let invite = post(http, &invites, Some(owner), asked, StatusCode::CREATED).await?;
        for token in others {
            let asked = json!({"token": invite["token"]});
            post(http, &format!("{rooms}/join"), Some(token), asked, StatusCode::OK).await?;
        }
    }
    Ok(id)
}

async fn post(
    http: &Client,
    url: &str,
    token: Option<&str>,
    body: Value,
    wanted: StatusCode,
) -> Result<Value> {
    let mut request = http.post(url).json(&body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.with_context(|| url.to_owned())?;
    let status = answer.status();
    let text = answer.text().await?;
    ensure!(status == wanted, "{url} answered {status}: {text}");
    Ok(serde_json::from_str(&text)?)
}
