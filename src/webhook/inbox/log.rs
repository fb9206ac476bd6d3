//! What is logged of events: their names, never whom they are about.

use std::time::Duration;

use crate::{
    model::Loggable,
    webhook::{EventId, WebhookEvent, inbox::store::Added},
};

use super::arrivals::NotStored;

/// What was decided of a request that Partnero signed.
pub(crate) fn came(inbox: &str, id: EventId, event: &WebhookEvent, verdict: &str, latency: Duration) {
    let envelope = event.envelope();
    tracing::info!(
        inbox,
        %id,
        event = %Loggable(envelope.name()),
        webhook_key = envelope.webhook_key().map(|key| tracing::field::display(Loggable(key))),
        time = envelope.created_at().map(|time| tracing::field::display(Loggable(time))),
        bytes = envelope.raw().len(),
        verdict,
        ?latency,
        "a webhook came"
    );
}

/// The verdict of one that the inbox was asked to keep.
pub(crate) fn verdict(stored: Result<Added, NotStored>) -> String {
    match stored {
        Ok(Added::New) => "stored".to_owned(),
        Ok(Added::Repeat) => "a repeat".to_owned(),
        Ok(Added::Full) => "not stored: the inbox is full".to_owned(),
        Err(error) => format!("not stored: {error}"),
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
        inbox, dead_letter = letter, %id, event, problem, attempts, "an event is a dead letter: no handler takes it"
    );
}

pub(crate) fn lost(inbox: &str, letter: u64) {
    tracing::error!(inbox, dead_letter = letter, "an event is a dead letter: its handlers never came back");
}

fn name(event: Option<&str>) -> Option<tracing::field::DisplayValue<Loggable<'_>>> {
    event.map(|event| tracing::field::display(Loggable(event)))
}
