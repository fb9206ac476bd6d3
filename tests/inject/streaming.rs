//! The body, frame by frame: nothing waits that needn't, and nothing is lost.

use std::{convert::Infallible, io, pin::Pin, task::Poll};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Request, Response},
};
use axum_partnero::{SnippetLayer, snippet::SnippetBody};
use futures_util::{poll, stream};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt as _, Full, StreamBody};
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::{PAGE, snippet, tag, tagged};

/// The layer around a body of any type: axum isn't needed.
async fn body<B: http_body::Body>(inner: B) -> SnippetBody<B> {
    let mut response = Some(Response::builder().header("content-type", "text/html").body(inner).unwrap());
    let service = service_fn(move |_: Request<()>| {
        let response = response.take().unwrap();
        async move { Ok::<_, Infallible>(response) }
    });
    SnippetLayer::new(snippet()).layer(service).oneshot(Request::new(())).await.unwrap().into_body()
}

/// A body fed by hand.
fn fed() -> (
    tokio::sync::mpsc::UnboundedSender<io::Result<Frame<Bytes>>>,
    impl http_body::Body<Data = Bytes, Error = io::Error> + Unpin,
) {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let frames = stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    (sender, StreamBody::new(Box::pin(frames)))
}

fn data(text: &'static str) -> Frame<Bytes> {
    Frame::data(Bytes::from_static(text.as_bytes()))
}

