//! A customer.

use std::fmt;

use percent_encoding::percent_decode_str;
use reqwest::Url;
use serde_json::Value;

use crate::{
    api::response::{FromJson, field},
    model::{Loggable, hidden},
};

/// A customer as Partnero has it. Times are ISO 8601 in UTC, as Partnero writes them.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Customer {
    /// Your id of the customer. Refer-a-friend programs answer with `id` instead.
    pub key: Option<String>,
    /// The identifier in refer-a-friend programs.
    pub id: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The first name.
    pub name: Option<String>,
    /// The last name.
    pub surname: Option<String>,
    /// The partner who referred the customer, most likely by Partnero's id (affiliate programs).
    pub partner: Option<String>,
    /// The customer who referred this one (refer-a-friend programs).
    pub referring_customer: Option<Box<Customer>>,
    /// `active` or `deleted`.
    pub status: Option<String>,
    /// Whether the customer is deleted.
    pub deleted: Option<bool>,
    /// Whether the customer is approved (refer-a-friend programs).
    pub approved: Option<bool>,
    /// Whether the terms of service were accepted (refer-a-friend programs).
    pub tos: Option<bool>,
    /// The tags.
    pub tags: Vec<String>,
    /// The link with which this customer refers others (refer-a-friend programs).
    pub referral_link: Option<String>,
    /// All such links.
    pub referral_links: Vec<String>,
    /// How many customers this one referred (refer-a-friend programs).
    pub referrals_count: Option<u64>,
    /// The date of birth (refer-a-friend programs).
    pub date_of_birth: Option<String>,
    /// When the customer was created.
    pub created_at: Option<String>,
    /// When the customer was last changed.
    pub updated_at: Option<String>,
    /// When the customer was deleted.
    pub deleted_at: Option<String>,
    raw: Value,
}

impl Customer {
    /// The JSON as it came. It holds personal data.
    pub fn raw(&self) -> &Value {
        &self.raw
    }

    /// Whether this is the customer of that key: by `key`, or where Partnero gives none, by `id`.
    pub fn has_key(&self, key: &str) -> bool {
        self.key.as_deref().or(self.id.as_deref()) == Some(key)
    }

    /// Whether this is the customer of the key that was asked for, and not another one: Partnero also finds customers by
    /// e-mail address and by its own id.
    ///
    /// A refer-a-friend program shows no `key`, and an `id` that is our key or one of its own: then who isn't there by
    /// another name is there by our key, and so is whose link is of it.
    pub(crate) fn is_of(&self, key: &str) -> bool {
        let by_email = || self.email.as_deref().is_some_and(|email| same_email(email, key));
        let by_link = || self.referral_link.as_deref().is_some_and(|link| is_link_of(link, key));
        self.has_key(key) || (self.key.is_none() && (!by_email() || by_link()))
    }
}

impl FromJson for Customer {
    fn from_json(it: &Value) -> Option<Self> {
        it.is_object().then(|| Self {
            key: field::text(it, "key"),
            id: field::text(it, "id"),
            email: field::text(it, "email"),
            name: field::text(it, "name"),
            surname: field::text(it, "surname"),
            partner: field::key(it, "partner"),
            referring_customer: field::one(it, "referring_customer").map(Box::new),
            status: field::text(it, "status"),
            deleted: field::flag(it, "deleted"),
            approved: field::flag(it, "approved"),
            tos: field::flag(it, "tos"),
            tags: field::texts(it, "tags"),
            referral_link: field::text(it, "referral_link"),
            referral_links: field::texts(it, "referral_links"),
            referrals_count: field::count(it, "referrals_count"),
            date_of_birth: it.get("metadata").and_then(|metadata| field::text(metadata, "date_of_birth")),
            created_at: field::text(it, "created_at"),
            updated_at: field::text(it, "updated_at"),
            deleted_at: field::text(it, "deleted_at"),
            raw: it.clone(),
        })
    }
}

