//! Events that no handler took: kept for a person to look at.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::{
    delivery::{Clock, Opening, OutboxError},
    model::Loggable,
    webhook::{EventId, WebhookEvent},
};

use super::{InboxOf, limited::Limited, store::Store};

/// An event whose handler failed too often. It isn't handled again unless somebody asks for it.
///
/// See [`DeadEvents`] for what can be done with it. `Debug` doesn't show what the event is about.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadEvent {
    /// What to call it by when it is retried or discarded.
    pub id: u64,
    /// The event's name, as `transaction.created`.
    pub name: String,
    /// The key of the webhook that sent it, if it says so.
    pub webhook_key: Option<String>,
    /// What its handler said last, cut and without e-mail addresses.
    pub message: String,
    /// How often it was handled in vain.
    pub attempts: u32,
    /// Later events about the same customer, transaction or partner, which wait behind it.
    pub waiting: usize,
    /// When it came.
    pub arrived_at: SystemTime,
    /// When its handler failed for the last time.
    pub died_at: SystemTime,
    /// The request's body, as Partnero sent and signed it: personal data may be in it.
    pub body: Bytes,
}

impl DeadEvent {
    /// The event, as its handler gets it.
    pub fn event(&self) -> WebhookEvent {
        WebhookEvent::parse(self.body.clone())
    }

    /// The event's id, as handlers get it and the log shows it.
    pub fn event_id(&self) -> EventId {
        EventId::of(&self.body)
    }
}

impl fmt::Debug for DeadEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadEvent")
            .field("id", &self.id)
            .field("name", &Loggable(&self.name))
            .field("webhook_key", &self.webhook_key.as_deref().map(Loggable))
            .field("message", &self.message)
            .field("attempts", &self.attempts)
            .field("waiting", &self.waiting)
            .field("arrived_at", &self.arrived_at)
            .field("died_at", &self.died_at)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// The dead letters of an inbox: [`Inbox::dead_letters`](crate::webhook::Inbox::dead_letters), or of a database beside
/// the application, [`DeadEvents::of`].
#[derive(Clone)]
pub struct DeadEvents {
    store: Arc<dyn Store>,
    nudge: Arc<Notify>,
}

/// Letters read at a time.
const PAGE: usize = 100;
/// For a database to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

impl DeadEvents {
    /// Those of the inbox of this name in a database, for an operator's tools: it handles nothing. The application, if
    /// it runs, takes up what is retried within a second. The name is `partnero` unless the application gave its inbox
    /// another one.
    pub fn of(outbox: impl InboxOf, name: impl Into<String>) -> Self {
        let opening = Opening { clock: Clock::system(), name: name.into() };
        Self::new(Limited::around(outbox.into_inbox(opening, 0).0, TIMEOUT), Arc::default())
    }

    pub(crate) fn new(store: Arc<dyn Store>, nudge: Arc<Notify>) -> Self {
        Self { store, nudge }
    }

    /// Letters with an id greater than `after`, the oldest first, at most `limit`. Begin with 0.
    ///
    /// # Errors
    /// When the inbox is out of reach.
    pub async fn page(&self, after: u64, limit: usize) -> Result<Vec<DeadEvent>, OutboxError> {
        self.store.dead(after, limit).await
    }

    /// Puts a letter back in its place: its handler is called again, and what waits behind it follows. `false` if there
    /// is none of that id.
    ///
    /// # Errors
    /// When the inbox is out of reach.
    pub async fn retry(&self, id: u64) -> Result<bool, OutboxError> {
        let found = self.store.retry(id).await?;
        self.nudge.notify_one();
        Ok(found)
    }

    /// Retries every letter there is now. How many there were.
    ///
    /// # Errors
    /// When the inbox is out of reach: those before it are retried then.
    pub async fn retry_all(&self) -> Result<usize, OutboxError> {
        let (mut after, mut retried) = (0, 0);
        // One that dies again while this runs keeps its id: reading on beyond it retries none twice.
        loop {
            let page = self.page(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(retried) };
            after = last.id;
            for letter in &page {
                retried += usize::from(self.retry(letter.id).await?);
            }
        }
    }

    /// Gives a letter up: what waits behind it goes on without it. `false` if there is none of that id.
    ///
    /// # Errors
    /// When the inbox is out of reach.
    pub async fn discard(&self, id: u64) -> Result<bool, OutboxError> {
        let found = self.store.discard(id).await?;
        self.nudge.notify_one();
        Ok(found)
    }
}

impl fmt::Debug for DeadEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadEvents").finish_non_exhaustive()
    }
}
