//! The same sale for both candidates, through the same HTTP client settings.

use std::time::Duration;

use axum_partnero::{NewTransaction, Partnero};
use rust_decimal::Decimal;
use serde_json::{Value, json};

pub(crate) const API_KEY: &str = "bench-key-0123456789";

pub(crate) fn amount(number: u64) -> Decimal {
    Decimal::new(4_990 + (number % 1_000).cast_signed(), 2)
}

/// What a handler tells `Partnero`. No two sales share a key or a customer.
pub(crate) fn ours(number: u64) -> NewTransaction {
    NewTransaction::new(format_args!("order-{number}"), amount(number))
        .customer(1_000_000 + number)
        .product_id("plan-pro")
}

/// The same as the body that a handler would send by itself.
pub(crate) fn body(number: u64) -> Value {
    json!({
        "key": format!("order-{number}"),
        "amount": amount(number).to_string().parse::<f64>().expect("a number"),
        "action": "sale",
        "product_id": "plan-pro",
        "customer": { "key": (1_000_000 + number).to_string() },
    })
}

pub(crate) fn partnero(url: &str, capacity: usize, in_flight: usize) -> Partnero {
    Partnero::builder(API_KEY).base_url(url).capacity(capacity).max_in_flight(in_flight).build().expect("a handle")
}

/// Set as ours is.
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(Duration::from_secs(3))
        .timeout(Duration::from_secs(10))
        .pool_idle_timeout(Duration::from_secs(15))
        .user_agent("peer")
        .build()
        .expect("a client")
}

/// Sends one sale and reads the answer.
pub(crate) async fn post(client: reqwest::Client, url: String, body: Value) -> bool {
    answered(client.post(url).bearer_auth(API_KEY).json(&body)).await
}

pub(crate) async fn answered(request: reqwest::RequestBuilder) -> bool {
    match request.send().await {
        Ok(response) if response.status().is_success() => response.json::<Value>().await.is_ok(),
        _ => false,
    }
}