/// Some mail servers tell upper from lower case, and few look-ups by address do.
fn same_email(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// The key stands in the query, or at the end of the path.
fn is_link_of(link: &str, key: &str) -> bool {
    let Ok(url) = Url::parse(link) else { return false };
    let last = url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
    url.query_pairs().any(|(_, value)| value == key)
        || percent_decode_str(last).decode_utf8().is_ok_and(|last| last == key)
}

/// Keys as they may be logged. Never an e-mail address or a name.
impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Customer")
            .field("key", &self.key.as_deref().map(Loggable))
            .field("id", &self.id.as_deref().map(Loggable))
            .field("email", &hidden(self.email.as_ref()))
            .field("name", &hidden(self.name.as_ref()))
            .field("partner", &self.partner.as_deref().map(Loggable))
            .field("status", &self.status.as_deref().map(Loggable))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_kinds_of_customer_are_read() {
        let affiliate = Customer::from_json(&json!({
            "key": "cus-77", "partner": "prt-5", "deleted": false, "name": "Mia", "surname": "Koch",
            "email": "mia@example.test", "status": "active", "created_at": "2026-03-04T05:06:07.000000Z",
            "updated_at": "2026-03-04T05:06:07.000000Z", "deleted_at": null, "tags": [{"value": "new"}]
        }))
        .unwrap();
        assert!(affiliate.has_key("cus-77") && !affiliate.has_key("prt-5"));
        assert_eq!((affiliate.partner.as_deref(), affiliate.deleted), (Some("prt-5"), Some(false)));
        assert_eq!((affiliate.tags.clone(), affiliate.deleted_at.clone()), (vec!["new".to_owned()], None));

        let friend = Customer::from_json(&json!({
            "id": "cus-77", "email": "mia@example.test", "name": "Mia", "approved": true, "status": "active",
            "referring_customer": {"id": "cus-1"}, "referrals_count": "2", "metadata": {"date_of_birth": "1990-01-31"},
            "referral_link": "https://shop.example?ref=cus-77", "referral_links": ["https://shop.example?ref=cus-77"],
            "custom_fields": {}
        }))
        .unwrap();
        assert!(friend.has_key("cus-77"));
        assert!(friend.referring_customer.as_ref().unwrap().has_key("cus-1"));
        assert_eq!((friend.referrals_count, friend.date_of_birth.as_deref()), (Some(2), Some("1990-01-31")));
        assert_eq!(friend.raw()["custom_fields"], json!({}));
        for text in [format!("{affiliate:?}"), format!("{friend:#?}")] {
            assert!(!text.contains("Mia") && !text.contains("mia") && !text.contains("Koch"), "{text}");
        }
    }

    #[test]
    fn who_is_found_by_e_mail_address_is_another_unless_the_link_is_of_that_key() {
        let email = "mia+1@x.test";
        for (link, is_of) in [
            (json!("https://x.test?ref=mia%2B1%40x.test"), true),
            (json!("https://x.test/?a=b&via=mia%2B1@x.test#top"), true),
            (json!("https://x.test/ref/mia+1%40x.test"), true),
            (json!("https://x.test?ref=42"), false),
            (json!("https://x.test?ref=mia%2B1%40x.test.evil"), false),
            (json!("https://x.test/mia+1@x.test/42"), false),
            (json!("https://mia+1@x.test"), false),
            (json!("https://x.test/%ff"), false),
            (json!("mia+1@x.test"), false),
            (json!(null), false),
        ] {
            let found = json!({"id": "42", "email": "Mia+1@x.test", "referral_link": link});
            assert_eq!(Customer::from_json(&found).unwrap().is_of(email), is_of, "{link}");
        }
    }

    #[test]
    fn an_object_is_a_customer_whatever_is_in_it() {
        for odd in [
            json!({}),
            json!({"key": null, "partner": {"id": 5}, "tags": {}, "metadata": [], "referring_customer": []}),
            json!({"key": [1], "deleted": "maybe", "referrals_count": {}, "referral_links": "x", "status": 1}),
        ] {
            let customer = Customer::from_json(&odd).unwrap();
            assert_eq!(customer.raw(), &odd);
            assert!(!customer.has_key(""));
        }
        for other in [json!(null), json!([]), json!("cus-77"), json!(1)] {
            assert!(Customer::from_json(&other).is_none());
        }
    }
}
