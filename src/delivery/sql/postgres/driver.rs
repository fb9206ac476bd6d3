//! PostgreSQL through sqlx.

use sqlx::{Column as _, PgPool, Postgres, Row as _, Transaction, TypeInfo as _, postgres::PgRow};

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

/// A process that stops within a transaction must not keep the others waiting: the server ends it.
///
/// And each statement of an outbox looks up a few rows by an index, however large the table is and whatever the planner
/// believes of one that was empty a minute ago: it must not read all of it, nor compile anything for that.
///
/// Whatever the database's own default is: whoever waited for the lock must see what was done under it meanwhile.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL idle_in_transaction_session_timeout = 5000; SET LOCAL lock_timeout = 8000; \
     SET LOCAL statement_timeout = 20000; SET LOCAL jit = off; SET LOCAL enable_seqscan = off; \
     SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_bitmapscan = off";
const TIME: &str = "SELECT TRUE, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
const TRY: &str = "SELECT pg_try_advisory_xact_lock(hashtextextended('axum-partnero ' || $1, 0)), \
     CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
const WAIT: &str = "SELECT TRUE, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) \
     FROM (SELECT pg_advisory_xact_lock(hashtextextended('axum-partnero ' || $1, 0))) AS locked";
const MISSING: &str =
    "SELECT n.name FROM unnest(string_to_array($1, ' ')) AS n (name) WHERE to_regclass(n.name) IS NULL";

const INSERT: &str = "INSERT INTO partnero_calls (call_id, name, kind, version, customer_key, transaction_key, amount, \
     referred, payload, tracked_at, due) \
     SELECT j.call, $1, j.kind, $2, j.customer, j.transaction, j.amount, j.referred, j.payload, j.now, j.now FROM (\
        SELECT *, COALESCE($3, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)) AS now \
        FROM unnest($4, $5, $6, $7, $8, $9, $10) \
        WITH ORDINALITY AS j (call, kind, customer, transaction, amount, referred, payload, nth)) AS j ORDER BY j.nth \
     ON CONFLICT (call_id) DO NOTHING";

/// Connections to a database.
#[derive(Clone, Debug)]
pub(crate) struct PostgresDriver {
    pool: PgPool,
}

impl PostgresDriver {
    pub(super) fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Those of these statements that make what isn't there.
    pub(super) async fn missing(&self, statements: &'static str) -> Result<Vec<&'static str>, OutboxError> {
        let name = |statement: &'static str| statement.split_once("IF NOT EXISTS ")?.1.split_whitespace().next();
        let made: Vec<_> = statements.split(";\n").filter_map(|it| Some((name(it)?, it))).collect();
        let names: Vec<_> = made.iter().map(|(name, _)| *name).collect();
        let Some(mut tx) = self.begin("schema", Lock::Read).await? else { return Ok(Vec::new()) };
        let missing = tx.query(MISSING, vec![names.join(" ").into()]).await?;
        tx.commit().await?;
        let missing: Vec<_> = missing.into_iter().filter_map(|mut record| record.text(0)).collect();
        Ok(made.into_iter().filter(|(name, _)| missing.iter().any(|it| it == name)).map(|(_, it)| it).collect())
    }

    pub(super) async fn execute(&self, statements: Vec<&'static str>) -> Result<(), OutboxError> {
        // Two instances that make the same table at once would fail: one after the other.
        let Some(mut tx) = self.begin("schema", Lock::Wait).await? else { return Ok(()) };
        for statement in statements {
            sqlx::raw_sql(statement).execute(&mut *tx.transaction).await.map_err(error)?;
        }
        tx.commit().await
    }
}

impl Driver for PostgresDriver {
    type Tx = PostgresTx;

    fn dialect() -> Dialect {
        Dialect::Postgres
    }

    async fn begin(&self, name: &str, lock: Lock) -> Result<Option<PostgresTx>, OutboxError> {
        let transaction = self.pool.begin_with(BEGIN).await.map_err(error)?;
        let mut tx = PostgresTx { transaction, now: None };
        let (statement, parameters) = match lock {
            Lock::Read => (TIME, Vec::new()),
            Lock::Wait => (WAIT, vec![Value::from(name)]),
            Lock::Try => (TRY, vec![Value::from(name)]),
        };
        let answer = tx.query(statement, parameters).await?;
        let locked = answer.first().and_then(|record| record.int(0)) == Some(1);
        tx.now = answer.first().and_then(|record| record.number(1));
        Ok(locked.then_some(tx))
    }

