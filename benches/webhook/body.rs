//! The webhook.

use http::{HeaderMap, HeaderValue};

pub(crate) use crate::sign::SECRET;
use crate::sign::sign;

/// A sale and its commissions, in the current envelope.
pub(crate) const TRANSACTION_CREATED: &[u8] = br#"{"event":"transaction.created","url":"https://shop.example/webhooks/partnero","webhook_key":"aB3dE6gH9jK2","created_at":"2026-03-04T05:06:07.000000Z","data":{"key":"order-2026-000123","action":"sale","amount":149.97,"partner":"prt-8f14e45f","customer":"customer-4711","credit":false,"is_currency":true,"amount_units":"USD","created_at":"2026-03-04T05:06:07.000000Z","deleted_at":null,"rewards":[{"key":"order-2026-000123","action":"sale","status":"ok","customer":"customer-4711","partner":"prt-8f14e45f","amount":29.997,"amount_units":"USD","is_currency":true,"credit":false,"created_at":"2026-03-04T05:06:07.000000Z","deleted_at":null,"product_type_data":{"product_id":"plan-1","product_type":"monthly"}},{"key":"order-2026-000123","action":"sale","status":"review_period","customer":"customer-4711","partner":"prt-c9f0f895","amount":14.99,"amount_units":"USD","is_currency":true,"credit":false,"created_at":"2026-03-04T05:06:07.000000Z","deleted_at":null,"product_type_data":{"product_id":"plan-1","product_type":"monthly"}}]}}"#;

pub(crate) fn headers(raw: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(http::header::USER_AGENT, HeaderValue::from_static("GuzzleHttp/7"));
    headers.insert("signature", HeaderValue::from_str(&sign(SECRET, raw)).expect("digits"));
    headers
}
