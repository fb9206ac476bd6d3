//! A transaction and its rewards.

use std::fmt;

use rust_decimal::Decimal;
use serde_json::Value;

use crate::{
    api::{
        envelope,
        response::{FromJson, field, several},
    },
    model::Loggable,
};

/// A transaction as Partnero has it. Times are ISO 8601 in UTC, as Partnero writes them.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Transaction {
    /// Your id of the sale.
    pub key: Option<String>,
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
    /// The partner, most likely by Partnero's id (affiliate programs).
    pub partner: Option<String>,
    /// The buyer; in refer-a-friend programs the customer who **referred** the buyer.
    pub customer: Option<String>,
    /// The buyer (refer-a-friend programs).
    pub referred_customer: Option<String>,
    /// The commissions.
    pub rewards: Vec<Reward>,
    /// When it was created.
    pub created_at: Option<String>,
    /// When it was deleted: `None` while it is live.
    pub deleted_at: Option<String>,
    raw: Value,
}

/// A commission.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Reward {
    /// The transaction's key.
    pub key: Option<String>,
    /// The transaction's action.
    pub action: Option<String>,
    /// `ok`, `review_period` or `rejected`.
    pub status: Option<String>,
    /// Who receives it (affiliate programs).
    pub partner: Option<String>,
    /// The customer.
    pub customer: Option<String>,
    /// The amount in major units, not rounded.
    pub amount: Option<Decimal>,
    /// The currency of the amount.
    pub amount_units: Option<String>,
    /// Whether `amount_units` is a currency.
    pub is_currency: Option<bool>,
    /// Whether it is credit.
    pub credit: Option<bool>,
    /// The product.
    pub product_id: Option<String>,
    /// The product's type.
    pub product_type: Option<String>,
    /// When it was created.
    pub created_at: Option<String>,
    /// When it was deleted.
    pub deleted_at: Option<String>,
    raw: Value,
}

impl Transaction {
    /// The JSON as it came.
    pub fn raw(&self) -> &Value {
        &self.raw
    }

    /// Whether it counts: it wasn't deleted.
    pub fn is_live(&self) -> bool {
        self.deleted_at.is_none()
    }
}

impl Reward {
    /// The JSON as it came.
    pub fn raw(&self) -> &Value {
        &self.raw
    }
}

impl FromJson for Transaction {
    fn from_json(it: &Value) -> Option<Self> {
        it.is_object().then(|| Self {
            key: field::text(it, "key"),
            action: field::text(it, "action"),
            amount: field::number(it, "amount"),
            amount_units: field::text(it, "amount_units"),
            is_currency: field::flag(it, "is_currency"),
            credit: field::flag(it, "credit"),
            partner: field::key(it, "partner"),
            customer: field::key(it, "customer"),
            referred_customer: field::key(it, "referred_customer"),
            rewards: field::list(it, "rewards"),
            created_at: field::text(it, "created_at"),
            deleted_at: field::text(it, "deleted_at"),
            raw: it.clone(),
        })
    }
}

impl FromJson for Reward {
    fn from_json(it: &Value) -> Option<Self> {
        let product = |name| it.get("product_type_data").and_then(|product| field::text(product, name));
        it.is_object().then(|| Self {
            key: field::text(it, "key"),
            action: field::text(it, "action"),
            status: field::text(it, "status"),
            partner: field::key(it, "partner"),
            customer: field::key(it, "customer"),
            amount: field::number(it, "amount"),
            amount_units: field::text(it, "amount_units"),
            is_currency: field::flag(it, "is_currency"),
            credit: field::flag(it, "credit"),
            product_id: product("product_id"),
            product_type: product("product_type"),
            created_at: field::text(it, "created_at"),
            deleted_at: field::text(it, "deleted_at"),
            raw: it.clone(),
        })
    }
}

