//! What the dispatcher logs of calls and of holds.

use crate::delivery::{
    call::logged,
    dead::DeadReason,
    gate::HoldReason,
    outbox::{ClaimedCall, Ended},
    outcome::End,
};

/// It ended well.
pub(crate) fn ended(outbox: &str, call: &ClaimedCall, end: End) {
    tracing::info!(
        outbox,
        call = call.kind.as_str(),
        customer = logged(call.customer.as_deref()),
        transaction = logged(call.transaction.as_deref()),
        outcome = end.as_str(),
        attempts = call.attempts + 1,
        "delivered"
    );
}

/// It ended without being sent.
pub(crate) fn not_sent(outbox: &str, ended: &Ended) {
    let (call, outcome) = (ended.kind.as_str(), ended.end.as_str());
    let (customer, transaction) = (logged(ended.customer.as_deref()), logged(ended.transaction.as_deref()));
    if ended.differs {
        let what = "this key was tracked before with another amount: the first counts";
        tracing::warn!(outbox, call, customer, transaction, outcome, "{what}");
    } else {
        tracing::info!(outbox, call, customer, transaction, outcome, "nothing to send");
    }
}

/// It is a dead letter.
pub(crate) fn dead(outbox: &str, call: &ClaimedCall, reason: DeadReason, message: &str) {
    tracing::error!(
        outbox,
        call = call.kind.as_str(),
        customer = logged(call.customer.as_deref()),
        transaction = logged(call.transaction.as_deref()),
        reason = reason.as_str(),
        answer = message,
        "a dead letter: retry or discard it"
    );
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
