use crate::client::{friends, shop, start};

use axum_partnero::sandbox::{CreatedAt, CreatedStatus, PartnerField, RafIdentity, Sandbox, SearchMiss, UpdateBody};
use serde_json::{Value, json};

#[tokio::test]
async fn a_create_is_200_or_201_or_both_in_turn() {
    let client = friends().await;
    assert_eq!(client.post("customers", json!({})).await.0, 200);
    assert_eq!(client.post("customers", json!({})).await.0, 201);
    assert_eq!(client.post("customers", json!({})).await.0, 200);
    for (switch, status) in [(CreatedStatus::Ok200, 200), (CreatedStatus::Created201, 201)] {
        client.sandbox.switch(move |switches| switches.created_status = switch);
        assert_eq!(client.post("customers", json!({})).await.0, status);
        assert_eq!(client.post("customers", json!({})).await.0, status);
    }
}

#[tokio::test]
async fn data_partner_is_the_id_or_the_key() {
    let client = start(
        Sandbox::affiliate()
            .referred_customer("mia", "anna")
            .switch(|switches| switches.partner_field = PartnerField::Key),
    )
    .await;
    assert_eq!(client.get("customers/mia").await.1["data"]["partner"], "anna");
    let data = client.create("transactions", json!({ "amount": 1, "customer": { "key": "mia" } })).await;
    assert_eq!((&data["partner"], &data["rewards"][0]["partner"]), (&json!("anna"), &json!("anna")));
}

#[tokio::test]
async fn a_friends_id_and_key_can_differ_and_the_key_can_be_shown() {
    let client = friends().await;
    client.sandbox.switch(|switches| {
        switches.raf_identity = RafIdentity::Separate;
        switches.raf_shows_key = true;
        switches.link_parameter = "via".to_owned();
    });
    let data = client.create("customers", json!({ "id": "private" })).await;
    let key = data["key"].as_str().unwrap();
    assert!(key != "private" && data["id"] == "private");
    assert_eq!(data["referral_link"], format!("https://shop.example?via={key}"));
    let data = client.create("customers", json!({ "key": "public" })).await;
    assert!(data["key"] == "public" && data["id"] != "public");
    let data =
        client.create("customers", json!({ "key": "k", "id": "i", "referring_customer": { "key": "public" } })).await;
    assert_eq!(
        (&data["id"], &data["key"], &data["referring_customer"]["key"]),
        (&json!("i"), &json!("k"), &json!("public"))
    );
}

#[tokio::test]
async fn an_update_can_be_wrapped_only_or_flat_only() {
    let client = shop().await;
    let wrapped = || client.put("customers/mia", json!({ "update": { "name": "Mia" } }));
    let flat = || client.put("customers/mia", json!({ "name": "Mia" }));
    client.sandbox.switch(|switches| switches.update_body = UpdateBody::Wrapped);
    assert_eq!((wrapped().await.0, flat().await.0), (200, 422));
    client.sandbox.switch(|switches| switches.update_body = UpdateBody::Flat);
    assert_eq!((wrapped().await.0, flat().await.0), (422, 200));
}

#[tokio::test]
async fn a_customer_can_be_answered_without_data() {
    let client = friends().await;
    client.sandbox.switch(|switches| switches.flat_customer = true);
    assert_eq!(client.get("customers/ben").await.1["referral_link"], "https://shop.example?ref=ben");
}

#[tokio::test]
async fn created_at_is_seconds_or_a_date_or_both() {
    let client = shop().await;
    let sale = |created_at: Value| {
        client.post("transactions", json!({ "amount": 1, "customer": { "key": "mia" }, "created_at": created_at }))
    };
    let time = json!("2026-03-04T05:06:07.000000Z");
    assert_eq!(sale(json!(1_772_600_767)).await.1["data"]["created_at"], time);
    assert_eq!(sale(json!("2026-03-04 05:06:07")).await.1["data"]["created_at"], time);
    client.sandbox.switch(|switches| switches.created_at = CreatedAt::UnixSeconds);
    assert_eq!(sale(json!("2026-03-04 05:06:07")).await.0, 422);
    client.sandbox.switch(|switches| switches.created_at = CreatedAt::DateTime);
    assert_eq!(sale(json!(1_772_600_767)).await.0, 422);
}

#[tokio::test]
async fn a_search_that_finds_nobody_can_be_404() {
    let client = shop().await;
    client.sandbox.switch(|switches| switches.search_miss = SearchMiss::NotFound404);
    assert_eq!(client.get("customers:search?email=x@x.test").await.0, 404);
    assert_eq!(client.get("partners:search?key=nobody").await.0, 404);
}
