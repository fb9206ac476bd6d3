//! The inbox: events are stored before Partnero is answered, and handled in the background until that succeeds.

mod arrivals;
mod course;
mod dead;
mod handle;
mod handling;
mod house;
mod limited;
pub(crate) mod log;
mod memory;
mod open;
mod shared;
#[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
mod sql;
mod store;
#[cfg(test)]
mod tests;
mod turn;
mod worker;

pub use self::{
    dead::{DeadEvent, DeadEvents},
    handle::{Inbox, InboxReport, InboxStatus},
    open::InboxOf,
};
pub(crate) use self::{
    handle::Inner,
    limited::Limited,
    open::{IntoInbox, Stored},
    shared::{Settings, Shared},
    store::{Added, Keeping, NewEvent},
};
