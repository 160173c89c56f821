//! A reader as the contract describes one: it follows a generation over SSE, comes back with its position when it is cut
//! off, wherever the service still is, and accepts no gap, no double, no mixed attempts and no second end.

use std::time::Duration;

use futures::StreamExt;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use crate::{
    process::{client, pause},
    sse,
};

/// Silence longer than this is a dead connection: a comment comes every 15 s.
const SILENCE: Duration = Duration::from_secs(20);

/// An event with the time it came.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The event.
    pub event: sse::SseEvent,
    /// When.
    pub at: Instant,
}

/// All that was told of a generation, checked.
#[derive(Debug)]
pub struct Told {
    /// The deltas of the last attempt.
    pub text: String,
    /// The last event's name.
    pub end: String,
    /// The last event's data.
    pub last: Value,
    /// The last event's attempt.
    pub attempt: u64,
    /// When each attempt was first heard of, from the first on.
    pub attempts: Vec<(u64, Instant)>,
}

/// Follows until the last event, by any of these services (`http://…`, whose `/history` it is). Fails after `patience`.
pub async fn follow(urls: &[&str], token: &str, id: &str, patience: Duration) -> Told {
    let mut heard: Vec<Heard> = Vec::new();
    let followed = timeout(patience, async {
        for url in urls.iter().cycle() {
            read(url, token, id, &mut heard).await;
            if heard.last().is_some_and(|heard| heard.event.name != "progress") {
                return;
            }
            pause().await;
        }
    });
    let followed = followed.await;
    let shown = || heard.iter().map(|one| format!("{} {}", one.event.name, one.event.id)).collect::<Vec<_>>();
    assert!(followed.is_ok(), "{id}: no last event within {patience:?}: {:?}", shown());
    check(&heard)
}

/// One connection, from the last position heard to wherever it ends.
async fn read(url: &str, token: &str, id: &str, heard: &mut Vec<Heard>) {
    let mut request = client().get(format!("{url}/history/{id}/events")).bearer_auth(token);
    if let Some(last) = heard.last() {
        request = request.header("Last-Event-ID", &last.event.id);
    }
    let Ok(Ok(answer)) = timeout(SILENCE, request.send()).await else { return };
    // A service that is just stopping may refuse.
    if answer.status() != 200 {
        assert!(answer.status().is_server_error(), "{id}: {}", answer.status());
        return;
    }
    let mut stream = answer.bytes_stream();
    let mut open = Vec::new();
    while let Ok(Some(Ok(bytes))) = timeout(SILENCE, stream.next()).await {
        open.extend_from_slice(&bytes);
        let Some(end) = open.windows(2).rposition(|pair| pair == b"\n\n") else { continue };
        let whole: Vec<u8> = open.drain(..end + 2).collect();
        let text = String::from_utf8(whole).unwrap_or_else(|error| panic!("{id}: {error}"));
        heard.extend(sse::parse(&text).into_iter().map(|event| Heard { event, at: Instant::now() }));
    }
}

/// Checks a whole run of events.
fn check(heard: &[Heard]) -> Told {
    let mut told =
        Told { text: String::new(), end: String::new(), last: Value::Null, attempt: 0, attempts: Vec::new() };
    let mut seq = 0;
    for Heard { event, at } in heard {
        let data: Value =
            serde_json::from_str(&event.data).unwrap_or_else(|error| panic!("{}: {error}", event.data));
        let number = |name: &str| data[name].as_u64().unwrap_or_else(|| panic!("{name} of {data}"));
        let here = (number("attempt"), number("seq"));
        assert_eq!(event.id, format!("{}-{}", here.0, here.1));
        assert!(told.end.is_empty(), "{here:?} came after the last event");
        // Whoever comes when it has ended and its journal is gone is given its last event alone.
        let alone = told.attempts.is_empty() && event.name != "progress";
        if alone {
            told.attempts.push((here.0, *at));
            data["result"].as_str().unwrap_or_default().clone_into(&mut told.text);
        } else if here.0 > told.attempt {
            assert_eq!(here.1, 1, "an attempt begins at 1: {here:?}");
            told.attempts.push((here.0, *at));
            told.text.clear();
        } else {
            assert_eq!(here, (told.attempt, seq + 1), "no gap, no double, no earlier attempt");
        }
        (told.attempt, seq) = here;
        told.text.push_str(data["delta"].as_str().unwrap_or_default());
        if event.name != "progress" {
            told.end.clone_from(&event.name);
            if let Some(result) = data["result"].as_str() {
                assert_eq!(result, told.text, "the deltas are the result");
            }
            told.last = data;
        }
    }
    told
}
