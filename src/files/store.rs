//! Where evidence is kept: an object store, by default a folder, under each file's own hash.
//!
//! The key is `<provider>/<first two digits>/<sha256>`: the same content twice in a provider is one object, two
//! providers never share one, and whoever reads a key learns nothing. A photo's preview lies at
//! `<provider>/previews/<sha256>`. Nothing is acknowledged before it would survive a power cut: in a folder the file,
//! its name and the folders made for it are flushed to the disk.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload};

use super::incoming::{Incoming, check};
use super::preview::{self, Room};
use super::{ContentHash, FileName, FileRefusal, Kind, Trouble, kind};
use crate::ids::ProviderId;

/// The folder, inside a local store, for files on their way in.
const INCOMING: &str = "incoming";
/// How much is sent to a remote store at a time, and so the most of a file that is ever in memory: what S3 asks for.
const PART: usize = 5 * 1024 * 1024;

/// The evidence files of all providers. Cheap to clone.
#[derive(Clone)]
pub struct EvidenceStore {
    pub(super) objects: Arc<dyn ObjectStore>,
    pub(super) incoming: Arc<Path>,
    placing: Placing,
    room: Room,
}

/// How a checked file gets from the incoming folder to its key.
#[derive(Clone, Copy)]
enum Placing {
    /// Both are in the same folder: by renaming, at no cost in memory.
    Rename,
    /// The store is elsewhere: part by part.
    Upload,
}

/// A file that was taken, as its row should name it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    /// The hash of what is kept (a photo's after its metadata was removed).
    pub sha256: ContentHash,
    /// Its size in bytes.
    pub size: u64,
    /// What it is.
    pub kind: Kind,
    /// The cleaned name.
    pub name: FileName,
}

/// A file being read.
pub struct Opened {
    /// Its size in bytes.
    pub size: u64,
    /// Its content, in pieces.
    pub content: BoxStream<'static, Result<Bytes, StoreFailure>>,
}

/// A file the store holds, for the sweeper of orphans.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Whose it is.
    pub provider: ProviderId,
    /// Its hash.
    pub sha256: ContentHash,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last received; receiving it again renews it.
    pub received_at: DateTime<Utc>,
}

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The file will not do: a sentence for the sender.
    #[error(transparent)]
    Refused(#[from] FileRefusal),
    /// The sender went away, or what was sent could not be read.
    #[error("the upload broke off: {0}")]
    Interrupted(String),
    /// The store failed: for the log.
    #[error(transparent)]
    Failed(#[from] StoreFailure),
}

/// The store failed: the disk is full, the network is down, the program is stopping. For the log.
#[derive(Debug, thiserror::Error)]
#[error("the evidence store failed: {0}")]
pub struct StoreFailure(String);

impl StoreFailure {
    pub(super) fn new(error: impl fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl From<Trouble> for ReceiveError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(refusal) => Self::Refused(refusal),
            Trouble::Disk(error) => Self::Failed(StoreFailure::new(error)),
        }
    }
}

impl fmt::Debug for EvidenceStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EvidenceStore({})", self.objects)
    }
}

