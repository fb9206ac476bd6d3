//! What Partnero tells: webhooks, verified and read.
//!
//! [`VerifiedWebhook`] is an extractor for a handler of your own, [`WebhookSecret::verify`] does the same without axum,
//! and either gives a [`Verified`], whose [`event`](Verified::event) is a [`WebhookEvent`].

mod event;
mod extract;
mod secret;
mod signature;
mod verified;
mod verify;

pub use event::{
    CustomerData, Envelope, Event, LeadData, PartnerData, RewardData, SubscriberData, TransactionData, WebhookEvent,
};
pub use extract::{VerifiedWebhook, WebhookRejection};
pub use secret::{WebhookSecret, WebhookSecretError};
pub use verified::{EventId, EventIdError, Verified};
pub use verify::VerifyError;
