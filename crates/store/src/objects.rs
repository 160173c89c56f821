//! Files that are too large for rows: in a folder, or in S3, Google Cloud Storage or Azure by the URL's scheme. An object is
//! written before the row that names it and deleted after it, so a row never names nothing; what no row names is swept.

use std::{fmt, fs::File, path::Path as FilePath, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt};
use object_store::{
    Error, ObjectStore, ObjectStoreExt, RetryConfig, aws::AmazonS3Builder, azure::MicrosoftAzureBuilder,
    gcp::GoogleCloudStorageBuilder, local::LocalFileSystem, path::Path,
};
use tokio::io::AsyncReadExt;
use url::Url;

use crate::error::{Result, StoreError};

/// How long one call may take, with its retries. It carries some 10 MB at most.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Of a file that is sent in pieces, each but the last one has so many bytes.
const PIECE: usize = 8 * 1024 * 1024;
const MAY_HOLD: &str =
    "`file:///FOLDER`, `s3://BUCKET`, `gs://BUCKET` or `az://CONTAINER`, with a path if you like";

/// A cheap handle on the object storage.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    /// Every key is below it.
    root: Path,
}

impl Objects {
    /// Opens the storage that the URL names: `file://`, `s3://`, `gs://` or `az://`; without one, the folder `objects` of the
    /// data folder. The clouds' credentials come from their usual variables (`AWS_…`, `GOOGLE_…`, `AZURE_…`); nothing is
    /// asked of them yet.
    ///
    /// # Errors
    /// [`StoreError::Setting`], in one line that tells what the setting holds and what it may hold.
    pub fn connect(url: Option<&str>, data_dir: &FilePath) -> Result<Self> {
        let Some(text) = url else { return Self::folder(&data_dir.join("objects")) };
        let wrong =
            |why: &str| StoreError::Setting(format!("holds `{}`{why}; it may hold {MAY_HOLD}", plain(text)));
        let url = Url::parse(text).map_err(|_| wrong(""))?;
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
            return Err(wrong(", but credentials belong into variables of their own"));
        }
        if url.scheme() == "file" {
            let folder = url.to_file_path().map_err(|()| wrong(", which is no folder of this machine"))?;
            return Self::folder(&folder);
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(wrong(", which names no bucket"));
        }
        let retry = RetryConfig { max_retries: 3, retry_timeout: TIMEOUT / 2, ..RetryConfig::default() };
        let bucket = format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
        let store: Result<Arc<dyn ObjectStore>, Error> = match url.scheme() {
            "s3" => AmazonS3Builder::from_env()
                .with_url(bucket)
                .with_retry(retry)
                .build()
                .map(|store| Arc::new(store) as _),
            "gs" => GoogleCloudStorageBuilder::from_env()
                .with_url(bucket)
                .with_retry(retry)
                .build()
                .map(|store| Arc::new(store) as _),
            "az" => MicrosoftAzureBuilder::from_env()
                .with_url(bucket)
                .with_retry(retry)
                .build()
                .map(|store| Arc::new(store) as _),
            _ => return Err(wrong("")),
        };
        let store =
            store.map_err(|error| wrong(&format!(", which cannot be used ({})", one_line(&error))))?;
        let root = Path::from_url_path(url.path()).map_err(|_| wrong(", whose path cannot be used"))?;
        Ok(Self { store, root })
    }

    fn folder(folder: &FilePath) -> Result<Self> {
        let wrong = |error: &dyn fmt::Display| {
            StoreError::Setting(format!(
                "holds `{}`, which cannot be written ({error}); it may hold {MAY_HOLD}",
                folder.display()
            ))
        };
        std::fs::create_dir_all(folder).map_err(|error| wrong(&error))?;
        let probe = folder.join(".writable");
        std::fs::write(&probe, b"")
            .and_then(|()| std::fs::remove_file(&probe))
            .map_err(|error| wrong(&error))?;
        let store = LocalFileSystem::new_with_prefix(folder)
            .map_err(|error| wrong(&one_line(&error)))?
            .with_fsync(true)
            .with_automatic_cleanup(true);
        Ok(Self { store: Arc::new(store), root: Path::ROOT })
    }

    /// Keeps an object, whole or not at all; one of the same key is replaced. Keys are ours, such as `uploads/ID`.
    pub async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<()> {
        timed(self.store.put(&self.path(key), bytes.into())).await.map(|_| ())
    }

    /// Keeps what this file holds, from where it stands to its end: in pieces, of which one is in memory, but whole or not at
    /// all. Answers how many bytes.
    pub async fn put_file(&self, key: &str, file: File) -> Result<u64> {
        let mut file = tokio::fs::File::from_std(file);
        let path = self.path(key);
        let first = read_piece(&mut file).await?;
        if first.len() < PIECE {
            let bytes = first.len() as u64;
            return timed(self.store.put(&path, first.into())).await.map(|_| bytes);
        }
        let mut upload = timed(self.store.put_multipart(&path)).await?;
        let sent = async {
            let (mut piece, mut bytes) = (first, 0);
            while !piece.is_empty() {
                bytes += piece.len() as u64;
                timed(upload.put_part(piece.into())).await?;
                piece = read_piece(&mut file).await?;
            }
            timed(upload.complete()).await?;
            Ok(bytes)
        };
        let sent = sent.await;
        if sent.is_err() {
            // Pieces that were sent are kept by some storages until they are given up.
            let _ = timed(upload.abort()).await;
        }
        sent
    }

    /// The object in pieces, with its length; nothing when there is none.
    pub async fn stream(
        &self,
        key: &str,
    ) -> Result<Option<(u64, impl Stream<Item = Result<Vec<u8>>> + Send + use<>)>> {
        let path = self.path(key);
        match tokio::time::timeout(TIMEOUT, self.store.get(&path)).await {
            Ok(Ok(found)) => {
                let bytes = found.meta.size;
                let pieces = found.into_stream();
                let pieces = pieces.map(|piece| piece.map(Vec::from).map_err(|error| unavailable(&error)));
                Ok(Some((bytes, pieces)))
            }
            Ok(Err(Error::NotFound { .. })) => Ok(None),
            Ok(Err(error)) => Err(unavailable(&error)),
            Err(_) => Err(silent()),
        }
    }

    /// The object; nothing when there is none.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let path = self.path(key);
        let read = async { self.store.get(&path).await?.bytes().await };
        match tokio::time::timeout(TIMEOUT, read).await {
            Ok(Ok(bytes)) => Ok(Some(bytes.into())),
            Ok(Err(Error::NotFound { .. })) => Ok(None),
            Ok(Err(error)) => Err(unavailable(&error)),
            Err(_) => Err(silent()),
        }
    }

    /// Deletes the object, if it is there.
    pub async fn delete(&self, key: &str) -> Result<()> {
        let path = self.path(key);
        let deleted = async {
            match self.store.delete(&path).await {
                Err(Error::NotFound { .. }) => Ok(()),
                other => other,
            }
        };
        timed(deleted).await
    }

    /// The keys below a folder of objects that were written before a time, one after the other.
    pub fn list_before(
        &self,
        folder: &str,
        before: DateTime<Utc>,
    ) -> impl Stream<Item = Result<String>> + use<> {
        let root = self.root.clone();
        self.store.list(Some(&self.path(folder))).filter_map(move |object| {
            let key = match object {
                Ok(object) if object.last_modified >= before => None,
                Ok(object) => object.location.prefix_match(&root).map(|parts| {
                    Ok(parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/"))
                }),
                Err(Error::NotFound { .. }) => None,
                Err(error) => Some(Err(unavailable(&error))),
            };
            std::future::ready(key)
        })
    }

    fn path(&self, key: &str) -> Path {
        self.root.parts().chain(Path::from(key).parts()).collect()
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Objects({})", self.store)
    }
}

