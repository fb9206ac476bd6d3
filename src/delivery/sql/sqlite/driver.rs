//! SQLite through sqlx.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use sqlx::{
    Connection as _, Row as _, Sqlite, SqlitePool, Transaction, TypeInfo as _, ValueRef as _, sqlite::SqliteRow,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::{
    delivery::{
        clock::Clock,
        decide::Millis,
        outbox::OutboxError,
        sql::{
            driver::{Dialect, Driver, Lock, Record, Tx, Value, wall},
            stored::{Inserted, VERSION},
        },
    },
    model::mask,
};

/// A statement is a transaction, and an array of arrays the quickest way to tell it of many rows at once.
const INSERT: &str = "INSERT INTO partnero_calls (call_id, name, kind, version, customer_key, transaction_key, amount, \
     referred, payload, tracked_at, due) \
     SELECT j.value ->> 0, $1, j.value ->> 1, $3, j.value ->> 2, j.value ->> 3, j.value ->> 4, j.value ->> 5, \
     j.value ->> 6, $4, $4 FROM json_each($2) AS j WHERE TRUE ON CONFLICT (call_id) DO NOTHING";

/// Connections to a database.
#[derive(Clone, Debug)]
pub(crate) struct SqliteDriver {
    writer: SqlitePool,
    reader: SqlitePool,
    /// Whoever writes: SQLite has one writer, and lets others try again and again instead of queueing them.
    turn: Arc<Mutex<()>>,
    /// Whoever writes the log back: a second one at the same time would come away with nothing.
    log: Arc<Mutex<()>>,
    own: bool,
}

/// How long it is tried to empty the log, and how often: another process may be writing it back.
const SCRUBS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_millis(20));

impl SqliteDriver {
    /// To a file of our own.
    pub(super) fn own(writer: SqlitePool, reader: SqlitePool) -> Self {
        Self { writer, reader, turn: Arc::default(), log: Arc::default(), own: true }
    }

    /// To the application's database.
    pub(super) fn shared(pool: SqlitePool) -> Self {
        Self { writer: pool.clone(), reader: pool, turn: Arc::default(), log: Arc::default(), own: false }
    }

    pub(super) async fn execute(&self, statements: &'static str) -> Result<(), OutboxError> {
        let mut transaction = self.write().await.map_err(error)?;
        sqlx::raw_sql(statements).execute(&mut *transaction).await.map_err(error)?;
        transaction.commit().await.map_err(error)
    }

    /// It never begins with a mere look: to write later, it would have to wait, and then fail at once.
    async fn write(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        loop {
            match self.writer.begin_with("BEGIN IMMEDIATE").await {
                // Where a disk is full or fails, SQLite rolls back by itself, and sqlx's own rollback fails then: it takes
                // that transaction for open ever after.
                Err(sqlx::Error::InvalidSavePointStatement) => {
                    let connection = self.writer.acquire().await?;
                    if connection.is_in_transaction() {
                        connection.close().await?;
                    }
                }
                result => return result,
            }
        }
    }
}

impl Driver for SqliteDriver {
    type Tx = SqliteTx;

    fn dialect() -> Dialect {
        Dialect::Sqlite
    }

    async fn begin(&self, _: &str, lock: Lock) -> Result<Option<SqliteTx>, OutboxError> {
        let (transaction, turn) = if lock == Lock::Read {
            (self.reader.begin().await, None)
        } else {
            let turn = Arc::clone(&self.turn).lock_owned().await;
            (self.write().await, Some(turn))
        };
        Ok(Some(SqliteTx { transaction: transaction.map_err(error)?, _turn: turn }))
    }

    async fn add(&self, name: &str, calls: &[Inserted<'_>], clock: &Clock) -> Result<(), OutboxError> {
        let row = |it: &Inserted<'_>| {
            json!([it.call, it.kind, it.customer, it.transaction, it.amount, u8::from(it.referred), it.payload])
        };
        let rows = serde_json::Value::Array(calls.iter().map(row).collect()).to_string();
        let _turn = self.turn.lock().await;
        let query = sqlx::query(INSERT).bind(name).bind(rows).bind(int(VERSION)).bind(int(wall(clock)));
        query.execute(&self.writer).await.map_err(unanswered)?;
        Ok(())
    }

