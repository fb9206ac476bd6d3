//! Nothing is read, captured or kept without consent.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Extension, body::Body, extract::Request};
use axum_partnero::{ReferralKeys, ReferralLayer};
use tower::ServiceExt;

use crate::support::{app, ask, get, keeping, kinds};

/// A visitor with everything that could be read.
fn visit(path: &str) -> axum::http::request::Builder {
    get(path).header("cookie", "partnero_partner=a; partnero_referral=b; referral_key=c").header("x-referral-key", "d")
}

#[tokio::test]
async fn who_declined_is_referred_by_nobody_whatever_they_bring() {
    let layer = keeping().header("x-referral-key").consent(|headers, _| headers.get("dnt").is_none());
    let declined = visit("/?aff=anna").header("dnt", "1");
    let answer = ask(app(), layer.clone(), declined).await;
    assert_eq!(answer.body, "nobody", "the extractor doesn't read for itself");
    assert!(answer.is_untouched());
    assert_eq!(ask(kinds(), layer.clone(), visit("/?aff=anna").header("dnt", "1")).await.body, "- - -");

    let agreed = ask(app(), layer, visit("/?aff=anna")).await;
    assert_eq!(agreed.body, "d");
}

#[tokio::test]
async fn a_layer_that_only_asks_leaves_its_verdict_too() {
    let layer = ReferralLayer::new().consent(|_, _| false);
    assert_eq!(ask(app(), layer, visit("/")).await.body, "nobody");
    let layer = ReferralLayer::new().consent(|_, _| true);
    assert_eq!(ask(app(), layer, visit("/")).await.body, "a", "and reads what a reading layer reads");
}

#[tokio::test]
async fn a_capturing_layer_leaves_a_verdict_also_where_there_is_nothing() {
    for layer in [keeping(), ReferralLayer::new().capture_query(["aff"]), ReferralLayer::new().consent(|_, _| true)] {
        let left = axum::Router::new()
            .fallback(async |request: Request| request.extensions().get::<ReferralKeys>().is_some().to_string());
        assert_eq!(ask(left, layer, get("/")).await.body, "true");
    }
}

#[tokio::test]
async fn it_is_asked_once_a_request_and_sees_what_layers_further_out_found() {
    #[derive(Clone)]
    struct Banner(bool);

    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let layer = keeping().consent(move |_, extensions| {
        count.fetch_add(1, Ordering::Relaxed);
        extensions.get::<Banner>().is_some_and(|banner| banner.0)
    });
    for (banner, cookies) in [(true, 1), (false, 0)] {
        let app = app().layer(layer.clone()).layer(Extension(Banner(banner)));
        let response = app.oneshot(get("/?aff=anna").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), cookies);
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn who_declines_is_led_to_the_page_and_not_captured() {
    let answer = ask(app(), keeping().consent(|_, _| false), visit("/aff/anna/shoes")).await;
    assert_eq!(answer.header("location"), Some("/shoes?aff=anna"), "as it was in the address, so it stays");
    assert!(answer.cookies().is_empty());
}

#[tokio::test]
async fn the_last_question_counts() {
    let layer = keeping().consent(|_, _| false).consent(|_, _| true);
    assert_eq!(ask(app(), layer, get("/?aff=anna")).await.body, "anna");
}
