use crate::client::{answer, dec, friends, shop};

use serde_json::{Value, json};

#[tokio::test]
async fn a_repeated_key_is_a_second_row_and_a_second_commission() {
    let client = shop().await;
    for amount in [10, 20] {
        client.create("transactions", json!({ "key": "t", "amount": amount, "customer": { "key": "mia" } })).await;
    }
    let ledger = client.sandbox.ledger();
    assert_eq!((ledger.live_transactions("t").len(), ledger.owed_to("anna"), ledger.owed()), (2, dec("9"), dec("9")));
    assert_eq!(client.get("transactions/t").await.1["data"]["amount"], 10);
    assert_eq!(client.delete("transactions/t").await.0, 200);
    assert_eq!(client.get("transactions/t").await.1["data"]["amount"], 20, "the other one is still there");
    assert_eq!(client.sandbox.ledger().owed_to("anna"), dec("6"));
}

#[tokio::test]
async fn deleting_works_by_path_and_by_body_and_once() {
    let client = shop().await;
    let sale =
        |key: &str| client.create("transactions", json!({ "key": key, "amount": 10, "customer": { "key": "mia" } }));
    let by_body = |body: Value| answer(client.request("DELETE", "transactions").json(&body));
    sale("a/b+c").await;
    assert_eq!(client.delete("transactions/a%2Fb+c").await, (200, json!({ "status": 1 })));
    assert_eq!(
        client.delete("transactions/a%2Fb+c").await,
        (404, json!({ "message": "Transaction not found.", "status": 0 }))
    );
    sale("t").await;
    assert_eq!(by_body(json!({ "key": "t" })).await, (200, json!({ "status": 1 })));
    assert_eq!(by_body(json!({ "key": "t" })).await.0, 404);
    assert_eq!(by_body(json!({})).await.0, 422);
    assert_eq!(by_body(json!({ "key": 1 })).await.0, 422);
    assert_eq!(client.delete("transactions").await.0, 422);
    assert_eq!(client.delete("transactions/never").await.0, 404);
    let ledger = client.sandbox.ledger();
    assert!(ledger.owed_to("anna").is_zero());
    assert_eq!(ledger.transactions().iter().filter(|row| row.deleted_at.is_some()).count(), 2);
    sale("t").await;
    assert_eq!(client.sandbox.ledger().owed_to("anna"), dec("3"), "a deleted key can be used again");
}

#[tokio::test]
async fn archiving_reverses_the_commission_until_it_is_revoked() {
    let client = shop().await;
    client.create("transactions", json!({ "key": "t", "amount": 10, "customer": { "key": "mia" } })).await;
    let act = |action: &str| answer(client.request("POST", &format!("transactions/t/{action}")));
    assert_eq!(act("revoke-archive").await.0, 400);
    assert_eq!(act("archive").await, (200, json!({ "status": 1 })));
    assert_eq!(act("archive").await, (400, json!({ "message": "Action failed.", "status": 0 })));
    assert!(client.sandbox.ledger().owed_to("anna").is_zero());
    assert!(client.get("transactions/t").await.1["data"]["deleted_at"].is_string());
    assert_eq!(act("revoke-archive").await.0, 200);
    assert_eq!(client.sandbox.ledger().owed_to("anna"), dec("3"));
    assert_eq!(answer(client.request("POST", "transactions/none/archive")).await.0, 404);
    let friends = friends().await;
    friends.create("transactions", json!({ "key": "t", "amount": 10, "customer": { "key": "ben" } })).await;
    assert_eq!(answer(friends.request("POST", "transactions/t/archive")).await.0, 404, "affiliate only");
}
