//! What people rely on with money: nobody spends more than they may, what is cut short says so and is kept, and everybody sees
//! what they used.

use std::sync::Arc;

use aether_bus::After;
use aether_common::model::{
    generation::{Kind, Usage},
    user::Role,
};
use aether_generation::{
    Start, build_with,
    domain::{cost::Model, request::CreateGeneration, tokens},
    ledger::Ledger,
    provider::{Call, Chunk, Chunks, Finish, Provider, ProviderError, Providers},
    worker::Deadlines,
};
use aether_testkit::{People, Person, backends};
use futures::{
    StreamExt,
    future::{BoxFuture, join_all},
    stream,
};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::site::{Setup, Site, served, sites, sites_with, text_of};

/// The demo model at a price: a token read is one micro-dollar, a token written two.
fn priced(id: &str) -> Model {
    Model {
        id: id.into(),
        provider: "demo".into(),
        context_tokens: Some(128_000),
        max_output_tokens: Some(4_096),
        input_micros_per_million: Some(1_000_000),
        output_micros_per_million: Some(2_000_000),
    }
}

async fn priced_sites(settings: &'static [(&'static str, &'static str)]) -> Vec<Site> {
    let listed = ["speed-max", "aether-demo", "fault-no-usage+speed-max"].map(priced).to_vec();
    sites_with(Setup { settings, listed }).await
}

async fn usage(site: &Site, who: &Person) -> Value {
    let answer = site.get(who, "/usage").await;
    assert_eq!(answer.status(), StatusCode::OK, "{}", site.name);
    answer.json().await.unwrap()
}

/// US dollars as micro-dollars.
#[expect(clippy::cast_possible_truncation, reason = "the sums of these tests are small")]
fn micros(usd: &Value) -> i64 {
    (usd.as_f64().unwrap() * 1e6).round() as i64
}

async fn put_budget(site: &Site, admin: &Person, user: &Person, body: Value) -> Response {
    let url = format!("{}/budgets/users/{}", site.url, user.id);
    site.http.put(url).bearer_auth(&admin.token).json(&body).send().await.unwrap()
}

async fn refused(answer: Response, status: StatusCode) -> Value {
    assert_eq!(answer.status(), status);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    answer.json().await.unwrap()
}

#[tokio::test]
async fn everybody_sees_what_they_used_and_what_it_cost() {
    for site in priced_sites(&[("AETHER_BUDGET_USER_DAY", "1"), ("AETHER_CACHE", "off")]).await {
        let (ana, ben) = (site.people.join("Ana").await, site.people.join("Ben").await);
        let before = usage(&site, &ana).await;
        assert_eq!((&before["items"], &before["nextCursor"]), (&json!([]), &Value::Null));
        assert_eq!(before["totals"]["costUsd"], 0.0);
        assert_eq!(before["quota"]["day"]["limitUsd"], 1.0);
        assert_eq!(before["quota"]["month"]["limitUsd"], Value::Null);
        assert_eq!(before["quota"]["month"]["remainingUsd"], Value::Null);

        let mut cost = 0;
        for kind in ["ui", "cli"] {
            let id = site.begin(&ana, kind, json!({"prompt": "a timer", "model": "speed-max"})).await;
            let made = site.ended(&ana, &id).await;
            assert_eq!(made["status"], "completed", "{made}");
            let used = &made["metadata"]["usage"];
            let price = used["inputTokens"].as_i64().unwrap() + 2 * used["outputTokens"].as_i64().unwrap();
            assert_eq!(micros(&made["metadata"]["costUsd"]), price, "{}: {made}", site.name);
            cost += price;
        }
        let now = usage(&site, &ana).await;
        assert_eq!(micros(&now["totals"]["costUsd"]), cost, "{}: {now}", site.name);
        assert_eq!(now["totals"]["calls"], 2);
        assert_eq!(now["items"].as_array().unwrap().len(), 2);
        assert!(now["items"].as_array().unwrap().iter().all(|item| item["model"] == "speed-max"));
        let day = &now["quota"]["day"];
        assert_eq!((micros(&day["usedUsd"]), micros(&day["reservedUsd"])), (cost, 0));
        assert_eq!(micros(&day["remainingUsd"]), 1_000_000 - cost);
        assert!(usage(&site, &ben).await["items"].as_array().unwrap().is_empty(), "it is one's own");

        let root = site.people.join_as("Root", Role::Admin).await;
        let all: Value = site.get(&root, "/usage/installation").await.json().await.unwrap();
        assert_eq!(micros(&all["totals"]["costUsd"]), cost);
        assert_eq!((&all["users"][0]["name"], all["users"].as_array().unwrap().len()), (&json!("Ana"), 1));
        refused(site.get(&ana, "/usage/installation").await, StatusCode::FORBIDDEN).await;
    }
}

