use crate::client::{dec, friends, keys, shop, start};

use axum_partnero::sandbox::Sandbox;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

#[tokio::test]
async fn a_transaction_has_the_documented_shape() {
    let client = shop().await;
    let body = json!({ "key": "ord-9", "action": "sale", "amount": 99.99, "customer": { "key": "mia" },
        "product_id": "plan-1", "product_type": "monthly", "created_at": 1_772_600_767 });
    let data = client.create("transactions", body).await;
    let partner = client.sandbox.ledger().partner("anna").unwrap().id.clone();
    let time = "2026-03-04T05:06:07.000000Z";
    let reward = json!({ "key": "ord-9", "action": "sale", "status": "ok", "customer": "mia", "partner": partner,
        "amount": 29.997, "amount_units": "USD", "is_currency": true, "credit": false, "created_at": time,
        "deleted_at": null, "product_type_data": { "product_id": "plan-1", "product_type": "monthly" } });
    let expected = json!({ "key": "ord-9", "action": "sale", "amount": 99.99, "partner": partner, "customer": "mia",
        "credit": false, "is_currency": true, "amount_units": "USD", "created_at": time, "deleted_at": null,
        "rewards": [reward] });
    assert_eq!(data, expected);
    assert_eq!(client.get("transactions/ord-9").await, (200, json!({ "data": expected, "status": 1 })));
    assert_eq!(client.sandbox.ledger().owed_to("anna"), dec("29.997"));
}

