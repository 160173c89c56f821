//! Erasure leaves nothing, and an export holds everything.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Cursor, Read},
};

use aether_auth::{
    domain::{
        announce::Announcer,
        audit::Audit,
        erasure::Erasures,
        export::{A_DAY, Exports, KEPT},
    },
    upkeep::Upkeep,
};
use aether_bus::{Delivery, Topic};
use aether_common::{
    event::{Happening, Position, Stage},
    id::UserId,
    model::generation::{Metadata, Status},
    notice::Notice,
};
use aether_store::{erasure, exports, generations, invites, jobs, messages, rooms, usage, users};
use aether_testkit::{Backend, process::pause};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::{Answer, App, Held, OK, apps, belongings::Belongings};

/// Where the bare id of an erased account stays: in the audit log until its entries are old, and among the cut tokens
/// until the last one has ended.
const STAYS: [&str; 3] = ["audit.actor_id", "audit.subject_id", "token_cuts.subject"];
const EMAIL: &str = "ana@example.com";

/// An administrator, and somebody with everything that a user can have.
async fn people(app: &App) -> (Held, Held, UserId, Belongings) {
    let admin = app.register("root@example.com").await;
    let held = app.register(EMAIL).await;
    let user = app.id_of(&held).await;
    let belongings = app.fill(user).await;
    (admin, held, user, belongings)
}

impl App {
    pub(crate) async fn id_of(&self, held: &Held) -> UserId {
        self.get("/profile", &held.access).await.expect(OK).json()["id"].as_str().unwrap().parse().unwrap()
    }

    async fn traces(&self, user: UserId) -> BTreeSet<String> {
        let texts = [user.to_string(), EMAIL.to_owned(), "zanzibar".to_owned()];
        self.backend.database.find_traces(&texts).await
    }

    async fn export(&self, held: &Held) -> Answer {
        let asked = self.call("POST", "/account/export", &held.access, None).await.expect(202);
        self.fetch(held, asked.json()["id"].as_str().unwrap()).await
    }

    /// Waits until the export is no longer being made.
    async fn fetch(&self, held: &Held, id: &str) -> Answer {
        loop {
            let answer = self.get(&format!("/account/export/{id}"), &held.access).await;
            if answer.status != 202 {
                return answer;
            }
            pause().await;
        }
    }

    async fn is_being_erased(&self, user: UserId) -> bool {
        erasure::is_going_on(&mut self.backend.deps.store.conn().await.unwrap(), user).await.unwrap()
    }
}

fn unzip(answer: Answer) -> BTreeMap<String, String> {
    let answer = answer.expect(OK);
    assert_eq!(answer.headers["content-type"], "application/zip");
    assert_eq!(answer.headers["content-length"], answer.body.len().to_string().as_str());
    let mut zip = zip::ZipArchive::new(Cursor::new(answer.body)).unwrap();
    let mut files = BTreeMap::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        files.insert(file.name().unwrap().into_owned(), text);
    }
    files
}

fn json_of(files: &BTreeMap<String, String>, name: &str) -> Value {
    serde_json::from_str(&files[name]).unwrap_or_else(|error| panic!("{name}: {error}: {}", files[name]))
}

