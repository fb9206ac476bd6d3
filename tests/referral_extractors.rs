//! The extractors `ReferralKey` and `ReferralKeys`, with the layer and without it.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what helps it")]

use axum::{
    Form, Json, Router,
    body::Body,
    extract::{FromRequestParts, Path, Request},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use axum_partnero::{ProgramType, ReferralKey, ReferralKeyRejection, ReferralKeys, ReferralLayer};
use http_body_util::BodyExt;
use static_assertions::assert_impl_all;
use tower::ServiceExt;

assert_impl_all!(ReferralKeyRejection: std::error::Error, IntoResponse, Clone, Send, Sync);

fn visit(cookie: Option<&str>) -> Request {
    let request = Request::get("/");
    cookie.into_iter().fold(request, |request, cookie| request.header("cookie", cookie)).body(Body::empty()).unwrap()
}

async fn text(response: Response) -> (StatusCode, String) {
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// The same answer with the layer and without.
async fn both_ways(app: Router, request: impl Fn() -> Request) -> (StatusCode, String) {
    let with = text(app.clone().layer(ReferralLayer::new()).oneshot(request()).await.unwrap()).await;
    let without = text(app.oneshot(request()).await.unwrap()).await;
    assert_eq!(with, without);
    with
}

fn show(keys: &ReferralKeys) -> String {
    let of = |program| keys.get(program).map_or("-", ReferralKey::as_str);
    format!("{} {}", of(ProgramType::Affiliate), of(ProgramType::ReferAFriend))
}

#[tokio::test]
async fn an_optional_key_never_rejects() {
    let app = Router::new().route("/", get(async |key: Option<ReferralKey>| format!("{key:?}")));
    for cookie in [None, Some("a=b"), Some("partnero_partner=%FF"), Some("partnero_partner=")] {
        assert_eq!(both_ways(app.clone(), || visit(cookie)).await, (StatusCode::OK, "None".into()), "{cookie:?}");
    }
    let (_, key) = both_ways(app.clone(), || visit(Some("partnero_partner=anna"))).await;
    assert_eq!(key, r#"Some(ReferralKey { key: "anna", program_type: Affiliate })"#);
    let (_, key) = both_ways(app, || visit(Some("partnero_referral=mia"))).await;
    assert_eq!(key, r#"Some(ReferralKey { key: "mia", program_type: ReferAFriend })"#);
}

#[tokio::test]
async fn a_key_alone_answers_400_and_says_what_is_missing() {
    let app = Router::new().route("/", get(async |key: ReferralKey| key.to_string()));
    let (status, body) = both_ways(app.clone(), || visit(Some("a=b"))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.contains("no valid referral key") && body.contains("partnero_partner"), "{body}");
    let found = both_ways(app, || visit(Some("partnero_partner=anna"))).await;
    assert_eq!(found, (StatusCode::OK, "anna".into()));

    let (mut parts, _) = visit(None).into_parts();
    let rejection = <ReferralKey as FromRequestParts<()>>::from_request_parts(&mut parts, &()).await.unwrap_err();
    assert_eq!((rejection.status(), rejection.body_text()), (status, body));
    assert_eq!(rejection.to_string(), rejection.body_text());
}

#[tokio::test]
async fn a_handler_can_answer_a_missing_key_in_its_own_words() {
    let app = Router::new().route(
        "/",
        get(async |key: Result<ReferralKey, ReferralKeyRejection>| match key {
            Ok(key) => (StatusCode::OK, key.to_string()),
            Err(_) => (StatusCode::PAYMENT_REQUIRED, "no friends".into()),
        }),
    );
    assert_eq!(both_ways(app, || visit(None)).await, (StatusCode::PAYMENT_REQUIRED, "no friends".into()));
}

#[tokio::test]
async fn both_keys_of_a_visitor_never_reject_either() {
    let bare = Router::new().route("/", get(async |keys: ReferralKeys| show(&keys)));
    let optional =
        Router::new().route("/", get(async |keys: Option<ReferralKeys>| keys.as_ref().map_or("none".into(), show)));
    assert_eq!(both_ways(bare.clone(), || visit(None)).await.1, "- -");
    assert_eq!(both_ways(optional.clone(), || visit(None)).await.1, "none");
    let both = || visit(Some("partnero_referral=mia; partnero_partner=anna"));
    assert_eq!(both_ways(bare, both).await.1, "anna mia");
    assert_eq!(both_ways(optional.clone(), both).await.1, "anna mia");

    let empty = optional.layer(ReferralLayer::new().program_type(ProgramType::Affiliate));
    let response = empty.oneshot(visit(Some("partnero_referral=mia"))).await.unwrap();
    assert_eq!(text(response).await.1, "none", "an empty verdict is none");
}

#[tokio::test]
async fn they_stand_beside_other_extractors_and_before_the_body() {
    #[derive(serde::Deserialize)]
    struct SignUp {
        email: String,
    }
    let app = Router::new()
        .route(
            "/form/{id}",
            post(
                async |Path(id): Path<u32>, key: Option<ReferralKey>, keys: ReferralKeys, Form(form): Form<SignUp>| {
                    format!("{id} {} {} {}", key.unwrap(), show(&keys), form.email)
                },
            ),
        )
        .route("/json", post(async |key: ReferralKey, Json(form): Json<SignUp>| format!("{key} {}", form.email)));
    let post = |path: &str, kind: &str, body: &'static str| {
        Request::post(path)
            .header("cookie", "partnero_partner=anna")
            .header("content-type", kind)
            .body(Body::from(body))
            .unwrap()
    };
    let form = || post("/form/7", "application/x-www-form-urlencoded", "email=a%40b.test");
    assert_eq!(both_ways(app.clone(), form).await.1, "7 anna anna - a@b.test");
    let json = || post("/json", "application/json", r#"{"email":"a@b.test"}"#);
    assert_eq!(both_ways(app, json).await.1, "anna a@b.test");
}

#[tokio::test]
async fn a_clone_of_a_long_key_shares_the_text() {
    let (mut parts, _) = visit(Some("partnero_partner=7f0b1d3c-90a4-4c53-8a63-8f5a4c1d2e9b")).into_parts();
    let key = <ReferralKey as FromRequestParts<()>>::from_request_parts(&mut parts, &()).await.unwrap();
    assert!(std::ptr::eq(key.as_str(), key.clone().as_str()));
}

#[tokio::test]
async fn they_work_for_handlers_with_state() {
    #[derive(Clone)]
    struct AppState;
    let app: Router = Router::new()
        .route("/", get(async |_: axum::extract::State<AppState>, keys: ReferralKeys| show(&keys)))
        .with_state(AppState);
    assert_eq!(both_ways(app, || visit(Some("partnero_partner=anna"))).await.1, "anna -");
}