#[tokio::test]
async fn amounts_keep_their_digits_where_a_float_would_not() {
    let client = shop().await;
    let post = |amount: &str| {
        let body = format!(r#"{{"key": "k", "amount": {amount}, "customer": {{"key": "mia"}}}}"#);
        client.request("POST", "transactions").header(CONTENT_TYPE, "application/json").body(body).send()
    };
    let text = post("12345678901.123456789").await.unwrap().text().await.unwrap();
    assert!(text.contains(r#""amount":12345678901.123456789,"#), "{text}");
    assert!(text.contains(r#""amount":3703703670.3370370367,"#), "{text}");
    assert_eq!(client.sandbox.ledger().owed_to("anna"), dec("3703703670.3370370367"));
    assert!(post("1.5e2").await.unwrap().text().await.unwrap().contains(r#""amount":150,"#));
    for amount in ["-1", "-0.01", "1e400", "1e13", "1000000000000.01", "0.00000000000000000000000000000000001", "NaN"] {
        assert!(matches!(post(amount).await.unwrap().status().as_u16(), 400 | 422), "{amount}");
    }
    assert_eq!(client.sandbox.ledger().transactions().len(), 2);
}

#[tokio::test]
async fn what_is_wrong_with_a_transaction_is_422_by_field() {
    let client = shop().await;
    let with = |field: &str, value: Value| {
        let mut body = json!({ "key": "k", "amount": 1, "customer": { "key": "mia" } });
        body[field] = value;
        body
    };
    let long = "x".repeat(256);
    for (field, value, path) in [
        ("amount", Value::Null, "amount"),
        ("amount", json!("49.9"), "amount"),
        ("amount", json!([1]), "amount"),
        ("amount", json!(true), "amount"),
        ("amount", json!(-1), "amount"),
        ("reward", json!(-0.5), "reward"),
        ("key", json!(9), "key"),
        ("key", json!(long), "key"),
        ("action", json!(1), "action"),
        ("amount_units", json!({}), "amount_units"),
        ("product_id", json!(1), "product_id"),
        ("product_type", json!([1]), "product_type"),
        ("rewardable", json!("yes"), "rewardable"),
        ("rewarded", json!(1), "rewarded"),
        ("created_at", json!("yesterday"), "created_at"),
        ("created_at", json!(1.5), "created_at"),
        ("created_at", json!(i64::MAX), "created_at"),
        ("gross_amount", json!("x"), "gross_amount"),
        ("discount_code", json!(1), "discount_code"),
        ("customer", Value::Null, "customer.key"),
        ("customer", json!({}), "customer.key"),
        ("customer", json!("mia"), "customer"),
        ("customer", json!({ "key": 1 }), "customer.key"),
        ("customer", json!({ "key": "unknown" }), "customer"),
        ("options", json!([]), "options"),
        ("options", json!({ "create_customer": "yes" }), "options.create_customer"),
        ("transactions", json!([]), "transactions"),
        ("transactions", json!({}), "transactions"),
        ("transactions", json!([{ "amount": 1 }, { "key": "b" }]), "transactions.1.amount"),
    ] {
        assert_eq!(client.refused("transactions", with(field, value)).await, (422, vec![path.to_owned()]));
    }
    assert!(client.sandbox.ledger().transactions().is_empty());
}

#[tokio::test]
async fn a_reward_can_be_set_and_rewards_can_be_off() {
    let client = start(Sandbox::affiliate().referred_customer("mia", "anna").commission(dec("12.5"))).await;
    let sale = |extra: Value| {
        let mut body = json!({ "customer": { "key": "mia" } });
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        client.create("transactions", body)
    };
    assert_eq!(sale(json!({ "reward": 7.5 })).await["rewards"][0]["amount"], 7.5);
    assert_eq!(sale(json!({ "amount": 100, "reward": 1 })).await["rewards"][0]["amount"], 1);
    assert_eq!(sale(json!({ "amount": 100 })).await["rewards"][0]["amount"], 12.5);
    assert_eq!(sale(json!({ "amount": 0 })).await["rewards"][0]["amount"], 0);
    assert_eq!(sale(json!({ "amount": 100, "rewardable": false })).await["rewards"], json!([]));
    assert_eq!(sale(json!({ "amount": 100, "rewarded": true })).await["rewards"], json!([]));
    let data = sale(json!({ "amount": 1, "amount_units": "eur", "product_id": ["a", "b"] })).await;
    assert_eq!(
        (&data["amount_units"], &data["rewards"][0]["product_type_data"]),
        (&json!("EUR"), &json!({ "product_id": ["a", "b"] }))
    );
    assert_eq!(data["key"].as_str().unwrap().len(), 12, "generated");
    assert_eq!(client.sandbox.ledger().owed_to("anna"), dec("21.125"));
}

#[tokio::test]
async fn a_transaction_can_create_its_customer() {
    let client = start(Sandbox::affiliate().partner("anna")).await;
    let sale = |customer: Value| json!({ "amount": 10, "customer": customer, "options": { "create_customer": true } });
    let data =
        client.create("transactions", sale(json!({ "key": "mia", "name": "Mia", "partner": { "key": "anna" } }))).await;
    assert_eq!((&data["customer"], &data["rewards"][0]["amount"]), (&json!("mia"), &json!(3)));
    assert_eq!(client.sandbox.ledger().customer("mia").unwrap().name.as_deref(), Some("Mia"));
    client.create("transactions", sale(json!({ "key": "mia" }))).await;
    assert_eq!(client.sandbox.ledger().customers().len(), 1, "not created twice");
    let mut older = sale(json!({ "key": "tom" }));
    older["partner"] = json!({ "key": "anna" });
    client.create("transactions", older).await;
    assert_eq!(
        client.refused("transactions", sale(json!({ "key": "x", "partner": { "key": "nobody" } }))).await.0,
        400
    );
    assert_eq!(client.refused("transactions", sale(json!({ "key": "x" }))).await.1, ["partner"]);
    assert_eq!(
        client.refused("transactions", sale(json!({ "email": "x@x.test", "partner": { "key": "anna" } }))).await.1,
        ["customer.key"]
    );
    assert_eq!(client.sandbox.ledger().transactions().len(), 3);
    let client = friends().await;
    let data =
        client.create("transactions", sale(json!({ "key": "cat", "referring_customer": { "key": "ann" } }))).await;
    assert_eq!((&data["customer"], &data["referred_customer"]), (&json!("ann"), &json!("cat")));
}

#[tokio::test]
async fn a_batch_is_stored_whole_or_not_at_all() {
    let client = shop().await;
    let batch = json!({ "customer": { "key": "mia" }, "transactions": [{ "key": "a", "amount": 10 }, { "key": "b", "reward": 1 }] });
    let data = client.create("transactions", batch).await;
    assert_eq!(data.as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect::<Vec<_>>(), ["a", "b"]);
    let bad = json!({ "customer": { "key": "mia" }, "transactions": [{ "key": "c", "amount": 10 }, { "key": "d", "amount": "x" }] });
    assert_eq!(client.refused("transactions", bad).await, (422, vec!["transactions.1.amount".to_owned()]));
    assert_eq!(client.sandbox.ledger().transactions().len(), 2);
}

#[tokio::test]
async fn lists_filter_by_key_customer_and_partner_in_both_spellings() {
    let client =
        start(Sandbox::affiliate().referred_customer("a+b@x.test", "anna").referred_customer("tom", "bert")).await;
    for (key, customer) in [("t 1", "a+b@x.test"), ("t2", "tom"), ("t2", "tom")] {
        client.create("transactions", json!({ "key": key, "amount": 1, "customer": { "key": customer } })).await;
    }
    client.delete("transactions/t2").await;
    for (query, expected) in [
        ("", vec!["t 1", "t2"]),
        ("key=t%201", vec!["t 1"]),
        ("key=t+1", vec!["t 1"]),
        ("key=t", vec![]),
        ("customer.key=a%2Bb%40x.test", vec!["t 1"]),
        ("customer_key=a%2Bb@x.test", vec!["t 1"]),
        ("customer.key=a+b@x.test", vec![]),
        ("customer.key=nobody", vec![]),
        ("partner.key=bert", vec!["t2"]),
        ("partner_key=bert", vec!["t2"]),
        ("partner_email=bert@partner.example", vec!["t2"]),
        ("partner.key=bert&key=t%201", vec![]),
        ("sort=desc", vec!["t2", "t 1"]),
    ] {
        assert_eq!(keys(&client.get(&format!("transactions?{query}")).await.1), expected, "{query}");
    }
    assert_eq!(client.get("customers/nobody/transactions").await.0, 404);
}

#[tokio::test]
async fn a_friends_purchase_rewards_the_one_who_referred() {
    let client = friends().await;
    let data = client.create("transactions", json!({ "key": "t", "amount": 10, "customer": { "key": "ben" } })).await;
    assert_eq!((&data["customer"], &data["referred_customer"]), (&json!("ann"), &json!("ben")));
    assert_eq!((data.get("partner"), data.get("deleted_at")), (None, None));
    assert_eq!(data["rewards"][0]["customer"], "ann");
    assert_eq!(client.sandbox.ledger().owed_to("ann"), dec("3"));
    let data = client.create("transactions", json!({ "amount": 10, "customer": { "id": "ann" } })).await;
    assert_eq!(
        (&data["customer"], &data["referred_customer"], &data["rewards"]),
        (&Value::Null, &json!("ann"), &json!([]))
    );
}
