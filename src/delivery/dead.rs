//! Calls that Partnero refused for good, or never took: kept for a person to look at.

use std::{fmt, time::SystemTime};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    delivery::call::CallKind,
    model::{CustomerKey, Loggable, TransactionKey},
};

/// A call that will not be sent again unless somebody asks for it.
///
/// See [`DeadLetters`](crate::delivery::DeadLetters) for what can be done with it.
///
/// `Display` and `Debug` are for logs: they show keys, and a short hash in place of one that is an e-mail address. The
/// public fields and the serde form have the keys as they are: if yours may be e-mail addresses, keep those out of logs
/// and of pages that not everybody may see. The rest of what was tracked (e-mail address, name) isn't in it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeadLetter {
    /// What to call it by when it is retried or discarded.
    pub id: u64,
    /// What it reports.
    pub kind: CallKind,
    /// The key of the customer, if the call names one, as it is: it may be an e-mail address.
    pub customer: Option<String>,
    /// The key of the transaction, if the call names one, as it is.
    pub transaction: Option<String>,
    /// The amount, if the call has one.
    pub amount: Option<Decimal>,
    /// Why it is a dead letter.
    pub reason: DeadReason,
    /// What Partnero said, cut and without e-mail addresses.
    pub message: String,
    /// How often it was sent in vain.
    pub attempts: u32,
    /// Whether an attempt may have been carried out all the same.
    pub uncertain: bool,
    /// Calls that wait behind it.
    pub parked: usize,
    /// When it was tracked.
    pub tracked_at: SystemTime,
    /// When it was given up.
    pub died_at: SystemTime,
}

/// Why a call is a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeadReason {
    /// Partnero understood it and refused it. The message says why: retry it when that is mended, else discard it.
    Rejected,
    /// Partnero has the transaction with another amount. If Partnero's is right, discard it; if yours is, discard it and
    /// set the amount by `track_adjustment`.
    AnotherAmount,
    /// Partnero refuses this call alone for want of rights (401, 403), or sends it elsewhere (3xx). See what the API key
    /// may do, then retry it.
    NotAllowed,
    /// It waited for `max_age` between its attempts. Retry it once Partnero takes such calls again.
    TooOld,
    /// What the outbox holds of it can't be read. Discard it, and track it again from your own records.
    Unreadable,
}

impl DeadReason {
    /// The name in logs and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::AnotherAmount => "another_amount",
            Self::NotAllowed => "not_allowed",
            Self::TooOld => "too_old",
            Self::Unreadable => "unreadable",
        }
    }

    /// The reason of this name.
    #[cfg(any(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let all = [Self::Rejected, Self::AnotherAmount, Self::NotAllowed, Self::TooOld, Self::Unreadable];
        all.into_iter().find(|reason| reason.as_str() == name)
    }
}

impl DeadLetter {
    /// The customer's key.
    pub fn customer_key(&self) -> Option<CustomerKey> {
        CustomerKey::new(self.customer.as_deref()?).ok()
    }

    /// The transaction's key.
    pub fn transaction_key(&self) -> Option<TransactionKey> {
        TransactionKey::new(self.transaction.as_deref()?).ok()
    }
}

/// One line for a log.
impl fmt::Display for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dead letter {}: {}", self.id, self.kind.as_str())?;
        for (name, key) in [("customer", &self.customer), ("transaction", &self.transaction)] {
            if let Some(key) = key {
                write!(f, " {name}={}", Loggable(key))?;
            }
        }
        write!(f, ": {}", self.reason.as_str())?;
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

impl fmt::Debug for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetter")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("customer", &self.customer_key())
            .field("transaction", &self.transaction_key())
            .field("amount", &self.amount)
            .field("reason", &self.reason)
            .field("message", &self.message)
            .field("attempts", &self.attempts)
            .field("uncertain", &self.uncertain)
            .field("parked", &self.parked)
            .finish_non_exhaustive()
    }
}
