use crate::client::{friends, shop};

use serde_json::json;

#[tokio::test]
async fn a_balance_adds_rewards_and_credits_by_currency() {
    let client = friends().await;
    assert_eq!(client.get("customers/ann/balance").await.1["data"]["balance"], json!({ "currency": [] }));
    client.create("transactions", json!({ "key": "t", "amount": 10, "customer": { "key": "ben" } })).await;
    let credit = json!({ "amount": 2.5, "amount_units": "usd", "is_currency": true });
    assert_eq!(client.post("customers/ann/balance/credit", credit).await.0, 200);
    client.post("customers/ann/balance/credit", json!({ "amount": 1, "amount_units": "eur" })).await;
    let (status, body) = client.get("customers/ann/balance").await;
    let expected = json!([{ "amount": 5.5, "amount_units": "USD", "is_currency": true },
        { "amount": 1, "amount_units": "EUR", "is_currency": true }]);
    assert_eq!((status, &body["data"]["balance"]["currency"]), (200, &expected));
    assert_eq!(body["data"]["customer"]["referrals_count"], 1);
    client.delete("transactions/t").await;
    let body = client.get("customers/ann/balance").await.1;
    assert_eq!(body["data"]["balance"]["currency"][0]["amount"], 2.5, "a refund takes the reward back");
}

#[tokio::test]
async fn a_credit_must_be_an_amount() {
    let client = friends().await;
    for amount in [json!(null), json!(0), json!(-1), json!("5")] {
        let (status, paths) = client.refused("customers/ann/balance/credit", json!({ "amount": amount })).await;
        assert_eq!((status, paths), (422, vec!["amount".to_owned()]));
    }
    assert_eq!(client.post("customers/none/balance/credit", json!({ "amount": 1 })).await.0, 404);
}

#[tokio::test]
async fn referrals_are_customers_and_can_come_nested() {
    let client = friends().await;
    client.put("customers/ben", json!({ "name": "Ben", "email": "ben@x.test" })).await;
    let (status, body) = client.get("customers/ann/referrals").await;
    let row = &body["data"][0];
    assert_eq!(
        (status, &row["name"], &row["email"], &row["status"]),
        (200, &json!("Ben"), &json!("ben@x.test"), &json!("active"))
    );
    assert!(row["created_at"].is_string() && body["links"]["next"].is_null());
    client.sandbox.switch(|switches| switches.nested_referrals = true);
    assert_eq!(client.get("customers/ann/referrals").await.1["data"]["data"][0]["name"], "Ben");
    assert_eq!(client.get("customers/ben/referrals").await.1["data"]["data"], json!([]));
}

#[tokio::test]
async fn stats_and_links_are_there() {
    let client = friends().await;
    let (status, body) = client.get("customers/ann/stats").await;
    assert_eq!((status, &body["data"]["referrals"], &body["data"]["clicks"]), (200, &json!(1), &json!(0)));
    assert!(
        body["data"]["social"].as_object().unwrap().values().all(|link| link.as_str().unwrap().contains("ref%3Dann"))
    );
    let body = client.get("customers/ann/referral_links").await.1;
    assert_eq!(
        (&body["data"][0]["key"], &body["data"][0]["url"]),
        (&json!("ann"), &json!("https://shop.example?ref=ann"))
    );
    for path in ["stats", "balance", "referrals", "referral_links"] {
        assert_eq!(client.get(&format!("customers/none/{path}")).await.0, 404);
        assert_eq!(client.post(&format!("customers/ann/{path}"), json!({})).await.0, 405);
        assert_eq!(shop().await.get(&format!("customers/mia/{path}")).await.0, 404, "not in an affiliate program");
    }
}

#[tokio::test]
async fn an_invitation_needs_an_email() {
    let client = friends().await;
    let invite =
        json!({ "email": "new@x.test", "personalization": { "a": "b" }, "referring_customer": { "key": "ann" } });
    assert_eq!(client.post("customers:invite", invite.clone()).await.0, 200);
    assert_eq!(
        client.refused("customers:invite", invite).await,
        (422, vec!["email".to_owned()]),
        "the e-mail is taken"
    );
    assert_eq!(client.refused("customers:invite", json!({})).await.1, ["email"]);
    assert_eq!(
        client.refused("customers:invite", json!({ "email": "x@x.test", "personalization": 1 })).await.1,
        ["personalization"]
    );
}