async fn next<B>(body: &mut B) -> String
where
    B: http_body::Body<Data = Bytes, Error: std::fmt::Debug> + Unpin,
{
    let frame = body.frame().await.unwrap().unwrap();
    String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn what_came_goes_on_before_the_rest_is_there() {
    let (feed, inner) = fed();
    let mut body = body(inner).await;
    assert!(poll!(body.frame()).is_pending());
    feed.send(Ok(data("<html><head><title>Shop"))).unwrap();
    assert_eq!(next(&mut body).await, "<html><head><title>Shop");
    assert!(poll!(body.frame()).is_pending());
    // The beginning of a tag could be that of `</head>`.
    feed.send(Ok(data("</title>\n<"))).unwrap();
    assert_eq!(next(&mut body).await, "</title>\n");
    feed.send(Ok(data("/head"))).unwrap();
    assert!(poll!(body.frame()).is_pending());
    feed.send(Ok(data("><body>"))).unwrap();
    assert_eq!(next(&mut body).await, tag() + "</head><body>");
    feed.send(Ok(data("<half a tag"))).unwrap();
    assert_eq!(next(&mut body).await, "<half a tag");
    drop(feed);
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn what_follows_the_head_is_not_copied() {
    let page = Bytes::from(format!("{PAGE}{}", "x".repeat(100_000)));
    let (feed, inner) = fed();
    let mut body = body(inner).await;
    feed.send(Ok(Frame::data(page.clone()))).unwrap();
    body.frame().await.unwrap().unwrap();
    let rest = body.frame().await.unwrap().unwrap().into_data().unwrap();
    let offset = page.len() - rest.len();
    assert!(rest.len() > 95_000 && std::ptr::eq(rest.as_ptr(), page[offset..].as_ptr()));
    let later = Bytes::from_static(b"<p>later");
    feed.send(Ok(Frame::data(later.clone()))).unwrap();
    assert!(std::ptr::eq(body.frame().await.unwrap().unwrap().into_data().unwrap().as_ptr(), later.as_ptr()));
}

#[tokio::test]
async fn the_end_of_a_page_that_stops_anywhere_is_its_end() {
    for end in 0..=PAGE.len() {
        let (feed, inner) = fed();
        let mut body = body(inner).await;
        feed.send(Ok(data(&PAGE[..end]))).unwrap();
        drop(feed);
        let sent = (&mut body).collect().await.unwrap().to_bytes();
        let head = PAGE.find("</head>").unwrap() + "</head>".len();
        let expected = if end < head { PAGE[..end].to_owned() } else { tagged()[..end + tag().len()].to_owned() };
        assert_eq!(sent, expected);
        assert!(body.is_end_stream() && body.frame().await.is_none(), "it stays at its end");
    }
}

#[tokio::test]
async fn an_error_midway_is_passed_on_and_ends_it() {
    for before in ["", "<html><he", "<html><head>", PAGE] {
        let (feed, inner) = fed();
        let mut body = body(inner).await;
        feed.send(Ok(data(before))).unwrap();
        feed.send(Err(io::Error::new(io::ErrorKind::ConnectionReset, "the template broke"))).unwrap();
        let mut sent = Vec::new();
        let error = loop {
            match body.frame().await.unwrap() {
                Ok(frame) => sent.extend_from_slice(&frame.into_data().unwrap()),
                Err(error) => break error,
            }
        };
        assert_eq!(error.to_string(), "the template broke");
        let sent = String::from_utf8(sent).unwrap().replace(&tag(), "");
        assert!(before.starts_with(&sent), "{sent}");
    }
}

#[tokio::test]
async fn trailers_come_last() {
    for page in ["<html><head><ti", "<html><head></head>", PAGE, "", "<p>"] {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-checksum", HeaderValue::from_static("1"));
        let frames = [Frame::data(Bytes::from(page)), Frame::trailers(trailers.clone())].map(Ok::<_, Infallible>);
        let sent = body(StreamBody::new(stream::iter(frames))).await.collect().await.unwrap();
        assert_eq!(sent.trailers(), Some(&trailers));
        assert_eq!(String::from_utf8(sent.to_bytes().to_vec()).unwrap().replace(&tag(), ""), page);
    }
}

/// A hint that is wrong becomes a wrong `Content-Length`.
fn is_right(hint: &SizeHint, left: usize) -> bool {
    let left = left as u64;
    hint.lower() <= left && hint.upper().is_none_or(|upper| left <= upper) && hint.exact().is_none_or(|it| it == left)
}

#[tokio::test]
async fn size_hints_hold_at_every_step() {
    for page in [PAGE, "<p>a fragment</p>", "<html><head>", "", "<html><head><meta content='"] {
        let whole = body(Full::<Bytes>::from(page)).await.collect().await.unwrap().to_bytes().len();
        for size in [1, 7, 10_000] {
            let chunks: Vec<_> = page.as_bytes().chunks(size).map(Bytes::copy_from_slice).collect();
            let mut body = body(Counted { left: page.len(), chunks: chunks.into_iter() }).await;
            let mut left = whole;
            loop {
                assert!(is_right(&body.size_hint(), left), "{page} {size} {left} {:?}", body.size_hint());
                assert!(body.size_hint().upper().is_some());
                assert!(!body.is_end_stream() || left == 0);
                let Some(frame) = body.frame().await else { break };
                let data = frame.unwrap().into_data().unwrap();
                assert!(!data.is_empty());
                left -= data.len();
            }
            assert_eq!((left, body.size_hint().exact(), body.is_end_stream()), (0, Some(0), true));
        }
    }
    assert_eq!(body(Full::<Bytes>::from(PAGE)).await.size_hint().exact(), None, "it may get the tag, or not");
    assert_eq!(body(Full::<Bytes>::default()).await.size_hint().exact(), Some(0));
}

/// A body in pieces that knows how much of it is left.
struct Counted {
    left: usize,
    chunks: std::vec::IntoIter<Bytes>,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = self.chunks.next();
        self.left -= chunk.as_ref().map_or(0, Bytes::len);
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}

#[tokio::test]
async fn what_passes_untouched_keeps_its_exact_length() {
    let mut response = Some(Response::new(Full::<Bytes>::from("{}")));
    let service = service_fn(move |_: Request<()>| {
        let response = response.take().unwrap();
        async move { Ok::<_, Infallible>(response) }
    });
    let json = SnippetLayer::new(snippet()).layer(service).oneshot(Request::new(())).await.unwrap().into_body();
    assert_eq!(json.size_hint().exact(), Some(2));
}

#[tokio::test]
async fn a_page_without_end_is_never_kept() {
    let kilobyte = Bytes::from("<!-- -->text ".repeat(80));
    let pages = stream::repeat_with(move || Ok::<_, Infallible>(Frame::data(kilobyte.clone())));
    let mut body = body(StreamBody::new(pages)).await;
    let mut sent = 0;
    for read in 1..=10_000 {
        sent += body.frame().await.unwrap().unwrap().into_data().unwrap().len();
        assert!(read * 1_040 - sent < 1_040);
    }
}

static_assertions::assert_impl_all!(SnippetBody<Body>: Send, Unpin);
static_assertions::assert_impl_all!(SnippetLayer: Send, Sync, Clone, std::fmt::Debug);
