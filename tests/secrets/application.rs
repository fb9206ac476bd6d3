//! An application that knows much of its visitors, in front of a Partnero that repeats what it is told.

use std::{fmt, sync::Arc};

use axum::{
    Router,
    extract::{FromRef, State},
    http::StatusCode,
    routing::{get, post},
};
use axum_partnero::{
    BoxError, Clock, CustomerKey, DashboardRouter, DeadLetter, Decimal, EventId, HoldReason, NewCustomer,
    NewTransaction, Observer, Partnero, PostgresOutbox, ReferralCookie, ReferralKeys, ReferralLayer, RefusedCall,
    SqliteOutbox, TransactionKey, WebhookEvent, WebhookSecret, Webhooks,
    api::{Customer, Transaction},
    delivery::PartneroBuilder,
    sandbox::Sandbox,
    webhook::Inbox,
};
use sqlx::{Executor as _, PgPool, SqlitePool};
use tokio::net::TcpListener;

use crate::{
    told::{SECRET, Told},
    user::User,
    wait::{ms, secs},
};

/// Where the calls are kept.
#[derive(Clone)]
pub(crate) enum Store {
    Memory,
    Sqlite(SqliteOutbox, SqlitePool),
    Postgres(PostgresOutbox, PgPool),
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Sqlite(..) => "sqlite",
            Self::Postgres(..) => "postgres",
        })
    }
}

impl Store {
    fn of_calls(&self, builder: PartneroBuilder) -> PartneroBuilder {
        match self.clone() {
            Self::Memory => builder,
            Self::Sqlite(outbox, _) => builder.outbox(outbox),
            Self::Postgres(outbox, _) => builder.outbox(outbox),
        }
    }

    fn of_events(&self, webhooks: Webhooks) -> Webhooks {
        match self.clone() {
            Self::Memory => webhooks,
            Self::Sqlite(outbox, _) => webhooks.inbox(outbox),
            Self::Postgres(outbox, _) => webhooks.inbox(outbox),
        }
    }

    /// A statement of an operator's, or of somebody who shouldn't.
    pub(crate) async fn run(&self, statement: &'static str) {
        match self {
            Self::Memory => {}
            Self::Sqlite(_, pool) => drop(pool.execute(statement).await.unwrap()),
            Self::Postgres(_, pool) => drop(pool.execute(statement).await.unwrap()),
        }
    }
}

/// Saves nothing, and says so.
struct Failing(Told);

impl Failing {
    fn told(&self, what: &impl fmt::Debug) -> Result<(), BoxError> {
        self.0.shown(what);
        Err("the users' table is locked".into())
    }
}

impl Observer for Failing {
    async fn signed_up(&self, key: &CustomerKey, customer: &Customer) -> Result<(), BoxError> {
        self.told(&(key, customer))
    }

    async fn sold(&self, key: &TransactionKey, transaction: &Transaction) -> Result<(), BoxError> {
        self.told(&(key, transaction))
    }

    async fn refunded(&self, key: &TransactionKey) -> Result<(), BoxError> {
        panic!("of {key:?}")
    }

    async fn failed(&self, letter: &DeadLetter) -> Result<(), BoxError> {
        self.0.error(&Said(letter.to_string()));
        self.told(letter)
    }

    async fn refused(&self, call: &RefusedCall) -> Result<(), BoxError> {
        self.told(call)
    }

    async fn held(&self, reason: HoldReason) -> Result<(), BoxError> {
        self.told(&reason)
    }
}

#[derive(Debug)]
struct Said(String);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Said {}

#[derive(Clone, FromRef)]
pub(crate) struct Application {
    pub(crate) partnero: Partnero,
    pub(crate) inbox: Inbox,
    store: Arc<Store>,
    told: Told,
}

