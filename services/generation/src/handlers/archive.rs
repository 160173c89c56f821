//! `GET /history/{id}/archive`: all files of an artifact, packed while they are sent.

use std::{
    io::{self, Write},
    sync::Arc,
};

use aether_artifact::File;
use aether_common::{id::GenerationId, model::generation::Generation, problem::Problem};
use aether_web::{
    auth::{GenerationsRead, Scoped},
    extract::{Path, Query},
    respond::{ProblemBody, Result},
};
use axum::{
    body::{Body, Bytes},
    extract::State as Shared,
    http::header,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Datelike, Timelike, Utc};
use flate2::{Compression, write::GzEncoder};
use parking_lot::Mutex;
use serde::Deserialize;
use utoipa::IntoParams;
use zip::{
    ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

use super::files::{attachment, files};
use crate::state::State;

/// The bytes of an archive, for the document alone.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct Archive(Vec<u8>);

/// How the files are packed.
#[derive(Clone, Copy, Debug, Default, Deserialize, utoipa::ToSchema)]
pub enum Format {
    /// A zip.
    #[default]
    #[serde(rename = "zip")]
    Zip,
    /// A tar, compressed by gzip.
    #[serde(rename = "tar.gz")]
    TarGz,
}

/// What the client may choose.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Choice {
    /// `zip` unless given.
    #[param(inline)]
    format: Option<Format>,
}

/// Every file that can be written under a folder. The same artifact gives the same bytes.
#[utoipa::path(
    get, path = "/history/{id}/archive", tag = "generations", operation_id = "getArchive",
    security(("bearer" = ["generations:read"])),
    params(("id" = GenerationId, Path), Choice),
    responses(
        (status = 200, content((Archive = "application/zip"), (Archive = "application/gzip"))),
        (status = 404, description = "It is not there, or it holds no file", body = ProblemBody),
    )
)]
pub async fn archive(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsRead>,
    Path(id): Path<GenerationId>,
    Query(choice): Query<Choice>,
) -> Result<Response> {
    let generation = state.generations.get(caller.user_id, id).await?;
    Ok(packed(&generation, choice)?)
}

/// The files of this generation as an answer; 404 when there are none.
pub fn packed(generation: &Generation, choice: Choice) -> Result<Response, Problem> {
    let files: Vec<File> = aether_artifact::writable(&files(generation)).cloned().collect();
    if files.is_empty() {
        return Err(Problem::not_found());
    }
    let at = generation.completed_at.unwrap_or(generation.created_at);
    let (pack, media_type, extension) = match choice.format.unwrap_or_default() {
        Format::Zip => (Pack::zip(), "application/zip", "zip"),
        Format::TarGz => (Pack::tar_gz(), "application/gzip", "tar.gz"),
    };
    let pieces = Pieces { files: files.into_iter(), pack: Some(pack), at };
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_DISPOSITION, attachment(&format!("{}.{extension}", generation.title))),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, Body::from_stream(futures::stream::iter(pieces))).into_response())
}

/// What was packed and not yet sent.
#[derive(Clone, Default)]
struct Out(Arc<Mutex<Vec<u8>>>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An archive that is being written.
enum Pack {
    // Written front to back: sizes and checksums come after each file.
    Zip(Box<ZipWriter<StreamWriter<Out>>>, Out),
    TarGz(Box<tar::Builder<GzEncoder<Out>>>, Out),
}

impl Pack {
    fn zip() -> Self {
        let out = Out::default();
        Self::Zip(Box::new(ZipWriter::new_stream(out.clone())), out)
    }

    fn tar_gz() -> Self {
        let out = Out::default();
        let gzip = GzEncoder::new(out.clone(), Compression::default());
        Self::TarGz(Box::new(tar::Builder::new(gzip)), out)
    }

    fn add(&mut self, file: &File, at: DateTime<Utc>) -> io::Result<()> {
        match self {
            Self::Zip(zip, _) => {
                let options =
                    SimpleFileOptions::default().unix_permissions(0o644).last_modified_time(zip_time(at));
                zip.start_file(&*file.path, options)?;
                zip.write_all(file.content.as_bytes())
            }
            Self::TarGz(tar, _) => {
                let mut header = tar::Header::new_gnu();
                header.set_size(file.content.len() as u64);
                header.set_mode(0o644);
                header.set_mtime(u64::try_from(at.timestamp()).unwrap_or(0));
                tar.append_data(&mut header, &file.path, file.content.as_bytes())
            }
        }
    }

    /// What was packed since it was last asked.
    fn take(&self) -> Bytes {
        let (Self::Zip(_, out) | Self::TarGz(_, out)) = self;
        std::mem::take(&mut *out.0.lock()).into()
    }

    fn finish(self) -> io::Result<Bytes> {
        let out = match self {
            Self::Zip(zip, out) => {
                zip.finish()?;
                out
            }
            Self::TarGz(tar, out) => {
                tar.into_inner()?.finish()?;
                out
            }
        };
        let rest = std::mem::take(&mut *out.0.lock());
        Ok(rest.into())
    }
}

/// The archive in pieces, a file at a time: one is packed when the one before it has been taken.
struct Pieces {
    files: std::vec::IntoIter<File>,
    pack: Option<Pack>,
    at: DateTime<Utc>,
}

impl Iterator for Pieces {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut pack = self.pack.take()?;
        let Some(file) = self.files.next() else { return Some(pack.finish()) };
        let added = pack.add(&file, self.at);
        let piece = pack.take();
        // After an error nothing comes: the client sees an answer that was cut off, and no archive that looks whole.
        Some(added.map(|()| {
            self.pack = Some(pack);
            piece
        }))
    }
}

