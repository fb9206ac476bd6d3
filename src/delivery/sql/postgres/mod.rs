//! The outbox in PostgreSQL.

pub(in crate::delivery::sql) mod driver;

use std::{sync::Arc, time::Duration};

use sqlx::{PgPool, postgres::PgPoolOptions};

use crate::delivery::outbox::{Opening, Outbox, OutboxError, sealed};

use self::driver::{PostgresDriver, error};
use super::{SqlStore, insert::INSERT, stored::VERSION};

/// Connections of one handle: its writer, its dispatcher, its observer, and whoever asks for the status.
const CONNECTIONS: u32 = 4;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Keeps calls in a PostgreSQL database: they survive crashes and restarts, and any number of instances of the
/// application share them. None of these is special.
///
/// It needs PostgreSQL 12 or later, and works behind a proxy that pools transactions: it neither listens nor keeps
/// anything in a session.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use axum_partnero::{Partnero, PostgresOutbox};
///
/// let outbox = PostgresOutbox::connect(&std::env::var("DATABASE_URL")?).await?;
/// outbox.create_schema().await?; // or `PostgresOutbox::SCHEMA` in a migration
/// let partnero = Partnero::builder(std::env::var("PARTNERO_API_KEY")?).outbox(outbox).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PostgresOutbox {
    driver: PostgresDriver,
    version: u64,
}

impl PostgresOutbox {
    /// The tables, for your own migrations. Each statement can be repeated.
    pub const SCHEMA: &'static str = include_str!("schema.sql");

    /// One row, with nine parameters: the fields of an [`OutboxRow`](crate::OutboxRow), in their order. It can be
    /// repeated.
    ///
    /// For applications that reach their database by other means than sqlx: see
    /// [`outbox_row`](crate::Partnero::outbox_row).
    pub const INSERT: &'static str = INSERT;

    /// Connects to a database with connections of its own, four at most.
    ///
    /// # Errors
    /// When the URL is none, or the database can't be reached.
    pub async fn connect(url: &str) -> Result<Self, OutboxError> {
        // sqlx would look for a server under whatever URL this is.
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.trim_start().starts_with(scheme)) {
            return Err(OutboxError::Unreachable("its URL doesn't begin with `postgres://`".into()));
        }
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(ACQUIRE_TIMEOUT);
        Ok(Self::new(pool.connect(url).await.map_err(error)?))
    }

    /// In the application's own database, so that [`in_transaction`](crate::Partnero::in_transaction) can store a call
    /// together with what it reports.
    ///
    /// The tables must be there: see [`create_schema`](Self::create_schema) and [`SCHEMA`](Self::SCHEMA). What is stored
    /// survives a crash of the server as far as its `synchronous_commit` says so: it does by default.
    pub fn new(pool: PgPool) -> Self {
        Self { driver: PostgresDriver::new(pool), version: VERSION }
    }

    /// Makes the tables, if they aren't there: for applications without migrations. Can be repeated, by several
    /// instances at once.
    ///
    /// # Errors
    /// When the database can't be reached, or this user may not make tables.
    pub async fn create_schema(&self) -> Result<(), OutboxError> {
        // An index that is there is still locked by `CREATE INDEX IF NOT EXISTS`: that waits for every open transaction
        // that has stored a call, and whoever is about to store one waits behind it. So only what is missing is made.
        match self.driver.missing(Self::SCHEMA).await? {
            missing if missing.is_empty() => Ok(()),
            missing => self.driver.execute(missing).await,
        }
    }

    pub(super) fn into_sql(self, opening: Opening) -> SqlStore<PostgresDriver> {
        SqlStore::new(self.driver, opening, self.version)
    }

    /// For the inbox, which is beside it.
    #[cfg(feature = "webhooks")]
    pub(crate) fn into_driver(self) -> PostgresDriver {
        self.driver
    }

    /// Reads rows up to this version only, as an older release would: for tests of a rolling deploy.
    #[doc(hidden)]
    #[must_use]
    pub fn reading_up_to(mut self, version: u64) -> Self {
        self.version = version;
        self
    }
}

impl Outbox for PostgresOutbox {}

impl sealed::IntoStore for PostgresOutbox {
    fn into_store(self, opening: Opening) -> sealed::Handle {
        sealed::Handle(Arc::new(self.into_sql(opening)))
    }
}

#[cfg(test)]
mod tests {
    use super::PostgresOutbox;

    #[tokio::test]
    async fn a_url_of_something_else_is_refused_at_once_and_not_shown() {
        for url in ["postgresq://shop:s3cret@db/shop", "mysql://shop:s3cret@db/shop", "s3cret", ""] {
            let error = PostgresOutbox::connect(url).await.err().unwrap().to_string();
            assert!(error.contains("doesn't begin with `postgres://`") && !error.contains("s3cret"), "{error}");
        }
    }
}
