//! A link to `www`, a sign-up on `app`, and a provider of identities between them: `cargo run --example oauth_subdomain`.
//!
//! The layer captures the key of the link on `www.shop.test` and keeps it in a cookie of `shop.test`, so `app.shop.test` has
//! it, too. There the login keeps it with the OAuth state, for the way to the provider and back loses the query, and with
//! providers that return by a form the cookies as well. Signed up, the key is spent.
//!
//! Three visitors go that way: Mia by a link to `www`, Ben by one to the login itself, and Tom, whom nobody referred.

use std::{
    collections::HashMap,
    error::Error,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect},
    routing::get,
};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use axum_partnero::{NewCustomer, Partnero, ReferralCookie, ReferralKey, ReferralLayer, sandbox::Sandbox};
use reqwest::{Client, Url, cookie::Jar};
use tokio::net::TcpListener;

#[derive(Clone)]
struct App {
    partnero: Partnero,
    /// Who has gone to the provider, and who referred them. Yours is the session or a table: a `ReferralKey` has serde.
    logins: Arc<Mutex<HashMap<String, Option<ReferralKey>>>>,
    /// That of all hosts here. Yours have https, and need none.
    port: u16,
}

/// `app.shop.test/login`: keeps the key, and sends the visitor to the provider.
async fn login(State(app): State<App>, referral: Option<ReferralKey>, jar: CookieJar) -> impl IntoResponse {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).expect("the system has random bytes");
    let state = u128::from_ne_bytes(random).to_string();
    app.logins.lock().expect("nobody panics with it").insert(state.clone(), referral);
    // Whoever comes back must be whoever went. For a provider that returns by a form: `SameSite::None`, and `secure(true)`.
    let cookie = Cookie::build(("login", state.clone())).path("/").http_only(true).same_site(SameSite::Lax);
    (jar.add(cookie), Redirect::to(&format!("http://id.provider.test:{}/authorize?state={state}", app.port)))
}

#[derive(serde::Deserialize)]
struct Returned {
    state: String,
    name: String, // yours comes from the provider, for a code
}

/// `app.shop.test/callback`: the visitor is back, and signed up.
async fn callback(
    State(app): State<App>,
    Query(returned): Query<Returned>,
    jar: CookieJar,
) -> Result<impl IntoResponse, StatusCode> {
    if jar.get("login").map(Cookie::value) != Some(&returned.state) {
        return Err(StatusCode::FORBIDDEN);
    }
    let login = app.logins.lock().expect("nobody panics with it").remove(&returned.state);
    let referral = login.ok_or(StatusCode::FORBIDDEN)?;
    app.partnero.track_sign_up(NewCustomer::new(&returned.name).referred_by(referral));
    let jar = jar.remove(Cookie::build("login").path("/"));
    Ok((jar, ReferralKey::clear_cookies(), Redirect::to("/welcome")))
}

/// `id.provider.test/authorize`. It knows the visitor by a cookie of its own.
async fn authorize(
    State(app): State<App>,
    Query(query): Query<HashMap<String, String>>,
    jar: CookieJar,
) -> Result<Redirect, StatusCode> {
    let name = jar.get("name").map(Cookie::value).ok_or(StatusCode::UNAUTHORIZED)?;
    let state = query.get("state").ok_or(StatusCode::BAD_REQUEST)?;
    Ok(Redirect::to(&format!("http://app.shop.test:{}/callback?state={state}&name={name}", app.port)))
}

/// All other pages.
async fn page(referral: Option<ReferralKey>) -> String {
    format!("sent by {}", referral.as_ref().map_or("nobody", ReferralKey::as_str))
}

fn url(place: &str, at: SocketAddr) -> Result<Url, Box<dyn Error>> {
    let (host, path) = place.split_once('/').ok_or("no path")?;
    Ok(format!("http://{host}:{}/{path}", at.port()).parse()?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::affiliate().partner("anna").spawn().await?;
    let partnero = sandbox.partnero()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let at = listener.local_addr()?;

    let cookie = ReferralCookie::new().domain("shop.test").secure(false); // for plain http: leave it at its default
    let layer = ReferralLayer::new().capture_query(["aff"]).capture_path(["aff"]).set_cookie(cookie);
    let app = Router::new()
        .route("/login", get(login))
        .route("/callback", get(callback))
        .route("/authorize", get(authorize))
        .fallback(page)
        .layer(layer)
        .with_state(App { partnero: partnero.clone(), logins: Arc::default(), port: at.port() });
    tokio::spawn(axum::serve(listener, app).into_future());

    let mut seen = Vec::new();
    for (name, places) in [
        ("mia", &["www.shop.test/aff/anna/pricing", "app.shop.test/", "app.shop.test/login"][..]),
        ("ben", &["app.shop.test/login?aff=anna"]),
        ("tom", &["www.shop.test/", "app.shop.test/login"]),
    ] {
        let jar = Arc::new(Jar::default());
        jar.add_cookie_str(&format!("name={name}"), &url("id.provider.test/", at)?);
        let hosts = ["www.shop.test", "app.shop.test", "id.provider.test"]; // they are this machine
        let browser = hosts.into_iter().fold(Client::builder().no_proxy(), |browser, host| browser.resolve(host, at));
        let browser = browser.cookie_provider(jar).build()?;
        for place in places {
            let page = browser.get(url(place, at)?).send().await?;
            let (path, text) = (page.url().path().to_owned(), page.text().await?);
            println!("{name} opens {place}, comes to {path}: {text}");
            seen.push(format!("{path} {text}"));
        }
    }

    partnero.shutdown(Duration::from_secs(10)).await;
    let ledger = sandbox.ledger();
    let referrers = ["mia", "ben", "tom"].map(|name| ledger.customer(name).and_then(|it| it.referrer.as_deref()));
    println!("Partnero has as their referrers: {referrers:?}");
    let nobody = "/welcome sent by nobody"; // spent
    let as_expected = referrers == [Some("anna"), Some("anna"), None]
        && seen == ["/pricing sent by anna", "/ sent by anna", nobody, nobody, "/ sent by nobody", nobody];
    if as_expected { Ok(()) } else { Err("that isn't what should have happened".into()) }
}
