//! What Partnero tells: webhooks, verified, stored, and handled until that succeeds.
//!
//! [`Webhooks`] is all of it: a route that stores each event before it answers, and handlers that are called in the
//! background.
//!
//! ```
//! use axum::Router;
//! use axum_partnero::{Event, EventId, TransactionData, WebhookSecret, Webhooks};
//!
//! async fn earned(id: EventId, sale: Event<TransactionData>) -> Result<(), std::io::Error> {
//!     println!("{id}: a commission for {:?}", sale.data.transaction_key());
//!     Ok(())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let secret = WebhookSecret::new("q7W8e9R0t1Y2u3I4")?; // or `WebhookSecret::from_env()`
//! let webhooks = Webhooks::new(secret).on_transaction_created(earned).build()?;
//! let app: Router = Router::new().nest("/webhooks/partnero", webhooks.router());
//! # let _ = app;
//! // … serve, and on the way out:
//! webhooks.shutdown(std::time::Duration::from_secs(10)).await;
//! # Ok(())
//! # }
//! ```
//!
//! | for | |
//! |---|---|
//! | a handler of your own, without the inbox | the extractor [`VerifiedWebhook`] |
//! | the same without axum | [`WebhookSecret::verify`] |
//! | what an event says | [`WebhookEvent`], from [`Verified::event`] |
//! | subscribing to events | [`Partnero::ensure_webhook`](crate::Partnero::ensure_webhook) |
//! | events that no handler takes | [`DeadEvents`] |
//!
//! See [the page on webhooks](crate::guide::webhooks), and for replacing a secret [key rotation](crate::guide::key_rotation).

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
