use crate::client::{affiliate, answer, friends, keys, shop, start};

use axum_partnero::sandbox::Sandbox;
use serde_json::{Value, json};

#[tokio::test]
async fn an_affiliate_customer_has_the_documented_shape() {
    let client = affiliate().await;
    let body = json!({ "key": "cus-77", "email": "mia@x.test", "name": "Mia", "surname": "Koch",
        "tags": ["new"], "partner": { "key": "anna" } });
    let data = client.create("customers", body).await;
    let partner = client.sandbox.ledger().partner("anna").unwrap().id.clone();
    let mut expected = json!({ "key": "cus-77", "partner": partner, "deleted": false, "name": "Mia", "surname": "Koch",
        "email": "mia@x.test", "status": "active", "deleted_at": null, "tags": [{ "value": "new" }] });
    for name in ["created_at", "updated_at"] {
        let time = data[name].as_str().unwrap();
        assert_eq!((time.len(), time.ends_with('Z'), time.as_bytes()[19]), (27, true, b'.'));
        expected[name] = data[name].clone();
    }
    assert_eq!(data, expected);
    assert_eq!(client.get("customers/cus-77").await, (200, json!({ "data": data, "status": 1 })));
    assert_eq!(client.sandbox.ledger().customer("cus-77").unwrap().referrer.as_deref(), Some("anna"));
}

#[tokio::test]
async fn a_partner_is_found_by_key_id_or_email() {
    let client = affiliate().await;
    let anna = client.sandbox.ledger().partner("anna").unwrap().clone();
    for (key, partner) in
        [("a", json!({ "key": "anna" })), ("b", json!({ "id": anna.id })), ("c", json!({ "email": anna.email }))]
    {
        assert_eq!(client.create("customers", json!({ "key": key, "partner": partner })).await["partner"], anna.id);
    }
    // An id wins over a key.
    let both = json!({ "key": "d", "partner": { "id": "wrong", "key": "anna" } });
    assert_eq!(client.refused("customers", both).await.0, 400);
    // The form of older plugins.
    let nested = json!({ "partner": { "key": "anna" }, "customer": { "key": "e", "email": "e@x.test" } });
    assert_eq!(client.create("customers", nested).await["email"], "e@x.test");
}

#[tokio::test]
async fn what_is_wrong_with_a_customer_is_422_by_field() {
    let client = affiliate().await;
    let long = "x".repeat(256);
    for (body, path) in [
        (json!({ "partner": { "key": "anna" } }), "key"),
        (json!({ "key": "", "partner": { "key": "anna" } }), "key"),
        (json!({ "key": null, "partner": { "key": "anna" } }), "key"),
        (json!({ "key": 7, "partner": { "key": "anna" } }), "key"),
        (json!({ "key": ["a"], "partner": { "key": "anna" } }), "key"),
        (json!({ "key": long, "partner": { "key": "anna" } }), "key"),
        (json!({ "key": "a", "name": 1, "partner": { "key": "anna" } }), "name"),
        (json!({ "key": "a", "name": long, "partner": { "key": "anna" } }), "name"),
        (json!({ "key": "a", "surname": {}, "partner": { "key": "anna" } }), "surname"),
        (json!({ "key": "a", "email": "not an email", "partner": { "key": "anna" } }), "email"),
        (json!({ "key": "a", "email": "a@b@c", "partner": { "key": "anna" } }), "email"),
        (json!({ "key": "a", "tags": "new", "partner": { "key": "anna" } }), "tags"),
        (json!({ "key": "a", "tags": [1], "partner": { "key": "anna" } }), "tags"),
        (json!({ "key": "a", "partner": "anna" }), "partner"),
        (json!({ "key": "a", "partner": [] }), "partner"),
        (json!({ "key": "a", "partner": { "key": 1 } }), "partner.key"),
        (json!({ "key": "a", "partner": {} }), "partner"),
        (json!({ "key": "a" }), "partner"),
        (
            json!({ "key": "a", "partner": { "key": "anna" }, "options": { "referral_url": "https://evil.test" } }),
            "options.referral_url",
        ),
    ] {
        assert_eq!(client.refused("customers", body).await, (422, vec![path.to_owned()]));
    }
    assert_eq!(client.refused("customers", json!({ "name": 1, "email": 2 })).await.1, ["email", "key", "name"]);
    assert!(client.sandbox.ledger().customers().is_empty());
    let good = json!({ "key": "ä".repeat(255), "partner": { "key": "anna" }, "options": { "referral_url": "https://shop.example?aff=anna" } });
    client.create("customers", good).await;
}

