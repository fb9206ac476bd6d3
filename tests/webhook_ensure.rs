//! `ensure_webhook` against the sandbox, over real sockets.

#![allow(clippy::unwrap_used)]

#[path = "shared/log.rs"]
mod log;

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, routing::post};
use axum_partnero::{
    Partnero, VerifiedWebhook, WebhookSecret,
    api::{ApiError, NewWebhook, WebhookUpdate},
    sandbox::{Answer, DeliveryState, Fault, Sandbox, WebhookRow, sign_webhook},
    webhook::EnsureWebhookError,
};
use futures_util::future::join_all;
use log::Log;
use serde_json::json;

const URL: &str = "https://shop.example/webhooks/partnero?token=t0ken";
const EVENTS: [&str; 2] = ["transaction.created", "transaction.deleted"];

async fn start() -> (Sandbox, Partnero) {
    let sandbox = Sandbox::affiliate().referred_customer("mia", "anna").spawn().await.unwrap();
    let partnero = sandbox.partnero().unwrap();
    (sandbox, partnero)
}

fn webhooks(sandbox: &Sandbox) -> Vec<WebhookRow> {
    sandbox.ledger().webhooks().to_vec()
}

/// Is it the secret of this webhook?
fn fits(secret: &WebhookSecret, row: &WebhookRow) -> bool {
    let request = sign_webhook(&row.signature, "transaction.created", json!({})).request("/").unwrap();
    let (parts, body) = request.into_parts();
    secret.verify(&parts.headers, body).is_ok()
}

/// The methods that were called since.
fn methods(sandbox: &Sandbox) -> Vec<String> {
    let methods = sandbox.requests().into_iter().map(|it| it.method).collect();
    sandbox.clear_requests();
    methods
}

#[tokio::test]
async fn what_is_sent_after_it_is_verified_by_its_secret() {
    let (sandbox, partnero) = start().await;
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/webhooks/partnero", listener.local_addr().unwrap());
    let secret = partnero.ensure_webhook(&url, EVENTS).await.unwrap();
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen_by_handler = Arc::clone(&seen);
    let handler = async move |VerifiedWebhook(webhook): VerifiedWebhook| {
        seen_by_handler.lock().unwrap().push(webhook.event().transaction_key().unwrap().to_string());
    };
    let app = Router::new().route("/webhooks/partnero", post(handler)).with_state(secret);
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    partnero.track_sale(axum_partnero::NewTransaction::new("order-1", axum_partnero::Decimal::TEN).customer("mia"));
    assert!(partnero.flush(Duration::from_secs(20)).await.is_ok());
    sandbox.webhooks_settled().await;
    assert_eq!(*seen.lock().unwrap(), ["order-1"]);
    assert!(sandbox.webhook_deliveries().iter().all(|it| it.state == DeliveryState::Delivered));
    server.abort();
}

#[tokio::test]
async fn the_second_time_only_asks() {
    let (sandbox, partnero) = start().await;
    let first = partnero.ensure_webhook(URL, EVENTS).await.unwrap();
    assert_eq!(methods(&sandbox), ["GET", "POST", "GET"]);
    let before = webhooks(&sandbox);
    // In another order, and twice, it is the same.
    let events = ["transaction.deleted", "transaction.created", "transaction.deleted"];
    let second = partnero.ensure_webhook(URL, events).await.unwrap();
    assert_eq!(methods(&sandbox), ["GET"]);
    assert_eq!((before.len(), webhooks(&sandbox)), (1, before.clone()));
    assert!(fits(&first, &before[0]) && fits(&second, &before[0]));
    assert!(before[0].is_active && before[0].url == URL && before[0].events == EVENTS);
}

#[tokio::test]
async fn events_become_exactly_those_that_are_asked_for_and_it_is_turned_on() {
    let (sandbox, partnero) = start().await;
    let api = partnero.api().webhooks();
    let other = NewWebhook::new("other", "https://shop.example/webhooks/partnero", ["customer.created"]);
    api.create(&other.is_active(false)).await.unwrap();
    api.create(&NewWebhook::new("mine", URL, ["customer.created", "transaction.created"])).await.unwrap();
    let before = webhooks(&sandbox);
    let secret = partnero.ensure_webhook(URL, EVENTS).await.unwrap();
    let mut expected = before[1].clone();
    expected.events = EVENTS.map(str::to_owned).to_vec();
    assert_eq!(webhooks(&sandbox), [before[0].clone(), expected.clone()]);
    assert!(fits(&secret, &expected) && !fits(&secret, &before[0]));
    api.update(&expected.key, &WebhookUpdate::new().is_active(false)).await.unwrap();
    partnero.ensure_webhook(URL, EVENTS).await.unwrap();
    assert_eq!(webhooks(&sandbox), [before[0].clone(), expected]);
}

