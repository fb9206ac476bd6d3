//! What the layer and the extractor allocate, counted by an allocator that counts.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what helps it")]

use allocation_counter::measure;
use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    http::StatusCode,
    routing::get,
};
use axum_partnero::{ReferralKey, ReferralLayer};
use futures_util::FutureExt;
use tower::{Layer, Service, layer::layer_fn};

const OTHERS: &str = "_ga=GA1.1.1687421337.1751970012; session=eyJhbGciOiJIUzI1NiJ9; partnero_session_uuid=4f0c1c50; \
                      partnero_partner=%00; xpartnero_partner=bert; OptanonConsent=groups=C0001%3A1%2CC0002%3A1";

async fn handler(key: Option<ReferralKey>) -> StatusCode {
    if key.is_some_and(|key| key.as_str() == "anna b") { StatusCode::OK } else { StatusCode::NO_CONTENT }
}

#[derive(Clone)]
struct Empty<S>(S);

impl<S: Service<Request>> Service<Request> for Empty<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> S::Future {
        self.0.call(request)
    }
}

fn bare() -> Router {
    Router::new().route("/", get(async || StatusCode::NO_CONTENT))
}

fn request(cookies: &str) -> Request {
    let mut request = Request::get("/").header("cookie", cookies).body(Body::empty()).unwrap();
    // Axum adds three extensions, and their map grows for the fourth, whoever adds it: here it is the server.
    request.extensions_mut().insert(ConnectInfo(()));
    request
}

/// The allocations of a request, once all that is made only once is there.
fn allocations<S>(mut app: S, cookies: &str, expected: StatusCode) -> u64
where
    S: Service<Request, Response = axum::response::Response, Error = std::convert::Infallible>,
{
    let mut count = 0;
    for _ in 0..3 {
        let request = request(cookies);
        let mut status = None;
        count = measure(|| {
            let Some(Ok(response)) = app.call(request).now_or_never() else { return };
            status = Some(response.status());
        })
        .count_total;
        assert_eq!(status, Some(expected));
    }
    count
}

#[test]
fn without_a_partner_cookie_nothing_is_allocated() {
    let none = StatusCode::NO_CONTENT;
    for cookies in [OTHERS, "", "a=b"] {
        let base = allocations(bare().with_state(()), cookies, none);
        let base_layered = allocations(bare().layer(layer_fn(Empty)).with_state(()), cookies, none);
        let routes = || Router::new().route("/", get(handler));
        for layer in [ReferralLayer::new(), ReferralLayer::new().program_type(axum_partnero::ProgramType::Affiliate)] {
            assert_eq!(allocations(routes().layer(layer.clone()).with_state(()), cookies, none), base_layered);
            assert_eq!(allocations(layer.layer(routes().with_state(())), cookies, none), base);
        }
        let header = ReferralLayer::new().header("x-referral-key");
        assert_eq!(allocations(header.layer(routes().with_state(())), cookies, none), base);
        assert_eq!(allocations(routes().with_state(()), cookies, none), base, "without the layer");
    }
}

#[test]
fn with_a_partner_cookie_the_key_and_its_place_in_the_extensions_are_all_there_is() {
    for value in ["anna b", "\"anna b\"", "anna%20b", "%61%6e%6e%61%20%62"] {
        let cookies = format!("{OTHERS}; partnero_partner={value}; a=b");
        let base = allocations(bare().with_state(()), &cookies, StatusCode::NO_CONTENT);
        let layered = allocations(bare().layer(layer_fn(Empty)).with_state(()), &cookies, StatusCode::NO_CONTENT);
        let routes = || Router::new().route("/", get(handler));
        let inside = allocations(routes().layer(ReferralLayer::new()).with_state(()), &cookies, StatusCode::OK);
        assert_eq!(inside - layered, 2, "{value}");
        let around = allocations(ReferralLayer::new().layer(routes().with_state(())), &cookies, StatusCode::OK);
        assert_eq!(around - base, 2, "{value}");
        assert_eq!(allocations(routes().with_state(()), &cookies, StatusCode::OK) - base, 1, "without the layer");
    }
}
