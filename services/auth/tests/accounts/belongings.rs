//! Something of a user in every table that can hold something of them, and in the object storage.

use aether_common::{
    event::Position,
    id::{GenerationId, RoomId, UploadId, UserId, WorkerId},
    model::{
        generation::{Kind, Metadata, Status, Usage},
        room::RoomRole,
        scope::{Scope, ScopeSet},
        user::Role,
    },
};
use aether_store::{
    api_keys::{self, NewApiKey},
    budgets, cache,
    generations::{self, End, NewGeneration},
    invites::{self, Invite},
    jobs::{self, Bounds, JobPayload},
    mails::{self, NewMail},
    messages::{self, NewMessage},
    one_time_tokens::{self, NewOneTimeToken},
    prompts::{self, NewPrompt},
    rooms,
    shares::{self, NewShare},
    texts,
    uploads::{self, Upload},
    usage::{self, Limit, Limits, NewEntry},
    users::{self, NewUser},
};
use chrono::TimeDelta;
use futures::StreamExt;
use serde_json::json;

use crate::App;

/// What a test looks at later.
pub(crate) struct Belongings {
    /// Of one, with an editor and a viewer in it.
    pub(crate) shared_room: RoomId,
    /// Of one, with nobody else in it who could own it.
    pub(crate) own_room: RoomId,
    /// Of somebody else, with a message of one's own.
    pub(crate) others_room: RoomId,
    pub(crate) editor: UserId,
    /// Completed, shared, with a long result that is an object.
    pub(crate) long: GenerationId,
    /// Completed, with two files.
    pub(crate) short: GenerationId,
    /// A worker has it.
    pub(crate) running: GenerationId,
    pub(crate) upload: UploadId,
    /// The words of the prompts and messages.
    pub(crate) secret: &'static str,
}

const RESULT: &str = "```html path=index.html\n<p>zanzibar</p>\n```\n\n```css path=css/app.css\np {}\n```\n";

impl App {
    /// Somebody with an account who never signed in.
    pub(crate) async fn somebody(&self, name: &str) -> UserId {
        let id: UserId = self.backend.deps.ids.mint();
        let new = NewUser {
            id,
            email: format!("{}@example.org", id.0.simple()),
            password_hash: None,
            name: name.into(),
            role: Role::User,
            created_at: self.backend.deps.clock.now(),
        };
        let mut tx = self.backend.deps.store.begin().await.unwrap();
        users::create(&mut tx, &new).await.unwrap();
        tx.save().await.unwrap();
        id
    }

    /// Everything that a user can have.
    pub(crate) async fn fill(&self, user: UserId) -> Belongings {
        let deps = &self.backend.deps;
        let (editor, viewer) = (self.somebody("Ed").await, self.somebody("Vi").await);
        let long = self.generation(user, None, "zanzibar long", Some(&"zanzibar ".repeat(40_000))).await;
        assert!(texts::put_away(&deps.store, long).await.unwrap());
        let short = self.generation(user, None, "zanzibar short", Some(RESULT)).await;
        let shared_room = self.room(user, &[(editor, RoomRole::Editor), (viewer, RoomRole::Viewer)]).await;
        let own_room = self.room(user, &[(viewer, RoomRole::Viewer)]).await;
        let others_room = self.room(editor, &[(user, RoomRole::Editor)]).await;
        for (room, writer) in [
            (shared_room, user),
            (shared_room, editor),
            (own_room, user),
            (own_room, viewer),
            (others_room, user),
        ] {
            let message = if writer == user { "zanzibar at eight" } else { "at nine" };
            self.say(room, writer, message).await;
        }
        let running = self.generation(user, Some(shared_room), "zanzibar running", None).await;
        let now = deps.clock.now();
        let mut tx = deps.store.begin().await.unwrap();
        let lease = jobs::now(&mut tx, now).await.unwrap();
        let bounds = Bounds { per_user: 10 };
        let worker = WorkerId(deps.ids.mint());
        jobs::claim(&mut tx, worker, bounds, lease, lease + TimeDelta::hours(1)).await.unwrap().unwrap();
        tx.save().await.unwrap();
        self.generation(user, None, "zanzibar queued", None).await;

        let upload = deps.ids.mint();
        deps.objects.put(&uploads::key(upload), b"zanzibar,1\n".to_vec()).await.unwrap();
        let row = Upload {
            id: upload,
            name: "notes.csv".into(),
            media_type: "text/csv".into(),
            bytes: 11,
            digest: vec![1],
            created_at: now,
        };
        let mut tx = deps.store.begin().await.unwrap();
        uploads::create(&mut tx, user, &row, None).await.unwrap();
        // Each user's are their own.
        let hash = [*long.0.as_bytes(), *long.0.as_bytes()].concat();
        let share = NewShare { generation_id: long, token_hash: &hash, seed: &hash, created_at: now };
        shares::create(&mut tx, &share).await.unwrap();
        cache::look(&mut tx, &format!("key {short}"), short, now, now).await.unwrap();
        self.spend(&mut tx, user, short).await;
        let limit = Limit { day: Some(5_000_000), month: None };
        budgets::set(&mut tx, user, limit, now).await.unwrap();
        let prompt = NewPrompt {
            id: deps.ids.mint(),
            kind: Kind::Cli,
            base: 1,
            text: "a template",
            note: None,
            user_id: user,
            created_at: now,
        };
        let number = prompts::create(&mut tx, &prompt).await.unwrap();
        prompts::put_in_use(&mut tx, Kind::Cli, Some(number), user, now).await.unwrap();
        let invite = Invite {
            id: deps.ids.mint(),
            room_id: shared_room,
            role: RoomRole::Editor,
            max_uses: None,
            uses: 0,
            expires_at: None,
            created_at: now,
        };
        invites::create(&mut tx, &invite, &hash).await.unwrap();
        let key = NewApiKey {
            id: deps.ids.mint(),
            user_id: user,
            name: "ci",
            prefix: "aek_abcd",
            hash: &hash,
            scopes: [Scope::ProfileRead].into_iter().collect::<ScopeSet>(),
            created_at: now,
            expires_at: None,
        };
        api_keys::create(&mut tx, &key).await.unwrap();
        let token = NewOneTimeToken {
            hash: &hash,
            kind: "password_reset",
            user_id: Some(user),
            data: &json!({}),
            created_at: now,
            expires_at: now + TimeDelta::hours(1),
        };
        one_time_tokens::create(&mut tx, &token).await.unwrap();
        let mail = NewMail {
            id: deps.ids.mint(),
            kind: "new_sign_in",
            user_id: Some(user),
            sealed: b"sealed by another key",
            created_at: now,
            expires_at: now + TimeDelta::days(1),
        };
        mails::create(&mut tx, &mail).await.unwrap();
        tx.save().await.unwrap();

        let (id, at) = (self.backend.database.id(user.0), now.to_rfc3339());
        let bytes = if self.backend.database.engine == "sqlite" { "X'01'" } else { r"'\x01'" };
        for sql in [
            format!("INSERT INTO totp (user_id, sealed, created_at) VALUES ({id}, {bytes}, '{at}')"),
            format!("INSERT INTO recovery_codes (user_id, code_hash) VALUES ({id}, {bytes})"),
            format!(
                "INSERT INTO identities (provider, subject, user_id, email, created_at)
                 VALUES ('github', '{user}-there', {id}, 'ana@example.com', '{at}')"
            ),
        ] {
            self.backend.database.run(&sql).await;
        }
        Belongings {
            shared_room,
            own_room,
            others_room,
            editor,
            long,
            short,
            running,
            upload,
            secret: "zanzibar",
        }
    }

