//! What Partnero tells: webhooks, verified and read.
//!
//! [`VerifiedWebhook`] is an extractor for a handler of your own, [`WebhookSecret::verify`] does the same without axum,
//! and either gives a [`Verified`], whose [`event`](Verified::event) is a [`WebhookEvent`].

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
