//! What every inbox does: in memory, in SQLite, in PostgreSQL.

mod base;
mod breaking;
mod letters;
mod order;
mod storing;
