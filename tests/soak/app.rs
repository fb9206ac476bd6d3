//! The application: this program, executed again.

use std::{fmt::Display, io::Read as _, path::PathBuf};

use axum::{
    Form, Json, Router,
    extract::{FromRef, State},
    http::StatusCode,
    routing::{get, post},
};
use axum_partnero::{
    Amount, DashboardRouter, Decimal, EventId, NewCustomer, NewTransaction, Partnero, ReferralCookie, ReferralKey,
    ReferralLayer, SqliteOutbox, WebhookEvent, Webhooks, delivery::Tracked, webhook::Inbox,
};
use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, runtime::Handle};

use crate::{
    user::User,
    wait::{DEADLINE, ms, secs, within},
};

/// The variable that holds the job.
pub(crate) const JOB: &str = "PARTNERO_SOAK_JOB";
/// Before the URL that it listens at.
pub(crate) const LISTENS: &str = ">listens at ";
/// Before what an event was about.
pub(crate) const HANDLED: &str = ">handled ";
/// Before its last words.
pub(crate) const REPORT: &str = ">report ";
/// How many dead letters it keeps.
pub(crate) const MAX_DEAD: usize = 50;

#[derive(Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) base_url: String,
    pub(crate) api_key: String,
    pub(crate) folder: PathBuf,
}

/// What it says of itself.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Vitals {
    /// Of the runtime.
    pub(crate) tasks: usize,
    /// Open files and sockets.
    pub(crate) files: usize,
    /// Calls that aren't over.
    pub(crate) waiting: u64,
    /// Events that aren't over.
    pub(crate) events: usize,
    pub(crate) dead: usize,
    pub(crate) parked: usize,
    pub(crate) refused: u64,
    pub(crate) dead_events: usize,
}

#[derive(Clone, FromRef)]
struct App {
    partnero: Partnero,
    inbox: Inbox,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn process() {
    let Ok(job) = std::env::var(JOB) else { return };
    let job: Job = serde_json::from_str(&job).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = App::open(&job, &url).await;
    let (partnero, inbox) = (app.partnero.clone(), app.inbox.clone());
    let router = router(app);
    tokio::spawn(async move { axum::serve(listener, router).await });
    println!("\n{LISTENS}{url}");
    // Until whoever started it has had enough, or is gone.
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await.unwrap().unwrap();
    let report = within(partnero.shutdown(DEADLINE)).await;
    let events = within(inbox.shutdown(DEADLINE)).await;
    println!("{REPORT}{report:?}, {events:?}");
    std::process::exit(0);
}

impl App {
    /// In haste, in proportion to each other as they are by default; and what is over is forgotten after half a minute.
    async fn open(job: &Job, url: &str) -> Self {
        let outbox = SqliteOutbox::open(job.folder.join("partnero.db")).await.unwrap();
        let builder = Partnero::builder(job.api_key.clone()).base_url(&job.base_url).outbox(outbox.clone());
        let partnero = builder
            .program_type(axum_partnero::ProgramType::ReferAFriend)
            .request_timeout(secs(1))
            .settle_delay(secs(3))
            .lease(secs(5))
            .backoff(ms(50), secs(2))
            .max_in_flight(32)
            .keep_settled(secs(30))
            .max_dead_letters(MAX_DEAD)
            .build()
            .unwrap();
        let events = ["transaction.created", "transaction.deleted"];
        let secret = partnero.ensure_webhook(format!("{url}/webhooks/partnero"), events).await.unwrap();
        let inbox = Webhooks::new(secret)
            .inbox(outbox)
            .on_event(handle)
            .backoff(ms(10), ms(200))
            .attempts(u32::MAX)
            .keep_settled(secs(30))
            .build()
            .unwrap();
        Self { partnero, inbox }
    }
}

fn router(app: App) -> Router {
    let friends = DashboardRouter::new(app.partnero.clone(), |user: User| user.0);
    let layer = ReferralLayer::new().capture_query(["ref"]).set_cookie(ReferralCookie::new());
    let webhooks = app.inbox.router();
    Router::new()
        .route("/", get(async |referral: Option<ReferralKey>| format!("referred: {}", referral.is_some())))
        .route("/signup", post(sign_up))
        .route("/order", post(order))
        .route("/refund", post(refund))
        .route("/adjust", post(adjust))
        .route("/vitals", get(vitals))
        .nest("/friends", friends.into_router())
        .layer(layer)
        .nest("/webhooks/partnero", webhooks)
        .with_state(app)
}

/// What the visitors send: a customer, or an order of one.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sent {
    pub(crate) key: String,
    pub(crate) customer: String,
    pub(crate) cents: i64,
}

impl Sent {
    fn transaction(&self) -> NewTransaction {
        NewTransaction::new(&self.key, Amount::from(Decimal::new(self.cents, 2))).customer(&self.customer)
    }
}

async fn sign_up(
    State(partnero): State<Partnero>,
    referral: Option<ReferralKey>,
    Form(sent): Form<Sent>,
) -> StatusCode {
    let email = format!("{}@mail.test", sent.customer);
    stored(partnero.track_sign_up(NewCustomer::new(sent.customer).email(email).name("Mia").referred_by(referral))).await
}

async fn order(State(partnero): State<Partnero>, Form(sent): Form<Sent>) -> StatusCode {
    stored(partnero.track_sale(sent.transaction())).await
}

async fn refund(State(partnero): State<Partnero>, Form(sent): Form<Sent>) -> StatusCode {
    stored(partnero.track_refund(sent.key)).await
}

async fn adjust(State(partnero): State<Partnero>, Form(sent): Form<Sent>) -> StatusCode {
    stored(partnero.track_adjustment(sent.transaction())).await
}

async fn stored<T>(mut tracked: Tracked<T>) -> StatusCode {
    match tracked.stored().await {
        Ok(()) => StatusCode::OK,
        Err(error) => refused(&error),
    }
}

fn refused(error: &impl Display) -> StatusCode {
    eprintln!("not stored: {error}");
    StatusCode::SERVICE_UNAVAILABLE
}

/// One in twenty fails or panics, before it is done or after it.
async fn handle(_: EventId, event: WebhookEvent) -> Result<(), &'static str> {
    trouble()?;
    println!("{HANDLED}{} {}", event.name(), event.transaction_key().unwrap_or_default());
    trouble()
}

fn trouble() -> Result<(), &'static str> {
    match fastrand::u32(..200) {
        0 => panic!("on purpose"),
        1..=4 => Err("on purpose"),
        _ => Ok(()),
    }
}

async fn vitals(State(app): State<App>) -> Result<Json<Vitals>, StatusCode> {
    let calls = app.partnero.status().await.map_err(|error| refused(&error))?;
    let events = app.inbox.status().await.map_err(|error| refused(&error))?;
    Ok(Json(Vitals {
        tasks: Handle::current().metrics().num_alive_tasks(),
        files: std::fs::read_dir("/dev/fd").map_err(|error| refused(&error))?.count(),
        waiting: calls.buffered + (calls.pending + calls.in_flight + calls.uncertain) as u64,
        events: events.pending + events.in_progress,
        dead: calls.dead,
        parked: calls.parked,
        refused: calls.refused,
        dead_events: events.dead,
    }))
}
