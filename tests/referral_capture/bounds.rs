//! What the capturing layer asks of the service within, and what it is itself.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    rc::Rc,
};

use axum::http::{Request, Response};
use axum_partnero::{
    Attribution, ReferralCookie, ReferralKeys, ReferralLayer, ReferralService,
    referral::{Capturing, ClearCookies, ResponseFuture},
};
use static_assertions::{assert_impl_all, assert_not_impl_any};
use tower::{Layer, Service, ServiceExt, service_fn};

assert_impl_all!(ReferralLayer<Capturing>: Clone, std::fmt::Debug, Send, Sync, Unpin);
assert_impl_all!(ReferralService<(), Capturing>: Clone, std::fmt::Debug, Send, Sync, Unpin);
assert_impl_all!(ReferralService<Rc<()>, Capturing>: Clone);
assert_not_impl_any!(ReferralService<Rc<()>, Capturing>: Send, Sync);
assert_impl_all!(ResponseFuture<Ready<()>>: Send, Sync, Unpin, std::fmt::Debug);
assert_not_impl_any!(ResponseFuture<std::marker::PhantomPinned>: Unpin);
assert_impl_all!(ReferralCookie: Clone, Send, Sync, std::fmt::Debug);
assert_impl_all!(Attribution: Copy, Send, Sync, Default);
assert_impl_all!(ClearCookies: Send, Sync, axum::response::IntoResponse, axum::response::IntoResponseParts);

#[tokio::test]
async fn it_works_in_plain_tower_for_bodies_of_any_kind() {
    let echo = service_fn(async |request: Request<Rc<u8>>| {
        let key = request.extensions().get::<ReferralKeys>().and_then(ReferralKeys::first).map(ToString::to_string);
        Ok::<_, Infallible>(Response::new(key))
    });
    let layer = ReferralLayer::new().capture_query(["aff"]).capture_path(["aff"]).set_cookie(ReferralCookie::new());
    let request = |path: &str| Request::get(path).body(Rc::new(1_u8)).unwrap();
    let response = layer.layer(echo).oneshot(request("/?aff=anna")).await.unwrap();
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 1);
    assert_eq!(response.into_body().as_deref(), Some("anna"));
    let response = layer.layer(echo).oneshot(request("/aff/anna")).await.unwrap();
    assert_eq!((response.status().as_u16(), response.into_body()), (302, None));
}

#[tokio::test]
async fn it_waits_until_the_inner_service_is_ready() {
    struct Refuses;
    impl Service<Request<()>> for Refuses {
        type Response = Response<()>;
        type Error = &'static str;
        type Future = Ready<Result<Response<()>, &'static str>>;
        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
            std::task::Poll::Ready(Err("not ready"))
        }
        fn call(&mut self, _: Request<()>) -> Self::Future {
            panic!("it wasn't ready")
        }
    }
    let service = ReferralLayer::new().capture_query(["aff"]).layer(Refuses);
    assert_eq!(service.oneshot(Request::new(())).await.err(), Some("not ready"));
}

#[test]
fn nothing_of_a_visitor_is_in_what_is_displayed_for_debugging() {
    let echo = service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(Response::new(()))));
    let layer = ReferralLayer::new().capture_query(["aff"]).set_cookie(ReferralCookie::new()).consent(|_, _| true);
    let future = layer.layer(echo).call(Request::get("/?aff=mia%40shop.example").body(()).unwrap());
    let shown = format!("{layer:?} {future:?}");
    assert!(shown.contains("ReferralKey") && shown.contains("Consent"), "{shown}");
    assert!(!shown.contains("mia") && !shown.contains("shop.example"), "{shown}");
}
