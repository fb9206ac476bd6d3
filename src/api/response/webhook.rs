//! A webhook that Partnero calls.

use std::fmt;

use secrecy::SecretString;
use serde_json::Value;

use crate::{
    api::response::{FromJson, field},
    model::Loggable,
};

/// A webhook that Partnero calls.
#[derive(Clone)]
#[non_exhaustive]
pub struct Webhook {
    /// The key.
    pub key: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// Where it goes.
    pub url: Option<String>,
    /// Whether it is called at all.
    pub is_active: Option<bool>,
    /// The events it is called for.
    pub events: Vec<String>,
    /// The secret that its calls are signed with (`signature`).
    pub secret: Option<SecretString>,
    raw: Value,
}

impl Webhook {
    /// The JSON as it came. It holds the secret.
    pub fn raw(&self) -> &Value {
        &self.raw
    }
}

impl FromJson for Webhook {
    fn from_json(it: &Value) -> Option<Self> {
        it.is_object().then(|| Self {
            key: field::text(it, "key"),
            name: field::text(it, "name"),
            url: field::text(it, "url"),
            is_active: field::flag(it, "is_active"),
            events: field::texts(it, "events"),
            secret: field::text(it, "signature").map(SecretString::from),
            raw: it.clone(),
        })
    }
}

/// Without the secret, and without the URL, which may hold one.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("key", &self.key.as_deref().map(Loggable))
            .field("is_active", &self.is_active)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_secret_is_read_and_never_shown() {
        let it = Webhook::from_json(&json!({
            "key": "aB3dE6gH9jK2", "name": "orders", "url": "https://app.example/hooks?token=t0ken", "is_active": 1,
            "signature": "q7W8e9R0t1Y2u3I4", "events": ["transaction.created"]
        }))
        .unwrap();
        assert_eq!(it.secret.as_ref().unwrap().expose_secret(), "q7W8e9R0t1Y2u3I4");
        assert_eq!((it.is_active, it.events.len()), (Some(true), 1));
        let text = format!("{it:?}");
        assert!(!text.contains("q7W8") && !text.contains("t0ken"), "{text}");
        assert!(Webhook::from_json(&json!({"signature": [], "events": {}})).unwrap().secret.is_none());
    }
}
