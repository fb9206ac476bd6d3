//! What lists can be asked for.

use std::fmt;

use crate::api::Call;

/// Which customers to list.
#[derive(Clone, Default)]
#[must_use]
pub struct CustomerFilter {
    query: Vec<(&'static str, String)>,
}

/// Which transactions to list.
#[derive(Clone, Default)]
#[must_use]
pub struct TransactionFilter {
    query: Vec<(&'static str, String)>,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sort {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
}

/// Whether customers were referred (refer-a-friend programs).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReferStatus {
    /// Those who were.
    Referred,
    /// Those who came by themselves.
    NonReferred,
}

impl CustomerFilter {
    /// All customers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of the partner with this referral key.
    pub fn partner_key(self, key: impl Into<String>) -> Self {
        self.with("partner_key", key)
    }

    /// Those of the partner with this e-mail address.
    pub fn partner_email(self, email: impl Into<String>) -> Self {
        self.with("partner_email", email)
    }

    /// Those who were referred, or those who weren't (refer-a-friend programs).
    pub fn refer_status(self, status: ReferStatus) -> Self {
        self.with(
            "refer_status",
            match status {
                ReferStatus::Referred => "referred",
                ReferStatus::NonReferred => "non_referred",
            },
        )
    }

    /// The order.
    pub fn sort(self, sort: Sort) -> Self {
        self.with("sort", sort.as_str())
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        set(&mut self.query, name, value.into());
        self
    }

    pub(super) fn on(self, call: Call<'static>) -> Call<'static> {
        self.query.into_iter().fold(call, |call, (name, value)| call.query(name, &value))
    }
}

impl TransactionFilter {
    /// All transactions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of this key. Partnero keeps several if it was sent several times.
    pub fn key(self, key: impl Into<String>) -> Self {
        self.with("key", key)
    }

    /// Those of this customer.
    pub fn customer_key(self, key: impl Into<String>) -> Self {
        // The one spelling that is documented. Of the partner's, the underscore is what Partnero's own code sends.
        self.with("customer.key", key)
    }

    /// Those of the partner with this referral key.
    pub fn partner_key(self, key: impl Into<String>) -> Self {
        self.with("partner_key", key)
    }

    /// Those of the partner with this e-mail address.
    pub fn partner_email(self, email: impl Into<String>) -> Self {
        self.with("partner_email", email)
    }

    /// The order.
    pub fn sort(self, sort: Sort) -> Self {
        self.with("sort", sort.as_str())
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        set(&mut self.query, name, value.into());
        self
    }

    pub(super) fn on(self, call: Call<'static>) -> Call<'static> {
        self.query.into_iter().fold(call, |call, (name, value)| call.query(name, &value))
    }
}

impl Sort {
    fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "desc",
            Self::Oldest => "asc",
        }
    }
}

/// What is set twice counts as it was set last.
fn set(query: &mut Vec<(&'static str, String)>, name: &'static str, value: String) {
    query.retain(|(set, _)| *set != name);
    query.push((name, value));
}

fn show(name: &str, query: &[(&'static str, String)], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.debug_tuple(name).field(&query.iter().map(|(name, _)| name).collect::<Vec<_>>()).finish()
}

/// What is filtered by, without the values: there may be e-mail addresses among them.
impl fmt::Debug for CustomerFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show("CustomerFilter", &self.query, f)
    }
}

/// What is filtered by, without the values: there may be e-mail addresses among them.
impl fmt::Debug for TransactionFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show("TransactionFilter", &self.query, f)
    }
}
