//! How a handle is doing.

use std::time::Duration;

use crate::delivery::{gate::HoldReason, outbox::OutboxError};

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
    /// Being sent.
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

/// Calls were still open when the time given to `flush` was up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{left} calls were still open when the time was up")]
#[non_exhaustive]
pub struct FlushError {
    /// How many.
    pub left: usize,
}

/// What is wrong with the configuration, or with Partnero right now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// Partnero refuses the API key.
    #[error("Partnero refuses the API key ({status}): take the one of your program (Integration, API)")]
    NotAllowed {
        /// The status it answers with.
        status: u16,
    },
    /// The address answers with a redirect.
    #[error("the base URL answers with a redirect ({status}): it should be https://api.partnero.com/v1/")]
    Redirected {
        /// The status it answers with.
        status: u16,
    },
    /// The API key is another program's.
    #[error("the API key belongs to the program {found}, not to {expected}")]
    AnotherProgram {
        /// The program id that was configured.
        expected: String,
        /// The program id of the API key.
        found: String,
    },
    /// No answer, or none of Partnero's.
    #[error("Partnero can't be reached: {0}")]
    Unreachable(String),
    /// The outbox can't be reached.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
}
