//! The one way to list: `{items, nextCursor}` (CONTRACT.md "Everywhere").

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// At most `limit` items.
    pub items: Vec<T>,
    /// Where the next page begins; null on the last one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// A keyset position: the last row of a page. Stable under inserts, because it names a row and not a number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The row's time, the first sort key.
    pub at: DateTime<Utc>,
    /// The row's id, the second sort key, which breaks ties.
    pub id: Uuid,
}

impl Cursor {
    /// The opaque text that clients carry.
    pub fn encode(self) -> String {
        let mut bytes = [0_u8; 24];
        bytes[..8].copy_from_slice(&self.at.timestamp_micros().to_be_bytes());
        bytes[8..].copy_from_slice(self.id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads what [`encode`](Self::encode) wrote; nothing else is accepted.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (at, id) = bytes.split_at_checked(8)?;
        let at = DateTime::from_timestamp_micros(i64::from_be_bytes(at.try_into().ok()?))?;
        Some(Self { at, id: Uuid::from_slice(id).ok()? })
    }
}

impl<T> Page<T> {
    /// Makes a page of `limit` from up to `limit + 1` rows: the extra row only says that there is more.
    pub fn from_rows(mut rows: Vec<T>, limit: usize, cursor: impl Fn(&T) -> Cursor) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = if more { rows.last().map(|row| cursor(row).encode()) } else { None };
        Self { items: rows, next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_trip_and_a_forged_one_does_not_decode() {
        let cursor = Cursor { at: DateTime::UNIX_EPOCH, id: Uuid::nil() };
        assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        for forged in ["", "x", "%%%", "AAAA", &"A".repeat(500)] {
            assert_eq!(Cursor::decode(forged), None, "{forged}");
        }
    }

    #[test]
    fn a_page_names_the_next_one_only_when_there_is_one() {
        let cursor = |_: &u8| Cursor { at: DateTime::UNIX_EPOCH, id: Uuid::nil() };
        assert!(Page::from_rows(vec![1, 2], 2, cursor).next_cursor.is_none());
        let page = Page::from_rows(vec![1, 2, 3], 2, cursor);
        assert_eq!(page.items, [1, 2]);
        assert!(page.next_cursor.is_some());
    }
}
