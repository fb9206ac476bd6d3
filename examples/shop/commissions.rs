//! What partners have earned, by what Partnero tells: in a database of the shop's own.
//!
//! Each event is one row, under its id: told again, it changes nothing. Of each sale counts what happened last, by the
//! time that the event names: so it doesn't matter in which order events come, nor that one comes again in other bytes.
//! An adjustment is a deletion and a creation at once, so of two with the same time the one that came last counts. The
//! inbox hands out the events of one sale in the order in which they came.

use std::path::Path;

use axum::extract::State;
use axum_partnero::{BoxError, Event, EventId, TransactionData};
use rust_decimal::Decimal;
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};

const TABLE: &str = "\
CREATE TABLE IF NOT EXISTS commissions (
    event   TEXT NOT NULL PRIMARY KEY,
    at      TEXT NOT NULL,
    sale    TEXT NOT NULL,
    partner TEXT,
    amount  TEXT -- NULL where the sale was deleted
)";

const ENTER: &str = "\
INSERT INTO commissions (event, at, sale, partner, amount) VALUES (?, ?, ?, ?, ?) ON CONFLICT (event) DO NOTHING";

/// Of each sale the last row.
const EARNED: &str = "\
SELECT amount FROM (
    SELECT partner, amount, ROW_NUMBER() OVER (PARTITION BY sale ORDER BY at DESC, rowid DESC) AS nth FROM commissions
) WHERE nth = 1 AND partner = ? AND amount IS NOT NULL";

#[derive(Clone)]
pub struct Commissions(SqlitePool);

impl Commissions {
    pub async fn open(file: &Path) -> sqlx::Result<Self> {
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        let pool = SqlitePool::connect_with(options.journal_mode(SqliteJournalMode::Wal)).await?;
        sqlx::query(TABLE).execute(&pool).await?;
        Ok(Self(pool))
    }

    /// What a partner, by Partnero's id, has earned.
    pub async fn of(&self, partner: &str) -> sqlx::Result<Decimal> {
        let amounts: Vec<String> = sqlx::query_scalar(EARNED).bind(partner).fetch_all(&self.0).await?;
        Ok(amounts.iter().filter_map(|amount| amount.parse::<Decimal>().ok()).sum())
    }

    /// How many events are entered.
    pub async fn entries(&self) -> sqlx::Result<i64> {
        sqlx::query_scalar("SELECT COUNT(*) FROM commissions").fetch_one(&self.0).await
    }

    async fn enter(&self, id: EventId, sale: &Event<TransactionData>, amount: Option<Decimal>) -> Result<(), BoxError> {
        let (at, data) = (sale.envelope.created_at().unwrap_or_default(), &sale.data);
        // Sales without a key would all be the same one. In vain until it is a dead letter, for somebody to look at.
        let key = data.transaction_key().ok_or("an event of a sale without a key")?;
        let entry = sqlx::query(ENTER).bind(id.to_string()).bind(at).bind(key);
        entry.bind(&data.partner).bind(amount.map(|amount| amount.to_string())).execute(&self.0).await?;
        Ok(())
    }
}

/// Handles `transaction.created`. What fails is handled again, later.
pub async fn earned(State(it): State<Commissions>, id: EventId, sale: Event<TransactionData>) -> Result<(), BoxError> {
    let amount = sale.data.rewards.iter().filter_map(|reward| reward.amount).sum();
    it.enter(id, &sale, Some(amount)).await
}

/// Handles `transaction.deleted`.
pub async fn taken_back(
    State(it): State<Commissions>,
    id: EventId,
    sale: Event<TransactionData>,
) -> Result<(), BoxError> {
    it.enter(id, &sale, None).await
}
