//! Inboxes to try, and events for them.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use crate::{
    MemoryOutbox,
    delivery::{Clock, Opening},
    webhook::inbox::{
        course::{Terms, To},
        open::sealed::IntoInbox,
        store::{Added, Claimed, NewEvent, Settlement, Store},
    },
};

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const LEASE: Duration = Duration::from_secs(60);
pub(super) const TERMS: Terms = Terms { lease: LEASE, attempts: 3, backoff: (SECOND, SECOND) };

/// An inbox, and its time.
pub(super) struct Tried {
    pub(super) kind: &'static str,
    pub(super) store: Arc<dyn Store>,
    /// The same one, as another process sees it; not in memory.
    pub(super) other: Option<Arc<dyn Store>>,
    pub(super) clock: Clock,
}

fn opening(clock: &Clock, name: &str) -> Opening {
    Opening { clock: clock.clone(), name: name.to_owned() }
}

/// One of each kind. Where there is no PostgreSQL, that is said.
pub(super) async fn all() -> Vec<Tried> {
    let clock = Clock::manual();
    let memory = MemoryOutbox::new().into_inbox(opening(&clock, "shop"), 5).0;
    let mut all = vec![Tried { kind: "memory", store: memory, other: None, clock }];
    #[cfg(feature = "sqlx-sqlite")]
    {
        let clock = Clock::manual();
        let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let outbox = crate::SqliteOutbox::new(pool.connect("sqlite::memory:").await.unwrap());
        outbox.create_schema().await.unwrap();
        all.push(two("sqlite", || outbox.clone(), clock));
    }
    #[cfg(feature = "sqlx-postgres")]
    if let Some(url) = crate::delivery::database().await {
        let outbox = crate::PostgresOutbox::connect(&url).await.unwrap();
        outbox.create_schema().await.unwrap();
        all.push(two("postgres", || outbox.clone(), Clock::manual()));
    }
    all
}

#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
fn two<O: IntoInbox>(kind: &'static str, outbox: impl Fn() -> O, clock: Clock) -> Tried {
    let store = outbox().into_inbox(opening(&clock, "shop"), 0).0;
    let other = Some(outbox().into_inbox(opening(&clock, "shop"), 0).0);
    Tried { kind, store, other, clock }
}

/// An event of this number.
pub(super) fn event(number: u8, resource: Option<&str>) -> NewEvent {
    NewEvent {
        digest: [number; 32],
        event: "transaction.created".to_owned(),
        webhook_key: Some("aB3dE6gH9jK2".to_owned()),
        resource: resource.map(str::to_owned),
        body: Bytes::from(vec![number; 3]),
    }
}

impl Tried {
    pub(super) async fn add(&self, events: &[NewEvent]) -> Vec<Added> {
        self.store.add(events).await.unwrap()
    }

    pub(super) async fn claim(&self, limit: usize) -> Vec<Claimed> {
        self.store.turn(&[], limit, TERMS).await.unwrap().events
    }

    /// The numbers of all that can be claimed now.
    pub(super) async fn numbers(&self) -> Vec<u8> {
        self.claim(100).await.iter().map(|claimed| claimed.digest[0]).collect()
    }

    pub(super) async fn settle(&self, claimed: &Claimed, to: To) -> bool {
        let settlement = Settlement { row: claimed.row, token: claimed.token, to };
        self.store.turn(&[settlement], 0, TERMS).await.unwrap().held == [true]
    }

    /// Claims the only one there is, and fails with it for good.
    pub(super) async fn bury(&self) -> Claimed {
        let claimed = self.claim(1).await.pop().unwrap();
        assert!(self.settle(&claimed, To::Dead { message: "no such partner".to_owned() }).await);
        claimed
    }
}
