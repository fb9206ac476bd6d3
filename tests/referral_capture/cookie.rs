//! When the cookie is written, and what it says.

use std::time::Duration;

use axum::{
    Router,
    http::{Method, StatusCode},
    response::{IntoResponse, Redirect},
};
use axum_partnero::{ProgramType, ReferralCookie};

use crate::support::{app, ask, get, keeping, layer};

async fn line(cookie: ReferralCookie) -> String {
    let answer = ask(app(), layer().set_cookie(cookie), get("/?aff=anna")).await;
    answer.cookies().last().unwrap().to_string()
}

#[tokio::test]
async fn it_says_what_it_was_told() {
    let new = ReferralCookie::new;
    assert_eq!(line(new()).await, "referral_key=anna; Path=/; Max-Age=2592000; SameSite=Lax; Secure; HttpOnly");
    assert_eq!(
        line(new().domain(".Shop.test").max_age(Duration::from_secs(60)).secure(false).name("shop_ref")).await,
        "shop_ref=anna; Path=/; Domain=shop.test; Max-Age=60; SameSite=Lax; HttpOnly"
    );
    assert_eq!(
        line(ReferralCookie::partnero_js(ProgramType::Affiliate)).await,
        "partnero_partner=anna; Path=/; Max-Age=2592000; SameSite=Lax; Secure"
    );
    assert_eq!(
        line(ReferralCookie::partnero_js(ProgramType::ReferAFriend).domain("shop.test")).await,
        "partnero_referral=anna; Path=/; Domain=shop.test; Max-Age=2592000; SameSite=Lax; Secure"
    );
}

#[tokio::test]
async fn an_answer_with_the_cookie_is_for_this_visitor_alone() {
    let cached = [
        ("cache-control", "public, max-age=600"),
        ("cdn-cache-control", "max-age=600"),
        ("surrogate-control", "max-age=600"),
        ("cloudflare-cdn-cache-control", "max-age=600"),
        ("x-accel-expires", "600"),
    ];
    let app = || Router::new().fallback(async move || (cached, "page"));
    let answer = ask(app(), keeping(), get("/?aff=anna")).await;
    assert_eq!(answer.cookies().len(), 1);
    assert_eq!(answer.headers.get_all("cache-control").iter().collect::<Vec<_>>(), ["private, no-store"]);
    assert!(cached[1..].iter().all(|(name, _)| answer.header(name).is_none()), "{:?}", answer.headers);

    for visit in [get("/"), get("/?aff=anna").header("cookie", "referral_key=anna")] {
        let answer = ask(app(), keeping(), visit).await;
        assert!(answer.cookies().is_empty());
        assert!(cached.iter().all(|(name, value)| answer.header(name) == Some(value)), "{:?}", answer.headers);
    }
}

#[tokio::test]
async fn it_is_written_on_the_way_to_a_page_only() {
    for (method, destinations, is_written) in [
        (Method::GET, &[][..], true),
        (Method::GET, &["document"], true),
        (Method::GET, &["iframe"], false),
        (Method::GET, &["frame"], false),
        (Method::GET, &["image"], false),
        (Method::GET, &["script"], false),
        (Method::GET, &["empty"], false),
        (Method::GET, &["Document"], false),
        (Method::GET, &[""], false),
        (Method::GET, &["document", "image"], false),
        (Method::POST, &["document"], false),
        (Method::POST, &[], false),
        (Method::HEAD, &[], false),
        (Method::PUT, &[], false),
        (Method::OPTIONS, &[], false),
    ] {
        let request = get("/?aff=anna").method(&method);
        let request = destinations.iter().fold(request, |request, value| request.header("sec-fetch-dest", *value));
        let answer = ask(app(), keeping(), request).await;
        assert_eq!(!answer.is_untouched(), is_written, "{method} {destinations:?}");
        assert_eq!(answer.cookies().len(), usize::from(is_written), "{method} {destinations:?}");
        assert!(method == Method::HEAD || answer.body == "anna", "the key counts all the same");
    }
}

#[tokio::test]
async fn it_is_written_with_2xx_and_3xx_but_not_with_304() {
    for status in (200..=599).filter_map(|status| StatusCode::from_u16(status).ok()) {
        let app = Router::new().fallback(async move || status);
        let answer = ask(app, keeping(), get("/?aff=anna")).await;
        let expected = matches!(status.as_u16(), 200..=399) && status != StatusCode::NOT_MODIFIED;
        assert_eq!((answer.status, answer.cookies().len()), (status, usize::from(expected)));
        assert_eq!(answer.header("cache-control").is_some(), expected, "{status}");
    }
    let app = Router::new().fallback(async || Redirect::to("/login"));
    let answer = ask(app, keeping(), get("/?aff=anna")).await;
    assert_eq!((answer.header("location"), answer.cookies().len()), (Some("/login"), 1));
}