#[tokio::test]
async fn nothing_of_an_erased_account_is_left_in_any_table_or_object() {
    for app in apps([]).await {
        let name = app.backend.name;
        let (_, held, user, belongings) = people(&app).await;
        app.export(&held).await.expect(OK);

        // A table that was added later must be known to this story: else nobody knows that it is emptied.
        let before = app.traces(user).await;
        for column in app.backend.database.user_references().await {
            assert!(before.contains(&column), "{name}: belongings.rs puts nothing of a user into {column}");
        }
        for table in ["generation_search", "usage_counters", "audit", "chat_messages"] {
            let named = before
                .iter()
                .any(|column| column.starts_with(table) || column.starts_with("generation_words"));
            assert!(named, "{name}: {table}: {before:?}");
        }
        assert_eq!(app.objects().await.len(), 3, "an upload, a long result and an export");
        let paid = async || {
            let mut db = app.backend.deps.store.conn().await.unwrap();
            let total = usage::find_total(&mut db, None, "2000-01-01", "2100-01-01").await.unwrap();
            (total.calls, total.cost, total.input_tokens, total.output_tokens)
        };
        let paid_before = paid().await;
        assert!(paid_before.1 > 0);

        let deleted = app.call("DELETE", "/account", &held.access, None).await.expect(204);
        assert!(deleted.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));

        let stays: BTreeSet<String> = STAYS.map(str::to_owned).into();
        let left = app.traces(user).await;
        assert!(left.is_subset(&stays), "{name}: {left:?}");
        assert_eq!(app.objects().await, Vec::<String>::new(), "{name}");
        assert_eq!(paid().await, paid_before, "{name}: what was paid stays on the books");
        let places = "SELECT COUNT(*) FROM audit WHERE ip IS NOT NULL AND actor_id = ";
        let places = format!("{places}{}", app.backend.database.id(user.0));
        assert_eq!(app.backend.database.number(&places).await, 0, "{name}: where they were is forgotten");

        app.clock.advance(TimeDelta::hours(2));
        Upkeep::alone(&app.backend.deps).look(true).await;
        assert!(!app.traces(user).await.contains("token_cuts.subject"), "{name}");

        // Who is gone is unknown, and the address is free.
        assert_eq!(app.refresh(&held.refresh).await.status, 401);
        assert_eq!(app.get("/profile", &held.access).await.status, 401);
        let again = app.register(EMAIL).await;
        assert_ne!(app.id_of(&again).await, user);
        let _ = belongings;
    }
}

