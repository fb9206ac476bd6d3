//! From a handler to Partnero, effectively once: the handle, the outbox, the dispatcher.
//!
//! ```
//! use axum_partnero::{Decimal, NewCustomer, NewTransaction, ReferralKey, delivery::Outcome, sandbox::Sandbox};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Sandbox::affiliate().partner("anna").spawn().await?;
//! let partnero = sandbox.partnero()?; // yours: Partnero::from_env()
//!
//! partnero.track_sign_up(NewCustomer::new(4711).referred_by(ReferralKey::new("anna")?)); // returns at once
//! let sale = NewTransaction::new("order-1", Decimal::new(4990, 2)).customer(4711);
//! let outcome = partnero.track_sale(sale).delivered().await?; // waits for Partnero: not in a handler
//! assert!(matches!(outcome, Outcome::Recorded(_)));
//!
//! partnero.shutdown(std::time::Duration::from_secs(10)).await; // on the way out
//! # Ok(())
//! # }
//! ```
//!
//! `track_*` puts a call in a bounded queue and returns. A task stores it in the outbox; the dispatcher claims what can
//! be sent now, sends it, and records what came of it.
//!
//! | | |
//! |---|---|
//! | the handle, and its settings | [`Partnero`], [`PartneroBuilder`] |
//! | what `track_*` returns, and what becomes of a call | [`Tracked`], [`Outcome`], [`DeliveryError`] |
//! | where calls wait | [`MemoryOutbox`], `SqliteOutbox`, `PostgresOutbox` |
//! | who is told what became of calls | [`Observer`] |
//! | what waits, and what failed | [`Status`], [`DeadLetters`] |
//! | time, for tests | [`Clock`] |
//!
//! Pages: [outboxes](crate::guide::outboxes), [many instances](crate::guide::many_instances),
//! [refunds](crate::guide::refunds), [Partnero down for six hours](crate::guide::partnero_down).

mod ahead;
mod answer;
mod batch;
mod body;
#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
mod buffered;
mod builder;
mod call;
mod check;
mod clock;
#[cfg(feature = "dashboard")]
mod companion;
mod courier;
mod course;
mod dead;
mod decide;
mod deliver;
mod dispatcher;
mod flush;
mod follower;
mod gate;
#[cfg(feature = "metrics")]
mod gauges;
mod herald;
#[cfg(test)]
mod histories;
#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
mod in_transaction;
mod intake;
mod letters;
mod limited;
mod log;
mod memory;
mod notice;
mod notifier;
mod observer;
mod outbox;
#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
mod outbox_row;
mod outcome;
mod partnero;
mod payload;
#[cfg(feature = "sandbox")]
mod probe;
mod program;
mod reach;
mod refused;
mod retry;
mod room;
mod rules;
mod settings;
mod shared;
mod shutdown;
#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
pub(crate) mod sql;
mod start;
mod status;
mod stop;
mod supervise;
#[cfg(test)]
mod tests;
mod ticket;
mod track;
mod tracked;
mod waiting;
mod way;
mod writer;

pub use builder::{BuildError, PartneroBuilder};
pub use call::CallKind;
pub use check::CheckError;
pub use clock::Clock;
pub use dead::{DeadLetter, DeadReason};
pub use flush::FlushError;
pub use gate::HoldReason;
#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
pub use in_transaction::{InTransaction, InTransactionError};
pub use letters::DeadLetters;
pub use memory::MemoryOutbox;
pub use observer::{BoxError, Observer};
pub use outbox::{Outbox, OutboxError};
#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
pub use outbox_row::{OutboxRow, OutboxRows};
pub use outcome::Outcome;
pub use partnero::Partnero;
#[cfg(feature = "sandbox")]
#[doc(hidden)]
pub use probe::{Claimed, Probe};
pub use refused::RefusedCall;
pub use shutdown::ShutdownReport;
#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
pub use sql::OfTransaction;
#[cfg(feature = "sqlx-postgres")]
pub use sql::PostgresOutbox;
#[cfg(feature = "sqlx-sqlite")]
pub use sql::SqliteOutbox;
pub use status::Status;
pub use tracked::{DeliveryError, TrackError, Tracked};

#[cfg(feature = "dashboard")]
pub(crate) use self::companion::{Companion, Forgetting};
// What the inbox of webhooks is built of, too.
#[cfg(feature = "webhooks")]
pub(crate) use self::{
    ahead::{Ahead, WAIT_HERE},
    course::{later, millis},
    decide::Millis,
    limited::limit,
    outbox::{Answer, Opening},
    reach::{Finder, Reach},
    retry::{backoff, chance},
    settings::FOREVER,
    shutdown::join,
    stop::{Stop, stop_when_done, stop_within, until},
    supervise::keep_running,
};
#[cfg(all(test, feature = "webhooks", feature = "sqlx-postgres"))]
pub(crate) use histories::database;
