//! What Partnero tells: webhooks, verified and read.
//!
//! [`Webhooks`] is all of it: a route that stores each event before it answers, and handlers that are called until they
//! succeed. By itself, [`VerifiedWebhook`] is an extractor for a handler of your own, [`WebhookSecret::verify`] does the
//! same without axum, and either gives a [`Verified`], whose [`event`](Verified::event) is a [`WebhookEvent`].
//! [`Partnero::ensure_webhook`](crate::Partnero::ensure_webhook) subscribes to events.

mod age;
mod ensure;
mod event;
mod extract;
mod handler;
mod inbox;
mod route;
mod secret;
mod seldom;
mod signature;
mod verified;
mod verify;
mod webhooks;

pub use ensure::EnsureWebhookError;
pub use event::{
    CustomerData, Envelope, Event, LeadData, PartnerData, RewardData, SubscriberData, TransactionData, WebhookEvent,
};
pub use extract::{VerifiedWebhook, WebhookRejection};
pub use handler::Handler;
pub use inbox::{DeadEvent, DeadEvents, Inbox, InboxOf, InboxReport, InboxStatus};
pub use secret::{WebhookSecret, WebhookSecretError};
pub use verified::{EventId, EventIdError, Verified};
pub use verify::VerifyError;
pub use webhooks::{Webhooks, WebhooksError};
