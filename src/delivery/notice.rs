//! What an observer is to be told of a settled call, kept in the outbox until it has been.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::delivery::dead::DeadLetter;

/// One thing to tell.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Notice {
    SignedUp { customer: String, answer: Value },
    Sold { transaction: String, answer: Value },
    Adjusted { transaction: String, answer: Value },
    Refunded { transaction: String },
    Failed { letter: DeadLetter },
}
