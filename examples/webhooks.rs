//! Partnero's webhooks, from the sale to the balance: `cargo run --example webhooks`.
//!
//! It sells to a local Partnero, which tells a webhook of each commission, twice. A handler enters it in the
//! application's own table, where the event's id counts once. One event finds the table locked by its auditor, and is
//! handled again; one that no handler takes becomes a dead letter, which the operator discards.

use std::{error::Error, time::Duration};

use axum::{Router, extract::State};
use axum_partnero::{
    BoxError, Decimal, Event, EventId, NewTransaction, SqliteOutbox, TransactionData, WebhookEvent, Webhooks,
    sandbox::{Sandbox, WebhookFault},
    webhook::Inbox,
};
use serde_json::json;
use sqlx::{SqlitePool, sqlite::SqlitePoolOptions};
use tokio::net::TcpListener;

/// What the application keeps of commissions.
#[derive(Clone)]
struct Books(SqlitePool);

impl Books {
    async fn open() -> sqlx::Result<Self> {
        // In memory, for the demonstration alone: yours is your database.
        let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
        sqlx::raw_sql(
            "CREATE TABLE commissions (event TEXT PRIMARY KEY, sale TEXT, amount TEXT);
             CREATE TABLE audits (left INTEGER); INSERT INTO audits VALUES (1)",
        )
        .execute(&pool)
        .await?;
        Ok(Self(pool))
    }

    /// Whether an auditor has the books, who wants them once.
    async fn are_locked(&self) -> sqlx::Result<bool> {
        let locked = sqlx::query("UPDATE audits SET left = left - 1 WHERE left > 0").execute(&self.0).await?;
        Ok(locked.rows_affected() > 0)
    }

    async fn all(&self) -> sqlx::Result<Vec<(String, String)>> {
        sqlx::query_as("SELECT sale, amount FROM commissions ORDER BY sale").fetch_all(&self.0).await
    }
}

/// Handles `transaction.created`. It is called at least once for each event: the id makes it one entry.
async fn earned(State(books): State<Books>, id: EventId, sale: Event<TransactionData>) -> Result<(), BoxError> {
    if books.are_locked().await? {
        println!("  the books are locked: again, later");
        return Err("the books are locked".into());
    }
    let amount: Decimal = sale.data.rewards.iter().filter_map(|reward| reward.amount).sum();
    let entry = sqlx::query("INSERT INTO commissions VALUES (?, ?, ?) ON CONFLICT (event) DO NOTHING");
    entry.bind(id.to_string()).bind(sale.data.transaction_key()).bind(amount.to_string()).execute(&books.0).await?;
    println!("  a commission of {amount} for {}", sale.data.transaction_key().unwrap_or("?"));
    Ok(())
}

/// Handles all other events.
async fn other(_: EventId, event: WebhookEvent) -> Result<(), String> {
    Err(format!("nobody knows what to do with {}", event.name()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::affiliate().referred_customer("mia", "anna").spawn().await?;
    let folder = tempfile::tempdir()?;
    let outbox = SqliteOutbox::open(folder.path().join("partnero.db")).await?; // calls and events, in one file
    let partnero = sandbox.partnero_builder().outbox(outbox.clone()).build()?;
    let books = Books::open().await?;

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/webhooks/partnero", listener.local_addr()?);
    let secret = partnero.ensure_webhook(url, ["transaction.created", "partner.approved"]).await?;
    let webhooks = Webhooks::new(secret)
        .inbox(outbox)
        .on_transaction_created(earned)
        .on_event(other)
        .attempts(2) // leave it at its default: nobody wants to watch the next one for 20 hours
        .backoff(Duration::from_millis(100), Duration::from_millis(200)) // this one, too
        .with_state(books.clone())
        .build()?;
    let app: Router = Router::new().nest("/webhooks/partnero", webhooks.router());
    tokio::spawn(async move { axum::serve(listener, app).await });

    println!("Three sales; Partnero tells of each twice.");
    sandbox.webhook_fault(WebhookFault::Duplicate(1)).on("transaction.created");
    for order in 1..=3 {
        partnero.track_sale(NewTransaction::new(format!("order-{order}"), Decimal::new(4990, 2)).customer("mia"));
    }
    partnero.flush(Duration::from_secs(10)).await?;
    sandbox.webhooks_settled().await;
    until_handled(&webhooks).await?;
    let entries = books.all().await?;
    println!("The books: {entries:?}");

    println!("An event that no handler takes.");
    sandbox.send_webhook("partner.approved", &json!({"id": "par_1"}));
    sandbox.webhooks_settled().await;
    until_handled(&webhooks).await?;
    for letter in webhooks.dead_letters().page(0, 10).await? {
        println!("  dead letter {}: {}, {}", letter.id, letter.name, letter.message);
        webhooks.dead_letters().discard(letter.id).await?;
    }

    // On the way out, once the server has stopped.
    let report = webhooks.shutdown(Duration::from_secs(10)).await;
    partnero.shutdown(Duration::from_secs(10)).await;
    println!("{} events handled, {} dead letters, {:?} left.", report.handled, report.dead, report.left);
    let as_expected = entries.len() == 3 && (report.handled, report.dead, report.left) == (3, 1, Some(0));
    if as_expected { Ok(()) } else { Err("that isn't what should have happened".into()) }
}

async fn until_handled(webhooks: &Inbox) -> Result<(), Box<dyn Error>> {
    while webhooks.status().await?.oldest.is_some() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}
