//! The check of an artifact, off the runtime's threads and few at a time: real parsers take milliseconds for what people
//! want, and seconds and much memory for what is written to hurt them.

use aether_artifact as artifact;
use aether_common::model::generation::{FileInfo, Issue, Kind, Validation};
use tokio::sync::Semaphore;

/// Checks that one process makes at once.
const MAX_AT_ONCE: usize = 2;

static SLOTS: Semaphore = Semaphore::const_new(MAX_AT_ONCE);

/// The files in the text and what the check found. A check that breaks off is an issue of its own, never a pass.
pub async fn examine(text: &str, kind: Kind) -> (Vec<FileInfo>, Validation) {
    // The semaphore is never closed.
    let slot = SLOTS.acquire().await;
    let text = text.to_owned();
    let examined = tokio::task::spawn_blocking(move || {
        let mut files = artifact::parse(&text, kind);
        let validation = artifact::check(kind, &mut files);
        (files.iter().map(artifact::File::info).collect(), validation)
    });
    let examined = examined.await;
    drop(slot);
    examined.unwrap_or_else(|error| {
        tracing::error!(%error, "the check of an artifact broke off");
        let issue = Issue {
            path: None,
            code: "unchecked".into(),
            message: "The check of this artifact broke off; nothing is known of its files.".into(),
        };
        (Vec::new(), Validation { ok: false, issues: vec![issue] })
    })
}
