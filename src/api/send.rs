//! Sends a call once, and says what is known of it afterwards.

use std::{
    error::Error,
    time::{Duration, Instant, SystemTime},
};

use http::{
    HeaderMap,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER},
};
use serde_json::Value;
use tracing::{Instrument as _, Span};

use crate::{
    api::{
        ApiClient, Call,
        attempt::{Answer, Attempt},
        echo, span,
    },
    measure,
};

impl ApiClient {
    /// Sends a call, once. Never panics, and logs neither keys nor bodies.
    pub(crate) async fn send(&self, call: Call<'_>) -> Attempt {
        let span = span::of(&call, &self.inner.base);
        let (method, endpoint) = (span::method(&call.method), call.endpoint());
        let started = Instant::now();
        let of_request = span.clone();
        async move {
            let attempt = self.attempt(call, &of_request).await;
            let elapsed = started.elapsed();
            let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
            let status = match &attempt {
                Attempt::Answered(answer) => {
                    tracing::debug!(elapsed_ms, "answered");
                    answer.status.as_str()
                }
                Attempt::NotSent(reason) => {
                    tracing::debug!(elapsed_ms, reason, "not sent");
                    "not_sent"
                }
                Attempt::Uncertain(reason) => {
                    tracing::debug!(elapsed_ms, reason, "sent, without a whole answer");
                    "no_answer"
                }
            };
            measure::request(method, endpoint, status, elapsed);
            attempt
        }
        .instrument(span)
        .await
    }

    async fn attempt(&self, call: Call<'_>, span: &Span) -> Attempt {
        let url = match self.inner.base.at(&call.path) {
            Ok(url) => url,
            Err(error) => return Attempt::NotSent(error.to_string()),
        };
        let Some(http) = &self.inner.http else {
            return Attempt::NotSent("this client is disabled".to_owned());
        };
        let mut request = http
            .request(call.method, url)
            .header(AUTHORIZATION, self.inner.authorization.clone())
            .header(ACCEPT, "application/json");
        let sent = call.body.as_deref();
        if let Some(body) = sent {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_owned());
        }
        let mut response = match request.send().await {
            Ok(response) => response,
            // Everything up to the end of the TLS handshake; not, for instance, the time-out of the whole request,
            // although that may strike while connecting.
            Err(error) if error.is_connect() || error.is_builder() => {
                span::failed(span, &error);
                return Attempt::NotSent(chain(error));
            }
            Err(error) => {
                span::failed(span, &error);
                return Attempt::Uncertain(chain(error));
            }
        };
        let status = response.status();
        span::answered(span, status);
        let retry_after = retry_after(response.headers(), SystemTime::now());
        match read(&mut response, self.inner.max_response_bytes).await {
            Ok(mut json) => {
                if let Some(json) = &mut json {
                    echo::mask(json, status.is_success(), sent);
                }
                Attempt::Answered(Answer { status, retry_after, json })
            }
            Err(error) => {
                span::failed(span, &error);
                Attempt::Uncertain(chain(error))
            }
        }
    }
}

/// The body as JSON. `None` if it isn't, or is too long: then the rest is left unread.
async fn read(response: &mut reqwest::Response, most: usize) -> Result<Option<Value>, reqwest::Error> {
    let announced = response.content_length().unwrap_or(0);
    if usize::try_from(announced).map_or(true, |announced| announced > most) {
        return Ok(None);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if chunk.len() > most - body.len() {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    // Some web servers put a byte order mark before what they send.
    let json = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body);
    Ok(serde_json::from_slice(json).ok())
}

/// `Retry-After` as seconds or as a date; one in the past is zero.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// An error with its causes, without the URL, which may hold a key.
pub(super) fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        // Wrappers like to repeat what they wrap.
        if !text.ends_with(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        cause = error.source();
    }
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Wed, 21 Oct 2026 07:28:00 GMT").unwrap();
        let read = |value: &[u8]| {
            let value = HeaderValue::from_bytes(value).unwrap();
            retry_after(&HeaderMap::from_iter([(RETRY_AFTER, value)]), now)
        };
        assert_eq!(read(b"120"), Some(Duration::from_secs(120)));
        assert_eq!(read(b" 0 "), Some(Duration::ZERO));
        assert_eq!(read(b"99999999999999999999999"), Some(Duration::from_secs(u64::MAX)));
        assert_eq!(read(b"Wed, 21 Oct 2026 07:29:30 GMT"), Some(Duration::from_secs(90)));
        assert_eq!(read(b"Wed, 21 Oct 2020 07:28:00 GMT"), Some(Duration::ZERO));
        for bad in [&b""[..], b"soon", b"-1", b"1.5", b"1 2", b"\xff", b"0x10"] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
