//! One row, in a transaction of the application's.

#[cfg(feature = "sqlx-postgres")]
use sqlx::{PgConnection, Postgres};
#[cfg(feature = "sqlx-sqlite")]
use sqlx::{Sqlite, SqliteConnection};

use crate::{
    delivery::{in_transaction::InTransactionError, outbox_row::OutboxRow},
    model::mask,
};

use super::{driver::Dialect, missing_table};

/// The rest of a row is the schema's defaults. It takes no key but the call's own: it waits for nobody.
pub(super) const INSERT: &str = "INSERT INTO partnero_calls \
     (call_id, name, kind, version, customer_key, transaction_key, amount, referred, payload) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (call_id) DO NOTHING";

/// What [`in_transaction`](crate::Partnero::in_transaction) takes: sqlx's `Transaction` of SQLite or PostgreSQL, or a
/// connection within one that was begun by other means.
///
/// Sealed. Each database has its feature, `sqlx-sqlite` or `sqlx-postgres`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no transaction of SQLite or PostgreSQL",
    label = "expected sqlx's `Transaction`",
    note = "pass `&mut tx` of a `sqlx::Transaction`, or `&mut *tx` of what dereferences to it or to its connection",
    note = "the features `sqlx-sqlite` and `sqlx-postgres` of axum-partnero bring one database each"
)]
pub trait OfTransaction: sealed::Borrow {}

mod sealed {
    pub trait Borrow {
        fn connection(&mut self) -> super::Connection<'_>;
    }
}

/// The connection on which a transaction is.
#[derive(Debug)]
pub enum Connection<'a> {
    #[cfg(feature = "sqlx-sqlite")]
    Sqlite(&'a mut SqliteConnection),
    #[cfg(feature = "sqlx-postgres")]
    Postgres(&'a mut PgConnection),
}

macro_rules! transactions {
    ($($feature:literal: $database:ty, $connection:ty, $variant:ident;)*) => {$(
        #[cfg(feature = $feature)]
        impl OfTransaction for sqlx::Transaction<'_, $database> {}
        #[cfg(feature = $feature)]
        impl OfTransaction for $connection {}

        #[cfg(feature = $feature)]
        impl sealed::Borrow for sqlx::Transaction<'_, $database> {
            fn connection(&mut self) -> Connection<'_> {
                Connection::$variant(self)
            }
        }

        #[cfg(feature = $feature)]
        impl sealed::Borrow for $connection {
            fn connection(&mut self) -> Connection<'_> {
                Connection::$variant(self)
            }
        }
    )*};
}

transactions! {
    "sqlx-sqlite": Sqlite, SqliteConnection, Sqlite;
    "sqlx-postgres": Postgres, PgConnection, Postgres;
}

/// The parameters of [`INSERT`].
macro_rules! bound {
    ($row:expr) => {
        sqlx::query(INSERT)
            .bind(&*$row.call_id)
            .bind(&*$row.name)
            .bind($row.kind)
            .bind($row.version)
            .bind($row.customer_key.as_deref())
            .bind($row.transaction_key.as_deref())
            .bind($row.amount.as_deref())
            .bind($row.referred)
            .bind(&*$row.payload)
    };
}

impl Connection<'_> {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            #[cfg(feature = "sqlx-sqlite")]
            Self::Sqlite(_) => Dialect::Sqlite,
            #[cfg(feature = "sqlx-postgres")]
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    pub(crate) async fn insert(&mut self, row: &OutboxRow) -> Result<(), InTransactionError> {
        let dialect = self.dialect();
        let inserted = match self {
            #[cfg(feature = "sqlx-sqlite")]
            Self::Sqlite(connection) => bound!(row).execute(&mut **connection).await.map(drop),
            // A prepared statement would stay with a connection that may be another client's next time.
            #[cfg(feature = "sqlx-postgres")]
            Self::Postgres(connection) => bound!(row).persistent(false).execute(&mut **connection).await.map(drop),
        };
        inserted.map_err(|error| dialect.explain(&error))
    }
}

impl Dialect {
    fn explain(self, error: &sqlx::Error) -> InTransactionError {
        let Some(database) = error.as_database_error() else {
            return InTransactionError::Database { code: None, message: mask(&error.to_string()) };
        };
        let code = database.code().map(std::borrow::Cow::into_owned);
        let message = database.message();
        let (no_table, locked) = match self {
            // The primary result codes BUSY and LOCKED.
            #[cfg(feature = "sqlx-sqlite")]
            Self::Sqlite => {
                let number = code.as_deref().and_then(|code| code.parse::<u32>().ok()).unwrap_or_default();
                (message.starts_with("no such table"), matches!(number & 0xff, 5 | 6))
            }
            #[cfg(feature = "sqlx-postgres")]
            Self::Postgres => (code.as_deref() == Some("42P01"), false),
        };
        match missing_table(message).filter(|_| no_table) {
            Some(table) => InTransactionError::NoTable { table },
            None if locked => InTransactionError::Locked,
            None => InTransactionError::Database { code, message: mask(message) },
        }
    }
}