impl EvidenceStore {
    /// A store in a local folder, made if it is not there. Blocks for a moment: call it at the start.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn local(folder: &Path) -> Result<Self, StoreFailure> {
        let incoming = folder.join(INCOMING);
        std::fs::create_dir_all(&incoming).map_err(StoreFailure::new)?;
        // Without this the library leaves flushing to the operating system, and a power cut takes what was acknowledged.
        let objects = LocalFileSystem::new_with_prefix(folder).map_err(StoreFailure::new)?.with_fsync(true);
        Ok(Self {
            objects: Arc::new(objects),
            incoming: incoming.into(),
            placing: Placing::Rename,
            room: Room::new(),
        })
    }

    /// A store elsewhere; files are checked in the local folder `incoming` before they are sent.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn remote(objects: Arc<dyn ObjectStore>, incoming: &Path) -> Result<Self, StoreFailure> {
        std::fs::create_dir_all(incoming).map_err(StoreFailure::new)?;
        Ok(Self { objects, incoming: incoming.into(), placing: Placing::Upload, room: Room::new() })
    }

    /// A store in an S3 bucket, `s3://bucket/prefix`; credentials and region come from the usual `AWS_…` variables.
    ///
    /// # Errors
    /// The address or the variables cannot be used, or the folder cannot be made.
    #[cfg(feature = "s3")]
    pub fn s3(url: &str, incoming: &Path) -> Result<Self, StoreFailure> {
        let prefix =
            url.strip_prefix("s3://").and_then(|rest| rest.split_once('/')).map_or("", |(_, prefix)| prefix);
        let bucket = object_store::aws::AmazonS3Builder::from_env()
            .with_url(url)
            .build()
            .map_err(StoreFailure::new)?;
        Self::remote(Arc::new(object_store::prefix::PrefixStore::new(bucket, prefix)), incoming)
    }

    /// Takes a file: streams it to the disk, checks it, removes a photo's metadata and makes its preview, then makes it
    /// durable under its hash. Sending the same file again gives the same result and keeps one copy.
    ///
    /// At no time is more of it in memory than the piece the stream gave last (and, for a remote store, one part of
    /// 5 MiB); decoding a photo's pixels has its own bound in [`preview`].
    ///
    /// # Errors
    /// Refused with a sentence, broken off, or the store failed. In each case nothing is left behind.
    pub async fn receive<S, E>(
        &self,
        provider: ProviderId,
        raw_name: &str,
        content: S,
    ) -> Result<Stored, ReceiveError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: fmt::Display,
    {
        let name = FileName::clean(raw_name);
        kind::promised(&name)?;
        let sent = Incoming::new(&self.incoming);
        sent.fill(content).await?;
        let clean = Incoming::new(&self.incoming);
        let (clean, checked) = apart(move || {
            let checked = check(name, &sent.path, &clean.path);
            drop(sent);
            (clean, checked)
        })
        .await?;
        let stored = checked?;
        let preview = self.preview_of(stored.kind, &clean.path).await?;
        self.place(&clean, &key(provider, stored.sha256), stored.size).await?;
        if let Some(preview) = preview {
            self.objects
                .put(&preview_key(provider, stored.sha256), preview.into())
                .await
                .map_err(StoreFailure::new)?;
        }
        Ok(stored)
    }

    /// Opens a file; `None` when this provider has none with that hash.
    ///
    /// # Errors
    /// The store failed.
    pub async fn open(
        &self,
        provider: ProviderId,
        sha256: ContentHash,
    ) -> Result<Option<Opened>, StoreFailure> {
        self.open_key(&key(provider, sha256)).await
    }

    /// Opens a photo's preview, a JPEG; `None` when there is none: not for every kind, and not for photos too
    /// large to be decoded here ([`preview`]).
    ///
    /// # Errors
    /// The store failed.
    pub async fn open_preview(
        &self,
        provider: ProviderId,
        sha256: ContentHash,
    ) -> Result<Option<Opened>, StoreFailure> {
        self.open_key(&preview_key(provider, sha256)).await
    }

    /// Deletes a file and its preview. Deleting what is not there is no error.
    ///
    /// # Errors
    /// The store failed.
    pub async fn delete(&self, provider: ProviderId, sha256: ContentHash) -> Result<(), StoreFailure> {
        for key in [preview_key(provider, sha256), key(provider, sha256)] {
            match self.objects.delete(&key).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(StoreFailure::new(error)),
            }
        }
        Ok(())
    }

    /// Deletes a file that no row names, unless it was received again since `before`. The sweeper lists, asks the
    /// database which are named, and calls this for the rest: the time is looked at once more right before deleting, so
    /// that a file which is just being sent again, and whose row is yet to come, stays. Returns whether it is gone.
    ///
    /// # Errors
    /// The store failed.
    pub async fn delete_orphan(
        &self,
        provider: ProviderId,
        sha256: ContentHash,
        before: DateTime<Utc>,
    ) -> Result<bool, StoreFailure> {
        match self.objects.head(&key(provider, sha256)).await {
            Ok(meta) if meta.last_modified >= before => Ok(false),
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {
                self.delete(provider, sha256).await.map(|()| true)
            }
            Err(error) => Err(StoreFailure::new(error)),
        }
    }

    /// Every file of every provider, previews and files on their way in left out.
    #[must_use]
    pub fn list(&self) -> BoxStream<'static, Result<Listed, StoreFailure>> {
        self.objects
            .list(None)
            .filter_map(async |meta| match meta {
                Ok(meta) => listed(&meta).map(Ok),
                Err(error) => Some(Err(StoreFailure::new(error))),
            })
            .boxed()
    }

    /// Deletes what uploads left in the incoming folder when the program was killed, if last written before `before`.
    /// Returns how many. Blocks: for the worker, by `spawn_blocking`.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn sweep_incoming(&self, before: DateTime<Utc>) -> Result<usize, StoreFailure> {
        let mut gone = 0;
        for entry in std::fs::read_dir(&self.incoming).map_err(StoreFailure::new)? {
            let entry = entry.map_err(StoreFailure::new)?;
            let Ok(written) = entry.metadata().and_then(|meta| meta.modified()) else { continue };
            if DateTime::<Utc>::from(written) < before && std::fs::remove_file(entry.path()).is_ok() {
                gone += 1;
            }
        }
        Ok(gone)
    }

    /// The folder for files on their way in.
    pub(super) fn incoming(&self) -> &Path {
        &self.incoming
    }

    async fn preview_of(&self, kind: Kind, path: &Path) -> Result<Option<Vec<u8>>, ReceiveError> {
        if !kind.has_preview() {
            return Ok(None);
        }
        let path = path.to_owned();
        let place = self.room.place().await.ok_or_else(|| StoreFailure::new("stopping"))?;
        let rendered = apart(move || {
            let rendered = File::open(&path).map(|photo| preview::render(kind, BufReader::new(photo)));
            drop(place);
            rendered.map_err(StoreFailure::new)
        });
        Ok(rendered.await???)
    }

    pub(super) async fn place(&self, file: &Incoming, key: &Key, size: u64) -> Result<(), StoreFailure> {
        match self.placing {
            Placing::Rename => {
                let from = Key::from_iter([INCOMING, file.name.as_str()]);
                self.objects.rename(&from, key).await.map_err(StoreFailure::new)
            }
            Placing::Upload => self.upload(&file.path, key, size).await,
        }
    }

    async fn upload(&self, path: &Path, key: &Key, size: u64) -> Result<(), StoreFailure> {
        let file = Arc::new(File::open(path).map_err(StoreFailure::new)?);
        if size <= PART as u64 {
            let part = next_part(&file).await?;
            return self.objects.put(key, part).await.map(drop).map_err(StoreFailure::new);
        }
        let mut upload = self.objects.put_multipart(key).await.map_err(StoreFailure::new)?;
        let sending = async {
            loop {
                let part = next_part(&file).await?;
                if part.content_length() == 0 {
                    break;
                }
                upload.put_part(part).await.map_err(StoreFailure::new)?;
            }
            upload.complete().await.map(drop).map_err(StoreFailure::new)
        };
        let sent = sending.await;
        if sent.is_err() {
            let _ = upload.abort().await;
        }
        sent
    }

    async fn open_key(&self, key: &Key) -> Result<Option<Opened>, StoreFailure> {
        match self.objects.get(key).await {
            Ok(found) => {
                let size = found.meta.size;
                let content = found.into_stream().map(|piece| piece.map_err(StoreFailure::new)).boxed();
                Ok(Some(Opened { size, content }))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(StoreFailure::new(error)),
        }
    }
}

