//! No tag without consent, and no cache that mixes up who consented.

use std::convert::Infallible;

use axum::{
    body::Body,
    http::{HeaderMap, Request, Response},
};
use axum_partnero::SnippetLayer;
use http_body_util::BodyExt as _;
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::{PAGE, answer, html, read, snippet, tagged};

fn asking() -> SnippetLayer {
    SnippetLayer::new(snippet()).consent(|headers, extensions| {
        headers.get("cookie").is_some_and(|cookie| cookie == "consent=yes") || extensions.get::<Agreed>().is_some()
    })
}

#[derive(Clone)]
struct Agreed;

fn page() -> Response<Body> {
    let mut response = html(PAGE);
    for (name, value) in [("etag", "\"abc\""), ("last-modified", "Tue, 10 Mar 2026 10:00:00 GMT"), ("vary", "accept")] {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

fn vary(headers: &HeaderMap) -> Vec<&str> {
    headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect()
}

#[tokio::test]
async fn without_consent_the_page_is_as_it_was_but_for_vary() {
    let (headers, body) = read(answer(&asking(), Request::new(Body::empty()), page()).await).await;
    assert_eq!(body, PAGE.as_bytes());
    assert_eq!((&headers["etag"], vary(&headers)), (&"\"abc\"".parse().unwrap(), vec!["accept", "cookie"]));
    assert!(headers.contains_key("last-modified"));
}

#[tokio::test]
async fn with_consent_no_validator_is_left_by_which_it_could_be_taken_for_the_other() {
    let cookie = Request::get("/").header("cookie", "consent=yes").body(Body::empty()).unwrap();
    let extension = Request::get("/").extension(Agreed).body(Body::empty()).unwrap();
    for request in [cookie, extension] {
        let (headers, body) = read(answer(&asking(), request, page()).await).await;
        assert_eq!(body, tagged().into_bytes());
        assert!(!headers.contains_key("etag") && !headers.contains_key("last-modified"));
        assert_eq!(vary(&headers), ["accept", "cookie"]);
    }
}

#[tokio::test]
async fn vary_is_said_once_and_of_pages_only() {
    for said in ["Cookie", "accept, COOKIE", "*"] {
        let mut response = page();
        response.headers_mut().insert("vary", said.parse().unwrap());
        let (headers, _) = read(answer(&asking(), Request::new(Body::empty()), response).await).await;
        assert_eq!(vary(&headers), [said]);
    }
    for kind in ["text/css", "application/json"] {
        let mut response = page();
        response.headers_mut().insert("content-type", kind.parse().unwrap());
        let (headers, _) = read(answer(&asking(), Request::new(Body::empty()), response).await).await;
        assert_eq!(vary(&headers), ["accept"]);
    }
}

/// What the handler sees of a browser's question whether its page is still good.
async fn asked(layer: &SnippetLayer, cookie: &str, accept: &str) -> Vec<String> {
    let echo = service_fn(|request: Request<Body>| async move {
        let names: Vec<_> = request.headers().keys().map(|name| name.as_str().to_owned()).collect();
        Ok::<_, Infallible>(Response::new(Body::from(names.join("\n"))))
    });
    let request = Request::get("/").header("cookie", cookie).header("accept", accept);
    let request =
        request.header("if-none-match", "\"abc\"").header("if-modified-since", "Tue, 10 Mar 2026 10:00:00 GMT");
    let response = layer.layer(echo).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let names = response.into_body().collect().await.unwrap().to_bytes();
    let names = String::from_utf8(names.to_vec()).unwrap();
    names.lines().filter(|name| name.starts_with("if-")).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_page_from_before_the_consent_is_not_confirmed_as_good() {
    let navigation = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let both = ["if-none-match", "if-modified-since"];
    assert_eq!(asked(&asking(), "consent=yes", navigation).await, [""; 0]);
    assert_eq!(asked(&asking(), "consent=yes", "text/html;q=0.9").await, [""; 0]);
    assert_eq!(asked(&asking(), "consent=no", navigation).await, both);
    // Not a page: a style sheet, an image, a script's own request.
    for accept in ["text/css,*/*;q=0.1", "image/avif,image/webp,*/*", "*/*", "text/htmlx"] {
        assert_eq!(asked(&asking(), "consent=yes", accept).await, both, "{accept}");
    }
    assert_eq!(asked(&SnippetLayer::new(snippet()), "consent=yes", navigation).await, both);
}
