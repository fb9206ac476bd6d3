//! The ways to read the cookie, and the request.

use std::{net::SocketAddr, sync::LazyLock};

use axum::{
    Extension, Router,
    body::Body,
    extract::{ConnectInfo, Request},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    middleware::{self, Next},
    response::Response,
    routing::{MethodRouter, get},
};
use axum_extra::extract::CookieJar;
use axum_partnero::{ReferralCookie, ReferralKey, ReferralLayer};
use cookie::Cookie;
use futures_util::FutureExt;
use tower_cookies::{CookieManagerLayer, Cookies};
use tower_layer::{Layer, layer_fn};
use tower_service::Service;

macro_rules! others {
    () => {
        "_ga=GA1.1.1687421337.1751970012; \
         _ga_9XK2C7QW4L=GS2.1.s1752134477$o14$g1$t1752136003$j60$l0$h1139540233; \
         _gcl_au=1.1.1302250846.1751970013; \
         _fbp=fb.1.1751970013412.518263407190312854; \
         hubspotutk=5d2f9b1c7c4be04a1f0a53a6c2f7b9e1; \
         __hstc=181257784.5d2f9b1c7c4be04a1f0a53a6c2f7b9e1.1751970015220.1752090214551.1752134480102.9; \
         __hssrc=1; \
         intercom-id-x8k2p1zq=0b6b6b0e-53c7-4f0e-9d1b-6c9f2f3b8a11; \
         intercom-session-x8k2p1zq=WnZxT0lLdW5TZ0JtYkR5a1FqM2hYc0RuQ2ZWbGpPZ0xkR1V4VkE9PS0tU3RyaW5n--5b3a9c; \
         ajs_anonymous_id=%227f0b1d3c-90a4-4c53-8a63-8f5a4c1d2e9b%22; \
         OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jul+10+2025+09%3A21%3A44+GMT%2B0200&version=202405.2.0\
         &browserGpcFlag=0&isIABGlobal=false&hosts=&landingPath=NotLandingPage&groups=C0001%3A1%2CC0002%3A1%2CC0004%3A0\
         &AwaitingReconsent=false; \
         csrf_token=q3R0bD9cW8yJvYwKXo5n2L7uA1eZf4Tg; \
         session=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0NzExIiwiZXhwIjoxNzUyMTM5OTk5LCJyb2xlIjoidXNlciJ9\
         .k2v3m4n5b6c7x8z9a0s1d2f3g4h5j6k7l8q9w0e1r2t; \
         partnero_session_uuid=4f0c1c50-5d6e-4a53-b1de-1d92b0c5a7f3"
    };
}

/// 14 cookies of others, as a shop's visitor has them.
const OTHERS: &str = others!();
/// Those, and the partner's.
const ALL: &str = concat!(others!(), "; partnero_partner=anna-2025");
const KEY: &str = "anna-2025";

/// An application, as a function.
pub(crate) type App = Box<dyn FnMut(Request) -> Response>;

pub(crate) struct Candidate {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) visit: Visit,
    pub(crate) make: fn() -> App,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Bare,
    Empty,
    Routed,
    Around,
    Capturing,
    Peer,
}

/// The request.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Visit {
    /// With a partner's cookie, and with the `ConnectInfo` that a server or another layer has added.
    Referred,
    /// The same without a partner's cookie.
    NotReferred,
    /// With a partner's cookie and nothing else: axum itself adds three extensions, which is what their map holds until
    /// it grows. Whoever adds the fourth pays for that.
    MapGrows,
    /// By a link, without any cookie of ours: the layer that captures writes one.
    ByLink,
}

pub(crate) static CANDIDATES: &[Candidate] = &[
    Candidate { name: "bare router", kind: Kind::Bare, visit: Visit::Referred, make: bare },
    Candidate { name: "an empty layer", kind: Kind::Empty, visit: Visit::Referred, make: empty },
    Candidate { name: "ours, Router::layer", kind: Kind::Routed, visit: Visit::Referred, make: routed },
    Candidate { name: "ours, around the router", kind: Kind::Around, visit: Visit::Referred, make: around },
    Candidate { name: "capturing, around", kind: Kind::Capturing, visit: Visit::Referred, make: capturing },
    Candidate { name: "tower-cookies", kind: Kind::Peer, visit: Visit::Referred, make: tower_cookies },
    Candidate { name: "axum-extra CookieJar", kind: Kind::Peer, visit: Visit::Referred, make: cookie_jar },
    Candidate { name: "from_fn + cookie", kind: Kind::Peer, visit: Visit::Referred, make: from_fn },
    Candidate { name: "bare router", kind: Kind::Bare, visit: Visit::NotReferred, make: bare },
    Candidate { name: "an empty layer", kind: Kind::Empty, visit: Visit::NotReferred, make: empty },
    Candidate { name: "ours, Router::layer", kind: Kind::Routed, visit: Visit::NotReferred, make: routed },
    Candidate { name: "ours, around the router", kind: Kind::Around, visit: Visit::NotReferred, make: around },
    Candidate { name: "capturing, around", kind: Kind::Capturing, visit: Visit::NotReferred, make: capturing },
    Candidate { name: "bare router", kind: Kind::Bare, visit: Visit::MapGrows, make: bare },
    Candidate { name: "an empty layer", kind: Kind::Empty, visit: Visit::MapGrows, make: empty },
    Candidate { name: "ours, Router::layer", kind: Kind::Routed, visit: Visit::MapGrows, make: routed },
    Candidate { name: "ours, around the router", kind: Kind::Around, visit: Visit::MapGrows, make: around },
    Candidate { name: "bare router", kind: Kind::Bare, visit: Visit::ByLink, make: bare },
    Candidate { name: "capturing, around", kind: Kind::Capturing, visit: Visit::ByLink, make: capturing },
];

