//! The inbox: events are stored before Partnero is answered, and handled in the background until that succeeds.

mod course;
mod dead;
mod limited;
mod memory;
mod open;
#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
mod sql;
mod store;
#[cfg(test)]
mod tests;

pub use self::{
    dead::{DeadEvent, DeadEvents},
    open::InboxOf,
};
