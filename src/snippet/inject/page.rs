//! Which responses are pages, and what their headers say once the tag is in.

use encoding_rs::Encoding;
use http::{HeaderMap, HeaderValue, StatusCode, header, response::Parts};

/// What the bytes of a response must be for the tag to be in its place, and what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A page, as far as its headers say.
    Page,
    /// One that was compressed already.
    Compressed,
    /// Anything else.
    Other,
}

/// What says something about the bytes of a page that isn't true of it with the tag.
const OF_THE_BYTES: [&str; 6] =
    ["accept-ranges", "content-digest", "content-length", "content-md5", "digest", "repr-digest"];

/// What kind of response this is.
pub(super) fn kind(parts: &Parts) -> Kind {
    let headers = &parts.headers;
    let is_shown = match parts.status {
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::PARTIAL_CONTENT => false,
        status => status.is_success() || status.is_client_error() || status.is_server_error(),
    };
    let is_part = headers.contains_key(header::CONTENT_RANGE);
    if !is_shown || is_part || !is_html(headers) || is_download(headers) {
        return Kind::Other;
    }
    let is_plain = |coding: &HeaderValue| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity");
    if headers.get_all(header::CONTENT_ENCODING).iter().all(is_plain) { Kind::Page } else { Kind::Compressed }
}

/// HTML in an encoding whose first half is ASCII, as that of the tag. Without a `charset` it is one.
fn is_html(headers: &HeaderMap) -> bool {
    let Some(Ok(text)) = headers.get(header::CONTENT_TYPE).map(HeaderValue::to_str) else { return false };
    let mut parts = text.split(';').map(str::trim);
    if !parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("text/html")) {
        return false;
    }
    let charset = parts.filter_map(|parameter| parameter.split_once('=')).find_map(|(name, value)| {
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').trim())
    });
    charset.is_none_or(|label| Encoding::for_label(label.as_bytes()).is_some_and(Encoding::is_ascii_compatible))
}

fn is_download(headers: &HeaderMap) -> bool {
    let is_attachment = |value: &HeaderValue| {
        let kind = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
        kind.trim_ascii().eq_ignore_ascii_case(b"attachment")
    };
    headers.get(header::CONTENT_DISPOSITION).is_some_and(is_attachment)
}

/// Mends the headers of a page that gets the tag.
///
/// The same tag for everybody makes a page that is worth the same as the one without: its `ETag` is a weak one from now
/// on. A tag that not every visitor gets, or not the same one, makes pages that must not be taken for each other:
/// no validator is left by which a cache could.
pub(super) fn mend(headers: &mut HeaderMap, is_for_everybody: bool) {
    for name in OF_THE_BYTES {
        headers.remove(name);
    }
    let weak = if is_for_everybody { headers.get(header::ETAG).and_then(weaker) } else { None };
    match weak {
        Some(weak) => _ = headers.insert(header::ETAG, weak),
        None => _ = headers.remove(header::ETAG),
    }
    if !is_for_everybody {
        headers.remove(header::LAST_MODIFIED);
    }
}

/// None for what is no entity tag.
fn weaker(tag: &HeaderValue) -> Option<HeaderValue> {
    match tag.as_bytes() {
        [b'W', b'/', b'"', .., b'"'] => Some(tag.clone()),
        [b'"', .., b'"'] => HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat()).ok(),
        _ => None,
    }
}

/// Says to caches that the page is another one with other cookies: consent is in one.
pub(super) fn vary_by_cookie(headers: &mut HeaderMap) {
    let names = |value: &HeaderValue| {
        let mut names = value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        names.any(|name| name == b"*" || name.eq_ignore_ascii_case(b"cookie"))
    };
    if !headers.get_all(header::VARY).iter().any(names) {
        headers.append(header::VARY, HeaderValue::from_static("cookie"));
    }
}

/// Asks for the whole page, where a browser has one from before and asks whether it changed.
///
/// That one may be without the tag. Only of pages: other files may well be those that it has.
pub(super) fn ask_for_all_of_it(headers: &mut HeaderMap) {
    let wants_a_page = |value: &HeaderValue| {
        let mut types = value.as_bytes().split(|byte| matches!(byte, b',' | b';')).map(<[u8]>::trim_ascii);
        types.any(|media| media.eq_ignore_ascii_case(b"text/html"))
    };
    if headers.get_all(header::ACCEPT).iter().any(wants_a_page) {
        headers.remove(header::IF_NONE_MATCH);
        headers.remove(header::IF_MODIFIED_SINCE);
    }
}