#[tokio::test]
async fn customers_are_found_by_percent_encoded_key_id_or_email() {
    let client = affiliate().await;
    for key in ["a+b@x.test", "a/b", "ü?#&", "customers:search"] {
        client.create("customers", json!({ "key": key, "partner": { "key": "anna" } })).await;
    }
    for (path, key) in [
        ("a%2Bb@x.test", "a+b@x.test"),
        ("a+b%40x.test", "a+b@x.test"),
        ("a%2Fb", "a/b"),
        ("%C3%BC%3F%23%26", "ü?#&"),
        ("customers:search", "customers:search"),
    ] {
        let (status, body) = client.get(&format!("customers/{path}")).await;
        assert_eq!((status, &body["data"]["key"]), (200, &json!(key)));
    }
    client.create("customers", json!({ "key": "z", "email": "Z@x.test", "partner": { "key": "anna" } })).await;
    assert_eq!(client.get("customers/z@X.test").await.1["data"]["key"], "z");
    let id = client.sandbox.ledger().customer("z").unwrap().id.clone();
    assert_eq!(client.get(&format!("customers/{id}")).await.1["data"]["key"], "z");
    assert_eq!(client.get("customers/unknown").await, (404, json!({ "message": "Customer not found.", "status": 0 })));
}

#[tokio::test]
async fn lists_filter_by_partner_in_both_spellings() {
    let client = start(Sandbox::affiliate().referred_customer("mia", "anna").referred_customer("tom", "bert")).await;
    let email = client.sandbox.ledger().partner("bert").unwrap().email.clone();
    for (query, expected) in [
        (String::new(), vec!["mia", "tom"]),
        ("?partner.key=anna".to_owned(), vec!["mia"]),
        ("?partner_key=anna".to_owned(), vec!["mia"]),
        (format!("?partner.email={email}"), vec!["tom"]),
        (format!("?partner_email={}", email.replace('@', "%40")), vec!["tom"]),
        ("?partner.key=nobody".to_owned(), vec![]),
        ("?partner.key=".to_owned(), vec!["mia", "tom"]),
    ] {
        assert_eq!(keys(&client.get(&format!("customers{query}")).await.1), expected, "{query}");
    }
}

#[tokio::test]
async fn searching_by_key_is_for_refer_a_friend_only() {
    let client = shop().await;
    assert_eq!(client.get("customers:search?key=mia").await.0, 422);
    assert_eq!(client.get("customers:search").await.0, 422);
    assert_eq!(client.get("customers:search?email=no@x.test").await, (200, json!({ "data": [], "status": 1 })));
    let id = client.sandbox.ledger().customer("mia").unwrap().id.clone();
    assert_eq!(keys(&client.get(&format!("customers:search?id={id}")).await.1), ["mia"]);
    let client = friends().await;
    assert_eq!(client.get("customers:search?key=ben").await.1["data"][0]["id"], "ben");
}

#[tokio::test]
async fn a_friend_has_the_documented_shape() {
    let client = friends().await;
    let body = json!({ "key": "cus-77", "email": "mia@x.test", "name": "Mia", "surname": "Koch",
        "referring_customer": { "key": "ann" }, "metadata": { "date_of_birth": "1990-01-02" } });
    let data = client.create("customers", body).await;
    assert_eq!(data["id"], "cus-77");
    assert_eq!(data.get("key"), None);
    assert_eq!(data["referral_link"], "https://shop.example?ref=cus-77");
    assert_eq!(data["referral_links"], json!(["https://shop.example?ref=cus-77"]));
    assert_eq!(
        (&data["referring_customer"]["id"], &data["referring_customer"]["referrals_count"]),
        (&json!("ann"), &json!(2))
    );
    assert_eq!(
        (&data["approved"], &data["status"], &data["custom_fields"]),
        (&json!(true), &json!("active"), &json!({}))
    );
    assert_eq!(data["metadata"], json!({ "date_of_birth": "1990-01-02" }));
    let organic = client.create("customers", json!({})).await;
    assert_eq!((&organic["referring_customer"], &organic["email"]), (&Value::Null, &Value::Null));
    assert_eq!(organic["id"].as_str().unwrap().len(), 12, "generated");
    assert_eq!(
        client.create("customers", json!({ "id": "only-id" })).await["referral_link"],
        "https://shop.example?ref=only-id"
    );
}

#[tokio::test]
async fn friends_are_listed_by_whether_somebody_referred_them() {
    let client = friends().await;
    assert_eq!(client.get("customers?refer_status=referred").await.1["data"][0]["id"], "ben");
    assert_eq!(client.get("customers?refer_status=non_referred").await.1["data"][0]["id"], "ann");
    assert_eq!(client.get("customers?refer_status=maybe").await.0, 422);
    let (status, paths) = client.refused("customers", json!({ "key": "ben" })).await;
    assert_eq!((status, paths), (422, vec!["key".to_owned()]));
    let both = json!({ "key": "c", "referring_customer": { "id": "nobody", "key": "ann" } });
    assert_eq!(client.refused("customers", both).await, (422, vec!["referring_customer.id".to_owned()]), "an id wins");
    let body = client.put("customers", json!({ "id": "ben", "update": { "name": "Ben" } })).await.1;
    assert_eq!(body["data"]["name"], "Ben");
    assert_eq!(answer(client.request("DELETE", "customers").json(&json!({ "id": "ben" }))).await.0, 200);
}
