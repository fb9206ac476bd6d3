//! A link with which someone refers others.

use std::fmt;

use serde_json::Value;

use crate::{
    api::response::{FromJson, field},
    model::{Loggable, hidden},
};

/// A referral link.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct ReferralLink {
    /// Partnero's id of it.
    pub id: Option<String>,
    /// The referral key in it.
    pub key: Option<String>,
    /// The link.
    pub url: Option<String>,
    /// Whether it is the referrer's first.
    pub default: Option<bool>,
    /// Whether it is on an additional domain.
    pub is_additional: Option<bool>,
    /// Whether it tracks without a parameter.
    pub direct_tracking: Option<bool>,
    raw: Value,
}

impl ReferralLink {
    /// The JSON as it came.
    pub fn raw(&self) -> &Value {
        &self.raw
    }
}

impl FromJson for ReferralLink {
    fn from_json(it: &Value) -> Option<Self> {
        it.is_object().then(|| Self {
            id: field::text(it, "id"),
            key: field::text(it, "key"),
            url: field::text(it, "url"),
            default: field::flag(it, "default"),
            is_additional: field::flag(it, "is_additional"),
            direct_tracking: field::flag(it, "direct_tracking"),
            raw: it.clone(),
        })
    }
}

/// The key as it may be logged; the link holds it too.
impl fmt::Debug for ReferralLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReferralLink")
            .field("id", &self.id.as_deref().map(Loggable))
            .field("key", &self.key.as_deref().map(Loggable))
            .field("url", &hidden(self.url.as_ref()))
            .finish_non_exhaustive()
    }
}
