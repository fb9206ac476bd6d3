//! Customers who refer customers, from the sign-up to the reward: `cargo run --example refer_a_friend`.
//!
//! Anna signs up. An observer saves her referral link in the application's own table as soon as Partnero has given it.
//! Mia follows the link, signs up and buys; Anna finds friend and reward on her dashboard, which is at `/friends`.

use std::{error::Error, time::Duration};

use axum::{
    Form, Router,
    extract::{FromRef, FromRequestParts, State},
    http::{StatusCode, request::Parts},
    response::Redirect,
    routing::post,
};
use axum_extra::extract::{CookieJar, cookie::Cookie};
use axum_partnero::{
    BoxError, CustomerKey, DashboardRouter, Decimal, NewCustomer, NewTransaction, Observer, Partnero, ReferralKey,
    ReferralLayer, api::Customer, sandbox::Sandbox,
};
use serde::Deserialize;
use serde_json::Value;
use sqlx::{SqlitePool, sqlite::SqlitePoolOptions};
use tokio::net::TcpListener;

/// Saves the link with which a customer refers others, for mails and for pages that mustn't wait for Partnero. It may
/// be told twice.
struct SaveLinks(SqlitePool);

impl Observer for SaveLinks {
    async fn signed_up(&self, key: &CustomerKey, customer: &Customer) -> Result<(), BoxError> {
        let update = sqlx::query("UPDATE users SET link = ? WHERE id = ?");
        update.bind(&customer.referral_link).bind(key.as_str()).execute(&self.0).await?;
        Ok(())
    }
}

#[derive(Clone, FromRef)]
struct AppState {
    partnero: Partnero,
    users: SqlitePool,
}

/// Who is signed in. Your session will be harder to forge.
struct SignedIn(String);

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Redirect;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Redirect> {
        let cookies = CookieJar::from_headers(&parts.headers);
        let id = cookies.get("session").map(|cookie| cookie.value().to_owned());
        id.map(Self).ok_or_else(|| Redirect::to("/signin"))
    }
}

#[derive(Deserialize)]
struct SignUp {
    name: String,
    email: String,
}

async fn sign_up(
    State(partnero): State<Partnero>,
    State(users): State<SqlitePool>,
    referral: Option<ReferralKey>,
    cookies: CookieJar,
    Form(form): Form<SignUp>,
) -> Result<(CookieJar, Redirect), StatusCode> {
    let insert = sqlx::query("INSERT INTO users (name, email) VALUES (?, ?)");
    let inserted = insert.bind(&form.name).bind(&form.email).execute(&users).await;
    let id = inserted.map_err(|_| StatusCode::CONFLICT)?.last_insert_rowid();
    partnero.track_sign_up(NewCustomer::new(id).email(form.email).name(form.name).referred_by(referral));
    Ok((cookies.add(Cookie::new("session", id.to_string())), Redirect::to("/friends")))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let site = format!("http://{}", listener.local_addr()?);
    let sandbox = Sandbox::refer_a_friend().site(&site).spawn().await?;
    // In memory, for the demonstration alone: yours is your database.
    let users = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
    sqlx::query("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, email TEXT UNIQUE, link TEXT)")
        .execute(&users)
        .await?;
    let partnero = sandbox.partnero_builder().observer(SaveLinks(users.clone())).build()?;

    let friends = DashboardRouter::new(partnero.clone(), |SignedIn(id)| id);
    let app: Router = Router::new()
        .route("/signup", post(sign_up))
        .nest("/friends", friends.into_router())
        .layer(ReferralLayer::new())
        .with_state(AppState { partnero: partnero.clone(), users: users.clone() });
    tokio::spawn(async move { axum::serve(listener, app).await });

    let anna = visitor("Anna", &site, None).await?;
    let link = loop {
        let found: Option<String> = sqlx::query_scalar("SELECT link FROM users WHERE id = 1").fetch_one(&users).await?;
        match found {
            Some(link) => break link,
            None => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    println!("Anna's link was saved: {link}");

    // Mia follows it; the site's script keeps its key in a cookie.
    let key = ReferralKey::from_url(&link).ok_or("a link with a key")?;
    visitor("Mia", &site, Some(&key)).await?;
    partnero.track_sale(NewTransaction::new("order-1", Decimal::new(4990, 2)).customer(2));
    partnero.flush(Duration::from_secs(10)).await?;

    let dashboard: Value = anna.get(format!("{site}/friends/data")).send().await?.json().await?;
    let (friend, balance) = (&dashboard["friends"]["value"]["list"][0], &dashboard["balances"]["value"][0]);
    println!("Anna's friend: {} ({}), {}", friend["name"], friend["email"], friend["status"]);
    println!("Anna's reward: {} {}", balance["amount"], balance["currency"]);
    let page = anna.get(format!("{site}/friends")).send().await?.text().await?;
    println!("Her page has {} bytes, with a button to copy the link.", page.len());

    partnero.shutdown(Duration::from_secs(10)).await;
    let as_expected = friend["name"] == "Mia" && balance["amount"] == "14.97" && page.contains("Copy link");
    if as_expected { Ok(()) } else { Err("that isn't what should have happened".into()) }
}

/// Someone with a browser, who signs up.
async fn visitor(name: &str, site: &str, key: Option<&ReferralKey>) -> reqwest::Result<reqwest::Client> {
    let policy = reqwest::redirect::Policy::none();
    let browser = reqwest::Client::builder().cookie_store(true).redirect(policy).build()?;
    let form = [("name", name), ("email", &format!("{name}@mail.example"))];
    let mut sign_up = browser.post(format!("{site}/signup")).form(&form);
    if let Some(key) = key {
        sign_up = sign_up.header("cookie", format!("partnero_referral={key}"));
    }
    sign_up.send().await?.error_for_status()?;
    Ok(browser)
}