/// A zip's times begin with 1980.
fn zip_time(at: DateTime<Utc>) -> zip::DateTime {
    let small = |number: u32| u8::try_from(number).unwrap_or(0);
    u16::try_from(at.year())
        .ok()
        .and_then(|year| {
            zip::DateTime::from_date_and_time(
                year,
                small(at.month()),
                small(at.day()),
                small(at.hour()),
                small(at.minute()),
                small(at.second()),
            )
            .ok()
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use aether_common::model::generation::FileStatus;
    use std::io::Read;

    use super::*;

    fn pieces(pack: Pack, files: &[(&str, String)]) -> Vec<Bytes> {
        let file = |(path, content): &(&str, String)| File {
            path: (*path).to_owned(),
            language: String::new(),
            content: content.clone(),
            status: FileStatus::Complete,
        };
        let files: Vec<File> = files.iter().map(file).collect();
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        Pieces { files: files.into_iter(), pack: Some(pack), at }.map(Result::unwrap).collect()
    }

    fn some() -> Vec<(&'static str, String)> {
        let long = "a/".repeat(90) + "b.txt";
        vec![
            ("src/App.tsx", "export default 1;\n".into()),
            ("ünï/日本 語.txt", "é".repeat(100_000)),
            (Box::leak(long.into_boxed_str()), "long".into()),
            ("empty", String::new()),
        ]
    }

    #[test]
    fn both_archives_hold_what_was_put_in_and_come_in_pieces() {
        let files = some();
        let zipped = pieces(Pack::zip(), &files);
        assert!(
            zipped.len() > files.len() && zipped[0].len() < 1_000,
            "a piece does not wait for the next file"
        );
        let mut zip = zip::ZipArchive::new(io::Cursor::new(zipped.concat())).unwrap();
        let tarred = pieces(Pack::tar_gz(), &files);
        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(io::Cursor::new(tarred.concat())));
        let mut entries = tar.entries().unwrap();
        for (path, content) in &files {
            let mut read = String::new();
            let mut file = zip.by_name(path).unwrap();
            assert_eq!(file.unix_mode(), Some(0o100_644));
            assert_eq!(file.last_modified().unwrap().year(), 2023);
            file.read_to_string(&mut read).unwrap();
            assert_eq!(&read, content);
            read.clear();
            let mut entry = entries.next().unwrap().unwrap();
            assert_eq!(entry.path().unwrap().to_str().unwrap(), *path);
            assert_eq!(entry.header().mtime().unwrap(), 1_700_000_000);
            assert_eq!(entry.header().entry_type(), tar::EntryType::Regular);
            entry.read_to_string(&mut read).unwrap();
            assert_eq!(&read, content);
        }
        assert!(entries.next().is_none());
    }

    #[test]
    fn the_same_files_give_the_same_bytes() {
        assert_eq!(pieces(Pack::zip(), &some()).concat(), pieces(Pack::zip(), &some()).concat());
        assert_eq!(pieces(Pack::tar_gz(), &some()).concat(), pieces(Pack::tar_gz(), &some()).concat());
    }
}
