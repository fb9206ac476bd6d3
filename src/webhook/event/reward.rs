//! What the events of rewards say, and those of transactions about theirs.

use std::fmt;

use rust_decimal::Decimal;
use serde::de::MapAccess;

use crate::{
    model::Loggable,
    webhook::event::json::{Field, FromFields, fields},
};

/// A commission: the `data` of `reward.*`, and what is in a transaction's `rewards`. Times are ISO 8601 in UTC, as
/// Partnero writes them.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RewardData {
    /// The transaction's key.
    pub key: Option<String>,
    /// Partnero's id.
    pub id: Option<String>,
    /// The transaction's action.
    pub action: Option<String>,
    /// `ok`, `review_period` or `rejected`.
    pub status: Option<String>,
    /// Who receives it, by Partnero's id (affiliate programs).
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
}

/// What was bought, as Partnero nests it.
#[derive(Default)]
struct Product {
    product_id: Option<String>,
    product_type: Option<String>,
}

fields!(Product { product_id: text, product_type: text });

impl<'de> FromFields<'de> for RewardData {
    fn set<A: MapAccess<'de>>(&mut self, name: &str, field: Field<'_, A>) -> Result<(), A::Error> {
        match name {
            "key" => self.key = field.text()?,
            "id" => self.id = field.text()?,
            "action" => self.action = field.text()?,
            "status" => self.status = field.text()?,
            "partner" => self.partner = field.key()?,
            "customer" => self.customer = field.key()?,
            "amount" => self.amount = field.number()?,
            "amount_units" => self.amount_units = field.text()?,
            "is_currency" => self.is_currency = field.flag()?,
            "credit" => self.credit = field.flag()?,
            "product_type_data" => {
                let product = field.object::<Product>()?.unwrap_or_default();
                (self.product_id, self.product_type) = (product.product_id, product.product_type);
            }
            "created_at" => self.created_at = field.text()?,
            "deleted_at" => self.deleted_at = field.text()?,
            _ => field.skip()?,
        }
        Ok(())
    }
}

/// Keys as they may be logged, and the amount.
impl fmt::Debug for RewardData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RewardData")
            .field("status", &self.status.as_deref().map(Loggable))
            .field("amount", &self.amount)
            .field("amount_units", &self.amount_units.as_deref().map(Loggable))
            .field("partner", &self.partner.as_deref().map(Loggable))
            .finish_non_exhaustive()
    }
}
