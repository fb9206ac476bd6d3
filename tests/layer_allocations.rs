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
use axum_partnero::{ProgramType, ReferralCookie, ReferralKey, ReferralLayer, referral::Capturing};
use futures_util::FutureExt;
use tower::{Layer, Service, layer::layer_fn};

const OTHERS: &str = "_ga=GA1.1.1687421337.1751970012; session=eyJhbGciOiJIUzI1NiJ9; partnero_session_uuid=4f0c1c50; \
                      partnero_partner=%00; xpartnero_partner=bert; OptanonConsent=groups=C0001%3A1%2CC0002%3A1";

async fn handler(key: Option<ReferralKey>) -> StatusCode {
    if key.is_some_and(|key| key.as_str().starts_with("anna")) { StatusCode::OK } else { StatusCode::NO_CONTENT }
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

/// The other extensions of a request. Axum adds three, and their map grows for the fourth, whoever adds it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Others {
    /// The server has added one.
    One,
    /// Ours is the fourth.
    None,
}

fn routes() -> Router {
    Router::new().route("/", get(handler))
}

fn request(cookies: &str, others: Others) -> Request {
    let mut request = Request::get("/").header("cookie", cookies).body(Body::empty()).unwrap();
    if others == Others::One {
        request.extensions_mut().insert(ConnectInfo(()));
    }
    request
}

/// The allocations of a request, once all that is made only once is there.
fn allocations<S>(app: S, cookies: &str, others: Others, expected: StatusCode) -> u64
where
    S: Service<Request, Response = axum::response::Response, Error = std::convert::Infallible>,
{
    allocations_of(app, || request(cookies, others), expected)
}

fn allocations_of<S>(mut app: S, request: impl Fn() -> Request, expected: StatusCode) -> u64
where
    S: Service<Request, Response = axum::response::Response, Error = std::convert::Infallible>,
{
    let mut count = 0;
    for _ in 0..3 {
        let request = request();
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
    for others in [Others::One, Others::None] {
        for cookies in [OTHERS, "", "a=b"] {
            let count = |app: Router| allocations(app.with_state(()), cookies, others, StatusCode::NO_CONTENT);
            let around = |layer: ReferralLayer| {
                allocations(layer.layer(routes().with_state(())), cookies, others, StatusCode::NO_CONTENT)
            };
            let base = count(bare());
            let base_layered = count(bare().layer(layer_fn(Empty)));
            for layer in [ReferralLayer::new(), ReferralLayer::new().program_type(ProgramType::Affiliate)] {
                assert_eq!(count(routes().layer(layer.clone())), base_layered);
                assert_eq!(around(layer), base);
            }
            assert_eq!(around(ReferralLayer::new().header("x-referral-key")), base);
            assert_eq!(count(routes()), base, "without the layer");
        }
    }
}

#[test]
fn a_short_key_costs_its_place_in_the_extensions_and_a_long_one_itself() {
    let short = ["anna b", "\"anna b\"", "anna%20b", "%61%6e%6e%61%20%62"].map(|value| (value, 0));
    for (value, key) in short.into_iter().chain([("anna-7f0b1d3c-90a4-4c53", 0), ("anna-7f0b1d3c-90a4-4c53-", 1)]) {
        for (others, growth) in [(Others::One, 0), (Others::None, 1)] {
            let cookies = format!("{OTHERS}; partnero_partner={value}; a=b");
            let count = |app: Router, status| allocations(app.with_state(()), &cookies, others, status);
            let base = count(bare(), StatusCode::NO_CONTENT);
            let layered = count(bare().layer(layer_fn(Empty)), StatusCode::NO_CONTENT);
            let inside = count(routes().layer(ReferralLayer::new()), StatusCode::OK);
            assert_eq!(inside - layered, 1 + growth + key, "{value}, {others:?}");
            let around = ReferralLayer::new().layer(routes().with_state(()));
            let around = allocations(around, &cookies, others, StatusCode::OK);
            assert_eq!(around - base, 1 + growth + key, "{value}, {others:?}");
            assert_eq!(count(routes(), StatusCode::OK) - base, key, "{value}, without the layer");
        }
    }
}

fn capturing() -> ReferralLayer<Capturing> {
    ReferralLayer::new()
        .capture_query(["aff", "ref", "via"])
        .capture_path(["aff"])
        .header("x-referral-key")
        .consent(|_, _| true)
        .set_cookie(ReferralCookie::new().domain("shop.example"))
}

#[test]
fn a_capturing_layer_allocates_its_verdict_s_place_and_the_cookies_that_it_writes() {
    for (path, key, expected, of_response) in [
        ("/", "", StatusCode::NO_CONTENT, 0),
        ("/?utm_source=news&a=b", "", StatusCode::NO_CONTENT, 0),
        ("/", "; referral_key=anna", StatusCode::OK, 0),
        ("/?ref=anna", "; referral_key=anna", StatusCode::OK, 0),
        // Two lines and the map of headers, which had none.
        ("/?ref=anna", "", StatusCode::OK, 6),
    ] {
        for (others, growth) in [(Others::One, 0), (Others::None, 1)] {
            let cookies = format!("{OTHERS}{key}");
            let visit = || {
                let mut request = request(&cookies, others);
                *request.uri_mut() = path.parse().unwrap();
                request
            };
            let base = allocations_of(bare().with_state(()), visit, StatusCode::NO_CONTENT);
            let around = allocations_of(capturing().layer(routes().with_state(())), visit, expected);
            assert!(around <= base + 1 + growth + of_response, "{path} {key} {others:?}: {} more", around - base);
            assert!(of_response > 0 || around == base + 1 + growth, "{path} {key} {others:?}: {} more", around - base);
        }
    }
}
