//! The file of an outbox.

use std::{path::Path, time::Duration};

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous},
};

/// Not `SqliteOutbox::open`: that makes the file and its tables, and this may be a slip of the pen, or the application's
/// own database.
pub(crate) fn open(file: &Path) -> Result<SqlitePool, String> {
    if !file.is_file() {
        return Err(format!("there is no file {}", file.display()));
    }
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(false)
        .busy_timeout(Duration::from_secs(10))
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON");
    Ok(SqlitePoolOptions::new().max_connections(2).connect_lazy_with(options))
}
