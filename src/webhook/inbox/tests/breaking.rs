//! A task that breaks off is started again, a result that is refused holds up no other, and who waits rests.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::base::{SECOND, all, event, start, turn};
use crate::{
    delivery::{Answer, Clock, OutboxError},
    webhook::{
        EventId, WebhookEvent,
        handler::Handlers,
        inbox::{
            DeadEvent, Inbox, InboxStatus, Keeping, Limited,
            arrivals::NotStored,
            store::{Added, Counts, Store, Turn, Turned},
        },
    },
};

/// What a database refuses.
const UNFIT: &str = "unfit";

/// A store that takes the first task that adds to it down, and refuses some words.
#[derive(Debug)]
struct Breaking {
    store: Arc<dyn Store>,
    broke: AtomicBool,
    /// Of this many turns that claim something the answers get lost.
    lost: AtomicUsize,
}

impl Breaking {
    async fn inbox(broke: bool, handlers: Handlers<()>, clock: Clock) -> Inbox {
        Self::losing(0, broke, handlers, clock).await
    }

    async fn losing(lost: usize, broke: bool, handlers: Handlers<()>, clock: Clock) -> Inbox {
        let (store, broke) = (all().await.remove(0).store, AtomicBool::new(broke));
        let store = Arc::new(Self { store, broke, lost: AtomicUsize::new(lost) });
        start(store, handlers, clock)
    }
}

impl Store for Breaking {
    fn is_volatile(&self) -> bool {
        self.store.is_volatile()
    }

    fn turn<'a>(&'a self, turn: Turn<'a>) -> Answer<'a, Turned> {
        if !turn.arrivals.is_empty() {
            assert!(self.broke.swap(true, Ordering::SeqCst), "on purpose");
        }
        if turn.settlements.iter().any(|it| it.to.message().is_some_and(|message| message.contains(UNFIT))) {
            return Box::pin(async { Err(OutboxError::Refused("invalid byte sequence".to_owned())) });
        }
        Box::pin(async move {
            let turned = self.store.turn(turn).await?;
            let one_less = |left: usize| left.checked_sub(1);
            if !turned.events.is_empty() && self.lost.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok()
            {
                return Err(OutboxError::Unanswered("the connection was lost".to_owned()));
            }
            Ok(turned)
        })
    }

    as_within!(store);
}

/// A store that never answers a turn.
#[derive(Debug)]
struct Hanging {
    store: Arc<dyn Store>,
}

impl Store for Hanging {
    fn is_volatile(&self) -> bool {
        false
    }

    fn turn<'a>(&'a self, _: Turn<'a>) -> Answer<'a, Turned> {
        Box::pin(std::future::pending())
    }

    as_within!(store);
}

#[tokio::test]
async fn a_turn_that_hangs_is_given_up_once_those_who_sent_its_events_have_left() {
    let hanging = Arc::new(Hanging { store: all().await.remove(0).store });
    let limited = Limited::around(hanging, SECOND * 10);
    tokio::time::pause();
    for (arrivals, within) in [(&[][..], SECOND * 10), (&[event(1, None)], SECOND * 3)] {
        let began = tokio::time::Instant::now();
        let answer = limited.turn(Turn { arrivals, ..turn() }).await;
        assert!(matches!(answer, Err(OutboxError::Unanswered(_))));
        assert_eq!(began.elapsed().as_secs(), within.as_secs());
    }
}

#[tokio::test]
async fn storing_that_breaks_off_fails_those_it_was_at_and_goes_on_with_the_next() {
    let inbox = Breaking::inbox(false, Handlers::default(), Clock::system()).await;
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

#[tokio::test]
async fn a_result_that_the_inbox_refuses_is_recorded_without_its_words_and_holds_up_no_other() {
    let mut handlers = Handlers::default();
    handlers.rest(async |id: EventId, _: WebhookEvent| {
        let odd = id.as_bytes()[0] % 2 == 1;
        Err::<(), _>(if odd { UNFIT } else { "no such partner" })
    });
    let inbox = Breaking::inbox(true, handlers, Clock::system()).await;
    for number in 1..=4 {
        assert_eq!(inbox.inner.intake.store(event(number, None)).await, Ok(Added::New));
    }
    let dead = async {
        while inbox.status().await.unwrap().dead < 4 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(SECOND * 120, dead).await.expect("all are recorded");
    let letters = inbox.dead_letters().page(0, 9).await.unwrap();
    let words: Vec<_> = letters.iter().map(|letter| letter.message.as_str()).collect();
    assert_eq!(words, ["", "no such partner", "", "no such partner"]);
}

/// An attempt in vain would make a dead letter of it at once.
#[tokio::test]
async fn what_was_claimed_by_a_turn_whose_answer_got_lost_is_handled_soon_and_no_attempt_is_counted() {
    let mut handlers = Handlers::default();
    handlers.rest(async |_: EventId, _: WebhookEvent| Ok::<_, String>(()));
    let inbox = Breaking::losing(2, true, handlers, Clock::manual()).await;
    assert_eq!(inbox.inner.intake.store(event(1, None)).await, Ok(Added::Repeat), "it was stored before");
    let over = async {
        while inbox.status().await.unwrap() != InboxStatus::default() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(SECOND * 120, over).await.expect("it is handled, before its lease ends");
    let report = inbox.shutdown(SECOND).await;
    assert_eq!((report.handled, report.dead), (1, 0));
}

/// On a runtime of one thread: a task that never rests lets no other go on.
#[test]
fn while_it_ends_and_a_handler_takes_its_time_the_inbox_rests() {
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut handlers = Handlers::default();
            handlers.rest(async |_: EventId, _: WebhookEvent| std::future::pending::<Result<(), String>>().await);
            let clock = Clock::manual();
            let inbox = Breaking::inbox(true, handlers, clock.clone()).await;
            assert_eq!(inbox.inner.intake.store(event(1, None)).await, Ok(Added::New));
            while inbox.status().await.unwrap().in_progress == 0 {
                tokio::task::yield_now().await;
            }
            tokio::spawn(async move { inbox.shutdown(SECOND * 300).await });
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            // Housekeeping would be due.
            clock.advance(SECOND * 100);
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        });
        done.send(()).unwrap();
    });
    is_done.recv_timeout(SECOND * 120).expect("it let others go on");
}
