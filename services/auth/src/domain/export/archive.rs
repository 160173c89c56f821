//! A zip that is written to a file without a name, by a thread for blocking work. What is written waits for that thread, so
//! no more than some pieces are in memory, however large the archive becomes.

use std::{
    fs::File,
    io::{self, Seek, Write},
    path::Path,
};

use aether_common::problem::Problem;
use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::{sync::mpsc, task::JoinHandle};
use zip::{ZipWriter, write::SimpleFileOptions};

/// Pieces that wait for the thread.
const WAITING: usize = 4;
/// A piece is about as large.
const PIECE: usize = 64 * 1024;

/// An archive that is being written.
pub(super) struct Archive {
    pieces: mpsc::Sender<Piece>,
    thread: JoinHandle<io::Result<File>>,
}

enum Piece {
    /// A file of this name and time begins.
    File(String, DateTime<Utc>),
    /// It goes on.
    Bytes(Vec<u8>),
    /// The archive is whole.
    End,
}

/// A file of the archive that holds a JSON list.
pub(super) struct List<'a> {
    archive: &'a Archive,
    waiting: Vec<u8>,
    is_empty: bool,
}

impl Archive {
    /// Begins an archive in this folder.
    pub(super) async fn begin(folder: &Path) -> Result<Self, Problem> {
        let folder = folder.to_owned();
        let file = tokio::task::spawn_blocking(move || tempfile::tempfile_in(folder)).await;
        let file = file.map_err(Problem::unavailable)?.map_err(Problem::unavailable)?;
        let (pieces, waiting) = mpsc::channel(WAITING);
        Ok(Self { pieces, thread: tokio::task::spawn_blocking(move || write(file, waiting)) })
    }

    /// Adds a file.
    pub(super) async fn add(
        &self,
        name: impl Into<String>,
        at: DateTime<Utc>,
        bytes: impl Into<Vec<u8>>,
    ) -> Result<(), Problem> {
        self.send(Piece::File(name.into(), at)).await?;
        self.send(Piece::Bytes(bytes.into())).await
    }

    /// Adds a file that holds this as JSON.
    pub(super) async fn add_json(
        &self,
        name: impl Into<String>,
        at: DateTime<Utc>,
        value: &impl Serialize,
    ) -> Result<(), Problem> {
        let mut text = serde_json::to_vec_pretty(value).map_err(Problem::internal)?;
        text.push(b'\n');
        self.add(name, at, text).await
    }

    /// Begins a file that holds a list; it is to be ended before another one begins.
    pub(super) async fn begin_list(
        &self,
        name: impl Into<String>,
        at: DateTime<Utc>,
    ) -> Result<List<'_>, Problem> {
        self.send(Piece::File(name.into(), at)).await?;
        Ok(List { archive: self, waiting: vec![b'['], is_empty: true })
    }

    /// The whole archive, at its beginning.
    pub(super) async fn finish(self) -> Result<File, Problem> {
        // When the thread is gone, it says why.
        let _ = self.send(Piece::End).await;
        let written = self.thread.await.map_err(Problem::unavailable)?;
        written.map_err(Problem::unavailable)
    }

    async fn send(&self, piece: Piece) -> Result<(), Problem> {
        let gone =
            |_| Problem::unavailable("the archive cannot be written: is the disk of AETHER_DATA_DIR full?");
        self.pieces.send(piece).await.map_err(gone)
    }
}

impl List<'_> {
    /// Adds an item.
    pub(super) async fn push(&mut self, item: &impl Serialize) -> Result<(), Problem> {
        self.waiting.extend_from_slice(if self.is_empty { b"\n" } else { b",\n" });
        self.is_empty = false;
        serde_json::to_writer(&mut self.waiting, item).map_err(Problem::internal)?;
        if self.waiting.len() >= PIECE {
            self.archive.send(Piece::Bytes(std::mem::take(&mut self.waiting))).await?;
        }
        Ok(())
    }

    /// Ends the file.
    pub(super) async fn end(mut self) -> Result<(), Problem> {
        self.waiting.extend_from_slice(if self.is_empty { b"]\n" } else { b"\n]\n" });
        self.archive.send(Piece::Bytes(self.waiting)).await
    }
}

fn write(file: File, mut pieces: mpsc::Receiver<Piece>) -> io::Result<File> {
    let mut zip = ZipWriter::new(file);
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::File(name, at) => {
                let at = zip::DateTime::try_from(at.naive_utc()).unwrap_or_default();
                zip.start_file(
                    name,
                    SimpleFileOptions::default().unix_permissions(0o600).last_modified_time(at),
                )?;
            }
            Piece::Bytes(bytes) => zip.write_all(&bytes)?,
            Piece::End => {
                let mut file = zip.finish()?;
                file.flush()?;
                file.rewind()?;
                return Ok(file);
            }
        }
    }
    Err(io::Error::other("the archive is not wanted any more"))
}