#[tokio::test]
async fn what_was_deleted_is_not_in_the_file_of_the_database_either() {
    let app = App::on(Backend::embedded([]).await).await;
    let (_, held, _, belongings) = people(&app).await;
    app.call("DELETE", "/account", &held.access, None).await.expect(204);
    let file = app.backend.database.url.trim_start_matches("sqlite://").to_owned();
    let mut kept = std::fs::read(&file).unwrap();
    kept.extend(std::fs::read(format!("{file}-wal")).unwrap_or_default());
    for text in [EMAIL, belongings.secret] {
        assert!(!kept.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
    }
}

#[tokio::test]
async fn rooms_pass_to_the_editor_who_is_in_them_longest_or_are_deleted_and_the_others_are_told() {
    for app in apps([]).await {
        let name = app.backend.name;
        let (_, held, user, belongings) = people(&app).await;
        let bus = &app.backend.deps.bus;
        let mut shared = bus.subscribe(&Topic::room(belongings.shared_room)).await.unwrap();
        let mut others = bus.subscribe(&Topic::room(belongings.others_room)).await.unwrap();
        let mut own = bus.subscribe(&Topic::room(belongings.own_room)).await.unwrap();
        app.call("DELETE", "/account", &held.access, None).await.expect(204);

        let mut db = app.backend.deps.store.conn().await.unwrap();
        let room = rooms::find(&mut db, belongings.editor, belongings.shared_room).await.unwrap().unwrap();
        assert_eq!((room.owner_id, room.member_count), (belongings.editor, 2), "{name}");
        let invites = invites::list(&mut db, room.id, 10).await.unwrap();
        assert!(invites.is_empty(), "{name}: a link of the one who is gone lets nobody in");
        let said = messages::list_newest(&mut db, room.id, 10).await.unwrap();
        assert_eq!(said.iter().map(|one| one.user_id).collect::<Vec<_>>(), [belongings.editor], "{name}");
        assert!(rooms::find_role(&mut db, belongings.editor, belongings.own_room).await.unwrap().is_none());

        let told = async |subscription: &mut aether_bus::Subscription, wanted: &[&str]| {
            let mut wanted: BTreeSet<&str> = wanted.iter().copied().collect();
            while !wanted.is_empty() {
                let Delivery::Message(payload) = subscription.next().await else { panic!("{name}") };
                let notice: Notice = serde_json::from_slice(&payload).unwrap();
                wanted.remove(match notice {
                    Notice::MemberRemoved { user_id, .. } if user_id == user => "left",
                    Notice::MessageDeleted { .. } => "deleted",
                    Notice::RoomChanged { .. } => "changed",
                    Notice::RoomDeleted { .. } => "gone",
                    Notice::GenerationEnded { generation_id } if generation_id == belongings.running => {
                        "ended"
                    }
                    _ => "",
                });
            }
        };
        told(&mut shared, &["left", "deleted", "changed", "ended"]).await;
        told(&mut others, &["left", "deleted", "changed"]).await;
        told(&mut own, &["gone"]).await;
    }
}

#[tokio::test]
async fn a_worker_that_has_a_generation_can_keep_nothing_after_its_owner_is_erased() {
    for app in apps([]).await {
        let (_, held, _, belongings) = people(&app).await;
        app.call("DELETE", "/account", &held.access, None).await.expect(204);
        let store = &app.backend.deps.store;
        let lease = app.backend.deps.clock.now() + TimeDelta::hours(1);
        let beat = jobs::heartbeat(&mut store.conn().await.unwrap(), belongings.running, 1, lease).await;
        assert_eq!(beat.unwrap(), None);
        let end = generations::End {
            status: Status::Completed,
            result: "late",
            error: None,
            metadata: &Metadata::default(),
            position: Position { attempt: 1, seq: 9 },
            progress: 100,
            at: app.backend.deps.clock.now(),
        };
        let mut tx = store.begin().await.unwrap();
        assert!(!generations::end(&mut tx, belongings.running, Some(1), &end).await.unwrap());
        let delta = Some("late".into());
        let late = Happening::Progress { progress: 50, status: Stage::Streaming, delta };
        let told = app.backend.deps.bus.append(belongings.running, 1, &late).await;
        assert!(told.is_err(), "its events are refused too");
    }
}

#[tokio::test]
async fn an_erasure_whose_process_died_is_finished_by_another_one() {
    for app in apps([]).await {
        let name = app.backend.name;
        let (_, held, user, _) = people(&app).await;
        let deps = &app.backend.deps;
        let announcer = Announcer::new(deps.bus.clone(), deps.lifecycle.tasks.clone());
        let audit = Audit::new(deps.clock.clone(), deps.ids.clone());
        let erasures = Erasures::new(deps, announcer, audit);
        let mut tx = deps.store.begin().await.unwrap();
        let begun = erasures.begin(&mut tx, user).await.unwrap();
        tx.save().await.unwrap();
        // Here the process dies. What says of a person who they are is gone already, and nobody is let in.
        drop(begun);
        assert!(app.is_being_erased(user).await);
        let traces = app.traces(user).await;
        assert!(
            !traces.contains("users.email") || !traces.contains("identities.email"),
            "{name}: {traces:?}"
        );
        assert_eq!(app.get("/profile", &held.access).await.status, 401);
        assert_eq!(app.refresh(&held.refresh).await.problem().0, 401);
        assert!(app.backend.database.number("SELECT COUNT(*) FROM generations").await > 0);

        app.backend.database.run("UPDATE erasures SET lease_until = '2000-01-01T00:00:00+00:00'").await;
        erasures.sweep().await.unwrap();
        // The service's own look may have been faster.
        while app.is_being_erased(user).await {
            pause().await;
        }
        let stays: BTreeSet<String> = STAYS.map(str::to_owned).into();
        let left = app.traces(user).await;
        assert!(left.is_subset(&stays), "{name}: {left:?}");
        let erased = "SELECT COUNT(*) FROM audit WHERE action = 'account_erased'";
        assert_eq!(app.backend.database.number(erased).await, 1, "{name}: once");
    }
}

#[tokio::test]
async fn an_account_is_deleted_by_its_owner_with_a_fresh_proof_alone() {
    for app in apps([]).await {
        let admin = app.register("root@example.com").await;
        let held = app.register(EMAIL).await;
        app.clock.advance(TimeDelta::minutes(5));
        let refused = app.call("DELETE", "/account", &held.access, None).await;
        assert_eq!(refused.problem(), (403, "step_up_required".into()));
        assert_eq!(app.call("DELETE", "/account", "", None).await.status, 401);
        app.get("/profile", &held.access).await.expect(OK);

        let login = json!({"email": "root@example.com", "password": crate::PASSWORD});
        let admin_now = app.post("/login", login).await.expect(OK).held();
        let last = app.call("DELETE", "/account", &admin_now.access, None).await;
        assert_eq!(last.problem(), (409, "last_admin".into()));
        app.get("/profile", &admin.access).await.expect(OK);

        let login = json!({"email": EMAIL, "password": crate::PASSWORD});
        let fresh = app.post("/login", login.clone()).await.expect(OK).held();
        app.call("DELETE", "/account", &fresh.access, None).await.expect(204);
        assert_eq!(app.post("/login", login).await.problem(), (401, "invalid_credentials".into()));
    }
}

#[tokio::test]
async fn an_export_holds_everything_as_it_was_and_no_secret() {
    for app in apps([]).await {
        let name = app.backend.name;
        let (_, held, user, belongings) = people(&app).await;
        app.call("PUT", "/profile", &held.access, Some(json!({"preferences": {"theme": "dark"}})))
            .await
            .expect(OK);
        let files = unzip(app.export(&held).await);

        for file in files.keys().filter(|file| !file.contains('/')) {
            assert!(
                files["README.txt"].contains(file.as_str()) || file == "README.txt",
                "README does not tell of {file}"
            );
        }
        let profile = json_of(&files, "profile.json");
        assert_eq!(profile["account"]["email"], EMAIL);
        assert_eq!(profile["account"]["preferences"], json!({"theme": "dark"}));
        assert_eq!(profile["budget"]["dayUsd"], 5.0);
        assert_eq!(json_of(&files, "identities.json")[0]["provider"], "github");
        assert_eq!(json_of(&files, "api-keys.json")[0]["name"], "ci");
        assert_eq!(json_of(&files, "mails.json")[0]["about"], "new_sign_in");
        assert_eq!(json_of(&files, "sessions.json").as_array().unwrap().len(), 1);
        assert_eq!(json_of(&files, "shares.json")[0]["generationId"], belongings.long.to_string());
        assert_eq!(json_of(&files, "usage.json")[0]["inputTokens"], 100);
        assert_eq!(json_of(&files, "prompt-templates.json")[0]["text"], "a template");
        let audit = json_of(&files, "audit.json");
        assert!(
            audit.as_array().unwrap().iter().any(|entry| entry["action"] == "export_requested"),
            "{name}"
        );

        let upload = json_of(&files, "uploads.json")[0]["file"].as_str().unwrap().to_owned();
        assert_eq!(upload, format!("uploads/{}/notes.csv", belongings.upload));
        assert_eq!(files[&upload], "zanzibar,1\n");

        let listed = files.keys().filter(|file| file.ends_with("/generation.json")).count();
        assert_eq!(listed, 4, "{name}: completed, running and queued ones");
        let short = format!("generations/{}", belongings.short);
        assert_eq!(json_of(&files, &format!("{short}/generation.json"))["prompt"], "zanzibar short");
        assert_eq!(files[&format!("{short}/files/css/app.css")], "p {}\n");
        assert_eq!(files[&format!("{short}/files/index.html")], "<p>zanzibar</p>\n");
        assert_eq!(files[&format!("generations/{}/result.md", belongings.long)], "zanzibar ".repeat(40_000));

        let rooms = files.keys().filter(|file| file.ends_with("/room.json")).count();
        assert_eq!(rooms, 3, "{name}");
        let said = json_of(&files, &format!("rooms/{}/messages.json", belongings.shared_room));
        assert_eq!(said.as_array().unwrap().len(), 2, "{name}: both sides of the talk");
        assert_eq!(json_of(&files, "messages-elsewhere.json"), json!([]));
        assert!(!files.contains_key("left-out.json"));

        let all: String = files.into_values().collect();
        let account = users::find(&mut app.backend.deps.store.conn().await.unwrap(), user).await.unwrap();
        let hash = account.unwrap().password_hash.unwrap();
        for secret in [hash.as_str(), "$argon2", held.refresh.as_str(), "@example.org", "root@example.com"] {
            assert!(!all.contains(secret), "{name}: {secret}");
        }
    }
}

#[tokio::test]
async fn one_export_is_made_at_a_time_and_three_a_day() {
    for app in apps([]).await {
        let name = app.backend.name;
        app.register("root@example.com").await;
        let held = app.register(EMAIL).await;
        let user = app.id_of(&held).await;
        // Nobody makes it: it is claimed by a process that says nothing for an hour.
        let store = &app.backend.deps.store;
        let (id, now) = (app.backend.deps.ids.mint(), app.backend.deps.clock.now());
        let mut tx = store.begin().await.unwrap();
        exports::create(&mut tx, user, id, None, now).await.unwrap();
        let time = jobs::now(&mut tx, now).await.unwrap();
        let claim = exports::claim(&mut tx, time, time + TimeDelta::hours(1)).await.unwrap().unwrap();
        assert!(exports::renew(&mut tx, claim, 40, time + TimeDelta::hours(1)).await.unwrap());
        tx.save().await.unwrap();
        for _ in 0..2 {
            let asked = app.call("POST", "/account/export", &held.access, None).await.expect(202).json();
            assert_eq!(
                (asked["id"].as_str(), &asked["progress"]),
                (Some(&*id.to_string()), &json!(40)),
                "{name}"
            );
            assert_eq!(asked["status"], "running");
        }
        let told = app.get(&format!("/account/export/{id}"), &held.access).await.expect(202).json();
        assert_eq!(told["progress"], 40);
        let mut tx = store.begin().await.unwrap();
        assert!(exports::end(&mut tx, claim, None, now).await.unwrap());
        tx.save().await.unwrap();
        let failed = app.get(&format!("/account/export/{id}"), &held.access).await;
        assert_eq!(failed.problem(), (409, "export_failed".into()), "{name}");

        // One that failed does not count.
        for _ in 0..A_DAY {
            app.export(&held).await.expect(OK);
        }
        let more = app.call("POST", "/account/export", &held.access, None).await;
        assert!(more.headers.contains_key("retry-after"));
        assert_eq!(more.problem(), (429, "export_limit".into()), "{name}");
        app.clock.advance(TimeDelta::hours(24));
        let held = app.refresh(&held.refresh).await.expect(OK).held();
        app.export(&held).await.expect(OK);
        let listed = app.get("/account/export", &held.access).await.expect(OK).json();
        assert_eq!(listed["items"].as_array().unwrap().len(), A_DAY + 2, "{name}");
    }
}

#[tokio::test]
async fn the_same_idempotency_key_gives_the_same_export() {
    for app in apps([]).await {
        let held = app.register(EMAIL).await;
        let ask = async |key: &str| {
            let request = crate::post("/account/export")
                .header("authorization", format!("Bearer {}", held.access))
                .header("idempotency-key", key);
            app.send(request.body(axum::body::Body::empty()).unwrap()).await
        };
        let first = ask("k").await.expect(202).json()["id"].as_str().unwrap().to_owned();
        app.fetch(&held, &first).await.expect(OK);
        assert_eq!(ask("k").await.expect(202).json()["id"], *first);
        assert_ne!(ask("other").await.expect(202).json()["id"], *first);
        assert_eq!(ask(&"k".repeat(256)).await.fields(), ["Idempotency-Key"]);
    }
}

#[tokio::test]
async fn an_export_is_nobody_elses_and_ends_after_seven_days_with_its_archive() {
    for app in apps([]).await {
        let name = app.backend.name;
        let other = app.register("root@example.com").await;
        let held = app.register(EMAIL).await;
        let asked = app.call("POST", "/account/export", &held.access, None).await.expect(202).json();
        let path = format!("/account/export/{}", asked["id"].as_str().unwrap());
        app.fetch(&held, asked["id"].as_str().unwrap()).await.expect(OK);
        assert_eq!(app.get(&path, &other.access).await.problem(), (404, "not_found".into()), "{name}");
        assert_eq!(app.get(&path, "").await.status, 401);
        assert_eq!(app.get("/account/export/7", &held.access).await.status, 404);
        assert_eq!(app.objects().await.len(), 1);

        app.clock.advance(KEPT);
        let held = app.refresh(&held.refresh).await.expect(OK).held();
        assert_eq!(app.get(&path, &held.access).await.status, 404, "{name}");
        Upkeep::alone(&app.backend.deps).look(true).await;
        assert_eq!(app.objects().await, Vec::<String>::new(), "{name}");
        let rows = app.backend.database.number("SELECT COUNT(*) FROM exports").await;
        assert_eq!(rows, 0, "{name}");
    }
}

#[tokio::test]
async fn an_export_whose_process_died_is_made_by_another_one_and_fails_when_it_kills_each() {
    for app in apps([]).await {
        let name = app.backend.name;
        let (_, held, user, belongings) = people(&app).await;
        let deps = &app.backend.deps;
        let store = &deps.store;
        // One more process, which need not wait for its next look.
        let process = Exports::new(deps, Audit::new(deps.clock.clone(), deps.ids.clone()));
        let begin = async |claims: i64| {
            let (id, now) = (app.backend.deps.ids.mint(), app.backend.deps.clock.now());
            let mut tx = store.begin().await.unwrap();
            exports::create(&mut tx, user, id, None, now).await.unwrap();
            let over = now - TimeDelta::days(3650);
            exports::claim(&mut tx, over, over).await.unwrap().unwrap();
            tx.save().await.unwrap();
            let fence = format!("UPDATE exports SET fence = {claims} WHERE completed_at IS NULL");
            app.backend.database.run(&fence).await;
            process.make_next().await.unwrap();
            id.to_string()
        };
        let died = begin(1).await;
        app.fetch(&held, &died).await.expect(OK);

        // What cannot be read is left out at the last try, and named.
        app.backend.deps.objects.delete(&format!("results/{}", belongings.long)).await.unwrap();
        let last = begin(3).await;
        let files = unzip(app.fetch(&held, &last).await);
        let left_out = json_of(&files, "left-out.json");
        assert_eq!(left_out[0]["file"], format!("generations/{}/result.md", belongings.long), "{name}");

        let kills = begin(4).await;
        assert_eq!(app.fetch(&held, &kills).await.problem(), (409, "export_failed".into()), "{name}");
    }
}

#[tokio::test]
async fn old_entries_of_the_audit_log_go_and_nobody_else_can_delete_or_change_one() {
    for app in apps([("AETHER_AUDIT_DAYS", "30")]).await {
        let name = app.backend.name;
        app.register("root@example.com").await;
        let entries = async || app.backend.database.number("SELECT COUNT(*) FROM audit").await;
        let before = entries().await;
        app.clock.advance(TimeDelta::days(31));
        // The newest entries stay, however old: nothing else has happened.
        Upkeep::alone(&app.backend.deps).look(false).await;
        assert_eq!(entries().await, before, "{name}");
        app.register(EMAIL).await;
        Upkeep::alone(&app.backend.deps).look(false).await;
        assert_eq!(entries().await, 2, "{name}: registered, logged in");
    }
}
