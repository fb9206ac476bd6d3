use crate::client::{affiliate, friends};

use axum_partnero::sandbox::WebhookEvents;
use serde_json::json;

#[tokio::test]
async fn a_webhook_is_created_read_changed_and_deleted() {
    let client = affiliate().await;
    let body = json!({ "name": "orders", "url": "https://app.example/hooks", "events": ["transaction.created"] });
    let data = client.create("webhooks", body).await;
    let key = data["key"].as_str().unwrap();
    assert_eq!((key.len(), data["signature"].as_str().unwrap().len(), &data["is_active"]), (12, 16, &json!(true)));
    let path = format!("webhooks/{key}");
    assert_eq!(client.get(&path).await, (200, json!({ "data": data, "status": 1 })));
    assert_eq!(client.get("webhooks").await.1["data"], json!([data]));
    let (status, changed) = client.put(&path, json!({ "is_active": false, "events": ["lead.submitted"] })).await;
    assert_eq!(
        (status, &changed["data"]["is_active"], &changed["data"]["name"]),
        (200, &json!(false), &json!("orders"))
    );
    assert_eq!(changed["data"]["signature"], data["signature"]);
    assert_eq!(client.sandbox.ledger().webhooks()[0].events, ["lead.submitted"]);
    assert_eq!(client.delete(&path).await.0, 200);
    assert_eq!(client.delete(&path).await.0, 404);
    assert_eq!(client.get(&path).await.0, 404);
    assert_eq!(client.put(&path, json!({})).await.0, 404);
}

#[tokio::test]
async fn what_is_wrong_with_a_webhook_is_422_by_field() {
    let client = affiliate().await;
    let good = json!({ "key": "mine", "name": "n", "url": "http://localhost:1/x", "events": ["customer.created"] });
    client.create("webhooks", good.clone()).await;
    assert_eq!(client.refused("webhooks", good.clone()).await.1, ["key"]);
    assert_eq!(client.refused("webhooks", json!({})).await.1, ["events", "name", "url"]);
    for (field, value) in [
        ("events", json!([])),
        ("events", json!("customer.created")),
        ("events", json!(["customer.invented"])),
        ("events", json!(["customer.credited"])),
        ("url", json!("app.example")),
        ("url", json!(1)),
        ("name", json!("x".repeat(256))),
        ("is_active", json!("yes")),
    ] {
        let mut body = good.clone();
        body["key"] = json!(null);
        body[field] = value.clone();
        assert_eq!(client.refused("webhooks", body).await, (422, vec![field.to_owned()]), "{value}");
        assert_eq!(client.put("webhooks/mine", json!({ field: value })).await.0, 422);
    }
    assert_eq!(client.sandbox.ledger().webhooks().len(), 1);
}

#[tokio::test]
async fn the_events_depend_on_the_program_and_on_a_switch() {
    let client = friends().await;
    let hook =
        |event: &str| client.post("webhooks", json!({ "name": "n", "url": "https://a.test", "events": [event] }));
    assert!(matches!(hook("customer.rewarded").await.0, 200 | 201));
    assert_eq!(hook("partner.created").await.0, 422);
    assert_eq!(hook("reward.paid").await.0, 422);
    client.sandbox.switch(|switches| switches.webhook_events = WebhookEvents::Documented);
    assert!(matches!(hook("reward.paid").await.0, 200 | 201));
    assert_eq!(hook("any.thing").await.0, 422);
    client.sandbox.switch(|switches| switches.webhook_events = WebhookEvents::Any);
    assert!(matches!(hook("any.thing").await.0, 200 | 201));
}
