//! The nonce of the tag is that of the response's policy.

use axum::{
    Extension, Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, Response},
    middleware::{Next, from_fn},
    response::{Html, IntoResponse as _},
    routing::get,
};
use axum_partnero::SnippetLayer;
use tower::ServiceExt as _;

use crate::{PAGE, answer, html, read, snippet, tag};

#[derive(Clone)]
struct Nonce(String);

fn by_extension() -> SnippetLayer {
    SnippetLayer::new(snippet()).nonce(|extensions| extensions.get::<Nonce>().map(|nonce| nonce.0.clone()))
}

fn with_nonce(nonce: &str) -> String {
    let tag = snippet().nonce(nonce).unwrap().to_string();
    assert!(tag.starts_with(&format!("<script nonce=\"{nonce}\">")));
    PAGE.replace("</head>", &format!("{tag}</head>"))
}

async fn page(layer: &SnippetLayer, request: Request, response: Response<Body>) -> (HeaderMap, String) {
    let (headers, body) = read(answer(layer, request, response).await).await;
    (headers, String::from_utf8(body).unwrap())
}

fn policy(policy: &'static str) -> Response<Body> {
    ([("content-security-policy", policy), ("etag", "\"abc\"")], Html(PAGE)).into_response()
}

#[tokio::test]
async fn it_is_read_from_the_policy_of_the_response() {
    let layer = SnippetLayer::new(snippet());
    let (headers, sent) = page(&layer, Request::default(), policy("script-src 'self' 'nonce-r4nd0m=='")).await;
    assert_eq!(sent, with_nonce("r4nd0m=="));
    assert!(!headers.contains_key("etag"), "the next page has another nonce");
    assert_eq!(headers["content-security-policy"], "script-src 'self' 'nonce-r4nd0m=='");

    let (headers, sent) = page(&layer, Request::default(), policy("script-src 'self'")).await;
    assert_eq!(sent, crate::tagged());
    assert_eq!(headers["etag"], "W/\"abc\"");
}

#[tokio::test]
async fn the_response_s_extension_comes_before_the_request_s_and_both_before_the_policy() {
    let request = || Request::builder().extension(Nonce("request".into())).body(Body::empty()).unwrap();
    let response = |nonce: Option<&str>| {
        let mut response = policy("script-src 'nonce-policy'");
        if let Some(nonce) = nonce {
            response.extensions_mut().insert(Nonce(nonce.into()));
        }
        response
    };
    for (request, response, expected) in [
        (request(), response(Some("response")), "response"),
        (request(), response(None), "request"),
        (Request::default(), response(Some("response")), "response"),
        (Request::default(), response(None), "policy"),
    ] {
        assert_eq!(page(&by_extension(), request, response).await.1, with_nonce(expected));
    }
}

#[tokio::test]
async fn what_is_no_nonce_breaks_out_of_nothing() {
    for hostile in ["\"><script>alert(1)</script>", "a b", "", "a\"", "é"] {
        let mut response = html(PAGE);
        response.extensions_mut().insert(Nonce(hostile.into()));
        assert_eq!(
            page(&by_extension(), Request::default(), response).await.1,
            PAGE.replace("</head>", &(tag() + "</head>"))
        );
    }
    let hostile = policy("script-src 'nonce-\"onload=x'");
    assert_eq!(page(&SnippetLayer::new(snippet()), Request::default(), hostile).await.1, crate::tagged());
}

/// As an application has it: a layer makes the nonce, the handler uses it, the policy names it.
#[tokio::test]
async fn each_response_has_its_own() {
    let with_policy = async |mut request: Request, next: Next| {
        let nonce = Nonce(request.uri().path().trim_matches('/').to_owned());
        request.extensions_mut().insert(nonce.clone());
        let response = next.run(request).await;
        ([("content-security-policy", format!("script-src 'nonce-{}'", nonce.0))], response)
    };
    let handler = async |Extension(nonce): Extension<Nonce>| Html(PAGE.replace("Shop", &nonce.0));
    let routes = Router::new().route("/{nonce}", get(handler));
    // Either way: the layer finds the nonce in the policy, or in the request, if the policy is set further out.
    let outside = routes.clone().layer(from_fn(with_policy)).layer(SnippetLayer::new(snippet()));
    let inside = routes.layer(by_extension()).layer(from_fn(with_policy));
    for app in [outside, inside] {
        for nonce in ["first", "second"] {
            let request = Request::get(format!("/{nonce}")).body(Body::empty()).unwrap();
            let (headers, body) = read(app.clone().oneshot(request).await.unwrap()).await;
            assert_eq!(String::from_utf8(body).unwrap(), with_nonce(nonce).replace("Shop", nonce));
            assert_eq!(headers["content-security-policy"], format!("script-src 'nonce-{nonce}'"));
        }
    }
}
