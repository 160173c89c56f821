//! A person's own change of one file: a new version beside the ones that models made.

use aether_boot::Deps;
use aether_common::{
    id::{GenerationId, UserId},
    model::generation::Metadata,
    notice::Notice,
    problem::Problem,
};
use aether_store::{
    edits::{self, NewEdit},
    generations as rows,
};

use crate::{examination::examine, generations::Generations};

/// A longer text is no artifact; models are bounded in the same way.
const MAX_RESULT_BYTES: usize = 4 * 1024 * 1024;

/// Makes a version in which the file at `path`, new or not, holds `content`. Only the starter and the owner of the room may;
/// 409 `still_running` before the end, 422 when the path cannot be used beside the other files.
pub async fn edit_file(
    deps: &Deps,
    generations: &Generations,
    user: UserId,
    parent: GenerationId,
    path: &str,
    content: &str,
) -> Result<GenerationId, Problem> {
    if !aether_artifact::is_safe(path) {
        return Err(Problem::invalid_field(
            "path",
            "must be relative, without `..`, and possible on every system",
        ));
    }
    if content.contains('\0') {
        return Err(Problem::invalid_field("body", "must not hold the character U+0000"));
    }
    generations.check_owner(user, parent).await?;
    let before = generations.get(user, parent).await?;
    if !before.status.has_ended() {
        return Err(Problem::conflict(
            "still_running",
            "It is still being written. Stop it, or wait for its end.",
        ));
    }
    let text = before.result.as_deref().unwrap_or_default();
    let result = aether_artifact::replace_file(text, before.kind, path, content).ok_or_else(|| {
        Problem::invalid_field(
            "path",
            "cannot be used: another file has it in other letters, or the text ends inside a file",
        )
    })?;
    if result.len() > MAX_RESULT_BYTES {
        return Err(Problem::new(413, "body_too_large", "All files together may have at most 4 MiB."));
    }
    let (files, validation) = examine(&result, before.kind).await;
    let metadata = Metadata { attempts: 1, files, validation, ..Metadata::default() };
    let id = deps.ids.mint();
    let mut tx = deps.store.begin().await?;
    // Who has left the room goes on with a version of their own.
    let room_id = match before.room_id {
        Some(room) => rows::find_room_role(&mut tx, user, room).await?.map(|_| room),
        None => None,
    };
    let new = NewEdit {
        id,
        user_id: user,
        kind: before.kind,
        title: &before.title,
        prompt: &format!("Edit {path}"),
        result: &result,
        language: before.language.as_deref(),
        parent_id: parent,
        room_id,
        metadata: &metadata,
        at: deps.clock.now(),
    };
    edits::create(&mut tx, &new).await?;
    tx.save().await?;
    generations.tell_readers(user, room_id, &Notice::GenerationEnded { generation_id: id }).await;
    Ok(id)
}
