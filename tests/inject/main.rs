//! The layer that puts the tag into pages: where, into which, and that nothing else changes.

#![allow(clippy::unwrap_used)]

mod consent;
mod headers;
mod left_alone;
mod nonce;
mod places;
mod properties;
mod said;
mod serving;
mod streaming;

use std::convert::Infallible;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Request, Response},
};
use axum_partnero::{Snippet, SnippetLayer};
use http_body_util::{BodyExt as _, StreamBody};
use tower::{Layer as _, ServiceExt as _, service_fn};

pub(crate) fn snippet() -> Snippet {
    Snippet::new("KHV3KEHI").unwrap()
}

pub(crate) fn tag() -> String {
    snippet().to_string()
}

pub(crate) const PAGE: &str = "<!doctype html><html><head><title>Shop</title></head><body><h1>Hello</h1></body></html>";

/// The page with the tag where it belongs.
pub(crate) fn tagged() -> String {
    PAGE.replace("</head>", &format!("{}</head>", tag()))
}

pub(crate) fn html(body: impl Into<Body>) -> Response<Body> {
    Response::builder().header("content-type", "text/html; charset=utf-8").body(body.into()).unwrap()
}

/// A body of these pieces.
pub(crate) fn pieces(pieces: impl IntoIterator<Item = impl Into<Bytes>>) -> Body {
    let frames: Vec<_> =
        pieces.into_iter().map(|piece| Ok::<_, Infallible>(http_body::Frame::data(piece.into()))).collect();
    Body::new(StreamBody::new(futures_util::stream::iter(frames)))
}

/// What the layer makes of the answer to a request.
pub(crate) async fn answer(layer: &SnippetLayer, request: Request<Body>, response: Response<Body>) -> Response<Body> {
    let mut response = Some(response);
    let service = service_fn(move |_: Request<Body>| {
        let response = response.take().unwrap();
        async move { Ok::<_, Infallible>(response) }
    });
    layer.layer(service).oneshot(request).await.unwrap().map(Body::new)
}

/// The headers and the text of a response that went through the layer.
pub(crate) async fn through(response: Response<Body>) -> (HeaderMap, String) {
    let (headers, body) = bytes_through(response).await;
    (headers, String::from_utf8(body).unwrap())
}

pub(crate) async fn bytes_through(response: Response<Body>) -> (HeaderMap, Vec<u8>) {
    let layer = SnippetLayer::new(snippet());
    read(answer(&layer, Request::new(Body::empty()), response).await).await
}

pub(crate) async fn read(response: Response<Body>) -> (HeaderMap, Vec<u8>) {
    let (parts, body) = response.into_parts();
    (parts.headers, body.collect().await.unwrap().to_bytes().to_vec())
}