#[tokio::test]
async fn a_range_that_makes_no_sense_is_refused_with_its_field() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        for (query, field) in [
            ("from=2026-02-30", "from"),
            ("to=yesterday", "to"),
            ("from=2026-01-02&to=2026-01-01", "from"),
            ("from=2024-01-01&to=2026-01-01", "from"),
            ("days=3", "days"),
        ] {
            let problem =
                refused(site.get(&ana, &format!("/usage?{query}")).await, StatusCode::UNPROCESSABLE_ENTITY)
                    .await;
            assert_eq!(problem["errors"][0]["field"], field, "{}: {query}: {problem}", site.name);
        }
        let year = site.get(&ana, "/usage?from=2026-01-01&to=2026-12-31").await;
        assert_eq!(year.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn an_administrator_sets_one_users_budget_and_takes_it_back() {
    for site in
        sites_with(Setup { settings: &[("AETHER_BUDGET_USER_MONTH", "20")], listed: Vec::new() }).await
    {
        let root = site.people.join_as("Root", Role::Admin).await;
        let ana = site.people.join("Ana").await;
        let path = format!("/budgets/users/{}", ana.id);
        for (body, field) in [
            (json!({"dayUsd": -1}), "dayUsd"),
            (json!({"monthUsd": 0.000_000_1}), "monthUsd"),
            (json!({"dayUsd": 1e12}), "dayUsd"),
            (json!({"weekUsd": 1}), "weekUsd"),
            (json!({"dayUsd": "1"}), "dayUsd"),
        ] {
            let problem =
                refused(put_budget(&site, &root, &ana, body).await, StatusCode::UNPROCESSABLE_ENTITY).await;
            assert_eq!(problem["errors"][0]["field"], field, "{}: {problem}", site.name);
        }
        refused(put_budget(&site, &ana, &ana, json!({"dayUsd": 100})).await, StatusCode::FORBIDDEN).await;
        refused(site.get(&ana, "/budgets").await, StatusCode::FORBIDDEN).await;
        refused(site.get(&ana, &path).await, StatusCode::FORBIDDEN).await;

        let answer = put_budget(&site, &root, &ana, json!({"dayUsd": 0.5})).await;
        assert_eq!(answer.status(), StatusCode::OK, "{}", site.name);
        let set: Value = answer.json().await.unwrap();
        assert_eq!((&set["dayUsd"], &set["monthUsd"]), (&json!(0.5), &Value::Null));
        assert_eq!(set["quota"]["day"]["limitUsd"], 0.5);
        assert_eq!(set["quota"]["month"]["limitUsd"], 20.0, "what is not named is as the settings say");
        assert_eq!(usage(&site, &ana).await["quota"]["day"]["limitUsd"], 0.5);

        let list: Value = site.get(&root, "/budgets").await.json().await.unwrap();
        assert_eq!(list["user"], json!({"dayUsd": null, "monthUsd": 20.0}));
        assert_eq!((&list["items"][0]["name"], &list["items"][0]["dayUsd"]), (&json!("Ana"), &json!(0.5)));
        let delete = || site.http.delete(format!("{}{path}", site.url)).bearer_auth(&root.token).send();
        assert_eq!(delete().await.unwrap().status(), StatusCode::NO_CONTENT);
        refused(delete().await.unwrap(), StatusCode::NOT_FOUND).await;
        let after: Value = site.get(&root, &path).await.json().await.unwrap();
        assert_eq!((&after["updatedAt"], &after["quota"]["day"]["limitUsd"]), (&Value::Null, &Value::Null));
        let nobody = format!("/budgets/users/{}", uuid_of_nobody());
        refused(site.get(&root, &nobody).await, StatusCode::NOT_FOUND).await;
    }
}

fn uuid_of_nobody() -> &'static str {
    "00000000-0000-7000-8000-000000000000"
}

