//! api

pub(crate) mod attempt;
