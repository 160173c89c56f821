//! What administrators see and do.

use aether_common::id::UserId;
use aether_store::{audit, erasure};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::{Answer, App, Held, OK, PASSWORD, apps};

const NOBODY: &str = "0190a000-0000-7000-8000-000000000000";

impl App {
    async fn patch(&self, admin: &Held, user: UserId, change: Value) -> Answer {
        self.call("PATCH", &format!("/users/{user}"), &admin.access, Some(change)).await
    }

    async fn log_in(&self, email: &str) -> Held {
        self.post("/login", json!({"email": email, "password": PASSWORD})).await.expect(OK).held()
    }

    /// The first account is an administrator's; this is one more.
    async fn admin(&self, first: &Held, email: &str) -> (Held, UserId) {
        let held = self.register(email).await;
        let user = self.id_of(&held).await;
        self.patch(first, user, json!({"role": "admin"})).await.expect(OK);
        (self.refresh(&held.refresh).await.expect(OK).held(), user)
    }

    async fn emails(&self, admin: &Held, query: &str) -> Vec<String> {
        let list = self.get(&format!("/users{query}"), &admin.access).await.expect(OK).json();
        let items = list["items"].as_array().unwrap();
        items.iter().map(|item| item["email"].as_str().unwrap().to_owned()).collect()
    }

