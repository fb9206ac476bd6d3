//! What the headers of a page say once the tag is in.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request},
    response::{Html, IntoResponse as _},
    routing::get,
};
use axum_partnero::SnippetLayer;
use tower::ServiceExt as _;

use crate::{PAGE, answer, html, read, snippet, tag, tagged, through};

async fn with(headers: &[(&'static str, &str)]) -> HeaderMap {
    let mut response = html(PAGE);
    for (name, value) in headers {
        response.headers_mut().append(*name, value.parse().unwrap());
    }
    through(response).await.0
}

#[tokio::test]
async fn what_was_true_of_other_bytes_is_gone() {
    let length = PAGE.len().to_string();
    let headers = with(&[
        ("content-length", length.as_str()),
        ("accept-ranges", "bytes"),
        ("content-digest", "sha-256=:x:"),
        ("repr-digest", "sha-256=:x:"),
        ("digest", "x"),
        ("content-md5", "x"),
        ("cache-control", "max-age=60"),
        ("last-modified", "Tue, 10 Mar 2026 10:00:00 GMT"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
    ])
    .await;
    let mut left: Vec<_> = headers.keys().map(http::HeaderName::as_str).collect();
    left.sort_unstable();
    assert_eq!(left, ["cache-control", "content-type", "last-modified", "set-cookie"]);
    assert_eq!(headers.get_all("set-cookie").iter().count(), 2);
}

#[tokio::test]
async fn an_etag_is_weak_from_then_on() {
    for (etag, expected) in [
        ("\"abc\"", Some("W/\"abc\"")),
        ("W/\"abc\"", Some("W/\"abc\"")),
        ("\"\"", Some("W/\"\"")),
        ("abc", None),
        ("\"", None),
        ("W/\"", None),
        ("w/\"abc\"", None),
    ] {
        let headers = with(&[("etag", etag)]).await;
        assert_eq!(headers.get("etag").map(|it| it.to_str().unwrap()), expected, "{etag}");
    }
}

/// Headers that would be different for a GET are worse than none.
#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let page = async || ([("etag", "\"abc\"")], Html(PAGE));
    let inside = Router::new().route("/", get(page)).layer(SnippetLayer::new(snippet()));
    let outside = {
        let layer = SnippetLayer::new(snippet());
        let router = Router::new().route("/", get(page));
        async move |request: Request<Body>| {
            let response = router.oneshot(request).await.unwrap();
            answer(&layer, Request::new(Body::empty()), response).await
        }
    };
    let request = |method| Request::builder().method(method).uri("/").body(Body::empty()).unwrap();
    for (got, head) in [
        (
            inside.clone().oneshot(request(Method::GET)).await.unwrap(),
            inside.oneshot(request(Method::HEAD)).await.unwrap(),
        ),
        (outside.clone()(request(Method::GET)).await, outside(request(Method::HEAD)).await),
    ] {
        let ((got, page), (head, nothing)) = (read(got).await, read(head).await);
        assert_eq!((page, nothing), (tagged().into_bytes(), vec![]));
        assert_eq!(got, head);
        assert!(!head.contains_key("content-length"));
        assert_eq!(head["etag"], "W/\"abc\"");
    }
}

#[tokio::test]
async fn other_methods_get_pages_too() {
    let request = Request::post("/signup").body(Body::empty()).unwrap();
    let response = ([("x-form", "invalid")], Html(PAGE)).into_response();
    let (headers, page) = read(answer(&SnippetLayer::new(snippet()), request, response).await).await;
    assert!(String::from_utf8(page).unwrap().contains(&tag()));
    assert_eq!(headers["x-form"], "invalid");
}
