//! Others are at the inbox all the time, or it answers slowly: what is in it is handled, and what came of that recorded.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::base::{SECOND, add, all, event, start};
use crate::{
    delivery::{Answer, Clock, OutboxError, stop_when_done},
    webhook::{
        EventId, WebhookEvent,
        handler::Handlers,
        inbox::{
            DeadEvent, Inbox, InboxStatus, Keeping,
            course::To,
            handling::Handling,
            store::{Counts, Store, Turn, Turned},
        },
    },
};

/// A durable store, as far as the inbox knows.
#[derive(Debug)]
struct Crowded {
    store: Arc<dyn Store>,
    clock: Clock,
    /// How long a turn takes.
    slow: Duration,
    /// The answer to the first turn that claims something gets lost.
    loses: AtomicBool,
    /// Whoever brings something finds another process at it, and something more comes meanwhile.
    busy: OnceLock<Inbox>,
    /// When the first result was recorded.
    recorded: OnceLock<Duration>,
}

impl Crowded {
    async fn new() -> Self {
        let memory = all().await.remove(0);
        let (loses, busy, recorded) = (AtomicBool::new(false), OnceLock::new(), OnceLock::new());
        Self { store: memory.store, clock: memory.clock, slow: Duration::ZERO, loses, busy, recorded }
    }

    fn inbox(self) -> (Arc<Self>, Inbox) {
        let store = Arc::new(self);
        let inbox = start(Arc::<Self>::clone(&store), succeeding(), store.clock.clone());
        (store, inbox)
    }
}

fn succeeding() -> Handlers<()> {
    let mut handlers = Handlers::default();
    handlers.rest(async |_: EventId, _: WebhookEvent| Ok::<_, String>(()));
    handlers
}

impl Store for Crowded {
    fn is_volatile(&self) -> bool {
        false
    }

    fn turn<'a>(&'a self, turn: Turn<'a>) -> Answer<'a, Turned> {
        Box::pin(async move {
            self.clock.advance(self.slow);
            if let Some(inbox) = self.busy.get().filter(|_| !turn.arrivals.is_empty()) {
                let inbox = inbox.clone();
                tokio::spawn(async move { inbox.inner.intake.store(event(2, None)).await });
                tokio::task::yield_now().await;
                let turned = self.store.turn(Turn { settlements: &[], lost: &[], ..turn }).await?;
                return Ok(Turned { aside: true, ..turned });
            }
            if !turn.settlements.is_empty() {
                self.recorded.get_or_init(|| self.clock.monotonic());
            }
            let turned = self.store.turn(turn).await?;
            if !turned.events.is_empty() && self.loses.swap(false, Ordering::SeqCst) {
                return Err(OutboxError::Unanswered("the connection was lost".to_owned()));
            }
            Ok(turned)
        })
    }

    as_within!(store);
}

async fn emptied(inbox: &Inbox) {
    let emptied = async {
        while inbox.status().await.unwrap() != InboxStatus::default() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(SECOND * 120, emptied).await.expect("all is handled and recorded");
}

#[tokio::test]
async fn an_inbox_that_answers_slowly_each_time_has_its_events_handled() {
    let (_, inbox) = Crowded { slow: SECOND, ..Crowded::new().await }.inbox();
    inbox.inner.intake.store(event(1, None)).await.unwrap();
    emptied(&inbox).await;
    assert_eq!(inbox.shutdown(SECOND * 120).await.handled, 1);
}

#[tokio::test]
async fn results_are_recorded_although_events_come_all_the_time_and_others_are_at_it() {
    let (store, inbox) = Crowded { slow: SECOND, ..Crowded::new().await }.inbox();
    store.busy.set(inbox.clone()).unwrap();
    inbox.inner.intake.store(event(1, None)).await.unwrap();
    emptied(&inbox).await;
    inbox.shutdown(SECOND * 120).await;
    let recorded = *store.recorded.get().unwrap();
    assert!(recorded < SECOND * 60, "{recorded:?}: long before the leases end");
}

#[tokio::test]
async fn what_was_claimed_by_a_last_turn_whose_answer_got_lost_goes_back_at_the_end() {
    let store = Crowded { loses: AtomicBool::new(true), ..Crowded::new().await };
    add(&*store.store, &[event(1, None)]).await;
    let (store, inbox) = store.inbox();
    while store.loses.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    inbox.shutdown(SECOND * 120).await;
    assert_eq!(store.counts().await.unwrap().in_progress, 0);
}

#[tokio::test]
async fn what_another_process_stored_is_handled_although_events_come_all_the_time() {
    for inbox in all().await {
        let Some(other) = &inbox.other else { continue };
        let running = start(Arc::clone(&inbox.store), succeeding(), inbox.clock.clone());
        running.inner.intake.store(event(1, None)).await.unwrap();
        emptied(&running).await;
        add(&**other, &[event(2, None)]).await;
        // Less than a second at a time: it is never left alone.
        for number in 3..9 {
            inbox.clock.advance(SECOND / 2);
            running.inner.intake.store(event(number, None)).await.unwrap();
        }
        assert_eq!(running.status().await.unwrap().pending, 0, "{}", inbox.kind);
        running.shutdown(SECOND * 120).await;
    }
}

#[tokio::test]
async fn a_handler_that_has_ended_is_not_cut_off() {
    let (_, inbox) = Crowded::new().await.inbox();
    let memory = all().await.remove(0);
    memory.add(&[event(1, None)]).await;
    let mut handling = Handling::new(Arc::clone(&inbox.inner.shared));
    handling.keep(inbox.inner.shared.clock.monotonic(), memory.claim(1).await);
    // Its task is the only one that has something to do.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    handling.cut_off().await;
    let results = handling.take_results();
    assert!(matches!(results[..], [ref it] if it.to == To::Done), "{results:?}");
}

#[tokio::test]
async fn what_was_claimed_as_the_order_to_stop_came_is_not_begun_and_goes_back() {
    let (_, inbox) = Crowded::new().await.inbox();
    let memory = all().await.remove(0);
    memory.add(&[event(1, None)]).await;
    let shared = &inbox.inner.shared;
    let mut handling = Handling::new(Arc::clone(shared));
    stop_when_done(&shared.stop);
    handling.keep(shared.clock.monotonic(), memory.claim(1).await);
    assert!(handling.rests());
    handling.give_all_back();
    let results = handling.take_results();
    assert!(matches!(results[..], [ref it] if it.to == To::Back), "{results:?}");
}
