//! A task that breaks off is started again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::runtime::Handle;

use super::base::{SECOND, all, event};
use crate::{
    WebhookSecret,
    delivery::{Answer, Clock},
    webhook::{
        handler::Handlers,
        inbox::{
            DeadEvent, Inbox, Keeping, NewEvent, Settings,
            course::Terms,
            store::{Added, Claim, Counts, Settlement, Store},
            storer::NotStored,
        },
    },
};

/// A store that takes the first task that adds to it down.
#[derive(Debug)]
struct Breaking {
    store: Arc<dyn Store>,
    broke: AtomicBool,
}

impl Store for Breaking {
    fn is_volatile(&self) -> bool {
        self.store.is_volatile()
    }

    fn add<'a>(&'a self, events: &'a [NewEvent]) -> Answer<'a, Vec<Added>> {
        assert!(self.broke.swap(true, Ordering::SeqCst), "on purpose");
        self.store.add(events)
    }

    fn turn<'a>(&'a self, settlements: &'a [Settlement], limit: usize, terms: Terms) -> Answer<'a, Claim> {
        self.store.turn(settlements, limit, terms)
    }

    fn counts(&self) -> Answer<'_, Counts> {
        self.store.counts()
    }

    fn dead(&self, after: u64, limit: usize) -> Answer<'_, Vec<DeadEvent>> {
        self.store.dead(after, limit)
    }

    fn retry(&self, id: u64) -> Answer<'_, bool> {
        self.store.retry(id)
    }

    fn discard(&self, id: u64) -> Answer<'_, bool> {
        self.store.discard(id)
    }

    fn prune(&self, keeping: Keeping) -> Answer<'_, bool> {
        self.store.prune(keeping)
    }
}

#[tokio::test]
async fn storing_that_breaks_off_fails_those_it_was_at_and_goes_on_with_the_next() {
    let store = Arc::new(Breaking { store: all().await.remove(0).store, broke: AtomicBool::new(false) });
    let settings = Settings {
        capacity: 9,
        max_in_progress: 1,
        handler_timeout: SECOND,
        lease: SECOND * 9,
        attempts: 1,
        backoff: (SECOND, SECOND),
        max_age: None,
        keeping: Keeping { settled: SECOND, dead: SECOND * 9, max_dead: 9 },
    };
    let secret = WebhookSecret::new("q7W8e9R0t1Y2u3I4").unwrap();
    let (name, handlers, clock) = ("shop".to_owned(), Handlers::default(), Clock::system());
    let inbox = Inbox::start(name, secret, store, handlers, clock, settings, &Handle::current());
    let intake = &inbox.inner.intake;
    assert_eq!(intake.store(event(1, None)).await, Err(NotStored::BrokeOff));
    let mut stored = intake.store(event(1, None)).await;
    while stored == Err(NotStored::Late) {
        stored = intake.store(event(1, None)).await;
    }
    assert!(matches!(stored, Ok(Added::New | Added::Repeat)), "{stored:?}");
    inbox.shutdown(Duration::ZERO).await;
    assert_eq!(intake.store(event(2, None)).await, Err(NotStored::ShutDown));
}
