//! What the events of partners, customers, leads and subscribers say.

use std::fmt;

use crate::{
    model::{Loggable, hidden},
    webhook::event::json::fields,
};

/// The `data` of `partner.*`. Times are ISO 8601 in UTC, as Partnero writes them.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartnerData {
    /// Partnero's id.
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
    /// The tags.
    pub tags: Vec<String>,
    /// The link with which the partner refers customers.
    pub referral_link: Option<String>,
    /// When the partner was created.
    pub created_at: Option<String>,
    /// When the partner was last changed.
    pub updated_at: Option<String>,
}

fields!(PartnerData {
    id: text,
    key: text,
    email: text,
    name: text,
    surname: text,
    status: text,
    approved: flag,
    tags: texts,
    referral_link: text,
    created_at: text,
    updated_at: text,
});

/// The `data` of `customer.*`. Times are ISO 8601 in UTC, as Partnero writes them.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomerData {
    /// Your id of the customer. Refer-a-friend programs send `id` instead.
    pub key: Option<String>,
    /// The identifier in refer-a-friend programs.
    pub id: Option<String>,
    /// The customer, where `data` isn't the customer but names one: what `customer.credited` and `customer.rewarded` hold
    /// isn't documented.
    pub customer: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The first name.
    pub name: Option<String>,
    /// The last name.
    pub surname: Option<String>,
    /// The partner who referred the customer, most likely by Partnero's id (affiliate programs).
    pub partner: Option<String>,
    /// The customer who referred this one (refer-a-friend programs).
    pub referring_customer: Option<String>,
    /// `active` or `deleted`.
    pub status: Option<String>,
    /// Whether the customer is approved (refer-a-friend programs).
    pub approved: Option<bool>,
    /// The tags.
    pub tags: Vec<String>,
    /// The link with which this customer refers others (refer-a-friend programs).
    pub referral_link: Option<String>,
    /// How many customers this one referred (refer-a-friend programs).
    pub referrals_count: Option<u64>,
    /// When the customer was created.
    pub created_at: Option<String>,
    /// When the customer was last changed.
    pub updated_at: Option<String>,
    /// When the customer was deleted.
    pub deleted_at: Option<String>,
}

fields!(CustomerData {
    key: text,
    id: text,
    customer: key,
    email: text,
    name: text,
    surname: text,
    partner: key,
    referring_customer: key,
    status: text,
    approved: flag,
    tags: texts,
    referral_link: text,
    referrals_count: count,
    created_at: text,
    updated_at: text,
    deleted_at: text,
});

/// The `data` of `lead.*`: of which only `id` is documented.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeadData {
    /// Partnero's id.
    pub id: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The partner who brought the lead.
    pub partner: Option<String>,
}

fields!(LeadData { id: text, name: text, email: text, partner: key });

/// The `data` of `subscriber.*` (newsletter programs). Times are ISO 8601 in UTC, as Partnero writes them.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscriberData {
    /// The identifier.
    pub id: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// `Active`, …
    pub status: Option<String>,
    /// Whether the subscriber is approved.
    pub approved: Option<bool>,
    /// Whether somebody referred the subscriber.
    pub is_referred: Option<bool>,
    /// How many subscribers this one referred.
    pub referrals_count: Option<u64>,
    /// The link to the subscriber's page.
    pub portal_link: Option<String>,
    /// The link with which the subscriber refers others.
    pub share_link: Option<String>,
    /// When the subscriber was created.
    pub created_at: Option<String>,
    /// When the subscriber was last changed.
    pub updated_at: Option<String>,
    /// When the subscriber was deleted.
    pub deleted_at: Option<String>,
}

fields!(SubscriberData {
    id: text,
    email: text,
    name: text,
    status: text,
    approved: flag,
    is_referred: flag,
    referrals_count: count,
    portal_link: text,
    share_link: text,
    created_at: text,
    updated_at: text,
    deleted_at: text,
});

/// Keys as they may be logged. Never an e-mail address or a name.
impl fmt::Debug for PartnerData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartnerData")
            .field("id", &self.id.as_deref().map(Loggable))
            .field("key", &self.key.as_deref().map(Loggable))
            .field("email", &hidden(self.email.as_ref()))
            .field("status", &self.status.as_deref().map(Loggable))
            .finish_non_exhaustive()
    }
}

/// Keys as they may be logged. Never an e-mail address or a name.
impl fmt::Debug for CustomerData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomerData")
            .field("key", &self.key.as_deref().map(Loggable))
            .field("id", &self.id.as_deref().map(Loggable))
            .field("customer", &self.customer.as_deref().map(Loggable))
            .field("email", &hidden(self.email.as_ref()))
            .field("partner", &self.partner.as_deref().map(Loggable))
            .field("status", &self.status.as_deref().map(Loggable))
            .finish_non_exhaustive()
    }
}

/// Never an e-mail address or a name.
impl fmt::Debug for LeadData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeadData")
            .field("id", &self.id.as_deref().map(Loggable))
            .field("partner", &self.partner.as_deref().map(Loggable))
            .finish_non_exhaustive()
    }
}

/// Never an e-mail address, a name, or a link to the subscriber's page.
impl fmt::Debug for SubscriberData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriberData")
            .field("id", &self.id.as_deref().map(Loggable))
            .field("status", &self.status.as_deref().map(Loggable))
            .finish_non_exhaustive()
    }
}
