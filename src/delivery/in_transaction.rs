//! `in_transaction`: a call that is stored by the application's own transaction, or not at all.

use std::{
    fmt::{self, Display},
    time::Duration,
};

use crate::{
    delivery::{
        buffered::Buffered,
        outbox_row::OutboxRow,
        partnero::{Live, Partnero},
        rules::Reported,
        sql::{Connection, OfTransaction},
    },
    model::{NewCustomer, NewTransaction, TransactionKey},
};

/// Stores calls in a transaction; see [`Partnero::in_transaction`].
#[must_use = "it stores the calls that you track with it"]
pub struct InTransaction<'a> {
    partnero: &'a Partnero,
    connection: Connection<'a>,
}

/// Why a call isn't in the transaction. Roll it back: in PostgreSQL, it is good for nothing else any more.
///
/// It says nothing of the call itself: one that can't be taken is no error here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InTransactionError {
    /// The handle keeps its calls in memory.
    #[error(
        "the handle's outbox is in memory, where no transaction reaches: build it with `.outbox(SqliteOutbox::new(pool))` \
         or `.outbox(PostgresOutbox::new(pool))`, with the pool of the transaction"
    )]
    InMemory,
    /// The transaction is one of the other kind of database.
    #[error(
        "a transaction of {transaction} for an outbox in {outbox}: its calls must be in the outbox's own database, so \
         build the handle with the pool of the transaction"
    )]
    #[non_exhaustive]
    OtherDatabase {
        /// What the handle's outbox is in.
        outbox: &'static str,
        /// What the transaction is of.
        transaction: &'static str,
    },
    /// The transaction is of a database without the outbox's tables.
    #[error(
        "the transaction's database has no table `{table}`: if it isn't the outbox's, build the handle with \
         `SqliteOutbox::new(pool)` or `PostgresOutbox::new(pool)` and the pool of the transaction; if it is, call \
         `create_schema()`, or run the outbox's `SCHEMA` in a migration"
    )]
    #[non_exhaustive]
    NoTable {
        /// The one that is missing.
        table: &'static str,
    },
    /// SQLite lets one transaction write at a time, and none that has read what another changed since.
    #[error(
        "SQLite doesn't let this transaction write, for another one does or did: roll it back and repeat it, and begin it \
         with `begin_with(\"BEGIN IMMEDIATE\")`, so that it waits for its turn there"
    )]
    Locked,
    /// The database refuses, or can't be reached.
    #[error("the call can't be stored in the transaction, so roll it back: {message}")]
    #[non_exhaustive]
    Database {
        /// The database's own code, if it sent one: of PostgreSQL, the SQLSTATE. `40001` and `40P01` ask for a
        /// repetition of the transaction.
        code: Option<String>,
        /// What it said, cut and without e-mail addresses.
        message: String,
    },
}

impl Partnero {
    /// Stores calls in a transaction of your own: an order and its conversion are committed together, or not at all.
    ///
    /// The handle's outbox must be in the database of the transaction: `SqliteOutbox::new(pool)` or
    /// `PostgresOutbox::new(pool)`. `track_*` is then one INSERT that changes no other row and waits for none. It is sent
    /// once your commit has been seen, which takes a second at most: a transaction tells nobody when it ends. What you
    /// roll back was never tracked.
    ///
    /// ```no_run
    /// # struct Error;
    /// # impl From<sqlx::Error> for Error { fn from(_: sqlx::Error) -> Self { Self } }
    /// # impl From<axum_partnero::InTransactionError> for Error { fn from(_: axum_partnero::InTransactionError) -> Self { Self } }
    /// use axum_partnero::{Decimal, NewTransaction, Partnero};
    ///
    /// async fn paid(partnero: &Partnero, db: &sqlx::PgPool, order: i64, total: Decimal) -> Result<(), Error> {
    ///     let mut tx = db.begin().await?; // of SQLite: db.begin_with("BEGIN IMMEDIATE")
    ///     sqlx::query("UPDATE orders SET paid = TRUE WHERE id = $1").bind(order).execute(&mut *tx).await?;
    ///     partnero.in_transaction(&mut tx).track_sale(NewTransaction::new(order, total).customer(4711)).await?;
    ///     tx.commit().await?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// - **A call that can't be taken is no error**: an empty key or too large a call must not roll back your
    ///   customer's order. It is logged, counted and told to the observer, as `track_*` does. Nothing waits in memory
    ///   here, so [`capacity`](crate::delivery::PartneroBuilder::capacity) doesn't count, and a handle that was shut down
    ///   still stores: its outbox is sent by another process, or by this one's next start.
    /// - **Order.** A call waits for what was committed before it. A call of the same customer or sale that this handle
    ///   has taken by plain `track_*`, and not stored yet, goes first if it can: it is waited for with your transaction
    ///   open, so for a second at most. In SQLite, nothing else can be stored once your transaction has written: then that
    ///   second passes in vain, and a warning says so. Await its `stored()` before you begin, or track both in the
    ///   transaction.
    /// - **In SQLite, begin with `begin_with("BEGIN IMMEDIATE")`**, or write before you read. A transaction that has only
    ///   read can't write any more once another one has: SQLite refuses it at once, and
    ///   [`Locked`](InTransactionError::Locked) says so. While it is open, nothing else is written to that file, by this
    ///   crate neither: keep it short.
    /// - **Within a savepoint** (`tx.begin()`), a call is stored or rolled back with it.
    pub fn in_transaction<'a>(&'a self, transaction: &'a mut (impl OfTransaction + ?Sized)) -> InTransaction<'a> {
        InTransaction { partnero: self, connection: transaction.connection() }
    }
}

