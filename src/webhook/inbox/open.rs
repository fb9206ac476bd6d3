//! The inbox of each outbox.

use std::sync::Arc;

#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
use super::sql::SqlInbox;
use super::memory::MemoryInbox;
use crate::delivery::{MemoryOutbox, Opening, Outbox};

/// Where events are kept: beside the calls of an outbox.
///
/// It takes the very object that [`Partnero`](crate::Partnero) was given: one file, one pool of connections. Sealed.
pub trait InboxOf: Outbox + sealed::IntoInbox {}

pub(crate) mod sealed {
    use std::{fmt, sync::Arc};

    use super::super::store::Store;
    use crate::delivery::Opening;

    pub trait IntoInbox {
        fn into_inbox(self, opening: Opening, capacity: usize) -> Handle;
    }

    pub struct Handle(pub(crate) Arc<dyn Store>);

    impl fmt::Debug for Handle {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.fmt(f)
        }
    }
}

impl InboxOf for MemoryOutbox {}

impl sealed::IntoInbox for MemoryOutbox {
    fn into_inbox(self, opening: Opening, capacity: usize) -> sealed::Handle {
        sealed::Handle(Arc::new(MemoryInbox::new(opening.clock, capacity)))
    }
}

#[cfg(feature = "sqlx-sqlite")]
impl InboxOf for crate::delivery::SqliteOutbox {}

#[cfg(feature = "sqlx-sqlite")]
impl sealed::IntoInbox for crate::delivery::SqliteOutbox {
    fn into_inbox(self, opening: Opening, _: usize) -> sealed::Handle {
        sealed::Handle(Arc::new(SqlInbox::new(self.into_driver(), opening)))
    }
}

#[cfg(feature = "sqlx-postgres")]
impl InboxOf for crate::delivery::PostgresOutbox {}

#[cfg(feature = "sqlx-postgres")]
impl sealed::IntoInbox for crate::delivery::PostgresOutbox {
    fn into_inbox(self, opening: Opening, _: usize) -> sealed::Handle {
        sealed::Handle(Arc::new(SqlInbox::new(self.into_driver(), opening)))
    }
}