    /// Beside the connection that writes, which goes on meanwhile: left to itself, that one would write back all that has
    /// come together, and whoever stores a call would wait for it.
    async fn write_back(&self) {
        if self.own {
            let _log = self.log.lock().await;
            let written = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&self.reader).await;
            if let Err(error) = written {
                tracing::debug!(%error, "the log is written back later");
            }
        }
    }

    async fn scrub(&self) {
        if !self.own {
            return;
        }
        let _log = self.log.lock().await;
        let end = Instant::now() + SCRUBS.0;
        while Instant::now() < end {
            // Its first column: whether somebody was in the way. That is no error.
            let scrubbed = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&self.writer).await;
            match scrubbed {
                Ok(0_i64) => return,
                Ok(_) => tokio::time::sleep(SCRUBS.1).await,
                Err(error) => return tracing::debug!(%error, "the log is written back later"),
            }
        }
        tracing::debug!("others are at the log: it is written back later");
    }
}

/// A transaction, and the turn that ends with it.
pub(crate) struct SqliteTx {
    transaction: Transaction<'static, Sqlite>,
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Tx for SqliteTx {
    async fn query(&mut self, statement: &'static str, parameters: Vec<Value>) -> Result<Vec<Record>, OutboxError> {
        let mut query = sqlx::query(statement);
        for parameter in parameters {
            query = match parameter {
                Value::Int(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Null | Value::Unreadable => query.bind(None::<i64>),
            };
        }
        let rows = query.fetch_all(&mut *self.transaction).await.map_err(error)?;
        Ok(rows.iter().map(record).collect())
    }

    #[cfg(feature = "webhooks")]
    async fn query_all(
        &mut self,
        statements: &'static crate::delivery::sql::Several,
        parameters: Vec<Value>,
    ) -> Result<Vec<Record>, OutboxError> {
        self.query(&statements.joined, parameters).await
    }

    /// There is one writer, whatever it is about.
    #[cfg(feature = "webhooks")]
    async fn also(&mut self, _: &str) -> Result<bool, OutboxError> {
        Ok(true)
    }

    async fn commit(self) -> Result<(), OutboxError> {
        self.transaction.commit().await.map_err(unanswered)
    }

    fn now(&self, clock: &Clock) -> Millis {
        wall(clock)
    }
}

fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn record(row: &SqliteRow) -> Record {
    let value = |column| {
        let Ok(raw) = row.try_get_raw(column) else { return Value::Unreadable };
        if raw.is_null() {
            return Value::Null;
        }
        let value = match raw.type_info().name() {
            "INTEGER" | "BOOLEAN" => row.try_get_unchecked(column).map(Value::Int),
            "TEXT" => row.try_get_unchecked(column).map(Value::Text),
            _ => return Value::Unreadable,
        };
        value.unwrap_or(Value::Unreadable)
    };
    Record((0..row.len()).map(value).collect())
}

/// A disk that fails at the commit leaves open whether there was one.
fn unanswered(failure: sqlx::Error) -> OutboxError {
    const IO_ERROR: u32 = 10;

    let in_doubt = match &failure {
        // It never got as far as the database.
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => false,
        failure => failure.as_database_error().is_none_or(|database| primary_code(database) == IO_ERROR),
    };
    match error(failure) {
        OutboxError::Unreachable(message) if in_doubt => OutboxError::Unanswered(message),
        error => error,
    }
}

fn primary_code(error: &dyn sqlx::error::DatabaseError) -> u32 {
    error.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or_default() & 0xff
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(super) fn error(error: sqlx::Error) -> OutboxError {
    let Some(database) = error.as_database_error() else { return OutboxError::Unreachable(mask(&error.to_string())) };
    let message = database.message();
    if let Some(table) = super::super::missing_table(message).filter(|_| message.starts_with("no such table")) {
        return OutboxError::NoTable { table };
    }
    // The primary result code: too big, a constraint, a wrong type.
    let code = primary_code(database);
    if matches!(code, 18..=20) { OutboxError::Refused(mask(message)) } else { OutboxError::Unreachable(mask(message)) }
}

#[cfg(test)]
mod tests {
    use crate::{SqliteOutbox, delivery::sql::Driver as _};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_log_is_emptied_although_it_is_written_back_at_that_moment() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("partnero.db");
        let driver = SqliteOutbox::open(&path).await.unwrap().driver;
        let pruning = driver.clone();
        let pruning = tokio::spawn(async move {
            loop {
                pruning.write_back().await;
                tokio::task::yield_now().await;
            }
        });
        let log = path.with_extension("db-wal");
        for round in 0..100 {
            sqlx::query("INSERT INTO partnero_programs VALUES (hex(randomblob(16)), hex(zeroblob(20000)))")
                .execute(&driver.writer)
                .await
                .unwrap();
            driver.scrub().await;
            assert_eq!(std::fs::metadata(&log).unwrap().len(), 0, "{round}");
        }
        pruning.abort();
    }
}
