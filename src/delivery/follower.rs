//! Finds out what became of calls that another process delivered, for whoever awaits them here.

use std::{collections::HashSet, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
};

use crate::{
    api::Call,
    delivery::{
        answer::{self, Presence},
        call::{CallId, CallKind},
        outbox::{Fate, Over},
        outcome::End,
        shared::Shared,
        stop::Stop,
        ticket::{Progress, Ticket},
    },
};

/// Between two looks at the outbox.
const POLL: Duration = Duration::from_secs(1);
/// Calls asked about at a time.
const BATCH: usize = 500;
/// Our own dispatcher, if it was that, is about to tell it, with the answer.
const MOMENT: Duration = Duration::from_millis(100);
/// Requests under way for answers that others got.
const AT_ONCE: usize = 4;

pub(crate) struct Follower {
    shared: Arc<Shared>,
    asking: JoinSet<CallId>,
    asked: HashSet<CallId>,
    permits: Arc<Semaphore>,
}

impl Follower {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let permits = Arc::new(Semaphore::new(AT_ONCE));
        Self { shared, asking: JoinSet::new(), asked: HashSet::new(), permits }
    }

    /// Follows calls until nothing more is stored or delivered here: `finished` says so of the dispatcher.
    pub(crate) async fn run(mut self, finished: watch::Receiver<bool>) {
        let shared = Arc::clone(&self.shared);
        tokio::select! {
            () = self.follow() => {}
            () = over(&shared, finished) => {}
        }
    }

    async fn follow(&mut self) {
        loop {
            let poll = self.shared.clock.monotonic() + POLL;
            self.shared.clock.sleep_until(poll).await;
            self.look().await;
        }
    }

    async fn look(&mut self) {
        while let Some(done) = self.asking.try_join_next() {
            if let Ok(id) = done {
                self.asked.remove(&id);
            }
        }
        self.shared.waiting.sweep();
        for calls in self.shared.waiting.wanted().chunks(BATCH) {
            // An outbox out of reach is others' news.
            let Ok(fates) = self.shared.store.fates(calls).await else { return };
            for fate in fates {
                self.tell(fate);
            }
        }
    }

    fn tell(&mut self, fate: Fate) {
        let progress = match fate.over {
            Over::Ended(End::Recorded) if fate.kind != CallKind::Refund => return self.ask(fate),
            Over::Ended(end) => Progress::Ended(end, None),
            Over::Dead(reason, message) => Progress::Dead(reason, message),
        };
        self.shared.waiting.tell(fate.id, progress);
    }

    /// Asks Partnero for what it recorded: only the process that sent the call was told.
    fn ask(&mut self, fate: Fate) {
        if !self.asked.insert(fate.id) {
            return;
        }
        let (shared, permits) = (Arc::clone(&self.shared), Arc::clone(&self.permits));
        self.asking.spawn(async move {
            let id = fate.id;
            tokio::time::sleep(MOMENT).await;
            if let Some(ticket) = shared.waiting.take(id) {
                let mut recorded = Recorded { ticket, answer: None };
                let permit = permits.acquire().await;
                if permit.is_ok() && recorded.ticket.is_awaited() && shared.hold().is_none() {
                    recorded.answer = answer_to(&shared, &fate).await;
                }
            }
            id
        });
    }
}

/// Told of in any case, be it without the answer.
struct Recorded {
    ticket: Arc<Ticket>,
    answer: Option<Value>,
}

impl Drop for Recorded {
    fn drop(&mut self) {
        self.ticket.move_to(Progress::Ended(End::Recorded, self.answer.take()));
    }
}

async fn answer_to(shared: &Shared, fate: &Fate) -> Option<Value> {
    let presence = match (&fate.customer, &fate.transaction) {
        (_, Some(key)) => answer::transaction(shared.api.send(Call::find_transaction(key)).await, key, None),
        (Some(key), None) => answer::customer(shared.api.send(Call::get_customer(key)).await, key),
        (None, None) => return None,
    };
    match presence {
        Presence::There(answer) => Some(answer),
        _ => None,
    }
}

/// Waits until nothing more is stored, and nothing more is delivered here.
pub(super) async fn over(shared: &Shared, mut finished: watch::Receiver<bool>) {
    let mut stop = shared.stop.subscribe();
    // Its end, without a word, says the same.
    let _ = finished.wait_for(|finished| *finished).await;
    let _ = stop.wait_for(|stop| *stop != Stop::No).await;
    shared.written.cancelled().await;
}