/// The next piece of the file: whole, or all that is left of it.
async fn read_piece(file: &mut tokio::fs::File) -> Result<Vec<u8>> {
    let mut piece = Vec::new();
    file.take(PIECE as u64)
        .read_to_end(&mut piece)
        .await
        .map_err(|error| StoreError::Unavailable(format!("the file to be kept: {error}")))?;
    Ok(piece)
}

async fn timed<T>(call: impl Future<Output = Result<T, Error>>) -> Result<T> {
    match tokio::time::timeout(TIMEOUT, call).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(unavailable(&error)),
        Err(_) => Err(silent()),
    }
}

fn unavailable(error: &Error) -> StoreError {
    StoreError::Unavailable(format!("object storage: {}", one_line(error)))
}

fn silent() -> StoreError {
    StoreError::Unavailable(format!("object storage: no answer in {} s", TIMEOUT.as_secs()))
}

fn one_line(error: &Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The URL without what may be a secret in it.
fn plain(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let url = &url[..end];
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}{}", &url[..scheme + 3], &url[at + 1..]),
        _ => url.chars().take(200).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn objects_are_kept_replaced_listed_and_deleted() {
        let dir = std::env::temp_dir().join(format!("aether-objects-{}", std::process::id()));
        let url = Url::from_directory_path(&dir).unwrap();
        for objects in
            [Objects::connect(None, &dir).unwrap(), Objects::connect(Some(url.as_str()), &dir).unwrap()]
        {
            assert_eq!(objects.get("uploads/a").await.unwrap(), None);
            objects.put("uploads/a", b"one".to_vec()).await.unwrap();
            objects.put("uploads/a", b"two".to_vec()).await.unwrap();
            assert_eq!(objects.get("uploads/a").await.unwrap().unwrap(), b"two");
            let keys = async |before| {
                objects.list_before("uploads", before).map(Result::unwrap).collect::<Vec<_>>().await
            };
            assert_eq!(keys(DateTime::<Utc>::MAX_UTC).await, ["uploads/a"]);
            assert!(keys(DateTime::<Utc>::UNIX_EPOCH).await.is_empty());
            objects.delete("uploads/a").await.unwrap();
            objects.delete("uploads/a").await.unwrap();
            assert_eq!(objects.get("uploads/a").await.unwrap(), None);
            assert!(keys(DateTime::<Utc>::MAX_UTC).await.is_empty());
        }
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[tokio::test]
    async fn a_file_of_any_length_is_kept_and_comes_back_in_pieces() {
        let dir = std::env::temp_dir().join(format!("aether-files-{}", std::process::id()));
        let objects = Objects::connect(None, &dir).unwrap();
        assert!(objects.stream("exports/a").await.unwrap().is_none());
        for length in [0, 5, PIECE - 1, PIECE, 2 * PIECE + 3] {
            let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            std::fs::write(dir.join("file"), &bytes).unwrap();
            let kept = objects.put_file("exports/a", File::open(dir.join("file")).unwrap()).await.unwrap();
            let (told, pieces) = objects.stream("exports/a").await.unwrap().unwrap();
            assert_eq!((kept, told), (length as u64, length as u64));
            let pieces: Vec<Vec<u8>> = pieces.map(Result::unwrap).collect().await;
            assert!(pieces.concat() == bytes, "{length}");
        }
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn every_cloud_is_there_and_a_wrong_url_is_one_line_without_a_secret() {
        let dir = std::env::temp_dir();
        for url in ["s3://bucket", "s3://bucket/below/it", "gs://bucket"] {
            assert!(Objects::connect(Some(url), &dir).is_ok(), "{url}");
        }
        for url in [
            "",
            "s3",
            "s3://",
            "ftp://x/y",
            "https://bucket",
            "memory:///",
            "/a/folder",
            "s3://hunter2@bucket",
            "s3://bucket?key=hunter2",
            "az://container",
        ] {
            let error = Objects::connect(Some(url), &dir).unwrap_err().to_string();
            assert!(error.contains("it may hold `file:///FOLDER`"), "{error}");
            assert!(!error.contains("hunter2") && !error.contains('\n'), "{error}");
        }
        let file = std::env::temp_dir().join(format!("aether-no-folder-{}", std::process::id()));
        std::fs::write(&file, b"").unwrap();
        let url = format!("file://{}/below", file.display());
        assert!(Objects::connect(Some(&url), &dir).unwrap_err().to_string().contains("cannot be written"));
        std::fs::remove_file(file).unwrap();
    }
}
