//! What is in an export: a file for each kind of data, and people's own files as they were. No secret is in it, neither
//! hashed nor sealed, and of other people only what the user sees of them in the product.

use std::{
    fs::File,
    sync::atomic::{AtomicU8, Ordering},
};

use aether_common::{
    id::{MessageId, UserId},
    model::generation::Generation,
    money::usd,
    page::Cursor,
};
use aether_store::{
    Store, StoreError, api_keys, audit, budgets,
    exports::{self, Extent},
    generations, messages,
    objects::Objects,
    rooms,
    uploads::{self, Upload},
    users,
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Stop, archive::Archive};

/// Rows that are read at once, as the one kind of list and as the other takes it.
const PAGE: usize = 200;
const ROWS: i64 = 200;
/// Mails are kept for some days: more are not told.
const MAILS: i64 = 10_000;
/// Of the progress, what the reading takes; the rest is sending the archive to the object storage.
const READ: i64 = 95;

const README: &str = "\
This archive holds what AetherOS keeps of you.

profile.json             your account, with your preferences and what you may spend
sessions.json            where you signed in, and when
identities.json          other accounts that you may sign in with
api-keys.json            your API keys, without the keys themselves
mails.json               which mails you were sent in the last days
audit.json               what you did to your account, and what was done to it
exports.json             when you had archives like this one made
usage.json               what your requests used of the models, and cost
uploads.json, uploads/   files that you put in
generations/             a folder for each of your generations: what you asked for and how it was made
                         (generation.json), what the model wrote (result.md) and the files in it (files/)
shares.json              which of them are shared by a link
rooms/                   a folder for each room that you are in: the room with its members (room.json)
                         and what was said in it (messages.json)
messages-elsewhere.json  what you said in rooms that you have left
prompt-templates.json    templates that you wrote as an administrator
left-out.json            what could not be read, if anything

Times are UTC. JSON is text: any editor opens it.
";

/// Reads one user's data.
pub(super) struct Contents<'a> {
    pub(super) store: &'a Store,
    pub(super) objects: &'a Objects,
    pub(super) user: UserId,
    pub(super) now: DateTime<Utc>,
    /// 0 to 100.
    pub(super) progress: &'a AtomicU8,
    /// Whether what cannot be read is left out and named: else it is tried again later.
    pub(super) leaves_out: bool,
}

/// What was written, and what could not be.
struct Written<'a> {
    archive: Archive,
    progress: &'a AtomicU8,
    done: i64,
    all: i64,
    left_out: Vec<Value>,
}

impl Written<'_> {
    fn one_more(&mut self) {
        self.done += 1;
        let percent = (self.done * READ / self.all.max(1)).clamp(0, READ);
        self.progress.store(u8::try_from(percent).unwrap_or(0), Ordering::Relaxed);
    }
}