impl Visit {
    pub(crate) fn cookies(self) -> &'static str {
        if matches!(self, Self::NotReferred | Self::ByLink) { OTHERS } else { ALL }
    }
}

impl Candidate {
    /// The candidate must do what it is measured for.
    pub(crate) fn check(&self) {
        let reads = !matches!(self.kind, Kind::Bare | Kind::Empty);
        let status = (self.make)()(self.request()).status();
        assert_eq!(status, found(reads && self.visit != Visit::NotReferred), "{}", self.name);
    }

    pub(crate) fn request(&self) -> Request {
        // Checking the text of the header is no part of a request: what a server reads is a slice of its buffer.
        static OTHERS_LINE: LazyLock<HeaderValue> = LazyLock::new(|| HeaderValue::from_static(OTHERS));
        static ALL_LINE: LazyLock<HeaderValue> = LazyLock::new(|| HeaderValue::from_static(ALL));
        let line = if self.visit.cookies() == OTHERS { &OTHERS_LINE } else { &ALL_LINE };

        let mut request = Request::new(Body::empty());
        if self.visit == Visit::ByLink {
            *request.uri_mut() = Uri::from_static("/?utm_source=news&aff=anna-2025");
        }
        if self.visit != Visit::MapGrows {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 443))));
        }
        let headers = request.headers_mut();
        headers.insert(header::HOST, HeaderValue::from_static("shop.example"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static("Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/html"));
        headers.insert(header::COOKIE, HeaderValue::clone(line));
        request
    }
}

fn found(key: bool) -> StatusCode {
    if key { StatusCode::OK } else { StatusCode::NO_CONTENT }
}

/// No future here ever waits, so there is no runtime to be measured. The routers have their state, as `axum::serve` makes
/// sure of: without it axum makes each route anew for each request.
macro_rules! app {
    ($service:expr) => {{
        let mut service = $service;
        Box::new(move |request| match service.call(request).now_or_never() {
            Some(Ok(response)) => response,
            Some(Err(never)) => match never {},
            None => panic!("the handler waits for something"),
        })
    }};
}

fn router(handler: MethodRouter) -> Router {
    Router::new().route("/", handler)
}

fn bare() -> App {
    app!(router(get(async || found(false))).with_state(()))
}

fn empty() -> App {
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
    app!(router(get(async || found(false))).layer(layer_fn(Empty)).with_state(()))
}

async fn ours(key: Option<ReferralKey>) -> StatusCode {
    found(key.is_some_and(|key| key.as_str() == KEY))
}

fn routed() -> App {
    app!(router(get(ours)).layer(ReferralLayer::new()).with_state(()))
}

fn around() -> App {
    app!(ReferralLayer::new().layer(router(get(ours)).with_state(())))
}

fn capturing() -> App {
    let cookie = ReferralCookie::new().domain("shop.example");
    let layer = ReferralLayer::new().capture_query(["aff", "ref", "via"]).capture_path(["aff"]).set_cookie(cookie);
    app!(layer.layer(router(get(ours)).with_state(())))
}

fn tower_cookies() -> App {
    async fn handler(cookies: Cookies) -> StatusCode {
        found(cookies.get("partnero_partner").is_some_and(|cookie| cookie.value() == KEY))
    }
    app!(router(get(handler)).layer(CookieManagerLayer::new()).with_state(()))
}

fn cookie_jar() -> App {
    async fn handler(cookies: CookieJar) -> StatusCode {
        found(cookies.get("partnero_partner").is_some_and(|cookie| cookie.value() == KEY))
    }
    app!(router(get(handler)).with_state(()))
}

fn from_fn() -> App {
    #[derive(Clone)]
    struct Key(String);

    fn read(headers: &HeaderMap) -> Option<Key> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let cookie =
            lines.flat_map(Cookie::split_parse_encoded).flatten().find(|it| it.name() == "partnero_partner")?;
        Some(Key(cookie.value().to_owned()))
    }
    async fn middleware(mut request: Request, next: Next) -> Response {
        if let Some(key) = read(request.headers()) {
            request.extensions_mut().insert(key);
        }
        next.run(request).await
    }
    async fn handler(key: Option<Extension<Key>>) -> StatusCode {
        found(key.is_some_and(|Extension(key)| key.0 == KEY))
    }
    app!(router(get(handler)).layer(middleware::from_fn(middleware)).with_state(()))
}
