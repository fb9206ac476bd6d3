//! The extractor, in an application.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, FromRef, Request},
    http::StatusCode,
    response::IntoResponse,
    routing::post,
};
use axum_partnero::{
    VerifiedWebhook, WebhookSecret,
    webhook::{VerifyError, WebhookRejection},
};
use futures_util::{Stream, stream};
use http_body_util::BodyExt;
use static_assertions::assert_impl_all;
use tower::ServiceExt;

use crate::signed::{OTHER, SECRET, hex, secret};

assert_impl_all!(WebhookRejection: std::error::Error, IntoResponse, Send, Sync);
assert_impl_all!(WebhookSecret: Clone, Send, Sync, FromRef<AppState>);

const LIMIT: usize = 256 * 1024;

#[derive(Clone, FromRef)]
struct AppState {
    secret: WebhookSecret,
}

fn app() -> Router {
    async fn handler(VerifiedWebhook(webhook): VerifiedWebhook) -> Bytes {
        webhook.into_raw()
    }
    Router::new().route("/", post(handler)).with_state(AppState { secret: secret() })
}

fn request(signature: Option<&str>, body: impl Into<Body>) -> Request {
    let request = Request::post("/");
    signature.into_iter().fold(request, |it, signature| it.header("Signature", signature)).body(body.into()).unwrap()
}

async fn answer(app: Router, request: Request) -> (StatusCode, Bytes) {
    let response = app.oneshot(request).await.unwrap();
    (response.status(), response.into_body().collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn a_genuine_webhook_reaches_the_handler_byte_for_byte() {
    for body in [&b"{\"event\": \"x\" }\n"[..], b"", b"\xff\0", b"not JSON"] {
        let answer = answer(app(), request(Some(&hex(SECRET, body)), body.to_vec())).await;
        assert_eq!(answer, (StatusCode::OK, body.to_vec().into()));
    }
}

#[tokio::test]
async fn the_content_type_does_not_matter() {
    for kind in ["application/json", "text/plain", "application/x-www-form-urlencoded", "nonsense"] {
        let mut request = request(Some(&hex(SECRET, b"{}")), "{}");
        request.headers_mut().insert("content-type", kind.parse().unwrap());
        assert_eq!(answer(app(), request).await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn every_forgery_gets_the_same_answer() {
    let expected = (StatusCode::UNAUTHORIZED, Bytes::from_static(b"Not signed by Partnero"));
    let others = hex(OTHER, b"{}");
    for signature in [None, Some(""), Some("x"), Some("sha256=00"), Some(&others[..]), Some(&hex(SECRET, b"{ }"))] {
        let request = request(signature, "{}");
        let response = app().oneshot(request).await.unwrap();
        let headers = response.headers().clone();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!((StatusCode::UNAUTHORIZED, body), expected, "{signature:?}");
        assert_eq!(
            headers.keys().map(http::HeaderName::as_str).collect::<Vec<_>>(),
            ["content-type", "content-length"]
        );
    }
}

/// As many bytes as are asked for, in pieces. Counts how many were.
fn pieces(bytes: usize) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::iter((0..bytes.div_ceil(1024)).map(move |at| Ok(Bytes::from(vec![b'x'; (bytes - at * 1024).min(1024)]))))
}

#[tokio::test]
async fn a_body_of_256_kib_is_taken_and_one_byte_more_is_too_large_whatever_the_applications_limit() {
    let apps: [fn() -> Router; 4] = [
        app,
        || app().layer(DefaultBodyLimit::disable()),
        || app().layer(DefaultBodyLimit::max(10 * LIMIT)),
        || app().layer(DefaultBodyLimit::max(10)),
    ];
    for (place, app) in apps.into_iter().enumerate() {
        for (bytes, status) in [
            (LIMIT, StatusCode::OK),
            (LIMIT + 1, StatusCode::PAYLOAD_TOO_LARGE),
            (8 * LIMIT, StatusCode::PAYLOAD_TOO_LARGE),
        ] {
            let signature = hex(SECRET, &vec![b'x'; bytes]);
            let whole = answer(app(), request(Some(&signature), vec![b'x'; bytes])).await;
            let streamed = answer(app(), request(Some(&signature), Body::from_stream(pieces(bytes)))).await;
            assert_eq!((whole.0, streamed.0), (status, status), "{place}: {bytes} bytes");
            if status != StatusCode::OK {
                assert_eq!((whole.1, streamed.1), ("Too large".into(), "Too large".into()));
            }
        }
    }
}

/// Never ends.
struct Endless(usize);

impl Stream for Endless {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0 += 1;
        assert!(self.0 < 1000, "it reads on and on");
        Poll::Ready(Some(Ok(Bytes::from_static(&[b'x'; 1024]))))
    }
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let signature = hex(OTHER, b"");
    let answer = answer(app(), request(Some(&signature), Body::from_stream(Endless(0)))).await;
    assert_eq!(answer.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn nothing_is_read_of_a_body_without_a_signature() {
    let untouched =
        || Body::from_stream(stream::poll_fn(|_| -> Poll<Option<Result<Bytes, Infallible>>> { panic!("it is read") }));
    for signature in [None, Some(""), Some("sha256=00")] {
        assert_eq!(answer(app(), request(signature, untouched())).await.0, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_forgery() {
    let broken = stream::iter([Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("reset"))]);
    let answer = answer(app(), request(Some(&hex(SECRET, b"{}")), Body::from_stream(broken))).await;
    assert_eq!(answer, (StatusCode::BAD_REQUEST, "Unreadable".into()));
}

#[tokio::test]
async fn a_handler_may_answer_a_rejection_itself() {
    async fn handler(webhook: Result<VerifiedWebhook, WebhookRejection>) -> (StatusCode, String) {
        match webhook {
            Ok(VerifiedWebhook(webhook)) => (StatusCode::OK, webhook.event().name().to_owned()),
            Err(WebhookRejection::NotVerified(VerifyError::Missing)) => (StatusCode::IM_A_TEAPOT, "missing".into()),
            Err(other) => (other.status(), other.body_text()),
        }
    }
    let app = Router::new().route("/", post(handler)).with_state(secret());
    assert_eq!(answer(app.clone(), request(None, "{}")).await, (StatusCode::IM_A_TEAPOT, "missing".into()));
    let wrong = hex(OTHER, b"{}");
    let expected = (StatusCode::UNAUTHORIZED, "Not signed by Partnero".into());
    assert_eq!(answer(app.clone(), request(Some(&wrong), "{}")).await, expected);
    let body = r#"{"event":"lead.submitted"}"#;
    let expected = (StatusCode::OK, "lead.submitted".into());
    assert_eq!(answer(app, request(Some(&hex(SECRET, body.as_bytes())), body)).await, expected);
}
