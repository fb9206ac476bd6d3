//! What is logged of events: their names, never whom they are about.

use std::{borrow::Cow, time::Duration};

use crate::{
    model::Loggable,
    webhook::{EventId, WebhookEvent, inbox::store::Added},
};

use super::arrivals::NotStored;

/// What was decided of a request that Partnero signed.
pub(crate) fn came(inbox: &str, id: EventId, event: &WebhookEvent, verdict: &Verdict, latency: Duration) {
    let envelope = event.envelope();
    tracing::info!(
        inbox,
        %id,
        event = %Loggable(envelope.name()),
        webhook_key = envelope.webhook_key().map(|key| tracing::field::display(Loggable(key))),
        time = envelope.created_at().map(|time| tracing::field::display(Loggable(time))),
        bytes = envelope.raw().len(),
        verdict = &*verdict.text,
        ?latency,
        "a webhook came"
    );
}

/// What was decided of such a request: its name in metrics, and what the log says.
pub(crate) struct Verdict {
    pub(crate) name: &'static str,
    text: Cow<'static, str>,
}

impl Verdict {
    pub(crate) const NO_HANDLER: Self = Self::new("no_handler", "no handler");
    pub(crate) const TOO_OLD: Self = Self::new("too_old", "too old: dropped unhandled");
    /// It ended before there was an answer. Whether the event is stored, nobody knows: Partnero sends it again.
    pub(crate) const NOT_ANSWERED: Self = Self::new("not_answered", "not answered: the sender left, or time was up");

    const fn new(name: &'static str, text: &'static str) -> Self {
        Self { name, text: Cow::Borrowed(text) }
    }

    /// Of one that the inbox was asked to keep.
    pub(crate) fn of(stored: Result<Added, NotStored>) -> Self {
        match stored {
            Ok(Added::New) => Self::new("stored", "stored"),
            Ok(Added::Repeat) => Self::new("repeat", "a repeat"),
            Ok(Added::Full) => Self::new("not_stored", "not stored, so it must be sent again: the inbox is full"),
            Err(error) => {
                Self { name: "not_stored", text: format!("not stored, so it must be sent again: {error}").into() }
            }
        }
    }
}

pub(crate) fn handled(inbox: &str, id: EventId, event: Option<&str>, verdict: &str, latency: Duration) {
    tracing::info!(inbox, %id, event = name(event), verdict, ?latency, "an event is over");
}

pub(crate) fn failed(inbox: &str, id: EventId, event: Option<&str>, problem: &str, after: Duration) {
    tracing::warn!(inbox, %id, event = name(event), problem, ?after, "a handler failed: it is called again");
}

/// By its number as a dead letter, and by its id.
pub(crate) fn dead(inbox: &str, (letter, id): (u64, EventId), event: Option<&str>, problem: &str, attempts: u32) {
    let event = name(event);
    tracing::error!(
        inbox, dead_letter = letter, %id, event, problem, attempts, "an event is a dead letter: mend its handler, then retry or discard it"
    );
}

pub(crate) fn lost(inbox: &str, letter: u64) {
    tracing::error!(
        inbox,
        dead_letter = letter,
        "an event is a dead letter, for its handlers never came back: retry or discard it"
    );
}

fn name(event: Option<&str>) -> Option<tracing::field::DisplayValue<Loggable<'_>>> {
    event.map(|event| tracing::field::display(Loggable(event)))
}
