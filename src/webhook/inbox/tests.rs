//! What every inbox does: in memory, in SQLite, in PostgreSQL.

/// Of a store around another one, all but its turns.
macro_rules! as_within {
    ($store:ident) => {
        fn counts(&self) -> Answer<'_, Counts> {
            self.$store.counts()
        }

        fn dead(&self, after: u64, limit: usize) -> Answer<'_, Vec<DeadEvent>> {
            self.$store.dead(after, limit)
        }

        fn retry(&self, id: u64) -> Answer<'_, bool> {
            self.$store.retry(id)
        }

        fn discard(&self, id: u64) -> Answer<'_, bool> {
            self.$store.discard(id)
        }

        fn prune(&self, keeping: Keeping) -> Answer<'_, bool> {
            self.$store.prune(keeping)
        }
    };
}

pub(super) mod base;
mod breaking;
mod crowded;
mod letters;
mod order;
mod storing;
mod turning;
