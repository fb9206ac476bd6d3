//! What is sent of what happens.

use axum_partnero::sandbox::{SignatureHeader, WebhookEnvelope, WebhookEvents, WebhookRepeat, WebhookTransaction};
use http::StatusCode;
use serde_json::json;

use crate::{
    client::{affiliate, friends, sale, shop},
    receiver::{Receiver, sign, subscribe},
    wait::{ms, within},
};

const AFFILIATE: [&str; 6] = [
    "partner.created",
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "transaction.created",
    "transaction.deleted",
];

#[tokio::test]
async fn everything_that_happens_in_an_affiliate_program_is_sent_in_order_and_signed() {
    let (client, app) = (affiliate().await, Receiver::start().await);
    let (key, secret) = subscribe(&client, &app.url(), &AFFILIATE).await;
    client.sandbox.add_partner("bob");
    client.sandbox.add_partner("bob");
    client.create("partners", json!({ "email": "cy@partner.example", "key": "cy" })).await;
    client.create("customers", json!({ "key": "mia", "partner": { "key": "anna" }, "email": "mia@a.example" })).await;
    client.put("customers/mia", json!({ "update": { "name": "Mia" } })).await;
    assert!(sale(&client, "order-1").send().await.unwrap().status().is_success());
    assert!(sale(&client, "order-2").send().await.unwrap().status().is_success());
    assert_eq!(client.delete("transactions/order-1").await.0, 200);
    assert_eq!(client.delete("customers/mia").await.0, 200);
    within(client.sandbox.webhooks_settled()).await;

    assert_eq!(
        app.events(),
        [
            "partner.created",
            "partner.created",
            "customer.created",
            "customer.updated",
            "transaction.created",
            "transaction.created",
            "transaction.deleted",
            "transaction.deleted",
            "customer.deleted",
        ]
    );
    for it in app.received() {
        assert_eq!(it.headers["signature"], sign(&secret, &it.body));
        assert_eq!(it.headers["content-type"], "application/json");
        assert!(it.headers.get("x-partnero-signature").is_none());
        let json = it.json();
        assert_eq!((json["url"].as_str(), json["webhook_key"].as_str()), (Some(&*app.url()), Some(&*key)));
        assert!(json["created_at"].as_str().is_some_and(|time| time.len() == 27 && time.ends_with('Z')));
        assert_eq!(json.as_object().unwrap().len(), 5);
    }
    let data = |index: usize| app.received()[index].json()["data"].clone();
    assert_eq!(data(0)["referral_link"], "https://shop.example?aff=bob");
    assert_eq!((&data(2)["key"], &data(3)["name"]), (&json!("mia"), &json!("Mia")));
    let partner = client.sandbox.ledger().partner("anna").unwrap().id.clone();
    assert_eq!((&data(4)["key"], &data(4)["partner"]), (&json!("order-1"), &json!(partner)));
    assert_eq!((&data(4)["customer"], &data(4)["deleted_at"]), (&json!("mia"), &json!(null)));
    assert_eq!(data(4)["rewards"][0]["amount"], json!(3));
    assert!(data(6)["deleted_at"].is_string() && data(7)["deleted_at"].is_string());
    assert_eq!(
        (&data(6)["key"], &data(7)["key"], &data(8)["key"]),
        (&json!("order-1"), &json!("order-2"), &json!("mia"))
    );
}

#[tokio::test]
async fn a_refer_a_friend_program_sends_credits_and_rewards_too() {
    let (client, app) = (friends().await, Receiver::start().await);
    let events = ["customer.created", "customer.credited", "customer.rewarded", "transaction.created"];
    subscribe(&client, &app.url(), &events).await;
    client.create("customers:invite", json!({ "email": "cy@a.example" })).await;
    client.create("customers/ann/balance/credit", json!({ "amount": 5 })).await;
    client.create("transactions", json!({ "key": "o-1", "amount": 10, "customer": { "key": "ben" } })).await;
    client.create("transactions", json!({ "key": "o-2", "amount": 10, "customer": { "key": "ann" } })).await;
    within(client.sandbox.webhooks_settled()).await;
    assert_eq!(
        app.events(),
        ["customer.created", "customer.credited", "transaction.created", "customer.rewarded", "transaction.created"]
    );
    assert_eq!(app.received()[3].json()["data"]["id"], "ann");
}

#[tokio::test]
async fn a_sale_that_creates_its_customer_sends_both() {
    let (client, app) = (affiliate().await, Receiver::start().await);
    subscribe(&client, &app.url(), &AFFILIATE).await;
    let sale = json!({
        "key": "order-1", "amount": 99.99,
        "customer": { "key": "mia", "partner": { "key": "anna" } }, "options": { "create_customer": true },
    });
    client.create("transactions", sale.clone()).await;
    client.create("transactions", sale).await;
    within(client.sandbox.webhooks_settled()).await;
    assert_eq!(app.events(), ["customer.created", "transaction.created", "transaction.created"]);
    // To the last digit.
    assert!(String::from_utf8_lossy(&app.received()[1].body).contains("\"amount\":29.997,"));
}

