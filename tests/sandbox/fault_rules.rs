use crate::client::{affiliate, answer, sale, shop, start};

use axum_partnero::sandbox::{Answer, Sandbox};
use serde_json::json;

#[tokio::test]
async fn one_path_can_be_forbidden_while_others_work() {
    let client = shop().await;
    client.sandbox.fault(Answer::status(403)).on("post", "/transactions");
    for _ in 0..3 {
        assert_eq!(answer(sale(&client, "t")).await, (403, json!({ "message": "Forbidden", "status": 0 })));
    }
    assert_eq!(client.get("test").await.0, 200);
    assert_eq!(client.get("transactions").await.0, 200, "another method");
    client.sandbox.clear_faults();
    assert_eq!(answer(sale(&client, "t")).await.0, 200);
}

#[tokio::test]
async fn a_fault_can_be_for_requests_that_mention_a_key() {
    let client = shop().await;
    client.sandbox.fault(Answer::status(500)).mentioning("order-7");
    assert_eq!(answer(sale(&client, "order-6")).await.0, 200);
    assert_eq!(answer(sale(&client, "order-7")).await.0, 500);
    assert_eq!(client.delete("transactions/order-7").await.0, 500);
    assert_eq!(client.get("transactions?key=order-7").await.0, 500);
    assert_eq!(client.delete("transactions/order-6").await.0, 200);
}

#[tokio::test]
async fn a_star_at_the_end_of_a_path_stands_for_anything() {
    let client = shop().await;
    client.sandbox.fault(Answer::status(503)).on("*", "/customers/*");
    assert_eq!(client.get("customers/mia/transactions").await.0, 503);
    assert_eq!(client.delete("customers/mia").await.0, 503);
    assert_eq!(client.get("customers").await.0, 200);
}

#[tokio::test]
async fn the_first_fault_that_fits_happens_until_it_is_used_up() {
    let client = affiliate().await;
    client.sandbox.fault(Answer::status(500)).times(0);
    client.sandbox.fault(Answer::status(501)).times(2);
    client.sandbox.fault(Answer::status(502)).times(1);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(client.get("test").await.0);
    }
    assert_eq!(statuses, [501, 501, 502, 200]);
}

#[tokio::test]
async fn a_fault_starts_only_when_its_conditions_are_complete() {
    let client = affiliate().await;
    let rule = client.sandbox.fault(Answer::status(500));
    assert_eq!(client.get("test").await.0, 200);
    drop(rule.on("GET", "/program"));
    assert_eq!(client.get("test").await.0, 200);
    assert_eq!(client.get("program").await.0, 500);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_faults() {
    async fn statuses(seed: u64) -> Vec<u16> {
        let client = start(Sandbox::affiliate().seed(seed)).await;
        client.sandbox.fault(Answer::status(503)).probability(0.3);
        client.sandbox.fault(Answer::status(429)).probability(0.3);
        let mut statuses = Vec::new();
        for _ in 0..64 {
            statuses.push(client.get("test").await.0);
        }
        statuses
    }
    let first = statuses(7).await;
    assert_eq!(first, statuses(7).await);
    assert_ne!(first, statuses(8).await);
    for status in [200, 429, 503] {
        assert!(first.contains(&status), "{status}");
    }
}

#[tokio::test]
async fn impossible_and_certain_probabilities_are_what_they_say() {
    let client = affiliate().await;
    for never in [0.0, -1.0, f64::NAN] {
        client.sandbox.fault(Answer::status(500)).probability(never);
    }
    for _ in 0..20 {
        assert_eq!(client.get("test").await.0, 200);
    }
    client.sandbox.fault(Answer::status(500)).probability(7.0);
    assert_eq!(client.get("test").await.0, 500);
}