impl Contents<'_> {
    /// Writes everything, and answers the whole archive.
    pub(super) async fn write(&self, archive: Archive) -> Result<File, Stop> {
        let Extent { generations, uploads, rooms } =
            exports::find_extent(&mut self.store.conn().await?, self.user).await?;
        let all = generations + uploads + rooms;
        let mut written = Written { archive, progress: self.progress, done: 0, all, left_out: Vec::new() };
        written.archive.add("README.txt", self.now, README).await?;
        self.add_account(&written.archive).await?;
        self.add_sessions(&written.archive).await?;
        self.add_audit(&written.archive).await?;
        self.add_usage(&written.archive).await?;
        self.add_uploads(&mut written).await?;
        self.add_generations(&mut written).await?;
        self.add_shares(&written.archive).await?;
        self.add_rooms(&mut written).await?;
        self.add_messages_elsewhere(&written.archive).await?;
        self.add_prompts(&written.archive).await?;
        if !written.left_out.is_empty() {
            written.archive.add_json("left-out.json", self.now, &written.left_out).await?;
        }
        Ok(written.archive.finish().await?)
    }

    async fn add_account(&self, archive: &Archive) -> Result<(), Stop> {
        let mut db = self.store.conn().await?;
        let account = users::find(&mut db, self.user).await?.ok_or(Stop::Lost)?;
        let budget = budgets::find(&mut db, self.user).await?;
        let profile = json!({
            "exportedAt": self.now,
            "account": account.user,
            "hasPassword": account.password_hash.is_some(),
            "budget": budget.map(|budget| json!({
                "dayUsd": budget.limit.day.map(usd),
                "monthUsd": budget.limit.month.map(usd),
                "setAt": budget.updated_at,
            })),
        });
        archive.add_json("profile.json", self.now, &profile).await?;

        let identities = exports::list_identities(&mut db, self.user).await?;
        let identities = identities.into_iter().map(|identity| {
            json!({
                "provider": identity.provider,
                "subject": identity.subject,
                "email": identity.email,
                "linkedAt": identity.created_at,
            })
        });
        archive.add_json("identities.json", self.now, &identities.collect::<Vec<_>>()).await?;

        let mails = exports::list_mails(&mut db, self.user, MAILS).await?;
        let mails = mails
            .into_iter()
            .map(|mail| json!({ "about": mail.kind, "createdAt": mail.created_at, "outcome": mail.outcome }));
        archive.add_json("mails.json", self.now, &mails.collect::<Vec<_>>()).await?;

        let made = exports::list(&mut db, self.user, ROWS).await?;
        let made = made.into_iter().map(|export| {
            json!({
                "id": export.id,
                "status": export.status.as_str(),
                "createdAt": export.created_at,
                "completedAt": export.completed_at,
            })
        });
        archive.add_json("exports.json", self.now, &made.collect::<Vec<_>>()).await?;

        let mut list = archive.begin_list("api-keys.json", self.now).await?;
        let mut after = None;
        loop {
            let page = api_keys::list(&mut db, self.user, after, ROWS).await?;
            let Some(last) = page.last() else { break };
            after = Some(Cursor { at: last.created_at, id: last.id.0 });
            for key in page {
                let scopes = key.scopes.to_words();
                let item = json!({
                    "id": key.id,
                    "name": key.name,
                    "beginsWith": key.prefix,
                    "scopes": scopes.split(' ').collect::<Vec<_>>(),
                    "createdAt": key.created_at,
                    "expiresAt": key.expires_at,
                    "lastUsedAt": key.last_used_at,
                });
                list.push(&item).await?;
            }
        }
        Ok(list.end().await?)
    }

    async fn add_sessions(&self, archive: &Archive) -> Result<(), Stop> {
        let mut list = archive.begin_list("sessions.json", self.now).await?;
        let mut after = None;
        loop {
            let page = exports::list_sessions(&mut self.store.conn().await?, self.user, after, ROWS).await?;
            let Some(last) = page.last() else { break };
            after = Some(Cursor { at: last.created_at, id: last.id.0 });
            for session in page {
                let item = json!({
                    "id": session.id,
                    "device": session.user_agent,
                    "ip": session.ip,
                    "createdAt": session.created_at,
                    "lastUsedAt": session.last_used_at,
                    "expiresAt": session.expires_at,
                    "endedAt": session.ended_at,
                    "endReason": session.end_reason,
                });
                list.push(&item).await?;
            }
        }
        Ok(list.end().await?)
    }

    async fn add_audit(&self, archive: &Archive) -> Result<(), Stop> {
        let mut list = archive.begin_list("audit.json", self.now).await?;
        let mut after = None;
        loop {
            let page = audit::list_about(&mut self.store.conn().await?, self.user, after, ROWS).await?;
            let Some(last) = page.last() else { break };
            after = Some(Cursor { at: last.at, id: last.id });
            for entry in page {
                let own = entry.actor_id.is_none_or(|actor| actor == self.user);
                let item = json!({
                    "at": entry.at,
                    "action": entry.action,
                    "by": match entry.actor_id {
                        Some(actor) if actor == self.user => "you",
                        Some(_) => "another user",
                        None => "nobody who signed in",
                    },
                    // Where somebody else was is theirs.
                    "ip": entry.ip.filter(|_| own),
                    "userAgent": entry.user_agent.filter(|_| own),
                    "detail": entry.detail,
                });
                list.push(&item).await?;
            }
        }
        Ok(list.end().await?)
    }

    async fn add_usage(&self, archive: &Archive) -> Result<(), Stop> {
        let mut list = archive.begin_list("usage.json", self.now).await?;
        let mut after = None;
        loop {
            let from = after.as_ref().map(|(day, id): &(String, _)| (day.as_str(), *id));
            let page = exports::list_usage(&mut self.store.conn().await?, self.user, from, ROWS).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.day.clone(), last.id));
            for entry in page {
                let item = json!({
                    "at": entry.at,
                    "generationId": entry.generation_id,
                    "type": entry.kind,
                    "provider": entry.provider,
                    "model": entry.model,
                    "inputTokens": entry.input_tokens,
                    "outputTokens": entry.output_tokens,
                    "costUsd": usd(entry.cost_micros),
                    "cached": entry.cached,
                });
                list.push(&item).await?;
            }
        }
        Ok(list.end().await?)
    }

    async fn add_uploads(&self, written: &mut Written<'_>) -> Result<(), Stop> {
        let mut told = Vec::new();
        let mut after = None;
        loop {
            let page = uploads::list(&mut self.store.conn().await?, self.user, after, ROWS).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for upload in page {
                let file = self.add_upload(written, &upload).await?;
                told.push(json!({
                    "id": upload.id,
                    "name": upload.name,
                    "mediaType": upload.media_type,
                    "bytes": upload.bytes,
                    "createdAt": upload.created_at,
                    "file": file,
                }));
                written.one_more();
            }
        }
        Ok(written.archive.add_json("uploads.json", self.now, &told).await?)
    }

    /// Answers where in the archive the file is; it may have expired while others were written.
    async fn add_upload(&self, written: &mut Written<'_>, upload: &Upload) -> Result<Option<String>, Stop> {
        let is_plain = aether_artifact::is_safe(&upload.name) && !upload.name.contains('/');
        let file = format!("uploads/{}/{}", upload.id, if is_plain { &upload.name } else { "file" });
        let bytes = self.objects.get(&uploads::key(upload.id)).await;
        match self.or_left_out(written, &file, bytes)?.flatten() {
            Some(bytes) => {
                written.archive.add(&file, upload.created_at, bytes).await?;
                Ok(Some(file))
            }
            None => Ok(None),
        }
    }

    async fn add_generations(&self, written: &mut Written<'_>) -> Result<(), Stop> {
        let filter = generations::Filter::default();
        let mut after = None;
        loop {
            let mut page =
                generations::list(&mut self.store.conn().await?, self.user, &filter, after, PAGE).await?;
            page.truncate(PAGE);
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(Cursor { at: last.created_at, id: last.id.0 });
            for generation in page {
                self.add_generation(written, generation).await?;
                written.one_more();
            }
        }
    }

    async fn add_generation(&self, written: &mut Written<'_>, listed: Generation) -> Result<(), Stop> {
        let folder = format!("generations/{}", listed.id);
        let at = listed.completed_at.unwrap_or(listed.created_at);
        written.archive.add_json(format!("{folder}/generation.json"), at, &listed).await?;
        let whole = generations::find(&mut self.store.conn().await?, self.user, listed.id).await;
        let whole = self.or_left_out(written, &format!("{folder}/result.md"), whole)?.flatten();
        // It may have been deleted meanwhile.
        let Some(result) = whole.and_then(|whole| whole.result).filter(|result| !result.is_empty()) else {
            return Ok(());
        };
        for file in aether_artifact::writable(&aether_artifact::parse(&result, listed.kind)) {
            let name = format!("{folder}/files/{}", file.path);
            written.archive.add(name, at, file.content.as_bytes()).await?;
        }
        Ok(written.archive.add(format!("{folder}/result.md"), at, result).await?)
    }

    async fn add_shares(&self, archive: &Archive) -> Result<(), Stop> {
        let mut list = archive.begin_list("shares.json", self.now).await?;
        let mut after = None;
        loop {
            let page = exports::list_shares(&mut self.store.conn().await?, self.user, after, ROWS).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            for (generation, at) in page {
                list.push(&json!({ "generationId": generation, "sharedAt": at })).await?;
            }
        }
        Ok(list.end().await?)
    }

    async fn add_rooms(&self, written: &mut Written<'_>) -> Result<(), Stop> {
        let mut after = None;
        loop {
            let mut page = rooms::list(&mut self.store.conn().await?, self.user, after, PAGE).await?;
            page.truncate(PAGE);
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(Cursor { at: last.created_at, id: last.id.0 });
            for room in page {
                let members = rooms::list_members(&mut self.store.conn().await?, room.id).await?;
                let (archive, folder) = (&written.archive, format!("rooms/{}", room.id));
                let told = json!({ "room": room, "members": members });
                archive.add_json(format!("{folder}/room.json"), room.created_at, &told).await?;
                let mut list = archive.begin_list(format!("{folder}/messages.json"), self.now).await?;
                let mut said = MessageId(Uuid::nil());
                loop {
                    let mut db = self.store.conn().await?;
                    // Whoever is put out meanwhile reads no more.
                    if rooms::find_role(&mut db, self.user, room.id).await?.is_none() {
                        break;
                    }
                    let page = messages::list_after(&mut db, room.id, said, PAGE).await?;
                    drop(db);
                    let Some(last) = page.last() else { break };
                    said = last.id;
                    for message in page {
                        list.push(&message).await?;
                    }
                }
                list.end().await?;
                written.one_more();
            }
        }
    }

    async fn add_messages_elsewhere(&self, archive: &Archive) -> Result<(), Stop> {
        let mut list = archive.begin_list("messages-elsewhere.json", self.now).await?;
        let mut after = None;
        loop {
            let page =
                exports::list_messages_elsewhere(&mut self.store.conn().await?, self.user, after, ROWS)
                    .await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for message in page {
                let item = json!({
                    "id": message.id,
                    "roomId": message.room_id,
                    "message": message.message,
                    "timestamp": message.created_at,
                    "editedAt": message.edited_at,
                });
                list.push(&item).await?;
            }
        }
        Ok(list.end().await?)
    }

    async fn add_prompts(&self, archive: &Archive) -> Result<(), Stop> {
        let mut list = archive.begin_list("prompt-templates.json", self.now).await?;
        let mut skip = 0;
        loop {
            let page = exports::list_prompts(&mut self.store.conn().await?, self.user, skip, ROWS).await?;
            if page.is_empty() {
                break;
            }
            skip += ROWS;
            for prompt in page {
                let item = json!({
                    "type": prompt.r#type,
                    "number": prompt.number,
                    "note": prompt.note,
                    "text": prompt.text,
                    "createdAt": prompt.created_at,
                });
                list.push(&item).await?;
            }
        }
        Ok(list.end().await?)
    }

    /// What was read; at the last try, nothing and a note when it could not be.
    fn or_left_out<T>(
        &self,
        written: &mut Written<'_>,
        what: &str,
        read: Result<T, StoreError>,
    ) -> Result<Option<T>, Stop> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(error) if self.leaves_out => {
                tracing::warn!(event = "export_left_out", user.id = %self.user, what, %error, "an export is not whole");
                written.left_out.push(json!({ "file": what, "why": "It could not be read." }));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}
