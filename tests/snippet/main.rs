//! The tag for pages: what it is, and that nothing hostile gets into it.

#![allow(clippy::unwrap_used)]

mod hostile;
mod page;
mod rendering;
mod templates;
