//! One request to Partnero, before it is sent.

use std::{borrow::Cow, fmt};

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

/// All that may stand for something else in a URL. What is left is RFC 3986's unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// One request.
#[derive(Clone)]
pub(crate) struct Call<'a> {
    pub(super) method: Method,
    /// The path as the documentation writes it, for logs: keys may be e-mail addresses. `None` of a path that is none of
    /// ours.
    pub(super) template: Option<&'static str>,
    /// Relative to the base URL, encoded, with the query.
    pub(super) path: String,
    pub(super) body: Option<Cow<'a, str>>,
}

impl<'a> Call<'a> {
    pub(super) fn get(template: &'static str) -> Self {
        Self::new(Method::GET, template)
    }

    pub(super) fn post(template: &'static str) -> Self {
        Self::new(Method::POST, template)
    }

    pub(super) fn put(template: &'static str) -> Self {
        Self::new(Method::PUT, template)
    }

    pub(super) fn delete(template: &'static str) -> Self {
        Self::new(Method::DELETE, template)
    }

    fn new(method: Method, template: &'static str) -> Self {
        Self { method, template: Some(template), path: template.trim_start_matches('/').to_owned(), body: None }
    }

    /// A path that is no template's, as it is.
    pub(super) fn other(method: Method, path: &str) -> Self {
        Self { method, template: None, path: path.to_owned(), body: None }
    }

    /// Its template, for logs and metrics.
    pub(super) fn endpoint(&self) -> &'static str {
        self.template.unwrap_or("other")
    }

    /// Puts a key in the place of `{key}`, as one segment.
    pub(super) fn key(mut self, key: &str) -> Self {
        self.path = self.path.replacen("{key}", &encode(key), 1);
        self
    }

    pub(super) fn query(mut self, name: &str, value: &str) -> Self {
        self.path.push(if self.path.contains('?') { '&' } else { '?' });
        self.path.push_str(&encode(name));
        self.path.push('=');
        self.path.push_str(&encode(value));
        self
    }

    pub(super) fn text(mut self, body: impl Into<Cow<'a, str>>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(super) fn json(self, body: &impl Serialize) -> Self {
        // Our own bodies are strings, flags and numbers: they serialise without fail.
        self.text(serde_json::to_string(body).unwrap_or_default())
    }

    /// `POST /customers`.
    pub(crate) fn create_customer(body: &'a str) -> Self {
        Self::post("/customers").text(body)
    }

    /// `GET /customers/{key}`: by key, by Partnero's id or by e-mail address.
    pub(crate) fn get_customer(key: &str) -> Self {
        Self::get("/customers/{key}").key(key)
    }

    /// `POST /transactions`.
    pub(crate) fn create_transaction(body: &'a str) -> Self {
        Self::post("/transactions").text(body)
    }

    /// By path where the key is plain, else the list of that key: the answer is one transaction, or a page of them.
    pub(crate) fn find_transaction(key: &str) -> Self {
        if is_plain(key) {
            Self::get("/transactions/{key}").key(key)
        } else {
            Self::get("/transactions").query("key", key).query("limit", "100")
        }
    }

    /// By path where the key is plain, else with the key in the body.
    pub(crate) fn delete_transaction(key: &str) -> Self {
        if is_plain(key) { Self::delete("/transactions/{key}").key(key) } else { Self::delete_by_body(key) }
    }

    /// The other way, if there is one: with the key in the body, where it is plain.
    pub(crate) fn delete_transaction_otherwise(key: &str) -> Option<Self> {
        is_plain(key).then(|| Self::delete_by_body(key))
    }

    fn delete_by_body(key: &str) -> Self {
        Self::delete("/transactions").json(&serde_json::json!({ "key": key }))
    }

    /// `GET /test`: is the API key good?
    pub(crate) fn test() -> Self {
        Self::get("/test")
    }
}

/// Without the path and the body, which hold keys and personal data.
impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.endpoint())
    }
}

fn encode(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, RESERVED).into()
}

/// Keys that every server and proxy leaves as they are in a path.
pub(super) fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}
