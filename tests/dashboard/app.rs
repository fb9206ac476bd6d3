//! An application with sign-ups and a dashboard, and a Partnero for it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Form, Router,
    extract::{FromRequestParts, State},
    http::{StatusCode, header::SET_COOKIE, request::Parts},
    response::{Html, IntoResponse, Redirect},
    routing::{get, post},
};
use axum_extra::extract::CookieJar;
use axum_partnero::{
    Clock, DashboardRouter, NewCustomer, Partnero, ReferralKey, ReferralLayer, SqliteOutbox,
    dashboard::{Dashboard, Part},
    sandbox::{Answer, Sandbox},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    wait::{ms, secs, within},
};

/// Who is signed in: a session as simple as can be.
pub(crate) struct SignedIn {
    pub(crate) id: String,
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let cookies = CookieJar::from_headers(&parts.headers);
        let id = cookies.get("session").map(|cookie| cookie.value().to_owned());
        id.map(|id| Self { id }).ok_or((StatusCode::UNAUTHORIZED, "sign in first"))
    }
}

/// The dashboard alone, below a path.
pub(crate) fn friends(partnero: &Partnero) -> Router {
    let dashboard = DashboardRouter::new(partnero.clone(), |user: SignedIn| user.id);
    Router::new().nest("/account/friends", dashboard.into_router())
}

/// An application whose visitors sign up, with an outbox on disk.
pub(crate) struct App {
    pub(crate) partnero: Partnero,
    pub(crate) port: u16,
    _sandbox: Sandbox,
    _folder: tempfile::TempDir,
}

#[derive(Clone)]
struct AppState {
    partnero: Partnero,
    users: Arc<AtomicU64>,
}

#[derive(Deserialize)]
struct SignUp {
    name: String,
    email: String,
}

const FORM: &str = "<!doctype html><html lang=en><title>Sign up</title><form method=post action=/signup>\
                    <input name=name><input name=email><button type=submit>Sign up</button></form>";

async fn sign_up(
    State(state): State<AppState>,
    referral: Option<ReferralKey>,
    Form(form): Form<SignUp>,
) -> impl IntoResponse {
    let id = format!("user-{}", state.users.fetch_add(1, Ordering::Relaxed));
    state.partnero.track_sign_up(NewCustomer::new(&id).name(form.name).email(form.email).referred_by(referral));
    ([(SET_COOKIE, format!("session={id}; Path=/; HttpOnly"))], Redirect::to("/account/friends"))
}

impl App {
    pub(crate) async fn start(clock: Clock) -> Self {
        let sandbox = Sandbox::refer_a_friend().spawn().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let outbox = SqliteOutbox::open(folder.path().join("partnero.db")).await.unwrap();
        let partnero = sandbox.partnero_builder().outbox(outbox).clock(clock).build().unwrap();
        let state = AppState { partnero: partnero.clone(), users: Arc::default() };
        let app = Router::new()
            .route("/", get(async || Html(FORM)))
            .route("/signup", post(sign_up))
            .with_state(state)
            .merge(friends(&partnero))
            .layer(ReferralLayer::new());
        let port = serve(app).await;
        Self { partnero, port, _sandbox: sandbox, _folder: folder }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }
}

/// As Anna, where the page needs nobody who is signed in.
pub(crate) async fn sign_in(browser: &Browser, port: u16) {
    browser.goto(&format!("http://localhost:{port}/account/friends/dashboard.css")).await.unwrap();
    browser.execute("document.cookie = 'session=anna; path=/'", Vec::new()).await.unwrap();
}

pub(crate) async fn serve(app: Router) -> u16 {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // What browsers ask for unasked.
    let app = app.route("/favicon.ico", get(async || StatusCode::NO_CONTENT));
    tokio::spawn(axum::serve(listener, app).into_future());
    port
}

/// A refer-a-friend program in which Anna is, with these friends.
pub(crate) async fn anna_with(friends: &[&str]) -> (Sandbox, Partnero, Clock) {
    let mut sandbox = Sandbox::refer_a_friend().customer("anna");
    for friend in friends {
        sandbox = sandbox.referred_customer(*friend, "anna");
    }
    let sandbox = sandbox.spawn().await.unwrap();
    let (partnero, clock) = handle(&sandbox);
    (sandbox, partnero, clock)
}

/// A handle whose time stands still: no read is given up, however busy the machine, until a test says so.
pub(crate) fn handle(sandbox: &Sandbox) -> (Partnero, Clock) {
    let clock = Clock::manual();
    let builder = sandbox.partnero_builder().clock(clock.clone()).request_timeout(secs(300)).settle_delay(secs(300));
    (builder.build().unwrap(), clock)
}

/// Lets time pass until it has come to an end.
pub(crate) async fn passing<T>(clock: &Clock, future: impl Future<Output = T>) -> T {
    let passes = async {
        loop {
            clock.advance(ms(500));
            tokio::time::sleep(ms(2)).await;
        }
    };
    tokio::select! {
        value = within(future) => value,
        () = passes => unreachable!("it never ends"),
    }
}

/// Partnero's answer with this in `data`.
pub(crate) fn data(data: &Value) -> Answer {
    Answer::json(200, &json!({ "data": data, "status": 1 }))
}

/// A program with numbers, as a page of it should look.
pub(crate) async fn full() -> (Sandbox, Partnero) {
    let (sandbox, partnero, _) = anna_with(&[]).await;
    sandbox.fault(data(&json!({"clicks": 1284, "referrals": 5}))).on("GET", "/customers/anna/stats");
    let money = |amount: &str, units| json!({"amount": amount, "amount_units": units, "is_currency": true});
    let balance = json!({ "balance": { "currency": [money("1234.5", "EUR"), money("60", "USD")] } });
    sandbox.fault(data(&balance)).on("GET", "/customers/anna/balance");
    let friend = |name: &str, surname: &str, email: &str, status: &str, day: &str| {
        json!({"id": name, "name": name, "surname": surname, "email": email, "status": status,
               "created_at": format!("{day}T05:06:07.000000Z")})
    };
    let friends = json!([
        friend("Mia", "Koch", "mia.koch@example.test", "active", "2026-03-04"),
        friend("José Antonio", "García", "jose@example.test", "active", "2026-03-11"),
        friend("", "", "someone@mail.example", "pending", "2026-05-30"),
        friend("محمد", "", "m@example.test", "active", "2026-08-01"),
        friend("Ada", "Byron", "ada@example.test", "archived", "2026-11-20"),
    ]);
    sandbox.fault(data(&friends)).on("GET", "/customers/anna/referrals");
    (sandbox, partnero)
}

/// What it says of its parts, shortly: `+` is there, `-` isn't.
pub(crate) fn parts(dashboard: &Dashboard) -> String {
    fn mark<T>(part: &Part<T>) -> char {
        if part.is_loaded() { '+' } else { '-' }
    }
    let Dashboard { link, clicks, referrals, balances, friends, .. } = dashboard;
    [mark(link), mark(clicks), mark(referrals), mark(balances), mark(friends)].into_iter().collect()
}
