//! What the dispatcher logs of calls and of holds.

use crate::delivery::{
    call::{CallKind, Keys},
    dead::DeadReason,
    gate::HoldReason,
    outbox::{ClaimedCall, Ended},
    outcome::End,
};

/// It ended well.
pub(crate) fn ended(call: &ClaimedCall, end: End) {
    let keys = Keys(call.customer.as_deref(), call.transaction.as_deref());
    tracing::info!(call = call.kind.as_str(), %keys, outcome = end.as_str(), attempts = call.attempts + 1, "delivered");
}

/// It ended without being sent.
pub(crate) fn not_sent(ended: &Ended) {
    let keys = Keys(ended.customer.as_deref(), ended.transaction.as_deref());
    let (kind, outcome) = (ended.kind.as_str(), ended.end.as_str());
    if ended.differs {
        let what = if ended.kind == CallKind::Sale { "sale" } else { "call" };
        tracing::warn!(call = kind, %keys, outcome, "a {what} of this key was tracked before with another amount: the first counts");
    } else {
        tracing::info!(call = kind, %keys, outcome, "nothing to send");
    }
}

/// It is a dead letter.
pub(crate) fn dead(call: &ClaimedCall, reason: DeadReason, message: &str) {
    let keys = Keys(call.customer.as_deref(), call.transaction.as_deref());
    let (kind, reason) = (call.kind.as_str(), reason.as_str());
    tracing::error!(call = kind, %keys, reason, answer = message, "a dead letter: retry or discard it");
}

/// Nothing is sent for now, and what to do about it.
pub(crate) fn held(outbox: &str, reason: HoldReason) {
    match reason {
        HoldReason::NotAllowed => tracing::error!(
            outbox,
            "Partnero refuses the API key: check it in the dashboard (program, Integration, API). Calls are kept and \
             sent once it is good"
        ),
        HoldReason::Redirected => {
            tracing::error!(outbox, "Partnero's address answers with a redirect: check the base URL. Calls are kept");
        }
        HoldReason::Unavailable => {
            tracing::warn!(outbox, "Partnero is unavailable: calls are kept and sent once it is back");
        }
        HoldReason::RateLimited => tracing::warn!(outbox, "Partnero asks for fewer requests: pausing"),
    }
}
