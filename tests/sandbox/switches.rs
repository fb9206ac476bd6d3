use crate::client::{affiliate, dec, friends, shop, start};

use axum_partnero::sandbox::{
    DuplicateCustomer, DuplicateTransaction, Sandbox, SeveralMatches, UnknownReferrer, UnrewardedSale,
};
use serde_json::{Value, json};

#[tokio::test]
async fn an_unknown_partner_is_400_or_422_or_silently_ignored() {
    let client = affiliate().await;
    let body = json!({ "key": "mia", "partner": { "key": "nobody" } });
    assert_eq!(client.refused("customers", body.clone()).await, (400, vec![]));
    client.sandbox.switch(|switches| switches.unknown_partner = UnknownReferrer::Reject422);
    assert_eq!(client.refused("customers", body.clone()).await, (422, vec!["partner.key".to_owned()]));
    client.sandbox.switch(|switches| switches.unknown_partner = UnknownReferrer::Ignore);
    assert_eq!(client.post("customers", body).await, (200, json!({ "status": 1 })));
    assert_eq!(client.post("customers", json!({ "key": "mia" })).await.0, 200, "a missing one is ignored, too");
    assert!(client.sandbox.ledger().customers().is_empty());
}

#[tokio::test]
async fn an_unknown_friend_is_422_or_400_or_ignored() {
    let client = friends().await;
    let body = json!({ "key": "cat", "referring_customer": { "key": "nobody" } });
    assert_eq!(client.refused("customers", body.clone()).await, (422, vec!["referring_customer.key".to_owned()]));
    client.sandbox.switch(|switches| switches.unknown_referring_customer = UnknownReferrer::Reject400);
    assert_eq!(client.refused("customers", body.clone()).await.0, 400);
    client.sandbox.switch(|switches| switches.unknown_referring_customer = UnknownReferrer::Ignore);
    assert_eq!(client.create("customers", body).await["referring_customer"], Value::Null);
}

#[tokio::test]
async fn a_refused_sale_leaves_no_customer_behind() {
    let client = friends().await;
    client.sandbox.switch(|switches| switches.unreferred_customer = UnrewardedSale::Reject422);
    let sale = json!({ "amount": 1, "customer": { "key": "new" }, "options": { "create_customer": true } });
    assert_eq!(client.refused("transactions", sale).await.0, 422);
    assert!(client.sandbox.ledger().customer("new").is_none());
}

#[tokio::test]
async fn a_duplicate_customer_is_422_or_409() {
    let client = shop().await;
    let body = json!({ "key": "mia", "partner": { "key": "anna" } });
    assert_eq!(client.refused("customers", body.clone()).await, (422, vec!["key".to_owned()]));
    client.sandbox.switch(|switches| switches.duplicate_customer = DuplicateCustomer::Conflict409);
    assert_eq!(client.refused("customers", body).await, (409, vec![]));
    assert_eq!(client.sandbox.ledger().customers().len(), 1);
}

#[tokio::test]
async fn a_duplicate_email_is_422_or_nothing() {
    let client = affiliate().await;
    let person = |key: &str| json!({ "key": key, "email": "m@x.test", "partner": { "key": "anna" } });
    client.create("customers", person("a")).await;
    assert_eq!(client.refused("customers", person("b")).await, (422, vec!["email".to_owned()]));
    client.sandbox.switch(|switches| switches.unique_emails = false);
    client.create("customers", person("b")).await;
}

#[tokio::test]
async fn a_duplicate_transaction_is_accepted_or_409_or_422_or_idempotent() {
    let client = shop().await;
    let sale = |amount: u8| json!({ "key": "t", "amount": amount, "customer": { "key": "mia" } });
    client.create("transactions", sale(10)).await;
    client.sandbox.switch(|switches| switches.duplicate_transaction = DuplicateTransaction::Conflict409);
    assert_eq!(client.refused("transactions", sale(10)).await.0, 409);
    client.sandbox.switch(|switches| switches.duplicate_transaction = DuplicateTransaction::Reject422);
    assert_eq!(client.refused("transactions", sale(10)).await, (422, vec!["key".to_owned()]));
    client.sandbox.switch(|switches| switches.duplicate_transaction = DuplicateTransaction::Idempotent);
    let (status, body) = client.post("transactions", sale(99)).await;
    assert_eq!((status, &body["data"]["amount"]), (200, &json!(10)));
    assert_eq!(client.sandbox.ledger().owed_to("anna"), dec("3"));
    client.delete("transactions/t").await;
    client.sandbox.switch(|switches| switches.duplicate_transaction = DuplicateTransaction::Conflict409);
    client.create("transactions", sale(20)).await;
}

