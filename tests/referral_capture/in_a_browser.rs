//! Across the hosts of a site, in a real browser.
//!
//! Its names have no certificates, so it is told to take them for secure: else it would drop `Secure` cookies, and not say
//! what a request is for.

use axum::{
    Router,
    extract::{Query, Request},
    http::HeaderMap,
    response::{Html, Redirect},
    routing::get,
};
use axum_partnero::{ProgramType, ReferralCookie, ReferralKey, ReferralLayer, referral::Capturing};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::{browser::Browser, support::layer};

/// A site of several hosts, a provider of identities, and a browser.
struct Stage {
    browser: Browser,
    port: u16,
}

impl Stage {
    /// `None` where there is no browser.
    async fn new(layer: ReferralLayer<Capturing>) -> Option<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(axum::serve(listener, site(port).layer(layer)).into_future());
        let hosts = ["www.shop.test", "app.shop.test", "forum.shop.test", "id.provider.test", "news.test"];
        let origins = hosts.map(|host| format!("http://{host}:{port}")).join(",");
        let browser = Browser::with(&[&format!("--unsafely-treat-insecure-origin-as-secure={origins}")]).await?;
        Some(Self { browser, port })
    }

    fn url(&self, place: &str) -> String {
        let (host, path) = place.split_once('/').unwrap();
        format!("http://{host}:{}/{path}", self.port)
    }

    /// Who the page says has sent this visitor.
    async fn visit(&self, place: &str) -> String {
        self.browser.goto(&self.url(place)).await.unwrap();
        self.text("who").await
    }

    async fn text(&self, id: &str) -> String {
        let script = format!("return document.getElementById('{id}').textContent");
        self.run(&script).await.as_str().unwrap().to_owned()
    }

    async fn run(&self, script: &str) -> Value {
        self.browser.execute(script, Vec::new()).await.unwrap()
    }

    /// Follows the page's link.
    async fn follow(&self) {
        self.browser.find(fantoccini::Locator::Css("a")).await.unwrap().click().await.unwrap();
    }

    async fn is_at(&self, place: &str) {
        assert_eq!(self.browser.current_url().await.unwrap().as_str(), self.url(place));
    }

    /// As PartneroJS does, as far as is known: a cookie of this host, set by a script.
    async fn script_sets(&self, cookie: &str) {
        self.run(&format!("document.cookie = '{cookie}; Path=/; SameSite=Lax; Max-Age=1000'")).await;
    }

    async fn cookies_of_scripts(&self) -> Value {
        self.run("return document.cookie").await
    }
}

fn site(port: u16) -> Router {
    async fn who(referral: Option<ReferralKey>, headers: HeaderMap) -> Html<String> {
        let cookies = headers.get_all("cookie").iter().filter_map(|line| line.to_str().ok()).collect::<Vec<_>>();
        let who = referral.map_or("nobody".to_owned(), |key| key.to_string());
        Html(format!("<!doctype html><p id=who>{who}</p><p id=cookies>{}</p>", cookies.join("; ")))
    }
    let at = move |host: &str, path: &str| format!("http://{host}:{port}/{path}");
    Router::new()
        // Another site, and one of the shop's own hosts on which anyone may post.
        .route(
            "/article",
            get(async move || {
                Html(format!("<a href='{}'>shoes</a>", at("www.shop.test", "aff/anna/shoes?size=9#top")))
            }),
        )
        .route(
            "/planted",
            get(async move || {
                let link = |path| at("www.shop.test", path);
                Html(format!(
                    "<img src='{}'><iframe src='{}'></iframe><iframe src='{}'></iframe><script>\
                 window.done = fetch('{}', {{ credentials: 'include', mode: 'no-cors' }}).then(() => true)</script>",
                    link("?aff=image"),
                    link("?aff=frame"),
                    link("aff/path"),
                    link("?aff=fetched")
                ))
            }),
        )
        // The way to a provider of identities and back, on which the query is lost.
        .route("/login", get(async move || Redirect::to(&at("id.provider.test", "authorize"))))
        .route(
            "/authorize",
            get(async move || Html(format!("<a href='{}'>Continue</a>", at("id.provider.test", "consented")))),
        )
        .route("/consented", get(async move || Redirect::to(&at("app.shop.test", "callback?code=1"))))
        .route(
            "/callback",
            get(async |query: Query<Vec<(String, String)>>, key: Option<ReferralKey>, request: Request| {
                assert_eq!(query.0, [("code".to_owned(), "1".to_owned())]);
                who(key, request.headers().clone()).await
            }),
        )
        .route("/spend", get(async || (ReferralKey::clear_cookies(), Html("<p id=who>spent</p>"))))
        .fallback(who)
}

