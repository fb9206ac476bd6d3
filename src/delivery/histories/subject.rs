//! What is put through the histories: an outbox whose rows can be seen.

use std::{collections::BTreeMap, sync::Arc};

use crate::delivery::{
    clock::Clock,
    course::Course,
    dead::DeadReason,
    outbox::{Answer, Opening, Store},
};

/// A call as an outbox has it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) customer: Option<Arc<str>>,
    pub(crate) transaction: Option<Arc<str>>,
    pub(crate) course: Course,
    /// Of a dead letter: why.
    pub(crate) reason: Option<DeadReason>,
    /// The dead letter that it is parked behind.
    pub(crate) behind: Option<u64>,
}

pub(crate) trait Subject: Store {
    fn rows(&self) -> Answer<'_, BTreeMap<u64, Seen>>;

    /// Whether it is in order within.
    fn check(&self) {}
}

pub(super) fn opening(clock: &Clock) -> Opening {
    Opening { clock: clock.clone(), name: "histories".to_owned() }
}
