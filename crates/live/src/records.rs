//! Where the things of collections are kept.

use std::{collections::BTreeMap, convert::Infallible};

use serde_json::Value;

/// One thing of a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The path of the thing that it lies under, such as `/boards/5`; empty at the top.
    pub scope: String,
    /// What names it in paths.
    pub key: String,
    /// What it is.
    pub body: Value,
}

/// What things are in: all that are of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The kind: a schema's place in the document, or a path.
    pub kind: &'a str,
    /// Only under this; everywhere when there is none.
    pub scope: Option<&'a str>,
}

/// A thing that is to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewRecord<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// The path that it lies under.
    pub scope: &'a str,
    /// What names it.
    pub key: &'a str,
    /// What it is.
    pub body: &'a Value,
}

/// How keeping ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It is kept.
    Done,
    /// Another one has its key.
    Taken,
    /// There are too many, or they are too large.
    Full,
}

/// The records of one API: all methods within one transaction.
pub trait Records: Send {
    /// Why they cannot be had.
    type Error: Send;

    /// All of a place, in the order in which they came.
    fn list(&mut self, place: Place<'_>) -> impl Future<Output = Result<Vec<Record>, Self::Error>> + Send;
    /// The first with this key.
    fn find(
        &mut self,
        place: Place<'_>,
        key: &str,
    ) -> impl Future<Output = Result<Option<Record>, Self::Error>> + Send;
    /// Keeps a new one.
    fn insert(&mut self, new: NewRecord<'_>) -> impl Future<Output = Result<Inserted, Self::Error>> + Send;
    /// Gives one another body; [`Inserted::Full`] when that is too large.
    fn replace(&mut self, new: NewRecord<'_>) -> impl Future<Output = Result<Inserted, Self::Error>> + Send;
    /// Removes one, and all that lie under this path.
    fn remove(
        &mut self,
        kind: &str,
        scope: &str,
        key: &str,
        below: &str,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;
    /// 1, 2, 3 … for each kind; never the same twice, until all is reset.
    fn next_number(&mut self, kind: &str) -> impl Future<Output = Result<i64, Self::Error>> + Send;
}

/// Records in memory, for tests and trials; bounded by nothing but `limit`.
#[derive(Clone, Debug)]
pub struct Memory {
    /// How many there may be.
    pub limit: usize,
    records: Vec<(String, Record)>,
    numbers: BTreeMap<String, i64>,
}

impl Memory {
    /// None yet, and at most so many.
    pub fn new(limit: usize) -> Self {
        Self { limit, records: Vec::new(), numbers: BTreeMap::new() }
    }

    fn position(&self, place: Place<'_>, key: &str) -> Option<usize> {
        self.records.iter().position(|(kind, record)| {
            kind == place.kind && record.key == key && place.scope.is_none_or(|scope| scope == record.scope)
        })
    }
}

impl Records for Memory {
    type Error = Infallible;

    async fn list(&mut self, place: Place<'_>) -> Result<Vec<Record>, Infallible> {
        let found = self.records.iter().filter(|(kind, record)| {
            kind == place.kind && place.scope.is_none_or(|scope| scope == record.scope)
        });
        Ok(found.map(|(_, record)| record.clone()).collect())
    }

    async fn find(&mut self, place: Place<'_>, key: &str) -> Result<Option<Record>, Infallible> {
        Ok(self.position(place, key).and_then(|at| self.records.get(at)).map(|(_, record)| record.clone()))
    }

    async fn insert(&mut self, new: NewRecord<'_>) -> Result<Inserted, Infallible> {
        if self.position(Place { kind: new.kind, scope: Some(new.scope) }, new.key).is_some() {
            return Ok(Inserted::Taken);
        }
        if self.records.len() >= self.limit {
            return Ok(Inserted::Full);
        }
        let record = Record { scope: new.scope.to_owned(), key: new.key.to_owned(), body: new.body.clone() };
        self.records.push((new.kind.to_owned(), record));
        Ok(Inserted::Done)
    }

    async fn replace(&mut self, new: NewRecord<'_>) -> Result<Inserted, Infallible> {
        let at = self.position(Place { kind: new.kind, scope: Some(new.scope) }, new.key);
        if let Some((_, record)) = at.and_then(|at| self.records.get_mut(at)) {
            record.body = new.body.clone();
        }
        Ok(Inserted::Done)
    }

    async fn remove(&mut self, kind: &str, scope: &str, key: &str, below: &str) -> Result<(), Infallible> {
        let inside = format!("{below}/");
        self.records.retain(|(of, record)| {
            let it = of == kind && record.scope == scope && record.key == key;
            !it && record.scope != below && !record.scope.starts_with(&inside)
        });
        Ok(())
    }

    async fn next_number(&mut self, kind: &str) -> Result<i64, Infallible> {
        let number = self.numbers.entry(kind.to_owned()).or_insert(0);
        *number += 1;
        Ok(*number)
    }
}
