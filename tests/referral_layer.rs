//! `ReferralLayer`: where it can stand, what it needs, what it leaves.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what helps it")]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    io,
    rc::Rc,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, Response, header::COOKIE},
    middleware::{self, Next},
    routing::get,
};
use axum_partnero::{ProgramType, ReferralKey, ReferralKeys, ReferralLayer, ReferralService};
use http_body_util::BodyExt;
use static_assertions::{assert_impl_all, assert_not_impl_any};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

assert_impl_all!(ReferralLayer: Clone, Default, std::fmt::Debug, Send, Sync, Unpin);
assert_impl_all!(ReferralService<()>: Clone, std::fmt::Debug, Send, Sync, Unpin);
// The service is what the inner one is, and asks for no more.
assert_impl_all!(ReferralService<Rc<()>>: Clone);
assert_not_impl_any!(ReferralService<Rc<()>>: Send, Sync);
assert_not_impl_any!(ReferralService<NotClone>: Clone);
assert_impl_all!(ReferralService<NotClone>: Service<axum::http::Request<Rc<u8>>, Response = Rc<str>, Future = Ready<Result<Rc<str>, Rc<str>>>>);

/// Neither `Clone` nor `Send`, and no part of its types is, nor is its response an HTTP response.
struct NotClone(#[allow(dead_code)] Rc<()>);

impl Service<axum::http::Request<Rc<u8>>> for NotClone {
    type Response = Rc<str>;
    type Error = Rc<str>;
    type Future = Ready<Result<Rc<str>, Rc<str>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: axum::http::Request<Rc<u8>>) -> Self::Future {
        let keys = request.extensions().get::<ReferralKeys>().and_then(ReferralKeys::first);
        ready(Ok(keys.map_or("nobody", ReferralKey::as_str).into()))
    }
}

async fn who(referral: Option<ReferralKey>) -> String {
    referral.map_or("nobody".into(), |key| key.to_string())
}

