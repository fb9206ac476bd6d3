//! A partner of an affiliate program.

use std::fmt;

use rust_decimal::Decimal;
use serde_json::Value;

use crate::{
    api::response::{FromJson, field},
    model::{Loggable, hidden},
};

/// A partner as Partnero has it. Times are ISO 8601 in UTC, as Partnero writes them.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Partner {
    /// Partnero's id, for paths.
    pub id: Option<String>,
    /// The referral key. Partnero's examples don't have it; it is in `referral_link`.
    pub key: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The first name.
    pub name: Option<String>,
    /// The last name.
    pub surname: Option<String>,
    /// `active`, `pending`, `archived` or `deleted`.
    pub status: Option<String>,
    /// Whether the partner is approved.
    pub approved: Option<bool>,
    /// Whether the terms of service were accepted.
    pub tos: Option<bool>,
    /// What came of the partner's referring.
    pub referrals: Option<PartnerReferrals>,
    /// What the partner earned.
    pub commissions: Option<Commissions>,
    /// How many customers the partner referred.
    pub referrals_count: Option<u64>,
    /// The tags.
    pub tags: Vec<String>,
    /// The link with which the partner refers customers.
    pub referral_link: Option<String>,
    /// All such links.
    pub referral_links: Vec<String>,
    /// When the partner was created.
    pub created_at: Option<String>,
    /// When the partner was last changed.
    pub updated_at: Option<String>,
    raw: Value,
}

/// What came of a partner's referring.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartnerReferrals {
    /// How often a link was followed.
    pub clicks: Option<u64>,
    /// How many signed up.
    pub signups: Option<u64>,
    /// What they brought.
    pub revenue: Vec<Money>,
    /// How many sales there were.
    pub sales_count: Option<u64>,
    /// How many bought.
    pub paid_accounts: Option<u64>,
}

/// What a partner earned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Commissions {
    /// Paid out, in the program's currency.
    pub paid: Option<Decimal>,
    /// Not yet certain.
    pub pending: Vec<Money>,
    /// Not yet paid out.
    pub not_paid: Vec<Money>,
}

/// An amount of a partner's, in major units.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Money {
    /// The currency's code.
    pub currency: Option<String>,
    /// The amount.
    pub amount: Option<Decimal>,
}

impl Partner {
    /// The JSON as it came. It holds personal data.
    pub fn raw(&self) -> &Value {
        &self.raw
    }
}

impl FromJson for Partner {
    fn from_json(it: &Value) -> Option<Self> {
        it.is_object().then(|| Self {
            id: field::text(it, "id"),
            key: field::text(it, "key"),
            email: field::text(it, "email"),
            name: field::text(it, "name"),
            surname: field::text(it, "surname"),
            status: field::text(it, "status"),
            approved: field::flag(it, "approved"),
            tos: field::flag(it, "tos"),
            referrals: field::one(it, "referrals"),
            commissions: field::one(it, "commissions"),
            referrals_count: field::count(it, "referrals_count"),
            tags: field::texts(it, "tags"),
            referral_link: field::text(it, "referral_link"),
            referral_links: field::texts(it, "referral_links"),
            created_at: field::text(it, "created_at"),
            updated_at: field::text(it, "updated_at"),
            raw: it.clone(),
        })
    }
}

impl FromJson for PartnerReferrals {
    fn from_json(it: &Value) -> Option<Self> {
        it.is_object().then(|| Self {
            clicks: field::count(it, "clicks"),
            signups: field::count(it, "signups"),
            revenue: field::list(it, "revenue"),
            sales_count: field::count(it, "sales_count"),
            paid_accounts: field::count(it, "paid_accounts"),
        })
    }
}

impl FromJson for Commissions {
    fn from_json(it: &Value) -> Option<Self> {
        it.is_object().then(|| Self {
            paid: field::number(it, "paid"),
            pending: field::list(it, "pending"),
            not_paid: field::list(it, "not_paid"),
        })
    }
}

impl FromJson for Money {
    fn from_json(it: &Value) -> Option<Self> {
        it.is_object().then(|| Self { currency: field::text(it, "currency"), amount: field::number(it, "amount") })
    }
}

/// Keys as they may be logged. Never an e-mail address or a name.
impl fmt::Debug for Partner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Partner")
            .field("id", &self.id.as_deref().map(Loggable))
            .field("key", &self.key.as_deref().map(Loggable))
            .field("email", &hidden(self.email.as_ref()))
            .field("name", &hidden(self.name.as_ref()))
            .field("status", &self.status.as_deref().map(Loggable))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_partner_is_read_and_shows_no_person() {
        let it = Partner::from_json(&json!({
            "id": "prt-5", "email": "anna@x.test", "name": "Anna", "surname": null, "status": "active", "approved": "1",
            "referrals": {"clicks": 7, "revenue": [{"currency": "USD", "amount": "10.5"}], "sales_count": "x"},
            "commissions": {"paid": 0, "pending": {}, "not_paid": [{"currency": "USD", "amount": 3.15}, []]},
            "custom_fields": [], "tags": []
        }))
        .unwrap();
        assert_eq!((it.key.as_deref(), it.approved), (None, Some(true)));
        let referrals = it.referrals.as_ref().unwrap();
        assert_eq!((referrals.clicks, referrals.sales_count), (Some(7), None));
        assert_eq!(referrals.revenue[0].amount, Some(Decimal::new(105, 1)));
        assert_eq!(it.commissions.as_ref().unwrap().not_paid.len(), 1);
        let text = format!("{it:?}");
        assert!(!text.contains("Anna") && !text.contains("anna"), "{text}");
        assert!(Partner::from_json(&json!({"referrals": [], "commissions": 5})).unwrap().commissions.is_none());
    }
}
