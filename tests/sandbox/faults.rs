use std::time::{Duration, Instant};

use crate::client::{Client, affiliate, answer, dec, shop, start};

use axum_partnero::sandbox::{Answer, Fault, Sandbox};
use serde_json::json;

const SHORT: Duration = Duration::from_millis(150);

fn sale(client: &Client, key: &str) -> reqwest::RequestBuilder {
    client
        .request("POST", "transactions")
        .json(&json!({ "key": key, "amount": 10, "customer": { "key": "mia" } }))
}

/// A request that gets no answer, and is not a time-out.
async fn is_cut(request: reqwest::RequestBuilder) {
    let error = request.send().await.unwrap_err();
    assert!(!error.is_timeout() && !error.is_connect(), "{error:?}");
}

async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    for _ in 0..300 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} did not happen");
}

#[tokio::test]
async fn a_refused_request_is_cut_and_not_processed() {
    let client = shop().await;
    client.sandbox.fault(Fault::Refuse).times(1);
    is_cut(sale(&client, "t")).await;
    assert!(client.sandbox.ledger().transactions().is_empty());
    let request = &client.sandbox.requests()[0];
    assert_eq!(
        (&request.fault, request.status, request.processed),
        (&Some(Fault::Refuse), None, None)
    );
    assert_eq!(answer(sale(&client, "t")).await.0, 200, "only once");
}

#[tokio::test]
async fn a_hanging_request_is_never_answered_nor_processed() {
    let client = shop().await;
    client
        .sandbox
        .fault(Fault::Hang)
        .on("POST", "/transactions")
        .times(1);
    let error = sale(&client, "t").timeout(SHORT).send().await.unwrap_err();
    assert!(error.is_timeout());
    assert!(client.sandbox.ledger().transactions().is_empty());
    assert_eq!(answer(sale(&client, "t")).await.0, 200);
}

#[tokio::test]
async fn a_slow_request_is_processed_even_if_the_client_gave_up() {
    let client = shop().await;
    client.sandbox.fault(Fault::Slow(SHORT)).times(2);
    let begin = Instant::now();
    assert_eq!(answer(sale(&client, "a")).await.0, 200);
    assert!(begin.elapsed() >= SHORT);
    let error = sale(&client, "b")
        .timeout(SHORT / 3)
        .send()
        .await
        .unwrap_err();
    assert!(error.is_timeout());
    assert!(client.sandbox.ledger().live_transactions("b").is_empty());
    until("the sale", || {
        client.sandbox.ledger().live_transactions("b").len() == 1
    })
    .await;
}

#[tokio::test]
async fn store_then_drop_keeps_the_sale_and_cuts_the_connection() {
    let client = shop().await;
    client.sandbox.fault(Fault::StoreThenDrop).times(1);
    is_cut(sale(&client, "t")).await;
    assert_eq!(client.sandbox.ledger().owed_to("anna"), dec("3"));
    let request = &client.sandbox.requests()[0];
    assert_eq!((request.status, request.processed), (None, Some(200)));
}

#[tokio::test]
async fn store_then_hang_keeps_the_sale() {
    let client = shop().await;
    client.sandbox.fault(Fault::StoreThenHang).times(1);
    assert!(
        sale(&client, "t")
            .timeout(SHORT)
            .send()
            .await
            .unwrap_err()
            .is_timeout()
    );
    assert_eq!(client.sandbox.ledger().live_transactions("t").len(), 1);
}

#[tokio::test]
async fn store_then_500_keeps_the_sale_and_answers_500() {
    let client = shop().await;
    client.sandbox.fault(Fault::store_then_500()).times(1);
    assert_eq!(
        answer(sale(&client, "t")).await,
        (
            500,
            json!({ "message": "Internal Server Error", "status": 0 })
        )
    );
    assert_eq!(client.sandbox.ledger().live_transactions("t").len(), 1);
    let request = &client.sandbox.requests()[0];
    assert_eq!((request.status, request.processed), (Some(500), Some(200)));
}

#[tokio::test]
async fn a_dropped_request_can_be_processed_later() {
    let client = shop().await;
    client.sandbox.fault(Fault::DropThenStore(SHORT)).times(1);
    is_cut(sale(&client, "t")).await;
    assert!(client.sandbox.ledger().transactions().is_empty());
    assert_eq!(client.sandbox.requests()[0].processed, None);
    until("the sale", || {
        client.sandbox.ledger().live_transactions("t").len() == 1
    })
    .await;
    assert_eq!(client.sandbox.requests()[0].processed, Some(200));
}

