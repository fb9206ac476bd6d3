use std::time::{Duration, Instant};

use crate::{
    client::{answer, dec, sale, shop, start},
    wait::until,
};

use axum_partnero::sandbox::{Answer, Fault, Sandbox};
use serde_json::json;

const SHORT: Duration = Duration::from_millis(150);

/// A request that gets no answer, and is not a time-out.
async fn is_cut(request: reqwest::RequestBuilder) {
    let error = request.send().await.unwrap_err();
    assert!(!error.is_timeout() && !error.is_connect(), "{error:?}");
}

#[tokio::test]
async fn a_refused_request_is_cut_and_not_processed() {
    let client = shop().await;
    client.sandbox.fault(Fault::Refuse).times(1);
    is_cut(sale(&client, "t")).await;
    assert!(client.sandbox.ledger().transactions().is_empty());
    let request = &client.sandbox.requests()[0];
    assert_eq!((&request.fault, request.status, request.processed), (&Some(Fault::Refuse), None, None));
    assert_eq!(answer(sale(&client, "t")).await.0, 200, "only once");
}

#[tokio::test]
async fn a_hanging_request_is_never_answered_nor_processed() {
    let client = shop().await;
    client.sandbox.fault(Fault::Hang).on("POST", "/transactions").times(1);
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
    let error = sale(&client, "b").timeout(SHORT / 3).send().await.unwrap_err();
    assert!(error.is_timeout());
    assert!(client.sandbox.ledger().live_transactions("b").is_empty());
    until("the sale", async || client.sandbox.ledger().live_transactions("b").len() == 1).await;
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
    assert!(sale(&client, "t").timeout(SHORT).send().await.unwrap_err().is_timeout());
    assert_eq!(client.sandbox.ledger().live_transactions("t").len(), 1);
}

#[tokio::test]
async fn store_then_500_keeps_the_sale_and_answers_500() {
    let client = shop().await;
    client.sandbox.fault(Fault::store_then_500()).times(1);
    assert_eq!(answer(sale(&client, "t")).await, (500, json!({ "message": "Internal Server Error", "status": 0 })));
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
    until("the sale", async || client.sandbox.ledger().live_transactions("t").len() == 1).await;
    assert_eq!(client.sandbox.requests()[0].processed, Some(200));
}

#[tokio::test]
async fn too_many_requests_come_with_and_without_retry_after() {
    let client = shop().await;
    client.sandbox.fault(Answer::too_many_requests(Some(Duration::from_secs(7)))).times(1);
    client.sandbox.fault(Answer::too_many_requests(None)).times(1);
    let first = sale(&client, "t").send().await.unwrap();
    assert_eq!((first.status().as_u16(), first.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    let second = sale(&client, "t").send().await.unwrap();
    assert_eq!((second.status().as_u16(), second.headers().get("retry-after")), (429, None));
    assert_eq!(answer(sale(&client, "t")).await.0, 200);
    assert_eq!(client.sandbox.ledger().transactions().len(), 1);
}

#[tokio::test]
async fn other_answers_are_given_as_they_are() {
    let client = shop().await;
    client.sandbox.fault(Answer::status(401)).times(1);
    client.sandbox.fault(Answer::redirect(302, "https://www.partnero.com/")).times(1);
    client.sandbox.fault(Answer::html(502)).times(1);
    client.sandbox.fault(Answer::garbage(200)).times(1);
    client.sandbox.fault(Answer::json(418, &json!({ "a": [1] })).header("x-y", "z")).times(1);
    client.sandbox.fault(Answer::status(7).header("bad name", "x").body("raw")).times(1);
    let get = async || client.request("GET", "test").send().await.unwrap();
    assert_eq!(get().await.status(), 401);
    let redirect = get().await;
    assert_eq!(
        (redirect.status().as_u16(), redirect.headers()["location"].to_str().unwrap()),
        (302, "https://www.partnero.com/")
    );
    let html = get().await;
    assert_eq!((html.status().as_u16(), html.headers()["content-type"].to_str().unwrap()), (502, "text/html"));
    assert!(html.text().await.unwrap().starts_with("<html>"));
    let garbage = get().await;
    assert_eq!(garbage.status(), 200);
    assert!(serde_json::from_slice::<serde_json::Value>(&garbage.bytes().await.unwrap()).is_err());
    let json = get().await;
    assert_eq!((json.status().as_u16(), json.headers()["x-y"].to_str().unwrap()), (418, "z"));
    assert_eq!(json.text().await.unwrap(), r#"{"a":[1]}"#);
    let odd = get().await;
    assert_eq!((odd.status().as_u16(), odd.text().await.unwrap().as_str()), (500, "raw"));
    assert_eq!(client.get("test").await.0, 200);
}

#[tokio::test]
async fn garbage_with_200_after_storing_keeps_the_sale() {
    let client = shop().await;
    client.sandbox.fault(Fault::StoreThenAnswer(Answer::garbage(200))).times(1);
    let response = sale(&client, "t").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(client.sandbox.ledger().live_transactions("t").len(), 1);
}

#[tokio::test]
async fn latency_delays_answers_and_can_be_taken_back() {
    let client = start(Sandbox::affiliate().latency(SHORT)).await;
    let begin = Instant::now();
    client.get("test").await;
    assert!(begin.elapsed() >= SHORT);
    client.sandbox.set_latency(Duration::ZERO);
    assert_eq!(client.request("GET", "test").timeout(SHORT * 20).send().await.unwrap().status(), 200);
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
