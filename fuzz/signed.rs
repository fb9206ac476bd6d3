//! Signs, as Partnero does.
#![allow(dead_code, reason = "each target uses a part of it")]

use std::sync::LazyLock;

use axum_partnero::WebhookSecret;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderValue};
use sha2::Sha256;

const SECRET: &str = "q7W8e9R0t1Y2u3I4";

pub(crate) fn secret() -> &'static WebhookSecret {
    static IT: LazyLock<WebhookSecret> = LazyLock::new(|| WebhookSecret::new(SECRET).expect("a secret"));
    &IT
}

pub(crate) fn hex(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length");
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn headers(body: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("signature", HeaderValue::from_str(&hex(body)).expect("digits"));
    headers
}

pub(crate) fn is_hex(text: &[u8]) -> bool {
    text.len() == 64 && text.iter().all(u8::is_ascii_hexdigit)
}