#[tokio::test]
async fn too_many_requests_come_with_and_without_retry_after() {
    let client = shop().await;
    client
        .sandbox
        .fault(Answer::too_many_requests(Some(Duration::from_secs(7))))
        .times(1);
    client
        .sandbox
        .fault(Answer::too_many_requests(None))
        .times(1);
    let first = sale(&client, "t").send().await.unwrap();
    assert_eq!(
        (
            first.status().as_u16(),
            first.headers()["retry-after"].to_str().unwrap()
        ),
        (429, "7")
    );
    let second = sale(&client, "t").send().await.unwrap();
    assert_eq!(
        (
            second.status().as_u16(),
            second.headers().get("retry-after")
        ),
        (429, None)
    );
    assert_eq!(answer(sale(&client, "t")).await.0, 200);
    assert_eq!(client.sandbox.ledger().transactions().len(), 1);
}

#[tokio::test]
async fn one_path_can_be_forbidden_while_others_work() {
    let client = shop().await;
    client
        .sandbox
        .fault(Answer::status(403))
        .on("post", "/transactions");
    for _ in 0..3 {
        assert_eq!(
            answer(sale(&client, "t")).await,
            (403, json!({ "message": "Forbidden", "status": 0 }))
        );
    }
    assert_eq!(client.get("test").await.0, 200);
    assert_eq!(client.get("transactions").await.0, 200, "another method");
    client.sandbox.clear_faults();
    assert_eq!(answer(sale(&client, "t")).await.0, 200);
}

#[tokio::test]
async fn other_answers_are_given_as_they_are() {
    let client = shop().await;
    client.sandbox.fault(Answer::status(401)).times(1);
    client
        .sandbox
        .fault(Answer::redirect(302, "https://www.partnero.com/"))
        .times(1);
    client.sandbox.fault(Answer::html(502)).times(1);
    client.sandbox.fault(Answer::garbage(200)).times(1);
    client
        .sandbox
        .fault(Answer::json(418, &json!({ "a": [1] })).header("x-y", "z"))
        .times(1);
    client
        .sandbox
        .fault(Answer::status(7).header("bad name", "x").body("raw"))
        .times(1);
    let get = async || client.request("GET", "test").send().await.unwrap();
    assert_eq!(get().await.status(), 401);
    let redirect = get().await;
    assert_eq!(
        (
            redirect.status().as_u16(),
            redirect.headers()["location"].to_str().unwrap()
        ),
        (302, "https://www.partnero.com/")
    );
    let html = get().await;
    assert_eq!(
        (
            html.status().as_u16(),
            html.headers()["content-type"].to_str().unwrap()
        ),
        (502, "text/html")
    );
    assert!(html.text().await.unwrap().starts_with("<html>"));
    let garbage = get().await;
    assert_eq!(garbage.status(), 200);
    assert!(serde_json::from_slice::<serde_json::Value>(&garbage.bytes().await.unwrap()).is_err());
    let json = get().await;
    assert_eq!(
        (
            json.status().as_u16(),
            json.headers()["x-y"].to_str().unwrap()
        ),
        (418, "z")
    );
    assert_eq!(json.text().await.unwrap(), r#"{"a":[1]}"#);
    let odd = get().await;
    assert_eq!(
        (odd.status().as_u16(), odd.text().await.unwrap().as_str()),
        (500, "raw")
    );
    assert_eq!(client.get("test").await.0, 200);
}

#[tokio::test]
async fn garbage_with_200_after_storing_keeps_the_sale() {
    let client = shop().await;
    client
        .sandbox
        .fault(Fault::StoreThenAnswer(Answer::garbage(200)))
        .times(1);
    let response = sale(&client, "t").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(client.sandbox.ledger().live_transactions("t").len(), 1);
}

#[tokio::test]
async fn a_fault_can_be_for_requests_that_mention_a_key() {
    let client = shop().await;
    client
        .sandbox
        .fault(Answer::status(500))
        .mentioning("order-7");
    assert_eq!(answer(sale(&client, "order-6")).await.0, 200);
    assert_eq!(answer(sale(&client, "order-7")).await.0, 500);
    assert_eq!(client.delete("transactions/order-7").await.0, 500);
    assert_eq!(client.get("transactions?key=order-7").await.0, 500);
    assert_eq!(client.delete("transactions/order-6").await.0, 200);
}

#[tokio::test]
async fn a_star_at_the_end_of_a_path_stands_for_anything() {
    let client = shop().await;
    client
        .sandbox
        .fault(Answer::status(503))
        .on("*", "/customers/*");
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

#[tokio::test]
async fn latency_delays_answers_and_can_be_taken_back() {
    let client = start(Sandbox::affiliate().latency(SHORT)).await;
    let begin = Instant::now();
    client.get("test").await;
    assert!(begin.elapsed() >= SHORT);
    client.sandbox.set_latency(Duration::ZERO);
    assert_eq!(
        client
            .request("GET", "test")
            .timeout(SHORT * 20)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn nothing_held_back_is_processed_after_shutdown() {
    let client = shop().await;
    client.sandbox.fault(Fault::DropThenStore(SHORT)).times(1);
    is_cut(sale(&client, "t")).await;
    client.sandbox.shutdown().await;
    tokio::time::sleep(SHORT * 2).await;
    assert!(client.sandbox.ledger().transactions().is_empty());
}
