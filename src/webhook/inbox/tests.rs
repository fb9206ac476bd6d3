//! What every inbox does: in memory, in SQLite, in PostgreSQL.

pub(super) mod base;
mod breaking;
mod crowded;
mod letters;
mod order;
mod storing;
mod turning;
