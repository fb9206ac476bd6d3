//! Inboxes to try, and events for them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::runtime::Handle;

use crate::{
    MemoryOutbox, WebhookSecret,
    delivery::{Clock, Opening},
    webhook::{
        EventId,
        handler::Handlers,
        inbox::{
            Inbox, Keeping, Settings,
            course::{Terms, To},
            open::sealed::IntoInbox,
            store::{Added, Claimed, NewEvent, Settlement, Store, Turn, Turned},
        },
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

/// A running inbox, with one attempt for each event.
pub(super) fn start(store: Arc<dyn Store>, handlers: Handlers<()>, clock: Clock) -> Inbox {
    let settings = Settings {
        capacity: 9,
        max_in_progress: 9,
        handler_timeout: SECOND * 600,
        lease: SECOND * 900,
        attempts: 1,
        backoff: (SECOND, SECOND),
        max_age: None,
        keeping: Keeping { settled: SECOND * 9_000_000, dead: SECOND * 9, max_dead: 9 },
    };
    let secret = WebhookSecret::new("q7W8e9R0t1Y2u3I4").unwrap();
    Inbox::start("shop".to_owned(), secret, store, handlers, clock, settings, &Handle::current())
}

/// An event of this number.
pub(super) fn event(number: u8, resource: Option<&str>) -> NewEvent {
    NewEvent {
        id: EventId::from([number; 32]),
        time: number.is_multiple_of(2).then(|| std::time::SystemTime::UNIX_EPOCH + SECOND * u32::from(number)),
        event: "transaction.created".to_owned(),
        webhook_key: Some("aB3dE6gH9jK2".to_owned()),
        resource: resource.map(str::to_owned),
        body: Bytes::from(vec![number; 3]),
    }
}

/// The number of an event.
pub(super) fn number(claimed: &Claimed) -> u8 {
    claimed.body[0]
}

/// A turn that asks for nothing.
pub(in crate::webhook::inbox) fn turn() -> Turn<'static> {
    static TURNS: AtomicU64 = AtomicU64::new(1);
    let token = TURNS.fetch_add(1, Ordering::Relaxed);
    Turn { arrivals: &[], settlements: &[], lost: &[], token, limit: 0, look: false, terms: TERMS }
}

/// Stores these, and claims none.
pub(in crate::webhook::inbox) async fn add(store: &dyn Store, arrivals: &[NewEvent]) -> Vec<Added> {
    store.turn(Turn { arrivals, ..turn() }).await.unwrap().added
}

impl Tried {
    pub(super) async fn add(&self, events: &[NewEvent]) -> Vec<Added> {
        add(&*self.store, events).await
    }

    pub(super) async fn claim(&self, limit: usize) -> Vec<Claimed> {
        self.look(limit).await.events
    }

    /// Claims what is due.
    pub(super) async fn look(&self, limit: usize) -> Turned {
        self.store.turn(Turn { limit, look: true, ..turn() }).await.unwrap()
    }

    /// The numbers of all that can be claimed now.
    pub(super) async fn numbers(&self) -> Vec<u8> {
        self.claim(100).await.iter().map(number).collect()
    }

    pub(super) async fn settle(&self, claimed: &Claimed, to: To) -> bool {
        let settlements =
            &[Settlement { row: claimed.row, token: claimed.token, resource: claimed.resource.clone(), to }];
        self.store.turn(Turn { settlements, ..turn() }).await.unwrap().held == [true]
    }

    /// Claims the only one there is, and fails with it for good.
    pub(super) async fn bury(&self) -> Claimed {
        let claimed = self.claim(1).await.pop().unwrap();
        assert!(self.settle(&claimed, To::Dead { message: "no such partner".to_owned() }).await);
        claimed
    }
}
