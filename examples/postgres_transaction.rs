//! An order and its conversion in one transaction of PostgreSQL: `cargo run --example postgres_transaction`.
//!
//! They are committed together or not at all. It starts a PostgreSQL of its own,
//! where one is installed; with `DATABASE_URL`, it makes its tables in the schema `axum_partnero_example` there, and
//! drops it in the end.

use std::{env, error::Error, time::Duration};

use axum::{
    Form, Router,
    extract::{FromRef, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use axum_partnero::{
    Decimal, InTransactionError, NewTransaction, Partnero, PostgresOutbox,
    sandbox::{Fault, Sandbox},
};
use postgres::Postgres;
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use stage::{Proof, Visitor, delivered, serve};

#[path = "../tests/shared/postgres.rs"]
mod postgres;
mod stage;

#[derive(Clone, FromRef)]
struct AppState {
    partnero: Partnero,
    db: PgPool,
}

#[derive(serde::Deserialize)]
struct Order {
    number: i64,
    user: String,
    total: Decimal,
    card: String,
}

/// Whatever returns early rolls back, and what was tracked with it.
async fn order(State(app): State<AppState>, Form(order): Form<Order>) -> Result<StatusCode, Failed> {
    let mut tx = app.db.begin().await?;
    let insert = sqlx::query("INSERT INTO orders (number, customer, total) VALUES ($1, $2, $3)");
    insert.bind(order.number).bind(&order.user).bind(order.total.to_string()).execute(&mut *tx).await?;
    let sale = NewTransaction::new(order.number, order.total).customer(order.user);
    app.partnero.in_transaction(&mut tx).track_sale(sale).await?;
    if order.card == "declined" {
        return Ok(StatusCode::PAYMENT_REQUIRED);
    }
    tx.commit().await?;
    Ok(StatusCode::CREATED)
}

/// An order that is there already, or a database that isn't.
struct Failed(StatusCode);

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        let is_known = error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation);
        Self(if is_known { StatusCode::CONFLICT } else { StatusCode::SERVICE_UNAVAILABLE })
    }
}

impl From<InTransactionError> for Failed {
    fn from(_: InTransactionError) -> Self {
        Self(StatusCode::SERVICE_UNAVAILABLE)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

const SCHEMA: &str = "axum_partnero_example";

/// A PostgreSQL of our own lives as long as the first of these.
async fn database() -> Result<(Option<Postgres>, PgPool), Box<dyn Error>> {
    let own = if env::var_os("DATABASE_URL").is_none() { Postgres::start() } else { None };
    let url = own.as_ref().map_or_else(|| env::var("DATABASE_URL"), |own| Ok(own.url("postgres")));
    let url = url.map_err(|_| "it takes a PostgreSQL: install one, or name it by DATABASE_URL")?;
    let options = url.parse::<PgConnectOptions>()?.options([("search_path", SCHEMA)]);
    let db = PgPoolOptions::new().max_connections(10).connect_with(options).await?;
    // What an earlier run left, if it was stopped midway.
    sqlx::raw_sql("DROP SCHEMA IF EXISTS axum_partnero_example CASCADE").execute(&db).await?;
    sqlx::raw_sql("CREATE SCHEMA axum_partnero_example").execute(&db).await?;
    sqlx::raw_sql("CREATE TABLE orders (number BIGINT PRIMARY KEY, customer TEXT, total TEXT)").execute(&db).await?;
    Ok((own, db))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (_own, db) = database().await?;
    let sandbox = Sandbox::affiliate().referred_customer("mia", "anna").spawn().await?;
    let outbox = PostgresOutbox::new(db.clone());
    outbox.create_schema().await?; // or `PostgresOutbox::SCHEMA` in a migration
    // The shop only stores what is to be sent. A process beside it sends.
    let partnero = sandbox.partnero_builder().outbox(outbox.clone()).dispatch(false).build()?;
    let app = Router::new().route("/orders", post(order));
    let url = serve(app.with_state(AppState { partnero: partnero.clone(), db: db.clone() })).await? + "/orders";
    let mut proof = Proof::default();
    let mia = Visitor::with_cookie("");
    let buy = async |number: &str, card: &str| {
        let form = [("number", number), ("user", "mia"), ("total", "89.00"), ("card", card)];
        mia.post(url.clone(), &form).await
    };

    println!("Mia orders. Her second order's card is declined, and her browser sends the first once more.");
    let answers = [buy("1", "good").await?, buy("2", "declined").await?, buy("1", "good").await?];
    proof.that("the answers are 201, 402 and 409", answers == [201, 402, 409]);
    let orders: Vec<i64> = sqlx::query_scalar("SELECT number FROM orders").fetch_all(&db).await?;
    let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM partnero_calls").fetch_one(&db).await?;
    proof.that("one order was committed, and one sale with it", orders == [1] && waiting == 1);
    proof.that("Partnero knows nothing yet", sandbox.requests().is_empty());
    partnero.shutdown(Duration::from_secs(10)).await;

    println!("Another process sends what was stored. Its first request finds nobody.");
    sandbox.fault(Fault::Refuse).on("POST", "/transactions").times(1);
    let shortly = Duration::from_millis(500);
    let worker = sandbox.partnero_builder().outbox(outbox).request_timeout(shortly).settle_delay(shortly).build()?;
    delivered(&worker).await?;
    let ledger = sandbox.ledger();
    proof.that("order 1 is there, once", ledger.live_transactions("1").len() == 1);
    proof.that("order 2 is not", ledger.live_transactions("2").is_empty());
    proof.that("anna is owed 26.70", ledger.owed_to("anna") == Decimal::new(2670, 2));

    worker.shutdown(Duration::from_secs(10)).await;
    sqlx::raw_sql("DROP SCHEMA axum_partnero_example CASCADE").execute(&db).await?;
    proof.end()
}