#[tokio::test]
async fn two_hundred_generations_at_once_never_pass_a_small_budget() {
    for site in priced_sites(&[("AETHER_BUDGET_INSTALLATION_DAY", "0.05"), ("AETHER_CACHE", "off")]).await {
        let mut people = Vec::new();
        for name in ["Ana", "Ben", "Eva", "Ida"] {
            people.push(site.people.join(name).await);
        }
        let root = site.people.join_as("Root", Role::Admin).await;
        let asked = (0..200).map(|number| {
            let (site, who) = (&site, &people[number % people.len()]);
            async move {
                let body = json!({"prompt": format!("a todo app, number {number}"), "model": "speed-max"});
                let request = site.post(who, "/ui", &body).header("Prefer", "respond-async");
                let answer = served(request.header("Idempotency-Key", format!("number-{number}"))).await;
                match answer.status() {
                    StatusCode::ACCEPTED => {
                        let queued: Value = answer.json().await.unwrap();
                        let id = queued["id"].as_str().unwrap().to_owned();
                        let (text, last) = text_of(&site.events(who, &id, None).await);
                        let made: Value =
                            site.get(who, &format!("/history/{id}")).await.json().await.unwrap();
                        Some((text, last, made))
                    }
                    StatusCode::TOO_MANY_REQUESTS => {
                        assert!(answer.headers().contains_key("retry-after"));
                        let problem: Value = answer.json().await.unwrap();
                        assert_eq!(problem["code"], "budget_exceeded", "{}", site.name);
                        None
                    }
                    other => panic!("{}: {other}", site.name),
                }
            }
        });
        let made: Vec<_> = join_all(asked).await.into_iter().flatten().collect();
        let (mut cost, mut completed) = (0, 0);
        for (text, _, made) in &made {
            cost += micros(&made["metadata"]["costUsd"]);
            if made["status"] == "completed" {
                completed += 1;
            } else {
                assert_eq!(made["error"]["code"], "budget_exceeded", "{}: {made}", site.name);
                assert_eq!(made["result"].as_str().unwrap(), text, "what was written is kept");
            }
        }
        let all: Value = site.get(&root, "/usage/installation").await.json().await.unwrap();
        let spent = micros(&all["totals"]["costUsd"]);
        assert_eq!(spent, cost, "{}: the books and the generations agree", site.name);
        assert!(spent <= 50_000, "{}: {spent}", site.name);
        assert!(completed > 0 && completed < made.len(), "{}: {completed} of {}", site.name, made.len());
        // Nobody is refused or cut while there is money that running calls may give back.
        assert!(spent > 45_000, "{}: {spent}", site.name);
        assert_eq!(micros(&all["quota"]["day"]["reservedUsd"]), 0, "{}: nothing stays held", site.name);
    }
}

#[tokio::test]
async fn an_answer_is_cut_where_the_money_ends_and_kept() {
    for site in priced_sites(&[("AETHER_CACHE", "off")]).await {
        let root = site.people.join_as("Root", Role::Admin).await;
        let ana = site.people.join("Ana").await;
        let body = json!({"prompt": "a todo app with due dates", "model": "speed-max"});
        let first = site.begin(&ana, "ui", body.clone()).await;
        let whole = site.ended(&ana, &first).await;
        let spent = micros(&whole["metadata"]["costUsd"]);
        let read = whole["metadata"]["usage"]["inputTokens"].as_i64().unwrap();
        // Enough for what is read and a few hundred tokens.
        let limit = spent + 2 * read + 400;
        let set = put_budget(&site, &root, &ana, json!({"dayUsd": aether_common::money::usd(limit)})).await;
        assert_eq!(set.status(), StatusCode::OK);
        let second = site.begin(&ana, "ui", body.clone()).await;
        let cut = site.ended(&ana, &second).await;
        assert_eq!((&cut["status"], &cut["error"]["code"]), (&json!("failed"), &json!("budget_exceeded")));
        let (text, whole) = (cut["result"].as_str().unwrap(), whole["result"].as_str().unwrap());
        assert!(!text.is_empty() && text.len() < whole.len(), "{}: {cut}", site.name);
        assert!(whole.starts_with(text), "{}: what was written is kept", site.name);
        let day = &usage(&site, &ana).await["quota"]["day"];
        let cost = micros(&cut["metadata"]["costUsd"]);
        assert_eq!((micros(&day["usedUsd"]), micros(&day["reservedUsd"])), (spent + cost, 0));
        assert!(spent + cost <= limit && spent + cost > limit - read, "{}: {day}", site.name);

        let set = put_budget(&site, &root, &ana, json!({"dayUsd": 0})).await;
        assert_eq!(set.status(), StatusCode::OK);
        let answer = site.post(&ana, "/ui", &body).send().await.unwrap();
        assert!(answer.headers().contains_key("retry-after"));
        let problem = refused(answer, StatusCode::TOO_MANY_REQUESTS).await;
        assert_eq!(problem["code"], "budget_exceeded");
    }
}

