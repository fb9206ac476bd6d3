//! What tests see of the table.

use std::{collections::BTreeMap, sync::Arc};

use crate::delivery::{
    decide::State,
    histories::{Seen, Subject},
    outbox::{Answer, Opening},
};

use super::{
    SqlStore,
    driver::{Driver, Lock, Tx as _},
    letters::read_reason,
    stored::Stored,
};

/// Everything that can be found. Parameter: name.
const ALL: &str = concat!(
    "SELECT ",
    super::statements::columns!(),
    ", c.reason, c.behind, c.open FROM partnero_calls c WHERE c.name = $1 AND c.state <> 'gone'"
);

impl<D: Driver> Subject for SqlStore<D> {
    fn rows(&self) -> Answer<'_, BTreeMap<u64, Seen>> {
        Box::pin(async {
            let mut tx = self.begin(Lock::Read).await?;
            let rows = tx.query(ALL, vec![self.name()]).await?;
            let mut seen = BTreeMap::new();
            for mut record in rows {
                let (reason, behind) = (read_reason(record.text(18)), record.number(19));
                let open = record.int(20) == Some(1);
                let row = Stored::read(record);
                assert_eq!(row.damage, None);
                assert_eq!(open, row.course.is_open(), "{row:?}");
                let (id, dead) = (row.id, row.course.state == State::Dead);
                let Stored { customer, transaction, course, .. } = row;
                seen.insert(id, Seen { customer, transaction, course, reason: dead.then_some(reason), behind });
            }
            tx.commit().await?;
            Ok(seen)
        })
    }
}

#[cfg(feature = "sqlx-sqlite")]
impl super::SqliteOutbox {
    pub(crate) fn subject(self, opening: Opening) -> Arc<dyn Subject> {
        Arc::new(self.into_sql(opening))
    }
}

#[cfg(feature = "sqlx-postgres")]
impl super::PostgresOutbox {
    pub(crate) fn subject(self, opening: Opening) -> Arc<dyn Subject> {
        Arc::new(self.into_sql(opening))
    }
}
