//! What goes next: claimed while others are on their way, where a claim costs a transaction of a database.

use std::sync::Arc;

use crate::delivery::{
    ahead::WAIT_HERE,
    courier::Lease,
    outbox::{Answer, ClaimedCall, OutboxError, Settlement, Transition},
    ticket::Progress,
};

use super::{Dispatcher, Work, settle::Told};

/// For each that may be in flight, so many wait here at most: none where nothing may be, few where Partnero is tried out.
const AHEAD: usize = 16;

impl Dispatcher {
    /// How many more may be claimed.
    pub(super) fn room(&self) -> usize {
        let now = self.now();
        let width = self.gate.width(now);
        // One in memory has no transaction to save.
        let ahead = if self.shared.store.is_volatile() { 0 } else { self.ahead.more(now) };
        let most = width.saturating_add(ahead.min(width.saturating_mul(AHEAD)));
        most.saturating_sub(self.calls + self.ahead.len())
    }

    /// Sends these, as soon as they may be in flight.
    pub(super) fn keep(&mut self, calls: Vec<ClaimedCall>, lease: Lease) {
        let now = self.now();
        let calls = calls.into_iter().map(|call| (Box::new(call), lease)).collect();
        // Most of a lease, however short, is for those that are sent.
        self.ahead.keep(now, now + WAIT_HERE.min(self.shared.settings.lease / 8), calls);
        self.begin_next();
    }

    /// Sends as many as may be in flight.
    pub(super) fn begin_next(&mut self) {
        let late = self.ahead.late(self.now());
        self.put_back(late);
        while self.calls < self.gate.width(self.now()) && self.may_claim() {
            let Some((call, lease)) = self.ahead.next() else { return };
            let courier = Arc::clone(&self.courier);
            self.calls += 1;
            self.tasks.spawn(async move {
                let delivered = courier.deliver(&call, lease).await;
                Work::Delivered(call, delivered)
            });
        }
    }

    /// What waits here for too long goes back, and all of it when nothing more may be begun.
    pub(super) fn give_back(&mut self) {
        let now = self.now();
        let may_begin = self.may_claim() && self.gate.width(now) > 0;
        let back = if may_begin { self.ahead.late(now) } else { self.ahead.all() };
        self.put_back(back);
    }

    fn put_back(&mut self, calls: Vec<(Box<ClaimedCall>, Lease)>) {
        for (call, _) in calls {
            let settlement = Settlement::of(&call, Transition::Back);
            self.settlements.push((settlement, Told { call, progress: Progress::Stored }));
        }
    }

    /// Awaits the outbox's answer, while deliveries come back and the next ones go.
    pub(super) async fn meanwhile<T>(&mut self, mut answer: Answer<'_, T>) -> Result<T, OutboxError> {
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                Some(joined) = self.tasks.join_next(), if !self.tasks.is_empty() => self.take_in(joined),
            }
        }
    }
}
