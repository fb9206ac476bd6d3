//! A visitor with a browser: signs up, copies the link, goes through the page by keyboard.

use axum::{http::header::CONTENT_SECURITY_POLICY, response::Html, routing::get};
use axum_partnero::{Clock, sandbox::Answer};
use fantoccini::Locator;
use serde_json::json;

use crate::{
    app::{self, App},
    browser::Browser,
    wait::{secs, until},
};

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

async fn sign_up(browser: &Browser, app: &App, name: &str, email: &str) {
    browser.goto(&app.url("/")).await.unwrap();
    let form = browser.form(Locator::Css("form")).await.unwrap();
    form.set_by_name("name", name).await.unwrap().set_by_name("email", email).await.unwrap();
    form.submit().await.unwrap();
    until("it leads there", async || browser.current_url().await.unwrap().path() == "/account/friends").await;
    app.partnero.flush(secs(60)).await.unwrap();
}

async fn text(browser: &Browser, css: &str) -> String {
    match browser.find(Locator::Css(css)).await {
        Ok(element) => element.text().await.unwrap_or_default(),
        Err(_) => String::new(),
    }
}

/// Looks again after as much time as it takes for that to be looked up again.
async fn until_shown(browser: &Browser, clock: &Clock, css: &str, shown: &str) {
    until(shown, async || {
        clock.advance(secs(61));
        browser.refresh().await.unwrap();
        text(browser, css).await.contains(shown)
    })
    .await;
}

async fn clipboard(browser: &Browser) -> String {
    let read = "const done = arguments[0]; navigator.clipboard.readText().then(done, error => done(String(error)))";
    browser.execute_async(read, Vec::new()).await.unwrap().as_str().unwrap().to_owned()
}

#[tokio::test]
async fn who_signs_up_copies_the_link_and_sees_the_friend_who_came_by_it() {
    let Some(anna) = Browser::start().await else { return };
    let clock = Clock::manual();
    let app = App::start(clock.clone()).await;
    sign_up(&anna, &app, "Anna", "anna@example.test").await;
    until_shown(&anna, &clock, "h2", "Your link").await;
    until_shown(&anna, &clock, ".partnero-dashboard", "Nobody yet").await;

    anna.allow_clipboard().await;
    anna.find(Locator::Css("button")).await.unwrap().click().await.unwrap();
    until("it says so", async || text(&anna, "[role=status]").await == "Copied").await;
    let link = clipboard(&anna).await;
    assert_eq!(link, "https://shop.example?ref=user-0");
    assert_eq!(anna.complaints().await, [""; 0]);

    // Mia follows it, where the site's script keeps the key as a cookie.
    let mia = Browser::start().await.unwrap();
    mia.goto(&app.url("/")).await.unwrap();
    let key = link.split_once("?ref=").unwrap().1;
    mia.execute(&format!("document.cookie = 'partnero_referral={key}; path=/'"), Vec::new()).await.unwrap();
    sign_up(&mia, &app, "Mia", "mia@example.test").await;

    until_shown(&anna, &clock, "tbody", "Mia").await;
    let row = text(&anna, "tbody tr").await;
    assert!(row.contains("m***@e***.test") && row.contains("Active"), "{row}");
    assert!(text(&anna, "dl").await.contains("Friends\n1"));
}

#[tokio::test]
async fn everything_is_reached_and_done_by_keyboard() {
    let Some(browser) = Browser::start().await else { return };
    let (_sandbox, partnero) = app::full().await;
    let port = app::serve(app::friends(&partnero)).await;
    app::sign_in(&browser, port).await;
    browser.goto(&format!("http://localhost:{port}/account/friends")).await.unwrap();
    let mut reached = Vec::new();
    loop {
        browser.active_element().await.unwrap().send_keys(TAB).await.unwrap();
        let at = "const at = document.activeElement; const style = getComputedStyle(at);
                  return [at.tagName, at.labels?.[0]?.textContent ?? at.textContent, style.outlineStyle !== 'none']";
        let at = browser.execute(at, Vec::new()).await.unwrap();
        if at[0] == "BODY" || reached.len() > 20 {
            break;
        }
        assert_eq!(at[2], true, "it is seen where one is: {at}");
        reached.push(format!("{} {}", at[0].as_str().unwrap(), at[1].as_str().unwrap()));
    }
    let names = ["WhatsApp", "Facebook", "X", "LinkedIn", "Telegram"];
    let links = names.map(|name| format!("A {name} (opens in a new tab)"));
    assert_eq!(reached, [&["INPUT ", "BUTTON Copy link", "A E-mail"].map(String::from)[..], &links].concat());

    browser.allow_clipboard().await;
    browser.find(Locator::Css("button")).await.unwrap().send_keys(ENTER).await.unwrap();
    until("it says so", async || text(&browser, "[role=status]").await == "Copied").await;
    assert_eq!(clipboard(&browser).await, "https://shop.example?ref=anna");
}

