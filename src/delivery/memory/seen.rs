//! What tests see of the table.

use std::{collections::BTreeMap, sync::Arc};

use crate::delivery::{
    clock::Clock,
    histories::{Seen, Subject},
    outbox::Answer,
};

use super::MemoryStore;

impl MemoryStore {
    pub(crate) fn subject(clock: Clock) -> Arc<dyn Subject> {
        Arc::new(Self { table: std::sync::Mutex::default(), clock })
    }
}

impl Subject for MemoryStore {
    fn rows(&self) -> Answer<'_, BTreeMap<u64, Seen>> {
        self.with(|table, _| {
            let behind: BTreeMap<_, _> = table.parked.iter().map(|(letter, id)| (*id, *letter)).collect();
            let rows = table.rows.iter().map(|(id, row)| {
                let seen = Seen {
                    customer: row.customer.clone(),
                    transaction: row.transaction.clone(),
                    course: row.course.clone(),
                    reason: row.death.as_ref().map(|death| death.reason),
                    behind: behind.get(id).copied(),
                };
                (*id, seen)
            });
            rows.collect()
        })
    }

    fn check(&self) {
        let now = self.now();
        self.table().assert_true(now);
    }
}