#[tokio::test]
async fn it_is_found_on_the_last_page() {
    let (sandbox, partnero) = start().await;
    for number in 0..205 {
        let url = if number == 203 { URL.to_owned() } else { format!("{URL}{number}") };
        partnero.api().webhooks().create(&NewWebhook::new("n", url, EVENTS)).await.unwrap();
    }
    sandbox.clear_requests();
    let secret = partnero.ensure_webhook(URL, EVENTS).await.unwrap();
    assert_eq!(methods(&sandbox), ["GET", "GET", "GET"]);
    assert!(fits(&secret, &webhooks(&sandbox)[203]));
}

#[tokio::test]
async fn of_several_the_first_is_used_and_the_others_are_named_in_a_warning() {
    let (log, _guard) = Log::start();
    let (sandbox, partnero) = start().await;
    for key in ["first", "second", "third"] {
        partnero.api().webhooks().create(&NewWebhook::new("n", URL, EVENTS).key(key)).await.unwrap();
    }
    let secret = partnero.ensure_webhook(URL, EVENTS).await.unwrap();
    let rows = webhooks(&sandbox);
    assert!(rows.len() == 3 && fits(&secret, &rows[0]));
    let warnings: Vec<_> = log.text().lines().filter(|it| it.contains("WARN")).map(str::to_owned).collect();
    assert!(warnings.len() == 2 && warnings[0].contains("second") && warnings[1].contains("third"), "{warnings:?}");
    for secret in rows.iter().map(|row| &*row.signature).chain(["t0ken"]) {
        assert_eq!(log.count(secret), 0);
    }
    assert!(!format!("{secret:?}").contains(&rows[0].signature));
}

#[tokio::test]
async fn instances_that_start_together_end_with_one_webhook() {
    let (sandbox, partnero) = start().await;
    // Each has looked, and found none, before the first creates one.
    sandbox.fault(Fault::Slow(Duration::from_millis(300))).on("POST", "/webhooks");
    let all = join_all((0..8).map(|_| partnero.ensure_webhook(URL, EVENTS))).await;
    let rows = webhooks(&sandbox);
    assert_eq!(rows.len(), 1);
    assert!(all.iter().all(|secret| fits(secret.as_ref().unwrap(), &rows[0])));
    assert_eq!(methods(&sandbox).iter().filter(|it| *it == "POST").count(), 8);
}

#[tokio::test]
async fn instances_that_start_together_end_with_one_webhook_also_if_no_key_is_accepted() {
    let (sandbox, partnero) = start().await;
    let refused = json!({ "message": "no", "errors": { "key": ["The key can't be chosen."] }, "status": 0 });
    sandbox.fault(Answer::json(422, &refused)).on("POST", "/webhooks").mentioning("\"key\":");
    sandbox.fault(Fault::Slow(Duration::from_millis(300))).on("POST", "/webhooks");
    let all = join_all((0..4).map(|_| partnero.ensure_webhook(URL, EVENTS))).await;
    let rows = webhooks(&sandbox);
    assert_eq!(rows.len(), 1);
    assert!(all.iter().all(|secret| fits(secret.as_ref().unwrap(), &rows[0])));
}

#[tokio::test]
async fn one_that_was_moved_in_the_dashboard_is_brought_back() {
    let (sandbox, partnero) = start().await;
    partnero.ensure_webhook(URL, EVENTS).await.unwrap();
    let before = webhooks(&sandbox);
    let elsewhere = WebhookUpdate::new().url("https://old.example/");
    partnero.api().webhooks().update(&before[0].key, &elsewhere).await.unwrap();
    let secret = partnero.ensure_webhook(URL, EVENTS).await.unwrap();
    assert_eq!(webhooks(&sandbox), before);
    assert!(fits(&secret, &before[0]));
}