#[tokio::test]
async fn on_plain_http_and_in_a_fragment_that_came_later_the_button_copies_too() {
    let Some(browser) = Browser::start().await else { return };
    let (_sandbox, partnero) = app::full().await;
    let page = "<!doctype html><html lang=en><title>Shop</title><main></main>\
                <script src=/account/friends/dashboard.js defer></script>";
    let shop = get(async move || ([(CONTENT_SECURITY_POLICY, "default-src 'self'")], Html(page)));
    let port = app::serve(app::friends(&partnero).route("/shop", shop)).await;
    browser.goto(&format!("http://shop.test:{port}/shop")).await.unwrap();
    browser.execute("document.cookie = 'session=anna; path=/'", Vec::new()).await.unwrap();
    let later = "const done = arguments[0];
                 if (navigator.clipboard) done('there is a clipboard');
                 fetch('/account/friends/fragment').then(it => it.text()).then(html => {
                     document.querySelector('main').innerHTML = html; done('');
                 })";
    assert_eq!(browser.execute_async(later, Vec::new()).await.unwrap(), "");
    browser.find(Locator::Css("button")).await.unwrap().click().await.unwrap();
    until("it says so", async || text(&browser, "[role=status]").await == "Copied").await;
    let style = "return getComputedStyle(document.querySelector('dl')).display";
    assert_eq!(browser.execute(style, Vec::new()).await.unwrap(), "flex", "its style came with it");
    assert_eq!(browser.complaints().await, [""; 0]);
    browser.allow_clipboard().await;
    browser.goto(&format!("http://localhost:{port}/account/friends/dashboard.css")).await.unwrap();
    assert_eq!(clipboard(&browser).await, "https://shop.example?ref=anna");
}

#[tokio::test]
async fn without_a_clipboard_the_link_is_selected_and_the_visitor_told_how() {
    let Some(browser) = Browser::start().await else { return };
    let (_sandbox, partnero) = app::full().await;
    let port = app::serve(app::friends(&partnero)).await;
    app::sign_in(&browser, port).await;
    browser.goto(&format!("http://localhost:{port}/account/friends")).await.unwrap();
    let refuse = "navigator.clipboard.writeText = () => Promise.reject(new Error('no'));
                  document.execCommand = () => false";
    browser.execute(refuse, Vec::new()).await.unwrap();
    browser.find(Locator::Css("button")).await.unwrap().click().await.unwrap();
    until("it says so", async || text(&browser, "[role=status]").await.starts_with("Press Ctrl+C")).await;
    assert_eq!(
        browser.execute("return getSelection().toString()", Vec::new()).await.unwrap(),
        "https://shop.example?ref=anna"
    );
}

#[tokio::test]
async fn hostile_names_and_links_do_nothing_in_a_browser() {
    let Some(browser) = Browser::start().await else { return };
    let (sandbox, partnero, _) = app::anna_with(&[]).await;
    let evil =
        "<img src=x onerror=document.title='pwned'><script>document.title='pwned'</script>\"'><a href=//evil.test>";
    let friend = json!({"name": evil, "surname": evil, "email": evil, "status": evil, "created_at": evil});
    sandbox.fault(app::data(&json!([friend]))).on("GET", "/customers/anna/referrals");
    let money = json!({"amount": 5, "amount_units": evil});
    sandbox.fault(app::data(&json!({"balance": {"currency": [money]}}))).on("GET", "/customers/anna/balance");
    let stats = json!({"clicks": evil, "facebook": "https://x.test/\"><script>document.title='pwned'</script>"});
    sandbox.fault(app::data(&stats)).on("GET", "/customers/anna/stats");
    let customer = json!({"key": "anna", "referral_link": "https://x.test/?\"onfocus=document.title='pwned'"});
    sandbox.fault(Answer::json(200, &json!({"data": customer}))).on("GET", "/customers/anna");
    let port = app::serve(app::friends(&partnero)).await;
    app::sign_in(&browser, port).await;
    for path in ["/account/friends", "/account/friends/fragment"] {
        browser.complaints().await;
        browser.goto(&format!("http://localhost:{port}{path}")).await.unwrap();
        assert!(text(&browser, "tbody").await.contains("<img src=x"));
        let made = "return document.querySelectorAll('img, a[href*=\"evil\"], input[onfocus]').length
                    + document.querySelectorAll('script').length - 1";
        assert_eq!(browser.execute(made, Vec::new()).await.unwrap(), 0);
        assert_ne!(browser.title().await.unwrap(), "pwned");
        assert_eq!(browser.complaints().await, [""; 0]);
    }
}