    /// A generation; with a result it is completed, else queued.
    pub(crate) async fn generation(
        &self,
        user: UserId,
        room: Option<RoomId>,
        prompt: &str,
        result: Option<&str>,
    ) -> GenerationId {
        let deps = &self.backend.deps;
        let (id, now) = (deps.ids.mint(), deps.clock.now());
        let payload = JobPayload { v: 1, ..JobPayload::default() };
        let new = NewGeneration {
            id,
            user_id: user,
            kind: Kind::Ui,
            title: prompt,
            prompt,
            language: None,
            model: None,
            parent_id: None,
            room_id: room,
            client_id: None,
            request_hash: None,
            payload: Some(&payload),
            created_at: now,
        };
        let mut tx = deps.store.begin().await.unwrap();
        generations::create(&mut tx, &new).await.unwrap();
        let run_at = jobs::now(&mut tx, now).await.unwrap();
        jobs::create(&mut tx, id, user, run_at, &payload).await.unwrap();
        if let Some(result) = result {
            let end = End {
                status: Status::Completed,
                result,
                error: None,
                metadata: &Metadata::default(),
                position: Position { attempt: 1, seq: 3 },
                progress: 100,
                at: now,
            };
            assert!(generations::end(&mut tx, id, None, &end).await.unwrap());
        }
        tx.save().await.unwrap();
        id
    }

    pub(crate) async fn room(&self, owner: UserId, members: &[(UserId, RoomRole)]) -> RoomId {
        let deps = &self.backend.deps;
        let id = deps.ids.mint();
        let mut tx = deps.store.begin().await.unwrap();
        assert!(rooms::create(&mut tx, id, owner, "A room", deps.clock.now()).await.unwrap());
        for (at, (user, role)) in (1..).zip(members) {
            let at = deps.clock.now() + TimeDelta::seconds(at);
            assert!(rooms::add_member(&mut tx, id, *user, *role, at).await.unwrap());
        }
        tx.save().await.unwrap();
        id
    }

    async fn say(&self, room_id: RoomId, user_id: UserId, message: &str) {
        let deps = &self.backend.deps;
        let (id, at) = (deps.ids.mint(), deps.clock.now());
        let new = NewMessage { id, room_id, user_id, message, client_id: None, mentions: &[user_id], at };
        let mut tx = deps.store.begin().await.unwrap();
        messages::create(&mut tx, &new).await.unwrap().unwrap();
        tx.save().await.unwrap();
    }

    /// A call that is settled, and one that is not.
    async fn spend(&self, tx: &mut aether_store::Tx, user: UserId, generation: GenerationId) {
        let deps = &self.backend.deps;
        let used = Usage { input_tokens: 100, output_tokens: 50 };
        let limits =
            Limits { user: Limit { day: Some(1_000_000), month: Some(1_000_000) }, ..Limits::default() };
        for settled in [true, false] {
            let entry = NewEntry {
                id: deps.ids.mint(),
                generation_id: generation,
                user_id: user,
                role: Role::User,
                kind: Kind::Ui,
                provider: "demo",
                model: "demo",
                most: used,
                input_price: 10,
                output_price: 20,
                at: deps.clock.now(),
            };
            usage::reserve(tx, &entry, &limits, 1_000, 1).await.unwrap();
            if settled {
                assert!(usage::settle(tx, entry.id, used, 700, deps.clock.now()).await.unwrap());
            }
        }
    }

    /// Every key in the object storage.
    pub(crate) async fn objects(&self) -> Vec<String> {
        let keys = self.backend.deps.objects.list_before("", chrono::DateTime::<chrono::Utc>::MAX_UTC);
        keys.map(Result::unwrap).collect().await
    }
}
