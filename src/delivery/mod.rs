//! From a handler to Partnero, effectively once: the handle, the outbox, the dispatcher.
//!
//! `track_*` puts a call in a bounded queue and returns. A task stores it in the outbox; the dispatcher claims what can
//! be sent now, sends it, and records what came of it.

mod answer;
mod body;
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
mod intake;
mod letters;
mod log;
mod memory;
mod notice;
mod notifier;
mod observer;
mod outbox;
mod outcome;
mod partnero;
mod payload;
mod refused;
mod retry;
mod room;
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
pub use letters::DeadLetters;
pub use memory::MemoryOutbox;
pub use observer::{BoxError, Observer};
pub use outbox::{Outbox, OutboxError};
pub use outcome::Outcome;
pub use partnero::Partnero;
pub use refused::RefusedCall;
pub use shutdown::ShutdownReport;
#[cfg(feature = "sqlx-postgres")]
pub use sql::PostgresOutbox;
#[cfg(feature = "sqlx-sqlite")]
pub use sql::SqliteOutbox;
pub use status::{CheckError, FlushError, Status};
pub use tracked::{DeliveryError, TrackError, Tracked};
