//! People and what they may do.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::UserId;

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Uses the product.
    User,
    /// Runs it.
    Admin,
}

/// An account, as its owner sees it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Identity.
    pub id: UserId,
    /// Canonical: trimmed, lower-case.
    pub email: String,
    /// The name that others see.
    pub name: String,
    /// A picture on our own origin.
    #[schema(required = true)]
    pub avatar_url: Option<String>,
    /// What it may do.
    pub role: Role,
    /// Whether the address has been proved.
    pub email_verified: bool,
    /// Whether a second factor is asked for at sign-in.
    pub mfa_enabled: bool,
    /// Whatever the user interface keeps; an object.
    pub preferences: serde_json::Value,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
}

impl Role {
    /// The word that is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "user" => Some(Self::User),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }
}
