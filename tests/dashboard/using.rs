//! using
