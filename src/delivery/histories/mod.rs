//! Random histories: calls are tracked, claimed, sent to a naive Partnero with every kind of mishap, retried,
//! discarded; in the end every key must have what its calls, in their order, add up to. The same for every outbox.

#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
mod databases;
mod known;
mod oracle;
mod partnero;
mod random;
mod steps;
mod subject;
mod world;

#[cfg(feature = "sqlx-postgres")]
pub(crate) use self::databases::database;
pub(crate) use self::subject::{Seen, Subject};
