use crate::client::{answer, keys, shop, start};

use axum_partnero::sandbox::Sandbox;
use serde_json::json;

#[tokio::test]
async fn an_update_is_flat_or_wrapped_and_by_path_or_by_key() {
    let client = shop().await;
    let (status, body) = client.put("customers/mia", json!({ "update": { "name": "Mia", "tags": ["a"] } })).await;
    assert_eq!(
        (status, &body["data"]["name"], &body["data"]["tags"]),
        (200, &json!("Mia"), &json!([{ "value": "a" }]))
    );
    let body = client.put("customers/mia", json!({ "surname": "Koch", "tags": null })).await.1;
    assert_eq!((&body["data"]["name"], &body["data"]["surname"]), (&json!("Mia"), &json!("Koch")));
    assert_eq!(body["data"]["tags"], json!([{ "value": "a" }]), "null leaves tags alone");
    let body = client.put("customers", json!({ "key": "mia", "update": { "email": "m@x.test", "tags": [] } })).await.1;
    assert_eq!((&body["data"]["email"], &body["data"]["tags"]), (&json!("m@x.test"), &json!([])));
    let body = client.put("customers", json!({ "key": "mia", "name": "M" })).await.1;
    assert_eq!((&body["data"]["name"], &body["data"]["key"]), (&json!("M"), &json!("mia")));
    assert_eq!(client.put("customers", json!({ "update": { "name": "x" } })).await.0, 422);
    assert_eq!(client.put("customers/none", json!({ "name": "x" })).await.0, 404);
    assert_eq!(client.put("customers/mia", json!({ "update": [] })).await.0, 422);
    assert_eq!(client.put("customers/mia", json!({ "email": "no" })).await.0, 422);
}

#[tokio::test]
async fn a_renamed_customer_keeps_its_sales_and_a_taken_name_is_refused() {
    let client = start(Sandbox::affiliate().referred_customer("mia", "anna").referred_customer("tom", "anna")).await;
    client.create("transactions", json!({ "key": "t", "amount": 10, "customer": { "key": "mia" } })).await;
    assert_eq!(client.put("customers/mia", json!({ "update": { "key": "tom" } })).await.0, 422);
    assert_eq!(client.put("customers/mia", json!({ "update": { "key": "mia2" } })).await.1["data"]["key"], "mia2");
    assert_eq!(client.get("customers/mia").await.0, 404);
    assert_eq!(client.get("transactions/t").await.1["data"]["customer"], "mia2");
    assert_eq!(keys(&client.get("customers/mia2/transactions").await.1), ["t"]);
}

#[tokio::test]
async fn deleting_a_customer_deletes_its_transactions_and_reverses_commissions() {
    let client = shop().await;
    client.create("transactions", json!({ "key": "t", "amount": 10, "customer": { "key": "mia" } })).await;
    assert_eq!(client.delete("customers/mia").await, (200, json!({ "status": 1 })));
    assert_eq!(client.delete("customers/mia").await.0, 404, "deleted twice");
    assert_eq!(client.get("customers/mia").await.0, 404);
    assert_eq!(client.get("transactions/t").await.0, 404);
    let ledger = client.sandbox.ledger();
    assert!(ledger.owed_to("anna").is_zero() && ledger.customer("mia").is_none());
    assert!(ledger.customers()[0].deleted_at.is_some() && ledger.transactions()[0].deleted_at.is_some());
    // The key is free again.
    client.create("customers", json!({ "key": "mia", "partner": { "key": "anna" } })).await;
    assert_eq!(answer(client.request("DELETE", "customers").json(&json!({ "key": "mia" }))).await.0, 200);
    assert_eq!(answer(client.request("DELETE", "customers").json(&json!({ "key": "mia" }))).await.0, 404);
    assert_eq!(answer(client.request("DELETE", "customers")).await.0, 422);
}

#[tokio::test]
async fn archiving_a_customer_works_once_and_can_be_revoked_once() {
    let client = shop().await;
    for (action, expected) in
        [("revoke-archive", 400), ("archive", 200), ("archive", 400), ("revoke-archive", 200), ("revoke-archive", 400)]
    {
        assert_eq!(answer(client.request("POST", &format!("customers/mia/{action}"))).await.0, expected);
    }
    assert_eq!(answer(client.request("POST", "customers/none/archive")).await.0, 404);
    answer(client.request("POST", "customers/mia/archive")).await;
    assert_eq!(client.get("customers/mia").await.1["data"]["status"], "archived");
    let data = client.create("transactions", json!({ "amount": 1, "customer": { "key": "mia" } })).await;
    assert_eq!(data["rewards"], json!([]), "an archived customer's sales earn nothing");
}