#[tokio::test]
async fn what_the_provider_does_not_count_is_counted_here() {
    for site in priced_sites(&[("AETHER_CACHE", "off")]).await {
        let ana = site.people.join("Ana").await;
        let body = json!({"prompt": "a timer", "model": "fault-no-usage+speed-max"});
        let id = site.begin(&ana, "ui", body).await;
        let made = site.ended(&ana, &id).await;
        assert_eq!(made["status"], "completed", "{made}");
        let written = tokens::count(made["result"].as_str().unwrap());
        let used = &made["metadata"]["usage"];
        assert_eq!(used["outputTokens"], written, "{}", site.name);
        let price = used["inputTokens"].as_i64().unwrap() + 2 * used["outputTokens"].as_i64().unwrap();
        assert!(used["inputTokens"].as_i64().unwrap() > 50);
        assert_eq!(micros(&usage(&site, &ana).await["totals"]["costUsd"]), price);
    }
}

#[tokio::test]
async fn a_cancelled_generation_is_paid_for_as_far_as_it_came() {
    for site in priced_sites(&[("AETHER_BUDGET_USER_DAY", "1"), ("AETHER_CACHE", "off")]).await {
        let ana = site.people.join("Ana").await;
        let id = site.begin(&ana, "ui", json!({"prompt": "a timer", "model": "aether-demo"})).await;
        site.first_delta(&ana, &id).await;
        let running = usage(&site, &ana).await;
        assert!(micros(&running["quota"]["day"]["reservedUsd"]) > 0, "{}: {running}", site.name);
        let answer = site.post(&ana, &format!("/history/{id}/cancel"), &json!({})).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", site.name);
        let made = site.ended(&ana, &id).await;
        assert_eq!(made["status"], "cancelled");
        let cost = micros(&made["metadata"]["costUsd"]);
        let written = i64::try_from(tokens::count(made["result"].as_str().unwrap())).unwrap();
        assert!(cost >= 2 * written && cost > 0, "{}: {made}", site.name);
        let day = &usage(&site, &ana).await["quota"]["day"];
        assert_eq!((micros(&day["usedUsd"]), micros(&day["reservedUsd"])), (cost, 0), "{}", site.name);
    }
}

/// A provider that writes for ever, whatever it was asked.
struct Endless;

