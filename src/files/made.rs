//! Files the program writes itself, such as evidence packs: kept beside the evidence, under their hash as well.

use std::ops::Range;
use std::path::Path;

use futures_util::StreamExt as _;
use object_store::{GetOptions, ObjectStore as _};

use super::ContentHash;
use super::incoming::Incoming;
use super::store::{EvidenceStore, Opened, StoreFailure, key};
use crate::ids::ProviderId;

/// A file the program is writing; removed when it is dropped, unless it was placed by then.
pub struct Scratch(Incoming);

impl Scratch {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }
}

impl EvidenceStore {
    /// A file on this machine to write in. It is not there yet.
    #[must_use]
    pub fn scratch(&self) -> Scratch {
        Scratch(Incoming::new(&self.incoming))
    }

    /// Makes a file durable under its hash. It has to be flushed to the disk before.
    ///
    /// # Errors
    /// The store failed.
    pub async fn place_made(
        &self,
        provider: ProviderId,
        file: &Scratch,
        (sha256, size): (ContentHash, u64),
    ) -> Result<(), StoreFailure> {
        self.place(&file.0, &key(provider, sha256), size).await
    }

    /// Reads these bytes of a file; `None` when this provider has none with that hash.
    ///
    /// # Errors
    /// The store failed, or the file is shorter.
    pub async fn open_part(
        &self,
        provider: ProviderId,
        sha256: ContentHash,
        part: Range<u64>,
    ) -> Result<Option<Opened>, StoreFailure> {
        let size = part.end.saturating_sub(part.start);
        let options = GetOptions { range: Some(part.into()), ..GetOptions::default() };
        match self.objects.get_opts(&key(provider, sha256), options).await {
            Ok(found) => {
                let content = found.into_stream().map(|piece| piece.map_err(StoreFailure::new)).boxed();
                Ok(Some(Opened { size, content }))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(StoreFailure::new(error)),
        }
    }
}
