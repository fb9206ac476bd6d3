//! Renewals of subscriptions, from Stripe's webhooks: `cargo run --example stripe_renewals`.
//!
//! Stripe sends each event at least once, and in no order. Here they come three times, a refund before its payment, and
//! again after a deploy; each invoice pays one commission, of what is left of it. (Is Stripe connected to Partnero in
//! its dashboard? Then see `sign_ups_only`.)

use std::{collections::HashMap, error::Error, path::Path, sync::Arc, time::Duration};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use axum_partnero::{Amount, BoxError, Decimal, NewTransaction, Partnero, SqliteOutbox, sandbox::Sandbox};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use stage::{Proof, delivered, serve};

mod stage;

const SECRET: &[u8] = b"whsec_of_the_example";

#[derive(Clone)]
struct AppState {
    partnero: Partnero,
    /// Who a customer of Stripe's is here, and at Partnero: a table of yours.
    users: Arc<HashMap<&'static str, &'static str>>,
}

/// What is used of an event. The amounts are in minor units.
#[derive(serde::Deserialize)]
struct Event {
    r#type: String,
    data: Data,
}

#[derive(serde::Deserialize)]
struct Data {
    object: Value,
}

/// Answers 2xx once the outbox has it. Anything else, and Stripe comes again.
async fn stripe(State(app): State<AppState>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if !is_genuine(&headers, &body) {
        return StatusCode::BAD_REQUEST;
    }
    let Ok(event) = serde_json::from_slice::<Event>(&body) else { return StatusCode::OK };
    match track(&app, &event).await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

async fn track(app: &AppState, event: &Event) -> Result<(), BoxError> {
    let object = &event.data.object;
    let text = |name: &str| object[name].as_str().unwrap_or_default();
    let Some(user) = app.users.get(text("customer")) else { return Ok(()) };
    let amount = |units: i64| Amount::from_minor(units, text("currency"));
    let cents = |name: &str| object[name].as_i64().unwrap_or_default();
    match event.r#type.as_str() {
        "invoice.paid" => {
            let sale = NewTransaction::new(text("id"), amount(cents("amount_paid"))?).customer(user);
            app.partnero.track_sale(sale).stored().await?;
        }
        // What is left counts; nothing left is a refund. A charge of no invoice is none of ours, and done.
        "charge.refunded" if object["invoice"].is_string() => {
            let left = amount(cents("amount") - cents("amount_refunded"))?;
            let sale = NewTransaction::new(text("invoice"), left).customer(user);
            app.partnero.track_adjustment(sale).stored().await?;
        }
        _ => {}
    }
    Ok(())
}

/// `Stripe-Signature: t=TIME,v1=HEX`. Stripe's library compares the time, too; a repeat does no harm here.
fn is_genuine(headers: &HeaderMap, body: &[u8]) -> bool {
    let header = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let part = |name| header.split(',').find_map(|part| part.strip_prefix(name));
    part("t=").zip(part("v1=")).is_some_and(|(time, signature)| {
        let bytes = (0..signature.len()).step_by(2).map(|at| u8::from_str_radix(signature.get(at..at + 2)?, 16).ok());
        let bytes: Option<Vec<u8>> = bytes.collect();
        bytes.is_some_and(|bytes| mac(time, body).verify_slice(&bytes).is_ok())
    })
}

fn mac(time: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("a secret of any length");
    mac.update(format!("{time}.").as_bytes());
    mac.update(body);
    mac
}

/// In the place of Stripe.
async fn send(url: &str, kind: &str, object: Value) -> Result<u16, Box<dyn Error>> {
    let body = json!({"type": kind, "data": {"object": object}}).to_string();
    let signature: String =
        mac("1", body.as_bytes()).finalize().into_bytes().iter().map(|it| format!("{it:02x}")).collect();
    let client = reqwest::Client::builder().no_proxy().build()?;
    let request = client.post(url).header("stripe-signature", format!("t=1,v1={signature}")).body(body);
    Ok(request.send().await?.status().as_u16())
}

fn paid(invoice: &str) -> Value {
    json!({"id": invoice, "customer": "cus_1", "amount_paid": 4990, "currency": "usd"})
}

fn refunded(invoice: &str, cents: i64) -> Value {
    json!({"invoice": invoice, "customer": "cus_1", "amount": 4990, "amount_refunded": cents, "currency": "usd"})
}

async fn start(sandbox: &Sandbox, file: &Path) -> Result<(Partnero, String), Box<dyn Error>> {
    let partnero = sandbox.partnero_builder().outbox(SqliteOutbox::open(file).await?).build()?;
    let users = Arc::new(HashMap::from([("cus_1", "mia")]));
    let state = AppState { partnero: partnero.clone(), users };
    let url = serve(Router::new().route("/stripe", post(stripe)).with_state(state)).await?;
    Ok((partnero, format!("{url}/stripe")))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::affiliate().referred_customer("mia", "anna").spawn().await?;
    let folder = tempfile::tempdir()?;
    let mut proof = Proof::default();
    for deploy in ["before a deploy", "after it"] {
        println!("Each event comes three times, {deploy}.");
        let (partnero, url) = start(&sandbox, &folder.path().join("partnero.db")).await?;
        for _ in 0..3 {
            send(&url, "charge.refunded", refunded("in_2", 4990)).await?;
            send(&url, "invoice.paid", paid("in_1")).await?;
            send(&url, "invoice.paid", paid("in_2")).await?;
            send(&url, "charge.refunded", refunded("in_3", 2000)).await?;
            send(&url, "invoice.paid", paid("in_3")).await?;
        }
        let other = send(&url, "charge.refunded", json!({"invoice": null, "customer": "cus_1"})).await?;
        proof.that("a refund of something else is taken, and does nothing", other == 200);
        let forged = reqwest::Client::new().post(&url).body(json!({"type": "invoice.paid"}).to_string()).send().await?;
        proof.that("what Stripe didn't sign is refused", forged.status() == StatusCode::BAD_REQUEST);
        delivered(&partnero).await?;
        let ledger = sandbox.ledger();
        let amounts = |key| ledger.live_transactions(key).iter().map(|sale| sale.amount).collect::<Vec<_>>();
        proof.that("an invoice that is paid counts once", amounts("in_1") == [Decimal::new(4990, 2)]);
        proof.that("one whose refund came before it never counts", amounts("in_2").is_empty());
        proof.that(
            "one of which 20.00 went back before it came counts with 29.90",
            amounts("in_3") == [Decimal::new(2990, 2)],
        );
        proof.that("anna is owed 30 % of that: 23.94", ledger.owed_to("anna") == Decimal::new(2394, 2));
        partnero.shutdown(Duration::from_secs(10)).await;
    }
    proof.end()
}
