//! The response of a capturing layer.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{HeaderValue, Response, StatusCode, header};
use pin_project_lite::pin_project;

use crate::{
    model::ReferralKey,
    referral::{
        capture::{
            keep::Keeper,
            settings::{Fate, Settings},
        },
        clear::{Cleared, PRIVATE},
    },
};

pin_project! {
    /// The future of a capturing [`ReferralService`](crate::ReferralService).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        source: Source<F>,
    }
}

pin_project! {
    /// Where the response comes from.
    #[derive(Debug)]
    #[project = SourceProjection]
    enum Source<F> {
        Inner {
            #[pin]
            future: F,
            settings: Arc<Settings>,
            key: Option<ReferralKey>,
        },
        Redirect {
            location: HeaderValue,
            cookies: Vec<HeaderValue>,
        },
    }
}

impl<F> ResponseFuture<F> {
    /// The answer of the service within, which keeps the key where that is its fate.
    pub(super) fn answer(future: F, settings: Arc<Settings>, fate: Fate) -> Self {
        let key = if let Fate::Keep(key) = fate { Some(key) } else { None };
        Self { source: Source::Inner { future, settings, key } }
    }

    /// On to the target of a link.
    pub(super) fn redirect(settings: &Settings, location: HeaderValue, fate: Fate) -> Self {
        let cookies = match (fate, &settings.keeper) {
            (Fate::Keep(key), Some(keeper)) => keeper.lines(&key).collect(),
            _ => Vec::new(),
        };
        Self { source: Source::Redirect { location, cookies } }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Default,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().source.project() {
            SourceProjection::Inner { future, settings, key } => {
                let mut response = ready!(future.poll(cx))?;
                if let Some(keeper) = &settings.keeper {
                    mend(&mut response, keeper, key.as_ref());
                }
                Poll::Ready(Ok(response))
            }
            SourceProjection::Redirect { location, cookies } => Poll::Ready(Ok(redirect(location, cookies))),
        }
    }
}

fn mend<B>(response: &mut Response<B>, keeper: &Keeper, key: Option<&ReferralKey>) {
    if response.extensions().get::<Cleared>().is_some() {
        keeper.clear(response.headers_mut());
    } else if let Some(key) = key {
        keeper.write(key, response.status(), response.headers_mut());
    }
}

fn redirect<B: Default>(location: &HeaderValue, cookies: &[HeaderValue]) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location.clone());
    headers.insert(header::CACHE_CONTROL, PRIVATE);
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie.clone());
    }
    response
}