fn request(path: &str, headers: &[(&'static str, &str)]) -> Request {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

fn anna(path: &str) -> Request {
    request(path, &[("cookie", "theme=dark; partnero_partner=anna")])
}

async fn answer<S>(app: S, request: Request) -> String
where
    S: Service<Request, Response = axum::response::Response>,
    S::Error: std::fmt::Debug,
{
    let body = app.oneshot(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

/// Takes the cookies away, so that only a layer outside can have read them.
async fn without_cookies(mut request: Request, next: Next) -> axum::response::Response {
    request.headers_mut().remove(COOKIE);
    next.run(request).await
}

fn routes() -> Router {
    Router::new()
        .route("/", get(who))
        .nest("/shop", Router::new().route("/who", get(who)))
        .fallback(who)
        .layer(middleware::from_fn(without_cookies))
}

#[tokio::test]
async fn it_covers_routes_nested_routes_and_the_fallback_wherever_it_is_put() {
    for path in ["/", "/shop/who", "/nowhere"] {
        assert_eq!(answer(routes(), anna(path)).await, "nobody", "{path}: the cookies are gone");
        assert_eq!(answer(routes().layer(ReferralLayer::new()), anna(path)).await, "anna", "{path}");
        let built = ServiceBuilder::new().layer(ReferralLayer::new()).layer(middleware::from_fn(without_cookies));
        assert_eq!(answer(routes().layer(built), anna(path)).await, "anna", "{path}");
        assert_eq!(answer(ReferralLayer::new().layer(routes()), anna(path)).await, "anna", "{path}");
        assert_eq!(answer(ReferralLayer::new().layer(routes()), request(path, &[])).await, "nobody", "{path}");
    }
    let nested = Router::new().nest("/in", routes().layer(ReferralLayer::new()));
    assert_eq!(answer(nested, anna("/in/shop/who")).await, "anna");
}

#[tokio::test]
async fn route_layer_covers_the_routes_only_and_the_fallback_reads_for_itself() {
    let app = Router::new()
        .route("/", get(who).layer(middleware::from_fn(without_cookies)))
        .route_layer(ReferralLayer::new())
        .fallback(who);
    assert_eq!(answer(app.clone(), anna("/")).await, "anna");
    assert_eq!(answer(app, anna("/nowhere")).await, "anna");
}

#[tokio::test]
async fn it_works_in_plain_tower_for_bodies_and_services_of_any_kind() {
    let service = ReferralLayer::new().layer(NotClone(Rc::new(())));
    let request = axum::http::Request::builder().header(COOKIE, "partnero_partner=anna").body(Rc::new(1_u8)).unwrap();
    assert_eq!(&*service.oneshot(request).await.unwrap(), "anna");

    let echo = service_fn(|request: axum::http::Request<&'static str>| {
        ready(Ok::<_, Infallible>(Response::new(request.into_body().len())))
    });
    let service = ServiceBuilder::new().layer(ReferralLayer::new()).service(echo);
    assert_eq!(service.oneshot(axum::http::Request::new("four")).await.unwrap().into_body(), 4);
}

#[tokio::test]
async fn it_waits_until_the_inner_service_is_ready() {
    struct Refuses;
    impl Service<Request> for Refuses {
        type Response = ();
        type Error = &'static str;
        type Future = Ready<Result<(), &'static str>>;
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            Poll::Ready(Err("not ready"))
        }
        fn call(&mut self, _: Request) -> Self::Future {
            panic!("it wasn't ready")
        }
    }
    assert_eq!(ReferralLayer::new().layer(Refuses).oneshot(anna("/")).await, Err("not ready"));
}

/// What is left in the extensions.
async fn left(layer: ReferralLayer, request: Request) -> Option<ReferralKeys> {
    let read = service_fn(|request: Request| ready(Ok::<_, Infallible>(request.extensions().get().cloned())));
    layer.layer(read).oneshot(request).await.unwrap()
}

#[tokio::test]
async fn nothing_is_left_where_there_is_nothing_to_say() {
    for layer in [
        ReferralLayer::new(),
        ReferralLayer::new().program_type(ProgramType::Affiliate),
        ReferralLayer::new().header("x-referral-key"),
    ] {
        assert_eq!(left(layer.clone(), request("/", &[])).await, None);
        let other = request("/", &[("cookie", "a=b; partnero_session_uuid=1; partnero_partner=%00")]);
        assert_eq!(left(layer, other).await, None);
    }
}

#[tokio::test]
async fn several_cookie_lines_are_read() {
    let keys = left(
        ReferralLayer::new(),
        request("/", &[("cookie", "a=b"), ("cookie", "partnero_referral=mia"), ("cookie", "partnero_partner=anna")]),
    );
    let keys = keys.await.unwrap();
    assert_eq!(keys.get(ProgramType::Affiliate).unwrap().as_str(), "anna");
    assert_eq!(keys.get(ProgramType::ReferAFriend).unwrap().as_str(), "mia");
}

#[tokio::test]
async fn a_layer_of_one_program_hides_the_cookie_of_the_other_from_the_extractor_too() {
    let app = |program| Router::new().route("/", get(who)).layer(ReferralLayer::new().program_type(program));
    let both = || request("/", &[("cookie", "partnero_partner=anna; partnero_referral=mia")]);
    assert_eq!(answer(app(ProgramType::Affiliate), both()).await, "anna");
    assert_eq!(answer(app(ProgramType::ReferAFriend), both()).await, "mia");
    assert_eq!(answer(app(ProgramType::ReferAFriend), anna("/")).await, "nobody");
}

#[tokio::test]
async fn a_header_comes_before_the_cookies_and_is_taken_literally() {
    let app = || Router::new().route("/", get(who)).layer(ReferralLayer::new().header("X-Referral-Key"));
    let with = |values: &[&str]| {
        let mut request = anna("/");
        for value in values {
            request.headers_mut().append("x-referral-key", HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        request
    };
    assert_eq!(answer(app(), with(&["bert"])).await, "bert");
    assert_eq!(answer(app(), with(&[" \tbert%41 "])).await, "bert%41");
    assert_eq!(answer(app(), with(&["\"bert\""])).await, "\"bert\"");
    assert_eq!(answer(app(), with(&["jürgen"])).await, "jürgen");
    assert_eq!(answer(app(), with(&["", " ", "a\tb", &"x".repeat(256), "bert", "carl"])).await, "bert");
    assert_eq!(answer(app(), with(&[""])).await, "anna");
    assert_eq!(answer(app(), with(&[])).await, "anna");
    let mut latin = anna("/");
    latin.headers_mut().insert("x-referral-key", HeaderValue::from_bytes(b"j\xfcrgen").unwrap());
    assert_eq!(answer(app(), latin).await, "anna");
    assert_eq!(answer(Router::new().route("/", get(who)).layer(ReferralLayer::new()), with(&["bert"])).await, "anna");
}

#[tokio::test]
async fn the_key_of_a_header_is_of_unknown_kind_and_the_cookies_stay_beside_it() {
    let layer =
        ReferralLayer::new().header(HeaderName::from_static("x-referral-key")).program_type(ProgramType::Affiliate);
    let keys =
        left(layer, request("/", &[("x-referral-key", "bert"), ("cookie", "partnero_partner=anna")])).await.unwrap();
    let first = keys.first().unwrap();
    assert_eq!((first.as_str(), first.program_type()), ("bert", None));
    assert!(format!("{keys:?}").contains("anna"));
}

#[tokio::test]
async fn the_verdict_of_the_layer_further_out_stands() {
    let app = Router::new().route("/", get(who)).layer(ReferralLayer::new());
    let outer = ReferralLayer::new().program_type(ProgramType::ReferAFriend);
    assert_eq!(answer(outer.layer(app.clone()), anna("/")).await, "nobody");

    let mut known = anna("/");
    known.extensions_mut().insert(ReferralKeys::from("session-key".parse::<ReferralKey>().ok()));
    assert_eq!(answer(app, known).await, "session-key");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn of(level: tracing_subscriber::filter::LevelFilter, code: impl FnOnce()) -> String {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, code);
        let bytes = log.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }
}

#[tokio::test]
async fn a_text_that_is_no_header_name_is_logged_with_its_place_and_changes_nothing() {
    let mut layer = ReferralLayer::new();
    let log = Log::of(tracing_subscriber::filter::LevelFilter::INFO, || {
        layer = ReferralLayer::new().header("x-referral-key").header("x referral key\n");
    });
    assert!(log.contains("ERROR") && log.contains("ReferralLayer::header") && log.contains(file!()), "{log}");
    assert_eq!(log.lines().count(), 1, "{log}");
    let keys = left(layer, request("/", &[("x-referral-key", "bert")])).await.unwrap();
    assert_eq!(keys.first().unwrap().as_str(), "bert");
}

#[test]
fn requests_leave_no_line_in_the_log() {
    use futures_util::FutureExt as _;

    let log = Log::of(tracing_subscriber::filter::LevelFilter::TRACE, || {
        let app = ReferralLayer::new().header("x-referral-key").layer(Router::<()>::new().route("/", get(who)));
        let visit = request("/", &[("cookie", "partnero_partner=anna@shop.example"), ("x-referral-key", "\tbert")]);
        assert!(app.oneshot(visit).now_or_never().is_some());
    });
    assert_eq!(log, "");
}
