//! What is known after an attempt: not sent, uncertain, or answered.

use std::time::{Duration, Instant};

use axum_partnero::{ApiClient, ApiError};
use tokio::net::TcpListener;

use crate::server::{KEY, Reply, Server, answer, json};

async fn get(server: &Server) -> Result<(), ApiError> {
    get_with(&server.client()).await
}

async fn get_with(client: &ApiClient) -> Result<(), ApiError> {
    client.customers().get("mia@x.test").await.map(drop)
}

fn assert_fit_for_a_log(error: &ApiError) {
    let text = format!("{error} {error:?}");
    for secret in ["mia", KEY, "http://", "/v1"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = ApiClient::builder(KEY).base_url(format!("http://{address}/v1")).build().unwrap();
    let error = get_with(&client).await.unwrap_err();
    assert!(matches!(error, ApiError::NotSent { .. }), "{error:?}");
    assert!(error.to_string().contains("refused"), "the cause is told: {error}");
    assert_fit_for_a_log(&error);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_not_sent() {
    let client = ApiClient::builder(KEY)
        .base_url("http://partnero.invalid/v1")
        .allow_plain_http()
        .http_client(reqwest::Client::builder().no_proxy())
        .build()
        .unwrap();
    let error = get_with(&client).await.unwrap_err();
    assert!(matches!(error, ApiError::NotSent { .. }), "{error:?}");
}

#[tokio::test]
async fn a_handshake_that_hangs_is_not_sent() {
    // Takes the connection, and never says a word of TLS.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let _held = listener.accept().await.unwrap();
        std::future::pending::<()>().await;
    });
    let client = |connect, request| {
        ApiClient::builder(KEY)
            .base_url(format!("https://{address}/v1"))
            .http_client(reqwest::Client::builder().no_proxy().tls_certs_only([]))
            .connect_timeout(Duration::from_millis(connect))
            .request_timeout(Duration::from_millis(request))
            .build()
            .unwrap()
    };
    let error = get_with(&client(100, 5000)).await.unwrap_err();
    assert!(matches!(error, ApiError::NotSent { .. }), "{error:?}");
    // The time-out of the whole request doesn't say how far it was: it never counts as not sent.
    let error = get_with(&client(5000, 100)).await.unwrap_err();
    assert!(matches!(error, ApiError::Uncertain { .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_that_is_no_tls_is_not_sent() {
    let server = Server::new(|_| json(200, r#"{"data":{}}"#)).await;
    let client = ApiClient::builder(KEY)
        .base_url(format!("https://{}/v1", server.address))
        .http_client(reqwest::Client::builder().no_proxy().tls_certs_only([]))
        .connect_timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    let error = get_with(&client).await.unwrap_err();
    assert!(matches!(error, ApiError::NotSent { .. }), "{error:?}");
}

#[tokio::test]
async fn a_connection_lost_before_the_end_of_the_answer_is_uncertain() {
    for (what, bytes) in [
        ("before the answer", ""),
        ("within the status line", "HTTP/1.1 20"),
        ("within the headers", "HTTP/1.1 200 OK\r\ncontent-le"),
        ("before the body", "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n"),
        ("within the body", "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{\"data\""),
        ("within a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{\"data"),
        ("between chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7\r\n{\"data\"\r\n"),
        ("on an error", "HTTP/1.1 422 No\r\ncontent-length: 20\r\n\r\n{"),
        ("with another protocol", "SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    ] {
        let server = Server::new(move |_| Reply::Cut(bytes.into())).await;
        let error = get(&server).await.unwrap_err();
        assert!(matches!(error, ApiError::Uncertain { .. }), "{what}: {error:?}");
        assert_fit_for_a_log(&error);
        assert_eq!(server.requests().len(), 1, "{what}: it was sent again");
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_uncertain_when_the_time_is_up() {
    for bytes in ["", "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{"] {
        let server = Server::new(move |_| Reply::Hang(bytes.into())).await;
        let client = server.builder().request_timeout(Duration::from_millis(150)).build().unwrap();
        let started = Instant::now();
        let error = get_with(&client).await.unwrap_err();
        assert!(matches!(error, ApiError::Uncertain { .. }), "{error:?}");
        assert!(started.elapsed() < Duration::from_secs(3));
        assert_fit_for_a_log(&error);
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_takes_no_api_key_along() {
    let elsewhere = Server::always(200, r#"{"data":{}}"#).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("location: http://{}/v1/customers/x\r\n", elsewhere.address);
        let server = Server::new(move |_| answer(status, &location, "")).await;
        // Not even if the given client would follow it.
        let follower = reqwest::Client::builder().redirect(reqwest::redirect::Policy::limited(5));
        let client = server.builder().http_client(follower.no_proxy()).build().unwrap();
        let error = get_with(&client).await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert!(error.to_string().contains("check the base URL"), "{error}");
        assert_eq!(server.requests().len(), 1);
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn connections_are_kept_and_shared_by_clones() {
    let server = Server::always(200, r#"{"data":{}}"#).await;
    let client = server.client();
    for _ in 0..3 {
        get_with(&client.clone()).await.unwrap();
    }
    assert!(server.requests().iter().all(|request| request.connection == 0), "{:?}", server.requests());

    let idle = server.builder().pool_idle_timeout(Duration::from_millis(1)).build().unwrap();
    get_with(&idle).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    get_with(&idle).await.unwrap();
    let connections: Vec<_> = server.requests().iter().map(|request| request.connection).collect();
    assert_ne!(connections[3], connections[4]);
}

#[tokio::test]
async fn a_connection_that_is_closed_while_idle_sends_nothing_twice() {
    // Each answer is whole and promises to keep the connection, which is then closed: the next call may meet it dead.
    let server = Server::new(|_| {
        let Reply::Bytes(bytes) = json(200, r#"{"data":{}}"#) else { unreachable!() };
        Reply::Cut(bytes)
    })
    .await;
    let client = server.client();
    for calls in 1..=50 {
        let outcome = get_with(&client).await;
        assert!(matches!(outcome, Ok(()) | Err(ApiError::Uncertain { .. })), "{outcome:?}");
        assert!(server.requests().len() <= calls, "one was sent twice");
    }
}

#[tokio::test]
async fn a_long_answer_is_not_read_to_its_end() {
    let most = 1 << 20;
    let body = |length: usize| format!("{{\"data\":{{\"x\":\"{}\"}}}}", "a".repeat(length - 17));
    // Announced, and not.
    let announced = move |body: String| answer(200, "", body);
    let chunked = move |body: String| {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        Reply::Bytes(format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).into())
    };
    for (length, fits) in [(1000, true), (most, true), (most + 1, false)] {
        let server = Server::new(move |_| announced(body(length))).await;
        assert_eq!(get(&server).await.is_ok(), fits, "{length}");
        let server = Server::new(move |_| chunked(body(length))).await;
        let outcome = get(&server).await;
        assert_eq!(outcome.is_ok(), fits, "{length}");
        assert!(fits || matches!(outcome, Err(ApiError::Unreadable { .. })));
    }
    // One that never ends is left at the limit.
    let server = Server::new(move |_| {
        Reply::Hang(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n40\r\n{}\r\n", "a".repeat(64)).into())
    })
    .await;
    let client = server.builder().max_response_bytes(63).build().unwrap();
    assert!(matches!(get_with(&client).await, Err(ApiError::Unreadable { .. })));
    // One that announces more than there is memory, too.
    let huge = "HTTP/1.1 200 OK\r\ncontent-length: 1844674407370955161\r\n\r\n";
    let server = Server::new(move |_| Reply::Hang(huge.into())).await;
    assert!(matches!(get(&server).await, Err(ApiError::Unreadable { .. })));
}

#[tokio::test]
async fn odd_bodies_are_an_answer_without_json() {
    let deep = "[".repeat(100_000);
    let deep_object = format!("{{\"data\":{}", "{\"a\":".repeat(10_000));
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03".to_vec();
    for body in
        [&b""[..], b"<html>", b"\xff\xfe", b"{", b"NaN", b"{}{}", deep.as_bytes(), deep_object.as_bytes(), &gzip]
    {
        let body = body.to_vec();
        let server = Server::new(move |_| answer(200, "content-encoding: gzip\r\n", &body)).await;
        assert!(matches!(get(&server).await, Err(ApiError::Unreadable { .. })));
    }
    // Whatever the header says: a byte order mark, and JSON under another name, are read.
    let server = Server::new(|_| answer(200, "content-type: text/html\r\n", "\u{feff}{\"data\":{}}\n")).await;
    get(&server).await.unwrap();
}

#[tokio::test]
async fn a_caller_s_client_keeps_its_own_settings_but_not_those_of_safety() {
    let mut headers = http::HeaderMap::new();
    headers.insert("x-team", http::HeaderValue::from_static("growth"));
    headers.insert("authorization", http::HeaderValue::from_static("Basic evil"));
    let own =
        reqwest::Client::builder().no_proxy().default_headers(headers).user_agent("other").timeout(Duration::ZERO);
    let server = Server::always(200, r#"{"data":{}}"#).await;
    get_with(&server.builder().http_client(own).build().unwrap()).await.unwrap();
    let request = server.request();
    assert_eq!(request.header("x-team"), Some("growth"));
    assert_eq!(request.header("authorization"), Some(&*format!("Bearer {KEY}")));
    assert!(request.header("user-agent").unwrap().starts_with("axum-partnero/"));
}
