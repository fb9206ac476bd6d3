//! What a database must be able to do for [`SqlStore`](super::SqlStore): transactions of statements whose parameters
//! and columns are numbers and texts.

use std::{fmt, time::UNIX_EPOCH};

use crate::delivery::{clock::Clock, course::millis, decide::Millis, outbox::OutboxError};

use super::stored::Inserted;

/// A database.
pub(crate) trait Driver: Send + Sync + fmt::Debug + 'static {
    type Tx: Tx;

    /// The statements in its dialect.
    fn dialect() -> Dialect;

    /// Begins a transaction. `None` if the lock isn't to be had now.
    fn begin(&self, name: &str, lock: Lock) -> impl Future<Output = Result<Option<Self::Tx>, OutboxError>> + Send;

    /// Adds these calls, as one statement.
    fn add(
        &self,
        name: &str,
        calls: &[Inserted<'_>],
        clock: &Clock,
    ) -> impl Future<Output = Result<(), OutboxError>> + Send;

    /// Writes a log back as far as nobody has to wait for that, as far as that is this crate's business.
    fn write_back(&self) -> impl Future<Output = ()> + Send;

    /// Writes a log back and empties it, as far as that is this crate's business: what was erased may still be in it.
    fn scrub(&self) -> impl Future<Output = ()> + Send;
}

/// A transaction: dropped, it is rolled back.
pub(crate) trait Tx: Send {
    fn query(
        &mut self,
        statement: &'static str,
        parameters: Vec<Value>,
    ) -> impl Future<Output = Result<Vec<Record>, OutboxError>> + Send;

    fn commit(self) -> impl Future<Output = Result<(), OutboxError>> + Send;

    /// The time of day: the database's own, where it has one that all its users share.
    fn now(&self, clock: &Clock) -> Millis;
}

/// The time of day of this process.
pub(crate) fn wall(clock: &Clock) -> Millis {
    clock.wall().duration_since(UNIX_EPOCH).map_or(0, millis)
}

/// Claims and settlements of one outbox come one after the other, whichever process they are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// Only reads.
    Read,
    /// Waits for its turn.
    Wait,
    /// Doesn't wait.
    Try,
}

/// Which SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    #[cfg(feature = "sqlx-sqlite")]
    Sqlite,
    #[cfg(feature = "sqlx-postgres")]
    Postgres,
}

impl Dialect {
    /// The database's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "sqlx-sqlite")]
            Self::Sqlite => "SQLite",
            #[cfg(feature = "sqlx-postgres")]
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// A parameter, or a column of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    /// Nothing that is ever stored: the row is damaged.
    Unreadable,
}

/// The columns of a row.
pub(crate) struct Record(pub(crate) Vec<Value>);

impl Record {
    pub(crate) fn take(&mut self, column: usize) -> Value {
        self.0.get_mut(column).map_or(Value::Null, |value| std::mem::replace(value, Value::Null))
    }

    pub(crate) fn int(&self, column: usize) -> Option<i64> {
        match self.0.get(column) {
            Some(Value::Int(value)) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn number(&self, column: usize) -> Option<u64> {
        u64::try_from(self.int(column)?).ok()
    }

    pub(crate) fn text(&mut self, column: usize) -> Option<String> {
        match self.take(column) {
            Value::Text(value) => Some(value),
            _ => None,
        }
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::from(value as u64)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
