//! From a handler to Partnero, effectively once: the handle, the outbox, the dispatcher.
//!
//! `track_*` puts a call in a bounded queue and returns. A task stores it in the outbox; the dispatcher claims what can
//! be sent now, sends it, and records what came of it.

mod answer;
mod body;
#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
mod buffered;
mod builder;
mod call;
mod clock;
mod courier;
mod course;
mod dead;
mod decide;
mod deliver;
mod dispatcher;
mod gate;
mod herald;
#[cfg(test)]
mod histories;
#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
mod in_transaction;
mod intake;
mod letters;
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
mod refused;
mod retry;
mod room;
mod rules;
mod settings;
mod shared;
mod shutdown;
#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
mod sql;
mod status;
mod track;
mod tracked;

pub use builder::{BuildError, PartneroBuilder};
pub use call::CallKind;
pub use clock::Clock;
pub use dead::{DeadLetter, DeadReason};
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
pub use refused::RefusedCall;
pub use shutdown::ShutdownReport;
#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
pub use sql::OfTransaction;
#[cfg(feature = "sqlx-postgres")]
pub use sql::PostgresOutbox;
#[cfg(feature = "sqlx-sqlite")]
pub use sql::SqliteOutbox;
pub use status::{CheckError, FlushError, Status};
pub use tracked::{DeliveryError, TrackError, Tracked};
