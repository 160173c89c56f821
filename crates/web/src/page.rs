//! `?limit=` and `?cursor=`, the same for every list (CONTRACT.md "Everywhere").

use aether_common::page::Cursor;
use axum::{extract::FromRequestParts, http::request::Parts};
use serde::{Deserialize, Deserializer, de::Error as _};
use utoipa::IntoParams;

use crate::{
    extract::Query,
    respond::{Error, Result},
};

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;

/// Which page of a list. An extractor of its own for plain lists; lists with filters put it into their query type with
/// `#[serde(flatten)]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many items at most: 1 to 100, 20 when not given.
    #[serde(deserialize_with = "limit")]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 20)]
    pub limit: usize,
    /// `nextCursor` of the page before.
    #[serde(deserialize_with = "cursor")]
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
}

impl Default for PageQuery {
    fn default() -> Self {
        Self { limit: DEFAULT_LIMIT, cursor: None }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PageQuery {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        Ok(Query::from_request_parts(parts, state).await?.0)
    }
}

// Read as words and not as numbers: behind `flatten` serde has only the words.
fn limit<'de, D: Deserializer<'de>>(source: D) -> Result<usize, D::Error> {
    let word = String::deserialize(source)?;
    word.parse()
        .ok()
        .filter(|limit| (1..=MAX_LIMIT).contains(limit) && !word.starts_with('+'))
        .ok_or_else(|| D::Error::custom(format!("limit: must be a whole number from 1 to {MAX_LIMIT}")))
}

fn cursor<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Cursor>, D::Error> {
    Cursor::decode(&String::deserialize(source)?)
        .map(Some)
        .ok_or_else(|| D::Error::custom("cursor: must be the nextCursor of the page before"))
}