fn shared() -> ReferralLayer<Capturing> {
    layer().set_cookie(ReferralCookie::new().domain("shop.test"))
}

#[tokio::test]
async fn a_click_on_another_site_counts_on_every_host_and_after_an_oauth_round_trip() {
    let Some(stage) = Stage::new(shared()).await else { return };
    assert_eq!(stage.visit("www.shop.test/").await, "nobody");
    stage.browser.goto(&stage.url("news.test/article")).await.unwrap();
    stage.follow().await;
    stage.is_at("www.shop.test/shoes?size=9#top").await;
    assert_eq!(stage.text("who").await, "anna");
    assert_eq!(stage.cookies_of_scripts().await, "", "no script can read it");
    assert_eq!(stage.visit("app.shop.test/").await, "anna");

    stage.browser.goto(&stage.url("app.shop.test/login")).await.unwrap();
    stage.is_at("id.provider.test/authorize").await;
    stage.follow().await;
    stage.is_at("app.shop.test/callback?code=1").await;
    assert_eq!(stage.text("who").await, "anna");

    assert_eq!(stage.visit("www.shop.test/?ref=j%C3%BCrgen%20b%3B").await, "jürgen b;");
    assert_eq!(stage.visit("app.shop.test/").await, "jürgen b;");
    assert_eq!(stage.visit("app.shop.test/spend").await, "spent");
    assert_eq!(stage.visit("app.shop.test/").await, "nobody");
    assert_eq!(stage.visit("www.shop.test/").await, "nobody");
}

#[tokio::test]
async fn images_frames_and_scripts_plant_no_key() {
    let Some(stage) = Stage::new(shared()).await else { return };
    // Of the same site, so that `SameSite` alone would let them.
    for host in ["forum.shop.test", "news.test"] {
        stage.browser.goto(&stage.url(&format!("{host}/planted"))).await.unwrap();
        assert_eq!(stage.run("return window.done").await, true);
        assert_eq!(stage.visit("www.shop.test/").await, "nobody", "{host}");
    }
    assert_eq!(stage.visit("www.shop.test/?aff=anna").await, "anna");
    stage.browser.goto(&stage.url("forum.shop.test/planted")).await.unwrap();
    assert_eq!(stage.run("return window.done").await, true);
    assert_eq!(stage.visit("www.shop.test/").await, "anna");
}

#[tokio::test]
async fn a_cookie_of_its_own_wins_over_the_script_s_beside_it() {
    let Some(stage) = Stage::new(shared()).await else { return };
    assert_eq!(stage.visit("www.shop.test/").await, "nobody");
    stage.script_sets("partnero_partner=bert").await;
    assert_eq!(stage.visit("www.shop.test/").await, "bert", "the script's alone");
    assert_eq!(stage.visit("app.shop.test/").await, "nobody", "is its host's alone");
    assert_eq!(stage.visit("www.shop.test/?aff=anna").await, "anna");
    assert_eq!(stage.visit("www.shop.test/").await, "anna");
    assert_eq!(stage.cookies_of_scripts().await, "partnero_partner=bert", "the script's stays");
    assert_eq!(stage.visit("app.shop.test/").await, "anna");

    assert_eq!(stage.visit("www.shop.test/spend").await, "spent");
    assert_eq!(stage.visit("www.shop.test/").await, "nobody", "both are gone");
}

#[tokio::test]
async fn two_cookies_of_one_name_become_one_with_the_next_link_and_are_both_removed() {
    let cookie = ReferralCookie::partnero_js(ProgramType::Affiliate).domain("shop.test");
    let Some(stage) = Stage::new(layer().set_cookie(cookie)).await else { return };
    stage.visit("www.shop.test/").await;
    stage.script_sets("partnero_partner=bert").await;
    assert_eq!(stage.visit("www.shop.test/?aff=anna").await, "anna");
    assert_eq!(stage.cookies_of_scripts().await, "partnero_partner=anna", "one is left, and the script can read it");
    assert_eq!(stage.visit("app.shop.test/").await, "anna");

    stage.visit("www.shop.test/").await;
    stage.script_sets("partnero_partner=carl").await;
    assert_eq!(stage.visit("www.shop.test/").await, "anna", "the older one is sent first, and the first one is read");
    assert_eq!(stage.text("cookies").await, "partnero_partner=anna; partnero_partner=carl");
    assert_eq!(stage.visit("www.shop.test/aff/carl").await, "carl");
    assert_eq!(stage.text("cookies").await, "partnero_partner=carl");

    stage.script_sets("partnero_partner=bert").await;
    assert_eq!(stage.visit("www.shop.test/spend").await, "spent");
    assert_eq!(stage.visit("www.shop.test/").await, "nobody");
    assert_eq!(stage.text("cookies").await, "");
}