impl InTransaction<'_> {
    /// As [`Partnero::track_sign_up`].
    ///
    /// # Errors
    /// When the database takes no row, or isn't the outbox's.
    pub async fn track_sign_up(&mut self, customer: NewCustomer) -> Result<(), InTransactionError> {
        self.store(self.partnero.rules().sign_up(customer)).await
    }

    /// As [`Partnero::track_sale`].
    ///
    /// # Errors
    /// When the database takes no row, or isn't the outbox's.
    pub async fn track_sale(&mut self, sale: NewTransaction) -> Result<(), InTransactionError> {
        self.store(self.partnero.rules().sale(sale)).await
    }

    /// As [`Partnero::track_refund`].
    ///
    /// # Errors
    /// When the database takes no row, or isn't the outbox's.
    pub async fn track_refund(&mut self, key: impl Display) -> Result<(), InTransactionError> {
        self.store(self.partnero.rules().refund(TransactionKey::new(key))).await
    }

    /// As [`Partnero::track_adjustment`].
    ///
    /// # Errors
    /// When the database takes no row, or isn't the outbox's.
    pub async fn track_adjustment(&mut self, remaining: NewTransaction) -> Result<(), InTransactionError> {
        self.store(self.partnero.rules().adjustment(remaining)).await
    }

    async fn store(&mut self, reported: Reported) -> Result<(), InTransactionError> {
        if let Some(live) = self.partnero.as_live() {
            self.fits(live)?;
        }
        // Refused: said already.
        let Ok(Some(row)) = self.partnero.row_of(reported) else { return Ok(()) };
        if let Some(live) = self.partnero.as_live() {
            self.let_pass(live, &row).await;
        }
        self.connection.insert(&row).await
    }

    /// Lets those of the same customer or sale go first that were tracked before.
    async fn let_pass(&self, live: &Live, row: &OutboxRow) {
        let has = |buffered: &Buffered| buffered.has(row.customer_key.as_deref(), row.transaction_key.as_deref());
        let waits = live.buffered.as_ref().is_some_and(has);
        if waits && !live.shared.stored_so_far(PATIENCE).await {
            tracing::warn!(
                outbox = live.shared.name,
                "a call in a transaction goes before one of the same keys that isn't stored yet, though it was tracked \
                 earlier: await its `stored()` before the transaction begins"
            );
        }
    }

    /// A mistake in the wiring shows at the first call, whatever that is.
    fn fits(&self, live: &Live) -> Result<(), InTransactionError> {
        let outbox = live.shared.store.dialect().ok_or(InTransactionError::InMemory)?;
        let transaction = self.connection.dialect();
        if outbox == transaction {
            return Ok(());
        }
        Err(InTransactionError::OtherDatabase { outbox: outbox.name(), transaction: transaction.name() })
    }
}

/// How long to wait for what was tracked before, with a transaction open. In SQLite, that may be the very transaction
/// that it can't be stored for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Without what is in the transaction.
impl fmt::Debug for InTransaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let database = self.connection.dialect().name();
        f.debug_struct("InTransaction").field("partnero", self.partnero).field("database", &database).finish()
    }
}
