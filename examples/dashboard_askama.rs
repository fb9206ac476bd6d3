//! The dashboard inside an application's own page, with its own words: `cargo run --example dashboard_askama`.
//!
//! The page is the application's, a template of askama. The dashboard's router serves what the fragment in it loads.

use std::error::Error;

use askama::Template;
use axum::{
    Router,
    extract::{FromRequestParts, State},
    http::{StatusCode, header::CONTENT_SECURITY_POLICY, request::Parts},
    response::{Html, IntoResponse},
    routing::get,
};
use axum_extra::extract::CookieJar;
use axum_partnero::{
    DashboardRouter, Partnero,
    dashboard::{Fragment, Texts},
    sandbox::Sandbox,
};
use tokio::net::TcpListener;

/// Where the dashboard's router is.
const FRIENDS: &str = "/konto/freunde";

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="de">
<title>Mein Konto</title>
<main>
<h1>Hallo, {{ name }}</h1>
<p>Bestellungen, Adressen, und:</p>
{# It displays as HTML in which everything is escaped that must be. -#}
{{ friends|safe }}
</main>
</html>"#
)]
struct Account<'a> {
    name: &'a str,
    friends: Fragment<'a>,
}

/// Who is signed in. Your session will be harder to forge.
struct SignedIn {
    id: String,
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let cookies = CookieJar::from_headers(&parts.headers);
        let id = cookies.get("session").map(|cookie| cookie.value().to_owned());
        id.map(|id| Self { id }).ok_or(StatusCode::UNAUTHORIZED)
    }
}

/// What isn't set stays English.
fn german() -> Texts {
    let mut texts = Texts::english();
    texts.lang = "de".into();
    texts.link = "Dein Link".into();
    texts.copy = "Link kopieren".into();
    texts.copied = "Kopiert".into();
    texts.share = "Teile deinen Link".into();
    texts.totals = "Bisher".into();
    texts.clicks = "Klicks".into();
    texts.referrals = "Freunde".into();
    texts.balance = "Guthaben".into();
    texts.no_balance = "Noch nichts".into();
    texts.friends = "Deine Freunde".into();
    texts.active = "Aktiv".into();
    (texts.decimal_mark, texts.thousands_mark) = (",".into(), ".".into());
    texts.date = "{day}. {month} {year}".into();
    (texts.months[2], texts.months[4]) = ("März".into(), "Mai".into());
    texts
}

/// It waits for Partnero, 2.5 seconds at most; then a part of the dashboard is missing, and the page is whole.
async fn account(State(partnero): State<Partnero>, user: SignedIn) -> Result<impl IntoResponse, StatusCode> {
    let (dashboard, texts) = (partnero.dashboard(&user.id).await, german());
    let page = Account { name: &user.id, friends: dashboard.fragment(FRIENDS, &texts) };
    let html = page.render().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    // The page is one visitor's own, and the fragment needs style and script from this site.
    let headers = [("cache-control", "private, no-store"), (CONTENT_SECURITY_POLICY.as_str(), "default-src 'self'")];
    Ok((headers, Html(html)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::refer_a_friend().customer("anna").referred_customer("mia", "anna").spawn().await?;
    let partnero = sandbox.partnero()?;
    let friends = DashboardRouter::new(partnero.clone(), |user: SignedIn| user.id).texts(german());
    let app: Router =
        Router::new().route("/konto", get(account)).nest(FRIENDS, friends.into_router()).with_state(partnero.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let site = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });

    let browser = reqwest::Client::new();
    let page = browser.get(format!("{site}/konto")).header("cookie", "session=anna").send().await?.text().await?;
    println!("{page}");
    let style = page.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).ok_or("a style")?;
    let style = browser.get(format!("{site}{style}")).send().await?.error_for_status()?;
    let stranger = browser.get(format!("{site}/konto")).send().await?.status();

    partnero.shutdown(std::time::Duration::from_secs(10)).await;
    let is_whole =
        ["Hallo, anna", "?ref=anna", "Link kopieren", "Deine Freunde"].iter().all(|text| page.contains(text));
    let as_expected = is_whole && style.text().await?.contains(".partnero-dashboard") && stranger == 401;
    if as_expected { Ok(()) } else { Err("that isn't what should have happened".into()) }
}
