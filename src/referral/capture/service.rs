//! What a capturing layer does with requests.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use crate::{
    model::ReferralKeys,
    referral::{
        capture::{future::ResponseFuture, settings::Fate},
        mode::Capturing,
        service::ReferralService,
    },
};

impl<S, B, ResBody> Service<Request<B>> for ReferralService<S, Capturing>
where
    S: Service<Request<B>, Response = Response<ResBody>>,
    ResBody: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let settings = &self.mode.0;
        let link = settings.link(&request);
        let stands = request.extensions().get::<ReferralKeys>().is_some();
        let (verdict, fate) = if stands {
            (None, Fate::Loose)
        } else {
            let (verdict, fate) = settings.judge(&request, link.as_ref());
            (Some(verdict), fate)
        };
        if let Some(location) = link.and_then(|link| link.location(fate == Fate::Loose)) {
            return ResponseFuture::redirect(settings, location, fate);
        }
        if let Some(verdict) = verdict {
            request.extensions_mut().insert(verdict);
        }
        let settings = Arc::clone(settings);
        ResponseFuture::answer(self.inner.call(request), settings, fate)
    }
}
