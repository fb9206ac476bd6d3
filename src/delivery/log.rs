//! What the dispatcher logs of calls and of holds.

use crate::delivery::{
    call::{CallKind, logged},
    dead::{DeadLetter, DeadReason},
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
    died(outbox, call.kind, (call.customer.as_deref(), call.transaction.as_deref()), reason, message);
}

/// The outbox made it one.
pub(crate) fn dead_letter(outbox: &str, letter: &DeadLetter) {
    let keys = (letter.customer.as_deref(), letter.transaction.as_deref());
    died(outbox, letter.kind, keys, letter.reason, &letter.message);
}

fn died(outbox: &str, kind: CallKind, keys: (Option<&str>, Option<&str>), reason: DeadReason, message: &str) {
    tracing::error!(
        outbox,
        call = kind.as_str(),
        customer = logged(keys.0),
        transaction = logged(keys.1),
        reason = reason.as_str(),
        answer = message,
        "a dead letter: retry or discard it"
    );
}

/// Public ids of programs.
pub(crate) struct Mistaken {
    /// The one that the API key is of.
    pub(crate) found: String,
    pub(crate) expected: String,
}

/// Nothing is sent for now, and what to do about it.
pub(crate) fn held(outbox: &str, reason: HoldReason, mistaken: Option<&Mistaken>) {
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
        HoldReason::AnotherProgram => tracing::error!(
            outbox,
            expected = mistaken.map(|programs| programs.expected.as_str()),
            found = mistaken.map(|programs| programs.found.as_str()),
            "the API key belongs to another program than these calls: use the key of theirs, or give this program an \
             outbox (or a `name`) of its own. Calls are kept, and none is sent"
        ),
    }
}
