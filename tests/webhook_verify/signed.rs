//! Signs, as Partnero does.

use axum_partnero::{WebhookEvent, WebhookSecret};
use http::{HeaderMap, HeaderName};

pub(crate) use crate::sign::{SECRET, sign as hex};

/// Another webhook's.
pub(crate) const OTHER: &str = "aB3dE6gH9jK2lM5n";

pub(crate) fn secret() -> WebhookSecret {
    WebhookSecret::new(SECRET).unwrap()
}

pub(crate) fn headers<N: AsRef<str>, V: AsRef<[u8]>>(lines: impl IntoIterator<Item = (N, V)>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(name.as_ref().parse::<HeaderName>().unwrap(), value.as_ref().try_into().unwrap());
    }
    headers
}

pub(crate) fn signed(body: &[u8]) -> HeaderMap {
    headers([("Signature", hex(SECRET, body))])
}

/// The event of a body that Partnero signed.
pub(crate) fn event(body: impl AsRef<[u8]>) -> WebhookEvent {
    let body = body.as_ref();
    secret().verify(&signed(body), body.to_vec()).unwrap().event()
}
