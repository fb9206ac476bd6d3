//! What an observer is to be told of a settled call, kept in the outbox until it has been.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::delivery::dead::DeadLetter;

/// One thing to tell.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Notice {
    SignedUp { customer: String, answer: Value },
    Sold { transaction: String, answer: Value },
    Adjusted { transaction: String, answer: Value },
    Refunded { transaction: String },
    Failed { letter: DeadLetter },
}

impl Notice {
    /// Whether it tells of this customer.
    pub(crate) fn is_of(&self, key: &str) -> bool {
        let named = |answer: &Value| {
            ["customer", "referred_customer"].iter().any(|field| answer.get(field).is_some_and(|value| value == key))
        };
        match self {
            Self::SignedUp { customer, .. } => customer == key,
            Self::Sold { answer, .. } | Self::Adjusted { answer, .. } => named(answer),
            Self::Refunded { .. } | Self::Failed { .. } => false,
        }
    }
}

/// Without what Partnero answered, which has names and e-mail addresses in it.
impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SignedUp { .. } => "SignedUp",
            Self::Sold { .. } => "Sold",
            Self::Adjusted { .. } => "Adjusted",
            Self::Refunded { .. } => "Refunded",
            Self::Failed { .. } => "Failed",
        })
    }
}
