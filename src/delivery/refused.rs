//! Calls that weren't taken.

use std::{fmt, sync::Arc};

use crate::{
    delivery::{
        call::{CallKind, NewCall},
        tracked::TrackError,
    },
    model::{CustomerKey, Loggable, TransactionKey},
};

/// A call that wasn't taken, as an [`Observer`](crate::Observer) is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedCall {
    /// What it was to report.
    pub kind: CallKind,
    /// The customer, if the call named one that can be.
    pub customer: Option<CustomerKey>,
    /// The transaction, if the call named one that can be.
    pub transaction: Option<TransactionKey>,
    /// Why it wasn't taken.
    pub error: TrackError,
}

/// The same within this crate.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) kind: CallKind,
    pub(crate) customer: Option<Arc<str>>,
    pub(crate) transaction: Option<Arc<str>>,
    pub(crate) error: TrackError,
}

impl Refused {
    pub(crate) fn new(kind: CallKind, error: TrackError) -> Self {
        Self { kind, customer: None, transaction: None, error }
    }

    pub(crate) fn of(call: &NewCall, error: TrackError) -> Self {
        let (customer, transaction) = (call.customer.clone(), call.transaction.clone());
        Self { customer, transaction, ..Self::new(call.kind, error) }
    }
}

impl From<Refused> for RefusedCall {
    fn from(refused: Refused) -> Self {
        Self {
            kind: refused.kind,
            customer: refused.customer.and_then(|key| CustomerKey::new(key).ok()),
            transaction: refused.transaction.and_then(|key| TransactionKey::new(key).ok()),
            error: refused.error,
        }
    }
}

/// One line for a log.
impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {} isn't taken", self.kind.as_str())?;
        for (name, key) in [("customer", &self.customer), ("transaction", &self.transaction)] {
            if let Some(key) = key {
                write!(f, " {name}={}", Loggable(key))?;
            }
        }
        write!(f, ": {}", self.error)
    }
}