async fn next_part(file: &Arc<File>) -> Result<PutPayload, StoreFailure> {
    let file = Arc::clone(file);
    apart(move || {
        let mut bytes = Vec::with_capacity(PART);
        (&*file).take(PART as u64).read_to_end(&mut bytes).map_err(StoreFailure::new)?;
        Ok(PutPayload::from(bytes))
    })
    .await?
}

pub(super) async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreFailure> {
    tokio::task::spawn_blocking(work).await.map_err(StoreFailure::new)
}

pub(super) fn key(provider: ProviderId, sha256: ContentHash) -> Key {
    let hash = sha256.to_string();
    let first = hash.get(..2).unwrap_or_default().to_owned();
    Key::from_iter([provider.to_string(), first, hash])
}

fn preview_key(provider: ProviderId, sha256: ContentHash) -> Key {
    Key::from_iter([provider.to_string(), "previews".to_owned(), sha256.to_string()])
}

/// Reads a key back; `None` when it is not one of ours (a preview, a file on its way in, a stranger's).
fn listed(meta: &object_store::ObjectMeta) -> Option<Listed> {
    let mut parts = meta.location.parts();
    let (provider, _, hash) = (parts.next()?, parts.next()?, parts.next()?);
    let provider: ProviderId = provider.as_ref().parse().ok()?;
    let sha256: ContentHash = hash.as_ref().parse().ok()?;
    let ours = key(provider, sha256) == meta.location;
    ours.then_some(Listed { provider, sha256, size: meta.size, received_at: meta.last_modified })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::MAX_SIZE;
    use crate::files::samples;
    use futures_util::{TryStreamExt as _, stream};
    use object_store::memory::InMemory;
    use rstest::rstest;
    use sha2::{Digest as _, Sha256};
    use std::convert::Infallible;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use uuid::Uuid;

    /// A folder of its own, gone afterwards.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            let path = std::env::temp_dir().join(format!("throughline-files-{}", Uuid::new_v4()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        /// Every file in it, the empty incoming folder aside.
        fn files(&self) -> Vec<String> {
            fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
                for entry in std::fs::read_dir(folder).unwrap() {
                    let path = entry.unwrap().path();
                    if path.is_dir() { walk(&path, found) } else { found.push(path) }
                }
            }
            let mut found = Vec::new();
            walk(&self.0, &mut found);
            found
                .iter()
                .map(|path| path.strip_prefix(&self.0).unwrap().to_str().unwrap().to_owned())
                .collect()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn local(folder: &Folder) -> EvidenceStore {
        EvidenceStore::local(&folder.0).unwrap()
    }

    fn pieces(bytes: &[u8], size: usize) -> impl Stream<Item = Result<Bytes, Infallible>> + Unpin {
        stream::iter(bytes.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect::<Vec<_>>())
    }

    async fn send(
        store: &EvidenceStore,
        provider: ProviderId,
        name: &str,
        bytes: &[u8],
    ) -> Result<Stored, ReceiveError> {
        store.receive(provider, name, pieces(bytes, 1000)).await
    }

    async fn read(opened: Option<Opened>) -> Option<Vec<u8>> {
        let opened = opened?;
        let bytes = opened.content.try_collect::<Vec<_>>().await.unwrap().concat();
        assert_eq!(bytes.len() as u64, opened.size);
        Some(bytes)
    }

    #[tokio::test]
    async fn what_is_sent_comes_back_under_its_hash_with_its_name_cleaned() {
        let (folder, provider) = (Folder::new(), ProviderId::new());
        let store = local(&folder);
        let stored = send(&store, provider, "../../MAR chart.pdf", samples::PDF).await.unwrap();
        let hash = hex::encode(Sha256::digest(samples::PDF));
        assert_eq!(stored.sha256.to_string(), hash);
        assert_eq!((stored.size, stored.kind), (samples::PDF.len() as u64, Kind::Pdf));
        assert_eq!(stored.name.as_str(), "MAR chart.pdf");
        assert_eq!(
            folder.files(),
            [format!("{provider}/{}/{hash}", &hash[..2])],
            "and nothing is left behind"
        );
        assert_eq!(read(store.open(provider, stored.sha256).await.unwrap()).await.unwrap(), samples::PDF);
        assert!(store.open_preview(provider, stored.sha256).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_photo_is_kept_without_what_it_tells_and_has_a_preview() {
        let (folder, provider) = (Folder::new(), ProviderId::new());
        let store = local(&folder);
        for (name, bytes) in [
            ("a.jpg", samples::jpeg(64, 32, 6)),
            ("a.png", samples::png(64, 32, 6)),
            ("a.webp", samples::webp(64, 32, 6)),
            ("a.heic", samples::heic()),
        ] {
            let stored = send(&store, provider, name, &bytes).await.unwrap();
            let kept = read(store.open(provider, stored.sha256).await.unwrap()).await.unwrap();
            assert!(
                samples::contains(&bytes, samples::SECRET) && !samples::contains(&kept, samples::SECRET),
                "{name}"
            );
            assert_eq!(ContentHash::from(<[u8; 32]>::from(Sha256::digest(&kept))), stored.sha256);
            let preview = read(store.open_preview(provider, stored.sha256).await.unwrap()).await;
            assert_eq!(preview.is_some(), stored.kind.has_preview(), "{name}");
            if let Some(preview) = preview {
                assert!(!samples::contains(&preview, samples::SECRET), "{name}");
                let seen = image::load_from_memory(&preview).unwrap();
                assert_eq!((seen.width(), seen.height()), (32, 64), "{name} is turned");
            }
        }
        assert_eq!(folder.files().len(), 4 + 3);
    }

    #[tokio::test]
    async fn the_same_content_is_kept_once_in_a_provider_and_never_shared_between_two() {
        let folder = Folder::new();
        let store = local(&folder);
        let (one, other) = (ProviderId::new(), ProviderId::new());
        let first = send(&store, one, "a.pdf", samples::PDF).await.unwrap();
        let again = send(&store, one, "b.pdf", samples::PDF).await.unwrap();
        assert_eq!(first.sha256, again.sha256);
        assert_eq!(folder.files().len(), 1);
        assert!(store.open(other, first.sha256).await.unwrap().is_none());
        send(&store, other, "a.pdf", samples::PDF).await.unwrap();
        store.delete(one, first.sha256).await.unwrap();
        store.delete(one, first.sha256).await.unwrap();
        assert!(store.open(one, first.sha256).await.unwrap().is_none());
        assert!(store.open(other, first.sha256).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn many_at_once_with_the_same_content_all_succeed() {
        let (folder, provider) = (Folder::new(), ProviderId::new());
        let store = local(&folder);
        let sending: Vec<_> = (0..8)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move {
                    send(&store, provider, "a.jpg", &samples::jpeg(40, 30, 3)).await.unwrap()
                })
            })
            .collect();
        for sent in sending {
            let stored = sent.await.unwrap();
            assert!(read(store.open(provider, stored.sha256).await.unwrap()).await.is_some());
        }
        assert_eq!(folder.files().len(), 2);
    }

    #[rstest]
    #[case::empty("a.pdf", Vec::new(), FileRefusal::Empty)]
    #[case::page("a.jpg", b"<html>".to_vec(), FileRefusal::Markup)]
    #[case::bomb("a.png", samples::png_header(30_000, 30_000), FileRefusal::TooManyPixels { width: 30_000, height: 30_000 })]
    #[case::cut("a.jpg", samples::plain_jpeg(64, 64)[..400].to_vec(), FileRefusal::Damaged)]
    #[case::no_pixels("a.png", samples::png_header(400, 400), FileRefusal::Damaged)]
    #[case::ending("../evil.php", b"<?php".to_vec(), FileRefusal::Ending("php".to_owned()))]
    #[tokio::test]
    async fn a_refusal_leaves_nothing_behind(
        #[case] name: &str,
        #[case] bytes: Vec<u8>,
        #[case] refusal: FileRefusal,
    ) {
        let folder = Folder::new();
        match send(&local(&folder), ProviderId::new(), name, &bytes).await {
            Err(ReceiveError::Refused(given)) => assert_eq!(given, refusal),
            other => panic!("{other:?}"),
        }
        assert!(folder.files().is_empty(), "{:?}", folder.files());
    }

    #[tokio::test]
    async fn an_upload_that_breaks_off_leaves_nothing_behind() {
        let folder = Folder::new();
        let broken = stream::iter([Ok(Bytes::from_static(samples::PDF)), Err("connection reset")]);
        let failed = local(&folder).receive(ProviderId::new(), "a.pdf", broken).await.unwrap_err();
        assert!(matches!(failed, ReceiveError::Interrupted(_)), "{failed}");
        let never = stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b"%PDF-")) })
            .chain(stream::pending());
        let store = local(&folder);
        let given_up = store.receive(ProviderId::new(), "a.pdf", Box::pin(never));
        assert!(tokio::time::timeout(std::time::Duration::from_millis(50), given_up).await.is_err());
        assert!(folder.files().is_empty(), "{:?}", folder.files());
    }

    /// A piece that counts how many of its like are alive.
    struct Counted(Vec<u8>, Arc<AtomicUsize>);

    impl AsRef<[u8]> for Counted {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            self.1.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// A stream of `count` pieces made when asked for; the second counter is the most that were ever alive together.
    fn counted(
        count: usize,
        most: Arc<AtomicUsize>,
    ) -> impl Stream<Item = Result<Bytes, Infallible>> + Unpin {
        let alive = Arc::new(AtomicUsize::new(0));
        stream::iter(0..count).map(move |_| {
            most.fetch_max(alive.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            Ok(Bytes::from_owner(Counted(vec![b'a'; 64 * 1024], Arc::clone(&alive))))
        })
    }

    #[tokio::test]
    async fn a_large_upload_is_never_in_memory_as_a_whole_and_one_byte_too_many_stops_it() {
        let (folder, provider) = (Folder::new(), ProviderId::new());
        let store = local(&folder);
        let most = Arc::new(AtomicUsize::new(0));
        let stored = store.receive(provider, "a.txt", counted(400, Arc::clone(&most))).await.unwrap();
        assert_eq!(stored.size, MAX_SIZE);
        assert_eq!(most.load(Ordering::SeqCst), 1, "each piece is gone before the next is asked for");
        let opened = store.open(provider, stored.sha256).await.unwrap().unwrap();
        let largest =
            opened.content.try_fold(0, async |most, piece| Ok(most.max(piece.len()))).await.unwrap();
        assert!(largest <= 64 * 1024, "{largest}");
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let endless = stream::repeat_with(move || {
            count.fetch_add(1, Ordering::SeqCst);
            Ok::<_, Infallible>(Bytes::from_static(&[b'a'; 64 * 1024]))
        });
        let refused = store.receive(provider, "a.txt", endless).await.unwrap_err();
        assert!(matches!(refused, ReceiveError::Refused(FileRefusal::TooLarge)));
        assert_eq!(asked.load(Ordering::SeqCst), 401);
    }

    #[tokio::test]
    async fn photos_wait_for_room_to_be_decoded_and_other_files_do_not() {
        let (folder, provider) = (Folder::new(), ProviderId::new());
        let store = local(&folder);
        let taken = store.room.place().await;
        let photo = samples::plain_jpeg(40, 30);
        let waiting = send(&store, provider, "a.jpg", &photo);
        assert!(tokio::time::timeout(std::time::Duration::from_millis(300), waiting).await.is_err());
        assert!(folder.files().is_empty(), "given up while waiting, it leaves nothing behind");
        send(&store, provider, "a.pdf", samples::PDF).await.unwrap();
        drop(taken);
        send(&store, provider, "a.jpg", &photo).await.unwrap();
    }

    #[tokio::test]
    async fn a_remote_store_gets_it_in_parts() {
        let (folder, provider) = (Folder::new(), ProviderId::new());
        let store = EvidenceStore::remote(Arc::new(InMemory::new()), &folder.0).unwrap();
        let most = Arc::new(AtomicUsize::new(0));
        let large = store.receive(provider, "a.txt", counted(400, most)).await.unwrap();
        let small = send(&store, provider, "a.jpg", &samples::jpeg(40, 30, 1)).await.unwrap();
        assert_eq!(
            read(store.open(provider, large.sha256).await.unwrap()).await.unwrap().len() as u64,
            MAX_SIZE
        );
        assert!(store.open_preview(provider, small.sha256).await.unwrap().is_some());
        assert_eq!(store.list().try_collect::<Vec<_>>().await.unwrap().len(), 2);
        assert!(folder.files().is_empty());
    }

    #[tokio::test]
    async fn the_sweeper_sees_files_with_their_age_and_spares_what_was_sent_again() {
        let (folder, provider) = (Folder::new(), ProviderId::new());
        let store = local(&folder);
        let stored = send(&store, provider, "a.jpg", &samples::jpeg(40, 30, 1)).await.unwrap();
        std::fs::write(folder.0.join(INCOMING).join("left-over"), b"x").unwrap();
        std::fs::write(folder.0.join("stranger"), b"x").unwrap();
        let list = store.list().try_collect::<Vec<_>>().await.unwrap();
        let [listed] = list.as_slice() else { panic!("{list:?}") };
        assert_eq!((listed.provider, listed.sha256, listed.size), (provider, stored.sha256, stored.size));
        let (before, after) = (
            listed.received_at - chrono::TimeDelta::hours(1),
            listed.received_at + chrono::TimeDelta::hours(1),
        );
        assert!(!store.delete_orphan(provider, stored.sha256, before).await.unwrap());
        assert_eq!(store.sweep_incoming(before).unwrap(), 0);
        assert_eq!(store.sweep_incoming(after).unwrap(), 1);
        assert!(store.delete_orphan(provider, stored.sha256, after).await.unwrap());
        assert_eq!(folder.files(), ["stranger"], "the preview is gone as well");
    }

    #[test]
    fn sending_again_renews_the_age() {
        let folder = Folder::new();
        let store = local(&folder);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let provider = ProviderId::new();
        let stored = runtime.block_on(send(&store, provider, "a.pdf", samples::PDF)).unwrap();
        let path = folder.0.join(key(provider, stored.sha256).to_string());
        let old = std::time::SystemTime::UNIX_EPOCH;
        File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        runtime.block_on(send(&store, provider, "a.pdf", samples::PDF)).unwrap();
        assert!(std::fs::metadata(&path).unwrap().modified().unwrap() > old);
    }
}
