//! The service the layer makes.

use std::task::{Context, Poll};

use http::Request;
use tower_service::Service;

use crate::{model::ReferralKeys, referral::mode::Reading};

/// What [`ReferralLayer`](crate::ReferralLayer) makes of a service, and does with requests as the layer's `M` says.
#[derive(Clone, Debug)]
pub struct ReferralService<S, M = Reading> {
    pub(super) inner: S,
    pub(super) mode: M,
}

impl<S, B> Service<Request<B>> for ReferralService<S, Reading>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if request.extensions().get::<ReferralKeys>().is_none()
            && let Some(keys) = self.mode.0.read(request.headers())
        {
            request.extensions_mut().insert(keys);
        }
        self.inner.call(request)
    }
}
