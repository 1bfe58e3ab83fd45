//! Papers become PDFs one at a time, apart from the threads that serve pages, and within a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task;
use tokio::time::timeout;

use super::Paper;
use super::pdf::{self, PdfError};

/// How long a paper may wait for its turn, and then be drawn for. One takes milliseconds, a very long one a second.
const LONGEST: Duration = Duration::from_secs(15);

/// Where papers become PDFs. Cheap to clone; all clones share the one at a time.
#[derive(Clone, Debug)]
pub struct Press {
    turn: Arc<Semaphore>,
}

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum PressError {
    /// Too many are asked for.
    #[error("too many reports are asked for at once")]
    Busy,
    /// It could not be drawn.
    #[error(transparent)]
    Pdf(#[from] PdfError),
    /// Drawing it panicked.
    #[error("drawing a report failed: {0}")]
    Lost(#[from] task::JoinError),
}

impl Default for Press {
    fn default() -> Self {
        Self::new()
    }
}

impl Press {
    /// A press; one per process.
    #[must_use]
    pub fn new() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)) }
    }

    /// Draws a paper as a PDF.
    ///
    /// # Errors
    /// As [`PressError`] says.
    pub async fn pdf(&self, paper: Paper) -> Result<Vec<u8>, PressError> {
        let turn = timeout(LONGEST, Arc::clone(&self.turn).acquire_owned()).await;
        let turn = turn.map_err(|_| PressError::Busy)?.map_err(|_| PressError::Busy)?;
        // the turn goes with the work: it is over when the work is, whoever still waits for it
        let drawn = task::spawn_blocking(move || {
            let drawn = pdf::draw(&paper);
            drop(turn);
            drawn
        });
        Ok(timeout(LONGEST, drawn).await.map_err(|_| PressError::Busy)???)
    }

    /// Draws a long paper as a PDF for work that nobody waits for at a page: it takes no turn, so that no report waits for it, and
    /// as long as it takes. One job at a time is made, so one such paper is drawn at a time.
    ///
    /// # Errors
    /// As [`PressError`] says, never [`PressError::Busy`].
    pub async fn slowly(&self, paper: Paper) -> Result<Vec<u8>, PressError> {
        Ok(task::spawn_blocking(move || pdf::draw(&paper)).await??)
    }
}
