//! Lists are made a few at a time, so that they leave the pages their share of the database and the processor.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How many lists are made at once in the whole program.
const AT_ONCE: usize = 2;
/// How long one may wait for its turn.
const LONGEST: Duration = Duration::from_secs(10);

/// The turns. Cheap to clone; all clones share them.
#[derive(Clone, Debug)]
pub struct Turns(Arc<Semaphore>);

/// A turn: over when it is dropped.
#[derive(Debug)]
pub struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Turns {
    /// Waits for a turn; none when too many wait already.
    pub async fn next(&self) -> Option<Turn> {
        self.within(LONGEST).await
    }

    async fn within(&self, longest: Duration) -> Option<Turn> {
        let permit = timeout(longest, Arc::clone(&self.0).acquire_owned()).await;
        permit.ok()?.ok().map(|permit| Turn { _permit: permit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_third_waits_until_one_is_over_and_not_for_ever() {
        let turns = Turns::default();
        let (first, _second) = (turns.next().await.unwrap(), turns.next().await.unwrap());
        assert!(turns.within(Duration::from_millis(20)).await.is_none());
        drop(first);
        assert!(turns.next().await.is_some());
    }
}
