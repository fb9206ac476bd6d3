//! Credit for a customer.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::model::Amount;

/// Credit for a customer of a refer-a-friend program. What can be credited depends on the program's rewards.
///
/// An [`Amount`] of money becomes one by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[must_use = "credit does nothing until it is given to `credit`"]
pub struct Credit {
    #[serde(serialize_with = "exactly")]
    amount: Decimal,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_units: Option<String>,
    is_currency: bool,
}

impl Credit {
    /// So much of something that is no money, such as points.
    pub fn of_units(amount: Decimal, units: impl Into<String>) -> Self {
        Self { amount, amount_units: Some(units.into()), is_currency: false }
    }
}

/// Money.
impl From<Amount> for Credit {
    fn from(amount: Amount) -> Self {
        Self { amount: amount.value(), amount_units: amount.currency().map(str::to_ascii_lowercase), is_currency: true }
    }
}

/// With the digits it has: see `model::json`.
fn exactly<S: Serializer>(amount: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(amount.to_string()).map_err(serde::ser::Error::custom)?.serialize(serializer)
}
