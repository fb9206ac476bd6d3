//! What the events of transactions say.

use std::fmt;

use rust_decimal::Decimal;

use crate::{
    model::Loggable,
    webhook::event::{RewardData, json::fields},
};

/// The `data` of `transaction.*`. Times are ISO 8601 in UTC, as Partnero writes them.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransactionData {
    /// Your id of the sale.
    pub key: Option<String>,
    /// What Partnero's guide shows in place of `key`.
    pub id: Option<String>,
    /// What happened: `sale`, …
    pub action: Option<String>,
    /// The amount in major units.
    pub amount: Option<Decimal>,
    /// The currency of the amount.
    pub amount_units: Option<String>,
    /// Whether `amount_units` is a currency.
    pub is_currency: Option<bool>,
    /// Whether it is credit.
    pub credit: Option<bool>,
    /// The partner, by Partnero's id (affiliate programs).
    pub partner: Option<String>,
    /// The buyer; in refer-a-friend programs the customer who **referred** the buyer.
    pub customer: Option<String>,
    /// The buyer (refer-a-friend programs).
    pub referred_customer: Option<String>,
    /// The commissions.
    pub rewards: Vec<RewardData>,
    /// When it was created.
    pub created_at: Option<String>,
    /// When it was deleted: `None` while it is live.
    pub deleted_at: Option<String>,
}

fields!(TransactionData {
    key: text,
    id: text,
    action: text,
    amount: number,
    amount_units: text,
    is_currency: flag,
    credit: flag,
    partner: key,
    customer: key,
    referred_customer: key,
    rewards: list,
    created_at: text,
    deleted_at: text,
});

/// Keys as they may be logged, and the amount.
impl fmt::Debug for TransactionData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransactionData")
            .field("key", &self.key.as_deref().or(self.id.as_deref()).map(Loggable))
            .field("amount", &self.amount)
            .field("amount_units", &self.amount_units.as_deref().map(Loggable))
            .field("partner", &self.partner.as_deref().map(Loggable))
            .field("customer", &self.customer.as_deref().map(Loggable))
            .field("rewards", &self.rewards)
            .finish_non_exhaustive()
    }
}