    async fn add(&self, name: &str, calls: &[Inserted<'_>], clock: &Clock) -> Result<(), OutboxError> {
        let text = |of: fn(&Inserted<'_>) -> Option<String>| calls.iter().map(of).collect::<Vec<_>>();
        // Null: the server's own time.
        let now = clock.is_manual().then(|| i64::try_from(wall(clock)).unwrap_or(i64::MAX));
        let query = sqlx::query(INSERT)
            .persistent(false)
            .bind(name)
            .bind(i64::try_from(VERSION).unwrap_or(i64::MAX))
            .bind(now)
            .bind(text(|it| Some(it.call.clone())))
            .bind(text(|it| Some(it.kind.to_owned())))
            .bind(text(|it| it.customer.map(str::to_owned)))
            .bind(text(|it| it.transaction.map(str::to_owned)))
            .bind(text(|it| it.amount.clone()))
            .bind(calls.iter().map(|it| it.referred).collect::<Vec<_>>())
            .bind(text(|it| Some(it.payload.to_owned())));
        let mut transaction = self.pool.begin().await.map_err(error)?;
        query.execute(&mut *transaction).await.map_err(error)?;
        transaction.commit().await.map_err(unanswered)
    }

    /// The server's own affair.
    async fn write_back(&self) {}

    /// The server's own affair: vacuum removes what was erased.
    async fn scrub(&self) {}
}

/// A transaction. All there is to ask is asked in one: behind a pooling proxy, only that stays on one connection.
pub(crate) struct PostgresTx {
    transaction: Transaction<'static, Postgres>,
    now: Option<Millis>,
}

impl Tx for PostgresTx {
    async fn query(&mut self, statement: &'static str, parameters: Vec<Value>) -> Result<Vec<Record>, OutboxError> {
        // A prepared statement would stay with a connection that may be another client's next time.
        let mut query = sqlx::query(statement).persistent(false);
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
        let mut rows = Vec::new();
        for (statement, used) in &statements.each {
            let parameters = used.iter().filter_map(|n| parameters.get(n - 1).cloned()).collect();
            rows.extend(self.query(statement, parameters).await?);
        }
        Ok(rows)
    }

    #[cfg(feature = "webhooks")]
    async fn also(&mut self, name: &str) -> Result<bool, OutboxError> {
        let answer = self.query(TRY, vec![name.into()]).await?;
        Ok(answer.first().and_then(|record| record.int(0)) == Some(1))
    }

    async fn commit(self) -> Result<(), OutboxError> {
        self.transaction.commit().await.map_err(unanswered)
    }

    fn now(&self, clock: &Clock) -> Millis {
        if clock.is_manual() { wall(clock) } else { self.now.unwrap_or_else(|| wall(clock)) }
    }
}

fn record(row: &PgRow) -> Record {
    let value = |column: usize| {
        let value = match row.column(column).type_info().name() {
            "INT8" => row.try_get::<Option<i64>, _>(column).map(|value| value.map(Value::Int)),
            "BOOL" => row.try_get::<Option<bool>, _>(column).map(|value| value.map(|it| Value::Int(it.into()))),
            "TEXT" => row.try_get::<Option<String>, _>(column).map(|value| value.map(Value::Text)),
            _ => return Value::Unreadable,
        };
        value.map_or(Value::Unreadable, |value| value.unwrap_or(Value::Null))
    };
    Record((0..row.len()).map(value).collect())
}

/// A connection that ends at the commit leaves open whether there was one.
fn unanswered(failure: sqlx::Error) -> OutboxError {
    match failure.as_database_error() {
        Some(_) => error(failure),
        None => OutboxError::Unanswered(mask(&failure.to_string())),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(super) fn error(error: sqlx::Error) -> OutboxError {
    let Some(database) = error.as_database_error() else { return OutboxError::Unreachable(mask(&error.to_string())) };
    let code = database.code().unwrap_or_default().into_owned();
    let message = database.message();
    if let Some(table) = super::super::missing_table(message).filter(|_| code == "42P01") {
        return OutboxError::NoTable { table };
    }
    // What is wrong with the data: an exception, a constraint, a limit.
    let refused = ["22", "23", "54"].iter().any(|class| code.starts_with(class));
    if refused { OutboxError::Refused(mask(message)) } else { OutboxError::Unreachable(mask(message)) }
}
