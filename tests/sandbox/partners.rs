use crate::client::{affiliate, friends, shop};

use serde_json::json;

#[tokio::test]
async fn a_partner_is_created_read_by_id_only_and_resolved_by_key() {
    let client = affiliate().await;
    let body = json!({ "email": "p@x.test", "name": "Pia", "key": "pia-1", "tags": ["vip"], "password": "Passw0rd",
        "referring_partner": { "key": "anna" } });
    let data = client.create("partners", body).await;
    assert_eq!(data["referral_link"], "https://shop.example?aff=pia-1");
    assert_eq!((data.get("key"), data.get("referrals"), data.get("commissions")), (None, None, None));
    let id = data["id"].as_str().unwrap();
    let (status, body) = client.get(&format!("partners/{id}")).await;
    assert_eq!(
        (status, &body["data"]["email"], &body["data"]["commissions"]["paid"]),
        (200, &json!("p@x.test"), &json!(0))
    );
    assert_eq!(client.get("partners/pia-1").await.0, 404, "a key is not an id");
    for query in ["key=pia-1", "email=P@x.test", &format!("id={id}")] {
        assert_eq!(client.get(&format!("partner?{query}")).await.1["data"]["id"], id, "{query}");
        assert_eq!(client.get(&format!("partners:search?{query}")).await.1["data"][0]["id"], id, "{query}");
    }
    assert_eq!(client.get("partners:search?name=Pia").await.1["data"][0]["id"], id);
    assert_eq!(client.get("partner?key=none").await.0, 404);
    assert_eq!(client.get("partner").await.0, 422);
    assert_eq!(client.get("partners:search").await.0, 422);
    assert_eq!(client.get("partners:search?key=none").await, (200, json!({ "data": [], "status": 1 })));
    assert_eq!(client.get("partners").await.1["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_wrong_with_a_partner_is_422_by_field() {
    let client = affiliate().await;
    let taken = client.sandbox.ledger().partner("anna").unwrap().clone();
    for (body, path) in [
        (json!({}), "email"),
        (json!({ "email": "x" }), "email"),
        (json!({ "email": taken.email }), "email"),
        (json!({ "email": "a@x.test", "key": "anna" }), "key"),
        (json!({ "email": "a@x.test", "id": taken.id }), "id"),
        (json!({ "email": "a@x.test", "password": "short" }), "password"),
        (json!({ "email": "a@x.test", "password": "alllowercase1" }), "password"),
        (json!({ "email": "a@x.test", "tags": [1] }), "tags"),
        (json!({ "email": "a@x.test", "referring_partner": { "key": "nobody" } }), "referring_partner.key"),
    ] {
        assert_eq!(client.refused("partners", body).await, (422, vec![path.to_owned()]));
    }
    client.sandbox.switch(|switches| switches.password_required = true);
    assert_eq!(client.refused("partners", json!({ "email": "a@x.test" })).await.1, ["password"]);
    assert_eq!(client.sandbox.ledger().partners().len(), 1);
}

#[tokio::test]
async fn a_partner_shows_what_it_is_owed() {
    let client = shop().await;
    client.create("transactions", json!({ "amount": 10, "customer": { "key": "mia" } })).await;
    let data = client.get("partner?key=anna").await.1["data"].clone();
    assert_eq!(data["commissions"]["not_paid"], json!([{ "currency": "USD", "amount": 3 }]));
    assert_eq!((&data["referrals"]["signups"], &data["referrals"]["sales_count"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn a_sign_in_url_is_for_a_known_partner_and_a_short_time() {
    let client = affiliate().await;
    let path = "partners:sign-in-url";
    let (status, body) = client.post(path, json!({ "key": "anna", "expires_in": 30 })).await;
    assert_eq!(status, 200);
    assert!(body["data"]["url"].as_str().unwrap().starts_with("https://"));
    assert_eq!(client.post(path, json!({ "email": "anna@partner.example" })).await.0, 200);
    assert_eq!(client.post(path, json!({ "key": "nobody" })).await.0, 404);
    assert_eq!(client.refused(path, json!({})).await.1, ["key"]);
    for seconds in [json!(29), json!(901), json!("60"), json!(-1), json!(60.5)] {
        assert_eq!(client.refused(path, json!({ "key": "anna", "expires_in": seconds })).await.1, ["expires_in"]);
    }
}

#[tokio::test]
async fn a_refer_a_friend_program_has_no_partners() {
    let client = friends().await;
    for path in ["partners", "partners/x", "partner?key=x", "partners:search?key=x"] {
        assert_eq!(client.get(path).await.0, 404, "{path}");
    }
}
