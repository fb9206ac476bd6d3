//! Who and what an event is about.

use crate::{
    model::check_text,
    webhook::{
        event::{CustomerData, LeadData, PartnerData, RewardData, SubscriberData, TransactionData},
        verified::EventId,
    },
};

pub(super) trait Subject {
    fn customer_key(&self) -> Option<&str> {
        None
    }

    fn transaction_key(&self) -> Option<&str> {
        None
    }

    /// What events are ordered by.
    fn resource(&self) -> Option<String>;
}

impl PartnerData {
    /// What it is about, such as `partner:par_1`: see [`WebhookEvent::resource`](crate::WebhookEvent::resource).
    pub fn resource(&self) -> Option<String> {
        of("partner", self.id.as_deref().or(self.key.as_deref()))
    }
}

impl Subject for PartnerData {
    fn resource(&self) -> Option<String> {
        self.resource()
    }
}

impl CustomerData {
    /// The customer's key: your own id of the customer.
    pub fn customer_key(&self) -> Option<&str> {
        // Only where `data` isn't the customer does it name one.
        self.customer.as_deref().or(self.key.as_deref()).or(self.id.as_deref())
    }

    /// What it is about, such as `customer:mia`: see [`WebhookEvent::resource`](crate::WebhookEvent::resource).
    pub fn resource(&self) -> Option<String> {
        of("customer", self.customer_key())
    }
}

impl Subject for CustomerData {
    fn customer_key(&self) -> Option<&str> {
        self.customer_key()
    }

    fn resource(&self) -> Option<String> {
        self.resource()
    }
}

impl TransactionData {
    /// The buyer's key, in programs of either type. [`customer`](Self::customer) is the referrer in refer-a-friend programs.
    pub fn customer_key(&self) -> Option<&str> {
        self.referred_customer.as_deref().or(self.customer.as_deref())
    }

    /// Your own id of the sale, from `key` or, where that isn't, `id`.
    pub fn transaction_key(&self) -> Option<&str> {
        self.key.as_deref().or(self.id.as_deref())
    }

    /// What it is about, such as `transaction:order-9`: see [`WebhookEvent::resource`](crate::WebhookEvent::resource).
    pub fn resource(&self) -> Option<String> {
        of("transaction", self.transaction_key())
            .or_else(|| of("customer", self.customer_key()))
            .or_else(|| of("partner", self.partner.as_deref()))
    }
}

impl Subject for TransactionData {
    fn customer_key(&self) -> Option<&str> {
        self.customer_key()
    }

    fn transaction_key(&self) -> Option<&str> {
        self.transaction_key()
    }

    fn resource(&self) -> Option<String> {
        self.resource()
    }
}

impl RewardData {
    /// The key of the transaction that it is for: your own id of the sale.
    pub fn transaction_key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// What it is about, such as `transaction:order-9`: see [`WebhookEvent::resource`](crate::WebhookEvent::resource).
    pub fn resource(&self) -> Option<String> {
        of("transaction", self.transaction_key())
            .or_else(|| of("reward", self.id.as_deref()))
            .or_else(|| of("customer", self.customer.as_deref()))
            .or_else(|| of("partner", self.partner.as_deref()))
    }
}

impl Subject for RewardData {
    fn customer_key(&self) -> Option<&str> {
        self.customer.as_deref()
    }

    fn transaction_key(&self) -> Option<&str> {
        self.transaction_key()
    }

    fn resource(&self) -> Option<String> {
        self.resource()
    }
}

impl Subject for LeadData {
    fn resource(&self) -> Option<String> {
        of("lead", self.id.as_deref())
    }
}

impl Subject for SubscriberData {
    fn resource(&self) -> Option<String> {
        of("subscriber", self.id.as_deref())
    }
}

/// Short, and without what a database doesn't take in a text, whatever the key is.
fn of(kind: &str, key: Option<&str>) -> Option<String> {
    let key = key?;
    let fits = key.len() <= 255 && check_text(key).is_ok();
    Some(if fits { format!("{kind}:{key}") } else { format!("{kind}:#{}", EventId::of(key.as_bytes())) })
}
