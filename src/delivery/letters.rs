//! What can be done with dead letters.

use std::sync::Arc;

use crate::delivery::{dead::DeadLetter, outbox::OutboxError, shared::Shared};

/// Letters read at a time.
const PAGE: usize = 100;

/// The dead letters of a handle: see [`Partnero::dead_letters`](crate::Partnero::dead_letters). It doesn't keep the
/// handle alive: what is retried after the last one is gone isn't sent.
///
/// ```no_run
/// # async fn example(partnero: axum_partnero::Partnero) -> Result<(), Box<dyn std::error::Error>> {
/// let letters = partnero.dead_letters();
/// for letter in letters.page(0, 50).await? {
///     println!("{letter}");
///     letters.retry(letter.id).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct DeadLetters {
    shared: Option<Arc<Shared>>,
}

impl DeadLetters {
    pub(crate) fn new(shared: Option<Arc<Shared>>) -> Self {
        Self { shared }
    }

    /// Letters with an id greater than `after`, the oldest first, at most `limit`. Begin with 0, go on with the last id.
    ///
    /// # Errors
    /// When the outbox is out of reach.
    pub async fn page(&self, after: u64, limit: usize) -> Result<Vec<DeadLetter>, OutboxError> {
        match &self.shared {
            Some(shared) => shared.store.dead_letters(after, limit).await,
            None => Ok(Vec::new()),
        }
    }

    /// Puts a letter back in its place: it is sent again, and what was parked behind it follows. A sale that may have
    /// been recorded is asked for first. `false` if there is none of that id.
    ///
    /// # Errors
    /// When the outbox is out of reach.
    pub async fn retry(&self, id: u64) -> Result<bool, OutboxError> {
        let Some(shared) = &self.shared else { return Ok(false) };
        let found = shared.store.retry(id).await?;
        shared.nudge.notify_one();
        Ok(found)
    }

    /// Retries every letter there is now. How many there were. They don't count towards `capacity`.
    ///
    /// # Errors
    /// When the outbox is out of reach: those before it are retried then.
    pub async fn retry_all(&self) -> Result<usize, OutboxError> {
        let (mut after, mut retried) = (0, 0);
        // One that dies again while this runs keeps its id: reading on beyond it retries none twice.
        while let Some(last) = {
            let page = self.page(after, PAGE).await?;
            for letter in &page {
                retried += usize::from(self.retry(letter.id).await?);
            }
            page.last().map(|letter| letter.id)
        } {
            after = last;
        }
        Ok(retried)
    }

    /// Gives a letter up: what was parked behind it goes on without it. `false` if there is none of that id.
    ///
    /// # Errors
    /// When the outbox is out of reach.
    pub async fn discard(&self, id: u64) -> Result<bool, OutboxError> {
        let Some(shared) = &self.shared else { return Ok(false) };
        let found = shared.store.discard(id).await?;
        shared.nudge.notify_one();
        Ok(found)
    }
}

impl std::fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeadLetters").finish_non_exhaustive()
    }
}
