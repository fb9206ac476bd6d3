//! The outbox in a database: the same for all of them, but for what [`Driver`] stands for.

mod claim;
mod driver;
mod forget;
mod insert;
mod letters;
mod look;
mod notices;
mod pace;
#[cfg(test)]
mod plans;
#[cfg(feature = "sqlx-postgres")]
mod postgres;
mod prune;
#[cfg(test)]
mod seen;
mod settle;
#[cfg(feature = "sqlx-sqlite")]
mod sqlite;
mod statements;
mod stored;
mod take;

use std::{
    fmt,
    sync::{Mutex, atomic::AtomicUsize},
    time::{Duration, SystemTime},
};

use serde::Serialize;

use crate::delivery::{
    call::{CallId, NewCall},
    clock::Clock,
    dead::DeadLetter,
    decide::Millis,
    outbox::{Answer, Claim, Counts, DueNotice, Fate, Opening, OutboxError, Settlement, Store, Terms},
    settings::Keeping,
};

pub(crate) use self::driver::{Driver, Lock, Value};
#[cfg(feature = "webhooks")]
pub(crate) use self::driver::{Record, Several, Tx};
pub use self::insert::OfTransaction;
pub(crate) use self::{driver::Dialect, insert::Connection, stored::VERSION};
use self::{pace::Pace, statements::Statements, stored::Inserted};

#[cfg(feature = "sqlx-postgres")]
pub use postgres::PostgresOutbox;
#[cfg(feature = "sqlx-sqlite")]
pub use sqlite::SqliteOutbox;

/// The calls of one name in a database.
pub(crate) struct SqlStore<D> {
    driver: D,
    clock: Clock,
    name: String,
    sql: &'static Statements,
    /// The newest version of rows that this process can read.
    version: u64,
    /// How many calls the next claim looks at: more while most of them have to wait.
    look_at: AtomicUsize,
    /// How the time of day goes.
    pace: Mutex<Pace>,
}

impl<D: Driver> SqlStore<D> {
    pub(crate) fn new(driver: D, opening: Opening, version: u64) -> Self {
        let sql = D::dialect().statements();
        Self {
            driver,
            clock: opening.clock,
            name: opening.name,
            sql,
            version,
            look_at: AtomicUsize::new(0),
            pace: Mutex::default(),
        }
    }

    async fn begin(&self, lock: Lock) -> Result<D::Tx, OutboxError> {
        let tx = self.driver.begin(&self.name, lock).await?;
        tx.ok_or_else(|| OutboxError::Unreachable("another process keeps it locked".to_owned()))
    }

    fn name(&self) -> Value {
        Value::from(self.name.as_str())
    }

    async fn insert(&self, calls: &mut Vec<NewCall>) -> Result<(), OutboxError> {
        let rows: Vec<_> = calls.iter_mut().map(Inserted::new).collect();
        self.driver.add(&self.name, &rows, &self.clock).await?;
        calls.clear();
        Ok(())
    }
}

/// A list as a parameter.
pub(crate) fn json(rows: &impl Serialize) -> Result<Value, OutboxError> {
    let text = serde_json::to_string(rows).map_err(|error| OutboxError::Refused(error.to_string()))?;
    Ok(Value::Text(text))
}

/// Ids as a parameter.
pub(crate) fn ids<I: Serialize>(ids: impl IntoIterator<Item = I>) -> Result<Value, OutboxError> {
    json(&ids.into_iter().collect::<Vec<_>>())
}

/// The table of ours that a message speaks of.
fn missing_table(message: &str) -> Option<&'static str> {
    ["partnero_calls", "partnero_notices", "partnero_programs", "partnero_seen", "partnero_events"]
        .into_iter()
        .find(|table| message.contains(table))
}

/// The time that a row says; what the system has no name for is the beginning of its time.
pub(crate) fn time(millis: Millis) -> SystemTime {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis)).unwrap_or(SystemTime::UNIX_EPOCH)
}

impl<D: Driver> Store for SqlStore<D> {
    fn is_volatile(&self) -> bool {
        false
    }

    fn dialect(&self) -> Option<Dialect> {
        Some(D::dialect())
    }

    fn insert<'a>(&'a self, calls: &'a mut Vec<NewCall>) -> Answer<'a, ()> {
        Box::pin(self.insert(calls))
    }

    fn claim(&self, limit: usize, terms: Terms) -> Answer<'_, Claim> {
        Box::pin(self.take(limit, terms))
    }

    fn settle<'a>(&'a self, settlements: &'a [Settlement], keeping: Keeping) -> Answer<'a, Vec<bool>> {
        Box::pin(self.record(settlements, keeping))
    }

    fn turn<'a>(
        &'a self,
        settlements: &'a [Settlement],
        keeping: Keeping,
        limit: usize,
        terms: Terms,
    ) -> Answer<'a, (Vec<bool>, Option<Claim>)> {
        Box::pin(self.record_and_take(settlements, keeping, limit, terms))
    }

    fn fates<'a>(&'a self, calls: &'a [CallId]) -> Answer<'a, Vec<Fate>> {
        Box::pin(self.look_up(calls))
    }

    fn program<'a>(&'a self, found: &'a str) -> Answer<'a, String> {
        Box::pin(self.belong_to(found))
    }

    fn recorded_program(&self) -> Answer<'_, Option<String>> {
        Box::pin(self.belongs_to())
    }

    fn notices(&self, limit: usize, lease: Duration) -> Answer<'_, Vec<DueNotice>> {
        Box::pin(self.take_notices(limit, lease))
    }

    fn settle_notice(&self, id: u64, again: Option<Duration>) -> Answer<'_, ()> {
        Box::pin(self.record_notice(id, again))
    }

    fn counts(&self) -> Answer<'_, Counts> {
        Box::pin(self.count())
    }

    fn mark(&self) -> Answer<'_, u64> {
        Box::pin(self.last())
    }

    fn is_open_before(&self, mark: u64) -> Answer<'_, bool> {
        Box::pin(self.any_open(mark))
    }

    fn dead_letters(&self, after: u64, limit: usize) -> Answer<'_, Vec<DeadLetter>> {
        Box::pin(self.letters(after, limit))
    }

    fn retry(&self, id: u64) -> Answer<'_, bool> {
        Box::pin(self.put_back(id))
    }

    fn discard(&self, id: u64) -> Answer<'_, bool> {
        Box::pin(self.give_up(id))
    }

    fn forget<'a>(&'a self, customer: &'a str) -> Answer<'a, usize> {
        Box::pin(self.erase(customer))
    }

    fn prune(&self, keeping: Keeping) -> Answer<'_, bool> {
        Box::pin(self.drop_old(keeping))
    }

    fn tidy(&self) -> Answer<'_, ()> {
        Box::pin(async {
            self.driver.scrub().await;
            Ok(())
        })
    }
}

impl<D: Driver> fmt::Debug for SqlStore<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStore").field("name", &self.name).field("driver", &self.driver).finish_non_exhaustive()
    }
}
