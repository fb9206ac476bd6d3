//! Signed webhooks for an application's own tests.

use axum_partnero::sandbox::{SignatureHeader, WebhookEnvelope, sign_webhook};
use serde_json::{Value, json};

use crate::receiver::sign;

#[test]
fn a_signed_webhook_is_what_partnero_would_send() {
    let webhook = sign_webhook("s3cret", "transaction.created", json!({ "key": "order-1" }))
        .webhook_key("aB3dE6gH9jK2")
        .url("https://a.example/x")
        .created_at("2026-03-04T05:06:07.000000Z");
    let request = webhook.request("/webhooks/partnero").unwrap();
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/webhooks/partnero"));
    assert_eq!(request.headers()["content-type"], "application/json");
    assert_eq!(request.headers()["signature"], sign("s3cret", request.body()));
    let whole = r#"{"event":"transaction.created","url":"https://a.example/x","webhook_key":"aB3dE6gH9jK2","created_at":"2026-03-04T05:06:07.000000Z","data":{"key":"order-1"}}"#;
    assert_eq!(request.body(), whole);
    // A clone is a repeat: the same bytes.
    assert_eq!(webhook.clone().body(), webhook.body());
}

#[test]
fn the_old_forms_are_signed_too() {
    let request = sign_webhook("s3cret", "customer.created", json!({}))
        .envelope(WebhookEnvelope::Old)
        .header(SignatureHeader::XPartneroSignature)
        .request("http://127.0.0.1:1/hook")
        .unwrap();
    assert!(request.headers().get("signature").is_none());
    assert_eq!(request.headers()["x-partnero-signature"], sign("s3cret", request.body()));
    let json: Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(json.as_object().unwrap().keys().collect::<Vec<_>>(), ["data", "event", "timestamp"]);
}

#[test]
fn any_bytes_can_be_signed_and_any_secret_used() {
    for secret in ["", "x", "schlüssel", &"long".repeat(100)] {
        for body in [&b""[..], b"{", b"\xff\x00", &vec![b'x'; 300_000]] {
            let webhook = sign_webhook(secret, "e", json!(null)).raw(body.to_vec());
            assert_eq!((webhook.signature(), &webhook.body()[..]), (sign(secret, body), body));
        }
    }
}

#[test]
fn neither_the_secret_nor_the_data_is_shown() {
    let webhook = sign_webhook("s3cret", "customer.created", json!({ "email": "mia@a.example" }));
    let text = format!("{webhook:?}");
    assert!(text.contains("customer.created") && !text.contains("s3cret") && !text.contains("mia"), "{text}");
    assert!(webhook.request("not a path").is_err());
}
