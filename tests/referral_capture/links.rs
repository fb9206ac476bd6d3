//! Keys in the query and in the path.

use axum::http::{Method, StatusCode};
use axum_partnero::ReferralLayer;

use crate::support::{app, ask, get, keeping, kinds, layer, who};

#[tokio::test]
async fn the_handler_of_the_very_request_has_the_key_of_the_query() {
    for (path, key) in [
        ("/?aff=anna", "anna"),
        ("/?ref=k77", "k77"),
        ("/?ref=k77&aff=anna", "anna"),
        ("/nowhere?utm_source=x&aff=anna", "anna"),
        ("/?aff=j%C3%BCrgen+a", "jürgen a"),
        ("/?%61ff=anna", "anna"),
        ("/?aff=&aff=%00&aff=anna", "anna"),
        ("/?aff=%FF&ref=k77", "k77"),
    ] {
        assert_eq!(who(layer(), get(path)).await, key, "{path}");
        assert_eq!(who(keeping(), get(path)).await, key, "{path}");
    }
    for method in [Method::POST, Method::HEAD, Method::PUT, Method::DELETE] {
        let answer = ask(app(), layer(), get("/?aff=anna").method(&method)).await;
        assert!(method == Method::HEAD || answer.body == "anna", "{method}: a form that is sent to a link counts, too");
    }
}

#[tokio::test]
async fn what_is_no_key_in_the_query_is_nobody_and_disturbs_nothing() {
    let long = format!("/?aff={}", "x".repeat(256));
    let huge = format!("/?{}&aff=anna", "x".repeat(20_000));
    for path in [
        "/",
        "/?",
        "/?aff",
        "/?aff=",
        "/?aff=%0a",
        "/?AFF=anna",
        "/?affx=anna",
        "/?aff[]=anna",
        "/?x=aff=anna",
        &long,
        &huge,
    ] {
        let answer = ask(app(), keeping(), get(path)).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "nobody"), "{path}");
        assert!(answer.is_untouched(), "{path}");
    }
}

#[tokio::test]
async fn without_names_nothing_is_captured() {
    let none: [&str; 0] = [];
    for layer in [
        ReferralLayer::new().capture_query(none),
        ReferralLayer::new().capture_query(["aff"]).capture_query(none),
        ReferralLayer::new().capture_query([""]),
        ReferralLayer::new().capture_path(["", "a/b", "ü", "a b", ".", "..", "%61ff"]),
    ] {
        for path in ["/?aff=anna", "/aff/anna", "/?=anna", "//anna", "/a/b/anna", "/./anna"] {
            let answer = ask(app(), layer.clone(), get(path)).await;
            assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "nobody"), "{path}");
        }
    }
}

#[tokio::test]
async fn the_key_of_a_link_is_of_unknown_kind_and_the_cookies_stay_beside_it() {
    let request = get("/?aff=anna").header("cookie", "partnero_referral=mia");
    assert_eq!(ask(kinds(), layer(), request).await.body, "anna anna anna");
}

#[tokio::test]
async fn a_path_link_is_redirected_to_its_page_and_the_cookie_takes_the_key_along() {
    let answer = ask(app(), keeping(), get("/aff/anna/shoes?size=9")).await;
    assert_eq!(answer.status, StatusCode::FOUND);
    assert_eq!(answer.header("location"), Some("/shoes?size=9"));
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    assert_eq!(answer.body, "");
    let [cookie] = answer.cookies()[..] else { panic!("{:?}", answer.cookies()) };
    assert_eq!(cookie, "referral_key=anna; Path=/; Max-Age=2592000; SameSite=Lax; Secure; HttpOnly");

    let there = get("/shoes?size=9").header("cookie", "referral_key=anna");
    let page = ask(app(), keeping(), there).await;
    assert_eq!(page.body, "anna");
    assert!(page.is_untouched(), "it has the cookie");
}

#[tokio::test]
async fn where_no_cookie_takes_it_along_the_key_stays_in_the_address() {
    for (layer, request) in [
        (layer(), get("/aff/anna/shoes?size=9")),
        (keeping(), get("/aff/anna/shoes?size=9").method(Method::HEAD)),
        (keeping(), get("/aff/anna/shoes?size=9").header("sec-fetch-dest", "iframe")),
        (keeping().consent(|_, _| false), get("/aff/anna/shoes?size=9")),
    ] {
        let answer = ask(app(), layer.clone(), request).await;
        assert_eq!(answer.status, StatusCode::FOUND);
        assert_eq!(answer.header("location"), Some("/shoes?aff=anna&size=9"));
        assert!(answer.cookies().is_empty());
        assert_eq!(who(layer.consent(|_, _| true), get("/shoes?aff=anna&size=9")).await, "anna");
    }
}

#[tokio::test]
async fn a_key_that_is_kept_already_or_does_not_count_leaves_the_address_clean() {
    use axum_partnero::Attribution::FirstClick;

    for (layer, cookie) in [
        (keeping(), "referral_key=anna"),
        (keeping().attribution(FirstClick), "referral_key=bert"),
        (keeping().attribution(FirstClick), "partnero_partner=bert"),
    ] {
        let answer = ask(app(), layer, get("/aff/anna/shoes").header("cookie", cookie)).await;
        assert_eq!(answer.header("location"), Some("/shoes"), "{cookie}");
        assert!(answer.cookies().is_empty(), "{cookie}");
    }
}

#[tokio::test]
async fn only_get_and_head_are_redirected_and_only_links() {
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH] {
        let answer = ask(app(), keeping(), get("/aff/anna").method(&method)).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "nobody"), "{method}");
    }
    for path in ["/aff", "/aff/", "/aff/%00", "/x/aff/anna", "/affiliates/anna", "/aff/anna/../x"] {
        let answer = ask(app(), keeping(), get(path)).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "nobody"), "{path}");
    }
}

#[tokio::test]
async fn the_path_comes_before_the_query() {
    let answer = ask(app(), keeping(), get("/aff/anna?aff=bert")).await;
    assert!(answer.cookies()[0].starts_with("referral_key=anna;"));
    let answer = ask(app(), layer(), get("/aff/anna?aff=bert")).await;
    assert_eq!(answer.header("location"), Some("/?aff=anna&aff=bert"));
    assert_eq!(who(layer(), get("/?aff=anna&aff=bert")).await, "anna");
}

#[tokio::test]
async fn a_verdict_further_out_stands_and_its_links_still_lead_on() {
    use axum::extract::Request;
    use axum_partnero::{ReferralKey, ReferralKeys};

    let known = || axum::Extension(ReferralKeys::from("session".parse::<ReferralKey>().ok()));
    let ask = async |path: &str| {
        let app = app().layer(keeping()).layer(known());
        let request = Request::get(path).header("cookie", "referral_key=bert").body(axum::body::Body::empty()).unwrap();
        tower::ServiceExt::oneshot(app, request).await.unwrap()
    };
    let page = ask("/?aff=anna").await;
    assert!(!page.headers().contains_key("set-cookie"));
    let body = http_body_util::BodyExt::collect(page.into_body()).await.unwrap().to_bytes();
    assert_eq!(body, "session");
    let link = ask("/aff/anna").await;
    assert_eq!((link.status(), &link.headers()["location"]), (StatusCode::FOUND, &"/?aff=anna".parse().unwrap()));
    assert!(!link.headers().contains_key("set-cookie"));
}