#[tokio::test]
async fn it_is_written_when_its_value_changes_only() {
    for (cookies, is_written) in [
        (&["referral_key=anna"][..], false),
        (&["a=b; referral_key=%61nna; c=d"], false),
        (&["a=b", "referral_key=\"anna\""], false),
        (&["referral_key=bert"], true),
        (&["referral_key=Anna"], true),
        (&["referral_key="], true),
        (&["referral_key=%00"], true),
        (&["referral_key"], true),
        (&["xreferral_key=anna"], true),
        (&["referral_key=anna; referral_key=anna"], false),
        (&["partnero_partner=anna"], true),
        (&["x=referral_key=anna"], true),
        (&[], true),
    ] {
        let request = cookies.iter().fold(get("/?aff=anna"), |request, line| request.header("cookie", *line));
        let answer = ask(app(), keeping(), request).await;
        assert_eq!(answer.cookies().len(), usize::from(is_written), "{cookies:?}");
        assert_eq!(answer.body, "anna");
    }
}

#[tokio::test]
async fn nothing_bad_is_ever_written_over_a_good_key() {
    let long = format!("/?aff={}", "x".repeat(256));
    for path in
        ["/", "/?aff=", "/?aff=%20", "/?aff=%00", "/?aff=%FF", "/?aff", "/?aff=&ref=", "/aff/%00", "/aff/", &long]
    {
        let answer = ask(app(), keeping(), get(path).header("cookie", "referral_key=anna")).await;
        assert!(answer.is_untouched(), "{path}");
        assert_eq!(answer.body, "anna", "{path}");
    }
}

#[tokio::test]
async fn a_cookie_that_the_application_sets_itself_stands() {
    for own in ["referral_key=mine; Path=/", "referral_key=; Max-Age=0", " referral_key =x", "referral_key"] {
        let app = Router::new().fallback(async move || ([("set-cookie", own)], "page"));
        let answer = ask(app, keeping(), get("/?aff=anna")).await;
        assert_eq!(answer.cookies(), [own]);
        assert_eq!(answer.header("cache-control"), None);
    }
    let app = Router::new().fallback(async || ([("set-cookie", "session=referral_key=x")], "page"));
    let answer = ask(app, keeping(), get("/?aff=anna")).await;
    assert_eq!(answer.cookies().len(), 2, "another cookie is no reason");
    assert_eq!(answer.cookies()[0], "session=referral_key=x", "and stays");
}

#[tokio::test]
async fn without_set_cookie_answers_pass_untouched() {
    for path in ["/?aff=anna", "/"] {
        let answer = ask(app(), layer(), get(path)).await;
        assert!(answer.is_untouched());
    }
}

#[tokio::test]
async fn an_answer_that_fails_is_handed_on() {
    use axum_partnero::ReferralLayer;
    use tower::{Layer, ServiceExt, service_fn};

    let broken = service_fn(async |_: axum::extract::Request| Err::<axum::response::Response, _>("broken"));
    let service = ReferralLayer::new().capture_query(["aff"]).set_cookie(ReferralCookie::new()).layer(broken);
    let request = get("/?aff=anna").body(axum::body::Body::empty()).unwrap();
    assert_eq!(service.oneshot(request).await.err(), Some("broken"));
}

#[tokio::test]
async fn a_key_never_breaks_out_of_the_line() {
    for key in
        ["a%3B%20Domain=evil.test", "a%2C%20b=c", "%22a%22", "a%20b", "%C3%BC%E2%82%AC", "a%3Db", "%25%33%42", "a%5Cb"]
    {
        let answer = ask(app(), keeping(), get(&format!("/?aff={key}"))).await;
        let [line] = answer.cookies()[..] else { panic!("{key}") };
        let (value, attributes) = line.split_once("; ").unwrap();
        assert_eq!(attributes, "Path=/; Max-Age=2592000; SameSite=Lax; Secure; HttpOnly", "{key}");
        let again = ask(app(), keeping(), get("/").header("cookie", value)).await;
        assert_eq!(again.body, answer.body, "{key}");
    }
}

#[tokio::test]
async fn streamed_bodies_pass_as_they_are() {
    let app = Router::new().fallback(async || {
        let parts = ["a", "b"].map(|part| Ok::<_, std::io::Error>(part.to_owned()));
        axum::body::Body::from_stream(futures_util::stream::iter(parts)).into_response()
    });
    let answer = ask(app, keeping(), get("/?aff=anna")).await;
    assert_eq!((answer.body.as_str(), answer.cookies().len()), ("ab", 1));
}
