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

    /// Asks one thing after the other, and gives the rows of all. They share their parameters.
    #[cfg(feature = "webhooks")]
    fn query_all(
        &mut self,
        statements: &'static Several,
        parameters: Vec<Value>,
    ) -> impl Future<Output = Result<Vec<Record>, OutboxError>> + Send;

    /// Takes the lock of another name, too, if it is to be had now. Whether it was.
    #[cfg(feature = "webhooks")]
    fn also(&mut self, name: &str) -> impl Future<Output = Result<bool, OutboxError>> + Send;

    fn commit(self) -> impl Future<Output = Result<(), OutboxError>> + Send;

    /// The time of day: the database's own, where it has one that all its users share.
    fn now(&self, clock: &Clock) -> Millis;
}

/// Statements for [`Tx::query_all`].
#[cfg(feature = "webhooks")]
pub(crate) struct Several {
    /// For a database that takes them as one.
    #[cfg_attr(not(feature = "sqlx-sqlite"), allow(dead_code, reason = "for SQLite"))]
    pub(crate) joined: String,
    /// For one that doesn't: each with parameters of its own, and their numbers here.
    #[cfg_attr(not(feature = "sqlx-postgres"), allow(dead_code, reason = "for PostgreSQL"))]
    pub(crate) each: Vec<(String, Vec<usize>)>,
}

#[cfg(feature = "webhooks")]
impl Several {
    /// Of texts in the notation of [`Dialect::text`].
    pub(crate) fn of(dialect: Dialect, texts: &[&str]) -> Self {
        let texts: Vec<_> = texts.iter().map(|text| dialect.text(text)).collect();
        Self { joined: texts.join("; "), each: texts.into_iter().map(own).collect() }
    }
}

/// A statement whose parameters are numbered from 1, and their numbers before that.
#[cfg(feature = "webhooks")]
fn own(mut text: String) -> (String, Vec<usize>) {
    let used: Vec<_> = (1..=9).filter(|n| text.contains(&format!("${n}"))).collect();
    for (n, before) in (1..).zip(&used) {
        text = text.replace(&format!("${before}"), &format!("${n}"));
    }
    (text, used)
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

#[cfg(all(test, feature = "webhooks"))]
mod tests {
    #[test]
    fn each_statement_has_parameters_of_its_own() {
        let own = |text: &str| super::own(text.to_owned());
        assert_eq!(own("SELECT $1, $2"), ("SELECT $1, $2".to_owned(), vec![1, 2]));
        assert_eq!(own("SELECT $4, $1, $3, $4"), ("SELECT $3, $1, $2, $3".to_owned(), vec![1, 3, 4]));
        assert_eq!(own("SELECT 1"), ("SELECT 1".to_owned(), vec![]));
    }
}