    async fn entries(&self, admin: &Held, query: &str) -> Vec<Value> {
        let list = self.get(&format!("/audit{query}"), &admin.access).await.expect(OK).json();
        list["items"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn users_are_found_by_any_part_of_name_and_email_in_any_case() {
    for app in apps([]).await {
        let name = app.backend.name;
        let admin = app.register("root@example.com").await;
        for (email, called) in [
            ("ana@example.com", "Ana MÜLLER"),
            ("ben@example.net", "Ben 100%_[a-z]*?\\"),
            ("cem@example.net", "Cem Яковлев"),
        ] {
            app.clock.advance(TimeDelta::seconds(1));
            let body = json!({"email": email, "password": PASSWORD, "name": called});
            app.post("/register", body).await.expect(201);
        }
        for (query, found) in [
            ("?q=example.net", vec!["cem@example.net", "ben@example.net"]),
            ("?q=m%C3%BCller", vec!["ana@example.com"]),
            ("?q=ANA%40EXAMPLE", vec!["ana@example.com"]),
            ("?q=%D1%8F%D0%9A%D0%9E", vec!["cem@example.net"]),
            // Signs mean themselves.
            ("?q=%25", vec!["ben@example.net"]),
            ("?q=_", vec!["ben@example.net"]),
            ("?q=%5Ba-z%5D*%3F%5C", vec!["ben@example.net"]),
            ("?q=a.a", vec![]),
            ("?q=.*", vec![]),
            ("?q=nobody", vec![]),
            ("?q=%20&role=admin", vec!["root@example.com"]),
            ("?role=user&disabled=false&q=ana", vec!["ana@example.com"]),
            ("?disabled=true", vec![]),
        ] {
            assert_eq!(app.emails(&admin, query).await, found, "{name} {query}");
        }
        let first = app.get("/users?limit=3", &admin.access).await.expect(OK).json();
        let rest = format!("?limit=3&cursor={}", first["nextCursor"].as_str().unwrap());
        assert_eq!(app.emails(&admin, &rest).await, ["root@example.com"], "{name}");
        for (query, field) in [
            ("?limit=0", "limit"),
            ("?cursor=x", "cursor"),
            ("?role=owner", "role"),
            ("?disabled=1", "disabled"),
            (&*format!("?q={}", "a".repeat(201)), "q"),
        ] {
            assert_eq!(app.get(&format!("/users{query}"), &admin.access).await.fields(), [field], "{query}");
        }
    }
}

#[tokio::test]
async fn only_administrators_who_signed_in_reach_users_and_the_log() {
    for app in apps([]).await {
        let admin = app.register("root@example.com").await;
        let held = app.register("ana@example.com").await;
        let user = app.id_of(&held).await;
        let path = format!("/users/{user}");
        let sessions = format!("{path}/sessions");
        let calls = [
            ("GET", "/users", None),
            ("GET", &*path, None),
            ("PATCH", &path, Some(json!({"role": "admin"}))),
            ("DELETE", &path, None),
            ("DELETE", &sessions, None),
            ("GET", "/audit", None),
            ("GET", "/audit/export", None),
        ];
        for (method, path, body) in calls.clone() {
            let refused = app.call(method, path, &held.access, body.clone()).await;
            assert_eq!(refused.problem(), (403, "forbidden".into()), "{method} {path}");
            assert_eq!(app.call(method, path, "x", body).await.problem(), (401, "unauthorized".into()));
        }
        assert_eq!(app.get(&path, &admin.access).await.expect(OK).json()["role"], "user");
        for (method, body) in [("GET", None), ("PATCH", Some(json!({"disabled": true}))), ("DELETE", None)] {
            for unknown in [NOBODY, "7"] {
                let answer =
                    app.call(method, &format!("/users/{unknown}"), &admin.access, body.clone()).await;
                assert_eq!(answer.problem(), (404, "not_found".into()), "{method}");
            }
        }
        let unknown = format!("/users/{NOBODY}/sessions");
        assert_eq!(app.call("DELETE", &unknown, &admin.access, None).await.status, 404);
        for wrong in [json!({"role": "owner"}), json!({"name": "x"}), json!({"disabled": "yes"})] {
            assert_eq!(app.call("PATCH", &path, &admin.access, Some(wrong)).await.status, 422);
        }
    }
}

#[tokio::test]
async fn another_role_holds_at_once_and_the_tokens_of_before_are_dead() {
    for app in apps([]).await {
        let name = app.backend.name;
        let admin = app.register("root@example.com").await;
        let held = app.register("ana@example.com").await;
        let user = app.id_of(&held).await;
        let changed = app.patch(&admin, user, json!({"role": "admin"})).await.expect(OK).json();
        assert_eq!((&changed["role"], &changed["disabled"]), (&json!("admin"), &json!(false)));
        assert_eq!(app.get("/users", &held.access).await.problem().0, 401, "{name}: made before");
        let held = app.refresh(&held.refresh).await.expect(OK).held();
        app.get("/users", &held.access).await.expect(OK);

        app.patch(&admin, user, json!({"role": "user"})).await.expect(OK);
        assert_eq!(app.get("/users", &held.access).await.problem().0, 401);
        let held = app.refresh(&held.refresh).await.expect(OK).held();
        assert_eq!(app.get("/users", &held.access).await.problem().0, 403, "{name}");
        // What changes nothing ends nothing.
        app.patch(&admin, user, json!({"role": "user", "disabled": false})).await.expect(OK);
        app.patch(&admin, user, json!({})).await.expect(OK);
        app.get("/profile", &held.access).await.expect(OK);
        let entries = app.entries(&admin, &format!("?subject={user}&action=role_changed")).await;
        assert_eq!(entries.len(), 2, "{name}");
        assert_eq!(entries[0]["detail"], json!({"from": "admin", "to": "user"}));
        assert_eq!(entries[0]["actor"]["email"], "root@example.com");
        assert_eq!(entries[0]["subject"]["name"], "Ana");
    }
}

#[tokio::test]
async fn who_is_disabled_is_out_everywhere_and_comes_back_when_let_in_again() {
    for app in apps([]).await {
        let name = app.backend.name;
        let admin = app.register("root@example.com").await;
        let held = app.register("ana@example.com").await;
        let user = app.id_of(&held).await;
        let queued = app.generation(user, None, "a timer", None).await;
        let disabled = app.patch(&admin, user, json!({"disabled": true})).await.expect(OK).json();
        assert_eq!(disabled["disabled"], true);

        assert_eq!(app.get("/profile", &held.access).await.problem(), (401, "unauthorized".into()));
        assert_eq!(app.refresh(&held.refresh).await.problem(), (401, "session_ended".into()));
        let login = json!({"email": "ana@example.com", "password": PASSWORD});
        let refused = app.post("/login", login.clone()).await;
        let wrong =
            app.post("/login", json!({"email": "ana@example.com", "password": "another umbrella 9"})).await;
        let plain = |answer: &Answer| {
            let mut body = answer.json();
            body["traceId"].take();
            (answer.status, body)
        };
        assert_eq!(plain(&refused), plain(&wrong), "{name}: as a wrong password");
        let stopped = "SELECT COUNT(*) FROM jobs WHERE cancel_requested AND generation_id = ";
        let stopped = format!("{stopped}{}", app.backend.database.id(queued.0));
        assert_eq!(app.backend.database.number(&stopped).await, 1, "{name}: what runs for them is stopped");
        assert_eq!(app.emails(&admin, "?disabled=true").await, ["ana@example.com"]);

        app.patch(&admin, user, json!({"disabled": false})).await.expect(OK);
        assert_eq!(
            app.get("/profile", &held.access).await.status,
            401,
            "{name}: sessions of before stay ended"
        );
        app.clock.advance(TimeDelta::seconds(2));
        let back = app.post("/login", login).await.expect(OK).held();
        app.get("/profile", &back.access).await.expect(OK);
        let actions: Vec<Value> = app
            .entries(&admin, &format!("?actor={}", app.id_of(&admin).await))
            .await
            .iter()
            .map(|entry| entry["action"].clone())
            .collect();
        assert!(actions.contains(&json!("user_disabled")) && actions.contains(&json!("user_enabled")));
    }
}

#[tokio::test]
async fn a_user_is_signed_out_everywhere_and_may_sign_in_again() {
    for app in apps([]).await {
        let admin = app.register("root@example.com").await;
        let held = app.register("ana@example.com").await;
        let phone = app.log_in("ana@example.com").await;
        let user = app.id_of(&held).await;
        app.call("DELETE", &format!("/users/{user}/sessions"), &admin.access, None).await.expect(204);
        for session in [&held, &phone] {
            assert_eq!(app.get("/profile", &session.access).await.status, 401);
            assert_eq!(app.refresh(&session.refresh).await.problem(), (401, "session_ended".into()));
        }
        app.log_in("ana@example.com").await;
        app.get("/profile", &admin.access).await.expect(OK);
    }
}

#[tokio::test]
async fn the_last_administrator_stays() {
    for app in apps([]).await {
        let name = app.backend.name;
        let admin = app.register("root@example.com").await;
        let me = app.id_of(&admin).await;
        let last = || (409, "last_admin".to_owned());
        assert_eq!(app.patch(&admin, me, json!({"role": "user"})).await.problem(), last(), "{name}");
        assert_eq!(app.patch(&admin, me, json!({"disabled": true})).await.problem(), last(), "{name}");
        let path = format!("/users/{me}");
        assert_eq!(app.call("DELETE", &path, &admin.access, None).await.problem(), last(), "{name}");
        app.patch(&admin, me, json!({"role": "admin"})).await.expect(OK);

        // One who is shut out does not count.
        let (other, other_id) = app.admin(&admin, "ana@example.com").await;
        app.patch(&admin, other_id, json!({"disabled": true})).await.expect(OK);
        assert_eq!(app.patch(&admin, me, json!({"role": "user"})).await.problem(), last(), "{name}");
        app.patch(&admin, other_id, json!({"disabled": false})).await.expect(OK);
        let _ = other;
        app.call("DELETE", &path, &admin.access, None).await.expect(204);
        assert_eq!(app.get("/users", &admin.access).await.status, 401);
    }
}

#[tokio::test]
async fn two_administrators_who_remove_each_other_at_once_leave_one() {
    for app in apps([]).await {
        let name = app.backend.name;
        let root = app.register("root@example.com").await;
        let mut one = (root.clone(), app.id_of(&root).await);
        let kinds = [json!({"role": "user"}), json!({"disabled": true}), Value::Null];
        for (round, change) in kinds.iter().cycle().take(9).enumerate() {
            let other = app.admin(&one.0, &format!("admin{round}@example.com")).await;
            let remove = async |by: &Held, whom: UserId| {
                if change.is_null() {
                    app.call("DELETE", &format!("/users/{whom}"), &by.access, None).await
                } else {
                    app.patch(by, whom, change.clone()).await
                }
            };
            let (first, second) = tokio::join!(remove(&one.0, other.1), remove(&other.0, one.1));
            let done = |answer: &Answer| matches!(answer.status, 200 | 202 | 204);
            assert!(done(&first) != done(&second), "{name}: {} and {}", first.status, second.status);
            let refused = if done(&first) { &second } else { &first };
            assert!(matches!(refused.status, 401 | 403 | 409), "{name}: {}", refused.status);
            if done(&second) {
                one = other;
            }
            let left = "SELECT COUNT(*) FROM users WHERE role = 'admin' AND NOT disabled";
            assert_eq!(app.backend.database.number(left).await, 1, "{name}");
            app.clock.advance(TimeDelta::seconds(2));
        }
    }
}

#[tokio::test]
async fn an_administrator_deletes_an_account_and_then_it_is_unknown() {
    for app in apps([]).await {
        let name = app.backend.name;
        let admin = app.register("root@example.com").await;
        let held = app.register("ana@example.com").await;
        let user = app.id_of(&held).await;
        app.fill(user).await;
        let path = format!("/users/{user}");
        app.call("DELETE", &path, &admin.access, None).await.expect(204);
        assert_eq!(app.get(&path, &admin.access).await.problem(), (404, "not_found".into()));
        assert_eq!(app.call("DELETE", &path, &admin.access, None).await.status, 404);
        assert_eq!(app.patch(&admin, user, json!({"role": "admin"})).await.status, 404);
        assert_eq!(app.emails(&admin, "?q=ana%40").await, Vec::<String>::new());
        assert_eq!(app.get("/profile", &held.access).await.status, 401);
        let entries = app.entries(&admin, &format!("?subject={user}")).await;
        let of = |action: &str| entries.iter().find(|entry| entry["action"] == action).cloned();
        let deleted = of("account_deleted").unwrap();
        assert_eq!(deleted["subject"], json!({"id": user, "name": null, "email": null}), "{name}");
        assert_eq!(deleted["actor"]["email"], "root@example.com");
        assert!(deleted["ip"].is_string(), "{name}: the administrator's place stays");
        assert!(of("account_erased").is_some());
        assert!(of("registered").unwrap()["ip"].is_null(), "{name}: the erased one's does not");
    }
}

#[tokio::test]
async fn an_account_that_is_still_being_erased_is_unknown_too() {
    for app in apps([]).await {
        let admin = app.register("root@example.com").await;
        let held = app.register("ana@example.com").await;
        let user = app.id_of(&held).await;
        let store = &app.backend.deps.store;
        let now = app.backend.deps.clock.now();
        let mut tx = store.begin().await.unwrap();
        let later = now + TimeDelta::days(3650);
        erasure::begin(&mut tx, user, now, later).await.unwrap().unwrap();
        tx.save().await.unwrap();
        let path = format!("/users/{user}");
        assert_eq!(app.get(&path, &admin.access).await.status, 404);
        assert_eq!(app.call("DELETE", &path, &admin.access, None).await.status, 404);
        assert_eq!(app.emails(&admin, "").await, ["root@example.com"]);
        app.register("ana@example.com").await;
    }
}

#[tokio::test]
async fn the_log_tells_who_did_what_to_whom_from_where_newest_first() {
    for app in apps([]).await {
        let name = app.backend.name;
        let admin = app.register("root@example.com").await;
        app.clock.advance(TimeDelta::minutes(1));
        let held = app.register("ana@example.com").await;
        let user = app.id_of(&held).await;
        app.post("/login", json!({"email": "ana@example.com", "password": "another umbrella 9"})).await;
        let all = app.entries(&admin, "").await;
        let actions: Vec<&str> = all.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        assert_eq!(actions[0], "login_refused", "{name}");
        assert_eq!(actions.iter().filter(|action| **action == "registered").count(), 2);
        let registered = app.entries(&admin, &format!("?actor={user}&action=registered")).await;
        assert_eq!(registered.len(), 1);
        let entry = &registered[0];
        assert_eq!(entry["at"], "2027-01-15T08:01:00.123456Z");
        assert!(entry["ip"].is_string() && entry["traceId"].is_string(), "{name}: {entry}");
        for (query, count) in [
            ("?since=2027-01-15T08:00:30Z&until=2027-01-15T08:01:00Z", 0),
            ("?since=2027-01-15T08:01:00Z&action=registered", 1),
            ("?until=2027-01-15T08:01:00Z&action=registered", 1),
            ("?action=no_such_thing", 0),
        ] {
            assert_eq!(app.entries(&admin, query).await.len(), count, "{name} {query}");
        }
        let page = app.get("/audit?limit=2", &admin.access).await.expect(OK).json();
        let next = format!("?limit=100&cursor={}", page["nextCursor"].as_str().unwrap());
        let rest = app.entries(&admin, &next).await;
        assert_eq!([page["items"].as_array().unwrap().clone(), rest].concat(), all, "{name}");
        for (query, field) in [
            ("?since=yesterday", "since"),
            ("?actor=ana", "actor"),
            ("?limit=101", "limit"),
            ("?action=", "action"),
        ] {
            assert_eq!(app.get(&format!("/audit{query}"), &admin.access).await.fields(), [field], "{query}");
        }
    }
}

#[tokio::test]
async fn the_log_is_exported_whole_and_no_field_is_a_formula() {
    for app in apps([]).await {
        let name = app.backend.name;
        let admin = app.register("root@example.com").await;
        let body = json!({"email": "ana@example.com", "password": PASSWORD, "name": "=HYPERLINK(\"x\")"});
        app.post("/register", body).await.expect(201);
        // More than are read at once.
        let deps = &app.backend.deps;
        let mut tx = deps.store.begin().await.unwrap();
        for _ in 0..510 {
            let entry = audit::Entry {
                id: deps.ids.mint(),
                at: deps.clock.now(),
                action: "profile_changed".into(),
                actor_id: None,
                subject_id: None,
                ip: None,
                user_agent: None,
                detail: json!({}),
                trace_id: None,
            };
            audit::record(&mut tx, &entry).await.unwrap();
        }
        tx.save().await.unwrap();
        let csv = app.get("/audit/export?format=csv", &admin.access).await.expect(OK);
        assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8; header=present");
        assert!(
            csv.headers["content-disposition"].to_str().unwrap().starts_with("attachment; filename=\"audit-")
        );
        let csv = String::from_utf8(csv.body).unwrap();
        let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
        assert_eq!(lines[0].split(',').next(), Some("\"at\""));
        assert!(lines.iter().any(|line| line.contains("\"'=HYPERLINK(\"\"x\"\")\"")), "{name}");
        assert!(!csv.contains("\"=HYPERLINK"), "{name}");

        let jsonl = app.get("/audit/export?format=jsonl", &admin.access).await.expect(OK);
        let entries: Vec<Value> = String::from_utf8(jsonl.body)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        // The export of the other form was noted in between.
        assert_eq!(entries.len(), lines.len(), "{name}");
        assert!(entries.len() > 500, "{name}: {}", entries.len());
        assert_eq!(entries[0]["action"], "audit_exported");
        let mut ids: Vec<&str> = entries.iter().map(|entry| entry["id"].as_str().unwrap()).collect();
        ids.dedup();
        assert_eq!(ids.len(), entries.len(), "{name}: none twice");
        assert_eq!(app.get("/audit/export?format=pdf", &admin.access).await.fields(), ["format"]);
        let one = app.get("/audit/export?format=jsonl&action=registered", &admin.access).await.expect(OK);
        assert_eq!(String::from_utf8(one.body).unwrap().lines().count(), 2, "{name}");
    }
}
