//! The response on its way.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::snippet::inject::{body::SnippetBody, settings::Asked};

pin_project! {
    /// The response of a [`SnippetService`](crate::snippet::SnippetService), once it is there.
    #[derive(Debug)]
    pub struct SnippetFuture<F> {
        #[pin]
        inner: F,
        asked: Option<Asked>,
    }
}

impl<F> SnippetFuture<F> {
    pub(super) fn new(inner: F, asked: Asked) -> Self {
        Self { inner, asked: Some(asked) }
    }
}

impl<F, B, E> Future for SnippetFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<SnippetBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (mut parts, body) = ready!(this.inner.poll(cx))?.into_parts();
        let body = match this.asked.take().and_then(|asked| asked.tag(&mut parts)) {
            Some(tag) => SnippetBody::with_tag(body, &tag),
            None => SnippetBody::as_it_is(body),
        };
        Poll::Ready(Ok(Response::from_parts(parts, body)))
    }
}
