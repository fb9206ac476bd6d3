//! Faults in words, the same as the page's buttons have.

use std::{fmt::Write as _, time::Duration};

use http::header;
use serde::de::IgnoredAny;

use crate::sandbox::{
    answer::Answer,
    fault::{Fault, WebhookFault},
};

/// What happens to a request.
pub(super) fn of_fault(fault: &Fault) -> String {
    match fault {
        Fault::Refuse => "not stored, connection cut".to_owned(),
        Fault::Hang => "not stored, never answered".to_owned(),
        Fault::Slow(delay) => format!("stored and answered {} late", seconds(*delay)),
        Fault::StoreThenDrop => "stored, connection cut".to_owned(),
        Fault::StoreThenHang => "stored, never answered".to_owned(),
        Fault::DropThenStore(delay) => format!("connection cut, stored {} later", seconds(*delay)),
        Fault::Answer(answer) => format!("not stored, {}", of_answer(answer)),
        Fault::StoreThenAnswer(answer) => format!("stored, {}", of_answer(answer)),
    }
}

/// Does the client get an answer, sooner or later?
pub(super) fn is_answered(fault: &Fault) -> bool {
    matches!(fault, Fault::Slow(_) | Fault::Answer(_) | Fault::StoreThenAnswer(_))
}

/// What happens to an event for a webhook.
pub(super) fn of_webhook_fault(fault: WebhookFault) -> String {
    match fault {
        WebhookFault::Duplicate(1) => "webhook sent twice".to_owned(),
        WebhookFault::Duplicate(more) => format!("webhook sent {more} times more"),
        WebhookFault::Late(1) => "webhook sent after the next one".to_owned(),
        WebhookFault::Late(others) => format!("webhook sent after the next {others}"),
    }
}

fn of_answer(answer: &Answer) -> String {
    let reply = &answer.0;
    let mut words = format!("answered {}", reply.status.as_u16());
    let header = |name| reply.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if header(header::CONTENT_TYPE).starts_with("text/html") && header(header::LOCATION).is_empty() {
        words.push_str(" with a page of HTML");
    } else if header(header::CONTENT_TYPE) == "application/json"
        && serde_json::from_slice::<IgnoredAny>(&reply.body).is_err()
    {
        words.push_str(" with broken JSON");
    }
    if let Ok(wait) = header(header::RETRY_AFTER).parse::<u32>() {
        let _ = write!(words, ", wait {wait} s");
    }
    words
}

fn seconds(delay: Duration) -> String {
    format!("{} s", delay.as_secs_f64())
}
