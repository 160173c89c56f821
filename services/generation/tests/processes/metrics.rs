//! What `/metrics` of the admin listener says of generations, and that it says nothing of what users write.

use aether_testkit::{Process, process::pause};
use serde_json::json;

use crate::stand::{PATIENCE, Stand, at, follow_all};

/// The sum of the samples of this name whose labels hold all of these; nothing when there is none.
fn value(of: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let samples = of.lines().filter_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        let (found, held) = series.split_once('{').unwrap_or((series, ""));
        (found == name && labels.iter().all(|label| held.contains(label)))
            .then(|| value.parse::<f64>().unwrap())
    });
    samples.reduce(|sum, value| sum + value)
}

async fn metrics(of: &Process) -> String {
    let url = format!("{}/metrics", of.metrics_url);
    reqwest::get(url).await.unwrap().error_for_status().unwrap().text().await.unwrap()
}

/// Waits until they say so.
async fn until(of: &Process, says: impl Fn(&str) -> bool) -> String {
    let looking = async {
        loop {
            let now = metrics(of).await;
            if says(&now) {
                return now;
            }
            pause().await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("they never said so")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_what_runs_what_it_costs_and_what_fails_and_no_word_of_a_user() {
    let stand = Stand::new().await;
    let one = stand.start("one").await;
    let asked = [
        stand.ask(&one, "aether-demo").await,
        // Nobody has listed these: their names are a user's text.
        stand.ask(&one, "fault-500-once+tokens:20+speed-max").await,
        stand.ask(&one, "zebra-of-mine").await,
    ];
    let told = follow_all(at([&one]), &asked).await;
    assert_eq!(told[2].end, "failed");
    // The same again: the second is a kept answer.
    let ana = stand.people.join("Ana Zebra").await;
    for cached in [false, true] {
        let body = json!({"prompt": "a zebra in a function", "model": "aether-demo-mini"});
        let request = stand.http.post(format!("{}/code", one.url)).bearer_auth(&ana.token).json(&body);
        let made: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(made["metadata"]["cached"], cached, "{made}");
    }
    let now = until(&one, |now| value(now, "generation_queue_depth", &[]).is_some()).await;
    let (large, small, other) = (r#"model="aether-demo""#, r#"model="aether-demo-mini""#, r#"model="other""#);
    for (name, labels, least) in [
        ("generations_total", &[r#"status="completed""#][..], 4.0),
        ("generations_total", &[r#"status="failed""#], 1.0),
        ("generation_first_token_seconds_count", &[large], 1.0),
        ("generation_first_token_seconds_bucket", &[small, "le="], 1.0),
        ("generation_first_token_seconds_count", &[other], 1.0),
        ("generation_duration_seconds_count", &[large], 1.0),
        ("generation_duration_seconds_bucket", &[small, "le="], 2.0),
        ("generation_duration_seconds_count", &[other], 2.0),
        ("generation_tokens_total", &[large], 100.0),
        ("generation_cost_micros_total", &[large], 0.0),
        ("generation_cache_total", &[r#"outcome="hit""#], 1.0),
        ("generation_cache_total", &[r#"outcome="miss""#], 1.0),
        ("provider_retries_total", &[other], 1.0),
        ("provider_breaker_state", &[large], 0.0),
        ("generation_queue_depth", &[], 0.0),
    ] {
        let found = value(&now, name, labels);
        assert!(found >= Some(least), "{name} {labels:?} is {found:?}, not {least}:\n{now}");
    }
    assert_eq!(value(&now, "generation_queue_depth", &[]), Some(0.0));
    assert_eq!(value(&now, "provider_breaker_state", &[large]), Some(0.0), "closed");

    // A provider that only fails: its breaker opens, and that of the others does not.
    for _ in 0..4 {
        stand.ask(&one, "fault-500").await;
    }
    let now = until(&one, |now| value(now, "provider_breaker_state", &[other]) > Some(0.0)).await;
    assert_eq!(value(&now, "provider_breaker_state", &[large]), Some(0.0));

    let now = metrics(&one).await;
    for private in
        ["zebra", "fault-500", "Ana", "@example.org", &ana.id.to_string(), &asked[0].id, &ana.token]
    {
        assert!(!now.to_lowercase().contains(&private.to_lowercase()), "{private} in a label:\n{now}");
    }
}
