//! The bodies of answers: `{"data", "status": 1}`, `{"status": 1}`, and errors.

use std::collections::BTreeMap;

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{
    HeaderMap, StatusCode,
    header::{self, HeaderValue},
};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::{Value, json, value::RawValue};

use crate::sandbox::switches::ErrorBody;

/// What an endpoint makes of a call.
pub(super) type Outcome = Result<Reply, Failure>;

/// A complete answer, not yet on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Reply {
    pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self { status, headers, body: serde_json::to_vec(body).unwrap_or_default().into() }
    }

    pub(super) fn text(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { status, headers, body: body.into() }
    }

    /// 200 `{"data": …, "status": 1}`.
    pub(super) fn data(data: impl Serialize) -> Self {
        Self::data_with(StatusCode::OK, data)
    }

    pub(super) fn data_with(status: StatusCode, data: impl Serialize) -> Self {
        Self::json(status, &Envelope { data, status: 1 })
    }

    /// 200 `{"status": 1}`.
    pub(super) fn done() -> Self {
        Self::json(StatusCode::OK, &json!({ "status": 1 }))
    }

    pub(super) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

#[derive(Serialize)]
struct Envelope<T> {
    data: T,
    status: u8,
}

/// Money as a JSON number with exactly its digits, which an `f64` could not promise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number(pub(super) Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = self.0.normalize().to_string();
        RawValue::from_string(digits).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

/// What is wrong with a request's fields, by path.
pub(super) type Errors = BTreeMap<String, Vec<String>>;

/// A refusal. How its body looks is a switch, so it becomes a [`Reply`] in one place only.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    message: String,
    errors: Errors,
}

impl Failure {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), errors: Errors::new() }
    }

    pub(super) fn bad_request(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthenticated.")
    }

    /// 404 "*What* not found".
    pub(super) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("{what} not found."))
    }

    pub(super) fn conflict(message: &str) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    /// 422 for one field.
    pub(super) fn field(path: &str, text: &str) -> Self {
        Self::invalid(Errors::from([(path.to_owned(), vec![text.to_owned()])]))
    }

    /// 422 for all that is wrong.
    pub(super) fn invalid(errors: Errors) -> Self {
        let count = errors.values().map(Vec::len).sum::<usize>();
        let first = errors.values().flatten().next().cloned().unwrap_or_default();
        let message = match count {
            0 | 1 => first,
            2 => format!("{first} (and 1 more error)"),
            _ => format!("{first} (and {} more errors)", count - 1),
        };
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, message, errors }
    }

    pub(super) fn into_reply(self, form: ErrorBody) -> Reply {
        if form == ErrorBody::Text {
            return Reply::text(self.status, "text/plain; charset=utf-8", self.message);
        }
        let mut body = json!({ "message": self.message });
        if !self.errors.is_empty() {
            body["errors"] = json!(self.errors);
        }
        if form == ErrorBody::WithStatus {
            body["status"] = Value::from(0);
        }
        Reply::json(self.status, &body)
    }
}

/// `Err` if anything was wrong.
pub(super) fn check(errors: Errors) -> Result<(), Failure> {
    if errors.is_empty() { Ok(()) } else { Err(Failure::invalid(errors)) }
}
