//! One call in memory.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::delivery::{
    call::{CallId, CallKind, NewCall},
    dead::DeadReason,
    decide::{Facts, State},
    room::Slot,
};

/// What the table holds of a call. Small: thousands of these wait while Partnero is down.
#[cfg_attr(test, derive(Debug))]
pub(super) struct Row {
    pub(super) call: CallId,
    pub(super) customer: Option<Arc<str>>,
    pub(super) transaction: Option<Arc<str>>,
    pub(super) payload: Arc<str>,
    /// When it is to be looked at, or when its lease ends. `None`: when a call that it shares a key with is settled.
    pub(super) due: Option<u64>,
    pub(super) quiet_until: u64,
    pub(super) waited: u64,
    pub(super) tracked_at: u64,
    pub(super) token: u64,
    pub(super) slot: Option<Slot>,
    pub(super) death: Option<Box<Death>>,
    pub(super) amount: Option<Decimal>,
    pub(super) attempts: u32,
    pub(super) kind: CallKind,
    pub(super) state: State,
    pub(super) uncertain: bool,
    pub(super) deleted: bool,
    pub(super) referred: bool,
    pub(super) suspect: bool,
}

/// Why and when a call became a dead letter.
#[derive(Debug)]
pub(super) struct Death {
    pub(super) reason: DeadReason,
    pub(super) message: String,
    pub(super) at: u64,
}

impl Row {
    pub(super) fn new(call: NewCall, now: u64) -> Self {
        Self {
            call: call.id,
            customer: call.customer,
            transaction: call.transaction,
            payload: Arc::from(call.body.into_json(None)),
            due: Some(now),
            quiet_until: 0,
            waited: 0,
            tracked_at: now,
            token: 0,
            slot: call.slot,
            death: None,
            amount: call.amount,
            attempts: 0,
            kind: call.kind,
            state: State::Pending,
            uncertain: false,
            deleted: false,
            referred: call.referred,
            suspect: false,
        }
    }

    pub(super) fn facts(&self, id: u64) -> Facts {
        Facts {
            id,
            kind: self.kind,
            state: self.state,
            uncertain: self.uncertain,
            deleted: self.deleted,
            quiet_until: self.quiet_until,
            amount: self.amount,
        }
    }

    /// Neither settled nor out of the way.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Pending | State::Claimed)
    }

    /// In flight, or maybe so, or between its two steps.
    pub(super) fn is_busy(&self) -> bool {
        self.state == State::Claimed || (self.state == State::Pending && self.is_begun())
    }

    /// Waits, and nothing of it was ever sent.
    pub(super) fn is_untouched(&self) -> bool {
        self.state == State::Pending && !self.is_begun()
    }

    pub(super) fn is_begun(&self) -> bool {
        self.uncertain || self.deleted
    }

    /// Whether its next request is a `POST /transactions`.
    pub(super) fn posts(&self) -> bool {
        self.kind == CallKind::Sale || (self.kind == CallKind::Adjustment && self.deleted)
    }
}
