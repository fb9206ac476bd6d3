//! Paid days after the order, by bank transfer: `cargo run --example delayed_payment`.
//!
//! When the money comes, no browser and no cookie is there. So the order keeps the referral key, and Partnero is told of
//! both, the customer and the sale, when it is paid.

use std::{error::Error, time::Duration};

use axum::{
    Form, Router,
    extract::{FromRef, Path, State},
    http::StatusCode,
    routing::post,
};
use axum_partnero::{Decimal, NewCustomer, NewTransaction, Partnero, ReferralKey, ReferralLayer, sandbox::Sandbox};
use sqlx::{SqlitePool, sqlite::SqlitePoolOptions};
use stage::{Proof, Visitor, delivered, serve};

mod stage;

#[derive(Clone, FromRef)]
struct AppState {
    partnero: Partnero,
    db: SqlitePool,
}

#[derive(serde::Deserialize)]
struct Order {
    number: i64,
    customer: String,
    total: String,
}

/// Keeps the key as JSON: that says which kind of program it is of, too.
async fn order(
    State(db): State<SqlitePool>,
    referral: Option<ReferralKey>,
    Form(order): Form<Order>,
) -> Result<StatusCode, Failed> {
    let referral = referral.map(|key| serde_json::to_string(&key)).transpose()?;
    let insert = sqlx::query("INSERT INTO orders (number, customer, total, referral) VALUES (?, ?, ?, ?)");
    insert.bind(order.number).bind(order.customer).bind(order.total).bind(referral).execute(&db).await?;
    Ok(StatusCode::CREATED)
}

/// The bank says that the money came, and may say so again.
async fn paid(
    State(db): State<SqlitePool>,
    State(partnero): State<Partnero>,
    Path(number): Path<i64>,
) -> Result<StatusCode, Failed> {
    let update = sqlx::query_as(
        "UPDATE orders SET paid = 1 WHERE number = ? AND NOT cancelled RETURNING customer, total, referral",
    );
    let Some((customer, total, referral)) =
        update.bind(number).fetch_optional(&db).await? as Option<(String, String, Option<String>)>
    else {
        return Ok(StatusCode::NOT_FOUND);
    };
    let referral: Option<ReferralKey> = referral.map(|kept| serde_json::from_str(&kept)).transpose()?;
    partnero.track_sign_up(NewCustomer::new(&customer).referred_by(referral));
    partnero.track_sale(NewTransaction::new(number, total.parse::<Decimal>()?).customer(customer)).stored().await?;
    Ok(StatusCode::OK)
}

async fn cancel(State(db): State<SqlitePool>, Path(number): Path<i64>) -> Result<StatusCode, Failed> {
    sqlx::query("UPDATE orders SET cancelled = 1 WHERE number = ?").bind(number).execute(&db).await?;
    Ok(StatusCode::OK)
}

/// Anything that goes wrong is a 500, so that the bank says it again.
struct Failed;

impl<E: Error> From<E> for Failed {
    fn from(_: E) -> Self {
        Self
    }
}

impl axum::response::IntoResponse for Failed {
    fn into_response(self) -> axum::response::Response {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::affiliate().partner("anna").spawn().await?;
    let partnero = sandbox.partnero()?;
    // In memory, for the demonstration alone.
    let db = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
    let table = "CREATE TABLE orders (number INTEGER PRIMARY KEY, customer TEXT, total TEXT, referral TEXT,
                                      paid INTEGER DEFAULT 0, cancelled INTEGER DEFAULT 0)";
    sqlx::raw_sql(table).execute(&db).await?;
    let app = Router::new()
        .route("/orders", post(order))
        .route("/orders/{number}/paid", post(paid))
        .route("/orders/{number}/cancel", post(cancel))
        .layer(ReferralLayer::new())
        .with_state(AppState { partnero: partnero.clone(), db });
    let url = serve(app).await? + "/orders";
    let mut proof = Proof::default();
    let (mia, bank) = (Visitor::with_cookie("partnero_partner=anna"), Visitor::with_cookie(""));

    println!("Mia comes by anna's link and orders twice, to be paid by bank transfer. One she cancels.");
    mia.post(url.clone(), &[("number", "1"), ("customer", "mia"), ("total", "89.00")]).await?;
    mia.post(url.clone(), &[("number", "2"), ("customer", "mia"), ("total", "49.90")]).await?;
    mia.post(format!("{url}/2/cancel"), &[]).await?;
    delivered(&partnero).await?;
    proof.that("Partnero knows nothing of it", sandbox.requests().is_empty());

    println!("The money comes, and the bank says so three times.");
    for _ in 0..3 {
        bank.post(format!("{url}/1/paid"), &[]).await?;
    }
    delivered(&partnero).await?;
    let ledger = sandbox.ledger();
    let referrer = ledger.customer("mia").and_then(|mia| mia.referrer.clone());
    proof.that("Mia is anna's, though the bank has no cookie", referrer.as_deref() == Some("anna"));
    proof.that("there is one sale", ledger.live_transactions("1").len() == 1);
    proof.that("anna is owed 26.70", ledger.owed_to("anna") == Decimal::new(2670, 2));

    println!("Money comes for the order that she cancelled.");
    let answer = bank.post(format!("{url}/2/paid"), &[]).await?;
    delivered(&partnero).await?;
    let is_unchanged = sandbox.ledger().owed_to("anna") == Decimal::new(2670, 2);
    proof.that("that is no sale", answer == 404 && is_unchanged);
    partnero.shutdown(Duration::from_secs(10)).await;
    proof.end()
}
