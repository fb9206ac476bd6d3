//! The span of a request, by OpenTelemetry's conventions for HTTP clients: `docs/telemetry.md` has its fields.

use std::fmt;

use http::{Method, StatusCode};
use tracing::{Span, field::Empty};

use crate::api::{base_url::BaseUrl, call::Call};

/// The span of a call that is about to be sent. It names no key: these may be e-mail addresses.
pub(super) fn of(call: &Call<'_>, base: &BaseUrl) -> Span {
    tracing::info_span!(
        "partnero.request",
        otel.kind = "client",
        otel.name = %Name(call),
        otel.status_code = Empty,
        http.request.method = method(&call.method),
        http.response.status_code = Empty,
        error.type = Empty,
        server.address = base.host(),
        server.port = base.port(),
        url.full = %base.scrubbed(call.template),
        url.template = call.template,
    )
}

/// An answer came, be it an error's. It is told to this span and no other: where filters leave it out, the current one is
/// the application's.
pub(super) fn answered(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
    if status.is_client_error() || status.is_server_error() {
        fail(span, status.as_str());
    }
}

/// No whole answer came.
pub(super) fn failed(span: &Span, error: &reqwest::Error) {
    let class = if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "connect"
    } else if error.is_body() || error.is_decode() {
        "body"
    } else {
        "_OTHER"
    };
    fail(span, class);
}

fn fail(span: &Span, class: &str) {
    span.record("error.type", class);
    span.record("otel.status_code", "error");
}

/// A method that HTTP's standards know, for others could be anything.
pub(super) fn method(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("_OTHER")
}

/// What requests to one endpoint have in common.
struct Name<'a>(&'a Call<'a>);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = match method(&self.0.method) {
            "_OTHER" => "HTTP",
            known => known,
        };
        match self.0.template {
            Some(template) => write!(f, "{method} {template}"),
            None => f.write_str(method),
        }
    }
}
