//! The routes: who may see what, and what comes with it.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use axum_partnero::{DashboardRouter, Partnero};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::app::{self, SignedIn, anna_with};

async fn ask(app: Router, method: &str, path: &str, session: Option<&str>) -> (StatusCode, HeaderMap, String) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(session) = session {
        request = request.header(header::COOKIE, format!("session={session}"));
    }
    // Whatever else a request says of who it is.
    let request = request.header("x-customer", "ben").header("x-user-id", "ben").body(Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, headers, String::from_utf8(body.to_vec()).unwrap())
}

/// A visitor's GET: the headers, and the body.
pub(crate) async fn get(partnero: &Partnero, path: &str, session: Option<&str>) -> (HeaderMap, String) {
    let (status, headers, body) = ask(app::friends(partnero), "GET", path, session).await;
    assert_eq!(status, StatusCode::OK, "{path}");
    (headers, body)
}

const PRIVATE: [&str; 3] = ["/account/friends", "/account/friends/data", "/account/friends/fragment"];

#[tokio::test]
async fn who_is_not_signed_in_gets_the_applications_own_answer_and_nothing_is_asked() {
    let (sandbox, partnero, _) = anna_with(&[]).await;
    for path in PRIVATE {
        let (status, headers, body) = ask(app::friends(&partnero), "GET", path, None).await;
        assert_eq!((status, body.as_str()), (StatusCode::UNAUTHORIZED, "sign in first"));
        assert_eq!(headers[header::CACHE_CONTROL], "private, no-store");
    }
    assert!(sandbox.requests().is_empty());
}

#[tokio::test]
async fn whose_dashboard_it_is_says_the_session_alone() {
    let (sandbox, partnero, _) = anna_with(&["mia"]).await;
    for path in PRIVATE {
        let path = format!("{path}?customer=ben&user=ben&id=ben&key=ben");
        let (_, body) = get(&partnero, &path, Some("anna")).await;
        assert!(body.contains("ref=anna") && !body.contains("ben"), "{body}");
    }
    assert!(sandbox.requests().iter().all(|request| request.path.contains("anna")));
}

#[tokio::test]
async fn what_is_private_is_kept_nowhere_and_loads_nothing_from_elsewhere() {
    let (_sandbox, partnero) = app::full().await;
    for path in PRIVATE {
        let (headers, body) = get(&partnero, path, Some("anna")).await;
        assert_eq!(headers[header::CACHE_CONTROL], "private, no-store", "{path}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
        if path.ends_with("/data") {
            assert_eq!(headers[header::CONTENT_TYPE], "application/json");
            continue;
        }
        assert_eq!(headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
        for loaded in ["src=\"", "<link rel=\"stylesheet\" href=\""] {
            let found: Vec<_> = body.split(loaded).skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
            assert_eq!(found.len(), 1);
            assert!(
                found[0].starts_with("./friends/dashboard.") || found[0].starts_with("/account/friends/dashboard.")
            );
        }
        for inline in ["<style", " style=", " onclick", "javascript:", "<script>"] {
            assert!(!body.contains(inline), "{inline}");
        }
    }
}

#[tokio::test]
async fn style_and_script_are_for_everybody_and_may_be_kept() {
    let (sandbox, partnero, _) = anna_with(&[]).await;
    for (file, kind) in [("css", "text/css; charset=utf-8"), ("js", "text/javascript; charset=utf-8")] {
        let (headers, body) = get(&partnero, &format!("/account/friends/dashboard.{file}"), None).await;
        assert_eq!(headers[header::CONTENT_TYPE], kind);
        assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=86400");
        assert!(
            body.len() > 500 && !body.contains("://") && !body.contains("url("),
            "nothing of it comes from elsewhere"
        );
    }
    assert!(sandbox.requests().is_empty());
}

#[tokio::test]
async fn below_any_path_the_page_finds_what_it_loads() {
    let (_sandbox, partnero, _) = anna_with(&[]).await;
    let routes = || DashboardRouter::new(partnero.clone(), |user: SignedIn| user.id).into_router();
    for (app, page) in [
        (routes(), "/"),
        (Router::new().nest("/friends", routes()), "/friends"),
        (Router::new().nest("/a/{shop}/friends", routes()), "/a/my%20shop/friends"),
        (Router::new().nest("/a", Router::new().nest("/b", routes())), "/a/b"),
    ] {
        let (status, _, body) = ask(app.clone(), "GET", page, Some("anna")).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        let base = reqwest::Url::parse("http://shop.test").unwrap().join(page).unwrap();
        let href = body.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
        let style = base.join(href).unwrap();
        assert_eq!(ask(app.clone(), "GET", style.path(), None).await.0, StatusCode::OK, "{style}");

        let fragment = format!("{}/fragment", page.trim_end_matches('/'));
        let (_, _, body) = ask(app.clone(), "GET", &fragment, Some("anna")).await;
        let script = body.split("src=\"").nth(1).unwrap().split(['"', '?']).next().unwrap();
        assert_eq!(ask(app, "GET", script, None).await.0, StatusCode::OK, "{script}");
    }
}

#[tokio::test]
async fn it_is_only_looked_at() {
    let (_sandbox, partnero, _) = anna_with(&[]).await;
    for path in PRIVATE {
        for method in ["POST", "PUT", "DELETE"] {
            let answer = ask(app::friends(&partnero), method, path, Some("anna")).await;
            assert_eq!(answer.0, StatusCode::METHOD_NOT_ALLOWED);
        }
        let (status, headers, body) = ask(app::friends(&partnero), "HEAD", path, Some("anna")).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, ""));
        assert_eq!(headers[header::CACHE_CONTROL], "private, no-store");
    }
}

#[tokio::test]
async fn a_page_is_a_page_also_when_partnero_is_gone() {
    let (sandbox, partnero, _) = anna_with(&[]).await;
    sandbox.stop_listening().await;
    for path in PRIVATE {
        let (_, body) = get(&partnero, path, Some("anna")).await;
        assert!(body.contains("Not available right now") || body.contains("unavailable"), "{body}");
    }
}
