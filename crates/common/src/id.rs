//! Identifiers: newtypes over UUIDv7 (RFC 9562), so that a user's id never passes for a room's.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, format = Uuid)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(value: Uuid) -> Self {
                Self(value)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// A person with an account.
    UserId,
    /// One sign-in: a family of refresh tokens and the access tokens made from it. The token's `sid`.
    SessionId,
    /// One prompt and what became of it.
    GenerationId,
    /// A room: a conversation of one or more people with the model.
    RoomId,
    /// A chat message in a room.
    MessageId,
    /// A file that a user put into a prompt's context.
    UploadId,
    /// A running process that claims jobs.
    WorkerId,
    /// A row of any other table.
    RowId,
}

/// Mints ids. Only the domain mints; the store keeps what it is given.
#[derive(Clone)]
pub struct Ids(Arc<dyn Fn() -> Uuid + Send + Sync>);

impl Ids {
    /// Ids from the machine's clock and random numbers, in growing order within a process.
    #[expect(clippy::disallowed_methods, reason = "the one place that mints ids")]
    pub fn system() -> Self {
        Self(Arc::new(Uuid::now_v7))
    }

    /// A new id of the kind that the caller asks for.
    pub fn mint<T: From<Uuid>>(&self) -> T {
        (self.0)().into()
    }
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ids")
    }
}
