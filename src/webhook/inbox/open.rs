//! The inbox of each outbox.

use std::sync::Arc;

use super::memory::MemoryInbox;
#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
use super::sql::SqlInbox;
use crate::delivery::{MemoryOutbox, Opening, Outbox};

/// Where events are kept: beside the calls of an outbox.
///
/// It takes the very object that [`Partnero`](crate::Partnero) was given: one file, one pool of connections. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` keeps no events",
    label = "expected `MemoryOutbox`, `SqliteOutbox` or `PostgresOutbox`",
    note = "pass a clone of the outbox that `Partnero` was given"
)]
pub trait InboxOf: Outbox + sealed::IntoInbox {}

pub(crate) use sealed::{IntoInbox, Stored};

pub(crate) mod sealed {
    use std::{fmt, sync::Arc};

    use super::super::store::Store;
    use crate::delivery::Opening;

    pub trait IntoInbox {
        fn into_inbox(self, opening: Opening, capacity: usize) -> Stored;
    }

    pub struct Stored(pub(crate) Arc<dyn Store>);

    impl fmt::Debug for Stored {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.fmt(f)
        }
    }
}

impl InboxOf for MemoryOutbox {}

impl IntoInbox for MemoryOutbox {
    fn into_inbox(self, opening: Opening, capacity: usize) -> Stored {
        Stored(Arc::new(MemoryInbox::new(opening.clock, capacity)))
    }
}

#[cfg(feature = "sqlx-sqlite")]
impl InboxOf for crate::delivery::SqliteOutbox {}

#[cfg(feature = "sqlx-sqlite")]
impl IntoInbox for crate::delivery::SqliteOutbox {
    fn into_inbox(self, opening: Opening, _: usize) -> Stored {
        Stored(Arc::new(SqlInbox::new(self.into_driver(), opening)))
    }
}

#[cfg(feature = "sqlx-postgres")]
impl InboxOf for crate::delivery::PostgresOutbox {}

#[cfg(feature = "sqlx-postgres")]
impl IntoInbox for crate::delivery::PostgresOutbox {
    fn into_inbox(self, opening: Opening, _: usize) -> Stored {
        Stored(Arc::new(SqlInbox::new(self.into_driver(), opening)))
    }
}
