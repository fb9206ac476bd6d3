//! One call in memory.

use std::sync::Arc;

use crate::delivery::{
    call::{CallId, NewCall},
    course::Course,
    dead::DeadReason,
    room::Slot,
};

/// What the table holds of a call. Small: thousands of these wait while Partnero is down.
#[cfg_attr(test, derive(Debug))]
pub(super) struct Row {
    pub(super) call: CallId,
    pub(super) customer: Option<Arc<str>>,
    pub(super) transaction: Option<Arc<str>>,
    pub(super) payload: Arc<str>,
    pub(super) course: Course,
    pub(super) tracked_at: u64,
    pub(super) slot: Option<Slot>,
    pub(super) death: Option<Box<Death>>,
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
            course: Course::new(call.kind, call.amount, call.referred, now),
            tracked_at: now,
            slot: call.slot,
            death: None,
        }
    }
}
