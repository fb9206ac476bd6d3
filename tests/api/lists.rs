//! Lists over several pages.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum_partnero::{
    ApiError,
    api::{CustomerFilter, TransactionFilter},
};
use futures_util::TryStreamExt;
use serde_json::json;

use crate::server::{Server, json};

/// A server whose first page links to this next one.
async fn linking_to(next: impl Fn(&str) -> serde_json::Value + Send + Sync + 'static) -> Server {
    Server::new(move |request| {
        let host = format!("http://{}", request.header("host").unwrap());
        let next = if request.line.contains("page=2") { json!(null) } else { next(&host) };
        json(200, json!({"data": [{"key": "a"}, {"key": "b"}, null, 7], "links": {"next": next}, "status": 1}))
    })
    .await
}

#[tokio::test]
async fn pages_are_followed_to_their_end_with_the_filters_of_the_first() {
    let server = linking_to(|host| json!(format!("{host}/v1/transactions?page=2"))).await;
    let client = server.client();
    let all = client.transactions().list(TransactionFilter::new().customer_key("c")).limit(10);
    let all: Vec<_> = TryStreamExt::try_collect(all).await.unwrap();
    assert_eq!(all.len(), 4);
    let asked: Vec<_> = server.requests().iter().map(|request| request.asked().to_owned()).collect();
    assert_eq!(
        asked,
        ["GET /v1/transactions?customer.key=c&limit=10", "GET /v1/transactions?page=2&customer.key=c&limit=10"]
    );
}

#[tokio::test]
async fn relative_links_are_followed() {
    for next in ["?page=2", "/v1/customers?page=2", "customers?page=2"] {
        let server = linking_to(move |_| json!(next)).await;
        let all = server.client().customers().list(CustomerFilter::new()).collect().await.unwrap();
        assert_eq!(all.len(), 4, "{next}");
    }
}

#[tokio::test]
async fn links_out_of_the_base_url_are_refused_and_get_no_api_key() {
    let elsewhere = Server::always(200, json!({"data": [{"key": "evil"}]})).await;
    let evil = elsewhere.address;
    let links = [
        format!("http://{evil}/v1/customers?page=2"),
        format!("//{evil}/v1/customers?page=2"),
        format!("http://user@{evil}/v1/"),
        format!("https://{evil}/v1/"),
        "/v2/customers?page=2".to_owned(),
        "../v2/customers?page=2".to_owned(),
        "/v1/%2e%2e/v2/customers?page=2".to_owned(),
        "file:///etc/passwd".to_owned(),
    ];
    for link in links {
        let server = linking_to({
            let link = link.clone();
            move |_| json!(link)
        })
        .await;
        let mut list = server.client().customers().list(CustomerFilter::new());
        assert_eq!(list.next().await.unwrap().unwrap().key.as_deref(), Some("a"));
        assert_eq!(list.next().await.unwrap().unwrap().key.as_deref(), Some("b"));
        let error = list.next().await.unwrap().unwrap_err();
        assert!(matches!(error, ApiError::Page(_)), "{link}: {error}");
        assert!(list.next().await.is_none(), "a list ends with its error");
        assert_eq!(server.requests().len(), 1);
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn pages_in_a_circle_are_left() {
    let server = Server::new(|request| {
        let next = if request.line.contains("page=2") { "?page=3" } else { "?page=2" };
        json(200, json!({"data": [], "links": {"next": next}}))
    })
    .await;
    let error = server.client().partners().list().collect().await.unwrap_err();
    assert!(matches!(error, ApiError::Page(_)), "{error}");
    assert_eq!(server.requests().len(), 3);

    // A page that links to itself.
    let server = Server::new(|request| {
        let target = request.line.split(' ').nth(1).unwrap();
        json(200, json!({"data": [{"id": 1}], "links": {"next": target}}))
    })
    .await;
    assert!(matches!(server.client().partners().list().collect().await, Err(ApiError::Page(_))));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn lists_are_read_in_every_wrapping() {
    for (answer, count) in [
        (json!({"data": []}), 0),
        (json!({"data": {}}), 0),
        (json!({"data": null, "status": 1}), 0),
        (json!({"status": 1}), 0),
        (json!({"data": [{"key": 1}, {}]}), 2),
        (json!({"data": {"data": [{"key": 1}]}}), 1),
        (json!({"data": {"0": {"key": 1}, "2": {"key": 2}}}), 2),
        (json!({"data": {"key": 1}}), 1),
        (json!({"data": [{}], "links": []}), 1),
        (json!({"data": [{}], "links": {"next": false}}), 1),
        (json!({"data": [{}], "links": {"next": ""}}), 1),
    ] {
        let server = Server::always(200, &answer).await;
        let all = server.client().customers().referrals("c").collect().await.unwrap();
        assert_eq!(all.len(), count, "{answer}");
    }
}

#[tokio::test]
async fn an_error_on_a_later_page_ends_the_list() {
    let count = Arc::new(AtomicUsize::new(0));
    let server = Server::new({
        let count = Arc::clone(&count);
        move |_| match count.fetch_add(1, Ordering::SeqCst) {
            0 => json(200, json!({"data": [{"key": "a"}], "links": {"next": "?page=2"}})),
            _ => json(429, json!({"message": "Too Many Attempts."})),
        }
    })
    .await;
    let mut list = server.client().customers().list(CustomerFilter::new());
    assert!(list.next().await.unwrap().is_ok());
    assert_eq!(list.next().await.unwrap().unwrap_err().status().unwrap(), 429);
    assert!(list.next().await.is_none());
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn lists_can_be_sent_to_other_tasks() {
    fn check<T: Send + Unpin>() {}
    check::<axum_partnero::api::List<axum_partnero::api::Customer>>();
}
