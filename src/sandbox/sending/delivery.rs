//! What was sent to a webhook, and how it was answered.

use bytes::Bytes;
use serde_json::Value;

use crate::sandbox::events::Event;

/// An event for one webhook, from [`Sandbox::webhook_deliveries`](crate::sandbox::Sandbox::webhook_deliveries).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookDelivery {
    /// The event's name, such as `transaction.created`.
    pub event: String,
    /// The webhook's key.
    pub webhook_key: String,
    /// When it happened, such as `2026-03-04T05:06:07.000000Z`.
    pub created_at: String,
    /// Each time it was sent, the first one first.
    pub attempts: Vec<WebhookAttempt>,
    /// What has become of it so far.
    pub state: DeliveryState,
}

impl WebhookDelivery {
    pub(super) fn new(event: &Event, webhook_key: &str, state: DeliveryState) -> Self {
        Self {
            event: event.name.clone(),
            webhook_key: webhook_key.to_owned(),
            created_at: event.at.clone(),
            attempts: Vec::new(),
            state,
        }
    }
}

/// One time that an event was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookAttempt {
    /// Where to.
    pub url: String,
    /// The body.
    pub body: Bytes,
    /// Its signature, as the header has it.
    pub signature: String,
    /// What came back; `None` while nothing has.
    pub answer: Option<WebhookAnswer>,
}

impl WebhookAttempt {
    /// The body as JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// What came back from a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookAnswer {
    /// This status. Only 2xx is a success: a redirect isn't followed.
    Status(u16),
    /// Nothing in time.
    TimedOut,
    /// There was no connection, or it was lost, for this reason.
    Failed(String),
}

impl WebhookAnswer {
    pub(super) fn is_success(&self) -> bool {
        matches!(self, Self::Status(200..=299))
    }
}

/// What has become of an event for a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryState {
    /// It waits to be sent, or to be sent again.
    Waiting,
    /// It was answered 2xx.
    Delivered,
    /// It was never answered 2xx, and isn't sent again.
    GivenUp,
    /// The webhook was deleted or turned off before it was sent, or sent again.
    Cancelled,
    /// Too many were waiting already, so it wasn't taken.
    Dropped,
}
