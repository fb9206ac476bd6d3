//! An answer that a fault gives instead of Partnero's.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{
    StatusCode,
    header::{self, HeaderName, HeaderValue},
};
use serde_json::{Value, json};

use crate::sandbox::envelope::Reply;

/// An answer made up for a [`Fault`](super::Fault).
///
/// ```
/// use axum_partnero::sandbox::{Answer, Fault, Sandbox};
/// use serde_json::json;
///
/// let sandbox = Sandbox::affiliate().build();
/// sandbox.fault(Answer::too_many_requests(None)).times(1);
/// sandbox.fault(Answer::html(502));
/// sandbox.fault(Fault::StoreThenAnswer(Answer::json(200, &json!({ "status": 0 }))));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Answer(pub(super) Reply);

impl Answer {
    /// This status with Partnero's own kind of error body.
    pub fn status(status: u16) -> Self {
        let status = valid(status);
        let message = status.canonical_reason().unwrap_or("Error");
        Self(Reply::json(status, &json!({ "message": message, "status": 0 })))
    }

    /// This status and JSON. A status outside 200 to 599 becomes 500.
    pub fn json(status: u16, body: &Value) -> Self {
        Self(Reply::json(valid(status), body))
    }

    /// An HTML page, as a proxy in front of Partnero would answer.
    pub fn html(status: u16) -> Self {
        let status = valid(status);
        let page = format!(
            "<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>\r\n"
        );
        Self(Reply::text(status, "text/html", page))
    }

    /// Bytes that claim to be JSON, but are neither JSON nor UTF-8.
    pub fn garbage(status: u16) -> Self {
        Self(Reply::text(valid(status), "application/json", Bytes::from_static(b"{\"data\": \xff\xfe\x00 <")))
    }

    /// 429, with or without `Retry-After` in whole seconds.
    pub fn too_many_requests(retry_after: Option<Duration>) -> Self {
        let answer = Self::status(429);
        match retry_after {
            Some(wait) => answer.header("retry-after", &wait.as_secs().to_string()),
            None => answer,
        }
    }

    /// 302, 307 or another redirect to `location`.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::html(status).header("location", location)
    }

    /// With another header. One that isn't valid is left out.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            self.0.headers.insert(name, value);
        }
        self
    }

    /// With another body, byte for byte.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.0.body = body.into();
        self
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.0.headers.get(header::CONTENT_TYPE).cloned();
        f.debug_struct("Answer")
            .field("status", &self.0.status.as_u16())
            .field("content_type", &kind)
            .finish_non_exhaustive()
    }
}

fn valid(status: u16) -> StatusCode {
    match StatusCode::from_u16(status) {
        Ok(code) if (200..600).contains(&status) => code,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
