//! Keys that are spent once.

use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use axum_partnero::{ProgramType, ReferralCookie, ReferralKey, ReferralLayer};

use crate::support::{ask, get, keeping, layer};

const THEIRS: [&str; 2] = ["partnero_partner=; Path=/; Max-Age=0", "partnero_referral=; Path=/; Max-Age=0"];

fn spending() -> Router {
    Router::new().fallback(async || (ReferralKey::clear_cookies(), Redirect::to("/welcome")))
}

#[tokio::test]
async fn the_script_s_cookies_are_removed_without_any_layer() {
    let response = (ReferralKey::clear_cookies(), "done").into_response();
    let lines: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
    assert_eq!(lines, THEIRS);
    assert_eq!(response.headers()["cache-control"], "private, no-store");
    assert_eq!(ReferralKey::clear_cookies().into_response().status(), StatusCode::OK);

    let reading = tower::ServiceExt::oneshot(
        spending().layer(ReferralLayer::new()),
        get("/").body(axum::body::Body::empty()).unwrap(),
    );
    assert_eq!(reading.await.unwrap().headers().get_all("set-cookie").iter().count(), 2);
}

#[tokio::test]
async fn the_layer_removes_its_own_and_everything_of_its_domain() {
    for (cookie, more) in [
        (ReferralCookie::new(), &["referral_key=; Path=/; Max-Age=0; Secure"][..]),
        (ReferralCookie::partnero_js(ProgramType::Affiliate), &[]),
        (
            ReferralCookie::new().domain("shop.test").secure(false).name("own"),
            &[
                "own=; Path=/; Max-Age=0",
                "partnero_partner=; Path=/; Domain=shop.test; Max-Age=0",
                "partnero_referral=; Path=/; Domain=shop.test; Max-Age=0",
                "own=; Path=/; Domain=shop.test; Max-Age=0",
            ],
        ),
        (
            ReferralCookie::partnero_js(ProgramType::Affiliate).domain("shop.test").secure(false),
            &[
                "partnero_partner=; Path=/; Domain=shop.test; Max-Age=0",
                "partnero_referral=; Path=/; Domain=shop.test; Max-Age=0",
            ],
        ),
    ] {
        let answer = ask(spending(), layer().set_cookie(cookie), get("/")).await;
        assert_eq!(answer.cookies(), [&THEIRS[..], more].concat());
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, Some("/welcome")));
    }
}

#[tokio::test]
async fn a_key_that_is_spent_on_its_very_request_is_not_kept() {
    let answer = ask(spending(), keeping(), get("/?aff=anna")).await;
    assert!(
        answer.cookies().iter().all(|line| line.contains("=; ") && line.contains("Max-Age=0")),
        "{:?}",
        answer.cookies()
    );
}

#[tokio::test]
async fn an_answer_with_any_status_clears() {
    let app = Router::new().fallback(async || (StatusCode::BAD_GATEWAY, ReferralKey::clear_cookies(), "no"));
    let answer = ask(app, keeping(), get("/")).await;
    assert_eq!((answer.status, answer.cookies().len()), (StatusCode::BAD_GATEWAY, 3));
}

#[tokio::test]
async fn what_is_removed_counts_no_more() {
    let answer = ask(spending(), keeping(), get("/")).await;
    let cookies = answer.cookies().iter().map(|line| line.split(';').next().unwrap()).collect::<Vec<_>>().join("; ");
    assert_eq!(crate::support::who(keeping(), get("/").header("cookie", cookies)).await, "nobody");
}
