//! What is said of pages that the layer can't help: once, and whatever becomes of the log.

use std::panic::AssertUnwindSafe;

use axum::{
    body::Body,
    http::{Request, Response},
};
use axum_partnero::SnippetLayer;
use futures_util::FutureExt as _;

use crate::{PAGE, answer, html, read, snippet, tagged};

#[path = "../shared/log.rs"]
mod log;

fn compressed() -> Response<Body> {
    let mut response = html(PAGE);
    response.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
    response
}

/// For visitors who agree, with what is no nonce.
fn layer() -> SnippetLayer {
    SnippetLayer::new(snippet())
        .nonce(|_| Some("no nonce".to_owned()))
        .consent(|headers, _| headers.contains_key("agrees"))
}

async fn ask(layer: &SnippetLayer, response: Response<Body>) -> String {
    let request = Request::get("/").header("agrees", "1").body(Body::empty()).unwrap();
    String::from_utf8(read(answer(layer, request, response).await).await.1).unwrap()
}

#[tokio::test]
async fn each_mistake_is_said_once_and_none_of_a_visitor_who_gets_no_tag() {
    let (log, _guard) = log::Log::start();
    let layer = layer();
    for response in [compressed(), html(PAGE)] {
        answer(&layer, Request::default(), response).await;
    }
    assert_eq!((log.count("a compressed page passes"), log.count("without its nonce")), (0, 0));
    for _ in 0..2 {
        assert_eq!(ask(&layer, compressed()).await, PAGE);
        assert_eq!(ask(&layer, html(PAGE)).await, tagged());
    }
    assert_eq!((log.count("a compressed page passes"), log.count("without its nonce")), (1, 1));
}

#[tokio::test]
async fn a_log_that_breaks_takes_no_later_page_with_it() {
    let (_log, _guard) = log::Log::start();
    let layer = layer();
    let broken = tracing_subscriber::fmt().with_writer(|| -> std::io::Sink { panic!("on purpose") }).finish();
    let broken = tracing::subscriber::set_default(broken);
    for response in [compressed(), html(PAGE)] {
        assert!(AssertUnwindSafe(ask(&layer, response)).catch_unwind().await.is_err());
    }
    drop(broken);
    assert_eq!(ask(&layer, compressed()).await, PAGE);
    assert_eq!(ask(&layer, html(PAGE)).await, tagged());
}
