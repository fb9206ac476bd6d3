//! The service the layer makes.

use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::snippet::inject::{body::SnippetBody, future::SnippetFuture, settings::Settings};

/// What [`SnippetLayer`](crate::SnippetLayer) makes of a service.
#[derive(Clone, Debug)]
pub struct SnippetService<S> {
    inner: S,
    settings: Settings,
}

impl<S> SnippetService<S> {
    pub(super) fn new(inner: S, settings: Settings) -> Self {
        Self { inner, settings }
    }
}

impl<S, RequestBody, ResponseBody> Service<Request<RequestBody>> for SnippetService<S>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>>,
    ResponseBody: Body,
{
    type Response = Response<SnippetBody<ResponseBody>>;
    type Error = S::Error;
    type Future = SnippetFuture<S::Future>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let asked = self.settings.ask(&mut parts.headers, &parts.extensions);
        SnippetFuture::new(self.inner.call(Request::from_parts(parts, body)), asked)
    }
}
