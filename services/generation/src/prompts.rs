//! Which template is in use: an administrator's own one from the database, else the built-in one. Looked up every few
//! seconds, so that a change reaches every process within five, and never a reason for a generation to fail.

use std::{sync::Arc, time::Duration};

use aether_common::{id::UserId, model::generation::Kind, problem::Problem};
use aether_store::{
    Store, StoreError,
    prompts::{self, NewPrompt, Prompt, Step},
};
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::domain::prompt;
pub use crate::domain::prompt::Template;

/// How long what was read is taken for true.
const FRESH: Duration = Duration::from_secs(3);
/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// The templates; cheap to clone.
#[derive(Clone, Debug)]
pub struct Prompts {
    store: Option<Store>,
    read: Arc<Mutex<Read>>,
    /// One reads at a time; the others wait for what it finds.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// The template in use, and how it came to be.
#[derive(Clone, Debug)]
pub struct InUse {
    /// It.
    pub template: Template,
    /// Whether an administrator wrote it.
    pub is_override: bool,
    /// Who put it in use; `None` when nobody has, or they have no account any more.
    pub user_id: Option<UserId>,
    /// When it was put in use; `None` when nobody has.
    pub since: Option<DateTime<Utc>>,
}

#[derive(Debug, Default)]
struct Read {
    at: Option<Instant>,
    steps: Vec<Step>,
}

/// What an administrator writes.
#[derive(Clone, Copy, Debug)]
pub struct NewOverride<'a> {
    /// For what.
    pub kind: Kind,
    /// The template.
    pub text: &'a str,
    /// Why.
    pub note: Option<&'a str>,
    /// Who.
    pub user_id: UserId,
    /// Now.
    pub now: DateTime<Utc>,
}

impl Prompts {
    /// Reads overrides from this database.
    pub fn new(store: Store) -> Self {
        Self { store: Some(store), ..Self::built_in() }
    }

    /// Only the built-in templates.
    pub fn built_in() -> Self {
        Self { store: None, read: Arc::default(), turn: Arc::default() }
    }

    /// The template in use. When the database does not answer, the one that was read last; at first, the built-in one.
    pub async fn current(&self, kind: Kind) -> Template {
        self.in_use(kind).await.template
    }

    /// The template in use, and how it came to be.
    pub async fn in_use(&self, kind: Kind) -> InUse {
        self.refresh().await;
        let read = self.read.lock();
        let step = read.steps.iter().find(|step| step.kind == kind);
        let own = step.and_then(|step| step.prompt.as_ref());
        InUse {
            template: match own {
                Some(own) => Template {
                    kind,
                    version: prompt::override_version(kind, own.base, own.number),
                    text: own.text.clone(),
                },
                None => prompt::template(kind),
            },
            is_override: own.is_some(),
            user_id: step.and_then(|step| step.user_id),
            since: step.map(|step| step.created_at),
        }
    }

    /// Keeps a new override and puts it in use.
    pub async fn create(
        &self,
        new: &NewOverride<'_>,
        id: aether_common::id::RowId,
    ) -> Result<Prompt, Problem> {
        let text = prompt::check_override(new.kind, new.text)
            .map_err(|message| Problem::invalid_field("text", message))?;
        let base = prompt::newest(new.kind).number;
        let mut tx = self.store()?.begin().await?;
        let row = NewPrompt {
            id,
            kind: new.kind,
            base,
            text: &text,
            note: new.note,
            user_id: new.user_id,
            created_at: new.now,
        };
        let number = prompts::create(&mut tx, &row).await?;
        prompts::put_in_use(&mut tx, new.kind, Some(number), new.user_id, new.now).await?;
        tx.save().await?;
        self.forget();
        let kept = prompts::find(&mut self.store()?.conn().await?, new.kind, number).await?;
        kept.ok_or_else(|| Problem::internal("a prompt that was just kept is not there"))
    }

    /// Puts an earlier override (base and number) in use again, or with `None` the built-in template. `false`: there is no
    /// such override.
    pub async fn roll_back(
        &self,
        kind: Kind,
        own: Option<(u32, u32)>,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<bool, Problem> {
        let mut tx = self.store()?.begin().await?;
        if let Some((base, number)) = own
            && prompts::find(&mut tx, kind, number).await?.is_none_or(|kept| kept.base != base)
        {
            return Ok(false);
        }
        prompts::put_in_use(&mut tx, kind, own.map(|(_, number)| number), user, now).await?;
        tx.save().await?;
        self.forget();
        Ok(true)
    }

    /// The next look goes to the database.
    fn forget(&self) {
        self.read.lock().at = None;
    }

    async fn refresh(&self) {
        let Some(store) = &self.store else { return };
        let is_fresh = || self.read.lock().at.is_some_and(|at| at.elapsed() < FRESH);
        if is_fresh() {
            return;
        }
        let _turn = self.turn.lock().await;
        if is_fresh() {
            return;
        }
        let asked = Instant::now();
        let found = tokio::time::timeout(PATIENCE, async {
            let mut db = store.conn().await?;
            prompts::list_in_use(&mut db).await
        });
        let found = match found.await {
            Ok(found) => found,
            Err(_) => Err(StoreError::Unavailable("no answer in time".into())),
        };
        let mut read = self.read.lock();
        // After a failure too: a database that does not answer is not asked for every generation.
        read.at = Some(asked);
        match found {
            Ok(steps) => read.steps = steps,
            Err(error) => {
                tracing::warn!(event = "prompts_unread", %error, "the prompt templates in use are the last known ones");
            }
        }
    }

    fn store(&self) -> Result<&Store, Problem> {
        self.store.as_ref().ok_or_else(|| Problem::internal("prompts without a database"))
    }
}
