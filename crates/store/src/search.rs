//! The tables `generation_search` (and `generation_words` in SQLite): which words a generation holds. Texts are cut into
//! words here and not by the databases, so that both find the same; what a user types is words too and never an operator.

use std::collections::BTreeSet;

use aether_common::id::GenerationId;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use uuid::Uuid;

use crate::{
    error::Result,
    sql::{q, sql},
    tx::{Conn, Db, Store, Tx},
};

/// Of title, prompt and result together, what comes after is not searched. PostgreSQL keeps 1 MB of words a row.
const MAX_TEXT_BYTES: usize = 256 * 1024;
/// A longer word is cut, in the index and in the question alike. PostgreSQL takes words of up to 2 KB.
const MAX_WORD_BYTES: usize = 256;
/// A question's further words are not looked at.
const MAX_WORDS: usize = 64;
/// Rows that one transaction indexes when the index is new.
const BATCH: usize = 100;

/// A question that can be asked: each of its words must begin a word of the generation.
pub(crate) struct Question {
    words: BTreeSet<String>,
}

impl Question {
    /// The question in these words; nothing when there is no word in it, which nothing can answer.
    pub fn new(text: &str) -> Option<Self> {
        let words: BTreeSet<String> = words([text]).into_iter().take(MAX_WORDS).collect();
        (!words.is_empty()).then_some(Self { words })
    }

    /// As the database reads it, among the generations that this user or room owns.
    pub fn text(&self, db: &mut impl Db, owner: Uuid) -> String {
        let owner = owner.simple();
        // Words are letters and digits alone, so no quote can end early.
        match db.conn() {
            Conn::Pg(_) => {
                let words = self.words.iter().map(|word| format!(" & '{word}':*"));
                format!("'#{owner}'{}", words.collect::<String>())
            }
            Conn::Sq(_) => {
                let words: Vec<String> = self.words.iter().map(|word| format!("\"{word}\"*")).collect();
                format!("owners : \"{owner}\" AND words : ({})", words.join(" AND "))
            }
        }
    }
}

/// Writes the index of this generation anew, from its row. In the transaction that changed the row.
pub(crate) async fn refresh(tx: &mut Tx, id: GenerationId) -> Result<()> {
    #[derive(sqlx::FromRow)]
    struct Texts {
        user_id: Uuid,
        room_id: Option<Uuid>,
        title: String,
        prompt: String,
        result: String,
    }
    let row = q!(
        tx,
        fetch_optional as Texts,
        sql!(
            "SELECT user_id, room_id, title, prompt, substr(result, 1, 262144) AS result FROM generations WHERE id = $1"
        ),
        id.0
    )?;
    let Some(row) = row else { return Ok(()) };
    let words = words([row.title.as_str(), &row.prompt, &row.result]);
    let owners = [Some(row.user_id), row.room_id].into_iter().flatten().map(|id| id.simple().to_string());
    match tx.conn() {
        Conn::Pg(c) => {
            let words: Vec<String> =
                words.into_iter().chain(owners.map(|owner| format!("#{owner}"))).collect();
            sqlx::query(
                "INSERT INTO generation_search (generation_id, words) VALUES ($1, array_to_tsvector($2))
                 ON CONFLICT (generation_id) DO UPDATE SET words = excluded.words",
            )
            .bind(id.0)
            .bind(words)
            .execute(&mut *c)
            .await?;
        }
        Conn::Sq(c) => {
            sqlx::query("INSERT INTO generation_search (generation_id) VALUES ($1) ON CONFLICT DO NOTHING")
                .bind(id.0)
                .execute(&mut *c)
                .await?;
            let (row,): (i64,) = sqlx::query_as("SELECT id FROM generation_search WHERE generation_id = $1")
                .bind(id.0)
                .fetch_one(&mut *c)
                .await?;
            sqlx::query("DELETE FROM generation_words WHERE rowid = $1").bind(row).execute(&mut *c).await?;
            sqlx::query("INSERT INTO generation_words (rowid, words, owners) VALUES ($1, $2, $3)")
                .bind(row)
                .bind(words.into_iter().collect::<Vec<_>>().join(" "))
                .bind(owners.collect::<Vec<_>>().join(" "))
                .execute(&mut *c)
                .await?;
        }
    }
    Ok(())
}