/// The transaction of a key out of the answer to [`Call::find_transaction`](crate::api::Call::find_transaction): the
/// one that was asked for, or of a page the one of exactly that key, live before deleted.
pub(crate) fn transaction_of(answer: &Value, key: &str) -> Option<Transaction> {
    let data = envelope::data(answer)?;
    if data.is_object() && data.get("data").is_none() {
        return Transaction::from_json(data);
    }
    let mut of_key = several::<Transaction>(data);
    of_key.retain(|transaction| transaction.key.as_deref() == Some(key));
    let live = of_key.iter().position(Transaction::is_live).unwrap_or(0);
    (!of_key.is_empty()).then(|| of_key.swap_remove(live))
}

/// Keys as they may be logged, and the amount.
impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("key", &self.key.as_deref().map(Loggable))
            .field("amount", &self.amount)
            .field("amount_units", &self.amount_units.as_deref().map(Loggable))
            .field("partner", &self.partner.as_deref().map(Loggable))
            .field("customer", &self.customer.as_deref().map(Loggable))
            .field("rewards", &self.rewards)
            .field("deleted_at", &self.deleted_at.as_deref().map(Loggable))
            .finish_non_exhaustive()
    }
}

/// Keys as they may be logged, and the amount.
impl fmt::Debug for Reward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reward")
            .field("status", &self.status.as_deref().map(Loggable))
            .field("amount", &self.amount)
            .field("amount_units", &self.amount_units.as_deref().map(Loggable))
            .field("partner", &self.partner.as_deref().map(Loggable))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_transaction_and_its_rewards_are_read() {
        let it = Transaction::from_json(&json!({
            "key": "ord-9", "action": "sale", "amount": 49.9, "partner": "prt-5", "customer": {"key": "mia@x.test"},
            "credit": 0, "is_currency": true, "amount_units": "USD", "deleted_at": null,
            "rewards": [{"status": "review_period", "amount": "29.997", "product_type_data": {"product_id": "plan-1"}},
                        {"amount": [], "product_type_data": []}, null, "x"]
        }))
        .unwrap();
        assert_eq!(it.amount, Some(Decimal::new(499, 1)));
        assert_eq!((it.customer.as_deref(), it.credit), (Some("mia@x.test"), Some(false)));
        assert_eq!(it.rewards.len(), 2);
        assert_eq!(it.rewards[0].amount, Some(Decimal::new(29_997, 3)));
        assert_eq!(it.rewards[0].product_id.as_deref(), Some("plan-1"));
        assert!(it.is_live());
        assert!(!format!("{it:?}").contains("mia"), "{it:?}");
        let no_rewards = Transaction::from_json(&json!({"rewards": {}, "deleted_at": "2026-03-04T05:06:07Z"})).unwrap();
        assert!(no_rewards.rewards.is_empty() && !no_rewards.is_live());
    }

    #[test]
    fn the_transaction_of_a_key_is_found_in_one_or_many() {
        let found = |answer: &Value| transaction_of(answer, "a/b").map(|it| (it.key, it.deleted_at));
        let live = |key: &str| Some((Some(key.to_owned()), None));
        assert_eq!(found(&json!({"data": {"key": "a/b"}})), live("a/b"));
        assert_eq!(found(&json!({"data": [{"key": "A/B"}, {"key": "a/bc"}, {}, 3], "status": 1})), None);
        assert_eq!(found(&json!({"data": [{"key": "a/b", "deleted_at": "x"}, {"key": "a/b"}]})), live("a/b"));
        assert_eq!(
            found(&json!({"data": [{"key": "a/b", "deleted_at": "x"}]})),
            Some((Some("a/b".to_owned()), Some("x".to_owned())))
        );
        assert_eq!(found(&json!({"data": {"data": [{"key": "a/b"}]}})), live("a/b"));
        for nothing in [json!({"data": []}), json!({"data": null}), json!({"status": 1}), json!([]), json!(null)] {
            assert_eq!(found(&nothing), None, "{nothing}");
        }
    }
}
