//! What a customer earned by referring others.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Value;

use crate::api::response::{Customer, FromJson, field};

/// The balance of a customer of a refer-a-friend program.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Balance {
    /// Whose it is.
    pub customer: Option<Customer>,
    /// The amounts by group. `currency` is the one that is documented.
    pub groups: BTreeMap<String, Vec<BalanceAmount>>,
    raw: Value,
}

/// An amount of a balance.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BalanceAmount {
    /// The amount in major units.
    pub amount: Option<Decimal>,
    /// The currency, or what else is counted.
    pub amount_units: Option<String>,
    /// Whether `amount_units` is a currency.
    pub is_currency: Option<bool>,
}

impl Balance {
    /// The amounts of money.
    pub fn currency(&self) -> &[BalanceAmount] {
        self.groups.get("currency").map_or(&[], Vec::as_slice)
    }

    /// The JSON as it came. It holds personal data.
    pub fn raw(&self) -> &Value {
        &self.raw
    }
}

impl FromJson for Balance {
    fn from_json(it: &Value) -> Option<Self> {
        it.is_object().then(|| Self {
            customer: field::one(it, "customer"),
            groups: it
                .get("balance")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .map(|(group, _)| (group.clone(), field::list(&it["balance"], group)))
                .collect(),
            raw: it.clone(),
        })
    }
}

impl FromJson for BalanceAmount {
    fn from_json(it: &Value) -> Option<Self> {
        it.is_object().then(|| Self {
            amount: field::number(it, "amount"),
            amount_units: field::text(it, "amount_units"),
            is_currency: field::flag(it, "is_currency"),
        })
    }
}

/// Without personal data.
impl std::fmt::Debug for Balance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Balance")
            .field("customer", &self.customer)
            .field("groups", &self.groups)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_read_by_group_whatever_else_is_there() {
        let it = Balance::from_json(&json!({
            "customer": {"id": "cus-77", "email": "mia@x.test"},
            "balance": {"currency": [{"amount": 3, "amount_units": "USD", "is_currency": true}, null], "points": "7"}
        }))
        .unwrap();
        assert_eq!(it.currency()[0].amount, Some(Decimal::from(3)));
        assert_eq!((it.currency().len(), it.groups["points"].len()), (1, 0));
        assert!(!format!("{it:?}").contains("mia"));
        for empty in [json!({}), json!({"balance": []}), json!({"balance": null, "customer": "cus-77"})] {
            assert!(Balance::from_json(&empty).unwrap().currency().is_empty(), "{empty}");
        }
    }
}
