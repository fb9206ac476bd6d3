//! An outbox by hand, for this crate's benches: what a dispatcher asks of it, without one.

use std::{sync::Arc, time::Duration};

use crate::{
    NewTransaction,
    delivery::{
        body::Body,
        call::{CallKind, NewCall},
        clock::Clock,
        outbox::{ClaimedCall, Opening, Outbox, OutboxError, Settlement, Store, Terms, Transition, sealed},
        outcome::End,
        settings::{Keeping, Settings},
    },
};

/// Not part of the API: it may change or go at any time.
#[derive(Debug)]
pub struct Probe {
    store: Arc<dyn Store>,
    terms: Terms,
    keeping: Keeping,
}

/// Calls that were claimed.
#[derive(Default)]
pub struct Claimed(Vec<ClaimedCall>);

impl Probe {
    /// An outbox of this name.
    pub fn open(outbox: impl Outbox, name: &str, keep_settled: Duration) -> Self {
        let settings = Settings::default();
        let terms = Terms { lease: settings.lease, settle_delay: settings.settle_delay, notices: false };
        let opening = Opening { clock: Clock::system(), name: name.to_owned() };
        let sealed::Handle(store) = sealed::IntoStore::into_store(outbox, opening);
        Self { store, terms, keeping: Keeping { settled: keep_settled, ..settings.keeping } }
    }

    /// Stores these.
    pub async fn insert(&self, sales: impl IntoIterator<Item = NewTransaction>) -> Result<(), OutboxError> {
        let call = |sale: NewTransaction| NewCall {
            customer: sale.customer_key().and_then(Result::ok).map(crate::CustomerKey::shared),
            transaction: sale.key().ok().map(crate::TransactionKey::shared),
            amount: sale.amount().map(crate::Amount::value),
            body: Body::Sale(sale),
            ..NewCall::new(CallKind::Sale)
        };
        self.store.insert(&mut sales.into_iter().map(call).collect()).await
    }

    /// Claims at most so many. How many, and whether there may be more at once.
    pub async fn claim(&self, limit: usize) -> Result<(Claimed, bool), OutboxError> {
        let claim = self.store.claim(limit, self.terms).await?;
        let more = claim.calls.len() == limit || claim.next == Some(Duration::ZERO);
        Ok((Claimed(claim.calls), more))
    }

    /// All of them were recorded.
    pub async fn settle(&self, claimed: Claimed) -> Result<(), OutboxError> {
        let to = || Transition::End { end: End::Recorded, notice: None };
        let settle = |call: &ClaimedCall| Settlement::of(call, to());
        self.store.settle(&claimed.0.iter().map(settle).collect::<Vec<_>>(), self.keeping).await.map(drop)
    }

    /// Forgets a batch of what is old. Whether there is more.
    pub async fn prune(&self) -> Result<bool, OutboxError> {
        self.store.prune(self.keeping).await
    }
}

impl Claimed {
    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Without what is in them.
impl std::fmt::Debug for Claimed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Claimed").field(&self.len()).finish()
    }
}
