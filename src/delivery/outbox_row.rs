//! A call as a row, for applications that store it themselves.

use std::fmt::{self, Display};

use crate::{
    delivery::{
        call::NewCall, partnero::Partnero, refused::Refused, rules::Reported, sql::VERSION, track::unsent,
        tracked::TrackError,
    },
    model::{Loggable, NewCustomer, NewTransaction, ProgramType, TransactionKey},
};

/// What is to be stored of a call: the parameters of `SqliteOutbox::INSERT` and `PostgresOutbox::INSERT`, in their
/// order. Made by [`Partnero::outbox_row`].
///
/// Its `Debug` leaves the payload out: e-mail addresses and names are in it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxRow {
    /// `$1`, text: a UUID. A row that is inserted twice is stored once.
    pub call_id: String,
    /// `$2`, text: the handle's name.
    pub name: String,
    /// `$3`, text: `sign_up`, `sale`, `refund` or `adjustment`.
    pub kind: &'static str,
    /// `$4`, a 64-bit integer: the version of the payload.
    pub version: i64,
    /// `$5`, text or null.
    pub customer_key: Option<String>,
    /// `$6`, text or null.
    pub transaction_key: Option<String>,
    /// `$7`, text or null: decimal digits.
    pub amount: Option<String>,
    /// `$8`, a boolean: whether it names a referrer. In SQLite, 0 or 1.
    pub referred: bool,
    /// `$9`, text: the request's body, JSON.
    pub payload: String,
}

/// Makes rows; see [`Partnero::outbox_row`].
#[derive(Clone, Copy, Debug)]
#[must_use = "it makes a row of the call that you track with it"]
pub struct OutboxRows<'a> {
    partnero: &'a Partnero,
}

impl Partnero {
    /// Calls as rows that you store yourself: in the application's own transaction, where that isn't sqlx's.
    ///
    /// What isn't stored by you isn't sent. With sqlx, [`in_transaction`](Self::in_transaction) does it for you. With
    /// everything else (diesel, sea-orm, tokio-postgres, another version of sqlx), run `PostgresOutbox::INSERT` or
    /// `SqliteOutbox::INSERT` with the row's nine fields as parameters. It is sent within a second of your commit. Nothing is
    /// waited for here: where a call of the same customer or sale went by plain `track_*` shortly before, await its
    /// `stored()` before you begin.
    ///
    /// A call gives no row where there is nothing to store: a sale of nothing, a sign-up that
    /// [`referred_only`](crate::delivery::PartneroBuilder::referred_only) leaves out, or a disabled handle. One that
    /// can't be taken is an error, which was logged, counted and told to the observer already; so don't let it roll
    /// back the order that it reports.
    ///
    /// ```no_run
    /// use axum_partnero::{Decimal, NewTransaction, Partnero, PostgresOutbox};
    ///
    /// async fn paid(
    ///     partnero: &Partnero,
    ///     database: &mut tokio_postgres::Client,
    ///     order: i64,
    ///     total: Decimal,
    /// ) -> Result<(), tokio_postgres::Error> {
    ///     let tx = database.transaction().await?;
    ///     tx.execute("UPDATE orders SET paid = TRUE WHERE id = $1", &[&order]).await?;
    ///     if let Ok(Some(row)) = partnero.outbox_row().track_sale(NewTransaction::new(order, total).customer(4711)) {
    ///         tx.execute(
    ///             PostgresOutbox::INSERT,
    ///             &[
    ///                 &row.call_id,
    ///                 &row.name,
    ///                 &row.kind,
    ///                 &row.version,
    ///                 &row.customer_key,
    ///                 &row.transaction_key,
    ///                 &row.amount,
    ///                 &row.referred,
    ///                 &row.payload,
    ///             ],
    ///         )
    ///         .await?;
    ///     }
    ///     tx.commit().await
    /// }
    /// ```
    ///
    /// With diesel, `diesel::sql_query(PostgresOutbox::INSERT)` takes them as `Text`, `Text`, `Text`, `BigInt`,
    /// `Nullable<Text>`, `Nullable<Text>`, `Nullable<Text>`, `Bool` and `Text`, by `.bind::<Text, _>(row.call_id)` and so
    /// on; with sea-orm, `Statement::from_sql_and_values(DbBackend::Postgres, PostgresOutbox::INSERT, [row.call_id.into(),
    /// …])`.
    pub fn outbox_row(&self) -> OutboxRows<'_> {
        OutboxRows { partnero: self }
    }

    /// The row of a call that its caller stores.
    pub(crate) fn row_of(&self, reported: Reported) -> Result<Option<OutboxRow>, TrackError> {
        let Some(live) = self.as_live() else { return unsent(&reported).map(|()| None) };
        let made = reported.and_then(|call| {
            let Some(mut call) = call else { return Ok(None) };
            live.fit(&mut call)?;
            if live.shared.store.dialect().is_none() {
                return Err(Refused::of(&call, TrackError::InMemory));
            }
            Ok(Some(OutboxRow::new(&live.shared.name, call, live.rules.program)))
        });
        made.map_err(|refused| live.refuse(refused, true))
    }
}

impl OutboxRows<'_> {
    /// As [`Partnero::track_sign_up`].
    ///
    /// # Errors
    /// When the call can't be taken.
    pub fn track_sign_up(self, customer: NewCustomer) -> Result<Option<OutboxRow>, TrackError> {
        self.partnero.row_of(self.partnero.rules().sign_up(customer))
    }

    /// As [`Partnero::track_sale`].
    ///
    /// # Errors
    /// When the call can't be taken.
    pub fn track_sale(self, sale: NewTransaction) -> Result<Option<OutboxRow>, TrackError> {
        self.partnero.row_of(self.partnero.rules().sale(sale))
    }

    /// As [`Partnero::track_refund`].
    ///
    /// # Errors
    /// When the call can't be taken.
    pub fn track_refund(self, key: impl Display) -> Result<Option<OutboxRow>, TrackError> {
        self.partnero.row_of(self.partnero.rules().refund(TransactionKey::new(key)))
    }

    /// As [`Partnero::track_adjustment`].
    ///
    /// # Errors
    /// When the call can't be taken.
    pub fn track_adjustment(self, remaining: NewTransaction) -> Result<Option<OutboxRow>, TrackError> {
        self.partnero.row_of(self.partnero.rules().adjustment(remaining))
    }
}

impl OutboxRow {
    fn new(name: &str, call: NewCall, program: Option<ProgramType>) -> Self {
        Self {
            call_id: call.id.to_string(),
            name: name.to_owned(),
            kind: call.kind.as_str(),
            version: i64::try_from(VERSION).unwrap_or(i64::MAX),
            customer_key: call.customer.as_deref().map(str::to_owned),
            transaction_key: call.transaction.as_deref().map(str::to_owned),
            amount: call.amount.map(|amount| amount.to_string()),
            referred: call.referred,
            payload: call.body.into_json(program),
        }
    }
}

/// Without personal data.
impl fmt::Debug for OutboxRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboxRow")
            .field("call_id", &self.call_id)
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("version", &self.version)
            .field("customer_key", &self.customer_key.as_deref().map(Loggable))
            .field("transaction_key", &self.transaction_key.as_deref().map(Loggable))
            .field("amount", &self.amount)
            .field("referred", &self.referred)
            .finish_non_exhaustive()
    }
}