impl Provider for Endless {
    fn name(&self) -> &'static str {
        "endless"
    }

    fn stream(&self, _: Call) -> BoxFuture<'_, Result<Chunks, ProviderError>> {
        let words = stream::repeat_with(|| Ok(Chunk::Text("word after word ".repeat(20))));
        let words = words.then(|chunk| async {
            tokio::task::yield_now().await;
            chunk
        });
        Box::pin(async { Ok(Box::pin(words) as Chunks) })
    }

    fn check(&self) -> BoxFuture<'_, Result<(), ProviderError>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn a_provider_that_keeps_to_no_bound_is_stopped_within_a_piece() {
    for backend in backends([("METRICS_ADDR", "off"), ("AETHER_BUDGET_USER_DAY", "0.02")]).await {
        let deps = &backend.deps;
        let people = People::new(deps);
        let ana = people.join("Ana").await;
        let providers = Providers::single(Arc::new(Endless), vec![priced("endless")]);
        let built = build_with(deps, people.verifier(), providers, false, Deadlines::default()).unwrap();
        let request = CreateGeneration {
            prompt: "a timer".into(),
            model: Some("endless".into()),
            ..CreateGeneration::default()
        };
        let start = Start { kind: Kind::Ui, request, client_id: None, regenerate: false };
        let id = built.generations.start(ana.id, &start).await.unwrap();
        let events = built.generations.follow(id, After::Beginning).await.unwrap().events;
        events.collect::<Vec<_>>().await;
        let made = built.generations.get(ana.id, id).await.unwrap();
        assert_eq!(made.error.unwrap().code, "too_long", "{}", backend.name);
        let written = tokens::count(made.result.as_deref().unwrap());
        assert_eq!(made.metadata.usage.output_tokens, written, "{}: our own count", backend.name);
        let ledger = Ledger::new(deps.clone(), deps.settings.budgets);
        let day = ledger.quota(ana.id).await.unwrap().unwrap().user.day;
        let piece = 2 * i64::try_from(tokens::count(&"word after word ".repeat(1_100))).unwrap();
        let allowed = 2 * (4_096 + 4_096 / 4) + 1_000;
        assert!((1..allowed + piece).contains(&day.spent), "{}: {}", backend.name, day.spent);
        assert_eq!(
            (day.reserved, i64::try_from(written).is_ok_and(|written| day.spent > 2 * written)),
            (0, true)
        );
    }
}

/// A provider that keeps to its bound, by a tokenizer that makes fewer tokens of a text than ours.
struct CountsOtherwise;

impl Provider for CountsOtherwise {
    fn name(&self) -> &'static str {
        "otherwise"
    }

    fn stream(&self, call: Call) -> BoxFuture<'_, Result<Chunks, ProviderError>> {
        let bound = call.max_output_tokens.unwrap();
        let words = (0..bound + bound / 8).map(|_| Ok(Chunk::Text(" word".into())));
        let told = Usage { input_tokens: 100, output_tokens: bound };
        let end = [Ok(Chunk::Finish(Finish::Stop)), Ok(Chunk::Usage(told))];
        Box::pin(async move { Ok(Box::pin(stream::iter(words.chain(end))) as Chunks) })
    }

    fn check(&self) -> BoxFuture<'_, Result<(), ProviderError>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn an_answer_is_not_cut_for_a_tokenizer_while_there_is_money() {
    for backend in backends([("METRICS_ADDR", "off"), ("AETHER_BUDGET_USER_DAY", "5")]).await {
        let deps = &backend.deps;
        let people = People::new(deps);
        let ana = people.join("Ana").await;
        let providers = Providers::single(Arc::new(CountsOtherwise), vec![priced("otherwise")]);
        let built = build_with(deps, people.verifier(), providers, false, Deadlines::default()).unwrap();
        let request = CreateGeneration {
            prompt: "a long story".into(),
            model: Some("otherwise".into()),
            ..CreateGeneration::default()
        };
        let start = Start { kind: Kind::Code, request, client_id: None, regenerate: false };
        let id = built.generations.start(ana.id, &start).await.unwrap();
        let events = built.generations.follow(id, After::Beginning).await.unwrap().events;
        events.collect::<Vec<_>>().await;
        let made = built.generations.get(ana.id, id).await.unwrap();
        assert_eq!((made.error, made.metadata.usage.output_tokens), (None, 4_096), "{}", backend.name);
    }
}

#[tokio::test]
async fn a_model_whose_price_nobody_knows_is_no_way_round_a_budget() {
    for site in priced_sites(&[("AETHER_BUDGET_USER_DAY", "1")]).await {
        let ana = site.people.join("Ana").await;
        let id = site.begin(&ana, "code", json!({"prompt": "a slug", "model": "speed:100000"})).await;
        let made = site.ended(&ana, &id).await;
        assert_eq!(made["error"]["code"], "model_unpriced", "{} {made}", site.name);
        assert_eq!(site.model.calls(), 0, "{}", site.name);
    }
}