impl Application {
    /// And its URL.
    pub(crate) async fn start(sandbox: &Sandbox, store: &Store, told: &Told) -> (Self, String) {
        let builder = sandbox.partnero_builder().observer(Failing(told.clone()));
        // Time flies, but requests have their real time. In a database each flying second costs a few statements.
        let (clock, each) = (Clock::manual(), if matches!(store, Store::Memory) { secs(1) } else { ms(100) });
        let builder = builder.clock(clock.clone()).request_timeout(ms(250)).lease(secs(1_000_000));
        let builder = builder.settle_delay(each * 300).backoff(secs(1), secs(4));
        told.shown(&builder);
        let partnero = store.of_calls(builder.capacity(40)).build().unwrap();
        let webhooks = Webhooks::new(WebhookSecret::new(SECRET).unwrap()).on_event(handle);
        let webhooks = store.of_events(webhooks.with_state(told.clone())).attempts(3).clock(clock.clone());
        told.shown(&webhooks);
        let inbox = webhooks.build().unwrap();
        let app = Self { partnero, inbox, store: Arc::new(store.clone()), told: told.clone() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = router(app.clone());
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(ms(1)).await;
                clock.advance(each);
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        (app, url)
    }
}

fn router(app: Application) -> Router {
    let friends = DashboardRouter::new(app.partnero.clone(), |user: User| user.0);
    let layer = ReferralLayer::new().header("x-referral-key").capture_query(["ref"]).capture_path(["r"]);
    let webhooks = app.inbox.router();
    Router::new()
        .route("/", get(async |State(told): State<Told>, keys: ReferralKeys| told.shown(&keys)))
        .route("/buy", post(buy))
        .route("/buy-in-one", post(buy_in_one))
        .route("/break", get(async || -> () { panic!("on purpose") }))
        .nest("/friends", friends.into_router())
        .layer(layer.set_cookie(ReferralCookie::new()))
        .nest("/webhooks/partnero", webhooks)
        .with_state(app)
}

/// All that can be told of somebody.
pub(crate) fn customer(key: &str, referral: ReferralKeys) -> NewCustomer {
    let customer = NewCustomer::new(key).email(key).name("qzmarkMia").surname("qzmarkKochanski").tag("qzmarktag");
    customer.referred_by(referral)
}

pub(crate) fn sale(key: &str, of: &str) -> NewTransaction {
    NewTransaction::new(key, Decimal::new(4990, 2))
        .customer(of)
        .customer_email(of)
        .action("qzmarkaction")
        .product_id("qzmarkgift")
}

/// The body is a key, of the order, and of whoever orders.
async fn buy(State(app): State<Application>, referral: ReferralKeys, key: String) -> StatusCode {
    let mut calls = (
        app.partnero.track_sign_up(customer(&key, referral)),
        app.partnero.track_sale(sale(&key, &key)),
        app.partnero.track_adjustment(sale(&format!("{key}2"), &key)),
        app.partnero.track_refund(&key),
    );
    app.told.shown(&calls);
    for stored in [calls.0.stored().await, calls.1.stored().await, calls.2.stored().await, calls.3.stored().await] {
        if let Err(error) = stored {
            app.told.error(&error);
        }
    }
    // Behind a dead letter, that may take until the end.
    let Application { told, .. } = app;
    tokio::spawn(async move {
        match calls.0.delivered().await {
            Ok(outcome) => told.shown(&outcome),
            Err(error) => told.error(&error),
        }
        match calls.1.delivered().await {
            Ok(outcome) => told.shown(&outcome),
            Err(error) => told.error(&error),
        }
    });
    StatusCode::OK
}

/// The same in a transaction of the application's own.
async fn buy_in_one(State(app): State<Application>, referral: ReferralKeys, key: String) -> StatusCode {
    let done = match &*app.store {
        Store::Memory => return StatusCode::NOT_FOUND,
        Store::Sqlite(_, pool) => {
            let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
            let mut calls = app.partnero.in_transaction(&mut tx);
            app.told.shown(&calls);
            let signed_up = calls.track_sign_up(customer(&key, referral)).await;
            let sold = calls.track_sale(sale(&key, &key)).await;
            tx.commit().await.unwrap();
            [signed_up, sold]
        }
        Store::Postgres(_, pool) => {
            let mut tx = pool.begin().await.unwrap();
            let mut calls = app.partnero.in_transaction(&mut tx);
            app.told.shown(&calls);
            let signed_up = calls.track_sign_up(customer(&key, referral)).await;
            let sold = calls.track_sale(sale(&key, &key)).await;
            let _ = tx.commit().await;
            [signed_up, sold]
        }
    };
    for error in done.into_iter().filter_map(Result::err) {
        app.told.error(&error);
    }
    StatusCode::OK
}

/// Each third fails, each third panics.
async fn handle(State(told): State<Told>, id: EventId, event: WebhookEvent) -> Result<(), &'static str> {
    told.shown(&event);
    match id.to_string().bytes().map(u32::from).sum::<u32>() % 3 {
        0 => Err("the books are closed"),
        1 => panic!("on purpose"),
        _ => Ok(()),
    }
}
