//! Partnero's webhooks: verified, stored before they are acknowledged, handled in the background.

mod inbox;

pub use inbox::{DeadEvent, DeadEvents, InboxOf};
