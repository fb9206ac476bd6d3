//! One request as the endpoints see it.

use std::borrow::Cow;

use http::{HeaderMap, Method, Uri, header};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::sandbox::{
    envelope::{Errors, Failure},
    input::Input,
    world::{By, World},
};

#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// `http://host/v1/customers`: what the links of a list begin with.
    pub(super) url: String,
    /// The decoded parts of the path after `/v1`; `None` if it isn't under `/v1` or isn't UTF-8.
    pub(super) segments: Option<Vec<String>>,
    /// Was a slash percent-encoded?
    pub(super) encoded_slash: bool,
    pub(super) query: Query,
    pub(super) body: Input,
}

impl Call {
    /// Reads a request, whose body must be a JSON object or empty.
    pub(super) fn read(
        method: Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
        max_length: usize,
    ) -> Result<Self, Failure> {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let json =
            content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
        if !body.is_empty() && !json {
            return Err(Failure::bad_request("The body needs the header Content-Type: application/json."));
        }
        let body =
            Input::parse(body, max_length).ok_or_else(|| Failure::bad_request("The body is not a JSON object."))?;
        let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost");
        Ok(Self {
            method,
            url: format!("http://{host}{}", uri.path()),
            segments: segments(uri.path()),
            encoded_slash: uri.path().to_ascii_lowercase().contains("%2f"),
            query: Query::parse(uri.query().unwrap_or_default()),
            body,
        })
    }
}

/// Splits before decoding, so that `%2F` stays inside its part. One slash at the end doesn't matter.
fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix("/v1/")?;
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/').map(|part| Some(percent_decode_str(part).decode_utf8().ok()?.into_owned())).collect()
}

/// A query string, decoded.
#[derive(Debug, Clone, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (decode(name), decode(value)))
                .collect(),
        )
    }

    /// The value of a parameter, if not empty. `customer.key` and `customer_key` are the same, as PHP has it.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let wanted = name.replace('.', "_");
        let found = self.0.iter().rev().find(|(name, _)| name.replace('.', "_") == wanted);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The parameters again, but for `page`, each with an `&` after it.
    pub(super) fn without_page(&self) -> String {
        let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let others = self.0.iter().filter(|(name, _)| name != "page");
        others.flat_map(|(name, value)| encode(name).chain(["="]).chain(encode(value)).chain(["&"])).collect()
    }

    /// The `key`, `id` or `email` that a search is for.
    pub(super) fn person(&self) -> Option<(By, &str)> {
        By::ALL.into_iter().find_map(|by| Some((by, self.get(by.name())?)))
    }
}

fn decode(text: &str) -> String {
    let text = if text.contains('+') { Cow::Owned(text.replace('+', " ")) } else { Cow::Borrowed(text) };
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

/// The person that the fields `id`, `key` or `email` of an object mean, and the path of the field that says so.
pub(super) fn person(input: &Input, errors: &mut Errors) -> Option<(By, String, String)> {
    By::ALL.into_iter().find_map(|by| Some((by, input.text(by.name(), errors)?, input.path(by.name()))))
}

/// The customer that a path names.
pub(super) fn customer(world: &World, value: &str) -> Result<usize, Failure> {
    world.any_customer(value).ok_or_else(|| Failure::not_found("Customer"))
}