/// Indexes the rows that were there before the index; once, right after its migration. Processes that start together wait
/// for each other's rows: one that skipped them could call the index whole while the other dies.
pub(crate) async fn index_missing(store: &Store) -> Result<()> {
    loop {
        let mut tx = store.begin().await?;
        let (missing,) = q!(
            &mut tx,
            fetch_one as (i64,),
            sql!("SELECT COUNT(*) FROM settings WHERE key = 'search.index' AND value = '\"missing\"'")
        )?;
        if missing == 0 {
            return Ok(());
        }
        let ids = q!(
            &mut tx,
            fetch_all as (Uuid,),
            sql!("SELECT g.id FROM generations g WHERE NOT EXISTS (SELECT 1 FROM generation_search s
                  WHERE s.generation_id = g.id) ORDER BY g.id LIMIT $1" [pg " FOR UPDATE"] [sq ""]),
            i64::try_from(BATCH).unwrap_or(100)
        )?;
        for (id,) in &ids {
            refresh(&mut tx, GenerationId(*id)).await?;
        }
        if ids.len() < BATCH {
            q!(&mut tx, sql!("UPDATE settings SET value = '\"whole\"' WHERE key = 'search.index'"))?;
        }
        tx.save().await?;
    }
}

/// The distinct words of these texts: NFC, lower case, runs of letters and digits. Marks that stand alone are left out. A
/// script that is written without spaces gives a word for each letter, so that any part of its text is found.
fn words<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut left = MAX_TEXT_BYTES;
    for text in texts {
        let text = &text[..text.floor_char_boundary(left.min(text.len()))];
        left -= text.len();
        let mut word = String::new();
        for c in text.nfc().flat_map(char::to_lowercase).nfc() {
            if is_unspaced(c) {
                keep(&mut found, &mut word);
                word.push(c);
                keep(&mut found, &mut word);
            } else if c.is_alphanumeric() {
                // A sigma at a word's end is written in another way, and is the same letter.
                word.push(if c == 'ς' { 'σ' } else { c });
            } else if !is_combining_mark(c) {
                keep(&mut found, &mut word);
            }
        }
        keep(&mut found, &mut word);
    }
    found
}

fn keep(found: &mut BTreeSet<String>, word: &mut String) {
    if !word.is_empty() {
        let mut word = std::mem::take(word);
        word.truncate(word.floor_char_boundary(MAX_WORD_BYTES.min(word.len())));
        found.insert(word);
    }
}

/// Thai, Lao, Burmese, Khmer, Japanese and Chinese.
fn is_unspaced(c: char) -> bool {
    c.is_alphanumeric()
        && matches!(u32::from(c),
            0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x4DBF
            | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        words([text]).into_iter().collect()
    }

    #[test]
    fn a_text_is_cut_at_whatever_is_no_letter_and_no_digit() {
        assert_eq!(of("Don't drop_table('x');--"), ["don", "drop", "t", "table", "x"]);
        assert_eq!(of("CAFÉ cafe\u{301}"), ["café"]);
        assert_eq!(of("ΟΔΟΣ οδος"), ["οδοσ"]);
        assert_eq!(of("天気 app"), ["app", "天", "気"]);
        assert_eq!(of("* : & | ! ( ) \" ' \\ ^ -"), Vec::<String>::new());
    }

    #[test]
    fn nothing_is_longer_than_the_databases_take() {
        assert_eq!(of(&"é".repeat(100_000))[0].len(), MAX_WORD_BYTES);
        let many = (0..1_000_000).map(|n: u32| n.to_string()).collect::<Vec<_>>().join(" ");
        assert!(of(&many).iter().map(String::len).sum::<usize>() < MAX_TEXT_BYTES);
    }
}