#[tokio::test]
async fn one_of_several_transactions_is_the_oldest_or_the_newest() {
    let client = shop().await;
    for amount in [1, 2, 3] {
        client.create("transactions", json!({ "key": "t", "amount": amount, "customer": { "key": "mia" } })).await;
    }
    assert_eq!(client.get("transactions/t").await.1["data"]["amount"], 1);
    client.sandbox.switch(|switches| switches.several_matches = SeveralMatches::Newest);
    client.delete("transactions/t").await;
    assert_eq!(client.get("transactions/t").await.1["data"]["amount"], 2);
}

#[tokio::test]
async fn a_sale_to_an_unknown_customer_is_422_or_404_or_recorded_or_ignored() {
    let client = shop().await;
    let sale = json!({ "key": "t", "amount": 10, "customer": { "key": "nobody" } });
    assert_eq!(client.refused("transactions", sale.clone()).await.0, 422);
    client.sandbox.switch(|switches| switches.unknown_customer = UnrewardedSale::NotFound404);
    assert_eq!(client.refused("transactions", sale.clone()).await.0, 404);
    client.sandbox.switch(|switches| switches.unknown_customer = UnrewardedSale::Ignore);
    assert_eq!(client.post("transactions", sale.clone()).await, (200, json!({ "status": 1 })));
    assert!(client.sandbox.ledger().transactions().is_empty());
    client.sandbox.switch(|switches| switches.unknown_customer = UnrewardedSale::Record);
    let data = client.create("transactions", sale).await;
    assert_eq!((&data["customer"], &data["partner"], &data["rewards"]), (&Value::Null, &Value::Null, &json!([])));
    assert!(client.sandbox.ledger().owed().is_zero());
}

#[tokio::test]
async fn a_sale_to_an_unreferred_customer_is_recorded_or_refused_or_ignored() {
    let client = friends().await;
    let sale = json!({ "key": "t", "amount": 10, "customer": { "key": "ann" } });
    for (switch, status) in
        [(UnrewardedSale::Reject422, 422), (UnrewardedSale::NotFound404, 404), (UnrewardedSale::Ignore, 200)]
    {
        client.sandbox.switch(move |switches| switches.unreferred_customer = switch);
        assert_eq!(client.post("transactions", sale.clone()).await.0, status);
    }
    assert!(client.sandbox.ledger().transactions().is_empty());
}

#[tokio::test]
async fn a_friends_email_can_be_required() {
    let client = start(Sandbox::refer_a_friend().switch(|switches| switches.raf_email_required = true)).await;
    assert_eq!(client.refused("customers", json!({ "key": "a" })).await, (422, vec!["email".to_owned()]));
    client.create("customers", json!({ "key": "a", "email": "a@x.test" })).await;
}

#[tokio::test]
async fn an_action_can_be_required() {
    let client = shop().await;
    client.sandbox.switch(|switches| switches.action_required = true);
    let sale = json!({ "amount": 1, "customer": { "key": "mia" } });
    assert_eq!(client.refused("transactions", sale).await, (422, vec!["action".to_owned()]));
}

#[tokio::test]
async fn deleting_by_path_and_slashes_in_paths_can_be_off() {
    let client = shop().await;
    client.create("transactions", json!({ "key": "a/b", "amount": 1, "customer": { "key": "mia" } })).await;
    client.sandbox.switch(|switches| switches.delete_by_path = false);
    assert_eq!(client.delete("transactions/a%2Fb").await.0, 404);
    assert_eq!(client.get("transactions/a%2Fb").await.0, 200);
    client.sandbox.switch(|switches| switches.encoded_slash = false);
    assert_eq!(client.get("transactions/a%2fb").await.0, 404);
    let delete = client.request("DELETE", "transactions").json(&json!({ "key": "a/b" }));
    assert_eq!(crate::client::answer(delete).await.0, 200);
}

#[tokio::test]
async fn the_longest_string_can_be_changed() {
    let client = shop().await;
    client.sandbox.switch(|switches| switches.max_length = 8);
    let sale = json!({ "key": "123456789", "amount": 1, "customer": { "key": "mia" } });
    assert_eq!(client.refused("transactions", sale).await, (422, vec!["key".to_owned()]));
}

#[tokio::test]
async fn a_switch_may_ask_the_sandbox_while_it_changes() {
    let client = shop().await;
    client.sandbox.switch(|switches| switches.max_length = client.sandbox.ledger().customers().len());
    assert_eq!(client.get("customers/mia").await.0, 200);
}