#[tokio::test]
async fn what_was_refused_or_only_asked_for_is_not_sent() {
    use axum_partnero::sandbox::UnrewardedSale;
    let (client, app) = (shop().await, Receiver::start().await);
    subscribe(&client, &app.url(), &AFFILIATE).await;
    client.sandbox.switch(|switches| switches.unreferred_customer = UnrewardedSale::Reject422);
    let unreferred =
        json!({ "key": "o", "amount": 1, "customer": { "key": "zoe" }, "options": { "create_customer": true } });
    assert_ne!(client.post("transactions", unreferred).await.0 / 100, 2);
    assert_ne!(client.post("customers", json!({ "key": "mia", "partner": { "key": "anna" } })).await.0 / 100, 2);
    assert_eq!(client.delete("transactions/nope").await.0, 404);
    assert_eq!(client.get("customers/mia").await.0, 200);
    assert_eq!(client.anonymous("DELETE", "customers/mia").send().await.unwrap().status(), 401);
    assert!(client.sandbox.webhook_deliveries().is_empty());
    sale(&client, "order-1").send().await.unwrap();
    within(client.sandbox.webhooks_settled()).await;
    assert_eq!(app.events(), ["transaction.created"]);
}

#[tokio::test]
async fn only_webhooks_that_are_on_and_name_the_event_get_it() {
    let (client, app) = (shop().await, Receiver::start().await);
    let url = app.url();
    let (sales, _) = subscribe(&client, &url, &["transaction.created"]).await;
    let (all, _) = subscribe(&client, &url, &AFFILIATE).await;
    let (off, _) = subscribe(&client, &url, &AFFILIATE).await;
    client.put(&format!("webhooks/{off}"), json!({ "is_active": false })).await;
    sale(&client, "order-1").send().await.unwrap();
    client.delete("transactions/order-1").await;
    within(client.sandbox.webhooks_settled()).await;
    let mut keys: Vec<_> =
        app.received().iter().map(|it| it.json()["webhook_key"].as_str().unwrap().to_owned()).collect();
    keys.sort();
    let mut expected = [sales, all.clone(), all];
    expected.sort();
    assert_eq!(keys, expected);
}

#[tokio::test]
async fn the_older_documentation_s_forms_are_switches() {
    let (client, app) = (shop().await, Receiver::start().await);
    let (_, secret) = subscribe(&client, &app.url(), &["transaction.created"]).await;
    client.sandbox.switch(|switches| {
        switches.webhook_envelope = WebhookEnvelope::Old;
        switches.signature_header = SignatureHeader::XPartneroSignature;
        switches.webhook_transaction = WebhookTransaction::Guide;
    });
    sale(&client, "order-1").send().await.unwrap();
    within(client.sandbox.webhooks_settled()).await;
    let it = &app.received()[0];
    assert!(it.headers.get("signature").is_none());
    assert_eq!(it.headers["x-partnero-signature"], sign(&secret, &it.body));
    let mut json = it.json();
    assert!(json["timestamp"].take().as_str().is_some_and(|time| time.ends_with('Z')));
    let data = json!({ "id": "order-1", "amount": 10, "customer": { "key": "mia" } });
    assert_eq!(json, json!({ "event": "transaction.created", "data": data, "timestamp": null }));
}

#[tokio::test]
async fn times_can_be_in_whole_seconds_also_those_of_fresh_repeats() {
    let first_fails = |nth, _| async move { if nth == 0 { StatusCode::BAD_GATEWAY } else { StatusCode::OK } };
    let (client, app) = (shop().await, Receiver::answering(first_fails).await);
    subscribe(&client, &app.url(), &AFFILIATE).await;
    client.sandbox.switch(|switches| {
        switches.webhook_whole_seconds = true;
        switches.webhook_repeat = WebhookRepeat::FreshTime;
        switches.webhook_backoff = ms(1)..=ms(1);
    });
    sale(&client, "order-1").send().await.unwrap();
    client.sandbox.send_webhook("transaction.deleted", &json!({}));
    within(client.sandbox.webhooks_settled()).await;
    let times: Vec<_> = app.received().iter().map(|it| it.json()["created_at"].as_str().unwrap().to_owned()).collect();
    assert!(times.len() == 3 && times.iter().all(|time| time.ends_with(".000000Z")), "{times:?}");
}

#[tokio::test]
async fn any_other_event_is_sent_on_demand() {
    let (client, app) = (shop().await, Receiver::start().await);
    client.sandbox.send_webhook("reward.paid", &json!({}));
    client.sandbox.switch(|switches| switches.webhook_events = WebhookEvents::Any);
    let (_, secret) = subscribe(&client, &app.url(), &["reward.paid"]).await;
    client.sandbox.send_webhook("reward.paid", &json!({ "amount": 3, "key": "r-1" }));
    client.sandbox.send_webhook("reward.approved", &json!({}));
    within(client.sandbox.webhooks_settled()).await;
    assert_eq!(app.about(), ["r-1"]);
    assert_eq!(app.received()[0].headers["signature"], sign(&secret, &app.received()[0].body));
}
