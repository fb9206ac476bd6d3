//! The bytes of a webhook, and their signature.

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::sandbox::webhook_switches::WebhookEnvelope;

/// What a webhook says of an event.
pub(super) struct Letter<'a> {
    pub(super) event: &'a str,
    pub(super) url: &'a str,
    pub(super) webhook_key: &'a str,
    pub(super) at: &'a str,
    pub(super) data: &'a RawValue,
}

#[derive(Serialize)]
struct Current<'a> {
    event: &'a str,
    url: &'a str,
    webhook_key: &'a str,
    created_at: &'a str,
    data: &'a RawValue,
}

#[derive(Serialize)]
struct Old<'a> {
    event: &'a str,
    data: &'a RawValue,
    timestamp: &'a str,
}

impl Letter<'_> {
    pub(super) fn bytes(&self, envelope: WebhookEnvelope) -> Bytes {
        let Self { event, url, webhook_key, at, data } = *self;
        let bytes = match envelope {
            WebhookEnvelope::Current => serde_json::to_vec(&Current { event, url, webhook_key, created_at: at, data }),
            WebhookEnvelope::Old => serde_json::to_vec(&Old { event, data, timestamp: at }),
        };
        // Texts and JSON that was read or written before: it can't fail.
        bytes.unwrap_or_default().into()
    }
}

/// What the signature header holds: HMAC-SHA256 (RFC 2104) over the body, in lower-case hex. The secret is the key as
/// it is, in UTF-8.
pub(super) fn signature(secret: &str, body: &[u8]) -> String {
    const BLOCK: usize = 64;
    let mut key = [0; BLOCK];
    if secret.len() > BLOCK {
        key[..32].copy_from_slice(&Sha256::digest(secret));
    } else {
        key[..secret.len()].copy_from_slice(secret.as_bytes());
    }
    let keyed = |pad: u8| Sha256::new().chain_update(key.map(|byte| byte ^ pad));
    let inner = keyed(0x36).chain_update(body).finalize();
    let outer = keyed(0x5c).chain_update(inner).finalize();
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_standard() {
        // Cases 1 and 2 of RFC 4231, whose keys are texts, and keys of a block, and of more.
        let cases = [
            ("\u{b}".repeat(20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                "Jefe".to_owned(),
                "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            ("k".repeat(64), "body", "2e213d30b446410b3c21ed0982394dd2add15ccc4da5abab1cac32e7fd6eb01f"),
            ("k".repeat(65), "body", "2da24f5c5e8c4884fbeebd56a313b1578530a805d626213a9338445723ad28f6"),
            ("k".repeat(200), "body", "0f251ee8bf342a5adda9c08be11ca526e68e9b3b0df4b31f8dfaf626c95a6846"),
        ];
        for (secret, body, expected) in cases {
            assert_eq!(signature(&secret, body.as_bytes()), expected, "{}", secret.len());
        }
    }
}
