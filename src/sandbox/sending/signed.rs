//! A signed webhook for tests, without anything that happened.

use std::fmt;

use bytes::Bytes;
use http::{Request, Uri, header};
use serde_json::{Value, value::to_raw_value};

use crate::sandbox::{
    clock,
    sending::body::{Letter, signature},
    webhook_switches::{SignatureHeader, WebhookEnvelope},
};

/// A webhook as Partnero would sign and send it, for tests of an application's own route. It needs no sandbox that runs.
///
/// ```
/// use axum_partnero::sandbox::sign_webhook;
/// use serde_json::json;
///
/// # fn main() -> Result<(), axum::http::Error> {
/// let sale = json!({ "key": "order-1", "amount": 49.9, "customer": "mia", "rewards": [] });
/// let request = sign_webhook("the secret", "transaction.created", sale).request("/webhooks/partnero")?;
/// // … app.oneshot(request.map(axum::body::Body::from)).await …
/// assert_eq!(request.headers()["signature"].len(), 64);
/// # Ok(())
/// # }
/// ```
pub fn sign_webhook(secret: impl Into<String>, event: impl Into<String>, data: Value) -> SignedWebhook {
    SignedWebhook {
        secret: secret.into(),
        event: event.into(),
        data,
        envelope: WebhookEnvelope::Current,
        header: SignatureHeader::Signature,
        url: "https://app.example/webhooks/partnero".to_owned(),
        webhook_key: "sandboxhook1".to_owned(),
        at: clock::now(),
        raw: None,
    }
}

/// A webhook to send yourself; from [`sign_webhook`].
#[derive(Clone)]
#[must_use = "it is only sent where you send it: see `request`"]
pub struct SignedWebhook {
    secret: String,
    event: String,
    data: Value,
    envelope: WebhookEnvelope,
    header: SignatureHeader,
    url: String,
    webhook_key: String,
    at: String,
    raw: Option<Bytes>,
}

impl SignedWebhook {
    /// The fields around `data`. Default: [`WebhookEnvelope::Current`].
    pub fn envelope(mut self, envelope: WebhookEnvelope) -> Self {
        self.envelope = envelope;
        self
    }

    /// The header that the signature is in. Default: [`SignatureHeader::Signature`].
    pub fn header(mut self, header: SignatureHeader) -> Self {
        self.header = header;
        self
    }

    /// When it happened, such as `2026-03-04T05:06:07.000000Z`. Default: the moment of [`sign_webhook`], so that two
    /// calls of it make two events, and a clone is a repeat.
    pub fn created_at(mut self, time: impl Into<String>) -> Self {
        self.at = time.into();
        self
    }

    /// `webhook_key` in the current envelope. Default: a made-up one of 12 characters.
    pub fn webhook_key(mut self, key: impl Into<String>) -> Self {
        self.webhook_key = key.into();
        self
    }

    /// `url` in the current envelope. Default: `https://app.example/webhooks/partnero`.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = url.into();
        self
    }

    /// Exactly these bytes, well signed, in place of an event: what can't be read, a gap, a megabyte. Default: none.
    pub fn raw(mut self, body: impl Into<Bytes>) -> Self {
        self.raw = Some(body.into());
        self
    }

    /// The body.
    pub fn body(&self) -> Bytes {
        if let Some(raw) = &self.raw {
            return raw.clone();
        }
        // A `Value` is JSON already: it can't fail.
        let data = to_raw_value(&self.data).unwrap_or_default();
        let letter =
            Letter { event: &self.event, url: &self.url, webhook_key: &self.webhook_key, at: &self.at, data: &data };
        letter.bytes(self.envelope)
    }

    /// The signature of [`body`](Self::body).
    pub fn signature(&self) -> String {
        signature(&self.secret, &self.body())
    }

    /// The whole request, to this path or URL. Its body becomes one of axum's with `.map(Body::from)`.
    ///
    /// # Errors
    ///
    /// If that isn't a path or URL.
    pub fn request<U>(&self, uri: U) -> Result<Request<Bytes>, http::Error>
    where
        Uri: TryFrom<U>,
        <Uri as TryFrom<U>>::Error: Into<http::Error>,
    {
        Request::post(uri)
            .header(header::CONTENT_TYPE, "application/json")
            .header(self.header.name(), self.signature())
            .body(self.body())
    }
}

/// Without the secret and the data.
impl fmt::Debug for SignedWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedWebhook").field("event", &self.event).finish_non_exhaustive()
    }
}
