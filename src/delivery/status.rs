//! How a handle is doing.

use std::time::Duration;

use crate::delivery::gate::HoldReason;

/// What a handle holds, and whether it sends. A look at the outbox, never at Partnero.
///
/// Partnero being away is no reason to take an application out of service: keep this out of readiness checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Why nothing is sent now, if so.
    pub held: Option<HoldReason>,
    /// Taken, but not yet stored.
    pub buffered: u64,
    /// Waiting to be sent.
    pub pending: usize,
    /// Being sent, or next to be.
    pub in_flight: usize,
    /// Sent without a clear answer: Partnero will be asked.
    pub uncertain: usize,
    /// Waiting behind a dead letter.
    pub parked: usize,
    /// Dead letters.
    pub dead: usize,
    /// What the observer hasn't been told.
    pub untold: usize,
    /// How long the oldest open call has been open.
    pub oldest: Option<Duration>,
    /// Ended well since the handle was built.
    pub delivered: u64,
    /// Never taken since then.
    pub refused: u64,
}
