//! The ways out of a delivery.

use std::time::Duration;

use crate::delivery::{answer::Refusal, dead::DeadReason, gate::Signal, outbox::Transition};

/// What is to be recorded, and what it says of Partnero's health.
pub(crate) type Way<T> = Result<T, (Transition, Signal)>;

pub(crate) fn pause(after: Option<Duration>) -> (Transition, Signal) {
    given_back(Signal::Paused(after))
}

/// As it was: no attempt is counted.
pub(crate) fn given_back(signal: Signal) -> (Transition, Signal) {
    (Transition::Release { after: Duration::ZERO, suspect: false }, signal)
}

pub(crate) fn dead(reason: DeadReason, message: String, uncertain: bool) -> (Transition, Signal) {
    (Transition::Dead { reason, message, uncertain, quiet: Duration::ZERO, notice: true }, Signal::Answered)
}

pub(crate) fn rejected(refusal: &Refusal) -> (Transition, Signal) {
    dead(DeadReason::Rejected, refusal.message.clone(), false)
}

/// Says nothing of Partnero: nothing was sent.
pub(crate) fn unreadable(uncertain: bool) -> (Transition, Signal) {
    let message = "the stored call isn't what it was: discard it, and track it again from your own records".to_owned();
    let (to, _) = dead(DeadReason::Unreadable, message, uncertain);
    (to, Signal::Silent)
}

pub(crate) fn another_amount() -> (Transition, Signal) {
    let message = "Partnero has this transaction with another amount: see which one is right".to_owned();
    dead(DeadReason::AnotherAmount, message, true)
}

/// Whatever was sent before may have been recorded.
pub(crate) fn in_doubt((mut to, signal): (Transition, Signal)) -> (Transition, Signal) {
    if let Transition::Dead { uncertain, .. } = &mut to {
        *uncertain = true;
    }
    (to, signal)
}
