//! The outbox in SQLite.

pub(in crate::delivery::sql) mod driver;

use std::{fmt, path::Path, sync::Arc, time::Duration};

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::delivery::outbox::{Opening, Outbox, OutboxError, sealed};

use self::driver::{SqliteDriver, error};
use super::{SqlStore, insert::INSERT, stored::VERSION};

/// How long a connection waits while another process writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// What the file's log may keep of the disk once it was long.
const LOG_BYTES: &str = "67108864";

/// Memory for pages of each connection, at most; negative, for it counts KiB then.
const CACHE_KIB: &str = "-16384";
/// Rows that a statement may be ahead of whoever reads them: both are threads, and waiting for each other takes longer.
const ROWS: usize = 512;
/// The log is written back after so many pages: a few at a time, for whoever stores a call meanwhile waits for it.
const CHECKPOINT_PAGES: &str = "400";

/// Keeps calls in an SQLite database: they survive crashes and restarts of the application.
///
/// One file can serve several processes of one machine (a rolling deploy). It must be on a local disk that stays: not
/// on a network file system, nor in a container's own layer.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use axum_partnero::{Partnero, SqliteOutbox};
///
/// let partnero = Partnero::builder(std::env::var("PARTNERO_API_KEY")?)
///     .outbox(SqliteOutbox::open("partnero.db").await?)
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SqliteOutbox {
    driver: SqliteDriver,
    version: u64,
}

impl SqliteOutbox {
    /// The tables, for your own migrations. Each statement can be repeated.
    pub const SCHEMA: &'static str = include_str!("schema.sql");

    /// One row, with nine parameters: the fields of an [`OutboxRow`](crate::OutboxRow), in their order. It can be
    /// repeated.
    ///
    /// For applications that reach their database by other means than sqlx: see
    /// [`outbox_row`](crate::Partnero::outbox_row).
    pub const INSERT: &'static str = INSERT;

    /// Opens a file of its own, or makes it, readable for its owner alone, with its tables.
    ///
    /// The file is in WAL mode with `synchronous=FULL`: what is stored survives a power loss. What is erased is
    /// overwritten (`secure_delete`).
    ///
    /// # Errors
    /// When the file can't be made or read, or is no SQLite database.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OutboxError> {
        let path = path.as_ref();
        let at = |problem: &dyn fmt::Display| OutboxError::Unreachable(format!("{}: {problem}", path.display()));
        // SQLite makes something else of these than a file of that name.
        if [":memory:", "file:", "sqlite:"].iter().any(|odd| path.to_string_lossy().starts_with(odd)) {
            return Err(at(&"it takes the path of a file, no URL (and in memory, an outbox is a `MemoryOutbox`)"));
        }
        make_private(path).map_err(|error| at(&error))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("secure_delete", "ON")
            .pragma("cache_size", CACHE_KIB)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            // What a statement would take back, should it fail: else a claim of many writes it to a file, each time a new one.
            .pragma("temp_store", "MEMORY")
            .row_buffer_size(ROWS)
            .pragma("journal_size_limit", LOG_BYTES);
        let pool = |connections| {
            let pool = SqlitePoolOptions::new().max_connections(connections).idle_timeout(None).max_lifetime(None);
            pool.acquire_timeout(BUSY_TIMEOUT * 2)
        };
        // One connection writes: writers of one process then wait in a row instead of trying again and again.
        let writer = pool(1).connect_with(options.clone()).await.map_err(|failure| match error(failure) {
            OutboxError::Unreachable(problem) => at(&problem),
            other => other,
        })?;
        let reader = pool(2).connect_lazy_with(options);
        let outbox = Self { driver: SqliteDriver::own(writer, reader), version: VERSION };
        outbox.create_schema().await?;
        Ok(outbox)
    }

    /// In the application's own database, so that [`in_transaction`](crate::Partnero::in_transaction) can store a call
    /// together with what it reports. Its settings are left alone: they decide what survives a power loss, and how soon
    /// what is erased is out of the file and its log (`secure_delete`, `wal_checkpoint`).
    ///
    /// The tables must be there: see [`create_schema`](Self::create_schema) and [`SCHEMA`](Self::SCHEMA).
    pub fn new(pool: SqlitePool) -> Self {
        Self { driver: SqliteDriver::shared(pool), version: VERSION }
    }

    /// Makes the tables, if they aren't there: for applications without migrations. Can be repeated, by several
    /// processes at once.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn create_schema(&self) -> Result<(), OutboxError> {
        self.driver.execute(Self::SCHEMA).await
    }

    pub(super) fn into_sql(self, opening: Opening) -> SqlStore<SqliteDriver> {
        SqlStore::new(self.driver, opening, self.version)
    }

    /// For the inbox, which is beside it.
    #[cfg(feature = "webhooks")]
    pub(crate) fn into_driver(self) -> SqliteDriver {
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

impl Outbox for SqliteOutbox {}

impl sealed::IntoStore for SqliteOutbox {
    fn into_store(self, opening: Opening) -> sealed::Handle {
        sealed::Handle(Arc::new(self.into_sql(opening)))
    }
}

/// Makes the file, if there is none, for nobody else's eyes. Its log and index take after it.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
