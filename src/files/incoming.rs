//! Files on their way in: streamed to the disk, checked there, and gone again unless they are kept.

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use super::store::{ReceiveError, StoreFailure, Stored};
use super::{ContentHash, FileName, FileRefusal, MAX_SIZE, Trouble, kind, metadata};

/// A file on its way in; removed when it is dropped, unless it was moved to its place by then.
pub(super) struct Incoming {
    /// Its name in the incoming folder.
    pub(super) name: String,
    /// Where it is.
    pub(super) path: PathBuf,
}

impl Incoming {
    pub(super) fn new(folder: &Path) -> Self {
        let name = Uuid::new_v4().to_string();
        Self { path: folder.join(&name), name }
    }

    /// Writes the stream to the disk piece by piece, and stops at the first byte too many.
    pub(super) async fn fill<S, E>(&self, mut content: S) -> Result<(), ReceiveError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: fmt::Display,
    {
        let mut file = tokio::fs::File::create_new(&self.path).await.map_err(StoreFailure::new)?;
        let mut size = 0;
        while let Some(piece) = content.next().await {
            let piece = piece.map_err(|error| ReceiveError::Interrupted(error.to_string()))?;
            size += piece.len() as u64;
            if size > MAX_SIZE {
                return Err(FileRefusal::TooLarge.into());
            }
            file.write_all(&piece).await.map_err(StoreFailure::new)?;
        }
        file.flush().await.map_err(StoreFailure::new)?;
        Ok(())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // Mostly it is not there any more. What cannot be removed now is swept later.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Checks the sent file, and writes what is kept of it to `clean`, flushed to the disk.
pub(super) fn check(name: FileName, sent: &Path, clean: &Path) -> Result<Stored, Trouble> {
    let mut from = File::open(sent)?;
    let kind = kind::decide(&name, &mut from)?;
    let to = BufWriter::with_capacity(64 * 1024, File::create_new(clean)?);
    let mut to = Hashing { to, hash: Sha256::new(), size: 0 };
    metadata::strip(kind, &mut from, &mut to)?;
    let (hash, size) = (to.hash, to.size);
    to.to.into_inner().map_err(|error| Trouble::Disk(error.into_error()))?.sync_all()?;
    if size > MAX_SIZE {
        return Err(FileRefusal::TooLarge.into());
    }
    let sha256 = ContentHash::from(<[u8; 32]>::from(hash.finalize()));
    Ok(Stored { sha256, size, kind, name })
}

/// Hashes and counts what is written through it.
struct Hashing<W> {
    to: W,
    hash: Sha256,
    size: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}
