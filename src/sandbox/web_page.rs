//! The sandbox's own web page, beside the API on the same socket.

mod access;
mod buttons;
mod live;
mod rows;
mod sections;
mod words;

use std::{net::SocketAddr, sync::Arc};

use axum::{body::Body, response::Response};
use http::{
    HeaderName, Method, Request, StatusCode,
    header::{self, HeaderValue},
};

use crate::sandbox::core::{self, Core};

const PAGE: &str = include_str!("web_page/page.html");
const STYLE: &str = include_str!("web_page/style.css");
const SCRIPT: &str = include_str!("web_page/script.js");
const TABLES: &str = include_str!("web_page/tables.js");
const ICON: &str = include_str!("web_page/icon.svg");

/// The largest body that a button sends.
const MAX_BODY: usize = 4096;

/// Nothing from elsewhere, nothing inline, in nobody's frame; no other site may have it, and nothing keeps it.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Is it for the page? What isn't is the API's: it is recorded, and meets the faults. What browsers and their tools ask
/// for by themselves must do neither.
pub(super) fn is_for<B>(request: &Request<B>) -> bool {
    let path = request.uri().path();
    let looks = matches!(*request.method(), Method::GET | Method::HEAD);
    path.starts_with("/page/") || (looks && (matches!(path, "/" | "/favicon.ico") || path.starts_with("/.well-known/")))
}

/// What it is answered.
pub(super) async fn answer(core: &Arc<Core>, peer: SocketAddr, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = match access::check(&parts, peer) {
        Err(why) => plain(StatusCode::FORBIDDEN, why),
        Ok(()) => match (&parts.method, parts.uri.path()) {
            (&Method::GET | &Method::HEAD, path) => look(core, path),
            (&Method::POST, "/page/faults") => match core::read(body, MAX_BODY).await {
                Ok(Some(body)) => done(buttons::press(core, &body)),
                Ok(None) => plain(StatusCode::PAYLOAD_TOO_LARGE, "That is too much."),
                Err(_gone) => plain(StatusCode::BAD_REQUEST, "The body didn't come."),
            },
            (&Method::DELETE, path) => match path.strip_prefix("/page/faults") {
                Some(which) => done(buttons::stop(core, which)),
                None => nothing_here(),
            },
            _ => nothing_here(),
        },
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn look(core: &Arc<Core>, path: &str) -> Response {
    match path {
        "/" => file("text/html; charset=utf-8", PAGE),
        "/page/style.css" => file("text/css; charset=utf-8", STYLE),
        "/page/script.js" => file("text/javascript; charset=utf-8", SCRIPT),
        "/page/tables.js" => file("text/javascript; charset=utf-8", TABLES),
        "/page/icon.svg" => file("image/svg+xml", ICON),
        "/page/events" => live::open(core)
            .unwrap_or_else(|| plain(StatusCode::SERVICE_UNAVAILABLE, "Too many pages are open: close one of them.")),
        _ => nothing_here(),
    }
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = file("text/plain; charset=utf-8", text);
    *response.status_mut() = status;
    response
}

fn nothing_here() -> Response {
    plain(StatusCode::NOT_FOUND, "There is nothing here. The API is below /v1/, the page at /.")
}

/// 204, or why not.
fn done(outcome: Result<(), (StatusCode, &'static str)>) -> Response {
    match outcome {
        Ok(()) => {
            let mut response = Response::default();
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        Err((status, why)) => plain(status, why),
    }
}
