//! What happens in the sandbox that a webhook may be for, and what is said of it.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::sandbox::{
    clock, customer_body,
    envelope::Number,
    ledger::{TransactionRow, WebhookRow},
    partners, transaction_body,
    webhook_switches::WebhookTransaction,
    world::{By, World},
};

/// Something that happened.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) name: String,
    /// When.
    pub(super) at: String,
    /// The JSON of `data`. Its amounts keep their digits.
    pub(super) data: Box<RawValue>,
}

impl Event {
    /// `None` if `data` can't be JSON.
    pub(super) fn new(world: &World, name: &str, data: &impl Serialize) -> Option<Self> {
        let at = clock::of_event(world.switches.webhook_whole_seconds);
        Some(Self { name: name.to_owned(), at, data: to_raw_value(data).ok()? })
    }
}

impl WebhookRow {
    /// Is it on, and for this event?
    pub(super) fn wants(&self, event: &str) -> bool {
        self.is_active && self.events.iter().any(|wanted| wanted == event)
    }
}

impl World {
    /// Notes what happened, if a webhook wants to know. It is sent if the call succeeds.
    fn happened(&mut self, event: &str, data: impl FnOnce(&Self) -> Option<Event>) {
        if self.ledger.webhooks.iter().any(|row| row.wants(event)) {
            let event = data(self);
            self.happened.extend(event);
        }
    }
}

/// Something happened to the customer at this place in the ledger.
pub(super) fn customer(world: &mut World, event: &str, index: usize) {
    world.happened(event, |world| Event::new(world, event, &customer_body::body(world, index)));
}

/// Something happened to the partner at this place in the ledger.
pub(super) fn partner(world: &mut World, event: &str, index: usize) {
    world.happened(event, |world| Event::new(world, event, &partners::fields(world, &world.ledger.partners[index])));
}

/// Something happened to the transaction at this place in the ledger.
pub(super) fn transaction(world: &mut World, event: &str, index: usize) {
    world.happened(event, |world| match world.switches.webhook_transaction {
        WebhookTransaction::Guide => Event::new(world, event, &GuideTransaction::of(&world.ledger.transactions[index])),
        WebhookTransaction::Whole => Event::new(world, event, &transaction_body::body(world, index)),
    });
}

/// A transaction may have rewarded a customer, who referred the buyer.
pub(super) fn rewarded(world: &mut World, transaction: usize) {
    let reward = world.ledger.transactions[transaction].reward.as_ref().filter(|_| world.is_raf());
    if let Some(earner) = reward.and_then(|reward| world.customer(By::Key, &reward.to)) {
        customer(world, "customer.rewarded", earner);
    }
}

/// A transaction as the guide's example shows it.
#[derive(Serialize)]
struct GuideTransaction<'a> {
    id: &'a str,
    amount: Number,
    customer: Option<GuideCustomer<'a>>,
}

#[derive(Serialize)]
struct GuideCustomer<'a> {
    key: &'a str,
}

impl<'a> GuideTransaction<'a> {
    fn of(row: &'a TransactionRow) -> Self {
        let customer = row.customer.as_deref().map(|key| GuideCustomer { key });
        Self { id: &row.key, amount: Number(row.amount), customer }
    }
}
