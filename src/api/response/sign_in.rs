//! A link that signs a partner in.

use std::fmt;

use serde_json::Value;

use crate::api::response::FromJson;

/// A link that signs a partner in to the partner portal, once: give it to that partner alone.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct SignInUrl {
    /// The first https link of the answer, whose shape isn't documented.
    pub url: Option<String>,
    raw: Value,
}

impl SignInUrl {
    /// The JSON as it came.
    pub fn raw(&self) -> &Value {
        &self.raw
    }
}

impl FromJson for SignInUrl {
    fn from_json(it: &Value) -> Option<Self> {
        (it.is_object() || it.is_string()).then(|| Self { url: first_link(it), raw: it.clone() })
    }
}

fn first_link(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.starts_with("https://").then(|| text.clone()),
        Value::Array(all) => all.iter().find_map(first_link),
        Value::Object(fields) => fields.values().find_map(first_link),
        _ => None,
    }
}

/// Without the link, which is as good as a password.
impl fmt::Debug for SignInUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInUrl").finish_non_exhaustive()
    }
}