#[tokio::test]
async fn one_that_was_moved_stays_where_it_is_if_another_has_the_url() {
    let (log, _guard) = Log::start();
    let (sandbox, partnero) = start().await;
    partnero.ensure_webhook(URL, EVENTS).await.unwrap();
    let ours = webhooks(&sandbox).remove(0);
    let elsewhere = WebhookUpdate::new().url("https://old.example/");
    partnero.api().webhooks().update(&ours.key, &elsewhere).await.unwrap();
    partnero.api().webhooks().create(&NewWebhook::new("by hand", URL, EVENTS)).await.unwrap();
    let before = webhooks(&sandbox);
    let secret = partnero.ensure_webhook(URL, EVENTS).await.unwrap();
    assert_eq!(webhooks(&sandbox), before);
    assert!(fits(&secret, &before[1]) && !fits(&secret, &before[0]));
    assert_eq!(log.count("another webhook of the same URL"), 0);
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_found_the_next_time() {
    let (sandbox, partnero) = start().await;
    sandbox.fault(Fault::StoreThenDrop).on("POST", "/webhooks").times(1);
    let lost = partnero.ensure_webhook(URL, EVENTS).await;
    assert!(matches!(lost, Err(EnsureWebhookError::Api(ApiError::Uncertain { .. }))), "{lost:?}");
    let secret = partnero.ensure_webhook(URL, EVENTS).await.unwrap();
    let rows = webhooks(&sandbox);
    assert!(rows.len() == 1 && fits(&secret, &rows[0]));
}

#[tokio::test]
async fn a_secret_that_the_list_leaves_out_is_asked_for() {
    let (sandbox, partnero) = start().await;
    partnero.ensure_webhook(URL, EVENTS).await.unwrap();
    let row = webhooks(&sandbox).remove(0);
    for signature in [json!(null), json!(""), json!(" ")] {
        let bare = json!({ "key": row.key, "url": URL, "is_active": true, "events": EVENTS, "signature": signature });
        sandbox.clear_faults();
        let bare_list = json!({ "data": [bare], "status": 1 });
        sandbox.fault(Answer::json(200, &bare_list)).on("GET", "/webhooks");
        let secret = partnero.ensure_webhook(URL, EVENTS).await.unwrap();
        assert!(fits(&secret, &row));
        sandbox.fault(Answer::json(200, &json!({ "data": bare, "status": 1 }))).on("GET", "/webhooks/*");
        let none = partnero.ensure_webhook(URL, EVENTS).await.unwrap_err();
        assert_eq!(none, EnsureWebhookError::Missing("signature"));
        assert!(none.to_string().contains("PARTNERO_WEBHOOK_SECRET"));
    }
    // An update that says nothing leaves what the list said.
    sandbox.clear_faults();
    sandbox.fault(Fault::StoreThenAnswer(Answer::json(200, &json!({ "data": {}, "status": 1 })))).on("PUT", "*");
    let secret = partnero.ensure_webhook(URL, ["transaction.created"]).await.unwrap();
    assert!(fits(&secret, &row) && webhooks(&sandbox)[0].events == ["transaction.created"]);
}

#[tokio::test]
async fn one_without_a_key_can_be_used_but_not_mended() {
    let (sandbox, partnero) = start().await;
    let row = json!({ "url": URL, "is_active": true, "events": EVENTS, "signature": "s3cret" });
    let list = json!({ "data": [row], "status": 1 });
    sandbox.fault(Answer::json(200, &list)).on("GET", "/webhooks");
    assert!(partnero.ensure_webhook(URL, EVENTS).await.is_ok());
    let error = partnero.ensure_webhook(URL, ["customer.created"]).await.unwrap_err();
    assert_eq!(error, EnsureWebhookError::Missing("key"));
    assert_eq!(methods(&sandbox), ["GET", "GET"]);
}

#[tokio::test]
async fn what_partnero_refuses_or_does_not_answer_is_an_error_that_says_so() {
    let (sandbox, partnero) = start().await;
    let refused = partnero.ensure_webhook(URL, ["customer.invented"]).await.unwrap_err();
    assert!(refused.to_string().contains("events"), "{refused}");
    assert_eq!(methods(&sandbox), ["GET", "POST"]);
    for (method, path, status) in [("GET", "/webhooks", 401), ("GET", "/webhooks", 500), ("POST", "/webhooks", 503)] {
        sandbox.fault(Answer::status(status)).on(method, path).times(1);
        let Err(EnsureWebhookError::Api(error)) = partnero.ensure_webhook(URL, EVENTS).await else {
            panic!("{method} {path} {status}")
        };
        assert_eq!(error.status().unwrap().as_u16(), status);
    }
    sandbox.stop_listening().await;
    let Err(EnsureWebhookError::Api(error)) = partnero.ensure_webhook(URL, EVENTS).await else { panic!("reached") };
    assert!(error.is_not_sent());
    assert!(webhooks(&sandbox).is_empty());
}

#[tokio::test]
async fn what_can_t_be_right_is_not_sent() {
    let (sandbox, partnero) = start().await;
    for url in ["", "/webhooks/partnero", "shop.example/hook", "ftp://shop.example/", "https://", "data:text/html,x"] {
        assert_eq!(partnero.ensure_webhook(url, EVENTS).await.unwrap_err(), EnsureWebhookError::Url, "{url}");
    }
    assert_eq!(partnero.ensure_webhook(URL, [""; 0]).await.unwrap_err(), EnsureWebhookError::NoEvents);
    assert!(sandbox.requests().is_empty());
    let disabled = Partnero::disabled().ensure_webhook(URL, EVENTS).await.unwrap_err();
    assert_eq!(disabled, EnsureWebhookError::Disabled);
}
